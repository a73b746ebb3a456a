"""The data book of a quarter or a year: read from the counts of its days, and made into figures.

The public book has no small cells: see :mod:`quietline.web.statistics.protection`. The sum of each table is in it. A cell
or sum of a year is left out wherever one of its quarters is, so that no quarter follows from the year and the other three.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import Q, Sum

from quietline.ledger.receipts import canonical_json
from quietline.web.statistics.bases import base_of
from quietline.web.statistics.figures import change, per, share
from quietline.web.statistics.models import DailyCount
from quietline.web.statistics.protection import THRESHOLD, is_small, protected_groups
from quietline.web.statistics.words import region_code, subject_code

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from quietline.web.statistics.bases import Base
    from quietline.web.statistics.periods import Period

__all__ = ["TABLES", "Book", "Cell", "Figure", "Table", "Time", "as_json", "book_of", "complaint_rate", "left_out_groups"]

M = DailyCount.Measure
TABLES: dict[str, DailyCount.Measure] = {
    "kind": M.KIND, "subject": M.SUBJECT, "region": M.REGION, "prefix": M.PREFIX, "shut": M.SHUT, "outcome": M.OUTCOME,
    "appeal": M.APPEAL,
}  # fmt: skip
"""Name of each table of a book, and the measure that it shows."""
STAGES = ("validated", "in-case", "answered")
_PER_PEOPLE = 100_000
_PER_HOUSEHOLDS = 100


@dataclass(frozen=True, slots=True)
class Figure:
    """A count with the one of the period before; ``change`` in per cent, None where there was none before."""

    count: int | None
    before: int | None

    @property
    def change(self) -> Decimal | None:
        """By how many per cent it is above, or below, the period before."""
        return None if self.count is None or self.before is None else change(self.count, self.before)


@dataclass(frozen=True, slots=True)
class Cell:
    """One line of a table. ``figure.count`` is None where it is left out; ``rate`` where no table covers the period."""

    group: str
    figure: Figure
    share: Decimal | None
    rate: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Counts by group, the largest first, with their sum."""

    name: str
    total: Figure
    cells: tuple[Cell, ...]

    def together(self, *groups: str) -> Figure:
        """Add some of its lines up; None where one of them is left out."""
        mine = [cell.figure for cell in self.cells if cell.group in groups]
        return Figure(_sum([one.count for one in mine]), _sum([one.before for one in mine]))

    def cell(self, group: str) -> Cell | None:
        """Give a line; None where nothing was counted."""
        return next((cell for cell in self.cells if cell.group == group), None)


@dataclass(frozen=True, slots=True)
class Time:
    """Within how many whole hours half, and nine of ten, complaints reached a stage, and how many there were."""

    stage: str
    count: int | None
    median_hours: int | None
    ninety_hours: int | None


@dataclass(frozen=True, slots=True)
class Book:
    """All figures of a country and a period.

    Attributes:
        active: entries of the do-not-call register that stood when the period ended.
        per_households: those for each 100 households; None where no table of households covers the period.
        wrong: seals that were lifted because they were wrong; ``wrong_share`` in per cent of those that were placed.
    """

    country: str
    period: Period
    tables: Mapping[str, Table]
    active: Figure
    per_households: Decimal | None
    times: tuple[Time, ...]
    seals: int | None
    wrong: int | None
    wrong_share: Decimal | None
    people: Base | None
    households: Base | None


def book_of(country: str, period: Period, *, is_public: bool = True, on: date | None = None) -> Book:
    """Make the book.

    Args:
        country: ISO 3166.
        period: quarter or year.
        is_public: without small cells. The authority's own book has them.
        on: today. Of a period that is not over by then only sums are given: who compares its tables from one day to the
            next would see each report come in.
    """
    people = base_of(country, "people", period.first, period.last)
    households = base_of(country, "households", period.first, period.last)
    needed = {period, period.before, *(period.quarters if is_public else ()), *(period.before.quarters if is_public else ())}
    known = {one: _counts(country, one) for one in needed}
    now, before = known[period], known[period.before]
    tables = {
        name: _table(name, now.get(measure, {}), before.get(measure, {}), _Hiding(known, period, measure, is_public), people)
        for name, measure in TABLES.items()
    }
    if is_public and on is not None and not period.is_over(on):
        tables = {name: replace(table, cells=()) for name, table in tables.items()}
    active = Figure(_active(country, period), _active(country, period.before))
    sums = _Sums(known, is_public)
    placed, wrong = sums.of(period, M.SEALS), sums.of(period, M.WRONG)
    if placed is None or wrong is None:  # either would tell something of the other
        placed = wrong = None
    return Book(
        country=country, period=period, tables=tables, active=active,
        per_households=per(active.count or 0, households.all if households else None, _PER_HOUSEHOLDS),
        times=tuple(_time(stage, period, sums) for stage in STAGES),
        seals=placed, wrong=wrong, wrong_share=None if placed is None or wrong is None else share(wrong, placed),
        people=people, households=households,
    )  # fmt: skip


def _counts(country: str, period: Period) -> dict[str, Counter[str]]:
    rows = (
        DailyCount.objects.filter(country=country, day__gte=period.first, day__lte=period.last)
        .values_list("measure", "group").annotate(sum=Sum("count"))
    )  # fmt: skip
    found: dict[str, Counter[str]] = {}
    for measure, group, count in rows:
        found.setdefault(measure, Counter())[_meant(country, measure, group)] += int(count)
    return found


def _meant(country: str, measure: str, group: str) -> str:
    """Give a group as this platform calls it: historic files have names of their own."""
    if measure == M.SUBJECT:
        return subject_code(group)
    return region_code(country, group) if measure == M.REGION else group


def _active(country: str, period: Period) -> int:
    rows = DailyCount.objects.filter(country=country, day__lte=period.last)
    sums = rows.aggregate(
        listed=Sum("count", filter=Q(measure=M.LISTED), default=0), ended=Sum("count", filter=Q(measure=M.ENDED), default=0)
    )
    return int(sums["listed"] - sums["ended"])


def left_out_groups(country: str, period: Period) -> dict[str, frozenset[str]]:
    """Give the groups that the public book of a quarter leaves out, by measure."""
    known = {period: _counts(country, period)}
    found = {}
    for measure in TABLES.values():
        shown = _Hiding(known, period, measure, is_public=True).shown(known[period].get(measure, {}), period)
        found[str(measure)] = frozenset(group for group, count in shown.items() if count is None)
    return found


@dataclass(frozen=True, slots=True)
class _Sums:
    """Leaves the sum of a quarter out where it is small, and that of a year where one of its quarters' is."""

    known: Mapping[Period, Mapping[str, Counter[str]]]
    is_public: bool

    def shown(self, period: Period, sum_of: Callable[[Mapping[str, Counter[str]]], int]) -> int | None:
        """Give the sum that may be seen."""
        if self.is_public and any(is_small(sum_of(self.known[quarter])) for quarter in period.quarters):
            return None
        return sum_of(self.known[period])

    def of(self, period: Period, measure: str) -> int | None:
        """Give the sum of all groups of a measure that may be seen."""
        return self.shown(period, lambda counts: sum(counts.get(measure, {}).values()))


@dataclass(frozen=True, slots=True)
class _Hiding:
    """Leaves small cells of one measure out, in a period and in the one before, each by its own quarters."""

    known: Mapping[Period, Mapping[str, Counter[str]]]
    period: Period
    measure: str
    is_public: bool

    def shown(self, counts: Mapping[str, int], period: Period) -> dict[str, int | None]:
        """Give the counts that may be seen."""
        if not self.is_public:
            return dict(counts)
        hidden: set[str] = set()
        if period.quarter is None:
            for quarter in period.quarters:
                kept = protected_groups(self.known[quarter].get(self.measure, Counter[str]()))
                hidden |= {group for group, count in kept.items() if count is None}
        return protected_groups(counts, hidden=hidden)

    def total(self, period: Period) -> int | None:
        """Give the sum of all groups that may be seen."""
        return _Sums(self.known, self.is_public).of(period, self.measure)


def _table(name: str, now: Mapping[str, int], before: Mapping[str, int], hiding: _Hiding, people: Base | None) -> Table:
    total = Figure(hiding.total(hiding.period), hiding.total(hiding.period.before))
    shown, earlier = hiding.shown(now, hiding.period), hiding.shown(before, hiding.period.before)
    cells = []
    for group in sorted(now, key=lambda group: (-now[group], group)):
        figure = Figure(shown[group], earlier.get(group, 0))
        part = None if figure.count is None or total.count is None else share(figure.count, total.count)
        rate = None
        if name == "region" and figure.count is not None and people is not None:
            rate = per(figure.count, people.regions.get(group), _PER_PEOPLE)
        cells.append(Cell(group, figure, part, rate))
    # those left out stand last, by name: their order would tell which is the larger
    cells.sort(key=lambda cell: (cell.figure.count is None, cell.group if cell.figure.count is None else ""))
    return Table(name, total, tuple(cells))


def _time(stage: str, period: Period, sums: _Sums) -> Time:
    """Read the percentiles off the counts by hours: nearest rank, as :func:`quietline.web.statistics.figures.hours_at`."""
    whole = sums.shown(period, lambda counts: _hours(stage, counts).total())
    if whole is None:
        return Time(stage, None, None, None)
    hours = _hours(stage, sums.known[period])
    return Time(stage, whole, _at(hours, 50), _at(hours, 90))


def _hours(stage: str, counts: Mapping[str, Counter[str]]) -> Counter[int]:
    hours: Counter[int] = Counter()
    for group, count in counts.get(M.HOURS, {}).items():
        name, _, value = group.partition(":")
        if name == stage:
            hours[int(value)] += count
    return hours


def _at(hours: Counter[int], hundredths: int) -> int | None:
    rank, seen = -(-hundredths * hours.total() // 100), 0
    for value in sorted(hours):
        seen += hours[value]
        if seen >= rank:
            return value
    return None


def _sum(counts: list[int | None]) -> int | None:
    return None if None in counts else sum(count or 0 for count in counts)


def as_json(book: Book) -> str:
    """Write a book as canonical JSON (RFC 8785): the same figures give the same bytes. Decimals are texts.

    A cell that is left out has ``count`` null; a rate without a table that covers the period is ``undetermined``.
    """
    content: dict[str, Any] = {
        "country": book.country,
        "period": book.period.name,
        "from": book.period.first.isoformat(),
        "until": book.period.last.isoformat(),
        "threshold": THRESHOLD,
        "complaints": _figure(book.tables["kind"].total) | {"per_100000_people": _rate(complaint_rate(book))},
        "tables": {
            name: {"total": _figure(table.total), "rows": [_cell(cell, name) for cell in table.cells]}
            for name, table in book.tables.items()
        },
        "registrations": _figure(book.active) | {"per_100_households": _rate(book.per_households)},
        "seals": {"placed": book.seals, "wrong": book.wrong, "wrong_percent": _text(book.wrong_share)},
        "hours": {
            time.stage: {"count": time.count, "median": time.median_hours, "ninetieth": time.ninety_hours}
            for time in book.times
        },
        "sources": {"people": _source(book.people), "households": _source(book.households)},
    }
    return canonical_json(content).decode()


def complaint_rate(book: Book) -> Decimal | None:
    """Give the reports for each 100,000 people; None where no table of people covers the period."""
    count = book.tables["kind"].total.count
    return None if count is None or book.people is None else per(count, book.people.all, _PER_PEOPLE)


def _figure(figure: Figure) -> dict[str, Any]:
    return {"count": figure.count, "before": figure.before, "change_percent": _text(figure.change)}


def _cell(cell: Cell, table: str) -> dict[str, Any]:
    found = {"group": cell.group} | _figure(cell.figure) | {"share_percent": _text(cell.share)}
    return found | {"per_100000_people": _rate(cell.rate)} if table == "region" else found


def _text(value: Decimal | None) -> str | None:
    return None if value is None else rounded_text(value)


def rounded_text(value: Decimal) -> str:
    """Write a decimal with its decimals, never with an exponent."""
    return f"{value:f}"


def _rate(value: Decimal | None) -> str:
    return "undetermined" if value is None else rounded_text(value)


def _source(base: Base | None) -> dict[str, str] | None:
    if base is None:
        return None
    return {"source": base.source, "counted": base.counted_date.isoformat(), "confidence": base.confidence}
