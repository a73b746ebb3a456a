"""See who asks for numbers as they follow one another: dense blocks and long sequences. Pure functions on arrays.

A list of people to call is spread thin: even in its home town it holds a small share of the 10,000 numbers of a block.
Who wants the register itself asks for blocks whole. Two things are measured of each ask, which is a program's call, a list
or a quick check:

*Density.* For up to 256 blocks an organisation's watch keeps 256 bits each. One number in 32 is looked at, chosen by a keyed
hash, and sets one bit; how many bits stand says how many distinct numbers of the block were asked (linear counting: Whang,
Vander-Zanden, Taylor 1990), within about a tenth of the truth at the limit. Bits cannot be turned back into numbers. A watch
lasts two generations of a week. A block gets in when an ask, for its size, holds several of its numbers; where there are too
many, those with most bits stay.

*Sequences.* The longest stretch of numbers at equal distances is measured, and goes on from one ask to the next: of where it
would continue a keyed hash is kept, not the number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quietline.web.washing.sketches import distinct, mixed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = [
    "BLOCK",
    "DENSE_SHARE",
    "LONGEST_SEQUENCE",
    "SLOTS",
    "WATCHED",
    "Dense",
    "Stretch",
    "Watch",
    "density",
    "longest_stretch",
    "watch_blocks",
]

BLOCK = 10_000
"""Numbers of a block: those that differ in their last four digits only."""
DENSE_SHARE = 0.5
"""Share of a block's numbers, asked within the window, from which on it is dense."""
LONGEST_SEQUENCE = 100
"""Numbers at equal distances, in one ask or one after another, from which on it is a sequence."""
SLOTS = 256
"""Blocks that a watch has room for."""
_BITS = 256
_SAMPLE = 32
_FAR = 1_000  # farther apart than this, numbers follow no sequence
_SPREAD = 1_250  # an ask of so many numbers must hold one more of a block before the block is watched ...
_PLENTY = 8  # ... but never more than these
WATCHED = np.dtype([("block", "<u8"), ("bits", "u1", _BITS // 8)])
"""One watched block as it is stored: key // 10000, and its bits."""


@dataclass(frozen=True, slots=True)
class Dense:
    """What an ask added to dense blocks.

    Attributes:
        blocks: how many blocks are dense and grew.
        numbers: of this ask in them.
        share: of the densest, 0 to 1.
        block: the densest, key // 10000; 0 where there is none.
    """

    blocks: int = 0
    numbers: int = 0
    share: float = 0.0
    block: int = 0


@dataclass(frozen=True, slots=True)
class Watch:
    """The watched blocks of an organisation.

    Attributes:
        current: of this generation, of dtype :data:`WATCHED`.
        previous: of the one before.
    """

    current: NDArray[np.void]
    previous: NDArray[np.void]

    @classmethod
    def from_bytes(cls, current: bytes, previous: bytes) -> Watch:
        """Read what :meth:`to_bytes` wrote."""
        return cls(np.frombuffer(current, WATCHED), np.frombuffer(previous, WATCHED))

    def to_bytes(self) -> tuple[bytes, bytes]:
        """Write both generations."""
        return self.current.tobytes(), self.previous.tobytes()


@dataclass(frozen=True, slots=True)
class Stretch:
    """The longest stretch of numbers at equal distances.

    Attributes:
        length: numbers in it, 0 for none.
        first: its lowest key.
        last: its highest key.
        step: the distance; 1 of a single number.
    """

    length: int
    first: int
    last: int
    step: int


def watch_blocks(watch: Watch, keys: NDArray[np.uint64], secrets: Sequence[int]) -> tuple[Watch, Dense]:
    """Give the watch after an ask, and what the ask added to dense blocks.

    Args:
        watch: before.
        keys: uint64, strictly ascending.
        secrets: two of 64 bits, always the same.
    """
    if not len(keys):
        return watch, Dense()
    blocks, counts = _blocks_of(keys)
    sampled, places = _sampled(keys, secrets)
    need = max(1, min(_PLENTY, len(keys) // _SPREAD))
    held = counts[np.searchsorted(blocks, sampled)]
    wanted = (held >= need) | _find(watch.current, sampled)[0] | _find(watch.previous, sampled)[0]
    asked = _rows(sampled[wanted], places[wanted])
    after = Watch(_kept(_united(watch.current, asked), asked["block"]), watch.previous)
    return after, _dense(watch, asked, counts[np.searchsorted(blocks, asked["block"])])


def density(watch: Watch, block: int) -> float:
    """Estimate which share of a block's numbers was asked, 0 to 1."""
    return float(_shares(_bits_of(watch, np.array([block], dtype=np.uint64)))[0])


def longest_stretch(keys: NDArray[np.uint64]) -> Stretch:
    """Find the longest stretch; of equally long ones the first.

    Args:
        keys: uint64, strictly ascending.
    """
    if len(keys) < 2:
        return Stretch(len(keys), *((int(keys[0]),) * 2 if len(keys) else (0, 0)), 1)
    steps = np.diff(keys)
    breaks = np.flatnonzero(steps[1:] != steps[:-1]) + 1
    starts = np.concatenate(([0], breaks))
    lengths = np.diff(np.concatenate((starts, [len(steps)])))
    lengths[steps[starts] > _FAR] = 0
    best = int(lengths.argmax())
    if not lengths[best]:
        return Stretch(1, int(keys[0]), int(keys[0]), 1)
    start, length = int(starts[best]), int(lengths[best])
    return Stretch(length + 1, int(keys[start]), int(keys[start + length]), int(steps[start]))


def _blocks_of(keys: NDArray[np.uint64]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Give the blocks of ascending keys, ascending, and how many keys each has."""
    block_of = keys // np.uint64(BLOCK)
    starts = np.concatenate(([0], np.flatnonzero(block_of[1:] != block_of[:-1]) + 1))
    return block_of[starts], np.diff(np.concatenate((starts, [len(keys)])))


def _sampled(keys: NDArray[np.uint64], secrets: Sequence[int]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Give the blocks of the keys that are looked at, and which bit each sets."""
    found: list[NDArray[np.uint64]] = []
    bits: list[NDArray[np.int64]] = []
    for start in range(0, len(keys), 1 << 20):
        piece = keys[start : start + (1 << 20)]
        hashed = mixed(piece, secrets)
        chosen = np.flatnonzero((hashed & np.uint64(_SAMPLE - 1)) == 0)
        found.append(piece[chosen] // np.uint64(BLOCK))
        bits.append(((hashed[chosen] >> np.uint64(5)) & np.uint64(_BITS - 1)).astype(np.int64))
    return np.concatenate(found), np.concatenate(bits)


def _rows(blocks: NDArray[np.uint64], places: NDArray[np.int64]) -> NDArray[np.void]:
    """Give one row for each of some blocks, which are ascending, with its bits set."""
    is_first = np.ones(len(blocks), dtype=np.bool_)
    is_first[1:] = blocks[1:] != blocks[:-1]
    rows = np.zeros(np.count_nonzero(is_first), dtype=WATCHED)
    rows["block"] = blocks[is_first]
    row = np.cumsum(is_first) - 1
    np.bitwise_or.at(rows["bits"], (row, places >> 3), np.uint8(1) << (places & 7).astype(np.uint8))
    return rows


def _find(rows: NDArray[np.void], blocks: NDArray[np.uint64]) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
    """Say which of some blocks have a row, and in which place it is, if they have."""
    if not len(rows):
        return np.zeros(len(blocks), dtype=np.bool_), np.zeros(len(blocks), dtype=np.intp)
    places = np.minimum(np.searchsorted(rows["block"], blocks), len(rows) - 1)
    return rows["block"][places] == blocks, places


def _bits_of(watch: Watch, blocks: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """Give the bits of some blocks in both generations; none where a block is not watched."""
    bits = np.zeros((len(blocks), _BITS // 8), dtype=np.uint8)
    for rows in (watch.current, watch.previous):
        found, places = _find(rows, blocks)
        bits[found] |= rows["bits"][places[found]]
    return bits


def _united(one: NDArray[np.void], other: NDArray[np.void]) -> NDArray[np.void]:
    """Put rows together: the bits of a block that both have are joined."""
    blocks = distinct(np.concatenate((one["block"], other["block"])))
    rows = np.zeros(len(blocks), dtype=WATCHED)
    rows["block"] = blocks
    for part in (one, other):
        rows["bits"][np.searchsorted(blocks, part["block"])] |= part["bits"]
    return rows


def _kept(rows: NDArray[np.void], touched: NDArray[np.uint64]) -> NDArray[np.void]:
    """Give the rows there is room for: with most bits, of equal ones those that were asked about last."""
    if len(rows) <= SLOTS:
        return rows
    weights = 2 * np.bitwise_count(rows["bits"]).sum(axis=1, dtype=np.int64) + np.isin(rows["block"], touched)
    return rows[np.sort(np.argsort(weights, kind="stable")[-SLOTS:])]


def _shares(bits: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Estimate which share of its numbers each row of bits stands for."""
    standing = np.bitwise_count(bits).sum(axis=-1, dtype=np.float64)
    asked = -_BITS * np.log1p(-np.minimum(standing, _BITS - 1) / _BITS) * _SAMPLE
    shares: NDArray[np.float64] = np.minimum(asked / BLOCK, 1.0)
    return shares


def _dense(watch: Watch, asked: NDArray[np.void], counts: NDArray[np.int64]) -> Dense:
    """Say what an ask, of so many numbers of each block, added to dense ones."""
    before = _bits_of(watch, asked["block"])
    after = before | asked["bits"]
    share = np.maximum(_shares(after), counts / BLOCK)
    is_dense = (share >= DENSE_SHARE) & (after != before).any(axis=1)
    if not is_dense.any():
        return Dense()
    dense, shares = asked["block"][is_dense], share[is_dense]
    densest = int(shares.argmax())
    return Dense(len(dense), int(counts[is_dense].sum()), float(shares[densest]), int(dense[densest]))
