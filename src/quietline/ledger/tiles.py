"""Bundles of entries and tiles of hashes: their bytes, how to fetch them, and proofs out of them.

A bundle is a sequence of entries, each behind its length as big-endian 16-bit integer. A tile is a sequence of hashes
of 32 bytes. What is fetched here is checked for its form only: whoever relies on it checks it against a root.

Source: C2SP tlog-tiles (https://c2sp.org/tlog-tiles); RFC 6962 section 2.1 for the hashes.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np

from quietline.errors import LedgerError
from quietline.ledger import merkle
from quietline.ledger.objects import ObjectMissing
from quietline.ledger.paths import ENTRIES, TILE_WIDTH, ObjectName, object_path, width_at

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from quietline.ledger.objects import ObjectReader

__all__ = [
    "HASH_BYTES",
    "MAX_ENTRY_BYTES",
    "HashTiles",
    "as_rows",
    "encode_entry",
    "entry_hashes",
    "read_bundle",
    "read_tile",
    "split_bundle",
    "tile_root",
]

HASH_BYTES = 32
MAX_ENTRY_BYTES = 65_535
"""The longest entry: its length is written in 16 bits."""


def encode_entry(entry: bytes) -> bytes:
    """Give an entry as it stands in a bundle.

    Raises:
        LedgerError: with code ``ledger.entry`` when it is longer than :data:`MAX_ENTRY_BYTES`.
    """
    if len(entry) > MAX_ENTRY_BYTES:
        raise LedgerError(
            f"An entry of {len(entry)} bytes is too long for a log; {MAX_ENTRY_BYTES} is the most.",
            code="ledger.entry",
            advice="Put its hash into the log, and keep the rest elsewhere.",
        )
    return len(entry).to_bytes(2, "big") + entry


def entry_hashes(entries: Iterable[bytes]) -> bytes:
    """Give the leaf hashes of entries, 32 bytes each, one behind the other."""
    return b"".join([sha256(b"\x00" + entry).digest() for entry in entries])


def tile_root(hashes: bytes) -> bytes:
    """Give the root over the hashes of a tile or a part of one."""
    return merkle.root(as_rows(hashes))


def as_rows(hashes: bytes) -> NDArray[np.uint8]:
    """Give hashes as uint8 of shape (n, 32)."""
    return np.frombuffer(hashes, dtype=np.uint8).reshape(-1, HASH_BYTES)


def split_bundle(data: bytes, path: str) -> list[bytes]:
    """Take a bundle apart.

    Args:
        data: the bundle.
        path: for the words of the error.

    Raises:
        LedgerError: with code ``ledger.malformed`` when the lengths do not come out even.
    """
    entries = []
    place, end = 0, len(data)
    while place + 2 <= end:
        start = place + 2
        place = start + (data[place] << 8 | data[place + 1])
        entries.append(data[start:place])
    if place != end:
        raise _malformed(path)
    return entries


def read_bundle(store: ObjectReader, index: int, width: int, *, known_size: int = 0) -> list[bytes]:
    """Fetch the first ``width`` entries of a bundle.

    Args:
        store: where the log is.
        index: of the bundle.
        width: how many entries are wanted, from 1 to 256.
        known_size: of the newest checkpoint known: says which partial bundle there has to be.

    Raises:
        ObjectMissing: when neither that bundle nor the full one is there.
        LedgerError: ``ledger.malformed`` when the bundle does not have the form.
    """
    path, data, stored = _fetch(store, ObjectName(ENTRIES, index, width), known_size)
    entries = split_bundle(data, path)
    if len(entries) != stored:
        raise _malformed(path)
    return entries[:width]


def read_tile(store: ObjectReader, level: int, index: int, width: int, *, known_size: int = 0) -> bytes:
    """Fetch the first ``width`` hashes of a tile; see :func:`read_bundle`."""
    path, data, stored = _fetch(store, ObjectName(level, index, width), known_size)
    if len(data) != stored * HASH_BYTES:
        raise _malformed(path)
    return data[: width * HASH_BYTES]


class HashTiles:
    """The tree of a log, read from its tiles as far as a question needs them.

    Args:
        store: where the log is.
        size: number of entries of the tree that is asked about.
        known_size: of the newest checkpoint known, where it is another.
    """

    def __init__(self, store: ObjectReader, size: int, *, known_size: int = 0) -> None:
        self._store = store
        self._size = size
        self._known_size = max(size, known_size)
        self._tiles: dict[tuple[int, int], bytes] = {}

    def inclusion_proof(self, index: int) -> list[bytes]:
        """Give the hashes that lead from entry ``index`` to the root, nearest first.

        Raises:
            IndexError: when there is no such entry.

        Source: RFC 6962 section 2.1.1.
        """
        if not 0 <= index < self._size:
            raise IndexError(f"the tree has {self._size} leaves; there is no leaf {index}")
        proof = []
        start, end = 0, self._size
        while end - start > 1:
            split = start + _largest_power_below(end - start)
            if index < split:
                proof.append(self.root(split, end))
                end = split
            else:
                proof.append(self.root(start, split))
                start = split
        return proof[::-1]

    def consistency_proof(self, old_size: int) -> list[bytes]:
        """Give the hashes that show that the log began with its first ``old_size`` entries.

        Raises:
            ValueError: when ``old_size`` is not from 1 to the size.

        Source: RFC 6962 section 2.1.2.
        """
        if not 0 < old_size <= self._size:
            raise ValueError(f"the earlier list had 1 to {self._size} leaves, not {old_size}")
        proof = []
        start, end = 0, self._size
        while old_size < end:
            split = start + _largest_power_below(end - start)
            if old_size <= split:
                proof.append(self.root(split, end))
                end = split
            else:
                proof.append(self.root(start, split))
                start = split
        if start:  # otherwise the subtree in hand is the whole earlier tree, whose root the verifier has
            proof.append(self.root(start, end))
        return proof[::-1]

    def peaks(self, start: int, end: int) -> list[bytes]:
        """Give the roots of the full subtrees of entries ``start`` to ``end``, from left to right.

        ``start`` MUST be a multiple of the largest power of two that is not above the length.
        """
        peaks = []
        for height in reversed(range((end - start).bit_length())):
            if (end - start) >> height & 1:
                peaks.append(self._node(height, start >> height))
                start += 1 << height
        return peaks

    def root(self, start: int, end: int) -> bytes:
        """Give the root of a subtree; see :meth:`peaks`."""
        return merkle.Frontier.resume(end - start, self.peaks(start, end)).root()

    def _node(self, height: int, index: int) -> bytes:
        level, above = divmod(height, 8)
        first = index << above
        tile, offset = divmod(first, TILE_WIDTH)
        hashes = self._tiles.get((level, tile))
        if hashes is None:
            width = width_at(level, tile, self._size)
            hashes = read_tile(self._store, level, tile, width, known_size=self._known_size)
            self._tiles[level, tile] = hashes
        return tile_root(hashes[offset * HASH_BYTES : (offset + (1 << above)) * HASH_BYTES])


def _fetch(store: ObjectReader, wanted: ObjectName, known_size: int) -> tuple[str, bytes, int]:
    """Give path, bytes and width of the object that has at least what is wanted.

    The newest known checkpoint says which width was written; a full one may have taken its place since.
    """
    known = width_at(wanted.level, wanted.index, known_size)
    widths = dict.fromkeys(width for width in (known, TILE_WIDTH, wanted.width) if width >= wanted.width)
    for width in widths:
        path = object_path(ObjectName(wanted.level, wanted.index, width))
        try:
            return path, store.read(path), width
        except ObjectMissing:
            continue
    raise ObjectMissing(object_path(ObjectName(wanted.level, wanted.index, next(iter(widths)))))


def _largest_power_below(n: int) -> int:
    return 1 << ((n - 1).bit_length() - 1)


def _malformed(path: str) -> LedgerError:
    return LedgerError(
        f"The object {path} does not hold what its name says.",
        code="ledger.malformed",
        advice="It was changed or cut off: take it from a copy of the log.",
    )
