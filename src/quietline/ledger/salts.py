"""Salts for the leaves of a receipt, all from one secret of 32 bytes.

A wash of ten million rows needs ten million salts. Instead of storing them, they are the key stream of
AES-256 in
counter mode: salt i is its i-th block. So the owner keeps 32 bytes, can make any one salt again without the
others, and showing one salt tells nothing of the rest.

A secret MUST be random and MUST be used for one list only: the same key with the same salt gives the same
leaf in two receipts, and shows that both contain the number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["SALT_BYTES", "SECRET_BYTES", "salts"]

SALT_BYTES = 16
"""Length of one salt."""
SECRET_BYTES = 32
"""Length of the secret that all salts of one list come from."""


def salts(secret: bytes, start: int, count: int) -> NDArray[np.uint8]:
    """Make the salts of leaves ``start`` to ``start + count - 1``.

    Args:
        secret: 32 random bytes, for this list only.
        start: index of the first leaf, counted from 0.
        count: how many.

    Returns:
        uint8, shape (count, 16).

    Raises:
        ValueError: when the secret does not have 32 bytes or the range is negative.
    """
    if len(secret) != SECRET_BYTES:
        raise ValueError(f"the secret has {SECRET_BYTES} bytes, not {len(secret)}")
    if start < 0 or count < 0:
        raise ValueError("leaves are counted from 0")
    stream = Cipher(algorithms.AES256(secret), modes.CTR(start.to_bytes(16, "big"))).encryptor()
    return np.frombuffer(stream.update(bytes(SALT_BYTES * count)), dtype=np.uint8).reshape(count, SALT_BYTES)
