"""The two functions of kernel/src/hash.c again, one hash at a time with hashlib."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def leaf_hashes(keys: NDArray[np.uint64], verdicts: NDArray[np.uint8], salts: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """SHA-256(0x00 || salt || key, highest byte first || verdict) of every leaf."""
    out = np.empty((len(keys), 32), dtype=np.uint8)
    for row, key, verdict, salt in zip(out, keys, verdicts, salts, strict=True):
        leaf = salt.tobytes() + int(key).to_bytes(8, "big") + bytes([verdict])
        row[:] = np.frombuffer(sha256(b"\x00" + leaf).digest(), dtype=np.uint8)
    return out


def node_hashes(children: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """SHA-256(0x01 || left || right) of every pair; children has shape (2 n, 32)."""
    out = np.empty((len(children) // 2, 32), dtype=np.uint8)
    for row, pair in zip(out, children.reshape(-1, 64), strict=True):
        row[:] = np.frombuffer(sha256(b"\x01" + pair.tobytes()).digest(), dtype=np.uint8)
    return out
