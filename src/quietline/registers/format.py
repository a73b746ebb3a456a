"""The register file's layout: header, roots, metadata. docs/reference/register-file.md is the specification.

A file is a page of 4,096 bytes (the header and two root records), then blocks, an index and metadata in any place. The
root record says where they are. A change never overwrites what a reader may be looking at: blocks, index and metadata
are appended, one aligned 8-byte pointer is switched for each block, and the two root records are written in turn, each
under a checksum, so that one of them is always whole.
"""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from quietline.errors import RegisterCorruptError, RegisterError, RegisterVersionError
from quietline.kernel import _kernel
from quietline.registers.days import day_of

if TYPE_CHECKING:
    from mmap import mmap

__all__ = [
    "BLOCK_NUMBERS",
    "BLOCK_START",
    "ENCODING_GONE",
    "FORMAT_VERSION",
    "HISTORY",
    "SNAPSHOT",
    "Metadata",
    "Root",
    "digest_of",
    "header_bytes",
    "metadata_bytes",
    "read_metadata",
    "read_root",
    "root_place",
]

MAGIC = b"QLREG\r\n\x1a"
FORMAT_VERSION = 1
BLOCK_NUMBERS = 10_000
BLOCK_START = 4096
ENCODING_GONE = 15
SNAPSHOT = "snapshot"
HISTORY = "history"
_HEADER = struct.Struct("<8sIIII")  # magic, format version, numbers in a block, first block, checksum
_ROOT = struct.Struct("<QQQQQQQQIIIIQQ32sI")
_ROOT_PLACES = (64, 512)
_MOST_METADATA = 64 << 20


@dataclass(frozen=True, slots=True)
class Root:
    """Where the parts of a register file are, as of one version.

    Attributes:
        sequence: counts root records written; the whole one with the highest sequence is in force.
        updating: a writer is switching pointers, or was stopped while it did; each number is then as before or after.
        index_offset: byte offset of the index.
        index_capacity: its entries, 16 bytes each.
        block_count: blocks in use.
        number_count: numbers that stand in the register.
        record_count: entries; more than numbers where a number has several periods.
        metadata_offset: byte offset of the metadata, a JSON object.
        metadata_length: its bytes.
        metadata_checksum: its CRC-32C.
        index_checksum: CRC-32C of the index, not meaningful while ``updating``.
        end: bytes of the file in use.
        dead: bytes of them that no pointer leads to any more.
        digest: SHA-256 of the content (see :func:`digest_of`); zeros in a working copy after changes.
    """

    sequence: int
    updating: bool
    index_offset: int
    index_capacity: int
    block_count: int
    number_count: int
    record_count: int
    metadata_offset: int
    metadata_length: int
    metadata_checksum: int
    index_checksum: int
    end: int
    dead: int = 0
    digest: bytes = bytes(32)

    def to_bytes(self) -> bytes:
        """Give the record as stored."""
        body = _ROOT.pack(
            self.sequence,
            int(self.updating),
            self.index_offset,
            self.index_capacity,
            self.block_count,
            self.number_count,
            self.record_count,
            self.metadata_offset,
            self.metadata_length,
            self.metadata_checksum,
            self.index_checksum,
            0,
            self.end,
            self.dead,
            self.digest,
            0,
        )[:-4]
        return body + struct.pack("<I", _kernel.crc32c(body))


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a register is.

    Attributes:
        name: what it is called in reasons and receipts.
        country: ISO 3166 code of the country whose register it is, "" where it belongs to none.
        kind: ``snapshot`` (who stands in it on ``list_date``) or ``history`` (all periods).
        list_date: the day its content is of, in ``time_zone``.
        version: number of the published version.
        time_zone: IANA name; days of the file are days there.
        holds: kinds of keys: ``e164``, ``service``, ``sender``.
        terms: the file's table of distinct terms; index 0 is "".
        built_at: when the file was written, ISO 8601 with offset.
        software: what wrote it.
    """

    name: str
    country: str = ""
    kind: str = SNAPSHOT
    list_date: date = date(1970, 1, 2)
    version: int = 1
    time_zone: str = "UTC"
    holds: tuple[str, ...] = ("e164",)
    terms: tuple[str, ...] = ("",)
    built_at: datetime | None = None
    software: str = ""
    extra: dict[str, Any] = field(default_factory=dict)

    def with_terms(self, terms: tuple[str, ...]) -> Metadata:
        """Give the same metadata with another table of terms."""
        return replace(self, terms=terms)


def header_bytes() -> bytes:
    """Give the header: the first bytes of every register file."""
    body = _HEADER.pack(MAGIC, FORMAT_VERSION, BLOCK_NUMBERS, BLOCK_START, 0)[:-4]
    return body + struct.pack("<I", _kernel.crc32c(body))


def root_place(sequence: int) -> int:
    """Give the offset at which the root record with this sequence stands."""
    return _ROOT_PLACES[sequence % 2]


def read_root(page: bytes | mmap, *, name: str) -> Root:
    """Check the header and give the root record in force.

    Args:
        page: at least the first 4,096 bytes of the file.
        name: the file, for messages.

    Raises:
        RegisterError: this is no register file.
        RegisterVersionError: a newer release wrote it.
        RegisterCorruptError: the header or both root records are damaged.
    """
    view = memoryview(page)
    if len(view) < len(MAGIC) or bytes(view[: len(MAGIC)]) != MAGIC:
        raise RegisterError(
            f"{name} is not a register file.", advice="Build one from lists with 'quietline register build'."
        )
    if len(view) < BLOCK_START:
        raise RegisterCorruptError(f"{name} is cut off inside its header.", advice="Fetch or build it again.")
    _, version, block_numbers, block_start, checksum = _HEADER.unpack_from(view)
    if version != FORMAT_VERSION:
        raise RegisterVersionError(
            f"{name} has register format {version}; this release reads format {FORMAT_VERSION}.",
            advice="Update quietline, or build the file again.",
        )
    body = bytes(view[: _HEADER.size - 4])
    if _kernel.crc32c(body) != checksum or (block_numbers, block_start) != (BLOCK_NUMBERS, BLOCK_START):
        raise RegisterCorruptError(f"The header of {name} is damaged.", advice="Fetch or build it again.")
    roots = [root for place in _ROOT_PLACES if (root := _root_at(view, place)) is not None]
    if not roots:
        raise RegisterCorruptError(f"Both root records of {name} are damaged.", advice="Fetch or build it again.")
    return max(roots, key=lambda root: root.sequence)


def _root_at(view: memoryview, place: int) -> Root | None:
    *values, checksum = _ROOT.unpack_from(view, place)
    if values[0] == 0 or _kernel.crc32c(bytes(view[place : place + _ROOT.size - 4])) != checksum:
        return None
    updating, reserved = values[1], values[11]
    if updating > 1 or reserved:
        return None
    return Root(values[0], bool(updating), *values[2:11], *values[12:15])


def metadata_bytes(metadata: Metadata) -> bytes:
    """Give metadata as stored: canonical JSON."""
    document = asdict(metadata)
    document["list_date"] = metadata.list_date.isoformat()
    document["built_at"] = metadata.built_at.isoformat() if metadata.built_at else ""
    return json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def read_metadata(file: bytes | mmap, root: Root, *, name: str) -> Metadata:
    """Read and check the metadata a root record points to.

    Raises:
        RegisterCorruptError: they lie outside the file, do not match their checksum or are not what they should be.
    """
    view = memoryview(file)
    start, length = root.metadata_offset, root.metadata_length
    damaged = RegisterCorruptError(f"The metadata of {name} are damaged.", advice="Fetch or build it again.")
    if length > _MOST_METADATA or start + length > len(view):
        raise damaged
    body = bytes(view[start : start + length])
    if _kernel.crc32c(body) != root.metadata_checksum:
        raise damaged
    try:
        document = json.loads(body)
        document["list_date"] = date.fromisoformat(document["list_date"])
        document["built_at"] = datetime.fromisoformat(document["built_at"]) if document["built_at"] else None
        document["holds"] = tuple(document["holds"])
        document["terms"] = tuple(document["terms"])
        _check_metadata(document)
        known = {entry.name for entry in fields(Metadata)}
        return Metadata(**{key: value for key, value in document.items() if key in known})
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise damaged from error


_TYPES = {"name": str, "country": str, "version": int, "time_zone": str, "software": str, "extra": dict}


def _check_metadata(document: dict[str, Any]) -> None:
    """Raise ValueError where a value is not of its kind: checksums do not tell who wrote a file."""
    texts = (*document["holds"], *document["terms"])
    sound = all(isinstance(document[key], kind) for key, kind in _TYPES.items()) and all(isinstance(t, str) for t in texts)
    if not sound or document["kind"] not in (SNAPSHOT, HISTORY) or not texts or not document["terms"]:
        raise ValueError("metadata are not of their kinds")
    day_of(document["list_date"])


def digest_of(metadata: Metadata, blocks_digest: bytes) -> bytes:
    """Give the SHA-256 that names a register's content, however its file is laid out.

    Args:
        metadata: only what the register says is hashed; when and by what the file was written is not.
        blocks_digest: SHA-256 over, for each block in ascending order of prefix, the prefix (8 bytes, little-endian)
            and the block's bytes.
    """
    import hashlib

    said = replace(metadata, built_at=None, software="")
    return hashlib.sha256(b"quietline register 1\n" + metadata_bytes(said) + blocks_digest).digest()
