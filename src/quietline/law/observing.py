"""From facts to bits: what a rulebook's patterns ask of a call, each as true, false or not known.

A derived fact becomes a small function of the facts and the day of the call; the dated parameters of a day are looked up
once a day and kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, TypeAlias

from quietline.law.calendar import earliest
from quietline.law.hours import DAYS
from quietline.law.parameters import UNKNOWN, UNLIMITED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from quietline.law.derived import Derived
    from quietline.law.parameters import Parameter
    from quietline.law.patterns import Condition
    from quietline.law.vocabulary import Facts

__all__ = ["CLOCK", "Answers", "Moment", "Test", "day_values", "test_of", "unknown_behind"]

_MISSING: Any = object()


@dataclass(slots=True)
class Moment:
    """When a call is made, as the rules of one regime see it.

    Attributes:
        date: day of the call where the person called is.
        local: wall clock there, None where the time of day or the zone is not known.
        values: by parameter, what it comes to on that day (:func:`day_values`).
    """

    date: date
    local: datetime | None
    values: Mapping[str, Any]


Answers: TypeAlias = "Mapping[str, bool | None]"
CLOCK = ("called_at", "callee_timezone")
"""Given facts that every rulebook reads by itself."""

Test: TypeAlias = "Callable[[Facts, Moment, Sequence[bool | None]], bool | None]"
"""Answers a derived fact from the given facts, the moment, and the derived facts before it."""


def day_values(parameters: Mapping[str, Parameter], names: Sequence[str], on: date) -> dict[str, Any]:
    """Work out what parameters come to on a day.

    Returns:
        By name: None where not in force (or a count without a limit), :data:`~quietline.law.parameters.UNKNOWN`, or: of a
        length of time the first day within, of hours ``(hours, bound)``, else the value.
    """
    values: dict[str, Any] = {}
    for name in names:
        parameter = parameters[name]
        period, _ = parameter.at(on)
        value: Any = None if period is None else period.value
        if period is not None and value == UNKNOWN:
            value = UNKNOWN  # the very object that the tests look for
        elif period is not None:
            if period.unit in ("days", "months", "years", "business_days"):
                value = date.min if value == UNLIMITED else earliest(on, value, period.unit, parameter.bound)
            elif period.unit == "hours":
                value = (value, parameter.bound)
            elif value == UNLIMITED:
                value = None  # no count is as great
        values[name] = value
    return values


def test_of(derived: Derived, place: Mapping[str, int]) -> Test:
    """Make the function that answers a derived fact.

    Args:
        derived: the fact.
        place: of each derived fact before it, where its answer stands.
    """
    return _MAKERS[derived.operator](derived, place)


def _period(derived: Derived, _: Mapping[str, int]) -> Test:
    """Answer ``within`` and ``beyond``: whether a day lies in the period that ends on the day of the call, or before it."""
    leaf, name, within = derived.leaves[0], derived.parameter, derived.operator == "within"

    def test(facts: Facts, moment: Moment, _: Sequence[bool | None]) -> bool | None:
        day = facts.get(leaf, _MISSING)
        if day is None:
            return False
        first = moment.values[name]
        if first is None:
            return False
        if day is _MISSING or first is UNKNOWN:
            return None
        return bool(day <= moment.date and (day >= first) is within)

    return test


def _day_test(derived: Derived, _: Mapping[str, int]) -> Test:
    leaf, operator = derived.leaves[0], derived.operator

    def test(facts: Facts, moment: Moment, _: Sequence[bool | None]) -> bool | None:
        day = facts.get(leaf, _MISSING)
        if day is _MISSING:
            return None
        if day is None:
            return False
        if operator == "reached":
            return bool(day <= moment.date)
        if operator == "passed":
            return bool(day < moment.date)
        return True if operator == "given" else bool(day > moment.date)

    return test


def _before(derived: Derived, _: Mapping[str, int]) -> Test:
    first, second = derived.leaves

    def test(facts: Facts, moment: Moment, _: Sequence[bool | None]) -> bool | None:
        one, two = facts.get(first, _MISSING), facts.get(second, _MISSING)
        if one is None or two is None:
            return False
        return None if one is _MISSING or two is _MISSING else bool(one < two)

    return test


def _at_least(derived: Derived, _: Mapping[str, int]) -> Test:
    leaf, name = derived.leaves[0], derived.parameter

    def test(facts: Facts, moment: Moment, _: Sequence[bool | None]) -> bool | None:
        limit = moment.values[name]
        if limit is None:
            return False
        count = facts.get(leaf, _MISSING)
        return None if count is _MISSING or limit is UNKNOWN else bool(count >= limit)

    return test


def _hours(derived: Derived, _: Mapping[str, int]) -> Test:
    name = derived.parameter

    def test(facts: Facts, moment: Moment, _: Sequence[bool | None]) -> bool | None:
        value = moment.values[name]
        if value is None:
            return True
        if value is UNKNOWN or moment.local is None:
            return None
        hours, bound = value
        answer: bool | None = hours.allow(moment.local, bound, public_holiday=facts.get("public_holiday"))
        return answer

    return test


def _switch(derived: Derived, _: Mapping[str, int]) -> Test:
    name = derived.parameter

    def test(facts: Facts, moment: Moment, _: Sequence[bool | None]) -> bool | None:
        value = moment.values[name]
        return None if value is UNKNOWN else value is True

    return test


def _total(derived: Derived, _: Mapping[str, int]) -> Test:
    codes = derived.codes

    def test(facts: Facts, moment: Moment, _: Sequence[bool | None]) -> bool | None:
        terms = facts.get("terms", _MISSING)
        if terms is _MISSING:
            return None
        return terms is None or any(all_codes & terms.get(axis, frozenset()) for axis, all_codes in codes)

    return test


def _blocks(derived: Derived, _: Mapping[str, int]) -> Test:
    axis, codes, spans = derived.axis, dict(derived.codes), derived.spans
    by = derived.leaves[1]

    def codes_now(facts: Facts, moment: Moment) -> list[frozenset[str]]:
        """Give the codes of the call; several where they hang on what is not known, none where they may be any."""
        if spans:
            if moment.local is None:
                return []
            now = moment.local.time()
            return [frozenset(c for c, span in spans if span.first <= now and (now < span.last or span.last == time.max))]
        if by != "called_at":
            return [codes.get(facts[by], frozenset())] if by in facts else []
        usual = codes[DAYS[moment.date.weekday()]]
        if "public_holiday" not in codes or facts.get("public_holiday") is False:
            return [usual]
        holiday = codes["public_holiday"] | usual
        return [holiday] if facts.get("public_holiday") else [usual, holiday]

    def test(facts: Facts, moment: Moment, _: Sequence[bool | None]) -> bool | None:
        terms = facts.get("terms", _MISSING)
        if terms is _MISSING:
            return None
        blocked = terms.get(axis) if terms is not None else None
        if not blocked:
            return False
        answers = {bool(now & blocked) for now in codes_now(facts, moment)}
        return answers.pop() if len(answers) == 1 else None

    return test


def _patterns(derived: Derived, place: Mapping[str, int]) -> Test:
    patterns = [[_condition(condition, place) for condition in pattern] for pattern in derived.patterns]

    def test(facts: Facts, moment: Moment, before: Sequence[bool | None]) -> bool | None:
        answer: bool | None = False
        for conditions in patterns:
            holds: bool | None = True
            for condition in conditions:
                met = condition(facts, moment, before)
                if met is False:
                    holds = False
                    break
                if met is None:
                    holds = None
            if holds:
                return True
            if holds is None:
                answer = None
        return answer

    return test


def _condition(condition: Condition, place: Mapping[str, int]) -> Test:
    name, words, wanted = condition.name, frozenset(condition.words), condition.truth
    if name in place:
        i = place[name]

        def derived(facts: Facts, moment: Moment, before: Sequence[bool | None]) -> bool | None:
            answer = before[i]
            return None if answer is None else answer is wanted

        return derived

    def given(facts: Facts, moment: Moment, before: Sequence[bool | None]) -> bool | None:
        value = facts.get(name, _MISSING)
        if value is _MISSING:
            return None
        return value in words if words else value is wanted

    return given


_MAKERS: dict[str, Callable[[Derived, Mapping[str, int]], Test]] = {
    "within": _period,
    "beyond": _period,
    "reached": _day_test,
    "passed": _day_test,
    "ahead": _day_test,
    "given": _day_test,
    "before": _before,
    "at_least": _at_least,
    "hours": _hours,
    "switch": _switch,
    "total": _total,
    "blocks": _blocks,
    "any": _patterns,
    "all": _patterns,
}


def unknown_behind(name: str, derived: Mapping[str, Derived], facts: Facts, moment: Moment, answers: Answers) -> set[str]:
    """Name the given facts that would have to be known to answer one that came out None.

    Args:
        name: of a fact, given or derived.
        derived: the derived facts by name.
        facts: what is given.
        moment: of the call.
        answers: of the derived facts, by name.

    Returns:
        Names as in JSON (the object, not its member); a parameter whose value nobody knows as ``law.<name>``.
    """
    fact = derived.get(name)
    if fact is None:
        return {name.partition(".")[0]} if name not in facts else set()
    if answers[name] is not None:
        return set()
    found: set[str] = set()
    value = moment.values.get(fact.parameter) if fact.parameter else None
    if value is UNKNOWN:
        found.add(f"law.{fact.parameter}")
    by_clock = fact.operator == "hours" or bool(fact.spans)
    if by_clock and moment.local is None:
        found.add("callee_timezone" if isinstance(facts.get("called_at"), datetime) else "called_at")
    holidays = fact.operator == "blocks" or (isinstance(value, tuple) and value[0].holiday_matters)
    for leaf in fact.leaves:
        if leaf not in facts and leaf not in CLOCK and (leaf != "public_holiday" or (holidays and not found)):
            found.add(leaf.partition(".")[0])
    for pattern in fact.patterns:
        if not any(_fails(condition, facts, answers) for condition in pattern):
            for condition in pattern:
                found |= unknown_behind(condition.name, derived, facts, moment, answers)
    return found


def _fails(condition: Condition, facts: Facts, answers: Answers) -> bool:
    if condition.name in answers:
        return answers[condition.name] is (not condition.truth)
    if condition.name not in facts:
        return False
    value = facts[condition.name]
    return value not in condition.words if condition.words else value is not condition.truth
