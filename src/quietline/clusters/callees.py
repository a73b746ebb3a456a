"""Patterns in who was called: numbers in sequence, blocks that are walked through, callers that share them.

What a caller does shows in whom it calls, whatever number it displays. Called numbers are personal data of those who report;
this room is given keys and returns figures and the keys of callers, never those of the called.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quietline.clusters.chances import binomial_tail, corrected, poisson_tail
from quietline.clusters.coincidences import Coincidences, counted, pairs_within
from quietline.clusters.drawing import chance_of_order

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Sequences", "Walks", "blocks_walked", "in_sequence", "same_callees"]


@dataclass(frozen=True, slots=True, eq=False)
class Sequences:
    """Groups of calls, and whether numbers were called in their order; one element for each group, by its number.

    Attributes:
        groups: int64, shape (groups,): as given.
        calls: int64: with a called number and a time.
        steps: int64: times that the next number called lies a little above the last.
        expected: float64: such steps if the same numbers had been called in a random order.
        longest: int64: most numbers called in one unbroken sequence.
        chance: float64: of so many steps in a random order; at least ``1 / (rounds + 1)``.
        bound: float64: the same, corrected for the groups that were looked at.
    """

    groups: NDArray[np.int64]
    calls: NDArray[np.int64]
    steps: NDArray[np.int64]
    expected: NDArray[np.float64]
    longest: NDArray[np.int64]
    chance: NDArray[np.float64]
    bound: NDArray[np.float64]


def in_sequence(
    called: NDArray[np.uint64],
    at: NDArray[np.datetime64],
    of: NDArray[np.int64],
    *,
    reach: int = 10,
    rounds: int = 9_999,
    most: int = 2_000,
) -> Sequences:
    """Tell whether groups of calls went through numbers in their order.

    The order in time is compared with random orders of the same numbers. Since only some of the called report, a step may
    leave numbers out.

    Args:
        called: uint64, shape (rows,): keys of the called numbers; rows with 0 are left out.
        at: datetime64, shape (rows,): rows with NaT are left out; calls of one moment are taken in random order.
        of: int64, shape (rows,): the group of each row (its calling number, its campaign), -1 for none.
        reach: how far above the last number the next one of a sequence lies at most.
        rounds: random orders that are compared with.
        most: calls of a group that are looked at, the earliest.
    """
    rows = np.flatnonzero((called != 0) & ~np.isnat(at) & (of >= 0))
    random = np.random.Generator(np.random.PCG64(2010))
    rows = rows[np.lexsort((random.random(len(rows)), at[rows].astype("datetime64[s]"), of[rows]))]
    groups, starts = np.unique(of[rows], return_index=True)
    found = [
        _steps(called[rows[start : min(end, start + most)]].astype(np.int64), reach, rounds, random)
        for start, end in zip(starts.tolist(), np.append(starts, len(rows))[1:].tolist(), strict=True)
    ]
    table = np.array(found, dtype=np.float64).reshape(len(found), 5)
    return Sequences(
        groups=groups.astype(np.int64), calls=table[:, 0].astype(np.int64), steps=table[:, 1].astype(np.int64),
        expected=table[:, 2], longest=table[:, 3].astype(np.int64), chance=table[:, 4],
        bound=corrected(table[:, 4], len(found)),
    )  # fmt: skip


def _steps(numbers: NDArray[np.int64], reach: int, rounds: int, random: np.random.Generator) -> tuple[float, ...]:
    count = len(numbers)
    forward = _forward(numbers[None, :], reach)[0]
    seen = int(forward.sum())
    breaks = np.flatnonzero(np.concatenate(([True], ~forward, [True])))
    longest = int(np.diff(breaks).max()) if count else 0
    ordered = np.sort(numbers)
    near = np.searchsorted(ordered, ordered + reach, side="right") - np.searchsorted(ordered, ordered, side="right")
    expected = float(near.sum()) / max(1, count)
    chance = 1.0
    if seen > expected:
        chance = chance_of_order(numbers, lambda orders: _forward(orders, reach).sum(axis=1) >= seen, rounds, random)
    return count, seen, expected, longest, chance


def _forward(orders: NDArray[np.int64], reach: int) -> NDArray[np.bool_]:
    steps = np.diff(orders, axis=1)
    return np.asarray((steps > 0) & (steps <= reach), dtype=np.bool_)


@dataclass(frozen=True, slots=True, eq=False)
class Walks:
    """Blocks of which a group called more numbers than its share, the most surprising first.

    Attributes:
        groups: int64, shape (walks,): as given.
        blocks: uint64: first key of the block, a multiple of its width.
        width: numbers in a block.
        numbers: int64: distinct numbers of the block that the group called.
        share: float64: of the block's numbers.
        expected: float64: that the block's share of all called numbers lets expect.
        bound: float64: on the chance that any group calls so many of any block, corrected for all that were looked at.
    """

    groups: NDArray[np.int64]
    blocks: NDArray[np.uint64]
    width: int
    numbers: NDArray[np.int64]
    share: NDArray[np.float64]
    expected: NDArray[np.float64]
    bound: NDArray[np.float64]


def blocks_walked(
    called: NDArray[np.uint64], of: NDArray[np.int64], *, width: int = 1_000, least: int = 3, error: float = 0.01
) -> Walks:
    """Find blocks of numbers that a group walks through.

    If a group called without regard to blocks, each distinct number that it called would lie in a block with the chance
    that distinct called numbers of all groups do: a binomial tail, times the pairs of group and block that could have been
    looked at. A group that makes up most of all calls is compared with itself, and not shown.

    Args:
        called: uint64, shape (rows,): keys of the called numbers; rows with 0 are left out.
        of: int64, shape (rows,): the group of each row, -1 for none; such rows count as surroundings.
        width: numbers in a block.
        least: distinct numbers that make a walk.
        error: the bound below which a block is given.
    """
    known = called != 0
    everybody = np.unique(called[known])
    blocks, all_in = np.unique(everybody // np.uint64(width), return_counts=True)
    member = known & (of >= 0)
    pairs = np.unique(np.stack((of[member].astype(np.uint64), called[member]), axis=1), axis=0)
    groups, size = np.unique(pairs[:, 0], return_counts=True)
    place = np.searchsorted(groups, pairs[:, 0]) * len(blocks) + np.searchsorted(blocks, pairs[:, 1] // np.uint64(width))
    cells, numbers = np.unique(place, return_counts=True)
    group, block = np.divmod(cells, max(1, len(blocks)))
    share = all_in[block] / max(1, len(everybody))
    looks = len(groups) * len(blocks)
    bound = corrected(binomial_tail(numbers, size[group], share), looks)
    chosen = np.flatnonzero((bound < error) & (numbers >= least))
    chosen = chosen[np.lexsort((cells[chosen], bound[chosen]))]
    return Walks(
        groups=groups[group[chosen]].astype(np.int64), blocks=blocks[block[chosen]] * np.uint64(width), width=width,
        numbers=numbers[chosen].astype(np.int64), share=numbers[chosen] / width,
        expected=(size[group] * share)[chosen], bound=bound[chosen],
    )  # fmt: skip


def same_callees(
    callers: NDArray[np.uint64],
    called: NDArray[np.uint64],
    at: NDArray[np.datetime64],
    *,
    reach: int = 10,
    within_seconds: int = 86_400,
    least: int = 3,
) -> Coincidences:
    """Find callers that call the same numbers, or neighbouring ones, at about the same time: one walk, many callers.

    If it did not matter which number was displayed, the pairs of calls that lie so close would fall on pairs of callers in
    proportion to their calls; what a pair of callers has above that is judged as a Poisson count. Since close pairs hang
    together (three calls make three pairs), a number of the called counts once for each pair of callers.

    Args:
        callers: uint64, shape (rows,): keys of the calling numbers; rows with 0 are left out.
        called: uint64, shape (rows,): keys of the called; rows with 0 are left out.
        at: datetime64, shape (rows,): rows with NaT are left out.
        reach: how far apart neighbouring numbers lie at most.
        within_seconds: how far apart in time.
        least: neighbours that make a pair of callers, and calls that make a caller.
    """
    rows = np.flatnonzero((callers != 0) & (called != 0) & ~np.isnat(at))
    numbers, seconds = called[rows].astype(np.int64), at[rows].astype("datetime64[s]").astype(np.int64)
    keys, who = np.unique(callers[rows], return_inverse=True)
    order = np.argsort(numbers, kind="stable")
    left, right = pairs_within(order, numbers, reach)
    near = np.abs(seconds[left] - seconds[right]) <= within_seconds
    left, right = left[near], right[near]
    low, high = np.minimum(who[left], who[right]), np.maximum(who[left], who[right])
    once = np.unique(np.stack((low, high, numbers[left]), axis=1)[low != high], axis=0)
    low, high, times = counted(once[:, 0].astype(np.int64), once[:, 1].astype(np.int64), len(keys))
    calls = np.bincount(who, minlength=len(keys))
    total = len(rows)
    mean = np.asarray(len(left) * 2.0 * calls[low] * calls[high] / max(1.0, total * (total - 1.0)), dtype=np.float64)
    busy = int((calls >= least).sum())
    looks = busy * (busy - 1) // 2
    chosen = times >= least
    bound = corrected(poisson_tail(times[chosen], mean[chosen]), looks)
    rank = np.lexsort((high[chosen], low[chosen], bound))
    return Coincidences(
        keys[low[chosen][rank]], keys[high[chosen][rank]], times[chosen][rank], mean[chosen][rank], bound[rank], looks
    )
