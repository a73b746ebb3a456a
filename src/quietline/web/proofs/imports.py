"""Are the numbers of an import those of the register file that was taken over, and published files what was published?"""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from django.db import connection

from quietline.errors import LedgerError, RegisterError
from quietline.registers import UNKNOWN, Register
from quietline.web.proofs.rows import found_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from quietline.ledger.objects import FileStore
    from quietline.web.proofs.findings import Findings

__all__ = ["check_files", "check_imports", "sha256_of"]

_PIECE = 1 << 20
_ROW = np.dtype([("fields", ">i2"), ("key_bytes", ">i4"), ("key", ">i8"), ("day_bytes", ">i4"), ("day", ">i4")])
_HEADER_BYTES = 19  # signature, flags, and the length of an extension, which is empty
_COPY = (
    f"COPY (SELECT key, coalesce(since_date - date '1970-01-01', {UNKNOWN})::int FROM publishing_imported"  # noqa: S608 - constants
    " WHERE bulk_id = {} ORDER BY key) TO STDOUT (FORMAT binary)"
)


def check_imports(objects: FileStore, findings: Findings) -> int:
    """Compare the rows of each import with its register file, in the order of numbers; give how many rows there were.

    A file that lies in a bucket is fetched into a folder for temporary files first.

    Finds ``import-differs`` and ``import-file``.
    """
    with connection.cursor() as cursor:
        # the file lies beside the feed of all numbers, where followers of the feed fetch it
        cursor.execute(
            "SELECT b.id, b.count, b.sha256, 'feeds/' || r.code || '/all/' || b.object_path"
            " FROM publishing_import b JOIN publishing_register r ON r.id = b.register_id ORDER BY b.id"
        )
        imports = cursor.fetchall()
    return sum(_check_import(row, objects, findings) for row in imports)


def sha256_of(store: FileStore, path: str) -> str:
    """Hash a file of a store, piece by piece; hexadecimal.

    Raises:
        ObjectMissing: there is none.
    """
    hashed = hashlib.sha256()
    with store.open(path) as file:
        while piece := file.read(_PIECE):
            hashed.update(piece)
    return hashed.hexdigest()


def check_files(objects: FileStore, findings: Findings) -> int:
    """Compare each published register file with the hash that its leaf covers; give how many there are.

    Finds ``file-differs``.
    """
    query = (
        "SELECT f.id, f.sha256, 'feeds/' || r.code || '/' || f.projection || '/' || f.object_path"
        " FROM publishing_registerfile f JOIN publishing_register r ON r.id = f.register_id ORDER BY f.id"
    )
    count = 0
    for file, sha256, path in found_rows(query):
        count += 1
        try:
            hashed = sha256_of(objects, path)
        except (OSError, LedgerError) as error:
            findings.add("file-differs", "file", file, f"it cannot be read ({type(error).__name__})")
        else:
            if hashed != sha256:
                findings.add("file-differs", "file", file, "it has another hash")
    return count


def _check_import(row: tuple[int, int, str, str], objects: FileStore, findings: Findings) -> int:
    bulk, count, sha256, path = row
    rows = 0
    try:
        with tempfile.TemporaryDirectory(prefix="quietline-") as folder:
            file = objects.local(path, Path(folder))
            with file.open("rb") as stream:
                if hashlib.file_digest(stream, "sha256").hexdigest() != sha256:
                    findings.add("import-file", "import", bulk, "its file has another hash")
            rows = _check_rows(bulk, file, findings)
    except (OSError, LedgerError, RegisterError) as error:
        findings.add("import-file", "import", bulk, f"its file cannot be read ({type(error).__name__})")
        rows = sum(len(keys) for keys, _ in _rows(bulk))
    if rows != count:
        findings.add("import-differs", "import", bulk, f"{rows} rows, where its row says {count}")
    return rows


def _check_rows(bulk: int, file: Path, findings: Findings) -> int:
    rows = 0
    with Register(file) as register:
        expected = _Columns((columns.keys, columns.since) for columns in register.columns())
        for keys, days in _rows(bulk):
            rows += len(keys)
            wanted_keys, wanted_days = expected.take(len(keys))
            _compare(bulk, (keys, days), (wanted_keys, wanted_days), findings)
    return rows


def _compare(
    bulk: int, found: tuple[NDArray[Any], NDArray[Any]], wanted: tuple[NDArray[Any], NDArray[Any]], findings: Findings
) -> None:
    size = min(len(found[0]), len(wanted[0]))
    keys = int(np.count_nonzero(found[0][:size] != wanted[0][:size])) + len(found[0]) - size
    days = int(np.count_nonzero(found[1][:size] != wanted[1][:size]))
    if keys:
        findings.add("import-differs", "import", bulk, f"key: {keys} rows are not those of its file")
    elif days:
        findings.add("import-differs", "import", bulk, f"since_date: {days} rows are not those of its file")


def _rows(bulk: int) -> Iterator[tuple[NDArray[np.uint64], NDArray[np.uint16]]]:
    """Give the rows of an import in the order of keys, a few thousand at a time."""
    connection.ensure_connection()
    pending = bytearray()
    with connection.connection.cursor() as cursor, cursor.copy(_COPY.format(int(bulk))) as copy:
        is_header = True
        for data in copy:
            pending += data
            if is_header and len(pending) >= _HEADER_BYTES:
                del pending[:_HEADER_BYTES]
                is_header = False
            whole = len(pending) // _ROW.itemsize
            if not is_header and whole >= 4096:
                yield _decoded(bytes(pending[: whole * _ROW.itemsize]))
                del pending[: whole * _ROW.itemsize]
    whole = len(pending) // _ROW.itemsize  # two bytes are left, which end the copy
    yield _decoded(bytes(pending[: whole * _ROW.itemsize]))


def _decoded(data: bytes) -> tuple[NDArray[np.uint64], NDArray[np.uint16]]:
    rows = np.frombuffer(data, dtype=_ROW)
    return rows["key"].astype(np.uint64), rows["day"].astype(np.uint16)


class _Columns:
    """Columns that come in parts of one size, taken in parts of another."""

    def __init__(self, parts: Iterator[tuple[NDArray[np.uint64], NDArray[np.uint16] | None]]) -> None:
        self._parts = parts
        self._keys, self._days = np.empty(0, np.uint64), np.empty(0, np.uint16)

    def take(self, count: int) -> tuple[NDArray[np.uint64], NDArray[np.uint16]]:
        """Give the next rows; fewer where there are no more."""
        while len(self._keys) < count:
            part = next(self._parts, None)
            if part is None:
                break
            keys, days = part
            self._keys = np.concatenate([self._keys, keys])
            self._days = np.concatenate([self._days, np.full(len(keys), UNKNOWN, np.uint16) if days is None else days])
        taken = self._keys[:count], self._days[:count]
        self._keys, self._days = self._keys[count:], self._days[count:]
        return taken
