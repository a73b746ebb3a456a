"""What was said, made comparable: sets of shingles, signatures of fixed length, and bands to find the like by.

A wording is the set of its pairs of neighbouring tokens (words; single characters of Chinese and other scripts without
spaces), each hashed to 64 bits. Two wordings are as alike as the Jaccard index of their sets says: what both have over what
either has. Repeating a message changes nothing, since a set holds each pair once; a name or an amount exchanged changes two
pairs, or none where it is digits.

The signature is the least of each of :data:`PERMUTATIONS` hash functions over the set: the share of equal places in two
signatures is an unbiased estimate of their Jaccard index, with standard error ``sqrt(j * (1 - j) / 120)``, at most 0.046.
Places are cut into :data:`BANDS` bands of three; wordings that share a whole band are looked at, and then compared exactly.
Two wordings of index j share a band with chance ``1 - (1 - j ** 3) ** 40``: 0.995 at 0.5, 0.93 at 0.4, 0.67 at 0.3.

Sources: A. Z. Broder, "On the resemblance and containment of documents", SEQUENCES 1997; P. Indyk, R. Motwani, STOC 1998
(bands); M. Dietzfelbinger, T. Hagerup, J. Katajainen, M. Penttonen, Journal of Algorithms 25, 1997 (multiply and shift);
BLAKE2: RFC 7693; SHAKE256: FIPS 202.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quietline.clusters.folding import tokens

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "ALIKE",
    "BANDS",
    "LEAST_SHINGLES",
    "PERMUTATIONS",
    "SIGNATURE_BYTES",
    "Wording",
    "containment",
    "estimated",
    "jaccard",
    "wording_of",
]

PERMUTATIONS = 120
"""Hash functions of a signature."""
BANDS = 40
"""Bands that it is cut into, of three places each."""
SIGNATURE_BYTES = 4 * PERMUTATIONS
"""Length of a stored signature: 120 unsigned 32-bit integers, little-endian."""
LEAST_SHINGLES = 8
"""Shorter wordings ("scam call", "please stop") are like too many others to say anything."""
ALIKE = 0.4
"""The Jaccard index from which two wordings are taken for the same campaign (calibrated: docs/explanation/clusters.md)."""
_SHINGLE = 2
_PERSON = b"ql-shingle-1"
# signatures are stored, so that these may never change: FIPS 202, not a generator of NumPy's
_DRAWN = np.frombuffer(hashlib.shake_256(b"quietline wording 1").digest(16 * PERMUTATIONS), dtype="<u8")
_FACTORS, _OFFSETS = _DRAWN[:PERMUTATIONS] | np.uint64(1), _DRAWN[PERMUTATIONS:]


@dataclass(frozen=True, slots=True)
class Wording:
    """What is kept of a text to find its like; the text itself is not needed again.

    Attributes:
        signature: :data:`SIGNATURE_BYTES` bytes.
        shingles: the hashes, rising, as unsigned 64-bit integers, little-endian; 8 bytes for each.
    """

    signature: bytes
    shingles: bytes

    def __post_init__(self) -> None:
        if len(self.signature) != SIGNATURE_BYTES or len(self.shingles) % 8:
            raise ValueError(f"a signature has {SIGNATURE_BYTES} bytes, and a shingle 8")

    @property
    def usable(self) -> bool:
        """Whether there is enough of it to be compared."""
        return len(self.shingles) >= 8 * LEAST_SHINGLES

    @property
    def places(self) -> NDArray[np.uint32]:
        """The signature as numbers: uint32, shape (120,)."""
        return np.frombuffer(self.signature, dtype="<u4")

    @property
    def hashes(self) -> NDArray[np.uint64]:
        """The shingles as numbers: uint64, shape (shingles,), rising."""
        return np.frombuffer(self.shingles, dtype="<u8")

    @property
    def bands(self) -> tuple[int, ...]:
        """One signed 64-bit integer for each band, for an index of a database; wordings that share one are to be compared.

        Empty where there is too little of it to be compared.
        """
        return bands_of(self.places) if self.usable else ()


def wording_of(text: str, *, secret: bytes = b"") -> Wording:
    """Read a text.

    Args:
        text: what was said, in any language; bounded by the caller.
        secret: up to 64 bytes; with one, whoever holds signatures but not the secret cannot test guesses at the text.
            Wordings made with different secrets have nothing in common.

    Raises:
        ValueError: the secret is too long.
    """
    words = tokens(text)
    parts = {"\0".join(words[i : i + _SHINGLE]) for i in range(max(1, len(words) - _SHINGLE + 1))} if words else set()
    hashed = [
        hashlib.blake2b(one.encode("utf-8", "surrogatepass"), digest_size=8, key=secret, person=_PERSON).digest()
        for one in parts
    ]
    hashes = np.unique(np.frombuffer(b"".join(hashed), dtype="<u8"))
    return Wording(_signature(hashes).tobytes(), hashes.tobytes())


def _signature(hashes: NDArray[np.uint64]) -> NDArray[np.uint32]:
    """Give the least of each hash function over a set; all ones for none."""
    least = np.full(PERMUTATIONS, 0xFFFFFFFF, dtype="<u4")
    for start in range(0, len(hashes), 4096):
        part = hashes[start : start + 4096]
        values = (part[:, None] * _FACTORS + _OFFSETS) >> np.uint64(32)  # modulo 2 ** 64 on purpose
        least = np.minimum(least, values.min(axis=0).astype("<u4"))
    return least.astype("<u4")


def bands_of(places: NDArray[np.uint32]) -> tuple[int, ...]:
    """Give the bands of a signature: the number of the band and its three places, mixed to a signed 64-bit integer.

    Args:
        places: uint32, shape (120,).
    """
    return tuple(band_column(places[None, :])[0].tolist())


def band_column(places: NDArray[np.uint32]) -> NDArray[np.int64]:
    """Give the bands of many signatures.

    Args:
        places: uint32, shape (rows, 120).

    Returns:
        int64, shape (rows, 40).
    """
    cut = places.astype(np.uint64).reshape(len(places), BANDS, PERMUTATIONS // BANDS)
    mixed = np.broadcast_to(_OFFSETS[:BANDS], cut.shape[:2]).copy()
    for place in range(cut.shape[2]):
        mixed = (mixed ^ cut[:, :, place]) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    return mixed.view(np.int64)


def estimated(one: Wording, other: Wording) -> float:
    """Estimate the Jaccard index from signatures alone: the share of equal places."""
    return float(np.mean(one.places == other.places))


def jaccard(one: Wording, other: Wording) -> float:
    """Give the Jaccard index of two wordings, exactly: what both have over what either has; 0 for two empty ones."""
    both, either = _sizes(one, other)
    return both / either if either else 0.0


def containment(one: Wording, other: Wording) -> float:
    """Tell how much of the shorter wording stands in the longer, exactly: 1 where a recording was merely cut off."""
    both, _ = _sizes(one, other)
    least = min(len(one.shingles), len(other.shingles)) // 8
    return both / least if least else 0.0


def _sizes(one: Wording, other: Wording) -> tuple[int, int]:
    both = len(np.intersect1d(one.hashes, other.hashes, assume_unique=True))
    return both, (len(one.shingles) + len(other.shingles)) // 8 - both
