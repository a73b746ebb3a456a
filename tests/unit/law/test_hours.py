"""Calling hours: first and last moments, days of the week, public holidays, and when hours begin next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from quietline.law.hours import openings, read_hours, read_span
from unit.law.small_law import node

if TYPE_CHECKING:
    from quietline.law.hours import Hours

NEW_YORK = ZoneInfo("America/New_York")
WEEK = {"mon-fri": "09:00-21:30", "sat": "10:00-18:00", "sun": "closed"}


def hours(value: dict[str, Any] | None = None) -> Hours:
    return read_hours(node(value or WEEK))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def allowed(given: Hours, moment: str, bound: Any = "at_most", *, public_holiday: bool | None = False) -> bool | None:
    return given.allow(at(moment), bound, public_holiday=public_holiday)


# 2026-11-16 is a Monday
@pytest.mark.parametrize(
    ("moment", "at_most", "less_than"),
    [
        ("2026-11-16T08:59:59.999999", False, False),
        ("2026-11-16T09:00:00", True, True),
        ("2026-11-16T21:29:59.999999", True, True),
        ("2026-11-16T21:30:00", True, False),
        ("2026-11-16T21:30:00.000001", False, False),
        ("2026-11-16T00:00:00", False, False),
    ],
)
def test_the_first_moment_is_within_and_the_last_is_where_the_bound_says_so(
    moment: str, at_most: bool, less_than: bool
) -> None:
    assert allowed(hours(), moment) is at_most
    assert allowed(hours(), moment, "less_than") is less_than


def test_each_day_of_the_week_has_its_own_hours() -> None:
    days = [f"2026-11-{day}" for day in range(16, 23)]
    assert [allowed(hours(), f"{day}T20:00") for day in days] == [True] * 5 + [False, False]
    assert [allowed(hours(), f"{day}T12:00") for day in days] == [True] * 6 + [False]
    single = hours({day: f"1{i}:00-20:00" for i, day in enumerate(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))})
    assert [allowed(single, f"{day}T13:30") for day in days] == [True] * 4 + [False] * 3


@pytest.mark.parametrize("bound", ["at_most", "less_than"])
def test_hours_until_24_last_to_the_days_last_moment(bound: str) -> None:
    late = hours({"every_day": "20:00-24:00"})
    assert allowed(late, "2026-11-16T23:59:59.999999", bound) is True
    assert allowed(late, "2026-11-17T00:00:00", bound) is False


def test_hours_round_the_clock_leave_no_moment_out() -> None:
    always = hours({"every_day": "00:00-24:00"})
    assert allowed(always, "2026-11-16T00:00:00", "less_than") is True
    assert allowed(always, "2026-11-16T23:59:59.999999", "less_than") is True


def test_a_public_holiday_does_not_matter_where_the_law_does_not_name_it() -> None:
    for holiday in (True, False, None):
        assert allowed(hours(), "2026-11-16T12:00", public_holiday=holiday) is True
        assert allowed(hours(), "2026-11-22T12:00", public_holiday=holiday) is False


@pytest.mark.parametrize(
    ("moment", "usual", "on_holiday", "unknown"),
    [
        ("2026-11-16T12:00", True, True, True),
        ("2026-11-16T20:00", True, False, None),
        ("2026-11-16T08:30", False, True, None),
        ("2026-11-16T23:00", False, False, False),
        ("2026-11-22T12:00", False, True, None),
    ],
)
def test_on_a_public_holiday_its_own_hours_count_and_an_unknown_one_leaves_open_what_differs(
    moment: str, usual: bool, on_holiday: bool, unknown: bool | None
) -> None:
    given = hours({**WEEK, "public_holiday": "08:00-16:00"})
    found = [allowed(given, moment, public_holiday=holiday) for holiday in (False, True, None)]
    assert found == [usual, on_holiday, unknown]


def test_a_closed_public_holiday_forbids_all_day() -> None:
    given = hours({"every_day": "08:00-20:00", "public_holiday": "closed"})
    assert allowed(given, "2026-11-16T12:00", public_holiday=True) is False
    assert allowed(given, "2026-11-16T12:00", public_holiday=None) is None
    assert allowed(given, "2026-11-16T21:00", public_holiday=None) is False


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"every_day": "08:00-21:00"}, "mon-sun 08:00-21:00"),
        (WEEK, "mon-fri 09:00-21:30; sat 10:00-18:00; sun closed"),
        ({"mon-tue": "closed", "wed-sun": "00:00-24:00"}, "mon-tue closed; wed-sun 00:00-24:00"),
        ({"every_day": "08:00-21:00", "public_holiday": "closed"}, "mon-sun 08:00-21:00; public holidays closed"),
        (
            {"mon": "08:00-20:00", "tue": "closed", "wed-sun": "08:00-20:00"},
            "mon 08:00-20:00; tue closed; wed-sun 08:00-20:00",
        ),
    ],
)
def test_hours_in_words_join_the_days_that_are_alike(value: dict[str, str], words: str) -> None:
    assert str(hours(value)) == words


def test_a_span_in_words_is_written_as_in_the_file() -> None:
    for text in ("00:00-00:01", "09:00-21:30", "23:59-24:00"):
        assert str(read_span(node(text))) == text


# -- when hours begin -------------------------------------------------------------------------------------------------


def beginnings(given: Hours, after: str, zone: ZoneInfo = NEW_YORK, **more: int) -> list[str]:
    return [moment.isoformat() for moment in openings(given, at(after), zone, **more)]


def test_the_next_beginning_is_today_before_the_hours_and_tomorrow_after_them() -> None:
    assert beginnings(hours(), "2026-11-16T08:00-05:00")[0] == "2026-11-16T09:00:00-05:00"
    assert beginnings(hours(), "2026-11-16T22:00-05:00")[0] == "2026-11-17T09:00:00-05:00"


def test_the_moment_of_the_beginning_itself_is_not_later() -> None:
    assert beginnings(hours(), "2026-11-16T09:00-05:00")[0] == "2026-11-17T09:00:00-05:00"
    assert beginnings(hours(), "2026-11-16T08:59:59.999999-05:00")[0] == "2026-11-16T09:00:00-05:00"


def test_days_without_hours_are_passed_over() -> None:
    assert beginnings(hours(), "2026-11-21T19:00-05:00")[0] == "2026-11-23T09:00:00-05:00"
    assert beginnings(hours({"every_day": "closed"}), "2026-11-21T19:00-05:00") == []


def test_the_day_is_that_of_the_person_called() -> None:
    assert beginnings(hours(), "2026-11-16T23:30+00:00", ZoneInfo("Asia/Tokyo"))[0] == "2026-11-17T09:00:00+09:00"
    assert beginnings(hours(), "2026-11-17T01:00+09:00")[0] == "2026-11-17T09:00:00-05:00"


def test_beginnings_come_soonest_first_and_for_so_many_days() -> None:
    given = hours({**WEEK, "public_holiday": "07:00-12:00"})
    found = [at(text) for text in beginnings(given, "2026-11-16T12:00-05:00", days=7)]
    assert all(one < two for one, two in pairwise(found))
    assert [f"{moment:%a %H}" for moment in found[:4]] == ["Tue 07", "Tue 09", "Wed 07", "Wed 09"]
    assert found[-1].date() == at("2026-11-23").date()


def test_a_beginning_keeps_its_wall_clock_when_the_clocks_change() -> None:
    found = beginnings(hours({"every_day": "08:00-20:00"}), "2026-03-07T21:00-05:00")
    assert found[:2] == ["2026-03-08T08:00:00-04:00", "2026-03-09T08:00:00-04:00"]


def test_a_beginning_that_the_clocks_leave_out_is_moved_on() -> None:
    [first, *_] = openings(hours({"every_day": "02:30-20:00"}), at("2026-03-07T21:00-05:00"), NEW_YORK)
    assert first.isoformat() == "2026-03-08T03:30:00-04:00"
    assert first - first.astimezone(UTC) == timedelta(0)
