"""Numbers and ranges: what is counted, and which ranges are more than their numbers or their exchange."""

from __future__ import annotations

import numpy as np
import pytest

from quietline.clusters import WIDTHS, by_number, by_range, decayed
from quietline.numbering import service_key

FIRST = 15_550_000_000  # area code 555 was never given to anybody
DAY = np.datetime64("2026-03-01")


def column(numbers, days=None):
    keys = np.array(numbers, dtype=np.uint64)
    return keys, np.full(len(keys), DAY) if days is None else DAY + np.array(days)


def test_a_group_has_its_reports_days_and_weight():
    keys, days = column([FIRST + 1, FIRST + 2, FIRST + 1, 0, FIRST + 1], [4, 0, 1, 2, 4])
    groups = by_number(keys, days, weights=np.array([1.0, 1.0, 0.5, 1.0, 0.25]))
    assert groups.keys.tolist() == [FIRST + 1]
    assert (groups.reports[0], groups.weights[0], groups.active_days[0]) == (3, 1.75, 2)
    assert (groups.first[0], groups.last[0]) == (DAY + 1, DAY + 4)
    assert groups.of.tolist() == [0, -1, 0, -1, 0]


def test_reports_without_a_number_are_in_no_group_and_no_reports_make_none():
    keys, days = column([0, 0, 0])
    assert len(by_number(keys, days)) == 0
    for width in WIDTHS:
        assert len(by_range(keys, width, days)) == 0
    empty = column([])
    assert len(by_number(*empty)) == len(by_range(empty[0], 10, empty[1])) == 0


def test_a_group_needs_weight_where_it_is_asked_for():
    keys, days = column([FIRST, FIRST, FIRST + 1, FIRST + 1])
    groups = by_number(keys, days, weights=np.array([1.0, 1.0, 0.1, 0.1]), least_weight=1.0)
    assert groups.keys.tolist() == [FIRST]


def test_a_day_that_is_not_known_counts_as_a_report_and_not_as_a_day():
    keys = np.array([FIRST, FIRST, FIRST + 1, FIRST + 1], dtype=np.uint64)
    days = np.array(["2026-03-04", "NaT", "NaT", "NaT"], dtype="datetime64[D]")
    groups = by_number(keys, days)
    assert groups.reports.tolist() == [2, 2]
    assert groups.active_days.tolist() == [1, 0]
    assert groups.first[0] == groups.last[0] == days[0]
    assert np.isnat(groups.first[1])
    assert np.isnat(groups.last[1])
    assert by_number(keys[2:], days[2:]).active_days.tolist() == [0]
    assert decayed(days, on=DAY.item(), half_life_days=30).tolist()[1:] == [0, 0, 0]
    assert decayed(days, on=DAY.item(), half_life_days=np.inf).tolist() == [1, 1, 1, 1]


def test_columns_of_different_length_are_refused():
    keys, days = column([FIRST, FIRST])
    with pytest.raises(ValueError, match="same rows"):
        by_number(keys, days[:1])
    with pytest.raises(ValueError, match="same rows"):
        by_range(keys, 10, days, weights=np.ones(3))


def test_only_three_widths_are_ranges():
    keys, days = column([FIRST])
    with pytest.raises(ValueError, match="not 1000"):
        by_range(keys, 1000, days)


def test_a_range_walked_by_one_caller_is_a_cluster():
    walked = FIRST + 500 + np.arange(30)
    scattered = FIRST + np.arange(0, 10_000, 400)
    keys, days = column([*walked, *scattered])
    groups = by_range(keys, 100, days)
    cluster = groups.surprising()
    assert groups.first_keys[cluster].tolist() == [FIRST + 500]
    assert groups.numbers[cluster][0] == 30
    assert groups.share[cluster][0] == pytest.approx(0.3)
    assert groups.expected[cluster][0] < 1
    assert set(groups.of[:30]) == {int(np.flatnonzero(cluster)[0])}


def test_one_number_with_a_thousand_reports_makes_no_range():
    keys, days = column([FIRST + 500] * 1000 + [FIRST + 507, FIRST + 9_000])
    assert len(by_range(keys, 10, days)) == 0
    groups = by_range(keys, 10, days, least_numbers=1)
    assert groups.reports.tolist() == [1001]
    assert groups.largest[0] > 0.99
    alone = by_range(keys[:1000], 10, days[:1000], least_numbers=1)
    assert alone.bound.tolist() == [1.0]


def test_a_range_of_a_busy_exchange_is_no_cluster():
    random = np.random.default_rng(3)
    keys, days = column(FIRST + random.choice(10_000, 4_000, replace=False))
    for width in (10, 100):
        assert not by_range(keys, width, days).surprising().any()


def test_a_busy_exchange_among_unequal_ones_is_no_cluster_and_a_stuffed_one_is():
    random = np.random.default_rng(4)
    used = random.gamma(2.0, 6.0, 60).astype(int) + 1  # exchanges differ far more than chance alone explains
    used[17] = 70  # the busiest by far among ordinary ones
    used[23] = 3_000
    numbers = [
        FIRST + 10_000 * place + random.choice(10_000, count, replace=False) for place, count in enumerate(used.tolist())
    ]
    keys, days = column(np.concatenate(numbers))
    groups = by_range(keys, 10_000, days)
    assert groups.first_keys[groups.surprising()].tolist() == [FIRST + 230_000]


def test_a_lone_exchange_is_compared_with_whatever_there_is_and_not_shown():
    keys, days = column(FIRST + np.arange(5_000))
    groups = by_range(keys, 10_000, days)
    assert groups.bound.tolist() == [1.0]


def test_more_looks_make_a_range_less_surprising():
    walked = FIRST + 500 + np.arange(6)
    near, days = column([*walked, FIRST + 9_000])
    far, more_days = column([*walked, FIRST + 9_000, *(FIRST + 10_000 * np.arange(1, 5_000))])
    few, many = by_range(near, 100, days), by_range(far, 100, more_days)
    assert few.chance[0] == many.chance[0]
    assert many.bound[0] > 1000 * few.bound[0]


def test_service_codes_lie_in_no_range():
    keys, days = column([service_key(86, "95588"), service_key(86, "95589")])
    assert len(by_range(keys, 10, days)) == 0
    assert len(by_number(np.repeat(keys, 2), np.repeat(days, 2))) == 2


def test_evidence_counts_half_after_its_half_life_and_what_is_to_come_counts_fully():
    days = DAY + np.array([0, -30, -60, 5])
    assert decayed(days, on=DAY.item(), half_life_days=30).tolist() == pytest.approx([1, 0.5, 0.25, 1])
    assert decayed(days, on=DAY.item(), half_life_days=np.inf).tolist() == [1, 1, 1, 1]
    with pytest.raises(ValueError, match="longer than nothing"):
        decayed(days, on=DAY.item(), half_life_days=0)
