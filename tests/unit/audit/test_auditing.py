"""Past calls are judged as the registers stood that day, each compared with the law on facts that are put down by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from quietline.audit import Verdict
from quietline.errors import InputError, RegisterError
from unit.audit import audit_worlds as worlds
from unit.audit.audit_worlds import (
    ANN,
    BEN,
    BORDER,
    CAT,
    DAN,
    HARBOUR,
    LISA,
    LONDON,
    NOWHERE,
    SYDNEY,
    TOLL_FREE,
    TORONTO,
    World,
    by_law,
    each,
    said_of,
    version,
)

if TYPE_CHECKING:
    from pathlib import Path

NOON = "T12:00:00"
MARCH = "2026-03-05T12:00:00"
FRESH = "2026-03-01"


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A campaign with a fresh version and an empty history; tests put into it what they need."""
    return World(tmp_path, dict(worlds.BASE), {}, fetched=(FRESH,))


# ---- the register of the day --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("periods", "listed_on"),
    [
        ([("2026-03-01", None)], "2026-03-01"),
        ([("2026-03-05", None)], "2026-03-05"),  # the day itself
        ([("2026-03-06", None)], None),  # the day after
        ([("2024-01-01", "2026-03-05")], None),  # withdrawn: that day it stands there no longer
        ([("2024-01-01", "2026-03-06")], "2024-01-01"),
        ([("2024-01-01", "2025-01-01"), ("2026-03-02", None)], "2026-03-02"),
        ([("2024-01-01", "2025-01-01"), ("2026-03-06", None)], None),
        ([], None),
    ],
)
def test_a_call_is_judged_as_the_register_stood_that_day(
    world: World, periods: list[tuple[str | None, str | None]], listed_on: str | None
) -> None:
    world.add("do_not_call", {ANN: periods, BEN: [("2020-01-01", None)]})
    outcome = world.judge_one(ANN, MARCH)
    assert said_of(outcome) == by_law("US", world.known(MARCH, **version(FRESH), listed_on=listed_on))
    # listed after the version that was used: without a word on the safe harbour nobody can say
    expected = {None: Verdict.PERMIT, "2026-03-02": Verdict.UNDETERMINED, "2026-03-05": Verdict.UNDETERMINED}
    assert outcome.verdict is expected.get(listed_on, Verdict.FORBID)


def test_calls_to_one_number_are_judged_apart_as_it_comes_and_goes(world: World) -> None:
    world.facts["safe_harbour"] = {}
    world.add("do_not_call", {ANN: [("2026-03-05", "2026-03-10"), ("2026-03-20", None)]})
    days = [4, 5, 9, 10, 19, 20, 31]
    judged = world.judge(*((ANN, f"2026-03-{day:02d}{NOON}") for day in days))
    assert [said[1] for said in each(judged) if said] == ["US-22", "US-29", "US-29", "US-22", "US-22", "US-29", "US-29"]


@pytest.mark.parametrize(("moment", "verdict"), [("2026-11-02T12:00:00", "forbid"), (MARCH, "undetermined")])
def test_an_entry_whose_first_day_is_not_known_counts_for_certain_from_the_list_date_on(
    world: World, moment: str, verdict: str
) -> None:
    world.facts["safe_harbour"] = {}
    world.fetched = ("2026-03-01", "2026-11-01")
    world.add("do_not_call", {ANN: [(None, None)]})
    outcome = world.judge_one(ANN, moment)
    assert outcome.verdict == verdict
    assert outcome.unknown == (("listed_on",) if verdict == "undetermined" else ())


def test_a_snapshot_is_not_asked_who_stood_in_it_before_its_day(world: World) -> None:
    world.add("do_not_call", {ANN: [("2020-01-01", None)]}, history=False, list_date=date(2026, 3, 5))
    with pytest.raises(RegisterError, match=r"do_not_call\.qlr is a snapshot of 2026-03-05 .* on 2026-03-04") as caught:
        world.judge((ANN, MARCH), (BEN, "2026-03-04T12:00:00"))
    assert caught.value.code == "register.snapshot"
    assert "--history" in caught.value.advice


def test_a_snapshot_answers_for_its_day_and_later_ones(world: World) -> None:
    world.facts["safe_harbour"] = {}
    world.add("do_not_call", {ANN: [("2020-01-01", None)]}, history=False, list_date=date(2026, 3, 5))
    assert [said[0] for said in each(world.judge((ANN, MARCH), (BEN, "2026-03-06T12:00:00"))) if said] == [
        "forbid",
        "permit",
    ]


def test_a_register_of_another_country_is_not_asked(world: World) -> None:
    world.add("do_not_call", {ANN: [("2020-01-01", None)]}, name="us")
    late: dict[str, Any] = {"history": False, "list_date": date(2026, 10, 1)}
    world.add("do_not_call", {ANN: [("2020-01-01", None)], TORONTO: [("2020-01-01", None)]}, name="ca", country="CA", **late)
    assert world.judge_one(BEN, MARCH).verdict is Verdict.PERMIT
    with pytest.raises(RegisterError, match=r"ca\.qlr"):
        world.judge_one(TORONTO, MARCH)


def test_where_no_law_is_known_no_register_is_asked(world: World) -> None:
    world.add("purchases", {}, history=False, list_date=date(2026, 10, 1))
    outcome = world.judge_one("+4930123456", MARCH)  # Germany has no rulebook
    assert (outcome.verdict, outcome.rule, outcome.exposure) == (Verdict.UNDETERMINED, "", None)


def test_of_several_registers_the_earliest_listing_counts(world: World) -> None:
    world.add("do_not_call", {ANN: [("2026-03-04", None)]}, name="first")
    world.add("do_not_call", {ANN: [("2026-01-04", "2026-03-04")], BEN: [("2026-01-04", "2026-03-06")]}, name="second")
    judged = world.judge((ANN, "2026-03-03T12:00:00"), (ANN, MARCH), (BEN, MARCH))
    expected = [("2026-03-03T12:00:00", "2026-01-04"), (MARCH, "2026-03-04"), (MARCH, "2026-01-04")]
    assert each(judged) == [by_law("US", world.known(at, **version(FRESH), listed_on=day)) for at, day in expected]


def test_the_day_is_that_of_the_person_called(world: World) -> None:
    world.facts["safe_harbour"] = {}
    world.add("do_not_call", {number: [("2026-03-06", None)] for number in (ANN, LISA)})
    at = "2026-03-06T01:30:00+00:00"  # the evening of the fifth in America
    judged = world.judge((ANN, at), (LISA, at), (ANN, "2026-03-06T15:00:00+00:00"))
    assert [said[1] for said in each(judged) if said] == ["US-22", "US-22", "US-29"]
    assert judged.local_at is not None
    assert judged.local_at.astype(str).tolist() == ["2026-03-05T20:30:00", "2026-03-05T17:30:00", "2026-03-06T10:00:00"]


def test_a_register_that_cannot_be_read_is_refused(world: World) -> None:
    world.registers["do_not_call"] = ["missing.qlr"]
    with pytest.raises(InputError, match=r"missing\.qlr"):
        world.auditor()


def test_the_terms_of_an_entry_count(world: World) -> None:
    world.add("do_not_call", {TORONTO: [("2020-01-01", None)]}, terms="channels=fax", country="CA")
    moment = "2026-03-05T12:00:00"
    facts = world.known(moment, "America/Toronto", **version(FRESH), listed_on="2020-01-01", terms="channels=fax")
    assert said_of(world.judge_one(TORONTO, moment)) == by_law("CA", facts)


# ---- the version in use ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fetched", "used"),
    [
        (["2026-03-05"], "2026-03-05"),  # the day itself
        (["2026-02-02"], "2026-02-02"),  # 31 days old
        (["2026-02-01"], "2026-02-01"),  # 32 days old
        (["2026-03-06"], None),  # before the first
        (["2026-03-06", "2026-01-01", "2026-02-20"], "2026-02-20"),  # the last by then, in whatever order
    ],
)
@pytest.mark.parametrize("listed_on", [None, "2026-02-10"])
def test_the_version_in_use_is_the_last_one_fetched(
    world: World, fetched: list[str], used: str | None, listed_on: str | None
) -> None:
    world.facts["safe_harbour"] = HARBOUR
    world.fetched = tuple(fetched)
    world.add("do_not_call", {ANN: [(listed_on, None)] if listed_on else []})
    assert said_of(world.judge_one(ANN, MARCH)) == by_law("US", world.known(MARCH, **version(used), listed_on=listed_on))


def test_a_version_of_31_days_is_fresh_and_one_of_32_is_flagged(world: World) -> None:
    world.fetched = ("2026-01-05",)
    world.add("do_not_call", {})
    judged = world.judge((ANN, "2026-02-05T12:00:00"), (ANN, "2026-02-06T12:00:00"))
    assert each(judged) == [("permit", "US-22", (), ()), ("permit", "US-30", (), ("US-F3",))]


def test_a_call_before_the_first_fetch_was_not_checked(world: World) -> None:
    world.fetched = ("2026-03-06",)
    world.add("do_not_call", {})
    assert said_of(world.judge_one(ANN, MARCH))[:2] == ("forbid", "US-21")


def test_without_a_word_on_versions_nobody_can_say_whether_numbers_were_checked(world: World) -> None:
    world.fetched = ()
    world.add("do_not_call", {BEN: [("2020-01-01", None)]})
    judged = world.judge((ANN, MARCH), (BEN, MARCH))
    known = [world.known(MARCH), world.known(MARCH, listed_on="2020-01-01")]
    assert each(judged) == [by_law("US", facts) for facts in known]
    assert judged.outcomes[0].unknown == ("list_checked",)


def test_a_version_that_is_stated_as_a_fact_counts_for_every_call(world: World) -> None:
    world.fetched = ()
    world.facts |= {"list_version_date": "2026-02-02"}
    world.add("do_not_call", {})
    judged = world.judge((ANN, MARCH), (ANN, "2026-03-06T12:00:00"))
    assert each(judged) == [by_law("US", world.known(at, **version("2026-02-02"))) for at in (MARCH, "2026-03-06T12:00:00")]


# ---- customers, consents, requests to stop ------------------------------------------------------------------------------

TODAY_18_MONTHS, TODAY_3_MONTHS = "2024-09-05", "2025-12-05"  # of a call on 2026-03-05


@pytest.mark.parametrize(
    ("role", "day", "relation"),
    [
        ("purchases", TODAY_18_MONTHS, "purchase"),
        ("purchases", worlds.days_before(TODAY_18_MONTHS, 1), "purchase"),
        ("purchases", "2026-03-05", "purchase"),
        ("purchases", "2026-03-06", ""),  # bought after the call
        ("inquiries", TODAY_3_MONTHS, "inquiry"),
        ("inquiries", worlds.days_before(TODAY_3_MONTHS, 1), "inquiry"),
        ("inquiries", "2026-03-06", ""),
    ],
)
def test_who_was_a_customer_or_had_inquired_by_then_may_have_been_called(
    world: World, role: str, day: str, relation: str
) -> None:
    world.add("do_not_call", {ANN: [("2020-01-01", None)]})
    for one in ("purchases", "inquiries"):
        world.add(one, {ANN: [(day, None)]} if one == role else {})
    relationship = {"kind": relation, "last_event_on": day} if relation else None
    known = world.known(MARCH, **version(FRESH), listed_on="2020-01-01", relationship=relationship)
    assert said_of(world.judge_one(ANN, MARCH)) == by_law("US", known)


def test_the_last_purchase_by_the_day_of_the_call_counts(world: World) -> None:
    world.add("do_not_call", {ANN: [("2020-01-01", None)]})
    world.add("inquiries", {})
    world.add("purchases", {ANN: [("2022-01-10", None), ("2024-10-01", None), ("2026-06-01", None)]})
    world.fetched = ("2022-01-01", "2024-09-15", "2026-03-01", "2026-05-30")
    bought = {"2022-02-01": "2022-01-10", "2024-09-20": "2022-01-10", "2026-03-05": "2024-10-01", "2026-06-02": "2026-06-01"}
    versions = dict(zip(bought, world.fetched, strict=True))
    judged = world.judge(*((ANN, day + NOON) for day in bought))
    for said, (day, last) in zip(each(judged), bought.items(), strict=True):
        known = world.known(
            day + NOON,
            **version(versions[day]),
            listed_on="2020-01-01",
            relationship={"kind": "purchase", "last_event_on": last},
        )
        assert said == by_law("US", known)
    assert [said[1] for said in each(judged) if said] == ["US-24", "US-29", "US-24", "US-24"]


@pytest.mark.parametrize(
    ("stop", "consent"),
    [
        ("2026-03-04", None),
        ("2026-03-05", None),
        ("2026-03-06", None),  # asked after the call
        (None, "2026-03-04"),
        (None, "2026-03-06"),
        ("2026-03-03", "2026-03-04"),  # agreed anew
        ("2026-03-04", "2026-03-03"),
        ("2026-03-04", "2026-03-04"),
        ("2026-03-04", "2026-03-06"),
    ],
)
def test_requests_to_stop_and_consents_count_from_their_day_on(world: World, stop: str | None, consent: str | None) -> None:
    world.add("do_not_call", {ANN: [("2020-01-01", None)]})
    world.add("stop_requests", {ANN: [(stop, None)] if stop else []})
    world.add("consents", {ANN: [(consent, None)] if consent else []}, kind="written_signed")
    known = world.known(
        MARCH,
        **version(FRESH),
        listed_on="2020-01-01",
        stop_request_on=stop if stop and stop <= "2026-03-05" else None,
        consent={"kind": "written_signed", "given_on": consent} if consent and consent <= "2026-03-05" else None,
    )
    assert said_of(world.judge_one(ANN, MARCH)) == by_law("US", known)


def test_a_consent_that_was_withdrawn_helps_no_longer(world: World) -> None:
    world.facts["safe_harbour"] = {}
    world.add("do_not_call", {ANN: [("2020-01-01", None)]})
    world.add("consents", {ANN: [("2025-01-01", "2026-03-05")]}, kind="written_signed")
    judged = world.judge((ANN, "2026-03-04T12:00:00"), (ANN, MARCH))
    assert [said[1] for said in each(judged) if said] == ["US-23", "US-29"]


def test_calls_of_one_batch_are_told_apart_by_what_is_known_of_each_number(world: World) -> None:
    world.add("do_not_call", {number: [("2020-01-01", None)] for number in (ANN, BEN, CAT)})
    world.add("inquiries", {})
    world.add("purchases", {BEN: [("2026-01-01", None)]})
    world.add("stop_requests", {CAT: [("2026-01-01", None)]})
    judged = world.judge(*((number, MARCH) for number in (ANN, BEN, CAT, DAN)))
    assert [said[1] for said in each(judged) if said] == ["US-29", "US-24", "US-15", "US-22"]


def test_access_is_paid_for_some_areas_only(world: World) -> None:
    world.areas = {"US": ["212", "646"]}
    world.add("do_not_call", {})
    judged = world.judge((ANN, MARCH), (LISA, "2026-03-05T14:00:00"), (BEN, MARCH))
    assert [said[:2] for said in each(judged) if said] == [("permit", "US-22"), ("forbid", "US-20"), ("permit", "US-22")]


# ---- what the log says, and what is left out ----------------------------------------------------------------------------


def test_incoming_calls_and_rows_that_cannot_be_read_are_left_out(world: World) -> None:
    world.add("do_not_call", {ANN: [("2020-01-01", None)]})
    rows = [(ANN, MARCH), (ANN, MARCH), (None, MARCH), (ANN, None), (ANN, MARCH)]
    judged = world.judge(*rows, direction=["outbound", "Inbound", "outbound", "outbound", "呼入"])
    assert judged.outcome_of.tolist() == [0, -1, -1, -1, -1]
    assert judged.local_at is not None
    assert np.isnat(judged.local_at).tolist() == [False, True, True, True, True]


def test_an_empty_batch_has_no_outcomes(world: World) -> None:
    world.add("do_not_call", {})
    for judged in (world.judge(), world.judge((None, None))):
        assert judged.outcomes == ()
        assert set(judged.outcome_of.tolist()) <= {-1}


def test_how_a_call_was_made_is_taken_from_the_log_where_it_says(world: World) -> None:
    world.add("do_not_call", {ANN: [("2020-01-01", None)]})
    channels = ["Live Voice", "prerecorded", "sms", "", "SIP/1001-1"]
    judged = world.judge(*[(ANN, MARCH)] * 5, channel=channels)
    meant: list[dict[str, Any]] = [
        {"channel": "live_voice"}, {"channel": "prerecorded_voice"}, {"channel": "text"}, {}, {"channel": None},
    ]  # fmt: skip
    known = [world.known(MARCH, **version(FRESH), listed_on="2020-01-01") | said for said in meant]
    assert each(judged) == [by_law("US", facts) for facts in known]
    assert [said[1] for said in each(judged)[:4] if said] == ["US-29", "US-06", "US-28", "US-29"]


def test_what_differs_for_a_country_goes_before_what_holds_for_all(world: World) -> None:
    world.facts |= {"GB": {"caller_id": "withheld", "channel": "text"}}
    world.add("do_not_call", {})
    at = "2026-03-05T12:00:00+00:00"
    plain = {name: value for name, value in world.known(at, "Europe/London", **version(FRESH)).items() if name != "GB"}
    judged = world.judge((LONDON, at), (LONDON, at), channel=["", "live"])
    withheld = plain | {"caller_id": "withheld"}
    assert each(judged) == [by_law("GB", withheld | {"channel": how}) for how in ("text", "live_voice")]


def test_a_number_whose_country_is_not_known_is_undetermined(world: World) -> None:
    world.add("do_not_call", {NOWHERE: [("2020-01-01", None)]}, country="GB")
    judged = world.judge((NOWHERE, MARCH), ("+80012345678", MARCH))
    assert each(judged) == [("undetermined", "", ("country",), ())] * 2
    assert judged.local_at is not None
    assert np.isnat(judged.local_at).tolist() == [False, True]  # clocks in Guernsey show what clocks in London do


@pytest.mark.parametrize("day", ["1970-01-01", "1970-01-02", "2003-09-30", "2149-12-31", "2199-12-30"])
def test_days_that_no_register_and_no_law_know_are_judged_all_the_same(world: World, day: str) -> None:
    world.add("do_not_call", {ANN: [("2020-01-01", None)]})
    outcome = world.judge_one(ANN, f"{day}T00:30:00+00:00")
    assert outcome.verdict in (Verdict.UNDETERMINED, Verdict.FORBID)
    assert outcome.exposure is None


# ---- where the person called may be --------------------------------------------------------------------------------------


def test_where_a_number_may_be_anywhere_the_clock_there_is_not_known(world: World) -> None:
    world.add("do_not_call", {})
    judged = world.judge((TOLL_FREE, MARCH), (BORDER, MARCH), (ANN, MARCH))
    assert judged.local_at is not None
    assert np.isnat(judged.local_at).tolist() == [True, True, False]
    assert each(judged)[0] == ("undetermined", "", ("callee_timezone",), ())
    two = world.known(MARCH, **version(FRESH)) | {"callee_timezone": ["America/Boise", "America/Los_Angeles"]}
    assert each(judged)[1] == by_law("US", two) == ("permit", "US-22", (), ())


@pytest.mark.parametrize("clock", ["06:59", "07:00", "07:30", "08:00", "20:00", "20:59", "21:00", "21:30", "22:00", "22:01"])
def test_a_call_has_to_be_within_hours_in_each_zone_the_person_may_be_in(world: World, clock: str) -> None:
    world.add("do_not_call", {})
    at = f"2026-03-05T{clock}-07:00"
    zones = ["America/Boise", "America/Los_Angeles"]
    assert said_of(world.judge_one(BORDER, at)) == by_law(
        "US", world.known(at, **version(FRESH)) | {"callee_timezone": zones}
    )


def test_a_zone_that_the_campaign_states_goes_before_that_of_the_number(world: World) -> None:
    world.facts |= {"callee_timezone": "America/Los_Angeles", "safe_harbour": {}}
    world.add("do_not_call", {ANN: [("2026-03-05", None)]})
    early, late = "2026-03-05T02:00:00", "2026-03-05T11:00:00"  # of New York: the fourth at 23:00, the fifth at 8
    judged = world.judge((ANN, early), (ANN, late), (TOLL_FREE, late))
    assert [said[1] for said in each(judged) if said] == ["US-11", "US-29", "US-22"]
    assert judged.local_at is not None
    assert judged.local_at.astype(str).tolist() == ["2026-03-04T23:00:00"] + ["2026-03-05T08:00:00"] * 2


@pytest.mark.parametrize("night", ["2026-03-04T23:30", "2026-03-08T11:00", "2026-11-01T11:00", "2026-03-29T00:00"])
def test_every_quarter_of_an_hour_of_two_nights_is_judged_as_the_clock_there_says(world: World, night: str) -> None:
    world.fetched = ("2026-03-01", "2026-10-20")
    world.add("do_not_call", {})
    start = datetime.fromisoformat(night).replace(tzinfo=UTC) - timedelta(hours=24)
    moments = [start + timedelta(minutes=15 * i) for i in range(160)]
    zones = {ANN: "America/New_York", LISA: "America/Los_Angeles", SYDNEY: "Australia/Sydney", LONDON: "Europe/London"}
    countries = {ANN: "US", LISA: "US", SYDNEY: "AU", LONDON: "GB"}
    rows = [(number, moment) for number in zones for moment in moments]
    judged = world.judge(*rows)
    last = "2026-10-20" if night > "2026-10-20" else "2026-03-01"
    local = [at.astimezone(ZoneInfo(zones[number])).replace(tzinfo=None) for number, at in rows]
    assert judged.local_at is not None
    assert judged.local_at.astype("M8[us]").tolist() == local
    for (number, at), said, there in zip(rows, each(judged), local, strict=True):
        used = version(last if there.date().isoformat() >= last else None)
        facts = world.known(at, zones[number], **used)
        if number in (SYDNEY, LONDON):
            del facts["listed_on"]  # the register is for the United States
        assert said == by_law(countries[number], facts), (number, at)
