"""Decisions: regimes judged apart, days and zones, assumptions, and the next moment at which a call may be made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from quietline.errors import LawError, UsageError
from quietline.law import decide
from unit.law.small_law import law, parameter, rule, small

if TYPE_CHECKING:
    from pathlib import Path

    from quietline.law import Decision, Rulebook

REST = rule("XX-99", {}, "permit")
NOON = {"called_at": "2026-11-20T12:00-05:00", "callee_timezone": "America/New_York"}  # a Friday
US_CALL: dict[str, Any] = {
    **NOON,
    "purpose": "sales",
    "channel": "live_voice",
    "callee_class": "residential",
    "caller_class": "seller",
    "line_type": "fixed_line",
    "caller_id": "shown",
    "listed_on": "2020-01-01",
    "list_version_date": "2026-11-01",
    "fee_paid": True,
    "consent": None,
    "relationship": None,
    "stop_request_on": None,
    "safe_harbour": None,
}


def brief(decision: Decision) -> tuple[str, str | None, tuple[str, ...]]:
    return decision.verdict, decision.rule, decision.unknown


# -- whose law --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("country", ["US", "us", "Us"])
def test_the_country_is_taken_in_either_case(country: str) -> None:
    assert brief(decide(country, US_CALL)) == ("forbid", "US-29", ())


def test_uk_means_gb() -> None:
    assert decide("UK", NOON).rulebook.name == decide("gb", NOON).rulebook.name == "gb"


@pytest.mark.parametrize("country", ["FR", "", "USA", "../us", "u s"])
def test_a_country_without_a_rulebook_is_an_error_and_no_verdict(country: str) -> None:
    with pytest.raises(LawError) as caught:
        decide(country, NOON)
    assert caught.value.code == "law.undetermined"


def test_a_rulebook_without_rules_cannot_decide(tmp_path: Path) -> None:
    rulebook = small(
        tmp_path, fees={"instrument": law([])["instrument"], "parameters": {"a": parameter("days", ("2000-01-01", 1))}}
    )
    with pytest.raises(UsageError, match="rulebook of XX has no rules to decide by"):
        decide(rulebook, NOON)


def test_a_wrong_fact_is_refused_before_anything_is_judged() -> None:
    with pytest.raises(UsageError, match="There is no fact 'puprose'"):
        decide("US", {"puprose": "sales"})


# -- regimes apart ----------------------------------------------------------------------------------------------------


def two(folder: Path, first: dict[str, Any], second: dict[str, Any]) -> Rulebook:
    return small(folder, alpha=law([first, REST]), beta=law([second, {**REST, "id": "YY-99"}]))


def test_forbid_beats_undetermined_beats_permit(tmp_path: Path) -> None:
    rulebook = two(tmp_path, rule("XX-01", {"fee_paid": False}, "forbid"), rule("YY-01", {"list_checked": False}, "forbid"))
    assert brief(decide(rulebook, {**NOON, "fee_paid": True, "list_checked": True})) == ("permit", "XX-99", ())
    assert brief(decide(rulebook, {**NOON, "fee_paid": True})) == ("undetermined", None, ("list_checked",))
    assert brief(decide(rulebook, {**NOON, "fee_paid": False})) == ("forbid", "XX-01", ())
    assert brief(decide(rulebook, {**NOON, "list_checked": False})) == ("forbid", "YY-01", ())
    assert brief(decide(rulebook, NOON)) == ("undetermined", None, ("fee_paid", "list_checked"))
    assert brief(decide(rulebook, {**NOON, "fee_paid": False, "list_checked": False})) == ("forbid", "XX-01", ())


def test_an_instrument_that_does_not_reach_the_call_says_nothing_of_it(tmp_path: Path) -> None:
    out = rule("XX-01", {"caller_class": "bank"}, "permit", scope=True)
    rulebook = two(tmp_path, out, rule("YY-01", {"list_checked": False}, "forbid"))
    bank = {**NOON, "caller_class": "bank"}
    assert brief(decide(rulebook, {**bank, "list_checked": False})) == ("forbid", "YY-01", ())
    permitted = decide(rulebook, {**bank, "list_checked": True})
    assert brief(permitted) == ("permit", "YY-99", ()), "the rule of the instrument that reaches it is the one that decides"
    assert [judgement.applies for judgement in permitted.judgements] == [False, True]


def test_where_no_instrument_reaches_the_call_it_is_permitted(tmp_path: Path) -> None:
    out = rule("XX-01", {"caller_class": "bank"}, "permit", scope=True)
    rulebook = two(tmp_path, out, {**out, "id": "YY-01"})
    decision = decide(rulebook, {**NOON, "caller_class": "bank"})
    assert brief(decision) == ("permit", "XX-01", ())
    assert not decision.deciding.applies


def test_flags_of_an_instrument_that_does_not_reach_the_call_are_not_raised(tmp_path: Path) -> None:
    out = rule("XX-01", {"caller_class": "bank"}, "permit", scope=True)
    rulebook = small(tmp_path, alpha=law([out, REST], flags=[rule("XX-F1", {"sender_identified": False})]))
    silent = {**NOON, "sender_identified": False}
    assert decide(rulebook, {**silent, "caller_class": "bank"}).as_dict()["flags"] == []
    assert [flag["flag"] for flag in decide(rulebook, {**silent, "caller_class": "seller"}).as_dict()["flags"]] == ["XX-F1"]


# -- the day ----------------------------------------------------------------------------------------------------------


def test_before_the_day_that_is_covered_nothing_is_said(tmp_path: Path) -> None:
    rulebook = small(tmp_path, alpha=law([REST], covers="2020-01-01"))
    assert brief(decide(rulebook, {"called_at": "2019-12-31"})) == ("undetermined", None, ("called_at",))
    assert brief(decide(rulebook, {"called_at": "2020-01-01"})) == ("permit", "XX-99", ())
    assert brief(decide(rulebook, {})) == ("undetermined", None, ("called_at",))


def test_a_day_that_one_regime_covers_and_another_does_not_is_open_unless_the_first_forbids(tmp_path: Path) -> None:
    rulebook = small(
        tmp_path,
        alpha=law([rule("XX-01", {"fee_paid": False}, "forbid"), REST]),
        beta=law([{**REST, "id": "YY-99"}], covers="2020-01-01"),
    )
    assert brief(decide(rulebook, {"called_at": "2019-12-31", "fee_paid": False})) == ("forbid", "XX-01", ())
    assert brief(decide(rulebook, {"called_at": "2019-12-31", "fee_paid": True})) == ("undetermined", None, ("called_at",))


def day_rulebook(folder: Path) -> Rulebook:
    return small(
        folder, alpha=law([rule("XX-01", {"listed": True}, "forbid"), REST], facts={"listed": {"reached": "listed_on"}})
    )


def test_the_day_is_that_of_the_person_called(tmp_path: Path) -> None:
    rulebook = day_rulebook(tmp_path)
    facts = {"called_at": "2026-11-20T23:30-05:00", "listed_on": "2026-11-21"}
    assert decide(rulebook, {**facts, "callee_timezone": "America/New_York"}).verdict == "permit"
    assert decide(rulebook, {**facts, "callee_timezone": "Europe/London"}).verdict == "forbid"


def test_where_the_zone_is_not_known_the_day_may_be_any_that_a_clock_shows(tmp_path: Path) -> None:
    rulebook = day_rulebook(tmp_path)
    late = {"called_at": "2026-11-20T23:30-05:00"}
    assert brief(decide(rulebook, {**late, "listed_on": "2026-11-21"})) == ("undetermined", None, ("callee_timezone",))
    assert brief(decide(rulebook, {**late, "listed_on": "2026-11-20"})) == ("forbid", "XX-01", ())
    assert brief(decide(rulebook, {**late, "listed_on": "2026-11-22"})) == ("permit", "XX-99", ())
    assert brief(decide(rulebook, late)) == ("undetermined", None, ("listed_on",))
    midday = {"called_at": "2026-11-20T11:30Z"}  # it is the 19th and the 21st as well
    answers = {day: decide(rulebook, {**midday, "listed_on": f"2026-11-{day}"}).verdict for day in (19, 20, 21, 22)}
    assert answers == {19: "forbid", 20: "undetermined", 21: "undetermined", 22: "permit"}


def test_a_day_alone_is_taken_as_the_day_of_the_person_called(tmp_path: Path) -> None:
    rulebook = day_rulebook(tmp_path)
    assert decide(rulebook, {"called_at": "2026-11-20", "listed_on": "2026-11-20"}).verdict == "forbid"
    assert decide(rulebook, {"called_at": "2026-11-20", "listed_on": "2026-11-21"}).verdict == "permit"


# -- zones and hours --------------------------------------------------------------------------------------------------


def hours_rulebook(folder: Path, hours: dict[str, str] | None = None, **more: Any) -> Rulebook:
    rules = [rule("XX-01", {"in_hours": False}, "forbid"), rule("XX-02", {"fee_paid": False}, "forbid"), REST]
    times = parameter("hours", ("2000-01-01", hours or {"every_day": "09:00-21:00"}))
    return small(folder, alpha=law(rules, facts={"in_hours": {"hours": "times"}}, parameters={"times": times}, **more))


def night(zone: Any = "America/New_York", at: str = "2026-11-20T22:00-05:00", **more: Any) -> dict[str, Any]:
    return {"called_at": at, "callee_timezone": zone, "fee_paid": True, **more}


def test_in_hours_needs_the_time_and_the_zone_and_names_which(tmp_path: Path) -> None:
    rulebook = hours_rulebook(tmp_path)
    assert brief(decide(rulebook, night())) == ("forbid", "XX-01", ())
    assert brief(decide(rulebook, {"called_at": "2026-11-20T22:00-05:00", "fee_paid": True}))[2] == ("callee_timezone",)
    assert brief(decide(rulebook, night(at="2026-11-20")))[2] == ("called_at",)
    assert brief(decide(rulebook, {"called_at": "2026-11-20", "fee_paid": True}))[2] == ("called_at",)


def test_in_several_zones_all_have_to_agree(tmp_path: Path) -> None:
    rulebook = hours_rulebook(tmp_path)
    both = ["America/New_York", "America/Los_Angeles"]
    assert brief(decide(rulebook, night(both))) == ("undetermined", None, ("callee_timezone",))
    assert brief(decide(rulebook, night(both, at="2026-11-20T15:00-05:00"))) == ("permit", "XX-99", ())
    assert brief(decide(rulebook, night(both, at="2026-11-20T03:00-05:00"))) == ("forbid", "XX-01", ())
    assert brief(decide(rulebook, night(both, fee_paid=False))) == ("forbid", "XX-01", ())


def test_in_several_zones_what_is_unknown_in_any_is_named(tmp_path: Path) -> None:
    rulebook = hours_rulebook(tmp_path)
    facts = {"called_at": "2026-11-20T22:00-05:00", "callee_timezone": ["America/New_York", "America/Los_Angeles"]}
    assert brief(decide(rulebook, facts)) == ("undetermined", None, ("callee_timezone", "fee_paid"))
    reasons = decide(rulebook, facts).as_dict()
    assert reasons["regimes"]["alpha"] == {
        "verdict": "undetermined", "rule": None, "applies": True, "unknown": ["callee_timezone", "fee_paid"],
    }  # fmt: skip
    assert not any(reason["decides"] for reason in reasons["reasons"])


@pytest.mark.parametrize(
    ("at", "following"),
    [
        ("2026-11-20T22:00-05:00", "2026-11-21T09:00:00-05:00"),
        ("2026-11-20T08:59:59-05:00", "2026-11-20T09:00:00-05:00"),
        ("2026-11-20T00:00-05:00", "2026-11-20T09:00:00-05:00"),
        ("2026-11-20T21:00:00.000001-05:00", "2026-11-21T09:00:00-05:00"),
        ("2026-10-31T22:00-04:00", "2026-11-01T09:00:00-05:00"),
        ("2026-11-21T03:00Z", "2026-11-21T09:00:00-05:00"),
    ],
)
def test_the_next_moment_is_when_hours_begin_where_the_person_called_is(tmp_path: Path, at: str, following: str) -> None:
    decision = decide(hours_rulebook(tmp_path), night(at=at))
    assert decision.next_permitted_at is not None
    assert decision.as_dict()["next_permitted_at"] == following


def test_the_next_moment_passes_over_closed_days(tmp_path: Path) -> None:
    rulebook = hours_rulebook(tmp_path, {"mon-fri": "09:00-21:00", "sat-sun": "closed"})
    assert decide(rulebook, night()).as_dict()["next_permitted_at"] == "2026-11-23T09:00:00-05:00"


def test_the_next_moment_of_several_zones_is_good_in_each_and_told_in_the_first(tmp_path: Path) -> None:
    rulebook = hours_rulebook(tmp_path)
    decision = decide(rulebook, night(["America/New_York", "America/Los_Angeles"], at="2026-11-21T03:00-05:00"))
    assert decision.verdict == "forbid"
    assert decision.as_dict()["next_permitted_at"] == "2026-11-21T12:00:00-05:00"


def test_there_is_no_next_moment_where_something_else_forbids_or_the_time_is_not_known(tmp_path: Path) -> None:
    rulebook = hours_rulebook(tmp_path)
    assert decide(rulebook, night(fee_paid=False)).next_permitted_at is None
    assert decide(rulebook, {**night(), "fee_paid": None}).next_permitted_at is None
    assert decide(rulebook, {"called_at": "2026-11-20T22:00-05:00", "fee_paid": False}).next_permitted_at is None
    assert decide(rulebook, night(at="2026-11-20T12:00-05:00")).next_permitted_at is None


def test_there_is_no_next_moment_where_hours_never_begin(tmp_path: Path) -> None:
    assert decide(hours_rulebook(tmp_path, {"every_day": "closed"}), night()).next_permitted_at is None


def test_a_later_day_is_taken_not_to_be_a_public_holiday_and_the_same_day_stays_what_it_is(tmp_path: Path) -> None:
    rulebook = hours_rulebook(tmp_path, {"every_day": "09:00-21:00", "public_holiday": "closed"})
    morning = night(at="2026-11-20T08:00-05:00")
    assert (
        decide(rulebook, {**morning, "public_holiday": True}).as_dict()["next_permitted_at"] == "2026-11-21T09:00:00-05:00"
    )
    assert (
        decide(rulebook, {**morning, "public_holiday": False}).as_dict()["next_permitted_at"] == "2026-11-20T09:00:00-05:00"
    )
    assert brief(decide(rulebook, night(at="2026-11-20T12:00-05:00"))) == ("undetermined", None, ("public_holiday",))


def test_hours_of_a_later_law_count_for_a_later_day(tmp_path: Path) -> None:
    times = parameter("hours", ("2000-01-01", {"every_day": "09:00-21:00"}), ("2026-11-21", {"every_day": "closed"}),
                      ("2026-11-23", {"every_day": "08:00-10:00"}))  # fmt: skip
    rules = [rule("XX-01", {"in_hours": False}, "forbid"), REST]
    rulebook = small(tmp_path, alpha=law(rules, facts={"in_hours": {"hours": "times"}}, parameters={"times": times}))
    assert decide(rulebook, night()).as_dict()["next_permitted_at"] == "2026-11-23T08:00:00-05:00"


def test_where_the_day_forbids_and_not_the_hour_there_is_no_next_moment(tmp_path: Path) -> None:
    facts: dict[str, Any] = {"in_hours": {"hours": "times"}, "not_yet": {"ahead": "consent.given_on"}}
    rules = [
        rule("XX-01", {"in_hours": False, "channel": "text"}, "forbid"),
        rule("XX-02", {"not_yet": True}, "forbid"),
        REST,
    ]
    times = {"times": parameter("hours", ("2000-01-01", {"every_day": "09:00-21:00"}))}
    rulebook = small(tmp_path, alpha=law(rules, facts=facts, parameters=times))
    call = night(channel="live_voice", consent={"given_on": "2026-11-21"})
    assert brief(decide(rulebook, call)) == ("forbid", "XX-02", ())
    assert decide(rulebook, call).next_permitted_at is None, "from midnight on, and not from 09:00"


# -- what is assumed --------------------------------------------------------------------------------------------------


def test_an_assumption_stands_in_for_an_absent_fact_and_is_told(tmp_path: Path) -> None:
    rulebook = hours_rulebook(tmp_path, assume={"callee_timezone": "America/New_York"})
    absent = {"called_at": "2026-11-20T22:00-05:00", "fee_paid": True}
    decision = decide(rulebook, absent)
    assert brief(decision) == ("forbid", "XX-01", ())
    assert decision.as_dict()["assumptions"] == [
        {"fact": "callee_timezone", "value": "America/New_York", "citation": "A statute", "confidence": "seen_copy",
         "text": "why callee_timezone"}
    ]  # fmt: skip
    assert decision.as_dict()["next_permitted_at"] == "2026-11-21T09:00:00-05:00"
    given = decide(rulebook, {**absent, "callee_timezone": "Europe/London"})
    assert (given.verdict, given.assumptions) == ("forbid", ())
    assert decide(rulebook, {**absent, "callee_timezone": None}).assumptions == decision.assumptions


def test_an_assumption_that_changes_nothing_is_not_told(tmp_path: Path) -> None:
    rulebook = small(
        tmp_path, alpha=law([rule("XX-01", {"fee_paid": False}, "forbid"), REST], assume={"caller_abroad": False})
    )
    assert decide(rulebook, {**NOON, "fee_paid": True}).assumptions == ()


def test_of_assumptions_that_do_each_others_work_one_is_told(tmp_path: Path) -> None:
    out = rule("XX-01", {"caller_abroad": True, "recipient_abroad": True}, "permit", scope=True)
    rules = [out, rule("XX-02", {"fee_paid": False}, "forbid"), REST]
    rulebook = small(tmp_path, alpha=law(rules, assume={"caller_abroad": False, "recipient_abroad": False}))
    decision = decide(rulebook, {**NOON, "fee_paid": False})
    assert decision.verdict == "forbid"
    assert [assumption.name for assumption in decision.assumptions] == ["recipient_abroad"]


def test_what_is_given_is_not_overruled_by_what_follows_from_an_assumption(tmp_path: Path) -> None:
    rules = [rule("XX-01", {"list_checked": False}, "forbid"), REST]
    rulebook = small(tmp_path, alpha=law(rules, assume={"list_version_date": None}))
    assert brief(decide(rulebook, {**NOON, "list_checked": True})) == ("permit", "XX-99", ())
    assert brief(decide(rulebook, NOON)) == ("forbid", "XX-01", ())
    assert [one.name for one in decide(rulebook, NOON).assumptions] == ["list_version_date"]
    assert decide(rulebook, {**NOON, "list_checked": True}).assumptions == ()


def test_what_holds_of_a_whole_register_is_assumed_and_not_repeated_in_answers(tmp_path: Path) -> None:
    rules = [rule("XX-01", {"whole": True}, "forbid"), REST]
    content = law(rules, facts={"whole": {"total": {}}}, assume={"terms": None})
    content["assume"]["terms"]["told"] = False
    rulebook = small(tmp_path, alpha=content)
    decision = decide(rulebook, NOON)
    assert (brief(decision), decision.assumptions) == (("forbid", "XX-01", ()), ())
    assert decide(rulebook, {**NOON, "terms": "channels=text"}).verdict == "permit"


def test_several_zones_can_be_assumed(tmp_path: Path) -> None:
    rulebook = hours_rulebook(tmp_path, assume={"callee_timezone": ["America/New_York", "America/Los_Angeles"]})
    assert brief(decide(rulebook, {"called_at": "2026-11-20T22:00-05:00", "fee_paid": True}))[2] == ("callee_timezone",)
    assert decide(rulebook, {"called_at": "2026-11-20T15:00-05:00", "fee_paid": True}).verdict == "permit"


# -- the terms of an entry --------------------------------------------------------------------------------------------

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun", "public_holiday")
BY_CATEGORY = {"blocks": {"axis": "categories", "by": "category"}}
BY_CODE = {"blocks": {"axis": "modes", "by": "channel", "codes": {"fax": ["A", "b"]}}}
BY_CLOCK = {"blocks": {"axis": "bands", "clock": {"M": "09:00-12:00", "N": "12:00-15:00"}}}
BY_DAY = {"blocks": {"axis": "days", "week": {day: str(31 + i) for i, day in enumerate(DAYS)}}}


@pytest.mark.parametrize(
    ("fact", "terms", "given", "verdict"),
    [
        (BY_CATEGORY, "categories=1,4", {"category": "4"}, "forbid"),
        (BY_CATEGORY, "categories=1,4", {"category": "2"}, "permit"),
        (BY_CATEGORY, "modes=11", {}, "permit"),
        (BY_CATEGORY, None, {}, "permit"),
        (BY_CATEGORY, "categories=1", {}, "undetermined"),
        (BY_CODE, "modes=a", {"channel": "fax"}, "forbid"),
        (BY_CODE, "modes=B", {"channel": "text"}, "permit"),
        (BY_CLOCK, "bands=n", {}, "forbid"),
        (BY_CLOCK, "bands=m", {}, "permit"),
        (BY_DAY, "days=35", {"public_holiday": False}, "forbid"),
        (BY_DAY, "days=35", {}, "forbid"),
        (BY_DAY, "days=36", {}, "permit"),
        (BY_DAY, "days=36,38", {}, "undetermined"),
        (BY_DAY, "days=36,38", {"public_holiday": True}, "forbid"),
        (BY_DAY, "days=36,38", {"public_holiday": False}, "permit"),
        ({"total": {"categories": "0"}}, None, {}, "forbid"),
        ({"total": {"categories": "0"}}, "categories=0,3", {}, "forbid"),
        ({"total": {"categories": "0"}}, "categories=3", {}, "permit"),
        ({"total": {}}, None, {}, "forbid"),
        ({"total": {}}, "categories=0", {}, "permit"),
    ],
)
def test_an_entry_covers_what_its_terms_say(
    tmp_path: Path, fact: dict[str, Any], terms: str | None, given: dict[str, Any], verdict: str
) -> None:
    rulebook = small(tmp_path, alpha=law([rule("XX-01", {"blocked": True}, "forbid"), REST], facts={"blocked": fact}))
    decision = decide(rulebook, {**NOON, "terms": terms, **given})
    assert decision.verdict == verdict
    assert verdict != "undetermined" or decision.unknown in (("category",), ("public_holiday",))
    assert decide(rulebook, {**NOON, **given}).unknown[-1] == "terms"
