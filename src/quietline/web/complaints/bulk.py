"""Files of reports in the public eight-column form, handed in by an authority or an operator.

The form is that of the Federal Trade Commission's daily file of reported calls; its header, exactly::

    Company_Phone_Number,Created_Date,Violation_Date,Consumer_City,Consumer_State,Consumer_Area_Code,Subject,
    Recorded_Message_Or_Robocall

(one line). Days and moments are ``YYYY-MM-DD`` with or without ``HH:MM:SS``; the last column is ``Y`` or ``N``. Its rows are
unverified, and public files held values in the wrong columns: what cannot be read is counted, never guessed at, and the
calling number is kept as it was written.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from quietline.errors import ConflictError, OperationError
from quietline.web.complaints.callers import read_callers
from quietline.web.complaints.clocks import days_of
from quietline.web.complaints.models import HistoricFile, Report
from quietline.web.complaints.subjects import subject_of_public
from quietline.web.proofs.operations import write_leaves
from quietline.web.subscriptions.regions import REGIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quietline.web.accounts.models import Organisation, Person
    from quietline.web.complaints.callers import Caller

__all__ = ["HEADER", "MOST_BYTES", "MOST_ROWS", "take_file"]

HEADER = (
    "Company_Phone_Number", "Created_Date", "Violation_Date", "Consumer_City", "Consumer_State", "Consumer_Area_Code",
    "Subject", "Recorded_Message_Or_Robocall",
)  # fmt: skip
"""The eight columns, in order; any order and case is read."""
MOST_BYTES = 20 * 1024 * 1024
"""Length of a file."""
MOST_ROWS = 50_000
"""Rows of a file; larger ones are taken over as historic files."""
_BATCH = 5_000
_WEIGHT = 60
_AREA = re.compile(r"[2-9]\d\d")
_DAY = re.compile(r"[ T]\d\d:\d\d(?::\d\d)?$")


def take_file(
    *, name: str, content: bytes, country: str, through: Organisation | None, by: Person | None, at: datetime
) -> HistoricFile:
    """Take a file: each row a report without reporter, clock or case. One act, one leaf.

    Args:
        name: of the file.
        content: the file, UTF-8 with or without a byte order mark.
        country: of the lines that were called.
        through: the organisation that hands it in.
        by: who of it; None for a program.
        at: now.

    Returns:
        The file's row; its ``quality`` counts rows, and those with ``no_number``, ``bad_number``, ``no_day``,
        ``bad_day``, ``future_day``, ``shifted`` (the last column is neither Y nor N).

    Raises:
        OperationError: ``file.size``, ``file.columns``, ``file.rows``, ``file.unread``.
        ConflictError: ``file.known``: the very same file was taken before.
    """
    if not content or len(content) > MOST_BYTES:
        raise OperationError(_("The file is empty, or larger than 20 MB."), advice=_("Split it."), code="file.size")
    digest = sha256(content).hexdigest()
    if HistoricFile.objects.filter(sha256=digest).exists():
        raise _known()
    quality: Counter[str] = Counter()
    readers = _Readers(country, at)
    cells = list(_rows(content))
    callers = read_callers([row.get("company_phone_number", "") for row in cells], country=country)
    rows = [readers.report(row, caller, quality) for row, caller in zip(cells, callers, strict=True)]
    if not rows:
        raise OperationError(_("The file has no rows."), advice=_("Look whether it is the right one."), code="file.rows")
    kept = "".join(sign for sign in name if sign.isprintable())[:200]
    try:
        with transaction.atomic():
            file = HistoricFile.objects.create(
                name=kept, source=through.name if through is not None else "", country=country, sha256=digest,
                count=len(rows), quality={"rows": len(rows), **dict(sorted(quality.items()))}, through=through, by=by,
                at=at,
            )  # fmt: skip
            for row in rows:
                row.file = file
            Report.objects.bulk_create(rows, batch_size=_BATCH)
            write_leaves(HistoricFile.leaf_kind, [file], at=at)
    except IntegrityError as error:  # the same file at the same moment
        raise _known() from error
    return file


class _Readers:
    """Reads the cells of one file."""

    def __init__(self, country: str, at: datetime) -> None:
        self.country, self.at = country, at
        self.today = days_of(None, country=country, at=at).last
        self._areas = {region.english.casefold(): region.code for region in REGIONS.get(country, ())}
        self._codes = {region.code for region in REGIONS.get(country, ())}

    def report(self, row: dict[str, str], caller: Caller, quality: Counter[str]) -> Report:
        """Read a row."""
        if not caller.raw:
            quality["no_number"] += 1
        elif caller.problem:
            quality["bad_number"] += 1
        created = _day(row.get("created_date", ""), quality)
        called_date = _day(row.get("violation_date", ""), quality)
        if called_date is not None and called_date > self.today:
            quality["future_day"] += 1
            called_date = None
        recorded = row.get("recorded_message_or_robocall", "").strip().upper()
        if recorded not in ("Y", "N", ""):
            quality["shifted"] += 1
        area = row.get("consumer_area_code", "").strip()
        return Report(
            source=Report.Source.BULK, country=self.country, caller_raw=caller.raw, caller_key=caller.key,
            caller_problem=caller.problem, called_date=called_date,
            reported_at=datetime(created.year, created.month, created.day, tzinfo=UTC) if created else self.at,
            area=f"1{area}" if self.country in ("US", "CA") and _AREA.fullmatch(area) else "",
            region=self._region(row.get("consumer_state", "")), subject=subject_of_public(row.get("subject", "")),
            is_recorded={"Y": True, "N": False}.get(recorded), weight=_WEIGHT,
        )  # fmt: skip

    def _region(self, written: str) -> str:
        text = " ".join(written.split())
        if text.upper() in self._codes:
            return text.upper()
        return self._areas.get(text.casefold(), text[:40])


def _rows(content: bytes) -> Iterator[dict[str, str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise OperationError(
            _("The file is no text in UTF-8."), advice=_("Save it as CSV, UTF-8."), code="file.unread"
        ) from error
    reader = csv.reader(io.StringIO(text, newline=""))
    try:
        header = [cell.strip().casefold() for cell in next(reader, [])]
        if set(header) != {name.casefold() for name in HEADER}:
            raise OperationError(
                _("The first line does not name the eight columns."),
                advice=_("It has to be: %(header)s") % {"header": ",".join(HEADER)},
                code="file.columns",
            )
        for number, cells in enumerate(reader):
            if number >= MOST_ROWS:
                raise OperationError(
                    _("The file has more than %(most)s rows.") % {"most": MOST_ROWS}, advice=_("Split it."), code="file.rows"
                )
            if any(cells):
                yield dict(zip(header, cells, strict=False))
    except csv.Error as error:
        raise OperationError(_("The file is no CSV."), advice=_("Save it as CSV, UTF-8."), code="file.unread") from error


def _day(written: str, quality: Counter[str]) -> date | None:
    """Read a day. An hour that stands with it is passed over: the file names no zone, so it is no moment."""
    text = written.strip()
    if not text:
        quality["no_day"] += 1
        return None
    try:
        return date.fromisoformat(_DAY.sub("", text))
    except ValueError:
        quality["bad_day"] += 1
        return None


def _known() -> ConflictError:
    return ConflictError(
        _("This very file was taken before."), advice=_("Hand in what is new in a file of its own."), code="file.known"
    )
