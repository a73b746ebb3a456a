"""Registers that know periods, campaigns and calls for the tests of the audit, and the law's own answer to compare with."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias
from zoneinfo import ZoneInfo

import numpy as np

from quietline.audit import Auditor, Calls
from quietline.audit.times import TimeStatus
from quietline.law import decide
from quietline.registers import HISTORY, SNAPSHOT, Entries, Metadata, RegisterBuilder, day_of
from quietline.registers.days import NEVER
from quietline.wash.campaign import load_campaign

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from quietline.audit import Judged, Outcome

ANN, BEN, CAT, DAN = (f"+1212555010{i}" for i in range(1, 5))
"""Numbers in New York."""
LISA = "+12135550101"  # Los Angeles
TOLL_FREE, BORDER = "+18005550101", "+12085550101"  # anywhere in North America; Boise or Los Angeles
TORONTO, LONDON, SYDNEY, SINGAPORE = "+14165550199", "+442079460018", "+61255500101", "+6561234567"
NOWHERE = "+447700900123"  # of the United Kingdom, Guernsey or the Isle of Man: the plan does not say
NEW_YORK = ZoneInfo("America/New_York")
BASE: dict[str, Any] = {
    "purpose": "sales",
    "channel": "live_voice",
    "callee_class": "residential",
    "caller_class": "seller",
    "caller_id": "shown",
    "line_type": "fixed_line",
    "sender_identified": True,
    "consent": {},
    "relationship": {},
    "stop_request_on": None,
}
ELEMENTS = ("written_procedures", "staff_trained", "own_list_kept", "version_process", "monitored", "call_was_error")
HARBOUR = dict.fromkeys(ELEMENTS, True)

Periods: TypeAlias = "Mapping[str, Sequence[tuple[str | None, str | None]]]"
"""For each number: since when it stands in a register (None: not known), and the first day without it (None: never)."""
Said: TypeAlias = "tuple[str, str, tuple[str, ...], tuple[str, ...]]"
"""Verdict, rule, unknown facts and flags."""


def write_periods(
    path: Path, periods: Periods, *, history: bool = True, latest: bool = False, terms: str = "", **metadata: Any
) -> str:
    """Write a register of periods; give its name."""
    rows = [(int(number), since, until) for number, listed in periods.items() for since, until in listed]
    entries = Entries(
        np.array([key for key, _, _ in rows], np.uint64),
        np.array([0 if since is None else day_of(date.fromisoformat(since)) for _, since, _ in rows], np.uint16),
        np.array([NEVER if until is None else day_of(date.fromisoformat(until)) for _, _, until in rows], np.uint16),
        np.array([int(bool(terms)) for _ in rows], np.uint16),
    )
    facts: dict[str, Any] = {
        "country": "US",
        "list_date": date(2026, 11, 1),
        "kind": HISTORY if history else SNAPSHOT,
    } | metadata
    with RegisterBuilder(latest=latest) as builder:
        builder.add(entries)
        builder.write(path, Metadata(path.stem, terms=("", terms) if terms else ("",), **facts))
    return path.name


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {_toml(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps("none" if value is None else value)


def campaign_text(
    facts: Mapping[str, Any] = BASE,
    *,
    registers: Mapping[str, Any] | None = None,
    areas: Mapping[str, Any] | None = None,
    fetched: Iterable[str] = (),
    seller: str = "Harbour Books",
) -> str:
    """Write a campaign; access is paid everywhere unless areas are given."""
    areas = dict.fromkeys(("US", "CA", "GB", "AU", "SG"), "all") if areas is None else areas
    lines = [f"seller = {_toml(seller)}", "[facts]", *(f"{name} = {_toml(value)}" for name, value in facts.items())]
    lines += ["[registers]", *(f"{role} = {_toml(files)}" for role, files in (registers or {}).items())]
    lines += ["[areas]", *(f"{country} = {_toml(listed)}" for country, listed in areas.items())]
    days = list(fetched)
    return "\n".join(lines) + (f"\n[versions]\nfetched = [{', '.join(days)}]\n" if days else "\n")


def utc(moment: str | datetime, zone: ZoneInfo = NEW_YORK) -> datetime:
    """Read a moment; without an offset by the clock of a zone."""
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return (at.replace(tzinfo=zone) if at.tzinfo is None else at).astimezone(UTC)


def calls_of(rows: Sequence[tuple[str | None, str | datetime | None]], **texts: list[str]) -> Calls:
    """Make a batch of numbers and moments; without an offset by the clock of New York. None cannot be read."""
    keys = [0 if number is None else int(number) for number, _ in rows]
    at = [None if moment is None else utc(moment).replace(tzinfo=None) for _, moment in rows]
    return Calls(
        rows=np.arange(2, 2 + len(rows), dtype=np.int64),
        keys=np.array(keys, np.uint64),
        statuses=np.array([0 if key else 7 for key in keys], np.uint8),
        called_at=np.array(at, "M8[us]"),
        time_statuses=np.array([TimeStatus.EMPTY if moment is None else TimeStatus.OK for moment in at], np.uint8),
        texts=texts,
    )


def said_of(outcome: Outcome) -> Said:
    return outcome.verdict.value, outcome.rule, outcome.unknown, outcome.flags


def each(judged: Judged) -> list[Said | None]:
    """What was judged of each call, None where it was not."""
    return [None if place < 0 else said_of(judged.outcomes[place]) for place in judged.outcome_of.tolist()]


def by_law(country: str, facts: Mapping[str, Any]) -> Said:
    """What the law says of a call of which all this is known."""
    decision = decide(country, facts)
    flags = {flag["flag"] for flag in decision.as_dict()["flags"]}
    return decision.verdict, decision.rule or "", decision.unknown, tuple(sorted(flags))


@dataclass
class World:
    """A folder with registers and a campaign.

    Attributes:
        folder: where they are.
        facts: that hold for every call.
        registers: of the campaign, by role.
        fetched: days on which the register was fetched.
        areas: for which access is paid; all where None.
    """

    folder: Path
    facts: dict[str, Any]
    registers: dict[str, list[Any]]
    fetched: tuple[str, ...] = ()
    areas: dict[str, Any] | None = None

    def add(self, role: str, periods: Periods, *, name: str = "", kind: str = "", **options: Any) -> str:
        """Write one more register."""
        file = write_periods(
            self.folder / f"{name or role}.qlr", periods, latest=role in ("purchases", "inquiries"), **options
        )
        self.registers.setdefault(role, []).append({"file": file, "kind": kind} if kind else file)
        return file

    def write(self) -> Path:
        """Write the campaign."""
        path = self.folder / "campaign.toml"
        text = campaign_text(self.facts, registers=self.registers, areas=self.areas, fetched=self.fetched)
        path.write_text(text, encoding="utf-8")
        return path

    def auditor(self) -> Auditor:
        return Auditor(load_campaign(self.write()))

    def judge(self, *rows: tuple[str | None, str | datetime | None], **texts: list[str]) -> Judged:
        """Judge calls."""
        with self.auditor() as auditor:
            return auditor.judge(calls_of(rows, **texts))

    def judge_one(self, number: str, moment: str | datetime, **texts: str) -> Outcome:
        """Judge one call."""
        judged = self.judge((number, moment), **{role: [text] for role, text in texts.items()})
        return judged.outcomes[int(judged.outcome_of[0])]

    def known(self, moment: str | datetime, zone: str = "America/New_York", **facts: Any) -> dict[str, Any]:
        """What is known of a call, by hand: what the campaign says, access paid, not listed, and what is given besides."""
        at = utc(moment).isoformat()
        return {**self.facts, "fee_paid": True, "called_at": at, "callee_timezone": zone, "listed_on": None} | facts


def version(day: str | None) -> dict[str, Any]:
    """What a version of the register means to the law."""
    return {"list_version_date": day, "list_checked": day is not None}


def days_before(day: str, count: int) -> str:
    """The day so many days before."""
    return (date.fromisoformat(day) - timedelta(days=count)).isoformat()
