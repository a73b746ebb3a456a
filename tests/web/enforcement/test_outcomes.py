"""Measures, letters, appeals, seals, looks, referrals and routing: what happens outside the case."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256

import pytest

from quietline.errors import ConflictError, NotProvenError, OperationError
from web.enforcement.common import AT, DAYS, found, leaves, penalised, report

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _folder(tmp_path, settings, monkeypatch):
    monkeypatch.setitem(settings.ENVIRONMENT._values, "objects", str(tmp_path / "objects"))


@pytest.fixture
def letters(office):
    """The shipped letters, entered by one and reviewed by another."""
    from quietline.web.enforcement.letters import enter_first

    enter_first(written_by=office.olga, reviewed_by=office.sven, at=AT)


def wanted(finding, name, **more):
    from quietline.web.enforcement.measures import Wanted

    values = {"reason": "So many calls.", "remedy": "Stop them.", "due_at": AT + 5 * DAYS, **more}
    return Wanted(name=name, finding=finding, **values)


def granted(case, office, kind, reference, organisation):
    """Let an organisation appeal, and a supervisor who took no part grant it."""
    from quietline.web.enforcement.appeals import appeal_against
    from quietline.web.seals import appeals

    appeal = appeal_against(kind=kind, reference=reference, organisation=organisation, words="We did not call.",
                            language="en", at=AT)  # fmt: skip
    judge = office.enter.person(office.authority, "supervisor", "Judith Just")
    answer = {"en": "You are right.", "zh-hans": "申诉成立。"}
    appeals.grant(appeal=appeal, answer=answer, by=judge, at=AT + DAYS)
    case.refresh_from_db()
    return appeal


def test_measures_are_those_of_the_law_and_of_nobody_else(case, office):
    from quietline.web.enforcement import measures

    caller, _profits = found(case, office)
    with pytest.raises(OperationError) as unknown:
        measures.take_measure(case=case, wanted=wanted(caller, "public-flogging"), by=office.olga, at=AT)
    assert unknown.value.code == "measure.name"


def test_an_interview_goes_to_the_inbox_and_is_withdrawn_when_it_ends(chinese, office):
    from quietline.web.enforcement import measures
    from quietline.web.inquiries.models import Inquiry

    caller, _profits = found(chinese, office)
    names = {each.rule.kind: each.name for each in measures.known_to_law(chinese, party="caller", on=AT.date())}
    row = measures.take_measure(case=chinese, wanted=wanted(caller, names["interview"]), by=office.olga, at=AT)
    order = Inquiry.objects.get(reference=row.inquiry)
    assert (order.kind, order.to, order.subject) == ("correct", office.caller, chinese.reference)
    assert measures.words_of(chinese, row) == {"reason": "So many calls.", "remedy": "Stop them."}
    assert leaves("measure") == 1
    measures.end_measure(case=chinese, measure=row, reason="Done.", by=office.olga, at=AT)
    order.refresh_from_db()
    row.refresh_from_db()
    assert (order.state, row.ended_at) == ("withdrawn", AT)
    with pytest.raises(ConflictError):
        measures.end_measure(case=chinese, measure=row, reason="Done.", by=office.olga, at=AT)


def test_a_letter_is_filled_from_a_version_that_two_people_answer_for(case, office, letters):
    from quietline.web.enforcement.letters import latest, pdf_of, review_template, text_of, write_template
    from quietline.web.enforcement.outcome_models import Letter

    rows = found(case, office)
    sent = {row.organisation: row for row in Letter.objects.filter(case=case)}
    assert set(sent) == {office.caller, office.seller}
    text = text_of(sent[office.caller])
    assert rows[0].reference in text["subject"]
    assert "16 CFR 310.4(b)(1)(iii)(B)" in text["body"]
    assert "{" not in text["body"]
    assert pdf_of(sent[office.caller], issuer="Office")[:5] == b"%PDF-"
    assert pdf_of(sent[office.caller], issuer="Office") == pdf_of(sent[office.caller], issuer="Office")
    both = {"en": "New {reference}", "zh-hans": "新{reference}"}
    new = write_template(code="finding", subject=both, body=both, by=office.sven, at=AT)
    with pytest.raises(NotProvenError) as same:
        review_template(template=new, by=office.sven, at=AT)
    assert same.value.code == "letter.second"
    assert latest("finding").version == 1
    review_template(template=new, by=office.sara, at=AT)
    assert latest("finding").version == 2
    with pytest.raises(OperationError) as unknown:
        write_template(code="finding", subject=both, body={"en": "{password}", "zh-hans": "x"}, by=office.sven, at=AT)
    assert unknown.value.code == "letter.field"


def test_a_granted_appeal_against_a_finding_annuls_what_rests_on_it_and_says_what_is_returned(case, office, letters):
    from quietline.web.enforcement import penalties
    from quietline.web.enforcement.letters import text_of
    from quietline.web.enforcement.outcome_models import Letter

    row = penalised(case, office)
    penalties.book_payment(penalty=row, amount=Decimal("4000.00"), reference="T-1", by=None, at=AT)
    case.refresh_from_db()
    finding = row.finding
    granted(case, office, "finding", finding.reference, office.seller)
    row.refresh_from_db()
    finding.refresh_from_db()
    assert (finding.state, row.state, penalties.open_amount(row)) == ("annulled", "annulled", -4000)
    assert case.state == "found"  # that against the caller stands
    last = text_of(Letter.objects.filter(template__code="annulled").get())
    assert "USD 4,000.00" in last["body"]


def test_when_nothing_stands_any_more_the_reports_wait_for_an_answer_again(case, office):
    from quietline.web.complaints.models import Complaint
    from quietline.web.enforcement import cases

    (row,) = found(case, office, parties=("caller",))
    cases.close_case(case=case, outcome="breach", words={"en": "Found.", "zh-hans": "已认定。"}, reason="Done.",
                     by=office.sara, at=AT)  # fmt: skip
    assert set(Complaint.objects.values_list("state", flat=True)) == {"answered"}
    granted(case, office, "finding", row.reference, office.caller)
    assert (case.state, case.outcome, case.closed_at) == ("investigating", "", None)
    assert set(Complaint.objects.values_list("state", flat=True)) == {"in-case"}


def test_an_appeal_against_a_penalty_leaves_the_finding(case, office):
    row = penalised(case, office)
    granted(case, office, "penalty", row.reference, office.seller)
    row.refresh_from_db()
    row.finding.refresh_from_db()
    assert (row.state, row.finding.state, case.state) == ("annulled", "confirmed", "found")


def test_nobody_appeals_for_another_and_who_took_part_does_not_decide(case, office):
    from quietline.web.enforcement.appeals import appeal_against

    caller, _profits = found(case, office)
    with pytest.raises(OperationError):
        appeal_against(kind="finding", reference=caller.reference, organisation=office.seller, words="No.",
                       language="en", at=AT)  # fmt: skip
    appeal = appeal_against(kind="finding", reference=caller.reference, organisation=office.caller, words="No.",
                            language="en", at=AT)  # fmt: skip
    assert {office.olga.pk, office.sven.pk} <= set(appeal.conflicted)


def test_a_seal_is_proposed_with_its_evidence_but_not_for_a_protected_number(case, office):
    from quietline.web.complaints.cluster_models import Cluster
    from quietline.web.enforcement import blocking

    found(case, office)
    number = case.numbers.get()
    values = {"reason": "nuisance", "remedy": "stop", "until_at": AT + 90 * DAYS, "by": office.olga, "at": AT}
    cluster = Cluster.objects.create(
        kind="number", country="US", handle=str(number.first_key), first_key=number.first_key, last_key=number.last_key,
        report_count=312, weight=1, number_count=1, state="protected", updated_at=AT,
        signals={"trusted": True, "attestation_absent": True},
    )  # fmt: skip
    with pytest.raises(ConflictError) as protected:
        blocking.propose(case=case, number=number, **values)
    assert protected.value.code == "case.protected"
    assert "312" in protected.value.message
    assert "attestation" in protected.value.advice
    cluster.delete()
    seal = blocking.propose(case=case, number=number, **values)
    assert (seal.subject, seal.state) == (case.reference, "proposed")
    assert case.acts.last().about == seal.reference


def test_a_look_is_on_record_and_can_be_delayed_for_a_reason_only(case, office):
    from quietline.web.enforcement.unmasking import unmask
    from quietline.web.keeping.models import Read

    complaint = case.complaints.first().complaint
    with pytest.raises(OperationError):
        unmask(case=case, complaint=complaint, by=office.olga, at=AT, held_until=AT + DAYS)
    with pytest.raises(NotProvenError):
        unmask(case=case, complaint=complaint, by=office.auditor, at=AT)
    assert not Read.objects.exists()
    shown = unmask(case=case, complaint=complaint, by=office.olga, at=AT)
    assert shown.number == "+12125550100"
    read = Read.objects.get()
    assert (read.key, read.case, read.reader, read.role) == (complaint.key, case.reference, office.olga.pk, "investigator")
    assert leaves("read") == 1


def test_a_package_lists_its_parts_names_nobody_and_is_fetched_once(case, office):
    from quietline.web.complaints.models import Complaint
    from quietline.web.enforcement import referrals

    fact = {"name": "entry", "value": {"since": "2020-01-01"}, "source": "register", "as_of": "", "known": True, "link": []}
    Complaint.objects.update(facts=[fact])
    found(case, office)
    agency = office.enter.organisation("agency", "Police of Somewhere")
    ann = office.enter.person(agency, "representative", "Ann Agent")
    row = referrals.refer(case=case, to_name="", to=agency, ground="s. 1 Act", full=False, by=office.olga, at=AT)
    with pytest.raises(NotProvenError):
        referrals.fetch(referral=row, by=office.olga, at=AT)
    package = zipfile.ZipFile(io.BytesIO(referrals.fetch(referral=row, by=ann, at=AT)))
    manifest = json.loads(package.read("manifest.json"))
    assert {part["name"]: part["sha256"] for part in manifest["parts"]} == {
        name: sha256(package.read(name)).hexdigest() for name in package.namelist() if name != "manifest.json"
    }
    everything = b"".join(package.read(name) for name in package.namelist())
    assert b"2125550100" not in everything
    assert b"12125550199" in everything
    assert json.loads(package.read("facts.json"))[0]["facts"][0]["value"] == {"since": "2020-01-01"}
    with pytest.raises(ConflictError) as again:
        referrals.fetch(referral=row, by=ann, at=AT)
    assert again.value.code == "referral.fetched"
    referrals.acknowledge(referral=row, words="Our file 7.", by=ann)
    stored = b"".join(referrals.store().read(path) for path in referrals.store().paths())
    assert b"manifest" not in stored


def test_a_full_package_names_who_reported_and_each_of_them_is_told_so(case, office):
    from quietline.web.enforcement import referrals
    from quietline.web.keeping.models import Read

    row = referrals.refer(case=case, to_name="Police", to=None, ground="s. 1 Act", full=True, by=office.olga, at=AT)
    package = zipfile.ZipFile(io.BytesIO(referrals.fetch(referral=row, by=office.olga, at=AT)))
    numbers = {one["number"] for one in json.loads(package.read("reports.json"))}
    assert numbers == {"+12125550100", "+12125550101", "+12125550102"}
    assert Read.objects.filter(case=case.reference).count() == 3


RULES = [
    ("fraud", "imposter", "web", 100, 3, 3),
    ("debt", "debt", "web", 100, 5, 5),
    ("many reports", "home", "call", 100, 10, 10),
]


@pytest.mark.parametrize(("name", "subject", "source", "weight", "count", "needed"), RULES, ids=[rule[0] for rule in RULES])
def test_a_rule_opens_a_case_from_its_weight_on_also_for_reports_by_telephone(
    office, name, subject, source, weight, count, needed
):
    from quietline.web.complaints.models import Report
    from quietline.web.enforcement.models import Case
    from quietline.web.enforcement.routing import route

    for place in range(count - 1):
        report(AT, on=f"+1212555{100 + place:04}", source=source)
    Report.objects.update(subject=subject, weight=weight)
    assert route(at=AT + timedelta(hours=1)) == 0
    report(AT, on=f"+1212555{100 + needed:04}", source=source)
    Report.objects.update(subject=subject, weight=weight)
    assert route(at=AT + timedelta(hours=1)) == 1
    case = Case.objects.get()
    assert name in case.title
    assert case.complaints.count() == needed
    report(AT, on="+12125550150", source=source)
    assert route(at=AT + timedelta(hours=2)) == 0
    assert case.complaints.count() == needed + 1


def test_the_threshold_of_the_law_counts_in_its_country(office):
    from quietline.web.complaints.models import Complaint
    from quietline.web.enforcement.routing import rule_for

    made = [report(AT, on=f"+1212555{100 + place:04}") for place in range(5)]
    rows = list(Complaint.objects.select_related("report").filter(pk__in=[one.pk for one in made]))
    for row in rows:
        row.report.weight, row.report.country = 0, "IN"
    assert rule_for(rows, at=AT).by_law
    assert rule_for(rows[:4], at=AT) is None
    old = list(rows)
    old[0].at = AT - 11 * DAYS
    assert rule_for(old, at=AT) is None


def test_a_leak_is_routed_to_data_protection(office):
    from quietline.web.complaints.models import Complaint
    from quietline.web.enforcement.models import Case
    from quietline.web.enforcement.routing import route

    operator = office.enter.organisation("operator", "Northtel")
    for place in range(3):
        made = report(AT, on=f"+1212555{100 + place:04}")
        Complaint.objects.filter(pk=made.pk).update(knew_of=operator, knew=["tariff"])
    assert route(at=AT) == 1
    assert (Case.objects.get().kind, Case.objects.get().section) == ("leak", "data protection")
