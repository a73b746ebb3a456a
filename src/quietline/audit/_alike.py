"""Calls that the law of a country cannot tell apart, so that of each kind only one has to be judged.

Laws ask of a moment on which day it is, and on which side of the calling hours; and of a day on a register whether it is
before, on or behind the day of the call, another day that is known, or the first day of a period. Whatever lies between two
such edges is the same to every rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import TYPE_CHECKING

import numpy as np

from quietline.law.hours import Hours
from quietline.law.vocabulary import zone_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from quietline.audit._zones import WallClocks
    from quietline.law import Rulebook
    from quietline.law.hours import Span
    from quietline.law.vocabulary import Facts
    from quietline.wash.evidence import Asked, Held

__all__ = ["AlikeCalls", "Clock", "day_at", "day_number", "kinds_of"]

_DAY = 86_400_000_000
_HOUR = 3_600_000_000
_FIRST_ORDINAL = date(1970, 1, 1).toordinal()
_UNKNOWN = 1
_EXACT = np.int64(1 << 20)
_TERMS = np.int64(1 << 24)
_COMPARED = ("consents", "stop_requests")
"""Roles of registers whose days rules compare with each other."""


def day_number(day: date) -> int:
    """Count days since 1970-01-01."""
    return day.toordinal() - _FIRST_ORDINAL


def day_at(number: int) -> date:
    """Give a day by its number."""
    return date.fromordinal(_FIRST_ORDINAL + number)


def kinds_of(columns: Iterable[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Number rows so that two have the same number where all columns agree.

    Args:
        columns: int64, shape (rows,), at least one.
    """
    kinds: NDArray[np.int64] | None = None
    for column in columns:
        found, which = np.unique(column, return_inverse=True)
        kinds = which if kinds is None else np.unique(kinds * len(found) + which, return_inverse=True)[1]
    if kinds is None:
        raise ValueError(columns)
    return kinds


@dataclass(frozen=True, slots=True)
class Clock:
    """When calls are made, by the clock of the person called.

    Attributes:
        days: int64, shape (calls,); days since 1970-01-01. Where several zones are possible it is that of the first, where
            none is known that of UTC.
        local_at: datetime64[s], shape (calls,); NaT where the zone is not known, or possible ones do not agree.
        kinds: int64, shape (calls,); on the same day, moments of the same kind are the same to the law.
        spread: bool, shape (calls,); the day hangs on where the person called is.
    """

    days: NDArray[np.int64]
    local_at: NDArray[np.datetime64]
    kinds: NDArray[np.int64]
    spread: NDArray[np.bool_]


class AlikeCalls:
    """Finds calls that the law of one country cannot tell apart.

    Args:
        rulebook: whose law; None where there is none.
        known: days that are stated for all calls.
        held: the registers.
        clocks: wall clocks of zones.
    """

    def __init__(self, rulebook: Rulebook | None, facts: Facts, held: Sequence[Held], clocks: WallClocks) -> None:
        self._regimes = rulebook.regimes if rulebook is not None else ()
        self._stated = [day for day in facts.values() if isinstance(day, date)]
        zones = facts.get("callee_timezone")
        self._zones = None if zones is None else tuple(zones)
        self._held = held
        self._clocks = clocks
        self._times = np.array(
            sorted({_micros_of(at) for span in self._spans() for at in (span.first, span.last)}), np.int64
        )

    def _spans(self) -> Iterator[Span]:
        """Give every span of a day that the law names, whenever it was in force."""
        for regime in self._regimes:
            for fact in regime.derived.values():
                yield from (span for _, span in fact.spans)
            for name in regime.hours_parameters:
                for period in regime.parameters[name].periods:
                    if isinstance(period.value, Hours):
                        yield from (span for span in (*period.value.week, period.value.holiday) if span is not None)

    # -- the clock ----------------------------------------------------------------------------------------------------

    def clock(self, micros: NDArray[np.int64], zones: NDArray[np.uint16], zone_sets: Sequence[Sequence[str]]) -> Clock:
        """Say when calls are made where the persons called are.

        Args:
            micros: int64, shape (calls,); microseconds of UTC since 1970.
            zones: uint16, the same shape; where each person may be, by the number.
            zone_sets: what these stand for. Zones that are stated for all calls go before them.
        """
        clock = Clock(
            micros // _DAY,
            np.full(len(micros), np.datetime64("NaT"), "M8[s]"),
            micros // _HOUR % 24 - 24,  # without a zone the hour of UTC tells which days it may be
            np.ones(len(micros), np.bool_),
        )
        for one in [0] if self._zones is not None else np.unique(zones).tolist():
            rows = np.arange(len(micros)) if self._zones is not None else np.flatnonzero(zones == one)
            named = self._zones if self._zones is not None else tuple(zone_named(name) for name in zone_sets[one])
            if named:
                local = [self._clocks.local(micros[rows], zone) for zone in named]
                self._fill(clock, rows, local, one)
        return clock

    def _fill(self, clock: Clock, rows: NDArray[np.intp], local: Sequence[NDArray[np.int64]], zones: int) -> None:
        first = local[0]
        days = first // _DAY
        clock.days[rows] = days
        agreed = np.logical_and.reduce([other == first for other in local])
        clock.local_at[rows] = np.where(agreed, first.view("M8[us]"), np.datetime64("NaT"))
        clock.spread[rows] = np.logical_or.reduce([other // _DAY != days for other in local])
        columns = [
            (other // _DAY - days) * (2 * len(self._times) + 1) + self._side_of_hours(other % _DAY) for other in local
        ]
        # which zones they are does not matter where all their clocks are on the same side
        agreed = np.logical_and.reduce([column == columns[0] for column in columns])
        clock.kinds[rows] = np.where(agreed, columns[0], (1 + zones << 32) + kinds_of(columns))

    def _side_of_hours(self, micros: NDArray[np.int64]) -> NDArray[np.int64]:
        """Say between which edges of hours a time of day lies; an edge itself is by itself."""
        return np.searchsorted(self._times, micros, "left") + np.searchsorted(self._times, micros, "right")

    # -- days on registers --------------------------------------------------------------------------------------------

    def entries(self, asked: Asked, clock: Clock, versions: Sequence[date | None] | None) -> Iterator[NDArray[np.int64]]:
        """Give for each register with a hit a column that tells apart what the law may tell apart.

        Args:
            asked: what the registers knew.
            clock: when the calls were made.
            versions: for each day of the calls, ascending, the version of the register that was in use; None altogether
                where that is not known.
        """
        exact = clock.spread | (asked.hits & (asked.since == 0)).any(axis=0)
        both = [[place for place, one in enumerate(self._held) if one.evidence.role == role] for role in _COMPARED]
        exact |= asked.hits[both[0]].any(axis=0) & asked.hits[both[1]].any(axis=0)
        days, day_of = np.unique(clock.days, return_inverse=True)
        edges = [self._edges(day, versions[i] if versions else None) for i, day in enumerate(days.tolist())]
        for hits, since, terms in zip(asked.hits, asked.since, asked.terms, strict=True):
            rows = np.flatnonzero(hits)
            if not len(rows):
                continue
            found = since[rows].astype(np.int64)
            kinds = np.full(len(rows), _UNKNOWN, np.int64)
            for place in np.unique(day_of[rows]).tolist():
                some = day_of[rows] == place
                kinds[some] += 1 + np.searchsorted(edges[place], found[some], "right")
            kinds = np.where(exact[rows], _EXACT + found, kinds)
            column = np.zeros(len(hits), np.int64)
            column[rows] = kinds + _TERMS * terms[rows]
            yield column

    def _edges(self, day: int, version: date | None) -> NDArray[np.int64]:
        """Give the first days of the classes into which the law of a day puts days."""
        on = day_at(day)
        known = {on, *(_day_of(stated) for stated in self._stated), *([version] if version is not None else [])}
        edges = {number for one in known for number in (day_number(one), day_number(one) + 1)}
        for regime in self._regimes:
            values = regime.moment(on, None).values.values()
            edges |= {day_number(value) for value in values if isinstance(value, date)}
        return np.array(sorted(edges), np.int64)


def _day_of(stated: date) -> date:
    return stated.date() if isinstance(stated, datetime) else stated


def _micros_of(at: time) -> int:
    return ((at.hour * 60 + at.minute) * 60 + at.second) * 1_000_000 + at.microsecond
