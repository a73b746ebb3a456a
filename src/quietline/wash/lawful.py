"""Judge the numbers of a list by the law of each number's country.

A row's facts are those of the campaign and what the registers and the numbering plan know of its number. Days are put into
classes that no rule tells apart, so that the rows of a list come down to some hundreds of different calls; each of those is
decided once, by the engine that decides a single call.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from quietline.errors import LawError
from quietline.law import load_rulebook
from quietline.law.deciding import decide_facts
from quietline.law.entry_terms import read_terms
from quietline.law.vocabulary import zone_named
from quietline.numbering import load_places
from quietline.registers import date_of, day_of
from quietline.wash.evidence import together

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from quietline.law import Decision, Rulebook
    from quietline.law.vocabulary import Facts
    from quietline.wash.campaign import Campaign
    from quietline.wash.evidence import Asked, EvidenceRegisters

__all__ = ["CountryJudge", "Ruling", "Rulings"]

_MOST_CODES = 1 << 22
_MOST_RULINGS = 1 << 16
_DAYS = 1 << 16
_NOT_THERE, _UNKNOWN_DAY = 0, 1


@dataclass(frozen=True, slots=True)
class Ruling:
    """What becomes of a row under the law.

    Attributes:
        verdict: permit, forbid or undetermined.
        country: whose law, upper case; empty where the number's country is not known.
        rule: id of the rule that decides, or empty.
        text: what it says, in English.
        citation: where it is written.
        unknown: names of the facts that would decide.
        flags: side duties that are breached.
        next_permitted_at: where only the time of day is in the way, ISO 8601; else empty.
    """

    verdict: str
    country: str = ""
    rule: str = ""
    text: str = ""
    citation: str = ""
    unknown: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    next_permitted_at: str = ""


_Held: TypeAlias = "Mapping[tuple[str, str], int | None]"
"""By fact and kind: since which day registers know it of a row; 0 where they do not know the day, None where it is not."""

_NO_COUNTRY = Ruling("undetermined", text="The country of the number is not known.", unknown=("country",))


class Rulings:
    """All different rulings of a wash, by number; 0 stands for rows that are not judged. May be used by several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._all: list[Ruling | None] = [None]
        self._numbers: dict[Ruling, int] = {}

    def number(self, ruling: Ruling) -> int:
        """Give a ruling its number."""
        with self._lock:
            number = self._numbers.get(ruling)
            if number is None:
                if len(self._all) >= _MOST_RULINGS:  # more than rules and facts can make: times of day, say
                    return self._numbers[replace(ruling, next_permitted_at="")]
                number = self._numbers[ruling] = len(self._all)
                self._all.append(ruling)
            return number

    def __getitem__(self, number: int) -> Ruling:
        ruling = self._all[number]
        if ruling is None:
            raise KeyError(number)
        return ruling

    def verdicts(self) -> NDArray[np.uint8]:
        """Give the verdict of each number: 0 not judged, 1 permit, 2 forbid, 3 undetermined."""
        codes = {"permit": 1, "forbid": 2, "undetermined": 3}
        with self._lock:
            return np.array([0 if ruling is None else codes[ruling.verdict] for ruling in self._all], dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class _Dated:
    """A fact of a row that is a day from registers.

    Attributes:
        leaf: name of the fact that the day is.
        kind: of consent or relationship, or empty.
        places: of its registers.
        latest: of several days the latest counts.
    """

    leaf: str
    kind: str
    places: tuple[int, ...]
    latest: bool


class CountryJudge:
    """Judge the numbers of one country.

    Args:
        country: upper case.
        campaign: what holds for every call.
        registers: of the campaign.
        rulings: where rulings get their numbers.
    """

    def __init__(self, country: str, campaign: Campaign, registers: EvidenceRegisters, rulings: Rulings) -> None:
        self.country = country
        self._registers = registers
        self._rulings = rulings
        self._lock = Lock()
        self._called_at = campaign.called_at
        self._zone_sets = load_places().zone_sets
        self._areas = _Areas(campaign.areas[country]) if campaign.areas.get(country) else None
        self.rulebook: Rulebook | None = None
        try:
            self.rulebook = load_rulebook(country)
        except LawError as error:
            if error.code != "law.undetermined":
                raise
        self._said = frozenset(campaign.facts_for(country))
        self._facts = self._constant_facts(campaign)
        self._dated = self._dated_facts()
        self._terms = self._terms_tables()
        self._classes = [self._day_classes(dated.leaf) for dated in self._dated]
        self._known: dict[int, int] = {}
        self._table = np.zeros(1, dtype=np.uint16)

    # -- facts --------------------------------------------------------------------------------------------------------

    def _constant_facts(self, campaign: Campaign) -> Facts:
        facts = dict(campaign.facts_for(self.country))
        version = self._registers.list_version_date(self.country)
        if version is not None:
            facts.setdefault("list_version_date", version)
        facts.setdefault("list_checked", bool(self._registers.places("do_not_call", self.country)))
        if self.country in campaign.areas and campaign.areas[self.country] is None:
            facts.setdefault("fee_paid", True)
        return facts

    def _dated_facts(self) -> list[_Dated]:
        places = self._registers.places
        found = [
            _Dated("listed_on", "", tuple(places("do_not_call", self.country)), latest=False),
            _Dated("stop_request_on", "", tuple(places("stop_requests")), latest=True),
            _Dated("relationship.last_event_on", "purchase", tuple(places("purchases")), latest=True),
            _Dated("relationship.last_event_on", "inquiry", tuple(places("inquiries")), latest=True),
        ]
        by_kind: dict[str, list[int]] = {}
        for place in places("consents"):
            by_kind.setdefault(self._registers.held[place].evidence.kind, []).append(place)
        found += [_Dated("consent.given_on", kind, tuple(of_kind), latest=True) for kind, of_kind in by_kind.items()]
        return [dated for dated in found if dated.places]

    def _terms_tables(self) -> list[int]:
        """Name the do-not-call registers whose entries have terms."""
        places = self._registers.places("do_not_call", self.country)
        return [place for place in places if len(self._registers.held[place].register.metadata.terms) > 1]

    def _day_classes(self, leaf: str) -> NDArray[np.uint8]:
        """Give each day its class: days in one class are the same to every rule, alone."""
        edges = sorted({day for day in self._edges(leaf) if 0 < day < _DAYS})[:200]
        classes = np.searchsorted(np.array(edges, dtype=np.int64), np.arange(_DAYS), side="right") + 2
        classes[0] = _UNKNOWN_DAY
        return classes.astype(np.uint8)

    def _edges(self, leaf: str) -> Iterator[int]:
        """Give the first days of the classes: where an answer of a derived fact changes."""
        for regime in self.rulebook.regimes if self.rulebook else ():
            for on in _days_of(self._called_at):
                values = regime.moment(on, None).values
                yield from (_number(on), _number(on) + 1)
                for fact in regime.derived.values():
                    if leaf not in fact.leaves:
                        continue
                    first = values.get(fact.parameter)
                    if isinstance(first, date):
                        yield _number(first)
                    for other in fact.leaves:
                        known = self._facts.get(other)
                        if other != leaf and isinstance(known, date):
                            yield from (_number(known), _number(known) + 1)

    # -- judging ------------------------------------------------------------------------------------------------------

    def judge(self, keys: NDArray[np.uint64], zones: NDArray[np.uint16], asked: Asked) -> NDArray[np.uint16]:
        """Judge numbers of this country.

        Args:
            keys: uint64, shape (rows,).
            zones: uint16, the same shape, as :meth:`~quietline.numbering.Places.zones_of` gives them.
            asked: what the registers know of them.

        Returns:
            uint16, number of each row's ruling.
        """
        days = [together(asked, dated.places, latest=dated.latest) for dated in self._dated]
        paid = None if self._areas is None else self._areas.contain(keys)
        codes, size = self._codes(zones, days, paid, asked)
        if size <= _MOST_CODES:
            return self._by_table(codes, size, zones, days, paid, asked)
        distinct, examples, which = np.unique(codes, return_index=True, return_inverse=True)
        numbers = [
            self._ruling(code, row, zones, days, paid, asked)
            for code, row in zip(distinct.tolist(), examples.tolist(), strict=True)
        ]
        return np.array(numbers, dtype=np.uint16)[which]

    def judge_calls(
        self,
        keys: NDArray[np.uint64],
        zones: NDArray[np.uint16],
        asked: Asked,
        called_at: Sequence[datetime],
        fetched: Sequence[date | None] | None,
    ) -> NDArray[np.uint16]:
        """Judge past calls to numbers of this country, each at its own moment.

        Args:
            keys: uint64, shape (calls,).
            zones: uint16, the same shape.
            asked: what the registers knew of them on the days of the calls.
            called_at: aware, one for each call.
            fetched: for each call, when the version of the register was fetched that was in use; None where none was. None
                altogether where that is not known.

        Returns:
            uint16, number of each call's ruling.
        """
        days = [together(asked, dated.places, latest=dated.latest) for dated in self._dated]
        paid = None if self._areas is None else self._areas.contain(keys)
        facts = {name: value for name, value in self._facts.items() if name not in _OF_VERSION or name in self._said}
        numbers = np.zeros(len(keys), dtype=np.uint16)
        for row in range(len(keys)):
            held, terms = self._held_by(row, days, asked)
            if fetched is not None:
                facts["list_version_date"], facts["list_checked"] = fetched[row], fetched[row] is not None
            ruling = self._decide(
                self._zone_sets[int(zones[row])],
                held,
                terms,
                None if paid is None else bool(paid[row]),
                facts=facts,
                called_at=called_at[row],
            )
            numbers[row] = self._rulings.number(ruling)
        return numbers

    def _held_by(
        self, row: int, days: Sequence[tuple[NDArray[np.bool_], NDArray[np.uint16]]], asked: Asked
    ) -> tuple[_Held, str]:
        """Give what the registers know of a row: days, and the terms of its entry."""
        held = {
            (dated.leaf, dated.kind): (int(since[row]) if hits[row] else None)
            for dated, (hits, since) in zip(self._dated, days, strict=True)
        }
        for place in self._terms:
            if asked.hits[place, row]:
                return held, self._registers.held[place].register.metadata.terms[int(asked.terms[place, row])]
        return held, ""

    def _codes(
        self,
        zones: NDArray[np.uint16],
        days: Sequence[tuple[NDArray[np.bool_], NDArray[np.uint16]]],
        paid: NDArray[np.bool_] | None,
        asked: Asked,
    ) -> tuple[NDArray[np.int64], int]:
        """Put all that may tell two rows apart into one number below a size."""
        codes, size = zones.astype(np.int64), len(self._zone_sets)
        for classes, (hits, since) in zip(self._classes, days, strict=True):
            codes *= 2 + int(classes.max())
            codes += np.where(hits, classes[since], np.uint8(_NOT_THERE))
            size *= 2 + int(classes.max())
        for first, second in self._pairs():
            (hits, since), (other_hits, other) = days[first], days[second]
            codes *= 2
            codes += hits & other_hits & (since < other)
            size *= 2
        for place in self._terms:
            width = len(self._registers.held[place].register.metadata.terms)
            codes *= width
            codes += asked.terms[place]
            size *= width
        if paid is not None:
            codes *= 2
            codes += paid
            size *= 2
        return codes, size

    def _pairs(self) -> list[tuple[int, int]]:
        """Name the days of a row that rules compare with each other: a request to stop, and a consent after it."""
        places = {leaf: [i for i, dated in enumerate(self._dated) if dated.leaf == leaf] for leaf in _COMPARED}
        return [(first, second) for first in places[_COMPARED[0]] for second in places[_COMPARED[1]]]

    def _by_table(
        self,
        codes: NDArray[np.int64],
        size: int,
        zones: NDArray[np.uint16],
        days: Sequence[tuple[NDArray[np.bool_], NDArray[np.uint16]]],
        paid: NDArray[np.bool_] | None,
        asked: Asked,
    ) -> NDArray[np.uint16]:
        with self._lock:
            if len(self._table) < size:
                self._table = np.zeros(size, dtype=np.uint16)
            table = self._table
        numbers: NDArray[np.uint16] = table[codes]
        missing = np.flatnonzero(numbers == 0)
        if len(missing):
            distinct, examples = np.unique(codes[missing], return_index=True)
            for code, row in zip(distinct.tolist(), missing[examples].tolist(), strict=True):
                table[code] = self._ruling(code, row, zones, days, paid, asked)
            numbers = table[codes]
        return numbers

    def _ruling(
        self,
        code: int,
        row: int,
        zones: NDArray[np.uint16],
        days: Sequence[tuple[NDArray[np.bool_], NDArray[np.uint16]]],
        paid: NDArray[np.bool_] | None,
        asked: Asked,
    ) -> int:
        """Decide on one row that stands for all with its code."""
        number = self._known.get(code)
        if number is None:
            held, terms = self._held_by(row, days, asked)
            ruling = self._decide(self._zone_sets[int(zones[row])], held, terms, None if paid is None else bool(paid[row]))
            number = self._known[code] = self._rulings.number(ruling)
        return number

    def _decide(
        self,
        zones: tuple[str, ...],
        held: _Held,
        terms: str,
        paid: bool | None,
        *,
        facts: Facts | None = None,
        called_at: datetime | None = None,
    ) -> Ruling:
        if self.rulebook is None or not self.rulebook.regimes:
            text = f"There is no rulebook for {self.country}." if self.country else _NO_COUNTRY.text
            return replace(_NO_COUNTRY, country=self.country, text=text)
        facts = dict(self._facts if facts is None else facts)
        if paid is not None:
            facts.setdefault("fee_paid", paid)
        if zones:
            facts.setdefault("callee_timezone", tuple(zone_named(zone) for zone in zones))
        self._set_time(facts, called_at or self._called_at)
        if ("listed_on", "") in held:
            facts.setdefault("terms", read_terms(terms) if terms else None)
        ahead = called_at is None
        return self._merged([self._decided(choice, ahead=ahead) for choice in self._variants(facts, held)])

    @staticmethod
    def _set_time(facts: Facts, at: datetime | date | None) -> None:
        if isinstance(at, datetime) and at.tzinfo is None:  # the wall clock of the person called, wherever that is
            zones = facts.get("callee_timezone")
            if zones:
                facts["callee_timezone"] = zones[:1]
                at = at.replace(tzinfo=zones[0])
            else:
                at = at.date()
        if at is not None:
            facts["called_at"] = at

    def _variants(self, facts: Facts, held: _Held) -> Iterator[list[Facts]]:
        """Give what the facts of a row may be: any of the outer may help the seller; all of the inner must agree.

        A person may be a customer and have inquired, or have consented in several ways. A day that a register does not know
        may be any.
        """
        for relation in self._kinds(facts, held, "relationship.last_event_on", ("purchase", "inquiry")):
            for consent in self._kinds(facts, held, "consent.given_on", ()):
                yield self._days_variants({**facts, **relation, **consent}, held)

    @staticmethod
    def _kinds(facts: Facts, held: _Held, leaf: str, needed: tuple[str, ...]) -> list[Facts]:
        """Give each kind of relationship or consent that registers know of a row; none where they know there is none."""
        name = leaf.partition(".")[0]
        asked = {kind: since for (of_leaf, kind), since in held.items() if of_leaf == leaf}
        empty = {f"{name}.{member}": None for member in _MEMBERS[name]}
        found: list[Facts] = [
            {**empty, f"{name}.kind": kind, leaf: date_of(since)} for kind, since in asked.items() if since is not None
        ]
        if not found:
            unasked = f"{name}.kind" in facts or not asked or not set(needed) <= set(asked)
            found.append({} if unasked else {**empty, f"{name}.kind": "none"})
        return found

    def _days_variants(self, facts: Facts, held: _Held) -> list[Facts]:
        variants = [facts]
        for leaf, role in (("listed_on", "do_not_call"), ("stop_request_on", "stop_requests")):
            if (leaf, "") not in held or leaf in facts:
                continue
            since = held[leaf, ""]
            days: list[date | None] = [None if since is None else date_of(since)]
            if since == 0:
                places = self._registers.places(role, self.country if role == "do_not_call" else "")
                days = [date(1970, 1, 2), min(self._registers.held[i].register.metadata.list_date for i in places)]
            variants = [{**variant, leaf: day} for variant in variants for day in days]
        return variants

    def _decided(self, variants: Sequence[Facts], *, ahead: bool) -> Ruling:
        book = self.rulebook
        rulings = [self._ruled(decide_facts(book, facts, ahead=ahead)) for facts in variants if book is not None]
        verdicts = {ruling.verdict for ruling in rulings}
        if len(verdicts) == 1:
            return rulings[0]
        unknown = {name for ruling in rulings for name in ruling.unknown}
        unknown |= {leaf for leaf in ("listed_on", "stop_request_on") if len({v.get(leaf) for v in variants}) > 1}
        return Ruling("undetermined", self.country, unknown=tuple(sorted(unknown)))

    def _ruled(self, decision: Decision) -> Ruling:
        rule = decision.deciding.rule
        flags = {
            judgement.regime.flags[place].id
            for judgement in decision.judgements
            if judgement.outcome is not None and judgement.applies
            for place in judgement.outcome.flags
        }
        return Ruling(
            decision.verdict,
            self.country,
            "" if rule is None else rule.id,
            "" if rule is None else rule.text["en"],
            "" if rule is None else rule.cited.citation,
            decision.unknown,
            tuple(sorted(flags)),
            decision.next_permitted_at.isoformat() if decision.next_permitted_at else "",
        )

    @staticmethod
    def _merged(rulings: Sequence[Ruling]) -> Ruling:
        """Of several relations any that permits is enough."""
        rank = {"permit": 0, "undetermined": 1, "forbid": 2}
        return min(rulings, key=lambda ruling: rank[ruling.verdict])


_OF_VERSION = ("list_version_date", "list_checked")
_COMPARED = ("stop_request_on", "consent.given_on")
_MEMBERS = {
    "relationship": ("last_event_on", "ended_on"),
    "consent": ("given_on", "withdrawn_on", "expires_on"),
}


def _days_of(called_at: datetime | date | None) -> list[date]:
    """Give the days on which the calls may be, where the person called is."""
    if called_at is None:
        return []
    if isinstance(called_at, datetime):
        around = (-1, 0, 1) if called_at.tzinfo is not None else (0,)
        return [called_at.date() + timedelta(days=days) for days in around]
    return [called_at]


def _number(day: date) -> int:
    try:
        return day_of(day)
    except ValueError:
        return 0


class _Areas:
    """The numbers of some areas, by their first digits.

    Args:
        prefixes: with the calling code.
    """

    def __init__(self, prefixes: Any) -> None:
        bounds = {0: False}
        ranges = []
        for prefix in prefixes:
            for length in range(len(prefix), 16):
                scale = 10 ** (length - len(prefix))
                ranges.append((int(prefix) * scale, (int(prefix) + 1) * scale))
        for first, last in ranges:
            bounds[first] = True
            bounds.setdefault(last, False)
        self._bounds = np.array(sorted(bounds), dtype=np.uint64)
        inside = np.zeros(len(self._bounds), dtype=np.bool_)
        for first, last in ranges:
            inside[np.searchsorted(self._bounds, first) : np.searchsorted(self._bounds, last)] = True
        self._inside = inside

    def contain(self, keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Say which numbers lie in one of the areas; bool, shape (rows,)."""
        found: NDArray[np.bool_] = self._inside[np.searchsorted(self._bounds, keys, side="right") - 1]
        return found
