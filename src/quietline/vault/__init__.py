"""The vault: personal data under keys of their own, which can be destroyed.

* :class:`KeyRing` holds the keys of an installation; :func:`create_key_ring`, :func:`rotate_key_ring` and
  :func:`retire` keep its file.
* :class:`DataKey` is the key of one record: it seals and opens texts, bytes and streams. It is stored wrapped
  by a key of the ring; whoever destroys the wrapped key destroys the content of the record.
* Blind indexes find equal values without opening them; keyed hashes count without naming; one-time codes need
  not be stored.

What this protects from, and what not: docs/explanation/vault.md. Nothing here reads the clock, and no error
carries a key or a plaintext.
"""

from __future__ import annotations

from quietline.vault.blind import normalised
from quietline.vault.data_keys import DataKey
from quietline.vault.key_files import create_key_ring, retire, rotate_key_ring
from quietline.vault.key_ring import KeyRing
from quietline.vault.streams import CHUNK_BYTES, Readable
from quietline.vault.wrapping import Data, WrappedKey, kek_of, kek_prefix

__all__ = [
    "CHUNK_BYTES",
    "Data",
    "DataKey",
    "KeyRing",
    "Readable",
    "WrappedKey",
    "create_key_ring",
    "kek_of",
    "kek_prefix",
    "normalised",
    "retire",
    "rotate_key_ring",
]
