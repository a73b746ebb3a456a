"""Fee tables: how a sum is reckoned, what is not known, and each mistake in a file by name.

``broken_money/fees`` holds one file for each mistake; its first lines say which words the error must contain.
"""

from __future__ import annotations

import re
import shutil
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from quietline import law
from quietline.errors import LawError, UsageError
from quietline.law._yaml import read_yaml
from quietline.law.fees import Fee, FeeTable, read_fees, subscription_fee
from quietline.law.money import CONFIDENCE_TEXT, CURRENCIES, Money, Undetermined
from quietline.law.rulebook import load_rulebook

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
BOOKS = Path(law.__file__).parent / "rulebooks"
BROKEN = sorted((HERE / "broken_money" / "fees").glob("*.yaml"))


def read(file: Path) -> tuple[FeeTable, ...]:
    top = read_yaml(file).value
    assert isinstance(top, dict)
    return read_fees(top["fees"], file.stem)


def us(**asked: Any) -> Fee:
    found = subscription_fee(load_rulebook("US").fees, **asked)
    assert isinstance(found, Fee)
    return found


def raw(country: str, file: str) -> Any:
    return yaml.safe_load((BOOKS / country / file).read_text("utf-8"))


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


def test_the_good_files_that_the_broken_ones_are_made_of_are_right() -> None:
    (areas,) = read(HERE / "good_money" / "fees.yaml")
    (prices,) = read(HERE / "good_money" / "prices.yaml")
    assert (areas.name, areas.instrument, areas.currency, areas.all_areas) == ("access", "fees", "USD", "maximum")
    assert [term.months for term in areas.terms] == [12]
    assert prices.prices[0].values.rows[0].value == Decimal("0.5")


def test_every_sum_is_the_formula_for_every_number_of_areas() -> None:
    for areas in range(1, 401):
        for late in (0, 1, 7):
            free_left = max(5 - areas, 0)
            expected = min(14850, 54 * max(areas - 5, 0) + 27 * max(late - free_left, 0))
            found = us(areas=areas, added_late=late, on=date(2009, 6, 1))
            assert found.amount == Money(Decimal(expected), "USD")
            assert found.capped == (54 * max(areas - 5, 0) + 27 * max(late - free_left, 0) > 14850)


def test_a_fee_says_how_it_was_reckoned_and_on_what_it_stands() -> None:
    assert us(areas=8, added_late=2, on=date(2009, 6, 1)).as_dict() | {
        "sources": [],
        "remarks": "",
        "note": "",
        "fee": "",
    } == {
        "verdict": "determined",
        "amount": "216.00",
        "currency": "USD",
        "citation": "15 U.S.C. 6152(b)(1)(A) (Do-Not-Call Registry Fee Extension Act of 2007); "
        "15 U.S.C. 6152(b)(1) and 16 CFR 310.8(c); 15 U.S.C. 6152(b) (Do-Not-Call Registry Fee Extension Act of 2007)",
        "confidence": "seen_copy",
        "from": "2008-10-01",
        "next_change": "2009-10-01",
        "note": "",
        "sources": [],
        "fee": "",
        "on": "2009-06-01",
        "areas": 8,
        "months": 12,
        "added_late": 2,
        "free_areas": 5,
        "charged_areas": 3,
        "charged_late": 2,
        "area_price": "54.00",
        "late_price": "27.00",
        "maximum": "14850.00",
        "capped": False,
        "all_areas_cheaper": None,
        "remarks": "",
    }


def test_every_row_that_an_answer_stands_on_is_listed_with_its_own_confidence() -> None:
    found = us(areas=6, on=date(2017, 10, 1)).as_dict()
    assert found["confidence"] == "memory_high"  # the weakest: the maximum of that year is from memory
    assert [(row["what"], row["confidence"]) for row in found["sources"]] == [
        ("price of an area", "seen_secondary"),
        ("areas free of charge", "seen_official"),
        ("maximum, the price of all areas", "memory_high"),
    ]
    chinese = us(areas=6, on=date(2017, 10, 1)).as_dict("zh")
    assert chinese["sources"][0]["what"] == "每个区域的价格"
    assert chinese["fee"] == "全国谢绝来电登记册年度查阅费"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"areas": 0}, "0 areas cannot be subscribed to"),
        ({"areas": -1}, "-1 areas cannot be subscribed to"),
        ({"areas": 1_000_001}, "1000001 areas"),
        ({"areas": 6, "added_late": -1}, "-1 areas cannot be added"),
        ({"areas": 6, "added_late": 1_000_001}, "cannot be added"),
        ({"areas": "all", "added_late": 1}, "To all areas none can be added"),
        ({"areas": 6, "months": 6}, "not sold for 6 months. Months that are sold: 12"),
        ({"areas": "all", "months": 1}, "not sold for 1 months"),
    ],
)
def test_what_cannot_be_bought_is_refused_by_name(asked: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=re.escape(words)):
        subscription_fee(load_rulebook("US").fees, on=date(2009, 6, 1), **asked)


@pytest.mark.parametrize(
    ("day", "reason", "en", "zh"),
    [
        (date(2003, 8, 31), "before", "nothing is known for 2003-08-31", "2003-08-31的规定不详"),
        (
            date(2026, 10, 1),
            "unknown",
            "what is in force since 2026-10-01 is not in the rulebook",
            "自2026-10-01起施行的内容",
        ),
        (date(9999, 12, 31), "unknown", "2026-10-01", "2026-10-01"),
        (date(1, 1, 1), "before", "0001-01-01", "0001-01-01"),
    ],
)
def test_where_the_table_is_silent_the_answer_says_what_is_missing_and_what_is_known(
    day: date, reason: str, en: str, zh: str
) -> None:
    for areas in (6, "all"):
        found = subscription_fee(load_rulebook("US").fees, areas=areas, on=day)
        assert isinstance(found, Undetermined)
        assert found.reason == reason
        assert en in found.why["en"]
        assert zh in found.why["zh"]
        assert found.as_dict()["verdict"] == "undetermined"
        assert found.as_dict()["known"] == [{"from": "2003-09-01", "until": "2026-10-01"}]
        assert "from 2003-09-01 until before 2026-10-01" in found.why["en"]


def test_a_rulebook_without_fees_by_area_says_so_and_names_what_it_has() -> None:
    nothing = subscription_fee((), areas=1, on=date(2020, 1, 1))
    assert isinstance(nothing, Undetermined)
    assert "no table of fees" in nothing.why["en"]
    singapore = subscription_fee(load_rulebook("SG").fees, areas=1, on=date(2020, 1, 1))
    assert isinstance(singapore, Undetermined)
    assert "Account with the Do Not Call Registry; Checks of telephone numbers" in singapore.why["en"]
    assert "谢绝来电登记处账户费；电话号码查询费" in singapore.why["zh"]


def test_two_fees_by_area_are_a_mistake_of_the_rulebook() -> None:
    fees = read(HERE / "good_money" / "fees.yaml")
    with pytest.raises(LawError, match="2 fees by area: access, access"):
        subscription_fee(fees + fees, areas=1, on=date(2020, 1, 1))


def test_a_price_for_late_areas_that_the_rulebook_lacks_is_not_guessed() -> None:
    found = subscription_fee(load_rulebook("CA").fees, areas=1, added_late=1, on=date(2012, 1, 1))
    assert isinstance(found, Undetermined)
    assert "the rulebook has no such price" in found.why["en"]


def test_a_rule_that_is_no_longer_in_force_gives_no_fee(edited: Callable[[str, str, str, str], Path]) -> None:
    folder = edited("us", "registry_fees.yaml", "value: 82\n", "value: null\n")
    found = subscription_fee(load_rulebook("us", folder=folder).fees, areas=6, on=date(2026, 1, 1))
    assert isinstance(found, Undetermined)
    assert found.reason == "ended"
    assert "no longer in force since 2025-10-01" in found.why["en"]
    assert "自2025-10-01起已不再施行" in found.why["zh"]


@pytest.fixture
def edited(tmp_path: Path) -> Callable[[str, str, str, str], Path]:
    def edit(country: str, file: str, old: str, new: str) -> Path:
        shutil.copytree(BOOKS / country, tmp_path / country)
        path = tmp_path / country / file
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), "utf-8")
        return tmp_path

    return edit


def test_an_amount_changed_in_the_file_alone_shows(edited: Callable[[str, str, str, str], Path]) -> None:
    folder = edited("us", "registry_fees.yaml", "value: 82\n", "value: '83.5'\n")
    found = subscription_fee(load_rulebook("us", folder=folder).fees, areas=7, on=date(2026, 1, 1))
    assert isinstance(found, Fee)
    assert found.amount.plain() == "167.00"


def test_the_free_areas_and_the_currency_come_from_the_file_as_well(edited: Callable[[str, str, str, str], Path]) -> None:
    folder = edited("us", "registry_fees.yaml", "currency: USD", "currency: EUR")
    path = folder / "us" / "registry_fees.yaml"
    path.write_text(path.read_text("utf-8").replace("value: 5\n", "value: 3\n", 1), "utf-8")
    found = subscription_fee(load_rulebook("us", folder=folder).fees, areas=6, on=date(2009, 6, 1))
    assert isinstance(found, Fee)
    assert str(found.amount) == "EUR 162.00"


def test_the_maximum_of_every_year_stands_in_a_plausible_relation_to_the_price_of_an_area() -> None:
    term = raw("us", "registry_fees.yaml")["fees"]["registry_access"]["terms"][0]
    prices = {row["from"]: row["value"] for row in term["per_area"]}
    maxima = {row["from"]: row["value"] for row in term["all"]}
    assert prices.keys() == maxima.keys()
    ratios = {day: Decimal(maxima[day]) / prices[day] for day in prices if prices[day] != "unknown"}
    assert len(ratios) == 21
    for day, ratio in ratios.items():
        if day < date(2004, 9, 1):
            assert ratio == 295  # 300 area codes less the five that are free
        elif day < date(2009, 10, 1):
            assert ratio == 275  # 280 less five
        else:
            assert Decimal("273.3") <= ratio <= Decimal("276.9"), day  # 276.84 in fiscal year 2012
    for row in term["added_late"]:
        if row["value"] != "unknown":
            full = max(day for day in prices if day <= row["from"])
            assert abs(prices[full] - 2 * row["value"]) <= 1, row["from"]


def test_every_country_has_its_own_currency() -> None:
    own = {"us": "USD", "ca": "CAD", "gb": "GBP", "sg": "SGD", "au": "AUD", "in": "INR", "cn": "CNY"}
    for country, currency in own.items():
        book = load_rulebook(country)
        tables = [*book.fees, *book.penalties, *book.severity]
        assert tables
        assert {table.currency for table in tables} == {currency}


def test_no_citation_is_an_address_or_a_working_paper() -> None:
    seen = 0
    for path in BOOKS.glob("*/*.yaml"):
        for citation in re.findall(r"^\s*citation: (.*)$", path.read_text("utf-8"), re.MULTILINE):
            seen += 1
            assert not re.search(r"https?:|www\.|law\.md|\[[SM]:", citation), citation
    assert seen >= 250


def test_the_tables_to_print_have_every_row_or_only_that_of_a_day() -> None:
    (table,) = load_rulebook("US").fees
    (whole,) = table.tables("en")
    assert whole.title == "Annual fee for access to the National Do Not Call Registry"
    assert whole.columns == ("what", "from", "value", "citation", "how well known", "note")
    assert len(whole.rows) == 1 + 22 + 22 + 13
    assert {len(row) for row in whole.rows} == {6}
    assert {"not known", "USD 14,850.00"} <= {row[2] for row in whole.rows}
    (day,) = table.tables("zh", date(2009, 6, 1))
    assert [row[:3] for row in day.rows] == [
        ("免费区域数", "2003-09-01", "5"),
        ("每个区域的价格，12个月", "2008-10-01", "USD 54.00"),
        ("最高额，即全部区域的价格，12个月", "2008-10-01", "USD 14,850.00"),
        ("期限后半段增加的每个区域的价格，12个月", "2008-10-01", "USD 27.00"),
    ]
    assert table.tables("en", date(1999, 1, 1))[0].rows == ()
    (checks,) = [table for table in load_rulebook("SG").fees if table.name == "checks"]
    values = [row[2] for row in checks.tables("en")[0].rows]
    assert values == ["500", "SGD 100.00", "SGD 10,000.00", "SGD 0.025", "SGD 0.023"]


@pytest.mark.parametrize(
    ("amount", "currency", "plain", "shown"),
    [
        ("54", "USD", "54.00", "USD 54.00"),
        ("0", "USD", "0.00", "USD 0.00"),
        ("0.025", "SGD", "0.025", "SGD 0.025"),
        ("1.5", "CAD", "1.50", "CAD 1.50"),
        ("14850.000", "USD", "14850.00", "USD 14,850.00"),
        ("1E+7", "INR", "10000000.00", "INR 10,000,000.00"),
        ("1500", "JPY", "1500", "JPY 1,500"),
        ("999999999999999.999999", "EUR", "999999999999999.999999", "EUR 999,999,999,999,999.999999"),
    ],
)
def test_money_is_written_exactly_with_the_decimals_of_its_currency(
    amount: str, currency: str, plain: str, shown: str
) -> None:
    money = Money(Decimal(amount), currency)
    assert (money.plain(), str(money)) == (plain, shown)


def test_there_are_words_for_every_confidence_and_only_for_what_exists() -> None:
    assert [*CONFIDENCE_TEXT] == [
        "seen_official",
        "seen_copy",
        "seen_secondary",
        "memory_high",
        "memory_medium",
        "memory_low",
    ]
    for name, text in CONFIDENCE_TEXT.items():
        assert ("NOT CHECKED" in text["en"]) == ("未经文本核对" in text["zh"]) == name.startswith("memory")
    assert all(len(code) == 3 for code in CURRENCIES)


def test_rows_hold_from_their_first_day_until_the_day_before_the_next() -> None:
    (table,) = load_rulebook("US").fees
    series = table.terms[0].per_area
    for row, after in zip(series.rows[:-2], series.rows[1:-1], strict=True):
        what = {"en": "price", "zh": "价格"}
        for day in (row.from_date, after.from_date - timedelta(days=1)):
            found = series.at(day, what)
            assert not isinstance(found, Undetermined)
            assert (found.value, found.row, found.next_change) == (row.value, row, after.from_date)
