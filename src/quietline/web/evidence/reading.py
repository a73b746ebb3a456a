"""Read a file as CRMs export it: find the columns by their names, take every row or say what is wrong with it."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from quietline.errors import InputError
from quietline.numbering import parse_column
from quietline.tables.dialect import sniff
from quietline.web.evidence.dates import DateReader, order_of
from quietline.web.evidence.given import TAKEN, Given, place, problem_with
from quietline.web.evidence.models import Record
from quietline.web.evidence.spellings import CHANNELS, FIELDS, FORMS, HOLDERS, KINDS, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from quietline.web.evidence.dates import Order

__all__ = ["MOST_PROBLEMS", "MOST_ROWS", "Options", "ReadFile", "read_file"]

MOST_ROWS = 1_000_000
MOST_PROBLEMS = 10_000
"""Problems that are kept by row and column; beyond them they are counted only."""
_SAMPLE = 1 << 18
_CHUNK = 20_000
_LENGTHS = {"source": 40, "place": 200, "proof": 200, "text": 4_000, "reference": 64}
_WORDS = {"form": FORMS, "channel": CHANNELS, "holder": HOLDERS}


@dataclass(frozen=True, slots=True)
class Options:
    """What somebody says about a file.

    Attributes:
        kind: what its rows are; empty where a column tells.
        country: whose numbers are meant where no country is written.
        form: how consents were given, where no column tells.
        source: by what means, where no column tells.
        text: the wording that was shown, where no column tells.
        order: what stands first in 03/04/2026; empty where the file shall tell.
    """

    kind: str = ""
    country: str = "US"
    form: str = ""
    source: str = ""
    text: str = ""
    order: Order = ""


@dataclass(slots=True)
class ReadFile:
    """What was understood of a file.

    Attributes:
        columns: heading of the column by what it holds.
        unused: headings of the others.
        format: how the file is written, in words.
        rows: how many rows of data there are.
        kinds: how many good rows of each kind there are.
        bad: how many rows cannot be taken.
        problems: row (as a spreadsheet numbers it), heading and code of the first :data:`MOST_PROBLEMS`.
        first, last: the days between which the good rows lie, as ISO text; empty where there is none.
        records: the good rows.
    """

    columns: dict[str, str] = field(default_factory=dict)
    unused: list[str] = field(default_factory=list)
    format: str = ""
    rows: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    bad: int = 0
    problems: list[tuple[int, str, str]] = field(default_factory=list)
    first: str = ""
    last: str = ""
    records: list[Given] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        """Give what a page shows of it, as JSON; no number, and nothing else of a row."""
        return {
            "columns": self.columns, "unused": self.unused, "format": self.format, "rows": self.rows,
            "kinds": dict(self.kinds), "bad": self.bad, "first": self.first, "last": self.last,
        }  # fmt: skip


def read_file(data: bytes, options: Options, *, at: datetime) -> ReadFile:
    """Read a file whole.

    Args:
        data: its bytes.
        options: what is said about it.
        at: now.

    Raises:
        InputError: it is no table, has no column of numbers or days, or too many rows; ``input.column``, ``input.rows``,
            ``input.dates`` (the order of day and month cannot be told).
    """
    text_format = sniff(data[:_SAMPLE], complete=len(data) <= _SAMPLE, header=True, delimiter="auto")
    found = ReadFile(format=text_format.describe())
    rows = _rows(data[len(text_format.bom) :], text_format.encoding, text_format.delimiter or "\0")
    headings = next(rows, [])
    places = _columns(headings, found)
    _check_columns(places, options)
    reader = _Rows(found, places, options, _order(data, text_format, places, options), at)
    row_number = 2
    while chunk := list(islice(rows, _CHUNK)):
        if found.rows + len(chunk) > MOST_ROWS:
            raise InputError(f"The file has more than {MOST_ROWS} rows.", advice="Split it.", code="input.rows")
        reader.take(chunk, row_number)
        row_number += len(chunk)
    return found


def _rows(data: bytes, encoding: str, delimiter: str) -> Iterator[list[str]]:
    text = io.TextIOWrapper(io.BytesIO(data), encoding=encoding, errors="replace", newline="")
    try:
        # strict would stop at a stray quote, which exports have; a field is bounded by the module (131,072 characters)
        yield from csv.reader(text, delimiter=delimiter)
    except csv.Error as error:
        raise InputError("The file cannot be read as a table.", advice="Export it again, as CSV in UTF-8.") from error


def _columns(headings: Sequence[str], found: ReadFile) -> dict[str, int]:
    """Find what each column holds: the first of the names that fit, in the order in which they are spelled."""
    places: dict[str, int] = {}
    for column, heading in enumerate(headings):
        name = plain(heading)
        fits = next((what for what, names in FIELDS.items() if name in names and what not in places), None)
        if fits is None:
            found.unused.append(heading.strip()[:80])
        else:
            places[fits] = column
            found.columns[fits] = heading.strip()[:80]
    return places


def _check_columns(places: dict[str, int], options: Options) -> None:
    missing = [what for what in ("number", "happened_at") if what not in places]
    if missing or ("kind" not in places and not options.kind):
        what = missing[0] if missing else "kind"
        raise InputError(
            f"No column is known to hold this: {what}.",
            advice="Name the columns in the first row, as phone, date and status.", code="input.column",
        )  # fmt: skip


def _order(data: bytes, text_format: Any, places: dict[str, int], options: Options) -> Order:
    """Decide what stands first in days without a leading year, by all of the file."""
    if options.order:
        return options.order
    wanted = [places[what] for what in ("happened_at", "until") if what in places]
    rows = _rows(data[len(text_format.bom) :], text_format.encoding, text_format.delimiter or "\0")
    next(rows, None)
    raws = {row[column] for row in islice(rows, MOST_ROWS) for column in wanted if column < len(row)}
    order, any_such = order_of(raws)
    if any_such and not order:
        raise InputError(
            "Days such as 03/04/2026 can be read in two ways.", advice="Say whether the day or the month stands first.",
            code="input.dates",
        )  # fmt: skip
    return order


class _Rows:
    """Turns rows into records."""

    def __init__(self, found: ReadFile, places: dict[str, int], options: Options, order: Order, at: datetime) -> None:
        self._found, self._places, self._options, self._at = found, places, options, at
        self._dates = DateReader(order)
        self._words = {what: _Words(known) for what, known in {**_WORDS, "kind": KINDS}.items()}

    def take(self, rows: list[list[str]], first: int) -> None:
        """Read some rows, the first of which is the one with this number."""
        numbers = [self._cell(row, "number") for row in rows]
        keys = parse_column(numbers, country=self._options.country)
        given: list[Given] = []
        at_row: list[int] = []
        for place_, (row, key, status) in enumerate(
            zip(rows, keys.keys.tolist(), keys.statuses.tolist(), strict=True), start=first
        ):
            if not any(cell.strip() for cell in row):
                continue
            self._found.rows += 1
            made = ("number", "number.invalid") if status not in TAKEN or not key else self._record(row, key)
            if isinstance(made, Given):
                given.append(made)
                at_row.append(place_)
            else:
                self._bad(place_, *made)
        self._keep(given, at_row)

    def _keep(self, given: list[Given], at_row: list[int]) -> None:
        for row, placed in zip(at_row, place(given, at=self._at), strict=True):
            problem = problem_with(placed, at=self._at)
            if problem is not None:
                self._bad(row, *problem)
                continue
            self._found.records.append(placed.given)
            self._found.kinds[placed.given.kind] += 1
            day = placed.on_date.isoformat()
            self._found.first = min(self._found.first or day, day)
            self._found.last = max(self._found.last, day)

    def _record(self, row: list[str], key: int) -> Given | tuple[str, str]:
        """Make the record of a row, or say what is wrong with it."""
        happened = self._dates.read(self._cell(row, "happened_at"))
        if happened is None:
            return "happened_at", "date.unread"
        said: dict[str, Any] = {}
        for what, words in self._words.items():
            raw = self._cell(row, what)
            value = words.meaning(raw) if raw else getattr(self._options, what, "")
            if value is None:
                return what, f"{what}.unknown"
            said[what] = value
        if not said["kind"]:
            return "kind", "kind.unknown"
        if said["kind"] != Record.Kind.CONSENT:
            said["form"] = ""
        for what, most in _LENGTHS.items():
            said[what] = self._cell(row, what) or (getattr(self._options, what, "") if self._has_own(said["kind"]) else "")
            if len(said[what]) > most or "\0" in said[what]:
                return what, "value.long"
        until = self._cell(row, "until")
        ends = self._dates.read(until) if until else None
        if until and ends is None:
            return "until", "date.unread"
        day = ends.date() if isinstance(ends, datetime) else ends
        return Given(key=key, happened=happened, until_date=day, **said)

    @staticmethod
    def _has_own(kind: str) -> bool:
        """Whether what was said of the whole file is about rows of this kind: wording and means are those of consents."""
        return kind == Record.Kind.CONSENT

    def _cell(self, row: list[str], what: str) -> str:
        column = self._places.get(what)
        return row[column].strip() if column is not None and column < len(row) else ""

    def _bad(self, row: int, what: str, code: str) -> None:
        self._found.bad += 1
        if len(self._found.problems) < MOST_PROBLEMS:
            self._found.problems.append((row, self._found.columns.get(what, what), code))


class _Words:
    """Looks words up, and remembers how they were spelled."""

    def __init__(self, known: dict[str, str]) -> None:
        self._known = known
        self._seen: dict[str, str | None] = {}

    def meaning(self, raw: str) -> str | None:
        """Give what a word means; None where it is not known."""
        if raw not in self._seen:
            if len(self._seen) > 1_000:
                return self._known.get(plain(raw))
            self._seen[raw] = self._known.get(plain(raw))
        return self._seen[raw]
