"""Is what is published what the database says? Leaves against the log, changes against feeds.

Entries of a log come from a follower, so each is proven to belong under the signed root before it is compared.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Q, QuerySet

from quietline.errors import LedgerError
from quietline.ledger.reading import Follower, FollowerState
from quietline.web.proofs.kinds import model_of
from quietline.web.proofs.models import Leaf
from quietline.web.proofs.rows import CHUNK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date, datetime

    from quietline.ledger.reading import LogReader
    from quietline.web.proofs.findings import Findings

__all__ = ["WAIT", "LoggedFeed", "PinnedLog", "check_feed", "check_leaves"]

WAIT = timedelta(seconds=60)
"""How long a change or leaf may be on its way before that is said."""

_CODES = {"ledger.forked": "log-forked", "ledger.shrunk": "log-shrunk"}


@dataclass(frozen=True, slots=True)
class LoggedFeed:
    """A feed to be compared with the changes of its register.

    Attributes:
        register_id: of the register.
        name: for people, ``dnc-us/all`` say.
        reader: of its log, with its origin.
        line_of: gives the line of a change, as bytes; the change comes with its import and file.
    """

    register_id: int
    name: str
    reader: LogReader
    line_of: Callable[[Any], bytes]


class PinnedLog:
    """A log up to where it reached at one moment, which has to lie before the database's: then that knows all of it.

    Args:
        reader: of the log, with its origin.
        since: signed text of an older checkpoint, kept elsewhere; the log has to continue it.
    """

    def __init__(self, reader: LogReader, kind: str, since: bytes | None = None) -> None:
        self._reader, self._kind, self._since = reader, kind, since
        self._problem: LedgerError | None = None
        self.size = 0
        try:
            self.size = reader.checkpoint().size
        except LedgerError as error:
            self._problem = error

    def report_problem(self, findings: Findings, *, is_needed: bool) -> None:
        """Say what is wrong with the log's checkpoint; that there is none, only where something ought to be in the log."""
        if self._problem is not None and (is_needed or self._problem.code != "ledger.missing" or self._since):
            self._report(self._problem, findings)

    def entries(self, findings: Findings) -> Iterator[bytes]:
        """Give the entries, each proven; where that ends too early, a finding says why."""
        if self._problem is not None:
            return
        given = 0
        for text in ([self._since.decode()] if self._since else []) + [""]:
            state = FollowerState(self._reader.origin or "", checkpoint=text)
            try:
                for batch in Follower(self._reader, state).advance():
                    yield from batch.entries[: self.size - given]
                    given = min(self.size, given + len(batch.entries))
            except LedgerError as error:
                self._report(error, findings)
                if given or error.code not in _CODES:
                    return
                continue  # another past than the one that was kept: compare the database with this one all the same
            return

    def _report(self, error: LedgerError, findings: Findings) -> None:
        findings.add(_CODES.get(error.code, "log-broken"), self._kind, None, error.message)


@dataclass(slots=True)
class Waiting:
    """What is on its way: for a short time, and for longer."""

    short: int = 0
    long: int = 0

    def add(self, made_at: datetime, at: datetime) -> bool:
        """Count one; say whether it has waited long."""
        is_long = at - made_at > WAIT
        self.long += is_long
        self.short += not is_long
        return is_long


def check_leaves(log: PinnedLog | None, findings: Findings, *, at: datetime, waiting: Waiting) -> int:
    """Compare every leaf that has an index with the entry of the log there; give how many leaves there are.

    Finds ``leaf-missing``, ``leaf-changed``, ``not-in-log``, ``log-broken``, ``log-forked`` and ``log-shrunk``.
    """
    unnumbered = 0
    for made_at in Leaf.objects.filter(index__isnull=True).values_list("at", flat=True).iterator(chunk_size=CHUNK):
        unnumbered += 1
        waiting.add(made_at, at)
    size = 0 if log is None else log.size
    numbered = _compare_leaves(log, size, findings)
    if log is not None:
        log.report_problem(findings, is_needed=numbered > 0)
        beyond = Leaf.objects.filter(index__gte=size).order_by("index").values_list("index", "kind", "record", "at")
        for index, kind, record, made_at in beyond.iterator(chunk_size=CHUNK):
            if waiting.add(made_at, at):
                findings.add("not-in-log", kind, record, f"its leaf has index {index}, the log has {size} entries")
    return numbered + unnumbered


def _compare_leaves(log: PinnedLog | None, size: int, findings: Findings) -> int:
    """Walk through leaves and entries side by side; give how many leaves have an index."""
    entries = iter(()) if log is None else log.entries(findings)
    rows = Leaf.objects.filter(index__isnull=False).order_by("index").values_list("index", "kind", "record", "hash")
    expected = numbered = 0
    index: int | None
    for index, kind, record, value in rows.iterator(chunk_size=CHUNK):
        if index is None or index < expected:
            findings.add("leaf-changed", kind, record, "its leaf has an index below 0")
            continue
        while expected < index:
            findings.add("leaf-missing", "leaf", expected, "the database has no leaf with this index")
            expected += 1
            next(entries, None)
        entry = next(entries, None)  # none where the log is shorter, or ends before its size, which is said elsewhere
        if entry is not None and bytes(value) != entry:
            findings.add("leaf-changed", kind, record, f"its leaf, index {index}, is not the entry of the log")
        numbered, expected = numbered + 1, expected + 1
    for missing in range(expected, size):
        if next(entries, None) is None:
            break
        findings.add("leaf-missing", "leaf", missing, "the log has an entry that the database has no leaf for")
    return numbered


def check_feed(feed: LoggedFeed, log: PinnedLog, findings: Findings, *, at: datetime, waiting: Waiting) -> int:
    """Compare the lines of a register's feed of all numbers with those that its changes give; give how many there were.

    Finds ``feed-differs`` (which names the fields), ``not-in-feed``, ``row-missing``, ``log-broken``.
    """
    entries = _Feed(feed, log.entries(findings), findings)
    has_changes = False
    for change in _changes(feed):
        has_changes = True
        if entries.next == change.quick_line():
            entries.go_on()
        elif entries.reaches(change.number):
            if entries.next != change.line():
                where = f"feed {feed.name}, line {entries.count}"
                findings.add("feed-differs", "change", change.pk, f"{where}: {change.differing(entries.next or b'')}")
            entries.go_on()
        elif entries.count < log.size or waiting.add(change.at, at):
            findings.add("not-in-feed", "change", change.pk, f"the feed {feed.name} has no line for change {change.number}")
    log.report_problem(findings, is_needed=has_changes)
    entries.reaches(_BEYOND)
    return entries.count


_BEYOND = 2**63


class _Feed:
    """The entries of a feed, one after the other."""

    def __init__(self, feed: LoggedFeed, entries: Iterator[bytes], findings: Findings) -> None:
        self._name, self._entries, self._findings = feed.name, entries, findings
        self.next = next(entries, None)
        self.count = 0

    def go_on(self) -> None:
        """Take the next one."""
        self.next = next(self._entries, None)
        self.count += 1

    def reaches(self, number: int) -> bool:
        """Go on to the line of a change; say whether there is one. Lines on the way have no change: that is found."""
        while self.next is not None:
            found = int(json.loads(self.next)["number"])
            if found >= number:
                return found == number
            self._findings.add(
                "row-missing", "change", None, f"the feed {self._name} has change {found}, the database does not"
            )
            self.go_on()
        return False


def _changes(feed: LoggedFeed) -> Iterator[_Change]:
    rows: QuerySet[Any] = QuerySet(model_of("change"))
    rows = rows.filter(Q(projection="") | Q(projection="all"), register_id=feed.register_id, number__isnull=False)
    columns = ("pk", "number", "operation", "key", "since_date", "terms", "at")
    for values in rows.order_by("number").values_list(*columns).iterator(chunk_size=CHUNK):
        yield _Change(feed, *values)


@dataclass(slots=True)
class _Change:
    """A numbered change, as far as its line says it."""

    feed: LoggedFeed
    pk: int
    number: int
    operation: str
    key: int | None
    since_date: date | None
    terms: str
    at: datetime

    def quick_line(self) -> bytes:
        """Give the line of a usual change, nothing of another: ten times as quick as the real one, which decides."""
        if self.operation not in ("add", "alter", "withdraw") or self.key is None or self.key >= _WHOLE:
            return b""
        if self.terms and not _PLAIN.fullmatch(self.terms):
            return b""
        at = self.at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
        standing = "" if self.operation == "withdraw" else f',"since":"{self.since_date}","terms":"{self.terms}"'
        return f'{{"at":"{at}Z","key":{self.key},"number":{self.number},"operation":"{self.operation}"{standing}}}'.encode()

    def line(self) -> bytes | None:
        """Give the line as the platform writes it; None where the row is such that it cannot."""
        rows: QuerySet[Any] = QuerySet(model_of("change"))
        try:
            return self.feed.line_of(rows.select_related("bulk", "file").get(pk=self.pk))
        except Exception:  # noqa: BLE001 - a row that no operation could have written: whatever it breaks, it has no line
            return None

    def differing(self, entry: bytes) -> str:
        """Name the members in which the line and an entry of the feed differ."""
        line = self.line()
        if line is None:
            return "the row cannot be written as a line"
        stands, derived = json.loads(entry), json.loads(line)
        return ", ".join(sorted(name for name in stands | derived if stands.get(name) != derived.get(name)))


_WHOLE = 2**53  # keys beyond stand in a line as text
_PLAIN = re.compile(r"[ !#-\[\]-~]*")  # what stands in JSON as it is
