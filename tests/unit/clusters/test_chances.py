"""Bounds on chances lie above the truth, and not far above."""

from __future__ import annotations

import math

import numpy as np
import pytest

from quietline.clusters.chances import (
    binomial_tail,
    corrected,
    gamma_poisson_tail,
    hypergeometric_tail,
    log_factorial,
    poisson_tail,
    share_at_least,
    sum_tail,
)


def exact_binomial(k, n, p):
    return sum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k, n + 1))


def exact_hypergeometric(k, drawn, marked, whole):
    least = max(0, drawn + marked - whole)
    ways = math.comb(whole, drawn)
    return sum(
        math.comb(marked, i) * math.comb(whole - marked, drawn - i) / ways
        for i in range(max(k, least), min(drawn, marked) + 1)
    )


@pytest.mark.parametrize(
    ("k", "n", "p"), [(3, 10, 0.1), (10, 10, 0.5), (40, 100, 0.2), (1, 5, 0.01), (6, 5, 0.5), (0, 5, 0.5)]
)
def test_a_binomial_tail_is_bounded_closely(k, n, p):
    truth, bound = exact_binomial(k, n, p), float(binomial_tail(k, n, p))
    assert truth * (1 - 1e-9) <= bound <= min(1.0, 1.3 * truth + 1e-300)


@pytest.mark.parametrize(("k", "drawn", "marked", "whole"), [(5, 10, 20, 1000), (10, 10, 10, 1000), (8, 100, 60, 10_000)])
def test_a_hypergeometric_tail_is_bounded_closely(k, drawn, marked, whole):
    truth, bound = exact_hypergeometric(k, drawn, marked, whole), float(hypergeometric_tail(k, drawn, marked, whole))
    assert truth * (1 - 1e-9) <= bound <= 1.3 * truth


def test_counts_that_cannot_be_have_no_chance_and_those_that_must_be_are_certain():
    assert hypergeometric_tail(11, 10, 50, 100) == 0
    assert hypergeometric_tail(10, 10, 100, 100) == 1
    assert binomial_tail(1, 10, 0.0) == 0
    assert binomial_tail(10, 10, 1.0) == 1
    assert sum_tail(1, 0.0) == 0
    assert poisson_tail(1, 0.0) == 0
    assert poisson_tail(0, 0.0) == 1


def test_a_spread_mean_makes_large_counts_less_surprising():
    plain, spread = float(poisson_tail(40, 10.0)), float(gamma_poisson_tail(40, 10.0, 1.0))
    assert plain < 1e-10
    assert 0.005 < spread < 0.1
    assert float(gamma_poisson_tail(40, 10.0, 0.0)) == plain
    # with a spread of 1 the count is geometric: P(X >= k) = (m / (1 + m)) ** k
    assert spread == pytest.approx((10 / 11) ** 40, rel=1e-6)


def test_factorials_agree_with_the_gamma_function_to_the_last_digits():
    counts = np.array([0, 1, 2, 10, 255, 256, 257, 1000, 600_000_000])
    truth = [math.lgamma(n + 1) for n in counts.tolist()]
    assert np.allclose(log_factorial(counts), truth, rtol=1e-14, atol=1e-12)


def test_looking_more_often_is_paid_for():
    assert corrected(0.001, 5) == pytest.approx(0.005)
    assert corrected(0.5, 5) == 1


@pytest.mark.parametrize(("yes", "of"), [(1, 1), (5, 10), (100, 100), (3, 1000)])
def test_a_lower_bound_on_a_share_is_wrong_as_seldom_as_was_allowed(yes, of):
    low = share_at_least(yes, of)
    assert 0 < low < yes / of
    assert exact_binomial(yes, of, low) == pytest.approx(0.05, rel=1e-6)


def test_nothing_seen_bounds_nothing():
    assert share_at_least(0, 0) == share_at_least(0, 10) == 0
