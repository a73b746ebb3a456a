"""Build a register from entries in any order, any number of them, in bounded memory.

Entries are gathered into runs; a full run is sorted and laid down in a temporary file; at the end the runs are merged
range by range of the key space. So a nation's register can be built where its keys would not fit into memory.
"""

from __future__ import annotations

import mmap
import tempfile
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from quietline.registers.days import day_of
from quietline.registers.entries import Entries, history_of, joined, snapshot_of, sorted_entries
from quietline.registers.format import BLOCK_NUMBERS, HISTORY, Metadata
from quietline.registers.terms import terms_in_order
from quietline.registers.writer import BlockWriter
from quietline.tables import AtomicFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    from numpy.typing import NDArray

    from quietline.registers.writer import BinaryWriter
    from quietline.tables import OutputFile

__all__ = ["Built", "RegisterBuilder"]

_RUN_ENTRIES = 1 << 23
_RANGE_ENTRIES = 1 << 22


@dataclass(frozen=True, slots=True)
class Built:
    """What building came to.

    Attributes:
        metadata: of the register as written.
        given: entries that were added.
        numbers: numbers that stand in the register.
        repeated: entries that were merged into another of the same number.
        absent: entries left out of a snapshot because they do not stand on its day.
        bytes: size of the file.
    """

    metadata: Metadata
    given: int
    numbers: int
    repeated: int
    absent: int
    bytes: int


class RegisterBuilder:
    """Gather entries and write them as a register file.

    A context manager: leaving it deletes the temporary runs.

    Args:
        run_entries: entries held in memory before they are laid down; about 20 bytes each where they have days or terms.
        latest: of several entries of a number the latest day counts, not the earliest.
    """

    def __init__(self, *, run_entries: int = _RUN_ENTRIES, latest: bool = False) -> None:
        self._latest = latest
        self._run_entries = run_entries
        self._pending: list[Entries] = []
        self._pending_count = 0
        self._sorted = False
        self._runs: list[_Run] = []
        self.given = 0

    def __enter__(self) -> Self:
        """Enter."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Delete the temporary runs."""
        for run in self._runs:
            run.close()

    def add(self, entries: Entries) -> None:
        """Add entries in any order."""
        if len(entries):
            self.given += len(entries)
            self._pending.append(entries)
            self._sorted = False
            self._pending_count += len(entries)
            if self._pending_count >= self._run_entries:
                self._lay_down()

    def _lay_down(self) -> None:
        run = sorted_entries(joined(self._pending))
        self._pending, self._pending_count = [], 0
        self._runs.append(_Run(run))

    def _ranges(self) -> Iterator[Entries]:
        """Give all entries sorted, in pieces that end between blocks."""
        if not self._runs:
            if len(self._pending) != 1 or not self._sorted:
                whole = joined(self._pending) if self._pending else Entries(np.empty(0, np.uint64))
                self._pending, self._sorted = [sorted_entries(whole)], True
            yield from _cut(self._pending[0])
            return
        if self._pending:
            self._lay_down()
        window = max(4 * BLOCK_NUMBERS, _RANGE_ENTRIES // len(self._runs))
        places = [0] * len(self._runs)
        while any(place < run.count for place, run in zip(places, self._runs, strict=True)):
            lasts = [
                int(run.keys[place + window - 1])
                for place, run in zip(places, self._runs, strict=True)
                if place + window < run.count
            ]
            # of the same type as the keys: NumPy would compare a plain int with them as floats, which are not exact
            bound = np.uint64(min(lasts) // BLOCK_NUMBERS * BLOCK_NUMBERS if lasts else 0)
            parts = []
            for i, run in enumerate(self._runs):
                end = run.count
                if lasts:
                    end = places[i] + int(np.searchsorted(run.keys[places[i] : places[i] + window], bound))
                parts.append(run.read(places[i], end))
                places[i] = end
            if lasts and not any(len(part) for part in parts):
                window *= 2  # one block fills the window: the same numbers over and over
                continue
            yield sorted_entries(joined(parts))

    def _standing(self, metadata: Metadata) -> Iterator[tuple[Entries, int]]:
        """Give what is to be written, sorted, and how many entries were left out each time."""
        day = day_of(metadata.list_date)
        for entries in self._ranges():
            if metadata.kind == HISTORY:
                yield history_of(entries, latest=self._latest), 0
            else:
                yield snapshot_of(entries, day, latest=self._latest)

    def _terms_in_use(self, metadata: Metadata) -> tuple[tuple[str, ...], NDArray[np.uint16] | None]:
        """Give the terms in use in alphabetical order, and for each old index the new one.

        So the content of a register, and with it its digest, does not depend on the order of the entries given.
        """
        if len(metadata.terms) < 2:
            return metadata.terms, None
        used = np.zeros(len(metadata.terms), dtype=np.bool_)
        for entries, _ in self._standing(metadata):
            if entries.terms is not None:
                used[entries.terms] = True
        return terms_in_order(metadata.terms, used)

    def write_to(self, out: BinaryWriter, metadata: Metadata) -> tuple[BlockWriter, Metadata, int]:
        """Write all but the first page.

        Returns:
            The writer, to be finished; the metadata as written; the count of absent entries.
        """
        terms, places = self._terms_in_use(metadata)
        metadata = metadata.with_terms(terms)
        writer, absent = BlockWriter(out, metadata), 0
        for entries, left_out in self._standing(metadata):
            absent += left_out
            if places is not None and entries.terms is not None:
                entries = replace(entries, terms=places[entries.terms])  # noqa: PLW2901 - the same, renumbered
            writer.add(entries)
        return writer, metadata, absent

    def write_into(self, out: OutputFile, metadata: Metadata) -> Built:
        """Write the register into an open output, which is left to be committed."""
        writer, metadata, absent = self.write_to(out, metadata)
        out.write_at(0, writer.finish())
        written = writer.record_count if metadata.kind == HISTORY else writer.number_count
        return Built(metadata, self.given, writer.number_count, self.given - absent - written, absent, out.written)

    def write(self, path: str | Path, metadata: Metadata, *, mode: int | None = None) -> Built:
        """Write the register; it appears whole or not at all.

        Args:
            path: the file to write; replaced only on success.
            metadata: what the register is; its terms table is the one the entries' terms point into.
            mode: permission bits of a new file.

        Raises:
            OutputError: the file cannot be written.
        """
        with AtomicFile(path, mode=mode) as out:
            return self.write_into(out, metadata)


def _cut(entries: Entries) -> Iterator[Entries]:
    """Cut sorted entries into pieces that end between blocks."""
    start = 0
    while start < len(entries):
        end = min(len(entries), start + _RANGE_ENTRIES)
        if end < len(entries):
            block_end = (int(entries.keys[end - 1]) // BLOCK_NUMBERS + 1) * BLOCK_NUMBERS
            end = int(np.searchsorted(entries.keys, np.uint64(block_end)))
        yield entries.take(slice(start, end))
        start = end


class _Run:
    """A sorted run in a temporary file that has no name, so that nothing is left behind however the process ends."""

    def __init__(self, entries: Entries) -> None:
        self.count = len(entries)
        self._file = tempfile.TemporaryFile(prefix="quietline-")  # noqa: SIM115 - closed with the run
        self._places: list[int | None] = []
        place = 0
        for column in (entries.keys, entries.since, entries.until, entries.terms):
            self._places.append(None if column is None else place)
            if column is not None:
                data = np.ascontiguousarray(column)
                self._file.write(data.data)
                place += data.nbytes
        self._file.flush()
        self._map = mmap.mmap(self._file.fileno(), 8 * self.count, access=mmap.ACCESS_READ)
        self.keys = np.frombuffer(self._map, dtype=np.uint64)

    def _column(self, number: int, start: int, end: int) -> NDArray[np.uint16] | None:
        place = self._places[number]
        if place is None:
            return None
        self._file.seek(place + 2 * start)
        return np.frombuffer(self._file.read(2 * (end - start)), dtype=np.uint16)

    def read(self, start: int, end: int) -> Entries:
        columns = [self._column(number, start, end) for number in (1, 2, 3)]
        keys = np.array(self.keys[start:end])
        self._map.madvise(mmap.MADV_DONTNEED)  # what was read once will not be needed again
        return Entries(keys, *columns)

    def close(self) -> None:
        del self.keys
        self._map.close()
        self._file.close()
