"""Open data: the reports of each quarter in the public eight-column format, without anybody who reported in them.

Columns and their order are those of the daily file of the US Federal Trade Commission
(https://www.ftc.gov/policy-notices/open-government/data-sets/do-not-call-data). What differs, for the people's sake:

* the caller's number stands there only where a finding about it is final, or a seal stands on it;
* the city is empty, and region, area, subject, kind of call and number are where they would tell what the data book leaves
  out: see :mod:`quietline.web.statistics.open_left_out`;
* days have no time, so that nobody is found by the moment of a call;
* a quarter with fewer reports than the threshold has no rows.

The files lie in the store of objects, named by their hashes; the ledger has a leaf of each.
"""

from __future__ import annotations

import csv
import tempfile
from bisect import bisect_right
from collections import Counter
from datetime import UTC, datetime, time, timedelta
from hashlib import file_digest, sha256
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.db.models import Q

from quietline.ledger.receipts import canonical_json
from quietline.web.complaints.models import Report
from quietline.web.complaints.subjects import public_subject
from quietline.web.enforcement.models import Case, CaseNumber, Finding
from quietline.web.enforcement.queries import is_final
from quietline.web.proofs.objects import objects_store
from quietline.web.proofs.operations import write_leaves
from quietline.web.seals.models import Appeal, Seal
from quietline.web.statistics.models import DailyCount, OpenFile
from quietline.web.statistics.open_left_out import left_out_of, with_prefix
from quietline.web.statistics.open_quality import HEADER, count_report, count_row, quality_report
from quietline.web.statistics.parquet import ParquetTable
from quietline.web.statistics.periods import Period, quarter_with
from quietline.web.statistics.protection import THRESHOLD
from quietline.web.statistics.words import region_code, subject_code

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from quietline.ledger.objects import FileStore

__all__ = ["make_open_files", "named_ranges", "open_store", "rows_of"]

_FIELDS = (
    "caller_raw", "caller_key", "called_at", "called_date", "reported_at", "region", "area", "subject", "is_recorded",
    "source", "prefix",
)  # fmt: skip
_CHUNK = 20_000
_LOCK = 7_105_202
_MAKING = 2
"""Goes up when files are made in another way, so that all are made anew."""
_REPORTED = """SELECT DISTINCT r.country, date_trunc('quarter', r.reported_at AT TIME ZONE 'UTC')::date, r.caller_key
FROM unnest(%s::bigint[], %s::bigint[]) AS named (first, last)
JOIN complaints_report r ON r.caller_key BETWEEN named.first AND named.last
WHERE r.withdrawn_at IS NULL AND r.reported_at IS NOT NULL ORDER BY 1, 2, 3"""
_DECIDING = (Appeal.State.RECEIVED, Appeal.State.DECIDING)
_YES_NO = {True: "Y", False: "N", None: ""}
_NORTH_AMERICAN = range(10**10, 2 * 10**10)


def open_store() -> FileStore:
    """Give the store of the files; anybody may have them."""
    return objects_store("open", mode=0o644)


def named_ranges(*, at: datetime) -> list[tuple[int, int]]:
    """List the numbers that are named: ranges that do not overlap, the lowest first.

    They are those of seals that stand, and of cases with a final finding, which is a confirmed one with the time to appeal
    over and no appeal open; never those of a case that found the number to be forged.

    Args:
        at: now.
    """
    open_appeals = Appeal.objects.filter(state__in=_DECIDING).values("subject")
    seals = Seal.objects.filter(Q(until_at=None) | Q(until_at__gt=at), state=Seal.State.SEALED)
    over = Q(appeal_until__lte=at) | Q(appeal_until=None)  # findings from before it was kept have none
    found = Finding.objects.filter(over, state=Finding.State.CONFIRMED).select_related("case").prefetch_related("penalties")
    final = {row.case_id for row in found if is_final(row, at=at)}
    numbers = CaseNumber.objects.filter(case__in=final).exclude(
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


def _has_few(reports: Any) -> bool:
    return bool(reports[:THRESHOLD].count() < THRESHOLD)


def rows_of(
    country: str, period: Period, *, ranges: Sequence[tuple[int, int]], quality: Counter[str]
) -> Iterator[tuple[str, ...]]:
    """Give the rows of a quarter one after the other, and count what was wrong with them.

    The order is that of days, and within a day of what the rows say: it tells nothing of who was first.

    Args:
        country: ISO 3166.
        period: the quarter.
        ranges: numbers that may be named, as :func:`named_ranges` gives them.
        quality: counted up.
    """
    reports = _reports(country, period)
    if _has_few(reports):
        return
    left_out = left_out_of(country, period, reports)
    day, waiting = None, list[tuple[str, ...]]()
    for raw, key, called_at, called, told, region, area, subject, recorded, source, prefix in (
        with_prefix(reports).order_by("reported_at").values_list(*_FIELDS).iterator(_CHUNK)
    ):  # fmt: skip
        if told.date() != day:
            yield from sorted(waiting)
            day, waiting = told.date(), []
        is_named = prefix not in left_out.prefixes and _is_within(key, ranges)
        violation = called or (called_at.date() if called_at else None)
        state, within = left_out.place(region_code(country, region), area)
        about = public_subject(left_out.subject(subject_code(subject)))
        row = (
            _number(key) if is_named else "", told.date().isoformat(), violation.isoformat() if violation else "", "",
            state, _area(within), about, _YES_NO[left_out.recorded(recorded)],
        )  # fmt: skip
        count_report(quality, raw, key, source, is_named=is_named)
        count_row(quality, row)
        waiting.append(row)
    yield from sorted(waiting)


def _is_within(key: int | None, ranges: Sequence[tuple[int, int]]) -> bool:
    place = -1 if key is None else bisect_right(ranges, key, key=itemgetter(0)) - 1
    return key is not None and place >= 0 and key <= ranges[place][1]


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
    named = _reported(ranges)
    made = 0
    for country, period in _quarters(at):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])  # two workers make no file twice
            source = _source(country, period, named.get((country, period), []))
            files = OpenFile.objects.filter(country=country, period=period.name, form=OpenFile.Form.CSV)
            last = files.order_by("-pk").first()
            # a quarter that has few reports by now keeps no rows of when it had more
            is_due = not _has_few(_reports(country, period)) if last is None else last.source != source
            if is_due:
                _make(country, period, source, ranges, at=at)
                made += 1
    return made


def _reported(ranges: Sequence[tuple[int, int]]) -> dict[tuple[str, Period], list[int]]:
    """Find the keys in some ranges that were reported, by country and quarter, the lowest first."""
    found: dict[tuple[str, Period], list[int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_REPORTED, [[first for first, _last in ranges], [last for _first, last in ranges]])
        for country, day, key in cursor:
            found.setdefault((country, quarter_with(day)), []).append(key)
    return found


def _quarters(at: datetime) -> list[tuple[str, Period]]:
    rows = DailyCount.objects.filter(measure=DailyCount.Measure.KIND).values_list("country", "day").distinct()
    found = {(country, quarter_with(day)) for country, day in rows if quarter_with(day).is_over(at.date())}
    return sorted(found, key=lambda one: (one[0], one[1].name))


def _source(country: str, period: Period, named: Sequence[int]) -> str:
    """Hash what the files of a quarter follow from: its counts, and which of its reported numbers may be named."""
    rows = DailyCount.objects.filter(
        country=country, day__gte=period.first, day__lte=period.last, measure__startswith="reports-"
    ).order_by("measure", "day", "group")
    digest = sha256(repr((_MAKING, named)).encode())
    for row in rows.values_list("measure", "day", "group", "count").iterator(_CHUNK):
        digest.update(repr(row).encode())
    return digest.hexdigest()


def _make(country: str, period: Period, source: str, ranges: Sequence[tuple[int, int]], *, at: datetime) -> None:
    quality: Counter[str] = Counter()
    store = open_store()
    with tempfile.TemporaryDirectory(prefix="quietline-open-") as name:
        folder = Path(name)
        table = ParquetTable(folder / "rows.parquet", HEADER)
        with (folder / "rows.csv").open("w", encoding="utf-8", newline="") as file, table:
            writer = csv.writer(file)
            writer.writerow(HEADER)
            for row in rows_of(country, period, ranges=ranges, quality=quality):
                writer.writerow(row)
                table.add(row)
        report = quality_report(country, period, quality)
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
