"""Penalties for many calls, against a plain model that reads the files on its own; and how they are told."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import quietline
from quietline import law
from quietline.errors import LawError, UsageError
from quietline.law._yaml import read_yaml
from quietline.law.money import Money
from quietline.law.penalties import Amounts, PenaltyTable, ceiling_of_a_call, read_penalties
from quietline.law.proposing import Proposal, Reckoning, propose_penalty
from quietline.law.rulebook import load_rulebook

HERE = Path(__file__).parent
BOOKS = Path(law.__file__).parent / "rulebooks"
FEE_BOOKS = Path(quietline.__file__).parent / "web" / "base" / "demonstration"
FOLDERS = [*sorted(BOOKS.iterdir()), FEE_BOOKS / "zz"]
FIRST, LAST = date(1995, 1, 1), date(2028, 12, 31)


# -- the plain model -----------------------------------------------------------------------------------------------------


def begun(rows: list[dict[str, Any]], on: date) -> Any:
    """The value in force: "before" before the first row, None where it ended, "unknown" where nobody knows."""
    found = [row["value"] for row in rows if row["from"] <= on]
    return found[-1] if found else "before"


def plain_span(
    table: dict[str, Any], case: dict[str, Any], on: date, turnover: Decimal | None, income: Decimal | None
) -> tuple[Decimal | None, Decimal | None] | str:
    """Lowest and highest amount of one day, or "ended", or "unknown"."""
    value = begun(case["values"], on)
    if value is None:
        return "ended"
    if value in ("unknown", "before"):
        return "unknown"
    for one in value if isinstance(value, list) else [value]:
        if not isinstance(one, dict):
            return None, Decimal(str(one))
        for test, limit in (one.get("when") or {}).items():
            known = turnover if test == "turnover_above" else income
            if known is None:
                return "unknown"
            holds = {"income_below": known < limit, "income_at_most": known <= limit, "turnover_above": known > limit}[test]
            break
        else:
            holds = True
        if holds:
            return plain_amounts(table, one, on, turnover, income)
    raise AssertionError(value)


def plain_amounts(
    table: dict[str, Any], one: dict[str, Any], on: date, turnover: Decimal | None, income: Decimal | None
) -> tuple[Decimal | None, Decimal | None] | str:
    low = Decimal(str(one["at_least"])) if "at_least" in one else None
    high = Decimal(str(one["at_most"])) if "at_most" in one else None
    worth = begun(table["unit_value"], on) if "units" in one else 0
    if worth in ("unknown", "before") or (income is None and "income" in one) or (turnover is None and "turnover" in one):
        return "unknown"
    if "units" in one:
        return None, Decimal(str(worth)) * Decimal(str(one["units"]))
    if "income" in one:
        assert income is not None
        return income * Decimal(str(one["income"]["at_least"])), income * Decimal(str(one["income"]["at_most"]))
    if "turnover" in one:
        assert turnover is not None
        share = turnover * Decimal(str(one["turnover"]["percent"])) / 100
        return low, share if high is None else max(share, high)
    return low, high


def plain_sum(
    table: dict[str, Any], case: dict[str, Any], calls: dict[date, int], by: date | None, **known: Decimal | None
) -> tuple[Decimal | None, Decimal | None] | str:
    """Lowest and highest sum, or "not in force", or "unknown"."""
    limits = [other for other in table["cases"] if case.get("each_call") and other.get("each_day") and same(other, case)]
    limit = limits[0] if limits else None
    spans = []
    for day, count in calls.items():
        span = plain_span(table, case, by or day, known["turnover"], known["income"])
        if span == "ended":
            continue
        if isinstance(span, str):
            return "unknown"
        low, high = span
        if case.get("each_call"):
            low, high = (each and each * count for each in span)
            most = plain_span(table, limit, by or day, known["turnover"], known["income"]) if limit else "ended"
            if most == "unknown" and count > 1:
                return "unknown"
            if not isinstance(most, str) and most[1] is not None and (high is None or high > most[1]):
                low, high = most
        spans.append((low, high))
    if not spans:
        return "not in force"
    if not (case.get("each_call") or case.get("each_day")):
        return max(spans, key=lambda span: (span[1] is None, span[1] or 0, span[0] or 0))
    lows = [low for low, _ in spans if low is not None]
    highs = [high for _, high in spans if high is not None]
    return sum(lows, Decimal(0)) if lows else None, sum(highs, Decimal(0)) if len(highs) == len(spans) else None


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return bool(one["case"] == other["case"] and one.get("party") == other.get("party"))


def yes_and_no(text: str) -> Any:
    return yaml.safe_load(text)  # YAML 1.1: yes is true, a day is a day


PLAIN: dict[str, dict[str, dict[str, Any]]] = {}
for folder in FOLDERS:
    for path in sorted(folder.glob("*.yaml")):
        PLAIN.setdefault(folder.name, {}).update(yes_and_no(path.read_text("utf-8")).get("penalties") or {})
TABLES = [
    (country, name, place)
    for country, found in PLAIN.items()
    for name, table in found.items()
    for place in range(len(table["cases"]))
]


def tables_of(country: str) -> tuple[PenaltyTable, ...]:
    return load_rulebook(country, folder=FEE_BOOKS if country == "zz" else None).penalties


days = st.one_of(
    st.dates(FIRST, LAST),
    st.sampled_from(
        sorted({row["from"] + timedelta(days=n) for found in PLAIN.values() for t in found.values() for case in t["cases"]
                for row in case["values"] for n in (-1, 0, 1)})
    ),
)  # fmt: skip
decade = st.dictionaries(st.dates(date(2015, 1, 1), date(2025, 12, 31)), st.integers(1, 9), min_size=1, max_size=20)
money = st.none() | st.decimals(0, 5_000_000_000, places=2)


@settings(max_examples=300)
@given(st.sampled_from(TABLES), st.dictionaries(days, st.integers(1, 60), min_size=1, max_size=12), days, money, money)
def test_every_sum_is_that_of_the_plain_model(
    asked: tuple[str, str, int], calls: dict[date, int], later: date, turnover: Decimal | None, income: Decimal | None
) -> None:
    country, name, place = asked
    table = PLAIN[country][name]
    case = table["cases"][place]
    assessed = max(later, *calls)
    found = propose_penalty(
        tables_of(country), list(calls.items()), assessed=assessed, turnover=turnover, income=income, only=[name]
    )
    said = begun(table["day_that_counts"], assessed) if "day_that_counts" in table else "before"
    counts = "assessment_date" if said == "assessment_date" else "violation_date"
    expected = {by: plain_sum(table, case, calls, by, turnover=turnover, income=income) for by in (None, assessed)}
    limits = case.get("each_day") and any(other.get("each_call") and same(other, case) for other in table["cases"])
    fitting = [
        each for each in found.penalties
        if each.case == case["case"] and each.party == case.get("party") and each.per == case["per"]
    ]  # fmt: skip
    if limits or expected[assessed if counts == "assessment_date" else None] == "not in force":
        assert fitting == []
        return
    (one,) = fitting
    assert one.counts == counts
    for by, reckoning in ((None, one.by_call), (assessed, one.by_assessment)):
        assert plainly(reckoning) == expected[by]
        assert sum(line.calls for line in reckoning.lines) == sum(calls.values())


def plainly(reckoning: Reckoning) -> tuple[Decimal | None, Decimal | None] | str:
    if reckoning.verdict != "determined":
        assert (reckoning.minimum, reckoning.maximum) == (None, None)
        return "unknown" if reckoning.verdict == "undetermined" else "not in force"
    return tuple(each and each.amount for each in (reckoning.minimum, reckoning.maximum))  # type: ignore[return-value]


def test_the_plain_model_knows_every_penalty_of_every_country() -> None:
    assert len(TABLES) >= 70
    for country, found in PLAIN.items():
        read = tables_of(country)
        assert {table.name: len(table.cases) for table in read} == {
            name: len(table["cases"]) for name, table in found.items()
        }


@given(decade, st.data())
def test_the_order_and_the_grouping_of_the_calls_do_not_matter(calls: dict[date, int], data: st.DataObject) -> None:
    tables = tables_of("US")
    single = data.draw(st.permutations([day for day, count in calls.items() for _ in range(count)]))
    one = propose_penalty(tables, list(calls.items()), assessed=date(2025, 12, 31))
    assert one.as_dict() == propose_penalty(tables, single, assessed=date(2025, 12, 31)).as_dict()


@given(decade)
def test_each_line_is_its_count_times_its_amount_and_the_lines_are_the_sum(calls: dict[date, int]) -> None:
    for country in ("US", "CA", "AU"):
        for penalty in propose_penalty(tables_of(country), calls.items(), assessed=date(2025, 12, 31)).penalties:
            for reckoning in (penalty.by_call, penalty.by_assessment):
                standing = [line for line in reckoning.lines if line.stands]
                for line in standing:
                    assert line.maximum is not None
                    assert isinstance(line.each, Amounts)
                    assert line.each.maximum is not None
                    assert line.maximum.amount == line.count * line.each.maximum.amount
                if reckoning.verdict == "determined":
                    assert reckoning.maximum == Money(
                        sum((line.maximum.amount for line in standing if line.maximum), Decimal(0)), penalty.currency
                    )


# -- how it is told ------------------------------------------------------------------------------------------------------


def proposal() -> Proposal:
    calls: list[date | tuple[date, int]] = [(date(2016, 7, 31), 3), date(2016, 8, 1)]
    return propose_penalty(tables_of("US"), calls, assessed=date(2017, 1, 24), only=["civil_penalty"])


def test_the_arithmetic_reads_in_both_languages() -> None:
    (one,) = proposal().penalties
    adjusted = "81 Federal Register 42476 (2016)"
    written = "15 U.S.C. 45(m)(1)(A) and 16 CFR 1.98(d)"
    assert one.by_call.words() == [
        f"3 call(s) of 2016-07-31: 3 × up to USD 16,000.00 = up to USD 48,000.00 ({written}, as adjusted in 2009)",
        f"1 call(s) of 2016-08-01: 1 × up to USD 40,000.00 = up to USD 40,000.00 ({written}; {adjusted})",
        "Together: up to USD 88,000.00.",
    ]
    chinese = one.by_assessment.words("zh")
    assert chinese[0].startswith("2016-07-31至2016-08-01的4次来电：4次 × 至多为USD 40,654.00 = 至多为USD 162,616.00（")
    assert chinese[-1] == "合计：至多为USD 162,616.00。"


def test_a_proposal_is_json_and_shows_both_days_and_which_applies() -> None:
    facts = proposal().as_dict("zh")
    assert json.loads(json.dumps(facts)) == facts
    (one,) = facts["penalties"]
    assert (facts["verdict"], facts["calls"], facts["first"], facts["last"]) == ("determined", 4, "2016-07-31", "2016-08-01")
    assert (one["day_that_counts"], one["maximum"], one["minimum"]) == ("assessment_date", "162616.00", None)
    assert (one["by_call"]["maximum"], one["by_assessment"]["maximum"]) == ("88000.00", "162616.00")
    assert "Improvements Act of 2015" in one["day_that_counts_citation"]
    assert "before 2 November 2015" in one["day_that_counts_note"]
    assert "Improvements Act of 2015" in one["by_assessment"]["lines"][0]["each"]["citation"]
    assert "Improvements Act of 2015" not in one["by_call"]["lines"][0]["each"]["citation"]


def test_a_ceiling_of_the_firm_says_that_it_stands_once() -> None:
    found = propose_penalty(tables_of("GB"), [(date(2015, 4, 5), 900), (date(2015, 4, 6), 900)], assessed=date(2020, 1, 1))
    pecr = found.penalties[0]
    assert pecr.multiplied == "once"
    assert not pecr.as_dict()["day_that_counts_said"]
    words = pecr.by_call.words()
    assert "up to GBP 500,000.00, once: the rulebook does not make each call a violation of its own" in words[0]
    assert words[-1] == "The highest of these stands, once: up to GBP 500,000.00."
    assert "仅计一次" in pecr.by_call.words("zh")[0]


def test_penalties_stand_side_by_side_and_there_is_no_sum_of_them() -> None:
    found = propose_penalty(tables_of("US"), [date(2020, 5, 5)], assessed=date(2020, 6, 1))
    assert [(each.nature, each.applies.maximum and each.applies.maximum.plain()) for each in found.penalties] == [
        ("civil", "43280.00"),
        ("damages", "500.00"),
        ("damages", "1500.00"),
    ]
    assert not {"maximum", "sum", "total"} & set(found.as_dict())


def test_a_call_that_the_table_does_not_cover_leaves_no_sum_and_shows_the_rest() -> None:
    calls = [date(2006, 6, 29), date(2006, 6, 30)]
    found = propose_penalty(tables_of("CA"), calls, assessed=date(2006, 7, 1), party="individual")
    (one,) = found.penalties
    last = one.by_call.words()[-1]
    assert last == "The sum cannot be said. The 1 call(s) that the table covers come to up to CAD 1,500.00."
    assert one.by_call.words("zh")[-1] == "合计无法确定。表中涵盖的1次来电合计为至多为CAD 1,500.00。"
    facts = one.as_dict()
    assert (facts["verdict"], facts["maximum"]) == ("undetermined", None)
    assert (facts["by_call"]["calls_covered"], facts["by_call"]["maximum_of_these"]) == (1, "1500.00")
    assert found.as_dict()["verdict"] == "undetermined"
    assert found.as_dict("zh")["why"].startswith("所问情形没有可确定的合计")


def test_an_amount_lies_within_what_applies_or_nobody_can_say() -> None:
    (american,) = proposal().penalties
    assert american.allows(Decimal("162616.00"))
    assert american.allows(Decimal("162616.01")) is False
    day = date(2020, 1, 1)
    (chinese,) = propose_penalty(tables_of("CN"), [day], assessed=day, only=["commercial_sms"]).penalties
    assert [chinese.allows(Decimal(amount)) for amount in (9_999, 10_000, 30_000, 30_001)] == [False, True, True, False]
    day = date(2026, 2, 5)
    (british,) = propose_penalty(tables_of("GB"), [day], assessed=day, only=["pecr_penalty"]).penalties
    assert british.allows(Decimal(1)) is None


def test_what_there_is_no_penalty_for_is_said() -> None:
    nothing = propose_penalty((), [date(2020, 1, 1)], assessed=date(2020, 1, 1))
    assert nothing.as_dict()["why"] == "The rulebook has no table of penalties."
    ended = propose_penalty(tables_of("SG"), [date(2021, 2, 1)], assessed=date(2021, 2, 1), only=["criminal_fine"])
    assert ended.penalties == ()
    assert "no penalty in force" in ended.as_dict()["why"]


@pytest.mark.parametrize(
    ("calls", "more", "message"),
    [
        ([], {}, "no calls"),
        ([date(2020, 1, 2)], {}, "The day of the assessment, 2020-01-01, is before the call of 2020-01-02"),
        ([(date(2020, 1, 1), 0)], {}, "are counted as 0"),
        ([date(2020, 1, 1)], {"turnover": Decimal(-1)}, "The turnover, -1"),
        ([date(2020, 1, 1)], {"income": Decimal("NaN")}, "The income, NaN"),
        ([date(2020, 1, 1)], {"only": ["jail", "civil_penalty"]}, "no penalty jail"),
    ],
)
def test_what_cannot_be_reckoned_is_refused(calls: list[Any], more: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        propose_penalty(tables_of("US"), calls, assessed=date(2020, 1, 1), **more)


def test_an_amount_for_a_day_alone_is_multiplied_by_days(tmp_path: Path) -> None:
    text = (HERE / "good_money" / "penalties.yaml").read_text("utf-8")
    file = tmp_path / "some.yaml"
    file.write_text(text.replace("        values:\n", "        each_day: yes\n        values:\n"), "utf-8")
    (one,) = propose_penalty(read(file), [(date(2011, 1, 1), 7), (date(2011, 1, 2), 1)], assessed=date(2011, 2, 1)).penalties
    assert one.multiplied == "day"
    assert one.by_call.maximum == Money(Decimal(2000), "USD")
    assert "2 day(s) × up to USD 1,000.00 for all calls of a day = up to USD 2,000.00" in one.by_call.words()[0]
    both = text.replace("        values:\n", "        each_call: yes\n        each_day: yes\n        values:\n")
    file.write_text(both, "utf-8")
    with pytest.raises(LawError, match="each_day: it is for each call already"):
        read(file)


def test_where_the_ceiling_of_a_day_is_not_known_a_single_call_still_has_its_amount(tmp_path: Path) -> None:
    text = (HERE / "good_money" / "penalties.yaml").read_text("utf-8")
    head, case = text.split("      - case:")
    single = case.replace("        values:\n", "        each_call: yes\n        values:\n")
    a_day = case.replace("        values:\n", "        each_day: yes\n        values:\n").replace("2010-01-01", "2012-01-01")
    file = tmp_path / "some.yaml"
    file.write_text(head + "      - case:" + single + "      - case:" + a_day, "utf-8")
    one = propose_penalty(read(file), [date(2011, 1, 1)], assessed=date(2011, 2, 1)).penalties[0]
    assert one.by_call.maximum == Money(Decimal(1000), "USD")
    two = propose_penalty(read(file), [(date(2011, 1, 1), 2)], assessed=date(2011, 2, 1)).penalties[0]
    assert two.by_call.verdict == "undetermined"


def read(file: Path) -> tuple[PenaltyTable, ...]:
    top = read_yaml(file).value
    assert isinstance(top, dict)
    return read_penalties(top["penalties"], file.stem)


def test_damages_are_not_what_a_call_costs_a_caller() -> None:
    assert ceiling_of_a_call(tables_of("US"), on=date(2026, 12, 31)) == Money(Decimal(53_088), "USD")
    assert ceiling_of_a_call(tables_of("US"), on=date(2027, 1, 1)) is None
    assert ceiling_of_a_call(tables_of("AU"), on=date(2025, 1, 1)) == Money(Decimal(33_000), "AUD")
    assert ceiling_of_a_call(tables_of("AU"), on=date(2025, 1, 1), party="individual") == Money(Decimal(6_600), "AUD")
