"""How likely an innocent's code is to look as guilty: scores, and Chernoff's bound on them.

For a leak in which the canaries ``Y`` were found, a suspect's score is a sum over positions of a weight that depends on
``Y``, on the position's bias and on whether the suspect's list held it. An innocent's code was drawn without regard to
anybody else's, so, whatever ``Y`` is, its positions are independent and held with chance ``p`` each, and the score's
moment generating function is exactly

    M(t) = product over positions of ((1 - p) * exp(t * absent) + p * exp(t * held))

with ``held`` and ``absent`` the two weights. So the chance that an innocent reaches a score ``z`` is at most
``M(t) * exp(-t * z)`` for every ``t > 0`` (Chernoff), and the smallest of these values holds as well. Nothing is
approximated, and nothing is assumed of how the leak came about.

Weights are logarithms of likelihood ratios, which makes ``M(1)`` equal to 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quietline.marks.leaks import Way

__all__ = ["Tail", "Weights", "weights"]

_STEPS = np.concatenate((np.geomspace(0.2, 6.0, 17), [1.0]))
_FULL = 0.98
"""Coverage is never taken for fuller: from one canary that is missing, nothing certain follows."""


class Weights(NamedTuple):
    """What each position adds to a score.

    Attributes:
        held: float64, shape (positions,): where the suspect's list held the canary.
        absent: float64, shape (positions,): where it did not.
    """

    held: NDArray[np.float64]
    absent: NDArray[np.float64]


def weights(way: Way, seen: NDArray[np.bool_], bias: NDArray[np.float64], groups: NDArray[np.intp] | None = None) -> Weights:
    """Weigh positions for one way in which the leak can have come about.

    How much of the lists the leak covers is estimated, for each group of positions apart, from the canaries found: those
    found over those that would be found if nothing were left out.

    Args:
        way: how it came about.
        seen: bool, shape (positions,): canaries found in the leak.
        bias: float64, shape (positions,), between 0 and 1, both excluded.
        groups: of positions that the leak may cover more or less of, such as areas: integers from 0, shape
            (positions,); by default all are one.
    """
    held, absent = way.expected(bias)
    either = bias * held + (1 - bias) * absent
    if groups is None:
        groups = np.zeros(len(bias), dtype=np.intp)
    found = np.bincount(groups, weights=seen.astype(np.float64))
    whole = np.bincount(groups, weights=either)
    coverage = np.minimum(found / np.maximum(whole, 1e-300), _FULL)[groups]
    chances = (held, absent, either)
    given_held, given_absent, overall = (np.where(seen, chance, 1 - coverage * chance) for chance in chances)
    return Weights(np.log(given_held / overall), np.log(given_absent / overall))


class Tail:
    """The bound on the chance that an innocent reaches a score, for one set of weights.

    Args:
        which: the weights that scores are made with.
        bias: float64, shape (positions,).
    """

    def __init__(self, which: Weights, bias: NDArray[np.float64]) -> None:
        self._which = which
        self._bias = bias
        self._moments: NDArray[np.float64] | None = None

    def logs(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Give the logarithm of the bound for each score; 0 where there is none below 1.

        Args:
            scores: float64, shape (scores,).
        """
        if self._moments is None:
            self._moments = self._log_moments()
        least = np.min(self._moments[:, None] - _STEPS[:, None] * scores[None, :], axis=0)
        return np.asarray(np.minimum(0.0, least), dtype=np.float64)

    def _log_moments(self) -> NDArray[np.float64]:
        log_held, log_absent = np.log(self._bias), np.log1p(-self._bias)
        which = self._which
        sums = [np.logaddexp(log_held + t * which.held, log_absent + t * which.absent).sum() for t in _STEPS.tolist()]
        return np.array(sums, dtype=np.float64)
