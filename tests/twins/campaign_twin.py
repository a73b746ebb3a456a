"""A campaign judged row by row: facts as JSON for one number at a time, given to the engine of a single call.

Nothing is put into classes here, and nothing is remembered from one row to the next. A day that a register does not know is
tried as each of many.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import product
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from quietline.law import decide, load_rulebook, rulebook_names
from quietline.numbering.plan_facts import facts as facts_of_number
from twins.law_twin import months_back

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from quietline.law import Decision, Rulebook

KINDS = {"purchases": "purchase", "inquiries": "inquiry"}
WITH_RULES = [name for name in rulebook_names() if load_rulebook(name).regimes]


@dataclass(frozen=True)
class TwinRegister:
    """A register: its role, and since when it has which numbers (None: not known)."""

    role: str
    entries: Mapping[int, date | None]
    list_date: date
    kind: str = ""
    country: str = ""


@dataclass(frozen=True)
class TwinVerdict:
    """What has to come out; rule, unknown and moment only where no day was tried and one set of facts was all there is."""

    verdict: str
    rule: str | None = None
    unknown: tuple[str, ...] | None = None
    next_permitted_at: str | None = None


@dataclass(frozen=True)
class Told:
    """What registers of a role know of a number: the days it may be, none where they do not have it."""

    asked: bool
    days: tuple[date, ...] = ()


@dataclass
class CampaignTwin:
    """A campaign.

    Attributes:
        facts: as JSON has them; ``called_at`` may be a datetime without a zone.
        registers: of the campaign.
        country_facts: those that differ, by country.
        areas: by country: national prefixes, or None for all.
    """

    facts: dict[str, Any]
    registers: Sequence[TwinRegister]
    country_facts: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    areas: Mapping[str, list[str] | None] = field(default_factory=dict)

    def judge(self, key: int) -> TwinVerdict:
        """Judge one number."""
        plan = facts_of_number(key)
        country = plan.region or ""
        if country.lower() not in WITH_RULES:
            return TwinVerdict("undetermined")
        rulebook = load_rulebook(country)
        base = {**self.facts, **self.country_facts.get(country, {})}
        wall_clock = self._moment(base, plan.time_zones)
        if country in self.areas:
            base.setdefault("fee_paid", self._paid(key, country, plan.country_calling_code))
        listing = self._listing(key, country, base, rulebook)
        if listing:
            base["listed_on"] = listing
        requests = self._requests(key, base, rulebook)
        rank = {"permit": 0, "undetermined": 1, "forbid": 2}
        results, tried = [], 0
        for relation in self._relations(key, base, rulebook):
            for consent in self._consents(key, base, rulebook):
                each = [
                    self._agreed(rulebook, {**base, **relation, **consent, **request}, wall_clock=wall_clock)
                    for request in requests
                ]
                results.append(max(each, key=lambda result: rank[result.verdict]))
                tried += len(each)
        best = min(results, key=lambda result: rank[result.verdict])
        return best if tried == 1 else TwinVerdict(best.verdict)

    def _requests(self, key: int, base: dict[str, Any], rulebook: Rulebook) -> list[dict[str, Any]]:
        """Each request to stop by itself: none of them may stand against the call."""
        registers = [one for one in self.registers if one.role == "stop_requests"]
        found = [self._days(key, [one], rulebook, latest=True) for one in registers]
        requests: list[dict[str, Any]] = [{"stop_request_on": days} for days in found if days]
        if base.get("stop_request_on") is not None or not registers:
            requests.append({})
        return requests or [{"stop_request_on": base.get("stop_request_on")}]

    def _moment(self, base: dict[str, Any], zones: tuple[str, ...]) -> bool:
        at = base.get("called_at")
        wall_clock = isinstance(at, datetime) and at.tzinfo is None
        if wall_clock:
            zones = zones[-1:] or ("Asia/Tokyo",)  # any will do
            base["called_at"] = at.replace(tzinfo=ZoneInfo(zones[0]))
        if zones:
            base["callee_timezone"] = list(zones)
        return wall_clock

    def _paid(self, key: int, country: str, code: int) -> bool:
        prefixes = self.areas[country]
        return prefixes is None or any(str(key).startswith(f"{code}{prefix}") for prefix in prefixes)

    def _listing(self, key: int, country: str, base: dict[str, Any], rulebook: Rulebook) -> tuple[date, ...]:
        lists = [one for one in self.registers if one.role == "do_not_call" and one.country in ("", country)]
        own = [one for one in lists if one.country == country]
        if "list_version_date" in base:  # stated: the numbers were checked elsewhere
            base.setdefault("list_checked", base["list_version_date"] is not None)
        if own:
            base.setdefault("list_version_date", min(one.list_date for one in own))
        if own or not lists:
            base.setdefault("list_checked", bool(own))
        days = self._days(key, lists, rulebook, latest=False)
        if days or own:
            base.setdefault("terms", None)
        if not days and own:
            base.setdefault("listed_on", None)
        return days

    def _told(self, key: int, role: str, rulebook: Rulebook, kind: str = "") -> Told:
        registers = [one for one in self.registers if one.role == role and one.kind == kind]
        return Told(bool(registers), self._days(key, registers, rulebook, latest=True))

    def _days(self, key: int, registers: list[TwinRegister], rulebook: Rulebook, *, latest: bool) -> tuple[date, ...]:
        having = [one for one in registers if key in one.entries]
        if not having:
            return ()
        known = [day for one in having if (day := one.entries[key]) is not None]
        if len(known) == len(having):
            return (max(known) if latest else min(known),)
        limit = max(one.list_date for one in registers)
        tried = self._tried(rulebook)
        if known and latest:
            return tuple(sorted({max(known), *(day for day in tried if max(known) < day <= limit)}))
        last = min(known) if known else limit
        return tuple(sorted({last, *(day for day in tried if day <= last)}))

    def _tried(self, rulebook: Rulebook) -> set[date]:
        """Days around the beginnings of all periods that the law knows, and around all days that registers know."""
        at = self.facts.get("called_at")
        on = at.date() if isinstance(at, datetime) else at if at is not None else date(2026, 11, 24)
        days = {date(1970, 1, 2), on, *(day for one in self.registers for day in one.entries.values() if day)}
        days |= {one.list_date for one in self.registers}
        for parameter in rulebook.parameters.values():
            for period in parameter.periods:
                if not isinstance(period.value, int) or isinstance(period.value, bool) or period.value > 1000:
                    continue
                if period.unit in ("days", "business_days"):
                    longest = period.value if period.unit == "days" else 2 * period.value + 3
                    days |= {on - timedelta(days=i) for i in {period.value, longest}}
                elif period.unit in ("months", "years"):
                    days.add(months_back(on, period.value * (12 if period.unit == "years" else 1)))
        return {day + timedelta(days=i) for day in days for i in (-1, 0, 1) if day > date(1970, 1, 1) or i == 0}

    def _relations(self, key: int, base: dict[str, Any], rulebook: Rulebook) -> Iterator[dict[str, Any]]:
        told = {role: self._told(key, role, rulebook) for role in KINDS}
        found = [
            {"relationship": {"kind": KINDS[role], "last_event_on": one.days}} for role, one in told.items() if one.days
        ]
        yield from self._with_the_rest(found, base, "relationship", complete=all(one.asked for one in told.values()))

    def _consents(self, key: int, base: dict[str, Any], rulebook: Rulebook) -> Iterator[dict[str, Any]]:
        kinds = dict.fromkeys(one.kind for one in self.registers if one.role == "consents")
        told = {kind: self._told(key, "consents", rulebook, kind) for kind in kinds}
        found = [{"consent": {"kind": kind, "given_on": one.days}} for kind, one in told.items() if one.days]
        yield from self._with_the_rest(found, base, "consent", complete=bool(kinds))

    @staticmethod
    def _with_the_rest(
        found: list[dict[str, Any]], base: dict[str, Any], name: str, *, complete: bool
    ) -> Iterable[dict[str, Any]]:
        """What registers have, and besides what the campaign states, or what nobody knows."""
        if name in base:
            none = not base[name] or base[name].get("kind", "none") == "none"
            return found if found and none else [*found, {}]
        if complete:
            return found or [{name: None}]
        return [*found, {}]

    @staticmethod
    def _agreed(rulebook: Rulebook, facts: dict[str, Any], *, wall_clock: bool) -> TwinVerdict:
        """Try all days that registers leave open (they are tuples here); they have to come to the same."""
        places = [("listed_on", ""), ("stop_request_on", ""), ("relationship", "last_event_on"), ("consent", "given_on")]
        days = {}
        for name, member in places:
            value = (facts.get(name) or {}).get(member) if member else facts.get(name)
            if isinstance(value, tuple):
                days[name, member] = value
        decisions: list[Decision] = []
        for chosen in product(*days.values()):
            one = dict(facts)
            for (name, member), day in zip(days, chosen, strict=True):
                one[name] = {**facts[name], member: day} if member else day
            decisions.append(decide(rulebook, one))
            if decisions[-1].verdict != decisions[0].verdict:
                return TwinVerdict("undetermined")
        only = decisions[0]
        if len(decisions) > 1:
            return TwinVerdict(only.verdict)
        at = only.next_permitted_at
        local = at.replace(tzinfo=None) if at is not None and wall_clock else at
        return TwinVerdict(only.verdict, only.rule or "", only.unknown, local.isoformat() if local else "")
