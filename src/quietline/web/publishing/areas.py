"""Areas: the parts of a numbering plan that sellers subscribe to, and feeds are projected on.

In the North American plan an area is an area code with its 1, ``1212``; elsewhere it is the calling code, ``44``.
"""

from __future__ import annotations

from functools import cache

from quietline.numbering import calling_code, countries

__all__ = ["ALL", "area_of", "projection_of_area"]

ALL = "all"
"""The projection that holds every number."""


def area_of(key: int) -> str:
    """Give the area of an E.164 number: digits that all its keys begin with."""
    digits = str(key)
    if digits[0] == "1":
        return digits[:4]
    # no calling code begins another, so the first that fits is the one
    return next((digits[:length] for length in (1, 2, 3) if digits[:length] in _calling_codes()), digits[:3])


def projection_of_area(area: str) -> str:
    """Name the projection of an area."""
    return f"area-{area}"


@cache
def _calling_codes() -> frozenset[str]:
    return frozenset(str(calling_code(country)) for country in countries())
