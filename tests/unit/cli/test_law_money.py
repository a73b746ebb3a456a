"""``quietline law fee``, ``penalty``, ``window`` and ``severity``."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from quietline.cli.main import cli
from quietline.errors import LawError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

HAN = re.compile(r"[\u4e00-\u9fff]")


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(cli, ["law", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def said(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 0
    return result.output


def facts(*arguments: str) -> Any:
    return json.loads(said(*arguments, "--json"))


def test_a_fee_is_told_with_its_citation_and_how_well_it_is_known() -> None:
    assert said("fee", "us", "--areas", "8", "--on", "2009-06-01", "--added-late", "2").splitlines()[:6] == [
        (
            "US, 2009-06-01: Annual fee for access to the National Do Not Call Registry, 12 months, "
            "8 area(s), 2 more added in the second half"
        ),
        "  USD 216.00",
        "  3 at USD 54.00, 5 free of charge; 2 added late at USD 27.00; never more than USD 14,850.00",
        (
            "  written in: 15 U.S.C. 6152(b)(1)(A) (Do-Not-Call Registry Fee Extension Act of 2007); "
            "15 U.S.C. 6152(b)(1) and 16 CFR 310.8(c); 15 U.S.C. 6152(b) (Do-Not-Call Registry Fee Extension Act of 2007)"
        ),
        "  how well known: seen in a copy of the official text (seen_copy)",
        "  in force since 2008-10-01, until before 2009-10-01",
    ]


def test_a_fee_from_memory_is_marked() -> None:
    assert "(!) NOT CHECKED against a text; confidence high (memory_high)" in said(
        "fee", "US", "--areas", "6", "--on", "2017-10-01"
    )
    assert "(!)" not in said("fee", "US", "--areas", "6", "--on", "2009-06-01")


def test_that_the_maximum_is_reached_is_told() -> None:
    assert "; the maximum is reached" in said("fee", "US", "--areas", "281", "--on", "2009-06-01")
    assert "; the maximum is reached" not in said("fee", "US", "--areas", "280", "--on", "2009-06-01")


@pytest.mark.parametrize("word", ["all", "ALL"])
def test_all_areas_cost_the_maximum(word: str) -> None:
    found = facts("fee", "US", "--areas", word, "--on", "2009-06-01")
    assert (found["country"], found["areas"], found["amount"], found["currency"]) == ("US", "all", "14850.00", "USD")
    assert "15 U.S.C. 6152" in found["citation"]
    assert "all areas" in said("fee", "US", "--areas", word, "--on", "2009-06-01")


def test_that_all_areas_would_cost_less_is_told_and_the_sum_asked_for_stays() -> None:
    asked = ("fee", "CA", "--areas", "17", "--on", "2012-01-01")
    assert "  CAD 34,221.00\n" in said(*asked)
    assert "All areas together cost less: CAD 33,642.00." in said(*asked)
    assert (facts(*asked)["amount"], facts(*asked)["all_areas_cheaper"]) == ("34221.00", "33642.00")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("fee", "US", "--areas", "6", "--on", "2026-10-01"), "what is in force since 2026-10-01 is not in the rulebook"),
        (("fee", "US", "--areas", "6", "--on", "2003-08-31"), "nothing is known for 2003-08-31"),
        (("fee", "sg", "--areas", "6", "--on", "2015-01-01"), "do not go by areas: Account with the Do Not Call Registry"),
        (("fee", "au", "--areas", "6", "--on", "2018-01-01"), "do not go by areas: Annual subscription for washing"),
        (("fee", "gb", "--areas", "6", "--on", "2018-01-01"), "no table of fees"),
        (("fee", "ca", "--areas", "6", "--on", "2015-08-01"), "2015-08-01"),
        (("fee", "fr", "--areas", "6", "--on", "2018-01-01"), "There is no rulebook for FR."),
        (("penalty", "fr", "--on", "2018-01-01"), "There is no rulebook for FR."),
        (("penalty", "us", "--on", "1980-01-01"), "No amount is known for what was asked"),
        (("window", "us", "--called", "2020-01-01", "--reported", "2020-01-02"), "no time limit for a complaint"),
        (("window", "fr", "--called", "2020-01-01", "--reported", "2020-01-02"), "There is no rulebook for FR."),
        (("severity", "us", "--records", "location=1"), "no table of thresholds"),
        (("severity", "fr", "--records", "location=1"), "There is no rulebook for FR."),
        (("severity", "cn", "--records", "location=50", "--on", "2017-05-31"), "nothing is known for 2017-05-31"),
        (("severity", "cn", "--records", "other=1", "--lawful-business"), "CNY 50,000.00 is serious; it was not given"),
    ],
)
def test_an_open_question_is_an_answer_in_clear_words_and_in_json(arguments: tuple[str, ...], words: str) -> None:
    shown = said(*arguments)
    assert "Undetermined." in shown
    assert words in shown
    found = facts(*arguments)
    assert found["verdict"] == "undetermined"
    assert words in found["why"]
    chinese = said(*arguments, "--lang", "zh")
    assert "无法确定。" in chinese
    assert "Undetermined" not in chinese


def test_an_open_question_tells_what_is_in_force_all_the_same() -> None:
    shown = said("fee", "US", "--areas", "6", "--on", "2026-10-01")
    assert "  written in: 15 U.S.C. 6152(b) and 16 CFR 310.8(c), as adjusted for fiscal year 2027" in shown
    assert "note: The fees for fiscal year 2027, from 1 October 2026, were not found." in shown


def test_a_penalty_shows_the_amounts_of_both_days_and_which_one_applies() -> None:
    shown = said("penalty", "US", "--on", "2015-01-01", "--assessed", "2025-06-01")
    assert "    up to USD 53,088.00\n" in shown
    assert "The day of the assessment counts." in shown
    assert "by the law of the assessment, 2025-06-01: up to USD 53,088.00" in shown
    assert "by the law of the violation, 2015-01-01: up to USD 16,000.00" in shown
    found = facts("penalty", "US", "--on", "2015-01-01", "--assessed", "2025-06-01")
    civil = found["penalties"][0]
    assert (civil["amount"], civil["currency"], civil["day_that_counts"]) == ("53088.00", "USD", "assessment_date")
    assert civil["on_violation_date"]["amount"] == "16000.00"
    assert "90 Federal Register 5580" in civil["citation"]


def test_a_penalty_shows_the_formula_where_it_is_more_than_an_amount() -> None:
    asked = ("penalty", "CN", "--on", "2023-01-01", "--income", "20000")
    assert "CNY 20,000.00 to CNY 200,000.00" in said(*asked)
    assert "reckoned as: illegal income below CNY 20,000.00: up to CNY 200,000.00; otherwise: 1 to 10 times" in said(*asked)
    found = next(each for each in facts(*asked)["penalties"] if each["penalty"] == "lending_of_cards")
    assert (found["minimum"], found["amount"]) == ("20000.00", "200000.00")


def test_a_ceiling_by_turnover_needs_the_turnover() -> None:
    asked = ("penalty", "GB", "--on", "2026-02-05")
    assert "the greater of GBP 17,500,000.00 and 4 % of total annual turnover worldwide" in said(*asked)
    assert facts(*asked)["penalties"][0]["reason"] == "needs_turnover"
    assert facts(*asked, "--turnover", "1000000000.50")["penalties"][0]["amount"] == "40000000.02"


def test_penalties_can_be_asked_for_one_party() -> None:
    found = facts("penalty", "CA", "--on", "2015-01-01", "--party", "organisation")
    assert [(each["party"], each["amount"]) for each in found["penalties"]] == [("organisation", "15000.00")]


def test_that_a_rulebook_does_not_say_which_day_counts_is_told() -> None:
    assert "does not say which day counts; the day of the violation is taken" in said("penalty", "CA", "--on", "2015-01-01")


def test_a_fine_without_a_highest_amount_is_told_as_such() -> None:
    assert "CNY 500,000.00 or more" in said("penalty", "CN", "--on", "2020-01-01")


@pytest.mark.parametrize(
    ("called", "reported", "verdict", "words"),
    [
        ("2025-03-19", "2025-03-22", "in_time", "In time. 3 days; the last day is 2025-03-22."),
        ("2025-03-19", "2025-03-23", "too_late", "Too late. 3 days; the last day was 2025-03-22."),
        ("2025-03-20", "2025-03-27", "in_time", "In time. 7 days; the last day is 2025-03-27."),
        ("2025-03-20", "2025-03-28", "too_late", "Too late. 7 days; the last day was 2025-03-27."),
    ],
)
def test_whether_a_complaint_is_in_time_is_told(called: str, reported: str, verdict: str, words: str) -> None:
    asked = ("window", "IN", "--called", called, "--reported", reported)
    assert words in said(*asked)
    assert "The law of the day of the call decides." in said(*asked)
    assert facts(*asked)["verdict"] == verdict
    assert "Telecom Commercial Communications Customer Preference Regulations" in facts(*asked)["citation"]


def test_how_grave_it_is_is_told_with_every_share() -> None:
    asked = ("severity", "cn", "--records", "location=10", "--records", "B=100", "--records", "other=3000")
    shown = said(*asked, "--on", "2020-01-01")
    assert shown.splitlines()[1:6] == [
        "  Serious.",
        "  class A: 10 records of 50: 1/5",
        "  class B: 100 records of 500: 1/5",
        "  class C: 3000 records of 5000: 3/5",
        "  together: 1 (1 is serious)",
    ]
    assert facts(*asked, "--insider")["verdict"] == "serious"
    assert facts(*asked, "--insider")["total_share"] == "2"


def test_the_same_kind_given_twice_adds_up() -> None:
    found = facts("severity", "cn", "--records", "location=25", "--records", "LOCATION=25")
    assert found["verdict"] == "serious"


def test_without_a_day_the_law_of_today_counts() -> None:
    assert facts("severity", "cn", "--records", "location=50")["on"] >= "2026-01-01"


def test_gain_and_lawful_business_are_told() -> None:
    asked = ("severity", "cn", "--records", "other=4000", "--lawful-business", "--income")
    assert "Lawful business: only the gain counts." in said(*asked, "50000")
    assert "gain: 4/5 of the amount that is serious" in said(*asked, "40000")
    assert (facts(*asked, "50000")["verdict"], facts(*asked, "40000")["verdict"]) == ("serious", "not_serious")
    mixed = said("severity", "cn", "--records", "A=50", "--lawful-business", "--income", "1")
    assert "The rule for lawful business does not cover these records; the general rule was used." in mixed


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("fee", "US", "--areas", "six", "--on", "2009-06-01"), "--areas 'six' is not a whole number"),
        (("fee", "US", "--areas", "-1", "--on", "2009-06-01"), "--areas '-1'"),
        (("fee", "US", "--areas", "６", "--on", "2009-06-01"), "--areas '６'"),
        (("fee", "US", "--areas", "0", "--on", "2009-06-01"), "0 areas"),
        (("fee", "US", "--areas", "6", "--on", "2009-6-1"), "--on '2009-6-1' is not a day"),
        (("fee", "US", "--areas", "6", "--on", "20090601"), "--on '20090601'"),
        (("fee", "US", "--areas", "6", "--on", "2009-02-30"), "--on '2009-02-30'"),
        (("fee", "US", "--areas", "6", "--on", "today"), "--on 'today'"),
        (("fee", "US", "--areas", "6", "--on", "2009-06-01", "--months", "6"), "not sold for 6 months"),
        (("fee", "US", "--areas", "all", "--on", "2009-06-01", "--added-late", "1"), "To all areas none can be added"),
        (("fee", "../us", "--areas", "6", "--on", "2009-06-01"), "'../us' is not a country code"),
        (("fee", "USA", "--areas", "6", "--on", "2009-06-01"), "'USA' is not a country code"),
        (("penalty", "", "--on", "2009-06-01"), "'' is not a country code"),
        (("penalty", "US", "--on", "2009-06-01", "--assessed", "yesterday"), "--assessed 'yesterday'"),
        (("penalty", "US", "--on", "2009-06-01", "--assessed", "2009-05-31"), "before that of the violation"),
        (("penalty", "GB", "--on", "2026-06-01", "--turnover", "1e9"), "--turnover '1e9' is not an amount"),
        (("penalty", "GB", "--on", "2026-06-01", "--turnover", "-5"), "--turnover '-5'"),
        (("penalty", "CN", "--on", "2026-06-01", "--income", "1,000"), "--income '1,000'"),
        (("window", "IN", "--called", "x", "--reported", "2025-01-01"), "--called 'x'"),
        (("window", "IN", "--called", "2025-01-01", "--reported", "y"), "--reported 'y'"),
        (("window", "IN", "--called", "2025-01-02", "--reported", "2025-01-01"), "is before the call"),
        (("severity", "cn", "--records", "location"), "--records 'location' is not KIND=COUNT"),
        (("severity", "cn", "--records", "=5"), "--records '=5'"),
        (("severity", "cn", "--records", "location=many"), "--records 'many'"),
        (("severity", "cn", "--records", "shoes=5"), "'shoes' is not a kind of records"),
        (("severity", "cn"), "Nothing is given to weigh"),
    ],
)
def test_bad_input_is_refused_and_named(arguments: tuple[str, ...], words: str) -> None:
    with pytest.raises(UsageError, match=re.escape(words)):
        run(*arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        ("fee", "US", "--on", "2009-06-01"),
        ("fee", "US", "--areas", "6"),
        ("fee", "US", "--areas", "6", "--on", "2009-06-01", "--months", "x"),
        ("penalty", "US"),
        ("penalty", "US", "--on", "2009-06-01", "--party", "corporation"),
        ("window", "IN", "--called", "2025-01-01"),
        ("severity",),
        ("fee", "US", "--areas", "6", "--on", "2009-06-01", "--lang", "fr"),
    ],
)
def test_what_is_missing_or_unknown_is_a_mistake_of_the_call(arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("fee", "US", "--areas", "8", "--added-late", "2", "--on", "2009-06-01"),
        ("fee", "CA", "--areas", "17", "--on", "2012-01-01"),
        ("penalty", "US", "--on", "2015-01-01", "--assessed", "2025-06-01"),
        ("penalty", "CN", "--on", "2023-01-01", "--income", "20000", "--turnover", "5"),
        ("penalty", "AU", "--on", "2026-08-01"),
        ("penalty", "IN", "--on", "2026-01-01"),
        ("window", "IN", "--called", "2025-03-20", "--reported", "2025-03-27"),
        ("severity", "cn", "--records", "A=1", "--records", "C=1", "--income", "3", "--on", "2020-01-01"),
    ],
)
def test_everything_but_citations_and_notes_is_said_in_chinese(arguments: tuple[str, ...]) -> None:
    for line in said(*arguments, "--lang", "zh").splitlines():
        if line:
            assert HAN.search(line) or re.fullmatch(r"\s+[A-Z]{3} [0-9,.]+", line), line
    plain = [line for line in said(*arguments).splitlines() if line]
    assert not [line for line in plain if HAN.search(line)]


def test_a_rulebook_that_is_wrong_is_not_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def wrong(country: str) -> None:
        raise LawError(f"The rulebook {tmp_path} of {country} is wrong.")

    monkeypatch.setattr("quietline.law.rulebook.load_rulebook", wrong)
    with pytest.raises(LawError, match="is wrong"):
        run("fee", "US", "--areas", "6", "--on", "2009-06-01")


def test_united_kingdom_may_be_called_uk() -> None:
    assert facts("penalty", "uk", "--on", "2020-01-01")["country"] == "GB"
