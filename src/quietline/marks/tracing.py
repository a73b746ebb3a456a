"""Who a leaked list came from: every list on file, ranked, each with a bound on the chance that it looks so by accident.

Let ``n`` lists be on file, and ``m`` the ways in which a leak can have come about that are tried. A list's bound is the
smallest, over the ways, of :class:`~quietline.marks.bounds.Tail`, times ``m``, times ``n``. For whatever leak, the
chance that any organisation that had no part in it comes under a bound of 1 % is therefore at most 1 %, however many are
on file: the union bound, which needs no independence between lists. Only lists under the bound are named.

The lists of one organisation are marked alike, so that one source's lists of neighbouring days stand close together in
the ranking; the organisation is what is found.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quietline.marks.bounds import Tail, weights
from quietline.marks.leaks import COALITION, ways

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from quietline.marks.leaks import Way

__all__ = ["ERROR", "OnFile", "Ranked", "Reach", "Traced", "trace"]

ERROR = 0.01
"""The chance that is allowed of naming anybody who had no part in a leak."""
_CLOSE = math.log(1000)
_ROWS = 512


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """Which canaries a list could have held: those in force in its areas when it was made.

    One object serves all lists of the same areas and version; that is what makes tracing fast.

    Attributes:
        positions: integers, shape (canaries,), each once: their places in the whole pool.
    """

    positions: NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class OnFile:
    """A list that was handed out.

    Attributes:
        name: of the list, for the caller's use.
        owner: whose it is.
        reach: the canaries that it could have held.
        code: bool, shape (pool,): the canaries that stand in its owner's lists; one array serves all lists of the owner.
    """

    name: str
    owner: str
    reach: Reach
    code: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Ranked:
    """How well a list explains a leak.

    Attributes:
        name: of the list.
        owner: whose it is.
        bound: on the chance that any list on file of somebody who had no part in the leak explains it as well: 0 to 1.
        named: whether the bound is under what was allowed.
        way: how the leak came about, of the ways tried the one that explains it best with this list.
        held: canaries found in the leak that the list held.
        reached: canaries found in the leak that it could have held.
    """

    name: str
    owner: str
    bound: float
    named: bool
    way: Way
    held: int
    reached: int


@dataclass(frozen=True, slots=True)
class Traced:
    """What tracing a leak came to.

    Attributes:
        ranked: the lists on file, the best explanation first.
        on_file: how many there are.
        seen: canaries found in the leak.
        error: the bound under which lists are named.
    """

    ranked: tuple[Ranked, ...]
    on_file: int
    seen: int
    error: float

    @property
    def owners(self) -> tuple[str, ...]:
        """Whose lists are named, each once, the best explanation first; empty where there is not enough to name anybody."""
        return tuple(dict.fromkeys(one.owner for one in self.ranked if one.named))


def trace(
    seen: NDArray[np.bool_],
    bias: NDArray[np.float64],
    on_file: Sequence[OnFile],
    *,
    groups: NDArray[np.intp] | None = None,
    error: float = ERROR,
    coalition: int = COALITION,
    most: int = 100,
) -> Traced:
    """Rank the lists on file by how well they explain a leak.

    Args:
        seen: bool, shape (pool,): the canaries found in the leak.
        bias: float64, shape (pool,), from :func:`quietline.marks.code.biases`.
        on_file: every list that was handed out and could be the source; the bound is corrected for all of them.
        groups: of positions that a leak may cover more or less of, such as areas: integers from 0, shape (pool,).
        error: the chance allowed of naming anybody who had no part in it.
        coalition: sources a leak may have.
        most: how many lists to give; those that are named are always given.

    Raises:
        ValueError: shapes do not fit, or ``error`` is no chance.
    """
    if seen.shape != bias.shape or not 0 < error < 1:
        raise ValueError("a canary has one bias and is found or not; an error is a chance between 0 and 1")
    tried = ways(coalition)
    cost = math.log(len(tried)) + math.log(max(1, len(on_file)))
    ranked: list[Ranked] = []
    for reach, lists in _by_reach(on_file):
        at = reach.positions
        part, chances = seen[at], bias[at]
        some = None if groups is None else np.unique(groups[at], return_inverse=True)[1]
        judged = [_Judged(way, part, chances, some) for way in tried]
        for start in range(0, len(lists), _ROWS):
            rows = lists[start : start + _ROWS]
            held = np.array([one.code[at] for one in rows], dtype=np.bool_).reshape(len(rows), len(at))
            logs, best = _tails(judged, held, cost)
            found = (held & part).sum(axis=1).tolist()
            for one, log, which, count in zip(rows, logs.tolist(), best.tolist(), found, strict=True):
                bound = math.exp(min(0.0, log + cost))
                ranked.append(Ranked(one.name, one.owner, bound, bound < error, tried[which], count, int(part.sum())))
    ranked.sort(key=lambda one: (one.bound, -one.held, one.owner, one.name))
    named = sum(one.named for one in ranked)
    return Traced(tuple(ranked[: max(most, named)]), len(on_file), int(seen.sum()), error)


def _by_reach(on_file: Iterable[OnFile]) -> list[tuple[Reach, list[OnFile]]]:
    found: dict[int, tuple[Reach, list[OnFile]]] = {}
    for one in on_file:
        found.setdefault(id(one.reach), (one.reach, []))[1].append(one)
    return list(found.values())


class _Judged:
    """One way of leaking, for the positions of one reach."""

    def __init__(
        self, way: Way, seen: NDArray[np.bool_], bias: NDArray[np.float64], groups: NDArray[np.intp] | None
    ) -> None:
        which = weights(way, seen, bias, groups)
        self._difference = which.held - which.absent
        self._least = float(which.absent.sum())
        self.tail = Tail(which, bias)

    def scores(self, held: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the scores of lists; float64, shape (lists,)."""
        return np.asarray(held @ self._difference + self._least, dtype=np.float64)


def _tails(judged: Sequence[_Judged], held: NDArray[np.bool_], cost: float) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Give, for each list, the logarithm of its bound before correction, and the number of the way that gives it."""
    least, best = np.zeros(len(held)), np.zeros(len(held), dtype=np.intp)
    numbers = held.astype(np.float64)
    for number, way in enumerate(judged):
        scores = way.scores(numbers)
        # at t = 1 the generating function is 1; other values of t are worth their time only near the bound
        logs = np.minimum(0.0, -scores)
        close = (logs < 0) & (logs + cost < _CLOSE)
        if close.any():
            logs[close] = np.minimum(logs[close], way.tail.logs(scores[close]))
        better = logs < least
        least[better], best[better] = logs[better], number
    return least, best
