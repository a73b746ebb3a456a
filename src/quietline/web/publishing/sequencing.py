"""The sequencer: numbers what has been committed, and writes feeds and the ledger from it.

Requests write changes and leaves without a number, in their own transactions, and never wait for each other. One
process, alone by an advisory lock, numbers them in batches. What it has numbered decides all that is published: a feed
is its register's changes in the order of numbers, the ledger is the leaves in the order of indexes. So a process that
dies between two steps is followed by one that writes the same bytes again.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection, transaction

from quietline.errors import OperationError
from quietline.feed.lines import Imported, decode
from quietline.ledger.log import LogWriter
from quietline.ledger.paths import CHECKPOINT
from quietline.ledger.reading import LogReader
from quietline.web.base.metrics import FEED_LAG, SEQUENCED
from quietline.web.base.statements import run
from quietline.web.proofs.objects import bucket_of
from quietline.web.publishing.areas import ALL, area_of, projection_of_area
from quietline.web.publishing.importing import NUMBERING_LOCK, part_of_import
from quietline.web.publishing.lines import line_of_change
from quietline.web.publishing.models import Change, Feed
from quietline.web.publishing.objects import feed_origin, feed_store, ledger_origin, ledger_store, signing_key, trusted_keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quietline.feed.lines import Line

__all__ = ["Sequencer"]

_LOCK = 0x51_4C_53_51  # "QLSQ": one sequencer for one database
_BATCH = 5_000
_LOOK_EVERY = timedelta(seconds=1)
"""How long a feed that was opened may wait for its first checkpoint."""
_IN_BUCKET_AT_ONCE = 8

_NUMBER = """
WITH waiting AS (SELECT id FROM {table} WHERE {column} IS NULL ORDER BY id LIMIT %s),
     numbered AS (SELECT id, row_number() OVER (ORDER BY id) AS place FROM waiting)
UPDATE {table} t SET {column} = %s + n.place FROM numbered n WHERE t.id = n.id
"""
# by the index of changes that are of an import: there are few of these for ever
_NUMBER_IMPORTS = """
WITH waiting AS (
    SELECT c.id FROM publishing_import b JOIN publishing_change c ON c.bulk_id = b.id WHERE c.number IS NULL),
     numbered AS (SELECT id, row_number() OVER (ORDER BY id) AS place FROM waiting)
UPDATE publishing_change t SET number = %s + n.place FROM numbered n WHERE t.id = n.id
"""

# these run ten times a second: prepared, and without the ORM, which would take more time than they do
_HASHES = "SELECT hash FROM proofs_leaf WHERE index >= %(first)s AND index < %(end)s ORDER BY index"
_TOUCHED = """
SELECT id FROM publishing_feed WHERE register_id IN (
    SELECT register_id FROM publishing_change WHERE number > %(before)s AND number <= %(last)s
)
"""
_FEEDS = "SELECT id FROM publishing_feed ORDER BY id"
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
        self._ledger = LogWriter.open(ledger_store(), origin=ledger_origin(), key=signing_key(), trusted=trusted_keys())
        if self._ledger.size > self._index + 1:
            raise _ahead("The ledger")
        self._feeds: OrderedDict[int, _FeedWriter] = OrderedDict()  # by the time when they were signed, the oldest first
        self._ledger_signed_at: datetime | None = None
        self._looked_at: datetime | None = None

    def step(self, *, at: datetime) -> int:
        """Number what waits, write it to feeds and ledger; give how many changes and leaves there were.

        Feeds that were opened since are written within a second, with a checkpoint of their own also where they are empty.

        Args:
            at: now; stands in the checkpoints.
        """
        with transaction.atomic():
            changes = self._numbered_imports()
            changes += self._numbered("publishing_change", "number", self._number + changes)
            leaves = self._numbered("proofs_leaf", "index", self._index)
        before = self._number
        self._number += changes
        self._index += leaves
        SEQUENCED.inc(changes)
        if changes:
            touched = run(_TOUCHED, {"before": before, "last": self._number})
            self._write_feeds([feed_id for (feed_id,) in touched], at)
        if self._looked_at is None or at - self._looked_at >= _LOOK_EVERY:
            self._looked_at = at
            self._write_new_feeds(at)
        self._write_ledger(at)
        return changes + leaves

    def sign_due(self, *, at: datetime, after: timedelta, seconds: float) -> timedelta:
        """Sign anew what nothing was written to for a while, so that followers see that nothing is held back from them.

        Args:
            at: now; stands in the checkpoints.
            after: how old a signature may become before it is due; the oldest come first.
            seconds: for how long to go on signing; some are signed in any case, so that all have their turn.

        Returns:
            The age of the oldest signature that is left.
        """
        end = time.monotonic() + seconds
        if self._ledger_signed_at is None or at - self._ledger_signed_at >= after:
            self._ledger.sign(at)
            self._ledger_signed_at = at
        while due := self._oldest(at - after):
            if len(due) == 1:
                self._feeds[due[0]].sign(at)
            else:
                with ThreadPoolExecutor(len(due)) as pool:
                    list(pool.map(lambda feed_id: self._feeds[feed_id].sign(at), due))
            for feed_id in due:
                self._feeds.move_to_end(feed_id)
            if time.monotonic() > end:
                break
        return max((at - writer.signed_at for writer in islice(self._feeds.values(), 1)), default=timedelta(0))

    def _oldest(self, until: datetime) -> list[int]:
        """Give some feeds that were signed at that time or before; they stand in the order in which they were signed."""
        # a bucket answers late, and many at once; a disk is quickest with one after the other
        at_once = 1 if bucket_of(settings.ENVIRONMENT) is None else _IN_BUCKET_AT_ONCE
        first = islice(self._feeds.items(), at_once)
        return [feed_id for feed_id, writer in first if writer.signed_at <= until]

    def sign(self, *, at: datetime) -> None:
        """Sign everything anew, also what was opened this very moment."""
        self._looked_at = None
        self.step(at=at)
        self._ledger.sign(at)
        for writer in self._feeds.values():
            writer.sign(at)

    def _numbered_imports(self) -> int:
        """Number imports before all that waits with them.

        An import has cut out what had entries when it looked; whatever is listed since has to come behind it. Until this
        transaction is over none is committed, so none comes in behind what it has to come before.
        """
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [NUMBERING_LOCK])
            cursor.execute(_NUMBER_IMPORTS, [self._number])
            return int(cursor.rowcount)

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
            self._ledger_signed_at = at

    def _write_new_feeds(self, at: datetime) -> None:
        new = [feed_id for (feed_id,) in run(_FEEDS, {}) if feed_id not in self._feeds]
        if new:
            self._write_feeds(new, at)
            self._feeds = OrderedDict(sorted(self._feeds.items(), key=lambda item: item[1].signed_at))

    def _write_feeds(self, feeds: Sequence[int], at: datetime) -> None:
        """Write feeds up to the last number; one that has nothing gets its first checkpoint."""
        for feed_id in feeds:
            writer = self._feeds.get(feed_id)
            if writer is None:
                writer = self._feeds[feed_id] = _FeedWriter(Feed.objects.select_related("register").get(pk=feed_id))
            if writer.catch_up(self._number, at):
                self._feeds.move_to_end(feed_id)


class _FeedWriter:
    """Writes one feed. What it has written tells where to go on: nothing else is remembered."""

    def __init__(self, feed: Feed) -> None:
        self._register = feed.register
        self._projection = feed.projection
        store = feed_store(feed.register.code, feed.projection)
        origin = feed_origin(feed.register.code, feed.projection)
        self.log = LogWriter.open(store, origin=origin, key=signing_key(), trusted=trusted_keys())
        reader = LogReader(store, origin=origin, trusted=trusted_keys())
        self._number = _last_in(reader, self.log.size)
        self._is_begun = store.exists(CHECKPOINT)
        self.signed_at = reader.checkpoint().at if self._is_begun else datetime.min.replace(tzinfo=UTC)
        """When it was signed last; long ago where it never was."""

    def catch_up(self, last: int, at: datetime) -> bool:
        """Append the register's changes up to a number; say whether it was signed."""
        if self._number > last:
            raise _ahead("A feed")
        is_signed = False
        while self._number < last:
            rows = run(_CHANGES, {"register": self._register.pk, "before": self._number, "last": last, "most": _BATCH})
            changes = [Change.from_db(None, _COLUMNS, row) for row in rows]
            lines = [line for change in changes if self._holds(change) and (line := self._line(change)) is not None]
            if lines:
                self.log.append([line.encode() for line in lines], at=at)
                self.signed_at, is_signed = at, True
                FEED_LAG.observe((at - lines[0].at).total_seconds())
            self._number = int(changes[-1].number or last) if len(changes) == _BATCH else last
        if not (self._is_begun or is_signed):  # nothing stands in it yet, and that is said with a signature, too
            self.sign(at)
            is_signed = True
        self._is_begun = True
        return is_signed

    def sign(self, at: datetime) -> None:
        """Sign it anew as it stands."""
        self.log.sign(at)
        self.signed_at = at

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


def _last_in(reader: LogReader, size: int) -> int:
    """Give the number of the last change that stands in a feed; 0 where there is none."""
    if not size:
        return 0
    lines: Sequence[bytes] = list(reader.entries(size - 1, size))
    return int(decode(lines[0]).number)


def _ahead(what: str) -> OperationError:
    """Say that what is published goes further than the database: to go on would fork it before everybody's eyes."""
    return OperationError(
        f"{what} holds more than the database does.",
        advice="The database was restored from an older backup; see docs/how-to/back-up-and-restore.md.",
        code="sequencer.ahead",
    )
