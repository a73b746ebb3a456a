"""Seals fall by themselves; trusted numbers are not sealed, and lapse where nobody reviews them."""

from __future__ import annotations

import pytest

from quietline.errors import ConflictError, NotProvenError, OperationError
from web.seals.common import AT, DAYS, FIRST, HOURS, LAST, ONE, changes, fresh, leaves, letters, standing

pytestmark = pytest.mark.django_db


def test_it_ends_on_its_last_day(place, operator):
    from quietline.web.seals.falling import expire
    from quietline.web.seals.queries import sealed_now

    seal = place(until_at=AT + 30 * DAYS)
    assert expire(at=AT + 30 * DAYS - HOURS) == 0
    assert sealed_now(FIRST) == seal
    assert expire(at=AT + 30 * DAYS) == 1
    assert expire(at=AT + 30 * DAYS) == 0
    assert fresh(seal).state == "expired"
    assert standing("sealed") == []
    assert [(row.inquiry.kind, row.inquiry.state) for row in seal.orders.order_by("pk")] == [
        ("block", "withdrawn"), ("lift", "sent"),
    ]  # fmt: skip
    assert leaves("seal-act") == 3


@pytest.mark.parametrize("kind", ["reassigned", "disconnected"])
def test_it_falls_with_its_number(kind, place, operator, report):
    from quietline.web.seals.falling import follow_lines
    from quietline.web.seals.queries import seal_of, sealed_now

    seal = place(first_key=FIRST, last_key=FIRST)
    [outcome] = report(operator, FIRST, kind=kind)
    assert outcome.event_id is not None
    assert standing("sealed") == []
    assert sealed_now(FIRST) is None
    assert follow_lines(at=AT + DAYS) == 1
    assert fresh(seal).state == "fell"
    assert seal_of(FIRST, AT + HOURS) == seal
    assert follow_lines(at=AT + DAYS) == 0


def test_one_number_of_a_range_goes_and_the_rest_stays(place, operator, report):
    from quietline.web.seals.falling import follow_lines
    from quietline.web.seals.queries import sealed_now

    seal = place()
    report(operator, FIRST + 2)
    assert follow_lines(at=AT + DAYS) == 1
    assert sealed_now(FIRST + 2) is None
    assert sealed_now(FIRST + 3) == seal


def test_a_report_that_is_taken_back_lets_it_stand_again(place, operator, report):
    from quietline.web.operators.undoing import withdraw_line_event
    from quietline.web.seals.falling import follow_lines
    from quietline.web.seals.queries import sealed_now

    seal = place(first_key=FIRST, last_key=FIRST)
    report(operator, FIRST)
    follow_lines(at=AT + DAYS)
    withdraw_line_event(operator=operator, reference=f"E{FIRST}", at=AT + 2 * DAYS)
    assert follow_lines(at=AT + 2 * DAYS) == 1
    assert sealed_now(FIRST) == seal
    assert fresh(seal).state == "sealed"
    assert [row.inquiry.kind for row in seal.orders.order_by("pk")] == ["block", "lift", "block"]


def test_what_comes_back_without_a_seal_leaves_the_register(place, operator, report, supervisor):
    from quietline.web.operators.undoing import withdraw_line_event
    from quietline.web.seals.falling import follow_lines
    from quietline.web.seals.operations import lift_seal

    seal = place()
    report(operator, FIRST)
    lift_seal(seal=seal, reason="mistake", words="Wrong.", was_wrong=True, by=supervisor, at=AT + DAYS)
    withdraw_line_event(operator=operator, reference=f"E{FIRST}", at=AT + 2 * DAYS)
    assert standing("sealed") == [FIRST]
    assert follow_lines(at=AT + 2 * DAYS) == 1
    assert standing("sealed") == []


def test_a_trusted_number_is_not_sealed_and_the_reason_is_said(trust, propose):
    from quietline.web.seals.queries import trusted_holder

    trust(FIRST + 3, FIRST + 3)
    with pytest.raises(ConflictError) as caught:
        propose()
    assert caught.value.code == "seal.trusted"
    assert "Savings Bank (bank or insurer)" in caught.value.message
    assert "forged" in caught.value.advice
    assert trusted_holder(FIRST + 3, country="US", at=AT).holder == "Savings Bank"
    assert trusted_holder(FIRST + 3, country="GB", at=AT) is None
    assert trusted_holder(FIRST + 4, country="US", at=AT) is None


def test_nor_is_another_number_of_a_trusted_organisation(trust, propose, seller):
    from quietline.web.seals.queries import trusted_holder

    trust(ONE, ONE, organisation=seller)
    with pytest.raises(ConflictError) as caught:
        propose(first_key=LAST, last_key=LAST + 10)
    assert caught.value.code == "seal.trusted-holder"
    assert trusted_holder(LAST, country="US", at=AT) is not None


def test_trusted_meanwhile_a_proposal_is_not_confirmed(trust, propose, other_supervisor):
    from quietline.web.seals.operations import confirm_seal

    seal = propose()
    trust(FIRST, FIRST)
    with pytest.raises(ConflictError) as caught:
        confirm_seal(seal=seal, by=other_supervisor, at=AT)
    assert caught.value.code == "seal.trusted"
    assert fresh(seal).state == "proposed"
    assert seal.state == "proposed"


def test_trusted_numbers_stand_in_a_register_of_their_own(trust, supervisor):
    from quietline.web.seals.trusting import end_trust

    made = trust(ONE, ONE + 1)
    assert standing("trusted") == [ONE, ONE + 1]
    end_trust(trust=made, reason="Licence gone.", by=supervisor, at=AT + DAYS)
    assert changes("trusted") == [("add", ONE), ("add", ONE + 1), ("withdraw", ONE), ("withdraw", ONE + 1)]
    assert (leaves("trust"), leaves("trust-act")) == (1, 3)


def test_a_sealed_number_is_not_trusted_before_the_seal_is_decided(place, trust):
    place()
    with pytest.raises(ConflictError) as caught:
        trust(LAST, LAST)
    assert caught.value.code == "trust.sealed"


def test_an_organisation_applies_for_what_an_operator_confirmed_as_its(seller, representative, investigator, supervisor):
    from quietline.web.seals.trusting import apply_for_trust, check_papers, confirm_trust

    told = {
        "country": "US", "kind": "health", "holder": "Evergreen Clinic", "evidence": "Licence 4711", "organisation": seller,
        "by": representative, "at": AT,
    }  # fmt: skip
    with pytest.raises(NotProvenError) as caught:
        apply_for_trust(first_key=ONE, last_key=ONE, **told)
    assert caught.value.code == "trust.not-confirmed"
    made = apply_for_trust(first_key=FIRST, last_key=LAST, **told)
    assert made.state == "applied"
    review = (AT + 365 * DAYS).date()
    with pytest.raises(ConflictError):
        confirm_trust(trust=made, review_date=review, by=supervisor, at=AT)
    check_papers(trust=made, by=investigator, at=AT)
    confirm_trust(trust=made, review_date=review, by=supervisor, at=AT)
    assert [row.facts["step"] for row in letters("trust-step")] == ["trust"]


def test_who_checked_the_papers_does_not_decide(investigator, supervisor):
    from django.db import IntegrityError, transaction

    from quietline.web.seals.models import Trust
    from quietline.web.seals.trusting import apply_for_trust, confirm_trust

    made = apply_for_trust(
        first_key=ONE, last_key=ONE, country="US", kind="bank", holder="Bank", evidence="Licence", organisation=None,
        by=supervisor, at=AT,
    )  # fmt: skip
    with pytest.raises(NotProvenError) as caught:
        confirm_trust(trust=made, review_date=(AT + DAYS).date(), by=supervisor, at=AT)
    assert caught.value.code == "seal.second"
    with pytest.raises(IntegrityError), transaction.atomic():
        Trust.objects.filter(pk=made.pk).update(decided_by=supervisor)


def test_a_review_lies_within_a_year(trust, supervisor):
    from quietline.web.seals.trusting import review_trust

    with pytest.raises(OperationError) as caught:
        trust(review=367)
    assert caught.value.code == "trust.review"
    made = trust()
    review_trust(trust=made, review_date=(AT + 366 * DAYS).date(), reason="Seen again.", by=supervisor, at=AT)
    assert fresh(made).review_date == (AT + 366 * DAYS).date()


def test_not_reviewed_it_lapses_after_it_was_told(trust, seller, representative):
    from quietline.web.seals.falling import expire
    from quietline.web.seals.queries import due_for_review
    from quietline.web.seals.trusting import remind

    made = trust(organisation=seller, review=100)
    assert not due_for_review((AT + 39 * DAYS).date())
    assert list(due_for_review((AT + 40 * DAYS).date())) == [made]
    assert [remind(at=AT + day * DAYS) for day in (39, 40, 41, 86, 97)] == [0, 1, 0, 1, 1]
    assert expire(at=AT + 100 * DAYS) == 0
    assert expire(at=AT + 101 * DAYS) == 1
    assert fresh(made).state == "ended"
    assert standing("trusted") == []


def test_a_trusted_number_that_is_somebody_elses_now_is_not_trusted(trust, operator, report):
    from quietline.web.seals.falling import follow_lines
    from quietline.web.seals.queries import trusted_holder

    made = trust(FIRST, FIRST)
    report(operator, FIRST)
    assert trusted_holder(FIRST, country="US", at=AT + DAYS) is None
    assert follow_lines(at=AT + DAYS) == 1
    assert fresh(made).state == "ended"
