"""The life of a seal: proposed by one, confirmed by another, in the register, at the operators, lifted everywhere."""

from __future__ import annotations

import pytest

from quietline.errors import ConflictError, NotProvenError, OperationError
from web.seals.common import AT, DAYS, FIRST, HOURS, LAST, ONE, changes, fresh, leaves, letters, standing

pytestmark = pytest.mark.django_db

ALL = list(range(FIRST, LAST + 1))


def orders(seal):
    from quietline.web.seals.queries import orders_of

    return [(row.inquiry.to.name, row.inquiry.kind, row.inquiry.state) for row in orders_of(seal)]


def test_a_proposal_changes_nothing_outside(propose, operator):
    seal = propose()
    assert seal.state == "proposed"
    assert standing("sealed") == []
    assert orders(seal) == []
    assert (leaves("seal"), leaves("seal-act")) == (1, 1)


def test_confirmed_it_enters_the_register_and_each_operator_gets_one_order(
    propose, supervisor, operator, reseller, seller, representative
):
    from quietline.web.inquiries.queries import asked_in
    from quietline.web.seals.operations import confirm_seal
    from quietline.web.seals.queries import orders_of, seal_of, sealed_now, seals_of

    seal = confirm_seal(seal=propose(), words="Seen.", by=supervisor, at=AT + HOURS)
    assert standing("sealed") == ALL
    assert changes("sealed") == [("add", key) for key in ALL]
    assert orders(seal) == [("Northtel", "block", "sent"), ("City Mobile", "block", "sent")]
    first, second = (asked_in(row.inquiry).matter for row in orders_of(seal))
    assert (first["first"], first["last"]) == ("+12125550100", "+12125550104")
    assert (second["first"], second["last"]) == ("+12125550105", "+12125550109")
    assert [row.inquiry.due_at for row in orders_of(seal)] == [AT + 5 * HOURS] * 2
    assert sealed_now(FIRST + 3) == seal
    assert sealed_now(LAST + 1) is None
    assert seal_of(FIRST, AT) is None
    assert seal_of(FIRST, AT + HOURS) == seal
    assert list(seals_of("CA-2345-6789")) == [seal]
    [letter] = letters("seal-placed")
    assert letter.facts["reason"] == "nuisance"
    assert letter.facts["remedy"] == "identify"
    assert letter.facts["answered"].endswith(" working days")
    assert leaves("seal-act") == 2


def test_the_register_is_founded_once_with_a_feed(place):
    from quietline.web.publishing.models import Feed, Register

    place()
    place(first_key=ONE, last_key=ONE)
    register = Register.objects.get(kind="sealed", country="US", owner=None)
    assert register.code == "sealed-us"
    assert Feed.objects.filter(register=register, projection="all").count() == 1


def test_the_signed_feed_says_it_at_the_next_step_of_the_sequencer(place, supervisor):
    from quietline.feed.lines import Line  # noqa: F401 - the format that a follower reads
    from quietline.web.publishing.models import Change
    from quietline.web.publishing.objects import feed_store
    from quietline.web.publishing.sequencing import Sequencer
    from quietline.web.seals.operations import lift_seal

    seal = place(first_key=ONE, last_key=ONE)
    sequencer = Sequencer()
    while sequencer.step(at=AT + HOURS):
        pass
    before = feed_store("sealed-us", "all").read("checkpoint")
    assert not Change.objects.filter(register__kind="sealed", number=None).exists()
    lift_seal(seal=seal, reason="cleared", words="Spoofed.", was_wrong=True, by=supervisor, at=AT + HOURS)
    while sequencer.step(at=AT + 2 * HOURS):
        pass
    assert feed_store("sealed-us", "all").read("checkpoint") != before


def test_who_proposed_does_not_confirm(propose, supervisor):
    from quietline.web.seals.operations import confirm_seal

    seal = propose(by=supervisor)
    with pytest.raises(NotProvenError) as caught:
        confirm_seal(seal=seal, by=supervisor, at=AT)
    assert caught.value.code == "seal.second"
    assert fresh(seal).state == "proposed"


def test_the_database_itself_refuses_one_person_alone(propose, supervisor):
    from django.db import IntegrityError, transaction

    from quietline.web.seals.models import Seal

    seal = propose(by=supervisor)
    rows = Seal.objects.filter(pk=seal.pk)
    for changed in ({"decided_by": supervisor}, {"state": "sealed"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**changed)


def test_an_investigator_does_not_confirm_and_a_stranger_does_not_propose(propose, investigator, representative, clerk):
    from quietline.web.seals.operations import confirm_seal

    seal = propose()
    for who in (investigator, representative, clerk):
        with pytest.raises(NotProvenError):
            confirm_seal(seal=seal, by=who, at=AT)
    for who in (representative, clerk):
        with pytest.raises(NotProvenError):
            propose(by=who, first_key=ONE, last_key=ONE)


def test_sent_back_it_is_over_and_another_can_be_proposed(propose, place, supervisor):
    from quietline.web.seals.operations import confirm_seal, return_seal
    from quietline.web.seals.wording import words_of_act

    seal = return_seal(seal=propose(), words="The records are missing.", by=supervisor, at=AT)
    assert fresh(seal).state == "returned"
    assert words_of_act(seal.acts.get(act="return")) == "The records are missing."
    with pytest.raises(ConflictError):
        confirm_seal(seal=seal, by=supervisor, at=AT)
    assert place().state == "sealed"


def test_lifted_it_leaves_the_register_and_operators_are_ordered_at_once(
    place, supervisor, operator, reseller, clerk, seller, representative
):
    from quietline.web.inquiries.operations import acknowledge
    from quietline.web.seals.operations import lift_seal
    from quietline.web.seals.queries import orders_of, seal_of, sealed_now, wrong_seals

    seal = place()
    acknowledge(orders_of(seal)[0].inquiry, by=clerk, at=AT + HOURS)
    lift_seal(seal=seal, reason="cleared", words="Spoofed.", was_wrong=True, by=supervisor, at=AT + DAYS)
    assert standing("sealed") == []
    assert changes("sealed")[10:] == [("withdraw", key) for key in ALL]
    assert orders(seal) == [
        ("Northtel", "block", "acknowledged"), ("City Mobile", "block", "withdrawn"),
        ("Northtel", "lift", "sent"), ("City Mobile", "lift", "sent"),
    ]  # fmt: skip
    assert sealed_now(FIRST) is None
    assert seal_of(FIRST, AT + HOURS) == seal
    assert seal_of(FIRST, AT + DAYS) is None
    assert len(letters("seal-ended")) == 1
    rate = wrong_seals(AT - DAYS, AT + DAYS)
    assert (rate.placed, rate.numbers, rate.lifted, rate.wrong, rate.wrong_seconds) == (1, 10, 1, 1, 86_400)
    assert rate.per_thousand == 1000


def test_an_operator_that_declined_gets_no_order_to_lift(place, supervisor, operator, clerk):
    from quietline.web.inquiries.operations import refuse
    from quietline.web.seals.operations import lift_seal
    from quietline.web.seals.queries import orders_of

    seal = place()
    refuse(orders_of(seal)[0].inquiry, reason="Not ours.", by=clerk, at=AT)
    lift_seal(seal=seal, reason="remedied", words="Done.", was_wrong=False, by=supervisor, at=AT + DAYS)
    assert orders(seal) == [("Northtel", "block", "withdrawn")]


def test_an_overdue_order_is_told(place, operator):
    from quietline.web.seals.queries import overdue_orders

    place()
    assert not overdue_orders(AT + 3 * HOURS)
    assert [row.inquiry.to.name for row in overdue_orders(AT + 4 * HOURS)] == ["Northtel"]


@pytest.mark.parametrize(("changed", "code"), [
    ({"last_key": FIRST - 1}, "seal.range"), ({"last_key": FIRST + 10_000}, "seal.range"), ({"first_key": 0}, "seal.range"),
    ({"country": "CN"}, "seal.country"), ({"subject": ""}, "seal.subject"), ({"reason": "dislike"}, "seal.reason"),
    ({"evidence": []}, "seal.evidence"), ({"evidence": [" "]}, "seal.evidence"), ({"remedy": ""}, "seal.remedy"),
    ({"until_at": None}, "seal.until"), ({"until_at": AT}, "seal.until"), ({"until_at": AT + 732 * DAYS}, "seal.until"),
])  # fmt: skip
def test_a_proposal_that_lacks_something_is_refused(changed, code, propose):
    with pytest.raises(OperationError) as caught:
        propose(**changed)
    assert caught.value.code == code


def test_only_where_a_law_says_so_it_has_no_end(place):
    assert place(reason="unallocated", until_at=None).until_at is None


def test_ten_thousand_numbers_are_one_seal(place, operator):
    from quietline.web.publishing.models import Entry

    place(first_key=12125550000, last_key=12125559999)
    assert Entry.objects.filter(register__kind="sealed", ended_at=None).count() == 10_000


def test_no_number_is_sealed_twice(place, propose, supervisor):
    from quietline.web.seals.operations import confirm_seal

    waiting = propose(first_key=LAST, last_key=LAST + 5)
    place()
    for attempt in (lambda: propose(first_key=FIRST, last_key=FIRST), lambda: confirm_seal(
        seal=waiting, by=supervisor, at=AT
    )):  # fmt: skip
        with pytest.raises(ConflictError) as caught:
            attempt()
        assert caught.value.code == "seal.overlaps"


def test_its_words_lie_sealed(propose):
    from quietline.web.seals.wording import words_of

    seal = propose(remedy="Call the office.")
    assert b"Call" not in bytes(seal.words)
    assert words_of(seal) == {"evidence": ["CP-2222-3333"], "remedy": "Call the office."}


def test_where_the_law_is_silent_the_installation_promises(place, propose, appeal, operator, settings):
    from quietline.web.seals.queries import orders_of

    settings.ENVIRONMENT = type(settings.ENVIRONMENT)({**settings.ENVIRONMENT._values, "rulebook": ""})
    seal = place()
    assert orders_of(seal)[0].inquiry.due_at == AT + 24 * HOURS
    made = appeal(seal)
    assert (made.due_at, made.basis) == (AT + 5 * DAYS, "promise")
