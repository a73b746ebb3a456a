"""Values made comparable without being readable: normal forms, blind indexes, keyed hashes.

A blind index is a keyed hash of a value in its normal form, stored beside the sealed value so that equal values
can be found. Whoever reads the database without the key learns which records share a value and how often each
value occurs, and nothing else. Where values are few (a sex, a country) or their frequencies are known (family
names), that is enough to guess: index only what is nearly unique, such as an e-mail address or the number of
an identity document, and give every column a purpose of its own so that columns cannot be compared.

Source: RFC 2104 (HMAC), FIPS 180-4 (SHA-256), Unicode Standard section 3.13, definition D146 (compatibility
caseless matching), with NFKD for its first NFD as well, so that no text differs from its own compatibility form.
"""

from __future__ import annotations

import hmac
import unicodedata
from functools import lru_cache

from quietline.vault.wrapping import Data, derived

__all__ = ["INDEX_BYTES", "blind_index", "keyed_hash", "normalised"]

INDEX_BYTES = 16
"""Length of a blind index: with 2**32 values, two differing ones meet with a chance of about 2**-65."""


def normalised(value: str) -> str:
    """Give the form in which values are compared: compatibility forms, case and white space do not count.

    Full-width and other compatibility forms become plain (NFKC), case is folded, runs of white space become
    one space, and none is left at the ends. The form of characters that Unicode has assigned never changes;
    that of characters that it has not assigned yet may, when Python's tables are renewed.

    Args:
        value: any text.
    """
    folded = unicodedata.normalize("NFKD", value).casefold()
    folded = unicodedata.normalize("NFKD", folded).casefold()  # decomposing can bring up what folds, and the other way
    # white space goes last: decomposing makes some, as of a no-break space
    return " ".join(unicodedata.normalize("NFKC", folded).split())


def blind_index(root: bytes, purpose: str, value: str) -> bytes:
    """Give the blind index of a value; see :meth:`quietline.vault.KeyRing.blind_index`."""
    plain = normalised(value)
    if not plain:
        raise ValueError("an empty value has no blind index: store none")
    key = _purpose_key(root, "quietline vault: blind index", purpose)
    return hmac.digest(key, plain.encode("utf-8", "surrogatepass"), "sha256")[:INDEX_BYTES]


def keyed_hash(root: bytes, purpose: str, data: Data, length: int) -> bytes:
    """Give a keyed hash of bytes; see :meth:`quietline.vault.KeyRing.keyed_hash`."""
    if not 8 <= length <= 32:
        raise ValueError("a keyed hash has 8 to 32 bytes")
    key = _purpose_key(root, "quietline vault: keyed hash", purpose)
    return hmac.digest(key, bytes(data), "sha256")[:length]


@lru_cache(maxsize=256)
def _purpose_key(root: bytes, label: str, purpose: str) -> bytes:
    if not purpose:
        raise ValueError("a purpose cannot be empty: it keeps indexes of different columns apart")
    return derived(root, label, purpose)
