"""Wash delimited text: kept rows leave as the bytes they came as, in order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from quietline.kernel import copy_rows, note_rows
from quietline.wash.notes import NOTE_NAMES
from quietline.wash.pipeline import in_order, worker_count
from quietline.wash.verdicts import Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from quietline.kernel import Rows
    from quietline.numbering import FieldParser
    from quietline.tables import Piece, TextReader
    from quietline.wash.parts import WashParts
    from quietline.wash.verdicts import Verdicts

__all__ = ["TextWash"]


@dataclass(slots=True)
class _Washed:
    """A piece on its way through."""

    piece: Piece
    rows: Rows
    verdicts: Verdicts
    clean: bytes | memoryview | None = None
    removed: bytes | memoryview | None = None
    annotated: bytes | memoryview | None = None


@dataclass(frozen=True, slots=True)
class TextWash:
    """One wash of a delimited text.

    Attributes:
        reader: the list.
        parser: reads the fields of the washed columns.
        column_count: how many columns are washed.
        parts: the rest.
    """

    reader: TextReader
    parser: FieldParser
    column_count: int
    parts: WashParts

    def run(self) -> None:
        """Wash the list from beginning to end."""
        parts, seen = self.parts, self.parts.seen
        self._write_heads()
        # where duplicates count, a row's fate hangs on the rows before it: then only judging is done side by side
        work = self._judge_and_write_out if seen is None else self._judge
        for washed in in_order(work, self.reader, workers=worker_count()):
            done = washed
            if seen is not None:
                done = self._write_out(replace(washed, verdicts=seen.mark(washed.verdicts, parts.tally)))
            parts.tally.add(done.verdicts, columns=self.column_count)
            for output, data in (
                (parts.clean, done.clean),
                (parts.removed, done.removed),
                (parts.annotated, done.annotated),
            ):
                if output is not None and data:
                    output.write(data)
            self.reader.recycle(done.piece)
            if parts.progress is not None:
                parts.progress()

    def _write_heads(self) -> None:
        head = self.reader.head
        if self.parts.clean is not None:
            self.parts.clean.write(head)
        for output in (self.parts.removed, self.parts.annotated):
            if output is not None:
                output.write(self._noted_head(head))

    def _noted_head(self, head: bytes) -> bytes:
        """Give the header line with the names of the notes; a list without header gets none."""
        if not self.reader.format.header:
            return head
        delimiter = self._delimiter
        names = self.reader.original((delimiter + delimiter.join(NOTE_NAMES)).encode())
        ends = [self.reader.original(end) for end in (b"\r\n", b"\n", b"\r")]
        end = next((bytes(end) for end in ends if head.endswith(end)), b"")
        body = head[: len(head) - len(end)]
        return body + bytes(names) + (end or bytes(self.reader.original(b"\n")))

    @property
    def _delimiter(self) -> str:
        return self.reader.format.delimiter or ","

    def _judge(self, piece: Piece) -> _Washed:
        rows = self.reader.scan(piece)
        columns = [
            self.parser.parse(piece.data, rows.starts[i], rows.lengths[i], self.reader.text_of)
            for i in range(self.column_count)
        ]
        return _Washed(piece, rows, self.parts.judge.judge(columns))

    def _judge_and_write_out(self, piece: Piece) -> _Washed:
        return self._write_out(self._judge(piece))

    def _write_out(self, washed: _Washed) -> _Washed:
        data, starts, verdicts = washed.piece.data, washed.rows.row_starts, washed.verdicts
        keep = self.parts.tally.keeps(verdicts.reasons)
        if self.parts.clean is not None:
            washed.clean = self.reader.original(copy_rows(data, starts, keep))
        if self.parts.removed is not None:
            gone = ((keep == 0) & (verdicts.reasons != Reason.NO_ROW)).view(np.uint8)
            washed.removed = self._noted(washed, gone)
        if self.parts.annotated is not None:
            washed.annotated = self._noted(washed, (verdicts.reasons != Reason.NO_ROW).view(np.uint8))
        return washed

    def _noted(self, washed: _Washed, select: NDArray[np.uint8]) -> bytes | memoryview:
        if not select.any():
            return b""
        note_of, notes = self.parts.notes.distinct(washed.verdicts)
        texts = [self._note_text(note) for note in notes]
        noted = note_rows(
            washed.piece.data,
            washed.rows.row_starts,
            select,
            note_of,
            texts,
            keys=washed.verdicts.keys,
            delimiter=self._delimiter,
            with_number=True,
        )
        return self.reader.original(noted)

    def _note_text(self, note: Sequence[str]) -> bytes:
        delimiter = self._delimiter
        quoted = [_quoted(text, delimiter) for text in note]
        encoding = self.reader.format.encoding
        # the wide encodings are handled as UTF-8 inside
        return (delimiter + delimiter.join(quoted)).encode("utf-8" if encoding.startswith("utf-16") else encoding, "replace")


def _quoted(text: str, delimiter: str) -> str:
    if delimiter in text or '"' in text or "\n" in text or "\r" in text:
        return '"' + text.replace('"', '""') + '"'
    return text
