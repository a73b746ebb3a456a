"""Figures from counts: against the sources that print them, and against plain models."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quietline.web.statistics.figures import change, hours_at, per, quarters_between, share, shares
from quietline.web.statistics.open_quality import public_counts
from quietline.web.statistics.protection import protected_row


def test_the_quarter_of_the_reporting_centre():
    assert change(38_541, 28_465) == Decimal("35.4")


def test_the_share_of_resellers_in_numbers_that_were_shut():
    assert share(60_202, 85_189 + 60_202) == Decimal("41.4")
    assert shares({"operator": 85_189, "reseller": 60_202}) == {"operator": Decimal("58.6"), "reseller": Decimal("41.4")}


def test_what_cannot_be_said_is_none_and_not_zero():
    assert change(5, 0) is None
    assert share(0, 0) is None
    assert per(7, None, 100) is None
    assert hours_at([], 50) is None


def test_rates_are_rounded_half_up():
    assert per(45, 1_000, 10) == Decimal("0.5")
    assert per(1, 8, 1, places=2) == Decimal("0.13")


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=60), st.integers(1, 100))
def test_a_percentile_is_a_time_that_occurred_and_so_many_are_not_above_it(seconds, hundredths):
    found = hours_at([timedelta(seconds=3_600 * value) for value in seconds], hundredths)
    assert found is not None
    assert int(found) in seconds
    assert sum(value <= found for value in seconds) * 100 >= hundredths * len(seconds)


def test_quarters_follow_one_another_over_the_year():
    assert quarters_between((2025, 3), (2026, 2)) == [(2025, 3), (2025, 4), (2026, 1), (2026, 2)]
    assert quarters_between((2026, 2), (2026, 1)) == []


def worked_out(counts, shown):
    """Tell which cells a reader can work out who knows the sum, and that a cell left out is at least 1."""
    missing = [place for place, cell in enumerate(shown) if cell is None]
    together = sum(counts) - sum(cell for cell in shown if cell is not None)
    if len(missing) == 1:
        return missing
    return missing if missing and together == len(missing) else []


@given(st.lists(st.integers(0, 30), min_size=2, max_size=8))
def test_no_small_cell_is_published_and_none_that_is_left_out_can_be_worked_out(counts):
    found = protected_row(counts)
    assert all(cell is None or cell == count for cell, count in zip(found, counts, strict=True))
    assert not any(cell is not None and 0 < cell < 5 for cell in found)
    if sum(counts) >= 5:  # below, the sum is not published either
        assert not worked_out(counts, found)


@given(st.lists(st.integers(0, 30), min_size=3, max_size=8), st.integers(0, 2))
def test_a_cell_that_has_to_be_hidden_is_and_does_not_stand_alone(counts, place):
    found = protected_row(counts, hidden=[place])
    assert found[place] is None
    assert found.count(None) > 1


@given(st.integers(0, 60), st.integers(0, 12), st.integers(0, 12))
def test_nothing_small_follows_from_the_report_on_the_quality_of_open_data(withheld, without, unreadable):
    names = ("with_number_withheld", "without_number", "unreadable_number")
    counts = dict(zip(names, (withheld, without, unreadable), strict=True))
    found = public_counts(Counter(counts) + Counter(rows=withheld + without + unreadable))
    assert all(found[name] == counts[name] for name in found.keys() & counts.keys())
    assert not any(0 < found[name] < 5 for name in found)
    missing = [counts[name] for name in names if name not in found and counts[name]]
    assert sum(missing) >= 5 or not missing or sum(counts.values()) < 5
    both = without + unreadable  # the book has it, where it is not small
    if both >= 5:
        assert not (0 < without < 5 and "unreadable_number" in found)
        assert not (0 < unreadable < 5 and "without_number" in found)


def test_a_row_without_small_cells_stays_as_it_is():
    assert protected_row([5, 0, 9]) == [5, 0, 9]
    assert protected_row([3, 20, 30]) == [None, None, 30]
    assert protected_row([1, 1, 20, 30]) == [None, None, None, 30]


def test_official_counts_say_where_from_of_which_day_and_how_well_they_are_known():
    from quietline.web.statistics import bases

    tables = [table for country in ("US", "GB") for kind in bases._tables(country).values() for table in kind]
    assert len(tables) == 5
    for table in tables:
        assert table.source
        assert table.from_date <= table.counted_date <= table.until_date
        assert table.confidence in bases.CONFIDENCES
        if table.all is not None and table.regions:
            assert sum(table.regions.values()) == table.all, table.source
    with pytest.raises(ValueError, match="confidence must be one of"):
        replace(tables[0], confidence="sure")
