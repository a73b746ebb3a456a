"""Times, thresholds and measures for complaints: how they are read, what each mistake in a file says, and how days count.

``broken_money/service_clocks``, ``action_thresholds`` and ``measures`` hold one file for each mistake; its first lines say
which words the error must contain.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from importlib import import_module
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

import quietline
from quietline.errors import LawError, UsageError
from quietline.law._lengths import Length, LengthUnit, WorkCalendar
from quietline.law._yaml import read_yaml
from quietline.law.action_thresholds import Step, threshold
from quietline.law.complaint_windows import Timeliness, in_time
from quietline.law.coverage import coverage
from quietline.law.measures import AGAINST, KINDS, measure, measures
from quietline.law.money import Undetermined
from quietline.law.rulebook import Rulebook, load_rulebook
from quietline.law.service_clocks import STAGES, STARTS, WHO, ServiceClock, clocks, deadline, service_clock
from quietline.law.telling import changes

HERE = Path(__file__).parent
SECTIONS = ("service_clocks", "action_thresholds", "measures")
BROKEN = [file for section in SECTIONS for file in sorted((HERE / "broken_money" / section).glob("*.yaml"))]
FEE_BOOKS = Path(quietline.__file__).parent / "web" / "base" / "demonstration"
DAY = date(2020, 3, 2)
SHANGHAI = ZoneInfo("Asia/Shanghai")


def read(section: str, file: Path) -> Any:
    top = read_yaml(file).value
    assert isinstance(top, dict)
    room = import_module(f"quietline.law.{section}")
    return getattr(room, f"read_{section}")(top[section], file.stem)


def good(section: str) -> Any:
    return read(section, HERE / "good_money" / f"{section}.yaml")


def demonstration() -> Rulebook:
    return load_rulebook("zz", folder=FEE_BOOKS)


def test_no_mistake_has_lost_its_fixture() -> None:
    assert [len([file for file in BROKEN if file.parent.name == section]) for section in SECTIONS] == [12, 7, 10]
    for section in SECTIONS:
        assert good(section)


@pytest.mark.parametrize("file", BROKEN, ids=lambda file: f"{file.parent.name} {file.stem}")
def test_a_broken_file_is_refused_with_file_line_key_and_what_is_allowed(file: Path) -> None:
    words = re.findall(r"^# must say: (.*)$", file.read_text("utf-8"), re.MULTILINE)
    assert words
    with pytest.raises(LawError) as caught:
        read(file.parent.name, file)
    assert caught.value.code == "law.invalid"
    for each in [*words, file.name, "line "]:
        assert each in caught.value.message


# -- lengths -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "unit", "begins", "last", "over"),
    [
        (24, "hours", "2026-05-01T10:15:00+08:00", "2026-05-02", "2026-05-02T10:15:00+08:00"),
        (1, "hours", "2026-05-01T23:30:00+08:00", "2026-05-02", "2026-05-02T00:30:00+08:00"),
        (5, "days", "2026-03-01T00:00:00+08:00", "2026-03-06", "2026-03-07T00:00:00+08:00"),
        (5, "days", "2026-03-01T23:59:59+08:00", "2026-03-06", "2026-03-07T00:00:00+08:00"),
        (1, "days", "2026-02-28T12:00:00+08:00", "2026-03-01", "2026-03-02T00:00:00+08:00"),
        (1, "working_days", "2026-03-06T12:00:00+08:00", "2026-03-09", "2026-03-10T00:00:00+08:00"),  # a Friday
        (1, "working_days", "2026-03-07T12:00:00+08:00", "2026-03-09", "2026-03-10T00:00:00+08:00"),  # a Saturday
        (10, "working_days", "2026-03-02T12:00:00+08:00", "2026-03-16", "2026-03-17T00:00:00+08:00"),
        (1, "months", "2026-01-31T12:00:00+08:00", "2026-02-28", "2026-03-01T00:00:00+08:00"),
        (1, "years", "2028-02-29T12:00:00+08:00", "2029-02-28", "2029-03-01T00:00:00+08:00"),
    ],
)
def test_a_length_ends_where_a_calendar_on_the_wall_says(
    count: int, unit: LengthUnit, begins: str, last: str, over: str
) -> None:  # fmt: skip
    found = Length(count, unit).over_at(datetime.fromisoformat(begins), WorkCalendar(SHANGHAI))
    assert found == (date.fromisoformat(last), datetime.fromisoformat(over))
    assert found[1].tzinfo is UTC


def test_holidays_are_left_out_and_worked_weekends_count() -> None:
    # the week of 1 October 2026: off from Thursday to the Wednesday after, worked on Saturday the 10th
    off = frozenset(date(2026, 10, day) for day in range(1, 8))
    calendar = WorkCalendar(SHANGHAI, off, frozenset({date(2026, 10, 10)}))
    last, _ = Length(3, "working_days").over_at(datetime(2026, 9, 30, 12, tzinfo=SHANGHAI), calendar)
    assert last == date(2026, 10, 10)
    without, _ = Length(3, "working_days").over_at(datetime(2026, 9, 30, 12, tzinfo=SHANGHAI), WorkCalendar(SHANGHAI))
    assert without == date(2026, 10, 5)


def test_a_day_ends_by_the_clock_of_the_place_also_where_clocks_change() -> None:
    berlin = WorkCalendar(ZoneInfo("Europe/Berlin"))
    _, over = Length(1, "days").over_at(datetime(2026, 3, 28, 12, tzinfo=UTC), berlin)
    assert over == datetime(2026, 3, 29, 22, tzinfo=UTC)  # summer time began that night
    _, over = Length(24, "hours").over_at(datetime(2026, 3, 28, 12, tzinfo=UTC), berlin)
    assert over == datetime(2026, 3, 29, 12, tzinfo=UTC)


@given(
    st.integers(1, 60),
    st.datetimes(*(datetime.fromisoformat(f"{year}-01-01") for year in (2020, 2030))),
    st.frozensets(st.dates(date(2020, 1, 1), date(2030, 12, 31)), max_size=30),
    st.integers(-12, 14),
)
def test_working_days_are_those_that_a_plain_count_finds(
    count: int, begins: datetime, holidays: frozenset[date], offset: int
) -> None:
    calendar = WorkCalendar(ZoneInfo("UTC"), holidays)
    begun = begins.replace(tzinfo=timezone(timedelta(hours=offset)))
    last, over = Length(count, "working_days").over_at(begun, calendar)
    first = begun.astimezone(UTC).date()
    between = [first + timedelta(days=n) for n in range(1, (last - first).days + 1)]
    assert sum(day.weekday() < 5 and day not in holidays for day in between) == count
    assert last.weekday() < 5
    assert last not in holidays
    assert over - datetime.combine(last, datetime.min.time(), UTC) == timedelta(days=1)


@pytest.mark.parametrize(
    ("count", "unit", "en", "zh"),
    [
        (1, "days", "1 day", "1日"),
        (5, "days", "5 days", "5日"),
        (24, "hours", "24 hours", "24小时"),
        (3, "working_days", "3 working days", "3个工作日"),
        (6, "months", "6 months", "6个月"),
        (1, "years", "1 year", "1年"),
    ],
)
def test_a_length_reads_well_in_both_languages(count: int, unit: LengthUnit, en: str, zh: str) -> None:
    assert Length(count, unit).words() == {"en": en, "zh": zh}


# -- service clocks ------------------------------------------------------------------------------------------------------


def test_a_clock_says_who_from_when_and_where_it_is_written() -> None:
    found = service_clock(good("service_clocks"), stage="validate", on=DAY)
    assert isinstance(found, ServiceClock)
    facts = found.as_dict()
    assert facts["words"] == "5 days from the receipt of the report"
    assert found.as_dict("zh")["words"] == "自收到举报起5日内"
    assert (facts["who"], facts["starts"], facts["citation"]) == ("authority", "received", "Some Act, section 1")
    due = deadline(found, datetime(2020, 3, 2, 9, tzinfo=UTC), WorkCalendar(ZoneInfo("UTC")))
    assert due.last_day == date(2020, 3, 7)
    assert due.is_met(datetime(2020, 3, 7, 23, 59, tzinfo=UTC))
    assert not due.is_met(datetime(2020, 3, 8, tzinfo=UTC))
    assert due.grounds.citation == "Some Act, section 1"
    assert due.as_dict("zh")["due_at"] == "2020-03-08T00:00:00+00:00"


def test_without_a_clock_the_answer_is_not_that_there_is_no_limit() -> None:
    for rules in ((), good("service_clocks")):
        found = service_clock(rules, stage="answer", on=DAY)
        assert isinstance(found, Undetermined)
        assert found.reason == "no_table"
        assert "cannot say that there is none" in found.why["en"]
        assert "不能据此断定没有时限" in found.why["zh"]
    before = service_clock(good("service_clocks"), stage="validate", on=date(2009, 12, 31))
    assert isinstance(before, Undetermined)
    assert before.reason == "before"


def test_where_several_have_a_time_one_has_to_say_whose() -> None:
    rules = load_rulebook("CN").service_clocks
    with pytest.raises(UsageError, match=r"2 times for that stage: centre_answer \(authority\), user_information_answer"):
        service_clock(rules, stage="answer", on=date(2026, 6, 1))
    found = service_clock(rules, stage="answer", on=date(2026, 6, 1), who="operator")
    assert isinstance(found, ServiceClock)
    assert found.rule.name == "user_information_answer"


def test_a_clock_for_one_kind_of_sender_is_not_taken_for_the_other() -> None:
    rules = demonstration().service_clocks
    days = {}
    for sender in ("registered", "unregistered"):
        found = service_clock(rules, stage="act", on=date(2026, 6, 1), sender=sender)
        assert isinstance(found, ServiceClock)
        days[sender] = found.length.count
        assert found.rule.sender == sender
    assert days == {"registered": 30, "unregistered": 5}
    with pytest.raises(UsageError, match="2 times for that stage"):
        service_clock(rules, stage="act", on=date(2026, 6, 1))
    names = {clock.rule.name for clock in clocks(rules, on=date(2026, 6, 1), sender="registered")}
    assert "action_on_registered_sender" in names
    assert "action_on_unregistered_sender" not in names


def test_a_deadline_asks_for_the_law_of_the_day_on_which_it_begins() -> None:
    found = service_clock(good("service_clocks"), stage="validate", on=DAY)
    assert isinstance(found, ServiceClock)
    calendar = WorkCalendar(SHANGHAI)
    assert deadline(found, datetime(2020, 3, 1, 16, tzinfo=UTC), calendar).last_day == date(2020, 3, 7)
    with pytest.raises(UsageError, match="begins on 2020-03-03 in Asia/Shanghai, and the clock is that of 2020-03-02"):
        deadline(found, datetime(2020, 3, 2, 16, tzinfo=UTC), calendar)
    with pytest.raises(UsageError, match="no offset"):
        deadline(found, datetime.fromisoformat("2020-03-02T16:00"), calendar)


def test_two_times_for_the_same_refuse_the_rulebook(tmp_path: Path) -> None:
    book = tmp_path / "zz"
    book.mkdir()
    head = "instrument: {id: %s, jurisdiction: zz, title: {en: A, zh: 甲}, authority: {en: B, zh: 乙}}\n"
    text = (HERE / "good_money" / "service_clocks.yaml").read_text("utf-8")
    (book / "one.yaml").write_text(head % "one" + text, "utf-8")
    assert len(load_rulebook("zz", folder=tmp_path).service_clocks) == 1
    (book / "two.yaml").write_text(head % "two" + text.replace("checking:", "screening:"), "utf-8")
    with pytest.raises(LawError, match="checking and screening are both for validate by authority"):
        load_rulebook("zz", folder=tmp_path)


# -- thresholds ----------------------------------------------------------------------------------------------------------


@given(
    st.lists(st.dates(date(2020, 1, 1), date(2020, 1, 20)), max_size=12),
    st.dates(date(2020, 1, 1), date(2020, 1, 20)),
    st.integers(0, 4),
)
def test_the_threshold_is_reached_as_a_plain_count_says(complaints: list[date], on: date, earlier: int) -> None:
    found = threshold(good("action_thresholds"), complaints=complaints, on=on, earlier=earlier)
    assert not isinstance(found, Undetermined)
    within = sorted(day for day in complaints if 0 <= (on - day).days <= 3)
    assert found.complaints == len(within)
    assert found.is_reached is (len(within) >= 3)
    assert found.reached_on == (within[2] if len(within) >= 3 else None)
    assert isinstance(found.step, Step)
    assert found.step.measures == (("warning",) if earlier == 0 else ("bar", "warning"))
    assert found.time == earlier + 1


def test_an_answer_on_a_threshold_names_both_rows_and_the_weaker_confidence() -> None:
    found = threshold(good("action_thresholds"), complaints=[DAY] * 3, on=DAY)
    assert not isinstance(found, Undetermined)
    facts = found.as_dict("zh")
    assert (facts["verdict"], facts["step"], facts["confidence"]) == ("reached", "警告", "seen_copy")
    assert facts["citation"] == "Some Act, section 1; Some Act, section 2"
    assert facts["first_day"] == "2020-02-28"


def test_without_a_threshold_the_answer_is_not_never() -> None:
    found = threshold((), complaints=[DAY], on=DAY)
    assert isinstance(found, Undetermined)
    assert "cannot say that there is none" in found.why["en"]
    with pytest.raises(UsageError, match="-1 times"):
        threshold((), complaints=[], on=DAY, earlier=-1)
    with pytest.raises(LawError, match="2 thresholds: senders, senders"):
        threshold(good("action_thresholds") * 2, complaints=[], on=DAY)


def test_where_the_steps_are_not_known_the_threshold_still_is(tmp_path: Path) -> None:
    text = (HERE / "good_money" / "action_thresholds.yaml").read_text("utf-8")
    file = tmp_path / "some.yaml"
    file.write_text(text.replace("    steps:\n      - from: 2010-01-01", "    steps:\n      - from: 2021-01-01"), "utf-8")
    found = threshold(read("action_thresholds", file), complaints=[DAY] * 3, on=DAY)
    assert not isinstance(found, Undetermined)
    assert found.is_reached
    assert isinstance(found.step, Undetermined)
    assert found.as_dict()["step"] is None
    assert "nothing is known for 2020-03-02" in found.as_dict()["step_unknown"]


# -- measures ------------------------------------------------------------------------------------------------------------


def test_only_measures_in_force_against_the_right_one_are_offered() -> None:
    rules = good("measures")
    (bar,) = measures(rules, on=DAY, against="caller")
    assert bar.as_dict("zh")["length"] == "15日"
    assert bar.as_dict()["against_in_words"] == ["the caller"]
    assert measures(rules, on=DAY, against="operator") == ()
    assert measures(rules, on=date(2009, 12, 31)) == ()
    assert measures(rules, on=DAY, kind="penalty") == ()
    unknown = measure(rules, "jail", on=DAY)
    assert isinstance(unknown, Undetermined)
    assert unknown.reason == "no_table"


@pytest.mark.parametrize("country", ["us", "ca", "au", "gb", "sg", "in", "cn"])
def test_a_measure_that_is_a_penalty_names_a_table_of_the_same_law(country: str) -> None:
    book = load_rulebook(country)
    names = {table.name for table in book.penalties}
    penalties = [rule for rule in book.measures if rule.kind == "penalty"]
    assert penalties
    assert {rule.penalty for rule in penalties} <= {None, *names}
    assert [rule for rule in penalties if rule.penalty]


def test_a_name_that_leads_nowhere_refuses_the_rulebook(tmp_path: Path) -> None:
    book = tmp_path / "zz"
    book.mkdir()
    head = "instrument: {id: some, jurisdiction: zz, title: {en: A, zh: 甲}, authority: {en: B, zh: 乙}}\n"
    bar = (HERE / "good_money" / "measures.yaml").read_text("utf-8")
    fine = bar.replace("kind: number_restriction", "kind: penalty\n    penalty: fine").replace("{days: 15}", "yes")
    (book / "some.yaml").write_text(head + fine, "utf-8")
    with pytest.raises(LawError, match=r"measures\.bar names the penalty fine"):
        load_rulebook("zz", folder=tmp_path)
    steps = (HERE / "good_money" / "action_thresholds.yaml").read_text("utf-8")
    (book / "some.yaml").write_text(head + bar + steps, "utf-8")
    with pytest.raises(LawError, match=r"action_thresholds\.senders names the measure warning"):
        load_rulebook("zz", folder=tmp_path)


# -- tables of all rulebooks ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_code_has_words(lang: str) -> None:
    for words in (STAGES, WHO, STARTS, KINDS, AGAINST):
        assert all(text[lang].strip() for text in words.values())
        assert len({text[lang] for text in words.values()}) == len(words)


def test_every_dated_table_prints_its_rows_or_only_those_of_a_day() -> None:
    book = load_rulebook("IN")
    clock, rule, bar = book.service_clocks[0], book.action_thresholds[0], book.measures[0]
    assert [row[1:3] for row in clock.tables("en")[0].rows] == [("2018-07-19", "30 days"), ("2025-03-20", "5 days")]
    assert [row[2] for row in clock.tables("zh", date(2025, 3, 19))[0].rows] == ["30日"]
    shown = [row[2] for row in rule.tables("zh", date(2026, 1, 1))[0].rows]
    assert shown[0] == "10日内5件投诉"
    assert shown[1].startswith("（1）限制全部外呼15日")
    assert [row[2] for row in bar.tables("zh", date(2026, 1, 1))[0].rows] == ["施行"]
    kinds = [book.fees, book.penalties, book.complaint_windows, book.severity]
    kinds += [book.service_clocks, book.action_thresholds, book.measures]
    assert book.tables == tuple(table for kind in kinds for table in kind)


def test_coverage_and_differences_know_the_tables_of_complaints() -> None:
    book = load_rulebook("IN")
    row = next(row for row in coverage(book, "en") if row["instrument"] == "complaint_handling")
    assert row["confidence"]["seen_secondary"] >= 2
    assert row["gaps"]
    changed = [(each.before, each.after) for each in changes(book, date(2025, 3, 19), date(2025, 3, 20), "en")]
    assert ("30 days", "5 days") in changed
    assert ("10 complaints in 7 days", "5 complaints in 10 days") in changed


# -- the demonstration country -------------------------------------------------------------------------------------------


def test_the_demonstration_country_has_all_that_a_complaint_needs() -> None:
    book, on = demonstration(), date(2026, 6, 1)
    assert all((book.fees, book.penalties, book.complaint_windows, book.action_thresholds))
    stages = {clock.rule.stage for clock in clocks(book.service_clocks, on=on)}
    assert stages == set(STAGES) - {"recheck"}
    for who in AGAINST:
        assert measures(book.measures, on=on, against=who, kind="penalty")
    assert {each.rule.kind for each in measures(book.measures, on=on)} >= {
        "notice", "interview", "warning", "order_to_correct", "number_restriction", "access_restriction", "licence_note",
        "penalty", "publication",
    }  # fmt: skip
    for sender in ("registered", "unregistered"):
        assert not isinstance(threshold(book.action_thresholds, complaints=[], on=on, sender=sender), Undetermined)
    window = in_time(book.complaint_windows, called=date(2026, 1, 1), reported=date(2026, 3, 2))
    assert isinstance(window, Timeliness)
    assert (window.verdict, window.days) == ("in_time", 60)
    older = in_time(book.complaint_windows, called=date(2025, 12, 31), reported=date(2026, 2, 1))
    assert isinstance(older, Timeliness)
    assert (older.verdict, older.days) == ("too_late", 30)
