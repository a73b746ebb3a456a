from __future__ import annotations

import numpy as np
import pytest

from quietline.kernel import _kernel


def encode(keys: list[int], room: int = 1 << 16) -> tuple[bytes, list[int], list[int]]:
    out = np.empty(room, dtype=np.uint8)
    prefixes, pointers = (np.empty(max(1, len(keys)), dtype=np.uint64) for _ in range(2))
    given = np.array(keys, dtype=np.uint64)
    count, length = _kernel.encode_blocks(given, None, None, None, 0, out, prefixes, pointers)
    return out[:length].tobytes(), prefixes[:count].tolist(), pointers[:count].tolist()


def test_the_checksum_is_crc_32c() -> None:
    assert _kernel.crc32c(b"123456789") == 0xE3069283  # RFC 3720, appendix B.4 and elsewhere
    assert _kernel.crc32c(bytes(32)) == 0x8A9136AA
    assert _kernel.crc32c(bytes(range(32))) == 0x46DD794E


def test_few_numbers_make_a_list_and_many_a_bitmap() -> None:
    few, many = encode(list(range(625)))[0], encode(list(range(626)))[0]
    assert (few[6], len(few)) == (2, 8 + 2 * 625 + 2)  # padded to a multiple of four
    assert (many[6], len(many)) == (1, 8 + 1252)


def test_numbers_of_several_prefixes_make_a_block_each() -> None:
    data, prefixes, pointers = encode([9_999, 10_000, 30_000])
    assert prefixes == [0, 1, 3]
    for prefix, pointer in zip(prefixes, pointers, strict=True):
        assert _kernel.block_info(data, prefix, pointer) is not None
        assert _kernel.block_info(data, prefix + 1, pointer) is None  # another prefix's block
    assert encode([]) == (b"", [], [])


def test_a_room_that_is_too_small_is_refused() -> None:
    with pytest.raises(ValueError, match="the output is too small"):
        encode([1], room=8)


def test_a_damaged_block_is_not_decoded() -> None:
    data, prefixes, pointers = encode([1, 2, 20_000])
    spoilt = bytearray(data)
    spoilt[-1] ^= 1
    columns = [np.empty(8, dtype=np.uint16) for _ in range(3)]
    asked = np.array(prefixes, dtype=np.uint64), np.array(pointers, dtype=np.uint64)
    assert _kernel.decode_blocks(bytes(spoilt), *asked, np.empty(8, dtype=np.uint64), *columns) == -1 - 1
    assert _kernel.decode_blocks(data, *asked, np.empty(8, dtype=np.uint64), *columns) == 3
    assert _kernel.decode_blocks(data, *asked, np.empty(2, dtype=np.uint64), *columns) is None


def test_an_index_takes_as_many_prefixes_as_it_has_entries() -> None:
    index = np.zeros((4, 2), dtype=np.uint64)
    prefixes, pointers = np.arange(5, dtype=np.uint64), np.arange(100, 105, dtype=np.uint64)
    assert _kernel.index_put(index, 0, 4, prefixes[:4], pointers[:4]) == 1
    assert _kernel.index_put(index, 0, 4, prefixes[4:], pointers[4:]) == 0
    assert [_kernel.index_find(index, 0, 4, prefix) for prefix in range(5)] == [100, 101, 102, 103, 0]
    assert _kernel.index_put(index, 0, 4, prefixes[:1], pointers[4:]) == 1  # replaced
    assert _kernel.index_find(index, 0, 4, 0) == 104


@pytest.mark.parametrize(("offset", "capacity"), [(8, 4), (0, 3), (0, 8), (1 << 63, 4), (0, 1 << 60)])
def test_an_index_outside_its_file_is_refused(offset: int, capacity: int) -> None:
    index = np.zeros((4, 2), dtype=np.uint64)
    with pytest.raises(ValueError, match="outside the file"):
        _kernel.index_find(index, offset, capacity, 1)
    with pytest.raises(ValueError, match="outside the file"):
        _kernel.index_put(index, offset, capacity, np.zeros(1, np.uint64), np.zeros(1, np.uint64))
