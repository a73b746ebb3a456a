"""How long a washed list may be relied on.

The law of the day of the *call* decides. So when the rule changes after the wash, the days after the change
are judged
by the new rule: a list washed under "three months" that is 32 days old on the day "31 days" begins is stale
from then.

Months are calendar months counted back from the call, and end at the end of a shorter month: three months
before 31 May is the last of February. No official example for that is known; it is this project's choice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, cast

from quietline.errors import LawError
from quietline.law.calendar import months_after
from quietline.law.parameters import UNKNOWN
from quietline.law.rulebook import load_rulebook, parameter, value_of

if TYPE_CHECKING:
    from quietline.law._schema import Bound, Confidence, Unit
    from quietline.law.rulebook import ParameterValue

__all__ = ["LIST_AGE_MAX", "Reliance", "reliance"]

LIST_AGE_MAX = "list_age_max"
"""Name of the parameter: how old a list, or the version it was checked against, may be at the call."""


@dataclass(frozen=True, slots=True)
class Reliance:
    """How long a list may be relied on, and by which rule.

    Attributes:
        until: last day on which it may be called from.
        value: figure of the rule that ends it.
        unit: days or months.
        bound: ``at_most`` where day ``value`` after the wash is the last, ``less_than`` where it is the first
            no more.
        citation: where that is written.
        confidence: how well it is known.
        instrument: title of the instrument in English.
        note: what a reader should know besides, or empty.
    """

    until: date
    value: int
    unit: Unit
    bound: Bound
    citation: str
    confidence: Confidence
    instrument: str
    note: str

    @property
    def days(self) -> int | None:
        """The figure of the rule where it is given in days, else None."""
        return self.value if self.unit == "days" else None


def reliance(country: str, washed_on: date) -> Reliance:
    """Say how long a list may be relied on that was checked on a day.

    Args:
        country: of the called numbers; two letters, either case; UK means GB.
        washed_on: day of the check, or of the register's version where that is older: the law counts from the
            version.

    Raises:
        LawError: ``law.undetermined`` when the rulebook of the country says nothing for that day;
            ``law.invalid`` when it is wrong.
    """
    rule = parameter(country, LIST_AGE_MAX, washed_on)
    rulebook = load_rulebook(country)
    known = rulebook.parameters[LIST_AGE_MAX]
    while True:
        last = _last_day(rule, washed_on)
        _, change = known.at(max(rule.from_date, washed_on))
        if change is None or last < change:
            return _made(last, rule)
        period, _ = known.at(change)
        before = change - timedelta(days=1)
        if period is None or period.value == UNKNOWN:  # nothing is known of the days after
            return _made(before, rule)
        rule = value_of(rulebook, known, period)
        if _last_day(rule, washed_on) < change:
            return _made(before, rule)


def _made(until: date, rule: ParameterValue) -> Reliance:
    return Reliance(
        until=until,
        value=cast("int", rule.value),
        unit=rule.unit,
        bound=rule.bound,
        citation=rule.citation,
        confidence=rule.confidence,
        instrument=rule.instrument,
        note=rule.note,
    )


def _last_day(rule: ParameterValue, washed_on: date) -> date:
    value = rule.value
    if rule.unit not in ("days", "months") or not isinstance(value, int):
        raise LawError(
            f"{LIST_AGE_MAX} of {rule.instrument} is {value!r} {rule.unit}; it has to be a number of days or months.",
            advice="Correct the rulebook.",
        )
    try:
        start = washed_on + timedelta(days=1 if rule.bound == "at_most" else 0)
        first_after = start + timedelta(days=value) if rule.unit == "days" else months_after(start, value)
    except (OverflowError, ValueError):  # behind the year 9999
        return date.max
    return first_after - timedelta(days=1)
