"""Ranges of 10, 100 or 10,000 numbers of which more are used than their surroundings explain.

A busy exchange has many reported numbers because it has many numbers in use, and one bad number has many reports all by
itself; neither makes a range a cluster. So what is counted is not reports but *distinct numbers*, and a range is compared
with the block of a hundred ranges around it. Under the plain assumption that those who call in bad faith are spread over
the block without regard to the range, the count of the range, given the count of the block, follows the hypergeometric
distribution; its upper tail is Fisher's exact test, for which no rate has to be estimated. The tail is multiplied by the
number of ranges that could have been looked at (Bonferroni), used or not: the bound is on the chance that *any* range is
shown by accident.

Surroundings. Ranges of 10 and 100 lie in blocks of 1,000 and 10,000, which are given to an operator as one (thousands-block
pooling, ATIS-0300119; an exchange code, ATIS-0300051); all their numbers count. A range of 10,000 is compared only with
those of its block of 1,000,000 that hold a reported number at all, since many are given to nobody; where fewer than
:data:`LEAST_USED` do, the surroundings are widened tenfold until they do or everything is taken in. That can hide a cluster
and never makes one. Exchanges also differ among themselves (mobile and fixed, full and half empty), far more than chance
alone explains, so that for them Fisher's test would show one busy exchange in fifteen. Their chance is therefore at
least that of a count with a gamma-distributed mean, whose spread is taken from the middle half of the surroundings (which
clusters among them hardly move).

What the bound does not know: numbers of a block may be used together for innocent reasons (an office with a hundred lines).
A cluster is a reason to look, not a finding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quietline.clusters.chances import corrected, gamma_poisson_tail, hypergeometric_tail
from quietline.clusters.numbers import tally

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LEAST_USED", "WIDTHS", "RangeGroups", "by_range"]

WIDTHS = (10, 100, 10_000)
"""Numbers in a range."""
LEAST_USED = 10
"""Ranges of 10,000 in use that make surroundings."""
_BLOCK = 100
_QUARTILES = 1.349
"""Standard deviations between the quartiles of a normal distribution."""
_E164_END = 10**15


@dataclass(frozen=True, slots=True, eq=False)
class RangeGroups:
    """Ranges with enough reports; one element for each, by first key.

    Attributes:
        width: numbers in each range.
        first_keys: uint64, shape (groups,), rising: a multiple of the width.
        reports: int64: rows that name a number of it.
        weights: float64: the sum of their weights.
        numbers: int64: distinct numbers named.
        share: float64: of the range's numbers that are named, 0 to 1.
        largest: float64: share of the reports that name its busiest number; near 1, the range is that number.
        first: datetime64[D]: day of its earliest report.
        last: datetime64[D]: of its latest.
        active_days: int64: days with a report.
        surroundings: int64: numbers of the surroundings that count, the range among them.
        expected: float64: distinct numbers that the surroundings let expect.
        chance: float64: bound on the chance of so many distinct numbers in this one range.
        bound: float64: the same, corrected for every range that was looked at.
        looked_at: how many those were.
        of: int64, shape (rows,): the group of each row, -1 where it is in none.
    """

    width: int
    first_keys: NDArray[np.uint64]
    reports: NDArray[np.int64]
    weights: NDArray[np.float64]
    numbers: NDArray[np.int64]
    share: NDArray[np.float64]
    largest: NDArray[np.float64]
    first: NDArray[np.datetime64]
    last: NDArray[np.datetime64]
    active_days: NDArray[np.int64]
    surroundings: NDArray[np.int64]
    expected: NDArray[np.float64]
    chance: NDArray[np.float64]
    bound: NDArray[np.float64]
    looked_at: int
    of: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.first_keys)

    def surprising(self, error: float = 0.01) -> NDArray[np.bool_]:
        """Tell which ranges are clusters: bool, shape (groups,).

        Args:
            error: the chance that is allowed of any range being shown by accident.
        """
        return self.bound < error


def by_range(
    keys: NDArray[np.uint64],
    width: int,
    days: NDArray[np.datetime64],
    *,
    weights: NDArray[np.float64] | None = None,
    least: int = 2,
    least_numbers: int = 3,
) -> RangeGroups:
    """Group reports by ranges of numbers, and say how surprising each range is.

    Service codes, senders and rows without a number lie in no range.

    Args:
        keys: uint64, shape (rows,): keys of the numbers.
        width: 10, 100 or 10,000.
        days: datetime64[D], shape (rows,).
        weights: float64, shape (rows,), or None for 1 each.
        least: reports that make a group.
        least_numbers: distinct numbers that make one.

    Raises:
        ValueError: there is no such width, or columns differ in length.
    """
    if width not in WIDTHS:
        raise ValueError(f"a range has 10, 100 or 10,000 numbers, not {width}")
    if len(days) != len(keys) or (weights is not None and len(weights) != len(keys)):
        raise ValueError("keys, days and weights are columns of the same rows")
    rows = np.flatnonzero((keys > 0) & (keys < _E164_END))
    numbers, number_of, busy = np.unique(keys[rows], return_inverse=True, return_counts=True)
    starts_at = numbers // np.uint64(width)
    ranges, range_of, used = np.unique(starts_at, return_inverse=True, return_counts=True)
    index = range_of[number_of]
    figures = tally(index, len(ranges), days[rows].astype("datetime64[D]"), None if weights is None else weights[rows])
    largest = np.zeros(len(ranges), dtype=np.int64)
    np.maximum.at(largest, range_of, busy)
    near = _surroundings(ranges.astype(np.int64), used.astype(np.int64), width)
    chosen = np.flatnonzero((figures.reports >= least) & (used >= least_numbers))
    chance = hypergeometric_tail(used[chosen], width, near.used[chosen], near.size[chosen])
    expected = near.used[chosen] * (width / near.size[chosen])
    if width == WIDTHS[-1]:
        chance = np.maximum(chance, gamma_poisson_tail(used[chosen], expected, near.spread[chosen]))
    place = np.full(len(ranges), -1, dtype=np.int64)
    place[chosen] = np.arange(len(chosen))
    of = np.full(len(keys), -1, dtype=np.int64)
    of[rows] = place[index]
    return RangeGroups(
        width=width, first_keys=ranges[chosen] * np.uint64(width),
        reports=figures.reports[chosen], weights=figures.weights[chosen],
        numbers=used[chosen].astype(np.int64), share=used[chosen] / width,
        largest=largest[chosen] / figures.reports[chosen],
        first=figures.first[chosen], last=figures.last[chosen], active_days=figures.active_days[chosen],
        surroundings=near.size[chosen], expected=expected,
        chance=chance, bound=corrected(chance, near.looks), looked_at=near.looks, of=of,
    )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class _Near:
    """Of each range: numbers of its surroundings that are used, how many there are, how the ranges there differ."""

    used: NDArray[np.int64]
    size: NDArray[np.int64]
    spread: NDArray[np.float64]
    looks: int


def _surroundings(ranges: NDArray[np.int64], used: NDArray[np.int64], width: int) -> _Near:
    """Give the surroundings of each range.

    Args:
        ranges: int64, rising: first keys divided by the width.
        used: int64: distinct numbers of each.
        width: numbers in a range.
    """
    near = _within(ranges, used, _BLOCK)
    looks = near.blocks * _BLOCK
    if width != WIDTHS[-1]:
        return _Near(near.used, np.full(len(ranges), _BLOCK * width, dtype=np.int64), near.spread, looks)
    inside, among, spread, step = near.used, near.ranges, near.spread, _BLOCK
    while (few := among < LEAST_USED).any() and step < _E164_END // width:
        step *= 10
        wider = _within(ranges, used, step)
        inside, among = np.where(few, wider.used, inside), np.where(few, wider.ranges, among)
        spread = np.where(few, wider.spread, spread)
    return _Near(inside, among * width, spread, looks)


@dataclass(frozen=True, slots=True, eq=False)
class _Within:
    """Blocks of ranges in use, and of each range what its block holds."""

    blocks: int
    used: NDArray[np.int64]
    ranges: NDArray[np.int64]
    spread: NDArray[np.float64]


def _within(ranges: NDArray[np.int64], used: NDArray[np.int64], step: int) -> _Within:
    """Add up the used ranges of each block of so many ranges; ``ranges`` rise, so that a block's lie together."""
    starts = np.flatnonzero(np.diff(ranges // step, prepend=-1))
    among = np.diff(starts, append=len(ranges))
    of = np.repeat(np.arange(len(starts)), among)
    inside = np.add.reduceat(used, starts) if len(starts) else used
    order = np.lexsort((used, of))
    low, high = (used[order][starts + (among - 1) * quarter // 4] for quarter in (1, 3))
    mean = inside / np.maximum(among, 1)
    middle = (high - low) / _QUARTILES
    spread = np.maximum(0.0, middle**2 - mean) / np.maximum(mean, 1e-9) ** 2
    return _Within(len(starts), inside[of].astype(np.int64), among[of].astype(np.int64), spread[of])
