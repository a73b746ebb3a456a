"""The compiled kernel equals its plain twin, and the csv module where that has an opinion."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from quietline.errors import InputError
from quietline.kernel import RowScanner, _kernel, copy_rows, note_rows
from quietline.tables import TextFormat, TextReader, open_stream, text
from twins import kernel_twin as twin

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

DELIMITERS = [",", ";", "\t", "|", " ", "^", None]
PIECES = ['"', '""', ",", ";", "\t", "|", "^", "\n", "\r\n", "\r", "\n\n", "a", "2125551234", " ", "\0", "é", "号",
          "x" * 61, "x" * 63, "y" * 64, '"' + "q" * 62 + '"', "x" * 300]  # fmt: skip
WILD = st.lists(st.sampled_from(PIECES), max_size=40).map(lambda parts: "".join(parts).encode())
GB_PIECES = [bytes([lead, trail]) for lead in (0x81, 0xB0, 0xFE) for trail in (0x40, 0x5E, 0x7C, 0x7E, 0x80, 0xFE)] + [
    b"\x81\x30\x81\x30", b"\x84\x31\x95\x33", b"\x81\x30", b"\xb0", b"\xff", b"\x80", b"|", b"^", b'"', b"\n", b"\r\n", b"1"
]  # fmt: skip
GB = st.lists(st.sampled_from(GB_PIECES), max_size=40).map(b"".join)
COLUMNS = st.lists(st.integers(0, 20), min_size=1, max_size=16, unique=True).map(sorted)


def as_bytes(character: str | None) -> bytes | None:
    return character.encode() if character else None


def check_scan(data: bytes, dialect: twin.Dialect, columns: Sequence[int], *, final: bool) -> None:
    scanner = RowScanner(
        delimiter=dialect.delimiter.decode() if dialect.delimiter else None,
        quote=dialect.quote.decode() if dialect.quote else None,
        terminator=dialect.terminator.decode(),
        columns=columns,
        gb=dialect.gb,
    )
    found = scanner.scan(data, final=final)
    expected = twin.rows(data, dialect, final=final)
    assert found.row_starts.tolist() == [0, *(row.end for row in expected)]
    for place, column in enumerate(columns):
        fields = [row.column(column) for row in expected]
        assert found.lengths[place].tolist() == [field.length for field in fields]
        starts = found.starts[place].tolist()
        for field, start in zip(fields, starts, strict=True):
            if 0 < field.length < twin.BLANK_LENGTH:
                assert start == field.start
            assert start <= len(data)
    assert scanner.last_row_end(data) == twin.last_row_end(data, dialect)


@given(WILD, st.sampled_from(DELIMITERS), st.sampled_from(['"', "'", None]), st.sampled_from("\n\r"), COLUMNS, st.booleans())
@example(b'"' + b"a" * 62 + b'"\n"b"', ",", '"', "\n", [0], True)
@example(b"a" * 63 + b'"\n' + b"b" * 80, ",", '"', "\n", [0], True)
@example(b"," * 64 + b"\r\n", ",", '"', "\n", [0, 63, 64], True)
@example(b"x" * 62 + b'""\n' + b'"' * 65 + b"\n", ",", '"', "\n", [0], False)
def test_rows_are_cut_as_the_twin_cuts_them(
    data: bytes, delimiter: str | None, quote: str | None, terminator: str, columns: list[int], final: bool
) -> None:
    dialect = twin.Dialect(as_bytes(delimiter), as_bytes(quote), terminator.encode())
    check_scan(data, dialect, columns, final=final)


@given(st.binary(max_size=300), st.sampled_from(DELIMITERS), st.booleans())
def test_any_bytes_are_cut_as_the_twin_cuts_them(data: bytes, delimiter: str | None, final: bool) -> None:
    check_scan(data, twin.Dialect(as_bytes(delimiter)), [0, 1, 5], final=final)


@given(GB, st.sampled_from("|^;,"), st.sampled_from(['"', None]), st.booleans())
@example(b"a|\xb0\n2125550123|b\n", "|", '"', True)  # half a character must not hide the row behind it
def test_gb_18030_is_cut_as_the_twin_cuts_it(data: bytes, delimiter: str, quote: str | None, final: bool) -> None:
    check_scan(data, twin.Dialect(delimiter.encode(), as_bytes(quote), gb=True), [0, 1, 2], final=final)


@given(st.lists(st.text(st.characters(max_codepoint=0x2FFFF, exclude_categories=["Cs"]), max_size=6), max_size=12))
def test_fields_of_gb_18030_are_those_that_were_written(cells: list[str]) -> None:
    cells = [cell.translate(dict.fromkeys(map(ord, '|"\r\n'))) or "x" for cell in cells]
    data = "|".join(cells).encode("gb18030")
    found = RowScanner(delimiter="|", columns=range(len(cells) or 1), gb=True).scan(data, final=True)
    spans = zip(found.starts[:, 0].tolist(), found.lengths[:, 0].tolist(), strict=True) if len(found) else ()
    assert [data[start : start + length].decode("gb18030") for start, length in spans] == cells


@given(
    st.lists(st.sampled_from(['"', '""', ",", "\n", "\r\n", "a", "é号", "b" * 70, " "]), max_size=40).map("".join),
    st.booleans(),
)
def test_fields_are_those_of_the_csv_module(content: str, crlf: bool) -> None:
    content = content.replace("\r\n", "\n").replace("\n", "\r\n") if crlf else content.replace("\r\n", "\n")
    expected = list(csv.reader(io.StringIO(content, newline=""), strict=False))
    width = max(map(len, expected), default=0)
    assume(0 < width <= 16)
    reader = TextReader(open_stream(content.encode()), TextFormat(header=False), range(width))
    try:
        rows = [row for piece in reader for row in _texts(reader, piece)]
    except InputError as error:  # where the csv module takes the rest for one field
        assert error.code == "input.open_quote"
        return
    assert rows == [row + [""] * (width - len(row)) if row else None for row in expected]


def _texts(reader: TextReader, piece: text.Piece) -> list[list[str] | None]:
    """Rows of a piece as text, None for a blank line."""
    found = reader.scan(piece)
    return [
        None
        if found.lengths[0, i] == twin.BLANK_LENGTH
        else [
            reader.text_of(piece.data[start : start + length])
            for start, length in zip(found.starts[:, i].tolist(), found.lengths[:, i].tolist(), strict=True)
        ]
        for i in range(len(found))
    ]


@given(WILD, st.data())
def test_rows_are_copied_and_noted_as_the_twin_does_it(data: bytes, draw: st.DataObject) -> None:
    found = RowScanner(delimiter=",").scan(data, final=True)
    n = len(found)
    select = draw.draw(st.lists(st.integers(0, 1), min_size=n, max_size=n))
    chosen = np.array(select, dtype=np.uint8)
    starts = found.row_starts.tolist()
    assert bytes(copy_rows(data, found.row_starts, chosen)) == twin.copy_rows(data, starts, select)
    notes = draw.draw(st.lists(st.binary(max_size=200), min_size=1, max_size=5))
    note_of = draw.draw(st.lists(st.integers(0, len(notes) - 1), min_size=n, max_size=n))
    keys = draw.draw(st.lists(st.integers(0, 10**15) | st.integers(0, 2**64 - 1), min_size=n, max_size=n))
    for with_number in (False, True):
        noted = note_rows(
            data,
            found.row_starts,
            chosen,
            np.array(note_of, dtype=np.uint32),
            notes,
            keys=np.array(keys, dtype=np.uint64),
            delimiter=";",
            with_number=with_number,
        )
        texts = [notes[which] for which in note_of]
        assert bytes(noted) == twin.note_rows(data, starts, select, texts, keys if with_number else None, b";")


@given(
    st.lists(st.sampled_from(['"', "2125551234", ",", "\n", "\r\n", "é", "号", "\n\n", "z" * 90, '"a\nb"']), max_size=60),
    st.sampled_from([1, 2, 3, 7, 64, 65, 1000]),
    st.sampled_from(["utf-8", "utf-16-le", "utf-16-be", "gb18030", "latin-1"]),
    st.sampled_from(['"', None]),
    st.booleans(),
)
def test_cutting_a_text_into_pieces_anywhere_never_changes_its_rows(
    parts: list[str], piece_bytes: int, encoding: str, quote: str | None, header: bool
) -> None:
    data = "".join(parts).replace("号", "é" if encoding == "latin-1" else "号").encode(encoding)
    text_format = TextFormat(encoding=encoding, quote=quote, header=header)
    readings = []
    for size in (1 << 20, piece_bytes):
        with pytest.MonkeyPatch.context() as patch, open_stream(data) as stream:
            patch.setattr(text, "PIECE_BYTES", size)
            try:
                reader = TextReader(stream, text_format, [0, 2])
                pieces = list(reader)
            except InputError as error:
                readings.append(error.code)
                continue
            rows = [row for piece in pieces for row in _texts(reader, piece)]
            out = bytes(reader.head) + b"".join(bytes(reader.original(piece.data)) for piece in pieces)
            readings.append((rows, bytes(reader.head)))
        assert out == data
    assert readings[0] == readings[1]


# ---- blocks, index, look-up ---------------------------------------------------------------------------------------

DAYS = st.sampled_from([0, 1, 20_000, 20_001, 65_534])
MEMBERS = st.integers(0, 9_999) | st.sampled_from([0, 1, 7, 8, 63, 64, 127, 128, 9_983, 9_984, 9_998, 9_999])


@st.composite
def blocks(draw: st.DrawFn) -> tuple[int, list[twin.Record], bool, bool]:
    """A prefix, sorted records, and whether since-days and terms are given."""
    prefix = draw(st.sampled_from([0, 1, 1_212_555, 99_999_999_999, (2**64 - 1) // 10_000 - 1]))
    members = draw(st.lists(MEMBERS, min_size=1, max_size=40))
    if draw(st.booleans()):  # a block full enough to be a bitmap
        step = draw(st.integers(5, 15))
        members += range(draw(st.integers(0, 20)), 10_000, step)
    periods = draw(st.booleans())
    if not periods:
        members = sorted(set(members))
    same = draw(st.none() | DAYS)
    days = draw(st.lists(st.tuples(DAYS, DAYS, st.integers(0, 3)), min_size=8, max_size=8))
    records = []
    for i, member in enumerate(members):
        since, until, terms = days[i % 8]
        ends = until if periods else twin.OPEN_UNTIL
        records.append(twin.Record(prefix * 10_000 + member, since if same is None else same, ends, terms))
    records.sort(key=lambda record: (record.key, record.since))
    return prefix, records, draw(st.booleans()), draw(st.booleans())


def encoded(records: list[twin.Record], *, since: bool = True, terms: bool = True, base: int = 0) -> tuple[bytes, ...]:
    """Blocks, prefixes and pointers as the kernel makes them."""
    columns = np.array(records, dtype=np.uint64).reshape(-1, 4)
    days = [np.ascontiguousarray(columns[:, i]).astype(np.uint16) for i in (1, 2, 3)]
    out = np.empty(16_384 + 8 * len(records) + 1300 * len(records), dtype=np.uint8)
    prefixes, pointers = np.empty(len(records), dtype=np.uint64), np.empty(len(records), dtype=np.uint64)
    count, length = _kernel.encode_blocks(
        np.ascontiguousarray(columns[:, 0]),
        days[0] if since else None,
        days[1],
        days[2] if terms else None,
        base,
        out,
        prefixes,
        pointers,
    )
    return out[:length].tobytes(), prefixes[:count].tolist(), pointers[:count].tolist()


@given(blocks())
def test_blocks_are_encoded_and_decoded_as_the_twin_does_it(
    block: tuple[int, list[twin.Record], bool, bool],
) -> None:
    prefix, records, since, terms = block
    data, prefixes, pointers = encoded(records, since=since, terms=terms)
    records = [record._replace(since=record.since * since, terms=record.terms * terms) for record in records]
    assert data == twin.encode(records, prefix, since=since, terms=terms)
    assert (prefixes, pointers) == ([prefix], [twin.pointer(prefix, 0, data[6])])
    assert twin.decode(data, prefix) == records
    keys = np.empty(len(records), dtype=np.uint64)
    columns = [np.empty(len(records), dtype=np.uint16) for _ in range(3)]
    pair = np.array(prefixes, dtype=np.uint64), np.array(pointers, dtype=np.uint64)
    assert _kernel.decode_blocks(data, *pair, keys, *columns) == len(records)
    assert list(zip(keys.tolist(), *(column.tolist() for column in columns), strict=True)) == records
    distinct = len({record.key for record in records})
    assert _kernel.block_info(data, prefix, pointers[0]) == (0, len(data), len(records), distinct)


@given(blocks(), st.data())
def test_a_block_is_sound_for_the_kernel_where_it_is_for_the_twin(
    block: tuple[int, list[twin.Record], bool, bool], draw: st.DataObject
) -> None:
    prefix, records, since, terms = block
    data = bytearray(encoded(records, since=since, terms=terms)[0])
    for _ in range(draw.draw(st.integers(0, 2))):
        at = draw.draw(st.integers(0, min(len(data), 40) - 1) | st.integers(0, len(data) - 1))
        data[at] ^= draw.draw(st.sampled_from([1, 2, 4, 0x80, 0xFF]))
    if draw.draw(st.booleans()):  # as if it had been written so
        length = twin.block_length(bytes(data))
        data[:4] = twin.crc32c(prefix.to_bytes(8, "little") + data[4:length]).to_bytes(4, "little")
    data = data[: draw.draw(st.sampled_from([len(data), len(data) - 1, len(data) - 4, 9]))]
    place = twin.pointer(prefix, 0, data[6])
    found = _kernel.block_info(bytes(data), prefix, place)
    assert (found is not None) == twin.is_sound(bytes(data), prefix)


@given(st.binary(max_size=200), st.integers(0, 2**32 - 1), st.integers(0, 200))
def test_checksums_are_those_of_the_twin_and_may_be_continued(data: bytes, start: int, cut: int) -> None:
    assert _kernel.crc32c(data, start) == twin.crc32c(data, start)
    assert _kernel.crc32c(data[cut:], _kernel.crc32c(data[:cut])) == twin.crc32c(data)


@given(
    st.integers(1, 6).map(lambda buckets: 4 * buckets),
    st.lists(st.tuples(st.integers(0, 30) | st.integers(0, 10**11), st.integers(1, 2**64 - 1)), max_size=40),
    st.lists(st.integers(0, 30), max_size=10),
)
def test_the_index_puts_and_finds_as_the_twin_does(capacity: int, entries: list[tuple[int, int]], asked: list[int]) -> None:
    index, model = np.zeros((capacity, 2), dtype=np.uint64), twin.Index(capacity)
    for prefix, pointer in entries:
        one = np.array([prefix], dtype=np.uint64), np.array([pointer], dtype=np.uint64)
        assert _kernel.index_put(index, 0, capacity, *one) == model.put(prefix, pointer)
    assert index.tobytes() == model.to_bytes()
    for prefix in [*asked, *(prefix for prefix, _ in entries)]:
        assert _kernel.index_find(index, 0, capacity, prefix) == model.find(prefix)


@settings(max_examples=30)
@given(
    st.lists(blocks(), min_size=1, max_size=4, unique_by=lambda block: block[0]),
    st.sampled_from([1, 19_999, 20_000, 20_001, 65_534]),
    st.booleans(),
    st.booleans(),
    st.lists(st.integers(0, 3) | st.integers(10**9, 10**12), max_size=5),
    st.randoms(use_true_random=False),
)
def test_numbers_are_looked_up_as_the_twin_does_it(
    given_blocks: list[tuple[int, list[twin.Record], bool, bool]],
    on: int,
    dated: bool,
    columns: bool,
    others: list[int],
    chance: random.Random,
) -> None:
    records = sorted(record for _, block, _, _ in given_blocks for record in block)
    body, prefixes, pointers = encoded(records, base=4096)
    gone = prefixes[0] + 1
    if gone not in prefixes:
        prefixes, pointers = [*prefixes, gone], [*pointers, twin.pointer(gone, 0, twin.GONE)]
    data = bytes(4096) + body
    data += bytes(-len(data) % 64)
    index = twin.Index(4 * (len(prefixes) // 3 + 1))
    for prefix, pointer in zip(prefixes, pointers, strict=True):
        assert index.put(prefix, pointer)
    offset, capacity = len(data), len(index.entries)
    data += index.to_bytes()
    model = twin.Register(data, offset, capacity)
    keys = [record.key for record in records] + others
    keys += [(key + step) % 2**64 for key in keys[:60] for step in (-1, 1)] + [gone * 10_000]
    keys = chance.sample(keys, min(len(keys), 600))
    n, limit = len(keys), chance.choice([0, 4096 + len(body) // 2, len(data)])  # blocks behind it are checked each time
    hits, checked = np.empty(n, dtype=np.uint8), np.zeros(capacity // 8 + 1, dtype=np.uint8)
    since, terms = (np.empty(n, dtype=np.uint16) for _ in range(2)) if columns else (None, None)
    # with blocks not yet checked, with those that are, and with those that were appended since
    for limit in (len(data), len(data), 4096):
        result = _kernel.lookup(
            data, limit, offset, capacity, checked, np.array(keys, dtype=np.uint64), on, dated, hits, since, terms
        )
        assert result == (twin.FOUND_ALL, 0)
        expected = [model.lookup(key, on, dated=dated) for key in keys]
        assert hits.tolist() == [int(hit) for hit, _, _ in expected]
        if since is not None and terms is not None:
            assert list(zip(since.tolist(), terms.tolist(), strict=True)) == [answer[1:] for answer in expected]
