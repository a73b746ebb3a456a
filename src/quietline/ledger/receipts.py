"""JSON documents that carry their signature, so that they can be checked off-line by anyone.

A signed document is a JSON object with one more member::

    "signature": {
      "algorithm": "ed25519",
      "key_id": "ed25519:0123456789abcdef",
      "public_key": "<32 bytes, base64>",
      "value": "<64 bytes, base64>"
    }

The signature is over the *canonical form* of the object without that member: UTF-8, members sorted, no white
space. So a document may be indented, re-ordered or passed through other programs without losing its
signature. Numbers are whole and fit 53 bits, because two programs may write the same fraction in two ways.

The key inside shows that the document is whole, not who wrote it: that takes a key id known from elsewhere
(*pinned*).

Source: RFC 8785 (canonical JSON, without fractions), RFC 8032 (Ed25519).
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from quietline.errors import ReceiptError
from quietline.ledger.signing import PublicKey

if TYPE_CHECKING:
    from collections.abc import Collection

    from quietline.ledger.signing import SigningKey

__all__ = [
    "MAX_DEPTH",
    "MAX_DOCUMENT_BYTES",
    "canonical_json",
    "document_bytes",
    "parse_document",
    "sign_document",
    "signer",
    "verify_document",
]

MAX_DOCUMENT_BYTES = 16 * 1024 * 1024
"""Longer documents are refused unread."""
MAX_DEPTH = 32
"""Objects and lists inside each other."""

_MAX_INTEGER = 2**53 - 1
_MAX_DIGITS = 17
_MIN_PIN_DIGITS = 16
_PLAIN_DEPTH = 4
_PLAIN = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
_SIGNATURE_MEMBERS = {"algorithm", "key_id", "public_key", "value"}


def canonical_json(value: object) -> bytes:
    """Write a value in the one form that is signed.

    Args:
        value: None, bool, int within 53 bits, str, and lists, tuples and string-keyed mappings of these.

    Raises:
        ReceiptError: with code ``receipt.malformed`` when something else is in it, a float above all, or it
            is nested deeper than :data:`MAX_DEPTH`.

    Source: RFC 8785 section 3.2; members are sorted by UTF-16 code units.
    """
    if _is_plain(value):
        try:
            return _PLAIN.encode(value).encode("utf-8")
        except UnicodeEncodeError:
            pass  # half of a surrogate pair: refused below, with its name
    parts: list[str] = []
    _canonical(value, parts, 0)
    return "".join(parts).encode("utf-8")


def _is_plain(value: object, depth: int = 0) -> bool:
    """Whether the standard encoder writes a value in the same form: rows and lines are all so, and it is ten times as fast.

    Member names are ASCII, so that they sort alike as code points and as UTF-16; nothing is of a subclass.
    """
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return True
    if kind is int:
        return abs(value) <= _MAX_INTEGER  # type: ignore[arg-type]
    if depth == _PLAIN_DEPTH:
        return False
    if kind is list:
        return all(_is_plain(item, depth + 1) for item in value)  # type: ignore[attr-defined]
    if kind is dict:
        return all(
            type(name) is str and name.isascii() and _is_plain(item, depth + 1)
            for name, item in value.items()  # type: ignore[attr-defined]
        )
    return False


def sign_document(body: Mapping[str, object], key: SigningKey) -> dict[str, object]:
    """Give the document with its signature.

    Args:
        body: what is stated, without a member ``signature``.
        key: of the one who states it.

    Raises:
        ReceiptError: with code ``receipt.malformed`` when the body cannot be signed as it is.
    """
    if "signature" in body:
        _malformed("it carries a signature already")
    value = key.sign(canonical_json(body))
    return dict(body) | {
        "signature": {
            "algorithm": "ed25519",
            "key_id": key.key_id,
            "public_key": base64.b64encode(key.public.raw).decode("ascii"),
            "value": base64.b64encode(value).decode("ascii"),
        }
    }


def verify_document(document: Mapping[str, object], *, trusted: Collection[str] | None) -> dict[str, Any]:
    """Check the signature of a document and give what it states.

    Args:
        document: as :func:`parse_document` or :func:`sign_document` gave it.
        trusted: key ids, or more digits of fingerprints, of those whose word counts. None checks only that
            the document is whole: anyone may have signed it. An empty collection trusts nobody.

    Returns:
        The document without its signature.

    Raises:
        ReceiptError: ``receipt.malformed`` when it is no signed document, ``receipt.signature`` when it was
            changed after it was signed, ``receipt.untrusted`` when it is whole but the key is not among
            ``trusted``.
    """
    key, value = _signature_of(document)
    body = {name: member for name, member in document.items() if name != "signature"}
    key.verify(value, canonical_json(body))
    if trusted is not None and not any(_pins(entry, key) for entry in trusted):
        raise ReceiptError(
            f"The document is whole, but its key, {key.key_id}, is not among those you trust.",
            code="receipt.untrusted",
            advice="Ask the holder, by another way, for the id of the key, and name it if it is this one.",
        )
    return body


def signer(document: Mapping[str, object]) -> PublicKey:
    """Give the key that a document says it is signed with; nothing is checked by that.

    Raises:
        ReceiptError: with code ``receipt.malformed`` when it is no signed document.
    """
    key, _ = _signature_of(document)
    return key


def parse_document(data: bytes) -> dict[str, Any]:
    """Read a document from a file's bytes; nothing is said about its signature by that.

    Args:
        data: JSON in UTF-8.

    Raises:
        ReceiptError: with code ``receipt.malformed`` when it is too long, nested too deeply, not JSON, not an
            object, or has a member twice, a fraction, or a number beyond 53 bits.
    """
    if len(data) > MAX_DOCUMENT_BYTES:
        _malformed(f"it is longer than {MAX_DOCUMENT_BYTES // 1024 // 1024} MB")
    try:
        document = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_once_each,
            parse_int=_whole,
            parse_float=_no_fraction,
            parse_constant=_no_fraction,
        )
    except UnicodeDecodeError:
        _malformed("it is not UTF-8 text")
    except json.JSONDecodeError as error:
        _malformed(f"it is not JSON: {error.msg} in line {error.lineno}")
    except RecursionError:
        _malformed(f"it is nested deeper than {MAX_DEPTH} levels")
    if not isinstance(document, dict):
        _malformed("it is not a JSON object")
    canonical_json(document)  # refuses what could not have been signed: depth, lone surrogates
    return document


def document_bytes(document: Mapping[str, object]) -> bytes:
    """Write a document for a file: indented, for people to read; its signature holds as well as before.

    Raises:
        ReceiptError: with code ``receipt.malformed`` when it holds what a document cannot.
    """
    canonical_json(document)
    return json.dumps(document, ensure_ascii=False, indent=2).encode("utf-8") + b"\n"


def _canonical(value: object, parts: list[str], depth: int) -> None:
    if depth > MAX_DEPTH:
        _malformed(f"it is nested deeper than {MAX_DEPTH} levels")
    if value is None or isinstance(value, bool):
        parts.append({None: "null", True: "true", False: "false"}[value])
    elif isinstance(value, int):
        if abs(value) > _MAX_INTEGER:
            _malformed(f"the number {value} does not fit 53 bits")
        parts.append(str(int(value)))
    elif isinstance(value, str):
        parts.append(_text(value))
    elif isinstance(value, list | tuple):
        parts.append("[")
        for index, item in enumerate(value):
            parts.append("," if index else "")
            _canonical(item, parts, depth + 1)
        parts.append("]")
    elif isinstance(value, Mapping):
        _canonical_object(value, parts, depth)
    elif isinstance(value, float):
        _malformed(f"it has the fraction {value}; write a whole number of a smaller unit, or text")
    else:
        _malformed(f"it has a value of type {type(value).__name__}")


def _canonical_object(value: Mapping[Any, object], parts: list[str], depth: int) -> None:
    for name in value:
        if not isinstance(name, str):
            _malformed(f"the member name {name!r} is not text")
    names = [(_text(name), name) for name in value]  # refuses what has no UTF-16 form
    parts.append("{")
    for index, (text, name) in enumerate(sorted(names, key=lambda pair: pair[1].encode("utf-16-be"))):
        parts.append("," if index else "")
        parts.append(text + ":")
        _canonical(value[name], parts, depth + 1)
    parts.append("}")


def _text(value: str) -> str:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        _malformed("a text holds half of a surrogate pair")
    return json.dumps(value, ensure_ascii=False)


def _signature_of(document: Mapping[str, object]) -> tuple[PublicKey, bytes]:
    signature = document.get("signature")
    if not isinstance(signature, Mapping):
        _malformed("it has no signature")
    if set(signature) != _SIGNATURE_MEMBERS:
        _malformed(f"its signature has to have the members {', '.join(sorted(_SIGNATURE_MEMBERS))}, and no others")
    if signature["algorithm"] != "ed25519":
        _malformed("its signature is not of the kind ed25519, the only one this release knows")
    key = PublicKey(_base64(signature["public_key"], 32, "public_key"))
    if signature["key_id"] != key.key_id:
        _malformed("its key_id does not belong to its public_key")
    return key, _base64(signature["value"], 64, "value")


def _pins(entry: str, key: PublicKey) -> bool:
    kind, _, digits = entry.strip().lower().partition(":")
    return kind == "ed25519" and len(digits) >= _MIN_PIN_DIGITS and key.fingerprint.startswith(f"{kind}:{digits}")


def _base64(text: object, length: int, member: str) -> bytes:
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True) if isinstance(text, str) else b""
    except (binascii.Error, UnicodeEncodeError):
        raw = b""
    if len(raw) != length or base64.b64encode(raw).decode("ascii") != text:
        _malformed(f"the member {member} of its signature is not {length} bytes in base64")
    return raw


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        _malformed(f"the member {twice!r} stands there twice")
    return members


def _whole(text: str) -> int:
    if len(text) > _MAX_DIGITS or abs(int(text)) > _MAX_INTEGER:
        _malformed(f"the number {text[:40]} does not fit 53 bits")
    if text == "-0":
        _malformed("it has the number -0")
    return int(text)


def _no_fraction(text: str) -> NoReturn:
    _malformed(f"it has the number {text[:40]}; only whole numbers are used")


def _malformed(why: str) -> NoReturn:
    raise ReceiptError(
        f"This is not a signed document as Quietline writes it: {why}.",
        code="receipt.malformed",
        advice="Check that it is the right file, and whole.",
    )
