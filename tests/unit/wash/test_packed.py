"""Packed keys: whatever goes in comes out, and what was altered is never taken for other keys in order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quietline.wash.packed import END, HEAD_BYTES, MOST_KEYS, cut, pack, read_head, unpack

KEYS = st.sets(st.integers(1, 2**62), min_size=1, max_size=200)
NEAR = st.sets(st.integers(12_125_550_000, 12_125_559_999), min_size=1, max_size=200)


def opened(data: bytes) -> np.ndarray:
    head = read_head(data)
    assert len(data) == HEAD_BYTES + head.body_bytes
    return unpack(head, data[HEAD_BYTES:])


@given(KEYS | NEAR)
def test_keys_come_out_as_they_went_in(given_keys: set[int]) -> None:
    keys = np.array(sorted(given_keys), dtype=np.uint64)
    head = read_head(pack(keys))
    assert (head.count, head.first, head.last) == (len(keys), int(keys[0]), int(keys[-1]))
    assert opened(pack(keys)).tolist() == keys.tolist()


@pytest.mark.parametrize(("step", "width"), [(1, 1), (255, 1), (256, 2), (65_536, 4), (1 << 32, 8)])
def test_a_difference_takes_as_many_bytes_as_it_needs(step: int, width: int) -> None:
    keys = np.array([5, 5 + step], dtype=np.uint64)
    assert len(pack(keys)) == HEAD_BYTES + width
    assert opened(pack(keys)).tolist() == keys.tolist()


def test_a_long_list_is_cut_into_pieces() -> None:
    keys = np.arange(1, MOST_KEYS * 2 + 4, dtype=np.uint64)
    pieces = list(cut(keys))
    assert [len(piece) for piece in pieces] == [MOST_KEYS, MOST_KEYS, 3]
    assert np.concatenate([opened(pack(piece)) for piece in pieces]).tolist() == keys.tolist()


def test_the_end_is_a_head_without_keys() -> None:
    assert read_head(END).count == 0


@given(NEAR, st.data())
def test_what_was_altered_is_refused_or_is_still_in_order(given_keys: set[int], data: st.DataObject) -> None:
    keys = np.array(sorted(given_keys), dtype=np.uint64)
    packed = bytearray(pack(keys))
    packed[data.draw(st.integers(0, len(packed) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        head = read_head(bytes(packed))
        found = unpack(head, bytes(packed[HEAD_BYTES:])) if head.count else keys[:0]
    except ValueError:
        return
    assert (found[1:] > found[:-1]).all()
