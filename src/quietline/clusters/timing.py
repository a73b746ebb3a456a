"""Patterns in time across numbers: in step to the minute, at work in the same hours of the week, used one after the other.

Each statistic says what it compares with, and keeps fixed what would otherwise deceive: that everybody is called by day,
that people round the minute, that a number is used for a few days only.

- :func:`same_moments` keeps fixed in which hours each number was reported, and asks whether the *minutes* agree. Given the
  minutes of one number, those of the other are drawn from the minutes that all reports name (which are round ones more
  often); hits are then a sum of independent chances, bounded after Chernoff and Hoeffding (1963).
- :func:`same_hours` compares the hours of the week, hour and weekday, with those of all reports. The likelihood ratio of
  one number's hours under the other's habits against the habits of all has expectation 1 where there is nothing to it, so
  that it reaches ``x`` with a chance of at most ``1 / x`` (Markov); the mean of both directions likewise (V. Vovk, R. Wang,
  "E-values", Annals of Statistics 49, 2021).
- :func:`in_turn` takes reports that belong together for another reason, and asks whether their numbers were used one after
  the other rather than all along: runs of the same number in the order of time (A. Wald, J. Wolfowitz, Annals of
  Mathematical Statistics 11, 1940; D. E. Barton, F. N. David, Biometrika 44, 1957), compared with random orders.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quietline.clusters.chances import corrected, sum_tail
from quietline.clusters.coincidences import Coincidences, counted, pairs_within_runs
from quietline.clusters.drawing import chance_of_order

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Turns", "in_turn", "same_hours", "same_moments"]

_HOUR = 3600
_WEEK = 168
_MONDAY = 4 * 24
"""Hours from the epoch, a Thursday, to a Monday."""


def same_moments(
    callers: NDArray[np.uint64],
    at: NDArray[np.datetime64],
    *,
    within_seconds: int = 60,
    least: int = 3,
    most: int = 50,
) -> Coincidences:
    """Find callers that are in step with each other.

    Args:
        callers: uint64, shape (rows,): keys of the calling numbers; rows with 0 are left out.
        at: datetime64, shape (rows,): when each call came; rows with NaT are left out.
        within_seconds: how long a moment is; a divisor of an hour.
        least: moments that a pair has to share, and a caller to have.
        most: callers in one moment above which it says nothing (a time of day that everybody names).

    Raises:
        ValueError: a moment does not divide the hour.
    """
    if within_seconds <= 0 or _HOUR % within_seconds:
        raise ValueError("a moment is a whole fraction of an hour")
    keys, who, seconds = _events(callers, at)
    parts = _HOUR // within_seconds
    windows = np.unique(np.stack((seconds // within_seconds, who), axis=1), axis=0)
    moment, caller = windows[:, 0], windows[:, 1]
    habits = np.bincount(moment % parts, minlength=parts) / max(1, len(moment))
    left, right, skipped = pairs_within_runs(moment, most)
    low, high, times = counted(caller[left], caller[right], len(keys))
    chosen = times >= least
    low, high, times = low[chosen], high[chosen], times[chosen]
    own = _by_caller(caller, moment, len(keys))
    means = np.array(
        [_mean_hits(own[i], own[j], habits, parts) for i, j in zip(low.tolist(), high.tolist(), strict=True)],
        dtype=np.float64,
    )
    busy = int((np.bincount(caller, minlength=len(keys)) >= least).sum())
    looks = busy * (busy - 1) // 2
    bound = corrected(sum_tail(times, means), looks)
    return _ranked(keys, low, high, times, means, bound, looks, skipped)


def same_hours(
    callers: NDArray[np.uint64], at: NDArray[np.datetime64], *, least: int = 20, most: int = 5_000
) -> Coincidences:
    """Find callers that are at work in the same hours of the week, and not in those of everybody.

    Several calls of a number in one hour of one day count once.

    Args:
        callers: uint64, shape (rows,): keys of the calling numbers; rows with 0 are left out.
        at: datetime64, shape (rows,): when each call came, on the clock of those called; rows with NaT are left out.
        least: hours in which a caller has to have called.
        most: callers that are compared, those with the most hours first; the work grows with their square.
    """
    keys, who, seconds = _events(callers, at)
    slots = np.unique(np.stack((who, seconds // _HOUR), axis=1), axis=0)
    profile = np.zeros((len(keys), _WEEK))
    np.add.at(profile, (slots[:, 0], (slots[:, 1] - _MONDAY) % _WEEK), 1.0)
    hours = profile.sum(axis=1)
    chosen = np.argsort(-hours, kind="stable")[: min(most, int((hours >= least).sum()))]
    background = profile.sum(axis=0) + 0.5
    background /= background.sum()
    profile, hours = profile[chosen], hours[chosen]
    weight = 10.0  # hours that the habits of all count beside a number's own
    own = (profile + weight * background) / (hours + weight)[:, None]
    logs = profile @ np.log(own / background).T  # row j, column i: hours of j under the habits of i
    evidence = np.logaddexp(logs, logs.T) - np.log(2)
    i, j = np.triu_indices(len(chosen), k=1)
    looks = len(i)
    bound = corrected(np.exp(-np.maximum(evidence[i, j], 0.0)), looks)
    found = bound < 1
    none = np.zeros(int(found.sum()))
    return _ranked(keys, chosen[i[found]], chosen[j[found]], none.astype(np.int64), none, bound[found], looks, 0)


@dataclass(frozen=True, slots=True, eq=False)
class Turns:
    """Groups of reports, and whether their numbers were used in turn; one element for each group, by its number.

    Attributes:
        groups: int64, shape (groups,): as given.
        reports: int64: with a number and a time.
        numbers: int64: distinct numbers.
        switches: int64: times that the next report names another number.
        expected: float64: switches if the order were random.
        order: float64: how far the numbers were used in turn: 1 for one after the other, 0 for a random order.
        chance: float64: of so few switches in a random order; at least ``1 / (rounds + 1)``.
        bound: float64: the same, corrected for the groups that were looked at.
    """

    groups: NDArray[np.int64]
    reports: NDArray[np.int64]
    numbers: NDArray[np.int64]
    switches: NDArray[np.int64]
    expected: NDArray[np.float64]
    order: NDArray[np.float64]
    chance: NDArray[np.float64]
    bound: NDArray[np.float64]


def in_turn(
    callers: NDArray[np.uint64],
    at: NDArray[np.datetime64],
    of: NDArray[np.int64],
    *,
    rounds: int = 9_999,
    most: int = 2_000,
) -> Turns:
    """Tell whether the numbers of a group were used one after the other.

    Reports of one moment are put in a random order, the same in every run. In many reports the chance is small for slight
    reasons (a person reports a number twice); look at ``order`` as well, and take from 0.5 on for numbers used in turn.

    Args:
        callers: uint64, shape (rows,): keys of the calling numbers; rows with 0 are left out.
        at: datetime64, shape (rows,): rows with NaT are left out.
        of: int64, shape (rows,): the group of each row, -1 for none.
        rounds: random orders that are compared with.
        most: reports of a group that are looked at, chosen evenly over its order in time.
    """
    rows = np.flatnonzero((callers != 0) & ~np.isnat(at) & (of >= 0))
    random = np.random.Generator(np.random.PCG64(1940))
    rows = rows[np.lexsort((random.random(len(rows)), at[rows].astype("datetime64[s]"), of[rows]))]
    groups, starts = np.unique(of[rows], return_index=True)
    found = []
    for start, end in zip(starts.tolist(), np.append(starts, len(rows))[1:].tolist(), strict=True):
        members = rows[start:end]
        step = max(1, -(-len(members) // most))
        found.append(_switches(np.unique(callers[members[::step]], return_inverse=True)[1].astype(np.int64), rounds, random))
    table = np.array(found, dtype=np.float64).reshape(len(found), 5)
    reports, numbers, switches, expected, chance = table.T
    spare = expected - (numbers - 1)
    order = np.where(spare > 0, 1 - (switches - (numbers - 1)) / np.where(spare > 0, spare, 1.0), 0.0)
    return Turns(
        groups=groups.astype(np.int64), reports=reports.astype(np.int64), numbers=numbers.astype(np.int64),
        switches=switches.astype(np.int64), expected=expected, order=np.clip(order, 0.0, 1.0), chance=chance,
        bound=corrected(chance, len(found)),
    )  # fmt: skip


def _switches(labels: NDArray[np.int64], rounds: int, random: np.random.Generator) -> tuple[float, ...]:
    count = len(labels)
    sizes = np.bincount(labels)
    seen = int((labels[1:] != labels[:-1]).sum())
    same = float((sizes * (sizes - 1.0)).sum())
    expected = count - 1 - same / count
    chance = 1.0
    if same and seen < expected and len(sizes) > 1:
        chance = chance_of_order(
            labels, lambda orders: (orders[:, 1:] != orders[:, :-1]).sum(axis=1) <= seen, rounds, random
        )
    return count, len(sizes), seen, expected, chance


def _events(
    callers: NDArray[np.uint64], at: NDArray[np.datetime64]
) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64]]:
    """Give the distinct callers; and of each row with one and a time, which caller and the second since 1970."""
    if len(callers) != len(at):
        raise ValueError("callers and times are columns of the same rows")
    known = (callers != 0) & ~np.isnat(at)
    keys, who = np.unique(callers[known], return_inverse=True)
    return keys, who.astype(np.int64), at[known].astype("datetime64[s]").astype(np.int64)


def _by_caller(caller: NDArray[np.int64], moment: NDArray[np.int64], count: int) -> list[NDArray[np.int64]]:
    order = np.argsort(caller, kind="stable")
    return np.split(moment[order], np.cumsum(np.bincount(caller, minlength=count))[:-1]) if count else []


def _mean_hits(one: NDArray[np.int64], other: NDArray[np.int64], habits: NDArray[np.float64], parts: int) -> float:
    """Give the hits to expect between two callers' moments, in the direction that expects more."""
    means = []
    for fixed, drawn in ((one, other), (other, one)):
        hours, times = np.unique(drawn // parts, return_counts=True)
        place = np.minimum(np.searchsorted(hours, fixed // parts), len(hours) - 1)
        draws = np.where(hours[place] == fixed // parts, times[place], 0)
        means.append(float((habits[fixed % parts] * draws).sum()))
    return max(means)


def _ranked(
    keys: NDArray[np.uint64], low: NDArray[np.int64], high: NDArray[np.int64], times: NDArray[np.int64],
    means: NDArray[np.float64], bound: NDArray[np.float64], looks: int, skipped: int,
) -> Coincidences:  # fmt: skip
    order = np.lexsort((high, low, bound))
    one, other = keys[low[order]], keys[high[order]]
    return Coincidences(
        np.minimum(one, other), np.maximum(one, other), times[order], means[order], bound[order], looks, skipped
    )
