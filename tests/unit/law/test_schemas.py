"""Facts and answers as JSON Schema: what the schemas say is what the engine takes and gives."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from quietline.errors import UsageError
from quietline.law import decide, load_rulebook, rulebook_names
from quietline.law.explaining import answer_schema, explanation
from quietline.law.vocabulary import facts_schema, load_vocabulary, read_facts, vocabulary_names

NAMES = [name for name in rulebook_names() if load_rulebook(name).regimes]
CALL = load_vocabulary("call")
FORMATS = FormatChecker()
ANSWER = Draft202012Validator(answer_schema())
FACTS = Draft202012Validator(facts_schema(CALL), format_checker=FORMATS)
FULL: dict[str, Any] = {
    "called_at": "2026-11-20T22:30:00-05:00",
    "callee_timezone": ["America/New_York", "America/Chicago"],
    "purpose": "sales",
    "channel": "text",
    "listed_on": "2026-10-01",
    "list_version_date": None,
    "consent": {"kind": "oral", "given_on": "2026-10-01", "withdrawn_on": None},
    "relationship": None,
    "recent_calls": {"7d": 3},
    "fee_paid": True,
    "terms": "categories=1,4; modes=11",
    "category": "4",
    "safe_harbour": {"staff_trained": True},
}


@FORMATS.checks("date-time", raises=ValueError)
def is_moment(value: Any) -> bool:
    """Check what the package checks with a further library only."""
    return not isinstance(value, str) or (len(value) >= 16 and datetime.fromisoformat(value).tzinfo is not None)


def test_the_schemas_are_schemas() -> None:
    Draft202012Validator.check_schema(answer_schema())
    for name in vocabulary_names():
        Draft202012Validator.check_schema(facts_schema(load_vocabulary(name)))


@pytest.mark.parametrize(
    "facts",
    [
        {},
        FULL,
        {"called_at": "2026-11-20", "callee_timezone": "America/New_York"},
        dict.fromkeys(CALL.facts),
        {"terms": {"categories": ["1"]}},
        {"consent": {}, "safe_harbour": {}, "recent_calls": {}},
        {"consent": dict.fromkeys(("kind", "given_on", "withdrawn_on", "expires_on"))},
    ],
)
def test_facts_that_the_schema_takes_the_engine_takes(facts: dict[str, Any]) -> None:
    FACTS.validate(facts)
    read_facts(facts, CALL)


@pytest.mark.parametrize(
    "facts",
    [
        {"purposes": "sales"},
        {"purpose": "marketing"},
        {"fee_paid": "yes"},
        {"listed_on": "2026-11-31"},
        {"listed_on": 20261101},
        {"called_at": "tomorrow"},
        {"called_at": "2026-11-20T12:00"},
        {"called_at": 5},
        {"callee_timezone": []},
        {"callee_timezone": 5},
        {"recent_calls": {"7d": -1}},
        {"recent_calls": {"2d": 1}},
        {"consent": "oral"},
        {"consent": {"kind": "maybe"}},
        {"terms": 5},
        [],
    ],
)
def test_facts_that_the_schema_refuses_the_engine_refuses(facts: Any) -> None:
    assert not FACTS.is_valid(facts)
    with pytest.raises(UsageError):
        read_facts(facts, CALL)


@pytest.mark.parametrize("name", vocabulary_names())
def test_every_value_of_every_fact_is_in_the_schema(name: str) -> None:
    known = load_vocabulary(name)
    validator = Draft202012Validator(facts_schema(known))
    for leaf in known.leaves.values():
        for value in (*leaf.values, None):
            fact, _, key = leaf.name.partition(".")
            if leaf.kind == "choice":
                validator.validate({fact: {key: value} if key else value})


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_answer_is_as_its_schema_says(name: str, lang: str) -> None:
    rulebook = load_rulebook(name)
    own = {fact: value for fact, value in FULL.items() if fact in rulebook.vocabulary.facts}
    few = {"called_at": "2026-11-20T12:00-05:00", "callee_timezone": "America/New_York"}
    for facts in ({}, few, own, {**own, **few}, {"called_at": "1980-01-01"}):
        decision = decide(rulebook, facts)
        answer = decision.as_dict(lang)
        ANSWER.validate(json.loads(json.dumps(answer)))
        ANSWER.validate({**answer, "explanation": explanation(decision, lang)})
        assert list(answer) == [key for key in answer_schema()["properties"] if key != "explanation"]


def test_an_answer_with_another_key_is_not_as_its_schema_says() -> None:
    answer = decide("US", FULL).as_dict()
    assert not ANSWER.is_valid({**answer, "advice": "ask a lawyer"})
    assert not ANSWER.is_valid({**answer, "verdict": "maybe"})
    assert not ANSWER.is_valid({name: value for name, value in answer.items() if name != "unknown"})
