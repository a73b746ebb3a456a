"""Recomputing a whole log from its entries.

Everything that a reader could be given is compared with what follows from the entries, and these with the signed root:
every bundle, every hash tile, and, where the store can list what it holds, partial objects of earlier checkpoints too.

Source: C2SP tlog-tiles (https://c2sp.org/tlog-tiles).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quietline.errors import LedgerError
from quietline.ledger.merkle import Frontier
from quietline.ledger.objects import ListingStore, ObjectMissing
from quietline.ledger.paths import ENTRIES, TILE_WIDTH, ObjectName, object_path, parse_path, width_at
from quietline.ledger.reading import LogReader
from quietline.ledger.tiles import HASH_BYTES, as_rows, entry_hashes, read_bundle, read_tile, split_bundle, tile_root

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from quietline.ledger.objects import ObjectReader
    from quietline.ledger.signing import PublicKey

__all__ = ["LogReport", "verify_log"]


@dataclass(frozen=True, slots=True)
class LogReport:
    """What was found of a log that holds.

    Attributes:
        origin: name of the log.
        size: number of entries.
        root: 32 bytes, as signed and as recomputed.
        at: when the checkpoint was signed, by the signer's own clock.
        entries_checked: number of entries that were read and hashed: all of them.
        objects_checked: number of bundles and tiles that were compared.
        beyond: number of objects that hold more than the checkpoint speaks of: left by a crash, or by a writer at
            work. Nothing is said about that part of them.
    """

    origin: str
    size: int
    root: bytes
    at: datetime
    entries_checked: int
    objects_checked: int
    beyond: int


def verify_log(store: ObjectReader, *, origin: str | None, trusted: Collection[PublicKey]) -> LogReport:
    """Recompute a log from its entries, and compare all that is stored.

    Args:
        store: where the log is.
        origin: which log it has to be; None takes the one that the checkpoint names.
        trusted: keys that may have signed the checkpoint.

    Raises:
        LedgerError: what does not hold first: ``ledger.signature``, ``ledger.origin``, ``ledger.malformed``,
            ``ledger.missing``, ``ledger.root``. The words name the object.
    """
    checkpoint = LogReader(store, origin=origin, trusted=trusted).checkpoint()
    check = _Check(store, checkpoint.size)
    if check.run() != checkpoint.root:
        raise LedgerError(
            f"The {checkpoint.size} stored entries do not lead to the signed root.",
            code="ledger.root",
            advice="Entries were changed, together with their hashes: take the log from another copy, and tell its keeper.",
        )
    return LogReport(
        checkpoint.origin,
        checkpoint.size,
        checkpoint.root,
        checkpoint.at,
        check.entries,
        check.objects,
        check.beyond,
    )


class _Check:
    """One pass over the entries; each tile is compared as soon as its hashes are all known."""

    def __init__(self, store: ObjectReader, size: int) -> None:
        self._store = store
        self._size = size
        self._levels: list[bytearray] = []
        self._tiles_done: list[int] = []
        self._others: dict[tuple[int, int], list[int]] = defaultdict(list)
        self.entries = self.objects = self.beyond = 0
        if isinstance(store, ListingStore):
            self._list(store)

    def run(self) -> bytes:
        """Give the root."""
        frontier = Frontier()
        for index in range(-(-self._size // TILE_WIDTH)):
            width = width_at(ENTRIES, index, self._size)
            entries = read_bundle(self._store, index, width, known_size=self._size)
            self.entries += len(entries)
            self.objects += 1
            self._compare_other_bundles(index, entries)
            hashes = entry_hashes(entries)
            frontier.extend(as_rows(hashes))
            self._add(0, hashes)
        for level, rest in enumerate(self._levels):
            if rest:
                self._compare_tile(level, self._tiles_done[level], bytes(rest))
        return frontier.root()

    def _list(self, store: ListingStore) -> None:
        for path in store.paths():
            name = parse_path(path)
            if name is None:
                continue
            reached = width_at(name.level, name.index, self._size)
            if name.width > reached:
                self.beyond += 1
            if reached and name.width != reached:
                self._others[name.level, name.index].append(name.width)

    def _add(self, level: int, hashes: bytes) -> None:
        if level == len(self._levels):
            self._levels.append(bytearray())
            self._tiles_done.append(0)
        self._levels[level] += hashes
        if len(self._levels[level]) == TILE_WIDTH * HASH_BYTES:
            tile = bytes(self._levels[level])
            self._compare_tile(level, self._tiles_done[level], tile)
            self._tiles_done[level] += 1
            self._levels[level].clear()
            self._add(level + 1, tile_root(tile))

    def _compare_tile(self, level: int, index: int, hashes: bytes) -> None:
        width = len(hashes) // HASH_BYTES
        self.objects += 1
        if read_tile(self._store, level, index, width, known_size=self._size) != hashes:
            raise _differs(object_path(ObjectName(level, index, width)))
        for other in self._others.pop((level, index), ()):
            path = object_path(ObjectName(level, index, other))
            try:
                stored = self._store.read(path)
            except ObjectMissing:  # a writer at work has just put the full one in its place
                continue
            shared = min(width, other) * HASH_BYTES
            if len(stored) != other * HASH_BYTES or stored[:shared] != hashes[:shared]:
                raise _differs(path)
            self.objects += 1

    def _compare_other_bundles(self, index: int, entries: list[bytes]) -> None:
        for other in self._others.pop((ENTRIES, index), ()):
            path = object_path(ObjectName(ENTRIES, index, other))
            try:
                stored = split_bundle(self._store.read(path), path)
            except ObjectMissing:  # as below
                continue
            shared = min(len(entries), other)
            if len(stored) != other or stored[:shared] != entries[:shared]:
                raise _differs(path)
            self.objects += 1


def _differs(path: str) -> LedgerError:
    return LedgerError(
        f"The object {path} is not what follows from the entries.",
        code="ledger.root",
        advice="It, or an entry under it, was changed: take the log from another copy, and tell its keeper.",
    )
