"""Calling hours: from when to when on which days, by the wall clock of the person called.

In a rulebook: ``{mon-fri: "09:00-21:30", sat-sun: "10:00-18:00"}``, ``{every_day: "08:00-21:00"}``, or with
``public_holiday: closed``. Every day of the week stands there exactly once. Where public holidays are not named they are
days like others, and it does not matter whether a day is one. The bound of the parameter says whether the last moment
itself is within (``at_most``) or not (``less_than``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from quietline.law._schema import mapping_of, text_of
from quietline.law._yaml import Node, fail

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from quietline.law._schema import Bound

__all__ = ["DAYS", "Hours", "Span", "openings", "read_hours", "read_span"]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-4]):([0-5][0-9])")


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when on one day, wall clock; ``last`` is ``time.max`` where the day's end is meant."""

    first: time
    last: time

    def __str__(self) -> str:
        return f"{self.first:%H:%M}-{'24:00' if self.last == time.max else format(self.last, '%H:%M')}"


@dataclass(frozen=True, slots=True)
class Hours:
    """Calling hours.

    Attributes:
        week: one span for each day from Monday on, None where no call may be made.
        holiday: span of public holidays, None where no call may be made.
        holiday_matters: whether public holidays have hours of their own.
    """

    week: tuple[Span | None, ...]
    holiday: Span | None
    holiday_matters: bool

    def allow(self, local: datetime, bound: Bound, *, public_holiday: bool | None) -> bool | None:
        """Say whether a moment lies within; None where that hangs on whether the day is a public holiday.

        Args:
            local: the moment on the wall clock of the person called.
            bound: whether the last moment itself is within.
            public_holiday: whether the day is one; None where unknown.
        """
        usual = _within(self.week[local.weekday()], local.time(), bound)
        if not self.holiday_matters or public_holiday is False:
            return usual
        special = _within(self.holiday, local.time(), bound)
        if public_holiday:
            return special
        return usual if usual == special else None

    def __str__(self) -> str:
        parts, start = [], 0
        for i in range(1, 8):
            if i == 7 or self.week[i] != self.week[start]:
                days = DAYS[start] if i - start == 1 else f"{DAYS[start]}-{DAYS[i - 1]}"
                parts.append(f"{days} {self.week[start] or 'closed'}")
                start = i
        if self.holiday_matters:
            parts.append(f"public holidays {self.holiday or 'closed'}")
        return "; ".join(parts)


def _within(span: Span | None, at: time, bound: Bound) -> bool:
    if span is None or at < span.first:
        return False
    return at <= span.last if bound == "at_most" else at < span.last or span.last == time.max


def openings(hours: Hours, after: datetime, zone: ZoneInfo, *, days: int = 15) -> Iterator[datetime]:
    """Give the moments after ``after`` at which the hours of the coming days begin, in the zone, soonest first.

    A beginning that a change of the clocks leaves out is moved on as clocks are.
    """
    first_day = after.astimezone(zone).date()
    for i in range(days + 1):
        day: date = first_day + timedelta(days=i)
        starts = {span.first for span in (hours.week[day.weekday()], hours.holiday) if span is not None}
        for start in sorted(starts):
            moment = datetime.combine(day, start, tzinfo=zone).astimezone(UTC).astimezone(zone)
            if moment > after:
                yield moment


def read_hours(node: Node) -> Hours:
    """Read calling hours; refuse them with file, line and key where they are wrong."""
    week: dict[int, Span | None] = {}
    holiday, holiday_matters = None, False
    for name, member in mapping_of(node).items():
        span = None if member.value == "closed" else read_span(member)
        if name == "public_holiday":
            holiday, holiday_matters = span, True
            continue
        for day in _days(name, member):
            if day in week:
                fail(member, f"{DAYS[day]} stands there twice")
            week[day] = span
    missing = [DAYS[day] for day in range(7) if day not in week]
    if missing:
        fail(node, f"it says nothing of {', '.join(missing)}; write closed where no call may be made")
    return Hours(tuple(week[day] for day in range(7)), holiday, holiday_matters)


def _days(name: str, node: Node) -> range:
    if name == "every_day":
        return range(7)
    first, _, last = name.partition("-")
    if first not in DAYS or (last or first) not in DAYS or DAYS.index(last or first) < DAYS.index(first):
        fail(node, f"{name!r} is not a day; allowed are {', '.join(DAYS)}, mon-fri and the like, every_day, public_holiday")
    return range(DAYS.index(first), DAYS.index(last or first) + 1)


def read_span(node: Node) -> Span:
    """Read a span of a day, ``09:00-21:30``; ``24:00`` is the day's end."""
    text = text_of(node)
    found = _SPAN.fullmatch(text)
    if not found or (found[3] == "24" and found[4] != "00"):
        fail(node, f"it is {text!r}; write it as 09:00-21:30, or closed")
    last = time.max if found[3] == "24" else time(int(found[3]), int(found[4]))
    first = time(int(found[1]), int(found[2]))
    if last <= first:
        fail(node, f"it is {text!r}, which ends before it begins")
    return Span(first, last)
