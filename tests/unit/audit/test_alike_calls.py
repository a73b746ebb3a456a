"""Of calls that the law cannot tell apart one is judged for all; each comes out as by itself, and as the law says."""

from __future__ import annotations

import random
from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quietline.audit._alike import AlikeCalls, kinds_of
from quietline.audit._zones import WallClocks
from quietline.law import load_rulebook
from unit.audit import audit_worlds as worlds
from unit.audit.audit_worlds import World, by_law, each, version

if TYPE_CHECKING:
    from pathlib import Path

PLACES = {
    "US": ("+1212555", 4, "America/New_York"),
    "CA": ("+1416555", 4, "America/Toronto"),
    "AU": ("+6125550", 4, "Australia/Sydney"),
    "GB": ("+44207946", 4, "Europe/London"),
}
FETCHED = ("2024-12-20", "2025-02-10", "2025-03-20", "2025-04-05")
CLOCKS = [
    "07:59:59", "08:00", "08:59:59.5", "09:00", "12:00", "16:59:59", "17:00", "20:00", "20:00:00.1", "21:00", "21:00:01",
]  # fmt: skip
ROLES = {
    "listed_on": "do_not_call",
    "purchase": "purchases",
    "inquiry": "inquiries",
    "stop": "stop_requests",
    "signed": "consents",
}


def day_near(chance: random.Random, on: date) -> str:
    """A day around an edge that some rule has, counted back from a call."""
    lengths = [0, 1, 10, 14, 30, 31, 32, 60, 91, 92, 365, 548, 730, 1826, 4000]
    return (on - timedelta(days=chance.choice(lengths) + chance.choice([-2, -1, 0, 1, 2]))).isoformat()


def stands(periods: list[tuple[str, str | None]], on: str) -> str | None:
    """Since when a number stands in a register on a day."""
    return max((since for since, until in periods if since <= on and (until is None or on < until)), default=None)


def best(country: str, known: dict[str, Any], found: dict[str, str | None]) -> worlds.Said:
    """What the law says of the relation that helps most: somebody may be a customer and have inquired as well."""
    known = known | {"listed_on": found["listed_on"], "stop_request_on": found["stop"]}
    known |= {"consent": {"kind": "written_signed", "given_on": found["signed"]} if found["signed"] else None}
    relations: list[dict[str, Any] | None] = [
        {"kind": kind, "last_event_on": found[kind]} for kind in ("purchase", "inquiry") if found[kind]
    ]
    answers = [by_law(country, known | {"relationship": relation}) for relation in relations or [None]]
    return min(answers, key=lambda said: ["permit", "undetermined", "forbid"].index(said[0]))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("country", PLACES)
def test_every_call_of_a_busy_log_is_judged_as_the_law_says(tmp_path: Path, country: str, seed: int) -> None:
    chance = random.Random(f"{country} {seed}")
    prefix, digits, zone = PLACES[country]
    harbour = worlds.HARBOUR if seed % 2 else {"own_list_kept": True}
    world = World(tmp_path, worlds.BASE | {"safe_harbour": harbour, "opt_out_offered": True}, {}, fetched=FETCHED)
    world.facts |= {"public_holiday": False}
    if seed >= 4:
        world.facts |= {"caller_class": "bank", "channel": "autodialed"}
    rows: list[tuple[str, datetime]] = []
    kept: dict[str, dict[str, list[tuple[str, str | None]]]] = {what: {} for what in ROLES}
    for i in range(100, 140):
        number = f"{prefix}{i:0{digits}d}"
        on = date(2025, 3, 1) + timedelta(days=chance.randrange(60))
        for what, entries in kept.items():
            if chance.random() < (0.6 if what == "listed_on" else 0.3):
                since = day_near(chance, on)
                until = (date.fromisoformat(since) + timedelta(days=chance.choice([1, 40, 400]))).isoformat()
                entries[number] = [(since, until if chance.random() < 0.3 else None)]
        days = [on + timedelta(days=chance.choice([0, 0, 0, 1, 3])) for _ in range(4)]
        rows += [(number, worlds.utc(f"{day}T{chance.choice(CLOCKS)}", ZoneInfo(zone))) for day in days]
    for what, role in ROLES.items():
        more: dict[str, Any] = {"kind": "written_signed"} if what == "signed" else {}
        world.add(role, kept[what], country=country, **more)
    chance.shuffle(rows)
    expected = []
    for number, at in rows:
        on_that_day = at.astimezone(ZoneInfo(zone)).date().isoformat()
        place = bisect_right(FETCHED, on_that_day)
        known = world.known(at, zone, **version(FETCHED[place - 1] if place else None))
        found = {what: stands(entries.get(number, []), on_that_day) for what, entries in kept.items()}
        expected.append(best(country, known, found))
    assert each(world.judge(*rows)) == expected
    assert len(set(expected)) > 3


def test_a_call_is_judged_in_a_batch_as_it_is_by_itself(tmp_path: Path) -> None:
    world = World(tmp_path, dict(worlds.BASE), {}, fetched=FETCHED, areas={"US": ["212"]})
    days = ["2025-02-20", "2025-03-09", "2025-03-10"]
    numbers = [worlds.ANN, worlds.BEN, worlds.LISA, worlds.BORDER, worlds.TOLL_FREE, worlds.NOWHERE, worlds.LONDON]
    world.add("do_not_call", {worlds.ANN: [("2025-03-10", None)], worlds.LISA: [("2025-01-01", "2025-03-10")]})
    world.add("stop_requests", {worlds.BORDER: [("2025-02-25", None)], worlds.BEN: [(None, None)]})
    clocks = ["03:00", "07:30", "08:00", "11:00", "12:30", "22:59:59", "23:30"]
    rows = [(number, f"{day}T{clock}") for day in days for number in numbers for clock in clocks]
    together = world.judge(*rows)
    with world.auditor() as auditor:
        apart = [auditor.judge(worlds.calls_of([row])) for row in rows]
    assert each(together) == [each(one)[0] for one in apart]
    assert together.local_at is not None
    clocks_there = [None if one.local_at is None else str(one.local_at[0]) for one in apart]
    assert together.local_at.astype(str).tolist() == clocks_there


def test_of_many_calls_few_are_different(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(tmp_path, dict(worlds.BASE), {}, fetched=FETCHED)
    numbers = [f"+1212555{i:04d}" for i in range(100, 200)]
    world.add("do_not_call", {number: [(f"2020-01-{1 + i % 28:02d}", None)] for i, number in enumerate(numbers)})
    start = worlds.utc("2025-03-03T10:00:00")
    batch = worlds.calls_of([(numbers[i % 100], start + timedelta(seconds=7 * i)) for i in range(4000)])
    asked: list[int] = []
    with world.auditor() as auditor:
        auditor.judge(worlds.calls_of([(numbers[0], start)]))
        judge = next(iter(auditor._countries.values())).judge
        plain = type(judge).judge_calls

        def counted(judge: Any, keys: Any, *others: Any) -> Any:
            asked.append(len(keys))
            return plain(judge, keys, *others)

        monkeypatch.setattr(type(judge), "judge_calls", counted)
        judged = auditor.judge(batch)
    assert {said[1] for said in each(judged) if said} == {"US-29"}
    assert 0 < sum(asked) < 6  # the day of calls, cut by calling hours and by the bands that entries may name


# ---- clocks and numbers of kinds -----------------------------------------------------------------------------------------


@given(
    st.lists(
        st.datetimes(datetime(1970, 1, 3), datetime(2199, 12, 30)),  # noqa: DTZ001 - moments of UTC
        min_size=1,
        max_size=20,
    ),
    st.sampled_from(["America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Monrovia", "Pacific/Apia"]),
)
def test_a_wall_clock_shows_what_zoneinfo_says(moments: list[datetime], zone: str) -> None:
    micros = np.array(moments, "M8[us]").astype(np.int64)
    expected = [at.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) for at in moments]
    assert WallClocks().local(micros, ZoneInfo(zone)).view("M8[us]").tolist() == expected


@pytest.mark.parametrize(
    ("zone", "changes"),
    [
        ("America/New_York", "2026-03-08T07:00:00"),
        ("Africa/Monrovia", "1972-01-07T00:44:30"),
        ("Pacific/Apia", "2011-12-30T10:00:00"),
    ],
)
def test_a_wall_clock_is_right_to_the_moment_of_a_change(zone: str, changes: str) -> None:
    change = np.datetime64(changes, "us").astype(np.int64)
    micros = change + np.array([-3_600_000_000, -1, 0, 1, 3_600_000_000])
    moments = [at.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)) for at in micros.view("M8[us]").tolist()]
    assert moments[1].utcoffset() != moments[2].utcoffset()
    shown = WallClocks().local(micros, ZoneInfo(zone)).view("M8[us]").tolist()
    assert shown == [at.replace(tzinfo=None) for at in moments]


@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 2), st.sampled_from([0, 1 << 40])), min_size=1, max_size=30))
def test_rows_are_of_one_kind_where_all_columns_agree(rows: list[tuple[int, int, int]]) -> None:
    kinds = kinds_of(np.array(column, np.int64) for column in zip(*rows, strict=True)).tolist()
    assert len(set(kinds)) == len(set(rows)) == len(set(zip(kinds, rows, strict=True)))


def test_without_columns_there_are_no_kinds() -> None:
    with pytest.raises(ValueError, match=r"\(\)"):
        kinds_of(())


@given(st.lists(st.times(), min_size=2, max_size=2))
def test_moments_of_one_kind_are_on_the_same_side_of_all_hours(times: list[Any]) -> None:
    zone = ZoneInfo("Australia/Sydney")
    at = [datetime.combine(date(2025, 7, 1), clock, tzinfo=zone).astimezone(UTC) for clock in times]
    micros = np.array([moment.replace(tzinfo=None) for moment in at], "M8[us]").astype(np.int64)
    alike = AlikeCalls(load_rulebook("AU"), {}, (), WallClocks())
    one, other = alike.clock(micros, np.zeros(2, np.uint16), (("Australia/Sydney",),)).kinds.tolist()
    facts = {"purpose": "sales", "channel": "live_voice", "callee_timezone": zone.key}
    answers = [by_law("AU", facts | {"called_at": moment.isoformat()}) for moment in at]
    assert one != other or answers[0] == answers[1]
