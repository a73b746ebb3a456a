"""Row numbers of a log, kept as ranges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["RowNumbers"]

_MOST_RANGES = 10_000


class RowNumbers:
    """Ascending row numbers as ranges; of those that lie scattered, the first ten thousand ranges are kept.

    Attributes:
        count: how many there are, those not kept included.
        ranges: first and last row of each range.
        complete: whether all are kept.
    """

    def __init__(self) -> None:
        self.count = 0
        self.ranges: list[tuple[int, int]] = []
        self.complete = True

    def add(self, rows: NDArray[np.int64]) -> None:
        """Add row numbers, ascending and all behind those that are there."""
        if not len(rows):
            return
        self.count += len(rows)
        cuts = np.flatnonzero(np.diff(rows) != 1)
        firsts = rows[np.concatenate([[0], cuts + 1])].tolist()
        lasts = rows[np.concatenate([cuts, [len(rows) - 1]])].tolist()
        if self.ranges and self.complete and self.ranges[-1][1] + 1 == firsts[0]:
            self.ranges[-1] = (self.ranges[-1][0], lasts.pop(0))
            firsts.pop(0)
        room = _MOST_RANGES - len(self.ranges)
        self.complete = self.complete and len(firsts) <= room
        self.ranges.extend(zip(firsts[:room], lasts[:room], strict=True))

    def text(self, most: int = 40) -> str:
        """Write the first ranges: '2–5, 9, 12 …'."""
        shown = [str(first) if first == last else f"{first}–{last}" for first, last in self.ranges[:most]]
        return ", ".join(shown) + ("" if self.complete and len(self.ranges) <= most else " …")

    def as_dict(self) -> dict[str, object]:
        """Give it as JSON would have it."""
        return {"count": self.count, "rows": [list(pair) for pair in self.ranges], "complete": self.complete}
