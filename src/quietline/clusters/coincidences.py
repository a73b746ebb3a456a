"""Pairs of callers that coincide more often than chance lets expect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quietline.clusters.links import Kind, Links

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Coincidences", "counted", "pairs_within", "pairs_within_runs"]


@dataclass(frozen=True, slots=True, eq=False)
class Coincidences:
    """Pairs of callers, the most surprising first.

    Attributes:
        left: uint64, shape (pairs,): key of a caller, the smaller.
        right: uint64: of another.
        count: int64: times they coincide (0 where profiles are compared, not moments).
        expected: float64: times that chance lets expect (0 likewise).
        bound: float64: on the chance that any pair of callers coincides so, corrected for all that were looked at.
        looked_at: pairs that those were.
        skipped: moments or places that too many shared to be counted; leaving them out can hide a pair and makes none.
    """

    left: NDArray[np.uint64]
    right: NDArray[np.uint64]
    count: NDArray[np.int64]
    expected: NDArray[np.float64]
    bound: NDArray[np.float64]
    looked_at: int
    skipped: int = 0

    def __len__(self) -> int:
        return len(self.left)

    def links(self, kind: Kind, items: NDArray[np.uint64], *, error: float = 0.01) -> Links:
        """Give the pairs under a bound as links between items.

        Args:
            kind: ``time`` or ``callee``.
            items: uint64, shape (items,): the key of each item; of several items with one key the first is linked.
            error: the bound below which a pair is linked; both its callers have to be among the items.
        """
        keys, first = np.unique(items, return_index=True)
        chosen = self.bound < error
        ends = []
        for side in (self.left, self.right):
            place = np.minimum(np.searchsorted(keys, side), max(0, len(keys) - 1))
            chosen = chosen & ((keys[place] == side) if len(keys) else False)
            ends.append(first[place] if len(keys) else place)
        return Links(kind, ends[0][chosen].astype(np.int64), ends[1][chosen].astype(np.int64), 1 - self.bound[chosen])


def counted(left: NDArray[np.int64], right: NDArray[np.int64], count: int) -> tuple[NDArray[np.int64], ...]:
    """Count how often each pair of different members occurs.

    Args:
        left: int64, shape (pairs,): members from 0.
        right: likewise.
        count: how many members there are.

    Returns:
        the smaller members, the larger ones, and how often; int64, shape (different pairs,) each.
    """
    low, high = np.minimum(left, right), np.maximum(left, right)
    pairs, times = np.unique((low * count + high)[low != high], return_counts=True)
    low, high = np.divmod(pairs, max(1, count))
    return low, high, times.astype(np.int64)


def pairs_within_runs(values: NDArray[np.int64], most: int) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Give all pairs of rows with equal values.

    Args:
        values: int64, shape (rows,), rising.
        most: rows of one value above which it is skipped.

    Returns:
        the earlier row of each pair, the later, and how many values were skipped.
    """
    starts = np.flatnonzero(np.diff(values, prepend=values[:1] - 1))
    sizes = np.diff(starts, append=len(values))
    keep = np.repeat(sizes <= most, sizes)
    left, right = pairs_within(np.flatnonzero(keep), values, 0)
    return left, right, int((sizes > most).sum())


def pairs_within(
    rows: NDArray[np.int64], values: NDArray[np.int64], reach: int, *, most: int = 200
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give the pairs of rows whose values lie no further apart than a reach.

    Args:
        rows: int64: rows to pair, in rising order of their values.
        values: int64, of all rows.
        reach: how far apart they may lie.
        most: no row is paired with more than so many that follow.
    """
    lefts, rights = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
    for offset in range(1, min(most, len(rows) - 1) + 1):
        near = np.flatnonzero(values[rows[offset:]] - values[rows[:-offset]] <= reach)
        if not len(near):
            break
        lefts.append(rows[near])
        rights.append(rows[near + offset])
    return np.concatenate(lefts), np.concatenate(rights)
