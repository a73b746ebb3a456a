"""Proofs that an entry stands in a log, as documents that are checked off-line with a public key.

A proof is a JSON object::

    {"kind": "quietline log proof", "format": 1, "index": 7, "entry": "<base64>",
     "proof": ["<32 bytes, base64>", ...], "checkpoint": "<signed text>"}

It shows one entry, and of the others nothing but hashes.

An entry of the ledger is the hash of a row (docs/reference/ledger.md). Whom the row concerns is given it with its salt, in a
JSON object that carries the proofs of several::

    {"kind": "quietline proven rows", "format": 1, "rows": [
        {"salt": "<32 hexadecimal digits>", "kind": "change", "record": 7, "row": {...}, "proof": {...} or null}, ...]}

Source: RFC 6962 section 2.1.1 for the hashes; C2SP tlog-checkpoint for the signed text.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NoReturn

from quietline.errors import LedgerError, ReceiptError
from quietline.ledger.checkpoint import Checkpoint, parse_checkpoint
from quietline.ledger.merkle import leaf_hash, verify_inclusion
from quietline.ledger.receipts import canonical_json

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from quietline.ledger.reading import LogReader
    from quietline.ledger.signing import PublicKey

__all__ = [
    "PROOF_FORMAT",
    "PROOF_KIND",
    "ROWS_FORMAT",
    "ROWS_KIND",
    "ProvedEntry",
    "ProvedRow",
    "check_entry_proof",
    "check_row_proofs",
    "prove_entry",
    "row_hash",
]

PROOF_KIND = "quietline log proof"
PROOF_FORMAT = 1
ROWS_KIND = "quietline proven rows"
ROWS_FORMAT = 1

_MEMBERS = {"kind", "format", "index", "entry", "proof", "checkpoint"}
_ROW_MEMBERS = {"salt", "kind", "record", "row", "proof"}
_SALT = re.compile(r"[0-9a-f]{32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class ProvedEntry:
    """What a proof shows.

    Attributes:
        index: of the entry, counted from 0.
        entry: its bytes.
        checkpoint: the signed state of the log in which it stands.
    """

    index: int
    entry: bytes
    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True)
class ProvedRow:
    """A row whose hash is an entry of a log.

    Attributes:
        kind: of its leaf.
        record: id of the row.
        row: what never changes about it.
        entry: where it stands; None while it is on its way into the log, and nothing is proven.
    """

    kind: str
    record: int
    row: dict[str, Any]
    entry: ProvedEntry | None


def row_hash(salt: str, kind: str, record: int, row: Mapping[str, object]) -> bytes:
    """Hash a row as the ledger does: SHA-256 of the canonical JSON of ``[salt, kind, record, row]``.

    Args:
        salt: 32 lower-case hexadecimal digits.
        kind: of its leaf.
        record: id of the row.
        row: what never changes about it, of JSON values without floats.

    Raises:
        ReceiptError: there is something else in the row.
    """
    return sha256(canonical_json([salt, kind, record, dict(row)])).digest()


def prove_entry(reader: LogReader, index: int) -> dict[str, Any]:
    """Make the proof of one entry, in the log as its checkpoint says it is now.

    Args:
        reader: of the log.
        index: of the entry, counted from 0.

    Raises:
        IndexError: when the log has no such entry.
        LedgerError: when the checkpoint does not hold, something is missing, or the stored entry and tiles do not lead
            to the root (``ledger.root``): a proof that does not hold is never given out.
    """
    checkpoint, text = reader.signed_checkpoint()
    if not 0 <= index < checkpoint.size:
        raise IndexError(f"the log has {checkpoint.size} entries; there is no entry {index}")
    (entry,) = reader.entries(index, index + 1)
    proof = reader.inclusion_proof(index, checkpoint.size)
    _demand(entry, index, proof, checkpoint)
    return {
        "kind": PROOF_KIND,
        "format": PROOF_FORMAT,
        "index": index,
        "entry": base64.b64encode(entry).decode("ascii"),
        "proof": [base64.b64encode(node).decode("ascii") for node in proof],
        "checkpoint": text.decode("utf-8"),
    }


def check_entry_proof(
    document: Mapping[str, Any], *, trusted: Collection[PublicKey], origin: str | None = None
) -> ProvedEntry:
    """Check a proof; nothing else is needed than the public key of the log.

    Args:
        document: as :func:`prove_entry` made it and JSON carried it.
        trusted: keys that may have signed the checkpoint.
        origin: which log it has to be of; None takes the one it names.

    Raises:
        LedgerError: ``ledger.malformed``, ``ledger.origin``, ``ledger.signature``, or ``ledger.root`` when the proof
            does not lead to the signed root.
    """
    if document.get("kind") != PROOF_KIND or document.get("format") != PROOF_FORMAT or set(document) != _MEMBERS:
        _malformed("it is not of the kind and format that this release knows")
    index, nodes, text = document["index"], document["proof"], document["checkpoint"]
    if type(index) is not int or not isinstance(nodes, list) or not isinstance(text, str):
        _malformed("a member is of the wrong kind")
    entry = _bytes(document["entry"])
    proof = [_bytes(node) for node in nodes]
    try:
        signed = text.encode()
    except UnicodeEncodeError:
        _malformed("its checkpoint is not text")
    checkpoint = parse_checkpoint(signed, origin=origin, trusted=trusted)
    _demand(entry, index, proof, checkpoint)
    return ProvedEntry(index, entry, checkpoint)


def check_row_proofs(
    document: Mapping[str, Any], *, trusted: Collection[PublicKey], origin: str | None = None
) -> list[ProvedRow]:
    """Check rows with their proofs: each is hashed anew, and the hash has to be the entry that is proven.

    Args:
        document: of the kind :data:`ROWS_KIND`.
        trusted: keys that may have signed the checkpoints.
        origin: which log they have to be of; None takes the one they name.

    Raises:
        LedgerError: as :func:`check_entry_proof`, and ``ledger.row`` when a row is not the one that stands in the log.
    """
    rows = document.get("rows")
    is_known = document.get("kind") == ROWS_KIND and document.get("format") == ROWS_FORMAT
    if not is_known or not isinstance(rows, list) or not rows:
        _malformed("it is not of the kind and format that this release knows")
    return [_checked_row(row, trusted, origin) for row in rows]


def _checked_row(row: object, trusted: Collection[PublicKey], origin: str | None) -> ProvedRow:
    if not isinstance(row, dict) or not set(row) >= _ROW_MEMBERS:
        _malformed("a row lacks a member")
    salt, kind, record, content, proof = (row[name] for name in ("salt", "kind", "record", "row", "proof"))
    if not isinstance(salt, str) or not _SALT.fullmatch(salt) or type(record) is not int:
        _malformed("a row's salt or record is of the wrong kind")
    if not isinstance(kind, str) or not isinstance(content, dict):
        _malformed("a row is of the wrong kind")
    if proof is None:
        return ProvedRow(kind, record, content, None)
    if not isinstance(proof, dict):
        _malformed("a row's proof is of the wrong kind")
    entry = check_entry_proof(proof, trusted=trusted, origin=origin)
    try:
        hashed = row_hash(salt, kind, record, content)
    except ReceiptError:
        _malformed("a row holds what no row of the ledger can hold")
    if hashed != entry.entry:
        raise LedgerError(
            f"The row {kind} {record} is not the one that stands in the log as entry {entry.index}.",
            code="ledger.row",
            advice="The row, its salt or its number was changed after it was recorded. Keep the file as evidence.",
        )
    return ProvedRow(kind, record, content, entry)


def _demand(entry: bytes, index: int, proof: list[bytes], checkpoint: Checkpoint) -> None:
    try:
        verify_inclusion(leaf_hash(entry), index, checkpoint.size, proof, checkpoint.root)
    except ReceiptError:
        raise LedgerError(
            f"The proof does not lead from entry {index} to the signed root.",
            code="ledger.root",
            advice="The entry, its place or the proof was changed. For a log, run quietline ledger verify.",
        ) from None


def _bytes(text: object) -> bytes:
    if not isinstance(text, str):
        _malformed("a member is of the wrong kind")
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        _malformed("a member is not in base64")


def _malformed(what: str) -> NoReturn:
    raise LedgerError(
        f"This is no proof of an entry: {what}.",
        code="ledger.malformed",
        advice="Make it with: quietline ledger prove",
    )
