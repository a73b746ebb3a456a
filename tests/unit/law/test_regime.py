"""Regimes: rules as bits, the first that holds, and what an unknown fact leaves open."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from quietline.errors import LawError
from quietline.law import regime as module
from quietline.law.telling import in_force
from quietline.law.vocabulary import read_facts
from unit.law.small_law import law, parameter, rule, small

if TYPE_CHECKING:
    from pathlib import Path

    from quietline.law.regime import Outcome, Regime

ON = date(2026, 11, 20)  # a Friday
REST = rule("XX-99", {}, "permit")


def only(folder: Path, rules: list[dict[str, Any]], **more: Any) -> Regime:
    [regime] = small(folder, statute=law(rules, **more)).regimes
    return regime


def asking(folder: Path, name: str, fact: dict[str, Any], parameters: dict[str, Any]) -> Regime:
    """Make a regime that forbids where one derived fact holds."""
    return only(folder, [rule("XX-01", {name: True}, "forbid"), REST], facts={name: fact}, parameters=parameters)


def judged(regime: Regime, given: dict[str, Any] | None = None, on: date = ON, local: datetime | None = None) -> Outcome:
    return regime.outcome(read_facts(given or {}, regime.vocabulary), regime.moment(on, local))


def told(regime: Regime, given: dict[str, Any] | None = None, on: date = ON, local: datetime | None = None) -> Any:
    """Give the id of the rule that decides, or the verdict and the facts behind it."""
    outcome = judged(regime, given, on, local)
    if outcome.rule is not None:
        assert outcome.verdict == regime.rules[outcome.rule].verdict
        return regime.rules[outcome.rule].id
    facts = read_facts(given or {}, regime.vocabulary)
    return outcome.verdict, regime.unknown(outcome.pivots, facts, regime.moment(on, local))


# -- bits -------------------------------------------------------------------------------------------------------------


def test_values_that_no_rule_tells_apart_share_a_bit(tmp_path: Path) -> None:
    regime = only(tmp_path, [rule("XX-01", {"channel": ["text", "fax"]}, "forbid"), REST])
    channel = regime.atoms["channel"]
    assert channel.values["text"] == channel.values["fax"]
    assert channel.values["live_voice"] == channel.values["autodialed"] != channel.values["text"]
    assert channel.mask == channel.values["text"] | channel.values["live_voice"] == 0b11


def test_two_rules_tell_apart_what_either_does(tmp_path: Path) -> None:
    rules = [rule("XX-01", {"channel": ["text", "fax"]}, "forbid"), rule("XX-02", {"channel": "fax"}, "permit"), REST]
    with pytest.raises(LawError, match="the rule XX-02 can never be reached"):
        only(tmp_path, rules)
    regime = only(tmp_path, [rules[1], rules[0], REST])
    assert len(set(regime.atoms["channel"].values.values())) == 3
    assert regime.atoms["channel"].mask == 0b111


def test_facts_that_no_rule_asks_for_have_no_bits(tmp_path: Path) -> None:
    regime = only(tmp_path, [rule("XX-01", {"fee_paid": False}, "forbid"), REST])
    assert list(regime.atoms) == ["fee_paid"]
    assert regime.pairs == ((1, 0), (0, 0))
    facts = read_facts({"channel": "fax", "fee_paid": True}, regime.vocabulary)
    assert regime.observe(facts, regime.moment(ON, None)) == (1, 1)


def test_one_of_several_words_is_none_of_the_others(tmp_path: Path) -> None:
    flag = rule("XX-F1", {"caller_id": "shown"})
    flag_two = rule("XX-F2", {"caller_id": "withheld"})
    rules = [rule("XX-01", {"caller_id": ["shown", "withheld"]}, "forbid"), REST]
    regime = only(tmp_path, rules, flags=[flag, flag_two])
    values = regime.atoms["caller_id"].values
    assert regime.pairs[0] == (values["false"], 0)
    assert regime.pairs[2] == (0b111, values["shown"])


def test_at_most_63_bits_are_taken(tmp_path: Path) -> None:
    def of(count: int) -> Regime:
        facts = {f"f{i}": {"reached": "listed_on"} for i in range(count)}
        return only(tmp_path, [rule("XX-01", dict.fromkeys(facts, True), "forbid"), REST], facts=facts)

    assert len(of(63).atoms) == 63
    assert told(of(63), {"listed_on": "2026-01-01"}) == "XX-01"
    with pytest.raises(LawError, match="ask for 64 bits of facts; 63 is the most"):
        of(64)


# -- the first that holds ---------------------------------------------------------------------------------------------


def test_the_first_rule_that_holds_decides_and_all_that_hold_speak(tmp_path: Path) -> None:
    rules = [
        rule("XX-01", {"purpose": "sales"}, "forbid"),
        rule("XX-02", {"channel": "fax"}, "permit"),
        rule("XX-03", {"fee_paid": False}, "forbid"),
    ]
    regime = only(tmp_path, [*rules, REST], flags=[rule("XX-F1", {"fee_paid": False}), rule("XX-F2", {"fee_paid": True})])
    outcome = judged(regime, {"purpose": "survey", "channel": "fax", "fee_paid": False})
    assert (outcome.verdict, outcome.rule, outcome.speaking, outcome.flags) == ("permit", 1, (1, 2, 3), (0,))
    assert told(regime, {"purpose": "sales", "channel": "fax", "fee_paid": False}) == "XX-01"
    assert told(regime, {"purpose": "survey", "channel": "text", "fee_paid": True}) == "XX-99"


def test_where_no_rule_holds_nothing_is_said_and_nothing_would_help(tmp_path: Path) -> None:
    regime = only(tmp_path, [rule("XX-01", {"purpose": "sales"}, "forbid")])
    assert told(regime, {"purpose": "survey"}) == ("undetermined", set())
    assert told(regime) == ("undetermined", {"purpose"})


# -- what is not known ------------------------------------------------------------------------------------------------


def test_an_unknown_fact_that_changes_nothing_is_not_named(tmp_path: Path) -> None:
    rules = [
        rule("XX-01", {"purpose": "sales", "fee_paid": False}, "forbid"),
        rule("XX-02", {"purpose": "sales"}, "forbid"),
        REST,
    ]
    regime = only(tmp_path, rules)
    assert told(regime, {"purpose": "sales"}) == "XX-02"
    assert told(regime, {"purpose": "survey"}) == "XX-99"
    assert told(regime) == ("undetermined", {"purpose"})


def test_only_the_facts_on_which_the_verdict_hangs_are_named(tmp_path: Path) -> None:
    rules = [rule("XX-01", {"purpose": "sales", "fee_paid": False}, "forbid"), REST]
    regime = only(tmp_path, rules)
    assert told(regime, {"purpose": "sales"}) == ("undetermined", {"fee_paid"})
    assert told(regime, {"fee_paid": False}) == ("undetermined", {"purpose"})
    assert told(regime, {"fee_paid": True}) == "XX-99"
    assert told(regime) == ("undetermined", {"purpose", "fee_paid"})


def test_the_rule_that_is_certain_is_named_where_others_would_say_the_same(tmp_path: Path) -> None:
    rules = [rule("XX-01", {"fee_paid": False}, "forbid"), rule("XX-02", {"channel": "fax"}, "forbid"), REST]
    regime = only(tmp_path, rules)
    assert told(regime, {"channel": "fax"}) == "XX-02"
    assert judged(regime, {"channel": "fax"}).speaking == (1, 2)
    assert told(regime, {"channel": "fax", "fee_paid": False}) == "XX-01"


def test_all_values_of_an_unknown_choice_are_followed(tmp_path: Path) -> None:
    rules = [
        rule("XX-01", {"caller_id": "shown"}, "forbid"),
        rule("XX-02", {"caller_id": {"not": ["shown", "false"]}}, "forbid"),
        rule("XX-03", {"caller_id": "false", "fee_paid": True}, "forbid"),
        REST,
    ]
    regime = only(tmp_path, rules)
    assert told(regime, {"fee_paid": True}) == "XX-01"
    assert judged(regime, {"fee_paid": True}).verdict == "forbid"
    assert told(regime, {"fee_paid": False}) == ("undetermined", {"caller_id"})
    assert told(regime, {"caller_id": "false"}) == ("undetermined", {"fee_paid"})


def test_behind_a_derived_fact_the_given_ones_are_named_by_object(tmp_path: Path) -> None:
    facts = {
        "withdrawn": {"reached": "consent.withdrawn_on"},
        "agreed": {"all": {"consent.kind": "oral", "withdrawn": False}},
        "bought": {"within": {"day": "relationship.last_event_on", "parameter": "term"}},
        "excused": {"any": [{"agreed": True}, {"bought": True, "channel": "fax"}]},
    }
    parameters = {"term": parameter("months", ("2000-01-01", 18))}
    regime = only(tmp_path, [rule("XX-01", {"excused": False}, "forbid"), REST], facts=facts, parameters=parameters)
    assert told(regime) == ("undetermined", {"consent", "relationship", "channel"})
    assert told(regime, {"channel": "text"}) == ("undetermined", {"consent"})
    assert told(regime, {"channel": "text", "consent": None}) == "XX-01"
    assert told(regime, {"consent": {"kind": "oral"}}) == "XX-99"
    assert told(regime, {"channel": "fax", "consent": None}) == ("undetermined", {"relationship"})
    assert told(regime, {"consent": None, "relationship": {"last_event_on": "2026-01-01"}}) == ("undetermined", {"channel"})
    assert told(regime, {"consent": None, "relationship": {"last_event_on": "2020-01-01"}}) == "XX-01"


def test_a_value_of_the_law_that_nobody_knows_is_named_as_such(tmp_path: Path) -> None:
    parameters = {
        "age": parameter("days", ("2000-01-01", 31), ("2026-01-01", "unknown")),
        "due": parameter("switch", ("2026-01-01", "unknown")),
        "times": parameter("hours", ("2000-01-01", "unknown")),
        "most": parameter("count", ("2000-01-01", "unknown")),
    }
    facts: dict[str, Any] = {
        "fresh": {"within": {"day": "list_version_date", "parameter": "age"}},
        "old": {"beyond": {"day": "list_version_date", "parameter": "age"}},
        "due_now": {"switch": "due"},
        "in_hours": {"hours": "times"},
        "often": {"at_least": {"count": "recent_calls.7d", "parameter": "most"}},
    }
    local = datetime(2026, 11, 20, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
    given = {"list_version_date": "2026-11-01", "recent_calls": {"7d": 5}, "called_at": local}
    for name, behind in {"fresh": "age", "old": "age", "due_now": "due", "in_hours": "times", "often": "most"}.items():
        regime = only(
            tmp_path, [rule("XX-01", {name: True}, "forbid"), REST], facts={name: facts[name]}, parameters=parameters
        )
        assert told(regime, given, local=local) == ("undetermined", {f"law.{behind}"}), name
    regime = only(
        tmp_path, [rule("XX-01", {"fresh": True}, "forbid"), REST], facts={"fresh": facts["fresh"]}, parameters=parameters
    )
    assert told(regime, {"list_version_date": None}) == "XX-99", "no version is fresh, whatever the limit"
    assert told(regime, {"list_version_date": "2025-11-20"}, date(2025, 11, 21)) == "XX-01", "then it was known"
    assert told(regime) == ("undetermined", {"list_version_date", "law.age"})


# -- derived facts ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operator", "yes", "no"),
    [
        ("reached", ["2026-11-20", "2026-11-19"], ["2026-11-21", None]),
        ("passed", ["2026-11-19"], ["2026-11-20", "2026-11-21", None]),
        ("ahead", ["2026-11-21"], ["2026-11-20", "2026-11-19", None]),
        ("given", ["2026-11-21", "2020-01-01"], [None]),
    ],
)
def test_days_against_the_day_of_the_call(tmp_path: Path, operator: str, yes: list[str], no: list[str]) -> None:
    regime = only(tmp_path, [rule("XX-01", {"f": True}, "forbid"), REST], facts={"f": {operator: "listed_on"}})
    assert {told(regime, {"listed_on": day}) for day in yes} == {"XX-01"}
    assert {told(regime, {"listed_on": day}) for day in no} == {"XX-99"}
    assert told(regime) == ("undetermined", {"listed_on"})


@pytest.mark.parametrize(
    ("bound", "within", "beyond"), [("at_most", "2026-10-20", "2026-10-19"), ("less_than", "2026-10-21", "2026-10-20")]
)
def test_within_and_beyond_a_period_leave_the_days_after_the_call_out(
    tmp_path: Path, bound: str, within: str, beyond: str
) -> None:
    parameters = {"age": parameter("days", ("2000-01-01", 31), bound=bound)}
    facts = {name: {name: {"day": "listed_on", "parameter": "age"}} for name in ("within", "beyond")}
    flags = [rule("XX-F1", {"within": True}), rule("XX-F2", {"beyond": True})]
    regime = only(tmp_path, [REST], facts=facts, parameters=parameters, flags=flags)
    days = ["2026-11-21", "2026-11-20", within, beyond, "1990-01-01", None]
    assert [judged(regime, {"listed_on": day}).flags for day in days] == [(), (0,), (0,), (1,), (1,), ()]


def test_a_period_without_an_end_is_never_over(tmp_path: Path) -> None:
    parameters = {"kept": parameter("years", ("2000-01-01", "unlimited"))}
    facts = {name: {name: {"day": "listed_on", "parameter": "kept"}} for name in ("within", "beyond")}
    rules = [rule("XX-01", {"within": True}, "forbid"), rule("XX-02", {"beyond": True}, "forbid"), REST]
    regime = only(tmp_path, rules, facts=facts, parameters=parameters)
    assert told(regime, {"listed_on": "1900-01-01"}) == "XX-01"
    assert told(regime, {"listed_on": "2026-11-21"}) == "XX-99"


def test_a_parameter_that_is_not_in_force_makes_no_period_and_no_limit_and_leaves_all_hours_open(tmp_path: Path) -> None:
    parameters = {
        "age": parameter("days", ("2000-01-01", None), ("2026-11-21", 31)),
        "most": parameter("count", ("2000-01-01", None), ("2026-11-21", 3)),
        "times": parameter("hours", ("2000-01-01", None), ("2026-11-21", {"every_day": "closed"})),
        "due": parameter("switch", ("2026-11-21", True)),
    }
    facts: dict[str, Any] = {
        "fresh": {"within": {"day": "list_version_date", "parameter": "age"}},
        "often": {"at_least": {"count": "recent_calls.7d", "parameter": "most"}},
        "in_hours": {"hours": "times"},
        "due_now": {"switch": "due"},
    }
    given = {"list_version_date": "2026-11-19", "recent_calls": {"7d": 3}}
    for name, before in {"fresh": False, "often": False, "in_hours": True, "due_now": False}.items():
        regime = only(
            tmp_path, [rule("XX-01", {name: True}, "forbid"), REST], facts={name: facts[name]}, parameters=parameters
        )
        tomorrow = datetime(2026, 11, 21, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
        found = [told(regime, given), told(regime, given, tomorrow.date(), tomorrow)]
        assert found == (["XX-01", "XX-99"] if before else ["XX-99", "XX-01"]), name


def test_a_count_without_a_limit_is_never_reached(tmp_path: Path) -> None:
    parameters = {"most": parameter("count", ("2000-01-01", "unlimited"))}
    facts = {"often": {"at_least": {"count": "recent_calls.7d", "parameter": "most"}}}
    regime = asking(tmp_path, "often", facts["often"], parameters)
    assert told(regime, {"recent_calls": {"7d": 10**9}}) == "XX-99"


@pytest.mark.parametrize(("count", "deciding"), [(2, "XX-99"), (3, "XX-01"), (4, "XX-01")])
def test_a_count_reaches_its_limit_with_the_limit_itself(tmp_path: Path, count: int, deciding: str) -> None:
    parameters = {"most": parameter("count", ("2000-01-01", 3))}
    facts = {"often": {"at_least": {"count": "recent_calls.7d", "parameter": "most"}}}
    regime = asking(tmp_path, "often", facts["often"], parameters)
    assert told(regime, {"recent_calls": {"7d": count}}) == deciding
    assert told(regime) == ("undetermined", {"recent_calls"})


def test_one_day_before_another_needs_both(tmp_path: Path) -> None:
    facts = {"later": {"before": ["stop_request_on", "consent.given_on"]}}
    regime = only(tmp_path, [rule("XX-01", {"later": True}, "forbid"), REST], facts=facts)

    def of(stop: str | None, given: str | None) -> Any:
        return told(regime, {"stop_request_on": stop, "consent": {"given_on": given}})

    assert of("2026-01-01", "2026-01-02") == "XX-01"
    assert {of("2026-01-01", "2026-01-01"), of("2026-01-02", "2026-01-01")} == {"XX-99"}
    assert {of(None, "2026-01-01"), of("2026-01-01", None), of(None, None)} == {"XX-99"}
    assert told(regime, {"stop_request_on": None}) == "XX-99", "whatever the consent is"
    assert told(regime, {"stop_request_on": "2026-01-01"}) == ("undetermined", {"consent"})


# -- what is kept -----------------------------------------------------------------------------------------------------


def test_calls_of_which_the_same_is_known_are_judged_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    regime = only(tmp_path, [rule("XX-01", {"f": True}, "forbid"), REST], facts={"f": {"reached": "listed_on"}})
    counted = []
    monkeypatch.setattr(module.Regime, "_judge", lambda self, *bits: counted.append(bits) or _JUDGE(self, *bits))
    for day in ("2026-11-01", "2026-11-02", "2020-01-01"):
        assert told(regime, {"listed_on": day}) == "XX-01"
    assert counted == [(1, 1)]


_JUDGE = module.Regime._judge


def test_the_rules_of_another_day_do_not_linger(tmp_path: Path) -> None:
    parameters = {"due": parameter("switch", ("2026-01-01", True), ("2026-06-01", False))}
    regime = only(
        tmp_path, [rule("XX-01", {"f": True}, "forbid"), REST], facts={"f": {"switch": "due"}}, parameters=parameters
    )
    days = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 5, 31), date(2026, 6, 1)]
    for _ in range(2):
        assert [told(regime, on=day) for day in days] == ["XX-99", "XX-01", "XX-01", "XX-99"]
        days.reverse()
        assert [told(regime, on=day) for day in days] == ["XX-99", "XX-01", "XX-01", "XX-99"]
        days.reverse()


# -- on a day ---------------------------------------------------------------------------------------------------------


def test_rules_are_in_force_where_nothing_that_hangs_on_the_day_stands_against_them(tmp_path: Path) -> None:
    parameters = {
        "due": parameter("switch", ("2026-01-01", True)),
        "quiet": parameter("days", ("2000-01-01", None), ("2026-06-01", 90)),
    }
    facts: dict[str, Any] = {
        "due_now": {"switch": "due"},
        "quiet_now": {"within": {"day": "stop_request_on", "parameter": "quiet"}},
    }
    rules = [
        rule("XX-01", {"due_now": True, "fee_paid": False}, "forbid"),
        rule("XX-02", {"due_now": False, "fee_paid": False}, "permit"),
        rule("XX-03", {"quiet_now": True}, "forbid"),
        REST,
    ]
    regime = only(tmp_path, rules, facts=facts, parameters=parameters, flags=[rule("XX-F1", {"due_now": True})])
    assert list(in_force(regime, date(1999, 12, 31))) == []
    assert list(in_force(regime, date(2025, 12, 31))) == ["XX-02", "XX-99"]
    assert list(in_force(regime, date(2026, 1, 1))) == ["XX-01", "XX-99", "XX-F1"]
    assert list(in_force(regime, date(2026, 6, 1))) == ["XX-01", "XX-03", "XX-99", "XX-F1"]


def test_the_parameters_behind_facts_are_found_through_other_facts(tmp_path: Path) -> None:
    parameters = {name: parameter("days", ("2000-01-01", 5)) for name in ("one", "two", "three")}
    facts: dict[str, Any] = {
        "a": {"within": {"day": "listed_on", "parameter": "two"}},
        "b": {"within": {"day": "listed_on", "parameter": "one"}},
        "c": {"any": [{"a": True}, {"b": True}]},
    }
    regime = only(tmp_path, [rule("XX-01", {"c": True}, "forbid"), REST], facts=facts, parameters=parameters)
    assert regime.parameters_of(["c"]) == ["two", "one"]
    assert regime.parameters_of(["b", "channel"]) == ["one"]
    assert regime.parameters_of([]) == []
