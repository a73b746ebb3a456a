"""Days as register files store them: unsigned 16-bit counts of days since 1970-01-01."""

from __future__ import annotations

from datetime import date, timedelta

__all__ = ["NEVER", "UNKNOWN", "date_of", "day_of"]

UNKNOWN = 0
"""Stored where no day is known."""
NEVER = 0xFFFF
"""Stored as ``until`` where a period has no end."""
_EPOCH = date(1970, 1, 1)


def day_of(value: date | None) -> int:
    """Count days since 1970-01-01; None gives :data:`UNKNOWN`.

    Raises:
        ValueError: the date lies outside 1970-01-02 .. 2149-06-05.
    """
    if value is None:
        return UNKNOWN
    day = (value - _EPOCH).days
    if not UNKNOWN < day < NEVER:
        message = f"{value} lies outside the days a register can hold (1970-01-02 to 2149-06-05)"
        raise ValueError(message)
    return day


def date_of(day: int) -> date | None:
    """Give the date of a stored day; None for :data:`UNKNOWN` and :data:`NEVER`."""
    return None if day in (UNKNOWN, NEVER) else _EPOCH + timedelta(days=int(day))
