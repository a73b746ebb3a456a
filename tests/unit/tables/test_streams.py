from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
import threading
import tracemalloc
import zlib
from typing import TYPE_CHECKING

import pytest

from quietline.errors import InputError, UsageError
from quietline.tables import open_stream

if TYPE_CHECKING:
    from pathlib import Path

TEXT = b"phone,name\n" + b"".join(b"21255512%02d,Ann %d\n" % (i % 100, i) for i in range(20_000))


def pipe_of(data: bytes) -> int:
    """Return the reading end of a pipe into which a thread writes data in odd pieces."""
    reading, writing = os.pipe()

    def feed() -> None:
        with os.fdopen(writing, "wb", buffering=0) as pipe:
            for at in range(0, len(data), 7001):
                pipe.write(data[at : at + 7001])

    threading.Thread(target=feed, daemon=True).start()
    return reading


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    path = tmp_path / "list.csv"
    path.write_bytes(TEXT)
    return path


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    path = tmp_path / "list.csv.gz"
    path.write_bytes(gzip.compress(TEXT))
    return path


def test_every_kind_of_source_gives_the_same_bytes(plain: Path, packed: Path) -> None:
    fd = pipe_of(TEXT)
    with plain.open("rb") as opened, os.fdopen(fd, "rb") as pipe:
        sources = [
            plain,
            str(plain),
            packed,
            TEXT,
            bytearray(TEXT),
            memoryview(TEXT),
            opened,
            io.BytesIO(TEXT),
            pipe,
        ]
        sources += [gzip.compress(TEXT), io.BytesIO(gzip.compress(TEXT))]
        for source in sources:
            with open_stream(source) as stream:
                assert stream.peek(5) == TEXT[:5]
                assert stream.read(3) == TEXT[:3]
                assert stream.peek(100_000) == TEXT[3:100_003]
                buffer = bytearray(1000)
                assert stream.readinto(buffer) == 1000
                assert bytes(buffer) == TEXT[3:1003]
                assert stream.read() == TEXT[1003:]
                assert stream.read(10) == stream.peek(10) == b""
                assert stream.readinto(buffer) == 0


def test_a_dash_is_standard_input() -> None:
    program = "from quietline.tables import open_stream as o; s = o('-'); print(s.name, s.size, len(s.read()))"
    done = subprocess.run([sys.executable, "-c", program], input=gzip.compress(TEXT), capture_output=True, check=True)
    assert done.stdout.decode().split() == ["standard", "input", "None", str(len(TEXT))]


def test_the_size_of_redirected_standard_input_is_known(plain: Path) -> None:
    program = "from quietline.tables import open_stream as o; s = o('-'); s.read(); print(s.size, s.position)"
    with plain.open("rb") as file:
        done = subprocess.run([sys.executable, "-c", program], stdin=file, capture_output=True, check=True)
    assert done.stdout.decode().split() == [str(len(TEXT))] * 2


def test_progress_counts_bytes_on_disk_also_within_gzip(plain: Path, packed: Path) -> None:
    for path in (plain, packed):
        with open_stream(path) as stream:
            assert stream.size == path.stat().st_size
            assert stream.name == str(path)
            assert stream.position < path.stat().st_size
            stream.read()
            assert stream.position == path.stat().st_size


def test_the_members_of_a_gzip_file_follow_each_other_and_padding_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "many.gz"
    path.write_bytes(gzip.compress(b"one\n") + gzip.compress(b"") + gzip.compress(b"two\n") + bytes(600_000))
    with open_stream(path) as stream:
        assert stream.read() == b"one\ntwo\n"
        assert stream.position == stream.size


@pytest.mark.parametrize("missing", [1, 4, 8, 9, 1000])
def test_a_gzip_file_that_was_cut_off_is_refused_with_advice(packed: Path, missing: int) -> None:
    packed.write_bytes(packed.read_bytes()[:-missing])
    with open_stream(packed) as stream, pytest.raises(InputError) as caught:
        stream.read()
    assert caught.value.code == "input.truncated_gzip"
    assert str(caught.value) == (f"The gzip file {packed} ends too early: the download or copy was cut off. Fetch it again.")


def test_a_gzip_file_cut_off_between_two_members_is_as_good_as_whole_but_one_cut_in_the_second_is_not() -> None:
    two = gzip.compress(b"one\n") + gzip.compress(b"two\n")
    first = len(gzip.compress(b"one\n"))
    with open_stream(two[:first]) as stream:
        assert stream.read() == b"one\n"
    for end in range(first + 1, len(two)):
        with open_stream(two[:end]) as stream, pytest.raises(InputError, match="cut off"):
            stream.read()


def test_an_empty_file_is_empty_but_an_empty_gzip_file_was_cut_off(tmp_path: Path) -> None:
    (tmp_path / "a.csv").touch()
    with open_stream(tmp_path / "a.csv") as stream:
        assert stream.read(5) == b""
        assert stream.kind == "text"
    (tmp_path / "a.csv.gz").touch()
    with pytest.raises(InputError) as caught:
        open_stream(tmp_path / "a.csv.gz")
    assert caught.value.code == "input.truncated_gzip"


@pytest.mark.parametrize("place", [-2, -6, 3000])
def test_a_damaged_gzip_file_is_refused(packed: Path, place: int) -> None:
    data = bytearray(packed.read_bytes())
    data[place] ^= 0x55
    packed.write_bytes(data)
    with open_stream(packed) as stream, pytest.raises(InputError) as caught:
        stream.read()
    assert caught.value.code in {"input.corrupt_gzip", "input.truncated_gzip"}
    assert str(packed) in caught.value.message


def test_what_follows_a_gzip_member_and_is_no_gzip_is_not_passed_over() -> None:
    with open_stream(gzip.compress(b"one\n") + b"two\n") as stream, pytest.raises(InputError) as caught:
        stream.read()
    assert caught.value.code == "input.corrupt_gzip"


def test_reading_needs_the_same_memory_whatever_the_size() -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(64)) + packer.flush()
    buffer = memoryview(bytearray(1 << 16))
    tracemalloc.start()
    with open_stream(bomb) as stream:
        count = 0
        while got := stream.readinto(buffer):
            count += got
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 64 << 20
    assert peak < 2 << 20


def test_what_cannot_be_opened_is_named_with_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path, code in [(tmp_path / "no.csv", "input.missing"), (tmp_path, "input.directory")]:
        with pytest.raises(InputError) as caught:
            open_stream(path)
        assert caught.value.code == code
        assert str(path) in caught.value.message
        assert caught.value.advice

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(InputError) as caught:
        open_stream(tmp_path / "secret.csv")
    assert caught.value.code == "input.permission"


def test_a_file_that_fails_while_being_read_is_named() -> None:
    class Broken(io.RawIOBase):
        name = "broken.csv"

        def readable(self) -> bool:
            return True

        def readinto(self, _: object) -> int:
            raise OSError(5, "Input/output error")

    with pytest.raises(InputError, match=r"broken\.csv could not be read to its end: Input/output error"):
        open_stream(Broken())


def test_text_files_and_other_objects_are_refused() -> None:
    for source in (io.StringIO("a"), 3, None):
        with pytest.raises(UsageError):
            open_stream(source)  # type: ignore[arg-type]


def test_a_file_object_of_the_caller_stays_open_and_is_read_from_where_it_stands(plain: Path) -> None:
    with plain.open("rb") as file:
        file.seek(11)
        with open_stream(file) as stream:
            assert stream.read() == TEXT[11:]
            assert stream.position == stream.size == len(TEXT) - 11
        assert not file.closed


MAGIC = {
    b"PAR1rest": "parquet",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest": "xls",
    b"%PDF-1.7": "pdf",
    b"BZh91AY": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"\xff\xfe\x00\x00a\0\0\0": "utf-32",
    b"  <HTML><table>": "html",
    b"<?xml version='1.0'?>": "text",
    b"2125551234\n": "text",
    "姓名,手机\n".encode("gb18030"): "text",
}


@pytest.mark.parametrize(("data", "kind"), MAGIC.items())
def test_the_kind_is_told_by_content(data: bytes, kind: str) -> None:
    for content in (data, gzip.compress(data)):
        with open_stream(content) as stream:
            assert stream.kind == kind
            assert stream.read() == data  # looking did not take anything


def test_gzip_within_gzip_is_seen() -> None:
    with open_stream(gzip.compress(gzip.compress(b"a"))) as stream:
        assert stream.kind == "gzip"


def test_an_old_excel_file_is_refused_with_advice() -> None:
    old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest"
    with open_stream(old, name="dnc.xls") as stream, pytest.raises(InputError) as caught:
        stream.expect("text", "xlsx")
    assert caught.value.code == "input.kind"
    assert "dnc.xls is an old Excel file" in caught.value.message
    assert "save it as .xlsx or .csv" in caught.value.advice


def test_random_access_to_a_pipe_leaves_the_stream_readable() -> None:
    for data in (TEXT, gzip.compress(TEXT)):
        with os.fdopen(pipe_of(data), "rb") as pipe, open_stream(pipe) as stream:
            stream.peek(1000)
            with stream.random_access() as file:
                file.seek(-4, os.SEEK_END)
                assert file.read() == TEXT[-4:]
                assert file.seek(2) == file.tell() == 2
                assert file.read(4) == TEXT[2:6]
            assert stream.random_access().read() == TEXT
            assert stream.read() == TEXT


def test_random_access_after_reading_is_refused(plain: Path) -> None:
    with open_stream(plain) as stream:
        assert stream.random_access().read() == TEXT
        stream.read(1)
        with pytest.raises(UsageError):
            stream.random_access()
