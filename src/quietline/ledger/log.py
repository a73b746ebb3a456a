"""Writing a log: entries are appended, objects are written, a checkpoint is signed.

Objects come first and the checkpoint last. So what a checkpoint says is always there, and a crash in between leaves
objects that no checkpoint speaks of: the caller appends the same entries again, in batches of any size, and the same
bytes come to stand where they stood. A caller that cannot give the same entries again has to keep them before it
appends them.

One writer at a time: a log that two write forks, and its followers refuse it for good. A second writer is noticed
(``ledger.conflict``) in most cases, but not surely; keep it away with a lock.

Source: C2SP tlog-tiles (https://c2sp.org/tlog-tiles).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quietline.errors import LedgerError
from quietline.ledger.checkpoint import Checkpoint, check_origin, parse_checkpoint, sign_checkpoint
from quietline.ledger.merkle import Frontier
from quietline.ledger.objects import ObjectMissing, PartialsStore
from quietline.ledger.paths import CHECKPOINT, ENTRIES, TILE_WIDTH, ObjectName, object_path
from quietline.ledger.tiles import (
    HASH_BYTES,
    HashTiles,
    as_rows,
    encode_entry,
    entry_hashes,
    read_bundle,
    read_tile,
    tile_root,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from quietline.ledger.objects import ObjectStore
    from quietline.ledger.signing import PublicKey, SigningKey

__all__ = ["LogWriter"]


@dataclass(frozen=True, slots=True)
class _Edge:
    """The right edge of a log: all that has to be known to go on.

    Attributes:
        size: number of entries.
        entries: those of the partial bundle, encoded.
        levels: the hashes of the partial tile of each level; empty where that level ends with a full one.
        frontier: over all entries; not to be changed.
    """

    size: int
    entries: tuple[bytes, ...]
    levels: tuple[bytes, ...]
    frontier: Frontier


class LogWriter:
    """The one that appends to a log. Made by :meth:`open`."""

    def __init__(self, store: ObjectStore, key: SigningKey, origin: str, edge: _Edge, stored: bytes | None) -> None:
        self._store = store
        self._key = key
        self._origin = origin
        self._edge = edge
        self._stored = stored

    @classmethod
    def open(cls, store: ObjectStore, *, origin: str, key: SigningKey, trusted: Collection[PublicKey] = ()) -> LogWriter:
        """Go on where the stored checkpoint ends; begin with nothing where there is none.

        Args:
            store: where the log is kept.
            origin: name of the log; see :class:`~quietline.ledger.checkpoint.Checkpoint`.
            key: signs the checkpoints.
            trusted: keys that signed before ``key`` did: needed once after a change of keys.

        Raises:
            LedgerError: when the checkpoint does not hold or what it speaks of is not all there: ``ledger.malformed``,
                ``ledger.origin``, ``ledger.signature``, ``ledger.missing``, ``ledger.root``.
            ValueError: when the origin cannot be one.
        """
        try:
            stored = store.read(CHECKPOINT)
        except ObjectMissing:
            check_origin(origin)
            return cls(store, key, origin, _Edge(0, (), (), Frontier()), None)
        checkpoint = parse_checkpoint(stored, origin=origin, trusted=[key.public, *trusted])
        return cls(store, key, origin, _resumed(store, checkpoint), stored)

    @property
    def size(self) -> int:
        """Number of entries."""
        return self._edge.size

    @property
    def root(self) -> bytes:
        """Root of the tree over all entries, 32 bytes."""
        return self._edge.frontier.root()

    def append(self, entries: Sequence[bytes], *, at: datetime) -> Checkpoint:
        """Add entries; when this returns they are durable and signed.

        Args:
            entries: at most 65,535 bytes each; none at all only signs anew.
            at: the time now, aware.

        Returns:
            The new checkpoint.

        Raises:
            LedgerError: ``ledger.entry`` when an entry is too long, and nothing was written; ``ledger.conflict`` when
                something else stands where an object would come to stand, or another writer wrote a checkpoint.
            OutputError: when the store refuses. The writer then stands where it stood: append the same again, or
                open the log anew.
        """
        edge, objects = _grown(self._edge, entries)
        checkpoint = Checkpoint(self._origin, edge.size, edge.frontier.root(), at)
        signed = sign_checkpoint(checkpoint, self._key)
        if objects:
            self._store.write_many(objects)
        self._refuse_another_writer()
        self._store.replace(CHECKPOINT, signed)
        self._edge, self._stored = edge, signed
        if isinstance(self._store, PartialsStore):
            self._store.discard_partials([path for path in objects if ".p/" not in path])
        return checkpoint

    def sign(self, at: datetime) -> Checkpoint:
        """Sign the log as it stands anew, so that readers see that it is kept up.

        Args:
            at: the time now, aware.

        Raises:
            LedgerError: ``ledger.conflict`` when another writer wrote a checkpoint.
            OutputError: when the store refuses.
        """
        return self.append((), at=at)

    def _refuse_another_writer(self) -> None:
        try:
            stored = self._store.read(CHECKPOINT)
        except ObjectMissing:
            stored = None
        if stored != self._stored:
            raise LedgerError(
                f"The checkpoint of {self._origin!r} was changed by somebody else since it was opened.",
                code="ledger.conflict",
                advice="See that only one writer runs, and open the log anew.",
            )


def _resumed(store: ObjectStore, checkpoint: Checkpoint) -> _Edge:
    size = checkpoint.size
    levels: list[bytes] = []
    while size >> 8 * len(levels):
        level = len(levels)
        width = (size >> 8 * level) % TILE_WIDTH
        index = (size >> 8 * level) // TILE_WIDTH
        levels.append(read_tile(store, level, index, width, known_size=size) if width else b"")
    width = size % TILE_WIDTH
    entries = read_bundle(store, size // TILE_WIDTH, width, known_size=size) if width else []
    frontier = Frontier.resume(size, HashTiles(store, size).peaks(0, size))
    if frontier.root() != checkpoint.root or (levels and entry_hashes(entries) != levels[0]):
        raise LedgerError(
            f"What is stored of the log {checkpoint.origin!r} does not lead to the root of its checkpoint.",
            code="ledger.root",
            advice="Run quietline ledger verify, and bring back what was changed from a copy.",
        )
    return _Edge(size, tuple(map(encode_entry, entries)), tuple(levels), frontier)


def _grown(edge: _Edge, entries: Sequence[bytes]) -> tuple[_Edge, dict[str, bytes]]:
    """Give the edge behind these entries, and the objects that have to be written for it."""
    if not entries:
        return edge, {}
    objects: dict[str, bytes] = {}
    size = edge.size + len(entries)
    encoded = [*edge.entries, *map(encode_entry, entries)]
    first = edge.size // TILE_WIDTH
    for start in range(0, len(encoded), TILE_WIDTH):
        bundle = encoded[start : start + TILE_WIDTH]
        objects[object_path(ObjectName(ENTRIES, first + start // TILE_WIDTH, len(bundle)))] = b"".join(bundle)
    hashes = entry_hashes(entries)
    frontier = Frontier.resume(edge.size, edge.frontier.peaks)
    frontier.extend(as_rows(hashes))
    levels: list[bytes] = []
    while hashes:
        level = len(levels)
        before = edge.levels[level] if level < len(edge.levels) else b""
        rest, hashes = _add_tiles(objects, level, edge.size >> 8 * (level + 1), before + hashes)
        levels.append(rest)
    levels.extend(edge.levels[len(levels) :])
    return _Edge(size, tuple(encoded[len(encoded) - size % TILE_WIDTH :]), tuple(levels), frontier), objects


def _add_tiles(objects: dict[str, bytes], level: int, index: int, hashes: bytes) -> tuple[bytes, bytes]:
    """Put the tiles of one level, from tile ``index`` on, to the objects.

    Returns:
        The hashes of the partial tile, and those of the full ones for the level above.
    """
    tile_bytes = TILE_WIDTH * HASH_BYTES
    roots: list[bytes] = []
    while len(hashes) - len(roots) * tile_bytes >= tile_bytes:
        tile = hashes[len(roots) * tile_bytes : (len(roots) + 1) * tile_bytes]
        objects[object_path(ObjectName(level, index + len(roots), TILE_WIDTH))] = tile
        roots.append(tile_root(tile))
    rest = hashes[len(roots) * tile_bytes :]
    if rest:
        objects[object_path(ObjectName(level, index + len(roots), len(rest) // HASH_BYTES))] = rest
    return rest, b"".join(roots)
