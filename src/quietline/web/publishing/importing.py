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
from quietline.feed.lines import import_path
from quietline.ledger.objects import ObjectMissing
from quietline.registers import UNKNOWN, Metadata
from quietline.registers import Register as RegisterReader
from quietline.registers.writer import BlockWriter
from quietline.tables import AtomicFile
from quietline.web.proofs.operations import new_leaf, write_leaves
from quietline.web.publishing.areas import ALL, area_of_projection, entries_of_area
from quietline.web.publishing.models import Change, Feed, Import, Register
from quietline.web.publishing.objects import feed_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from quietline.registers import Entries

__all__ = ["ImportPart", "import_register", "part_of_import"]

_CHUNK = 200_000
_SIGNATURE = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_EPOCH_SHIFT = 10_957
"""Days from 1970-01-01, where register files count from, to 2000-01-01, where PostgreSQL does."""
_ROW = np.dtype(
    [("fields", ">i2"), ("l1", ">i4"), ("bulk", ">i8"), ("l2", ">i4"), ("key", ">i8"), ("l3", ">i4"), ("since", ">i4")]
)
_ROW_WITHOUT_DAY = np.dtype(
    [("fields", ">i2"), ("l1", ">i4"), ("bulk", ">i8"), ("l2", ">i4"), ("key", ">i8"), ("l3", ">i4")]
)


def import_register(*, register: Register, path: Path, source: str, at: datetime) -> Import:
    """Take over a register file: every number in it stands in the register from now on.

    A number that has an entry of its own already keeps to that entry; the rows of an import lie below the entries.

    Args:
        register: what it is taken over into.
        path: a register file (``quietline register build`` makes one of any list), a snapshot without terms.
        source: where it came from, for the record.
        at: now.

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
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        feed_store(register.code, ALL).keep_file(import_path(sha256), path)
        # before the sequencer hears of it, which then finds them and need not wait for them
        for feed in Feed.objects.filter(register=register).exclude(projection=ALL):
            part_of_import(register, sha256, feed.projection)
        with transaction.atomic():
            bulk = Import.objects.create(
                register=register, source=source, list_date=reader.metadata.list_date, count=len(reader), sha256=sha256,
                object_path=import_path(sha256), at=at,
            )  # fmt: skip
            _copy(reader, bulk.pk)
            change = Change(register=register, operation=Change.Operation.IMPORT, bulk=bulk, at=at)
            change.save(force_insert=True)
            new_leaf("change", change, at=at).save(force_insert=True)
            write_leaves("import", [bulk], at=at)
    return bulk


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


def _copy(reader: RegisterReader, bulk_id: int) -> None:
    """Fill a table of its own, index it, and only then make it a partition: nobody waits, and the log stays small."""
    name = f"publishing_imported_{bulk_id:d}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {name} (LIKE publishing_imported, CHECK (bulk_id = {bulk_id:d}))")
        with cursor.copy(f"COPY {name} FROM STDIN (FORMAT binary, FREEZE)") as copy:
            copy.write(_SIGNATURE)
            for entries in reader.columns():
                for rows in _rows(entries, bulk_id):
                    copy.write(rows)
            copy.write(b"\xff\xff")
        cursor.execute(f"CREATE INDEX {name}_key ON {name} (key)")
        cursor.execute(f"ALTER TABLE publishing_imported ATTACH PARTITION {name} FOR VALUES IN ({bulk_id:d})")


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
