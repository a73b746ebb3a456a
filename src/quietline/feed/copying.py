"""Lines into a register file: what a follower's copy takes, and a publisher's own.

A line says how a number stands from now on, whatever was there before: adding a number that stands there sets its day
and terms, withdrawing one that does not changes nothing. So lines may be applied again after a crash, and come to the
same. That nothing is missing is not judged by such signs but proven by the digest of the content.

A copy is a snapshot: it says who stands in the register now, and entries that begin on a later day are in it already.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from quietline.errors import FeedError, RegisterCorruptError
from quietline.feed.lines import Added, Altered, Imported, Withdrawn
from quietline.registers.changes import ADD, DELETE, Changes, apply_changes, rewrite_register
from quietline.registers.days import day_of
from quietline.registers.entries import Columns, Entries, sorted_entries
from quietline.registers.format import BLOCK_NUMBERS, SNAPSHOT, Metadata
from quietline.registers.register import Register
from quietline.registers.writer import BlockWriter
from quietline.tables import AtomicFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date, datetime

    from numpy.typing import NDArray

    from quietline.feed.lines import Line

__all__ = [
    "LiveRegister", "Told", "apply_lines", "compact", "create_empty", "day_at", "merge_import", "write_without",
]  # fmt: skip

_MOST_TERMS = 1 << 16
_DEAD_BYTES = 64 << 20
_LEAST_REWRITE = 5000
_REWRITE_SHARE = 2500
"""Changing one number in place takes as long as writing so many anew, where each change meets a block of its own."""


@dataclass(frozen=True, slots=True)
class Told:
    """What lines said.

    Attributes:
        added: numbers added, those of imports included.
        altered: numbers altered.
        withdrawn: numbers withdrawn.
    """

    added: int = 0
    altered: int = 0
    withdrawn: int = 0

    def __add__(self, other: Told) -> Told:
        return Told(self.added + other.added, self.altered + other.altered, self.withdrawn + other.withdrawn)


class LiveRegister:
    """A copy that is followed, opened anew whenever its file was replaced.

    Most changes come to the open file by themselves; an import, a new beginning and a compaction replace it.

    Args:
        path: the register file.
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._identity, self._register = self._open()

    @property
    def register(self) -> Register:
        """The register as it stands now; ask for it before each piece of work, and do not keep it.

        Raises:
            InputError: the file is gone.
            RegisterError: what is there now is no register file, or damaged.
        """
        if _identity(self._path) != self._identity:
            self._identity, self._register = self._open()
        return self._register

    def _open(self) -> tuple[tuple[int, int] | None, Register]:
        identity = _identity(self._path)  # first: a file that takes its place between the two is noticed next time
        return identity, Register(self._path)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def create_empty(path: str | Path, metadata: Metadata) -> None:
    """Write a register file without numbers; whatever stood there is replaced.

    Raises:
        OutputError: the file cannot be written.
    """
    with AtomicFile(path) as out:
        writer = BlockWriter(out, metadata.with_terms(("",)))
        out.write_at(0, writer.finish())
        out.commit()


def day_at(at: datetime, metadata: Metadata) -> date:
    """Give the day of a register on which a moment falls; where its time zone is not known, that in UTC."""
    try:
        return at.astimezone(ZoneInfo(metadata.time_zone)).date()
    except (ZoneInfoNotFoundError, ValueError):
        return at.date()


def apply_lines(
    path: str | Path,
    lines: Sequence[Line],
    *,
    fetch: Callable[[Imported], Path],
    list_date: date | None = None,
    version: int | None = None,
) -> Told:
    """Apply lines to a copy; when this returns, they are durable.

    Numbers are changed in place while others read the file; an import, or very many changes at once, replace it (see
    :class:`LiveRegister`). Stopped half-way, each number is as before or after; applying the same lines again completes
    them.

    Args:
        path: the copy, a snapshot.
        lines: in the order of the log; marks and publications change nothing.
        fetch: gives a checked file for an import.
        list_date: the day the copy is of from now on; by default, and where that is later, unchanged.
        version: the version it is from now on; by default unchanged.

    Raises:
        FeedError: ``feed.kind`` when the copy or an import is not a snapshot, ``feed.download`` when an import is not
            what its line says.
        RegisterError: another writer has the file, or it is damaged.
        OutputError: the disk is full, or the file may not be written.
    """
    path = Path(path)
    with Register(path) as register:
        _demand_snapshot(register)
        metadata = register.metadata
    list_date = metadata.list_date if list_date is None else max(list_date, metadata.list_date)
    version = version or metadata.version
    told = Told()
    some: list[Added | Altered | Withdrawn] = []
    for line in lines:
        if isinstance(line, Imported):
            _change(path, some, list_date, version)
            some = []
            merge_import(path, fetch(line), count=line.count)
            told += Told(added=line.count)
        elif isinstance(line, Added | Altered | Withdrawn):
            some.append(line)
            told += Told(isinstance(line, Added), isinstance(line, Altered), isinstance(line, Withdrawn))
    _change(path, some, list_date, version)
    return told


def _change(path: Path, lines: list[Added | Altered | Withdrawn], list_date: date, version: int) -> None:
    with Register(path) as register:
        metadata = replace(register.metadata, list_date=list_date, version=version)
        if not lines and metadata == register.metadata:
            return
        if len(metadata.terms) + len(lines) > _MOST_TERMS:
            _forget_unused_terms(register, lines)
    with Register(path) as register:
        metadata = replace(register.metadata, list_date=list_date, version=version)
        if len(lines) > max(_LEAST_REWRITE, len(register) // _REWRITE_SHARE):
            _rewrite(register, metadata, _columns(lines))
            return
    apply_changes(path, _columns(lines), list_date=list_date, version=version)


def _forget_unused_terms(register: Register, lines: list[Added | Altered | Withdrawn]) -> None:
    """Write the file anew where the table of terms would overflow: it keeps those that no number has any more."""
    fresh = {line.terms for line in lines if not isinstance(line, Withdrawn)}
    if len(fresh.union(register.metadata.terms)) > _MOST_TERMS:
        rewrite_register(register, register.path, register.metadata)


def _rewrite(old: Register, metadata: Metadata, changes: Changes) -> None:
    """Do what changes in place would do by writing the file anew."""
    gone = np.sort(changes.keys[changes.operations == DELETE])
    put = changes.operations == ADD
    fresh = sorted_entries(Entries(changes.keys[put], changes.days[put], None, changes.terms[put]))
    metadata, places = _merged_terms(metadata, changes.terms_table)
    rest = (entries.take(~_among(entries.keys, gone)) for entries in old.columns())
    with AtomicFile(old.path) as out:
        writer = BlockWriter(out, metadata)
        for entries in _merged(filter(len, rest), iter([fresh] if len(fresh) else []), places):
            writer.add(entries)
        out.write_at(0, writer.finish())
        out.commit()


def _columns(lines: list[Added | Altered | Withdrawn]) -> Changes:
    """Give the last word on each number: it is taken out, and put in again as it stands from now on."""
    last = {line.key: line for line in lines}
    standing = [line for line in last.values() if not isinstance(line, Withdrawn)]
    table = {"": 0}
    places = [table.setdefault(line.terms, len(table)) for line in standing]
    days = [day_of(line.since) for line in standing]
    gone = np.fromiter(last, dtype=np.uint64, count=len(last))
    operations = np.full(len(last) + len(standing), DELETE, dtype=np.uint8)
    operations[len(last) :] = ADD
    nothing = np.zeros(len(last), dtype=np.uint16)
    return Changes(
        operations,
        np.concatenate([gone, np.array([line.key for line in standing], dtype=np.uint64)]),
        np.concatenate([nothing, np.array(days, dtype=np.uint16)]),
        np.concatenate([nothing, np.array(places, dtype=np.uint16)]),
        tuple(table),
    )


def merge_import(path: Path, imported: Path, *, count: int) -> None:
    """Put all entries of a register file into a copy, in the place of those of the same numbers; replaces the file.

    Args:
        path: the copy.
        imported: the other register file, a snapshot.
        count: how many numbers that has to hold.

    Raises:
        FeedError: ``feed.kind`` when it is not a snapshot, ``feed.download`` when it holds another number of numbers.
        RegisterError: one of the files is damaged, or both together have too many terms.
        OutputError: the file cannot be written.
    """
    with Register(path) as old, Register(imported) as new:
        _demand_snapshot(new)
        if len(new) != count:
            raise FeedError(
                f"An imported file holds {len(new):,} numbers; its line says {count:,}.",
                code="feed.download",
                advice="Tell the keeper of the feed.",
            )
        metadata, places = _merged_metadata(old, new)
        with AtomicFile(path) as out:
            writer = BlockWriter(out, metadata)
            for entries in _merged(old.columns(), new.columns(), places):
                writer.add(entries)
            out.write_at(0, writer.finish())
            out.commit()


def write_without(register: Register, gone: NDArray[np.uint64], path: Path) -> int:
    """Write a register file anew without some of its numbers; give how many it holds.

    Args:
        register: a snapshot.
        gone: keys of these, in ascending order; those that do not stand there do no harm.
        path: where to.

    Raises:
        RegisterCorruptError: a block is damaged.
        OutputError: the file cannot be written.
    """
    with AtomicFile(path) as out:
        writer = BlockWriter(out, register.metadata)
        for entries in register.columns():
            writer.add(entries.take(~_among(entries.keys, gone)))
        out.write_at(0, writer.finish())
        out.commit()
    return writer.number_count


def _merged_metadata(old: Register, new: Register) -> tuple[Metadata, NDArray[np.uint16]]:
    """Give the metadata of both together, and for each index into the new one's terms that into these."""
    metadata = old.metadata
    if not len(old) and not metadata.country:  # begun from nothing: this is the first that tells of it
        said = new.metadata
        metadata = replace(metadata, country=said.country, time_zone=said.time_zone, holds=said.holds)
        metadata = metadata.with_terms(("",))
    return _merged_terms(metadata, new.metadata.terms)


def _merged_terms(metadata: Metadata, terms: tuple[str, ...]) -> tuple[Metadata, NDArray[np.uint16]]:
    """Put terms into the table; give for each index into these that into the table."""
    table = list(metadata.terms)
    place_of = {text: place for place, text in enumerate(table)}
    for text in terms:
        if text not in place_of:
            place_of[text] = len(table)
            table.append(text)
    places = [place_of[text] for text in terms]
    if len(table) > _MOST_TERMS:
        raise FeedError("The register has more than 65,535 distinct terms.", code="feed.terms")
    return metadata.with_terms(tuple(table)), np.array(places, dtype=np.uint16)


def _merged(old: Iterator[Entries], new: Iterator[Entries], places: NDArray[np.uint16]) -> Iterator[Entries]:
    """Give both in ascending order of number, in pieces that end between blocks."""
    ours, theirs = next(old, None), next(new, None)
    while ours is not None and theirs is not None:
        last = min(int(ours.keys[-1]), int(theirs.keys[-1]))
        bound = np.uint64((last // BLOCK_NUMBERS + 1) * BLOCK_NUMBERS)
        mine, ours = _cut(ours, bound, old)
        yours, theirs = _cut(theirs, bound, new)
        yield _joined(mine.full(), _renumbered(yours, places))
    while ours is not None:
        yield ours
        ours = next(old, None)
    while theirs is not None:
        yield Entries(*_renumbered(theirs, places))
        theirs = next(new, None)


def _cut(entries: Entries, bound: np.uint64, more: Iterator[Entries]) -> tuple[Entries, Entries | None]:
    end = int(np.searchsorted(entries.keys, bound))
    rest = entries.take(slice(end, None))
    return entries.take(slice(0, end)), rest if len(rest) else next(more, None)


def _renumbered(entries: Entries, places: NDArray[np.uint16]) -> Columns:
    whole = entries.full()
    if len(entries) and int(whole.terms.max()) >= len(places):
        raise RegisterCorruptError("The imported file points to terms that its table does not have.")
    return Columns(whole.keys, whole.since, whole.until, places[whole.terms])


def _joined(ours: Columns, theirs: Columns) -> Entries:
    ours = ours.take(~_among(ours.keys, theirs.keys))
    keys = np.concatenate([ours.keys, theirs.keys])
    order = np.argsort(keys, kind="stable")
    others = (np.concatenate(pair)[order] for pair in zip(ours[1:], theirs[1:], strict=True))
    return Entries(keys[order], *others)


def _among(keys: NDArray[np.uint64], others: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Say of each key whether it is one of the others, which are in ascending order."""
    if not len(others):
        return np.zeros(len(keys), dtype=np.bool_)
    place = np.searchsorted(others, keys)
    place[place == len(others)] = 0
    return np.equal(others[place], keys)


def compact(path: Path, *, dead_bytes: int = _DEAD_BYTES) -> bool:
    """Write a copy anew when more of it is dead than alive, and more than ``dead_bytes``; says whether it did.

    Raises:
        RegisterError: it is damaged.
        OutputError: the disk is full.
    """
    with Register(path) as register:
        root = register.root
        if root.dead <= max(dead_bytes, root.end // 2):
            return False
        rewrite_register(register, path, register.metadata)
    return True


def _demand_snapshot(register: Register) -> None:
    if register.metadata.kind != SNAPSHOT:
        raise FeedError(
            f"{register.path.name} holds a history; a feed tells who stands in the register now.",
            code="feed.kind",
            advice="Use a register file that is a snapshot.",
        )
