"""The plain twin of quietline/law: the same YAML, read with yaml.safe_load and evaluated the slow and obvious way.

It answers only where every fact is given: what an absent fact may turn out to be is tried out by the tests.
"""

from __future__ import annotations

import calendar
import itertools
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
NULLS: dict[str, Any] = {"day": None, "truth": False, "count": 0}


# -- patterns ---------------------------------------------------------------------------------------------------------


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def meets(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict):
        return value not in listed(wanted["not"])
    return value in listed(wanted)


def holds(pattern: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
    return all(meets(facts[name], wanted) for name, wanted in pattern.items())


def first_rule(rules: list[dict[str, Any]], facts: Mapping[str, Any]) -> dict[str, Any] | None:
    """Give the first rule that holds; facts by name, derived ones included."""
    return next((rule for rule in rules if holds(rule["when"], facts)), None)


# -- time -------------------------------------------------------------------------------------------------------------


def months_back(day: date, months: int) -> date:
    year, month = day.year, day.month
    for _ in range(months):
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def elapsed(day: date, on: date, value: int, unit: str) -> tuple[int, int]:
    """Say how much has passed from a day until another, and how much may pass, in the same measure."""
    if unit == "days":
        return (on - day).days, value
    if unit == "business_days":
        later = [day + timedelta(days=i) for i in range(1, (on - day).days + 1)]
        return sum(one.weekday() < 5 for one in later), value
    return (on - day).days, (on - months_back(on, value * (12 if unit == "years" else 1))).days


def in_period(day: date, on: date, value: Any, unit: str, bound: str) -> bool:
    if value == "unlimited":
        return True
    passed, most = elapsed(day, on, value, unit)
    return passed <= most if bound == "at_most" else passed < most


def in_span(span: str, at: datetime, bound: str) -> bool:
    if span == "closed":
        return False
    seconds = at.hour * 3600 + at.minute * 60 + at.second + at.microsecond / 1e6
    first, last = (3600 * int(text[:2]) + 60 * int(text[3:]) for text in span.split("-"))
    return first <= seconds and (seconds <= last if bound == "at_most" else seconds < last)


def in_hours(hours: Mapping[str, str], at: datetime, bound: str, *, holiday: bool) -> bool:
    if holiday and "public_holiday" in hours:
        return in_span(hours["public_holiday"], at, bound)
    for days, span in hours.items():
        first, _, last = days.partition("-")
        if days == "every_day" or (first in DAYS and DAYS.index(first) <= at.weekday() <= DAYS.index(last or first)):
            return in_span(span, at, bound)
    raise AssertionError(hours)


# -- a rulebook -------------------------------------------------------------------------------------------------------


class LawTwin:
    """One rulebook: a folder of files, and the vocabulary its facts are from."""

    def __init__(self, folder: Path, vocabularies: Path) -> None:
        files = [yaml.safe_load(file.read_text("utf-8")) for file in sorted(folder.glob("*.yaml"))]
        self.regimes = [file for file in files if "rules" in file]
        self.parameters = {name: one for file in files for name, one in file.get("parameters", {}).items()}
        self.assumed = {name: one["value"] for file in files for name, one in file.get("assume", {}).items()}
        name = self.regimes[0]["instrument"].get("vocabulary", "call")
        self.vocabulary = yaml.safe_load((vocabularies / f"{name}.yaml").read_text("utf-8"))["facts"]

    def flat(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Give facts as they come in JSON with the members of objects beside them, days as days."""
        flat: dict[str, Any] = {}
        for name, fact in self.vocabulary.items():
            if name not in facts and name in self.assumed:
                flat[name] = self.assumed[name]
            elif fact["kind"] == "object":
                for key, member in fact["members"].items():
                    value = (facts[name] or {}).get(key)
                    flat[f"{name}.{key}"] = NULLS.get(member["kind"], member.get("none")) if value is None else value
            elif name not in facts and "follows" in fact:
                flat[name] = facts[fact["follows"]] is not None
            else:
                flat[name] = facts[name]
        return {
            name: date.fromisoformat(value) if isinstance(value, str) and name.endswith(("_on", "_date")) else value
            for name, value in flat.items()
        }

    def judge(self, facts: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """Say of each regime, by its short name, its verdict, rule, all rules and flags that hold, and whether it is sure.

        Not sure is what hangs on a value of the law that nobody knows; then the rule and what holds are left out.
        """
        flat = self.flat(facts)
        at = datetime.fromisoformat(flat["called_at"]).astimezone(ZoneInfo(flat["callee_timezone"]))
        return {
            regime["instrument"].get("short", regime["instrument"]["id"]): self._regime(regime, flat, at)
            for regime in self.regimes
        }

    def _regime(self, regime: dict[str, Any], flat: Mapping[str, Any], at: datetime) -> dict[str, Any]:
        if at.date() < regime["instrument"]["covers"]["from"]:
            return {"verdict": "undetermined", "rule": None, "holding": [], "flags": [], "sure": True}
        found = []
        for known in self._derived(regime, flat, at):
            rule = first_rule(regime["rules"], known)
            found.append(
                {
                    "verdict": rule["verdict"] if rule else "undetermined",
                    "rule": rule["id"] if rule else None,
                    "holding": [one["id"] for one in regime["rules"] if holds(one["when"], known)],
                    "flags": [one["id"] for one in regime.get("flags", []) if holds(one["when"], known)],
                    "sure": True,
                }
            )
        if len(found) == 1:
            return found[0]
        verdicts = {one["verdict"] for one in found}
        return {"verdict": verdicts.pop() if len(verdicts) == 1 else "undetermined", "sure": False}

    def _derived(self, regime: dict[str, Any], flat: Mapping[str, Any], at: datetime) -> Iterator[dict[str, Any]]:
        """Add the derived facts; in each way that values of the law may be that nobody knows."""
        facts = regime.get("facts", {})
        first: dict[str, Any] = dict(flat)
        for name, fact in facts.items():
            first[name] = self._answer(fact, first, at)
        open_names = [name for name, fact in facts.items() if first[name] is None and not {"any", "all"} & set(fact)]
        if not open_names:
            yield first
            return
        for answers in itertools.product((True, False), repeat=len(open_names)):
            known = {**flat, **dict(zip(open_names, answers, strict=True))}
            for name, fact in facts.items():
                if name not in open_names:
                    known[name] = self._answer(fact, known, at)
            yield known

    def _value(self, name: str, on: date) -> tuple[Any, str, str]:
        """Give a parameter's value on a day, None where it has none, with unit and bound."""
        parameter = self.parameters[name]
        begun = [period for period in parameter["values"] if period["from"] <= on]
        period = begun[-1] if begun else {"value": None}
        return period["value"], period.get("unit", parameter["unit"]), parameter.get("bound", "at_most")

    def _answer(self, fact: dict[str, Any], facts: Mapping[str, Any], at: datetime) -> bool | None:
        """Answer one derived fact; None where that hangs on a value of the law that nobody knows."""
        [(operator, of)] = [(key, value) for key, value in fact.items() if key != "text"]
        on = at.date()
        if operator in ("any", "all"):
            patterns = listed(of)
            if any(facts[name] is None and name not in self.leaves for pattern in patterns for name in pattern):
                return None
            return any(holds(pattern, facts) for pattern in patterns)
        if operator in ("reached", "passed", "ahead", "given"):
            day = facts[of]
            return day is not None and {"reached": day <= on, "passed": day < on, "ahead": day > on, "given": True}[operator]
        if operator == "before":
            one, two = (facts[name] for name in of)
            return one is not None and two is not None and one < two
        if operator in ("blocks", "total"):
            return self._terms(operator, of, facts, at)
        return self._by_parameter(operator, of, facts, at)

    @property
    def leaves(self) -> set[str]:
        return {
            leaf
            for name, fact in self.vocabulary.items()
            for leaf in ([f"{name}.{key}" for key in fact["members"]] if "members" in fact else [name])
        }

    def _by_parameter(self, operator: str, of: Any, facts: Mapping[str, Any], at: datetime) -> bool | None:
        value, unit, bound = self._value(of["parameter"] if isinstance(of, dict) else of, at.date())
        if operator in ("within", "beyond") and facts[of["day"]] is None:
            return False
        if value is None or value == "unknown":
            return None if value else operator == "hours"
        if operator in ("switch", "at_least"):
            return bool(value) if operator == "switch" else value != "unlimited" and bool(facts[of["count"]] >= value)
        if operator == "hours":
            return in_hours(value, at, bound, holiday=facts.get("public_holiday", False))
        day = facts[of["day"]]
        return day <= at.date() and in_period(day, at.date(), value, unit, bound) is (operator == "within")

    @staticmethod
    def _terms(operator: str, of: Any, facts: Mapping[str, Any], at: datetime) -> bool:
        terms = facts["terms"]
        if operator == "total":
            return terms is None or any(code in terms.get(axis, []) for axis, code in of.items())
        if terms is None or of["axis"] not in terms:
            return False
        if "clock" in of:
            now = [code for code, span in of["clock"].items() if in_span(span, at, "less_than")]
        elif "week" in of:
            now = [of["week"][DAYS[at.weekday()]]]
            now += [of["week"]["public_holiday"]] if facts["public_holiday"] and "public_holiday" in of["week"] else []
        else:
            value = facts[of["by"]]
            now = of["codes"].get(value, []) if "codes" in of else [value]
        return any(code in terms[of["axis"]] for code in now)
