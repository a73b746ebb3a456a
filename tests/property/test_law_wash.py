"""A wash by law against a twin that judges row by row, with the engine of a single call."""

from __future__ import annotations

import tempfile
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from twins.campaign_twin import CampaignTwin, TwinRegister
from unit.wash.campaign_world import World

CALLED = date(2026, 11, 24)
LIST_DATES = [date(2026, 11, 20), date(2026, 11, 1), date(2026, 9, 30), CALLED, date(2026, 12, 1)]
NUMBERS = [
    12125550101, 12125550102, 12135550101, 12085550101, 12545550123, 12705550123, 17855550123, 18005550101,
    14165550199, 17095550123, 442079460018, 442079460019, 6561234567, 61255500101, 919812345678, 33142685300,
    8613800138000, 870773111632,
]  # fmt: skip
AGES = [
    -3, -1, 0, 1, 2, 3, 4, 7, 9, 10, 11, 13, 14, 15, 20, 21, 22, 27, 28, 29, 30, 31, 32, 60, 85, 89, 90, 91, 92, 93, 94,
    180, 365, 400, 540, 547, 548, 549, 550, 551, 730, 1000, 1094, 1096, 1110, 1825, 1826, 1827, 1850, 4000,
]  # fmt: skip
TIMES: list[Any] = [
    CALLED,
    datetime(2026, 11, 24, 12, 0),  # noqa: DTZ001 - the wall clock of whoever is called
    datetime(2026, 11, 24, 22, 30),  # noqa: DTZ001
    datetime(2026, 11, 29, 9, 0),  # noqa: DTZ001
    *(f"2026-11-24T{hour}" for hour in ("15:00:00-05:00", "07:30:00-05:00", "10:30:00-05:00", "21:00:00-05:00")),
    *(f"2026-11-{at}" for at in ("24T23:30:00-11:00", "25T00:30:00+14:00", "28T05:00:00+00:00", "22T20:30:00-08:00")),
    "2009-08-31T12:00:00-05:00",
    "2003-09-30T23:30:00-04:00",
]
STATED: dict[str, list[Any]] = {
    "purpose": ["sales", "sales", "sales", "survey", "charity_gift"],
    "channel": ["live_voice", "live_voice", "prerecorded_voice", "text", "autodialed"],
    "callee_class": ["residential", "residential", "business"],
    "caller_class": ["seller", "seller", "charity_agent"],
    "caller_id": ["shown", "shown", "withheld"],
    "line_type": ["fixed_line", "mobile"],
    "caller_registered": [True, True, False],
    "fee_paid": [True, False],
    "consent": [{}, {"kind": "oral"}, {"kind": "written_signed", "given_on": "2026-11-02"}],
    "relationship": [{}, {"kind": "ongoing"}, {"kind": "purchase", "last_event_on": "2026-06-01"}],
    "stop_request_on": ["none", "none", "2026-11-10"],
    "list_version_date": ["2026-11-15", "2026-08-01"],
    "public_holiday": [True, False],
    "sender_identified": [True, False],
    "opt_out_offered": [True],
    "number_series": ["140", "ordinary"],
    "ported_on": ["none"],
}
SELDOM = {"fee_paid", "consent", "relationship", "stop_request_on", "list_version_date", "public_holiday", "number_series"}
ROLES = [
    ("do_not_call", "", "US"), ("do_not_call", "", "US"), ("do_not_call", "", ""), ("do_not_call", "", "CA"),
    ("do_not_call", "", "GB"), ("stop_requests", "", ""), ("stop_requests", "", ""), ("purchases", "", ""),
    ("purchases", "", ""), ("inquiries", "", ""), ("consents", "written_signed", ""), ("consents", "oral", ""),
]  # fmt: skip


@st.composite
def registers(draw: st.DrawFn) -> list[TwinRegister]:
    """Some registers; at most two of them have entries without a day."""
    undated = draw(st.sets(st.integers(0, len(ROLES) - 1), max_size=2))
    found = []
    for place, (role, kind, country) in enumerate(ROLES):
        if draw(st.integers(0, 3)) == 0:
            continue
        list_date = draw(st.sampled_from(LIST_DATES))
        entries: dict[int, date | None] = {}
        for number in draw(st.sets(st.sampled_from(NUMBERS), min_size=1, max_size=10)):
            day = min(CALLED - timedelta(days=draw(st.sampled_from(AGES))), list_date)
            entries[number] = None if place in undated and draw(st.booleans()) else day
        found.append(TwinRegister(role, entries, list_date, kind, country))
    return found or [TwinRegister("do_not_call", {NUMBERS[0]: None}, LIST_DATES[0], "", "US")]


@st.composite
def campaigns(draw: st.DrawFn) -> CampaignTwin:
    facts: dict[str, Any] = {"called_at": draw(st.sampled_from(TIMES))}
    for name, values in STATED.items():
        if draw(st.integers(0, 9)) < (2 if name in SELDOM else 9):
            facts[name] = draw(st.sampled_from(values))
    own = draw(st.sampled_from([{}, {}, {"caller_id": "withheld"}, {"relationship": {}}]))
    areas = draw(
        st.sampled_from([{}, {"US": None}, {"US": ["212", "20"]}, {"US": [], "GB": ["20"]}, {"US": ["2"], "CA": None}])
    )
    return CampaignTwin(facts, draw(registers()), {"US": own} if own else {}, areas)


def world_of(twin: CampaignTwin, folder: Path) -> World:
    """Write the campaign and its registers."""
    world = World(folder, {**twin.facts, **twin.country_facts})
    world.areas = {country: "all" if prefixes is None else prefixes for country, prefixes in twin.areas.items()}
    for one in twin.registers:
        entries = {str(number): day for number, day in one.entries.items()}
        world.add(one.role, entries, kind=one.kind, country=one.country, list_date=one.list_date)
    return world


def prepared(twin: CampaignTwin) -> CampaignTwin:
    """The same with facts as the engine of a single call takes them."""
    facts = {name: None if value == "none" else value for name, value in twin.facts.items()}
    if isinstance(facts["called_at"], str):
        facts["called_at"] = datetime.fromisoformat(facts["called_at"])
    return CampaignTwin(facts, twin.registers, twin.country_facts, twin.areas)


@settings(max_examples=50)
@given(campaigns(), st.lists(st.sampled_from(NUMBERS), min_size=1, max_size=25))
def test_each_row_has_the_verdict_that_the_engine_gives_for_its_facts(twin: CampaignTwin, numbers: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        rows = world_of(twin, Path(folder)).judge(*(f"+{number}" for number in numbers))
    naive = prepared(twin)
    expected = {number: naive.judge(number) for number in set(numbers)}
    for number, row in zip(numbers, rows, strict=True):
        wanted = expected[number]
        assert row["wash_verdict"] == wanted.verdict, (number, row)
        if wanted.rule is None:
            continue
        assert row["wash_rule"] == wanted.rule, (number, row)
        assert row["wash_from"] == wanted.next_permitted_at, (number, row)
        unknown = {name.partition("(")[0] for name in row["wash_unknown"].split(";") if name}
        assert unknown == set(wanted.unknown or ()), (number, row)


STOP_OR_CONSENT = [None, *(CALLED - timedelta(days=age) for age in (5, 6, 40, 41, 2000))]


@settings(max_examples=60)
@given(
    st.sampled_from(STOP_OR_CONSENT),
    st.sampled_from(STOP_OR_CONSENT),
    st.sampled_from(LIST_DATES),
    st.sampled_from(["oral", "written_signed"]),
    st.sampled_from([12125550101, 14165550199, 442079460018, 6561234567]),
)
def test_a_request_to_stop_and_a_consent_are_held_together_in_both_orders(
    stop: date | None, consent: date | None, list_date: date, kind: str, number: int
) -> None:
    stop, consent = (day and min(day, list_date) for day in (stop, consent))
    others = {other: min(CALLED - timedelta(days=6), list_date) for other in NUMBERS if other != number}
    facts = {"called_at": CALLED, "purpose": "sales", "channel": "live_voice", "callee_class": "residential"}
    facts |= {"caller_class": "seller", "caller_id": "shown", "caller_registered": True, "fee_paid": True}
    given_registers = [
        TwinRegister("do_not_call", {}, LIST_DATES[0], "", "US"),
        TwinRegister("stop_requests", {**others, number: stop}, list_date),
        TwinRegister("consents", {**others, number: consent}, list_date, kind),
    ]
    twin = CampaignTwin({**facts, "relationship": {}}, given_registers)
    with tempfile.TemporaryDirectory() as folder:
        rows = world_of(twin, Path(folder)).judge(*(f"+{one}" for one in NUMBERS[:3]), f"+{number}")
    assert rows[-1]["wash_verdict"] == twin.judge(number).verdict
