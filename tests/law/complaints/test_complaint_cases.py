"""Runs the cases of the YAML files beside it: times, thresholds and measures for complaints.

* ``clocks.yaml``: ``country``, ``stage``, optional ``who`` and ``sender``, and by day how long (``days``) and how well
  that is known (``confidence``); optional ``begins`` (a moment), ``zone``, and the ``last_day`` and ``due`` moment;
* ``thresholds.yaml``: ``country``, days of the complaints, optional ``sender`` and ``earlier``, and by day what follows:
  ``not reached``, or the words that the step contains;
* ``measures.yaml``: ``country``, ``measure``, whom it is ``against``, its ``kind``, and by day ``in force``, how long it
  lasts, or why it is not to be had (``before``, ``ended``, ``unknown``, ``no_table``).

``because`` are words that the citation has to contain.
"""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from quietline.law.action_thresholds import Step, threshold
from quietline.law.measures import measure, measures
from quietline.law.money import Undetermined
from quietline.law.rulebook import load_rulebook
from quietline.law.service_clocks import ServiceClock, WorkCalendar, deadline, service_clock


def cases(name: str) -> list[tuple[dict[str, Any], date, str]]:
    read = yaml.safe_load((Path(__file__).parent / f"{name}.yaml").read_text("utf-8"))
    assert all(case["source"].strip() and case["situation"].strip() for case in read)
    return [(case, day, str(result)) for case in read for day, result in case["days"].items()]


def named(given: Any) -> str:
    return f"{given['country']} {given['situation']}" if isinstance(given, dict) else str(given)


@pytest.mark.parametrize(("case", "day", "result"), cases("clocks"), ids=named)
def test_clock(case: dict[str, Any], day: date, result: str) -> None:
    asked = {key: case[key] for key in ("who", "sender") if key in case}
    found = service_clock(load_rulebook(case["country"]).service_clocks, stage=case["stage"], on=day, **asked)
    if isinstance(found, Undetermined):
        assert result == "undetermined"
        return
    assert found.length.words()["en"] == result
    assert case["because"] in found.grounds.citation
    assert found.grounds.confidence == case["confidence"][day]


@pytest.mark.parametrize("case", [case for case, day, _ in cases("clocks") if "begins" in case], ids=named)
def test_deadline(case: dict[str, Any]) -> None:
    begins, zone = datetime.fromisoformat(case["begins"]), ZoneInfo(case["zone"])
    on = begins.astimezone(zone).date()
    clock = service_clock(load_rulebook(case["country"]).service_clocks, stage=case["stage"], on=on, who=case.get("who"))
    assert isinstance(clock, ServiceClock)
    due = deadline(clock, begins, WorkCalendar(zone))
    assert due.last_day == case["last_day"]
    assert due.due_at == datetime.fromisoformat(case["due"])


@pytest.mark.parametrize(("case", "day", "result"), cases("thresholds"), ids=named)
def test_threshold(case: dict[str, Any], day: date, result: str) -> None:
    asked = {key: case[key] for key in ("sender", "earlier") if key in case}
    found = threshold(load_rulebook(case["country"]).action_thresholds, complaints=case["complaints"], on=day, **asked)
    if isinstance(found, Undetermined):
        assert result == "undetermined"
        return
    assert found.is_reached is (result != "not reached")
    if found.is_reached:
        assert isinstance(found.step, Step)
        assert result in found.step.what["en"]
        assert case["because"] in found.grounds.citation


@pytest.mark.parametrize(("case", "day", "result"), cases("measures"), ids=named)
def test_measure(case: dict[str, Any], day: date, result: str) -> None:
    rules = load_rulebook(case["country"]).measures
    found = measure(rules, case["measure"], on=day)
    offered = {each.name for who in case["against"] for each in measures(rules, on=day, against=who, kind=case["kind"])}
    if isinstance(found, Undetermined):
        assert found.reason == result
        assert case["measure"] not in offered
        return
    assert (found.length.words()["en"] if found.length else "in force") == result
    assert set(found.rule.against) == set(case["against"])
    assert case["measure"] in offered
    assert case["because"] in found.grounds.citation


def test_a_case_of_every_country_with_measures_can_choose_only_what_its_law_knows() -> None:
    on = date(2026, 6, 1)
    kinds = {
        country: {each.rule.kind for each in measures(load_rulebook(country).measures, on=on, against="caller")}
        for country in ("US", "CA", "AU", "GB", "SG", "IN", "CN")
    }
    assert all("penalty" in found for found in kinds.values())
    assert "number_restriction" in kinds["CN"] & kinds["IN"]
    assert not any("number_restriction" in kinds[country] for country in ("US", "CA", "AU", "GB", "SG"))
    assert "licence_note" not in kinds["CN"]  # that is for resellers
    reseller = measures(load_rulebook("CN").measures, on=on, against="reseller", kind="licence_note")
    assert [each.name for each in reseller] == ["reseller_licence_note"]
