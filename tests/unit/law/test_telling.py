"""The law in words: values, conditions, what changed between two days, explanations, coverage."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from quietline.law import decide, load_rulebook, rulebook_names
from quietline.law.coverage import CONFIDENCES, coverage
from quietline.law.explaining import explanation
from quietline.law.telling import changes, conditions_in_words, value_in_words
from unit.law.small_law import both, law, parameter, rule, small

if TYPE_CHECKING:
    from pathlib import Path

    from quietline.law import Rulebook

REST = rule("XX-99", {}, "permit")
DAY = date(2026, 11, 20)
NOON = {"called_at": "2026-11-20T12:00-05:00", "callee_timezone": "America/New_York"}


# -- values -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unit", "value", "en", "zh"),
    [
        ("days", 31, "31 days", "31 日"),
        ("months", 18, "18 months", "18 个月"),
        ("business_days", 10, "10 business days", "10 个工作日"),
        ("years", 5, "5 years", "5 年"),
        ("years", "unlimited", "without end", "无期限"),
        ("count", 0, "0", "0"),
        ("percent", "2.5", "2.5 %", "2.5 %"),
        ("switch", True, "yes", "是"),
        ("switch", False, "no", "否"),
        ("hours", {"every_day": "08:00-21:00"}, "mon-sun 08:00-21:00", "mon-sun 08:00-21:00"),
        ("text", {"en": "thirty days", "zh": "三十日"}, "thirty days", "三十日"),
        ("words", ["stop", "quit"], "stop, quit", "stop, quit"),
        ("days", None, "not in force", "未生效"),
        ("days", "unknown", "in force, value not known", "有效，但数值不详"),
        ("switch", "unknown", "in force, value not known", "有效，但数值不详"),
    ],
)
def test_a_value_in_words(tmp_path: Path, unit: str, value: Any, en: str, zh: str) -> None:
    known = small(tmp_path, a=law([REST], parameters={"p": parameter(unit, ("2000-01-01", value))})).parameters["p"]
    period, _ = known.at(DAY)
    assert [value_in_words(known, period, lang) for lang in ("en", "zh")] == [en, zh]


def test_money_in_words_has_its_currency_and_all_its_decimals(tmp_path: Path) -> None:
    known = small(
        tmp_path, a=law([REST], parameters={"p": parameter("money", ("2000-01-01", "16000.50"), currency="USD")})
    ).parameters["p"]
    assert value_in_words(known, known.periods[0], "en") == "USD 16,000.50"


# -- conditions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "en"),
    [
        ({}, ["in all other cases"]),
        ({"channel": "fax"}, ["how it is called or written: fax"]),
        ({"channel": ["text", "fax"]}, ["how it is called or written: text message or fax"]),
        ({"channel": {"not": "fax"}}, ["how it is called or written: not: fax"]),
        ({"caller_id": ["withheld", "false"]}, ["what the person called is shown: not: a true number"]),
        ({"fee_paid": True}, ["access to the register is paid for the area of the number"]),
        ({"fee_paid": False}, ["not: access to the register is paid for the area of the number"]),
        (
            {"on_list": False, "fee_paid": True},
            ["not: on list", "access to the register is paid for the area of the number"],
        ),
    ],
)
def test_conditions_in_words(tmp_path: Path, when: dict[str, Any], en: list[str]) -> None:
    facts = {"on_list": {"reached": "listed_on"}} if "on_list" in when else {}
    [regime] = small(tmp_path, a=law([rule("XX-01", when, "permit")], facts=facts)).regimes
    assert conditions_in_words(regime.rules[0], regime, "en") == en
    assert conditions_in_words(regime.rules[0], regime, "zh") != en


# -- what changed -----------------------------------------------------------------------------------------------------


def changed(rulebook: Rulebook, first: str, second: str) -> list[tuple[str, str, str, str, str]]:
    found = changes(rulebook, date.fromisoformat(first), date.fromisoformat(second), "en")
    return [(one.kind, one.name, one.before, one.after, one.since.isoformat() if one.since else "") for one in found]


def dated(folder: Path) -> Rulebook:
    parameters = {
        "age": parameter("days", ("2005-01-01", 31), ("2010-01-01", None), ("2015-01-01", 21), ("2020-01-01", 21)),
        "due": parameter("switch", ("2012-01-01", True)),
    }
    parameters["age"]["values"][1]["citation"] = "The act of repeal"
    rules = [rule("XX-01", {"due_now": True, "fee_paid": False}, "forbid"), REST]
    flags = [rule("XX-F1", {"due_now": False, "fee_paid": False})]
    return small(folder, a=law(rules, parameters=parameters, facts={"due_now": {"switch": "due"}}, flags=flags))


def test_a_parameter_changes_where_its_value_does(tmp_path: Path) -> None:
    rulebook = dated(tmp_path)
    assert changed(rulebook, "2004-12-31", "2005-01-01") == [("parameter", "age", "not in force", "31 days", "2005-01-01")]
    assert changed(rulebook, "2005-01-01", "2009-12-31") == []
    assert changed(rulebook, "2016-01-01", "2021-01-01") == [], "written down anew with the same value"
    assert changed(rulebook, "2014-12-31", "2015-01-01") == [("parameter", "age", "not in force", "21 days", "2015-01-01")]


def test_the_end_of_a_parameter_is_told_with_its_own_day_and_place(tmp_path: Path) -> None:
    rulebook = dated(tmp_path)
    assert changed(rulebook, "2009-01-01", "2011-01-01") == [("parameter", "age", "31 days", "not in force", "2010-01-01")]
    [change] = changes(rulebook, date(2009, 1, 1), date(2011, 1, 1), "en")
    assert change.citation == "The act of repeal"


def test_from_a_later_to_an_earlier_day_the_change_is_told_the_other_way(tmp_path: Path) -> None:
    rulebook = dated(tmp_path)
    assert changed(rulebook, "2006-01-01", "2004-01-01") == [("parameter", "age", "31 days", "not in force", "2005-01-01")]
    assert changed(rulebook, "2016-01-01", "2006-01-01")[0] == ("parameter", "age", "21 days", "31 days", "2005-01-01")


def test_rules_and_flags_come_into_force_and_go_out_of_it(tmp_path: Path) -> None:
    rulebook = dated(tmp_path)
    assert changed(rulebook, "2011-12-31", "2012-01-01") == [
        ("parameter", "due", "not in force", "yes", "2012-01-01"),
        ("rule", "XX-01", "not in force", "in force", ""),
        ("flag", "XX-F1", "in force", "not in force", ""),
    ]


def test_the_same_day_changes_nothing() -> None:
    for name in rulebook_names():
        assert list(changes(load_rulebook(name), DAY, DAY, "en")) == []


def test_changes_are_told_in_both_languages_and_as_json(tmp_path: Path) -> None:
    rulebook = dated(tmp_path)
    [_, english, _] = changes(rulebook, date(2011, 12, 31), date(2012, 1, 1), "en")
    [_, chinese, _] = changes(rulebook, date(2011, 12, 31), date(2012, 1, 1), "zh")
    assert (chinese.before, chinese.after) == ("未生效", "有效")
    assert english.as_dict() == {
        "kind": "rule", "name": "XX-01", "instrument": "a", "before": "not in force", "after": "in force", "since": None,
        "citation": "A statute", "confidence": "seen_copy", "text": "What XX-01 says.",
    }  # fmt: skip


# -- explanations -----------------------------------------------------------------------------------------------------


def explained(rulebook: Rulebook, lang: str = "en", **facts: Any) -> list[str]:
    return explanation(decide(rulebook, {**NOON, **facts}), lang)


def shop(folder: Path, **more: Any) -> Rulebook:
    rules = [
        rule("XX-S1", {"caller_class": "bank"}, "permit", scope=True),
        rule("XX-01", {"fee_paid": False}, "forbid"),
        rule("XX-02", {"list_checked": False}, "forbid"),
        rule("XX-03", {"channel": "fax"}, "permit"),
        rule("XX-04", {"channel": "text", "in_hours": False}, "forbid"),
        REST,
    ]
    times = {"times": parameter("hours", ("2000-01-01", {"every_day": "08:00-11:00"}))}
    facts = {"in_hours": {"hours": "times"}}
    return small(folder, shop_act=law(rules, short="Shop Act", facts=facts, parameters=times, **more))


def test_what_decides_comes_first_and_then_what_else_speaks(tmp_path: Path) -> None:
    seller = {"caller_class": "seller", "channel": "fax"}
    assert explained(shop(tmp_path), **seller, fee_paid=False, list_checked=False) == [
        "The call is forbidden.",
        "XX-01 (Shop Act) decides: What XX-01 says. A statute [seen_copy]",
        "XX-02 (Shop Act) would forbid as well: What XX-02 says. A statute [seen_copy]",
        "XX-03 (Shop Act) speaks too, and comes after: What XX-03 says. A statute [seen_copy]",
    ]


def test_the_rest_speaks_only_where_it_decides(tmp_path: Path) -> None:
    lines = explained(shop(tmp_path), caller_class="seller", channel="live_voice", fee_paid=True, list_checked=True)
    assert lines == ["The call is permitted.", "XX-99 (Shop Act) decides: What XX-99 says. A statute [seen_copy]"]


def test_an_instrument_that_does_not_apply_says_why_and_no_more(tmp_path: Path) -> None:
    lines = explained(shop(tmp_path), caller_class="bank", fee_paid=False)
    assert lines == ["The call is permitted.", "Shop Act does not apply: What XX-S1 says. A statute [seen_copy]"]


def test_what_is_not_known_is_named(tmp_path: Path) -> None:
    lines = explained(shop(tmp_path), caller_class="seller", channel="fax", list_checked=True)
    assert lines[0] == "Whether the call is permitted cannot be said."
    assert lines[-1] == "It hangs on what is not known: fee_paid."


def test_when_only_the_time_is_in_the_way_the_next_moment_is_told_with_the_hours(tmp_path: Path) -> None:
    lines = explained(shop(tmp_path), caller_class="seller", channel="text", fee_paid=True, list_checked=True)
    assert lines[1].startswith("XX-04 (Shop Act) decides")
    assert "The call may be made from 2026-11-21T08:00:00-05:00." in lines[2]
    assert lines[3] == "a hours: mon-sun 08:00-11:00 (since 2000-01-01, A statute [seen_copy])"


def test_a_time_of_day_that_is_missing_is_not_told_as_a_day_that_is_not_covered(tmp_path: Path) -> None:
    rulebook = shop(tmp_path)
    facts = {"caller_class": "seller", "channel": "text", "fee_paid": True, "list_checked": True}
    lines = explained(rulebook, **facts, called_at="2026-11-20")
    assert "It hangs on what is not known: called_at." in lines
    assert not any("does not cover that day" in line for line in lines)
    assert any("does not cover that day" in line for line in explained(rulebook, **facts, called_at="1999-12-31"))
    assert any("does not cover that day" in line for line in explanation(decide(rulebook, facts), "en"))


def test_a_call_of_which_no_rule_speaks_is_told_as_such(tmp_path: Path) -> None:
    rulebook = small(tmp_path, a=law([rule("XX-01", {"purpose": "sales"}, "forbid")]))
    assert "a: no rule speaks of this call." in explained(rulebook, purpose="survey")


def test_flags_and_assumptions_are_told(tmp_path: Path) -> None:
    rules = [rule("XX-01", {"caller_abroad": False}, "forbid"), REST]
    flags = [rule("XX-F1", {"sender_identified": False})]
    rulebook = small(tmp_path, a=law(rules, flags=flags, assume={"caller_abroad": False}))
    lines = explained(rulebook, sender_identified=False)
    assert "Besides, XX-F1: What XX-F1 says. A statute [seen_copy]" in lines
    assert "It was assumed that caller_abroad is False: why caller_abroad A statute" in lines


def test_every_explanation_is_there_in_chinese(tmp_path: Path) -> None:
    lines = explained(shop(tmp_path), "zh", caller_class="seller", channel="fax", fee_paid=False, list_checked=False)
    assert lines[0] == "禁止拨打。"
    assert lines[1] == "由XX-01（Shop Act）决定：中文 What XX-01 says.A statute [seen_copy]"
    assert len(lines) == 4


# -- coverage ---------------------------------------------------------------------------------------------------------


def test_coverage_counts_what_there_is_and_names_what_is_from_memory(tmp_path: Path) -> None:
    parameters = {"age": parameter("days", ("2005-01-01", 31), ("2010-01-01", 21))}
    guess = {**rule("XX-01", {"fee_paid": False}, "forbid"), "confidence": "memory_low"}
    flag = {**rule("XX-F1", {"fee_paid": False}), "confidence": "memory_high"}
    rulebook = small(
        tmp_path,
        a=law([guess, REST], parameters=parameters, flags=[flag], gaps=[both("Something is missing.")], status="proposal"),
    )
    assert list(coverage(rulebook, "en")) == [
        {
            "rulebook": "xx", "instrument": "a", "title": "A law", "status": "proposal", "covers_from": "2000-01-01",
            "rules": 2, "flags": 1, "parameters": 1, "values": 2,
            "confidence": {"seen_copy": 3, "memory_high": 1, "memory_low": 1},
            "uncertain": ["XX-01", "XX-F1"], "gaps": ["Something is missing."],
        }
    ]  # fmt: skip
    assert next(iter(coverage(rulebook, "zh")))["gaps"] == ["中文 Something is missing."]


def test_every_rulebook_tells_its_coverage_and_the_confidences_add_up() -> None:
    for name in rulebook_names():
        rulebook = load_rulebook(name)
        rows = list(coverage(rulebook, "en"))
        assert [row["instrument"] for row in rows] == list(rulebook.instruments)
        for row in rows:
            assert set(row["confidence"]) <= set(CONFIDENCES)
            assert sum(row["confidence"].values()) >= row["rules"] + row["flags"] + row["values"] > -1
            assert not row["rules"] or row["covers_from"]
