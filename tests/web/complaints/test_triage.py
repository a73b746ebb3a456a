"""The staff's pages: who may see them, masked first, looks on record, clusters decided with proof, files."""

from __future__ import annotations

import gzip
import io
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from quietline.errors import ConflictError, NotProvenError, OperationError
from quietline.web.base.clock import now
from quietline.web.complaints import counting, taking, triage, uploads
from quietline.web.complaints.attachments import check_files
from quietline.web.complaints.cluster_models import Cluster, FileUpload
from quietline.web.complaints.models import HistoricFile, Report
from quietline.web.complaints.sealing import Said
from quietline.web.keeping.models import Read
from web.complaints.common import AT, CALLER, CALLER_KEY, DAYS, KEY, NUMBER, WAV, leaves, report, text
from web.complaints.test_clustering import trusted

pytestmark = pytest.mark.django_db
WORDS = "they wanted to sell me a roof made of sunshine and would not hang up for half an hour"


@pytest.fixture(autouse=True)
def _staff(settings):
    settings.ROOT_URLCONF = "web.complaints.staff_addresses"


@pytest.fixture
def office(client, officer):
    """The browser of an investigator who has shown a second factor."""
    return signed_in(client, officer)


def signed_in(client, person):
    from quietline.web.accounts.sessions import mark_second_factor

    client.force_login(person)
    session = client.session
    mark_second_factor(session, person)
    session.save()
    return client


@pytest.fixture
def complaint():
    made = report(at=now(), told=taking.Told(caller=CALLER, called_at=now(), said=Said(words=WORDS)))
    counting.work_waiting(at=now())
    made.refresh_from_db()
    return made


@pytest.fixture
def cluster(complaint):
    report(at=now(), on="+12125550124")
    counting.work_waiting(at=now())
    return Cluster.objects.get(kind="number", first_key=CALLER_KEY)


PAGES = ["queue", "queue_csv", "clusters", "clusters_csv", "number", "files"]


@pytest.mark.parametrize("name", PAGES)
def test_strangers_are_led_to_the_log_in_and_sellers_are_refused(client, enter, name):
    assert client.get(reverse(f"triage:{name}")).status_code == 302
    seller = signed_in(client, enter.person(enter.organisation("seller"), "representative"))
    assert seller.get(reverse(f"triage:{name}")).status_code == 403


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_page_opens_in_both_languages(office, cluster, name, language):
    office.cookies["django_language"] = language
    assert office.get(reverse(f"triage:{name}")).status_code == 200


def test_the_queue_shows_the_caller_and_never_who_reported(office, complaint):
    for name in ("queue", "queue_csv"):
        shown = text(office.get(reverse(f"triage:{name}"), {"state": "all"}))
        assert complaint.reference in shown
        assert CALLER in shown
        assert NUMBER not in shown
        assert "sunshine" not in shown


def test_number_and_words_are_hidden_until_somebody_says_what_for_and_the_person_sees_it(office, complaint, officer):
    page = reverse("triage:one", args=[complaint.reference])
    hidden = text(office.get(page))
    assert "••" in hidden
    assert "sunshine" not in hidden
    assert "555-0123" not in hidden
    assert office.post(reverse("triage:look", args=[complaint.reference]), {"purpose": ""}).status_code == 422
    assert not Read.objects.exists()
    answer = office.post(reverse("triage:look", args=[complaint.reference]), {"purpose": "complaint"}, follow=True)
    opened = text(answer)
    assert "sunshine" in opened
    assert "212-555-0123" in opened
    row = Read.objects.get()
    assert (row.key, row.reader, row.purpose, row.case) == (KEY, officer.pk, "complaint", complaint.reference)
    assert leaves("read") == 1
    other = report(at=now(), on="+12125550126", told=taking.Told(said=Said(words=WORDS)))
    assert "sunshine" not in text(office.get(reverse("triage:one", args=[other.reference])))


def test_only_officers_look(complaint, enter):
    auditor = enter.person(enter.organisation("authority", "Audit"), "auditor")
    with pytest.raises(NotProvenError):
        triage.unmask(complaint=complaint, by=auditor, purpose="case", at=AT)
    with pytest.raises(OperationError):
        triage.unmask(complaint=complaint, by=auditor, purpose="curiosity", at=AT)


def test_one_report_says_what_is_known_and_what_is_missing_in_the_readers_language(office, complaint):
    page = text(office.get(reverse("triage:one", args=[complaint.reference])))
    assert "What is missing to tell" in page
    assert complaint.grounds["missing"][0]["text"]["en"] in page
    office.cookies["django_language"] = "zh-hans"
    page = text(office.get(reverse("triage:one", args=[complaint.reference])))
    assert complaint.grounds["missing"][0]["text"]["zh"] in page


def test_facts_can_be_joined_again_by_hand(office, complaint):
    before = complaint.facts_at
    assert office.post(reverse("triage:join_again", args=[complaint.reference])).status_code == 302
    complaint.refresh_from_db()
    assert complaint.facts_at > before


def test_a_number_is_looked_for_in_the_body_and_no_address_holds_it(office, cluster):
    answer = office.post(reverse("triage:number"), {"raw": "(212) 555-0199"})
    assert answer.status_code == 200
    assert reverse("triage:cluster", args=[cluster.pk]) in text(answer)
    assert office.post(reverse("triage:number"), {"raw": "nonsense words"}).status_code == 422


@pytest.mark.parametrize(
    "query", [{"kind": "range-100", "sort": "reports"}, {"state": "protected"}, {"kind": "x", "page": "99"}]
)
def test_the_list_of_clusters_takes_any_choice(office, cluster, query):
    assert office.get(reverse("triage:clusters"), query).status_code == 200


def test_one_cluster_says_why_and_gives_its_reports(office, cluster, complaint):
    page = text(office.get(reverse("triage:cluster", args=[cluster.pk])))
    assert "All of them name this number." in page
    assert complaint.reference in page
    assert "Protect this number" not in page  # for supervisors
    table = text(office.get(reverse("triage:cluster_csv", args=[cluster.pk])))
    assert table.count(CALLER) == 2
    assert NUMBER not in table


def test_a_cluster_is_dismissed_with_a_reason_and_a_leaf_and_taken_up_again(office, cluster):
    page = reverse("triage:decide", args=[cluster.pk, "dismiss"])
    assert office.post(page, {"words": " "}).status_code == 422
    assert office.post(page, {"words": "A test line of the operator."}).status_code == 302
    cluster.refresh_from_db()
    assert cluster.state == "dismissed"
    assert "A test line of the operator." in text(office.get(reverse("triage:cluster", args=[cluster.pk])))
    assert office.post(reverse("triage:decide", args=[cluster.pk, "reopen"]), {"words": "More came."}).status_code == 302
    assert leaves("cluster-act") == 2


def test_only_a_supervisor_protects_and_nobody_decides_twice(office, cluster, officer, supervisor):
    assert office.get(reverse("triage:decide", args=[cluster.pk, "protect"])).status_code == 404
    with pytest.raises(NotProvenError):
        triage.decide(cluster=cluster, act="protect", words="Borrowed.", by=officer, at=AT)
    stale = Cluster.objects.get(pk=cluster.pk)
    triage.decide(cluster=cluster, act="protect", words="Borrowed.", by=supervisor, at=AT)
    with pytest.raises(ConflictError) as error:
        triage.decide(cluster=stale, act="dismiss", words="Nothing.", by=officer, at=AT)
    assert error.value.code == "cluster.moved"
    with pytest.raises(ConflictError):
        triage.decide(cluster=cluster, act="dismiss", words="Nothing.", by=officer, at=AT)
    report(at=now(), on="+12125550125")
    counting.work_waiting(at=now())
    cluster.refresh_from_db()
    assert (cluster.state, cluster.report_count) == ("protected", 3)  # counting goes on, the decision stays


def test_the_page_of_a_banks_number_says_why_it_is_never_sealed(office, enter):
    trusted(enter)
    Report.objects.bulk_create(
        Report(source="api", country="US", caller_key=CALLER_KEY, called_at=AT, called_date=AT.date(), reported_at=AT)
        for _ in range(300)
    )
    report(at=now())
    counting.work_waiting(at=now())
    row = Cluster.objects.get(kind="number")
    page = text(office.get(reverse("triage:cluster", args=[row.pk])))
    assert "Hudson Savings Bank" in page
    assert "it is not sealed" in page
    assert "Nothing shows that its holder made these calls" in page


FILE = b"""Company_Phone_Number,Created_Date,Consumer_Area_Code
2125550199,2020-03-01,212
2125550199,2020-03-02,917
,2020-03-02,999
12,2020-03-03,
"""


def test_a_file_is_handed_in_taken_over_by_the_worker_and_its_quality_shown(office):
    given = SimpleUploadedFile("year.csv.gz", gzip.compress(FILE))
    sent = office.post(reverse("triage:files"), {"file": given, "source": "FTC", "country": "US"})
    assert sent.status_code == 302
    waiting = FileUpload.objects.get()
    assert "year.csv.gz" in text(office.get(reverse("triage:files")))
    assert uploads.work_uploads(at=now()) == 1
    waiting.refresh_from_db()
    assert (waiting.state, waiting.rows, waiting.object_path) == ("done", 4, "")
    row = HistoricFile.objects.get()
    page = text(office.get(reverse("triage:quality", args=[row.pk])))
    assert "without a calling number" in page
    counts = office.get(reverse("triage:quality_json", args=[row.pk])).json()["counts"]
    assert (counts["rows"], counts["without_number"], counts["other_than_ten_digits"], counts["not_npa_nxx"]) == (4, 1, 1, 1)
    assert "without_number" in text(office.get(reverse("triage:quality_csv", args=[row.pk])))
    counting.work_waiting(at=now())
    assert Cluster.objects.get(kind="number").report_count == 2
    assert uploads.work_uploads(at=now()) == 0


def test_a_file_that_is_none_says_so_on_the_page(office):
    given = SimpleUploadedFile("notes.csv", b"a,b\n1,2\n")
    office.post(reverse("triage:files"), {"file": given, "source": "", "country": "US"})
    office.post(
        reverse("triage:files"), {"file": SimpleUploadedFile("notes.csv", b"a,b\n1,2\n"), "source": "x", "country": "US"}
    )
    assert uploads.work_uploads(at=now()) == 1
    assert FileUpload.objects.get().state == "failed"
    assert "has no column of calling numbers" in text(office.get(reverse("triage:files")))
    assert not Report.objects.exists()


def test_the_queue_can_be_narrowed(complaint):
    assert triage.queue(at=AT).count() == 1
    assert triage.queue(verdict="forbid", at=AT).count() == 0
    assert triage.queue(overdue=True, at=now() + 90 * DAYS).count() == 1
    assert triage.queue(source="api", at=AT).count() == 0
    assert triage.queue(state="answered", at=AT).count() == 0


@pytest.fixture
def attached():
    """A report with a recording that was scanned, and one with a recording that waits for it."""
    rows = []
    for number, scan in ((NUMBER, "clean"), ("+12125550126", "waiting")):
        at = now()
        made = report(at=at, on=number, files=check_files([io.BytesIO(WAV)]))
        made.attachments.update(scan=scan)
        rows.append(made)
    return rows


def test_a_file_opens_with_the_look_alone_and_each_fetch_is_on_record(office, attached, officer):
    complaint = attached[0]
    page, file = reverse("triage:one", args=[complaint.reference]), complaint.attachments.get()
    here = reverse("triage:attachment", args=[complaint.reference, file.pk])
    assert here not in text(office.get(page))
    assert "1 file was attached" in text(office.get(page))
    assert office.get(here).headers["Location"] == page
    assert not Read.objects.exists()
    opened = text(office.post(reverse("triage:look", args=[complaint.reference]), {"purpose": "complaint"}, follow=True))
    assert here in opened
    answer = office.get(here)
    assert (answer.status_code, answer.content, answer.headers["Content-Type"]) == (200, WAV, "audio/wav")
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert list(Read.objects.values_list("reader", "purpose", "case")) == 2 * [
        (officer.pk, "complaint", complaint.reference)
    ]
    assert leaves("read") == 2
    assert office.head(here).status_code == 405  # nothing is looked at without a record
    other = reverse("triage:attachment", args=[attached[1].reference, file.pk])
    assert office.get(other).status_code == 404


@pytest.mark.parametrize(("scan", "words"), [("waiting", "being scanned"), ("refused", "it was not kept")])
def test_a_file_that_was_not_scanned_yet_or_refused_is_named_and_not_given(office, attached, scan, words):
    complaint = attached[1]
    complaint.attachments.update(scan=scan)
    opened = text(office.post(reverse("triage:look", args=[complaint.reference]), {"purpose": "case"}, follow=True))
    here = reverse("triage:attachment", args=[complaint.reference, complaint.attachments.get().pk])
    assert words in opened
    assert here not in opened
    assert office.get(here).status_code == 404


def test_a_look_ends_and_then_no_file_opens(office, attached):
    complaint = attached[0]
    office.post(reverse("triage:look", args=[complaint.reference]), {"purpose": "case"})
    session = office.session
    session["reports-opened"] = {complaint.reference: [(now() - timedelta(seconds=1)).isoformat(), "case"]}
    session.save()
    here = reverse("triage:attachment", args=[complaint.reference, complaint.attachments.get().pk])
    assert office.get(here).status_code == 302
    assert Read.objects.count() == 1


def test_strangers_and_sellers_get_no_file(client, enter, attached):
    here = reverse("triage:attachment", args=[attached[0].reference, attached[0].attachments.get().pk])
    assert client.get(here).status_code == 302
    assert signed_in(client, enter.person(enter.organisation("seller"), "representative")).get(here).status_code == 403
