"""Sealed content of any length: chunks that cannot be altered, reordered, left out or cut off.

A sealed stream is, in this order:

==================  =====================================================================
1 byte              3: the format
32 bytes            salt, random
chunks              1 MiB of content each and its tag of 16 bytes; the last one shorter
==================  =====================================================================

The key of a stream is made by HKDF-Expand from the data key, the record, the field and the salt. Every chunk is
encrypted with AES-256-GCM; its nonce is the number of the chunk from 0 (11 bytes, big-endian) and a byte that is 1
for the last chunk and 0 for all others. That is the STREAM construction: number and flag are authenticated with the
chunk because they are its nonce. Content of a multiple of 1 MiB ends with a full chunk; empty content is one empty
chunk.

Source: Hoang, Reyhanitabar, Rogaway, Vizár, "Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance"
(2015), section 7; NIST SP 800-38D (GCM); RFC 5869 (HKDF). Nonces are laid out as those of the file format age, C2SP.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from quietline.errors import VaultError
from quietline.vault.wrapping import TAG_BYTES, Data, derived

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["CHUNK_BYTES", "Readable", "seal", "unseal"]

CHUNK_BYTES = 1 << 20
"""Content in a chunk: 1 MiB."""

_FORMAT = b"\x03"
_SALT_BYTES = 32
_HEAD_BYTES = len(_FORMAT) + _SALT_BYTES
_LABEL = "quietline vault: sealed stream"


class Readable(Protocol):
    """Something that bytes can be read from, such as an open binary file."""

    def read(self, size: int, /) -> bytes:
        """Give at most that many bytes; none at the end."""


def seal(secret: bytes, record: str, field: str, source: Iterable[Data] | Readable) -> Iterator[bytes]:
    """Encrypt content; see :meth:`quietline.vault.DataKey.seal_stream`."""
    salt = os.urandom(_SALT_BYTES)
    cipher = _cipher(secret, record, field, salt)
    head = _FORMAT + salt
    for number, (chunk, last) in enumerate(_cut(_pieces(source), CHUNK_BYTES)):
        yield head + cipher.encrypt(_nonce(number, last=last), chunk, None)
        head = b""


def unseal(secret: bytes, record: str, field: str, source: Iterable[Data] | Readable) -> Iterator[bytes]:
    """Decrypt content; see :meth:`quietline.vault.DataKey.open_stream`."""
    pieces = _pieces(source)
    held = bytearray()
    for piece in pieces:
        held += piece
        if len(held) >= _HEAD_BYTES:
            break
    if held and held[:1] != _FORMAT:
        raise VaultError(
            "This is not sealed content of the format that this release reads.",
            code="vault.format",
            advice="Look whether a newer release wrote it, or whether the wrong file was read.",
        )
    if len(held) < _HEAD_BYTES:
        raise _tampered()
    cipher = _cipher(secret, record, field, bytes(held[1:_HEAD_BYTES]))
    for number, (chunk, last) in enumerate(_cut(pieces, CHUNK_BYTES + TAG_BYTES, held[_HEAD_BYTES:])):
        try:
            content = cipher.decrypt(_nonce(number, last=last), chunk, None)
        except InvalidTag:
            raise _tampered() from None
        if content:
            yield content


def _cipher(secret: bytes, record: str, field: str, salt: bytes) -> AESGCM:
    return AESGCM(derived(secret, _LABEL, _FORMAT, record, field, salt))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes((last,))


def _pieces(source: Iterable[Data] | Readable) -> Iterator[Data]:
    read = getattr(source, "read", None)
    if read is None:
        return iter(source)  # type: ignore[arg-type]  # what cannot be read is iterable
    return iter(lambda: read(CHUNK_BYTES), b"")


def _cut(pieces: Iterator[Data], size: int, held: bytearray | None = None) -> Iterator[tuple[bytes, bool]]:
    """Cut pieces into chunks of one size, each with whether it is the last; at least one, maybe empty."""
    held = bytearray() if held is None else held
    for piece in pieces:
        held += piece
        while len(held) > size:  # not at the size: whether that chunk is the last is not known yet
            yield bytes(held[:size]), False
            del held[:size]
    while len(held) > size:
        yield bytes(held[:size]), False
        del held[:size]
    yield bytes(held), True


def _tampered() -> VaultError:
    return VaultError(
        "Sealed content does not open: it was altered, reordered, cut off, moved from another place, "
        "or sealed under another key.",
        code="vault.tampered",
        advice="Throw away what was read of it, and restore it, with its wrapped data key, from a backup.",
    )
