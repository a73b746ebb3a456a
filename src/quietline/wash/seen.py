"""Remember the numbers of kept rows, to find those that come again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from quietline.wash.verdicts import Reason

if TYPE_CHECKING:
    from quietline.wash.summary import Tally
    from quietline.wash.verdicts import Verdicts

__all__ = ["SeenNumbers"]


class SeenNumbers:
    """The set of numbers that earlier kept rows had.

    This is the one part of a wash whose memory grows with the list: eight bytes for each distinct number, and as much
    again while the set is being enlarged.
    """

    def __init__(self) -> None:
        self._levels: list[np.ndarray[tuple[int], np.dtype[np.uint64]]] = []

    def mark(self, verdicts: Verdicts, tally: Tally) -> Verdicts:
        """Give the verdicts with ``DUPLICATE`` for rows whose number an earlier kept row had, and remember the others.

        The number that decided counts; a row that is kept without a number is never a duplicate.
        """
        keys = verdicts.keys
        candidates = np.flatnonzero((tally.keeps(verdicts.reasons) != 0) & (keys != 0))
        distinct, first = np.unique(keys[candidates], return_index=True)
        known = np.zeros(len(distinct), dtype=np.bool_)
        for level in self._levels:
            place = np.searchsorted(level, distinct)
            place[place == len(level)] = 0
            known |= level[place] == distinct
        fresh = np.zeros(len(candidates), dtype=np.bool_)
        fresh[first[~known]] = True
        self._remember(distinct[~known])
        reasons = verdicts.reasons.copy()
        reasons[candidates[~fresh]] = Reason.DUPLICATE
        return replace(verdicts, reasons=reasons)

    def _remember(self, keys: np.ndarray[tuple[int], np.dtype[np.uint64]]) -> None:
        """Sorted levels, each at least four times as long as the next, so that few have to be searched."""
        if len(keys) == 0:
            return
        self._levels.append(keys)
        while len(self._levels) > 1 and len(self._levels[-2]) < 4 * len(self._levels[-1]):
            last = self._levels.pop()
            merged = np.concatenate([self._levels.pop(), last])
            merged.sort()
            self._levels.append(merged)
