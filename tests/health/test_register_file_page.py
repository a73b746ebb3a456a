"""A reader written from docs/reference/register-file.md alone reads what Quietline writes."""

from __future__ import annotations

import hashlib
import json
import re
import struct
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from quietline.registers import (
    ADD,
    DELETE,
    HISTORY,
    Changes,
    Entries,
    Metadata,
    Register,
    RegisterBuilder,
    apply_changes,
    day_of,
)

PAGE = Path(__file__).parents[2] / "docs/reference/register-file.md"
M64 = (1 << 64) - 1


def crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def mix(x: int) -> int:
    x ^= x >> 33
    x = x * 0xFF51AFD7ED558CCD & M64
    x ^= x >> 33
    x = x * 0xC4CEB9FE1A85EC53 & M64
    return x ^ x >> 33


class PageReader:
    """Reads a register file as the page says."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        assert data[:8] == bytes.fromhex("51 4C 52 45 47 0D 0A 1A")
        assert struct.unpack_from("<III", data, 8) == (1, 10_000, 4096)
        assert crc32c(data[:20]) == self.u32(20)
        roots = []
        for place in (64, 512):
            record = data[place : place + 132]
            if self.u64(place) and crc32c(record[:128]) == self.u32(place + 128) and not self.u32(place + 76):
                assert place == (512 if self.u64(place) % 2 else 64)
                roots.append((self.u64(place), place))
        self.root = max(roots)[1]
        self.index, self.capacity = self.u64(self.root + 16), self.u64(self.root + 24)
        assert self.u64(self.root + 80) <= len(data)
        assert crc32c(data[self.index : self.index + 16 * self.capacity]) == self.u32(self.root + 72)
        start, length = self.u64(self.root + 56), self.u32(self.root + 64)
        self.metadata_bytes = data[start : start + length]
        assert crc32c(self.metadata_bytes) == self.u32(self.root + 68)
        self.metadata = json.loads(self.metadata_bytes)

    def u16(self, at: int) -> int:
        return int.from_bytes(self.data[at : at + 2], "little")

    def u32(self, at: int) -> int:
        return int.from_bytes(self.data[at : at + 4], "little")

    def u64(self, at: int) -> int:
        return int.from_bytes(self.data[at : at + 8], "little")

    def pointer(self, prefix: int) -> int:
        bucket = (prefix * 0x9E3779B97F4A7C15 & M64) * (self.capacity // 4) >> 64
        for step in range(self.capacity):
            at = self.index + 16 * ((4 * bucket + step) % self.capacity)
            if self.u64(at) == prefix + 1:
                return self.u64(at + 8)
            if self.u64(at) == 0:
                return 0
        return 0

    def block(self, prefix: int) -> bytes:
        pointer = self.pointer(prefix)
        place = pointer & (1 << 48) - 1
        if pointer == 0 or place >> 44 == 15:
            return b""
        assert pointer >> 48 == mix(prefix ^ mix(place)) & 0xFFFF
        at = place & (1 << 44) - 1
        count, encoding, modes = self.u16(at + 4), self.data[at + 6], self.data[at + 7]
        assert encoding == place >> 44
        if encoding == 3:
            length = 8 + 4 + 8 * self.u32(at + 8)
        else:
            columns = sum({0: 0, 1: 2, 2: 2 * count}[mode] for mode in (modes & 3, modes >> 2))
            length = 8 + (1252 if encoding == 1 else 2 * count) + columns
        block = self.data[at : at + -(-length // 4) * 4]
        assert crc32c(prefix.to_bytes(8, "little") + block[4:]) == self.u32(at)
        return block

    def records(self, key: int) -> list[tuple[int, int, int]]:
        """Give since, until and terms of all records of a key."""
        prefix, member = divmod(key, 10_000)
        block = self.block(prefix)
        if not block:
            return []
        count, encoding, modes, body = int.from_bytes(block[4:6], "little"), block[6], block[7], block[8:]
        if encoding == 3:
            n = int.from_bytes(body[:4], "little")
            columns = np.frombuffer(body, "<u2", 4 * n, 4).reshape(4, n).tolist()
            return [(s, u, t) for m, s, u, t in zip(*columns, strict=True) if m == member]
        if encoding == 1:
            members = [m for m in range(10_000) if body[m // 8] >> m % 8 & 1]
            at = 1252
        else:
            members = np.frombuffer(body, "<u2", count).tolist()
            at = 2 * count
        assert len(members) == count
        found = []
        for mode in (modes & 3, modes >> 2):
            size = {0: 0, 1: 1, 2: count}[mode]
            column = np.frombuffer(body, "<u2", size, at).tolist()
            found.append([0] * count if mode == 0 else column * count if mode == 1 else column)
            at += 2 * size
        return [(found[0][i], 65535, found[1][i]) for i, m in enumerate(members) if m == member]

    def digest(self) -> bytes:
        entries = [(self.u64(self.index + 16 * i), self.u64(self.index + 16 * i + 8)) for i in range(self.capacity)]
        blocks = hashlib.sha256()
        for word, pointer in sorted(entries):
            if word and pointer and pointer >> 44 & 15 != 15:
                blocks.update((word - 1).to_bytes(8, "little") + self.block(word - 1))
        said = self.metadata | {"built_at": "", "software": ""}
        text = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
        return hashlib.sha256(b"quietline register 1\n" + text + blocks.digest()).digest()


def build(path: Path, keys: list[int], metadata: Metadata, **columns: list[int]) -> PageReader:
    arrays = {name: np.array(values, np.uint16) for name, values in columns.items()}
    with RegisterBuilder() as builder:
        builder.add(Entries(np.array(keys, np.uint64), **arrays))
        builder.write(path, metadata)
    return PageReader(path.read_bytes())


def test_the_checksum_is_the_one_of_the_page() -> None:
    assert crc32c(b"123456789") == 0xE3069283


def test_the_example_of_the_page_is_what_is_written(tmp_path: Path) -> None:
    metadata = Metadata(name="DNC", country="US", list_date=date(2026, 11, 20), time_zone="America/New_York")
    since = [day_of(date(2026, 1, 5)), day_of(date(2026, 3, 9)), 0]
    reader = build(tmp_path / "dnc.qlr", [12125550123, 12125550199, 442079460001], metadata, since=since)
    text = PAGE.read_text("utf-8")
    lines = re.findall(r"^([0-9a-f]{4})  ((?:[0-9a-f]{2} {1,2}){15}[0-9a-f]{2})$", text, re.MULTILINE)
    assert len(lines) == 15
    shown = bytearray(len(reader.data))
    for offset, line in lines:
        shown[int(offset, 16) : int(offset, 16) + 16] = bytes.fromhex(line)
    start = 0x10C0
    assert reader.data[:start] == shown[:start]
    assert reader.metadata_bytes.decode() in text
    assert f"has {len(reader.data):,} bytes" in text
    assert reader.records(12125550123) == [(20458, 65535, 0)]
    assert reader.records(442079460001) == [(0, 65535, 0)]
    assert reader.records(442079460002) == []
    assert reader.digest().hex() == Register(tmp_path / "dnc.qlr").digest


@pytest.mark.parametrize("count", [1, 625, 626, 5000])
def test_lists_and_bits_are_read_as_the_page_says(tmp_path: Path, count: int) -> None:
    keys = [12125550000 + 2 * i for i in range(count)]
    metadata = Metadata(name="X", list_date=date(2026, 11, 20), terms=("", "channels=voice"))
    reader = build(tmp_path / "x.qlr", keys, metadata, since=[7 + i % 3 for i in range(count)], terms=[1] * count)
    assert reader.block(1212555)[6] == (2 if count < 626 else 1)
    for i in {0, count // 2, count - 1}:
        assert reader.records(keys[i]) == [(7 + i % 3, 65535, 1)]
        assert reader.records(keys[i] + 1) == []
    assert reader.digest().hex() == Register(tmp_path / "x.qlr").digest


def test_periods_and_changes_are_read_as_the_page_says(tmp_path: Path) -> None:
    path, key, other = tmp_path / "x.qlr", 12125550101, 13055550123
    metadata = Metadata(name="X", kind=HISTORY, list_date=date(2026, 11, 20))
    reader = build(path, [key, key, other], metadata, since=[100, 300, 100], until=[200, 65535, 65535])
    assert reader.records(key) == [(100, 200, 0), (300, 65535, 0)]
    none = np.zeros(2, np.uint16)
    changes = Changes(np.array([DELETE, ADD], np.uint8), np.array([other, 13055550124], np.uint64), none + 400, none)
    apply_changes(path, changes)
    after = PageReader(path.read_bytes())
    assert after.u64(after.root) == 3
    assert after.records(other) == [(100, 400, 0)]
    assert after.records(13055550124) == [(400, 65535, 0)]
    assert after.records(key) == reader.records(key)
    assert after.data[after.root + 96 : after.root + 128] == bytes(32)
