from __future__ import annotations

import gzip
import io
import os
import stat
import zipfile
from typing import TYPE_CHECKING

import pytest

from quietline.errors import InputError
from quietline.tables import members, open_stream
from quietline.tables.streams import Stream

if TYPE_CHECKING:
    from pathlib import Path

ROWS = b"".join(b"416,%07d\n" % i for i in range(5000))


def archive(*files: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as made:
        for name, data in files:
            made.writestr(name, data)
    return buffer.getvalue()


def contents(data: bytes | Path | Stream) -> list[tuple[str, bytes]]:
    with data if isinstance(data, Stream) else open_stream(data, name="dnc.zip") as stream:
        assert stream.kind == "zip"
        return [(member.name, member.read()) for member in members(stream)]


def test_members_come_in_order_without_what_the_systems_leave_behind() -> None:
    link = zipfile.ZipInfo("link.txt")
    link.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    made = archive(
        ("b/416.txt", ROWS),
        ("b/", b""),
        ("__MACOSX/b/._416.txt", b"litter"),
        ("b/.DS_Store", b"litter"),
        (link, b"b/416.txt"),
        ("a.txt", b"905,1234567\n"),
        ("empty.txt", b""),
    )
    assert contents(made) == [
        ("dnc.zip:b/416.txt", ROWS),
        ("dnc.zip:a.txt", b"905,1234567\n"),
        ("dnc.zip:empty.txt", b""),
    ]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_every_usual_method_is_read(method: int) -> None:
    assert contents(archive(("a.txt", ROWS), method=method)) == [("dnc.zip:a.txt", ROWS)]


def test_a_zip_archive_is_read_from_a_file_a_pipe_and_within_gzip(tmp_path: Path) -> None:
    made = archive(("a.txt", ROWS))
    path = tmp_path / "x.zip"
    path.write_bytes(made)
    reading, writing = os.pipe()
    assert len(made) < 60_000  # fits into a pipe
    os.write(writing, made)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        for source in (path, gzip.compress(made), pipe):
            with open_stream(source, name="dnc.zip") as stream:
                assert contents(stream) == [("dnc.zip:a.txt", ROWS)]


def test_gzip_within_zip_is_unpacked() -> None:
    assert contents(archive(("a.csv.gz", gzip.compress(ROWS)))) == [("dnc.zip:a.csv.gz", ROWS)]


def test_a_chinese_member_name_is_put_right() -> None:
    raw = "名单.txt".encode("gb18030")
    made = archive(("x" * len(raw) + "", b"1\n")).replace(b"x" * len(raw), raw)
    assert contents(made) == [("dnc.zip:名单.txt", b"1\n")]


@pytest.mark.parametrize("share", [0.5, 0.9, 0.999])
def test_a_zip_archive_that_was_cut_off_is_refused(share: float) -> None:
    made = archive(("a.txt", ROWS))
    with pytest.raises(InputError) as caught:
        contents(made[: int(len(made) * share)])
    assert caught.value.code == "input.truncated_zip"
    assert "dnc.zip" in caught.value.message
    assert caught.value.advice


def test_damage_in_a_member_is_refused_by_name() -> None:
    made = bytearray(archive(("a.txt", ROWS)))
    made[len(made) // 2] ^= 0xFF
    with pytest.raises(InputError) as caught:
        contents(bytes(made))
    assert caught.value.code in {"input.corrupt_zip", "input.truncated_zip"}
    assert "dnc.zip:a.txt" in caught.value.message


def test_a_wrong_checksum_is_refused() -> None:
    made = archive(("a.txt", b"416,1234567\n"), method=zipfile.ZIP_STORED).replace(b"1234567", b"1234568")
    with pytest.raises(InputError, match="damaged"):
        contents(made)


def test_a_member_with_a_password_is_refused_before_anything_is_read() -> None:
    made = bytearray(archive(("a.txt", ROWS), ("b.txt", ROWS)))
    place = made.rfind(b"PK\x01\x02") + 8  # flags of the last entry of the table of contents
    made[place] |= 1
    with open_stream(bytes(made), name="dnc.zip") as stream, pytest.raises(InputError) as caught:
        next(members(stream))
    assert caught.value.code == "input.encrypted_zip"
    assert "dnc.zip:b.txt is locked with a password" in caught.value.message


def test_a_zip_archive_within_a_zip_archive_is_refused_by_name_or_content() -> None:
    inner = archive(("a.txt", b"1\n"))
    for name in ("inner.zip", "inner.dat"):
        with pytest.raises(InputError) as caught:
            contents(archive((name, inner)))
        assert caught.value.code == "input.nested_zip"
        assert f"dnc.zip:{name}" in caught.value.message


def test_a_workbook_within_a_zip_archive_keeps_its_kind() -> None:
    book = archive(("[Content_Types].xml", b"<x/>"), ("xl/workbook.xml", b"<x/>"))
    with open_stream(archive(("a.xlsx", book))) as stream:
        assert [member.kind for member in members(stream)] == ["xlsx"]


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (("[Content_Types].xml", "xl/workbook.xml"), "xlsx"),
        (("xl/workbook.bin",), "xlsb"),
        (("mimetype", "content.xml"), "ods"),
        (("word/document.xml",), "docx"),
        (("Index/Document.iwa",), "numbers"),
        (("a.csv",), "zip"),
        ((), "zip"),
    ],
)
def test_office_files_are_told_from_plain_archives(names: tuple[str, ...], kind: str) -> None:
    with open_stream(archive(*((name, b"<x/>") for name in names))) as stream:
        assert stream.kind == kind


def test_a_workbook_that_was_cut_off_is_still_seen_as_one() -> None:
    made = archive(("[Content_Types].xml", b"<x/>"), ("xl/workbook.xml", ROWS))
    with open_stream(made[:-100]) as stream:
        assert stream.kind == "xlsx"
