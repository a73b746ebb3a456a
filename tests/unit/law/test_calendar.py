"""Periods counted back from the day of a call."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from quietline.law.calendar import earliest, months_after, months_before
from twins.law_twin import in_period


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("on", "value", "unit", "bound", "first"),
    [
        ("2026-11-22", 31, "days", "at_most", "2026-10-22"),
        ("2026-11-22", 28, "days", "less_than", "2026-10-26"),
        ("2026-11-22", 0, "days", "at_most", "2026-11-22"),
        ("2026-11-22", 1, "days", "less_than", "2026-11-22"),
        ("2024-03-01", 1, "days", "at_most", "2024-02-29"),
        ("2026-11-22", 18, "months", "at_most", "2025-05-22"),
        ("2026-11-22", 3, "months", "less_than", "2026-08-23"),
        ("2026-05-31", 3, "months", "at_most", "2026-02-28"),
        ("2024-05-31", 3, "months", "at_most", "2024-02-29"),
        ("2026-01-15", 1, "months", "at_most", "2025-12-15"),
        ("2026-11-22", 5, "years", "at_most", "2021-11-22"),
        ("2024-02-29", 1, "years", "at_most", "2023-02-28"),
        ("2024-02-29", 4, "years", "at_most", "2020-02-29"),
    ],
)
def test_the_first_day_within_a_period(on: str, value: int, unit: Any, bound: Any, first: str) -> None:
    assert earliest(day(on), value, unit, bound) == day(first)


@pytest.mark.parametrize(
    ("on", "value", "first"),
    [
        ("2026-11-20", 10, "2026-11-06"),  # a Friday: two weeks back
        ("2026-11-23", 1, "2026-11-20"),  # a Monday: one business day after Friday
        ("2026-11-22", 0, "2026-11-20"),  # a Sunday: no business day since Friday
        ("2026-11-21", 1, "2026-11-19"),
    ],
)
def test_saturdays_and_sundays_are_no_business_days(on: str, value: int, first: str) -> None:
    assert earliest(day(on), value, "business_days", "at_most") == day(first)


def test_less_than_one_business_day_does_not_reach_over_a_weekend_that_ends_it() -> None:
    assert earliest(day("2026-11-23"), 1, "business_days", "less_than") == day("2026-11-23")
    assert earliest(day("2026-11-22"), 1, "business_days", "less_than") == day("2026-11-20")


@pytest.mark.parametrize("unit", ["days", "business_days", "months", "years"])
@pytest.mark.parametrize("bound", ["at_most", "less_than"])
def test_the_first_day_divides_what_lies_within_from_what_does_not_for_each_day_of_two_years(unit: Any, bound: Any) -> None:
    for i in range(0, 730, 3):
        on = date(2023, 2, 1) + timedelta(days=i)
        for value in (0, 1, 2, 3):
            first = earliest(on, value, unit, bound)
            assert first > on or in_period(first, on, value, unit, bound)
            assert not in_period(first - timedelta(days=1), on, value, unit, bound), (on, value)


def test_less_than_nothing_holds_on_no_day() -> None:
    for unit in ("days", "business_days", "months", "years"):
        assert earliest(day("2026-11-22"), 0, unit, "less_than") == day("2026-11-23")  # type: ignore[arg-type]


@pytest.mark.parametrize("unit", ["days", "business_days", "months", "years"])
def test_a_period_longer_than_the_calendar_begins_with_it(unit: Any) -> None:
    assert earliest(date(20, 1, 1), 100_000, unit, "at_most") == date.min


def test_going_back_before_the_year_1_is_refused() -> None:
    with pytest.raises(ValueError, match="year"):
        months_before(date(1, 2, 1), 2)


def test_months_after_is_the_first_day_that_counted_back_is_not_before() -> None:
    start = date(2023, 1, 1)
    for i in range(0, 800, 5):
        from_day = start + timedelta(days=i)
        for months in (1, 3, 18):
            found = months_after(from_day, months)
            assert months_before(found, months) >= from_day
            assert months_before(found - timedelta(days=1), months) < from_day
