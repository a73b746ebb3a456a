"""Merkle trees as Certificate Transparency defines them: one hash stands for a whole list of leaves.

Whoever knows the root can be shown, with a handful of hashes, that one leaf is in the list (*inclusion*), or
that a list has only grown since an earlier root (*consistency*). Nothing else of the list is shown.

A leaf hash is ``SHA-256(0x00 || leaf)``, a node ``SHA-256(0x01 || left || right)``; n leaves split at the
largest power of two below n; the root of no leaves is ``SHA-256()``. Hashes in bulk are arrays of uint8,
shape (n, 32), C order.

Source: RFC 6962 section 2.1; RFC 9162 section 2.1 (the same tree, with the two verification procedures).
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from quietline.errors import ReceiptError
from quietline.kernel import _kernel

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Hashes: TypeAlias = NDArray[np.uint8] | Sequence[bytes]

__all__ = [
    "EMPTY_ROOT",
    "Frontier",
    "consistency_proof",
    "inclusion_proof",
    "leaf_hash",
    "leaf_hashes",
    "node_hash",
    "root",
    "verify_consistency",
    "verify_inclusion",
]

HASH_BYTES = 32
SALT_BYTES = 16

EMPTY_ROOT = sha256().digest()
"""Root of the tree without leaves."""

# Leaves reduced in one go: 2 MB of hashes, so that every level stays in the cache of one core.
_RUN = 1 << 16
# Below this many leaves one hashlib call each costs less than the arrays.
_FEW = 8


def leaf_hash(leaf: bytes) -> bytes:
    """Hash the bytes of one leaf; 32 bytes."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two nodes, 32 bytes each, into their parent."""
    return sha256(b"\x01" + left + right).digest()


def leaf_hashes(keys: NDArray[np.uint64], verdicts: NDArray[np.uint8], salts: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Hash the leaves of a receipt, many at a time.

    A leaf is 25 bytes: its salt, its key as 8 bytes with the highest first, its verdict. The salt hides the
    key: without it, the few thousand million possible numbers could all be tried.

    Args:
        keys: uint64, shape (n,).
        verdicts: uint8, shape (n,).
        salts: uint8, shape (n, 16); random, secret until a leaf is shown, never used twice.

    Returns:
        uint8, shape (n, 32).

    Raises:
        ValueError: when dtypes or lengths do not fit together.
    """
    n = len(keys)
    if keys.dtype != np.uint64 or verdicts.dtype != np.uint8 or salts.dtype != np.uint8:
        raise ValueError("keys have to be uint64, verdicts and salts uint8")
    if keys.shape != (n,) or verdicts.shape != (n,) or salts.shape != (n, SALT_BYTES):
        raise ValueError(f"keys, verdicts and salts differ in length: {keys.shape} {verdicts.shape} {salts.shape}")
    out = np.empty((n, HASH_BYTES), dtype=np.uint8)
    _kernel.leaf_hashes(_flat(keys), _flat(verdicts), _flat(salts), out)
    return out


class Frontier:
    """A tree that grows at its right end and remembers no more than the roots of its full subtrees.

    For n leaves it holds one hash for each bit set in n, so a list of any length can pass through.

    Args:
        follow: indexes of leaves whose inclusion proofs will be wanted. They have to be named before they
            pass.
    """

    def __init__(self, *, follow: Iterable[int] = ()) -> None:
        self._size = 0
        self._peaks: list[tuple[int, bytes]] = []  # (height, root of 2**height leaves), heights falling
        self._paths: dict[int, list[bytes]] = {index: [] for index in follow}
        if any(index < 0 for index in self._paths):
            raise ValueError("a leaf index cannot be negative")

    @classmethod
    def resume(cls, size: int, peaks: Sequence[bytes]) -> Frontier:
        """Go on from a stored state.

        Args:
            size: number of leaves so far.
            peaks: what :attr:`peaks` gave at that size.

        Raises:
            ValueError: when the number or the length of the hashes does not fit the size.
        """
        heights = [height for height in reversed(range(size.bit_length())) if size >> height & 1]
        if size < 0 or len(heights) != len(peaks) or any(len(peak) != HASH_BYTES for peak in peaks):
            raise ValueError(f"{size} leaves need {len(heights)} hashes of {HASH_BYTES} bytes")
        frontier = cls()
        frontier._size = size
        frontier._peaks = list(zip(heights, peaks, strict=True))
        return frontier

    def __len__(self) -> int:
        return self._size

    @property
    def peaks(self) -> list[bytes]:
        """Roots of the full subtrees, from left to right: all that has to be stored to go on later."""
        return [peak for _, peak in self._peaks]

    def append(self, leaf_hash: bytes) -> None:
        """Add one leaf by its hash.

        Raises:
            ValueError: when the hash does not have 32 bytes.
        """
        if len(leaf_hash) != HASH_BYTES:
            raise ValueError(f"a leaf hash has {HASH_BYTES} bytes, not {len(leaf_hash)}")
        self._push(0, leaf_hash)

    def extend(self, leaf_hashes: Hashes) -> None:
        """Add many leaves by their hashes; any number at a time gives the same tree.

        Args:
            leaf_hashes: uint8 array, shape (n, 32), or a sequence of 32-byte strings.

        Raises:
            ValueError: when the hashes do not have that shape.
        """
        hashes = _as_array(leaf_hashes)
        done = 0
        while done < len(hashes):
            # the longest run that is a full subtree of the tree so far
            run = min(_RUN, 1 << ((len(hashes) - done).bit_length() - 1))
            if self._size:
                run = min(run, self._size & -self._size)
            if run < _FEW:
                for index in range(done, done + run):
                    self._push(0, hashes[index].tobytes())
            else:
                self._push_run(hashes[done : done + run])
            done += run

    def root(self) -> bytes:
        """Give the root of the leaves added so far; more may follow."""
        if not self._peaks:
            return EMPTY_ROOT
        _, result = self._peaks[-1]
        for _, peak in reversed(self._peaks[:-1]):
            result = node_hash(peak, result)
        return result

    def proof(self, index: int) -> list[bytes]:
        """Give the inclusion proof of a followed leaf in the tree as it stands.

        Args:
            index: one of those given as ``follow``.

        Raises:
            KeyError: when the leaf was not followed.
            IndexError: when the tree has not come that far.
        """
        path = list(self._paths[index])
        if index >= self._size:
            raise IndexError(f"the tree has {self._size} leaves; there is no leaf {index}")
        position = start = 0
        while index >= start + (1 << self._peaks[position][0]):
            start += 1 << self._peaks[position][0]
            position += 1
        right = self._peaks[position + 1 :]
        if right:
            _, sibling = right[-1]
            for _, peak in reversed(right[:-1]):
                sibling = node_hash(peak, sibling)
            path.append(sibling)
        return path + [peak for _, peak in reversed(self._peaks[:position])]

    def _push(self, height: int, node: bytes) -> None:
        """Add a full subtree of 2**height leaves, which MUST fit the size, and join equals."""
        start = self._size
        self._size += 1 << height
        while self._peaks and self._peaks[-1][0] == height:
            _, left = self._peaks.pop()
            middle, start = start, start - (1 << height)
            for index, path in self._paths.items():
                if start <= index < self._size:
                    path.append(node if index < middle else left)
            node = node_hash(left, node)
            height += 1
        self._peaks.append((height, node))

    def _push_run(self, hashes: NDArray[np.uint8]) -> None:
        followed = [
            (index - self._size, path)
            for index, path in self._paths.items()
            if self._size <= index < self._size + len(hashes)
        ]
        level, height = np.ascontiguousarray(hashes), 0
        while len(level) > 1:
            for offset, path in followed:
                path.append(level[offset >> height ^ 1].tobytes())
            parents = np.empty((len(level) // 2, HASH_BYTES), dtype=np.uint8)
            _kernel.node_hashes(level, parents)
            level, height = parents, height + 1
        self._push(height, level[0].tobytes())


def root(leaf_hashes: Hashes) -> bytes:
    """Give the root of a whole list of leaf hashes.

    Args:
        leaf_hashes: uint8 array, shape (n, 32), or a sequence of 32-byte strings.
    """
    frontier = Frontier()
    frontier.extend(leaf_hashes)
    return frontier.root()


def inclusion_proof(leaf_hashes: Hashes, index: int) -> list[bytes]:
    """Give the hashes that lead from one leaf to the root, nearest first.

    Args:
        leaf_hashes: uint8 array, shape (n, 32), or a sequence of 32-byte strings.
        index: of the leaf, counted from 0.

    Raises:
        IndexError: when there is no such leaf.

    Source: RFC 9162 section 2.1.3.1.
    """
    if not 0 <= index < len(leaf_hashes):
        raise IndexError(f"the tree has {len(leaf_hashes)} leaves; there is no leaf {index}")
    frontier = Frontier(follow=[index])
    frontier.extend(leaf_hashes)
    return frontier.proof(index)


def verify_inclusion(leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that a leaf stands at an index of the list of ``size`` leaves that has this root.

    The size MUST come from the same trusted statement as the root: the root alone does not tell it.

    Args:
        leaf_hash: 32 bytes; compute it from the leaf yourself.
        index: of the leaf, counted from 0.
        size: number of leaves of the list.
        proof: hashes of 32 bytes, nearest to the leaf first.
        root: 32 bytes, from a source that you trust.

    Raises:
        ReceiptError: with code ``receipt.inclusion`` when the proof does not hold.

    Source: RFC 9162 section 2.1.3.2.
    """
    _demand(0 <= index < size and _are_hashes([leaf_hash, root, *proof]), "inclusion")
    position, last, result = index, size - 1, leaf_hash
    for sibling in proof:
        _demand(last > 0, "inclusion")
        if position & 1 or position == last:
            result = node_hash(sibling, result)
            while not position & 1 and position:  # the right edge of the tree skips levels
                position, last = position >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        position, last = position >> 1, last >> 1
    _demand(last == 0 and result == root, "inclusion")


def consistency_proof(leaf_hashes: Hashes, old_size: int) -> list[bytes]:
    """Give the hashes that show that the list began with its first ``old_size`` leaves.

    Args:
        leaf_hashes: uint8 array, shape (n, 32), or a sequence of 32-byte strings: the list as it is now.
        old_size: number of leaves at the earlier time, from 1 to n.

    Raises:
        ValueError: when ``old_size`` is outside that range.

    Source: RFC 9162 section 2.1.4.1.
    """
    hashes = _as_array(leaf_hashes)
    if not 0 < old_size <= len(hashes):
        raise ValueError(f"the earlier list had 1 to {len(hashes)} leaves, not {old_size}")
    proof: list[bytes] = []
    start, end = 0, len(hashes)
    known = True  # the subtree in hand is the whole earlier tree, whose root the verifier has
    while start + old_size < end:
        split = start + _largest_power_below(end - start)
        if start + old_size <= split:
            proof.append(root(hashes[split:end]))
            end = split
        else:
            proof.append(root(hashes[start:split]))
            old_size -= split - start
            start, known = split, False
    if not known:
        proof.append(root(hashes[start:end]))
    return proof[::-1]


def verify_consistency(old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the list with ``root`` begins with the list that had ``old_root``.

    Each size MUST come from the same trusted statement as its root: the root alone does not tell it.

    Args:
        old_size: number of leaves at the earlier time, at least 1.
        old_root: 32 bytes, kept from that time.
        size: number of leaves now.
        root: 32 bytes.
        proof: hashes of 32 bytes.

    Raises:
        ReceiptError: with code ``receipt.consistency`` when the proof does not hold.

    Source: RFC 9162 section 2.1.4.2.
    """
    _demand(0 < old_size <= size and _are_hashes([old_root, root, *proof]), "consistency")
    if old_size == size:
        _demand(not proof and old_root == root, "consistency")
        return
    path = list(proof)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    _demand(bool(path), "consistency")
    position, last = old_size - 1, size - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old_result = result = path[0]
    for sibling in path[1:]:
        _demand(last > 0, "consistency")
        if position & 1 or position == last:
            old_result, result = node_hash(sibling, old_result), node_hash(sibling, result)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        position, last = position >> 1, last >> 1
    _demand(last == 0 and old_result == old_root and result == root, "consistency")


def _demand(holds: bool, kind: str) -> None:
    if holds:
        return
    if kind == "inclusion":
        raise ReceiptError(
            "The proof does not lead from this entry to the root.",
            code="receipt.inclusion",
            advice="The entry, its place, the proof or the root has been changed or belongs to another list.",
        )
    raise ReceiptError(
        "The proof does not lead from the earlier root to the later one.",
        code="receipt.consistency",
        advice="Something that was in the list has been changed or removed, or the proof belongs elsewhere.",
    )


def _are_hashes(values: Sequence[bytes]) -> bool:
    return all(len(value) == HASH_BYTES for value in values)


def _largest_power_below(n: int) -> int:
    return 1 << ((n - 1).bit_length() - 1)


def _flat(column: NDArray[Any]) -> NDArray[Any]:
    return np.require(column, requirements=["C", "ALIGNED"])


def _as_array(hashes: Hashes) -> NDArray[np.uint8]:
    if not isinstance(hashes, np.ndarray):
        if not _are_hashes(hashes):
            raise ValueError(f"a leaf hash has {HASH_BYTES} bytes")
        hashes = np.frombuffer(b"".join(hashes), dtype=np.uint8).reshape(-1, HASH_BYTES)
    if hashes.dtype != np.uint8 or hashes.ndim != 2 or hashes.shape[1] != HASH_BYTES:
        raise ValueError(f"leaf hashes are uint8 of shape (n, {HASH_BYTES}), not {hashes.dtype} {hashes.shape}")
    return hashes
