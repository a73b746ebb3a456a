"""What is joined of a reported call, as of its moment; the verdict with citations; what is missing in both languages."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from quietline.web.complaints import counting, sealing, taking
from quietline.web.complaints.models import Complaint
from quietline.web.complaints.sealing import Said
from web.complaints.common import AT, CALLER, CALLER_KEY, DAYS, KEY, NUMBER, listed, report, told, work

pytestmark = pytest.mark.django_db


def imported(register, *, since):
    """Let the number stand by an import, as publishing takes them over: each import is a partition of its own."""
    from django.db import connection

    from quietline.web.publishing.models import Import

    bulk = Import.objects.create(register=register, sha256="0" * 64, count=1, list_date=date(2026, 1, 1), at=AT - 30 * DAYS)
    with connection.cursor() as cursor:
        values = f"FOR VALUES IN ({bulk.pk})"
        cursor.execute(f"CREATE TABLE publishing_imported_{bulk.pk} PARTITION OF publishing_imported {values}")
        cursor.execute(
            "INSERT INTO publishing_imported (bulk_id, key, since_date) VALUES (%s, %s, %s)", [bulk.pk, KEY, since]
        )


def test_nothing_waits_for_the_facts_and_seconds_later_they_are_there(register):
    complaint = report(told=told())
    assert (complaint.facts, complaint.verdict) == (None, "")
    facts = work(complaint)
    assert facts["called_at"]["value"] == AT.isoformat()
    assert facts["entry"] == {
        "name": "entry", "value": None, "source": "register", "as_of": AT.isoformat(), "known": True, "link": [],
    }  # fmt: skip
    assert not facts["caller_operator"]["known"]
    assert not facts["consent"]["known"]


def test_a_call_to_a_line_listed_long_before_would_be_forbidden_for_a_household_and_the_rule_is_cited(register, enter):
    listed(register, since=AT - 400 * DAYS)
    seller = enter.organisation("seller", "Brightbath Bathrooms")
    complaint = report(told=told(said=Said(promoted="Brightbath Bathrooms")))
    facts = work(complaint)
    assert facts["seller"]["value"]["code"] == seller.code
    assert facts["entry"]["value"]["since"] == "2025-10-18"
    assert (facts["consent"]["value"], facts["consent"]["known"]) == (None, True)
    assert complaint.verdict == "undetermined"  # nobody said whose line it is
    presumed = complaint.grounds["presumed"]
    assert presumed["verdict"] == "forbid"
    deciding = presumed["rules"][0]
    assert deciding["citation"]
    assert deciding["text"]["en"] != deciding["text"]["zh"]
    assert complaint.grounds["rulebook"]["name"] == "us"


def test_the_register_is_asked_as_of_the_call_and_not_as_of_today(register):
    listed(register, since=AT - 400 * DAYS, ended=AT - 30 * DAYS)
    before = report(told=told(called_at=AT - 40 * DAYS))
    after = report(told=told(called_at=AT - 10 * DAYS))
    assert work(before)["entry"]["value"]["since"] == "2025-10-18"
    assert work(after)["entry"]["value"] is None


@pytest.mark.parametrize("called", [AT - 10 * DAYS, AT - 5 * DAYS - timedelta(seconds=1)])
def test_a_number_that_came_with_an_import_stood_listed_until_its_first_entry_whatever_came_after(register, called):
    imported(register, since=date(2020, 1, 1))
    before = report(told=told(called_at=called))
    assert work(before)["entry"]["value"]["since"] == "2020-01-01"
    listed(register, since=AT - 5 * DAYS)
    counting.refresh(before, at=AT)
    before.refresh_from_db()
    facts = {fact["name"]: fact for fact in before.facts}
    assert facts["entry"]["value"] == {"since": "2020-01-01", "terms": "", "reference": ""}


def test_from_its_first_entry_on_the_entries_alone_tell_whether_an_imported_number_stands(register):
    imported(register, since=date(2020, 1, 1))
    listed(register, since=AT - 20 * DAYS, ended=AT - 10 * DAYS)
    while_listed = report(told=told(called_at=AT - 15 * DAYS))
    after = report(told=told(called_at=AT - 5 * DAYS))
    long_before = report(told=told(called_date=date(2019, 6, 1), called_at=None))
    assert work(while_listed)["entry"]["value"]["since"] == (AT - 20 * DAYS).date().isoformat()
    assert work(after)["entry"]["value"] is None
    assert work(long_before)["entry"]["value"] is None  # not yet


def test_what_is_missing_is_named_in_both_languages_and_nothing_is_guessed(register):
    listed(register, since=AT - 400 * DAYS)
    complaint = report(told=taking.Told(caller=CALLER, called_date=AT.date()))
    work(complaint)
    assert complaint.verdict == "undetermined"
    missing = {one["name"]: one for one in complaint.grounds["missing"]}
    assert "purpose" in missing
    assert missing["purpose"]["text"]["en"]
    assert missing["purpose"]["text"]["zh"] != missing["purpose"]["text"]["en"]


def test_where_person_and_record_disagree_neither_decides(register, enter):
    listed(register, since=AT - 400 * DAYS)
    enter.organisation("seller", "Brightbath Bathrooms")
    complaint = report(told=told(said=Said(promoted="Brightbath Bathrooms"), is_customer=True))
    work(complaint)
    assert complaint.verdict == "undetermined"
    assert any(one["name"].startswith("relationship") for one in complaint.grounds["missing"])


def vouched(enter, at):
    """An operator says that the number of a call was true: it was signed in full."""
    from quietline.web.complaints.operator_feed import Refused, take_refusals

    operator = enter.organisation("operator", "Hudson Wire")
    take_refusals(operator=operator, calls=[Refused(NUMBER, CALLER, at, f"call-{at}", "A")], at=AT)


def test_consent_counts_as_it_stood_at_the_call(register, enter):
    from quietline.web.evidence.models import Batch, Record

    listed(register, since=AT - 400 * DAYS)
    seller = enter.organisation("seller", "Brightbath Bathrooms")
    batch = Batch.objects.create(organisation=seller, via=seller, by="x", how="api", count=2, root="0" * 64, at=AT)
    for name, kind, days in (("c", "consent", 100), ("s", "stop", 50)):
        Record.objects.create(
            organisation=seller, batch=batch, reference=name, kind=kind, key=KEY, country="US", happened_at=AT - days * DAYS,
            on_date=(AT - days * DAYS).date(), form="written_signed" if kind == "consent" else "", source="web", proof="p",
            digest=b"0" * 32, holder="person", at=AT - days * DAYS,
        )  # fmt: skip
    named = Said(promoted="Brightbath Bathrooms")
    vouched(enter, AT - 60 * DAYS)
    early = report(told=told(said=named, called_at=AT - 60 * DAYS))
    late = report(told=told(said=named))
    assert work(early)["consent"]["value"]["state"] == "counts"
    facts = work(late)
    assert facts["consent"]["value"]["state"] == "revoked"
    assert facts["stop"]["value"] == (AT - 50 * DAYS).date().isoformat()
    assert (early.verdict, late.verdict) == ("permit", "forbid")


def test_who_answers_for_the_number_is_the_seller_whatever_was_named(register, enter):
    from quietline.web.sellers.models import CallingNumber

    seller, operator = enter.organisation("seller", "Evergreen Windows"), enter.organisation("operator", "Hudson Wire")
    person = enter.person(seller, "representative")
    CallingNumber.objects.create(
        organisation=seller, operator=operator, first_key=CALLER_KEY, last_key=CALLER_KEY,
        from_date=date(2026, 1, 1), state="confirmed", by=person, at=AT - 99 * DAYS,
    )  # fmt: skip
    facts = work(report(told=told()))
    assert facts["seller"]["value"]["name"] == "Evergreen Windows"
    assert facts["seller"]["source"] == "calling-numbers"


def test_an_operators_answer_brings_the_call_record_and_the_verdict_is_made_anew(register, enter, officer):
    from quietline.web.inquiries import operations
    from quietline.web.inquiries.models import Inquiry

    operator = enter.organisation("operator", "Hudson Wire")
    clerk = enter.person(operator, "operator", "Carl Clerk")
    complaint = report(told=told())
    assert not work(complaint)["call_record"]["known"]
    inquiry = operations.send(
        kind=Inquiry.Kind.CALL_RECORD, to=operator, subject=complaint.reference, by=officer, at=AT, words="",
        matter={"caller": CALLER, "callee": NUMBER, "from_at": (AT - DAYS).isoformat(), "until_at": (AT + DAYS).isoformat()},
        due_at=AT + 10 * DAYS,
    )  # fmt: skip
    operations.answer(inquiry, values={"happened": "no"}, words="", files=(), by=clerk, at=AT + timedelta(hours=1))
    facts = work(complaint)
    assert facts["call_record"]["value"]["happened"] == "no"
    assert facts["call_record"]["value"]["operator"] == operator.code


def test_a_refused_call_of_the_same_moment_tells_how_far_it_was_vouched_for(register, enter):
    from quietline.web.complaints.operator_feed import Refused, take_refusals

    operator = enter.organisation("operator", "Hudson Wire")
    take_refusals(operator=operator, calls=[Refused(NUMBER, CALLER, AT, "abc", "B")], at=AT)
    complaint = report(told=told(called_at=AT - timedelta(minutes=3)), at=AT)
    facts = work(complaint)
    assert (facts["attestation"]["value"], facts["attestation"]["source"]) == ("B", "refused-calls")
    complaint.report.refresh_from_db()
    assert complaint.report.weight == 70


def test_what_was_erased_is_not_joined_again(register):
    complaint = report(told=told(said=Said(words="a sunny roof for everybody in this street before winter comes to us")))
    work(complaint)
    complaint.report.refresh_from_db()
    assert complaint.report.wording is not None
    taking.withdraw(complaint=complaint, at=AT)
    sealing.erase(complaint=complaint, at=AT)
    counting.work_waiting(at=AT)
    complaint = Complaint.objects.select_related("report").get(pk=complaint.pk)
    assert (complaint.facts, complaint.report.wording) == (None, None)


def test_facts_of_open_reports_are_joined_again_every_day(register):
    complaint = report(told=told())
    work(complaint)
    listed(register, since=AT - 400 * DAYS)
    assert counting.redo_facts(at=AT + timedelta(hours=23)) == 0
    assert counting.redo_facts(at=AT + timedelta(hours=25)) == 1
    assert work(complaint)["entry"]["value"]["since"] == "2025-10-18"


def test_a_country_without_a_rulebook_says_so():
    complaint = report(told=told(), on=None, country="NZ")
    work(complaint)
    assert complaint.verdict == "undetermined"
    assert "NZ" in complaint.grounds["missing"][0]["text"]["en"]
