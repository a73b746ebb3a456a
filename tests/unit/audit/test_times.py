"""Moments as logs write them: every way of writing, zones, clock changes, and the fast way against the slow one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from quietline.audit.times import TimeReader, TimeStatus, order_evidence, zone_named
from quietline.errors import UsageError

NEW_YORK = ZoneInfo("America/New_York")
HALF_PAST_TWO = datetime(2026, 3, 9, 14, 30, tzinfo=UTC)


def read(*cells, zone=None, dates=None):
    found = TimeReader("Start", zone=zone, dates=dates).cells(cells, np.arange(2, 2 + len(cells)))
    moments = [None if at is None else at.replace(tzinfo=UTC) for at in found.at.tolist()]
    return list(zip(moments, map(TimeStatus, found.statuses.tolist()), strict=True))


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-09T14:30:00Z",
        "2026-03-09 14:30:00Z",
        "2026-03-09 14:30:00+00:00",
        "2026-03-09T10:30:00-04:00",
        "2026-03-09 22:30:00 +0800",
        "2026-03-09 22:30+08",
        "2026-03-09T14:30:00.000000Z",
        "2026-03-09 14:30 UTC",
        "2026/3/9 14:30 GMT",
        "2026年3月9日 22:30:00+08:00",
        "2026-03-09 2:30 PM Z",
        "20260309T143000Z",
        "20260309103000-0400",
        "1773066600",
        "1773066600.0",
        "1773066600000",
        "1773066600000000",
        "Mon, 09 Mar 2026 14:30:00 +0000",
        "09-Mar-2026 14:30 Z",
        "March 9, 2026 2:30 p.m. Z",
        " 2026-03-09 14:30:00Z ",
        datetime(2026, 3, 9, 10, 30, tzinfo=timezone(timedelta(hours=-4))),
        1773066600,
        1773066600.0,
    ],
)
def test_a_moment_with_its_offset_needs_no_zone(text):
    assert read(text) == [(HALF_PAST_TWO, TimeStatus.OK)]


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-09 10:30:00",
        "2026-03-09T10:30:00",
        "2026-03-09 10:30",
        "20260309103000",
        "202603091030",
        "2026/03/09  10:30:00",
        "2026.3.9 10:30",
        "9 Mar 2026 10:30:00",
        datetime(2026, 3, 9, 10, 30),  # noqa: DTZ001 - as workbooks keep them
    ],
)
def test_a_local_time_is_read_in_the_zone_that_is_named(text):
    assert read(text, zone=NEW_YORK) == [(HALF_PAST_TWO, TimeStatus.OK)]


def test_a_local_time_without_a_zone_is_refused_and_the_option_is_named():
    with pytest.raises(UsageError) as caught:
        read("2026-03-09T14:30:00Z", "2026-03-09 14:30:00")
    assert caught.value.code == "usage.zone_needed"
    assert "'Start'" in caught.value.message
    assert "row 3" in caught.value.message
    assert "--zone" in caught.value.advice


def test_a_time_that_was_there_twice_is_the_first_and_marked():
    assert read("2026-11-01 01:30:00", zone=NEW_YORK) == [(datetime(2026, 11, 1, 5, 30, tzinfo=UTC), TimeStatus.TWICE)]


def test_a_time_that_was_not_there_is_read_by_the_offset_before_the_gap_and_marked():
    assert read("2026-03-08 02:30:00", zone=NEW_YORK) == [(datetime(2026, 3, 8, 7, 30, tzinfo=UTC), TimeStatus.SKIPPED)]


def test_the_seconds_around_a_change_of_clocks_are_plain():
    found = read("2026-03-08 01:59:59", "2026-03-08 03:00:00", "2026-11-01 00:59:59", "2026-11-01 02:00:00", zone=NEW_YORK)
    assert [status for _, status in found] == [TimeStatus.OK] * 4
    assert found[1][0] - found[0][0] == timedelta(seconds=1)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("", TimeStatus.EMPTY),
        (None, TimeStatus.EMPTY),
        ("   ", TimeStatus.EMPTY),
        ("2026-03-09", TimeStatus.DATE_ONLY),
        (date(2026, 3, 9), TimeStatus.DATE_ONLY),
        ("2026-02-30 10:00:00", TimeStatus.UNREADABLE),
        ("2026-13-01 10:00:00", TimeStatus.UNREADABLE),
        ("2026-03-09 25:00:00", TimeStatus.UNREADABLE),
        ("2026-03-09 13:00 PM", TimeStatus.UNREADABLE),
        ("2026-03-09 10:00:00+17:00", TimeStatus.UNREADABLE),
        ("2026-03-09 10:00:00 EST", TimeStatus.UNREADABLE),
        ("0000-00-00 00:00:00", TimeStatus.UNREADABLE),
        ("1899-12-30 10:00:00", TimeStatus.UNREADABLE),
        ("9999999999999", TimeStatus.UNREADABLE),
        ("14:30", TimeStatus.UNREADABLE),
        ("yesterday", TimeStatus.UNREADABLE),
        ("3/8/2026 2:30 PM", TimeStatus.DATE_ORDER),
        ("26/03/08 14:30", TimeStatus.DATE_ORDER),
    ],
)
def test_what_is_no_moment_says_why(text, status):
    assert read(text, zone=NEW_YORK) == [(None, status)]


def test_a_clock_alone_is_no_moment_even_after_it_was_read_beside_a_day():
    assert read("2026/03/09  10:30", "10:30", " 10:30", zone=NEW_YORK)[1:] == [(None, TimeStatus.UNREADABLE)] * 2


def test_the_order_of_day_and_month_is_the_one_declared():
    (month_first, _), (day_first, _) = (read("3/8/2026 2:30 PM", zone=UTC, dates=order)[0] for order in ("mdy", "dmy"))
    assert (month_first.month, month_first.day, month_first.hour) == (3, 8, 14)
    assert (day_first.month, day_first.day) == (8, 3)
    assert read("3/28/2026 2:30 PM", zone=UTC, dates="dmy") == [(None, TimeStatus.UNREADABLE)]
    assert read("3/8/26 12:05 AM", zone=UTC, dates="mdy")[0][0] == datetime(2026, 3, 8, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "evidence"),
    [
        ("3/8/2026", "either"),
        ("3/28/2026 1:00 PM", "mdy"),
        ("28.3.2026 13:00", "dmy"),
        ("3/3/2026", ""),
        ("28/29/2026", ""),
        ("2026-03-08 10:00", ""),
        ("3/8/26", ""),
    ],
)
def test_a_date_tells_what_order_it_allows(text, evidence):
    assert order_evidence(text) == evidence


@pytest.mark.parametrize("name", ["Mars/Olympus", "../../etc/passwd", "", "America"])
def test_a_zone_that_there_is_not_is_refused(name):
    with pytest.raises(UsageError, match="IANA"):
        zone_named(name)


@example([datetime(2012, 9, 30, 3, 0, fold=1)], "Pacific/Apia")  # noqa: DTZ001 - in the gap, and of the later offset
@given(
    st.lists(
        st.datetimes(datetime(1970, 1, 2), datetime(2199, 12, 30)),  # noqa: DTZ001 - local times are the subject
        min_size=1,
        max_size=20,
    ),
    st.sampled_from(["America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Monrovia", "Pacific/Apia"]),
)
def test_local_times_are_what_zoneinfo_makes_of_them(moments, zone):
    # a text cannot say which of two equal local times it means; the first is taken
    moments = [m.replace(microsecond=0, fold=0) for m in moments]
    expected = [m.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) for m in moments]
    texts = [m.isoformat(sep=" ") for m in moments]
    assert [at for at, _ in read(*texts, zone=ZoneInfo(zone))] == expected


@given(
    st.from_regex(
        r"(19|20)[0-9]{2}-[01][0-9]-[0-3][0-9][ T][0-2][0-9]:[0-6][0-9]:[0-6][0-9](Z|[+-][01][0-9]:[0-6][0-9])?",
        fullmatch=True,
    )
)
def test_the_fast_way_gives_the_answers_of_the_slow_way(text):
    fast = read(text, zone=UTC)
    assert fast == read(f" {text}", zone=UTC)
    assert TimeReader("").status_of(text) == fast[0][1]


@given(st.text("0123456789-/: TZAPM+.", max_size=25))
def test_no_text_whatever_raises_or_is_read_in_two_ways(text):
    together = read(text, zone=UTC, dates="mdy")
    assert together == read(f"{text} ", zone=UTC, dates="mdy") == read(text, text, zone=UTC, dates="mdy")[1:]
