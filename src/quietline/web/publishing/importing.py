"""Taking over an existing register whole: COPY into a partition of its own, one change, one leaf, one file hash."""

from __future__ import annotations

import hashlib
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from django.db import connection, transaction

from quietline.errors import OperationError
from quietline.feed.copying import write_without
from quietline.feed.lines import import_path
from quietline.ledger.objects import ObjectMissing
from quietline.registers import UNKNOWN, Metadata
from quietline.registers import Register as RegisterReader
from quietline.registers.writer import BlockWriter
from quietline.tables import AtomicFile
from quietline.web.proofs.operations import new_leaf, write_leaves
from quietline.web.publishing.areas import ALL, area_of_projection, entries_of_area
from quietline.web.publishing.bulk import new_ids
from quietline.web.publishing.models import Change, Feed, Import, Register
from quietline.web.publishing.objects import feed_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from numpy.typing import NDArray

    from quietline.registers import Entries
    from quietline.web.proofs.findings import Findings

__all__ = ["NUMBERING_LOCK", "ImportPart", "check_import_order", "import_register", "part_of_import"]

NUMBERING_LOCK = 0x51_4C_49_4D
"""Lock of the database, "QLIM": the sequencer shares it while it numbers; an import has it for itself before it commits."""
_OVERRIDDEN = """
WITH last AS (
    SELECT register_id, key, max(coalesce(number, 9223372036854775807)) AS number
    FROM publishing_change WHERE key IS NOT NULL GROUP BY register_id, key)
SELECT b.id, count(*) FROM publishing_import b
JOIN publishing_change c ON c.bulk_id = b.id
JOIN last l ON l.register_id = b.register_id AND l.number < c.number
JOIN publishing_imported i ON i.bulk_id = b.id AND i.key = l.key
GROUP BY b.id ORDER BY b.id
"""

_CHUNK = 200_000
_SIGNATURE = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_HEADER_BYTES = len(_SIGNATURE)
_KEY = np.dtype([("fields", ">i2"), ("l1", ">i4"), ("key", ">i8")])
_OWN_KEYS = "COPY (SELECT key FROM publishing_entry WHERE register_id = {}) TO STDOUT (FORMAT binary)"
_EPOCH_SHIFT = 10_957
"""Days from 1970-01-01, where register files count from, to 2000-01-01, where PostgreSQL does."""
_ROW = np.dtype(
    [("fields", ">i2"), ("l1", ">i4"), ("bulk", ">i8"), ("l2", ">i4"), ("key", ">i8"), ("l3", ">i4"), ("since", ">i4")]
)
_ROW_WITHOUT_DAY = np.dtype(
    [("fields", ">i2"), ("l1", ">i4"), ("bulk", ">i8"), ("l2", ">i4"), ("key", ">i8"), ("l3", ">i4")]
)


def import_register(*, register: Register, path: Path, source: str, at: datetime) -> Import:
    """Take over a register file: every number in it that has no entry of its own stands in the register from now on.

    A number that has or had an entry there keeps to it, also where that is over: the number is cut out of the file, so that
    the feed, in which the last word counts, says what the database says. Listings that are committed while the rows are
    copied are cut out as well, just before all of it is committed; the sequencer numbers nothing in between, and puts an
    import before all that waits with it. So whatever is listed later than that comes behind the import in the feed.

    Args:
        register: what it is taken over into.
        path: a register file (``quietline register build`` makes one of any list), a snapshot without terms.
        source: where it came from, for the record.
        at: now.

    Returns:
        The import, with the count and hash of the file as it is kept: those of ``path`` where nothing was cut out.

    Raises:
        OperationError: the file has terms, or is a history; ``import.kind``.
        RegisterError: it is no register file, or damaged.
    """
    with RegisterReader(path) as reader:
        if reader.metadata.kind != "snapshot" or len(reader.metadata.terms) > 1:
            raise OperationError(
                "A register is taken over as a snapshot without terms.", advice="Build it without --history and terms.",
                code="import.kind",
            )  # fmt: skip
        reader.verify()
    with tempfile.TemporaryDirectory(prefix="quietline-") as folder:
        own = _own_keys(register)
        taken = _Taken(register, path, _in_file(path, own), Path(folder) / "begun.qlr")
        with transaction.atomic():
            bulk_id = new_ids("publishing_import", 1)[0]
            table = _copy(taken.path, bulk_id)
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [NUMBERING_LOCK])
            late = _in_file(taken.path, np.setdiff1d(_own_keys(register), own, assume_unique=True))
            if len(late):
                taken = _Taken(register, taken.path, late, Path(folder) / "cut.qlr")
                with connection.cursor() as cursor:
                    cursor.execute(f"DELETE FROM {table} WHERE key = ANY(%s)", [late.tolist()])  # noqa: S608 - our own name
            return _recorded(taken, bulk_id, table, source, at)


class _Taken:
    """The file that is taken over and kept, without the numbers that keep to entries of their own; with its parts for areas.

    What is kept for an import that does not come about, or is cut once more, stays: no line of a feed leads to it.
    """

    def __init__(self, register: Register, given: Path, gone: NDArray[np.uint64], target: Path) -> None:
        self.register, self.path = register, given
        if len(gone):
            with RegisterReader(given) as reader:
                write_without(reader, gone, target)
            self.path = target
        with self.path.open("rb") as file:
            self.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        feed_store(register.code, ALL).keep_file(import_path(self.sha256), self.path)
        # before the sequencer hears of it, which then finds them and need not wait for them
        for feed in Feed.objects.filter(register=register).exclude(projection=ALL):
            part_of_import(register, self.sha256, feed.projection)


def _recorded(taken: _Taken, bulk_id: int, table: str, source: str, at: datetime) -> Import:
    with RegisterReader(taken.path) as reader:
        count, list_date = len(reader), reader.metadata.list_date
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE publishing_imported ATTACH PARTITION {table} FOR VALUES IN ({bulk_id:d})")
    bulk = Import(
        pk=bulk_id, register=taken.register, source=source, list_date=list_date, count=count, sha256=taken.sha256,
        object_path=import_path(taken.sha256), at=at,
    )  # fmt: skip
    bulk.save(force_insert=True)
    change = Change(register=taken.register, operation=Change.Operation.IMPORT, bulk=bulk, at=at)
    change.save(force_insert=True)
    new_leaf("change", change, at=at).save(force_insert=True)
    write_leaves("import", [bulk], at=at)
    return bulk


def _own_keys(register: Register) -> NDArray[np.uint64]:
    """Give the numbers that have or had an entry of their own, as far as that is committed; ascending, each once."""
    with connection.cursor() as cursor, cursor.copy(_OWN_KEYS.format(int(register.pk))) as copy:
        data = b"".join(copy)
    rows = np.frombuffer(data, dtype=_KEY, offset=_HEADER_BYTES, count=(len(data) - _HEADER_BYTES) // _KEY.itemsize)
    return np.unique(rows["key"].astype(np.uint64))


def _in_file(path: Path, keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    with RegisterReader(path) as reader:
        return keys[reader.lookup(keys).hits]


def check_import_order(findings: Findings) -> None:
    """Look for imports that came over entries in the feed: their numbers have changes of their own, and all before it.

    Followers have such a number as the import had it, whatever its entry says. Any further change of the number mends that.

    Finds ``import-order``.
    """
    if not Import.objects.exists():
        return
    with connection.cursor() as cursor:
        cursor.execute(_OVERRIDDEN)
        for bulk, count in cursor.fetchall():
            findings.add("import-order", "import", bulk, f"{count} of its numbers had changes of their own before it")


class ImportPart(NamedTuple):
    """The part of an import that the feed of an area has.

    Attributes:
        sha256: of its file, hexadecimal; empty where the import has no number of the area.
        numbers: how many it has.
    """

    sha256: str
    numbers: int


def part_of_import(register: Register, sha256: str, projection: str) -> ImportPart:
    """Give the part of an import that an area's feed has, as a file of that feed; made the first time it is asked for.

    The same import gives the same file, so whoever dies half-way is followed by one that makes the same bytes.

    Args:
        register: the register.
        sha256: of the import's file.
        projection: of the feed, ``area-1212`` say.

    Raises:
        ObjectMissing: the import's file is gone.
        RegisterError: it is damaged.
    """
    store, note = feed_store(register.code, projection), f"imports/of-{sha256}.json"
    try:
        return ImportPart(**json.loads(store.read(note)))
    except ObjectMissing:
        part = _cut_out(register, sha256, projection)
        store.replace(note, json.dumps(part._asdict()).encode())
        return part


def _cut_out(register: Register, sha256: str, projection: str) -> ImportPart:
    with tempfile.TemporaryDirectory(prefix="quietline-") as folder:
        whole = feed_store(register.code, ALL).local(import_path(sha256), Path(folder))
        made = Path(folder) / "part.qlr"
        with RegisterReader(whole) as reader, AtomicFile(made) as out:
            old = reader.metadata
            metadata = Metadata(name=old.name, country=old.country, list_date=old.list_date, time_zone=old.time_zone)
            writer = BlockWriter(out, metadata.with_terms(("",)))
            for entries in entries_of_area(reader, area_of_projection(projection)):
                writer.add(entries)
            out.write_at(0, writer.finish())
            out.commit()
        if not writer.number_count:
            return ImportPart("", 0)
        with made.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        feed_store(register.code, projection).keep_file(import_path(found), made)
    return ImportPart(found, writer.number_count)


def _copy(path: Path, bulk_id: int) -> str:
    """Fill and index a table of its own, which is a partition only later: nobody waits, and the log stays small.

    Returns:
        The name of the table.
    """
    name = f"publishing_imported_{bulk_id:d}"
    with connection.cursor() as cursor, RegisterReader(path) as reader:
        cursor.execute(f"CREATE TABLE {name} (LIKE publishing_imported, CHECK (bulk_id = {bulk_id:d}))")
        with cursor.copy(f"COPY {name} FROM STDIN (FORMAT binary, FREEZE)") as copy:
            copy.write(_SIGNATURE)
            for entries in reader.columns():
                for rows in _rows(entries, bulk_id):
                    copy.write(rows)
            copy.write(b"\xff\xff")
        cursor.execute(f"CREATE INDEX {name}_key ON {name} (key)")
    return name


def _rows(entries: Entries, bulk_id: int) -> Iterator[memoryview]:
    """Give rows in PostgreSQL's binary form of COPY (documentation of COPY, "Binary Format")."""
    for start in range(0, len(entries), _CHUNK):
        part = entries.take(slice(start, start + _CHUNK))
        since = part.full().since
        known = since != UNKNOWN
        for which, kind in ((known, _ROW), (~known, _ROW_WITHOUT_DAY)):
            count = int(np.count_nonzero(which))
            if not count:
                continue
            rows = np.empty(count, dtype=kind)
            rows["fields"], rows["l1"], rows["l2"], rows["bulk"], rows["key"] = 3, 8, 8, bulk_id, part.keys[which]
            if kind is _ROW:
                rows["l3"], rows["since"] = 4, since[which].astype(np.int32) - _EPOCH_SHIFT
            else:
                rows["l3"] = -1
            yield rows.data.cast("B")
