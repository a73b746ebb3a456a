"""Two people click at the same moment, each on a connection of their own: one is told so, and nothing happens twice."""

from __future__ import annotations

import pytest

from web.seals.common import ANSWER, AT, DAYS, FIRST, LAST, both, changes, fresh, leaves, standing

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_two_who_confirm_at_once_one_does(propose, supervisor, other_supervisor, operator):
    from quietline.web.seals.operations import confirm_seal

    seal = propose()
    mine, theirs = fresh(seal), fresh(seal)
    found = both(
        lambda: confirm_seal(seal=mine, by=supervisor, at=AT), lambda: confirm_seal(seal=theirs, by=other_supervisor, at=AT)
    )  # fmt: skip
    assert sum(each == "seal.moved-on" for each in found) == 1
    assert len(changes("sealed")) == 10
    assert seal.orders.count() == 1
    assert leaves("seal-act") == 2


def test_one_confirms_and_one_sends_back_at_once(propose, supervisor, other_supervisor):
    from quietline.web.seals.operations import confirm_seal, return_seal

    seal = propose()
    mine, theirs = fresh(seal), fresh(seal)
    found = both(
        lambda: confirm_seal(seal=mine, by=supervisor, at=AT),
        lambda: return_seal(seal=theirs, words="No.", by=other_supervisor, at=AT),
    )
    assert sum(each == "seal.moved-on" for each in found) == 1
    assert (fresh(seal).state == "sealed") == (len(standing("sealed")) == 10)
    assert leaves("seal-act") == 2


def test_two_seals_over_the_same_number_at_once(propose, supervisor, other_supervisor):
    from quietline.web.seals.operations import confirm_seal

    first, second = propose(), propose(first_key=LAST, last_key=LAST + 3)
    found = both(
        lambda: confirm_seal(seal=first, by=supervisor, at=AT), lambda: confirm_seal(seal=second, by=other_supervisor, at=AT)
    )  # fmt: skip
    assert sum(each == "seal.overlaps" for each in found) == 1


def test_a_number_is_never_sealed_and_trusted_at_once(propose, investigator, supervisor, other_supervisor):
    from quietline.web.seals.operations import confirm_seal
    from quietline.web.seals.trusting import apply_for_trust, confirm_trust

    seal = propose()
    trust = apply_for_trust(
        first_key=FIRST, last_key=FIRST, country="US", kind="bank", holder="Bank", evidence="Licence", organisation=None,
        by=investigator, at=AT,
    )  # fmt: skip
    review = (AT + 300 * DAYS).date()
    found = both(
        lambda: confirm_seal(seal=seal, by=supervisor, at=AT),
        lambda: confirm_trust(trust=trust, review_date=review, by=other_supervisor, at=AT),
    )
    assert sum(each in ("seal.trusted", "trust.sealed") for each in found) == 1
    assert not set(standing("sealed")) & set(standing("trusted"))


def test_lifted_by_hand_and_on_appeal_at_once(place, appeal, supervisor, other_supervisor, operator):
    from quietline.web.seals.appeals import grant
    from quietline.web.seals.operations import lift_seal

    seal = place()
    made = appeal(seal)
    mine = fresh(seal)
    both(
        lambda: lift_seal(seal=mine, reason="mistake", words="Wrong.", was_wrong=True, by=supervisor, at=AT + DAYS),
        lambda: grant(appeal=made, answer=ANSWER, by=other_supervisor, at=AT + DAYS),
    )
    assert fresh(seal).state == "lifted"
    assert fresh(made).state == "granted"
    assert len(changes("sealed")) == 20
    assert seal.orders.filter(is_lift=True).count() == 1


def test_of_two_who_decide_an_appeal_at_once_one_does(place, appeal, enter, office, other_supervisor):
    from quietline.web.seals.appeals import grant, refuse

    third = enter.person("Uma Example", office, "supervisor")
    seal = place()
    made = appeal(seal)
    mine, theirs = fresh(made), fresh(made)
    found = both(
        lambda: grant(appeal=mine, answer=ANSWER, by=other_supervisor, at=AT + DAYS),
        lambda: refuse(appeal=theirs, answer=ANSWER, by=third, at=AT + DAYS),
    )
    assert sum(each == "seal.moved-on" for each in found) == 1
    assert (fresh(made).state == "granted") == (standing("sealed") == [])


def test_a_chore_and_a_person_at_once_end_a_seal_once(place, supervisor, operator):
    from quietline.web.seals.falling import expire
    from quietline.web.seals.operations import lift_seal

    seal = place(until_at=AT + DAYS)
    mine = fresh(seal)
    both(
        lambda: lift_seal(seal=mine, reason="mistake", words="Wrong.", was_wrong=True, by=supervisor, at=AT + DAYS),
        lambda: expire(at=AT + DAYS),
    )
    assert len(changes("sealed")) == 20
    assert fresh(seal).state in ("lifted", "expired")
    assert seal.orders.filter(is_lift=True).count() == 1


def test_a_number_is_let_go_once_although_two_do_it_and_a_third_lifts(place, supervisor, other_supervisor, operator):
    from quietline.web.seals.operations import lift_seal
    from quietline.web.seals.releasing import release_number

    seal = place()
    mine, theirs, third = fresh(seal), fresh(seal), fresh(seal)
    told = {"key": FIRST, "reason": "cleared", "words": "Spoofed.", "at": AT + DAYS}
    found = both(
        lambda: release_number(seal=mine, by=supervisor, **told),
        lambda: release_number(seal=theirs, by=other_supervisor, **told),
        lambda: lift_seal(seal=third, reason="cleared", words="All.", was_wrong=True, by=supervisor, at=AT + DAYS),
    )
    refused = [each for each in found if isinstance(each, str)]
    assert set(refused) <= {"seal.number", "seal.moved-on"}
    assert len(refused) + seal.releases.count() == 2
    assert standing("sealed") == []
    assert changes("sealed").count(("withdraw", FIRST)) == 1
    assert leaves("seal-release") == seal.releases.count() <= 1


def test_two_workers_tell_each_line_once(place, settings):
    from quietline.web.seals.telling import tell_waiting
    from web.seals.common import letters

    few, many = ({**settings.ENVIRONMENT._values, "daily_messages": count} for count in (2, 1_000))
    settings.ENVIRONMENT = type(settings.ENVIRONMENT)(few)
    place()
    settings.ENVIRONMENT = type(settings.ENVIRONMENT)(many)
    both(*[lambda: tell_waiting(at=AT + DAYS)] * 3)
    assert sorted(row.key for row in letters("seal-line")) == list(range(FIRST, LAST + 1))
