"""Check receipts off-line, prove single numbers from them, and check such proofs.

A proof is a JSON document with the whole signed receipt in it, so that it stands alone: the number, the answer of the
wash, the salt of its leaf, the place of the leaf and the hashes from there to the signed root. Nothing of it can be
exchanged: number, answer and salt make the leaf; place and size fix the way to the root; root and size are signed.

A proof shows the number, its answer and where it stands in the order of the numbers, and nothing of the other numbers;
two proofs with places side by side show, besides, that no number between them was looked up.

Source: RFC 9162 section 2.1.3.2 (inclusion), RFC 8785 and RFC 8032 (the signature).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quietline.errors import InputError, LawError, ReceiptError, UsageError
from quietline.ledger.merkle import leaf_hash, verify_inclusion
from quietline.ledger.receipts import MAX_DOCUMENT_BYTES, canonical_json, parse_document, signer, verify_document
from quietline.ledger.salts import SALT_BYTES, salts
from quietline.numbering import key_of, number_of, parse
from quietline.wash.proofs_file import open_proofs
from quietline.wash.receipt_format import (
    ENTRY_SHAPE,
    FINGERPRINT_SHAPE,
    FORMAT,
    PROOF_KIND,
    PROOF_SHAPE,
    PROOF_STATEMENT,
    RECEIPT_KIND,
    RECEIPT_SHAPE,
    bytes_of,
    check_kind,
    check_shape,
    malformed,
    receipt_digest,
)
from quietline.wash.receipt_proofs import Answer, tree_of
from quietline.wash.receipt_watching import Fingerprint
from quietline.wash.receipts import reliance_facts

if TYPE_CHECKING:
    import os
    from collections.abc import Collection, Mapping, Sequence

    from quietline.ledger.signing import PublicKey

__all__ = [
    "ProofCheck",
    "ReceiptCheck",
    "prove",
    "read_document",
    "verify_proof",
    "verify_receipt",
]

_MOST_NUMBERS = 10_000
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class ReceiptCheck:
    """A receipt that is whole, and what was found out about it.

    Attributes:
        receipt: what it states, without the signature.
        key: that signed it. The holder's name is what the receipt says and proves nothing.
        trusted: whether the key is among those that were named; False where none was named.
        matched: roles of the files that were compared and are those of the receipt: ``list``, ``clean`` ...
        signed_at: time of the wash by the signer's clock.
        until: last day on which the wash may be relied on, as the receipt states it; None where undetermined.
        undetermined: why there is no such day, or empty.
        own_until: the same day by the rulebooks of this release; None where they do not say.
    """

    receipt: dict[str, Any]
    key: PublicKey
    trusted: bool
    matched: tuple[str, ...]
    signed_at: datetime
    until: date | None
    undetermined: str
    own_until: date | None

    def is_current(self, on: date) -> bool:
        """Tell whether the wash may be relied on on a day: by the receipt, and by our own rulebooks where they say."""
        ends = [day for day in (self.until, self.own_until) if day is not None]
        return self.until is not None and on <= min(ends)


@dataclass(frozen=True, slots=True)
class ProofCheck:
    """A proof that holds.

    Attributes:
        receipt: the receipt in it.
        answers: the numbers in E.164 that were looked up, with the answer to each.
    """

    receipt: ReceiptCheck
    answers: dict[str, Answer]


def read_document(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a receipt or a proof from a file; nothing is checked but its form.

    Raises:
        InputError: it cannot be read.
        ReceiptError: ``receipt.malformed`` when it is no such document.
    """
    try:
        with Path(path).open("rb") as file:
            return parse_document(file.read(MAX_DOCUMENT_BYTES + 1))
    except FileNotFoundError:
        raise InputError(f"There is no file {path}.", code="input.missing") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None


def verify_receipt(
    data: bytes | Mapping[str, Any],
    *,
    files: Mapping[str, str | os.PathLike[str]] | None = None,
    trusted: Collection[str] | None = None,
) -> ReceiptCheck:
    """Check a receipt, off-line.

    Args:
        data: the receipt as read from its file, or as :func:`read_document` gave it.
        files: files to compare, by role: ``list``, ``clean``, ``removed``, ``annotated``.
        trusted: ids or fingerprints of the keys whose word counts. None checks only that nothing was changed since
            somebody signed it.

    Raises:
        ReceiptError: ``receipt.malformed``, ``receipt.signature`` or ``receipt.untrusted`` (see
            :func:`~quietline.ledger.receipts.verify_document`); ``receipt.version`` when a newer release wrote it;
            ``receipt.mismatch`` when a file is not the one it is about.
        InputError: a file cannot be read.

    Source: RFC 8785, RFC 8032.
    """
    document = parse_document(data) if isinstance(data, bytes) else data
    body = verify_document(document, trusted=trusted)
    check_kind(body, RECEIPT_KIND, "receipt")
    check_shape(body, RECEIPT_SHAPE, "receipt")
    until, undetermined, own_until = _reliance_of(body)
    bytes_of(body["numbers"]["root"], 32, "the root")
    for role, path in (files or {}).items():
        _compare(body, role, Path(path))
    return ReceiptCheck(
        receipt=body,
        key=signer(document),
        trusted=trusted is not None,
        matched=tuple(files or ()),
        signed_at=_moment(body["at"]),
        until=until,
        undetermined=undetermined,
        own_until=own_until,
    )


def prove(receipt: bytes | Mapping[str, Any], proofs: str | os.PathLike[str], numbers: Sequence[str]) -> dict[str, Any]:
    """Make the proof that numbers were covered by a wash, without showing the others.

    Args:
        receipt: the signed receipt.
        proofs: its private half, as written beside it.
        numbers: telephone numbers, E.164 or as they are written in the receipt's country.

    Returns:
        A document to be written with :func:`~quietline.ledger.receipts.document_bytes`.

    Raises:
        UsageError: a text is no telephone number, or there are none or more than 10,000.
        ReceiptError: ``receipt.not_covered`` when one of the numbers was not looked up; nothing is proved then.
            ``receipt.proofs`` when the private half belongs to another receipt or was changed; or as for
            :func:`verify_receipt`.
        InputError: a file cannot be read.
        RegisterError: the private half is damaged.
    """
    document = parse_document(receipt) if isinstance(receipt, bytes) else dict(receipt)
    body = verify_receipt(document).receipt
    keys = _keys_of(numbers, body["country"])
    with open_proofs(Path(proofs), receipt_digest(document)) as opened:
        places = opened.places(keys)
        missing = [number_of(key) for key in keys if key not in places]
        if missing:
            raise ReceiptError(
                f"Not looked up in this wash: {', '.join(missing)}.",
                code="receipt.not_covered",
                advice="Only numbers that were in the list, and were read as numbers, can be proved.",
            )
        tree = tree_of(opened.pieces(), opened.secret, follow=[index for index, _ in places.values()])
    if (tree.size, tree.root.hex()) != (body["numbers"]["size"], body["numbers"]["root"]):
        raise ReceiptError(
            f"{Path(proofs).name} does not lead to the root of the receipt: it was changed.",
            code="receipt.proofs",
            advice="Use the file as it was written with the receipt.",
        )
    entries = []
    for key in keys:
        index, answer = places[key]
        entries.append(
            {
                "number": number_of(key),
                "answer": answer.text,
                "salt": salts(opened.secret, index, 1).tobytes().hex(),
                "index": index,
                "path": [step.hex() for step in tree.paths[index]],
            }
        )
    return {
        "kind": PROOF_KIND,
        "format": FORMAT,
        "statement": PROOF_STATEMENT,
        "numbers": entries,
        "receipt": document,
    }


def verify_proof(
    data: bytes | Mapping[str, Any],
    *,
    receipt: Mapping[str, Any] | None = None,
    trusted: Collection[str] | None = None,
) -> ProofCheck:
    """Check that numbers were covered, off-line and without the list.

    Args:
        data: the proof as read from its file, or as :func:`read_document` gave it.
        receipt: the receipt that it has to belong to, signed; None takes the one in the proof.
        trusted: as for :func:`verify_receipt`.

    Raises:
        ReceiptError: ``receipt.inclusion`` when a number, an answer or a place is not that of the receipt;
            ``receipt.other`` when the proof belongs to another receipt; or as for :func:`verify_receipt`.

    Source: RFC 9162 section 2.1.3.2.
    """
    document = parse_document(data) if isinstance(data, bytes) else data
    check_kind(document, PROOF_KIND, "proof")
    check_shape(document, PROOF_SHAPE, "proof")
    if receipt is not None and canonical_json(document["receipt"]) != canonical_json(receipt):
        raise ReceiptError("The proof belongs to another receipt.", code="receipt.other", advice="Show it with its own.")
    check = verify_receipt(document["receipt"], trusted=trusted)
    if not document["numbers"]:
        malformed("proof", "it is about no number")
    root = bytes.fromhex(check.receipt["numbers"]["root"])
    answers: dict[str, Answer] = {}
    for entry in document["numbers"]:
        answer = _checked_entry(entry, check.receipt["numbers"]["size"], root)
        if answers.setdefault(entry["number"], answer) != answer:
            malformed("proof", "it gives one number two answers")
    return ProofCheck(check, answers)


def _checked_entry(entry: dict[str, Any], size: int, root: bytes) -> Answer:
    check_shape(entry, ENTRY_SHAPE, "proof")
    by_text = {answer.text: answer for answer in Answer}
    if entry["answer"] not in by_text:
        malformed("proof", f"there is no answer {entry['answer']!r}")
    try:
        key = key_of(entry["number"])
    except UsageError:
        malformed("proof", f"{entry['number']!r} is not a number in E.164")
    answer = by_text[entry["answer"]]
    leaf = bytes_of(entry["salt"], SALT_BYTES, "a salt") + key.to_bytes(8, "big") + bytes([answer])
    path = [bytes_of(step, 32, "a hash") for step in entry["path"]]
    try:
        verify_inclusion(leaf_hash(leaf), entry["index"], size, path, root)
    except ReceiptError as error:
        raise ReceiptError(
            f"The proof of {entry['number']} does not hold: number, answer, place or path is not that of the receipt.",
            code=error.code,
            advice=error.advice,
        ) from None
    return answer


def _keys_of(numbers: Sequence[str], country: str) -> list[int]:
    if not 0 < len(numbers) <= _MOST_NUMBERS:
        raise UsageError(f"1 to {_MOST_NUMBERS:,} numbers can be proved at a time, not {len(numbers):,}.")
    keys: dict[int, None] = {}
    for text in numbers:
        found = parse(text, country=country)
        if not found.key:
            raise UsageError(
                f"{text!r} is not a telephone number ({found.status.text}).", advice="Write it with + and all digits."
            )
        keys[found.key] = None
    return list(keys)


def _compare(body: dict[str, Any], role: str, path: Path) -> None:
    stated = body["list"] if role == "list" else body["outputs"].get(role)
    what = "list" if role == "list" else f"{role} list"
    if stated is None:
        raise ReceiptError(
            f"The receipt says nothing of {'an' if role == 'annotated' else 'a'} {what}: the wash wrote none.",
            code="receipt.mismatch",
        )
    check_shape(stated, FINGERPRINT_SHAPE, "receipt", closed=False)
    found = Fingerprint()
    try:
        with path.open("rb") as file:
            while data := file.read(_CHUNK):
                found.add(data)
    except FileNotFoundError:
        raise InputError(f"There is no file {path}.", code="input.missing") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    if found.facts() != {name: stated[name] for name in FINGERPRINT_SHAPE}:
        why = (
            f"it has {found.bytes:,} bytes, not {stated['bytes']:,}"
            if found.bytes != stated["bytes"]
            else "its size is right, but not its content"
        )
        raise ReceiptError(
            f"{path.name} is not the {what} of this receipt: {why}.",
            code="receipt.mismatch",
            advice="It was changed after the wash, or belongs to another one.",
        )


def _reliance_of(body: dict[str, Any]) -> tuple[date | None, str, date | None]:
    """Give the stated day, why there is none, and the day by our own rulebooks."""
    stated = body["reliance"]
    try:
        until = date.fromisoformat(stated["until"]) if "until" in stated else None
        undetermined = "" if until else stated["undetermined"]
        if not isinstance(undetermined, str):
            raise TypeError
        own = reliance_facts(body["country"], body["registers"], _moment(body["at"]), body["options"].get("on"))
    except LawError:
        own = {}
    except (KeyError, TypeError, ValueError, OverflowError):
        malformed("receipt", "what it says about reliance is no rule")
    return until, undetermined, date.fromisoformat(own["until"]) if "until" in own else None


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        malformed("receipt", "its time is no time")
    if moment.tzinfo is None:
        malformed("receipt", "its time has no zone")
    return moment
