"""One number leaves a sealed range: its operator is ordered at once, a mirror of the feed loses it, the rest stays."""

from __future__ import annotations

import pytest

from quietline.errors import ConflictError, NotProvenError, OperationError
from web.seals.common import ANSWER, AT, DAYS, FIRST, HOURS, LAST, ONE, fresh, leaves, letters, standing

pytestmark = pytest.mark.django_db

ALL = list(range(FIRST, LAST + 1))
OTHERS = [key for key in ALL if key != FIRST + 2]


def orders(seal):
    """Operator, kind, state, and the one number that it is about."""
    from quietline.web.seals.queries import orders_of

    return [
        (row.inquiry.to.name, row.inquiry.kind, row.inquiry.state, row.release.key if row.release else None)
        for row in orders_of(seal)
    ]


def asked(order):
    from quietline.web.inquiries.queries import asked_in

    return asked_in(order.inquiry).matter


@pytest.fixture
def free(supervisor):
    from quietline.web.seals.releasing import release_number

    def act(seal, key=FIRST + 2, *, reason="cleared", words="Spoofed.", by=supervisor, at=AT + DAYS):
        return release_number(seal=seal, key=key, reason=reason, words=words, by=by, at=at)

    return act


@pytest.fixture
def line():
    from quietline.web.subscribers.line_sessions import ProvenLine

    return ProvenLine(FIRST + 2, "code", AT, AT, AT + HOURS)


@pytest.fixture
def mirror(tmp_path):
    """A copy that follows the feed of sealed numbers, as an operator's does; gives what it holds after another step."""
    from quietline.feed import Mirror
    from quietline.feed.sources import FolderSource
    from quietline.registers import Register
    from quietline.web.publishing.objects import feed_folder, feed_origin, signing_key
    from quietline.web.publishing.sequencing import Sequencer

    def follow(at):
        sequencer = Sequencer()
        while sequencer.step(at=at):
            pass
        source = FolderSource(feed_folder("sealed-us", "all"))
        copy = Mirror(tmp_path / "copy", source, [signing_key().public], feed_origin("sealed-us", "all"))
        copy.advance(at=at)
        with Register(copy.path) as register:
            return [entry.key for entry in register.entries()]

    return follow


def test_cleared_by_a_supervisor_it_alone_is_free_at_once(place, free, operator, reseller, seller, representative):
    from quietline.web.seals.queries import seal_of, sealed_now

    seal = place()
    free(seal)
    assert standing("sealed") == OTHERS
    assert orders(seal) == [
        ("Northtel", "block", "sent", None), ("City Mobile", "block", "sent", None),
        ("Northtel", "lift", "sent", FIRST + 2),
    ]  # fmt: skip
    order = seal.orders.get(is_lift=True)
    assert asked(order) == {"number": f"+{FIRST + 2}"}
    assert order.inquiry.sent_at == AT + DAYS
    assert sealed_now(FIRST + 2) is None
    assert sealed_now(FIRST + 3) == seal
    assert seal_of(FIRST + 2, AT + HOURS) == seal
    assert fresh(seal).state == "sealed"
    assert [row.key for row in letters("seal-line-end")] == [FIRST + 2]
    [letter] = letters("seal-part")
    assert letter.facts["reason"] == "cleared"
    assert (leaves("seal-release"), leaves("seal-act")) == (1, 3)


def test_who_follows_the_feed_loses_that_number_and_no_other(place, free, mirror, operator, report):
    from quietline.web.seals.falling import follow_lines

    seal = place()
    assert mirror(AT + HOURS) == ALL
    free(seal)
    assert mirror(AT + DAYS) == OTHERS
    report(operator, FIRST + 4, at=AT + 2 * DAYS)
    follow_lines(at=AT + 2 * DAYS)
    assert mirror(AT + 2 * DAYS + HOURS) == [key for key in OTHERS if key != FIRST + 4]


@pytest.mark.parametrize("kind", ["reassigned", "disconnected"])
def test_what_its_operator_reports_is_ordered_within_a_minute(kind, place, operator, reseller, report):
    from quietline.web.seals.falling import follow_lines

    seal = place()
    report(operator, FIRST + 2, kind=kind)
    assert standing("sealed") == OTHERS
    assert follow_lines(at=AT + DAYS) == 1
    assert orders(seal)[2:] == [("Northtel", "lift", "sent", FIRST + 2)]
    assert follow_lines(at=AT + DAYS + HOURS) == 0
    assert len(orders(seal)) == 3
    assert letters("seal-line-end") == []
    assert (seal.releases.get().reason, fresh(seal).state) == ("holder", "sealed")


def test_a_report_that_is_taken_back_seals_the_number_again(place, operator, report):
    from quietline.web.operators.undoing import withdraw_line_event
    from quietline.web.seals.falling import follow_lines
    from quietline.web.seals.queries import sealed_now

    seal = place()
    report(operator, FIRST + 2)
    follow_lines(at=AT + DAYS)
    withdraw_line_event(operator=operator, reference=f"E{FIRST + 2}", at=AT + 2 * DAYS)
    assert follow_lines(at=AT + 2 * DAYS) == 1
    assert follow_lines(at=AT + 2 * DAYS) == 0
    assert sealed_now(FIRST + 2) == seal
    assert orders(seal)[1:] == [("Northtel", "lift", "sent", FIRST + 2), ("Northtel", "block", "sent", FIRST + 2)]
    assert seal.releases.get().back_at == AT + 2 * DAYS
    report(operator, FIRST + 3, at=AT + 3 * DAYS)
    assert follow_lines(at=AT + 3 * DAYS) == 1


def test_ported_it_stays_sealed_and_the_orders_follow_it(place, operator, enter, report, supervisor, mirror):
    from quietline.web.seals.falling import follow_lines
    from quietline.web.seals.operations import lift_seal

    southtel = enter.organisation("Southtel")
    seal = place()
    report(operator, FIRST + 2, kind="ported_out", to=southtel.code)
    assert follow_lines(at=AT + DAYS) == 1
    assert follow_lines(at=AT + DAYS) == 0
    assert mirror(AT + DAYS) == standing("sealed") == ALL
    assert orders(seal) == [
        ("Northtel", "block", "sent", None), ("Northtel", "lift", "sent", FIRST + 2),
        ("Southtel", "block", "sent", FIRST + 2),
    ]  # fmt: skip
    lift_seal(seal=fresh(seal), reason="remedied", words="Done.", was_wrong=False, by=supervisor, at=AT + 2 * DAYS)
    assert orders(seal)[3:] == [("Northtel", "lift", "sent", None), ("Southtel", "lift", "sent", FIRST + 2)]
    assert mirror(AT + 2 * DAYS) == []


def test_who_has_the_number_now_can_be_trusted_and_stays_so(place, operator, report, trust):
    from quietline.web.operators.undoing import withdraw_line_event
    from quietline.web.seals.falling import follow_lines

    seal, alone = place(), place(first_key=ONE, last_key=ONE)
    report(operator, FIRST + 2)
    follow_lines(at=AT + DAYS)
    with pytest.raises(ConflictError) as caught:
        trust(ONE, ONE, at=AT + DAYS)
    assert caught.value.code == "trust.sealed"
    trust(FIRST + 2, FIRST + 2, at=AT + DAYS)
    withdraw_line_event(operator=operator, reference=f"E{FIRST + 2}", at=AT + 2 * DAYS)
    follow_lines(at=AT + 2 * DAYS)
    assert standing("sealed") == [*OTHERS, ONE]
    assert standing("trusted") == [FIRST + 2]
    assert (fresh(seal).state, fresh(alone).state, seal.releases.get().back_at) == ("sealed", "sealed", None)


def test_a_seal_does_not_stand_again_over_a_number_that_was_trusted_meanwhile(place, operator, report, trust):
    from quietline.web.operators.undoing import withdraw_line_event
    from quietline.web.seals.falling import follow_lines

    seal = place(first_key=FIRST, last_key=FIRST)
    report(operator, FIRST)
    follow_lines(at=AT + DAYS)
    trust(FIRST, FIRST, at=AT + DAYS)
    withdraw_line_event(operator=operator, reference=f"E{FIRST}", at=AT + 2 * DAYS)
    follow_lines(at=AT + 2 * DAYS)
    assert (fresh(seal).state, standing("sealed"), standing("trusted")) == ("fell", [], [FIRST])


def test_lifted_later_the_rest_is_ordered_although_one_went_before(place, free, operator, reseller, supervisor):
    from quietline.web.seals.operations import lift_seal

    seal = place()
    free(seal)
    lift_seal(seal=fresh(seal), reason="remedied", words="Done.", was_wrong=False, by=supervisor, at=AT + 2 * DAYS)
    assert orders(seal)[3:] == [("Northtel", "lift", "sent", None), ("City Mobile", "lift", "sent", None)]
    assert standing("sealed") == []


def test_an_operator_that_declined_gets_no_order_for_one_number_either(place, free, operator, clerk):
    from quietline.web.inquiries.operations import refuse

    seal = place()
    refuse(seal.orders.get().inquiry, reason="Not ours.", by=clerk, at=AT)
    free(seal)
    assert orders(seal) == [("Northtel", "block", "refused", None)]


def test_fallen_and_back_the_cleared_number_stays_free(place, free, operator, report):
    from quietline.web.operators.undoing import withdraw_line_event
    from quietline.web.seals.falling import follow_lines
    from quietline.web.seals.queries import sealed_now

    seal = place(first_key=FIRST, last_key=FIRST + 1)
    free(seal, FIRST, at=AT + HOURS)
    report(operator, FIRST + 1)
    follow_lines(at=AT + DAYS)
    assert fresh(seal).state == "fell"
    withdraw_line_event(operator=operator, reference=f"E{FIRST + 1}", at=AT + 2 * DAYS)
    follow_lines(at=AT + 2 * DAYS)
    assert fresh(seal).state == "sealed"
    assert (sealed_now(FIRST), sealed_now(FIRST + 1)) == (None, seal)
    assert [row[1:] for row in orders(seal)[-2:]] == [("block", "sent", None), ("lift", "sent", FIRST)]


@pytest.mark.parametrize(("changed", "code"), [
    ({"key": LAST + 1}, "seal.number"), ({"reason": "mistake"}, "seal.lift-reason"), ({"words": " "}, "seal.words"),
])  # fmt: skip
def test_what_does_not_fit_is_refused(changed, code, place, free):
    seal = place()
    with pytest.raises(OperationError) as caught:
        free(seal, **changed)
    assert caught.value.code == code
    assert standing("sealed") == ALL


def test_the_last_number_goes_with_its_seal_and_none_goes_twice(place, free):
    seal = place(first_key=FIRST, last_key=FIRST + 1)
    free(seal, FIRST)
    for key, code in ((FIRST, "seal.number"), (FIRST + 1, "seal.last-number")):
        with pytest.raises(OperationError) as caught:
            free(seal, key)
        assert caught.value.code == code
    assert standing("sealed") == [FIRST + 1]


def test_only_a_supervisor_frees_a_number_of_a_seal_that_stands(place, free, propose, investigator, clerk):
    seal = place()
    for who in (investigator, clerk):
        with pytest.raises(NotProvenError):
            free(seal, by=who)
    with pytest.raises(ConflictError):
        free(propose(first_key=ONE, last_key=ONE + 1), ONE)


def test_an_appeal_from_one_line_frees_that_line(place, appeal, line, seller, representative, operator, other_supervisor):
    from quietline.web.seals.appeals import grant, may_be_partly

    seal = place()
    made, other = appeal(seal, proven=line), appeal(seal, organisation=seller)
    assert (may_be_partly(made), may_be_partly(other)) == (True, False)
    grant(appeal=made, answer=ANSWER, by=other_supervisor, at=AT + DAYS, partly=True)
    assert standing("sealed") == OTHERS
    assert (fresh(made).state, fresh(other).state, fresh(seal).state) == ("partly", "received", "sealed")
    assert orders(seal)[1:] == [("Northtel", "lift", "sent", FIRST + 2)]
    assert (seal.releases.get().reason, fresh(seal).was_wrong) == ("appeal", False)
    assert [row.facts["step"] for row in letters("appeal-text")] == ["received", "partly"]
    again = appeal(seal, proven=line, at=AT + 2 * DAYS)
    assert not may_be_partly(again)


def test_who_took_part_in_the_seal_does_not_free_a_line_on_appeal(place, appeal, line, supervisor):
    from quietline.web.seals.appeals import grant

    made = appeal(place(), proven=line)
    with pytest.raises(NotProvenError):
        grant(appeal=made, answer=ANSWER, by=supervisor, at=AT + DAYS, partly=True)
    assert standing("sealed") == ALL
