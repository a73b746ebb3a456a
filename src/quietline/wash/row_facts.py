"""The facts of a row: what its campaign says, and what registers and the numbering plan know of its number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

from quietline.law.entry_terms import read_terms
from quietline.law.vocabulary import zone_named
from quietline.registers import date_of
from quietline.wash.day_classes import number_of_day

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from quietline.law.entry_terms import EntryTerms
    from quietline.law.vocabulary import Facts
    from quietline.wash.campaign import Campaign
    from quietline.wash.evidence import Asked, Days, EvidenceRegisters

__all__ = ["OPENINGS_AHEAD", "Dated", "Held", "RowFacts", "Span", "zones_apart"]

OPENINGS_AHEAD = 16
"""Days behind the call on which it is asked whether it may be made then."""

_MEMBERS = {
    "relationship": ("last_event_on", "ended_on"),
    "consent": ("given_on", "withdrawn_on", "expires_on"),
}
_RELATIONS = {"purchase": "purchases", "inquiry": "inquiries"}

Span: TypeAlias = "tuple[int, int]"
"""The first and the last day that a day may be, as registers number them; the same where it is known."""
Held: TypeAlias = "Mapping[tuple[str, str], Span | None]"
"""By fact and kind: since when registers know it of a row; None where they do not have it."""


@dataclass(frozen=True, slots=True)
class Dated:
    """A fact of a row that is a day from registers.

    Attributes:
        leaf: name of the fact that the day is.
        kind: of consent or relationship, or empty.
        places: of its registers.
        latest: of several days the latest counts.
        limit: no entry is younger than this day.
    """

    leaf: str
    kind: str
    places: tuple[int, ...]
    latest: bool
    limit: int

    def span(self, days: Days, row: int) -> Span | None:
        """Say since when a row stands in these registers."""
        if not days.hits[row]:
            return None
        since = int(days.since[row])
        if since == 0:
            return 1, self.limit
        if days.unclear is None or not days.unclear[row]:
            return since, since
        return (since, max(since, self.limit)) if self.latest else (1, since)


class RowFacts:
    """Puts the facts of rows together, for numbers of one country.

    Args:
        country: upper case.
        campaign: what holds for every call.
        registers: of the campaign.

    Attributes:
        stated: names of facts that the campaign itself states.
        constant: what holds for every number of the country.
        dated: what registers know.
        terms: places of the do-not-call registers whose entries have terms.
        listing: places of the do-not-call registers that have numbers of the country.
        own_listing: whether one of these is the country's own.
    """

    def __init__(self, country: str, campaign: Campaign, registers: EvidenceRegisters) -> None:
        self._held = registers.held
        self.listing = tuple(registers.places("do_not_call", country))
        self.terms = [place for place in self.listing if len(self._held[place].register.metadata.terms) > 1]
        self.own_listing = any(self._held[place].country == country for place in self.listing)
        facts = dict(campaign.facts_for(country))
        self.stated = frozenset(facts)
        version = registers.list_version_date(country)
        if version is not None:
            facts.setdefault("list_version_date", version)
        if self.own_listing or not self.listing:  # a list of no country, such as a firm's own, says nothing of that
            facts.setdefault("list_checked", self.own_listing)
        if country in campaign.areas and campaign.areas[country] is None:
            facts.setdefault("fee_paid", True)
        self.constant: Facts = facts
        self.dated = tuple(self._dated(registers))

    def _dated(self, registers: EvidenceRegisters) -> Iterator[Dated]:
        found: list[tuple[str, str, Sequence[int]]] = [
            ("listed_on", "", self.listing),
        ]
        # each request to stop counts by itself: the first for the time to honour it, the last for consents after it
        stops = registers.places("stop_requests")
        found += [("stop_request_on", str(i), [place]) for i, place in enumerate(stops)]
        found += [("relationship.last_event_on", kind, registers.places(role)) for kind, role in _RELATIONS.items()]
        consents = registers.places("consents")
        for kind in dict.fromkeys(self._held[place].evidence.kind for place in consents):
            of_kind = [place for place in consents if self._held[place].evidence.kind == kind]
            found.append(("consent.given_on", kind, of_kind))
        for leaf, kind, places in found:
            if places:
                limit = number_of_day(registers.latest_list_date(places))
                yield Dated(leaf, kind, tuple(places), leaf != "listed_on", limit)

    def held_by(self, row: int, days: Sequence[Days]) -> Held:
        """Give what registers know of a row, from their answers on each of ``dated``."""
        return {(one.leaf, one.kind): one.span(some, row) for one, some in zip(self.dated, days, strict=True)}

    def terms_of(self, row: int, asked: Asked) -> EntryTerms | None:
        """Give the terms of a row's entries, all together; None where one of them covers everything, or there is none."""
        together: dict[str, frozenset[str]] = {}
        for place in self.listing:
            if asked.hits[place, row]:
                terms = read_terms(self._held[place].register.metadata.terms[int(asked.terms[place, row])])
                if terms is None:
                    return None
                for axis, codes in terms.items():
                    together[axis] = together.get(axis, frozenset()) | codes
        return together or None

    def options(self, facts: Facts, held: Held) -> Iterator[tuple[Facts, dict[str, Span]]]:
        """Give what the facts of a row may be, for any of which a call may be permitted; all but requests to stop.

        A person may be a customer and have inquired, or have consented in several ways. What a register has goes before what
        the campaign states for all.

        Returns:
            Facts, and the days besides that are not known.
        """
        fixed: Facts = {}
        spans: dict[str, Span] = {}
        if ("listed_on", "") in held:
            span = held["listed_on", ""]
            # a number on none of the lists may be on the country's own, where that was not asked
            if span is not None or ("listed_on" not in facts and self.own_listing):
                _put("listed_on", span, fixed, spans)
        for relation, when in self._kinds(facts, held, "relationship.last_event_on", needed=set(_RELATIONS)):
            for consent, then in self._kinds(facts, held, "consent.given_on", needed=set()):
                yield {**facts, **fixed, **relation, **consent}, {**spans, **when, **then}

    @staticmethod
    def requests(facts: Facts, held: Held) -> list[tuple[Facts, dict[str, Span]]]:
        """Give each request to stop that is known of a row, or that there is none; none of them may stand against a call.

        Returns:
            Facts, and the days besides that are not known.
        """
        asked = [span for (leaf, _), span in held.items() if leaf == "stop_request_on"]
        found: list[tuple[Facts, dict[str, Span]]] = []
        for span in asked:
            if span is not None:
                one: Facts = {}
                spans: dict[str, Span] = {}
                _put("stop_request_on", span, one, spans)
                found.append((one, spans))
        if facts.get("stop_request_on") is not None or not asked:
            found.append(({}, {}))  # what the campaign states, if it does
        return found or [({} if "stop_request_on" in facts else {"stop_request_on": None}, {})]

    @staticmethod
    def _kinds(facts: Facts, held: Held, leaf: str, *, needed: set[str]) -> list[tuple[Facts, dict[str, Span]]]:
        """Give each kind of relationship or consent that is known of a row; nothing where more may be than is known."""
        name = leaf.partition(".")[0]
        asked = {kind: span for (of_leaf, kind), span in held.items() if of_leaf == leaf}
        nothing: Facts = {f"{name}.{member}": None for member in _MEMBERS[name]} | {f"{name}.kind": "none"}
        found: list[tuple[Facts, dict[str, Span]]] = []
        for kind, span in asked.items():
            if span is not None:
                one: Facts = {**nothing, f"{name}.kind": kind}
                spans: dict[str, Span] = {}
                _put(leaf, span, one, spans)
                found.append((one, spans))
        said = facts.get(f"{name}.kind")
        if said is None and asked and needed <= set(asked):
            return found or [(nothing, {})]
        return found if found and said == "none" else [*found, ({}, {})]


def _put(leaf: str, span: Span | None, facts: Facts, spans: dict[str, Span]) -> None:
    """Put a day among the facts, or among the days that are not known."""
    if span is not None and span[0] < span[1]:
        facts.pop(leaf, None)
        spans[leaf] = span
    else:
        facts[leaf] = None if span is None else date_of(span[0])


def zones_apart(names: Sequence[str], at: datetime | date | None) -> tuple[ZoneInfo, ...]:
    """Give zones by their names, of those whose clocks show the same from a moment on only the first.

    Args:
        names: of zones.
        at: aware datetime, from which they are compared until the last day on which a call may be asked for; otherwise all
            zones are given.
    """
    zones = tuple(zone_named(name) for name in names)
    if len(zones) < 2 or not isinstance(at, datetime) or at.tzinfo is None:
        return zones
    hours = [at + timedelta(hours=i) for i in range(24 * (OPENINGS_AHEAD + 1))]
    found: dict[tuple[timedelta | None, ...], ZoneInfo] = {}
    for zone in zones:
        found.setdefault(tuple(moment.astimezone(zone).utcoffset() for moment in hours), zone)
    return tuple(found.values())
