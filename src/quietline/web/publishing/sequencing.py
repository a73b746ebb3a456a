"""The sequencer: numbers what has been committed, and writes feeds and the ledger from it.

Requests write changes and leaves without a number, in their own transactions, and never wait for each other. One
process, alone by an advisory lock, numbers them in batches. What it has numbered decides all that is published: a feed
is its register's changes in the order of numbers, the ledger is the leaves in the order of indexes. So a process that
dies between two steps is followed by one that writes the same bytes again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection, transaction

from quietline.errors import OperationError
from quietline.feed.lines import Imported, decode
from quietline.ledger.log import LogWriter
from quietline.ledger.reading import LogReader
from quietline.web.base.metrics import FEED_LAG, SEQUENCED
from quietline.web.base.statements import run
from quietline.web.publishing.areas import ALL, area_of, projection_of_area
from quietline.web.publishing.importing import part_of_import
from quietline.web.publishing.lines import line_of_change
from quietline.web.publishing.models import Change, Feed
from quietline.web.publishing.objects import feed_origin, feed_store, ledger_origin, ledger_store, signing_key

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from quietline.feed.lines import Line
    from quietline.ledger.objects import ObjectReader

__all__ = ["Sequencer"]

_LOCK = 0x51_4C_53_51  # "QLSQ": one sequencer for one database
_BATCH = 5_000

_NUMBER = """
WITH waiting AS (SELECT id FROM {table} WHERE {column} IS NULL ORDER BY id LIMIT %s),
     numbered AS (SELECT id, row_number() OVER (ORDER BY id) AS place FROM waiting)
UPDATE {table} t SET {column} = %s + n.place FROM numbered n WHERE t.id = n.id
"""


# these run ten times a second: prepared, and without the ORM, which would take more time than they do
_HASHES = "SELECT hash FROM proofs_leaf WHERE index >= %(first)s AND index < %(end)s ORDER BY index"
_TOUCHED = """
SELECT id FROM publishing_feed WHERE register_id IN (
    SELECT register_id FROM publishing_change WHERE number > %(before)s AND number <= %(last)s
)
"""
_COLUMNS = tuple(field.attname for field in Change._meta.concrete_fields)  # noqa: SLF001 - its documented interface
_CHANGES = (
    f"SELECT {', '.join(_COLUMNS)} FROM publishing_change"  # noqa: S608 - our own names
    " WHERE register_id = %(register)s AND number > %(before)s AND number <= %(last)s ORDER BY number LIMIT %(most)s"
)


class Sequencer:
    """Numbers and publishes. One at a time; :meth:`step` over and over.

    Raises:
        OperationError: another process is the sequencer of this database.
    """

    def __init__(self) -> None:
        self._take_lock()  # first: what another one is still writing must be seen
        self._number, self._index = _last_number("publishing_change", "number"), _last_number("proofs_leaf", "index")
        self._ledger = LogWriter.open(ledger_store(), origin=ledger_origin(), key=signing_key())
        if self._ledger.size > self._index + 1:
            raise _ahead("The ledger")
        self._feeds: dict[int, _FeedWriter] = {}
        self._is_fresh = True

    def step(self, *, at: datetime) -> int:
        """Number what waits, write it to feeds and ledger; give how many changes and leaves there were.

        Args:
            at: now; stands in the checkpoints.
        """
        with transaction.atomic():
            changes = self._numbered("publishing_change", "number", self._number)
            leaves = self._numbered("proofs_leaf", "index", self._index)
        before = 0 if self._is_fresh else self._number
        self._number += changes
        self._index += leaves
        SEQUENCED.inc(changes)
        if changes or self._is_fresh:
            self._write_feeds(before, at)
        self._write_ledger(at)
        self._is_fresh = False
        return changes + leaves

    def sign(self, *, at: datetime) -> None:
        """Sign everything anew, so that followers see that nothing is being held back from them."""
        self._ledger.sign(at)
        for writer in self._feeds.values():
            writer.log.sign(at)
        self._is_fresh = True  # the next step looks at all feeds, also at those that were opened since

    @staticmethod
    def _numbered(table: str, column: str, last: int) -> int:
        with connection.cursor() as cursor:
            cursor.execute(_NUMBER.format(table=table, column=f'"{column}"'), [_BATCH, last])
            return int(cursor.rowcount)

    @staticmethod
    def _take_lock() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
            if not cursor.fetchone()[0]:
                raise OperationError(
                    "Another process is the sequencer of this database.", advice="Run one only.", code="sequencer.other"
                )

    def _write_ledger(self, at: datetime) -> None:
        while self._ledger.size <= self._index:
            first = self._ledger.size
            entries = [row[0] for row in run(_HASHES, {"first": first, "end": first + 4 * _BATCH})]
            if not entries:
                return
            self._ledger.append(entries, at=at)

    def _write_feeds(self, before: int, at: datetime) -> None:
        """Write the feeds of the registers that have changes behind a number; at the start, of all."""
        for (feed_id,) in run(_TOUCHED, {"before": before, "last": self._number}):
            writer = self._feeds.get(feed_id)
            if writer is None:
                writer = self._feeds[feed_id] = _FeedWriter(Feed.objects.select_related("register").get(pk=feed_id))
            writer.catch_up(self._number, at)


class _FeedWriter:
    """Writes one feed. What it has written tells where to go on: nothing else is remembered."""

    def __init__(self, feed: Feed) -> None:
        self._register = feed.register
        self._projection = feed.projection
        store = feed_store(feed.register.code, feed.projection)
        origin = feed_origin(feed.register.code, feed.projection)
        self.log = LogWriter.open(store, origin=origin, key=signing_key())
        self._number = _last_in(store, origin, self.log.size)

    def catch_up(self, last: int, at: datetime) -> None:
        """Append the register's changes up to a number."""
        if self._number > last:
            raise _ahead("A feed")
        while self._number < last:
            rows = run(_CHANGES, {"register": self._register.pk, "before": self._number, "last": last, "most": _BATCH})
            changes = [Change.from_db(None, _COLUMNS, row) for row in rows]
            lines = [line for change in changes if self._holds(change) and (line := self._line(change)) is not None]
            if lines:
                self.log.append([line.encode() for line in lines], at=at)
                FEED_LAG.observe((at - lines[0].at).total_seconds())
            self._number = int(changes[-1].number or last) if len(changes) == _BATCH else last

    def _holds(self, change: Change) -> bool:
        if change.projection:  # a mark or a publication of one projection
            return change.projection == self._projection
        if self._projection == ALL:
            return True
        return change.bulk is not None or (
            change.key is not None and projection_of_area(area_of(change.key)) == self._projection
        )

    def _line(self, change: Change) -> Line | None:
        """Give the line of a change in this feed; None where an import has nothing of the area."""
        bulk = change.bulk
        if bulk is None or self._projection == ALL:
            return line_of_change(change)
        # an import reaches the feeds of areas as a file of their own, made when it was taken over or the feed was opened
        part = part_of_import(self._register, bulk.sha256, self._projection)
        if not part.numbers:
            return None
        number = change.number or 0
        return Imported(at=change.at, number=number, sha256=part.sha256, count=part.numbers, list_date=bulk.list_date)


def _last_number(table: str, column: str) -> int:
    """Give the last number given; -1 for indexes, which begin at 0, and 0 for numbers, which begin at 1."""
    start = -1 if column == "index" else 0
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT coalesce(max("{column}"), %s) FROM {table}', [start])  # noqa: S608 - our own names
        return int(cursor.fetchone()[0])


def _last_in(store: ObjectReader, origin: str, size: int) -> int:
    """Give the number of the last change that stands in a feed; 0 where there is none."""
    if not size:
        return 0
    reader = LogReader(store, origin=origin, trusted=[signing_key().public])
    lines: Sequence[bytes] = list(reader.entries(size - 1, size))
    return int(decode(lines[0]).number)


def _ahead(what: str) -> OperationError:
    """Say that what is published goes further than the database: to go on would fork it before everybody's eyes."""
    return OperationError(
        f"{what} holds more than the database does.",
        advice="The database was restored from an older backup; see docs/how-to/back-up-and-restore.md.",
        code="sequencer.ahead",
    )
