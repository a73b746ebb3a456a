"""Thresholds for personal data: shares that add up, exactly, and each mistake in a file by name.

``broken_money/severity`` holds one file for each mistake; its first lines say which words the error must contain.
"""

from __future__ import annotations

import re
import shutil
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from quietline import law
from quietline.errors import LawError, UsageError
from quietline.law._yaml import read_yaml
from quietline.law.money import Undetermined
from quietline.law.rulebook import load_rulebook
from quietline.law.severity import Severity, SeverityTable, read_severity, severity_of

HERE = Path(__file__).parent
BOOKS = Path(law.__file__).parent / "rulebooks"
BROKEN = sorted((HERE / "broken_money" / "severity").glob("*.yaml"))
GOOD = HERE / "good_money" / "severity.yaml"
DAY = date(2020, 1, 1)


def read(file: Path) -> tuple[SeverityTable, ...]:
    top = read_yaml(file).value
    assert isinstance(top, dict)
    return read_severity(top["severity"], file.stem)


def china(records: dict[str, int], **asked: Any) -> Severity:
    found = severity_of(load_rulebook("CN").severity, records=records, on=DAY, **asked)
    assert isinstance(found, Severity)
    return found


def test_no_mistake_has_lost_its_fixture() -> None:
    assert len(BROKEN) >= 10


@pytest.mark.parametrize("file", BROKEN, ids=lambda file: file.stem)
def test_a_broken_file_is_refused_with_file_line_key_and_what_is_allowed(file: Path) -> None:
    words = re.findall(r"^# must say: (.*)$", file.read_text("utf-8"), re.MULTILINE)
    assert words
    with pytest.raises(LawError) as caught:
        read(file)
    assert caught.value.code == "law.invalid"
    for each in [*words, file.name, "line "]:
        assert each in caught.value.message


def test_shares_are_exact_where_floats_would_not_be() -> None:
    exactly = china({"location": 10, "health": 100, "other": 3000})
    assert exactly.total == 1
    assert exactly.verdict == "serious"
    thirds = severity_of(read(GOOD), records={"A": 1, "B": 489}, on=DAY)
    assert isinstance(thirds, Severity)
    assert thirds.total == Fraction(1, 50) + Fraction(489, 500) == Fraction(499, 500)
    assert thirds.verdict == "not_serious"


def test_every_mixture_is_judged_as_the_sum_of_its_shares() -> None:
    for a in range(0, 60, 7):
        for b in range(0, 600, 71):
            for c in range(0, 6000, 701):
                for insider, factor in ((False, 1), (True, 2)):
                    thousandths = (a * 100 + b * 10 + c) * factor  # of 5,000
                    expected = (
                        "very_serious" if thousandths >= 50_000 else "serious" if thousandths >= 5000 else "not_serious"
                    )
                    assert china({"A": a, "B": b, "C": c}, insider=insider).verdict == expected


def test_kinds_and_letters_of_a_class_add_up_in_either_case() -> None:
    found = china({"location": 20, "A": 20, "Credit": 10})
    assert [(share.name, share.count, share.share) for share in found.shares] == [("A", 50, 1)]
    assert found.verdict == "serious"


def test_gain_and_records_are_grounds_of_their_own_and_do_not_add_up() -> None:
    found = china({"location": 49}, income=Decimal("4999.99"))
    assert found.verdict == "not_serious"
    assert found.gain_share == Fraction(499999, 500000)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (
            {"records": {"shoes": 5}},
            "'shoes' is not a kind of records. Kinds are: A, location, content, credit, property, B,",
        ),
        ({"records": {"A": -1}}, "-1 is not a number of records"),
        ({"records": {"A": 10**15 + 1}}, "is not a number of records"),
        ({"records": {}}, "Nothing is given to weigh"),
        ({"records": {"A": 1}, "income": Decimal(-1)}, "The gain, -1, is not an amount"),
        ({"records": {"A": 1}, "income": Decimal("NaN")}, "The gain, NaN, is not an amount"),
    ],
)
def test_questions_that_make_no_sense_are_refused_by_name(asked: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=re.escape(words)):
        severity_of(load_rulebook("CN").severity, on=DAY, **asked)


def test_a_gain_alone_can_be_weighed() -> None:
    assert china({}, income=Decimal(5000)).verdict == "serious"
    assert china({}, income=Decimal(50_000), lawful_business=True).verdict == "serious"


def test_lawful_business_counts_only_the_gain_and_only_for_its_classes() -> None:
    plain = china({"other": 100_000}, income=Decimal(49_999), lawful_business=True)
    assert (plain.verdict, plain.lawful_business, plain.shares, plain.very_serious_from) == ("not_serious", True, (), None)
    mixed = china({"other": 4000, "health": 500}, income=Decimal(1), lawful_business=True)
    assert (mixed.verdict, mixed.lawful_business) == ("serious", False)
    none_of_them = china({"other": 4000, "health": 0}, income=Decimal(1), lawful_business=True)
    assert none_of_them.lawful_business


def test_without_a_rule_for_lawful_business_the_general_rule_holds(tmp_path: Path) -> None:
    text = GOOD.read_text("utf-8")
    file = tmp_path / "good.yaml"
    file.write_text(text[: text.index("    lawful_business:")], "utf-8")
    found = severity_of(read(file), records={"B": 500}, on=DAY, income=Decimal(1), lawful_business=True)
    assert isinstance(found, Severity)
    assert (found.verdict, found.lawful_business) == ("serious", False)


@pytest.mark.parametrize("key", ["threshold", "gain", "insider_factor", "very_serious_factor"])
def test_a_threshold_that_is_not_known_leaves_the_question_open(tmp_path: Path, key: str) -> None:
    text = re.sub(rf"({key}:\n\s+- from: 2010-01-01\n\s+value: )\S+", r"\1unknown", GOOD.read_text("utf-8"), count=1)
    file = tmp_path / "good.yaml"
    file.write_text(text, "utf-8")
    found = severity_of(read(file), records={"A": 500}, on=DAY, insider=True, income=Decimal(1))
    assert isinstance(found, Undetermined)
    assert found.reason == "unknown"


def test_before_the_tables_begin_lawful_business_is_open_too() -> None:
    found = severity_of(
        load_rulebook("CN").severity,
        records={"other": 1},
        on=date(2017, 5, 31),
        income=Decimal(1),
        lawful_business=True,
    )
    assert isinstance(found, Undetermined)
    assert found.reason == "before"


def test_without_a_table_nothing_is_said_and_two_tables_are_a_mistake() -> None:
    found = severity_of((), records={"A": 1}, on=DAY)
    assert isinstance(found, Undetermined)
    assert "no table of thresholds" in found.why["en"]
    with pytest.raises(LawError, match="2 tables: data, data"):
        severity_of(read(GOOD) * 2, records={"A": 1}, on=DAY)


def test_an_answer_has_shares_as_fractions_and_every_ground() -> None:
    facts = china({"location": 1, "other": 7}, insider=True, income=Decimal(1)).as_dict()
    assert facts["verdict"] == "not_serious"
    assert facts["shares"] == [
        {"class": "A", "count": 1, "threshold": "25", "share": "1/25"},
        {"class": "C", "count": 7, "threshold": "2500", "share": "7/2500"},
    ]
    assert (facts["total_share"], facts["gain_share"], facts["very_serious_from"]) == ("107/2500", "1/2500", "10")
    assert "article 5(1)(8)" in facts["citation"]
    assert "further grounds" in facts["remarks"]
    chinese = china({"location": 1}).as_dict("zh")
    assert chinese["sources"][0]["what"] == "A类：行踪轨迹信息、通信内容、征信信息、财产信息"
    assert chinese["sources"][0]["value"] == "50条"


def test_a_threshold_changed_in_the_file_alone_shows(tmp_path: Path) -> None:
    shutil.copytree(BOOKS / "cn", tmp_path / "cn")
    path = tmp_path / "cn" / "personal_information.yaml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("value: 50\n", "value: 40\n").replace("location:\n", "whereabouts:\n"), "utf-8")
    tables = load_rulebook("cn", folder=tmp_path).severity
    found = severity_of(tables, records={"whereabouts": 40}, on=DAY)
    assert isinstance(found, Severity)
    assert found.verdict == "serious"


def test_the_tables_to_print_have_every_row_or_only_that_of_a_day() -> None:
    (table,) = load_rulebook("CN").severity
    (whole,) = table.tables("en", DAY)
    assert [row[:3] for row in whole.rows] == [
        ("class A: location and movements, content of communications, credit records, property", "2017-06-01", "50 records"),
        ("class B: lodging, records of communications, health, transactions", "2017-06-01", "500 records"),
        ("class C: other personal information", "2017-06-01", "5,000 records"),
        ("gain", "2017-06-01", "CNY 5,000.00"),
        ("gain in lawful business", "2017-06-01", "CNY 50,000.00"),
        ("factor for insiders", "2017-06-01", "0.5"),
        ("factor for very serious", "2017-06-01", "10"),
    ]
    assert table.tables("zh", date(2017, 5, 31))[0].rows == ()
