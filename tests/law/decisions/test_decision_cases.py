"""Runs the cases of the YAML files beside it: facts of a call that a lawyer can read, and what has to come out.

A file has ``cases`` and may have, at its top, ``country`` (for all its cases), ``bases`` (facts by name, which a case takes
over with ``base: name`` and changes) and ``parameters`` (``name``, ``day``, ``value``; null where nothing is in force,
``unknown`` where nobody here knows). A case says:

* ``situation``, a sentence, and ``source``, where the answer comes from;
* ``country``, where the file does not say it; or another rulebook's name;
* ``facts``: as in JSON; ``base`` takes over facts, ``without`` (a list of names) leaves some of them unknown;
* ``verdict``: permit, forbid or undetermined.

It may say, and what it says has to be so: ``rule`` (id of the row that decides), ``because`` (words of its citation),
``flags`` (ids, in order), ``unknown`` (names of the facts that would decide; undetermined cases have to say it), ``assumed``
(names of the facts that were assumed and mattered), ``next_permitted_at`` (or null), ``regimes`` (by short name:
``verdict``, ``rule``, ``applies``, ``unknown``).
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from quietline.errors import LawError
from quietline.law.deciding import Decision, decide
from quietline.law.rulebook import load_rulebook, parameter

REQUIRED = {"situation", "source", "country", "facts", "verdict"}
OPTIONAL = {"rule", "because", "flags", "unknown", "assumed", "next_permitted_at", "regimes", "file"}
FILES = sorted(Path(__file__).parent.glob("*.yaml"))


def read(file: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Give the cases of a file, their facts put together, and its parameters."""
    top = yaml.safe_load(file.read_text("utf-8"))
    top = {"cases": top} if isinstance(top, list) else top
    assert set(top) <= {"country", "bases", "cases", "parameters"}, file.name
    shared = {"file": file.name} | ({"country": top["country"]} if "country" in top else {})
    cases = [shared | case for case in top["cases"]]
    for case in cases:
        given = dict(case["facts"])
        facts = dict(top["bases"][given.pop("base")]) if "base" in given else {}
        left_out = given.pop("without", ())
        case["facts"] = {name: value for name, value in (facts | given).items() if name not in left_out}
    return cases, [shared | row for row in top.get("parameters", ())]


READ = {file.name: read(file) for file in FILES}
CASES = [case for cases, _ in READ.values() for case in cases]
PARAMETERS = [row for _, rows in READ.values() for row in rows]


@cache
def decided(place: int) -> Decision:
    return decide(CASES[place]["country"], CASES[place]["facts"])


def test_the_cases_were_found_and_are_complete() -> None:
    assert len(CASES) >= 250
    for case in CASES:
        assert REQUIRED <= set(case) <= REQUIRED | OPTIONAL, case
        assert str(case["source"]).strip(), case
        assert case["verdict"] != "undetermined" or case.get("unknown"), case
    told = [(case["file"], case["situation"]) for case in CASES]
    assert len(set(told)) == len(told), sorted(case for case in set(told) if told.count(case) > 1)


@pytest.mark.parametrize("place", range(len(CASES)), ids=lambda i: f"{CASES[i]['file']}: {CASES[i]['situation']}")
def test_case(place: int) -> None:
    case, decision = CASES[place], decided(place)
    found = decision.as_dict()
    assert found["verdict"] == case["verdict"], (found["rule"], found["unknown"])
    for name in ("rule", "unknown", "next_permitted_at"):
        if name in case:
            assert found[name] == case[name], found
    if "flags" in case:
        assert [flag["flag"] for flag in found["flags"]] == case["flags"]
    if "assumed" in case:
        assert [assumption["fact"] for assumption in found["assumptions"]] == case["assumed"]
    for short, expected in case.get("regimes", {}).items():
        assert {name: found["regimes"][short][name] for name in expected} == expected, short
    if "because" in case:
        assert decision.deciding.rule is not None
        assert case["because"] in decision.deciding.rule.cited.citation
    spoken, told = decision.as_dict("zh")["reasons"], found["reasons"]
    assert [reason["rule"] for reason in spoken] == [reason["rule"] for reason in told]


@pytest.mark.parametrize("name", READ)
def test_every_rule_and_flag_of_a_country_decides_or_speaks_in_a_case(name: str) -> None:
    places = [i for i, case in enumerate(CASES) if case["file"] == name]
    assert places, name
    for country in sorted({load_rulebook(CASES[i]["country"]).name for i in places}):
        decisions = [decided(i) for i in places if decided(i).rulebook.name == country]
        for regime in load_rulebook(country).regimes:
            judged = [j for decision in decisions for j in decision.judgements if j.regime.name == regime.name]
            deciding = {j.rule.id for j in judged if j.rule is not None}
            assert {rule.id for rule in regime.rules} <= deciding, regime.name
            spoken = {regime.flags[i].id for j in judged if j.outcome is not None and j.applies for i in j.outcome.flags}
            assert {flag.id for flag in regime.flags} <= spoken, regime.name


@pytest.mark.parametrize("row", PARAMETERS, ids=lambda row: f"{row['file']}: {row['name']} on {row['day']}")
def test_parameter(row: dict[str, Any]) -> None:
    if row["value"] in (None, "unknown"):
        with pytest.raises(LawError) as caught:
            parameter(row["country"], row["name"], row["day"])
        assert caught.value.code == "law.undetermined"
        assert ("does not know" in caught.value.message) == (row["value"] == "unknown")
        return
    value = parameter(row["country"], row["name"], row["day"]).value
    if isinstance(value, dict):
        assert str(row["value"]) in value["en"]
    else:
        assert value is row["value"] if isinstance(value, bool) else str(value) == str(row["value"])
