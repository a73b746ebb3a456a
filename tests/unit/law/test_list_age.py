"""How long a list may be relied on: the arithmetic. What each country says is in tests/law."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quietline import law
from quietline.law import list_age, rulebook

if TYPE_CHECKING:
    from collections.abc import Iterator

GOOD = Path(__file__).parent / "good"


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A country whose rule was repealed, came back, and was loosened: see good/zz."""
    monkeypatch.setattr(rulebook, "_RULEBOOKS", GOOD)
    yield
    rulebook._load_own.cache_clear()


def months_before(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


@given(washed_on=st.dates(date(2003, 10, 1), date(2004, 9, 15)))
def test_three_months_are_counted_back_from_the_call(washed_on: date) -> None:
    until = law.reliance("US", washed_on).until
    assert months_before(until, 3) <= washed_on
    assert months_before(until + timedelta(days=1), 3) > washed_on


@pytest.mark.parametrize(
    ("washed_on", "until"),
    [
        ("2009-12-01", "2009-12-31"),  # 31 days, but repealed on 1 January 2010
        ("2009-11-15", "2009-12-16"),
        ("2015-01-05", "2015-01-15"),  # ten days are over before it becomes 40
        ("2015-01-22", "2015-03-03"),  # the tenth day is the first on which 40 count
        ("2015-01-21", "2015-01-31"),
        ("2015-01-25", "2015-03-06"),
    ],
)
@pytest.mark.usefixtures("made_up")
def test_the_law_of_the_day_of_the_call_decides(washed_on: str, until: str) -> None:
    assert law.reliance("zz", date.fromisoformat(washed_on)).until == date.fromisoformat(until)


@pytest.mark.usefixtures("made_up")
def test_less_than_a_month_ends_a_day_earlier(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_age, "LIST_AGE_MAX", "stop_request_max")
    found = law.reliance("zz", date(2020, 3, 15))
    assert found.until == date(2020, 4, 14)
    assert found.days is None


def test_the_rule_that_ends_it_is_named() -> None:
    found = law.reliance("US", date(2004, 12, 15))
    assert (found.until, found.value, found.unit, found.days) == (date(2005, 1, 15), 31, "days", 31)
    assert "69 Federal Register 16368" in found.citation
    assert found.confidence == "seen_official"
    assert found.instrument.startswith("Telemarketing Sales Rule")


def test_the_end_of_the_calendar_is_no_accident() -> None:
    assert law.reliance("US", date.max).until == date.max
