"""The digest of a register's content: by its definition, whatever the layout of the file."""

from __future__ import annotations

import struct
from datetime import date
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
import pytest

from quietline.errors import RegisterError
from quietline.feed.digest import content_digest
from quietline.registers import ADD, DELETE, Changes, Entries, Metadata, Register, RegisterBuilder, apply_changes
from quietline.registers.days import day_of
from unit.feed.publisher import FIRST, write_register

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DAY = date(2026, 3, 5)
ENTRIES: dict[int, tuple[date | None, str]] = {
    FIRST: (DAY, "channels=voice"),
    FIRST + 1: (None, ""),
    FIRST + 2: (DAY, "channels=text"),
    447700900000: (DAY, "channels=voice"),
    1172000000000195588: (None, "channels=text"),
}


def digest(path: Path) -> str:
    with Register(path) as register:
        return content_digest(register)


def by_definition(entries: Mapping[int, tuple[date | None, str]]) -> str:
    """The definition, row by row."""
    numbers = {"": 0}
    columns = [b"", b"", b"", b""]
    for key in sorted(entries):
        since, terms = entries[key]
        number = numbers.setdefault(terms, len(numbers))
        row = (struct.pack("<Q", key), struct.pack("<H", day_of(since)), b"\xff\xff", struct.pack("<H", number))
        columns = [column + value for column, value in zip(columns, row, strict=True)]
    whole = b"quietline register content 1\n" + struct.pack("<Q", len(entries))
    whole += b"".join(sha256(column).digest() for column in columns)
    for text in list(numbers)[1:]:
        whole += struct.pack("<I", len(text.encode())) + text.encode()
    return sha256(whole).hexdigest()


def test_the_digest_is_that_of_the_definition(tmp_path: Path) -> None:
    write_register(tmp_path / "a.qlr", ENTRIES)
    assert digest(tmp_path / "a.qlr") == by_definition(ENTRIES)
    write_register(tmp_path / "b.qlr", {})
    assert digest(tmp_path / "b.qlr") == by_definition({})


def test_a_changed_copy_has_the_digest_of_a_file_built_from_nothing(tmp_path: Path) -> None:
    write_register(tmp_path / "copy.qlr", {FIRST: (None, "modes=live"), FIRST + 2: (DAY, ""), 61491570006: (DAY, "")})
    table = ("", "channels=text", "days=mon", "channels=voice")
    rows = [(DELETE, 61491570006, 0, 0), (DELETE, FIRST, 0, 0), (DELETE, FIRST + 2, 0, 0)]
    rows += [(ADD, key, day_of(since), table.index(terms)) for key, (since, terms) in reversed(ENTRIES.items())]
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    changes = Changes(
        columns[0].astype(np.uint8),
        columns[1].astype(np.uint64),
        columns[2].astype(np.uint16),
        columns[3].astype(np.uint16),
        table,
    )
    apply_changes(tmp_path / "copy.qlr", changes)
    assert digest(tmp_path / "copy.qlr") == by_definition(ENTRIES)


@pytest.mark.parametrize(
    "other",
    [
        {FIRST: (DAY, "channels=text")},
        {FIRST: (date(2026, 3, 6), "channels=voice")},
        {FIRST: (None, "channels=voice")},
        {FIRST + 5: (DAY, "channels=voice")},
        {FIRST + 1: (None, "channels=voice")},
    ],
)
def test_another_content_has_another_digest(tmp_path: Path, other: dict[int, tuple[date | None, str]]) -> None:
    write_register(tmp_path / "a.qlr", ENTRIES)
    write_register(tmp_path / "b.qlr", ENTRIES | other)
    assert digest(tmp_path / "a.qlr") != digest(tmp_path / "b.qlr")


def test_terms_that_change_places_change_the_digest(tmp_path: Path) -> None:
    swap = {"channels=voice": "channels=text", "channels=text": "channels=voice", "": ""}
    write_register(tmp_path / "a.qlr", ENTRIES)
    write_register(tmp_path / "b.qlr", {key: (since, swap[terms]) for key, (since, terms) in ENTRIES.items()})
    assert digest(tmp_path / "a.qlr") != digest(tmp_path / "b.qlr")


def test_an_until_day_is_part_of_the_content(tmp_path: Path) -> None:
    keys = np.array([FIRST], dtype=np.uint64)
    for name, until in (("a", 30_000), ("b", 30_001)):
        with RegisterBuilder() as builder:
            builder.add(Entries(keys, None, np.array([until], dtype=np.uint16)))
            builder.write(tmp_path / f"{name}.qlr", Metadata("DNC", list_date=DAY))
    assert digest(tmp_path / "a.qlr") != digest(tmp_path / "b.qlr")


def test_many_numbers_in_several_pieces_have_one_digest(tmp_path: Path) -> None:
    keys = np.arange(1, 30_000_000, 97, dtype=np.uint64) * np.uint64(1000) + np.uint64(10**10)
    with RegisterBuilder() as builder:
        builder.add(Entries(keys, np.full(len(keys), 20_000, dtype=np.uint16)))
        builder.write(tmp_path / "many.qlr", Metadata("DNC", list_date=date(2026, 11, 1)))
    with Register(tmp_path / "many.qlr") as register:
        assert sum(1 for _ in register.columns()) > 1
        found = content_digest(register)
    columns = (
        keys.astype("<u8").tobytes(),
        np.full(len(keys), 20_000, "<u2").tobytes(),
        b"\xff\xff" * len(keys),
        bytes(2 * len(keys)),
    )
    whole = b"quietline register content 1\n" + struct.pack("<Q", len(keys))
    assert found == sha256(whole + b"".join(sha256(column).digest() for column in columns)).hexdigest()


def test_a_damaged_register_has_no_digest(tmp_path: Path) -> None:
    path = tmp_path / "a.qlr"
    write_register(path, ENTRIES)
    data = bytearray(path.read_bytes())
    data[4096 + 20] ^= 1
    path.write_bytes(data)
    with pytest.raises(RegisterError):
        digest(path)
