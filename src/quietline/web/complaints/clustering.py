"""Clusters by calling number and by range: counted from the reports themselves, each time anew, so that no count drifts.

What counts: reports that weigh something and were not withdrawn, of calls after the number was last given to somebody else.
A report's weight halves with every :data:`HALF_LIFE_DAYS`; of what one person tells of a number and a day, only the report
that weighs most has any. A number is a cluster from two reports on; a range only where it is used more than its surroundings
explain (:func:`quietline.clusters.by_range`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from django.db import OperationalError, connection, transaction

from quietline.clusters import WIDTHS, by_range, counted_once, decayed
from quietline.web.complaints.cluster_models import Cluster, ClusterMember
from quietline.web.complaints.models import Report

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from quietline.clusters import RangeGroups

__all__ = [
    "HALF_LIFE_DAYS", "MOST_ROWS", "Row", "count_all", "count_numbers", "count_ranges", "drop_gone", "is_free", "put",
]  # fmt: skip

HALF_LIFE_DAYS = 180
"""Days after which a report weighs half: numbers change hands, and what was found long ago says less about today."""
MOST_ROWS = 5_000_000
"""Reports of a country that ranges are looked for in, the newest: what fits into memory."""
_ERROR = 0.01
_LOCK = 0x51_45_43_4C  # "QECL"
_PATIENCE = "2s"
_CHUNK = 20_000
_EPOCH = date(2000, 1, 1)
_KIND_OF = {10: Cluster.Kind.RANGE_10, 100: Cluster.Kind.RANGE_100, 10_000: Cluster.Kind.RANGE_10000}

# the day of a report: of the call where it is known
_DAY = "coalesce(r.called_date, (r.called_at AT TIME ZONE 'UTC')::date, (r.reported_at AT TIME ZONE 'UTC')::date)"
_MOVED = """
SELECT e.key, max(e.happened_at) AS at FROM operators_lineevent e
WHERE e.kind IN ('disconnected', 'reassigned')
  AND NOT EXISTS (SELECT 1 FROM operators_lineundo u WHERE u.event_id = e.id) {keys}
GROUP BY e.key
"""
# a call on the very day of the change, of which only the day is known, may be the earlier holder's: it does not count
_COUNTED = (
    "r.withdrawn_at IS NULL AND r.weight > 0 AND (m.at IS NULL OR"
    " coalesce(r.called_at, r.called_date::timestamptz, r.reported_at) > m.at)"
)
_NUMBERS = f"""
WITH moved AS ({{moved}}), again AS (
  SELECT told.report_id FROM (
    SELECT c.report_id, row_number() OVER (
      PARTITION BY c.reporter_index, r.country, r.caller_key, {_DAY} ORDER BY r.weight DESC, r.id) AS place
    FROM complaints_complaint c
    JOIN complaints_report r ON r.id = c.report_id
    LEFT JOIN moved m ON m.key = r.caller_key
    WHERE c.reporter_index IS NOT NULL AND r.caller_key IS NOT NULL {{keys}} AND {_COUNTED}
  ) told WHERE told.place > 1
), counted AS (
  SELECT r.country, r.caller_key AS key, count(*) AS reports,
    round(sum(r.weight * power(0.5::float8, greatest(0, %(on)s::date - {_DAY}) / {HALF_LIFE_DAYS}::float8))
      FILTER (WHERE a.report_id IS NULL))::bigint AS weight,
    count(DISTINCT c.reporter_index) AS reporters, min({_DAY}) AS first, max({_DAY}) AS last
  FROM complaints_report r
  LEFT JOIN moved m ON m.key = r.caller_key
  LEFT JOIN complaints_complaint c ON c.report_id = r.id
  LEFT JOIN again a ON a.report_id = r.id
  WHERE r.caller_key IS NOT NULL {{keys}} AND {_COUNTED}
  GROUP BY r.country, r.caller_key
), written AS (
  INSERT INTO complaints_cluster AS old (kind, country, handle, first_key, last_key, report_count, weight, number_count,
    reporter_count, first_date, last_date, score, signals, state, reason, updated_at)
  SELECT 'number', n.country, n.key::text, n.key, n.key, n.reports, coalesce(n.weight, 0), 1, n.reporters, n.first, n.last,
    '{{{{}}}}', '{{{{}}}}', 'open', '', %(at)s
  FROM counted n
  WHERE n.reports > 1 OR EXISTS (
    SELECT 1 FROM complaints_cluster k WHERE k.kind = 'number' AND k.country = n.country AND k.handle = n.key::text)
  ORDER BY n.key
  ON CONFLICT (kind, country, handle) DO UPDATE SET report_count = excluded.report_count, weight = excluded.weight,
    reporter_count = excluded.reporter_count, first_date = excluded.first_date, last_date = excluded.last_date,
    updated_at = excluded.updated_at
  WHERE (old.report_count, old.weight, old.reporter_count, old.first_date, old.last_date) IS DISTINCT FROM
    (excluded.report_count, excluded.weight, excluded.reporter_count, excluded.first_date, excluded.last_date)
  RETURNING 1
), emptied AS (
  UPDATE complaints_cluster k SET report_count = 0, weight = 0, reporter_count = 0, updated_at = %(at)s
  WHERE k.kind = 'number' {{mine}} AND k.report_count > 0
    AND NOT EXISTS (SELECT 1 FROM counted n WHERE n.country = k.country AND n.key = k.first_key)
  RETURNING 1
)
SELECT (SELECT count(*) FROM written) + (SELECT count(*) FROM emptied)
"""  # noqa: S608 - put together of this module's own words
_COLUMNS = f"""
COPY (
  SELECT r.caller_key, ({_DAY} - '2000-01-01'::date)::int4, r.weight, coalesce(c.person, 0)::int8
  FROM complaints_report r
  LEFT JOIN moved_lines m ON m.key = r.caller_key
  LEFT JOIN (
    SELECT report_id, reporter_index, dense_rank() OVER (ORDER BY reporter_index) AS person FROM complaints_complaint
    WHERE reporter_index IS NOT NULL
  ) c ON c.report_id = r.id
  WHERE r.caller_key IS NOT NULL AND {_COUNTED} AND {_DAY} IS NOT NULL AND r.country = %s
) TO STDOUT (FORMAT BINARY)
"""  # noqa: S608 - as above; the country is checked


@dataclass(frozen=True, slots=True)
class Row:
    """A cluster as it is written; members as report ids with how strongly they belong, in hundredths."""

    kind: str
    country: str
    handle: str
    first_key: int | None
    last_key: int | None
    reports: int
    weight: int
    numbers: int
    reporters: int
    first: date | None
    last: date | None
    score: dict[str, Any]
    members: tuple[tuple[int, int], ...] = ()


def count_numbers(keys: Iterable[int] | None = None, *, at: datetime) -> int:
    """Count the reports of calling numbers into their clusters.

    Args:
        keys: of the numbers; None for all.
        at: now; weights are as of its day.

    Returns:
        how many clusters changed.
    """
    some = None if keys is None else sorted(set(keys))
    if some == []:
        return 0
    statement = _NUMBERS.format(
        moved=_MOVED.format(keys="" if some is None else "AND e.key = ANY(%(keys)s)"),
        keys="" if some is None else "AND r.caller_key = ANY(%(keys)s)",
        mine="" if some is None else "AND k.first_key = ANY(%(keys)s)",
    )
    with transaction.atomic(), connection.cursor() as cursor:
        take_turns()
        if some is None:
            cursor.execute("SET LOCAL work_mem = '256MB'")
        cursor.execute(statement, {"on": at.date(), "at": at, "keys": some})
        changed = int(cursor.fetchone()[0])
        gone = Cluster.objects.filter(kind=Cluster.Kind.NUMBER, state=Cluster.State.OPEN, report_count__lt=2, acts=None)
        (gone if some is None else gone.filter(first_key__in=some)).delete()
    return changed


def take_turns() -> None:
    """Let one count clusters at a time, to the end of the transaction: who counted earlier must not write later."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def is_free() -> bool:
    """Say whether one gets a turn within :data:`_PATIENCE`; it is given back at once.

    Who has other things to do too asks this first: a count of everything takes half a minute. One of many pieces lets others
    in between, since whoever waits is served in turn.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [_PATIENCE])
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            transaction.set_rollback(True)  # the turn and the setting go back, within a larger transaction too
    except OperationalError:
        return False
    return True


def count_ranges(*, at: datetime) -> int:
    """Look for ranges of 10, 100 and 10,000 numbers that are used more than their surroundings explain; give how many.

    All is reckoned first and then written at once, so that others who count wait for the writing alone.
    """
    found = 0
    for country in Report.objects.exclude(caller_key=None).order_by().values_list("country", flat=True).distinct():
        keys, days, weights, people = _columns(country)
        weights = np.where(counted_once(people, keys, days, weights), weights, 0.0)
        weights *= decayed(days, on=at.date(), half_life_days=HALF_LIFE_DAYS)
        ranges = {
            _KIND_OF[width]: _range_rows(by_range(keys, width, days, weights=weights), country, people) for width in WIDTHS
        }
        with transaction.atomic():
            for kind, rows in ranges.items():
                put(rows, at=at)
                drop_gone(kind, country, {row.handle for row in rows})
                found += len(rows)
    return found


def count_all(*, at: datetime) -> None:
    """Count all numbers anew, and look for ranges: after a whole file, and once a day, since weights halve with age."""
    count_numbers(at=at)
    count_ranges(at=at)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE complaints_cluster")


_FIELDS = np.dtype([
    ("n", ">i2"), ("l1", ">i4"), ("key", ">i8"), ("l2", ">i4"), ("day", ">i4"), ("l3", ">i4"), ("weight", ">i2"),
    ("l4", ">i4"), ("person", ">i8"),
])  # fmt: skip
_HEAD, _TAIL = 19, 2


def _columns(
    country: str,
) -> tuple[NDArray[np.uint64], NDArray[np.datetime64], NDArray[np.float64], NDArray[np.int64]]:
    """Read keys, days, weights and reporters (0 where not known), newest rows first where there are too many.

    The binary format of COPY (PostgreSQL, "COPY", Binary Format): 19 bytes, rows of counted fields, 2 bytes.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS moved_lines")
        cursor.execute(f"CREATE TEMP TABLE moved_lines ON COMMIT DROP AS {_MOVED.format(keys='')}")
        cursor.execute("SET LOCAL work_mem = '128MB'")
        with cursor.copy(_COLUMNS.replace("%s", f"'{_checked(country)}'")) as copy:
            data = bytearray()
            for block in copy:
                data += block
    rows = np.frombuffer(bytes(data[_HEAD:-_TAIL]), dtype=_FIELDS)
    if len(rows) > MOST_ROWS:
        rows = rows[np.argsort(-rows["day"], kind="stable")[:MOST_ROWS]]
    days = (rows["day"].astype(np.int64) + (_EPOCH - date(1970, 1, 1)).days).astype("datetime64[D]")
    return rows["key"].astype(np.uint64), days, rows["weight"].astype(np.float64), rows["person"].astype(np.int64)


def _checked(country: str) -> str:
    if len(country) != 2 or not country.isalpha():
        raise ValueError("a country has two letters")
    return country


def _range_rows(groups: RangeGroups, country: str, people: NDArray[np.int64]) -> list[Row]:
    chosen = np.flatnonzero(groups.surprising(_ERROR))
    known = np.flatnonzero((groups.of >= 0) & (people > 0))
    pairs = np.unique(np.stack((groups.of[known], people[known]), axis=1), axis=0)
    reporters = np.bincount(pairs[:, 0], minlength=len(groups)) if len(pairs) else np.zeros(len(groups), dtype=np.int64)
    return [
        Row(
            kind=_KIND_OF[groups.width], country=country, handle=str(int(groups.first_keys[i])),
            first_key=int(groups.first_keys[i]), last_key=int(groups.first_keys[i]) + groups.width - 1,
            reports=int(groups.reports[i]), weight=round(float(groups.weights[i])), numbers=int(groups.numbers[i]),
            reporters=int(reporters[i]), first=_day(groups.first[i]), last=_day(groups.last[i]),
            score={
                "expected": round(float(groups.expected[i]), 2), "bound": float(groups.bound[i]),
                "share": round(float(groups.share[i]), 4), "largest": round(float(groups.largest[i]), 4),
                "active_days": int(groups.active_days[i]),
            },
        )
        for i in chosen.tolist()
    ]  # fmt: skip


def _day(day: np.datetime64) -> date | None:
    return None if np.isnat(day) else date(1970, 1, 1) + timedelta(days=int(day.astype("datetime64[D]").astype(int)))


_PUT = """
INSERT INTO complaints_cluster AS old (kind, country, handle, first_key, last_key, report_count, weight, number_count,
  reporter_count, first_date, last_date, score, signals, state, reason, updated_at)
SELECT t.kind, t.country, t.handle, t.first_key, t.last_key, t.reports, t.weight, t.numbers, t.reporters, t.first::date,
  t.last::date, t.score::jsonb, '{}', 'open', '', %(at)s
FROM unnest(%(kind)s::text[], %(country)s::text[], %(handle)s::text[], %(first_key)s::bigint[], %(last_key)s::bigint[],
  %(reports)s::int[], %(weight)s::bigint[], %(numbers)s::int[], %(reporters)s::int[], %(first)s::date[], %(last)s::date[],
  %(score)s::text[])
  AS t (kind, country, handle, first_key, last_key, reports, weight, numbers, reporters, first, last, score)
ON CONFLICT (kind, country, handle) DO UPDATE SET first_key = excluded.first_key, last_key = excluded.last_key,
  report_count = excluded.report_count, weight = excluded.weight, number_count = excluded.number_count,
  reporter_count = excluded.reporter_count, first_date = excluded.first_date, last_date = excluded.last_date,
  score = excluded.score, updated_at = excluded.updated_at
RETURNING old.handle, old.id
"""


def put(rows: Sequence[Row], *, at: datetime) -> dict[str, int]:
    """Write clusters over what was known of them; their state and signals stay. Give their ids by handle.

    Args:
        rows: of one kind and country, handles each once.
        at: now.
    """
    ids: dict[str, int] = {}
    names = (
        "kind",
        "country",
        "handle",
        "first_key",
        "last_key",
        "reports",
        "weight",
        "numbers",
        "reporters",
        "first",
        "last",
    )
    with transaction.atomic(), connection.cursor() as cursor:
        take_turns()
        for start in range(0, len(rows), _CHUNK):
            some = rows[start : start + _CHUNK]
            values: dict[str, Any] = {name: [getattr(row, name) for row in some] for name in names}
            cursor.execute(_PUT, {**values, "score": [json.dumps(row.score) for row in some], "at": at})
            ids |= dict(cursor.fetchall())
    return ids


def drop_gone(kind: str, country: str, kept: Iterable[str], *, since: date | None = None) -> None:
    """Drop the clusters of a kind that were not found again, and empty those of them that somebody has decided about.

    What is dismissed, protected or part of a case keeps its figures: they are what was decided upon.

    Args:
        kind: of the clusters.
        country: of their reports.
        kept: handles that were found.
        since: only those with a report on this day or later: the others were not looked at.
    """
    gone = Cluster.objects.filter(kind=kind, country=country, state=Cluster.State.OPEN)
    if since is not None:
        gone = gone.filter(last_date__gte=since)
    known = set(kept)
    ids = [pk for pk, handle in gone.values_list("pk", "handle") if handle not in known]
    with transaction.atomic():
        Cluster.objects.filter(pk__in=ids, acts=None).delete()
        decided = Cluster.objects.filter(pk__in=ids)  # taken up again: the acts stay, and so does what they are about
        ClusterMember.objects.filter(cluster__in=decided).delete()
        decided.update(report_count=0, weight=0, number_count=0, reporter_count=0)
