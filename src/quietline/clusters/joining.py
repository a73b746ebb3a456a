"""Sets that are joined: union-find with path halving and union by size (R. E. Tarjan, J. van Leeuwen, JACM 31, 1984)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Sets"]


class Sets:
    """Items from 0, each in a set of its own until sets are joined.

    Args:
        count: items.
    """

    def __init__(self, count: int) -> None:
        self._above = list(range(count))
        self._size = [1] * count

    def find(self, item: int) -> int:
        """Give the item that stands for the set of an item."""
        above = self._above
        while above[item] != item:
            above[item] = above[above[item]]
            item = above[item]
        return item

    def join(self, one: int, other: int) -> bool:
        """Join the sets of two items; tell whether they were two."""
        one, other = self.find(one), self.find(other)
        if one == other:
            return False
        if self._size[one] < self._size[other]:
            one, other = other, one
        self._above[other] = one
        self._size[one] += self._size[other]
        return True

    def size(self, item: int) -> int:
        """Count the members of the set of an item."""
        return self._size[self.find(item)]

    def numbered(self) -> NDArray[np.int64]:
        """Number the sets by their first member, from 0: int64, shape (count,)."""
        roots = np.array([self.find(item) for item in range(len(self._above))], dtype=np.int64)
        _, first, which = np.unique(roots, return_index=True, return_inverse=True)
        rank = np.empty(len(first), dtype=np.int64)
        rank[np.argsort(first, kind="stable")] = np.arange(len(first))
        return rank[which] if len(roots) else roots
