"""Open data: the reports of each quarter in the public eight-column format, without anybody who reported in them.

Columns and their order are those of the daily file of the US Federal Trade Commission
(https://www.ftc.gov/policy-notices/open-government/data-sets/do-not-call-data). What differs, for the people's sake:

* the caller's number stands there only where a finding about it is confirmed and no appeal is open, or a seal stands on it;
* the city is empty, and region and area are where they have fewer reports in the quarter than the threshold;
* days have no time, so that nobody is found by the moment of a call.

The files lie in the store of objects, named by their hashes; the ledger has a leaf of each.
"""

from __future__ import annotations

import csv
import json
import tempfile
from bisect import bisect_right
from collections import Counter
from datetime import UTC, datetime, time, timedelta
from hashlib import file_digest, sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.db.models import Q

from quietline.ledger.receipts import canonical_json
from quietline.web.complaints.models import Report
from quietline.web.complaints.quality import is_stand_in
from quietline.web.complaints.subjects import public_subject
from quietline.web.enforcement.models import Case, CaseNumber, Finding
from quietline.web.proofs.objects import objects_store
from quietline.web.proofs.operations import write_leaves
from quietline.web.seals.models import Appeal, Seal
from quietline.web.statistics.models import DailyCount, OpenFile
from quietline.web.statistics.parquet import ParquetTable
from quietline.web.statistics.periods import Period, quarter_with
from quietline.web.statistics.protection import THRESHOLD
from quietline.web.statistics.words import region_code, subject_code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quietline.ledger.objects import FileStore

__all__ = ["HEADER", "make_open_files", "named_ranges", "open_store", "rows_of"]

HEADER = (
    "Company_Phone_Number", "Created_Date", "Violation_Date", "Consumer_City", "Consumer_State", "Consumer_Area_Code",
    "Subject", "Recorded_Message_Or_Robocall",
)  # fmt: skip
"""The columns, exactly as the public file has them."""
_FIELDS = (
    "caller_raw", "caller_key", "called_at", "called_date", "reported_at", "region", "area", "subject", "is_recorded",
    "source",
)  # fmt: skip
_CHUNK = 20_000
_LOCK = 7_105_202
_DECIDING = (Appeal.State.RECEIVED, Appeal.State.DECIDING)
_YES_NO = {True: "Y", False: "N", None: ""}
_NORTH_AMERICAN = range(10**10, 2 * 10**10)


def open_store() -> FileStore:
    """Give the store of the files; anybody may have them."""
    return objects_store("open", mode=0o644)


def named_ranges(*, at: datetime) -> list[tuple[int, int]]:
    """List the numbers that are named: ranges that do not overlap, the lowest first.

    They are those of seals that stand, and of cases with a confirmed finding against which no appeal is open; never those
    of a case that found the number to be forged.

    Args:
        at: now.
    """
    open_appeals = Appeal.objects.filter(state__in=_DECIDING).values("subject")
    seals = Seal.objects.filter(Q(until_at=None) | Q(until_at__gt=at), state=Seal.State.SEALED)
    found = Finding.objects.filter(state=Finding.State.CONFIRMED).exclude(reference__in=open_appeals).values("case")
    numbers = CaseNumber.objects.filter(case__in=found).exclude(
        case__outcome__in=(Case.Outcome.SPOOFED, Case.Outcome.ANNULLED)
    )
    ranges = {*seals.exclude(reference__in=open_appeals).values_list("first_key", "last_key"),
              *numbers.values_list("first_key", "last_key")}  # fmt: skip
    apart: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if apart and first <= apart[-1][1] + 1:
            apart[-1] = (apart[-1][0], max(last, apart[-1][1]))
        else:
            apart.append((first, last))
    return apart


def _reports(country: str, period: Period) -> Any:
    first = datetime.combine(period.first, time(), tzinfo=UTC)
    until = datetime.combine(period.last, time(), tzinfo=UTC) + timedelta(days=1)
    return Report.objects.filter(country=country, withdrawn_at=None, reported_at__gte=first, reported_at__lt=until)


def rows_of(country: str, period: Period, *, at: datetime, quality: Counter[str]) -> Iterator[tuple[str, ...]]:
    """Give the rows of a quarter one after the other, and count what was wrong with them.

    The order is that of days, and within a day of what the rows say: it tells nothing of who was first.

    Args:
        country: ISO 3166.
        period: the quarter.
        at: now.
        quality: counted up.
    """
    ranges = named_ranges(at=at)
    starts = [first for first, _last in ranges]
    reports = _reports(country, period)
    regions = Counter(region_code(country, region) for region in reports.values_list("region", flat=True).iterator(_CHUNK))
    areas = Counter(reports.values_list("area", flat=True).iterator(_CHUNK))
    day, waiting = None, list[tuple[str, ...]]()
    for raw, key, called_at, called, told, region, area, subject, recorded, source in (
        reports.order_by("reported_at").values_list(*_FIELDS).iterator(_CHUNK)
    ):  # fmt: skip
        if told.date() != day:
            yield from sorted(waiting)
            day, waiting = told.date(), []
        code = region_code(country, region)
        place = bisect_right(starts, key) - 1 if key is not None else -1
        is_named = place >= 0 and ranges[place][0] <= key <= ranges[place][1]
        violation = called or (called_at.date() if called_at else None)
        _count(quality, raw, key, violation, recorded, source, is_named=is_named)
        quality["regions_left_out"] += bool(code) and regions[code] < THRESHOLD
        quality["areas_left_out"] += bool(area) and areas[area] < THRESHOLD
        waiting.append((
            _number(key) if is_named else "", told.date().isoformat(), violation.isoformat() if violation else "", "",
            code if regions[code] >= THRESHOLD else "", _area(area) if areas[area] >= THRESHOLD else "",
            public_subject(subject_code(subject)), _YES_NO[recorded],
        ))  # fmt: skip
    yield from sorted(waiting)


def _count(
    quality: Counter[str], raw: str, key: int | None, violation: Any, recorded: bool | None, source: str, *, is_named: bool
) -> None:
    quality["rows"] += 1
    quality[f"from_{source}"] += 1
    quality["with_number_named"] += is_named
    quality["with_number_withheld"] += key is not None and not is_named
    quality["without_number"] += not raw and key is None
    quality["unreadable_number"] += bool(raw) and key is None
    quality["stand_in"] += is_stand_in("".join(filter(str.isdigit, raw)))
    quality["without_day_of_call"] += violation is None
    quality["without_recorded"] += recorded is None


def _number(key: int) -> str:
    """Write a number as the public file does: ten digits in the North American plan, E.164 elsewhere."""
    return str(key)[1:] if key in _NORTH_AMERICAN else f"+{key}"


def _area(area: str) -> str:
    return area[1:] if len(area) == 4 and area.startswith("1") else area


def make_open_files(*, at: datetime) -> int:
    """Make the files of the quarters that are over, where something has changed since they were made: the chore.

    Args:
        at: now.

    Returns:
        How many quarters were made.
    """
    ranges = named_ranges(at=at)
    made = 0
    for country, period in _quarters(at):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])  # two workers make no file twice
            source = _source(country, period, ranges)
            files = OpenFile.objects.filter(country=country, period=period.name, form=OpenFile.Form.CSV)
            last = files.order_by("-pk").first()
            if last is None or last.source != source:
                _make(country, period, source, at=at)
                made += 1
    return made


def _quarters(at: datetime) -> list[tuple[str, Period]]:
    rows = DailyCount.objects.filter(measure=DailyCount.Measure.KIND).values_list("country", "day").distinct()
    found = {(country, quarter_with(day)) for country, day in rows if quarter_with(day).is_over(at.date())}
    return sorted(found, key=lambda one: (one[0], one[1].name))


def _source(country: str, period: Period, ranges: list[tuple[int, int]]) -> str:
    """Hash what the files of a quarter follow from: its counts, and the numbers that may be named."""
    rows = DailyCount.objects.filter(
        country=country, day__gte=period.first, day__lte=period.last, measure__startswith="reports-"
    ).order_by("measure", "day", "group")
    digest = sha256(repr(ranges).encode())
    for row in rows.values_list("measure", "day", "group", "count").iterator(_CHUNK):
        digest.update(repr(row).encode())
    return digest.hexdigest()


def _make(country: str, period: Period, source: str, *, at: datetime) -> None:
    quality: Counter[str] = Counter()
    store = open_store()
    with tempfile.TemporaryDirectory(prefix="quietline-open-") as name:
        folder = Path(name)
        table = ParquetTable(folder / "rows.parquet", HEADER)
        with (folder / "rows.csv").open("w", encoding="utf-8", newline="") as file, table:
            writer = csv.writer(file)
            writer.writerow(HEADER)
            for row in rows_of(country, period, at=at, quality=quality):
                writer.writerow(row)
                table.add(row)
        report = _quality(country, period, quality)
        (folder / "rows.json").write_bytes(canonical_json(report))
        kept = []
        for form in OpenFile.Form:
            path = folder / f"rows.{form.value}"
            if not path.is_file():
                continue  # Parquet needs a library that an installation may lack
            with path.open("rb") as opened:
                digest = file_digest(opened, "sha256").hexdigest()
            made = OpenFile.objects.create(
                country=country, period=period.name, form=form, rows=quality["rows"], bytes=path.stat().st_size,
                sha256=digest, source=source, at=at,
            )  # fmt: skip
            if not store.exists(made.path):
                store.keep_file(made.path, path)
            kept.append(made)
        write_leaves("open-file", kept, at=at)


def _quality(country: str, period: Period, counts: Counter[str]) -> dict[str, Any]:
    """Say how good the rows are, for programs: counts of rows; one row can be in several."""
    return {
        "country": country, "period": period.name, "columns": list(HEADER), "threshold": THRESHOLD,
        "counts": {name: int(count) for name, count in sorted(counts.items())},
        "left_out": {
            "Company_Phone_Number": "unless a confirmed finding without an open appeal, or a seal that stands, concerns it",
            "Consumer_City": "always",
            "Consumer_State": "where the region has fewer reports in the period than the threshold",
            "Consumer_Area_Code": "where the area has fewer reports in the period than the threshold",
        },
    }  # fmt: skip


def schema() -> bytes:
    """Give the JSON Schema (2020-12) of the report on the quality."""
    text = {"type": "string"}
    counts = {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0}, "required": ["rows"]}
    properties = {
        "country": {"type": "string", "pattern": "^[A-Z]{2}$"}, "period": {"type": "string", "pattern": "^[0-9]{4}-Q[1-4]$"},
        "columns": {"type": "array", "items": text}, "threshold": {"type": "integer", "minimum": 1}, "counts": counts,
        "left_out": {"type": "object", "additionalProperties": text},
    }  # fmt: skip
    return json.dumps({
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Quality of a file of reported calls",
        "type": "object", "required": sorted(properties), "properties": properties, "additionalProperties": False,
    }, indent=2).encode()  # fmt: skip
