"""What counts on a day, against a plain model that goes through a history event by event."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from quietline.web.evidence.counting import CLAIMS, Contested, Fact, standing

START = date(2026, 1, 1)
DAYS = 40


def moment(hours):
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours)


@st.composite
def histories(draw):
    facts = []
    hours = draw(st.lists(st.integers(0, 24 * DAYS), min_size=1, max_size=9, unique=True))
    for number, hour in enumerate(hours, start=1):
        kind = draw(st.sampled_from([*CLAIMS, "consent", "stop", "stop"]))
        own = kind in ("consent", "stop") and draw(st.booleans()) and draw(st.booleans())
        lasts = draw(st.sampled_from([None, 0, 3, 10, 30]))
        on = moment(hour).date()
        facts.append(
            Fact(
                number, kind, moment(hour), on,
                "" if own else draw(st.sampled_from(["", "", "voice", "text"])) if kind in ("consent", "stop") else "",
                own or draw(st.booleans()), "code" if own else "",
                None if lasts is None or own else on + timedelta(days=lasts),
            )
        )  # fmt: skip
    claims = [fact for fact in facts if fact.kind in CLAIMS]
    contested = draw(st.lists(st.sampled_from(claims), max_size=2)) if claims else []
    contests = [
        Contested(fact.kind, fact.happened_at + timedelta(hours=1), fact.id if draw(st.booleans()) else None)
        for fact in contested
    ]
    holder = draw(st.one_of(st.none(), st.integers(0, DAYS)))
    return facts, contests, START + timedelta(days=draw(st.integers(0, DAYS + 40))), (
        None if holder is None else START + timedelta(days=holder)
    )  # fmt: skip


def plain_model(facts, contests, on, new_holder_on):
    """Walk through time once for each question; no fact is compared with another but by what is remembered on the way."""
    claims, stopped, ever_stopped = {}, None, False
    ordered = sorted(facts, key=lambda fact: fact.happened_at)
    for fact in ordered:
        if new_holder_on is not None and fact.on_date <= new_holder_on:
            continue
        if fact.kind == "stop":
            if fact.channel != "text":
                claims.clear()
                ever_stopped = True
            stopped = [*(stopped or []), fact]
            continue
        if fact.kind == "consent" and fact.assurance:
            stopped = None
        if fact.channel == "text" or (fact.kind == "consent" and ever_stopped and not fact.has_proof):
            continue
        if fact.on_date > on or (fact.due_date is not None and on > fact.due_date):
            continue
        later = [contest for contest in contests if contest.kind == fact.kind and contest.at >= fact.happened_at]
        if all(contest.answer == fact.id for contest in later):
            claims[fact.kind] = fact
    return claims, stopped or []


@settings(max_examples=600, deadline=None)
@given(histories())
def test_what_counts_is_what_a_walk_through_the_history_remembers(history):
    facts, contests, on, new_holder_on = history
    found = standing(facts, contests, on, new_holder_on)
    claims, stops = plain_model(facts, contests, on, new_holder_on)
    assert {kind: fact.on_date for kind, fact in found.claims.items()} == {k: f.on_date for k, f in claims.items()}
    assert (found.stop_since is not None) == bool(stops)
    calls = [stop for stop in stops if stop.channel != "text"]
    assert found.stops_texts_only == (bool(stops) and not calls)
    if found.stop_since is not None:
        assert found.stop_since in {stop.on_date for stop in calls or stops}


@settings(max_examples=300, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_the_order_in_which_records_come_in_changes_nothing(history, chance):
    facts, contests, on, new_holder_on = history
    mixed = list(facts)
    chance.shuffle(mixed)
    assert standing(mixed, contests, on, new_holder_on) == standing(facts, contests, on, new_holder_on)


@settings(max_examples=300, deadline=None)
@given(histories(), st.integers(0, 24 * DAYS))
def test_a_request_to_stop_is_a_one_way_event(history, hour):
    """Nothing from before it counts afterwards, and only the person takes it back."""
    facts, contests, on, new_holder_on = history
    stop = Fact(1_000, "stop", moment(hour) + timedelta(minutes=1), moment(hour).date(), "", False, "", None)
    found = standing([*facts, stop], contests, on, new_holder_on)
    is_mine = new_holder_on is None or stop.on_date > new_holder_on
    if not is_mine:
        return
    for fact in found.claims.values():
        assert fact.happened_at > stop.happened_at
        assert fact.kind != "consent" or fact.has_proof
    taken_back = any(f.kind == "consent" and f.assurance and f.happened_at > stop.happened_at for f in facts)
    assert found.stop_since is not None or taken_back


@settings(max_examples=300, deadline=None)
@given(histories())
def test_adding_a_contest_never_lets_anything_count(history):
    facts, contests, on, new_holder_on = history
    before = standing(facts, contests, on, new_holder_on).claims
    for kind in CLAIMS:
        after = standing(facts, [*contests, Contested(kind, moment(24 * 365), None)], on, new_holder_on).claims
        assert after == {name: fact for name, fact in before.items() if name != kind}


def test_a_request_counts_from_the_newest_day_whose_time_to_be_honoured_is_over():
    first = Fact(1, "stop", moment(0), START, "", False, "", START + timedelta(days=10))
    second = Fact(2, "stop", moment(24 * 30), START + timedelta(days=30), "", False, "", START + timedelta(days=40))
    for day, since in ((5, 0), (10, 0), (35, 0), (40, 0), (41, 30), (90, 30)):
        assert standing([first, second], [], START + timedelta(days=day)).stop_since == START + timedelta(days=since), day
