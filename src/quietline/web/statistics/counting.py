"""Count days: reports, entries, seals, cases, appeals and times, each day's rows in one statement, made anew as a whole.

Counting twice changes nothing. The last two days are counted again and again; the days of historic files once they are
taken over; and once in a day all days since the beginning of last year, so that what was corrected late is counted, too.
"""

from __future__ import annotations

from datetime import UTC, date, timedelta
from typing import TYPE_CHECKING

from django.db import connection, transaction

from quietline.web.complaints.models import HistoricFile
from quietline.web.statistics.counting_statements import COUNTING
from quietline.web.statistics.models import Counted, DailyCount

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["count_days", "count_range", "days_of_file"]

_DAILY = timedelta(days=1)
_LOCK = 7_105_201
_FILE_DAYS = (
    "SELECT min(reported_at), max(reported_at) FROM complaints_report WHERE file_id = %s AND reported_at IS NOT NULL"
)


def count_range(first: date, last: date) -> int:
    """Count the days from one to another anew, both included; give how many rows there are now.

    Args:
        first: a day in UTC.
        last: not before it.
    """
    values = {"first": first, "last": last, "until": last + _DAILY}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        DailyCount.objects.filter(day__gte=first, day__lte=last).delete()
        rows = 0
        for statement in COUNTING:
            cursor.execute(statement, values)
            rows += cursor.rowcount
    return rows


def days_of_file(file: HistoricFile) -> tuple[date, date] | None:
    """Give the first and the last day of the reports of a file; None where it has none with a day."""
    with connection.cursor() as cursor:
        cursor.execute(_FILE_DAYS, [file.pk])
        first, last = cursor.fetchone()
    return None if first is None else (first.astimezone(UTC).date(), last.astimezone(UTC).date())


def count_days(*, at: datetime) -> int:
    """Do what is due: the chore. Give how many rows were made.

    Args:
        at: now.
    """
    today = at.astimezone(UTC).date()
    rows = 0
    known = set(Counted.objects.values_list("what", flat=True))
    for file in HistoricFile.objects.order_by("pk"):
        if f"file:{file.pk}" not in known:
            found = days_of_file(file)
            if found is not None:
                rows += count_range(*found)
            _note(f"file:{file.pk}", at)
    whole = Counted.objects.filter(what="all").first()
    if whole is None or at - whole.at >= _DAILY:
        rows += count_range(date(today.year - 1, 1, 1), today)
        _note("all", at)
    else:
        rows += count_range(today - _DAILY, today)
    _note("recent", at)
    return rows


def _note(what: str, at: datetime) -> None:
    Counted.objects.update_or_create(what=what, defaults={"at": at})
