"""Signed documents: what is signed, what is refused, and in which words."""

from __future__ import annotations

import base64
import copy
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from quietline.errors import ReceiptError
from quietline.ledger import receipts
from quietline.ledger.signing import SigningKey

KEY = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
OTHER = SigningKey(Ed25519PrivateKey.from_private_bytes(bytes(32)))
BODY: dict[str, Any] = {
    "kind": "wash",
    "rows": 10_000_000,
    "names": ["国家", "Ä", "\U0001f4de"],
    "nested": {"b": None, "a": True, "": False},
}


def refused(code: str, words: str) -> Any:
    class Refused:
        def __enter__(self) -> None:
            self.raises = pytest.raises(ReceiptError, match=words)
            self.caught = self.raises.__enter__()

        def __exit__(self, *details: object) -> bool | None:
            done = self.raises.__exit__(*details)
            assert self.caught.value.code == code
            return done

    return Refused()


def test_a_signed_document_gives_its_body_back() -> None:
    document = receipts.sign_document(BODY, KEY)
    assert receipts.verify_document(document, trusted=None) == BODY
    assert receipts.verify_document(document, trusted=[KEY.key_id]) == BODY
    assert receipts.signer(document).key_id == KEY.key_id
    assert "signature" not in BODY


def test_the_signature_survives_a_file_and_another_order() -> None:
    document = receipts.sign_document(BODY, KEY)
    again = receipts.parse_document(receipts.document_bytes(document))
    assert receipts.verify_document(again, trusted=[KEY.key_id]) == BODY
    shuffled = json.dumps(dict(reversed(list(document.items())))).encode()  # \u escapes, other order
    assert receipts.verify_document(receipts.parse_document(shuffled), trusted=[KEY.key_id]) == BODY


def test_the_signed_bytes_are_the_canonical_form() -> None:
    document = receipts.sign_document({"b": 1, "a": "x"}, KEY)
    signature: Any = document["signature"]
    KEY.public.verify(base64.b64decode(signature["value"]), b'{"a":"x","b":1}')


def test_the_canonical_form_is_that_of_rfc_8785() -> None:
    # section 3.2.3, with its order by UTF-16 code units
    value = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\U0001f600": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis",
    }
    order = [
        "Carriage Return",
        "One",
        "Control",
        "Latin Small Letter O With Diaeresis",
        "Euro Sign",
        "Emoji: Grinning Face",
        "Hebrew Letter Dalet With Dagesh",
    ]
    assert list(json.loads(receipts.canonical_json(value)).values()) == order
    # section 3.2.2.2
    text = '\u20ac$\u000f\nA\'B"\\\\"/'
    assert receipts.canonical_json([text]) == '["€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"]'.encode()
    assert receipts.canonical_json([None, True, False, -5, (), {}]) == b"[null,true,false,-5,[],{}]"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (1.0, "fraction 1.0"),
        (float("nan"), "fraction"),
        ({"a": [0.5]}, "fraction"),
        (2**53, "53 bits"),
        (-(2**53), "53 bits"),
        ("\ud800", "surrogate"),
        ({"\udfff": 1}, "surrogate"),
        ({1: 2}, "not text"),
        (b"bytes", "type bytes"),
        ({"a": {1, 2}}, "type set"),
    ],
)
def test_what_has_no_single_form_is_refused(value: object, words: str) -> None:
    with refused("receipt.malformed", words):
        receipts.canonical_json(value)


def test_nesting_is_bounded() -> None:
    deep: object = 1
    for _ in range(receipts.MAX_DEPTH):
        deep = [deep]
    receipts.canonical_json(deep)
    with refused("receipt.malformed", "deeper than 32"):
        receipts.canonical_json([deep])
    for depth in (40, 2_000, 1_000_000):
        with refused("receipt.malformed", "deeper than 32"):
            receipts.parse_document(b'{"a":' + b"[" * depth + b"]" * depth + b"}")


def test_a_document_is_signed_once() -> None:
    with refused("receipt.malformed", "signature already"):
        receipts.sign_document(receipts.sign_document(BODY, KEY), KEY)


def change(path: str, value: object) -> dict[str, Any]:
    document: dict[str, Any] = copy.deepcopy(receipts.sign_document(BODY, KEY))
    *way, last = path.split(".")
    part = document
    for step in way:
        part = part[step]
    if value is None:
        del part[last]
    else:
        part[last] = value
    return document


@pytest.mark.parametrize(("path", "value"), [("rows", 9_999_999), ("nested.a", False), ("kind", None), ("new", 1)])
def test_a_changed_document_is_refused(path: str, value: object) -> None:
    with refused("receipt.signature", "does not fit"):
        receipts.verify_document(change(path, value), trusted=None)


def other_signature() -> str:
    return base64.b64encode(OTHER.sign(receipts.canonical_json(BODY))).decode()


def test_a_signature_of_another_key_is_refused() -> None:
    with refused("receipt.signature", "does not fit"):
        receipts.verify_document(change("signature.value", other_signature()), trusted=None)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("signature", None, "no signature"),
        ("signature", "text", "no signature"),
        ("signature.value", None, "has to have the members"),
        ("signature.extra", 1, "no others"),
        ("signature.algorithm", "none", "not of the kind ed25519"),
        ("signature.key_id", OTHER.key_id, "does not belong"),
        ("signature.public_key", base64.b64encode(OTHER.public.raw).decode(), "does not belong"),
        ("signature.public_key", "AAAA", "not 32 bytes"),
        ("signature.value", "AAAA", "not 64 bytes"),
        ("signature.value", "!" * 88, "not 64 bytes"),
        ("signature.value", "ä" * 88, "not 64 bytes"),
        ("signature.value", 5, "not 64 bytes"),
    ],
)
def test_a_signature_in_the_wrong_form_is_refused(path: str, value: object, words: str) -> None:
    with refused("receipt.malformed", words):
        receipts.verify_document(change(path, value), trusted=None)


def test_base64_has_one_spelling() -> None:
    value = change("rows", 1)["signature"]["value"]
    assert value.endswith("==")
    last = value[-3]
    neighbour = "BCDEFGHIJKLMNOP"["AQgw".index(last)] if last in "AQgw" else "B"
    with refused("receipt.malformed", "not 64 bytes"):
        receipts.verify_document(change("signature.value", value[:-3] + neighbour + "=="), trusted=None)


def test_trust_is_a_pinned_key() -> None:
    document = receipts.sign_document(BODY, KEY)
    receipts.verify_document(document, trusted=[OTHER.key_id, KEY.key_id])
    receipts.verify_document(document, trusted=[KEY.public.fingerprint])
    receipts.verify_document(document, trusted=[f" {KEY.key_id.upper()} "])
    short, longer = KEY.key_id[:-1], KEY.public.fingerprint + "0"
    for trusted in ([OTHER.key_id], [], [short], [longer], ["ed25519:"], [""], ["*"]):
        with refused("receipt.untrusted", KEY.key_id):
            receipts.verify_document(document, trusted=trusted)


def test_a_changed_document_of_a_stranger_is_first_of_all_changed() -> None:
    with refused("receipt.signature", "does not fit"):
        receipts.verify_document(change("rows", 1), trusted=[])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[]", "not a JSON object"),
        (b"5", "not a JSON object"),
        (b'{"a":1,"a":2}', "'a' stands there twice"),
        (b'{"x":{"b":1,"\\u0062":1}}', "'b' stands there twice"),
        (b'{"a":1.5}', "only whole numbers"),
        (b'{"a":1e3}', "only whole numbers"),
        (b'{"a":NaN}', "only whole numbers"),
        (b'{"a":-Infinity}', "only whole numbers"),
        (b'{"a":-0}', "-0"),
        (b'{"a":9007199254740992}', "53 bits"),
        (b'{"a":' + b"9" * 100_000 + b"}", "53 bits"),
        (b'{"a":"\\ud800"}', "surrogate"),
        (b'{"a":"\xff"}', "not UTF-8"),
        ('{"a":1}'.encode("utf-16"), "not UTF-8"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b'{"a":1} x', "not JSON"),
    ],
)
def test_what_is_not_a_document_is_refused(data: bytes, words: str) -> None:
    with refused("receipt.malformed", words):
        receipts.parse_document(data)


def test_a_very_long_file_is_refused_unread() -> None:
    with refused("receipt.malformed", "longer than 16 MB"):
        receipts.parse_document(b" " * (receipts.MAX_DOCUMENT_BYTES + 1))


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=20,
)


@given(value=values)
def test_the_canonical_form_reads_back_and_is_stable(value: object) -> None:
    data = receipts.canonical_json(value)
    assert json.loads(data) == value
    assert receipts.canonical_json(json.loads(data)) == data
    document = receipts.parse_document(receipts.document_bytes({"value": value}))
    assert document == {"value": value}


@given(data=st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_parsing_gives_a_document_or_the_error_and_nothing_else(data: bytes) -> None:
    try:
        document = receipts.parse_document(data)
        receipts.verify_document(document, trusted=None)
    except ReceiptError as error:
        assert error.code == "receipt.malformed"
