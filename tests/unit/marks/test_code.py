"""The code: stable, secret, independent between organisations, and with the biases that it says."""

from __future__ import annotations

import numpy as np
import pytest

from quietline.marks import LEAST_BIAS, MOST_BIAS, biases, codeword

SECRET = bytes(range(32))
COUNT = 20_000


@pytest.fixture(scope="module")
def bias():
    return biases(SECRET, "batch-1", COUNT)


def test_the_code_of_an_organisation_is_always_the_same(bias):
    assert np.array_equal(bias, biases(SECRET, "batch-1", COUNT))
    assert np.array_equal(codeword(SECRET, "batch-1", "A", bias), codeword(SECRET, "batch-1", "A", bias))


def test_the_first_positions_do_not_depend_on_how_many_follow(bias):
    assert np.array_equal(bias[:100], biases(SECRET, "batch-1", 100))
    assert np.array_equal(codeword(SECRET, "batch-1", "A", bias)[:100], codeword(SECRET, "batch-1", "A", bias[:100]))


@pytest.mark.parametrize(
    ("secret", "batch", "owner"), [(bytes(32), "batch-1", "A"), (SECRET, "batch-2", "A"), (SECRET, "batch-1", "B")]
)
def test_another_secret_batch_or_organisation_gives_an_independent_code(bias, secret, batch, owner):
    ours, other = codeword(SECRET, "batch-1", "A", bias), codeword(secret, batch, owner, bias)
    noise = (ours - bias) * (other - bias)
    # a sum of independent terms of mean 0: within 5 standard deviations of it
    assert abs(noise.sum()) < 5 * np.sqrt((noise**2).sum())


def test_names_that_run_together_are_told_apart(bias):
    assert not np.array_equal(codeword(SECRET, "ab", "c", bias), codeword(SECRET, "a", "bc", bias))


def test_biases_follow_the_cut_off_arcsine_distribution(bias):
    assert LEAST_BIAS <= bias.min() < LEAST_BIAS + 0.001
    assert MOST_BIAS - 0.001 < bias.max() <= MOST_BIAS
    low, high = np.arcsin(np.sqrt([LEAST_BIAS, MOST_BIAS]))
    ranks = (np.arcsin(np.sqrt(np.sort(bias))) - low) / (high - low)
    gap = np.abs(ranks - (np.arange(COUNT) + 0.5) / COUNT).max()
    assert gap < 1.95 / np.sqrt(COUNT)  # Kolmogorov and Smirnov's test at one in a thousand


def test_a_canary_is_held_as_often_as_its_bias_says(bias):
    few = bias[:200]
    held = np.array([codeword(SECRET, "batch-1", f"organisation {i}", few) for i in range(2000)])
    deviation = (held.mean(axis=0) - few) / np.sqrt(few * (1 - few) / 2000)
    assert np.abs(deviation).max() < 4.5


@pytest.mark.parametrize("arguments", [(bytes(31), "batch", "owner"), (SECRET, "", "owner"), (SECRET, "batch", "")])
def test_a_code_without_secret_or_name_is_refused(arguments, bias):
    with pytest.raises(ValueError, match="secret|names"):
        codeword(*arguments, bias)
