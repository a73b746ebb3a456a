"""Penalty tables: how a ceiling is reckoned, which day counts, and each mistake in a file by name.

``broken_money/penalties`` holds one file for each mistake; its first lines say which words the error must contain.
"""

from __future__ import annotations

import re
import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from quietline import law
from quietline.errors import LawError, UsageError
from quietline.law._yaml import read_yaml
from quietline.law.money import Undetermined
from quietline.law.penalties import Amounts, Penalties, Penalty, PenaltyTable, maximum_penalty, read_penalties
from quietline.law.rulebook import load_rulebook

HERE = Path(__file__).parent
BOOKS = Path(law.__file__).parent / "rulebooks"
BROKEN = sorted((HERE / "broken_money" / "penalties").glob("*.yaml"))
TURNOVER = "{percent: 4, of: {en: turnover, zh: 营业额}}"


def read(file: Path) -> tuple[PenaltyTable, ...]:
    top = read_yaml(file).value
    assert isinstance(top, dict)
    return read_penalties(top["penalties"], file.stem)


def ask(country: str, name: str, words: str = "", **asked: Any) -> Penalty:
    found = maximum_penalty(load_rulebook(country).penalties, **asked)
    (each,) = [each for each in found.penalties if each.name == name and words in f"{each.case['en']}, {each.per['en']}"]
    return each


def reckon(tmp_path: Path, value: str, **asked: Any) -> Amounts | Undetermined:
    """Reckon the good file's penalty with another value in its row."""
    file = tmp_path / "good.yaml"
    text = (HERE / "good_money" / "penalties.yaml").read_text("utf-8")
    file.write_text(text.replace("value: 1000\n", f"value: {value}\n"), "utf-8")
    (each,) = maximum_penalty(read(file), on=date(2020, 1, 1), **asked).penalties
    return each.applies


def test_no_mistake_has_lost_its_fixture() -> None:
    assert len(BROKEN) >= 20


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
    ("value", "asked", "minimum", "maximum", "en", "zh"),
    [
        ("1000", {}, None, "1000.00", "up to USD 1,000.00", "至多为USD 1,000.00"),
        ("{at_most: 5}", {}, None, "5.00", "up to USD 5.00", "至多为USD 5.00"),
        ("{at_least: 5}", {}, "5.00", None, "USD 5.00 or more", "USD 5.00以上"),
        ("{at_least: 5, at_most: 9}", {}, "5.00", "9.00", "USD 5.00 to USD 9.00", "USD 5.00以上USD 9.00以下"),
        ("{units: '2.5'}", {}, None, "250.00", "up to 2.5 penalty units", "至多为2.5个罚款单位"),
        (f"{{turnover: {TURNOVER}}}", {"turnover": 1000}, None, "40.00", "up to 4 % of turnover", "至多为营业额的4%"),
        (
            f"{{at_most: 50, turnover: {TURNOVER}, choose: greater}}",
            {"turnover": 1000},
            None,
            "50.00",
            "up to the greater of USD 50.00 and 4 % of turnover",
            "至多为USD 50.00与营业额的4%中较高者",
        ),
        (
            f"{{at_most: 50, turnover: {TURNOVER}, choose: either}}",
            {"turnover": 2000},
            None,
            "80.00",
            "up to USD 50.00 or up to 4 % of turnover",
            "USD 50.00以下或者营业额的4%以下",
        ),
        (
            "{income: {at_least: 1, at_most: 10}}",
            {"income": "12.5"},
            "12.50",
            "125.00",
            "1 to 10 times the illegal income",
            "违法所得1倍以上10倍以下",
        ),
        (
            "[{when: {income_at_most: 0}, at_most: 7}, {income: {at_least: 1, at_most: 2}}]",
            {"income": 0},
            None,
            "7.00",
            "no illegal income: up to USD 7.00; otherwise: 1 to 2 times the illegal income",
            "没有违法所得：至多为USD 7.00；其他情形：违法所得1倍以上2倍以下",
        ),
        (
            "[{when: {income_at_most: 5}, at_most: 7}, {at_most: 9}]",
            {"income": 5},
            None,
            "7.00",
            "illegal income of at most USD 5.00: up to USD 7.00; otherwise: up to USD 9.00",
            "违法所得不超过USD 5.00：至多为USD 7.00；其他情形：至多为USD 9.00",
        ),
        (
            "[{when: {income_below: 5}, at_most: 7}, {at_most: 9}]",
            {"income": 5},
            None,
            "9.00",
            "illegal income below USD 5.00: up to USD 7.00; otherwise: up to USD 9.00",
            "违法所得不足USD 5.00：至多为USD 7.00；其他情形：至多为USD 9.00",
        ),
        (
            "[{when: {turnover_above: 5}, at_most: 7}, {at_most: 9}]",
            {"turnover": 5},
            None,
            "9.00",
            "turnover above USD 5.00: up to USD 7.00; otherwise: up to USD 9.00",
            "营业额超过USD 5.00：至多为USD 7.00；其他情形：至多为USD 9.00",
        ),
    ],
)
def test_each_way_to_write_a_ceiling_is_reckoned_and_said(
    tmp_path: Path,
    value: str,
    asked: dict[str, Any],
    minimum: str | None,
    maximum: str | None,
    en: str,
    zh: str,
) -> None:
    found = reckon(tmp_path, value, **{name: Decimal(amount) for name, amount in asked.items()})
    assert isinstance(found, Amounts)
    assert (found.minimum and found.minimum.plain(), found.maximum and found.maximum.plain()) == (minimum, maximum)
    assert found.formula == {"en": en, "zh": zh}


@pytest.mark.parametrize(
    ("value", "reason", "en"),
    [
        (
            f"{{turnover: {TURNOVER}}}",
            "needs_turnover",
            "It hangs on the turnover, which was not given: up to 4 % of turnover",
        ),
        (f"{{at_most: 5, turnover: {TURNOVER}, choose: greater}}", "needs_turnover", "the greater of USD 5.00"),
        ("{income: {at_least: 1, at_most: 2}}", "needs_income", "It hangs on the illegal income, which was not given"),
        ("[{when: {income_below: 5}, at_most: 7}, {at_most: 9}]", "needs_income", "otherwise: up to USD 9.00"),
        ("[{when: {turnover_above: 5}, at_most: 7}, {at_most: 9}]", "needs_turnover", "otherwise: up to USD 9.00"),
        ("unknown", "unknown", "what is in force since 2010-01-01 is not in the rulebook"),
    ],
)
def test_what_hangs_on_something_that_was_not_given_is_undetermined_and_shows_the_formula(
    tmp_path: Path, value: str, reason: str, en: str
) -> None:
    found = reckon(tmp_path, value)
    assert isinstance(found, Undetermined)
    assert found.reason == reason
    assert en in found.why["en"]
    assert found.why["zh"]
    assert found.as_dict()["citation"] == "Some Act, section 1"


def test_where_the_assessment_counts_the_amounts_of_both_days_are_given_and_the_later_applies() -> None:
    each = ask("US", "civil_penalty", on=date(2015, 1, 1), assessed=date(2025, 6, 1))
    assert each.counts == "assessment_date"
    facts = each.as_dict()
    assert (facts["amount"], facts["currency"]) == ("53088.00", "USD")
    assert facts["on_violation_date"]["amount"] == "16000.00"
    assert facts["on_assessment_date"]["amount"] == "53088.00"
    assert "Improvements Act of 2015" in facts["day_that_counts_citation"]
    assert "Improvements Act of 2015" in facts["citation"]


def test_where_the_violation_counts_the_day_of_the_assessment_changes_nothing() -> None:
    each = ask("US", "civil_penalty", on=date(2009, 2, 8), assessed=date(2016, 7, 31))
    assert (each.counts, each.by_assessment) == ("violation_date", None)
    assert each.as_dict()["amount"] == "11000.00"
    assert "on_assessment_date" not in each.as_dict()


def test_without_a_day_of_assessment_it_is_that_of_the_violation() -> None:
    each = ask("US", "civil_penalty", on=date(2023, 5, 1))
    assert each.as_dict()["on_violation_date"]["amount"] == each.as_dict()["on_assessment_date"]["amount"] == "50120.00"
    assert each.as_dict()["confidence"] == "seen_official"  # which of two equal days counts takes nothing away


def test_where_a_rulebook_does_not_say_which_day_counts_nothing_is_made_up() -> None:
    each = ask("CA", "administrative_penalty", "individual", on=date(2015, 1, 1), assessed=date(2020, 1, 1))
    assert (each.counts, each.counts_found) == ("violation_date", None)
    assert each.as_dict()["day_that_counts_citation"] is None


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"assessed": date(2019, 12, 31)}, "2019-12-31, is before that of the violation, 2020-01-01"),
        ({"turnover": Decimal(-1)}, "The turnover, -1, is not an amount"),
        ({"income": Decimal("NaN")}, "The income, NaN, is not an amount"),
        ({"income": Decimal("Infinity")}, "The income, Infinity, is not an amount"),
    ],
)
def test_questions_that_make_no_sense_are_refused_by_name(asked: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=re.escape(words)):
        maximum_penalty(load_rulebook("US").penalties, on=date(2020, 1, 1), **asked)


def test_only_penalties_for_the_party_or_for_anyone_are_given() -> None:
    def parties(party: Any) -> set[str | None]:
        found = maximum_penalty(load_rulebook("GB").penalties, on=date(2020, 1, 1), party=party)
        return {each.party for each in found.penalties}

    assert parties(None) == {None, "individual"}
    assert parties("individual") == {None, "individual"}
    assert parties("organisation") == {None}


def test_a_penalty_that_has_ended_is_left_out() -> None:
    names = {each.name for each in maximum_penalty(load_rulebook("SG").penalties, on=date(2021, 2, 1)).penalties}
    assert names == {"part_9_penalty", "section_48b_penalty"}


@pytest.mark.parametrize(
    ("country", "day", "asked", "verdict"),
    [
        ("US", "2020-01-01", {}, "determined"),
        ("US", "1985-01-01", {}, "undetermined"),
        ("US", "1992-01-01", {}, "partly_determined"),
        ("GB", "2026-03-01", {}, "partly_determined"),
        ("GB", "2026-03-01", {"turnover": Decimal(0)}, "determined"),
        ("AU", "2026-07-01", {"party": "individual"}, "partly_determined"),
    ],
)
def test_the_whole_answer_says_whether_everything_is_known(
    country: str, day: str, asked: dict[str, Any], verdict: str
) -> None:
    found = maximum_penalty(load_rulebook(country).penalties, on=date.fromisoformat(day), **asked)
    assert found.as_dict()["verdict"] == verdict
    assert ("why" in found.as_dict()) == (verdict == "undetermined")


def test_without_a_table_or_without_a_penalty_for_a_party_the_answer_says_so() -> None:
    nothing = maximum_penalty((), on=date(2020, 1, 1))
    assert nothing.why is not None
    assert nothing.why["en"] == "The rulebook has no table of penalties."
    assert isinstance(nothing, Penalties)
    ended = maximum_penalty(load_rulebook("SG").penalties[:1], on=date(2022, 1, 1))
    assert ended.why is not None
    assert "no penalty in force for that party" in ended.why["en"]


def test_a_unit_whose_value_is_not_known_says_the_number_of_units_and_what_is_missing() -> None:
    each = ask("AU", "civil_penalty", "A body corporate, one contravention", on=date(2026, 7, 1))
    assert isinstance(each.applies, Undetermined)
    assert "up to 100 penalty units, but penalty unit: what is in force since 2026-07-01" in each.applies.why["en"]
    assert each.applies.as_dict()["citation"].startswith("Crimes Act 1914")


def test_an_amount_in_units_is_no_better_known_than_the_weaker_of_units_and_their_value() -> None:
    each = ask("AU", "civil_penalty", "A body corporate, one contravention", on=date(2025, 1, 1))
    assert isinstance(each.applies, Amounts)
    assert [found.row.cited.confidence for _, _, found in each.applies.grounds.items] == ["memory_medium", "memory_high"]
    assert each.applies.grounds.confidence == "memory_medium"


def test_a_ceiling_changed_in_the_file_alone_shows(tmp_path: Path) -> None:
    shutil.copytree(BOOKS / "gb", tmp_path / "gb")
    path = tmp_path / "gb" / "monetary_penalties.yaml"
    path.write_text(path.read_text("utf-8").replace("percent: 4", "percent: '6.5'"), "utf-8")
    found = maximum_penalty(
        load_rulebook("gb", folder=tmp_path).penalties, on=date(2026, 3, 1), turnover=Decimal(1_000_000_000)
    )
    assert isinstance(found.penalties[0].applies, Amounts)
    assert str(found.penalties[0].applies.maximum) == "GBP 65,000,000.00"


def test_the_day_that_counts_changed_in_the_file_alone_shows(tmp_path: Path) -> None:
    shutil.copytree(BOOKS / "us", tmp_path / "us")
    path = tmp_path / "us" / "civil_penalties.yaml"
    path.write_text(path.read_text("utf-8").replace("value: assessment_date", "value: violation_date"), "utf-8")
    found = maximum_penalty(load_rulebook("us", folder=tmp_path).penalties, on=date(2015, 1, 1), assessed=date(2025, 6, 1))
    assert isinstance(found.penalties[0].applies, Amounts)
    assert str(found.penalties[0].applies.maximum) == "USD 16,000.00"


def test_all_texts_are_there_in_both_languages() -> None:
    for country in ("us", "ca", "gb", "sg", "au", "in", "cn"):
        found = maximum_penalty(
            load_rulebook(country).penalties, on=date(2023, 8, 1), income=Decimal(1), turnover=Decimal(1)
        )
        for each in found.penalties:
            facts = each.as_dict("zh")
            for name in ("title", "case", "per"):
                assert re.search(r"[\u4e00-\u9fff]", facts[name]), (country, facts[name])
                assert not re.search(r"[\u4e00-\u9fff]", each.as_dict("en")[name]), (country, name)


def test_the_tables_to_print_have_every_row_or_only_that_of_a_day() -> None:
    tables = [table for each in load_rulebook("AU").penalties for table in each.tables("en", date(2025, 1, 1))]
    assert tables[0].rows[0][:3] == (
        "A body corporate (organisation), one contravention",
        "2007-05-31",
        "up to 100 penalty units",
    )
    assert tables[0].rows[-1][:3] == ("penalty unit", "2024-11-07", "AUD 330.00")
    (civil, _) = load_rulebook("US").penalties
    (whole,) = civil.tables("zh")
    assert len(whole.rows) == 14 + 2
    assert whole.rows[-1][:3] == ("以哪一日为准", "2016-08-01", "处罚决定之日")
