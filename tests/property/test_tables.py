from __future__ import annotations

import csv
import gzip
import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quietline.errors import InputError
from quietline.tables import (
    AtomicFile,
    decode_sample,
    detect_encoding,
    members,
    open_stream,
    rows_of,
    sniff,
    split_rows,
)

if TYPE_CHECKING:
    import random
    from pathlib import Path

CELLS = st.text(st.characters(exclude_characters="\0\r\n", exclude_categories=["Cs", "Cc"]), max_size=8)
GZIP_CODES = {"input.corrupt_gzip", "input.truncated_gzip"}
WILD_CELLS = st.text(st.sampled_from('ab1 ,;\t|"\n'), max_size=6)


@given(st.lists(st.binary(max_size=300), max_size=6), st.data())
def test_any_way_of_reading_gives_the_content_once_and_in_order(parts: list[bytes], data: st.DataObject) -> None:
    content = b"".join(parts)
    packed = b"".join(map(gzip.compress, parts))
    source = data.draw(st.sampled_from([content, packed] if packed else [content]))
    if source is content and content[:2] == b"\x1f\x8b":
        return
    got = b""
    with open_stream(io.BytesIO(source)) as stream:
        while True:
            n = data.draw(st.integers(1, 100))
            way = data.draw(st.sampled_from(["read", "readinto", "peek"]))
            if way == "peek":
                assert content.startswith(got + stream.peek(n))
                continue
            if way == "read":
                piece = stream.read(n)
            else:
                buffer = bytearray(n)
                piece = bytes(buffer[: stream.readinto(buffer)])
            got += piece
            if len(piece) < n:
                break
    assert got == content


@given(st.lists(st.lists(WILD_CELLS, min_size=1, max_size=4), max_size=6), st.sampled_from(",;\t|"))
def test_rows_are_those_of_the_csv_module(rows: list[list[str]], delimiter: str) -> None:
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=delimiter, lineterminator="\n").writerows(rows)
    text = file.getvalue()
    expected = [row or [""] for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)]
    assert list(split_rows(text, delimiter, '"', "\n")) == expected
    assert list(split_rows(text.replace("\n", "\r\n"), delimiter, '"', "\n")) == [
        [cell.replace("\n", "\r\n") for cell in row] for row in expected
    ]


@given(st.text(st.sampled_from('a1,"\n'), max_size=40))
def test_rows_of_any_text_are_those_of_the_csv_module(text: str) -> None:
    expected = [row or [""] for row in csv.reader(io.StringIO(text, newline=""))]
    assert list(split_rows(text, ",", '"', "\n")) == expected


@given(st.binary(max_size=400), st.booleans())
def test_sniffing_any_bytes_gives_a_format_or_an_input_error(sample: bytes, complete: bool) -> None:
    try:
        found = sniff(sample, complete=complete)
    except InputError as problem:
        assert problem.code in {"input.binary", "input.encoding"}
        return
    rows = rows_of(sample, found, 10, complete=complete)
    assert found.names
    assert all(rows)
    assert found.describe()


@given(st.lists(st.tuples(CELLS, st.integers(2_000_000_000, 9_999_999_999)), min_size=3, max_size=30))
def test_unicode_text_is_decoded_as_it_was_written(rows: list[tuple[str, int]]) -> None:
    text = "".join(f"{number},{name}\n" for name, number in rows)
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        data = text.encode(encoding)
        found = detect_encoding(data, complete=True)
        assert decode_sample(data, found, complete=True).removeprefix("\ufeff") == text.removeprefix("\ufeff")


@given(
    st.sampled_from(",;\t|"),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.integers(2, 6),
    st.integers(3, 40),
    st.randoms(),
)
def test_the_delimiter_of_an_ordinary_list_is_found(
    delimiter: str, end: str, width: int, height: int, chance: random.Random
) -> None:
    words = ["Ann", "St. Mary's", "a b c", "x/y", "", "O'Neil", "12.50", "2024-01-31"]
    names = [f"field {chr(97 + i)}" for i in range(width - 1)] + ["phone"]
    rows = [[chance.choice(words) for _ in names[1:]] + [f"(212) 555-{i:04}"] for i in range(height)]
    text = end.join(delimiter.join(row) for row in [names, *rows]) + end
    found = sniff(text.encode(), complete=True)
    assert (found.delimiter, found.header, found.names) == (delimiter, True, tuple(names))
    assert found.terminator == end[-1]
    assert rows_of(text.encode(), found, 100, complete=True) == rows


@pytest.fixture(scope="module")
def zipped() -> bytes:
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("a.txt", b"416,1234567\n" * 50)
        made.writestr("b.txt", b"905,1234567\n" * 50)
    return buffer.getvalue()


@given(st.data())
def test_a_damaged_archive_never_gives_anything_but_its_content_or_an_input_error(
    zipped: bytes, data: st.DataObject
) -> None:
    damaged = bytearray(zipped)
    damaged[data.draw(st.integers(0, len(zipped) - 1))] ^= data.draw(st.integers(1, 255))
    with open_stream(bytes(damaged)) as stream:
        if stream.kind != "zip":
            return
        try:
            for member in members(stream):
                assert member.read() in {b"416,1234567\n" * 50, b"905,1234567\n" * 50, b""}
        except InputError:
            pass


@given(st.data())
def test_a_damaged_gzip_file_never_gives_other_content(data: st.DataObject) -> None:
    content = b"416,1234567\n" * 50
    damaged = bytearray(gzip.compress(content, mtime=0))
    damaged[data.draw(st.integers(3, len(damaged) - 1))] ^= data.draw(st.integers(1, 255))
    with open_stream(bytes(damaged)) as stream:
        try:
            assert stream.read() == content
        except InputError as problem:
            assert problem.code in GZIP_CODES


@settings(max_examples=30)
@given(st.lists(st.tuples(st.booleans(), st.binary(min_size=1, max_size=50)), max_size=20))
def test_an_output_holds_what_was_written_in_order(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[bool, bytes]]
) -> None:
    path: Path = tmp_path_factory.mktemp("out") / "a"
    expected = bytearray()
    with AtomicFile(path) as output:
        for over, piece in steps:
            if over and len(piece) <= len(expected):
                output.write_at(0, piece)
                expected[: len(piece)] = piece
            else:
                output.write(piece)
                expected += piece
    assert path.read_bytes() == expected
