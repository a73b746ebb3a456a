"""Counting distinct numbers by a sketch, against a plain set."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from quietline.web.washing import sketches

SECRETS = (0x9E3779B97F4A7C15, 0xD1B54A32D192ED03)
KEYS = arrays.arrays(np.uint64, st.integers(0, 400), elements=st.integers(12_015_550_000, 12_015_559_999))


def sketch_of(*pieces, secrets=SECRETS):
    sketch = sketches.empty()
    for piece in pieces:
        sketch = sketches.add(sketch, np.asarray(piece, dtype=np.uint64), secrets)
    return sketch


@given(st.lists(KEYS, max_size=5))
@settings(deadline=None)
def test_it_counts_what_a_set_would_hold_whatever_the_order_and_the_repeats(pieces):
    held = set(np.concatenate([*pieces, np.zeros(0, np.uint64)]).tolist())
    there, back = sketch_of(*pieces), sketch_of(*pieces[::-1], *pieces)
    assert (there == back).all()
    # few numbers meet in few counters, so the count is all but exact
    assert abs(sketches.estimate(there) - len(held)) <= max(2, 0.03 * len(held))


@given(KEYS)
@settings(deadline=None)
def test_distinct_keys_are_those_of_a_set_in_order(keys):
    found = sketches.distinct(keys)
    assert found.tolist() == sorted(set(keys.tolist()))
    assert sketches.distinct(found).tolist() == found.tolist()


@pytest.mark.parametrize("count", [0, 1, 10, 3_000, 100_000, 2_000_000])
def test_it_is_within_four_standard_errors_of_the_truth(count):
    keys = np.arange(count, dtype=np.uint64) * np.uint64(7) + np.uint64(12_000_000_000)
    found = sketches.estimate(sketch_of(keys))
    assert abs(found - count) <= 4 * sketches.STANDARD_ERROR * count


def test_it_is_not_partial_over_many_secrets():
    keys = np.arange(30_000, dtype=np.uint64) + np.uint64(447_700_000_000)
    rng = np.random.default_rng(5)
    secrets = rng.integers(1, 1 << 63, (60, 2)).tolist()
    errors = [sketches.estimate(sketch_of(keys, secrets=two)) / len(keys) - 1 for two in secrets]
    assert abs(np.mean(errors)) < 4 * sketches.STANDARD_ERROR / np.sqrt(60)
    assert 0.7 < np.std(errors) / sketches.STANDARD_ERROR < 1.3


def test_who_does_not_know_the_secrets_cannot_tell_which_numbers_leave_it_as_it_is():
    """Numbers picked because they do not count under one pair of secrets count under another."""
    rng = np.random.default_rng(7)
    base = rng.integers(12_000_000_000, 13_000_000_000, 50_000).astype(np.uint64)
    known, other = sketch_of(base), (3, 5)
    candidates = rng.integers(12_000_000_000, 13_000_000_000, 200_000).astype(np.uint64)
    silent = [
        key for key in candidates.tolist() if (sketches.add(known, np.array([key], np.uint64), SECRETS) == known).all()
    ][:20_000]
    assert sketches.estimate(sketch_of(base, silent)) == sketches.estimate(known)
    fair = sketch_of(base, silent, secrets=other)
    assert abs(sketches.estimate(fair) / len(set(base.tolist()) | set(silent)) - 1) < 4 * sketches.STANDARD_ERROR


def test_a_list_is_left_as_it_was():
    before = sketches.empty()
    after = sketches.add(before, np.array([12_015_550_100], np.uint64), SECRETS)
    assert not before.any()
    assert after.any()
