"""Checkpoints: the signed state of a log, as text.

::

    register.example/ledger
    60
    SBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=
    at 2026-11-22T10:00:00Z

    — register.example/ledger OGiYHJfQDBQZEW56jL4Ps88uAhahBIMl7i+Bj3vM...

The lines are: the origin, which names the log; the number of entries; the root of their Merkle tree; when it was
signed, by the signer's own clock. Behind an empty line follow the signatures; the name of the key is the origin.
The time is an extension line, which other programs skip.

Source: C2SP tlog-checkpoint (https://c2sp.org/tlog-checkpoint) and C2SP signed-note (https://c2sp.org/signed-note),
signature type 0x01, Ed25519; the time as in RFC 3339, in UTC.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, NoReturn

from quietline.errors import LedgerError, ReceiptError

if TYPE_CHECKING:
    from collections.abc import Collection

    from quietline.ledger.signing import PublicKey, SigningKey

__all__ = [
    "MAX_CHECKPOINT_BYTES",
    "Checkpoint",
    "check_origin",
    "key_hash",
    "parse_checkpoint",
    "parse_unverified",
    "sign_checkpoint",
    "verifier_key",
]

MAX_CHECKPOINT_BYTES = 65_536
"""Longer ones are refused unread."""

_ED25519 = b"\x01"
_SIGNATURE_MARK = "— "  # em dash, space
_MAX_ORIGIN = 255
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_TIME = re.compile(r"at ([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{6})?)Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a log.

    Attributes:
        origin: name of the log, such as ``register.example/ledger``: no space, no ``+``.
        size: number of entries.
        root: 32 bytes, of the Merkle tree of RFC 6962 over the entries.
        at: when it was signed, aware; kept in UTC.
    """

    origin: str
    size: int
    root: bytes
    at: datetime

    def __post_init__(self) -> None:
        check_origin(self.origin)
        if not 0 <= self.size < 2**63 or len(self.root) != 32:
            raise ValueError("a size fits 63 bits and a root has 32 bytes")
        if self.at.tzinfo is None:
            raise ValueError("the time needs a time zone")
        object.__setattr__(self, "at", self.at.astimezone(UTC))

    def text(self) -> str:
        """Give the lines that are signed."""
        root = base64.b64encode(self.root).decode("ascii")
        at = self.at.replace(tzinfo=None).isoformat()
        return f"{self.origin}\n{self.size}\n{root}\nat {at}Z\n"


def check_origin(origin: str) -> None:
    """Refuse a name that no log can have.

    Raises:
        ValueError: unless it is 1 to 255 printable characters without space and ``+``.
    """
    if not _is_origin(origin):
        raise ValueError(f"an origin is a name of 1 to {_MAX_ORIGIN} printable characters without space and +")


def key_hash(name: str, key: PublicKey) -> bytes:
    """Give the 4 bytes by which a signature line says which key it is of.

    Args:
        name: of the key; for a log, its origin.
        key: the Ed25519 key.

    Source: C2SP signed-note, section Signatures.
    """
    return sha256(name.encode() + b"\n" + _ED25519 + key.raw).digest()[:4]


def verifier_key(origin: str, key: PublicKey) -> str:
    """Give the key as other tools for signed notes want it: ``name+hash+base64``.

    Source: golang.org/x/mod/sumdb/note, function NewEd25519VerifierKey.
    """
    return f"{origin}+{key_hash(origin, key).hex()}+{base64.b64encode(_ED25519 + key.raw).decode('ascii')}"


def sign_checkpoint(checkpoint: Checkpoint, key: SigningKey) -> bytes:
    """Give the signed text of a checkpoint."""
    text = checkpoint.text()
    signature = base64.b64encode(key_hash(checkpoint.origin, key.public) + key.sign(text.encode())).decode("ascii")
    return f"{text}\n{_SIGNATURE_MARK}{checkpoint.origin} {signature}\n".encode()


def parse_checkpoint(data: bytes, *, origin: str | None, trusted: Collection[PublicKey]) -> Checkpoint:
    """Read a checkpoint and check that one of the trusted keys signed it.

    Signatures of other keys, by witnesses for instance, are passed over; one of a trusted key that does not fit
    makes the whole checkpoint invalid.

    Args:
        data: UTF-8 text.
        origin: which log it has to be of; None takes the one it names, where the key signs for one log only.
        trusted: keys whose word counts; of an empty collection nobody's does.

    Raises:
        LedgerError: ``ledger.malformed`` when it is no checkpoint, ``ledger.origin`` when it is of another log,
            ``ledger.signature`` when no trusted key signed it or a signature does not fit.
    """
    checkpoint, text, signatures = _split(data)
    if origin is not None and checkpoint.origin != origin:
        raise LedgerError(
            f"This checkpoint is of the log {checkpoint.origin!r}, not of {origin!r}.",
            code="ledger.origin",
            advice="Look whether the source, or the origin that you named, is the right one.",
        )
    holds = False
    for key in trusted:
        mark = key_hash(checkpoint.origin, key)
        for name, value in signatures:
            if name == checkpoint.origin and value[:4] == mark:
                _verify(key, value[4:], text)
                holds = True
    if not holds:
        raise LedgerError(
            f"The checkpoint of {checkpoint.origin!r} is not signed by a key that you trust.",
            code="ledger.signature",
            advice="Get the public key from the keeper of the log by another way than the log itself.",
        )
    return checkpoint


def parse_unverified(data: bytes) -> Checkpoint:
    """Read a checkpoint that was checked before and kept in a safe place.

    Raises:
        LedgerError: ``ledger.malformed`` when it is no checkpoint.
    """
    return _split(data)[0]


def _split(data: bytes) -> tuple[Checkpoint, bytes, list[tuple[str, bytes]]]:
    if len(data) > MAX_CHECKPOINT_BYTES:
        _malformed(f"it is longer than {MAX_CHECKPOINT_BYTES} bytes")
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError:
        _malformed("it is not UTF-8 text")
    if any(character < " " and character != "\n" for character in whole):
        _malformed("it has control characters")
    text, empty, notes = whole.rpartition("\n\n")
    if not empty or not notes.endswith("\n"):
        _malformed("it has no signatures behind an empty line")
    signatures = [_signature(line) for line in notes[:-1].split("\n")]
    return _body(text), text.encode() + b"\n", signatures


def _body(text: str) -> Checkpoint:
    lines = text.split("\n")
    if len(lines) < 4 or not all(lines):
        _malformed("its text has fewer than four lines, or an empty one")
    origin, size, root, time = lines[:4]
    match = _TIME.fullmatch(time)
    if not _is_origin(origin) or not _SIZE.fullmatch(size) or match is None:
        _malformed("its origin, size or time is not written as it has to be")
    try:
        at = datetime.fromisoformat(match[1]).replace(tzinfo=UTC)
        return Checkpoint(origin, int(size), _base64(root), at)
    except ValueError:
        _malformed("its size, root or time cannot be")


def _signature(line: str) -> tuple[str, bytes]:
    name, space, value = line.removeprefix(_SIGNATURE_MARK).partition(" ")
    if not line.startswith(_SIGNATURE_MARK) or not space or not name:
        _malformed("a signature line is not one")
    try:
        signature = _base64(value)
    except ValueError:
        _malformed("a signature is not in base64")
    if len(signature) < 5:
        _malformed("a signature is too short")
    return name, signature


def _verify(key: PublicKey, signature: bytes, text: bytes) -> None:
    try:
        key.verify(signature, text)
    except ReceiptError:
        raise LedgerError(
            f"The checkpoint is not what the holder of key {key.key_id} signed.",
            code="ledger.signature",
            advice="It was changed after it was signed.",
        ) from None


def _base64(text: str) -> bytes:
    try:
        value = base64.b64decode(text.encode("ascii"), validate=True)
    except binascii.Error:
        raise ValueError(text) from None
    if base64.b64encode(value).decode("ascii") != text:  # one text for one value
        raise ValueError(text)
    return value


def _is_origin(origin: str) -> bool:
    return (
        0 < len(origin) <= _MAX_ORIGIN and origin.isprintable() and "+" not in origin and not any(map(str.isspace, origin))
    )


def _malformed(what: str) -> NoReturn:
    raise LedgerError(
        f"This is no checkpoint of a log: {what}.",
        code="ledger.malformed",
        advice="Look whether the source is the right one, and whole.",
    )
