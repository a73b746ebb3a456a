"""The compiled kernel: the work done once per row or per number, with the interpreter lock released.

:mod:`quietline.kernel._kernel` is the extension. This module gives its functions names for their constants and typed,
checked wrappers where more than one room calls them. Arrays are NumPy arrays, little-endian and contiguous:

========== ======= ==========================================================
name       dtype   meaning
========== ======= ==========================================================
keys       uint64  keys of numbers, 0 where a row has none
statuses   uint8   ``numbering.Status``; :data:`BLANK` and :data:`ASK` inside
row_starts uint32  offset of each row, one more than there are rows
starts     uint32  offset of a field; lengths likewise
days       uint16  days since 1970-01-01; 0 unknown, 65535 without end
terms      uint16  index into the file's table of terms, 0 none
========== ======= ==========================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from quietline.kernel import _kernel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["ASK", "BLANK", "MAX_COLUMNS", "RowScanner", "Rows", "copy_rows", "note_rows", "parse_fields"]

BLANK = 254
"""Status of a blank line, which is no row."""
ASK = 255
"""Status of a text that only the numbering library can judge."""
MAX_COLUMNS = 16
"""How many columns one scan can pick out."""
BLANK_LENGTH = 0xFFFF_FFFF


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows found in a piece of data.

    Attributes:
        row_starts: uint32, shape (rows + 1,); row i is ``data[row_starts[i]:row_starts[i + 1]]``, line end included.
        starts: uint32, shape (columns, rows); offset of each wanted field.
        lengths: uint32, shape (columns, rows); its bytes; 0xFFFFFFFF for every field of a blank line.
    """

    row_starts: NDArray[np.uint32]
    starts: NDArray[np.uint32]
    lengths: NDArray[np.uint32]

    def __len__(self) -> int:
        return len(self.row_starts) - 1

    @property
    def end(self) -> int:
        """Offset behind the last complete row."""
        return int(self.row_starts[-1])


class RowScanner:
    r"""Cut delimited text into rows and pick out columns.

    Args:
        delimiter: one ASCII character, or None where every line is one field.
        quote: one ASCII character, or None where quotes are ordinary characters.
        terminator: ``"\n"`` (a carriage return before it belongs to it) or ``"\\r"``.
        columns: wanted columns counted from 0, at most :data:`MAX_COLUMNS`.
        gb: the text is GB 18030, whose trail bytes may look like a delimiter.
    """

    def __init__(
        self,
        *,
        delimiter: str | None,
        quote: str | None = '"',
        terminator: str = "\n",
        columns: Sequence[int] = (0,),
        gb: bool = False,
    ) -> None:
        self._dialect = (
            ord(delimiter) if delimiter else 0,
            ord(quote) if quote else 0,
            ord(terminator),
            int(gb),
        )
        order = sorted(set(columns))
        self._columns = np.array(order, dtype=np.uint32)
        # the kernel wants the columns in order and once; give them back as they were asked for
        self._given = [order.index(column) for column in columns]

    def last_row_end(self, data: bytes | bytearray | memoryview) -> int:
        """Find the offset behind the last complete row, 0 where there is none.

        Much faster than :meth:`scan`, for cutting a text into pieces.
        """
        end = _kernel.last_row_end(*self._dialect, data)
        return end if end >= 0 else self.scan(data, final=False).end

    def scan(self, data: bytes | bytearray | memoryview, *, final: bool, expected_row_bytes: int = 24) -> Rows:
        """Find all complete rows.

        Args:
            data: at most 4 GB of text that begins at the beginning of a row.
            final: the text ends here, so that the last row may lack its line end.
            expected_row_bytes: a guess that saves memory where it is right and time where it is not too high.
        """
        n = len(data)
        capacity = max(16, n // expected_row_bytes + 16)
        while True:
            row_starts = np.empty(capacity + 1, dtype=np.uint32)
            starts = np.empty((len(self._columns), capacity), dtype=np.uint32)
            lengths = np.empty_like(starts)
            rows = _kernel.scan_rows(*self._dialect, self._columns, data, final, row_starts, starts, lengths)
            if rows < capacity or int(row_starts[rows]) == n:
                break
            capacity = min(n + 16, capacity * 4)
        if len(self._given) == 1:  # the usual case needs no copy
            return Rows(row_starts[: rows + 1], starts[:, :rows], lengths[:, :rows])
        return Rows(row_starts[: rows + 1], starts[self._given, :rows], lengths[self._given, :rows])


def parse_fields(
    plan: Any,
    data: bytes | bytearray | memoryview,
    starts: NDArray[np.uint32],
    lengths: NDArray[np.uint32],
    *,
    extra: str = "",
) -> tuple[NDArray[np.uint64], NDArray[np.uint8], int]:
    """Read one column of fields as telephone numbers, as far as the fast path goes.

    Args:
        plan: what ``numbering.plans.plan(country)`` gives.
        data: the text the fields lie in.
        starts: uint32, shape (rows,).
        lengths: uint32, shape (rows,).
        extra: one more ASCII character that counts as punctuation.

    Returns:
        keys (uint64), statuses (uint8, with :data:`ASK` where the library has to be asked), and how many those are.
    """
    keys = np.empty(len(starts), dtype=np.uint64)
    statuses = np.empty(len(starts), dtype=np.uint8)
    asked = _kernel.parse_numbers(plan, data, starts, lengths, ord(extra) if extra else 0, keys, statuses)
    return keys, statuses, asked


def copy_rows(data: bytes | bytearray | memoryview, row_starts: NDArray[np.uint32], keep: NDArray[np.uint8]) -> memoryview:
    """Copy the rows with ``keep`` not 0, byte for byte and in order."""
    if keep.all():
        return memoryview(data)[: int(row_starts[-1])]
    out = np.empty(len(data), dtype=np.uint8)
    return out[: _kernel.copy_rows(data, row_starts, keep, out)].data


def note_rows(
    data: bytes | bytearray | memoryview,
    row_starts: NDArray[np.uint32],
    select: NDArray[np.uint8],
    note_of: NDArray[np.uint32],
    notes: Sequence[bytes],
    *,
    keys: NDArray[np.uint64],
    delimiter: str,
    with_number: bool,
) -> memoryview:
    """Copy the selected rows, each with a note put before its line end.

    Args:
        data: the text the rows lie in.
        row_starts: uint32, shape (rows + 1,).
        select: uint8, shape (rows,); rows with 0 are left out.
        note_of: uint32, shape (rows,); which of ``notes`` a row gets.
        notes: texts, delimiter included.
        keys: uint64, shape (rows,); written as ``+digits`` before the note where ``with_number``.
        delimiter: one ASCII character, put before that number.
        with_number: write the number.
    """
    offsets = np.zeros(len(notes) + 1, dtype=np.uint32)
    np.cumsum([len(note) for note in notes], out=offsets[1:])
    joined = b"".join(notes)
    capacity = len(data) + 64 * len(select)
    while True:
        out = np.empty(capacity, dtype=np.uint8)
        written = _kernel.note_rows(
            data, row_starts, select, note_of, joined, offsets, keys, ord(delimiter), with_number, out
        )
        if written <= capacity:
            return out[:written].data
        capacity = written
