"""Parameters: the dated values of a country's law, each with its citation.

In a file of a rulebook::

    parameters:                       # by name
      list_age_max:
        description: {en: ..., zh: ...}
        unit: days                    # see Unit
        bound: at_most                # of days, months, business_days and hours only:
                                      # at_most: day 31 of 31 counts; less_than: day 28 of 28 does not
        values:                       # sorted by day; each holds until the next begins
          - from: 2003-12-11
            value: 28
            unit: days                # optional, where it differs from the parameter's; of lengths of time only
            citation: where it is written, in words
            confidence: seen_copy
            note: optional

What ``value`` is, by unit: ``days``, ``months``, ``business_days``, ``years``, ``count``: a whole number, or
``unlimited``. ``percent``: a whole number or a decimal in quotes. ``money``: likewise, with ``currency`` beside the
parameter's unit. ``switch``: yes or no. ``hours``: a mapping of days to ``"08:00-21:00"`` or ``closed``
(:mod:`~quietline.law.hours`). ``text``: ``{en: ..., zh: ...}``. ``words``: a list of words.
For all: ``null`` where the rule is no longer in force, ``unknown`` where there is one and its value is not known.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast, get_args

from quietline.law._schema import (
    CITED,
    Bound,
    Unit,
    amount_of,
    choice_of,
    cited_of,
    currency_of,
    day_of,
    items_of,
    members_of,
    name_of,
    text_of,
    translations_of,
    truth_of,
    whole_of,
)
from quietline.law._yaml import Node, fail
from quietline.law.hours import read_hours

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

    from quietline.law._schema import Confidence
    from quietline.law.hours import Hours

__all__ = ["UNKNOWN", "UNLIMITED", "Parameter", "Period", "Value", "read_parameter"]

UNLIMITED: Final = "unlimited"
"""Value of a time without an end."""
UNKNOWN: Final = "unknown"
"""Value of a rule that is in force, and of which nobody here knows the figure."""

Value: TypeAlias = "int | Decimal | bool | str | Hours | tuple[str, ...] | dict[str, str] | None"

_BOUNDED = ("days", "months", "business_days", "hours")
_LENGTHS = ("days", "months", "business_days", "years")
_WHOLE = (*_LENGTHS, "count")
_MAX_WHOLE = 100_000


@dataclass(frozen=True, slots=True)
class Period:
    """What a parameter is from a day until the next period begins.

    Attributes:
        from_date: first day.
        value: by unit; None where the rule is no longer in force; :data:`UNKNOWN` where it is not known.
        unit: of the value.
        citation: where it is written.
        confidence: how well it is known.
        note: what a reader should know besides, or empty.
    """

    from_date: date
    value: Value
    unit: Unit
    citation: str
    confidence: Confidence
    note: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A dated value of the law.

    Attributes:
        name: as in the file.
        instrument: id of the instrument it belongs to.
        description: by language.
        unit: of its values, unless one says otherwise.
        bound: whether the figure itself is still within; ``at_most`` where that is no question.
        currency: of money, else empty.
        periods: sorted by day.
    """

    name: str
    instrument: str
    description: dict[str, str]
    unit: Unit
    bound: Bound
    currency: str
    periods: tuple[Period, ...]

    def at(self, on: date) -> tuple[Period | None, date | None]:
        """Give the period in force on a day, or None, and the day on which that changes, or None."""
        starts = [period.from_date for period in self.periods]
        index = bisect_right(starts, on)
        until = starts[index] if index < len(starts) else None
        period = self.periods[index - 1] if index else None
        return (period if period is not None and period.value is not None else None), until


def read_parameter(node: Node, name: str, instrument: str) -> Parameter:
    """Read one parameter of a file; refuse it with file, line and key where it is wrong."""
    name_of(name, node)
    members = members_of(node, required=("description", "unit", "values"), optional=("bound", "currency"))
    unit = cast("Unit", choice_of(members["unit"], get_args(Unit)))
    _only_where(node, members, "bound", needed=unit in _BOUNDED, unit=unit)
    _only_where(node, members, "currency", needed=unit == "money", unit=unit)
    periods: list[Period] = []
    for item in items_of(members["values"]):
        period = _period(item, unit)
        if periods and period.from_date <= periods[-1].from_date:
            fail(item, f"it begins on {period.from_date}, not after {periods[-1].from_date}; sort them by day")
        periods.append(period)
    return Parameter(
        name,
        instrument,
        translations_of(members["description"]),
        unit,
        cast("Bound", choice_of(members["bound"], get_args(Bound))) if "bound" in members else "at_most",
        currency_of(members["currency"]) if "currency" in members else "",
        tuple(periods),
    )


def _only_where(node: Node, members: dict[str, Node], name: str, *, needed: bool, unit: str) -> None:
    if needed and name not in members:
        fail(node, f"the key {name} is missing; a parameter in {unit} has one")
    if not needed and name in members:
        fail(members[name], f"a parameter in {unit} has no {name}")


def _period(node: Node, unit: Unit) -> Period:
    members = members_of(node, required=("from", "value", *CITED), optional=("unit", "note"))
    if "unit" in members:
        other = cast("Unit", choice_of(members["unit"], get_args(Unit)))
        if other != unit and not {unit, other} <= set(_LENGTHS):
            fail(members["unit"], f"a parameter in {unit} has no value in {other}; only {', '.join(_LENGTHS)} change places")
        unit = other
    cited = cited_of(members)
    return Period(
        day_of(members["from"]), _value(members["value"], unit), unit, cited.citation, cited.confidence, cited.note
    )


def _value(node: Node, unit: Unit) -> Value:
    if node.value is None or node.value == UNKNOWN:
        return cast("Value", node.value)
    if unit in _WHOLE:
        if node.value == UNLIMITED:
            return UNLIMITED
        if not isinstance(node.value, int) or isinstance(node.value, bool) or not 0 <= node.value <= _MAX_WHOLE:
            fail(node, f"it has to be a whole number from 0 to {_MAX_WHOLE}, unlimited, unknown or null")
        return whole_of(node, at_most=_MAX_WHOLE)
    readers: dict[str, Any] = {
        "money": amount_of,
        "percent": amount_of,
        "switch": truth_of,
        "hours": read_hours,
        "text": translations_of,
        "words": lambda listed: tuple(text_of(item) for item in items_of(listed)),
    }
    return cast("Value", readers[unit](node))
