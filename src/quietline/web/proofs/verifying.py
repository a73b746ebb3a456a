"""Check the database against the published log and itself, in one snapshot and in bounded memory.

It finds what somebody changed who can write the database and the folder of objects, but not sign. What it cannot find
is written in docs/reference/ledger.md: acts that were never recorded, and a past that was rewritten by whoever holds the
key before anybody else kept a checkpoint of it.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet

from quietline.ledger.checkpoint import parse_checkpoint
from quietline.web.proofs.beside import rows_checked
from quietline.web.proofs.entries import check_entries, check_numbers
from quietline.web.proofs.findings import DatabaseReport, Findings
from quietline.web.proofs.imports import check_files, check_imports
from quietline.web.proofs.kinds import model_of, proven_models
from quietline.web.proofs.objects import objects_store
from quietline.web.proofs.published import PinnedLog, Waiting, check_feed, check_leaves
from quietline.web.proofs.rows import CHUNK, tombstones_by_reason
from quietline.web.proofs.washes import check_washes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from quietline.ledger.objects import FileStore
    from quietline.ledger.reading import LogReader
    from quietline.web.proofs.published import LoggedFeed

__all__ = ["verify_database"]


def verify_database(
    *,
    log: LogReader | None,
    at: datetime,
    feeds: Sequence[LoggedFeed] = (),
    since: bytes | None = None,
    objects: FileStore | None = None,
    more: Sequence[Callable[[Findings], None]] = (),
) -> DatabaseReport:
    """Check every leaf, every proven row, every entry, import and wash, and the feeds that are given.

    Args:
        log: the published log, with its origin; None checks the database against itself only.
        at: now, aware: what waits to be numbered or published for less than 60 seconds is no finding.
        feeds: of all numbers, one for each register at most.
        since: signed text of an older checkpoint of the log, kept elsewhere: the log has to continue it.
        objects: where imported files and the sealed sets of washes lie; None takes the installation's own store.
        more: checks that rooms above bring, of rows that one leaf covers together; they see the same snapshot.

    Raises:
        LedgerError: ``since`` is no checkpoint of this log, signed by a key that is trusted.
        TransactionManagementError: a transaction is open, which would not be a snapshot.
    """
    if log is not None and since is not None:
        parse_checkpoint(since, origin=log.origin, trusted=log.trusted)
    findings, waiting = Findings(), Waiting()
    # sizes first, the snapshot behind them: what was published by then is in the database by then
    pinned = None if log is None else PinnedLog(log, "log", since)
    pinned_feeds = [(feed, PinnedLog(feed.reader, "feed")) for feed in feeds]
    models = proven_models()
    store = objects_store("") if objects is None else objects
    with _snapshot(), rows_checked(models, findings) as checked:
        leaves = check_leaves(pinned, findings, at=at, waiting=waiting)
        changes = check_numbers(findings)
        _count_unnumbered(waiting, at)
        check_entries(findings)
        check_imports(store, findings)
        check_files(store, findings)
        check_washes(store, findings, since=at - timedelta(days=settings.ENVIRONMENT.wash_log_days))
        for check in more:
            check(findings)
        lines = sum(check_feed(feed, one, findings, at=at, waiting=waiting) for feed, one in pinned_feeds)
        tombstones = tombstones_by_reason(models)
        rows = checked()
    return DatabaseReport(
        at=at,
        log_size=None if pinned is None else pinned.size,
        leaves=leaves,
        rows=rows,
        changes=changes,
        feed_lines=lines,
        tombstones=sum(sum(counts.values()) for counts in tombstones.values()),
        tombstones_by=tombstones,
        waiting=waiting.short,
        waiting_long=waiting.long,
        findings=tuple(findings.named),
        counts=dict(sorted(findings.counts.items())),
    )


def _count_unnumbered(waiting: Waiting, at: datetime) -> None:
    changes: QuerySet[Any] = QuerySet(model_of("change"))
    for made_at in changes.filter(number__isnull=True).values_list("at", flat=True).iterator(chunk_size=CHUNK):
        waiting.add(made_at, at)


@contextmanager
def _snapshot() -> Iterator[None]:
    """Let all reads see one moment, and let nothing be written."""
    if connection.in_atomic_block:
        raise transaction.TransactionManagementError("a check of the database begins a transaction of its own")
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield
