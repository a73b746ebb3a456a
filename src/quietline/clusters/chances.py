"""Bounds on chances, for counts: never below the truth, and computed for whole columns at once.

Each function bounds the upper tail of a distribution: the chance of a count at least as large as the one seen. The first
term of the tail is exact; the ratio of neighbouring terms falls from there on, so that the rest is at most a geometric
series. Where the count lies below the mean, the bound is 1: nothing is surprising there.

Sources: R. A. Fisher, "Statistical Methods for Research Workers", 1935 (the hypergeometric test); W. Hoeffding, "Probability
inequalities for sums of bounded random variables", Journal of the American Statistical Association 58, 1963 (sums of unequal
chances); C. Clopper, E. Pearson, Biometrika 26, 1934 (bounds on a share); C. E. Bonferroni, 1936 (many looks at once).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "binomial_tail",
    "corrected",
    "gamma_poisson_tail",
    "hypergeometric_tail",
    "log_factorial",
    "poisson_tail",
    "share_at_least",
    "sum_tail",
]

_TABLE = np.concatenate(([0.0], np.cumsum(np.log(np.arange(1, 256, dtype=np.float64)))))


def log_factorial(counts: ArrayLike) -> NDArray[np.float64]:
    """Give the natural logarithm of the factorial of each count.

    From 256 on by Stirling's series, whose error is below 1e-16 there.

    Args:
        counts: integers from 0, any shape.

    Returns:
        float64, of the same shape.
    """
    whole = np.asarray(counts, dtype=np.int64)
    n = np.maximum(whole, 1).astype(np.float64)
    series = n * np.log(n) - n + 0.5 * np.log(2 * math.pi * n) + 1 / (12 * n) - 1 / (360 * n**3) + 1 / (1260 * n**5)
    return np.asarray(np.where(whole < len(_TABLE), _TABLE[np.minimum(whole, len(_TABLE) - 1)], series), dtype=np.float64)


def poisson_tail(counts: ArrayLike, means: ArrayLike) -> NDArray[np.float64]:
    """Bound the chance that a Poisson variable reaches a count.

    Args:
        counts: integers from 0.
        means: float64 from 0; shapes broadcast.

    Returns:
        float64, 0 to 1.
    """
    k, mean = np.broadcast_arrays(np.asarray(counts, dtype=np.int64), np.asarray(means, dtype=np.float64))
    with np.errstate(divide="ignore", invalid="ignore"):
        first = k * np.log(mean) - mean - log_factorial(k)
        return _geometric(np.where(mean > 0, first, -np.inf), mean / (k + 1), k)


def gamma_poisson_tail(counts: ArrayLike, means: ArrayLike, spreads: ArrayLike) -> NDArray[np.float64]:
    """Bound the chance that a count is reached whose mean is itself spread: Poisson with a gamma-distributed mean.

    Also called negative binomial (M. Greenwood, G. U. Yule, Journal of the Royal Statistical Society 83, 1920). The variance
    is ``mean + spread * mean ** 2``; without spread this is :func:`poisson_tail`.

    Args:
        counts: integers from 0.
        means: float64, above 0.
        spreads: squared coefficient of variation of the means, float64 from 0; shapes broadcast.

    Returns:
        float64, 0 to 1.
    """
    k, mean, spread = np.broadcast_arrays(
        np.asarray(counts, dtype=np.int64), np.asarray(means, dtype=np.float64), np.asarray(spreads, dtype=np.float64)
    )
    shape = 1 / np.maximum(spread, 1e-6)
    step = mean / (mean + shape)
    first = _log_gamma(k + shape) - _log_gamma(shape) - log_factorial(k) + shape * np.log1p(-step) + k * np.log(step)
    spread_out = _geometric(first, np.maximum((k + shape) / (k + 1) * step, step), k)  # ratios go towards ``step``
    spread_out = np.where(k <= mean, 1.0, spread_out)
    return np.asarray(np.where(spread > 1e-6, spread_out, poisson_tail(k, mean)), dtype=np.float64)


def binomial_tail(counts: ArrayLike, trials: ArrayLike, chances: ArrayLike) -> NDArray[np.float64]:
    """Bound the chance that at least so many of independent trials succeed.

    Args:
        counts: successes, integers from 0.
        trials: integers from 0.
        chances: of one trial, float64 from 0 to 1; shapes broadcast.

    Returns:
        float64, 0 to 1.
    """
    k, n, p = np.broadcast_arrays(
        np.asarray(counts, dtype=np.int64), np.asarray(trials, dtype=np.int64), np.asarray(chances, dtype=np.float64)
    )
    possible = k <= n
    left = np.where(possible, n - k, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = np.where(p < 1, p / (1 - p), np.inf)
        first = log_factorial(n) - log_factorial(k) - log_factorial(left) + k * np.log(p) + left * np.log1p(-p)
        bound = _geometric(first, left / (k + 1) * odds, k)
    bound = np.where((p <= 0) & (k > 0), 0.0, np.where(p >= 1, 1.0, bound))
    return np.asarray(np.where(possible, bound, 0.0), dtype=np.float64)


def hypergeometric_tail(counts: ArrayLike, drawn: ArrayLike, marked: ArrayLike, whole: ArrayLike) -> NDArray[np.float64]:
    """Bound the chance that at least so many of those drawn without putting back are marked: Fisher's exact test.

    Args:
        counts: marked ones drawn.
        drawn: how many are drawn.
        marked: how many of the whole are marked.
        whole: of how many; shapes broadcast.

    Returns:
        float64, 0 to 1.
    """
    k, w, t, s = np.broadcast_arrays(*(np.asarray(one, dtype=np.int64) for one in (counts, drawn, marked, whole)))
    possible = (k <= w) & (k <= t)
    missed = np.where(possible, s - t - w + k, 0)
    certain = missed < 0  # fewer marked ones cannot be drawn
    a, b, missed = np.maximum(t - k, 0), np.maximum(w - k, 0), np.maximum(missed, 0)
    first = (
        log_factorial(w) - log_factorial(k) - log_factorial(b)
        + log_factorial(s - w) - log_factorial(a) - log_factorial(missed)
        - log_factorial(s) + log_factorial(t) + log_factorial(s - t)
    )  # fmt: skip
    ratio = a.astype(np.float64) * b / ((k + 1.0) * (missed + 1.0))
    bound = np.where(certain, 1.0, _geometric(first, ratio, k))
    return np.asarray(np.where(possible, bound, 0.0), dtype=np.float64)


def sum_tail(counts: ArrayLike, means: ArrayLike) -> NDArray[np.float64]:
    """Bound the chance that a sum of independent yes-or-no variables of any chances reaches a count (Chernoff, Hoeffding).

    Args:
        counts: integers from 0.
        means: of the sum; shapes broadcast.

    Returns:
        float64, 0 to 1: ``exp(k - mean - k * log(k / mean))`` above the mean.
    """
    k, mean = np.broadcast_arrays(np.asarray(counts, dtype=np.float64), np.asarray(means, dtype=np.float64))
    with np.errstate(divide="ignore", invalid="ignore"):
        log = k - mean - k * (np.log(k) - np.log(mean))
    return np.asarray(np.where(k <= mean, 1.0, np.where(mean <= 0, 0.0, np.exp(np.minimum(log, 0.0)))), dtype=np.float64)


def corrected(bounds: ArrayLike, looks: int) -> NDArray[np.float64]:
    """Correct bounds for how many things were looked at (Bonferroni): the chance that any of them is so by accident.

    Args:
        bounds: float64, 0 to 1.
        looks: how many, seen or not seen in the answer; at least 1.
    """
    return np.asarray(np.minimum(1.0, np.asarray(bounds, dtype=np.float64) * max(1, looks)), dtype=np.float64)


def share_at_least(yes: int, of: int, *, error: float = 0.05) -> float:
    """Give the lower bound on a share of which some were seen (Clopper and Pearson, one-sided).

    Args:
        yes: how many of those seen are so.
        of: how many were seen.
        error: the chance that is allowed of the true share lying below.

    Returns:
        0 to 1; 0 where nothing was seen.
    """
    if yes <= 0 or of <= 0:
        return 0.0
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        if _tail_sum(yes, of, middle) < error:
            low = middle
        else:
            high = middle
    return low


def _log_gamma(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give log gamma of numbers above 0, by Stirling's series after ten steps of the recurrence."""
    shift = sum(np.log(x + i) for i in range(10))
    n = x + 10
    series = (n - 0.5) * np.log(n) - n + 0.5 * math.log(2 * math.pi) + 1 / (12 * n) - 1 / (360 * n**3) + 1 / (1260 * n**5)
    return np.asarray(series - shift, dtype=np.float64)


def _tail_sum(yes: int, of: int, chance: float) -> float:
    counts = np.arange(yes, of + 1)
    if chance <= 0:
        return 0.0
    logs = log_factorial(of) - log_factorial(counts) - log_factorial(of - counts)
    return float(np.exp(logs + counts * math.log(chance) + (of - counts) * math.log1p(-chance)).sum())


def _geometric(first: NDArray[Any], ratio: NDArray[Any], counts: NDArray[Any]) -> NDArray[np.float64]:
    """Bound a tail by its first term's logarithm and the ratio of the first two."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        bound = np.exp(np.minimum(first, 0.0)) / (1 - ratio)
    open_ended = (counts <= 0) | ~(ratio < 1)
    return np.asarray(np.where(open_ended, 1.0, np.minimum(1.0, bound)), dtype=np.float64)
