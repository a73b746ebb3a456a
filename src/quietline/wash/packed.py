"""Ascending keys as differences: how the numbers that a wash looked up are kept.

A list touches nearly all blocks of a country with a handful of numbers in each, for which a register file has a block and
an entry of its index each. What is only read from one end to the other needs neither. A *piece* is, little-endian:

======================  ================================================================
4 bytes                 how many keys, at most 65,536; 0 says that no piece follows
1 byte                  bytes of a difference: 1, 2, 4 or 8
8 bytes                 the first key
8 bytes                 the last key, so that a piece can be passed over unread
the rest                for each key but the first what it is greater by than the one before
======================  ================================================================

A piece says nothing that shows whether it was changed: it stands inside of something that does, such as a sealed stream.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["END", "HEAD_BYTES", "MOST_KEYS", "Head", "cut", "pack", "read_head", "unpack"]

MOST_KEYS = 1 << 16
"""Keys of one piece."""
_HEAD = struct.Struct("<IBQQ")
HEAD_BYTES = _HEAD.size
END = bytes(HEAD_BYTES)
"""The head after the last piece, where something else follows."""
_WIDTHS = (1, 2, 4, 8)


@dataclass(frozen=True, slots=True)
class Head:
    """What a piece says of itself.

    Attributes:
        count: keys.
        width: bytes of a difference.
        first: the lowest key.
        last: the highest.
    """

    count: int
    width: int
    first: int
    last: int

    @property
    def body_bytes(self) -> int:
        """Length of what follows the head."""
        return self.width * max(0, self.count - 1)


def cut(keys: NDArray[np.uint64]) -> Iterator[NDArray[np.uint64]]:
    """Cut keys into what goes into one piece each; the last may be shorter."""
    for start in range(0, len(keys), MOST_KEYS):
        yield keys[start : start + MOST_KEYS]


def pack(keys: NDArray[np.uint64]) -> bytes:
    """Write one piece.

    Args:
        keys: uint64, strictly ascending, 1 to :data:`MOST_KEYS` of them.
    """
    steps = np.diff(keys)
    most = int(steps.max()) if len(steps) else 0
    width = next(width for width in _WIDTHS if most < 1 << 8 * width)
    return _HEAD.pack(len(keys), width, int(keys[0]), int(keys[-1])) + steps.astype(f"<u{width}").tobytes()


def read_head(data: bytes | bytearray | memoryview, offset: int = 0) -> Head:
    """Read the head of a piece, of which :data:`HEAD_BYTES` bytes must be there.

    Raises:
        ValueError: no piece begins like this.
    """
    head = Head(*_HEAD.unpack_from(data, offset))
    is_piece = head.count <= MOST_KEYS and head.width in _WIDTHS and head.first <= head.last
    if not (is_piece if head.count else data[offset : offset + HEAD_BYTES] == END):
        raise ValueError("this is no piece of packed keys")
    return head


def unpack(head: Head, body: bytes | bytearray | memoryview) -> NDArray[np.uint64]:
    """Give the keys of a piece: uint64, strictly ascending.

    Args:
        head: as :func:`read_head` gives it.
        body: the :attr:`Head.body_bytes` bytes behind it.

    Raises:
        ValueError: these are not the keys that the head speaks of.
    """
    keys = np.empty(head.count, dtype=np.uint64)
    keys[:1] = head.first
    steps = np.frombuffer(body, dtype=f"<u{head.width}", count=head.count - 1).astype(np.uint64)
    np.cumsum(steps, out=keys[1:])
    keys[1:] += np.uint64(head.first)
    if int(keys[-1]) != head.last or not bool(np.all(keys[1:] > keys[:-1])):
        raise ValueError("the keys of a packed piece do not lead to its last one")
    return keys
