"""Small campaigns for tests: registers of a few numbers, a file that names them, and what a wash says of each row."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from quietline.registers import Entries, Metadata, RegisterBuilder, day_of
from quietline.wash import wash
from quietline.wash.campaign import load_campaign

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from quietline.wash import Summary

ANN, BEN, CAT, DAN, EVE = (f"+1212555010{i}" for i in range(1, 6))
"""Numbers in New York."""
LISA = "+12135550101"  # Los Angeles
BORDER, TOLL_FREE = "+12085550101", "+18005550101"  # Boise or Los Angeles; anywhere in North America
TORONTO, LONDON, PARIS, SINGAPORE = "+14165550199", "+442079460018", "+33142685300", "+6561234567"
SATELLITE = "+870773111632"  # belongs to no country
LIST_DATE = date(2026, 11, 20)
NOON = "2026-11-24T12:00:00-05:00"
SALES: dict[str, Any] = {
    "purpose": "sales",
    "channel": "live_voice",
    "callee_class": "residential",
    "caller_class": "seller",
    "caller_id": "shown",
    "line_type": "fixed_line",
    "called_at": NOON,
}
"""An ordinary sales call, without what registers know."""
ALONE = {"consent": {}, "relationship": {}, "stop_request_on": "none", "fee_paid": True}
"""What has to be said besides where there is a do-not-call register only."""


def toml(value: Any) -> str:
    """Write a value as TOML has it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {toml(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    return value.isoformat() if isinstance(value, date) else json.dumps(value, ensure_ascii=False)


def write_entries(
    path: Path,
    entries: Mapping[str, date | None] | Iterable[str],
    *,
    terms: Mapping[str, str] | None = None,
    **metadata: Any,
) -> str:
    """Write a register of numbers with the days since when they stand there; give its name."""
    days = dict(entries) if hasattr(entries, "items") else dict.fromkeys(entries)
    keys = np.array([int(number) for number in days], dtype=np.uint64)
    since = np.array([day_of(day) for day in days.values()], dtype=np.uint16)
    named = [(terms or {}).get(number, "") for number in days]
    table = tuple(dict.fromkeys(["", *named]))
    places = np.array([table.index(one) for one in named], dtype=np.uint16)
    facts = {"name": path.stem, "list_date": LIST_DATE} | metadata
    with RegisterBuilder() as builder:
        builder.add(Entries(keys, since, terms=places if terms else None))
        builder.write(path, Metadata(**facts, terms=table))
    return path.name


@dataclass
class World:
    """A folder with a campaign.

    Attributes:
        folder: everything is written here.
        facts: of the campaign, as TOML has them; tables of countries among them.
        registers: what the campaign says of its registers, by role.
        areas: by country.
    """

    folder: Path
    facts: dict[str, Any] = field(default_factory=lambda: dict(SALES))
    registers: dict[str, list[Any]] = field(default_factory=dict)
    areas: dict[str, Any] = field(default_factory=dict)

    def add(self, role: str, entries: Any, *, kind: str = "", country: str = "US", name: str = "", **metadata: Any) -> str:
        """Write a register and let the campaign name it."""
        file = f"{name or role}{len(self.registers.get(role, []))}.qlr"
        said = {"country": country} if role == "do_not_call" else {}
        write_entries(self.folder / file, entries, **{**said, **metadata})
        self.registers.setdefault(role, []).append({"file": file, "kind": kind} if kind else file)
        return file

    def campaign(self) -> Path:
        """Write the campaign."""
        plain = {name: value for name, value in self.facts.items() if not name.isupper()}
        lines = ['seller = "Harbour Books"', "[facts]", *(f"{name} = {toml(value)}" for name, value in plain.items())]
        for country in set(self.facts) - set(plain):
            lines += [f"[facts.{country}]", *(f"{name} = {toml(value)}" for name, value in self.facts[country].items())]
        for table in ("registers", "areas"):
            lines += [f"[{table}]", *(f"{name} = {toml(value)}" for name, value in getattr(self, table).items())]
        path = self.folder / "campaign.toml"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    def wash(self, source: Any, **options: Any) -> Summary:
        """Wash a list by this campaign."""
        given = {"country": "US", "campaign": load_campaign(self.campaign())} | options
        return wash(source, **given)

    def judge(self, *numbers: str, **options: Any) -> list[dict[str, str]]:
        """Wash a list of numbers; give the notes on each row, by the names of their columns."""
        out = io.BytesIO()
        self.wash("\n".join(["phone", *numbers, ""]).encode(), annotated=out, **options)
        return list(csv.DictReader(io.StringIO(out.getvalue().decode(), newline="")))

    def verdict(self, number: str) -> tuple[str, str, str]:
        """Give verdict, rule and unknown facts of one number."""
        row = self.judge(number)[0]
        return row["wash_verdict"], row["wash_rule"], row["wash_unknown"]
