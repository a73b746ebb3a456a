"""Times for complaints: the first and the last day, whose law counts, and each mistake in a file by name.

``broken_money/complaint_windows`` holds one file for each mistake; its first lines say which words the error must contain.
"""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path

import pytest

from quietline import law
from quietline.errors import LawError, UsageError
from quietline.law._yaml import read_yaml
from quietline.law.complaint_windows import ComplaintWindow, Timeliness, in_time, read_complaint_windows
from quietline.law.money import Undetermined
from quietline.law.rulebook import load_rulebook

HERE = Path(__file__).parent
BOOKS = Path(law.__file__).parent / "rulebooks"
BROKEN = sorted((HERE / "broken_money" / "complaint_windows").glob("*.yaml"))
GOOD = HERE / "good_money" / "complaint_windows.yaml"


def read(file: Path) -> tuple[ComplaintWindow, ...]:
    top = read_yaml(file).value
    assert isinstance(top, dict)
    return read_complaint_windows(top["complaint_windows"], file.stem)


def changed(tmp_path: Path, old: str, new: str) -> tuple[ComplaintWindow, ...]:
    file = tmp_path / "good.yaml"
    text = GOOD.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")
    return read(file)


def test_no_mistake_has_lost_its_fixture() -> None:
    assert len(BROKEN) >= 7


@pytest.mark.parametrize("file", BROKEN, ids=lambda file: file.stem)
def test_a_broken_file_is_refused_with_file_line_key_and_what_is_allowed(file: Path) -> None:
    words = re.findall(r"^# must say: (.*)$", file.read_text("utf-8"), re.MULTILINE)
    assert words
    with pytest.raises(LawError) as caught:
        read(file)
    assert caught.value.code == "law.invalid"
    for each in [*words, file.name, "line "]:
        assert each in caught.value.message


@pytest.mark.parametrize(
    ("bound", "reported", "verdict"),
    [
        ("at_most", 3, "in_time"),
        ("at_most", 4, "in_time"),
        ("at_most", 5, "too_late"),
        ("less_than", 3, "in_time"),
        ("less_than", 4, "too_late"),
    ],
)
def test_the_bound_says_whether_the_last_day_is_in_time(tmp_path: Path, bound: str, reported: int, verdict: str) -> None:
    found = in_time(
        changed(tmp_path, "bound: at_most", f"bound: {bound}"), called=date(2020, 1, 1), reported=date(2020, 1, reported)
    )
    assert isinstance(found, Timeliness)
    assert found.verdict == verdict
    assert found.last_day == date(2020, 1, 4 if bound == "at_most" else 3)


def test_whose_law_counts_is_said_by_the_file(tmp_path: Path) -> None:
    good = "confidence: seen_official\n"
    more = good + "      - from: 2020-01-03\n        value: 9\n        citation: New\n        " + good
    text = GOOD.read_text("utf-8").replace(good, more)
    file = tmp_path / "good.yaml"
    for day, days in (("call_date", 3), ("report_date", 9)):
        file.write_text(text.replace("call_date", day), "utf-8")
        found = in_time(read(file), called=date(2020, 1, 1), reported=date(2020, 1, 8))
        assert isinstance(found, Timeliness)
        assert (found.days, found.verdict) == (days, "in_time" if days == 9 else "too_late")


def test_an_answer_says_the_last_day_and_where_it_is_written() -> None:
    found = in_time(load_rulebook("IN").complaint_windows, called=date(2025, 3, 20), reported=date(2025, 3, 28))
    assert isinstance(found, Timeliness)
    facts = found.as_dict("zh")
    assert (facts["verdict"], facts["last_day"], facts["days"]) == ("too_late", "2025-03-27", 7)
    assert "Second Amendment of 2025" in facts["citation"]
    assert facts["confidence"] == "memory_medium"
    assert facts["window"] == "对骚扰性商业通信的投诉"
    assert facts["sources"][0]["value"] == "7日"


def test_without_a_window_the_answer_is_not_that_there_is_time() -> None:
    found = in_time((), called=date(2020, 1, 1), reported=date(2020, 1, 1))
    assert isinstance(found, Undetermined)
    assert "cannot say that there is none" in found.why["en"]
    assert "不能据此断定没有时限" in found.why["zh"]


def test_a_complaint_before_the_call_is_refused() -> None:
    with pytest.raises(UsageError, match="complaint of 2020-01-01 is before the call of 2020-01-02"):
        in_time((), called=date(2020, 1, 2), reported=date(2020, 1, 1))


def test_two_windows_are_a_mistake_of_the_rulebook() -> None:
    with pytest.raises(LawError, match="2 windows: call, call"):
        in_time(read(GOOD) * 2, called=date(2020, 1, 1), reported=date(2020, 1, 1))


def test_the_end_of_the_calendar_is_no_obstacle() -> None:
    found = in_time(read(GOOD), called=date(9999, 12, 31), reported=date(9999, 12, 31))
    assert isinstance(found, Timeliness)
    assert (found.verdict, found.last_day) == ("in_time", date.max)


def test_a_time_changed_in_the_file_alone_shows(tmp_path: Path) -> None:
    shutil.copytree(BOOKS / "in", tmp_path / "in")
    path = tmp_path / "in" / "complaint_time.yaml"
    path.write_text(path.read_text("utf-8").replace("value: 7\n", "value: 8\n"), "utf-8")
    windows = load_rulebook("in", folder=tmp_path).complaint_windows
    found = in_time(windows, called=date(2025, 3, 20), reported=date(2025, 3, 28))
    assert isinstance(found, Timeliness)
    assert found.verdict == "in_time"


def test_the_tables_to_print_have_every_row_or_only_that_of_a_day() -> None:
    (window,) = load_rulebook("IN").complaint_windows
    (whole,) = window.tables("en")
    assert [row[1:3] for row in whole.rows] == [("2011-09-27", "3 days"), ("2018-07-19", "3 days"), ("2025-03-20", "7 days")]
    (day,) = window.tables("zh", date(2025, 3, 19))
    assert [row[1:3] for row in day.rows] == [("2018-07-19", "3日")]
