"""Counts go in, figures come out: changes, shares, rates, medians. Pure and exact; what cannot be said is None.

Rounding is half up, as official statistics print it (the mission's "+35.4 %" is 38,541 against 28,465).
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta

__all__ = ["change", "hours_at", "per", "quarter_of", "quarters_between", "rounded", "share", "shares"]


def rounded(value: Fraction | int, places: int = 1) -> Decimal:
    """Round a fraction half up.

    Args:
        value: exact.
        places: decimals, 0 to 6.
    """
    step = Decimal(1).scaleb(-places)
    exact = Fraction(value)
    return (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(step, rounding=ROUND_HALF_UP)


def change(now: int, before: int, *, places: int = 1) -> Decimal | None:
    """Give by how many per cent a count is above, or below, the one before; None where there was none before.

    Args:
        now: count of this period.
        before: count of the period before.
        places: decimals.
    """
    return None if before == 0 else rounded(Fraction(100 * (now - before), before), places)


def share(part: int, whole: int, *, places: int = 1) -> Decimal | None:
    """Give a part in per cent of the whole; None where there is no whole."""
    return None if whole == 0 else rounded(Fraction(100 * part, whole), places)


def shares(parts: Mapping[str, int], *, places: int = 1) -> dict[str, Decimal | None]:
    """Give each part in per cent of all of them; rounded each for itself, so they need not add up to 100."""
    whole = sum(parts.values())
    return {name: share(part, whole, places=places) for name, part in parts.items()}


def per(count: int, base: int | None, unit: int, *, places: int = 1) -> Decimal | None:
    """Give a count per so many of a base: per 100 households, per 100,000 people.

    Args:
        count: what is counted.
        base: how many there are of what it is counted against; None where no table covers the day.
        unit: 100, 100,000.
        places: decimals.
    """
    return None if not base else rounded(Fraction(unit * count, base), places)


def hours_at(times: Sequence[timedelta], hundredths: int) -> Decimal | None:
    """Give the time within which so many of a hundred were done, in hours; None where there are none.

    The nearest-rank percentile (Hyndman and Fan 1996, definition 1): a time that really occurred.

    Args:
        times: how long each took.
        hundredths: 50 for the median, 90 for the slow tail; 1 to 100.
    """
    if not times:
        return None
    ordered = sorted(times)
    rank = -(-hundredths * len(ordered) // 100)
    seconds = ordered[rank - 1]
    return rounded(Fraction(seconds.days * 86_400 + seconds.seconds, 3_600))


def quarter_of(year: int, month: int) -> tuple[int, int]:
    """Give year and quarter of a month."""
    return year, (month + 2) // 3


def quarters_between(first: tuple[int, int], last: tuple[int, int]) -> list[tuple[int, int]]:
    """List the quarters from one to another, both included; empty where the second is the earlier."""
    start, end = first[0] * 4 + first[1] - 1, last[0] * 4 + last[1] - 1
    return [(place // 4, place % 4 + 1) for place in range(start, end + 1)]
