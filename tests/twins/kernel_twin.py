"""The plain twin of the kernel's rows, blocks, index and look-up: written from kernel.h, one byte at a time.

Nothing here is shared with the C files. Where both are asked the same, both have to say the same.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import NamedTuple

BLANK_LENGTH = 0xFFFFFFFF
BLOCK_NUMBERS = 10_000
BITS_BYTES = 1252
OPEN_UNTIL = 0xFFFF
BITS, LIST, PERIODS, GONE = 1, 2, 3, 15
NONE, SAME, EACH = 0, 1, 2
FOUND_ALL, CORRUPT, STALE = 0, 1, 2
WORD = (1 << 64) - 1


# ---- checksum ---------------------------------------------------------------------------------------------------


def _crc_table() -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)  # noqa: PLW2901
        table.append(value)
    return table


_CRC = _crc_table()


def crc32c(data: bytes, crc: int = 0) -> int:
    """CRC-32C by the table of RFC 3720, one byte at a time."""
    crc ^= 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


# ---- rows -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Dialect:
    """As ql_dialect; characters as bytes of length 1, or None."""

    delimiter: bytes | None
    quote: bytes | None = b'"'
    terminator: bytes = b"\n"
    gb: bool = False


class Field(NamedTuple):
    """Where a field lies, as ql_scan_rows gives it."""

    start: int
    length: int


class Row(NamedTuple):
    """One row: where it begins, where the next one begins, and all its fields; none where it is blank."""

    start: int
    end: int
    fields: list[Field]

    def column(self, number: int) -> Field:
        """What ql_scan_rows says of one wanted column."""
        if not self.fields:
            return Field(0, BLANK_LENGTH)
        return self.fields[number] if number < len(self.fields) else Field(0, 0)


def character_length(data: bytes, at: int, dialect: Dialect) -> int:
    """Bytes of the character at a place: GB 18030 has characters of 1, 2 and 4, every other dialect is read by bytes."""
    if not dialect.gb or not 0x81 <= data[at] <= 0xFE:
        return 1
    rest = data[at + 1 : at + 4]
    if rest and (0x40 <= rest[0] <= 0x7E or 0x80 <= rest[0] <= 0xFE):
        return 2
    digits = b"0123456789"
    if len(rest) == 3 and rest[0] in digits and 0x81 <= rest[1] <= 0xFE and rest[2] in digits:
        return 4
    return 1


def rows(data: bytes, dialect: Dialect, *, final: bool) -> list[Row]:
    """All complete rows."""
    found = []
    at = 0
    while at < len(data):
        row = _row(data, at, dialect, final=final)
        if row is None:
            break
        found.append(row)
        at = row.end
    return found


def _row(data: bytes, start: int, dialect: Dialect, *, final: bool) -> Row | None:
    fields, field, at = [], start, start
    quoted = False
    while at < len(data):
        byte = data[at : at + 1]
        if quoted:
            if byte == dialect.quote:
                if data[at + 1 : at + 2] == dialect.quote:
                    at += 2
                    continue
                quoted = False
            at += character_length(data, at, dialect)
        elif byte == dialect.quote and at == field:
            quoted = True
            at += 1
        elif byte == dialect.terminator:
            return _ended(data, start, at, at + 1, field, fields, dialect)
        elif byte == dialect.delimiter:
            fields.append(_without_quotes(data, field, at, dialect))
            at += 1
            field = at
        else:
            at += character_length(data, at, dialect)
    return _ended(data, start, len(data), len(data), field, fields, dialect) if final else None


def _ended(data: bytes, start: int, end: int, after: int, field: int, fields: list[Field], dialect: Dialect) -> Row:
    if dialect.terminator == b"\n" and end > start and data[end - 1 : end] == b"\r":
        end -= 1
    if end == start:
        return Row(start, after, [])
    return Row(start, after, [*fields, _without_quotes(data, field, end, dialect)])


def _without_quotes(data: bytes, start: int, end: int, dialect: Dialect) -> Field:
    text, quote = data[start:end], dialect.quote
    if quote and len(text) >= 2 and text[:1] == quote == text[-1:] and quote not in text[1:-1]:
        return Field(start + 1, end - start - 2)
    return Field(start, max(0, end - start))


def last_row_end(data: bytes, dialect: Dialect) -> int:
    """Offset behind the last complete row."""
    found = rows(data, dialect, final=False)
    return found[-1].end if found else 0


def copy_rows(data: bytes, starts: list[int], keep: list[int]) -> bytes:
    """The rows with keep not 0."""
    return b"".join(data[starts[i] : starts[i + 1]] for i in range(len(keep)) if keep[i])


def note_rows(
    data: bytes, starts: list[int], select: list[int], texts: list[bytes], keys: list[int] | None, delimiter: bytes
) -> bytes:
    """The selected rows, each with its note before its line end; keys: with the number before the note."""
    out = []
    for i, chosen in enumerate(select):
        if not chosen:
            continue
        row = data[starts[i] : starts[i + 1]]
        body = row.removesuffix(b"\n").removesuffix(b"\r")
        number = b""
        if keys is not None:
            number = delimiter + (b"+%d" % keys[i] if keys[i] else b"")
        out.append(body + number + texts[i] + (row[len(body) :] or b"\n"))
    return b"".join(out)


# ---- blocks -----------------------------------------------------------------------------------------------------


class Record(NamedTuple):
    """One entry of a block."""

    key: int
    since: int = 0
    until: int = OPEN_UNTIL
    terms: int = 0


def _column(values: list[int], given: bool) -> tuple[int, bytes]:
    if not given or set(values) == {0}:
        return NONE, b""
    if len(set(values)) == 1:
        return SAME, struct.pack("<H", values[0])
    return EACH, struct.pack(f"<{len(values)}H", *values)


def encode(records: list[Record], prefix: int, *, since: bool = True, terms: bool = True) -> bytes:
    """Encode sorted records of one prefix; since, terms: whether these columns are given at all."""
    members = [record.key - prefix * BLOCK_NUMBERS for record in records]
    distinct, n = len(set(members)), len(records)
    modes = 0
    if distinct < n or any(record.until != OPEN_UNTIL for record in records):
        encoding = PERIODS
        columns = (members, *([record[i] for record in records] for i in (1, 2, 3)))
        body = struct.pack("<I", n) + b"".join(struct.pack(f"<{n}H", *column) for column in columns)
    else:
        encoding = LIST if 2 * n < BITS_BYTES else BITS
        if encoding == LIST:
            body = struct.pack(f"<{n}H", *members)
        else:
            bits = 0
            for member in members:
                bits |= 1 << member
            body = bits.to_bytes(BITS_BYTES, "little")
        since_mode, since_bytes = _column([record.since for record in records], since)
        terms_mode, terms_bytes = _column([record.terms for record in records], terms)
        body += since_bytes + terms_bytes
        modes = since_mode | terms_mode << 2
    checked = struct.pack("<HBB", distinct, encoding, modes) + body
    checked += bytes(-len(checked) % 4)
    return struct.pack("<I", crc32c(struct.pack("<Q", prefix) + checked)) + checked


def _width(mode: int, count: int) -> int:
    return {NONE: 0, SAME: 2, EACH: 2 * count}[mode]


def block_length(data: bytes) -> int:
    """Length of the block at the beginning of data, 0 where its header is impossible."""
    if len(data) < 8:
        return 0
    count, encoding, modes = struct.unpack_from("<HBB", data, 4)
    since, terms = modes & 3, modes >> 2 & 3
    if not 1 <= count <= BLOCK_NUMBERS or since == 3 or terms == 3 or modes >> 4:
        return 0
    if encoding in (BITS, LIST):
        length = 8 + (BITS_BYTES if encoding == BITS else 2 * count) + _width(since, count) + _width(terms, count)
    elif encoding == PERIODS and len(data) >= 12:
        (periods,) = struct.unpack_from("<I", data, 8)
        if not count <= periods <= 1 << 28:
            return 0
        length = 12 + 8 * periods
    else:
        return 0
    length += -length % 4
    return length if length <= len(data) else 0


def is_sound(data: bytes, prefix: int) -> bool:
    """Length, checksum and members of the block at the beginning of data are right for this prefix."""
    length = block_length(data)
    if not length or crc32c(struct.pack("<Q", prefix) + data[4:length]) != struct.unpack_from("<I", data)[0]:
        return False
    members = [record.key for record in decode(data, 0)]
    (count,) = struct.unpack_from("<H", data, 4)
    if data[6] == BITS and any(data[8 + 1250 : 8 + 1252]):
        return False
    return len(set(members)) == count and members == sorted(members) and members[-1] < BLOCK_NUMBERS


def decode(data: bytes, prefix: int) -> list[Record]:
    """The records of a block."""
    count, encoding, modes = struct.unpack_from("<HBB", data, 4)
    base, at = prefix * BLOCK_NUMBERS, 8
    if encoding == PERIODS:
        (n,) = struct.unpack_from("<I", data, at)
        columns = [struct.unpack_from(f"<{n}H", data, at + 4 + 2 * n * i) for i in range(4)]
        return [Record(base + member, *rest) for member, *rest in zip(*columns, strict=True)]
    if encoding == LIST:
        members = list(struct.unpack_from(f"<{count}H", data, at))
        at += 2 * count
    else:
        bits = int.from_bytes(data[at : at + BITS_BYTES], "little")
        members = [member for member in range(8 * BITS_BYTES) if bits >> member & 1]
        at += BITS_BYTES
    n = len(members)
    columns = []
    for mode in (modes & 3, modes >> 2 & 3):
        if mode == NONE:
            columns.append([0] * n)
        elif mode == SAME:
            columns.append([struct.unpack_from("<H", data, at)[0]] * n)
        else:
            columns.append(list(struct.unpack_from(f"<{count}H", data, at)) + [0] * (n - count))
        at += _width(mode, count)
    since, terms = columns
    return [Record(base + m, since[i], OPEN_UNTIL, terms[i]) for i, m in enumerate(members)]


# ---- index ------------------------------------------------------------------------------------------------------


def _mix(x: int) -> int:
    x ^= x >> 33
    x = x * 0xFF51AFD7ED558CCD & WORD
    x ^= x >> 33
    x = x * 0xC4CEB9FE1A85EC53 & WORD
    return x ^ x >> 33


def pointer(prefix: int, offset: int, encoding: int) -> int:
    """44 bits of offset, 4 of encoding, 16 of check."""
    place = offset | encoding << 44
    return place | _mix(prefix ^ _mix(place)) << 48 & WORD


class Index:
    """Buckets of four entries; a prefix stands in its own bucket or the next with room."""

    def __init__(self, capacity: int) -> None:
        self.entries = [(0, 0)] * capacity

    @classmethod
    def read(cls, data: bytes, offset: int, capacity: int) -> Index:
        index = cls(0)
        words = struct.unpack_from(f"<{2 * capacity}Q", data, offset)
        index.entries = list(zip(words[::2], words[1::2], strict=True))
        return index

    def to_bytes(self) -> bytes:
        return b"".join(struct.pack("<QQ", *entry) for entry in self.entries)

    def _slots(self, prefix: int) -> list[int]:
        capacity = len(self.entries)
        hashed = prefix * 0x9E3779B97F4A7C15 & WORD
        first = (hashed * (capacity // 4) >> 64) * 4
        return [(first + i) % capacity for i in range(capacity)]

    def put(self, prefix: int, value: int) -> bool:
        """Put or replace one entry; False where the index is full."""
        for slot in self._slots(prefix):
            if self.entries[slot][0] in (0, prefix + 1):
                self.entries[slot] = (prefix + 1, value)
                return True
        return False

    def find(self, prefix: int) -> int:
        """Pointer of a prefix, 0 where it is absent."""
        for slot in self._slots(prefix):
            word, value = self.entries[slot]
            if word == prefix + 1:
                return value
            if word == 0:
                return 0
        return 0


# ---- look-up ----------------------------------------------------------------------------------------------------


class Register:
    """A register file's blocks and index, asked one number at a time."""

    def __init__(self, data: bytes, index_offset: int, capacity: int) -> None:
        self._data = data
        self._index = Index.read(data, index_offset, capacity)
        self._blocks: dict[int, tuple[int, dict[int, list[Record]]]] = {}

    def _block(self, prefix: int) -> tuple[int, dict[int, list[Record]]]:
        """Encoding and records by key of one block."""
        value = self._index.find(prefix)
        encoding, offset = value >> 44 & 15, value & 0xFFFFFFFFFFF
        if value == 0 or encoding == GONE:
            return encoding, {}
        block = self._data[offset:]
        assert value == pointer(prefix, offset, encoding)
        assert is_sound(block, prefix)
        assert block[6] == encoding
        records: dict[int, list[Record]] = {}
        for record in decode(block, prefix):
            records.setdefault(record.key, []).append(record)
        return encoding, records

    def lookup(self, key: int, on: int, *, dated: bool) -> tuple[bool, int, int]:
        """Whether a key stands in the register on a day; since which day, and under which terms."""
        prefix = key // BLOCK_NUMBERS
        if prefix not in self._blocks:
            self._blocks[prefix] = self._block(prefix)
        encoding, records = self._blocks[prefix]
        for record in records.get(key, ()):
            ended = record.until != OPEN_UNTIL and on >= record.until
            begun = record.since <= on or not (dated or encoding == PERIODS)
            if begun and not ended:
                return True, record.since, record.terms
        return False, 0, 0
