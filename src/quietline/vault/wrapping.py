"""Wrapped data keys: the layout of the bytes, and what binds them to their record.

A wrapped key is, in this order:

==================  =====================================================================
1 byte              1: the format
1 byte              length of the id of the key-encryption key, 2 to 8
that many bytes     the id, ASCII, such as ``v1``
12 bytes            nonce, random
48 bytes            the data key of 32 bytes, encrypted with AES-256-GCM, and its tag
==================  =====================================================================

It is encrypted under a key made from the key-encryption key (KEK) and the record by HKDF-Expand, so that no
key ever meets more than a few random nonces, however many records there are. Associated data are the record
and everything that stands before the nonce.

Source: NIST SP 800-38D (GCM), RFC 5869 (HKDF). The layout is Quietline's own.
"""

from __future__ import annotations

import os
import re
from typing import TypeAlias

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from quietline.errors import VaultError

__all__ = [
    "KEY_BYTES",
    "NONCE_BYTES",
    "TAG_BYTES",
    "Data",
    "WrappedKey",
    "context",
    "derived",
    "kek_of",
    "kek_prefix",
    "unwrap_key",
    "wrap_key",
]

Data: TypeAlias = "bytes | bytearray | memoryview"
"""What is taken for bytes; database drivers hand out memoryviews."""
WrappedKey: TypeAlias = bytes
"""A data key as it is stored, in the layout of :mod:`quietline.vault.wrapping`."""

KEY_BYTES = 32
"""Length of every key."""
NONCE_BYTES = 12
"""Length of a nonce of AES-GCM."""
TAG_BYTES = 16
"""Length of a tag of AES-GCM."""

_FORMAT = 1
_KEK_ID = re.compile(rb"v[1-9][0-9]{0,6}")
_LABEL = "quietline vault: wrapped key"


def context(*parts: str | bytes) -> bytes:
    """Join parts so that no two lists of parts give the same bytes: each after its length in 4 bytes, big-endian."""
    encoded = [part.encode() if isinstance(part, str) else part for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)


def derived(secret: bytes, *parts: str | bytes) -> bytes:
    """Derive a key of 32 bytes from a uniformly random one, by HKDF-Expand (RFC 5869 section 2.3) with SHA-256.

    Args:
        secret: the key to derive from, 32 random bytes; so the extraction step is not needed (section 3.3).
        parts: what the new key is for; joined by :func:`context`.
    """
    return HKDFExpand(SHA256(), KEY_BYTES, context(*parts)).derive(secret)


def kek_prefix(kek_id: str) -> bytes:
    """Give the bytes that every key wrapped by a KEK begins with, to find and count them in a database.

    Args:
        kek_id: such as ``v1``.

    Raises:
        ValueError: when that is no id of a KEK.
    """
    name = kek_id.encode()
    if not _KEK_ID.fullmatch(name):
        raise ValueError("the id of a key-encryption key is v and a number, such as v1")
    return bytes((_FORMAT, len(name))) + name


def kek_of(wrapped: Data | None) -> str:
    """Say which KEK a data key is wrapped by. Nothing is decrypted, so nothing proves that it is true.

    Args:
        wrapped: as stored.

    Raises:
        VaultError: ``vault.erased`` when nothing is there, ``vault.format`` when it is of another format,
            ``vault.tampered`` when it does not have the parts of a wrapped key.
    """
    return _parts(wrapped)[0]


def wrap_key(kek: bytes, kek_id: str, secret: bytes, record: str) -> WrappedKey:
    """Wrap a data key.

    Args:
        kek: the key-encryption key, 32 bytes.
        kek_id: its id.
        secret: the data key, 32 bytes.
        record: which record it belongs to, not empty.

    Raises:
        ValueError: when the record is empty.
    """
    head = kek_prefix(kek_id)
    nonce = os.urandom(NONCE_BYTES)
    return head + nonce + _cipher(kek, record).encrypt(nonce, secret, context(_LABEL, record, head))


def unwrap_key(kek: bytes, wrapped: Data | None, record: str) -> bytes:
    """Give the data key in a wrapped one.

    Args:
        kek: the key-encryption key that :func:`kek_of` names.
        wrapped: as stored.
        record: which record it belongs to.

    Raises:
        VaultError: as :func:`kek_of`, and ``vault.tampered`` when it was altered, belongs to another record,
            or was wrapped by another key.
        ValueError: when the record is empty.
    """
    _, head, nonce, ciphertext = _parts(wrapped)
    try:
        return _cipher(kek, record).decrypt(nonce, ciphertext, context(_LABEL, record, head))
    except InvalidTag:
        raise VaultError(
            "A wrapped data key does not open: it was altered, belongs to another record, or to another key ring.",
            code="vault.tampered",
            advice="Check that the key ring belongs to this database; then restore the record from a backup.",
        ) from None


def _cipher(kek: bytes, record: str) -> AESGCM:
    if not record:
        raise ValueError("a data key belongs to a record: its name cannot be empty")
    return AESGCM(derived(kek, _LABEL, record))


def _parts(wrapped: Data | None) -> tuple[str, bytes, bytes, bytes]:
    if not wrapped:
        raise VaultError(
            "The data key of this record was destroyed; what was sealed under it cannot be read by anyone.",
            code="vault.erased",
            advice="Show the record as erased.",
        )
    data = bytes(wrapped)
    if data[0] != _FORMAT:
        raise VaultError(
            "This is not a wrapped data key of the format that this release reads.",
            code="vault.format",
            advice="Look whether a newer release wrote it, or whether the wrong column was read.",
        )
    start = 2 + (data[1] if len(data) > 1 else 0)
    name = data[2:start]
    if not _KEK_ID.fullmatch(name) or len(data) != start + NONCE_BYTES + KEY_BYTES + TAG_BYTES:
        raise VaultError(
            "A wrapped data key does not have the parts it should have: it was altered or cut off.",
            code="vault.tampered",
            advice="Restore the record from a backup.",
        )
    return name.decode(), data[:start], data[start : start + NONCE_BYTES], data[start + NONCE_BYTES :]
