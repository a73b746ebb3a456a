"""Areas: the parts of a numbering plan that sellers subscribe to, and feeds are projected on.

In the North American plan an area is an area code with its 1, ``1212``; elsewhere it is the calling code, ``44``.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from quietline.numbering import calling_code, countries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from quietline.registers import Entries, Register

__all__ = ["ALL", "area_of", "area_of_projection", "entries_of_area", "in_area", "projection_of_area"]

_LONGEST = 15
_BLOCK = 10_000
_MOST_SINGLE = 4096
"""So many blocks are read one by one; where an area has more of them, the file is read from end to end."""
_PREFIX = "area-"

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
    return f"{_PREFIX}{area}"


def area_of_projection(projection: str) -> str:
    """Give the area of a projection; empty for the one that holds every number."""
    return projection.removeprefix(_PREFIX) if projection.startswith(_PREFIX) else ""


def in_area(keys: NDArray[np.uint64], area: str) -> NDArray[np.bool_]:
    """Say which numbers are of an area.

    Args:
        keys: uint64, one-dimensional, in any order.
        area: ``1212`` or ``44``.
    """
    found = np.zeros(len(keys), dtype=np.bool_)
    for first, end in _spans(area):
        found |= (keys >= np.uint64(first)) & (keys < np.uint64(end))
    return found


def entries_of_area(register: Register, area: str) -> Iterator[Entries]:
    """Give the entries of an area that stand in a register, in ascending order of number, some at a time.

    Args:
        register: a register file.
        area: ``1212`` or ``44``.

    Raises:
        RegisterCorruptError: a block is damaged.
    """
    for entries in _near(register, area):
        yield entries.take(in_area(entries.keys, area))


def _near(register: Register, area: str) -> Iterator[Entries]:
    prefixes, _pointers = register.blocks()
    chosen = np.zeros(len(prefixes), dtype=np.bool_)
    for first, end in _spans(area):
        low = np.searchsorted(prefixes, np.uint64(first // _BLOCK))
        high = np.searchsorted(prefixes, np.uint64((end - 1) // _BLOCK), side="right")
        chosen[low:high] = True
    if int(chosen.sum()) > _MOST_SINGLE:
        yield from register.columns()
        return
    for prefix in prefixes[chosen].tolist():
        found = register.block(prefix)
        if found is not None:
            yield found[0]


def _spans(area: str) -> list[tuple[int, int]]:
    """Give the ranges of keys of an area: first, and first behind it; one for each length that a number can have."""
    first = int(area)
    return [(first * 10**more, (first + 1) * 10**more) for more in range(_LONGEST - len(area) + 1)]


@cache
def _calling_codes() -> frozenset[str]:
    return frozenset(str(calling_code(country)) for country in countries())
