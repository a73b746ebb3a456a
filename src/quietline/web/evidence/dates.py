"""Days and moments as programs write them.

Years come first, or the order of day and month is decided for a whole file: by a value that can only be read one way, else
by what the person says. A file that has both kinds, or nothing to tell by, is not guessed at.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["DateReader", "Order", "order_of"]

Order: TypeAlias = Literal["", "day", "month"]
"""What stands first where no year does: not known, the day, or the month."""

_TIME = (
    r"(?:[T ,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,6})\d*)?)?"
    r"\s*([AaPp]\.?[Mm]\.?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?"
)
_YEAR_FIRST = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?" + _TIME)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})" + _TIME)
_YEAR_LAST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})" + _TIME)
_NAMED = re.compile(r"(\d{1,2})[- ]([A-Za-z]{3})[A-Za-z]*\.?[- ,]+(\d{4})" + _TIME)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_PARTS = 3


def order_of(raws: Iterable[str]) -> tuple[Order, bool]:
    """Find out what stands first in values such as 03/04/2026.

    Returns:
        The order, empty where nothing tells; and whether there are such values at all. Where values contradict one another
        the order is empty as well.
    """
    found: set[Order] = set()
    any_such = False
    for raw in raws:
        match = _YEAR_LAST.fullmatch(raw.strip())
        if match is not None:
            any_such = True
            if "." in match[0][: match.end(3)]:
                found.add("day")  # with full stops no country writes the month first
            elif int(match[1]) > 12:
                found.add("day")
            elif int(match[2]) > 12:
                found.add("month")
    return (found.pop() if len(found) == 1 else ""), any_such


class DateReader:
    """Reads values of one column; remembers those it has read, since days come again and again.

    Args:
        order: what stands first where no year does.
    """

    _MOST = 100_000

    def __init__(self, order: Order) -> None:
        self._order = order
        self._read: dict[str, datetime | date | None] = {}

    def read(self, raw: str) -> datetime | date | None:
        """Give an aware moment, a time without a zone, or a day; None where the value is none of them."""
        if raw in self._read:
            return self._read[raw]
        try:
            found = self._value(raw.strip())
        except (ValueError, OverflowError):
            found = None
        if len(self._read) < self._MOST:
            self._read[raw] = found
        return found

    def _value(self, raw: str) -> datetime | date | None:
        if match := _YEAR_FIRST.fullmatch(raw) or _COMPACT.fullmatch(raw):
            return _made(date(int(match[1]), int(match[2]), int(match[3])), match.groups()[_PARTS:])
        if match := _NAMED.fullmatch(raw):
            month = _MONTHS.index(match[2].lower()) + 1
            return _made(date(int(match[3]), month, int(match[1])), match.groups()[_PARTS:])
        match = _YEAR_LAST.fullmatch(raw)
        if match is None:
            return None
        first, second = int(match[1]), int(match[2])
        order = "day" if "." in match[0][: match.end(3)] else self._order
        if not order:
            return None
        day, month = (first, second) if order == "day" else (second, first)
        return _made(date(int(match[3]), month, day), match.groups()[_PARTS:])


def _made(day: date, time: tuple[str | None, ...]) -> datetime | date:
    hour, minute, second, fraction, half, zone = time
    if hour is None or minute is None:
        return day
    hours = int(hour)
    if half:
        if not 1 <= hours <= 12:
            raise ValueError(hour)
        hours = hours % 12 + (12 if half[0] in "Pp" else 0)
    moment = datetime(  # noqa: DTZ001 - the clock of the number's place, unless a zone stands there
        day.year, day.month, day.day, hours, int(minute), int(second or 0), int((fraction or "0").ljust(6, "0"))
    )
    if zone is None:
        return moment
    if zone in ("Z", "UTC", "GMT"):
        return moment.replace(tzinfo=UTC)
    ahead = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
    return (moment - ahead if zone[0] == "+" else moment + ahead).replace(tzinfo=UTC)
