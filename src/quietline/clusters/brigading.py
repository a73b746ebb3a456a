"""Reports that may have been arranged: signals with figures, for a person to weigh.

Nothing is deleted and nobody is judged. Each signal has an innocent explanation, which is why it says what was seen and
beside what: a real campaign makes bursts too, and its victims report the same numbers. :func:`suspected` gives the numbers
about which at least two different kinds of signal speak.

======================= ====================================================== =========================================
signal                  seen when                                              compared with
======================= ====================================================== =========================================
``burst``               most reports of a number fall in a short window        the same reports spread over the period
``few-reporters``       people report a number twice and more, on average      a plain figure
``young-reporters``     reporters are new to the platform                      the share of new ones among all others
``alike-words``         half of the texts have a twin from somebody else       a plain figure
``no-matching-calls``   the operators of those who report know no such call    the share of such among all others
``co-reporting``        people report the same set of numbers                  numbers drawn as often as all report them
======================= ====================================================== =========================================

Bounds are corrected for the numbers or pairs that were looked at. The window's bound is that of a scan (the union over
windows that begin with a report; J. Naus, Journal of the American Statistical Association 60, 1965).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

from quietline.clusters.chances import binomial_tail, corrected, sum_tail
from quietline.clusters.coincidences import counted, pairs_within_runs
from quietline.clusters.joining import Sets
from quietline.clusters.wording_index import WordingIndex

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from quietline.clusters.wording import Wording

__all__ = ["Signal", "SignalKind", "brigading", "co_reporting", "suspected"]

_TWIN = 0.8
_TEXTS = 500
"""Texts about one number that are compared, the earliest."""


class SignalKind(StrEnum):
    """What was noticed."""

    BURST = "burst"
    FEW_REPORTERS = "few-reporters"
    YOUNG_REPORTERS = "young-reporters"
    ALIKE_WORDS = "alike-words"
    NO_MATCHING_CALLS = "no-matching-calls"
    CO_REPORTING = "co-reporting"


@dataclass(frozen=True, slots=True)
class Signal:
    """Something that speaks for an arrangement.

    Attributes:
        kind: what was noticed.
        keys: keys of the reported numbers that it is about, rising.
        rows: the reports that it is about, rising.
        figures: what was seen and beside what, by name; counts, shares from 0 to 1, seconds.
        bound: on the chance of it, corrected for all that was looked at; None for a plain figure.
    """

    kind: SignalKind
    keys: tuple[int, ...]
    rows: tuple[int, ...]
    figures: Mapping[str, float]
    bound: float | None


def brigading(
    reporters: NDArray[np.int64],
    keys: NDArray[np.uint64],
    at: NDArray[np.datetime64],
    *,
    since: NDArray[np.datetime64] | None = None,
    matched: NDArray[np.int8] | None = None,
    wordings: Sequence[Wording | None] | None = None,
    window_seconds: int = 6 * 3600,
    young_days: int = 14,
    least: int = 5,
    error: float = 0.01,
) -> tuple[Signal, ...]:
    """Notice reports that may have been arranged.

    Args:
        reporters: int64, shape (rows,): who reports, 0 where that is not known.
        keys: uint64, shape (rows,): the number reported; rows with 0 are left out.
        at: datetime64, shape (rows,): when the report came in.
        since: datetime64, shape (rows,): when that person was first known to the platform, NaT for not known; or None.
        matched: int8, shape (rows,): 1 where a call record bears the report out, 0 where an operator was asked and has none,
            -1 where nothing is known; or None.
        wordings: shape (rows,): of what people wrote; or None.
        window_seconds: how long a burst lasts at most.
        young_days: for how long somebody is new.
        least: reports of a number from which it is looked at.
        error: the bound below which a signal is given.

    Returns:
        signals of single numbers, by number, then those of :func:`co_reporting`.
    """
    seconds = at.astype("datetime64[s]").astype(np.int64)
    rows = np.flatnonzero((keys != 0) & ~np.isnat(at))
    order = rows[np.lexsort((rows, seconds[rows], keys[rows]))]
    distinct, starts, sizes = np.unique(keys[order], return_index=True, return_counts=True)
    looked = np.flatnonzero(sizes >= least)
    period = int(seconds[rows].max() - seconds[rows].min()) + 1 if len(rows) else 1
    flagged = [
        _Flags(kind, flags, int((flags[rows] >= 0).sum()), int((flags[rows] == 1).sum()))
        for kind, flags in (
            (SignalKind.YOUNG_REPORTERS, None if since is None else _young(at, since, young_days)),
            (SignalKind.NO_MATCHING_CALLS, _unmatched(matched)),
        )
        if flags is not None
    ]
    signals: list[Signal] = []
    for which in looked.tolist():
        members = order[starts[which] : starts[which] + sizes[which]]
        key = int(distinct[which])
        burst, members = _burst(key, members, seconds, window_seconds, period, len(looked), error)
        signals += burst
        signals += _few(key, members, reporters, least)
        for one in flagged:
            signals += _more_than_usual(one, key, members, len(looked), error)
        if wordings is not None:
            signals += _alike(key, members, reporters, wordings, least)
    return (*signals, *co_reporting(reporters, keys, error=error))


def suspected(signals: Iterable[Signal]) -> dict[int, tuple[Signal, ...]]:
    """Give the numbers about which at least two different kinds of signal speak, with these signals."""
    by_key: dict[int, list[Signal]] = {}
    for signal in signals:
        for key in signal.keys:
            by_key.setdefault(key, []).append(signal)
    return {key: tuple(found) for key, found in sorted(by_key.items()) if len({one.kind for one in found}) >= 2}


@dataclass(frozen=True, slots=True, eq=False)
class _Flags:
    """Something that is so of each report or not: int8, 1 yes, 0 no, -1 not known; and how many know, and are so."""

    kind: SignalKind
    values: NDArray[np.int8]
    known: int
    yes: int


def _young(at: NDArray[np.datetime64], since: NDArray[np.datetime64], young_days: int) -> NDArray[np.int8]:
    """Tell who is new: int8, shape (rows,); 1 yes, 0 no, -1 not known."""
    age = at.astype("datetime64[s]") - since.astype("datetime64[s]")
    return np.where(np.isnat(since), -1, age < np.timedelta64(young_days, "D")).astype(np.int8)


def _unmatched(matched: NDArray[np.int8] | None) -> NDArray[np.int8] | None:
    return None if matched is None else np.where(matched < 0, -1, 1 - matched).astype(np.int8)


def _signal(
    kind: SignalKind, keys: Iterable[int], rows: NDArray[np.int64], figures: dict[str, float], bound: float | None
) -> Signal:
    return Signal(kind, tuple(sorted(keys)), tuple(sorted(rows.tolist())), figures, bound)


def _burst(
    key: int, members: NDArray[np.int64], seconds: NDArray[np.int64], window: int, period: int, looks: int, error: float
) -> tuple[list[Signal], NDArray[np.int64]]:
    """Look for the busiest window; give its signal and reports, or no signal and all reports."""
    times, count = seconds[members], len(members)
    ends = np.searchsorted(times, times + window)
    start = int(np.argmax(ends - np.arange(count)))
    inside = members[start : ends[start]]
    chance = float(binomial_tail(len(inside) - 1, count - 1, min(1.0, window / period)))
    bound = float(corrected(chance, looks * count))
    if bound >= error or 2 * len(inside) < count:
        return [], members
    figures = {
        "reports": float(len(inside)), "of": float(count),
        "window_seconds": float(window), "period_seconds": float(period),
    }  # fmt: skip
    return [_signal(SignalKind.BURST, [key], inside, figures, bound)], inside


def _few(key: int, members: NDArray[np.int64], reporters: NDArray[np.int64], least: int) -> list[Signal]:
    who = reporters[members]
    known = members[who != 0]
    people = len(np.unique(who[who != 0]))
    if len(known) < least or 2 * people > len(known):
        return []
    figures = {"reports": float(len(known)), "reporters": float(people)}
    return [_signal(SignalKind.FEW_REPORTERS, [key], known, figures, None)]


def _more_than_usual(flags: _Flags, key: int, members: NDArray[np.int64], looks: int, error: float) -> list[Signal]:
    """Compare the share of a flag among some reports with that among all others."""
    known = members[flags.values[members] >= 0]
    so = known[flags.values[known] == 1]
    others = flags.known - len(known)
    if not len(known) or not others:
        return []
    usual = (flags.yes - len(so) + 1) / (others + 2)
    bound = float(corrected(binomial_tail(len(so), len(known), usual), looks))
    if bound >= error:
        return []
    figures = {"reports": float(len(known)), "share": len(so) / len(known), "usual_share": usual}
    return [_signal(flags.kind, [key], so, figures, bound)]


def _alike(
    key: int, members: NDArray[np.int64], reporters: NDArray[np.int64], wordings: Sequence[Wording | None], least: int
) -> list[Signal]:
    index = WordingIndex()
    usable = ((row, text) for row in members.tolist() if (text := wordings[row]) is not None and text.usable)
    texts = dict(islice(usable, _TEXTS))
    for row, text in texts.items():
        index.add(row, text)
    twins = [
        row
        for row, text in texts.items()
        if any(
            match.name != row and (reporters[match.name] != reporters[row] or reporters[row] == 0)
            for match in index.find(text, alike=_TWIN)
        )
    ]
    if len(twins) < least or 2 * len(twins) < len(texts):
        return []
    figures = {"reports": float(len(texts)), "with_twin": float(len(twins)), "alike": _TWIN}
    return [_signal(SignalKind.ALIKE_WORDS, [key], np.array(twins, dtype=np.int64), figures, None)]


def co_reporting(
    reporters: NDArray[np.int64],
    keys: NDArray[np.uint64],
    *,
    least: int = 3,
    most: int = 200,
    error: float = 0.01,
) -> tuple[Signal, ...]:
    """Notice people who report the same set of numbers (rivals do; so do the victims of one campaign).

    If two people reported independently, each number that one reports would be among the other's with the chance that its
    reports have among all; a sum of such chances, bounded after Chernoff and Hoeffding (1963).

    Args:
        reporters: int64, shape (rows,): rows with 0 are left out.
        keys: uint64, shape (rows,): rows with 0 are left out.
        least: numbers that two people have in common.
        most: people who report a number above which it makes no pairs.
        error: the bound below which two people are linked.

    Returns:
        one signal for each set of people linked, with the numbers that at least two of them report.
    """
    rows = np.flatnonzero((reporters != 0) & (keys != 0))
    people, who = np.unique(reporters[rows], return_inverse=True)
    numbers, what = np.unique(keys[rows], return_inverse=True)
    edges = np.unique(np.stack((what, who), axis=1), axis=0).astype(np.int64).reshape(-1, 2)
    left, right, _ = pairs_within_runs(edges[:, 0], most)
    low, high, common = counted(edges[left, 1], edges[right, 1], len(people))
    reach = np.bincount(edges[:, 1], minlength=len(people))
    # how often others report what somebody reports: without that person's own reports
    popular = np.bincount(edges[:, 0], minlength=len(numbers)) - 1
    heard = np.bincount(edges[:, 1], weights=popular[edges[:, 0]].astype(np.float64), minlength=len(people))
    total = max(1, len(edges))
    mean = np.maximum(reach[low] * heard[high], reach[high] * heard[low]) / total
    able = int((reach >= least).sum())
    bound = corrected(sum_tail(common, mean), able * (able - 1) // 2)
    chosen = np.flatnonzero((bound < error) & (common >= least))
    sets = Sets(len(people))
    for one in chosen.tolist():
        sets.join(int(low[one]), int(high[one]))
    group = sets.numbered()
    signals = []
    for linked in np.unique(group[low[chosen]]).tolist():
        pairs = chosen[group[low[chosen]] == linked]
        part = edges[group[edges[:, 1]] == linked]
        targets, times = np.unique(part[:, 0], return_counts=True)
        targets = targets[times >= 2]
        inside = rows[(group[who] == linked) & np.isin(what, targets)]
        figures = {
            "reporters": float((group == linked).sum()), "numbers": float(len(targets)),
            "common": float(common[pairs].max()), "expected": float(mean[pairs].max()),
        }  # fmt: skip
        signals.append(
            _signal(SignalKind.CO_REPORTING, numbers[targets].tolist(), inside, figures, float(bound[pairs].max()))
        )
    return tuple(signals)
