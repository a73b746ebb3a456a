"""Lengths of time as the law states them forwards: 24 hours, 5 days, 3 working days, 6 months, 1 year.

Counted from the moment at which something begins. The first day is day 0: what begins on 1 March and may take 5 days may
be done until the end of 6 March, on the clock of the place whose law it is. The texts that were seen leave the first day
open; it is this project's choice. A day that is no working day moves nothing, except where working days are counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Literal, TypeAlias, cast, get_args

from quietline.law._schema import mapping_of, whole_of
from quietline.law._yaml import Node, fail
from quietline.law.calendar import months_before

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from quietline.law.money import Text

__all__ = ["Length", "LengthUnit", "WorkCalendar", "read_length"]

LengthUnit: TypeAlias = Literal["hours", "days", "working_days", "months", "years"]

_MOST = {"hours": 8_784, "days": 36_500, "working_days": 3_660, "months": 1_200, "years": 100}
_ONE = {"hours": "hour", "days": "day", "working_days": "working day", "months": "month", "years": "year"}
_CHINESE = {"hours": "小时", "days": "日", "working_days": "个工作日", "months": "个月", "years": "年"}
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Which days are working days, and on whose clock a day begins.

    Attributes:
        zone: of the place whose law it is.
        holidays: days off beside Saturday and Sunday.
        worked: Saturdays and Sundays that are worked, such as those that China moves for its long holidays.
    """

    zone: ZoneInfo
    holidays: frozenset[date] = frozenset()
    worked: frozenset[date] = frozenset()

    def is_working(self, day: date) -> bool:
        """Say whether a day is a working day."""
        return day in self.worked or (day.weekday() < _SATURDAY and day not in self.holidays)


@dataclass(frozen=True, slots=True)
class Length:
    """A length of time.

    Attributes:
        count: 1 or more.
        unit: hours, days, working_days, months or years.
    """

    count: int
    unit: LengthUnit

    def words(self) -> Text:
        """Say it in words, by language."""
        one = _ONE[self.unit]
        return {"en": f"{self.count} {one}{'' if self.count == 1 else 's'}", "zh": f"{self.count}{_CHINESE[self.unit]}"}

    def over_at(self, started_at: datetime, calendar: WorkCalendar) -> tuple[date, datetime]:
        """Say when it is over.

        Args:
            started_at: aware.
            calendar: of the place whose law it is.

        Returns:
            The last day, where the law is, and the moment (UTC) from which on it is over; where days are counted that is
            the beginning of the day behind the last.
        """
        if self.unit == "hours":
            over = started_at.astimezone(UTC) + timedelta(hours=self.count)
            return over.astimezone(calendar.zone).date(), over
        last = self._last_day(started_at.astimezone(calendar.zone).date(), calendar)
        return last, datetime.combine(last + timedelta(days=1), time(), calendar.zone).astimezone(UTC)

    def _last_day(self, first: date, calendar: WorkCalendar) -> date:
        if self.unit == "days":
            return first + timedelta(days=self.count)
        if self.unit == "working_days":
            day, left = first, self.count
            while left:
                day += timedelta(days=1)
                left -= calendar.is_working(day)
            return day
        return months_before(first, -self.count * (12 if self.unit == "years" else 1))


def read_length(node: Node, units: tuple[LengthUnit, ...] = get_args(LengthUnit)) -> Length:
    """Read a mapping of one unit to a count, such as ``{days: 5}``."""
    members = mapping_of(node)
    if len(members) != 1 or next(iter(members)) not in units:
        fail(node, f"it has to be one length such as {{{units[0]}: 5}}; allowed are {', '.join(units)}")
    unit, count = next(iter(members.items()))
    return Length(whole_of(count, at_least=1, at_most=_MOST[unit]), cast("LengthUnit", unit))
