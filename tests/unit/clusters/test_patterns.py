"""Patterns across numbers that change: found where they were planted, and not where chance alone was at work."""

from __future__ import annotations

import numpy as np
import pytest

from quietline.clusters import (
    Kind,
    blocks_walked,
    in_sequence,
    in_turn,
    same_callees,
    same_hours,
    same_moments,
)

START = np.datetime64("2026-03-02T00:00:00")  # a Monday
CALLERS = 12_125_550_100 + np.arange(100)
CALLED = 15_550_000_000


def times(seconds):
    return START + np.asarray(seconds, dtype=np.int64).astype("timedelta64[s]")


def by_day(random, count, days=10):
    """Calls of unrelated callers: any day, office hours, minutes that people round."""
    minutes = np.where(random.random(count) < 0.4, random.integers(0, 12, count) * 5, random.integers(0, 60, count))
    return random.integers(0, days, count) * 86_400 + random.integers(9, 17, count) * 3_600 + minutes * 60


def unrelated(seed=1, callers=40, each=30):
    random = np.random.default_rng(seed)
    keys = np.repeat(CALLERS[:callers], each).astype(np.uint64)
    return keys, times(by_day(random, len(keys))), random


@pytest.mark.parametrize("seed", range(5))
def test_callers_that_only_share_office_hours_and_round_minutes_are_not_in_step(seed):
    keys, at, _ = unrelated(seed)
    assert not (same_moments(keys, at).bound < 0.01).any()
    assert not (same_hours(keys, at).bound < 0.01).any()


def test_two_numbers_of_one_dialler_are_in_step():
    keys, at, random = unrelated()
    seconds = by_day(random, 40) // 3_600 * 3_600 + random.integers(0, 3_600, 40)
    keys = np.concatenate((keys, np.full(40, CALLERS[98]), np.full(40, CALLERS[99]))).astype(np.uint64)
    at = np.concatenate((at, times(seconds), times(seconds // 60 * 60 + random.integers(0, 60, 40))))
    found = same_moments(keys, at)
    assert (found.left[0], found.right[0]) == (CALLERS[98], CALLERS[99])
    assert found.bound[0] < 1e-6
    assert found.count[0] > 30
    assert found.expected[0] < 5
    assert not (found.bound[1:] < 0.01).any()


def test_numbers_at_work_at_night_are_alike_and_those_by_day_are_not():
    keys, at, random = unrelated()
    nights = random.integers(0, 10, 60) * 86_400 + random.integers(2, 5, 60) * 3_600
    keys = np.concatenate((keys, np.repeat(CALLERS[98:100], 30))).astype(np.uint64)
    found = same_hours(keys, np.concatenate((at, times(nights))), least=10)
    under = found.bound < 0.01
    assert [(int(a), int(b)) for a, b in zip(found.left[under], found.right[under], strict=True)] == [
        (CALLERS[98], CALLERS[99])
    ]


def test_links_join_items_that_have_the_numbers():
    keys, at, random = unrelated()
    nights = random.integers(0, 10, 60) * 86_400 + random.integers(2, 5, 60) * 3_600
    keys = np.concatenate((keys, np.repeat(CALLERS[98:100], 30))).astype(np.uint64)
    found = same_hours(keys, np.concatenate((at, times(nights))), least=10)
    links = found.links(Kind.TIME, np.array([CALLERS[99], CALLERS[5], CALLERS[98]], dtype=np.uint64))
    assert sorted((links.left[0], links.right[0])) == [0, 2]
    assert links.strength[0] > 0.99
    assert len(found.links(Kind.TIME, np.array([CALLERS[5]], dtype=np.uint64)).left) == 0
    assert len(found.links(Kind.TIME, np.array([], dtype=np.uint64)).left) == 0


def test_numbers_used_one_after_the_other_are_in_turn_and_numbers_used_all_along_are_not():
    random = np.random.default_rng(1)
    turn = np.repeat(CALLERS[:6], 10).astype(np.uint64)
    mixed = random.permutation(turn)
    at = times(np.sort(random.integers(0, 30 * 86_400, 60)))
    turns = in_turn(np.concatenate((turn, mixed)), np.concatenate((at, at)), np.repeat([0, 1], 60))
    assert turns.groups.tolist() == [0, 1]
    assert turns.switches[0] == 5
    assert turns.bound[0] < 0.01
    assert turns.bound[1] > 0.05
    assert turns.order[0] == 1
    assert turns.order[1] < 0.3


def test_chances_of_random_orders_are_what_they_say():
    chances = []
    for seed in range(100):
        random = np.random.default_rng(seed)
        keys = random.permutation(np.repeat(CALLERS[:6], 10)).astype(np.uint64)
        at = times(np.sort(random.integers(0, 30 * 86_400, 60)))
        chances.append(in_turn(keys, at, np.zeros(60, dtype=np.int64), rounds=199).chance[0])
    assert 0.03 <= np.mean(np.array(chances) <= 0.1) <= 0.2
    assert np.mean(np.array(chances) <= 0.01) <= 0.06


def test_equal_moments_show_no_turns():
    keys = np.repeat(CALLERS[:5], 10).astype(np.uint64)
    turns = in_turn(keys, np.full(50, START), np.zeros(50, dtype=np.int64))
    assert turns.bound[0] > 0.01


def test_a_single_number_is_never_in_turn():
    turns = in_turn(np.full(9, CALLERS[0], dtype=np.uint64), times(np.arange(9)), np.zeros(9, dtype=np.int64))
    assert turns.bound.tolist() == [1.0]
    assert turns.order.tolist() == [0.0]


def test_numbers_called_in_their_order_are_a_sequence_and_shuffled_ones_are_not():
    random = np.random.default_rng(3)
    walked = CALLED + np.sort(random.choice(200, 40, replace=False))
    called = np.concatenate((walked, random.permutation(walked))).astype(np.uint64)
    at = times(np.tile(np.arange(40) * 30, 2))
    found = in_sequence(called, at, np.repeat([4, 9], 40), reach=20)
    assert found.groups.tolist() == [4, 9]
    assert found.steps[0] == 39
    assert found.longest[0] == 40
    assert found.bound[0] < 0.01 < found.bound[1]
    assert found.expected[0] == pytest.approx(found.expected[1])


def test_a_block_walked_through_is_found_and_a_town_that_all_call_is_not():
    random = np.random.default_rng(4)
    town = CALLED + random.integers(0, 1_000, 400)
    elsewhere = CALLED + 10_000 * random.integers(1, 5_000, 400)
    walk = CALLED + 7_000_000 + np.arange(40)
    called = np.concatenate((town, elsewhere, walk)).astype(np.uint64)
    of = np.concatenate((random.integers(0, 20, 800), np.full(40, 3)))
    found = blocks_walked(called, of)
    assert (found.groups.tolist(), found.blocks.tolist()) == ([3], [CALLED + 7_000_000])
    assert found.numbers[0] == 40
    assert found.share[0] == pytest.approx(0.04)


def test_callers_that_share_one_walk_are_one():
    random = np.random.default_rng(5)
    keys, at, _ = unrelated(each=20)
    called = CALLED + random.integers(0, 9_000_000, len(keys))
    walk = CALLED + 9_500_000 + 3 * np.arange(60)
    turn = CALLERS[95:98][np.arange(60) % 3]
    callers = np.concatenate((keys, turn)).astype(np.uint64)
    found = same_callees(
        callers, np.concatenate((called, walk)).astype(np.uint64), np.concatenate((at, times(np.arange(60) * 60)))
    )
    under = found.bound < 0.01
    pairs = {(int(a), int(b)) for a, b in zip(found.left[under], found.right[under], strict=True)}
    assert pairs == {(CALLERS[95], CALLERS[96]), (CALLERS[95], CALLERS[97]), (CALLERS[96], CALLERS[97])}


def test_the_same_walk_a_month_later_is_another():
    walk = (CALLED + 3 * np.arange(60)).astype(np.uint64)
    callers = np.repeat(CALLERS[:2], 30).astype(np.uint64)[np.argsort(np.tile(np.arange(30), 2), kind="stable")]
    later = np.where(callers == CALLERS[1], 30 * 86_400, 0) + np.arange(60)
    assert len(same_callees(callers, walk, times(later))) == 0


def test_rows_without_number_or_time_are_left_out_and_nothing_makes_nothing():
    none = np.array([], dtype=np.uint64)
    no_time = np.array([], dtype="datetime64[s]")
    assert len(same_moments(none, no_time)) == len(same_hours(none, no_time)) == 0
    assert len(same_callees(none, none, no_time)) == 0
    assert len(blocks_walked(none, np.array([], dtype=np.int64)).groups) == 0
    assert len(in_turn(none, no_time, np.array([], dtype=np.int64)).groups) == 0
    assert len(in_sequence(none, no_time, np.array([], dtype=np.int64)).groups) == 0
    blank = np.zeros(4, dtype=np.uint64)
    assert len(same_moments(blank, np.full(4, np.datetime64("NaT", "s")))) == 0
    with pytest.raises(ValueError, match="same rows"):
        same_moments(blank, no_time)
    with pytest.raises(ValueError, match="fraction"):
        same_moments(blank, np.full(4, START), within_seconds=7)
