"""Judge the numbers of a list by the law of each number's country.

A row's facts are those of the campaign and what the registers and the numbering plan know of its number. Days are put into
classes that no rule tells apart, so that the rows of a list come down to some hundreds of different calls; each of those is
decided once, by the engine that decides a single call.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import product
from math import prod
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from quietline.errors import LawError
from quietline.law import load_rulebook
from quietline.law.deciding import decide_facts
from quietline.law.vocabulary import zone_named
from quietline.numbering import load_places
from quietline.registers import date_of
from quietline.wash.day_classes import DayClasses, days_of, representatives
from quietline.wash.evidence import together
from quietline.wash.row_facts import OPENINGS_AHEAD, RowFacts, zones_apart
from quietline.wash.rulings import NO_COUNTRY, Ruling, Rulings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date

    from numpy.typing import NDArray

    from quietline.law import Decision, Rulebook
    from quietline.law.vocabulary import Facts
    from quietline.wash.campaign import Campaign
    from quietline.wash.evidence import Asked, Days, EvidenceRegisters
    from quietline.wash.row_facts import Held, Span

__all__ = ["CountryJudge", "Ruling", "Rulings"]

_MOST_CODES = 1 << 24
_MOST_CHOICES = 16
_TABLE_DIGITS = 6
_ONE_CODE = 1 << 62
_LOOK_CLOSER = 0xFFFF
"""Stands in the table of rulings where rows of one class may differ after all."""
_OF_VERSION = ("list_version_date", "list_checked")
_RANK = {"permit": 0, "undetermined": 1, "forbid": 2}

_Column: TypeAlias = "tuple[NDArray[Any], int]"
"""Numbers of rows, and a number that all of them are below."""


@dataclass(frozen=True, slots=True)
class _Rows:
    """What is known of some rows.

    Attributes:
        zones: uint16, shape (rows,).
        moments: the same shape, place of each row's moment; 0 for all where that is the same wherever a person is.
        days: since when they stand in which registers.
        paid: bool, the same shape; None where that is not known.
        asked: answers of all registers.
    """

    zones: NDArray[np.uint16]
    moments: NDArray[np.uint16]
    days: list[Days]
    paid: NDArray[np.bool_] | None
    asked: Asked


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
        self._rulings = rulings
        self._lock = Lock()
        self._called_at = campaign.called_at
        self._zone_sets = load_places().zone_sets
        areas = campaign.areas.get(country)
        self._areas = None if areas is None else _Areas(areas)
        self.rulebook: Rulebook | None = None
        try:
            self.rulebook = load_rulebook(country)
        except LawError as error:
            if error.code != "law.undetermined":
                raise
        self._row_facts = RowFacts(country, campaign, registers)
        self._widths = {place: len(registers.held[place].register.metadata.terms) for place in self._row_facts.terms}
        self._day_classes = DayClasses(self.rulebook)
        self._pairs = self._compared_pairs()
        self._days, self._later_days = days_of(self._called_at), days_of(self._called_at, ahead=OPENINGS_AHEAD)
        self._classes = self._all_classes(self._days)
        self._fine_classes: list[NDArray[np.uint16]] | None = None
        self._known: dict[tuple[str, Any], int] = {}
        self._moment_of = np.full(len(self._zone_sets), _LOOK_CLOSER, dtype=np.uint16)
        self._moments: list[Facts] = []
        self._table = np.zeros(1, dtype=np.uint16)

    def _compared_pairs(self) -> list[tuple[int, int]]:
        """Name the days of a row that rules compare with each other, such as a request to stop and a consent after it."""
        compared, dated = self._day_classes.compared(), list(enumerate(self._row_facts.dated))
        return [(i, j) for i, first in dated for j, second in dated if (first.leaf, second.leaf) in compared]

    def _all_classes(self, days: Sequence[date]) -> list[NDArray[np.uint16]]:
        facts = self._row_facts.constant
        return [self._day_classes.classes(dated.leaf, days, facts) for dated in self._row_facts.dated]

    # -- judging ------------------------------------------------------------------------------------------------------

    @property
    def by_law(self) -> bool:
        """Whether there are rules for the country; if not, all its numbers have one ruling."""
        return self.rulebook is not None and bool(self.rulebook.regimes)

    def judge(self, keys: NDArray[np.uint64], zones: NDArray[np.uint16], asked: Asked) -> NDArray[np.uint16]:
        """Judge numbers of this country.

        Args:
            keys: uint64, shape (rows,).
            zones: uint16, the same shape, as :meth:`~quietline.numbering.Places.zones_of` gives them.
            asked: what the registers know of them.

        Returns:
            uint16, number of each row's ruling.
        """
        if not self.by_law:
            return np.full(len(keys), self._rulings.number(self._without_law()), dtype=np.uint16)
        rows = self._rows(keys, zones, asked, self._moments_of(zones))
        columns = list(self._columns(rows, slice(None), self._classes))
        numbers = self._by_table(rows, columns)
        closer = np.flatnonzero(numbers == _LOOK_CLOSER)
        if len(closer):
            exact = self._exact(rows, closer)
            if self._fine_classes is None:
                self._fine_classes = self._all_classes(self._later_days)
            for some, classes, way in ((closer[~exact], self._fine_classes, "fine"), (closer[exact], None, "exact")):
                if len(some):
                    columns = list(self._columns(rows, some, classes))
                    numbers[some] = self._by_distinct(columns, some, way, lambda row: self._number(rows, row, ahead=True))
        return numbers

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
        rows = self._rows(keys, zones, asked, np.zeros_like(zones))
        said = self._row_facts.stated
        plain = {name: value for name, value in self._row_facts.constant.items() if name not in _OF_VERSION or name in said}
        numbers = np.zeros(len(keys), dtype=np.uint16)
        for row, at in enumerate(called_at):
            facts = plain | {"called_at": at}
            if fetched is not None:
                facts["list_version_date"], facts["list_checked"] = fetched[row], fetched[row] is not None
            names = self._zone_sets[int(zones[row])]
            if names:
                facts.setdefault("callee_timezone", tuple(map(zone_named, names)))
            numbers[row] = self._rulings.number(self._decide(rows, row, facts, days_of(at), ahead=False))
        return numbers

    def _rows(self, keys: NDArray[np.uint64], zones: NDArray[np.uint16], asked: Asked, moments: NDArray[np.uint16]) -> _Rows:
        days = [together(asked, dated.places, latest=dated.latest) for dated in self._row_facts.dated]
        paid = None if self._areas is None else self._areas.contain(keys)
        return _Rows(zones, moments, days, paid, asked)

    # -- rows that are alike ------------------------------------------------------------------------------------------

    def _columns(
        self, rows: _Rows, some: slice | NDArray[np.intp], classes: Sequence[NDArray[np.uint16]] | None
    ) -> Iterator[_Column]:
        """Give all that may tell two rows apart: the class of each day, or the day itself where there are no classes."""
        yield rows.moments[some], len(self._zone_sets)
        for i, days in enumerate(rows.days):
            hits, since = days.hits[some], days.since[some]
            if classes is None:
                yield np.where(hits, since.astype(np.int64) + 1, 0), (1 << 16) + 1
            else:
                yield np.where(hits, classes[i][since], np.uint16(0)), int(classes[i][-1]) + 1
            if days.unclear is not None:
                yield days.unclear[some], 2
        for i, j in self._pairs:
            first, second = rows.days[i], rows.days[j]
            yield (first.hits & second.hits & (first.since < second.since))[some], 2
        for place, width in self._widths.items():
            yield rows.asked.terms[place][some], width
        if self._widths and len(self._row_facts.listing) > 1:
            for place in self._row_facts.listing:
                yield rows.asked.hits[place][some], 2
        if rows.paid is not None:
            yield rows.paid[some], 2

    def _exact(self, rows: _Rows, some: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Say in which rows two days are compared of which one is not known: their classes do not tell enough."""
        exact = np.zeros(len(some), dtype=np.bool_)
        for i, j in self._pairs:
            pair = rows.days[i], rows.days[j]
            undated = np.zeros(len(some), dtype=np.bool_)
            for days in pair:
                undated |= (days.since[some] == 0) | (False if days.unclear is None else days.unclear[some])
            exact |= undated & pair[0].hits[some] & pair[1].hits[some]
        return exact

    def _by_table(self, rows: _Rows, columns: Sequence[_Column]) -> NDArray[np.uint16]:
        """Give the ruling of each row by the classes of its days; ``_LOOK_CLOSER`` where these do not tell enough."""
        size = len(self._moments) * prod(width for _, width in columns[1:])
        if size > _MOST_CODES:
            return self._by_distinct(columns, None, "class", lambda row: self._first_number(rows, row))
        codes = _mixed(columns)[0]
        with self._lock:
            if len(self._table) < size:
                table = np.zeros(size, dtype=np.uint16)
                table[: len(self._table)] = self._table  # moments come first, so that what stands there keeps its place
                self._table = table
            table = self._table
        numbers: NDArray[np.uint16] = table[codes]
        missing = np.flatnonzero(numbers == 0)
        if len(missing):
            distinct, examples = np.unique(codes[missing], return_index=True)
            for code, row in zip(distinct.tolist(), missing[examples].tolist(), strict=True):
                table[code] = self._first_number(rows, row)
            numbers = table[codes]
        return numbers

    def _by_distinct(
        self, columns: Sequence[_Column], some: NDArray[np.intp] | None, way: str, number: Callable[[int], int]
    ) -> NDArray[np.uint16]:
        """Give the ruling of each row, of rows that agree in all columns asking only for one."""
        codes = _mixed(columns)
        whole = codes[0] if len(codes) == 1 else np.stack(codes, axis=1)
        distinct, examples, which = np.unique(whole, axis=0, return_index=True, return_inverse=True)
        numbers = []
        for code, example in zip(distinct.tolist(), examples.tolist(), strict=True):
            key = way, code if isinstance(code, int) else tuple(code)
            if key not in self._known:
                self._known[key] = number(example if some is None else int(some[example]))
            numbers.append(self._known[key])
        found: NDArray[np.uint16] = np.array(numbers, dtype=np.uint16)[which.reshape(-1)]
        return found

    def _first_number(self, rows: _Rows, row: int) -> int:
        """Decide on a row that stands for all of its classes, if it can."""
        told = not any(days.since[row] for days in rows.days)  # by its classes, as no day is known
        if not told and self._exact(rows, np.array([row]))[0]:
            return _LOOK_CLOSER
        number = self._number(rows, row, ahead=told)
        closed = (
            not told and self._rulings[number].verdict == "forbid" and self._out_of_hours(self._moments[rows.moments[row]])
        )
        return _LOOK_CLOSER if closed else number  # from when it may be made then hangs on the days to come

    # -- one row ------------------------------------------------------------------------------------------------------

    @property
    def _clocks_differ(self) -> bool:
        """Whether the time of a call hangs on where the person called is."""
        return isinstance(self._called_at, datetime) and self._called_at.tzinfo is not None

    def _moments_of(self, zones: NDArray[np.uint16]) -> NDArray[np.uint16]:
        """Give the place of each row's moment among those there are; new ones are put behind them."""
        if not self._clocks_differ:
            zones = np.zeros_like(zones)
        places: NDArray[np.uint16] = self._moment_of[zones]
        if len(places) and places.max() == _LOOK_CLOSER:
            with self._lock:
                for zone in np.unique(zones[places == _LOOK_CLOSER]).tolist():
                    moment = self._new_moment(self._zone_sets[zone])
                    if moment not in self._moments:
                        self._moments.append(moment)
                    self._moment_of[zone] = self._moments.index(moment)
            places = self._moment_of[zones]
        return places

    def _new_moment(self, names: Sequence[str]) -> Facts:
        """Give the facts of when and where: called_at and callee_timezone."""
        at = self._called_at
        if at is None:
            return {}
        if isinstance(at, datetime) and at.tzinfo is None:  # the wall clock of the person called, wherever that is
            return {"called_at": at.replace(tzinfo=UTC), "callee_timezone": (zone_named("UTC"),)}
        stated = self._row_facts.constant.get("callee_timezone")
        zones = zones_apart([zone.key for zone in stated] if stated else names, at)
        return {"called_at": at, "callee_timezone": zones} if zones else {"called_at": at}

    def _out_of_hours(self, moment: Facts) -> bool:
        """Say whether a moment may be outside some calling hours."""
        at, zones = moment.get("called_at"), moment.get("callee_timezone", ())
        if not isinstance(at, datetime):
            return False
        holiday = self._row_facts.constant.get("public_holiday")
        for local in map(at.astimezone, zones):
            for regime in self.rulebook.regimes if self.rulebook is not None else ():
                values = regime.moment(local.date(), local).values
                for value in map(values.get, regime.hours_parameters):
                    if isinstance(value, tuple) and value[0].allow(local, value[1], public_holiday=holiday) is not True:
                        return True
        return False

    def _number(self, rows: _Rows, row: int, *, ahead: bool) -> int:
        moment = self._moments[rows.moments[row]]
        facts = {**self._row_facts.constant, **moment}
        ruling = self._decide(rows, row, facts, self._days, ahead=ahead and self._out_of_hours(moment))
        return self._rulings.number(ruling)

    def _decide(self, rows: _Rows, row: int, facts: Facts, days: Sequence[date], *, ahead: bool) -> Ruling:
        """Decide on one row; the facts are those that hold for all, with the moment. ``ahead``: say from when it may be."""
        if self.rulebook is None or not self.by_law:
            return self._without_law()
        held: Held = self._row_facts.held_by(row, rows.days)
        if held.get(("listed_on", "")) is not None or self._row_facts.own_listing:
            facts.setdefault("terms", self._row_facts.terms_of(row, rows.asked))
        for name, assumption in self.rulebook.assumptions.items():  # what a register knows of an entry goes before them
            if name not in facts:
                facts.update(assumption.facts)
        if rows.paid is not None:
            facts.setdefault("fee_paid", bool(rows.paid[row]))
        requests = self._row_facts.requests(facts, held)
        rulings = [
            max(
                (self._decided({**one, **request}, spans | open_days, days, ahead=ahead) for request, open_days in requests),
                key=_strictness,
            )
            for one, spans in self._row_facts.options(facts, held)
        ]
        return min(rulings, key=_strictness)

    def _without_law(self) -> Ruling:
        text = f"There is no rulebook for {self.country}." if self.country else NO_COUNTRY.text
        return replace(NO_COUNTRY, country=self.country, text=text)

    def _decided(self, facts: Facts, spans: dict[str, Span], days: Sequence[date], *, ahead: bool) -> Ruling:
        """Decide with days that are not known: whatever they may be, it has to come to the same."""
        choices = self._choices(facts, spans, self._later_days if ahead else days)
        if ahead and prod(map(len, choices)) > _MOST_CHOICES:
            choices, ahead = self._choices(facts, spans, days), False
        rulings = {}
        for chosen in product(*choices):
            one = {**facts, **dict(zip(spans, map(date_of, chosen), strict=True))}
            rulings[chosen] = self._ruled(one, ahead=ahead)
        first = next(iter(rulings.values()))
        if all(ruling.verdict == first.verdict for ruling in rulings.values()):
            alike = all(ruling.next_permitted_at == first.next_permitted_at for ruling in rulings.values())
            return first if alike else replace(first, next_permitted_at="")
        unknown = {name for ruling in rulings.values() for name in ruling.unknown}
        for i, leaf in enumerate(spans):
            verdicts: dict[tuple[int, ...], str] = {}
            for chosen, ruling in rulings.items():
                if verdicts.setdefault(chosen[:i] + chosen[i + 1 :], ruling.verdict) != ruling.verdict:
                    unknown.add(leaf.partition(".")[0])
        zones = next((ruling.zones for ruling in rulings.values() if ruling.zones), ())
        return Ruling("undetermined", self.country, unknown=tuple(sorted(unknown)), zones=zones)

    def _choices(self, facts: Facts, spans: dict[str, Span], days: Sequence[date]) -> list[list[int]]:
        """Give for each day that is not known days of which one stands for any that it may be."""
        between = {leaf for pair in self._day_classes.compared() if spans.keys() >= set(pair) for leaf in pair}
        return [
            representatives(self._day_classes.edges(leaf, days, facts), *span, both=leaf in between)
            for leaf, span in spans.items()
        ]

    def _ruled(self, facts: Facts, *, ahead: bool) -> Ruling:
        assert self.rulebook is not None  # noqa: S101 - by_law
        decision = decide_facts(self.rulebook, facts, ahead=ahead)
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
            self._next(decision),
            self._zones_in_doubt(facts, decision),
        )

    def _next(self, decision: Decision) -> str:
        at = decision.next_permitted_at
        if at is None:
            return ""
        return at.isoformat() if self._clocks_differ else at.replace(tzinfo=None).isoformat()

    def _zones_in_doubt(self, facts: Facts, decision: Decision) -> tuple[str, ...]:
        """Where the zone would decide, name the first zone with each answer."""
        zones = facts.get("callee_timezone", ())
        if "callee_timezone" not in decision.unknown or len(zones) < 2:
            return ()
        first: dict[str, str] = {}
        for zone in zones:
            alone = decide_facts(decision.rulebook, {**facts, "callee_timezone": (zone,)}, ahead=False)
            first.setdefault(alone.verdict, zone.key)
        return tuple(first.values()) if len(first) > 1 else ()


def _strictness(ruling: Ruling) -> tuple[int, str]:
    """Order rulings: by verdict, then by when the number may be called."""
    return _RANK[ruling.verdict], ruling.next_permitted_at or "~"


def _mixed(columns: Sequence[_Column]) -> list[NDArray[np.int64]]:
    """Put columns into one number a row, or into several where one cannot hold them."""
    mixed: list[NDArray[np.int64]] = []
    size = 1
    for values, width in columns:
        if not mixed or size * width >= _ONE_CODE:
            mixed.append(values.astype(np.int64))
            size = width
        else:
            mixed[-1] *= width
            mixed[-1] += values
            size *= width
    return mixed


class _Areas:
    """The numbers of some areas, by their first digits.

    Args:
        prefixes: with the calling code.
    """

    def __init__(self, prefixes: Sequence[str]) -> None:
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
        self._digits = max(map(len, prefixes), default=1)
        self._tables: dict[int, NDArray[np.bool_]] = {}

    def contain(self, keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Say which numbers lie in one of the areas; bool, shape (rows,)."""
        length = len(str(keys[len(keys) // 2])) if len(keys) else 0
        if not self._digits <= length <= 15 or self._digits > _TABLE_DIGITS:
            return self._search(keys)
        # most numbers have the same length: a table of first digits, which is false where others have to be searched
        unit = 10 ** (length - self._digits)
        found: NDArray[np.bool_] = self._table(length, unit)[
            np.minimum(keys // np.uint64(unit), 10**self._digits).view(np.int64)
        ]
        others = np.flatnonzero((keys < unit * 10 ** (self._digits - 1)) | (keys >= unit * 10**self._digits))
        if len(others):
            found[others] = self._search(keys[others])
        return found

    def _table(self, length: int, unit: int) -> NDArray[np.bool_]:
        table = self._tables.get(length)
        if table is None:
            table = self._search(np.arange(10**self._digits + 1, dtype=np.uint64) * np.uint64(unit))
            self._tables[length] = table
        return table

    def _search(self, keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = self._inside[np.searchsorted(self._bounds, keys, side="right") - 1]
        return found
