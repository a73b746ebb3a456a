"""Wash delimited text: kept rows leave as the bytes they came as, in order."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from quietline.kernel import copy_rows, note_rows
from quietline.wash.pipeline import in_order, worker_count

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
    written: dict[str, bytes | memoryview] = field(default_factory=dict)


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
        parts, seen, outputs = self.parts, self.parts.seen, self.parts.outputs
        self._write_heads()
        # where duplicates count, a row's fate hangs on the rows before it: then only judging is done side by side
        work = self._judge_and_write_out if seen is None else self._judge
        for washed in in_order(work, self.reader, workers=worker_count()):
            done = washed
            if seen is not None:
                done = self._write_out(replace(washed, verdicts=seen.mark(washed.verdicts, parts.tally)))
            parts.tally.add(done.verdicts, columns=self.column_count)
            for role, output in outputs:
                if done.written[role]:
                    output.write(done.written[role])
            self.reader.recycle(done.piece)
            if parts.progress is not None:
                parts.progress()

    def _write_heads(self) -> None:
        head = self.reader.head
        for role, output in self.parts.outputs:
            output.write(head if role == "clean" else self._noted_head(head))

    def _noted_head(self, head: bytes) -> bytes:
        """Give the header line with the names of the notes; a list without header gets none."""
        if not self.reader.format.header:
            return head
        delimiter = self._delimiter
        names = self.reader.original((delimiter + delimiter.join(self.parts.notes.names)).encode())
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
        reasons = washed.verdicts.reasons
        for role, _ in self.parts.outputs:
            if role == "clean":
                keep = self.parts.tally.keeps(reasons)
                washed.written[role] = self.reader.original(copy_rows(washed.piece.data, washed.rows.row_starts, keep))
            else:
                washed.written[role] = self._noted(washed, self.parts.select(role, reasons).view(np.uint8))
        return washed

    def _noted(self, washed: _Washed, select: NDArray[np.uint8]) -> bytes | memoryview:
        if not select.any():
            return b""
        note_of, notes = self.parts.notes.distinct(washed.verdicts, select.view(np.bool_))
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
