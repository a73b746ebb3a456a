"""Damaged lists: cut into rows, parsed, copied and noted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from quietline.kernel import RowScanner, copy_rows, note_rows, parse_fields
from quietline.numbering import plan
from twins import kernel_twin as twin

if TYPE_CHECKING:
    import random
    from pathlib import Path

PARTS = [b'"', b'""', b",", b";", b"|", b"\t", b"\n", b"\r\n", b"\r", b"\0", b"\xff", b"\x81", b"\x81\x30\x81\x30",
         b"2125550101", b"+442079460018", b"(212) 555-0101", b"138****8000", "号码".encode(), b"x" * 63, b"y" * 64,
         b"1" * 250, b"1" * 251, b"+", b" ", b"'", b".0", b"a" * 500]  # fmt: skip


def made_up(chance: random.Random) -> bytes:
    """A list with something wrong in it."""
    kind = chance.randrange(4)
    if kind == 0:
        return chance.randbytes(chance.randrange(400))
    if kind == 1:
        return b"".join(chance.choices(PARTS, k=chance.randrange(60)))
    row = b",".join(chance.choices(PARTS, k=chance.randrange(1, 6))) + b"\n"
    data = bytearray(row * chance.randrange(1, 60))
    for _ in range(chance.randrange(5)):
        at = chance.randrange(len(data))
        data[at : at + chance.randrange(3)] = chance.choice(PARTS)
        if not data:
            break
    return bytes(data[: len(data) - chance.randrange(8)])


class Target:
    """Lists and dialects by chance; the twin is asked now and then."""

    def __init__(self, folder: Path) -> None:
        del folder  # nothing is written
        self._plans = [plan(country) for country in ("US", "CN", "GB")]

    def try_one(self, chance: random.Random) -> list[str]:
        """One list in one dialect; what was tried."""
        data = made_up(chance)
        delimiter, quote = chance.choice([",", ";", "\t", "|", "1", None]), chance.choice(['"', "'", None])
        terminator, gb = chance.choice("\n\r"), chance.random() < 0.3
        columns = sorted(chance.sample(range(20), chance.randrange(1, 17)))
        final = chance.random() < 0.7
        scanner = RowScanner(delimiter=delimiter, quote=quote, terminator=terminator, columns=columns, gb=gb)
        found = scanner.scan(data, final=final, expected_row_bytes=chance.choice([1, 24, 10_000]))
        starts = found.row_starts.tolist()
        assert starts == sorted(starts)
        assert starts[-1] <= len(data)
        assert not final or starts[-1] == len(data)
        assert scanner.last_row_end(data) == scanner.scan(data, final=False).end
        for place in range(len(columns)):
            extra = chance.choice(["", ",", ";"])
            chosen = chance.choice(self._plans)
            keys, _, _ = parse_fields(chosen, data, found.starts[place], found.lengths[place], extra=extra)
        n = len(found)
        select = np.array([chance.random() < 0.5 for _ in range(n)], dtype=np.uint8)
        copied = copy_rows(data, found.row_starts, select)
        notes = [chance.randbytes(chance.choice([0, 1, 30, 1000])) for _ in range(chance.randrange(1, 5))]
        note_of = np.array([chance.randrange(len(notes)) for _ in range(n)], dtype=np.uint32)
        with_number = chance.random() < 0.5
        noted = note_rows(data, found.row_starts, select, note_of, notes, keys=keys, delimiter=",", with_number=with_number)
        tried = ["lists", "lists in GB 18030"] if gb else ["lists"]
        if chance.random() < 0.1:
            encoded = delimiter.encode() if delimiter else None
            dialect = twin.Dialect(encoded, quote.encode() if quote else None, terminator.encode(), gb)
            assert starts == [0, *(row.end for row in twin.rows(data, dialect, final=final))]
            assert bytes(copied) == twin.copy_rows(data, starts, select.tolist())
            texts = [notes[which] for which in note_of.tolist()]
            numbers = keys.tolist() if with_number else None
            assert bytes(noted) == twin.note_rows(data, starts, select.tolist(), texts, numbers, b",")
            tried.append("lists compared with the twin")
        return tried
