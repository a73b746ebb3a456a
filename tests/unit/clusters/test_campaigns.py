"""Campaigns: what is joined, for which reason, and what stays apart."""

from __future__ import annotations

import numpy as np
import pytest

from quietline.clusters import (
    Kind,
    Links,
    Shared,
    by_name,
    by_number,
    by_range,
    by_wording,
    campaigns,
    shared_names,
    shared_numbers,
    shared_ranges,
    shared_wordings,
)


def pairs(kind, *rows):
    left, right, strength = (np.array(column) for column in zip(*rows, strict=True))
    return Links(kind, left.astype(np.int64), right.astype(np.int64), strength.astype(np.float64))


def groups(kind, of, strength=1.0):
    of = np.array(of, dtype=np.int64)
    return Shared(kind, of, np.where(of >= 0, strength, 0.0))


def test_strong_links_join_on_and_every_join_has_its_reason():
    found = campaigns(4, links=[pairs(Kind.WORDING, (0, 1, 0.9), (1, 2, 0.8))])
    assert found.of.tolist() == [0, 0, 0, 1]
    assert found.sizes.tolist() == [3, 1]
    assert [(one.left, one.right, one.kinds, one.strength) for one in found.why(0)] == [
        (0, 1, (Kind.WORDING,), pytest.approx(0.9)),
        (1, 2, (Kind.WORDING,), pytest.approx(0.8)),
    ]
    assert found.why(1) == ()


@pytest.mark.parametrize("length", [3, 10, 100])
def test_a_chain_of_weak_links_does_not_glue_everything_together(length):
    chain = pairs(Kind.WORDING, *[(i, i + 1, 0.7) for i in range(length - 1)])
    found = campaigns(length, links=[chain])
    assert found.sizes.max() <= 3  # one that receives, with one on either side
    assert len(found) >= length / 3
    assert len(found.apart) > 0 or length == 3


def test_a_weak_link_attaches_and_says_so():
    found = campaigns(3, links=[pairs(Kind.WORDING, (0, 1, 0.9), (1, 2, 0.65))])
    assert found.of.tolist() == [0, 0, 0]
    assert [one.attached for one in found.reasons] == [False, True]


def test_a_weak_link_of_a_few_does_not_move_many():
    numbers = groups(Kind.NUMBER, [0] * 10 + [1] * 8)
    found = campaigns(18, [numbers], [pairs(Kind.WORDING, (0, 10, 0.7))])
    assert found.sizes.tolist() == [10, 8]
    assert [(one.left, one.right) for one in found.apart] == [(0, 10)]
    every = pairs(Kind.WORDING, *[(0, 10 + i, 0.7) for i in range(8)])
    assert campaigns(18, [numbers], [every]).sizes.tolist() == [18]


def test_two_things_in_common_weigh_more_than_one():
    name = groups(Kind.PRODUCT, [0, 0, 0, -1])
    time = pairs(Kind.TIME, (0, 1, 0.7), (2, 3, 0.7))
    found = campaigns(4, [name], [time])
    assert found.of.tolist() == [0, 0, 1, 2]
    assert set(found.why(0)[0].kinds) == {Kind.TIME, Kind.PRODUCT}
    assert found.why(0)[0].strength == pytest.approx(1 - (1 - 0.7 * 0.8) * (1 - 0.5))


def test_the_same_product_alone_joins_nobody():
    assert len(campaigns(5, [groups(Kind.PRODUCT, [0] * 5)])) == 5


def test_two_kinds_of_groups_join_those_who_are_in_both():
    name = groups(Kind.PRODUCT, [0, 0, 0, 1])
    wide = groups(Kind.RANGE_10000, [7, 7, 8, 7])
    found = campaigns(4, [name, wide])
    assert found.of.tolist() == [0, 0, 1, 2]
    assert set(found.why(0)[0].kinds) == {Kind.PRODUCT, Kind.RANGE_10000}


def test_a_range_within_a_range_counts_once():
    narrow, wide = groups(Kind.RANGE_10, [0, 0], 0.7), groups(Kind.RANGE_10000, [0, 0], 1.0)
    assert len(campaigns(2, [narrow, wide])) == 2  # 0.56 and 0.5, together not 0.78


def test_kinds_that_are_not_trusted_do_nothing():
    assert len(campaigns(2, links=[pairs(Kind.TIME, (0, 1, 1.0))], trust={})) == 2


def test_an_item_has_nothing_in_common_with_itself():
    assert campaigns(1, links=[pairs(Kind.TIME, (0, 0, 1.0))]).reasons == ()


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="comes once"):
        campaigns(1, [groups(Kind.NUMBER, [0]), groups(Kind.NUMBER, [0])])
    with pytest.raises(ValueError, match="not above"):
        campaigns(1, weak=0.9, strong=0.5)
    with pytest.raises(ValueError, match="all items"):
        campaigns(2, [groups(Kind.NUMBER, [0])])


def test_nothing_makes_no_campaign():
    found = campaigns(0)
    assert (len(found), found.reasons, found.apart) == (0, (), ())


def test_one_caller_behind_rotating_numbers_is_one_campaign_and_the_neighbours_are_not():
    text = (
        "Hello this is {} from the vehicle service department, the warranty of your car is about to expire and this is the "
        "last courtesy call before we close your file, press one to speak with a specialist now"
    )
    walked = [15_550_000_500 + i for i in range(12)]
    keys = np.array([*walked, 15_550_004_000, 15_550_004_000, 15_550_009_000], dtype=np.uint64)
    texts = [
        text.format(name) for name in ("Ann", "Bob", "Cy", "Dee", "Eve", "Flo", "Gus", "Hal", "Ivy", "Jo", "Kay", "Lou")
    ]
    texts += ["silent call, nobody spoke at all and then they hung up on me again"] * 2 + ["they wanted to sell me solar"]
    days = np.full(len(keys), np.datetime64("2026-03-01"))
    found = campaigns(
        len(keys),
        [
            shared_numbers(by_number(keys, days)),
            shared_ranges(by_range(keys, 100, days)),
            shared_names(by_name(["Car warranty"] * 12 + ["", "", "Solar"])),
            shared_wordings(by_wording(texts)),
        ],
    )
    assert found.of.tolist() == [0] * 12 + [1, 1, 2]
    assert all(Kind.WORDING in one.kinds or Kind.RANGE_100 in one.kinds for one in found.why(0))
