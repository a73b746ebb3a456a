"""Runs the cases of the YAML files beside it: penalties for many calls, reckoned by hand.

Every case says ``situation``, ``source``, ``country``, ``penalty``, ``calls`` (how many on which day), ``assessed``, which
sum ``applies`` (``by_call`` or ``by_assessment``), and for each of the two its ``lines`` and ``sum``; and

* ``case``: the case of the penalty, or words that only it contains, where there are several;
* ``party``, ``turnover``, ``income``;
* ``part``: what the calls come to that the table covers, where the sum is unknown.

A line is ``first..last: n calls x amount = sum``, ``n days x ...`` where the ceiling of a day is reached, ``once amount``
for a ceiling of the firm (``, stands`` where there are several and it is the highest), ``unknown`` or ``ended``. Amounts are
whole, without currency; ``5000-30000`` where there is a lowest one.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from quietline.law.money import Money, Undetermined
from quietline.law.proposing import Line, ProposedPenalty, Reckoning, propose_penalty
from quietline.law.rulebook import load_rulebook

KEYS = {"situation", "source", "country", "penalty", "calls", "assessed", "applies", "by_call", "by_assessment"}
MORE = {"case", "party", "turnover", "income"}
CASES: list[dict[str, Any]] = [
    case for file in sorted(Path(__file__).parent.glob("*.yaml")) for case in yaml.safe_load(file.read_text("utf-8"))
]


def test_the_cases_were_found_are_complete_and_lie_in_all_countries() -> None:
    assert len(CASES) >= 30
    assert {case["country"] for case in CASES} == {"US", "CA", "AU", "GB", "SG", "IN", "CN"}
    for case in CASES:
        assert KEYS <= set(case) <= KEYS | MORE, case
        assert case["applies"] in ("by_call", "by_assessment"), case
        for side in ("by_call", "by_assessment"):
            assert {"lines", "sum"} <= set(case[side]) <= {"lines", "sum", "part"}, case
    assert len({(case["country"], case["situation"]) for case in CASES}) == len(CASES)


def test_the_american_cases_have_calls_on_the_eve_and_the_day_of_every_change_from_2015_to_2025() -> None:
    days = {day for case in CASES if case["country"] == "US" for day in case["calls"]}
    rows = load_rulebook("US").penalties[0].cases[0].values.rows
    changes = [row.from_date for row in rows if 2015 <= row.from_date.year <= 2025]
    assert len(changes) == 10
    for change in changes:
        assert {change, date.fromordinal(change.toordinal() - 1)} <= days


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['country']} {case['situation']}")
def test_case(case: dict[str, Any]) -> None:
    found = proposed(case)
    assert found.applies is getattr(found, case["applies"])
    for side in ("by_call", "by_assessment"):
        reckoning: Reckoning = getattr(found, side)
        several = [line.multiplied for line in reckoning.lines if not isinstance(line.each, Undetermined)].count("once") > 1
        assert [shown(line, several=several) for line in reckoning.lines] == case[side]["lines"], side
        assert total(reckoning) == str(case[side]["sum"]), side
        part = case[side].get("part")
        if part is not None:
            assert span(*reckoning.part) == str(part)
    assert sum(line.calls for line in found.by_call.lines) == sum(case["calls"].values())


def proposed(case: dict[str, Any]) -> ProposedPenalty:
    found = propose_penalty(
        load_rulebook(case["country"]).penalties,
        list(case["calls"].items()),
        assessed=case["assessed"],
        party=case.get("party"),
        turnover=Decimal(case["turnover"]) if "turnover" in case else None,
        income=Decimal(case["income"]) if "income" in case else None,
        only=[case["penalty"]],
    )
    words = case.get("case", "")
    exact = [each for each in found.penalties if each.case["en"] == words]
    (one,) = exact or [each for each in found.penalties if words in each.case["en"]]
    return one


def shown(line: Line, *, several: bool) -> str:
    days = f"{line.first}" if line.first == line.last else f"{line.first}..{line.last}"
    if isinstance(line.each, Undetermined):
        return f"{days}: {'ended' if line.is_ended else 'unknown'}"
    each, whole = span(line.each.minimum, line.each.maximum), span(line.minimum, line.maximum)
    if line.multiplied == "once":
        assert each == whole
        return f"{days}: once {whole}{', stands' if several and line.stands else ''}"
    unit = line.multiplied if line.count == 1 else f"{line.multiplied}s"
    return f"{days}: {line.count} {unit} x {each} = {whole}"


def total(reckoning: Reckoning) -> str:
    if reckoning.verdict == "determined":
        return span(reckoning.minimum, reckoning.maximum)
    assert reckoning.minimum is None
    assert reckoning.maximum is None
    return {"undetermined": "unknown", "not_in_force": "not in force"}[reckoning.verdict]


def span(low: Money | None, high: Money | None) -> str:
    amounts = [str(each.amount.normalize().quantize(Decimal(1))) for each in (low, high) if each is not None]
    return "-".join(amounts) + ("+" if high is None and low is not None else "")
