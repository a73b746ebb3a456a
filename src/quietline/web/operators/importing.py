"""Read the lists that number administrations and operators hand in: ranges, portings, events. CSV in UTF-8, with a header.

Files are read row by row; a row that cannot be read is named with its column, and then nothing of the file is written.
Numbers themselves are never repeated in messages.
"""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from django.db import IntegrityError, transaction

from quietline.errors import ColumnError, StrictError
from quietline.numbering import Status, parse
from quietline.web.operators.models import NumberRange, PortedNumber
from quietline.web.operators.sifting import ReportedEvent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import TextIO

    from quietline.web.accounts.models import Organisation

__all__ = ["MOST_RANGES", "import_portings", "import_ranges", "read_line_events"]

MOST_RANGES = 500_000
"""Rows of a list of ranges; all blocks of 1,000 of the North American plan that are in use are fewer."""
_LINE = 2_000
_BATCH = 5_000
_RANGE_COLUMNS = ("operator", "first", "last", "since", "until", "source")
_PORTING_COLUMNS = ("number", "operator", "ported_at")
_EVENT_COLUMNS = ("reference", "number", "kind", "happened_at", "to")
_T = TypeVar("_T")


class _Row:
    """One row, and where it stands."""

    def __init__(self, place: int, values: Mapping[str, str]) -> None:
        self.place, self._values = place, values

    def text(self, column: str, most: int) -> str:
        """Give a value that has something in it, of at most so many characters."""
        value = self.optional(column)
        if not 1 <= len(value) <= most:
            raise self.wrong(column, f"is empty or longer than {most} characters")
        return value

    def optional(self, column: str) -> str:
        """Give a value; "" where there is none."""
        return self._values.get(column, "").strip()

    def day(self, column: str) -> date:
        """Give a day that is written as 2026-11-22."""
        try:
            return date.fromisoformat(self.optional(column))
        except ValueError:
            raise self.wrong(column, "is no day such as 2026-11-22") from None

    def moment(self, column: str) -> datetime:
        """Give a moment that is written as 2026-11-22T09:30:00Z or with another offset from UTC."""
        try:
            found = datetime.fromisoformat(self.optional(column))
        except ValueError:
            found = None
        if found is None or found.tzinfo is None:
            raise self.wrong(column, "is no moment such as 2026-11-22T09:30:00Z")
        return found.astimezone(UTC)

    def bound(self, column: str) -> int:
        """Give the first or last number of a range: E.164 digits, with or without +; it need not be a number in use."""
        digits = self.optional(column).removeprefix("+")
        if not (digits.isascii() and digits.isdecimal() and 7 <= len(digits) <= 15 and digits[0] != "0"):
            raise self.wrong(column, "is no international number of 7 to 15 digits")
        return int(digits)

    def number(self, column: str, country: str) -> int:
        """Give the key of a number."""
        found = parse(self.optional(column)[:64], country=country)
        if found.status is not Status.OK or not found.key:
            raise self.wrong(column, "is no telephone number")
        return int(found.key)

    def operator(self, operator_of: Callable[[str], Organisation | None]) -> Organisation:
        """Give the organisation that the column ``operator`` names."""
        found = operator_of(self.text("operator", 16))
        if found is None:
            raise self.wrong("operator", "is no operator that is known here")
        return found

    def wrong(self, column: str, what: str) -> StrictError:
        """Make the error about a value of this row."""
        return StrictError(
            f"Row {self.place}, column {column!r}: it {what}.",
            advice="Mend the row and import the file again; nothing was written.",
        )


def import_ranges(file: TextIO, *, operator_of: Callable[[str], Organisation | None], at: datetime) -> int:
    """Take over the ranges of a numbering plan, all or none; give how many rows are new or changed.

    Columns: ``operator`` (code), ``first`` and ``last`` (E.164, of one length), ``since``, ``until`` (the first day on which
    it no longer holds; may be empty), ``source``. A row that is known by operator, bounds and ``since`` gets the ``until``
    and ``source`` of the file, so the same file changes nothing and a newer one can end ranges.

    Args:
        file: opened as text, with ``newline=""``.
        operator_of: gives the organisation of a code.
        at: now; ranges may not begin later than a year from then, which catches days that were typed wrongly.

    Raises:
        ColumnError: a column is missing.
        StrictError: a row cannot be read, or shares a number on a day with another range; the message names the row.
    """
    known = {
        (row.operator_id, row.first_key, row.last_key, row.since_date): row for row in NumberRange.objects.all().iterator()
    }
    operator_of = cache(operator_of)
    written = 0
    with transaction.atomic():
        for rows in _batched(_rows(file, _RANGE_COLUMNS, optional=("until", "source"), most=MOST_RANGES)):
            waiting: list[tuple[_Row, NumberRange]] = []
            for row in rows:
                found = _range(row, operator_of, at)
                old = known.get((found.operator_id, found.first_key, found.last_key, found.since_date))
                if old is not None and (old.until_date, old.source) == (found.until_date, found.source):
                    continue
                if old is not None:
                    found.pk = old.pk
                known[found.operator_id, found.first_key, found.last_key, found.since_date] = found
                waiting.append((row, found))
            _save_ranges(waiting)
            written += len(waiting)
    return written


def _range(row: _Row, operator_of: Callable[[str], Organisation | None], at: datetime) -> NumberRange:
    first, last, since = row.bound("first"), row.bound("last"), row.day("since")
    until = row.day("until") if row.optional("until") else None
    if last < first or len(str(first)) != len(str(last)):
        raise row.wrong("last", "lies before the first number, or has another length")
    if until is not None and until <= since:
        raise row.wrong("until", "is not later than since")
    if (since - at.date()).days > 366:
        raise row.wrong("since", "lies more than a year ahead")
    return NumberRange(
        operator=row.operator(operator_of), first_key=first, last_key=last, since_date=since, until_date=until,
        source=row.optional("source")[:200],
    )  # fmt: skip


def _save_ranges(waiting: list[tuple[_Row, NumberRange]]) -> None:
    """Write ranges: those that change first, since what they give up may be what others begin with."""
    changed = [(row, found) for row, found in waiting if found.pk is not None]
    for row, found in changed:
        _or_overlap(row, found.save)
    new = [(row, found) for row, found in waiting if found.pk is None]
    try:
        with transaction.atomic():
            NumberRange.objects.bulk_create([found for _, found in new])
    except IntegrityError:
        for row, found in new:
            _or_overlap(row, found.save)


def _or_overlap(row: _Row, save: Callable[[], None]) -> None:
    try:
        with transaction.atomic():
            save()
    except IntegrityError as error:
        raise row.wrong("first", "shares a number on some day with another range") from error


def import_portings(file: TextIO, *, operator_of: Callable[[str], Organisation | None], country: str, at: datetime) -> int:
    """Take over a list of ported numbers, all or none; give how many are new.

    Columns: ``number``, ``operator`` (code of who has it now), ``ported_at``. Portings that are known are passed over.

    Args:
        file: opened as text, with ``newline=""``; any length.
        operator_of: gives the organisation of a code.
        country: whose numbers are meant where no country is written.
        at: now; later portings are refused.

    Raises:
        ColumnError: a column is missing.
        StrictError: a row cannot be read, or says something else than another about the same moment.
    """
    operator_of = cache(operator_of)
    written = 0
    with transaction.atomic():
        for rows in _batched(_rows(file, _PORTING_COLUMNS)):
            found: dict[tuple[int, datetime], tuple[_Row, PortedNumber]] = {}
            for row in rows:
                new = PortedNumber(
                    key=row.number("number", country), operator=row.operator(operator_of), ported_at=row.moment("ported_at")
                )
                if new.ported_at > at:
                    raise row.wrong("ported_at", "lies in the future")
                _, old = found.setdefault((new.key, new.ported_at), (row, new))
                if old.operator_id != new.operator_id:
                    raise row.wrong("operator", "is another than an earlier row says of the same moment")
            written += _save_portings(found)
    return written


def _save_portings(found: Mapping[tuple[int, datetime], tuple[_Row, PortedNumber]]) -> int:
    keys = {key for key, _ in found}
    known = {(old.key, old.ported_at): old for old in PortedNumber.objects.filter(key__in=keys)}
    new = []
    for place, (row, porting) in found.items():
        old = known.get(place)
        if old is None:
            new.append(porting)
        elif old.operator_id != porting.operator_id:
            raise row.wrong("operator", "is another than the one known for the same moment")
    PortedNumber.objects.bulk_create(new)
    return len(new)


def read_line_events(file: TextIO, *, country: str) -> Iterator[ReportedEvent]:
    """Read events of an operator.

    Columns: ``reference``, ``number``, ``kind`` (``disconnected``, ``reassigned``, ``ported_out``), ``happened_at``, and
    ``to`` (code of the other operator; may be missing).

    Args:
        file: opened as text, with ``newline=""``; any length.
        country: whose numbers are meant where no country is written.

    Raises:
        ColumnError: a column is missing.
        StrictError: a row cannot be read.
    """
    for row in _rows(file, _EVENT_COLUMNS, optional=("to",)):
        yield ReportedEvent(
            row.text("reference", 64), row.number("number", country), row.text("kind", 12), row.moment("happened_at"),
            row.optional("to")[:16],
        )  # fmt: skip


def _rows(
    file: TextIO, columns: tuple[str, ...], *, optional: tuple[str, ...] = (), most: int | None = None
) -> Iterator[_Row]:
    """Give rows; lines, and where said their number, are bounded, so that no file can fill the memory."""
    reader = csv.reader(_lines(file), strict=True)
    place = 1
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        if header:
            header[0] = header[0].removeprefix("\ufeff")
        missing = [name for name in columns if name not in header and name not in optional]
        if missing:
            raise ColumnError(
                f"The file has no column {', '.join(missing)}.",
                advice=f"The first line names the columns: {', '.join(columns)}.",
            )
        for values in reader:
            place += 1
            if not values:
                continue
            if most is not None and place > most + 1:
                raise StrictError(f"The file has more than {most} rows.", advice="Import it in parts.")
            if len(values) != len(header) or any("\0" in value for value in values):
                raise StrictError(f"Row {place} has not as many values as there are columns.", advice="Mend the row.")
            yield _Row(place, dict(zip(header, values, strict=True)))
    except (csv.Error, UnicodeDecodeError):
        raise StrictError(f"Row {place + 1} is no CSV in UTF-8.", advice="Write the file anew.") from None


def _lines(file: TextIO) -> Iterator[str]:
    while line := file.readline(_LINE + 1):
        if len(line) > _LINE:
            raise StrictError(f"A line is longer than {_LINE} characters.", advice="Is this the right file?")
        yield line


def _batched(items: Iterator[_T]) -> Iterator[list[_T]]:
    while batch := list(islice(items, _BATCH)):
        yield batch
