"""Dense blocks and sequences, against plain sets and loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quietline.web.washing.probing import (
    BLOCK,
    DENSE_SHARE,
    SLOTS,
    WATCHED,
    Stretch,
    Watch,
    density,
    longest_stretch,
    watch_blocks,
)  # fmt: skip

SECRETS = (0x9E3779B97F4A7C15, 0xD1B54A32D192ED03)
NOTHING = np.zeros(0, WATCHED)


def fresh():
    return Watch(NOTHING, NOTHING)


def keys_of(*numbers):
    return np.unique(np.array(numbers, dtype=np.uint64))


def longest_plain(keys):
    """The longest stretch, by looking at all of them."""
    best = Stretch(1, keys[0], keys[0], 1)
    for start in range(len(keys) - 1):
        step, end = keys[start + 1] - keys[start], start + 1
        while end + 1 < len(keys) and keys[end + 1] - keys[end] == step:
            end += 1
        if step <= 1_000 and end - start + 1 > best.length:
            best = Stretch(end - start + 1, keys[start], keys[end], step)
    return best


@given(st.sets(st.integers(0, 5_000).map(lambda n: n * n % 4_093), min_size=1, max_size=80))
@settings(deadline=None)
def test_the_longest_stretch_is_what_looking_at_all_of_them_finds(numbers):
    assert longest_stretch(keys_of(*numbers)) == longest_plain(sorted(numbers))


def test_numbers_far_apart_are_no_sequence():
    assert longest_stretch(keys_of(*range(0, 100_000, 5_000))).length == 1
    assert longest_stretch(keys_of()).length == 0


@pytest.mark.parametrize("share", [0.05, 0.25, 0.75, 1.0])
@pytest.mark.parametrize("ask", [1, 10, 2_000])
def test_how_much_of_a_block_was_asked_is_known_within_a_fifth_however_it_was_asked(share, ask):
    rng = np.random.default_rng(round(100 * share) + ask)
    wanted = rng.permutation(BLOCK)[: round(share * BLOCK)] + 12_015_550_000
    if ask == 1:
        wanted = wanted[:2_500]  # one by one takes its time
    watch = fresh()
    for start in range(0, len(wanted), ask):
        watch, _ = watch_blocks(watch, keys_of(*wanted[start : start + ask]), SECRETS)
    truth = len(wanted) / BLOCK
    # one number in 32 is looked at: four standard deviations of how many that are
    assert abs(density(watch, 1_201_555) - truth) <= max(0.2 * truth, 4 * np.sqrt(truth * 32 / BLOCK))


def test_a_block_that_is_asked_ten_by_ten_is_told_about_half_way():
    watch = fresh()
    for start in range(0, BLOCK, 10):
        watch, dense = watch_blocks(watch, keys_of(*range(12_015_550_000 + start, 12_015_550_010 + start)), SECRETS)
        if dense.blocks:
            break
    assert 0.4 * BLOCK < start < 0.6 * BLOCK
    assert (dense.blocks, dense.numbers, dense.block) == (1, 10, 1_201_555)
    assert dense.share >= DENSE_SHARE


def test_asking_the_same_again_brings_a_block_no_nearer_to_being_dense():
    rng = np.random.default_rng(3)
    wanted = keys_of(*(rng.permutation(BLOCK)[:3_000] + 12_015_550_000))
    watch, _ = watch_blocks(fresh(), wanted, SECRETS)
    once = density(watch, 1_201_555)
    for _ in range(10):
        watch, dense = watch_blocks(watch, wanted, SECRETS)
        assert not dense.blocks
    assert density(watch, 1_201_555) == once


def test_a_dense_block_that_does_not_grow_is_not_told_again():
    block = np.arange(12_015_550_000, 12_015_557_000, dtype=np.uint64)
    watch, dense = watch_blocks(fresh(), block, SECRETS)
    assert dense.blocks == 1
    watch, dense = watch_blocks(watch, block, SECRETS)
    assert not dense.blocks


def test_lists_of_people_in_a_country_or_a_town_are_not_dense():
    rng = np.random.default_rng(11)
    watch = fresh()
    for _ in range(60):
        country = keys_of(*rng.integers(12_010_000_000, 19_899_999_999, 10_000))
        watch, dense = watch_blocks(watch, country, SECRETS)
        assert not dense.blocks
    # a firm that has a fifth of a town of 40 blocks, washed in calls of a thousand
    town = rng.permutation(40 * BLOCK)[: 8 * BLOCK] + 12_125_550_000
    for start in range(0, len(town), 1_000):
        watch, dense = watch_blocks(watch, keys_of(*town[start : start + 1_000]), SECRETS)
        assert not dense.blocks


def test_who_hides_a_block_among_numbers_of_the_whole_country_is_seen_all_the_same():
    rng = np.random.default_rng(13)
    watch, seen = fresh(), 0
    for start in range(0, BLOCK, 50):
        others = rng.integers(12_010_000_000, 19_899_999_999, 950)
        hidden = range(12_015_550_000 + start, 12_015_550_050 + start)
        watch, dense = watch_blocks(watch, keys_of(*others, *hidden), SECRETS)
        seen = seen or (start if dense.block == 1_201_555 else 0)
    assert 0.4 * BLOCK < seen < 0.7 * BLOCK


def test_a_watch_never_holds_more_blocks_than_it_has_room_for_and_keeps_the_fullest():
    many = np.arange(12_010_000_000, 12_010_000_000 + 400 * BLOCK, 3, dtype=np.uint64)
    full = np.arange(12_125_550_000, 12_125_554_000, dtype=np.uint64)
    watch, _ = watch_blocks(fresh(), full, SECRETS)
    watch, dense = watch_blocks(watch, keys_of(*range(12_125_554_000, 12_125_556_000)), SECRETS)
    assert dense.blocks == 1
    watch, _ = watch_blocks(watch, many, SECRETS)
    assert len(watch.current) == SLOTS
    assert 1_212_555 in watch.current["block"]
    assert (np.diff(watch.current["block"].astype(np.int64)) > 0).all()


def test_a_watch_comes_back_from_the_database_as_it_was():
    watch, _ = watch_blocks(fresh(), np.arange(12_015_550_000, 12_015_553_000, dtype=np.uint64), SECRETS)
    back = Watch.from_bytes(*watch.to_bytes())
    assert (back.current == watch.current).all()
    assert len(back.previous) == 0
    grown, _ = watch_blocks(back, np.arange(12_015_553_000, 12_015_554_000, dtype=np.uint64), SECRETS)
    assert density(grown, 1_201_555) > density(back, 1_201_555)
