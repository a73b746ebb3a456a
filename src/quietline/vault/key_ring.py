"""The key ring of an installation: what wraps data keys, and what indexes, hashes and codes are made with."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from quietline.errors import VaultError
from quietline.vault import blind, codes, key_text
from quietline.vault.data_keys import DataKey
from quietline.vault.wrapping import KEY_BYTES, kek_of, unwrap_key, wrap_key

if TYPE_CHECKING:
    from quietline.vault.wrapping import Data, WrappedKey

__all__ = ["KeyRing", "read_key_file"]

_MAX_FILE_BYTES = 65_536


class KeyRing:
    """The keys of an installation. It never changes; after a rotation it is loaded again.

    Its text form shows the ids of keys, never a key. It may be shared by threads.

    Args:
        keys: what the text of a ring holds; see :meth:`load` and :meth:`from_text`.
    """

    __slots__ = ("_current", "_index", "_keks")

    def __init__(self, keys: key_text.Keys) -> None:
        self._keks = {kek.kek_id: kek.secret for kek in keys.keks}
        self._current = keys.current.kek_id
        self._index = keys.index

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> KeyRing:
        """Read a key ring from its file.

        Raises:
            VaultError: ``vault.key_file`` when it is missing, cannot be read or is no key ring;
                ``vault.key_exposed`` when others than the owner may read or change it.
        """
        return cls.from_text(read_key_file(Path(path)))

    @classmethod
    def from_text(cls, text: str) -> KeyRing:
        """Read a key ring from its text, such as a secret that the environment hands over.

        Raises:
            VaultError: ``vault.key_file`` when it is no key ring; the line is named, never shown.
        """
        return cls(key_text.parse(text))

    def __repr__(self) -> str:
        return f"<KeyRing {' '.join(self._keks)}, current {self._current}>"

    def __reduce__(self) -> str:
        raise TypeError("a key ring is not to be pickled")

    @property
    def current(self) -> str:
        """Id of the KEK that wraps."""
        return self._current

    @property
    def kek_ids(self) -> tuple[str, ...]:
        """Ids of all KEKs, oldest first."""
        return tuple(self._keks)

    def new_data_key(self, record: str) -> WrappedKey:
        """Make a data key and wrap it by the current KEK.

        Args:
            record: the record it is for, not empty, such as ``accounts.person:71``; unique, never given to
                another record, and nothing personal. The key opens under this name only.

        Raises:
            ValueError: when the record is empty.
        """
        return self._wrap(os.urandom(KEY_BYTES), record)

    def unwrap(self, wrapped: Data | None, record: str) -> DataKey:
        """Give the data key of a record.

        Args:
            wrapped: as stored; None or nothing where it was destroyed.
            record: as given to :meth:`new_data_key`.

        Raises:
            VaultError: ``vault.erased`` when nothing is there; ``vault.key_missing`` when the ring does not
                have its KEK; ``vault.tampered`` when it was altered, belongs to another record, or was wrapped
                under another ring; ``vault.format`` when it is of another format.
            ValueError: when the record is empty.
        """
        return DataKey(self._unwrap(wrapped, record), record)

    def rewrap(self, wrapped: Data | None, record: str) -> WrappedKey:
        """Wrap the same data key by the current KEK; what it has sealed stays as it is.

        Args:
            wrapped: as stored.
            record: as given to :meth:`new_data_key`.

        Raises:
            VaultError: as :meth:`unwrap`.
            ValueError: when the record is empty.
        """
        return self._wrap(self._unwrap(wrapped, record), record)

    def blind_index(self, purpose: str, value: str) -> bytes:
        """Give the blind index of a value: equal values, in the sense of :func:`normalised`, have the same one.

        Who reads the database learns which records share a value, and how often. See
        :mod:`quietline.vault.blind` for what not to index.

        Args:
            purpose: of the index, such as ``accounts.person.email``: one for each column.
            value: the text, not empty.

        Returns:
            16 bytes, HMAC-SHA256 cut short.

        Raises:
            ValueError: when the purpose, or the normal form of the value, is empty.
        """
        return blind.blind_index(self._index, purpose, value)

    def keyed_hash(self, purpose: str, data: Data, length: int = blind.INDEX_BYTES) -> bytes:
        """Give a keyed hash of bytes as they are, for counters of addresses and numbers.

        Args:
            purpose: what it is for; the same data under another purpose has another hash.
            data: any bytes.
            length: of the hash in bytes, 8 to 32.

        Raises:
            ValueError: when the purpose is empty or the length out of range.
        """
        return blind.keyed_hash(self._index, purpose, data, length)

    def one_time_code(self, purpose: str, challenge: Data, digits: int = 8) -> str:
        """Give the code of a challenge; the same each time, so it need not be stored.

        Args:
            purpose: what the code is for; it does not fit any other.
            challenge: an id of the challenge that is never used again, not empty. It need not be secret.
            digits: 6 to 10.

        Returns:
            That many digits, with leading zeros.

        Raises:
            ValueError: when an argument is empty or out of range.
        """
        return codes.one_time_code(self._index, purpose, challenge, digits)

    def code_matches(self, purpose: str, challenge: Data, typed: str, *, digits: int = 8) -> bool:
        """Say whether a code was typed that is the one of the challenge, in constant time.

        White space, dashes and invisible characters do not count, and digits of every script do. How often and
        how long one may try is the caller's to keep.

        Args:
            purpose: as in :meth:`one_time_code`.
            challenge: as there.
            typed: what was typed.
            digits: as there.

        Raises:
            ValueError: as there; never for what was typed.
        """
        return codes.code_matches(self._index, purpose, challenge, typed, digits)

    def _wrap(self, secret: bytes, record: str) -> WrappedKey:
        return wrap_key(self._keks[self._current], self._current, secret, record)

    def _unwrap(self, wrapped: Data | None, record: str) -> bytes:
        kek_id = kek_of(wrapped)
        kek = self._keks.get(kek_id)
        if kek is None:
            raise VaultError(
                f"The key ring has no key-encryption key {kek_id}, which a data key is wrapped by.",
                code="vault.key_missing",
                advice="Load the ring again if it was rotated; if the key was retired, restore the ring from its copy.",
            )
        return unwrap_key(kek, wrapped, record)


def read_key_file(path: Path) -> str:
    """Read the text of a key ring; the very file that is open is judged, not its name.

    Raises:
        VaultError: ``vault.key_file`` when it is missing or cannot be read, ``vault.key_exposed`` when others than
            the owner may read or change it.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # do not wait for a pipe
        try:
            status = os.fstat(descriptor)
            regular = stat.S_ISREG(status.st_mode)
            data = os.read(descriptor, _MAX_FILE_BYTES + 1) if regular else b""
        finally:
            os.close(descriptor)
    except OSError as error:
        raise VaultError(
            f"The key ring {path} cannot be read: {error.strerror}.",
            code="vault.key_file",
            advice="Name the file that holds it. Where there never was one, make it; where it is lost, restore its copy.",
        ) from error
    if not regular or len(data) > _MAX_FILE_BYTES:
        raise VaultError(f"{path} is not a key ring.", code="vault.key_file", advice="Name the file itself.")
    if status.st_mode & 0o077:
        raise VaultError(
            f"The key ring {path} can be read or changed by others than its owner "
            f"(mode {stat.S_IMODE(status.st_mode):04o}).",
            code="vault.key_exposed",
            advice=f"Run: chmod 600 '{path}'. If others may have copied it, rotate it and wrap all data keys again.",
        )
    try:
        return data.decode()
    except UnicodeDecodeError:  # which carries the file
        raise VaultError(f"{path} is not a key ring.", code="vault.key_file", advice="Restore it from its copy.") from None
