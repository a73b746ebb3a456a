"""Write register files: blocks in order as they come, then index, metadata and root."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

import numpy as np

from quietline.kernel import _kernel
from quietline.registers.format import (
    BLOCK_NUMBERS,
    BLOCK_START,
    Metadata,
    Root,
    digest_of,
    header_bytes,
    metadata_bytes,
    root_place,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quietline.registers.entries import Entries

__all__ = ["INDEX_LOAD", "BinaryWriter", "BlockWriter", "encoded", "new_index"]

BUCKET = 4
INDEX_LOAD = 0.67
"""Share of index entries in use when an index is made: more saves little room and costs probes."""
_PIECE = 1 << 20


class BinaryWriter(Protocol):
    """What a register is written to."""

    def write(self, data: bytes | memoryview, /) -> object:
        """Append bytes."""


def encoded(entries: Entries, base_offset: int) -> tuple[memoryview, NDArray[np.uint64], NDArray[np.uint64]]:
    """Encode sorted entries into blocks that will stand at ``base_offset`` of a file.

    Returns:
        The blocks' bytes; their prefixes and their pointers, both uint64.
    """
    n = len(entries)
    prefixes_of = entries.keys // BLOCK_NUMBERS
    blocks = 1 + int(np.count_nonzero(prefixes_of[1:] != prefixes_of[:-1])) if n else 0
    simple, periods = blocks * 1280 + 4 * n, blocks * 16 + 8 * n
    out = np.empty(max(simple, periods) + 4096 + 8 * n, dtype=np.uint8)
    prefixes = np.empty(blocks, dtype=np.uint64)
    pointers = np.empty(blocks, dtype=np.uint64)
    count, length = _kernel.encode_blocks(
        entries.keys, entries.since, entries.until, entries.terms, base_offset, out, prefixes, pointers
    )
    return out[:length].data, prefixes[:count], pointers[:count]


def new_index(prefixes: NDArray[np.uint64], pointers: NDArray[np.uint64], *, room: int = 0) -> NDArray[np.uint64]:
    """Make an index over blocks, with room for more of them; shape (capacity, 2), uint64."""
    capacity = BUCKET * (int((len(prefixes) + room) / INDEX_LOAD / BUCKET) + 2)
    index = np.zeros((capacity, 2), dtype=np.uint64)
    _kernel.index_put(index, 0, capacity, prefixes, pointers)
    return index


class BlockWriter:
    """Write one register file front to back.

    Args:
        out: where to; written once from the first byte on, except that :meth:`finish` gives the first page.
        metadata: what the register is.
    """

    def __init__(self, out: BinaryWriter, metadata: Metadata) -> None:
        self._out = out
        self._metadata = metadata
        self._offset = BLOCK_START
        self._prefixes: list[NDArray[np.uint64]] = []
        self._pointers: list[NDArray[np.uint64]] = []
        self._hash = hashlib.sha256()
        self.number_count = 0
        self.record_count = 0
        out.write(bytes(BLOCK_START))

    def add(self, entries: Entries) -> None:
        """Write entries; sorted, and beginning behind the last block written."""
        if len(entries) == 0:
            return
        blocks, prefixes, pointers = encoded(entries, self._offset)
        self._put(blocks, prefixes, pointers)
        self.record_count += len(entries)
        self.number_count += 1 + int(np.count_nonzero(entries.keys[1:] != entries.keys[:-1]))

    def add_block(self, block: memoryview, prefix: int, encoding: int, *, records: int, numbers: int) -> None:
        """Write a block as it stands in another register file."""
        pointer = _kernel.pointer(prefix, self._offset, encoding)
        self._put(block, np.array([prefix], dtype=np.uint64), np.array([pointer], dtype=np.uint64))
        self.record_count += records
        self.number_count += numbers

    def _put(self, blocks: memoryview, prefixes: NDArray[np.uint64], pointers: NDArray[np.uint64]) -> None:
        offsets = (pointers & np.uint64(0xFFF_FFFF_FFFF)).astype(np.int64) - self._offset
        bounds = [*offsets.tolist(), len(blocks)]
        for i, prefix in enumerate(prefixes.tolist()):
            self._hash.update(prefix.to_bytes(8, "little"))
            self._hash.update(blocks[bounds[i] : bounds[i + 1]])
        for start in range(0, len(blocks), _PIECE):
            self._out.write(blocks[start : start + _PIECE])
        self._offset += len(blocks)
        self._prefixes.append(prefixes)
        self._pointers.append(pointers)

    def finish(self) -> bytes:
        """Write index and metadata and give the first page, which the caller puts at the file's beginning.

        The page comes last so that a file that was not finished is no register file.
        """
        empty = np.empty(0, dtype=np.uint64)
        prefixes = np.concatenate(self._prefixes) if self._prefixes else empty
        pointers = np.concatenate(self._pointers) if self._pointers else empty
        index = new_index(prefixes, pointers)
        gap = -self._offset % 64  # a bucket of the index is one cache line
        metadata = metadata_bytes(self._metadata)
        index_bytes = index.tobytes()
        self._out.write(bytes(gap))
        self._out.write(index_bytes)
        self._out.write(metadata)
        index_offset = self._offset + gap
        metadata_offset = index_offset + len(index_bytes)
        root = Root(
            sequence=1,
            updating=False,
            index_offset=index_offset,
            index_capacity=len(index),
            block_count=len(prefixes),
            number_count=self.number_count,
            record_count=self.record_count,
            metadata_offset=metadata_offset,
            metadata_length=len(metadata),
            metadata_checksum=_kernel.crc32c(metadata),
            index_checksum=_kernel.crc32c(index_bytes),
            end=metadata_offset + len(metadata),
            digest=digest_of(self._metadata, self._hash.digest()),
        )
        page = bytearray(BLOCK_START)
        page[: len(header_bytes())] = header_bytes()
        record = root.to_bytes()
        page[root_place(1) : root_place(1) + len(record)] = record
        return bytes(page)
