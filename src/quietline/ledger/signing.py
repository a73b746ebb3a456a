"""Signing keys in files, as an office without a security department can keep them.

A key is an Ed25519 key in a PEM file that only its owner may read (PKCS #8, encrypted where a passphrase is
given). Beside it lies the public key, ``PATH.pub``, to be given to everyone who shall check receipts. Public
keys that were in use before lie in ``PATH.retired/``, so that old receipts stay checkable; the private half
of a retired key is gone.

Above the PEM block stand a few lines for people: who holds the key and since when. RFC 7468 allows them,
OpenSSL skips
them, and nothing is decided by them: what counts is the key id, ``ed25519:`` and the first 16 hexadecimal
digits of the SHA-256 of the 32 bytes of the public key. Whoever relies on receipts pins that id (or more
digits of the fingerprint), got from the holder by another way than the receipt.

Source: RFC 8032 (Ed25519), RFC 8410 (its keys in PKCS #8), RFC 7468 (PEM).
"""

from __future__ import annotations

import os
import secrets
import stat
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from quietline.errors import KeyFileError, OutputError, ReceiptError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

__all__ = [
    "PublicKey",
    "SigningKey",
    "create_key",
    "default_key_path",
    "known_public_keys",
    "load_key",
    "load_public_key",
    "passphrase_from",
    "public_path",
    "retired_directory",
    "rotate_key",
]

_MAX_FILE_BYTES = 65_536
_HOLDER = "Holder: "
_MAX_HOLDER = 200


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The half of a key that everyone may have.

    Attributes:
        raw: the 32 bytes of the Ed25519 public key.
        holder: who says to hold it, as the file says; proves nothing.
    """

    raw: bytes
    holder: str = ""

    def __post_init__(self) -> None:
        if len(self.raw) != 32:
            raise ValueError(f"an Ed25519 public key has 32 bytes, not {len(self.raw)}")

    @property
    def fingerprint(self) -> str:
        """``ed25519:`` and the whole SHA-256 of the key, 64 hexadecimal digits."""
        return "ed25519:" + sha256(self.raw).hexdigest()

    @property
    def key_id(self) -> str:
        """``ed25519:`` and the first 16 digits of the fingerprint: the short name of the key."""
        return self.fingerprint[: len("ed25519:") + 16]

    def verify(self, signature: bytes, message: bytes) -> None:
        """Check a signature of this key.

        Args:
            signature: 64 bytes.
            message: the signed bytes.

        Raises:
            ReceiptError: with code ``receipt.signature`` when the signature is not of this key over this
                message.
        """
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except (InvalidSignature, ValueError):
            raise ReceiptError(
                f"The signature does not fit: this is not what the holder of key {self.key_id} signed.",
                code="receipt.signature",
                advice="The text was changed after it was signed, or the signature belongs to another text.",
            ) from None

    def pem(self) -> bytes:
        """Give the PEM block (SubjectPublicKeyInfo)."""
        return Ed25519PublicKey.from_public_bytes(self.raw).public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )


class SigningKey:
    """A private key, ready to sign. Its text form shows the key id, never the key."""

    def __init__(self, private: Ed25519PrivateKey, *, holder: str = "") -> None:
        self._private = private
        self.public = PublicKey(private.public_key().public_bytes_raw(), holder)

    def __repr__(self) -> str:
        return f"<SigningKey {self.key_id}>"

    def __reduce__(self) -> str:
        raise TypeError("a signing key is not to be pickled")

    @property
    def key_id(self) -> str:
        """Short name of the key."""
        return self.public.key_id

    @property
    def holder(self) -> str:
        """Who holds the key, as its file says."""
        return self.public.holder

    def sign(self, message: bytes) -> bytes:
        """Sign bytes; 64 bytes, and the same ones each time."""
        return self._private.sign(message)


def default_key_path(environ: Mapping[str, str]) -> Path:
    """Say where the key lies when no option names it.

    Args:
        environ: the environment: ``QUIETLINE_KEY`` names the file; otherwise it is ``quietline/key.pem`` in
            ``XDG_CONFIG_HOME``, or in ``.config`` of ``HOME``.

    Raises:
        KeyFileError: with code ``key.missing`` when none of these is set.
    """
    named = environ.get("QUIETLINE_KEY", "")
    if named:
        return Path(named)
    config = environ.get("XDG_CONFIG_HOME", "")
    if Path(config).is_absolute():  # the XDG specification says to ignore others
        return Path(config) / "quietline" / "key.pem"
    home = environ.get("HOME", "")
    if not home:
        raise KeyFileError(
            "There is no place for a key: neither QUIETLINE_KEY nor HOME is set.",
            code="key.missing",
            advice="Set QUIETLINE_KEY to the path of the key.",
        )
    return Path(home) / ".config" / "quietline" / "key.pem"


def passphrase_from(environ: Mapping[str, str]) -> bytes | None:
    """Read the passphrase of the key from the environment.

    Args:
        environ: ``QUIETLINE_KEY_PASSPHRASE`` is the passphrase, ``QUIETLINE_KEY_PASSPHRASE_FILE`` names a
            file that holds it; one line end at the end of that file does not count.

    Returns:
        The passphrase, or None where neither is set.

    Raises:
        KeyFileError: with code ``key.passphrase`` when both are set, one is empty, or the file cannot be
            read.
    """
    given = environ.get("QUIETLINE_KEY_PASSPHRASE")
    file = environ.get("QUIETLINE_KEY_PASSPHRASE_FILE")
    if given is not None and file is not None:
        raise KeyFileError(
            "QUIETLINE_KEY_PASSPHRASE and QUIETLINE_KEY_PASSPHRASE_FILE are both set.",
            code="key.passphrase",
            advice="Unset one of them.",
        )
    if given is None and file is None:
        return None
    if file is not None:
        try:
            with Path(file).open("rb") as stream:  # may well be a pipe
                passphrase = stream.read(_MAX_FILE_BYTES)
        except OSError as error:
            raise KeyFileError(
                f"The passphrase file {file} cannot be read: {error.strerror}.",
                code="key.passphrase",
                advice="Correct QUIETLINE_KEY_PASSPHRASE_FILE.",
            ) from error
        passphrase = passphrase.removesuffix(b"\n").removesuffix(b"\r")
    else:
        passphrase = os.fsencode(given or "")
    if not passphrase:
        raise KeyFileError(
            "The passphrase of the signing key is empty.",
            code="key.passphrase",
            advice="Give one, or unset the variable to use a key without passphrase.",
        )
    return passphrase


def public_path(path: Path) -> Path:
    """Say where the public key of the key at ``path`` lies."""
    return path.with_name(path.name + ".pub")


def retired_directory(path: Path) -> Path:
    """Say where the public keys lie that the key at ``path`` has replaced."""
    return path.with_name(path.name + ".retired")


def create_key(path: Path, *, holder: str, at: datetime, passphrase: bytes | None = None) -> SigningKey:
    """Make a key and its public half beside it; each file appears whole or not at all.

    Args:
        path: of the private key; missing directories are made, for the owner only.
        holder: name of the firm or person, one line, shown to those who read the public key.
        at: the time now, aware.
        passphrase: encrypts the file; None leaves it to the file system to guard the key.

    Raises:
        KeyFileError: with code ``key.exists`` when a key or public key is there already: a key is never
            overwritten.
        OutputError: when the files cannot be written.
        ValueError: when the holder is not one printable line, the time is naive or the passphrase is empty.
    """
    key = SigningKey(Ed25519PrivateKey.generate(), holder=_checked_holder(holder))
    private_bytes, public_bytes = _contents(key, at, passphrase)
    for taken in (path, public_path(path)):
        if taken.exists() or taken.is_symlink():
            raise _exists(taken)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        _write(path, private_bytes, mode=0o600, replace=False)
        _write(public_path(path), public_bytes, mode=0o644, replace=False)
    except FileExistsError:
        raise _exists(path) from None
    except OSError as error:
        raise _unwritable(path, error) from error
    return key


def rotate_key(path: Path, *, at: datetime, passphrase: bytes | None = None, holder: str = "") -> SigningKey:
    """Replace the key by a new one and keep the old public key.

    The old private key is destroyed. What it signed stays checkable with its public key in ``PATH.retired/``.

    Args:
        path: of the private key.
        at: the time now, aware.
        passphrase: of the old key, and of the new one.
        holder: as in :func:`create_key`; empty keeps the name.

    Raises:
        KeyFileError: when the old key cannot be loaded.
        OutputError: when the files cannot be written; the old key is then still in its place.
    """
    old = load_key(path, passphrase=passphrase)
    key = SigningKey(Ed25519PrivateKey.generate(), holder=_checked_holder(holder or old.holder))
    private_bytes, public_bytes = _contents(key, at, passphrase)
    retired = retired_directory(path) / (old.key_id.removeprefix("ed25519:") + ".pub")
    try:
        retired.parent.mkdir(mode=0o755, exist_ok=True)
        _write(retired, _with_heading(old.public, "", old.public.pem()), mode=0o644, replace=True)
        # in this order every key that may have signed something is known, wherever the power fails
        _write(public_path(path), public_bytes, mode=0o644, replace=True)
        _write(path, private_bytes, mode=0o600, replace=True)
    except OSError as error:
        raise _unwritable(path, error) from error
    return key


def load_key(path: Path, *, passphrase: bytes | None = None) -> SigningKey:
    """Read a private key.

    Args:
        path: of the PEM file.
        passphrase: where the file is encrypted; ignored where it is not.

    Raises:
        KeyFileError: ``key.missing`` when there is no such file, ``key.exposed`` when others than the owner
            may read or change it, ``key.passphrase`` when the passphrase is wrong or missing,
            ``key.unusable`` when it is something else than an Ed25519 private key.
    """
    try:
        data = _read(path, private=True)
    except FileNotFoundError:
        raise KeyFileError(
            f"There is no signing key at {path}.",
            code="key.missing",
            advice="Make one with: quietline key create",
        ) from None
    except OSError as error:
        raise KeyFileError(f"The signing key {path} cannot be read: {error.strerror}.") from error
    encrypted = b"-----BEGIN ENCRYPTED PRIVATE KEY-----" in data
    if encrypted and passphrase is None:
        raise KeyFileError(
            f"The signing key {path} is protected by a passphrase, and none was given.",
            code="key.passphrase",
            advice="Set QUIETLINE_KEY_PASSPHRASE or QUIETLINE_KEY_PASSPHRASE_FILE.",
        )
    try:
        private = serialization.load_pem_private_key(data, passphrase if encrypted else None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        if encrypted:
            raise KeyFileError(
                f"The passphrase does not open the signing key {path}, or the file is damaged.",
                code="key.passphrase",
                advice="Check QUIETLINE_KEY_PASSPHRASE or QUIETLINE_KEY_PASSPHRASE_FILE.",
            ) from None
        raise _wrong_kind(path, "private") from None
    if not isinstance(private, Ed25519PrivateKey):
        raise _wrong_kind(path, "private")
    return SigningKey(private, holder=_holder_in(data))


def load_public_key(path: Path) -> PublicKey:
    """Read a public key from a PEM file.

    Raises:
        KeyFileError: ``key.missing`` when there is no such file, ``key.unusable`` when it is something else
            than an Ed25519 public key.
    """
    try:
        data = _read(path)
        public = serialization.load_pem_public_key(data)
    except FileNotFoundError:
        raise KeyFileError(
            f"There is no public key at {path}.", code="key.missing", advice="Ask the holder for it."
        ) from None
    except OSError as error:
        raise KeyFileError(f"The public key {path} cannot be read: {error.strerror}.") from error
    except (ValueError, UnsupportedAlgorithm):
        raise _wrong_kind(path, "public") from None
    if not isinstance(public, Ed25519PublicKey):
        raise _wrong_kind(path, "public")
    return PublicKey(public.public_bytes_raw(), _holder_in(data))


def known_public_keys(path: Path) -> dict[str, PublicKey]:
    """Give the public keys that belong to the key at ``path``, by key id: the one in use and those retired.

    Raises:
        KeyFileError: when one of the files is not an Ed25519 public key.
    """
    files = [public_path(path), *sorted(retired_directory(path).glob("*.pub"))]
    keys = [load_public_key(file) for file in files if file.exists()]
    return {key.key_id: key for key in keys}


def _contents(key: SigningKey, at: datetime, passphrase: bytes | None) -> tuple[bytes, bytes]:
    if at.tzinfo is None:
        raise ValueError("the time needs a time zone")
    if passphrase == b"":
        raise ValueError("a passphrase cannot be empty")
    guard: serialization.KeySerializationEncryption = (
        serialization.NoEncryption() if passphrase is None else serialization.BestAvailableEncryption(passphrase)
    )
    private = key._private.private_bytes(  # noqa: SLF001 - this module is where keys are written
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, guard
    )
    since = at.isoformat(timespec="seconds")
    warning = "Keep this file secret.\n"
    return _with_heading(key.public, since, private, warning), _with_heading(key.public, since, key.public.pem())


def _with_heading(key: PublicKey, since: str, pem: bytes, warning: str = "") -> bytes:
    created = f"Created: {since}\n" if since else ""
    return f"{warning}{_HOLDER}{key.holder}\nKey-Id: {key.key_id}\n{created}".encode() + pem


def _holder_in(data: bytes) -> str:
    heading, _, _ = data.partition(b"-----BEGIN")
    for line in heading.decode("utf-8", "replace").splitlines():
        if line.startswith(_HOLDER) and line.isprintable():
            return line.removeprefix(_HOLDER)[:_MAX_HOLDER]
    return ""


def _checked_holder(holder: str) -> str:
    if not holder.strip() or not holder.isprintable() or len(holder) > _MAX_HOLDER or "-----" in holder:
        raise ValueError(f"the holder of a key is named in one printable line of at most {_MAX_HOLDER} characters")
    return holder


def _read(path: Path, *, private: bool = False) -> bytes:
    """Read a small file; a private one is judged by the very file that is open, not by its name."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # do not wait for a pipe
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _MAX_FILE_BYTES:
            raise KeyFileError(f"{path} is not a key file.", advice="Name the PEM file itself.")
        if private and status.st_mode & 0o077:
            raise KeyFileError(
                f"The signing key {path} can be read or changed by others than its owner "
                f"(mode {stat.S_IMODE(status.st_mode):04o}).",
                code="key.exposed",
                advice=f"Run: chmod 600 '{path}'. If others may have copied it, make a new key with quietline key rotate.",
            )
        return os.read(descriptor, _MAX_FILE_BYTES)
    finally:
        os.close(descriptor)


def _write(path: Path, data: bytes, *, mode: int, replace: bool) -> None:
    """Write a file that appears whole or not at all.

    Without ``replace`` an existing file makes FileExistsError.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)  # whatever the umask
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        if replace:
            temporary.replace(path)
        else:
            path.hardlink_to(temporary)
    finally:
        temporary.unlink(missing_ok=True)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _exists(path: Path) -> KeyFileError:
    return KeyFileError(
        f"There is a key at {path} already; a key is never overwritten.",
        code="key.exists",
        advice="Use that one, choose another path, or replace it with quietline key rotate.",
    )


def _unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"The key {path} cannot be written: {error.strerror or error}.",
        advice="Choose a directory that you may write to, on a disk with space.",
    )


def _wrong_kind(path: Path, half: str) -> KeyFileError:
    return KeyFileError(
        f"{path} is not an Ed25519 {half} key in PEM form.",
        advice="Make one with quietline key create, or with: openssl genpkey -algorithm ed25519"
        if half == "private"
        else "Ask the holder for the file that ends in .pub.",
    )
