"""The numbers of an area's list, as sorted columns: cut out of a published file, marked, compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quietline.web.publishing.areas import entries_of_area

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quietline.registers import Register

__all__ = ["difference", "keys_of_area", "without"]


def keys_of_area(register: Register, area: str) -> NDArray[np.uint64]:
    """Give the numbers of an area that stand in a register, in ascending order.

    Args:
        register: a snapshot.
        area: ``1212`` or ``44``.

    Raises:
        RegisterCorruptError: a block is damaged.
    """
    parts = [entries.keys for entries in entries_of_area(register, area)]
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.uint64)


def without(keys: NDArray[np.uint64], hidden: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Leave numbers out.

    Args:
        keys: uint64, ascending.
        hidden: uint64, in any order; those that are not among the keys do not count.
    """
    places = np.searchsorted(keys, hidden)
    there = places < len(keys)
    there[there] = keys[places[there]] == hidden[there]
    stays = np.ones(len(keys), dtype=np.bool_)
    stays[places[there]] = False
    return keys[stays]


def difference(old: NDArray[np.uint64], new: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Give what was added and what was removed between two ascending columns."""
    return np.setdiff1d(new, old, assume_unique=True), np.setdiff1d(old, new, assume_unique=True)
