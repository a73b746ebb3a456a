"""The layouts of the vault, written out again by hand, and vectors that must open for ever."""

from __future__ import annotations

import base64
import hmac

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from quietline.errors import VaultError
from quietline.vault import DataKey, KeyRing, kek_of, kek_prefix

INDEX, KEK, SECRET = bytes(range(32)), bytes(range(32, 64)), bytes(range(64, 96))
RECORD = "accounts.person:71"
TEXT = f"index {base64.b64encode(INDEX).decode()}\nkek v1 2026-11-22 {base64.b64encode(KEK).decode()}\n"

# Made once by the first release. Whoever changes a layout gives it a new format byte; these still have to open.
WRAPPED = bytes.fromhex(
    "0102763197a344e349e709b08bd09d1cf865fd01f81544990e0f46536a7182ed01f16851dd6dac91f5a62577b8993f1b22117a9ccc1789630019ac1de127c7b1"
)
SEALED = bytes.fromhex(
    "0241ab1232620a75d3df56daa61959f5ef7a43d52d0af1c0d4c7d42e53873ef486a137ef552e2747889d27667af893748378e430abab5eab5cc4f82443"
)
STREAM = bytes.fromhex(
    "036f88008d07f127ce27a7518dd19a97b17c5c7a061d2e4aed103e3816aefe25c15f211fe9cc08351cd8463331cdc1410d33d9e02ce2694f15958014"
)


@pytest.fixture(scope="module")
def ring() -> KeyRing:
    return KeyRing.from_text(TEXT)


@pytest.fixture(scope="module")
def key(ring: KeyRing) -> DataKey:
    return ring.unwrap(WRAPPED, RECORD)


def joined(*parts: str | bytes) -> bytes:
    raw = [part.encode() if isinstance(part, str) else part for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in raw)


def expanded(secret: bytes, *parts: str | bytes) -> bytes:
    """HKDF-Expand to 32 bytes is one HMAC: RFC 5869 section 2.3."""
    return hmac.digest(secret, joined(*parts) + b"\x01", "sha256")


def test_what_the_first_release_stored_still_opens(key: DataKey) -> None:
    assert key.open_text(SEALED, "name") == "Jo Bloggs · 张三"
    assert b"".join(key.open_stream([STREAM], "keys")) == b"washed keys"


def test_a_wrapped_key_is_laid_out_as_described(ring: KeyRing) -> None:
    label = "quietline vault: wrapped key"
    for wrapped in (WRAPPED, ring.rewrap(WRAPPED, RECORD)):
        assert len(wrapped) == 64
        head, nonce, rest = wrapped[:4], wrapped[4:16], wrapped[16:]
        assert head == b"\x01\x02v1" == kek_prefix("v1")
        cipher = AESGCM(expanded(KEK, label, RECORD))
        assert cipher.encrypt(nonce, SECRET, joined(label, RECORD, head)) == rest
    assert kek_of(WRAPPED) == "v1"


def test_a_sealed_field_is_laid_out_as_described(key: DataKey) -> None:
    plaintext = "Jo Bloggs · 张三".encode()
    padded = plaintext + b"\x80" + bytes(32 - 1 - len(plaintext))
    for sealed in (SEALED, key.seal(plaintext, "name")):
        assert sealed[0] == 2
        bound = joined("quietline vault: sealed field", b"\x02", RECORD, "name")
        assert AESGCM(SECRET).encrypt(sealed[1:13], padded, bound) == sealed[13:]


def test_a_sealed_stream_is_laid_out_as_described(key: DataKey) -> None:
    content = bytes(1 << 20) + b"the rest"
    for sealed, plain in (
        (STREAM, b"washed keys"),
        (b"".join(key.seal_stream([content], "keys")), content),
        (b"".join(key.seal_stream([], "keys")), b""),
    ):
        assert sealed[0] == 3
        cipher = AESGCM(expanded(SECRET, "quietline vault: sealed stream", b"\x03", RECORD, "keys", sealed[1:33]))
        chunks = [plain[start : start + (1 << 20)] for start in range(0, len(plain), 1 << 20)] or [b""]
        expected = [
            cipher.encrypt(number.to_bytes(11, "big") + bytes([number == len(chunks) - 1]), chunk, None)
            for number, chunk in enumerate(chunks)
        ]
        assert sealed[33:] == b"".join(expected)


def test_indexes_hashes_and_codes_never_change(ring: KeyRing) -> None:
    assert ring.blind_index("accounts.person.email", "Jo@Example.org").hex() == "578e7eb26da5ce089bd2226b20745ae2"
    assert ring.keyed_hash("abuse.network", bytes([192, 0, 2, 1])).hex() == "f1f258133a5e4f23d80b0cf9d1e0b9fa"
    assert ring.one_time_code("list a number", b"challenge 1") == "09154096"
    assert ring.one_time_code("list a number", b"challenge 1", 6) == "028369"


def test_indexes_hashes_and_codes_are_the_hmacs_described(ring: KeyRing) -> None:
    index = hmac.digest(expanded(INDEX, "quietline vault: blind index", "p"), b"jo bloggs", "sha256")
    assert ring.blind_index("p", " JO  Bloggs") == index[:16]
    assert ring.keyed_hash("p", b"data", 32) == hmac.digest(
        expanded(INDEX, "quietline vault: keyed hash", "p"), b"data", "sha256"
    )
    mac = hmac.digest(expanded(INDEX, "quietline vault: one-time code", "p"), b"\x08id", "sha256")
    offset = mac[31] % 16
    assert int(ring.one_time_code("p", b"id")) == int.from_bytes(mac[offset : offset + 8], "big") % 10**8


@pytest.mark.parametrize("padded", [bytes(32), b"Jo" + bytes(30), b"Jo\x80" + bytes(28) + b"\x01", b"\x80Jo"])
def test_a_faulty_padding_is_refused_even_if_it_is_authentic(key: DataKey, padded: bytes) -> None:
    bound = joined("quietline vault: sealed field", b"\x02", RECORD, "name")
    with pytest.raises(VaultError) as caught:
        key.open(b"\x02" + bytes(12) + AESGCM(SECRET).encrypt(bytes(12), padded, bound), "name")
    assert caught.value.code == "vault.tampered"
