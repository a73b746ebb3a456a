"""Published register files, made from the feed and from nothing else.

A mark is put into the feed; what stands before it is applied to the publisher's own copy; the copy is written as a file;
the publication, with the file's hash and the digest of its content, follows in the feed. So a file says exactly what the
feed says, and every follower of the feed checks that it does.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import DatabaseError, connection, transaction

from quietline.errors import OperationError
from quietline.feed.copying import apply_lines, create_empty, day_at
from quietline.feed.digest import content_digest
from quietline.feed.lines import Marked, Published, decode, file_path
from quietline.ledger.paths import CHECKPOINT
from quietline.ledger.reading import LogReader
from quietline.registers import Metadata
from quietline.registers import Register as RegisterReader
from quietline.registers.changes import rewrite_register
from quietline.web.base.logs import log
from quietline.web.base.metrics import FILES_FAILED
from quietline.web.proofs.operations import new_leaf, write_leaves
from quietline.web.publishing.models import Change, Feed, RegisterFile
from quietline.web.publishing.objects import feed_origin, feed_store, trusted_keys

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from quietline.feed.lines import Imported, Line

__all__ = ["publish_due_files", "publish_file"]

_EVERY = timedelta(hours=24)
_PATIENCE_SECONDS = 20.0
_SHORT_PATIENCE_SECONDS = 2.0
_MOST_WAITED = 5
_RUN = 65_536
_LOCK = 0x51_4C_50_46  # "QLPF", with the id of the feed
_log = log("publishing")


def publish_due_files(*, at: datetime) -> int:
    """Publish every feed that has changed since its last file, at most once a day; give how many.

    A feed that cannot be published is logged and counted, and keeps no other from being published.
    """
    count = waited = 0
    for feed in Feed.objects.select_related("register"):
        try:
            if not _is_due(feed, at):
                continue
            publish_file(feed=feed, at=at, patience_seconds=_SHORT_PATIENCE_SECONDS if waited else _PATIENCE_SECONDS)
        except DatabaseError:  # of no single feed
            raise
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one feed, the others go on
            FILES_FAILED.labels(feed.register.code).inc()
            _log.exception("not published", register=feed.register.code, projection=feed.projection)
            waited = waited + 1 if getattr(error, "code", "") == "publish.waiting" else 0
            if waited == _MOST_WAITED:  # so many one after the other: the sequencer is away
                break
        else:
            count, waited = count + 1, 0
    return count


def _is_due(feed: Feed, at: datetime) -> bool:
    """Whether a day has gone by, and a change has a number behind that of the mark that the last file was built for.

    Times of changes would not do: one that was made before the mark can be committed after it.
    """
    last = RegisterFile.objects.filter(register=feed.register, projection=feed.projection).order_by("-version").first()
    if last is not None and last.at > at - _EVERY:
        return False
    newer = Change.objects.filter(register=feed.register, projection="", number__isnull=False)
    if last is not None:
        own = Change.objects.filter(register=feed.register, projection=feed.projection)
        publication = own.get(operation=Change.Operation.PUBLISH, file=last)
        mark = own.filter(operation=Change.Operation.MARK, pk__lt=publication.pk).order_by("-pk").first()
        newer = newer.filter(number__gt=mark.number if mark is not None else 0)
    return newer.exists()


def publish_file(*, feed: Feed, at: datetime, patience_seconds: float = _PATIENCE_SECONDS) -> RegisterFile:
    """Publish one projection as it stands now.

    Args:
        feed: the projection.
        at: now.
        patience_seconds: how long to wait for the sequencer, each of the two times.

    Raises:
        OperationError: the sequencer does not write, ``publish.waiting``; another process publishes this feed,
            ``publish.other``.
    """
    with _alone(feed):
        return _published(feed, at, patience_seconds)


@contextmanager
def _alone(feed: Feed) -> Iterator[None]:
    """Keep other publishers off the feed's working copy, on whichever machine they are."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_LOCK, feed.pk])
        if not cursor.fetchone()[0]:
            raise OperationError(
                "Another process publishes this feed.", advice="Wait until it is done.", code="publish.other"
            )
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCK, feed.pk])


def _published(feed: Feed, at: datetime, patience_seconds: float) -> RegisterFile:
    mark = _open_mark(feed) or _put_mark(feed, at)
    copy = _WorkingCopy(feed)
    size = _await(lambda: copy.advance_to(mark.pk), patience_seconds)
    file = copy.write_file(size=size, at=at)
    with transaction.atomic():
        file.save(force_insert=True)
        write_leaves("file", [file], at=at)
        _record(
            Change(register=feed.register, operation=Change.Operation.PUBLISH, file=file, projection=feed.projection, at=at)
        )
    _await(copy.name_latest, patience_seconds)
    _log.info("published", register=feed.register.code, projection=feed.projection, version=file.version)
    return file


def _open_mark(feed: Feed) -> Change | None:
    """Give a mark that no publication followed: the process ended in between."""
    last = Change.objects.filter(register=feed.register, projection=feed.projection).order_by("-pk").first()
    return last if last is not None and last.operation == Change.Operation.MARK else None


def _put_mark(feed: Feed, at: datetime) -> Change:
    mark = Change(register=feed.register, operation=Change.Operation.MARK, projection=feed.projection, at=at)
    with transaction.atomic():
        _record(mark)
    return mark


def _record(change: Change) -> None:
    change.save(force_insert=True)
    new_leaf("change", change, at=change.at).save(force_insert=True)


def _await(attempt: object, patience_seconds: float) -> int:
    end = time.monotonic() + patience_seconds
    while (found := attempt()) is None:  # type: ignore[operator]
        if time.monotonic() > end:
            raise OperationError(
                "The sequencer does not write the feed.", advice="Look whether it runs.", code="publish.waiting"
            )
        time.sleep(0.1)
    return int(found)


class _WorkingCopy:
    """The publisher's copy of one feed, and how many of its entries it holds."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        code, projection = feed.register.code, feed.projection
        self._folder: Path = settings.ENVIRONMENT.home / "publishing" / code / projection
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path, self._state = self._folder / "copy.qlr", self._folder / "size.json"
        self._fetched = self._folder / "fetched"
        self._store = feed_store(code, projection)
        self._reader = LogReader(self._store, origin=feed_origin(code, projection), trusted=trusted_keys())
        if not self._path.exists() or not self._state.exists():
            create_empty(self._path, Metadata(name=feed.register.title, country=feed.register.country))
            self._save(0)

    @property
    def _size(self) -> int:
        return int(json.loads(self._state.read_text())["size"])

    def _save(self, size: int) -> None:
        temporary = self._state.with_suffix(".new")
        temporary.write_text(json.dumps({"size": size}))
        temporary.replace(self._state)

    def advance_to(self, mark_id: int) -> int | None:
        """Apply what stands before a mark; give the place of the mark, None while it is not written yet."""
        number = Change.objects.values_list("number", flat=True).get(pk=mark_id)
        if number is None or not self._store.exists(CHECKPOINT):
            return None
        for start, lines in self._runs():
            for place, line in enumerate(lines):
                if isinstance(line, Marked) and line.number == number:
                    self._apply(lines[:place], start + place)
                    return start + place
            self._apply(lines, start + len(lines))
        return None

    def _runs(self) -> Iterator[tuple[int, list[Line]]]:
        start, end = self._size, self._reader.checkpoint().size
        while start < end:
            stop = min(end, start + _RUN)
            yield start, [decode(entry) for entry in self._reader.entries(start, stop)]
            start = stop

    def _apply(self, lines: list[Line], size: int) -> None:
        if lines:
            apply_lines(self._path, lines, fetch=self._import_file, list_date=None, version=None)
        self._save(size)  # after the copy: what was applied twice comes to the same
        shutil.rmtree(self._fetched, ignore_errors=True)

    def _import_file(self, line: Imported) -> Path:
        return self._store.local(line.path, self._fetched)

    def write_file(self, *, size: int, at: datetime) -> RegisterFile:
        """Write the copy as a published file and describe it; the row is not saved yet."""
        feed = self._feed
        versions = RegisterFile.objects.filter(register=feed.register, projection=feed.projection)
        version = 1 + (versions.order_by("-version").values_list("version", flat=True).first() or 0)
        new = self._folder / "new.qlr"
        with RegisterReader(self._path) as register:
            day = day_at(at, register.metadata)
            rewrite_register(register, new, replace(register.metadata, version=version, list_date=day, built_at=at))
        with RegisterReader(new) as register:
            content, count = content_digest(register), len(register)
        with new.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        length = new.stat().st_size
        self._store.keep_file(file_path(sha256), new)
        new.unlink()
        return RegisterFile(
            register=feed.register,
            projection=feed.projection,
            version=version,
            size=size,
            numbers_count=count,
            bytes=length,
            sha256=sha256,
            content=content,
            object_path=file_path(sha256),
            at=at,
        )

    def name_latest(self) -> int | None:
        """Name the newest publication in ``latest.json``; None while it is not written yet."""
        newest = (
            RegisterFile.objects.filter(register=self._feed.register, projection=self._feed.projection)
            .order_by("-version")
            .first()
        )
        if newest is None:
            return None
        start, end = newest.size, self._reader.checkpoint().size
        for place, entry in enumerate(self._reader.entries(start, end), start=start):
            line = decode(entry)
            if isinstance(line, Published) and line.version == newest.version:
                self._store.replace("latest.json", json.dumps({"index": place}).encode())
                return place
        return None
