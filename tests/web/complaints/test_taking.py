"""What is stored of a report, time limits, clocks, dirty numbers, erasure, and the move of earlier reports."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from quietline.errors import ConflictError, OperationError, VaultError
from quietline.web.complaints import clocks, sealing, taking
from quietline.web.complaints.callers import read_caller, read_callers, seller_meant
from quietline.web.complaints.models import Complaint, Report
from quietline.web.complaints.sealing import Said
from quietline.web.keeping.data_keys import opened_key
from web.complaints.common import AT, CALLER, DAYS, KEY, leaves, report

pytestmark = pytest.mark.django_db


def told(**more):
    return taking.Told(**{"caller": CALLER, "called_at": AT, **more})


def test_a_report_in_india_is_refused_after_its_window_and_says_why_and_where():
    report(told=told(called_at=None, called_date=date(2026, 11, 15)), on="+919876543210", country="IN")
    with pytest.raises(ConflictError) as error:
        report(told=told(called_at=None, called_date=date(2026, 11, 14)), on="+919876543210", country="IN")
    assert error.value.code == "complaint.too-late"
    assert "7 days" in error.value.message
    assert "2025" in error.value.advice
    assert Report.objects.count() == 1


@pytest.mark.parametrize(("days", "late"), [(28, False), (29, True), (2_000, True)])
def test_elsewhere_any_age_is_taken_and_a_late_one_is_marked(days, late):
    complaint = report(told=told(called_at=None, called_date=date(2026, 11, 22) - timedelta(days=days)))
    assert complaint.is_late is late


def test_the_clock_is_the_laws_where_there_is_one_and_else_the_promise_of_the_installation(settings, monkeypatch):
    american = report()
    assert (american.stage, american.answer_basis, american.answer_due_at) == ("answer", "promise", AT + 30 * DAYS)
    chinese = report(on="+8613912345678", country="CN")
    assert (chinese.stage, chinese.answer_basis) == ("validate", "law")
    assert chinese.due_at < chinese.answer_due_at
    assert chinese.answer_citation
    monkeypatch.setitem(settings.ENVIRONMENT._values, "complaint_days", 10)
    assert report().answer_due_at == AT + 10 * DAYS


@pytest.mark.parametrize(
    ("raw", "key", "problem"),
    [
        ("", None, "empty"),
        ("(212) 555-0199", 12125550199, ""),
        ("138****1234", None, "damaged"),
        ("+44 7700 900123", 447700900123, "unassigned"),  # of a range that belongs to nobody: forgers show such
        ("21255501999999999", None, "too_long"),
        ("911", 1_002_000_000_000_001_911, ""),  # a service code, as parse_caller has them
    ],
)
def test_numbers_are_kept_raw_and_read_where_they_can_be(raw, key, problem):
    assert read_caller(raw, country="US") == (raw, key, problem)


@effort(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=120))
def test_no_text_whatever_is_refused_as_a_calling_number(raw):
    found = read_caller(raw, country="US")
    assert len(found.raw) <= 64
    assert found.key is None or 0 < found.key < 2**63
    assert (found.key is None) <= bool(found.problem)


def test_who_is_promoted_is_found_by_account_number_or_very_name_and_never_guessed(enter):
    seller = enter.organisation("seller", "Evergreen Windows")
    assert seller_meant(seller.code.lower()) == seller
    assert seller_meant(" evergreen  WINDOWS ") == seller
    assert seller_meant("Evergreen Windows, Ltd.") == seller
    assert seller_meant("Evergreen") is None
    assert seller_meant("Ltd.") is None
    enter.organisation("telemarketer", "Evergreen Windows")
    assert seller_meant("Evergreen Windows") is None


def test_reports_of_one_line_are_recognised_without_its_number():
    one, other = report(), report(told=told(caller="+12125550198"))
    foreign = report(on="+12125550124")
    assert bytes(one.reporter_index) == bytes(other.reporter_index) != bytes(foreign.reporter_index)
    assert one.key == KEY


def test_whoever_waits_for_reports_gets_each_in_its_own_transaction(monkeypatch):
    seen = []
    monkeypatch.setattr(taking, "TAKEN", [lambda row: seen.append((row.pk, connection.in_atomic_block, row.report.pk))])
    complaint = report()
    assert seen == [(complaint.pk, True, complaint.report_id)]

    def refuse(row):
        raise OperationError("no", code="complaint.no")

    taking.TAKEN.append(refuse)
    with pytest.raises(OperationError):
        report()
    assert Complaint.objects.count() == 1


def test_erasure_destroys_the_key_and_leaves_the_ledger_whole():
    complaint = report(told=told(said=Said(words="Secret", promoted="Acme Solar")))
    with pytest.raises(ConflictError):
        sealing.erase(complaint=complaint, at=AT)
    taking.withdraw(complaint=complaint, at=AT)
    sealing.erase(complaint=complaint, at=AT)
    complaint = Complaint.objects.select_related("report", "data_key").get()
    assert (complaint.sealed, complaint.key, complaint.data_key.wrapped) == (None, None, None)
    assert (complaint.report.promoted, complaint.report.caller_raw) == ("", CALLER)
    with pytest.raises(VaultError):
        opened_key(complaint.data_key)
    with pytest.raises(ConflictError) as error:
        sealing.erase(complaint=complaint, at=AT)
    assert error.value.code == "complaint.erased"
    assert (leaves("complaint"), leaves("complaint-act")) == (1, 3)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"caller": "", "called_at": None}, "complaint.empty"),
        ({"said": Said(words="x" * 4_001)}, "complaint.long"),
        ({"knew": ("shoe size",)}, "complaint.knew"),
        ({"called_at": AT + DAYS}, "complaint.future"),
    ],
)
def test_what_cannot_be_a_report_is_refused(wrong, code):
    with pytest.raises(OperationError) as error:
        report(told=told(**wrong))
    assert error.value.code == code
    assert not Report.objects.exists()


def test_a_clock_without_a_law_is_none_where_nothing_was_promised():
    assert clocks.validate_clock(country="US", zone="America/New_York", at=AT) is None
    assert clocks.answer_clock(country="ZZ", zone="UTC", at=AT).basis == "promise"


EVENING = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)  # the morning of the 23rd in China


@pytest.mark.parametrize(
    ("country", "first", "last"),
    [
        ("CN", 23, 23), ("GB", 22, 22), ("US", 22, 23),  # Guam has a number of +1, too
        ("ZZ", 22, 23),
    ],
)  # fmt: skip
def test_today_is_the_day_of_the_country_and_two_days_where_it_has_several_zones(country, first, last):
    days = clocks.days_of(None, country=country, at=EVENING)
    assert (days.first.day, days.last.day) == (first, last)
    assert clocks.local_day(country, EVENING) == days.first


def test_a_call_of_today_without_a_line_is_of_today_where_it_rang():
    made = report(EVENING, told=told(called_at=None, called_date=date(2026, 11, 23)), on=None, country="CN")
    assert (made.report.called_date, made.is_late) == (date(2026, 11, 23), False)
    exact = report(EVENING, told=told(called_at=EVENING), on=None, country="CN")
    assert exact.report.called_date == date(2026, 11, 23)
    with pytest.raises(OperationError) as error:
        report(EVENING, told=told(called_at=None, called_date=date(2026, 11, 24)), on=None, country="CN")
    assert error.value.code == "complaint.future"


def test_where_a_line_may_lie_in_several_zones_the_day_of_each_of_them_is_taken():
    midnight = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)  # of the 23rd already in Sydney, and not in Perth
    made = report(midnight, told=told(called_at=None, called_date=date(2026, 11, 23)), on=None, country="AU")
    assert made.report.called_date == date(2026, 11, 23)


def test_a_call_of_later_today_is_refused_but_not_for_a_clock_that_is_a_little_ahead():
    with pytest.raises(OperationError) as error:
        report(told=told(called_at=AT + timedelta(hours=3)))
    assert error.value.code == "complaint.future"
    assert report(told=told(called_at=AT + timedelta(seconds=20))).pk


@pytest.mark.parametrize("is_known", [True, False])
def test_what_was_erased_is_not_taken_up_again(officer, supervisor, is_known):
    complaint = report()
    taking.refuse(complaint=complaint, reason="other", words={"en": "It is none."}, by=officer, at=AT)
    seen = Complaint.objects.select_related("data_key").get(pk=complaint.pk)
    sealing.erase(complaint=Complaint.objects.select_related("data_key").get(pk=complaint.pk), at=AT)
    if is_known:
        seen = Complaint.objects.select_related("data_key").get(pk=complaint.pk)
    with pytest.raises(ConflictError) as error:
        taking.reopen(complaint=seen, reason="objection", by=supervisor, at=AT)
    assert error.value.code == ("complaint.erased" if is_known else "complaint.moved")
    assert Complaint.objects.get(pk=complaint.pk).state == "invalid"


@pytest.mark.django_db(transaction=True)
def test_reports_of_before_move_with_their_words_and_the_ledger_verifies():
    from django.db.migrations.executor import MigrationExecutor

    from quietline.web.keeping.rings import key_ring
    from quietline.web.proofs.models import Leaf
    from quietline.web.proofs.operations import hash_of
    from quietline.web.proofs.verifying import verify_database

    executor = MigrationExecutor(connection)
    executor.migrate([("subscribers", "0002_low_tech"), ("complaints", "0001_initial")])
    apps = executor.loader.project_state([("subscribers", "0002_low_tech"), ("complaints", "0001_initial")]).apps
    record = "subscribers.report:RP-7K3M-9Q2T"
    wrapped = key_ring().new_data_key(record)
    key = apps.get_model("keeping", "DataKey").objects.create(record=record, wrapped=wrapped, created_at=AT)
    old = apps.get_model("subscribers", "Report").objects.create(
        reference="RP-7K3M-9Q2T", key=KEY, caller_raw="2125550199", caller_key=12125550199, said_date=date(2026, 11, 21),
        said_time="14:05", words=key_ring().unwrap(wrapped, record).seal_text("Robot", "words"), data_key=key,
        language="en", at=AT,
    )  # fmt: skip
    canonical = {"reference": "RP-7K3M-9Q2T", "said": "2026-11-21", "at": AT.isoformat(timespec="microseconds")}
    Leaf.objects.create(
        kind="report", record=old.pk, salt=b"s" * 16, hash=hash_of(b"s" * 16, "report", old.pk, canonical), at=AT
    )
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())
    complaint = Complaint.objects.get(reference="RP-7K3M-9Q2T")
    assert sealing.said_of(complaint) == Said(words="Robot", said_when="14:05")
    assert (complaint.key, complaint.report.caller_key, complaint.report.source) == (KEY, 12125550199, "text")
    taking.withdraw(complaint=complaint, at=AT)
    found = verify_database(log=None, at=AT)
    assert not [each for each in found.findings if each.kind in ("report", "complaint", "complaint-act")], found.findings


def test_the_day_that_is_told_is_the_last_one_in_time_and_not_the_one_after_it():
    from quietline.web.complaints.telling import due_day

    chinese = report(on="+8613912345678", country="CN")
    # received at 23:00 in China: day 20 ends there at 16:00 UTC
    assert chinese.answer_due_at.isoformat() == "2026-12-12T16:00:00+00:00"
    assert due_day(chinese) == date(2026, 12, 12)
    assert due_day(report()) == date(2026, 12, 22)


def test_many_numbers_are_read_as_each_alone():
    raws = [
        "(212) 555-0199",
        "",
        "911",
        "ACME",
        "+44 20 7946 0958",
        "2125550199 ",
        "138****1234",
        "212 555",
        "9112345678",
        "+44 7700 900123",
        "0005550199",
        "95588",
        "+8695588",
        "\u200e+1 201 200 1234",
    ]
    assert read_callers(raws, country="US") == [read_caller(raw, country="US") for raw in raws]
