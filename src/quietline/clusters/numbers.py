"""Groups of reports that name the same number.

Work is done on whole columns: the keys are sorted once, and every figure is a reduction over runs of equal keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

__all__ = ["NumberGroups", "Tally", "by_number", "decayed", "tally"]


@dataclass(frozen=True, slots=True, eq=False)
class NumberGroups:
    """Numbers that were reported often enough; one element for each, by key.

    Attributes:
        keys: uint64, shape (groups,), rising.
        reports: int64: rows that name it.
        weights: float64: the sum of the weights of its reports.
        first: datetime64[D]: day of its earliest report; NaT where no day is known.
        last: datetime64[D]: of its latest.
        active_days: int64: days with a report.
        of: int64, shape (rows,): the group of each row, -1 where it is in none.
    """

    keys: NDArray[np.uint64]
    reports: NDArray[np.int64]
    weights: NDArray[np.float64]
    first: NDArray[np.datetime64]
    last: NDArray[np.datetime64]
    active_days: NDArray[np.int64]
    of: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.keys)


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """Figures of reports by group, shape (groups,) each; as in :class:`NumberGroups`."""

    reports: NDArray[np.int64]
    weights: NDArray[np.float64]
    first: NDArray[np.datetime64]
    last: NDArray[np.datetime64]
    active_days: NDArray[np.int64]


def by_number(
    keys: NDArray[np.uint64],
    days: NDArray[np.datetime64],
    *,
    weights: NDArray[np.float64] | None = None,
    least: int = 2,
    least_weight: float = 0.0,
) -> NumberGroups:
    """Group reports by the number that they name.

    Args:
        keys: uint64, shape (rows,): keys of the numbers; 0 where a report names none, which is in no group.
        days: datetime64[D], shape (rows,): day of each report (or of the call); NaT where it is not known.
        weights: float64, shape (rows,): what each report counts (:mod:`quietline.clusters.weights`); 1 each if None.
        least: reports that make a group.
        least_weight: weight that makes a group.

    Raises:
        ValueError: columns differ in length.
    """
    known = np.flatnonzero(keys != 0)
    distinct, index = np.unique(keys[known], return_inverse=True)
    figures = tally(index, len(distinct), *_columns(keys, days, weights, known))
    chosen = np.flatnonzero((figures.reports >= least) & (figures.weights >= least_weight))
    place = np.full(len(distinct), -1, dtype=np.int64)
    place[chosen] = np.arange(len(chosen))
    of = np.full(len(keys), -1, dtype=np.int64)
    of[known] = place[index]
    return NumberGroups(
        keys=distinct[chosen], reports=figures.reports[chosen], weights=figures.weights[chosen],
        first=figures.first[chosen], last=figures.last[chosen], active_days=figures.active_days[chosen], of=of,
    )  # fmt: skip


def _columns(
    keys: NDArray[np.uint64], days: NDArray[np.datetime64], weights: NDArray[np.float64] | None, rows: NDArray[np.intp]
) -> tuple[NDArray[np.datetime64], NDArray[np.float64] | None]:
    if len(days) != len(keys) or (weights is not None and len(weights) != len(keys)):
        raise ValueError("keys, days and weights are columns of the same rows")
    return days[rows].astype("datetime64[D]"), None if weights is None else weights[rows]


def tally(index: NDArray[np.intp], groups: int, days: NDArray[np.datetime64], weights: NDArray[np.float64] | None) -> Tally:
    """Count the reports of each group, and the days on which it has any.

    Args:
        index: integers, shape (rows,): the group of each row, from 0; every group has a row.
        groups: how many there are.
        days: datetime64[D], shape (rows,).
        weights: float64, shape (rows,), or None for 1 each.
    """
    reports = np.bincount(index, minlength=groups).astype(np.int64)
    sums = reports.astype(np.float64)
    if weights is not None:
        sums = np.bincount(index, weights=weights, minlength=groups).astype(np.float64)
    known = ~np.isnat(days)
    if not known.any():
        none = np.full(groups, np.datetime64("NaT"), dtype="datetime64[D]")
        return Tally(reports, sums, none, none, np.zeros(groups, dtype=np.int64))
    numbers = days[known].astype(np.int64)
    least = int(numbers.min())
    span = int(numbers.max()) - least + 1
    pairs = np.unique(index[known].astype(np.int64) * span + (numbers - least))
    owner, day = np.divmod(pairs, span)
    starts, ends = (np.searchsorted(owner, np.arange(groups), side=side) for side in ("left", "right"))
    moments = np.append((day + least).astype("datetime64[D]"), np.datetime64("NaT"))
    dated = ends > starts
    first, last = (moments[np.where(dated, place, len(moments) - 1)] for place in (starts, ends - 1))
    return Tally(reports, sums, first, last, (ends - starts).astype(np.int64))


def decayed(days: NDArray[np.datetime64], *, on: date, half_life_days: float) -> NDArray[np.float64]:
    """Give the weight that reports still have at their age: halved with every half-life.

    Args:
        days: datetime64[D], shape (rows,); NaT, a day that is not known, counts nothing where there is decay.
        on: the day on which they are weighed; later reports count fully.
        half_life_days: above 0; infinity for no decay.

    Returns:
        float64, shape (rows,), 0 to 1.

    Raises:
        ValueError: the half-life is not above 0.
    """
    if not half_life_days > 0:
        raise ValueError("a half-life is longer than nothing")
    unknown = np.isnat(days)
    ages = (np.datetime64(on, "D") - np.where(unknown, np.datetime64(on, "D"), days.astype("datetime64[D]"))).astype(
        np.int64
    )
    weights = np.exp2(-np.maximum(ages, 0) / half_life_days)
    return np.asarray(np.where(unknown & np.isfinite(half_life_days), 0.0, weights), dtype=np.float64)
