"""Open register files and ask them."""

from __future__ import annotations

import hashlib
import mmap
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from quietline.errors import InputError, RegisterCorruptError, RegisterError
from quietline.kernel import _kernel
from quietline.registers.days import NEVER, date_of, day_of
from quietline.registers.entries import Entries
from quietline.registers.format import (
    BLOCK_NUMBERS,
    BLOCK_START,
    ENCODING_GONE,
    HISTORY,
    Metadata,
    Root,
    digest_of,
    read_metadata,
    read_root,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from types import TracebackType

    from numpy.typing import NDArray

__all__ = ["Entry", "Found", "Register", "Verified"]

_FOUND, _CORRUPT, _STALE = 0, 1, 2
_DECODE_BLOCKS = 4096
_LOOKS = 16  # a reader that opens while a writer completes one change after another looks again
_OFFSET = np.uint64(0xFFF_FFFF_FFFF)


@dataclass(frozen=True, slots=True)
class Found:
    """Answer of a bulk look-up, one row per key asked.

    Attributes:
        hits: bool; the number stands in the register.
        since: uint16, days since 1970-01-01 (0 unknown or no hit); None unless asked for.
        terms: uint16, index into ``Register.metadata.terms``; None unless asked for.
    """

    hits: NDArray[np.bool_]
    since: NDArray[np.uint16] | None
    terms: NDArray[np.uint16] | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One number's standing: from ``since`` on, before ``until``, under ``terms``.

    Attributes:
        key: the number.
        since: day of listing in the register's time zone, None where unknown.
        until: first day without the entry, None where it has no end.
        terms: canonical text, "" where the entry covers everything.
    """

    key: int
    since: date | None
    until: date | None
    terms: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What checking a whole file found.

    Attributes:
        blocks: blocks checked.
        numbers: numbers in them.
        records: entries in them.
        bytes: bytes of the file in use.
        dead: bytes no pointer leads to any more.
        digest: SHA-256 of the content, hexadecimal.
        updating: a writer had not finished; each number is as before or after its change.
    """

    blocks: int
    numbers: int
    records: int
    bytes: int
    dead: int
    digest: str
    updating: bool


@dataclass(frozen=True, slots=True)
class _View:
    """One look at a register file: replaced as a whole, so that threads never see half of a change."""

    mapped: mmap.mmap
    root: Root
    metadata: Metadata
    checked: NDArray[np.uint8]

    def index(self) -> NDArray[np.uint64]:
        return np.frombuffer(
            self.mapped, dtype=np.uint64, count=2 * self.root.index_capacity, offset=self.root.index_offset
        ).reshape(-1, 2)


def _unchecked(root: Root) -> NDArray[np.uint8]:
    """Make the set of blocks that were found to be sound: none yet. One bit an index entry."""
    return np.zeros(root.index_capacity // 8 + 1, dtype=np.uint8)


def _root_problem(root: Root, mapped: mmap.mmap) -> str:
    end = root.index_offset + 16 * root.index_capacity
    size = len(mapped)
    if root.end > size or end > size or root.index_offset % 16 or root.index_capacity == 0 or root.index_capacity % 4:
        return f"the file is cut off: {size:,} of {max(root.end, end):,} bytes are there"
    if (
        not root.number_count
        <= min(root.record_count, BLOCK_NUMBERS * root.block_count)
        <= BLOCK_NUMBERS * root.index_capacity
    ):
        return "its counts cannot be right"
    with memoryview(mapped) as whole:
        if not root.updating and _kernel.crc32c(whole[root.index_offset : end]) != root.index_checksum:
            return "the index is damaged"
    return ""


class Register:
    """An open register file, mapped into memory and shared by all processes that read it.

    Header, root and index are checked on opening, each block when it is first touched. One writer may change the file
    meanwhile (:func:`~quietline.registers.apply_changes`): every look-up sees the changes that are complete by then,
    without locks.

    Args:
        path: the file.

    Raises:
        InputError: there is no such file, or it cannot be read.
        RegisterError: it is no register file, a newer one, or damaged.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._view: _View | None = self._open()

    @property
    def metadata(self) -> Metadata:
        """What the register is."""
        return self._current.metadata

    @property
    def root(self) -> Root:
        """Where its parts are, and their counts."""
        return self._current.root

    @property
    def digest(self) -> str:
        """SHA-256 of the content in hexadecimal; "" in a working copy that has taken changes."""
        digest = self._current.root.digest
        return digest.hex() if any(digest) else ""

    def __len__(self) -> int:
        return self._current.root.number_count

    def __enter__(self) -> Self:
        """Enter."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Let the file go."""
        self.close()

    def close(self) -> None:
        """Let the file go; look-ups are no longer possible.

        The mapping itself goes with the last array that looks into it.
        """
        self._view = None

    # -- opening ---------------------------------------------------------------------------------------------------

    def _open(self) -> _View:
        name = self.path.name
        problem = ""
        for _ in range(_LOOKS):
            mapped = self._map()
            root = read_root(mapped, name=name)
            problem = _root_problem(root, mapped)
            if not problem:
                return _View(mapped, root, read_metadata(mapped, root, name=name), _unchecked(root))
            # a writer may have appended, and completed, since the file was mapped: only what stays as it is is damage
            if read_root(mapped, name=name).sequence == root.sequence and self._size() == len(mapped):
                break
        raise RegisterCorruptError(f"{name}: {problem}.", advice="Fetch or build the file again.")

    def _map(self) -> mmap.mmap:
        try:
            with self.path.open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                if size < BLOCK_START:
                    read_root(file.read(size), name=self.path.name)  # says what is wrong
                return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except FileNotFoundError as error:
            raise InputError(
                f"There is no file {self.path}.",
                advice="Check the name; 'quietline register build' makes register files.",
                code="input.missing",
            ) from error
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
            raise InputError(f"{self.path} cannot be read: {reason}.", advice="Name a register file.") from error

    def _size(self) -> int:
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            return -1  # replaced or taken away meanwhile: whoever looks again is told so

    @property
    def _current(self) -> _View:
        if self._view is None:
            raise RegisterError(f"{self.path.name} has been closed.", code="register.closed")
        return self._view

    def _refresh(self) -> _View:
        """See what a writer has completed since the last look."""
        view = self._current
        root = read_root(view.mapped, name=self.path.name)
        if root.sequence != view.root.sequence:
            if root.end > len(view.mapped) or root.index_offset != view.root.index_offset:
                view = self._open()
            else:
                metadata = view.metadata
                if root.metadata_offset != view.root.metadata_offset:
                    metadata = read_metadata(view.mapped, root, name=self.path.name)
                # pointers may lead to other blocks now: those have not been checked
                view = _View(view.mapped, root, metadata, _unchecked(root))
            self._view = view
        return view

    def check(self) -> None:
        """Check all blocks now, from the front of the file to its end.

        Look-ups check each block when they first touch it, wherever it lies. When most blocks will be touched, this takes a
        fraction of the time; it may run in a thread while look-ups go on.

        Raises:
            RegisterCorruptError: a block is damaged.
        """
        view = self._refresh()
        if view.root.updating:
            return
        index = view.index()
        used = np.flatnonzero(index[:, 1])
        used = used[index[used, 1] >> np.uint64(44) & np.uint64(15) != ENCODING_GONE]
        used = used[np.argsort(index[used, 1] & _OFFSET)]
        prefixes, pointers = index[used, 0] - np.uint64(1), np.ascontiguousarray(index[used, 1])
        bad = _kernel.check_blocks(view.mapped, prefixes, pointers)
        if bad >= 0:
            raise self._damaged(int(prefixes[bad]))
        # a pointer that a writer switched meanwhile leads behind the end this look knows, where no mark counts
        marks = np.zeros(8 * len(view.checked), dtype=np.uint8)
        marks[used] = 1
        np.bitwise_or(view.checked, np.packbits(marks, bitorder="little"), out=view.checked)

    # -- asking ----------------------------------------------------------------------------------------------------

    def lookup(self, keys: NDArray[np.uint64], *, on: date | None = None, columns: bool = False) -> Found:
        """Look up many numbers.

        Args:
            keys: uint64, any shape that is one-dimensional; key 0 is never found.
            on: the day that is asked for; by default the list date. A snapshot knows no earlier day.
            columns: also give since-days and terms.

        Raises:
            RegisterError: a snapshot is asked for a day before its list date.
            RegisterCorruptError: a block is damaged.
        """
        view = self._refresh()
        day, dated = self._day(on)
        keys = np.ascontiguousarray(keys, dtype=np.uint64)
        hits = np.empty(len(keys), dtype=np.uint8)
        since = np.empty(len(keys), dtype=np.uint16) if columns else None
        terms = np.empty(len(keys), dtype=np.uint16) if columns else None
        prefix = 0
        for _ in range(8):
            result, prefix = _kernel.lookup(
                view.mapped,
                view.root.end,
                view.root.index_offset,
                view.root.index_capacity,
                # while a writer is at work a pointer may change between two look-ups: check every time
                _unchecked(view.root) if view.root.updating else view.checked,
                keys,
                day,
                dated,
                hits,
                since,
                terms,
            )
            if result == _FOUND:
                if terms is not None and len(terms) and int(terms.max()) >= len(view.metadata.terms):
                    view = self._refresh()  # a writer was quicker than our look at the metadata
                    continue
                return Found(hits.view(np.bool_), since, terms)
            if result == _CORRUPT:
                break
            view = self._view = self._open()  # a pointer leads behind our mapping: the file has grown
        raise self._damaged(prefix)

    def _day(self, on: date | None) -> tuple[int, bool]:
        metadata = self._current.metadata
        listed = metadata.list_date
        if on is not None and on < listed and metadata.kind != HISTORY:
            raise RegisterError(
                f"{self.path.name} is a snapshot of {listed} and does not know who stood in it on {on}.",
                advice="Ask a register built with --history.",
                code="register.snapshot",
            )
        return day_of(on or listed), metadata.kind == HISTORY

    def _damaged(self, prefix: int) -> RegisterCorruptError:
        return RegisterCorruptError(
            f"{self.path.name}: the block of numbers {prefix}0000 to {prefix}9999 is damaged.",
            advice="Fetch or build the file again.",
        )

    def entry(self, key: int, *, on: date | None = None) -> Entry | None:
        """Give one number's entry on a day (by default the list date), or None."""
        found = self.lookup(np.array([key], dtype=np.uint64), on=on, columns=True)
        if not found.hits[0]:
            return None
        day = day_of(on or self.metadata.list_date)
        for entry in self.periods(key):
            since = day_of(entry.since)
            if since <= day and (entry.until is None or day < day_of(entry.until)):
                return entry
        return None

    def periods(self, key: int) -> list[Entry]:
        """Give all periods of one number, the earliest first."""
        found = self.block(key // BLOCK_NUMBERS)
        if found is None:
            return []
        entries, _ = found
        return list(self._entries_of(entries.take(entries.keys == key)))

    def block(self, prefix: int) -> tuple[Entries, int] | None:
        """Give the entries of one block, and its size in bytes.

        Args:
            prefix: the block is that of the 10,000 numbers from ``prefix * 10000`` on.

        Returns:
            None where none of these numbers stands in the register.
        """
        view = self._refresh()
        pointer = _kernel.index_find(view.mapped, view.root.index_offset, view.root.index_capacity, prefix)
        if pointer == 0 or pointer >> 44 & 15 == ENCODING_GONE:
            return None
        size = len(self.block_bytes(prefix, pointer)[0])
        return self._decode(np.array([prefix], np.uint64), np.array([pointer], np.uint64)), size

    def _entries_of(self, entries: Entries) -> Iterator[Entry]:
        whole = entries.full()
        terms = self.metadata.terms
        rows = zip(whole.keys.tolist(), whole.since.tolist(), whole.until.tolist(), whole.terms.tolist(), strict=True)
        for key, since, until, term in rows:
            known = terms[term] if term < len(terms) else f"unknown terms {term}"
            yield Entry(key, date_of(since), None if until == NEVER else date_of(until), known)

    # -- everything in order ---------------------------------------------------------------------------------------

    def blocks(self) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        """Give prefixes and pointers of all blocks in ascending order of prefix."""
        view = self._refresh()
        index = view.index()
        used = index[(index[:, 1] != 0) & (index[:, 1] >> np.uint64(44) & np.uint64(15) != ENCODING_GONE)]
        order = np.argsort(used[:, 0])
        return used[order, 0] - np.uint64(1), used[order, 1]

    def used_slots(self) -> int:
        """Count index entries in use, those of blocks that are gone included."""
        return int(np.count_nonzero(self._refresh().index()[:, 1]))

    def block_bytes(self, prefix: int, pointer: int) -> tuple[memoryview, int, int]:
        """Give a checked block's bytes, its records and its numbers."""
        mapped = self._current.mapped
        info = _kernel.block_info(mapped, prefix, pointer)
        if info is None:
            raise self._damaged(prefix)
        offset, length, records, numbers = info
        return memoryview(mapped)[offset : offset + length], records, numbers

    def _decode(self, prefixes: NDArray[np.uint64], pointers: NDArray[np.uint64]) -> Entries:
        room = max(1 << 16, 2048 * len(prefixes))
        while True:
            keys = np.empty(room, dtype=np.uint64)
            since, until, terms = (np.empty(room, dtype=np.uint16) for _ in range(3))
            records = _kernel.decode_blocks(self._current.mapped, prefixes, pointers, keys, since, until, terms)
            if records is None:
                room *= 4
            elif records < 0:
                raise self._damaged(int(prefixes[-1 - records]))
            else:
                return Entries(keys[:records], since[:records], until[:records], terms[:records])

    def columns(self) -> Iterator[Entries]:
        """Give all entries in ascending order of number, as columns, a few million at a time at most."""
        prefixes, pointers = self.blocks()
        for start in range(0, len(prefixes), _DECODE_BLOCKS):
            part = slice(start, start + _DECODE_BLOCKS)
            yield self._decode(prefixes[part], pointers[part])

    def entries(self) -> Iterator[Entry]:
        """Give all entries in ascending order of number, one by one."""
        for columns in self.columns():
            yield from self._entries_of(columns)

    def verify(self) -> Verified:
        """Check every byte that counts: index, blocks, counts, terms and content digest.

        Raises:
            RegisterCorruptError: something does not match; the message names it.
        """
        prefixes, pointers = self.blocks()
        root, metadata = self.root, self.metadata
        digest, numbers, records, most_terms = hashlib.sha256(), 0, 0, len(metadata.terms)
        for prefix, pointer in zip(prefixes.tolist(), pointers.tolist(), strict=True):
            block, block_records, block_numbers = self.block_bytes(prefix, pointer)
            digest.update(prefix.to_bytes(8, "little"))
            digest.update(block)
            records += block_records
            numbers += block_numbers
        content = digest_of(metadata, digest.digest())
        found = (len(prefixes), numbers, records)
        if not root.updating and found != (root.block_count, root.number_count, root.record_count):
            raise RegisterCorruptError(
                f"{self.path.name} says it has {root.number_count:,} numbers in {root.block_count:,} blocks; "
                f"{numbers:,} in {len(prefixes):,} are there.",
                advice="Fetch or build it again.",
            )
        if any(root.digest) and content != root.digest:
            raise RegisterCorruptError(
                f"The content of {self.path.name} is not what its digest says.", advice="Fetch or build it again."
            )
        for columns in self.columns():
            if columns.terms is not None and len(columns) and int(columns.terms.max()) >= most_terms:
                raise RegisterCorruptError(f"{self.path.name} points to terms that its table does not have.")
        return Verified(len(prefixes), numbers, records, root.end, root.dead, content.hex(), root.updating)
