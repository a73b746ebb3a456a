"""Days that the law of a country cannot tell apart.

Of a day on a register laws ask whether it is before, on or behind the day of the call, within a period that ends there, or
before another day that is known. Whatever lies between two such edges is the same to every rule.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from quietline.registers import day_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from quietline.law import Rulebook
    from quietline.law.vocabulary import Facts

__all__ = ["DayClasses", "days_of", "number_of_day", "representatives"]

_DAYS = 1 << 16
_UNKNOWN_DAY = 1
_WESTERNMOST, _EASTERNMOST = timedelta(hours=12), timedelta(hours=14)
"""How far clocks are behind UTC and before it."""


class DayClasses:
    """Finds the days that are the same to every rule of a rulebook.

    Args:
        rulebook: whose rules; None where there is none, and then all days are the same.
    """

    def __init__(self, rulebook: Rulebook | None) -> None:
        self._regimes = rulebook.regimes if rulebook is not None else ()
        self._known: dict[tuple[str, tuple[date, ...]], frozenset[int]] = {}
        facts = (fact for regime in self._regimes for fact in regime.derived.values())
        self._compared = {(fact.leaves[0], fact.leaves[1]) for fact in facts if fact.operator == "before"}

    def compared(self) -> set[tuple[str, str]]:
        """Give the pairs of days of which some rule asks whether the first is before the second, by name."""
        return self._compared

    def edges(self, leaf: str, days: Sequence[date], facts: Facts) -> list[int]:
        """Give the first days of all classes but the first, ascending, as registers number days.

        Args:
            leaf: the fact of which days are told apart.
            days: on which the call may be.
            facts: what is known besides.
        """
        key = leaf, tuple(days)
        if key not in self._known:
            self._known[key] = frozenset(self._law_edges(leaf, days))
        others = {other for pair in self.compared() if leaf in pair for other in pair if other != leaf}
        stated = [number_of_day(day) for day in map(facts.get, others) if isinstance(day, date)]
        found = self._known[key].union(stated, (day + 1 for day in stated))
        return sorted(day for day in found if 1 < day < _DAYS)

    def _law_edges(self, leaf: str, days: Sequence[date]) -> Iterator[int]:
        for on in days:
            yield from (number_of_day(on), number_of_day(on) + 1)
            for regime in self._regimes:
                values = regime.moment(on, None).values
                for fact in regime.derived.values():
                    first = values.get(fact.parameter) if leaf in fact.leaves else None
                    if isinstance(first, date):
                        yield number_of_day(first)

    def classes(self, leaf: str, days: Sequence[date], facts: Facts) -> NDArray[np.uint16]:
        """Give each day its class.

        Returns:
            uint16, shape (65536,), by the number of the day: 1 for 0, the unknown day, and 2 or more.
        """
        edges = np.array(self.edges(leaf, days, facts), dtype=np.int64)
        classes = np.searchsorted(edges, np.arange(_DAYS), side="right").astype(np.uint16) + np.uint16(2)
        classes[0] = _UNKNOWN_DAY
        return classes


def representatives(edges: Sequence[int], first: int, last: int, *, both: bool) -> list[int]:
    """Give the first day of each class between two days, themselves included.

    Args:
        edges: first days of the classes.
        first: the first day that it may be.
        last: the last day that it may be.
        both: also the last day of each class: two unknown days of one class may still be in either order.
    """
    starts = [first, *(edge for edge in edges if first < edge <= last)]
    ends = [*(start - 1 for start in starts[1:]), last] if both else []
    return sorted({*starts, *ends})


def days_of(called_at: datetime | date | None, *, ahead: int = 0) -> list[date]:
    """Give the days on which a call may be, where the person called is.

    Args:
        called_at: aware datetime: wherever that is; datetime without a zone: the clock of the person called; a day; None.
        ahead: so many days behind those as well.
    """
    if called_at is None:
        return []
    first = last = called_at
    if isinstance(called_at, datetime):
        first = last = called_at.date()
        if called_at.tzinfo is not None:
            now = called_at.astimezone(UTC)
            first, last = (now - _WESTERNMOST).date(), (now + _EASTERNMOST).date()
    return [first + timedelta(days=i) for i in range((last - first).days + 1 + ahead)]


def number_of_day(day: date) -> int:
    """Number a day as registers do; days that they cannot hold count as the nearest that they can, or none (0)."""
    try:
        return day_of(day)
    except ValueError:
        return 0 if day.year < 2000 else _DAYS - 1
