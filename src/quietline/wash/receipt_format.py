"""What receipts and proofs look like as documents: their kinds, their members, and what is said when one is not so."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, NoReturn

from quietline.errors import ReceiptError
from quietline.ledger.receipts import canonical_json

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "ENTRY_SHAPE",
    "FINGERPRINT_SHAPE",
    "FORMAT",
    "PROOF_KIND",
    "PROOF_SHAPE",
    "PROOF_STATEMENT",
    "RECEIPT_KIND",
    "RECEIPT_SHAPE",
    "RECEIPT_STATEMENT",
    "bytes_of",
    "check_kind",
    "check_shape",
    "malformed",
    "receipt_digest",
]

FORMAT = 1
"""Of receipts and of proofs; counted up when a member changes its meaning."""
RECEIPT_KIND = "quietline wash receipt"
RECEIPT_STATEMENT = (
    "Whoever holds the key below states: this list was checked against these registers with this outcome, at this time "
    "by the signer's own clock. Each distinct number that was looked up is a leaf of the tree whose root stands here. "
    "Nobody else witnesses that; a proof shows that a number was looked up, never that one was not."
)
PROOF_KIND = "quietline wash proof"
PROOF_STATEMENT = (
    "These numbers were among those looked up in the wash that the receipt is about, with these answers. The receipt "
    "is the statement of whoever holds its key."
)

FINGERPRINT_SHAPE = {"bytes": int, "sha256": str}
_REGISTER_SHAPE = {
    "name": str, "country": str, "version": int, "list_date": str, "numbers": int, "digest": str, "kind": str,
    "time_zone": str,
}  # fmt: skip
RECEIPT_SHAPE: dict[str, Any] = {
    "kind": str,
    "format": int,
    "statement": str,
    "at": str,
    "holder": str,
    "software": dict,
    "country": str,
    "list": FINGERPRINT_SHAPE,
    "outputs": dict,
    "options": dict,
    "counts": {"rows": int, "kept": int, "removed": int, "reasons": dict},
    "registers": [_REGISTER_SHAPE],
    "reliance": dict,
    "numbers": {"tree": str, "leaf": str, "answers": dict, "size": int, "root": str},
}
ENTRY_SHAPE: dict[str, Any] = {"number": str, "answer": str, "salt": str, "index": int, "path": [str]}
PROOF_SHAPE: dict[str, Any] = {
    "kind": str,
    "format": int,
    "statement": str,
    "numbers": [ENTRY_SHAPE],
    "receipt": dict,
}


def receipt_digest(document: Mapping[str, object]) -> str:
    """Give the SHA-256 of a signed receipt in canonical form, signature included; hexadecimal."""
    return sha256(canonical_json(document)).hexdigest()


def check_kind(document: Mapping[str, Any], kind: str, what: str) -> None:
    """Make sure that a document is of a kind, in the format that this release reads.

    Raises:
        ReceiptError: ``receipt.malformed`` when it is of another kind; ``receipt.version`` when of another format.
    """
    if document.get("kind") != kind:
        malformed(what, "it is another kind of document")
    found = document.get("format")
    if found != FORMAT or isinstance(found, bool):
        raise ReceiptError(
            f"The {what} has format {str(found)[:20]!r}; this release reads format {FORMAT}.",
            code="receipt.version",
            advice="Update quietline.",
        )


def check_shape(value: Mapping[str, Any], shape: Mapping[str, Any], what: str, *, closed: bool = True) -> None:
    """Make sure that all members are there and are what they should be, and, where closed, that there are no others.

    Raises:
        ReceiptError: with code ``receipt.malformed``.
    """
    if closed and (others := value.keys() - shape.keys()):
        malformed(what, f"it has a member {min(others)!r} that does not belong there")
    for name, kind in shape.items():
        if not _fits(value.get(name), kind):
            malformed(what, f"its member {name!r} is missing or is not what it should be")


def _fits(value: object, kind: Any) -> bool:
    if isinstance(kind, list):
        return isinstance(value, list) and all(_fits(item, kind[0]) for item in value)
    if isinstance(kind, dict):
        return isinstance(value, dict) and all(_fits(value.get(name), part) for name, part in kind.items())
    if kind is int:  # True is an int in Python; counts and places are never negative
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
    return isinstance(value, kind)


def bytes_of(text: str, length: int, what: str) -> bytes:
    """Read so many bytes in lower-case hexadecimal.

    Raises:
        ReceiptError: with code ``receipt.malformed``.
    """
    try:
        raw = bytes.fromhex(text)
    except ValueError:
        raw = b""
    if len(raw) != length or raw.hex() != text:
        malformed("receipt or proof", f"{what} is not {length} bytes in hexadecimal")
    return raw


def malformed(what: str, why: str) -> NoReturn:
    """Refuse a document.

    Raises:
        ReceiptError: with code ``receipt.malformed``.
    """
    raise ReceiptError(
        f"This is not a {what} of a wash as Quietline writes it: {why}.",
        code="receipt.malformed",
        advice="Check that it is the right file, and whole.",
    )
