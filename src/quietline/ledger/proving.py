"""Proofs that an entry stands in a log, as documents that are checked off-line with a public key.

A proof is a JSON object::

    {"kind": "quietline log proof", "format": 1, "index": 7, "entry": "<base64>",
     "proof": ["<32 bytes, base64>", ...], "checkpoint": "<signed text>"}

It shows one entry, and of the others nothing but hashes.

Source: RFC 6962 section 2.1.1 for the hashes; C2SP tlog-checkpoint for the signed text.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from quietline.errors import LedgerError, ReceiptError
from quietline.ledger.checkpoint import Checkpoint, parse_checkpoint
from quietline.ledger.merkle import leaf_hash, verify_inclusion

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from quietline.ledger.reading import LogReader
    from quietline.ledger.signing import PublicKey

__all__ = ["PROOF_FORMAT", "PROOF_KIND", "ProvedEntry", "check_entry_proof", "prove_entry"]

PROOF_KIND = "quietline log proof"
PROOF_FORMAT = 1

_MEMBERS = {"kind", "format", "index", "entry", "proof", "checkpoint"}


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
