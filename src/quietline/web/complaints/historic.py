"""Taking over historic files of reports whole: COPY into the table of reports, one act, one leaf, a report on the quality.

Two layouts are read, by their headings, in any order: the public eight-column file of the US Federal Trade Commission
(https://www.ftc.gov/policy-notices/open-government/data-sets/do-not-call-data, headings exactly ``Company_Phone_Number,
Created_Date,Violation_Date,Consumer_City,Consumer_State,Consumer_Area_Code,Subject,Recorded_Message_Or_Robocall``), and any
file with some of these columns, such as ``created_day,company_phone_number,consumer_area_code``. Cities are not kept.

Rows get no reporter, no clock and no case. Nothing is left out: a row with a wrong value is a report with that value left
empty, and the report on the quality counts it.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import re
import zlib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from django.db import connection, transaction
from django.utils.translation import gettext as _

from quietline.errors import ConflictError, InputError
from quietline.numbering import Status, calling_code, country_code, parse_column
from quietline.web.complaints.clocks import days_of
from quietline.web.complaints.models import HistoricFile, Report
from quietline.web.complaints.quality import Quality, is_stand_in
from quietline.web.proofs.operations import write_leaves
from quietline.web.subscriptions.areas import areas_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from quietline.web.accounts.models import Person

__all__ = ["COLUMNS", "MOST_ROWS", "import_reports"]

COLUMNS: dict[str, tuple[str, ...]] = {
    "caller": ("company_phone_number", "caller", "number"),
    "created": ("created_date", "created_day", "reported_date"),
    "called": ("violation_date", "call_date"),
    "region": ("consumer_state", "region"),
    "area": ("consumer_area_code", "area"),
    "subject": ("subject",),
    "recorded": ("recorded_message_or_robocall", "recorded"),
}
"""What is read, and the headings that it goes by, in lower case."""
MOST_ROWS = 50_000_000
"""Rows that a file may have."""
_CHUNK = 100_000
_WIDTHS = {"caller": 64, "region": 40, "subject": 80}
_DAY = re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d)?)?", re.ASCII)
_PROBLEMS = np.array(["", *(status.text for status in Status if status)], dtype=object)
_NO_DIGITS = re.compile(r"\D+", re.ASCII)
_YES_NO = {"y": "t", "yes": "t", "n": "f", "no": "f"}
_COPY = (
    "COPY complaints_report (source, file_id, country, caller_raw, caller_key, caller_problem, called_date, reported_at,"
    " area, region, subject, promoted, is_recorded, weight) FROM STDIN"
)
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_NULL = "\\N"


def import_reports(
    *,
    path: Path,
    name: str,
    source: str,
    country: str,
    by: Person | None,
    at: datetime,
    progress: Callable[[int], None] | None = None,
) -> HistoricFile:
    """Take over a file of reports.

    Args:
        path: CSV in UTF-8, maybe compressed by gzip.
        name: of the file, for the record.
        source: where it came from, for the record.
        country: of numbers that name none, ISO 3166.
        by: who takes it over, None for the platform itself.
        at: now.
        progress: told the number of rows so far, now and then.

    Raises:
        InputError: ``reports.columns``: it has no column of calling numbers or none of days; ``reports.broken``;
            ``reports.many``: more than ``MOST_ROWS``.
        ConflictError: ``reports.known``: the same file was taken over already.
    """
    country = country_code(country)
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    if HistoricFile.objects.filter(sha256=sha256).exists():
        raise ConflictError(_("This file was taken over already."), code="reports.known")
    neighbours = ("US", "CA") if calling_code(country) == 1 else (country,)
    areas = frozenset(area.code for neighbour in neighbours for area in areas_of(neighbour))
    today = days_of(None, country=country, at=at).last
    quality = Quality(has_area_codes=len(neighbours) > 1)
    with transaction.atomic(), _opened(path) as text:
        row = HistoricFile.objects.create(
            name=name[:200], source=source[:200], country=country, sha256=sha256, count=0, quality={}, by=by, at=at
        )
        reader = _Reader(text, name, country, row.pk, quality, today, areas)
        with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            for lines in reader.chunks():
                copy.write(lines)
                if progress is not None:
                    progress(reader.rows)
        row.count, row.quality = reader.rows, quality.as_dict()
        row.save(update_fields=["count", "quality"])
        write_leaves("historic-reports", [row], at=at)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE complaints_report")
    return row


def _opened(path: Path) -> io.TextIOWrapper:
    with path.open("rb") as file:
        is_gzip = file.read(2) == b"\x1f\x8b"
    binary: Any = gzip.open(path) if is_gzip else path.open("rb")  # noqa: SIM115 - whoever reads the text closes it
    return io.TextIOWrapper(binary, encoding="utf-8-sig", errors="replace", newline="")


@dataclass
class _Reader:
    """Reads rows and gives them as text of COPY."""

    text: io.TextIOWrapper
    name: str
    country: str
    file_id: int
    quality: Quality
    today: date
    areas: frozenset[str]
    rows: int = 0
    _days: dict[str, tuple[date | None, str]] = field(default_factory=dict)
    _seen: list[NDArray[np.int64]] = field(default_factory=list)  # hashes of rows: eight bytes for each of millions

    def chunks(self) -> Iterator[str]:
        """Give some rows at a time.

        Raises:
            InputError: as for :func:`import_reports`.
        """
        try:
            rows = csv.reader(self.text)
            headings = [heading.strip().lower() for heading in next(rows, [])]
            places = _places(headings, self.name)
            width = len(headings)
            while some := list(islice(rows, _CHUNK)):
                some = [row for row in some if row]
                self.rows += len(some)
                if self.rows > MOST_ROWS:
                    raise InputError(
                        _("The file has more than %(rows)s rows.") % {"rows": f"{MOST_ROWS:,}"},
                        advice=_("Take it over in parts."), code="reports.many",
                    )  # fmt: skip
                yield self._lines(self._columns(some, headings, places, width))
            if self._seen:
                hashes = np.concatenate(self._seen)
                self.quality.count("repeated", len(hashes) - len(np.unique(hashes)))
        except (csv.Error, EOFError, OSError, zlib.error) as error:
            raise InputError(
                _("%(name)s cannot be read behind row %(row)s.") % {"name": self.name, "row": f"{self.rows:,}"},
                advice=_("Fetch the file again; nothing of it was taken over."), code="reports.broken",
            ) from error  # fmt: skip

    def _columns(
        self, rows: list[list[str]], headings: list[str], places: dict[str, int], width: int
    ) -> dict[str, list[str]]:
        repeated = [row for row in rows if [cell.strip().lower() for cell in row] == headings]
        if repeated:
            self.quality.count("repeated_header", len(repeated))
        uneven = sum(len(row) != width for row in rows)
        self.quality.count("wrong_column", uneven)
        if uneven:
            rows = [row[:width] + [""] * (width - len(row)) for row in rows]
        if "subject" in places:  # days and areas alone repeat by themselves
            self._seen.append(np.fromiter((hash(tuple(row)) for row in rows), np.int64, len(rows)))
        return {
            what: [row[place] if what == "caller" else row[place].strip() for row in rows]  # the number stays as it came
            for what, place in places.items()
        }

    def _lines(self, columns: dict[str, list[str]]) -> str:
        count = len(columns["caller"])
        empty = [""] * count
        raws = columns["caller"]
        read = parse_column(raws, country=self.country)
        self.quality.numbers(raws, read)
        created = [self._day(cell) for cell in columns.get("created", empty)]
        called = [self._day(cell) for cell in columns.get("called", empty)]
        self.quality.days([day for day, _moment in called], [day for day, _moment in created], on=self.today)
        areas = self._areas(columns.get("area", empty))
        recorded = [_YES_NO.get(cell.lower(), _NULL) for cell in columns.get("recorded", empty)]
        self.quality.count("without_recorded", recorded.count(_NULL))
        problems = _PROBLEMS[read.statuses]
        keys = [str(key) if key else _NULL for key in read.keys.tolist()]
        for place in np.flatnonzero(read.statuses == Status.UNASSIGNED).tolist():
            if is_stand_in(_NO_DIGITS.sub("", raws[place])):  # typed to fill the field: nobody's number, and no cluster
                keys[place] = _NULL
        start = f"{Report.Source.HISTORY.value}\t{self.file_id}\t{self.country}\t"
        lines = [
            f"{start}{raw}\t{key}\t{problem}\t{call or _NULL}\t{moment}\t{area}\t{region}\t{subject}\t\t{played}\t100\n"
            for raw, key, problem, (call, _call), (_report, moment), area, region, subject, played in zip(
                _texts(raws, "caller"), keys, problems.tolist(), called, created, areas,
                _texts(columns.get("region", empty), "region"), _texts(columns.get("subject", empty), "subject"), recorded,
                strict=True,
            )
        ]  # fmt: skip
        # by number: what lies together in the index is written together
        return "".join([lines[place] for place in np.argsort(read.keys, kind="stable").tolist()])

    def _day(self, cell: str) -> tuple[date | None, str]:
        """Give the day of a cell, and its moment as PostgreSQL reads it."""
        found = self._days.get(cell)
        if found is None:
            found = self._read_day(cell)
            if len(self._days) < _CHUNK:
                self._days[cell] = found
        return found

    def _read_day(self, cell: str) -> tuple[date | None, str]:
        if _DAY.fullmatch(cell) is None:
            return None, _NULL
        try:
            moment = datetime.fromisoformat(cell).replace(tzinfo=UTC)
        except ValueError:
            return None, _NULL
        return moment.date(), moment.isoformat()

    def _areas(self, cells: list[str]) -> list[str]:
        prefix = "1" if calling_code(self.country) == 1 else ""
        known = {cell: prefix + cell if prefix + cell in self.areas else "" for cell in set(cells)}
        self.quality.count("without_area", sum(not cell for cell in cells))
        strange = {cell for cell, area in known.items() if cell and not area}
        self.quality.count("area_not_in_plan", sum(cell in strange for cell in cells))
        return [known[cell] for cell in cells]


def _texts(cells: list[str], what: str) -> list[str]:
    most = _WIDTHS[what]
    return [cell[:most].replace("\0", "").translate(_ESCAPES) if cell else "" for cell in cells]


def _places(headings: list[str], name: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for what, names in COLUMNS.items():
        place = next((headings.index(known) for known in names if known in headings), None)
        if place is not None:
            found[what] = place
    if "caller" not in found or "created" not in found:
        raise InputError(
            _("%(name)s has no column of calling numbers, or none of the days of the reports.") % {"name": name},
            advice=_("The first row must name them: Company_Phone_Number and Created_Date."), code="reports.columns",
        )  # fmt: skip
    return found
