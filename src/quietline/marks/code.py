"""The code: which canary numbers stand in which organisation's lists.

A fingerprinting code after Tardos. Each position of the pool, one canary number, has a bias ``p``, drawn once; each
organisation has the canary in its lists with that chance, drawn once for it and independent of all others. Both draws
come from a secret by a keyed stream, so nothing is stored for any organisation, and every list of it agrees with every
other. Who does not know the secret cannot tell which numbers are canaries; several organisations that compare their lists
find some of those that they do not share, and none that they do.

Biases are ``sin(r) ** 2`` with ``r`` uniform between two bounds: Tardos' density, cut off at :data:`LEAST_BIAS` and
:data:`MOST_BIAS`. Small biases tell most of lists that are joined or mixed, large ones of what lists have in common; the
bounds are those for which the worse of the two takes fewest canaries, for samples of lists as for whole ones.

Sources: G. Tardos, "Optimal probabilistic fingerprint codes", Journal of the ACM 55(2), 2008; B. Škorić,
S. Katzenbeisser, M. Celik, "Symmetric Tardos fingerprinting codes for arbitrary alphabet sizes", Designs, Codes and
Cryptography 46, 2008. Keyed streams: RFC 2104 (HMAC) with SHA-256, FIPS 202 (SHAKE256).
"""

from __future__ import annotations

import hashlib
import hmac
import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LEAST_BIAS", "MOST_BIAS", "SECRET_BYTES", "biases", "biases_at", "codeword"]

LEAST_BIAS = 0.1
"""The smallest chance with which a canary stands in an organisation's lists."""
MOST_BIAS = 0.7
"""The largest."""
SECRET_BYTES = 32
"""Least length of a secret."""
_STEPS = 2.0**32


def biases_at(quantiles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the biases at quantiles of their distribution.

    Args:
        quantiles: float64, any shape, each from 0 to 1.
    """
    low, high = (math.asin(math.sqrt(bias)) for bias in (LEAST_BIAS, MOST_BIAS))
    return np.asarray(np.sin(low + quantiles * (high - low)) ** 2, dtype=np.float64)


def biases(secret: bytes, batch: str, count: int) -> NDArray[np.float64]:
    """Give the biases of the canaries of one batch, in the order of their positions.

    Args:
        secret: of the installation, at least 32 bytes.
        batch: names the batch of canaries; never used again for another.
        count: canaries in it.

    Returns:
        float64, shape (count,), between :data:`LEAST_BIAS` and :data:`MOST_BIAS`.

    Raises:
        ValueError: the secret is too short or the batch has no name.
    """
    drawn = _drawn(secret, "bias", (batch,), count).astype(np.float64) / _STEPS
    # multiples of a step, so that a draw of as many bits hits a bias with exactly that chance
    return np.asarray(np.round(biases_at(drawn) * _STEPS) / _STEPS, dtype=np.float64)


def codeword(secret: bytes, batch: str, owner: str, bias: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Say which canaries of one batch stand in an organisation's lists; always the same for the same arguments.

    Args:
        secret: of the installation, at least 32 bytes.
        batch: names the batch of canaries.
        owner: names whose lists they are.
        bias: float64, shape (canaries,), from :func:`biases`.

    Returns:
        bool, shape (canaries,).

    Raises:
        ValueError: the secret is too short, or a name is empty.
    """
    return _drawn(secret, "code", (batch, owner), len(bias)) < bias * _STEPS


def _drawn(secret: bytes, purpose: str, names: tuple[str, ...], count: int) -> NDArray[np.uint32]:
    """Give numbers of 32 bits that nobody who does not know the secret can tell from chance."""
    if len(secret) < SECRET_BYTES:
        raise ValueError(f"the secret of the marks has at least {SECRET_BYTES} bytes")
    if not all(names):
        raise ValueError("batch and owner have names: without them, lists of two could be marked alike")
    parts = [part.encode() for part in ("quietline marks 1", purpose, *names)]
    text = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    stream = hashlib.shake_256(hmac.digest(secret, text, "sha256")).digest(4 * count)
    return np.frombuffer(stream, dtype="<u4").astype(np.uint32, copy=False)
