"""Marks: whatever a leak holds, the bound on innocents is above the truth, and nothing but the marks decides."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from quietline.marks import OnFile, Reach, trace, ways

_bias = st.floats(min_value=0.02, max_value=0.98)


@st.composite
def leaks(draw, most=9):
    count = draw(st.integers(min_value=1, max_value=most))
    bias = np.array(draw(st.lists(_bias, min_size=count, max_size=count)))
    seen = np.array(draw(st.lists(st.booleans(), min_size=count, max_size=count)))
    groups = np.array(draw(st.lists(st.integers(min_value=0, max_value=2), min_size=count, max_size=count)))
    return bias, seen, groups


@given(leaks(), st.integers(min_value=1, max_value=4), st.floats(min_value=0.001, max_value=0.999))
def test_the_chance_of_naming_an_innocent_is_at_most_what_was_allowed(leak, coalition, error):
    """Every code that there can be, one on file at a time, weighed with its exact chance."""
    bias, seen, groups = leak
    count = len(bias)
    codes = ((np.arange(2**count)[:, None] >> np.arange(count)) & 1).astype(bool)
    chances = np.where(codes, bias, 1 - bias).prod(axis=1)
    reach = Reach(np.arange(count))
    lists = [OnFile(str(i), str(i), reach, code) for i, code in enumerate(codes)]
    traced = trace(seen, bias, lists, groups=groups, error=0.5, coalition=coalition, most=len(lists))
    alone = np.empty(len(codes))
    for one in traced.ranked:
        alone[int(one.name)] = one.bound / len(codes) if one.bound < 1 else 1.0
    named = alone < error / len(codes)  # as it would be with one list on file, and an error that much smaller
    assert chances[named].sum() <= error / len(codes) * (1 + 1e-9)


@given(leaks(most=40), st.integers(min_value=1, max_value=12), st.randoms(use_true_random=False))
def test_neither_the_order_of_lists_nor_that_of_positions_counts(leak, count, random):
    bias, seen, groups = leak
    codes = [np.array([random.random() < p for p in bias]) for _ in range(count)]
    order = np.array(random.sample(range(len(bias)), len(bias)))
    straight = Reach(np.arange(len(bias)))
    lists = [OnFile(str(i), str(i), straight, code) for i, code in enumerate(codes)]
    shuffled = Reach(np.argsort(order))
    turned = [OnFile(one.name, one.owner, shuffled, one.code[order]) for one in random.sample(lists, len(lists))]
    one = trace(seen, bias, lists, groups=groups)
    other = trace(seen[order], bias[order], turned, groups=groups[order])
    bounds = {row.name: row.bound for row in one.ranked}
    assert all(np.isclose(row.bound, bounds[row.name], rtol=1e-6) for row in other.ranked)


@given(leaks(most=40), st.integers(min_value=1, max_value=6), st.randoms(use_true_random=False))
def test_bounds_are_chances_and_the_named_come_first(leak, count, random):
    bias, seen, groups = leak
    reach = Reach(np.arange(len(bias)))
    lists = [OnFile(str(i), str(i % 3), reach, np.array([random.random() < p for p in bias])) for i in range(count)]
    traced = trace(seen, bias, lists, groups=groups)
    assert [row.bound for row in traced.ranked] == sorted(row.bound for row in traced.ranked)
    assert all(0 <= row.bound <= 1 and row.named == (row.bound < traced.error) for row in traced.ranked)
    assert {row.way for row in traced.ranked} <= set(ways())
    assert traced.seen == seen.sum()
