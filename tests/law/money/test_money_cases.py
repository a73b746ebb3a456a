"""Runs the cases of the YAML files beside it: sentences that a lawyer can read, and what has to come out.

Every case says ``situation``, ``source``, ``country``, what it asks (``ask``) and, by day, the result (``days``); and

* ``fee``: ``areas``, optional ``months``, ``added_late``, ``cheaper`` (price of all areas where that is less, or none);
* ``price``: ``table`` and ``item`` of a price list (words that the item contains);
* ``penalty``: ``penalty``, optional ``case`` (words that case and "per" contain), ``assessed``, ``party``, ``turnover``,
  ``income``, ``by_violation`` (the amount of that day, where the day of the assessment counts);
* ``window``: ``called``; the days are those of the complaint;
* ``severity``: ``records`` by kind, optional ``income``, ``insider``, ``lawful_business``.

``because`` are words that the citation has to contain where there is an answer; several may be separated by ``|``.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from quietline.law.complaint_windows import in_time
from quietline.law.fees import subscription_fee
from quietline.law.money import Money, Undetermined
from quietline.law.penalties import Amounts, maximum_penalty
from quietline.law.rulebook import load_rulebook
from quietline.law.severity import severity_of

KEYS = {"situation", "source", "ask", "country", "days"}
MORE = {
    "fee": {"areas", "months", "added_late", "cheaper"},
    "price": {"table", "item"},
    "penalty": {"penalty", "case", "assessed", "party", "turnover", "income", "by_violation"},
    "window": {"called"},
    "severity": {"records", "income", "insider", "lawful_business"},
}
ALL: list[dict[str, Any]] = [
    case | {"file": file.name}
    for file in sorted(Path(__file__).parent.glob("*.yaml"))
    for case in yaml.safe_load(file.read_text("utf-8"))
]
CASES = [(case, day, result) for case in ALL for day, result in case["days"].items()]


def test_the_cases_were_found_and_are_complete() -> None:
    assert len(CASES) >= 700
    for case in ALL:
        assert KEYS <= set(case) <= KEYS | MORE[case["ask"]] | {"because", "file"}, case
        assert all(isinstance(day, date) for day in case["days"]), case
        assert case["source"].strip(), case
        assert case.get("because") or set(case["days"].values()) <= {"undetermined", "not in force"}, case
    assert len({(case["country"], case["situation"]) for case in ALL}) == len(ALL)


@pytest.mark.parametrize(
    ("case", "day", "result"), CASES, ids=lambda given: given["situation"] if isinstance(given, dict) else str(given)
)
def test_case(case: dict[str, Any], day: date, result: str) -> None:
    said, citation = ANSWERS[case["ask"]](case, day)
    assert said == str(result)
    if said not in ("undetermined", "not in force"):
        assert citation
        assert any(words in citation for words in str(case.get("because", "")).split("|"))


def fee(case: dict[str, Any], day: date) -> tuple[str, str]:
    found = subscription_fee(
        load_rulebook(case["country"]).fees,
        areas=case["areas"],
        on=day,
        months=case.get("months", 12),
        added_late=case.get("added_late", 0),
    )
    if isinstance(found, Undetermined):
        return "undetermined", ""
    if "cheaper" in case:
        assert case["cheaper"] == (str(found.all_areas_price) if found.all_areas_price else "none")
    return str(found.amount), found.grounds.citation


def price(case: dict[str, Any], day: date) -> tuple[str, str]:
    (table,) = [table for table in load_rulebook(case["country"]).fees if table.name == case["table"]]
    (item,) = [item for item in table.prices if case["item"] in item.item["en"]]
    found = item.values.at(day, item.item)
    if isinstance(found, Undetermined):
        return "undetermined", ""
    shown = Money(found.value, table.currency) if item.measure == "money" else found.value
    return str(shown), found.row.cited.citation


def penalty(case: dict[str, Any], day: date) -> tuple[str, str]:
    found = maximum_penalty(
        load_rulebook(case["country"]).penalties,
        on=day,
        assessed=case.get("assessed"),
        party=case.get("party"),
        turnover=Decimal(case["turnover"]) if "turnover" in case else None,
        income=Decimal(case["income"]) if "income" in case else None,
    )
    fitting = [
        each
        for each in found.penalties
        if each.name == case["penalty"] and case.get("case", "") in f"{each.case['en']}, {each.per['en']}"
    ]
    if not fitting:
        return "not in force", ""
    (each,) = fitting
    if "by_violation" in case:
        assert each.counts == "assessment_date"
        assert case["by_violation"] == amounts(each.by_violation)
    return amounts(each.applies), each.applies.grounds.citation if isinstance(each.applies, Amounts) else ""


def amounts(found: Amounts | Undetermined) -> str:
    if isinstance(found, Undetermined):
        return "undetermined"
    if found.maximum is None:
        return f"{found.minimum} or more"
    return f"up to {found.maximum}" if found.minimum is None else f"{found.minimum} to {found.maximum}"


def window(case: dict[str, Any], day: date) -> tuple[str, str]:
    found = in_time(load_rulebook(case["country"]).complaint_windows, called=case["called"], reported=day)
    if isinstance(found, Undetermined):
        return "undetermined", ""
    return found.verdict.replace("_", " "), found.grounds.citation


def severity(case: dict[str, Any], day: date) -> tuple[str, str]:
    found = severity_of(
        load_rulebook(case["country"]).severity,
        records=case["records"],
        on=day,
        insider=case.get("insider", False),
        income=Decimal(case["income"]) if "income" in case else None,
        lawful_business=case.get("lawful_business", False),
    )
    if isinstance(found, Undetermined):
        return "undetermined", ""
    return found.verdict.replace("_", " "), found.grounds.citation


ANSWERS = {"fee": fee, "price": price, "penalty": penalty, "window": window, "severity": severity}


def test_the_figures_of_the_mission_hold_together_for_one_time_only_and_for_no_day_of_2014() -> None:
    book = load_rulebook("US")

    def triple(day: date) -> tuple[str, str, str]:
        one = subscription_fee(book.fees, areas=6, on=day)
        whole = subscription_fee(book.fees, areas="all", on=day)
        civil = next(each for each in maximum_penalty(book.penalties, on=day).penalties if each.name == "civil_penalty")
        assert not isinstance(one, Undetermined)
        assert not isinstance(whole, Undetermined)
        return str(one.amount), str(whole.amount), amounts(civil.applies)

    mission = ("USD 54.00", "USD 14,850.00", "up to USD 16,000.00")
    first = date(2003, 9, 1)
    days = [first + timedelta(days=n) for n in range((date(2026, 9, 30) - first).days + 1)]
    holds = [day for day in days if triple(day) == mission]
    assert date(2009, 6, 1) in holds
    assert (holds[0], holds[-1], len(holds)) == (date(2009, 2, 9), date(2009, 9, 30), 234)
    assert not [day for day in holds if day.year == 2014]
