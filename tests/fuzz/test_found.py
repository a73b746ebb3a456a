"""What fuzzing and reading found once, as small as it goes: it has to stay refused."""

from __future__ import annotations

import json
import mmap
import struct
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from fuzz.registers_target import File, put_roots
from quietline.errors import RegisterCorruptError
from quietline.kernel import _kernel
from quietline.registers import Register

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KEY = 12_125_550_101


@pytest.fixture
def sound(tmp_path: Path, make_register: Callable[..., Path]) -> File:
    return File(make_register(tmp_path / "sound.qlr", [KEY]).read_bytes())


def point_to(file: File, offset: int, encoding: int) -> None:
    """Let the one index entry point elsewhere, with a check that is right."""
    place = file.entries()[0]
    struct.pack_into("<Q", file.data, place + 8, _kernel.pointer(KEY // 10_000, offset, encoding))
    file.seal()


def ask(path: Path, file: File) -> None:
    path.write_bytes(file.data)
    with Register(path) as register:
        register.lookup(np.array([KEY], dtype=np.uint64))
        register.verify()


def test_a_block_that_is_gone_far_behind_the_end_is_no_way_out_of_the_file(tmp_path: Path, sound: File) -> None:
    point_to(sound, (1 << 44) - 16, 15)
    with pytest.raises(RegisterCorruptError, match="is damaged"):
        ask(tmp_path / "spoilt.qlr", sound)


@pytest.mark.parametrize("left", [1, 4, 8, 11])
@pytest.mark.parametrize("encoding", [1, 2, 3])
def test_a_block_that_begins_just_before_the_end_is_not_read_beyond_it(
    tmp_path: Path, sound: File, left: int, encoding: int
) -> None:
    sound.data += bytes(-len(sound.data) % mmap.PAGESIZE)  # behind this page there is nothing
    header = struct.pack("<IHBB", 0, 1, encoding, 0)
    sound.data[-left:] = (header + bytes(8))[:left]
    point_to(sound, len(sound.data) - left, encoding)
    with pytest.raises(RegisterCorruptError, match="is damaged"):
        ask(tmp_path / "spoilt.qlr", sound)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", ["DNC"]), ("country", 1), ("kind", "diary"), ("version", "1"), ("time_zone", None), ("terms", []),
        ("terms", [1]), ("holds", [None]), ("extra", 7), ("list_date", "9999-12-31"), ("list_date", date.min.isoformat()),
    ],
)  # fmt: skip
def test_metadata_of_the_wrong_kind_are_refused(tmp_path: Path, sound: File, name: str, value: Any) -> None:
    document = json.loads(sound.data[sound.metadata : sound.metadata + sound.metadata_length])
    replace_metadata(sound, json.dumps(document | {name: value}).encode())
    with pytest.raises(RegisterCorruptError, match="The metadata of spoilt.qlr are damaged"):
        ask(tmp_path / "spoilt.qlr", sound)


def test_metadata_nested_too_deep_are_refused(tmp_path: Path, sound: File) -> None:
    replace_metadata(sound, b"[" * 100_000)
    with pytest.raises(RegisterCorruptError, match="The metadata of spoilt.qlr are damaged"):
        ask(tmp_path / "spoilt.qlr", sound)


def replace_metadata(file: File, text: bytes) -> None:
    file.metadata, file.metadata_length = len(file.data), len(text)
    file.data += text
    put_roots(file.data, {7: file.metadata, 8: len(text), 12: len(file.data)})
    file.seal()


@pytest.mark.parametrize(
    "field",
    [
        4,
        5,
        6,
    ],
)
def test_counts_that_cannot_be_are_refused(tmp_path: Path, sound: File, field: int) -> None:
    put_roots(sound.data, {field: (1 << 64) - 1})
    path = tmp_path / "spoilt.qlr"
    path.write_bytes(sound.data)
    with pytest.raises(RegisterCorruptError), Register(path) as register:
        assert len(register) >= 0
        register.verify()
