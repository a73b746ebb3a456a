"""The demonstration country: complaints in every state, a case that is open and one that is over, all of it provable."""

from __future__ import annotations

from datetime import timedelta

import pytest

from web.complaints.common import leaves

pytestmark = pytest.mark.django_db
KINDS = (
    "complaint", "complaint-act", "case-act", "finding", "penalty", "penalty-payment", "inquiry", "seal", "seal-act",
    "trust",
)  # fmt: skip


@pytest.fixture
def country(settings):
    from quietline.web.running.demonstration.country import make_country

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    assert make_country()


def test_it_is_made_once_and_has_complaints_in_every_state(country):
    from quietline.web.complaints.models import Complaint
    from quietline.web.running.demonstration.country import make_country

    assert not make_country()
    assert set(Complaint.objects.values_list("state", flat=True)) == set(Complaint.State.values)
    assert all(leaves(kind) for kind in KINDS)


def test_one_case_went_the_whole_way_and_its_number_is_sealed(country):
    from quietline.web.enforcement.models import Case
    from quietline.web.inquiries.models import Inquiry
    from quietline.web.publishing.models import Entry
    from quietline.web.seals.models import Seal

    case = Case.objects.get(state="closed")
    assert case.outcome == "breach"
    went = ["opened", "assign", "ask", "propose-finding", "confirm-finding", "propose-penalty", "confirm-penalty", "pay"]
    assert [act.act for act in case.acts.order_by("number")] == [*went, "close"]
    seal = Seal.objects.get(subject=case.reference)
    assert seal.state == "sealed"
    assert Entry.objects.filter(register__kind="sealed", key=seal.first_key, ended_at=None).exists()
    assert Inquiry.objects.filter(kind="block", to__kind="reseller").exists()


def test_seven_reports_of_a_forged_number_do_not_seal_a_trusted_insurer(country):
    from quietline.errors import ConflictError
    from quietline.web.accounts.models import Person
    from quietline.web.base.clock import now
    from quietline.web.complaints.counting import work_waiting
    from quietline.web.complaints.models import Cluster, Report
    from quietline.web.seals.operations import propose_seal

    key, ines = 12_125_550_188, Person.objects.get(email="ines@authority.example")
    work_waiting(at=now())
    assert Report.objects.filter(caller_key=key).count() == 7
    assert Cluster.objects.get(kind="number", first_key=key).state == "protected"
    with pytest.raises(ConflictError) as refused:
        propose_seal(
            first_key=key, last_key=key, country="US", subject="CS-TEST-0001", reason="fraud", evidence=["seven reports"],
            remedy="stop", until_at=now() + timedelta(days=30), by=ines, at=now(),
        )  # fmt: skip
    assert refused.value.code == "seal.trusted"


def test_two_closed_quarters_can_be_compared_and_a_book_waits_for_a_second_person(country):
    from quietline.web.base.clock import now
    from quietline.web.complaints.models import HistoricFile
    from quietline.web.statistics.book import book_of
    from quietline.web.statistics.models import BookDraft, PublishedBook
    from quietline.web.statistics.periods import quarter_with

    latest = quarter_with(now().date()).before
    book = book_of("US", latest)
    assert book.tables["kind"].total.change is not None
    assert 20 < book.tables["kind"].total.change < 50, "more than in the quarter before, by about a third"
    assert PublishedBook.objects.get().period == latest.before.name
    assert BookDraft.objects.get().period == latest.name
    quality = HistoricFile.objects.get().quality
    assert quality["without_number"] > 0
    assert leaves("data-book")
    assert leaves("historic-reports")


def test_the_sellers_log_of_calls_is_there_to_try_and_is_audited_once(country):
    from quietline.web.base.clock import now
    from quietline.web.compliance.audit_work import run_due_audits
    from quietline.web.compliance.models import CallAudit
    from quietline.web.running.demonstration.history import call_log_path
    from quietline.web.running.demonstration.log_ins import greeting

    log = call_log_path()
    assert str(log) in greeting("http://127.0.0.1:8000")
    assert log.read_text().count("\n") == 61
    run_due_audits(at=now())
    audit = CallAudit.objects.get()
    assert audit.state == CallAudit.State.FINISHED, audit.problem
    assert audit.rows_count == 60
