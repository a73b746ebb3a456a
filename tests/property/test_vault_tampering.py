"""The vault for every input: what was sealed opens, and nothing else does."""

from __future__ import annotations

import base64
import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from quietline.errors import VaultError
from quietline.vault import CHUNK_BYTES, DataKey, KeyRing, kek_of, normalised

A, B, C, D = (base64.b64encode(bytes(range(start, start + 32))).decode() for start in (0, 32, 64, 96))
OLD = KeyRing.from_text(f"index {A}\nkek v1 2026-11-22 {B}\n")
BOTH = KeyRing.from_text(f"index {A}\nkek v1 2026-11-22 {B}\nkek v2 2027-11-22 {C}\n")
NEW = KeyRing.from_text(f"index {A}\nkek v2 2027-11-22 {C}\n")
STRANGE = KeyRing.from_text(f"index {A}\nkek v1 2026-11-22 {D}\n")
KEY = DataKey(bytes(range(100, 132)), "record")

names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
texts = st.text(st.characters(exclude_categories=["Cs"]))
CODES = {"vault.erased", "vault.format", "vault.key_missing", "vault.tampered"}


@given(texts, names, names, st.integers(1, 70))
def test_what_was_sealed_opens_and_its_length_says_only_the_number_of_blocks(
    text: str, record: str, field: str, pad_to: int
) -> None:
    key = OLD.unwrap(OLD.new_data_key(record), record)
    sealed = key.seal_text(text, field, pad_to=pad_to)
    assert key.open_text(sealed, field) == text
    assert len(sealed) == 29 + (len(text.encode()) // pad_to + 1) * pad_to


@given(st.binary(max_size=100).map(lambda data: data + b"\x80"), st.integers(0, 40))
def test_content_that_looks_like_padding_comes_back_whole(data: bytes, zeros: int) -> None:
    plaintext = data + bytes(zeros)
    assert KEY.open(KEY.seal(plaintext, "f"), "f") == plaintext


@given(names, names, names, names)
def test_a_sealed_field_opens_in_its_own_place_only(record: str, field: str, other_record: str, other_field: str) -> None:
    assume((record, field) != (other_record, other_field))
    secret = bytes(range(32))
    sealed = DataKey(secret, record).seal(b"content", field)
    stream = list(DataKey(secret, record).seal_stream([b"content"], field))
    elsewhere = DataKey(secret, other_record)
    for call in (lambda: elsewhere.open(sealed, other_field), lambda: list(elsewhere.open_stream(stream, other_field))):
        with pytest.raises(VaultError) as caught:
            call()
        assert caught.value.code == "vault.tampered"


@given(names, names)
def test_a_wrapped_key_opens_for_its_own_record_and_ring_only(record: str, other: str) -> None:
    wrapped = OLD.new_data_key(record)
    again = BOTH.rewrap(wrapped, record)
    assert (kek_of(wrapped), kek_of(again)) == ("v1", "v2")
    sealed = OLD.unwrap(wrapped, record).seal(b"content", "f")
    for ring, stored in ((BOTH, wrapped), (BOTH, again), (NEW, again)):
        assert ring.unwrap(stored, record).open(sealed, "f") == b"content"
    refused = [(STRANGE, wrapped, record, "vault.tampered"), (NEW, wrapped, record, "vault.key_missing")]
    if other != record:
        refused.append((BOTH, again, other, "vault.tampered"))
    for ring, stored, name, code in refused:
        with pytest.raises(VaultError) as caught:
            ring.unwrap(stored, name)
        assert caught.value.code == code


def damaged(data: bytes) -> st.SearchStrategy[bytes]:
    """The data with bytes replaced, cut out, doubled or added, in some place."""
    places = st.tuples(st.integers(0, len(data)), st.integers(0, len(data))).map(sorted)
    return st.builds(
        lambda place, filling: data[: place[0]] + filling + data[place[1] :], places, st.binary(max_size=len(data))
    ).filter(lambda result: result != data)


WRAPPED = OLD.new_data_key("record")
SEALED = KEY.seal(b"content", "f")
STREAM = b"".join(KEY.seal_stream([b"content"], "f"))


@given(damaged(WRAPPED))
def test_damaged_wrapped_keys_are_refused(data: bytes) -> None:
    with pytest.raises(VaultError) as caught:
        OLD.unwrap(data, "record")
    assert caught.value.code in CODES


@given(damaged(SEALED), damaged(STREAM))
def test_damaged_content_is_refused(field: bytes, stream: bytes) -> None:
    for call in (lambda: KEY.open(field, "f"), lambda: list(KEY.open_stream([stream], "f"))):
        with pytest.raises(VaultError) as caught:
            call()
        assert caught.value.code in {"vault.format", "vault.tampered"}


@given(st.binary(max_size=200))
def test_bytes_of_any_kind_are_refused_by_name(data: bytes) -> None:
    for call in (lambda: OLD.unwrap(data, "r"), lambda: KEY.open(data, "f"), lambda: list(KEY.open_stream([data], "f"))):
        with pytest.raises(VaultError) as caught:
            call()
        assert caught.value.code in CODES


LONG = bytes(range(256)) * (CHUNK_BYTES // 256) * 2 + b"the end"
PIECES = list(KEY.seal_stream([LONG], "f"))
CHUNKS = [PIECES[0][33:], *PIECES[1:]]


@given(st.lists(st.sampled_from(range(3)), max_size=5))
def test_chunks_open_in_their_own_order_only(order: list[int]) -> None:
    pieces = [PIECES[0][:33], *(CHUNKS[number] for number in order)]
    if order == [0, 1, 2]:
        assert b"".join(KEY.open_stream(pieces, "f")) == LONG
        return
    opened = bytearray()
    with pytest.raises(VaultError) as caught:
        for piece in KEY.open_stream(pieces, "f"):
            opened += piece
    assert caught.value.code == "vault.tampered"
    assert LONG.startswith(opened)


@given(st.lists(st.binary(max_size=60), max_size=8), st.integers(1, 50))
def test_a_stream_does_not_depend_on_how_it_is_cut(pieces: list[bytes], size: int) -> None:
    sealed = b"".join(KEY.seal_stream(pieces, "f"))
    cut = (sealed[start : start + size] for start in range(0, len(sealed), size))
    assert b"".join(KEY.open_stream(cut, "f")) == b"".join(pieces)


@given(st.text())
def test_a_normal_form_is_its_own_normal_form(text: str) -> None:
    plain = normalised(text)
    assert normalised(plain) == plain
    assert plain == plain.strip()


@given(st.text())
def test_ways_of_writing_the_same_characters_have_one_normal_form(text: str) -> None:
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert normalised(unicodedata.normalize(form, text)) == normalised(text)


@given(st.binary(min_size=1), st.integers(6, 10), st.text(max_size=20))
def test_only_the_code_matches(challenge: bytes, digits: int, typed: str) -> None:
    code = OLD.one_time_code("p", challenge, digits)
    assert OLD.code_matches("p", challenge, code, digits=digits)
    read = "".join(str(unicodedata.decimal(character, "")) for character in typed)
    if read != code:
        assert not OLD.code_matches("p", challenge, typed, digits=digits)
