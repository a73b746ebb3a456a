"""The key of one record: what it seals, only it opens, in the same field of the same record.

A sealed field is, in this order:

==================  =====================================================================
1 byte              2: the format
12 bytes            nonce, random
n bytes             the padded plaintext, encrypted with AES-256-GCM
16 bytes            the tag
==================  =====================================================================

Associated data are the format, the record and the field, so a sealed field that is moved elsewhere does not
open. The plaintext is padded with 0x80 and then zeros to a multiple of ``pad_to`` bytes, so that the length
of a short text does not tell a name.

One data key may seal 2**32 times (NIST SP 800-38D section 8.3, random nonces); no record comes near that.

Source: NIST SP 800-38D (GCM), ISO/IEC 7816-4 (padding). The layout is Quietline's own.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from quietline.errors import VaultError
from quietline.vault import streams
from quietline.vault.wrapping import KEY_BYTES, NONCE_BYTES, TAG_BYTES, Data, context

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["MAX_PAD", "PAD_TO", "DataKey"]

PAD_TO = 32
"""Length, in bytes, that a multiple of is sealed, where nothing else is said."""
MAX_PAD = 65_536
"""The largest ``pad_to``."""

_FORMAT = b"\x02"
_LABEL = "quietline vault: sealed field"


class DataKey:
    """The key of one record, from :meth:`quietline.vault.KeyRing.unwrap`. Its text form never shows the key.

    Args:
        secret: the key, 32 random bytes.
        record: the record it belongs to, not empty, such as ``accounts.person:71``. Never personal data: it
            need not be secret.

    Raises:
        ValueError: when the key does not have 32 bytes or the record is empty.
    """

    __slots__ = ("_cipher", "_record", "_secret")

    def __init__(self, secret: bytes, record: str) -> None:
        if len(secret) != KEY_BYTES:
            raise ValueError(f"a data key has {KEY_BYTES} bytes, not {len(secret)}")
        if not record:
            raise ValueError("a data key belongs to a record: its name cannot be empty")
        self._secret = secret
        self._record = record
        self._cipher = AESGCM(secret)

    def __repr__(self) -> str:
        return "<DataKey>"

    def __reduce__(self) -> str:
        raise TypeError("a data key is not to be pickled")

    def seal(self, plaintext: Data, field: str, *, pad_to: int = PAD_TO) -> bytes:
        """Encrypt bytes for a field; each time differently.

        Args:
            plaintext: the bytes, held in memory whole; for large content there is :meth:`seal_stream`.
            field: the field of the record, not empty, such as ``name``.
            pad_to: the length sealed is a multiple of this many bytes, 1 to 65,536, and larger than the
                plaintext. 1 hides nothing.

        Returns:
            The sealed bytes: 29 more than the padded plaintext.

        Raises:
            ValueError: when the field is empty or ``pad_to`` out of range.
        """
        if not 1 <= pad_to <= MAX_PAD:
            raise ValueError(f"pad_to is 1 to {MAX_PAD} bytes")
        bound = self._bound(field)
        padded = bytes(plaintext) + b"\x80"
        padded += bytes(-len(padded) % pad_to)
        nonce = os.urandom(NONCE_BYTES)
        return _FORMAT + nonce + self._cipher.encrypt(nonce, padded, bound)

    def open(self, sealed: Data, field: str) -> bytes:
        """Decrypt what :meth:`seal` made of the same field of the same record.

        Args:
            sealed: the sealed bytes.
            field: the field that they were sealed for.

        Raises:
            VaultError: ``vault.tampered`` when they were altered, cut off, moved from another field or
                record, or sealed under another key; ``vault.format`` when they are of another format.
            ValueError: when the field is empty.
        """
        bound = self._bound(field)
        data = bytes(sealed)
        if data and data[:1] != _FORMAT:
            raise VaultError(
                "This is not a sealed field of the format that this release reads.",
                code="vault.format",
                advice="Look whether a newer release wrote it, or whether the wrong column was read.",
            )
        if len(data) <= 1 + NONCE_BYTES + TAG_BYTES:
            raise _tampered()
        try:
            padded = self._cipher.decrypt(data[1 : 1 + NONCE_BYTES], data[1 + NONCE_BYTES :], bound)
        except InvalidTag:
            raise _tampered() from None
        plaintext, mark, zeros = padded.rpartition(b"\x80")
        if not mark or any(zeros):  # authentic, so written by a faulty program that had the key
            raise _tampered()
        return plaintext

    def seal_text(self, text: str, field: str, *, pad_to: int = PAD_TO) -> bytes:
        """Encrypt a text, as UTF-8; otherwise as :meth:`seal`.

        Raises:
            ValueError: as :meth:`seal`, and when the text holds half a surrogate pair.
        """
        try:
            plaintext = text.encode()
        except UnicodeEncodeError:  # which carries the text
            raise ValueError("the text holds half a surrogate pair and cannot be stored") from None
        return self.seal(plaintext, field, pad_to=pad_to)

    def open_text(self, sealed: Data, field: str) -> str:
        """Decrypt what :meth:`seal_text` made; otherwise as :meth:`open`.

        Raises:
            VaultError: as :meth:`open`, and ``vault.format`` when it is no text that was sealed.
        """
        plaintext = self.open(sealed, field)
        try:
            return plaintext.decode()
        except UnicodeDecodeError:  # which carries the plaintext
            raise VaultError(
                "A sealed field holds bytes and no text.", code="vault.format", advice="Open it with DataKey.open."
            ) from None

    def seal_stream(self, source: Iterable[Data] | streams.Readable, field: str) -> Iterator[bytes]:
        """Encrypt content of any length, a chunk of 1 MiB at a time.

        The length is not hidden: who sees the stored bytes knows it.

        Args:
            source: the content in pieces of any size, or something with ``read(size)``, such as an open
                binary file.
            field: the field of the record, not empty.

        Returns:
            The sealed content, in pieces of about a megabyte: 33 bytes more than the content, and 16 more
            for each chunk after the first.

        Raises:
            ValueError: when the field is empty.
        """
        self._bound(field)
        return streams.seal(self._secret, self._record, field, source)

    def open_stream(self, source: Iterable[Data] | streams.Readable, field: str) -> Iterator[bytes]:
        """Decrypt what :meth:`seal_stream` made of the same field of the same record.

        Each piece is authentic and stands where it belongs; that nothing is missing at the end is known only
        when the iteration ends without an error. What was made of it before that MUST be thrown away when
        there is one.

        Args:
            source: the sealed content in pieces of any size, or something with ``read(size)``.
            field: the field that it was sealed for.

        Returns:
            The content, in pieces of 1 MiB; the last is shorter.

        Raises:
            VaultError: while it is read: ``vault.tampered`` when chunks were altered, reordered, left out,
                added or cut off, or belong to another field, record or key; ``vault.format`` when it is of
                another format.
            ValueError: when the field is empty.
        """
        self._bound(field)
        return streams.unseal(self._secret, self._record, field, source)

    def _bound(self, field: str) -> bytes:
        if not field:
            raise ValueError("what is sealed belongs to a field: its name cannot be empty")
        return context(_LABEL, _FORMAT, self._record, field)


def _tampered() -> VaultError:
    return VaultError(
        "A sealed field does not open: it was altered, cut off, moved from another place, or sealed under another key.",
        code="vault.tampered",
        advice="Restore the record, with its wrapped data key, from a backup.",
    )
