"""How many canaries it takes to find the sources of a leak: computed, so that pools and lists can be sized beforehand.

The score of a source is a sum of independent terms too, so Chernoff's bound holds for its lower end: the chance that the
score of a source stays below what it takes is at most ``exp(t * needed) * E[exp(-t * term)] ** canaries`` for every
``t > 0``. The least number of canaries is the one at which that is small enough. Expectations are taken over the
distribution of biases.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from quietline.marks.code import biases_at
from quietline.marks.leaks import COALITION, Way, ways
from quietline.marks.tracing import ERROR

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["least_canaries"]

_BIASES = 2048
_STEPS = np.geomspace(0.02, 3.0, 60)


def least_canaries(
    *,
    share: float,
    way: str = "mixed",
    sources: int = 2,
    on_file: int = 10_000,
    lost: float = 0.1,
    missed: float = 0.025,
    error: float = ERROR,
    coalition: int = COALITION,
) -> int:
    """Give how many canaries have to be in force in the areas of a list so that a source of a leak is named.

    Args:
        share: of the lines, that the leak was cut down to: above 0, up to 1.
        way: how the leak came about: ``one``, ``joined``, ``mixed`` or ``common``.
        sources: lists that it was made of.
        on_file: lists handed out, of everybody; the bound is corrected for all of them.
        lost: share of its lines that were left out besides: 0 to 1.
        missed: the chance allowed that a source is not named.
        error: the chance allowed that somebody is named who had no part in it.
        coalition: sources that are tried when tracing.

    Raises:
        ValueError: a share or chance is out of range, or there is no such way.
    """
    if not (0 < share <= 1 and 0 <= lost < 1 and 0 < missed < 1 and 0 < error < 1 and on_file >= 1):
        raise ValueError("shares and chances are between 0 and 1")
    if way not in {one.name for one in ways(max(2, coalition))} or sources < 1:
        raise ValueError(f"there is no way {way!r} to make a leak of {sources} lists")
    needed = math.log(len(ways(coalition)) * on_file / error)
    terms, chances = _terms(Way(way, sources), share * (1 - lost))
    best = math.inf
    for step in _STEPS.tolist():
        rate = -math.log(float(np.sum(chances * np.exp(-step * terms))))  # how fast the chance of missing falls
        if rate > 0:
            best = min(best, (step * needed - math.log(missed)) / rate)
    if not math.isfinite(best):
        raise ValueError("no number of canaries is enough")
    return math.ceil(best)


def _terms(way: Way, coverage: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Give what one canary adds to a source's score, and how likely each of these values is."""
    bias = biases_at((np.arange(_BIASES) + 0.5) / _BIASES)
    true_held, true_absent = way.chances(bias)
    held, absent = way.expected(bias)
    either = bias * held + (1 - bias) * absent
    assumed = min(coverage, 0.98)
    terms, chances = [], []
    for has, true, given in ((bias, true_held, held), (1 - bias, true_absent, absent)):
        terms += [np.log(given / either), np.log((1 - assumed * given) / (1 - assumed * either))]
        chances += [has * coverage * true, has * (1 - coverage * true)]
    return np.concatenate(terms), np.concatenate(chances) / _BIASES
