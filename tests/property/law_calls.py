"""Calls at random for every rulebook that has rules: days around all its periods, times around all its hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

import quietline.law
from quietline.law import load_rulebook, rulebook_names
from quietline.law.deciding import decide
from twins.law_twin import LawTwin, months_back

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable

    from quietline.law import Decision, Rulebook

LAW = Path(quietline.law.__file__).parent
NAMES = [name for name in rulebook_names() if load_rulebook(name).regimes]
ZONES = [
    "America/New_York", "America/Los_Angeles", "Europe/London", "Asia/Kolkata", "Asia/Shanghai",
    "Australia/Lord_Howe", "Pacific/Kiritimati", "Pacific/Pago_Pago",
]  # fmt: skip
TIMES = [
    "00:00", "05:59:59", "07:59:59", "08:00", "08:59:59", "09:00", "09:59:59.5", "10:00", "11:30", "12:00", "15:00",
    "18:00", "18:00:01", "20:00", "20:59:59", "21:00", "21:00:00.5", "21:30", "21:30:01", "22:15", "23:59:59.999999",
]  # fmt: skip
MODERN = ["2024-02-29", "2024-03-31", "2025-05-31", "2025-12-25", "2026-08-31", "2026-11-20", "2026-11-22", "2027-03-01"]
TERMS: list[Any] = [
    None, {"categories": ["0"]}, {"categories": ["1", "4"], "modes": ["11", "13"]}, {"bands": ["24", "25", "26"]},
    {"days": ["31", "32", "38"]}, {"days": ["36", "37"], "bands": ["29"]}, {"channels": ["voice"], "categories": ["8"]},
    {"channels": ["text", "fax"]}, {"channels": ["voice", "text", "fax"]},
]  # fmt: skip


@dataclass(frozen=True)
class Call:
    """One call: the facts as JSON has them, and of what they were made."""

    facts: dict[str, Any]
    day: date
    time: time
    zone: str


class Book:
    """A rulebook, its twin, and calls at random."""

    def __init__(self, name: str, folder: Path | None = None) -> None:
        self.rulebook: Rulebook = load_rulebook(name, folder=folder)
        self.twin = LawTwin((folder or LAW / "rulebooks") / name, LAW / "vocabularies")
        self.assumed = frozenset(self.rulebook.assumptions)
        zone = self.rulebook.assumptions.get("callee_timezone")
        zones = [*ZONES, *([zone.value] * len(ZONES) if zone else [])]
        self._lengths = self._lengths_of_time()
        self._pools: dict[str, list[Any]] = {"day": self._days(), "time": list(TIMES), "zone": zones}
        for fact in self.rulebook.vocabulary.facts.values():
            if fact.kind == "object":
                self._pools[fact.name] = ["all", "some", "some", None]
            for leaf in fact.members or (fact,):
                if leaf.kind not in ("moment", "zone"):
                    self._pools[leaf.name] = self._pool(leaf.kind, list(leaf.values))
        self.calls = st.tuples(*map(st.sampled_from, self._pools.values())).map(self._call)
        self.names = sorted({*self.rulebook.vocabulary.facts} - self.assumed)

    def random_call(self, rng: random.Random) -> Call:
        return self._call([rng.choice(pool) for pool in self._pools.values()])

    def _lengths_of_time(self) -> list[tuple[int, str]]:
        units = ("days", "months", "years", "business_days")
        periods = [period for one in self.rulebook.parameters.values() for period in one.periods if period.unit in units]
        return sorted({(p.value, p.unit) for p in periods if isinstance(p.value, int) and p.value < 1000})

    def _days(self) -> list[str]:
        first = min(regime.covers_from for regime in self.rulebook.regimes)
        starts = {period.from_date for one in self.rulebook.parameters.values() for period in one.periods}
        around = {day + timedelta(days=i) for day in starts | {first} for i in (-1, 0, 1)}
        found = sorted(day.isoformat() for day in around if day >= first - timedelta(days=1))
        return found + MODERN * (1 + len(found) // len(MODERN))

    def _pool(self, kind: str, values: list[str]) -> list[Any]:
        near: list[Any] = [(value, unit, off) for value, unit in self._lengths for off in (-1, 0, 1)]
        near += [(value, "days", 0) for value in (-400, -1, -1, 0, 0, 0, 1, 1, 2, 5, 10, 60, 4000)]
        return {
            "choice": values,
            "truth": [True, False],
            "count": [0, 0, 1, 2, 3, 4, 5, 10, 50],
            "day": [None] * (len(near) // 2) + near,
            "terms": TERMS,
        }[kind]

    def _call(self, picked: Iterable[Any]) -> Call:
        picks = dict(zip(self._pools, picked, strict=True))
        day, at, zone = date.fromisoformat(picks.pop("day")), time.fromisoformat(picks.pop("time")), picks.pop("zone")
        facts: dict[str, Any] = {"called_at": moment(day, at, zone), "callee_timezone": zone}
        for fact in self.rulebook.vocabulary.facts.values():
            if fact.kind == "object":
                facts[fact.name] = {"all": {}, "some": {}}.get(picks[fact.name])
                for member in fact.members if facts[fact.name] is not None else ():
                    value = True if picks[fact.name] == "all" and member.kind == "truth" else picks[member.name]
                    facts[fact.name][member.name.partition(".")[2]] = dated(day, value)
            elif fact.kind not in ("moment", "zone"):
                facts[fact.name] = dated(day, picks[fact.name])
        return Call(facts, day, at, zone)

    def decide(self, facts: dict[str, Any]) -> Decision:
        return decide(self.rulebook, facts)


@cache
def book(name: str) -> Book:
    return Book(name)


def moment(day: date, at: time, zone: str) -> str:
    return datetime.combine(day, at, tzinfo=ZoneInfo(zone)).isoformat()


def dated(day: date, value: Any) -> Any:
    """Turn (how many, of what, days more) before a day into the day."""
    if not isinstance(value, tuple):
        return value
    count, unit, off = value
    back: dict[str, Callable[[], date]] = {
        "days": lambda: day - timedelta(days=count),
        "months": lambda: months_back(day, count),
        "years": lambda: months_back(day, 12 * count),
        "business_days": lambda: day - timedelta(days=count // 5 * 7 + count % 5),
    }
    return (back[unit]() + timedelta(days=off)).isoformat()
