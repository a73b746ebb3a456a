"""Past calls are judged by the law of their own day and country, and cost what that law says."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from quietline.audit import Exposure, Verdict, findings_on_law
from quietline.law import load_rulebook, rulebook_names
from quietline.wash.campaign import load_campaign
from unit.audit import audit_worlds as worlds
from unit.audit.audit_worlds import (
    ANN,
    LISA,
    LONDON,
    NOWHERE,
    SINGAPORE,
    SYDNEY,
    TORONTO,
    World,
    by_law,
    each,
    said_of,
    version,
)

if TYPE_CHECKING:
    from pathlib import Path

PLACES = {
    ANN: ("US", "America/New_York"),
    TORONTO: ("CA", "America/Toronto"),
    LONDON: ("GB", "Europe/London"),
    SYDNEY: ("AU", "Australia/Sydney"),
    SINGAPORE: ("SG", "Asia/Singapore"),
}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, dict(worlds.BASE) | {"safe_harbour": {}}, {})


def noon(day: str, number: str = ANN) -> str:
    """Noon where a number is."""
    return worlds.utc(f"{day}T12:00:00", ZoneInfo(PLACES[number][1])).isoformat()


# ---- the law of the day --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "age", "flags"),
    [
        ("2004-06-01", 60, ()),  # three months were allowed
        ("2004-06-01", 93, ("US-F3",)),
        ("2004-12-31", 60, ()),
        ("2005-01-01", 60, ("US-F3",)),  # from this day on 31 days
        ("2005-01-01", 31, ()),
    ],
)
def test_how_old_a_version_may_be_is_what_the_law_of_the_day_says(
    world: World, day: str, age: int, flags: tuple[str, ...]
) -> None:
    world.fetched = (worlds.days_before(day, age),)
    world.add("do_not_call", {})
    outcome = world.judge_one(ANN, noon(day))
    assert said_of(outcome) == by_law("US", world.known(noon(day), **version(world.fetched[0])))
    assert outcome.flags == flags


def test_one_version_ages_out_overnight_where_the_law_changes(world: World) -> None:
    world.fetched = ("2004-11-01",)
    world.add("do_not_call", {})
    judged = world.judge((ANN, noon("2004-12-31")), (ANN, noon("2005-01-01")))
    assert [said[1] for said in each(judged) if said] == ["US-22", "US-30"]


@pytest.mark.parametrize(
    ("day", "asked", "rule"),
    [
        ("2025-04-10", "2025-03-12", "US-22"),  # 29 days: 30 were allowed
        ("2025-04-10", "2025-03-11", "US-22"),
        ("2025-04-10", "2025-03-10", "US-15"),
        ("2025-04-11", "2025-03-28", "US-22"),  # from this day on ten business days
        ("2025-04-11", "2025-03-27", "US-15"),
        ("2025-04-11", "2025-03-12", "US-15"),
    ],
)
def test_how_long_a_request_to_stop_may_take_is_what_the_law_of_the_day_says(
    world: World, day: str, asked: str, rule: str
) -> None:
    world.facts |= {"caller_class": "bank"}  # which the stricter rule of the trade commission does not reach
    world.fetched = ("2025-04-01",)
    world.add("do_not_call", {})
    world.add("stop_requests", {ANN: [(asked, None)]})
    outcome = world.judge_one(ANN, noon(day))
    assert said_of(outcome) == by_law("US", world.known(noon(day), **version("2025-04-01"), stop_request_on=asked))
    assert outcome.rule == rule


def test_before_the_law_was_in_force_nothing_is_known(world: World) -> None:
    world.fetched = ("2003-09-20",)
    world.add("do_not_call", {ANN: [("2003-07-01", None)]})
    judged = world.judge((ANN, noon("2003-09-30")), (ANN, noon("2003-10-01")))
    assert each(judged) == [("undetermined", "", ("called_at",), ()), ("forbid", "US-29", (), ())]
    assert [outcome.exposure for outcome in judged.outcomes] == [None, Exposure(Decimal(11000), "USD")]


@pytest.mark.parametrize(
    ("moment", "rule"),
    [
        ("2026-03-07T07:59:59.999999", "US-11"),
        ("2026-03-07T08:00:00", "US-22"),
        ("2026-03-07T20:59:59", "US-22"),
        ("2026-03-07T21:00:00", "US-22"),
        ("2026-03-07T21:00:00.000001", "US-11"),
        ("2026-03-07T12:59:59+00:00", "US-11"),
        ("2026-03-08T12:00:00+00:00", "US-22"),  # the clocks were put forward in the night
        ("2026-03-08T11:59:59+00:00", "US-11"),
        ("2026-10-31T12:00:00+00:00", "US-22"),
        ("2026-11-01T12:00:00+00:00", "US-11"),  # and put back
        ("2026-11-01T13:00:00+00:00", "US-22"),
        ("2026-11-02T02:00:00+00:00", "US-22"),
        ("2026-11-02T02:00:01+00:00", "US-11"),
    ],
)
def test_the_hours_are_those_of_the_person_called_to_the_moment(world: World, moment: str, rule: str) -> None:
    world.fetched = ("2026-03-01", "2026-10-20")
    world.add("do_not_call", {})
    assert world.judge_one(ANN, moment).rule == rule


def test_the_same_moment_is_early_in_one_place_and_not_in_another(world: World) -> None:
    world.fetched = ("2026-03-01",)
    world.add("do_not_call", {})
    judged = world.judge((ANN, "2026-03-05T09:00:00"), (LISA, "2026-03-05T09:00:00"))
    assert [said[1] for said in each(judged) if said] == ["US-22", "US-11"]


# ---- other countries -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize("day", ["2008-06-02", "2014-03-03", "2019-09-02", "2026-03-05"])
def test_calls_to_several_countries_are_judged_by_the_law_of_each(world: World, day: str, *, listed: bool) -> None:
    since = worlds.days_before(day, 400)
    fetched = worlds.days_before(day, 5)
    world.fetched = (fetched,)
    for number, (country, zone) in PLACES.items():
        periods = {number: [(since, None)]} if listed else {}
        world.add("do_not_call", periods, name=country, country=country, time_zone=zone)
    judged = world.judge(*((number, noon(day, number)) for number in PLACES))
    for said, (number, (country, zone)) in zip(each(judged), PLACES.items(), strict=True):
        known = world.known(noon(day, number), zone, **version(fetched), listed_on=since if listed else None)
        assert said == by_law(country, known), country


def test_each_country_has_what_the_campaign_states_for_it(world: World) -> None:
    world.facts |= {"GB": {"caller_id": "withheld"}}
    world.fetched = ("2026-03-01",)
    world.add("do_not_call", {})
    judged = world.judge((LONDON, noon("2026-03-05", LONDON)), (ANN, noon("2026-03-05")))
    assert [said[1] for said in each(judged) if said] == ["UK-03", "US-22"]


def test_the_rulebooks_that_were_asked_are_named(world: World) -> None:
    world.fetched = ("2026-03-01",)
    with world.auditor() as auditor:
        assert auditor.rulebooks == []
        auditor.judge(worlds.calls_of([(LONDON, "2026-03-05T12:00:00"), (ANN, "2026-03-05T12:00:00"), (NOWHERE, None)]))
        assert [book["name"] for book in auditor.rulebooks] == ["gb", "us"]
        assert auditor.rulebooks[1]["digest"] == load_rulebook("US").digest


def test_the_registers_that_were_asked_are_named_with_what_they_are_to_the_campaign(world: World) -> None:
    world.add("do_not_call", {ANN: [("2020-01-01", None)]})
    world.add("consents", {ANN: [("2020-01-01", None)]}, kind="oral")
    with world.auditor() as auditor:
        told = auditor.registers
    assert [(one["name"], one["role"], one["numbers"], one["list_date"]) for one in told] == [
        ("do_not_call", "do_not_call", 1, "2026-11-01"),
        ("consents", "consents", 1, "2026-11-01"),
    ]


# ---- money ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "amount"),
    [
        ("2004-06-01", "11000"),
        ("2009-02-08", "11000"),
        ("2009-02-09", "16000"),
        ("2015-06-01", "16000"),
        ("2016-07-31", "16000"),
        ("2016-08-01", "40000"),
        ("2016-08-02", "40000"),
        ("2025-01-16", "51744"),
        ("2025-01-17", "53088"),
        ("2026-06-01", "53088"),
        ("2027-01-01", None),  # nobody knows it yet
    ],
)
def test_a_forbidden_call_costs_what_the_law_of_its_day_says(world: World, day: str, amount: str | None) -> None:
    world.fetched = (worlds.days_before(day, 5),)
    world.add("do_not_call", {ANN: [("2003-07-01", None)]})
    outcome = world.judge_one(ANN, noon(day))
    assert (outcome.verdict, outcome.rule) == (Verdict.FORBID, "US-29")
    assert outcome.exposure == (None if amount is None else Exposure(Decimal(amount), "USD"))


def test_the_day_that_counts_for_the_money_is_that_of_the_person_called(world: World) -> None:
    world.fetched = ("2025-01-10",)
    world.add("do_not_call", {LISA: [("2020-01-01", None)], ANN: [("2020-01-01", None)]})
    at = "2025-01-17T04:30:00+00:00"  # 20:30 on the sixteenth in Los Angeles
    assert world.judge_one(LISA, at).exposure == Exposure(Decimal(51744), "USD")


def test_the_whole_log_costs_the_sum_of_its_days(world: World) -> None:
    days = ["2009-02-08", "2015-06-01", "2016-08-02", "2016-08-03", "2025-06-02"]
    world.fetched = tuple(worlds.days_before(day, 5) for day in days)
    world.add("do_not_call", {ANN: [("2003-07-01", None)]})
    findings = findings_on_law()
    with world.auditor() as auditor:
        batch = worlds.calls_of([(ANN, noon(day)) for day in days] + [(LISA, noon("2025-06-02"))])
        findings.add(batch, auditor.judge(batch))
    lines = {(line.amount, line.calls, line.first_date, line.last_date) for line in findings.exposure()}
    assert lines == {
        (Decimal(11000), 1, date(2009, 2, 8), date(2009, 2, 8)),
        (Decimal(16000), 1, date(2015, 6, 1), date(2015, 6, 1)),
        (Decimal(40000), 2, date(2016, 8, 2), date(2016, 8, 3)),
        (Decimal(53088), 1, date(2025, 6, 2), date(2025, 6, 2)),
    }
    assert findings.exposure_totals() == {"USD": Decimal(11000 + 16000 + 2 * 40000 + 53088)}
    assert (findings.counts.forbid, findings.counts.permit, findings.calls_without_amount()) == (5, 1, 0)


@pytest.mark.parametrize(
    ("number", "exposure"),
    [
        (TORONTO, Exposure(Decimal(15000), "CAD")),
        (LONDON, None),  # a firm is fined once, not by the call
    ],
)
def test_penalties_are_counted_by_the_call_only_where_the_law_does(
    world: World, number: str, exposure: Exposure | None
) -> None:
    country, _ = PLACES[number]
    world.fetched = ("2026-03-01",)
    world.add("do_not_call", {number: [("2020-01-01", None)]}, country=country)
    outcome = world.judge_one(number, noon("2026-03-05", number))
    assert (outcome.verdict, outcome.exposure) == (Verdict.FORBID, exposure)


def test_what_is_not_forbidden_costs_nothing(world: World) -> None:
    world.fetched = ("2026-03-01",)
    world.add("do_not_call", {})
    judged = world.judge((ANN, noon("2026-03-05")), (NOWHERE, noon("2026-03-05")))
    assert [outcome.exposure for outcome in judged.outcomes] == [None, None]


# ---- safe harbour --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        (worlds.HARBOUR, worlds.HARBOUR),
        ({"own_list_kept": True}, dict.fromkeys(worlds.ELEMENTS, False) | {"own_list_kept": True}),
        (None, dict.fromkeys(worlds.ELEMENTS)),
    ],
)
@pytest.mark.parametrize("for_country", [False, True])
def test_the_elements_of_the_safe_harbour_are_those_the_campaign_has_on_file(
    world: World, stated: dict[str, bool] | None, expected: dict[str, bool | None], *, for_country: bool
) -> None:
    del world.facts["safe_harbour"]
    if stated is not None:
        world.facts |= {"US": {"safe_harbour": stated}} if for_country else {"safe_harbour": stated}
    with world.auditor() as auditor:
        auditor.judge(worlds.calls_of([(LONDON, "2026-03-05T12:00:00"), (ANN, "2026-03-05T12:00:00")]))
        assert auditor.safe_harbour == expected


def test_where_no_law_that_was_asked_knows_a_safe_harbour_there_is_none(world: World) -> None:
    with world.auditor() as auditor:
        assert auditor.safe_harbour is None
        auditor.judge(worlds.calls_of([(LONDON, "2026-03-05T12:00:00"), (NOWHERE, "2026-03-05T12:00:00")]))
        assert auditor.safe_harbour is None


@pytest.mark.parametrize(
    ("elements", "listed_on", "rule"),
    [
        (worlds.HARBOUR, "2026-03-02", "US-27"),
        (worlds.HARBOUR, "2026-03-01", "US-29"),  # it was in the version
        (worlds.HARBOUR | {"staff_trained": False}, "2026-03-02", "US-29"),
    ],
)
def test_the_safe_harbour_excuses_a_call_to_a_number_listed_after_the_version(
    world: World, elements: dict[str, Any], listed_on: str, rule: str
) -> None:
    world.facts["safe_harbour"] = elements
    world.fetched = ("2026-03-01",)
    world.add("do_not_call", {ANN: [(listed_on, None)]})
    outcome = world.judge_one(ANN, noon("2026-03-05"))
    assert said_of(outcome) == by_law("US", world.known(noon("2026-03-05"), **version("2026-03-01"), listed_on=listed_on))
    assert outcome.rule == rule


# ---- words ---------------------------------------------------------------------------------------------------------------


def test_every_rule_flag_and_fact_has_its_words() -> None:
    findings = findings_on_law()
    regimes = [regime for name in rulebook_names() for regime in load_rulebook(name).regimes]
    assert {rule.id for regime in regimes for rule in regime.rules} == set(findings.rules)
    assert {flag.id for regime in regimes for flag in regime.flags} <= set(findings.terms)
    assert {"called_at", "consent", "relationship", "list_checked", "stop_request_on"} <= set(findings.terms)
    assert all(rule.en and rule.zh and rule.citation for rule in findings.rules.values())
    assert all(term.en and term.zh for term in findings.terms.values())


@pytest.mark.parametrize(
    ("rule", "about"),
    [
        ("US-29", "register"), ("US-21", "register"), ("US-20", "register"), ("US-15", "request"), ("US-10", "request"),
        ("US-11", "hours"), ("US-06", "consent"), ("CA-05", "hours"), ("UK-14", "register"), ("US-12", "other"),
    ],
)  # fmt: skip
def test_a_rule_says_what_would_have_prevented_the_call(rule: str, about: str) -> None:
    assert findings_on_law().rules[rule].about == about


def test_washing_is_not_advised_against_what_it_does_not_prevent(world: World) -> None:
    world.facts |= {"caller_id": "withheld"}
    findings = findings_on_law()
    with world.auditor() as auditor:
        batch = worlds.calls_of([(ANN, noon("2026-03-05"))], list=["L1"])
        findings.add(batch, auditor.judge(batch))
    assert [group.name for group in findings.by_rule()] == ["US-12"]
    assert findings.lists_to_wash() == []


def test_a_campaign_for_looking_back_needs_no_moment(world: World) -> None:
    campaign = load_campaign(world.write())
    assert campaign.called_at is None
