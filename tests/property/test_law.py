"""The engine of the law against a plain twin, and what holds for every call whatever the rules are."""

from __future__ import annotations

import random
import re
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from property.law_calls import LAW, NAMES, ZONES, Book, Call, book, moment
from quietline.law import load_rulebook, regime
from quietline.law.deciding import decide, decide_facts
from quietline.law.vocabulary import read_facts

if TYPE_CHECKING:
    from pathlib import Path

    from quietline.law import Decision, Rulebook

each_rulebook = pytest.mark.parametrize("name", NAMES)
SOME, FEW = (settings(max_examples=settings().max_examples // share) for share in (4, 8))
AT_NIGHT = [time(0), time(5, 59, 59), time(7, 59, 59), time(22, 15), time(23, 59, 59)]
HOURS_FORBID_OFTEN = {"au", "ca", "in", "us"}
RANK = {"forbid": 0, "undetermined": 1, "permit": 2}


def merged(judged: list[tuple[str, bool]]) -> str:
    """Forbid beats undetermined beats permit, of regimes that reach the call."""
    return min((verdict for verdict, applies in judged if applies), key=RANK.__getitem__, default="permit")


def said(known: Book, decision: Decision) -> dict[str, dict[str, Any]]:
    """What a decision says of each regime, in the words of the twin."""
    found = {}
    for judgement in decision.judgements:
        rules, flags, outcome = judgement.regime.rules, judgement.regime.flags, judgement.outcome
        found[known.rulebook.instruments[judgement.regime.name].short] = {
            "verdict": judgement.verdict,
            "rule": judgement.rule.id if judgement.rule else None,
            "holding": [rules[place].id for place in outcome.speaking] if outcome else [],
            "flags": [flags[place].id for place in outcome.flags] if outcome else [],
            "sure": True,
        }
    return found


def agree(known: Book, call: Call) -> Decision:
    decision = known.decide(call.facts)
    expected = known.twin.judge(call.facts)
    for short, answer in said(known, decision).items():
        if expected[short]["sure"]:
            assert answer == expected[short], short
        else:
            assert answer["verdict"] in ("undetermined", expected[short]["verdict"]), short
    assert decision.verdict == merged([(j.verdict, j.applies) for j in decision.judgements])
    return decision


# -- against the twin -------------------------------------------------------------------------------------------------


@each_rulebook
@given(data=st.data())
@SOME
def test_of_a_call_of_which_all_is_known_the_engine_says_what_the_twin_says(name: str, data: st.DataObject) -> None:
    known = book(name)
    decision = agree(known, data.draw(known.calls))
    assert facts_of(decision) <= {"called_at"}, "that is not covered"


@each_rulebook
def test_of_hundreds_of_calls_the_engine_says_what_the_twin_says(name: str) -> None:
    known, rng = book(name), random.Random(name)
    decisions = [agree(known, known.random_call(rng)) for _ in range(200)]
    assert len({decision.verdict for decision in decisions}) >= 2
    rules = {judgement.rule.id for decision in decisions for judgement in decision.judgements if judgement.rule}
    assert len(rules) >= 5


def test_with_values_of_the_law_that_nobody_knows_no_more_is_said_than_holds_whatever_they_are(tmp_path: Path) -> None:
    shutil.copytree(LAW / "rulebooks" / "us", tmp_path / "us")
    unknown = {"list_age_max", "caller_id_required", "hours", "ebr_transaction", "exempt_recorded_30d", "revocation_honour"}
    for file in (tmp_path / "us").glob("*.yaml"):
        parameter, lines = "", []
        for line in file.read_text("utf-8").splitlines():
            parameter = line.strip(": ") if re.fullmatch(r"  [a-z_0-9]+:", line) else parameter
            lines.append("        value: unknown" if parameter in unknown and line.startswith("        value: ") else line)
        file.write_text("\n".join(lines) + "\n", "utf-8")
    known, rng = Book("us", tmp_path), random.Random("unknown")
    decisions = [agree(known, known.random_call(rng)) for _ in range(60)]
    named = {name for decision in decisions for name in decision.unknown}
    assert len(named - {"called_at"}) >= 3
    assert named <= {"called_at", *(f"law.{name}" for name in unknown)}
    assert {decision.verdict for decision in decisions} == {"permit", "forbid", "undetermined"}


# -- what is not known ------------------------------------------------------------------------------------------------


def facts_of(decision: Decision) -> set[str]:
    """Name what is unknown of the call, not of the law."""
    return {name for name in decision.unknown if not name.startswith("law.")}


def without(known: Book, call: Call, names: set[str]) -> dict[str, Any]:
    """Take facts away; ``time of day`` leaves the day of the call where the person called is.

    One that follows from another, and is given otherwise, stays as long as the other does: it would not become unknown.
    """
    names = names - known.assumed
    for fact in known.rulebook.vocabulary.facts.values():
        if (
            fact.follows
            and fact.follows not in names
            and call.facts[fact.name] is not (call.facts[fact.follows] is not None)
        ):
            names.discard(fact.name)
    facts = {name: value for name, value in call.facts.items() if name not in names}
    if "time of day" in names and "called_at" in facts:
        facts["called_at"] = call.day.isoformat()
    return facts


def completed(known: Book, facts: dict[str, Any], other: Call) -> dict[str, Any]:
    """Give the facts that are absent as another call has them."""
    given_facts = dict(facts)
    followed = {fact.name for fact in known.rulebook.vocabulary.facts.values() if fact.follows and fact.follows in facts}
    for name, value in other.facts.items():
        if name not in followed:
            given_facts.setdefault(name, value)
    if len(given_facts["called_at"]) == 10:
        day = date.fromisoformat(given_facts["called_at"])
        given_facts["called_at"] = moment(day, other.time, given_facts["callee_timezone"])
    return given_facts


def names_to_drop(known: Book) -> st.SearchStrategy[set[str]]:
    return st.sets(st.sampled_from([*known.names, "time of day"]), max_size=12)


def check_taken_away(known: Book, call: Call, first: set[str], more: set[str]) -> None:
    steps = [call.facts, without(known, call, first), without(known, call, first | more)]
    for before, after in pairwise(known.decide(facts) for facts in steps):
        assert after.verdict in (before.verdict, "undetermined")
        for one, other in zip(before.judgements, after.judgements, strict=True):
            assert other.verdict in (one.verdict, "undetermined")


@each_rulebook
@given(data=st.data())
@SOME
def test_taking_facts_away_never_turns_a_verdict_round(name: str, data: st.DataObject) -> None:
    known = book(name)
    first, more = data.draw(names_to_drop(known)), data.draw(names_to_drop(known))
    check_taken_away(known, data.draw(known.calls), first, more)


def check_unknown(known: Book, call: Call, names: set[str], others: list[Call]) -> None:
    facts = without(known, call, names)
    decision = known.decide(facts)
    uncovered = call.day <= max(judgement.regime.covers_from for judgement in decision.judgements) + timedelta(days=2)
    open_time = {"called_at"} if uncovered or "time of day" in names else set()
    for unknown in facts_of(decision):
        assert unknown not in facts or unknown in open_time, unknown
        assert unknown in known.rulebook.vocabulary.facts
    for other in others:
        answer = known.decide(completed(known, facts, other))
        assert facts_of(answer) <= {"called_at"}, "that is not covered"
        if decision.verdict != "undetermined":
            assert answer.verdict == decision.verdict
        elif not decision.unknown:
            assert answer.verdict == "undetermined"


@each_rulebook
@given(data=st.data())
@SOME
def test_what_is_named_as_unknown_is_not_given_and_suffices(name: str, data: st.DataObject) -> None:
    known = book(name)
    call, others = data.draw(known.calls), [data.draw(known.calls) for _ in range(2)]
    check_unknown(known, call, data.draw(names_to_drop(known)), others)


@each_rulebook
def test_what_is_not_known_of_a_hundred_calls_is_never_guessed(name: str) -> None:
    known, rng = book(name), random.Random(f"not known {name}")
    names = [*known.names, "time of day"]
    for _ in range(100):
        first, more = ({*rng.sample(names, rng.randrange(6))} for _ in range(2))
        call, *others = (known.random_call(rng) for _ in range(4))
        check_taken_away(known, call, first, more)
        check_unknown(known, call, first, others)


@each_rulebook
def test_taking_any_one_fact_away_never_turns_a_verdict_round(name: str) -> None:
    known, rng = book(name), random.Random(f"any one {name}")
    for _ in range(25):
        call = known.random_call(rng)
        verdict = known.decide(call.facts).verdict
        for each in [*known.names, "time of day"]:
            assert known.decide(without(known, call, {each})).verdict in (verdict, "undetermined"), each


@each_rulebook
@given(data=st.data())
@FEW
def test_an_assumed_fact_is_as_good_as_a_given_one_and_is_told_where_it_matters(name: str, data: st.DataObject) -> None:
    known = book(name)
    call = data.draw(known.calls)
    values = {one: assumption.value for one, assumption in known.rulebook.assumptions.items()}
    bare = {one: value for one, value in call.facts.items() if one not in values}
    decision, given_decision = known.decide(bare), known.decide({**bare, **values})
    assert decision.judgements == given_decision.judgements
    assert decision.verdict == given_decision.verdict
    assert decision.next_permitted_at == given_decision.next_permitted_at
    assert given_decision.assumptions == ()
    assert {assumption.name for assumption in decision.assumptions} <= set(values)
    untold = {one.name for one in known.rulebook.assumptions.values() if not one.told}
    resting = decide_facts(
        assuming(known.rulebook, untold | {one.name for one in decision.assumptions}),
        read_facts(bare, known.rulebook.vocabulary),
    )
    assert resting.verdict == decision.verdict
    assert [one.rule for one in resting.judgements] == [one.rule for one in decision.judgements]


def assuming(rulebook: Rulebook, names: set[str]) -> Rulebook:
    """Give a rulebook that assumes no other facts than these."""
    return replace(rulebook, assumptions={name: one for name, one in rulebook.assumptions.items() if name in names})


# -- how facts are written --------------------------------------------------------------------------------------------


def shouted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key.upper(): shouted(inner) for key, inner in reversed(value.items())}
    return value.upper().replace("_", "-") if isinstance(value, str) else value


@each_rulebook
@given(data=st.data())
@FEW
def test_the_order_of_keys_and_the_case_of_words_do_not_matter(name: str, data: st.DataObject) -> None:
    known = book(name)
    facts = without(known, data.draw(known.calls), data.draw(names_to_drop(known)))
    plain = {"called_at", "callee_timezone"}
    order = data.draw(st.permutations(list(facts)))
    other = {one.title(): facts[one] if one in plain or one == "terms" else shouted(facts[one]) for one in order}
    if other.get("Terms"):
        other["Terms"] = "; ".join(f"{axis.upper()} = {' ,'.join(codes).upper()}" for axis, codes in other["Terms"].items())
    assert known.decide(other).as_dict() == known.decide(facts).as_dict()


# -- time -------------------------------------------------------------------------------------------------------------


@each_rulebook
def test_the_next_permitted_moment_is_later_is_permitted_and_is_the_first(name: str) -> None:
    known, rng, found = book(name), random.Random(f"next {name}"), 0
    for i in range(600):
        if i >= 120 and (found or name not in HOURS_FORBID_OFTEN):
            break
        call = known.random_call(rng)
        facts = {**call.facts, "called_at": moment(call.day, rng.choice(AT_NIGHT), call.zone)}
        decision = known.decide(facts)
        if decision.next_permitted_at is None:
            continue
        found += 1
        at = datetime.fromisoformat(facts["called_at"])
        assert decision.verdict == "forbid"
        assert decision.next_permitted_at > at
        assert decision.next_permitted_at.tzinfo == ZoneInfo(call.zone)
        assert later(known, call, facts, decision.next_permitted_at).verdict == "permit"
        minutes = int((decision.next_permitted_at - at) / timedelta(minutes=1))
        whole = at.replace(second=0, microsecond=0)
        for minute in {*rng.sample(range(1, minutes), min(4, minutes - 1)), minutes - 1} if minutes > 1 else ():
            assert later(known, call, facts, whole + timedelta(minutes=minute)).verdict != "permit"
    assert found or name not in HOURS_FORBID_OFTEN
    assert not found or any(one.hours_parameters for one in known.rulebook.regimes)


def later(known: Book, call: Call, facts: dict[str, Any], at: datetime) -> Decision:
    """Decide on the same call at another moment; a later day is taken not to be a public holiday."""
    facts = {**facts, "called_at": at.astimezone(UTC).isoformat()}
    if at.astimezone(ZoneInfo(call.zone)).date() != call.day:
        facts["public_holiday"] = False
    return known.decide(facts)


@each_rulebook
@given(data=st.data())
@FEW
def test_in_several_zones_only_what_holds_in_each_holds(name: str, data: st.DataObject) -> None:
    known = book(name)
    facts = without(known, data.draw(known.calls), data.draw(names_to_drop(known)) - {"called_at", "callee_timezone"})
    zones = data.draw(st.lists(st.sampled_from(ZONES), min_size=1, max_size=3))
    together = known.decide({**facts, "callee_timezone": zones})
    apart = [known.decide({**facts, "callee_timezone": zone}) for zone in zones]
    for judgement, each in zip(together.judgements, zip(*(one.judgements for one in apart), strict=True), strict=True):
        verdicts = {one.verdict for one in each}
        assert judgement.verdict == (verdicts.pop() if len(verdicts) == 1 else "undetermined")
        names = {name for one in each for name in one.unknown} if judgement.verdict == "undetermined" else set()
        assert set(judgement.unknown) == names | ({"callee_timezone"} if verdicts else set())
    assert together.verdict == merged([(one.verdict, one.applies) for one in together.judgements])
    assert known.decide({**facts, "callee_timezone": zones[::-1]}).verdict == together.verdict


@each_rulebook
def test_where_the_zone_is_not_known_only_what_holds_in_every_zone_holds(name: str) -> None:
    known, rng = book(name), random.Random(f"zone {name}")
    rulebook = assuming(known.rulebook, set())
    for _ in range(120):
        call = known.random_call(rng)
        facts = read_facts({k: v for k, v in call.facts.items() if k != "callee_timezone"}, rulebook.vocabulary)
        decision = decide_facts(rulebook, facts)
        for zone in (rng.choice(ZONES), "Etc/GMT+12", "Etc/GMT-14"):
            there = decide_facts(rulebook, {**facts, "callee_timezone": (ZoneInfo(zone),)})
            assert decision.verdict in ("undetermined", there.verdict)


# -- what is kept -----------------------------------------------------------------------------------------------------


@each_rulebook
def test_what_is_kept_of_earlier_calls_changes_no_answer(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regime, "_KEEP", 3)
    known, rng = book(name), random.Random(f"kept {name}")
    facts = []
    for _ in range(20):  # the same call on three days
        call, *others = (known.random_call(rng) for _ in range(3))
        few = without(known, call, set(rng.sample(known.names, rng.randrange(6))))
        days = [one.facts["called_at"] for one in (call, *others)]
        facts += [{**few, "called_at": at} if "called_at" in few else few for at in days]
    fresh = load_rulebook(name, folder=LAW / "rulebooks")
    answers = {i: said(known, known.decide(facts[i])) for i in range(60)}
    monkeypatch.undo()
    for i in rng.sample(range(60), 60):
        assert said(known, decide(fresh, facts[i])) == answers[i]


@each_rulebook
@given(data=st.data())
@FEW
def test_equal_bits_are_judged_once_and_as_if_for_the_first_time(name: str, data: st.DataObject) -> None:
    known = book(name)
    facts = without(known, data.draw(known.calls), data.draw(names_to_drop(known)) - {"called_at"})
    decision = known.decide(facts)
    read = read_facts(facts, known.rulebook.vocabulary)
    read = {**{n: v for a in known.rulebook.assumptions.values() for n, v in a.facts.items()}, **read}
    for judgement in decision.judgements:
        zones = read.get("callee_timezone")
        if judgement.outcome is None or not (zones or not isinstance(read["called_at"], datetime)):
            continue
        local = read["called_at"].astimezone(zones[0]) if isinstance(read["called_at"], datetime) else None
        at = judgement.regime.moment(judgement.on, local)
        bits, known_bits = judgement.regime.observe(read, at)
        assert bits & ~known_bits == 0
        assert judgement.regime.judge(bits, known_bits) is judgement.regime.judge(bits, known_bits)
        assert judgement.outcome == judgement.regime._judge(bits, known_bits)
