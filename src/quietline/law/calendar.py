"""Counting days, months and business days back from the day of a call.

Choices, where the texts leave room:

* "No more than 31 days" (``at_most``): the 31st day is within, the 32nd is not. "Less than 28 days" (``less_than``): the
  27th is within, the 28th is not.
* Months are calendar months counted back from the call, and end at the end of a shorter month: three months before
  31 May is the last of February. No official example for that is known.
* Business days are Monday to Friday. Public holidays count as business days, since no list of them comes with the law;
  so a period given in business days may here end a day early, never late.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quietline.law._schema import Bound, Unit

__all__ = ["earliest", "months_after", "months_before"]


def earliest(day: date, value: int, unit: Unit, bound: Bound) -> date:
    """Give the first day that lies within a period that ends on ``day``; later than ``day`` where none does.

    Args:
        day: the day of the call.
        value: length of the period, 0 or more.
        unit: days, months, years or business_days.
        bound: whether the full length itself is still within.
    """
    try:
        if value == 0 and bound == "less_than":
            return day + timedelta(days=1)
        if unit == "business_days":
            return _business_days_before(day, value - (bound == "less_than"))
        if unit == "days":
            first = day - timedelta(days=value)
        else:
            first = months_before(day, value * (12 if unit == "years" else 1))
        return first if bound == "at_most" else first + timedelta(days=1)
    except (OverflowError, ValueError):  # before the year 1
        return date.min


def months_before(day: date, months: int) -> date:
    """Go back whole calendar months, to the end of the month where it is shorter.

    Raises:
        ValueError: that is before the year 1.
    """
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def months_after(day: date, months: int) -> date:
    """Give the first day that, counted back so many months, is not before ``day``."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if day.day > monthrange(year, month + 1)[1]:
        year, month = divmod(year * 12 + month + 1, 12)
        return date(year, month + 1, 1)
    return date(year, month + 1, day.day)


def _business_days_before(day: date, value: int) -> date:
    """Give the first day after which no more than ``value`` business days have passed by ``day``."""
    first, passed = day, 0
    while True:
        passed += first.weekday() < 5
        if passed > value:
            return first
        first -= timedelta(days=1)
