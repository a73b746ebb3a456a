"""Sealed fields and streams: what opens where, and that erased, moved and damaged things do not."""

from __future__ import annotations

import copy
import io
import os
import pickle
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from quietline.errors import VaultError
from quietline.vault import (
    CHUNK_BYTES,
    DataKey,
    KeyRing,
    WrappedKey,
    create_key_ring,
    kek_of,
    kek_prefix,
    retire,
    rotate_key_ring,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
RECORD = "accounts.person:71"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ring"


@pytest.fixture
def ring(path: Path) -> KeyRing:
    return create_key_ring(path, at=AT)


@pytest.fixture
def wrapped(ring: KeyRing) -> WrappedKey:
    return ring.new_data_key(RECORD)


@pytest.fixture
def key(ring: KeyRing, wrapped: WrappedKey) -> DataKey:
    return ring.unwrap(wrapped, RECORD)


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(VaultError) as caught:
        call()
    assert caught.value.message
    assert caught.value.advice
    assert caught.value.exit_code == 3
    return caught.value.code


def sealed_stream(key: DataKey, content: bytes) -> list[bytes]:
    """Head with the first chunk, then one piece for each chunk."""
    return list(key.seal_stream(io.BytesIO(content), "file"))


def test_content_is_unreadable_once_its_key_is_erased(ring: KeyRing, wrapped: WrappedKey) -> None:
    sealed = ring.unwrap(wrapped, RECORD).seal_text("Jo Bloggs", "name")
    assert ring.unwrap(wrapped, RECORD).open_text(sealed, "name") == "Jo Bloggs"
    for nothing in (None, b"", memoryview(b"")):
        assert code_of(lambda gone=nothing: ring.unwrap(gone, RECORD)) == "vault.erased"  # type: ignore[misc]
        assert code_of(lambda gone=nothing: ring.rewrap(gone, RECORD)) == "vault.erased"  # type: ignore[misc]
    new = ring.unwrap(ring.new_data_key(RECORD), RECORD)
    assert code_of(lambda: new.open_text(sealed, "name")) == "vault.tampered"


def test_content_stays_readable_when_its_key_is_wrapped_again(ring: KeyRing, wrapped: WrappedKey, path: Path) -> None:
    sealed = ring.unwrap(wrapped, RECORD).seal_text("Jo Bloggs", "name")
    ring = rotate_key_ring(path, at=AT)
    again = ring.rewrap(wrapped, RECORD)
    assert (kek_of(wrapped), kek_of(again)) == ("v1", "v2")
    ring = retire(path, "v1", still_wrapped=0)
    assert ring.unwrap(again, RECORD).open_text(sealed, "name") == "Jo Bloggs"
    assert code_of(lambda: ring.unwrap(wrapped, RECORD)) == "vault.key_missing"


def test_a_key_of_another_ring_with_the_same_name_does_not_open(wrapped: WrappedKey, tmp_path: Path) -> None:
    other = create_key_ring(tmp_path / "other", at=AT)
    assert code_of(lambda: other.unwrap(wrapped, RECORD)) == "vault.tampered"


def test_a_wrapped_key_does_not_open_in_another_record(ring: KeyRing, wrapped: WrappedKey) -> None:
    assert code_of(lambda: ring.unwrap(wrapped, "accounts.person:72")) == "vault.tampered"
    assert code_of(lambda: ring.rewrap(wrapped, "accounts.person:7")) == "vault.tampered"


def test_every_flipped_bit_of_a_wrapped_key_is_found(ring: KeyRing, wrapped: WrappedKey) -> None:
    for position in range(len(wrapped)):
        for bit in range(8):
            damaged = bytearray(wrapped)
            damaged[position] ^= 1 << bit
            code = code_of(lambda data=damaged: ring.unwrap(data, RECORD))  # type: ignore[misc]
            if position == 0:
                assert code == "vault.format"
            elif position in {2, 3}:  # the name of the key: not a name any more, or that of a key that is not there
                assert code in {"vault.tampered", "vault.key_missing"}
            else:
                assert code == "vault.tampered"


def test_a_wrapped_key_of_any_other_length_is_refused(ring: KeyRing, wrapped: WrappedKey) -> None:
    for length in range(1, len(wrapped)):
        assert code_of(lambda cut=length: ring.unwrap(wrapped[:cut], RECORD)) == "vault.tampered"  # type: ignore[misc]
    assert code_of(lambda: ring.unwrap(wrapped + b"\0", RECORD)) == "vault.tampered"


def test_a_moved_name_of_the_key_is_found(ring: KeyRing, wrapped: WrappedKey, path: Path) -> None:
    ring = rotate_key_ring(path, at=AT)
    assert code_of(lambda: ring.unwrap(kek_prefix("v2") + wrapped[4:], RECORD)) == "vault.tampered"


def test_every_flipped_bit_of_a_sealed_field_is_found(key: DataKey) -> None:
    sealed = key.seal_text("Jo Bloggs", "name")
    for position in range(len(sealed)):
        for bit in range(8):
            damaged = bytearray(sealed)
            damaged[position] ^= 1 << bit
            code = code_of(lambda data=damaged: key.open(data, "name"))  # type: ignore[misc]
            assert code == ("vault.tampered" if position else "vault.format")


def test_a_cut_sealed_field_is_found(key: DataKey) -> None:
    sealed = key.seal_text("Jo Bloggs", "name")
    for length in range(len(sealed)):
        assert code_of(lambda cut=length: key.open(sealed[:cut], "name")) == "vault.tampered"  # type: ignore[misc]


def test_a_sealed_field_does_not_open_in_another_field_record_or_kind(ring: KeyRing, key: DataKey) -> None:
    sealed = key.seal_text("Jo Bloggs", "name")
    assert code_of(lambda: key.open(sealed, "email")) == "vault.tampered"
    other = ring.unwrap(ring.new_data_key("accounts.person:72"), "accounts.person:72")
    assert code_of(lambda: other.open(sealed, "name")) == "vault.tampered"
    same_key = DataKey(bytes(range(32)), "a")
    assert code_of(lambda: DataKey(bytes(range(32)), "b").open(same_key.seal(b"", "f"), "f")) == "vault.tampered"
    assert code_of(lambda: list(key.open_stream([sealed], "name"))) == "vault.format"


def test_record_and_field_cannot_trade_letters() -> None:
    secret = bytes(range(32))
    sealed = DataKey(secret, "ab").seal(b"x", "c")
    assert code_of(lambda: DataKey(secret, "a").open(sealed, "bc")) == "vault.tampered"


def test_short_texts_all_have_one_length(key: DataKey) -> None:
    lengths = {len(key.seal_text(name, "name")) for name in ("", "Jo", "张三", "A" * 31)}
    assert lengths == {29 + 32}
    assert len(key.seal_text("A" * 32, "name")) == 29 + 64
    assert len(key.seal(b"A" * 10, "name", pad_to=1)) == 29 + 11
    assert len(key.seal(b"A" * 10, "name", pad_to=500)) == 29 + 500


def test_the_same_text_is_never_sealed_the_same_way(key: DataKey) -> None:
    assert len({key.seal_text("Jo", "name") for _ in range(50)}) == 50


def test_no_error_carries_the_text(key: DataKey) -> None:
    with pytest.raises(ValueError, match="surrogate") as caught:
        key.seal_text("Jo Bloggs\ud800", "name")
    assert not isinstance(caught.value, UnicodeError)
    assert caught.value.__suppress_context__
    sealed = key.seal(b"Jo Bloggs\xff", "name")
    assert code_of(lambda: key.open_text(sealed, "name")) == "vault.format"


def test_keys_are_neither_shown_nor_pickled_nor_copied(ring: KeyRing, key: DataKey) -> None:
    assert repr(key) == str(key) == "<DataKey>"
    assert repr(ring) == "<KeyRing v1, current v1>"
    for secret in (ring, key):
        assert not hasattr(secret, "__dict__")
        for spread in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match="not to be pickled"):
                spread(secret)


@pytest.mark.parametrize("length", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES])
def test_a_stream_opens_whatever_its_length(key: DataKey, length: int) -> None:
    content = os.urandom(length)
    pieces = sealed_stream(key, content)
    sealed = b"".join(pieces)
    chunks = max(1, -(-length // CHUNK_BYTES))
    assert len(pieces) == chunks
    assert len(sealed) == 33 + length + 16 * chunks
    assert b"".join(key.open_stream(io.BytesIO(sealed), "file")) == content
    assert b"".join(key.open_stream([sealed], "file")) == content
    assert (
        b"".join(key.open_stream((memoryview(sealed)[i : i + 99_991] for i in range(0, len(sealed), 99_991)), "file"))
        == content
    )


def test_a_file_that_reads_in_small_bits_is_sealed_as_any_other(key: DataKey) -> None:
    class Trickle(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(size or 0, 70_001))

    content = os.urandom(CHUNK_BYTES + 5)
    sealed = b"".join(key.seal_stream(Trickle(content), "file"))
    assert b"".join(key.open_stream(Trickle(sealed), "file")) == content


def test_chunks_cannot_be_reordered_left_out_repeated_or_cut_off(key: DataKey) -> None:
    first, second, third = sealed_stream(key, os.urandom(2 * CHUNK_BYTES + 100))
    head, first = first[:33], first[33:]
    for wrong in (
        [head, second, first, third],
        [head, first, third],
        [head, second, third],
        [head, first, second],
        [head, first],
        [head, first, second[:-16]],
        [head, first, second, third[:-1]],
        [head, first, second, third, b"\0"],
        [head, first, second, third, third],
        [head, first, first, second, third],
        [head, third],
        [head],
        [head[:20]],
        [],
    ):
        assert code_of(lambda pieces=wrong: list(key.open_stream(pieces, "file"))) == "vault.tampered"  # type: ignore[misc]
    assert sum(map(len, key.open_stream([head, first, second, third], "file"))) == 2 * CHUNK_BYTES + 100


def test_chunks_of_two_streams_do_not_mix(key: DataKey) -> None:
    one, other = (sealed_stream(key, bytes(CHUNK_BYTES + 9)) for _ in range(2))
    assert code_of(lambda: list(key.open_stream([one[0], other[1]], "file"))) == "vault.tampered"


def test_every_flipped_bit_of_a_sealed_stream_is_found(key: DataKey) -> None:
    (sealed,) = sealed_stream(key, b"washed")
    for position in range(len(sealed)):
        for bit in range(8):
            damaged = bytearray(sealed)
            damaged[position] ^= 1 << bit
            code = code_of(lambda data=damaged: list(key.open_stream([data], "file")))  # type: ignore[misc]
            assert code == ("vault.tampered" if position else "vault.format")


def test_a_stream_does_not_open_in_another_field_or_under_another_key(ring: KeyRing, key: DataKey) -> None:
    pieces = sealed_stream(key, b"washed")
    other = ring.unwrap(ring.new_data_key(RECORD), RECORD)
    assert code_of(lambda: list(key.open_stream(pieces, "name"))) == "vault.tampered"
    assert code_of(lambda: list(other.open_stream(pieces, "file"))) == "vault.tampered"
    assert code_of(lambda: key.open(b"".join(pieces), "file")) == "vault.format"


def test_nothing_is_bound_to_an_empty_name(ring: KeyRing, key: DataKey) -> None:
    calls: list[Callable[[], object]] = [
        lambda: ring.new_data_key(""),
        lambda: ring.unwrap(ring.new_data_key("r"), ""),
        lambda: DataKey(bytes(range(32)), ""),
        lambda: key.seal(b"", ""),
        lambda: key.open(b"", ""),
        lambda: key.seal_stream([], ""),
        lambda: key.open_stream([], ""),
    ]
    for call in calls:
        with pytest.raises(ValueError, match="cannot be empty"):
            call()


def test_wrong_sizes_are_refused(key: DataKey) -> None:
    with pytest.raises(ValueError, match="32 bytes, not 31"):
        DataKey(bytes(31), "r")
    for pad_to in (0, -1, 65_537):
        with pytest.raises(ValueError, match="pad_to"):
            key.seal(b"", "f", pad_to=pad_to)
    for kek_id in ("", "v0", "v01", "1", "v1 ", "v99999999"):
        with pytest.raises(ValueError, match="such as v1"):
            kek_prefix(kek_id)
