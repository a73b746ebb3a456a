"""Take changes: into a working copy in place, or into a new file; and say what changed between two files."""

from __future__ import annotations

import fcntl
import mmap
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from quietline.errors import OutputError, RegisterError
from quietline.kernel import _kernel
from quietline.registers.days import NEVER
from quietline.registers.entries import Entries, history_of, joined, sorted_entries
from quietline.registers.format import (
    BLOCK_NUMBERS,
    ENCODING_GONE,
    HISTORY,
    Metadata,
    Root,
    metadata_bytes,
    root_place,
)
from quietline.registers.register import Register
from quietline.registers.terms import terms_in_order
from quietline.registers.writer import BlockWriter, encoded, new_index
from quietline.tables import AtomicFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from numpy.typing import NDArray

__all__ = ["ADD", "DELETE", "Applied", "Changes", "apply_changes", "diff_registers", "rewrite_register"]

ADD = 1
DELETE = 2
_FULL = 0.9


@dataclass(frozen=True, slots=True)
class Changes:
    """Changes as columns, in the order in which they happened.

    Attributes:
        operations: uint8, :data:`ADD` or :data:`DELETE`.
        keys: uint64.
        days: uint16, the day of the change (days since 1970-01-01), 0 unknown. For an add it is the since-day.
        terms: uint16, index into ``terms_table``; of adds only.
        terms_table: canonical terms, index 0 is "".
    """

    operations: NDArray[np.uint8]
    keys: NDArray[np.uint64]
    days: NDArray[np.uint16]
    terms: NDArray[np.uint16]
    terms_table: tuple[str, ...] = ("",)

    def __len__(self) -> int:
        return len(self.keys)


@dataclass(frozen=True, slots=True)
class Applied:
    """What changes came to.

    Attributes:
        added: numbers that did not stand in the register before.
        altered: numbers whose terms changed.
        withdrawn: numbers that stand there no longer.
        unchanged: adds of what stood there already, deletes of what did not.
        metadata: of the register as it is now.
    """

    added: int
    altered: int
    withdrawn: int
    unchanged: int
    metadata: Metadata


def apply_changes(
    path: str | Path,
    changes: Changes,
    *,
    list_date: date | None = None,
    version: int | None = None,
) -> Applied:
    """Apply changes to a register file in place, while others read it.

    New blocks are appended and made durable, then each block's pointer is switched by one 8-byte store. A writer that is
    stopped half-way leaves every number as before or after its change; applying the same changes again completes them.

    Args:
        path: the working copy.
        changes: applied in order.
        list_date: the day the content is of from now on; by default unchanged.
        version: the version it is from now on; by default one more than before.

    Raises:
        RegisterError: another writer has the file, or it is damaged.
        OutputError: the disk is full, or the file may not be written.
    """
    path = Path(path)
    Register(path).close()  # says what is wrong with it, if anything is
    try:
        fd = os.open(path, os.O_RDWR)
    except OSError as error:
        raise OutputError(f"{path} may not be changed: {error.strerror}.", code="output.permission") from error
    try:
        _lock(fd, path)
        with Register(path) as register:  # as it is now that nobody else can change it
            return _apply_locked(fd, register, changes, list_date=list_date, version=version)
    except OSError as error:
        raise OutputError(f"{path} could not be changed: {error.strerror}.") from error
    finally:
        os.close(fd)


def _lock(fd: int, path: Path) -> None:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise RegisterError(
            f"Another process is changing {path.name}.", advice="Wait until it is done.", code="register.locked"
        ) from error
    if not os.path.samestat(os.fstat(fd), path.stat()):
        raise RegisterError(
            f"{path.name} was replaced by another file meanwhile.", advice="Try again.", code="register.locked"
        )


def _apply_locked(fd: int, register: Register, changes: Changes, *, list_date: date | None, version: int | None) -> Applied:
    metadata, terms = _merged_terms(register.metadata, changes)
    metadata = replace(metadata, version=version or metadata.version + 1, list_date=list_date or metadata.list_date)
    before, after, applied = _changed_blocks(register, changes, terms, metadata)
    root = _recounted(register) if register.root.updating else register.root
    end = -(-max(root.end, os.fstat(fd).st_size) // 16) * 16
    blocks, prefixes, pointers = encoded(after, end)
    gone = np.setdiff1d(np.unique(changes.keys // BLOCK_NUMBERS), prefixes)
    gone = np.array([prefix for prefix in gone.tolist() if prefix in before], dtype=np.uint64)
    gone_pointers = np.array([_kernel.pointer(p, 0, ENCODING_GONE) for p in gone.tolist()], dtype=np.uint64)
    put = (np.concatenate([prefixes, gone]), np.concatenate([pointers, gone_pointers]))
    # while pointers are switched the register says what it said before, with terms for old and new blocks
    meanwhile, record = metadata_bytes(register.metadata.with_terms(metadata.terms)), metadata_bytes(metadata)
    meanwhile_offset = end + len(blocks)
    metadata_offset = meanwhile_offset + len(meanwhile)
    _write_at(fd, blocks, end)
    _write_at(fd, meanwhile + record, meanwhile_offset)
    new_prefixes = sum(prefix not in before for prefix in prefixes.tolist())
    updated = replace(
        root,
        sequence=root.sequence + 1,
        updating=True,
        block_count=root.block_count + new_prefixes - len(gone),
        metadata_offset=meanwhile_offset,
        metadata_length=len(meanwhile),
        metadata_checksum=_kernel.crc32c(meanwhile),
        end=metadata_offset + len(record),
        dead=root.dead + root.metadata_length,
        digest=bytes(32),
    )
    index_place, capacity = root.index_offset, root.index_capacity
    used = register.used_slots()
    if used + new_prefixes > _FULL * capacity:
        updated, index_place, capacity = _larger_index(fd, register, updated, new_prefixes)
    os.fsync(fd)
    _write_root(fd, updated)
    with mmap.mmap(fd, 0) as mapped:
        if not _kernel.index_put(mapped, index_place, capacity, put[0], put[1]):
            raise RegisterError(f"The index of {register.path.name} is full.", code="register.full")
        mapped.flush()
        with memoryview(mapped) as whole:
            checksum = _kernel.crc32c(whole[index_place : index_place + 16 * capacity])
    old_records, old_numbers, old_bytes = _totals(before)
    _write_root(
        fd,
        replace(
            updated,
            sequence=updated.sequence + 1,
            updating=False,
            index_offset=index_place,
            index_capacity=capacity,
            index_checksum=checksum,
            number_count=root.number_count - old_numbers + _count_numbers(after),
            record_count=root.record_count - old_records + len(after),
            metadata_offset=metadata_offset,
            metadata_length=len(record),
            metadata_checksum=_kernel.crc32c(record),
            dead=updated.dead + old_bytes + len(meanwhile),
        ),
    )
    return replace(applied, metadata=metadata)


def _write_at(fd: int, data: bytes | memoryview, offset: int) -> None:
    view = memoryview(data)
    while view:
        done = os.pwrite(fd, view, offset)
        view, offset = view[done:], offset + done


def _write_root(fd: int, root: Root) -> None:
    _write_at(fd, root.to_bytes(), root_place(root.sequence))
    os.fsync(fd)


def _larger_index(fd: int, register: Register, root: Root, more: int) -> tuple[Root, int, int]:
    """Append an index with room for more blocks; readers change over to it with the next root record but one."""
    prefixes, pointers = register.blocks()
    index = new_index(prefixes, pointers, room=len(prefixes) // 2 + 2 * more)
    place = -(-root.end // 64) * 64
    _write_at(fd, index.tobytes(), place)
    return replace(root, end=place + index.nbytes, dead=root.dead + 16 * root.index_capacity), place, len(index)


def _recounted(register: Register) -> Root:
    """Count anew where a writer was stopped half-way: some blocks may be as before its changes, some as after."""
    verified = register.verify()
    return replace(
        register.root,
        block_count=verified.blocks,
        number_count=verified.numbers,
        record_count=verified.records,
    )


def _totals(before: dict[int, tuple[int, int, int]]) -> tuple[int, int, int]:
    records, numbers, size = (sum(column) for column in zip(*before.values(), strict=True)) if before else (0, 0, 0)
    return records, numbers, size


def _count_numbers(entries: Entries) -> int:
    return 1 + int(np.count_nonzero(entries.keys[1:] != entries.keys[:-1])) if len(entries) else 0


def _merged_terms(metadata: Metadata, changes: Changes) -> tuple[Metadata, NDArray[np.uint16]]:
    """Put the changes' terms into the register's table; give the changes' column with indexes into that."""
    table = list(metadata.terms)
    for text in changes.terms_table:
        if text not in table:
            table.append(text)
    if len(table) > 1 << 16:
        raise RegisterError("A register holds at most 65,535 distinct terms.", code="register.terms")
    places = np.array([table.index(text) for text in changes.terms_table], dtype=np.uint16)
    return metadata.with_terms(tuple(table)), places[changes.terms]


def _changed_blocks(
    register: Register, changes: Changes, terms: NDArray[np.uint16], metadata: Metadata
) -> tuple[dict[int, tuple[int, int, int]], Entries, Applied]:
    """Give the blocks that change: (records, numbers, bytes) of each before, all their entries after."""
    before: dict[int, tuple[int, int, int]] = {}
    old: list[Entries] = []
    for prefix in np.unique(changes.keys // BLOCK_NUMBERS).tolist():
        found = register.block(prefix)
        if found is not None:
            entries, size = found
            before[prefix] = (len(entries), _count_numbers(entries), size)
            old.append(entries)
    present = joined(old) if old else Entries(np.empty(0, np.uint64))
    after, applied = _changed_entries(present, changes, terms, metadata)
    return before, after, applied


def _changed_entries(
    present: Entries, changes: Changes, terms: NDArray[np.uint16], metadata: Metadata
) -> tuple[Entries, Applied]:
    """Apply changes to the entries of the blocks they touch."""
    touched = np.isin(present.keys, changes.keys)
    rest = present.take(~touched)
    states: dict[int, list[tuple[int, int, int]]] = {}
    for key, *period in _rows(present.take(touched)):
        states.setdefault(key, []).append((period[0], period[1], period[2]))
    history = metadata.kind == HISTORY
    counts = {"added": 0, "altered": 0, "withdrawn": 0, "unchanged": 0}
    steps = zip(changes.operations.tolist(), changes.keys.tolist(), changes.days.tolist(), terms.tolist(), strict=True)
    for operation, key, day, term in steps:
        counts[_step(states.setdefault(key, []), operation, day, term, history=history)] += 1
    rows = [(key, *period) for key in sorted(states) for period in sorted(states[key])]
    changed = _columns(rows)
    merged = sorted_entries(joined([rest, changed]))
    if history:
        merged = history_of(merged)
    return merged, Applied(**counts, metadata=metadata)


def _step(periods: list[tuple[int, int, int]], operation: int, day: int, term: int, *, history: bool) -> str:
    """Apply one change to the periods of one number and say what it was."""
    current = next((i for i, period in enumerate(periods) if period[1] == NEVER), None)
    if current is None and not history and periods:
        current = 0  # a snapshot's entry that will end stands until then
    if operation == DELETE:
        if current is None:
            return "unchanged"
        since, _, old_term = periods.pop(current)
        if history and day > since:
            periods.append((since, day, old_term))
        return "withdrawn"
    if current is None:
        periods.append((day, NEVER, term))
        return "added"
    since, until, old_term = periods[current]
    if old_term == term and until == NEVER:
        return "unchanged"
    if history and day > since:
        periods[current] = (since, day, old_term)
        periods.append((day, NEVER, term))
    else:
        periods[current] = (since, NEVER, term)
    return "altered"


def _rows(entries: Entries) -> Iterator[tuple[int, int, int, int]]:
    return zip(*(column.tolist() for column in entries.full()), strict=True)


def _columns(rows: list[tuple[int, int, int, int]]) -> Entries:
    return Entries(
        np.array([row[0] for row in rows], dtype=np.uint64),
        np.array([row[1] for row in rows], dtype=np.uint16),
        np.array([row[2] for row in rows], dtype=np.uint16),
        np.array([row[3] for row in rows], dtype=np.uint16),
    )


def rewrite_register(register: Register, path: str | Path, metadata: Metadata) -> None:
    """Write a register anew as a published file: blocks in order, nothing dead, only terms in use, with its digest.

    Raises:
        OutputError: the file cannot be written.
    """
    terms, places = _terms_in_use(register, metadata)
    with AtomicFile(path) as out:
        writer = BlockWriter(out, metadata.with_terms(terms))
        if terms != metadata.terms:
            for entries in register.columns():
                writer.add(replace(entries, terms=places[entries.full().terms]))
        else:
            _copy_blocks(register, writer)
        out.write_at(0, writer.finish())
        out.commit()


def _terms_in_use(register: Register, metadata: Metadata) -> tuple[tuple[str, ...], NDArray[np.uint16]]:
    """Give the register's terms as a newly built one would have them, and for each old index the new one."""
    used = np.zeros(len(metadata.terms), dtype=np.bool_)
    if len(metadata.terms) > 1:
        for entries in register.columns():
            used[entries.full().terms] = True
    return terms_in_order(metadata.terms, used)


def _copy_blocks(register: Register, writer: BlockWriter) -> None:
    prefixes, pointers = register.blocks()
    for prefix, pointer in zip(prefixes.tolist(), pointers.tolist(), strict=True):
        block, records, numbers = register.block_bytes(prefix, pointer)
        writer.add_block(block, prefix, pointer >> 44 & 15, records=records, numbers=numbers)


def diff_registers(old: Register, new: Register) -> Iterator[tuple[str, int, int, str]]:
    """Say what has to be done to make one register's standing that of another.

    Gives:
        ``("D" or "A", key, since-day, terms)`` in ascending order of number; a number whose since-day or terms differ
        is withdrawn and added anew.
    """
    before, after = (
        dict(zip(*map(np.ndarray.tolist, old.blocks()), strict=True)),
        dict(zip(*map(np.ndarray.tolist, new.blocks()), strict=True)),
    )
    comparable = old.metadata.terms == new.metadata.terms
    for prefix in sorted(before.keys() | after.keys()):
        if comparable and prefix in before and prefix in after:
            same = old.block_bytes(prefix, before[prefix])[0] == new.block_bytes(prefix, after[prefix])[0]
            if same:
                continue
        one, other = _standing(old, prefix), _standing(new, prefix)
        for key in sorted(one.keys() | other.keys()):
            if one.get(key) != other.get(key):
                if key in one:
                    yield "D", key, *one[key]
                if key in other:
                    yield "A", key, *other[key]


def _standing(register: Register, prefix: int) -> dict[int, tuple[int, str]]:
    found = register.block(prefix)
    if found is None:
        return {}
    terms = register.metadata.terms
    return {key: (since, terms[term]) for key, since, until, term in _rows(found[0]) if until == NEVER}
