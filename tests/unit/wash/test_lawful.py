"""Numbers judged by law: what each register, fact and time of a campaign does to a row."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from quietline.wash.rulings import Ruling, Rulings
from unit.wash.campaign_world import (
    ALONE,
    ANN,
    BEN,
    BORDER,
    CAT,
    DAN,
    EVE,
    LISA,
    LONDON,
    PARIS,
    SALES,
    SATELLITE,
    SINGAPORE,
    TOLL_FREE,
    TORONTO,
    World,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

OLD, RECENT = date(2020, 5, 4), date(2026, 11, 1)
WALL = datetime.fromisoformat


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A sales campaign with a do-not-call register that has Ann, nobody's consent, customers or wishes, and paid access."""
    made = World(tmp_path, SALES | ALONE)
    made.add("do_not_call", {ANN: OLD})
    return made


def bare(tmp_path: Path, without: tuple[str, ...] = (), **facts: Any) -> World:
    """A campaign without registers, and without some of the usual facts."""
    given = {name: value for name, value in (SALES | ALONE | facts).items() if name not in without}
    return World(tmp_path, given)


# -- roles ------------------------------------------------------------------------------------------------------------


def test_a_listed_number_is_forbidden_and_another_permitted(world: World) -> None:
    assert world.verdict(ANN) == ("forbid", "US-29", "")
    assert world.verdict(BEN) == ("permit", "US-22", "")


@pytest.mark.parametrize(
    ("role", "kind", "fact", "day", "rule"),
    [
        ("consents", "written_signed", "consent", RECENT, "US-23"),
        ("consents", "written_signed", "consent", OLD, "US-23"),
        ("consents", "oral", "consent", RECENT, "US-29"),
        ("purchases", "", "relationship", date(2025, 5, 24), "US-24"),
        ("purchases", "", "relationship", date(2025, 5, 23), "US-29"),
        ("inquiries", "", "relationship", date(2026, 8, 24), "US-25"),
        ("inquiries", "", "relationship", date(2026, 8, 23), "US-29"),
        ("stop_requests", "", "stop_request_on", RECENT, "US-15"),
    ],
)
def test_what_a_register_knows_of_a_listed_number_decides(
    world: World, role: str, kind: str, fact: str, day: date, rule: str
) -> None:
    del world.facts[fact]
    world.add(role, {ANN: day}, kind=kind)
    if fact == "relationship":
        other = "inquiries" if role == "purchases" else "purchases"
        world.add(other, [EVE])
    assert world.verdict(ANN)[1] == rule
    assert world.verdict(BEN) == ("permit", "US-22", "")


def test_a_customer_who_also_inquired_may_be_called_for_either(world: World) -> None:
    del world.facts["relationship"]
    world.add("purchases", {ANN: OLD, BEN: RECENT})
    world.add("inquiries", {ANN: RECENT, BEN: OLD})
    world.add("do_not_call", [BEN], country="US")
    assert [world.verdict(number)[1] for number in (ANN, BEN)] == ["US-25", "US-24"]


def test_consents_of_several_kinds_are_each_tried(world: World) -> None:
    del world.facts["consent"]
    world.add("consents", {ANN: RECENT}, kind="oral", name="oral")
    world.add("consents", {ANN: OLD}, kind="written_signed", name="signed")
    assert world.verdict(ANN) == ("permit", "US-23", "")


def test_a_consent_that_is_on_file_goes_before_none_that_is_stated(world: World) -> None:
    world.add("consents", {ANN: RECENT}, kind="written_signed")
    assert world.verdict(ANN) == ("permit", "US-23", "")


def test_a_relation_that_is_stated_for_all_helps_those_whose_own_is_too_old(world: World) -> None:
    world.facts["relationship"] = {"kind": "ongoing", "last_event_on": "2026-11-01"}
    world.add("inquiries", {ANN: OLD})
    assert world.verdict(ANN) == ("permit", "US-24", "")


def test_where_inquiries_were_not_asked_an_old_purchase_leaves_it_open(tmp_path: Path) -> None:
    world = bare(tmp_path, without=("relationship",))
    world.add("do_not_call", {ANN: OLD, BEN: OLD})
    world.add("purchases", {ANN: OLD})
    assert world.verdict(ANN) == ("undetermined", "", "relationship")
    assert world.verdict(BEN) == ("undetermined", "", "relationship")
    world.add("inquiries", [EVE])
    assert world.verdict(ANN) == ("forbid", "US-29", "")


@pytest.mark.parametrize(("stop", "consent", "rule"), [(RECENT, OLD, "US-15"), (OLD, RECENT, "US-22"), (OLD, OLD, "US-15")])
def test_a_consent_lifts_an_earlier_request_to_stop_and_no_later_one(
    world: World, stop: date, consent: date, rule: str
) -> None:
    del world.facts["stop_request_on"], world.facts["consent"]
    world.add("stop_requests", {BEN: stop})
    world.add("consents", {BEN: consent}, kind="written_signed")
    assert world.verdict(BEN)[1] == rule


def test_a_request_to_stop_on_file_goes_before_a_campaign_that_states_there_is_none(world: World) -> None:
    world.add("stop_requests", {BEN: RECENT})
    assert world.facts["stop_request_on"] == "none"
    assert world.verdict(BEN) == ("forbid", "US-15", "")


def test_a_listed_number_goes_before_a_campaign_that_states_none_is(world: World) -> None:
    world.facts["listed_on"] = "none"
    assert world.verdict(ANN) == ("forbid", "US-29", "")


def test_a_request_made_again_after_a_consent_counts(world: World) -> None:
    world.add("stop_requests", {BEN: OLD, CAT: OLD})
    world.add("stop_requests", {BEN: RECENT})
    world.add("consents", {BEN: date(2026, 10, 1), CAT: date(2026, 10, 1)}, kind="oral")
    assert [world.verdict(number)[0] for number in (BEN, CAT)] == ["forbid", "permit"]


def test_a_request_made_again_does_not_begin_the_time_to_honour_it_anew(tmp_path: Path) -> None:
    world = bare(tmp_path, caller_registered=True)
    world.add("do_not_call", [EVE], country="CA")
    world.add("stop_requests", {TORONTO: date(2026, 11, 20)})
    assert world.verdict(TORONTO)[0] == "permit"
    world.add("stop_requests", {TORONTO: date(2026, 10, 1)})
    assert world.verdict(TORONTO)[0] == "forbid"


# -- days that nobody knows -------------------------------------------------------------------------------------------


def test_a_listed_number_without_a_day_is_listed_all_the_same(world: World) -> None:
    world.add("do_not_call", [BEN])
    assert world.verdict(BEN) == ("forbid", "US-29", "")


def test_a_purchase_without_a_day_leaves_it_open_where_its_age_would_decide(world: World) -> None:
    world.add("purchases", [ANN, BEN])
    assert world.verdict(ANN) == ("undetermined", "", "relationship")
    assert world.verdict(BEN) == ("permit", "US-22", "")


def test_a_consent_without_a_day_holds_unless_a_request_to_stop_may_be_later(world: World) -> None:
    world.add("consents", [ANN, BEN], kind="written_signed")
    world.add("stop_requests", {BEN: RECENT})
    assert world.verdict(ANN) == ("permit", "US-23", "")
    assert world.verdict(BEN) == ("undetermined", "", "consent")


def test_a_request_to_stop_without_a_day_may_be_before_or_after_a_consent(world: World) -> None:
    world.add("stop_requests", [BEN, CAT])
    world.add("consents", {BEN: RECENT}, kind="written_signed")
    assert world.verdict(BEN) == ("undetermined", "", "stop_request_on")
    assert world.verdict(CAT) == ("forbid", "US-15", "")


def test_a_request_to_stop_without_a_day_is_tried_between_the_day_it_holds_from_and_the_day_it_runs_out(
    tmp_path: Path,
) -> None:
    world = bare(tmp_path, caller_registered=True)
    world.add("do_not_call", [EVE], country="CA")
    world.add("stop_requests", {TORONTO: None}, list_date=date(2026, 11, 22))
    verdict, _, unknown = world.verdict(TORONTO)
    assert (verdict, unknown) == ("undetermined", "stop_request_on")


def test_of_two_registers_the_one_without_a_day_does_not_hide_what_the_other_might(world: World) -> None:
    del world.facts["stop_request_on"]
    world.add("stop_requests", {BEN: OLD, CAT: RECENT})
    world.add("stop_requests", [BEN])
    world.add("consents", {BEN: date(2026, 10, 1), CAT: OLD}, kind="oral")
    assert world.verdict(BEN) == ("undetermined", "", "stop_request_on")
    assert world.verdict(CAT) == ("forbid", "US-15", "")


# -- do-not-call registers --------------------------------------------------------------------------------------------


def test_the_oldest_register_of_a_country_says_how_old_the_version_is(tmp_path: Path) -> None:
    world = bare(tmp_path)
    world.add("do_not_call", [EVE])
    assert world.judge(ANN)[0]["wash_flags"] == ""
    world.add("do_not_call", [EVE], list_date=date(2026, 10, 23))
    assert world.judge(ANN)[0]["wash_flags"] == "US-F3"


def test_a_register_of_another_country_says_nothing(tmp_path: Path) -> None:
    world = bare(tmp_path)
    world.add("do_not_call", {ANN: OLD}, country="CA")
    assert world.verdict(ANN) == ("forbid", "US-21", "")


def test_the_campaign_may_say_whose_register_it_is(tmp_path: Path) -> None:
    world = bare(tmp_path)
    file = world.add("do_not_call", {ANN: OLD}, country="")
    world.registers["do_not_call"] = [{"file": file, "country": "US"}]
    assert [world.verdict(number)[1] for number in (ANN, BEN)] == ["US-29", "US-22"]


@pytest.mark.parametrize("number", [BEN, LONDON])
def test_a_list_of_no_country_never_stands_for_the_country_s_own(tmp_path: Path, number: str) -> None:
    world = bare(tmp_path)
    world.add("do_not_call", {ANN: OLD}, country="")
    verdict, _, unknown = world.verdict(number)
    assert verdict == "undetermined"
    assert "listed_on" in unknown.split(";")


def test_a_list_of_no_country_forbids_beside_the_country_s_own(world: World) -> None:
    world.add("do_not_call", {BEN: OLD}, country="")
    assert world.verdict(BEN) == ("forbid", "US-29", "")
    assert world.verdict(CAT) == ("permit", "US-22", "")


def test_terms_of_an_entry_count_and_an_entry_for_everything_goes_before_them(tmp_path: Path) -> None:
    number = "+919812345678"
    facts = {"caller_registered": True, "number_series": "140", "category": "1", "sender_identified": True}
    world = bare(tmp_path, **facts)
    world.facts["called_at"] = WALL("2026-11-24T12:00:00")
    world.add("do_not_call", {number: OLD}, country="IN", terms={number: "categories=4"})
    partial = world.verdict(number)
    world.add("do_not_call", {number: OLD}, country="IN")
    whole = world.verdict(number)
    assert partial[0] == "permit"
    assert whole[0] == "forbid"


@pytest.mark.parametrize(
    ("terms", "facts", "expected"),
    [
        ("channels=voice", {}, ("forbid", "US-29", "")),
        ("channels=text", {}, ("permit", "US-32", "")),
        ("categories=2; channels=text", {"category": "2"}, ("forbid", "US-29", "")),
        ("categories=2; channels=text", {"category": "3"}, ("permit", "US-32", "")),
        ("bands=21", {}, ("permit", "US-32", "")),
    ],
)
def test_terms_count_in_a_country_whose_own_register_has_none(
    tmp_path: Path, terms: str, facts: dict[str, Any], expected: tuple[str, str, str]
) -> None:
    world = bare(tmp_path, **facts)
    world.add("do_not_call", {ANN: OLD, BEN: OLD}, terms={ANN: terms})
    assert world.verdict(ANN) == expected
    assert world.verdict(BEN) == ("forbid", "US-29", ""), "an entry without terms covers every call"
    assert world.verdict(CAT) == ("permit", "US-22", "")


def test_a_category_that_is_not_stated_leaves_open_what_an_entry_for_categories_covers(tmp_path: Path) -> None:
    world = bare(tmp_path, without=("category",))
    world.add("do_not_call", {ANN: OLD}, terms={ANN: "categories=2"})
    verdict, _, unknown = world.verdict(ANN)
    assert (verdict, unknown) == ("undetermined", "category")


# -- areas ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("areas", "expected"),
    [
        ({"US": "all"}, ("US-22", "US-22", "US-22")),
        ({"US": ["212"]}, ("US-22", "US-20", "US-20")),
        ({"US": ["212", "213"]}, ("US-22", "US-22", "US-20")),
        ({"US": ["2"]}, ("US-22", "US-22", "US-22")),
        ({"US": ["2", "212", "21255501"[:6]]}, ("US-22", "US-22", "US-22")),
        ({"US": []}, ("US-20", "US-20", "US-20")),
        ({"GB": "all"}, ("", "", "")),
    ],
)
def test_access_is_paid_for_the_areas_that_the_campaign_names(
    tmp_path: Path, areas: Mapping[str, Any], expected: tuple[str, ...]
) -> None:
    world = bare(tmp_path, without=("fee_paid",))
    world.add("do_not_call", [EVE])
    world.areas = dict(areas)
    rows = world.judge(BEN, LISA, BORDER)
    assert tuple(row["wash_rule"] for row in rows) == expected
    assert all(row["wash_unknown"] == "fee_paid" for row in rows if not row["wash_rule"])


def test_areas_of_other_countries_begin_behind_their_calling_code(tmp_path: Path) -> None:
    world = bare(tmp_path, without=("fee_paid",), caller_registered=True)
    world.add("do_not_call", [EVE], country="CA")
    world.areas = {"CA": ["416"]}
    paid, unpaid = world.judge(TORONTO, "+16045550101")
    assert (paid["wash_verdict"], unpaid["wash_verdict"]) == ("permit", "forbid")


# -- time -------------------------------------------------------------------------------------------------------------


def test_without_a_time_nothing_is_decided(tmp_path: Path) -> None:
    world = bare(tmp_path, without=("called_at",))
    world.add("do_not_call", {ANN: OLD})
    assert [world.verdict(number) for number in (ANN, BEN)] == [("undetermined", "", "called_at")] * 2


def test_a_day_alone_leaves_the_hours_open(world: World) -> None:
    world.facts["called_at"] = date(2026, 11, 24)
    assert world.verdict(BEN) == ("undetermined", "", "called_at")
    assert world.verdict(ANN) == ("forbid", "US-29", "")


@pytest.mark.parametrize(
    ("at", "expected"),
    [("08:00:00", "permit"), ("07:59:59", "forbid"), ("21:00:00", "permit"), ("21:00:01", "forbid")],
)
def test_a_wall_clock_is_that_of_whoever_is_called(world: World, at: str, expected: str) -> None:
    world.facts["called_at"] = WALL(f"2026-11-24T{at}")
    assert {row["wash_verdict"] for row in world.judge(BEN, LISA, BORDER, TOLL_FREE)} == {expected}


def test_from_when_a_wall_clock_campaign_may_call_is_a_wall_clock_too(world: World) -> None:
    world.facts["called_at"] = WALL("2026-11-24T21:30:00")
    assert {row["wash_from"] for row in world.judge(BEN, LISA, BORDER)} == {"2026-11-25T08:00:00"}


def test_a_moment_is_judged_by_the_zone_of_each_number(world: World) -> None:
    world.facts["called_at"] = "2026-11-24T10:30:00-05:00"
    new_york, los_angeles = world.judge(BEN, LISA)
    assert new_york["wash_rule"] == "US-22"
    assert (los_angeles["wash_rule"], los_angeles["wash_from"]) == ("US-11", "2026-11-24T08:00:00-08:00")


@pytest.mark.parametrize("at", ["2026-11-25T00:30:00-05:00", "2026-11-25T14:30:00+09:00", "2026-11-24T18:30:00-11:00"])
def test_the_day_of_a_call_is_that_of_the_person_called(world: World, at: str) -> None:
    """Half past nine in the evening of the 24th in Los Angeles, and long past midnight in New York."""
    del world.facts["relationship"]
    world.facts["called_at"] = at
    world.add("purchases", {LISA: date(2025, 5, 24), BEN: date(2025, 5, 24)})
    world.add("inquiries", [EVE])
    world.add("do_not_call", {LISA: OLD, BEN: OLD})
    rows = {row["phone"]: row for row in world.judge(LISA, BEN, CAT)}
    assert [rows[number]["wash_verdict"] for number in (LISA, BEN)] == ["forbid", "forbid"]
    assert rows[CAT]["wash_from"] == "2026-11-25T08:00:00-05:00"
    assert rows[LISA]["wash_from"] == ""  # at eight it is 18 months and a day since the purchase


def test_from_when_a_number_may_be_called_hangs_on_its_own_days(world: World) -> None:
    del world.facts["relationship"]
    world.facts["called_at"] = "2026-11-24T21:30:00-05:00"
    days = {ANN: date(2025, 5, 24), BEN: date(2025, 5, 25), CAT: date(2026, 5, 1), DAN: OLD}
    world.add("purchases", days)
    world.add("inquiries", [EVE])
    world.add("do_not_call", dict.fromkeys(days, OLD))
    for numbers in (list(days), list(days)[::-1]):
        found = {row["phone"]: row["wash_from"] for row in world.judge(*numbers)}
        assert found == {ANN: "", BEN: "2026-11-25T08:00:00-05:00", CAT: "2026-11-25T08:00:00-05:00", DAN: ""}


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-11-24T15:30:00+00:00", ("undetermined", "", "callee_timezone(America/Boise|America/Los_Angeles)")),
        ("2026-11-24T16:00:00+00:00", ("permit", "US-22", "")),
        ("2026-11-24T14:59:59+00:00", ("forbid", "US-11", "")),
        ("2026-11-25T04:30:00+00:00", ("undetermined", "", "callee_timezone(America/Boise|America/Los_Angeles)")),
    ],
)
def test_all_zones_of_a_number_must_permit_or_those_in_doubt_are_named(
    world: World, at: str, expected: tuple[str, ...]
) -> None:
    world.facts["called_at"] = at
    assert world.verdict(BORDER) == expected


def test_of_many_zones_one_is_named_for_each_answer(world: World) -> None:
    verdict, _, unknown = world.verdict(TOLL_FREE)
    assert verdict == "undetermined"
    assert unknown == "callee_timezone(America/Adak|America/Anchorage)"


def test_a_zone_in_doubt_does_not_matter_where_the_number_may_not_be_called_anyway(world: World) -> None:
    world.facts["called_at"] = "2026-11-24T15:30:00+00:00"
    world.add("do_not_call", {BORDER: OLD})
    assert world.verdict(BORDER)[0] == "forbid"


def test_a_zone_that_the_campaign_states_goes_before_those_of_the_plan(world: World) -> None:
    world.facts |= {"called_at": "2026-11-24T15:30:00+00:00", "callee_timezone": "America/Boise"}
    assert world.verdict(BORDER) == ("permit", "US-22", "")


@pytest.mark.parametrize("at", ["2003-09-30T12:00:00-04:00", "1999-12-31T12:00:00-05:00", date(1995, 1, 1)])
def test_a_day_that_no_table_covers_is_undetermined(world: World, at: object) -> None:
    world.facts["called_at"] = at
    verdict, rule, unknown = world.verdict(BEN)
    assert (verdict, rule) == ("undetermined", "")
    assert "called_at" in unknown.split(";")


@pytest.mark.parametrize("at", ["1969-07-20T12:00:00-05:00", "2200-01-01T12:00:00-05:00", "9998-06-01T12:00:00-05:00"])
def test_a_day_that_no_register_can_hold_does_no_harm(world: World, at: str) -> None:
    world.facts["called_at"] = at
    assert world.verdict(BEN)[0] in ("undetermined", "permit")


# -- countries --------------------------------------------------------------------------------------------------------


def test_each_number_is_judged_by_the_book_of_its_own_country(world: World) -> None:
    world.facts |= {"called_at": "2026-11-24T16:00:00+00:00", "caller_registered": True}
    for country, number in (("CA", TORONTO), ("GB", LONDON), ("SG", SINGAPORE)):
        world.add("do_not_call", {number: OLD}, country=country)
    rules = [row["wash_rule"].partition("-")[0] for row in world.judge(ANN, TORONTO, LONDON, SINGAPORE)]
    assert rules == ["US", "CA", "UK", "SG"]


def test_facts_of_a_country_hold_for_its_numbers_only(world: World) -> None:
    world.facts["GB"] = {"caller_id": "withheld"}
    world.add("do_not_call", [EVE], country="GB")
    british, american = world.judge(LONDON, BEN)
    assert (british["wash_verdict"], american["wash_verdict"]) == ("forbid", "permit")


def test_where_there_is_no_rulebook_it_is_undetermined_and_the_country_is_named(world: World) -> None:
    french, nowhere = world.judge(PARIS, SATELLITE)
    assert (french["wash_verdict"], french["wash_unknown"]) == ("undetermined", "country")
    assert french["wash_because"] == "There is no rulebook for FR."
    assert (nowhere["wash_verdict"], nowhere["wash_unknown"]) == ("undetermined", "country")
    assert nowhere["wash_because"] == "The country of the number is not known."


# -- rulings ----------------------------------------------------------------------------------------------------------


def test_rulings_are_numbered_once_each_and_known_by_their_number() -> None:
    rulings = Rulings()
    first, second = Ruling("permit", "US", "US-22"), Ruling("undetermined", unknown=("consent",))
    assert [rulings.number(one) for one in (first, second, first)] == [1, 2, 1]
    assert rulings[2] is second
    assert rulings.verdicts().tolist() == [0, 1, 3]
    with pytest.raises(KeyError):
        rulings[0]


def test_more_rulings_than_there_can_be_lose_their_times_of_day_only() -> None:
    rulings = Rulings()
    numbers = [rulings.number(Ruling("forbid", "US", "US-11", next_permitted_at=str(i))) for i in range(40_000)]
    assert max(numbers) < 0xFFFF
    last = rulings[numbers[-1]]
    assert (last.verdict, last.rule, last.next_permitted_at) == ("forbid", "US-11", "")
    assert numbers[-1] == numbers[-2]
    assert rulings.number(Ruling("permit", "US", "US-30")) == max(numbers) + 1


def test_zones_in_doubt_stand_behind_the_time_zone() -> None:
    ruling = Ruling("undetermined", unknown=("callee_timezone", "consent"), zones=("America/Boise", "America/Los_Angeles"))
    assert ruling.unknown_in_words == ("callee_timezone(America/Boise|America/Los_Angeles)", "consent")
    assert Ruling("undetermined", unknown=("callee_timezone",)).unknown_in_words == ("callee_timezone",)
