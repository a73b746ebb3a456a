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
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from quietline.kernel import Rows
    from quietline.numbering import FieldParser
    from quietline.tables import OutputFile, Piece, TextReader
    from quietline.wash.notes import Notes
    from quietline.wash.seen import SeenNumbers
    from quietline.wash.summary import Tally
    from quietline.wash.verdicts import Judge, Verdicts

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


@dataclass(slots=True)
class TextWash:
    """One wash of a delimited text.

    Attributes:
        reader: the list.
        parser: reads the fields of the washed columns.
        judge: decides on each row.
        notes: what is written beside removed and annotated rows.
        tally: counts.
        clean: output of the kept rows, or None.
        removed: output of the removed rows with their notes, or None.
        annotated: output of all rows with their notes, or None.
        seen: numbers of kept rows, where duplicates are to be removed.
        collect: is given the verdicts of each piece in order, for a receipt.
        progress: is called after each piece.
    """

    reader: TextReader
    parser: FieldParser
    judge: Judge
    notes: Notes
    tally: Tally
    column_count: int
    clean: OutputFile | None = None
    removed: OutputFile | None = None
    annotated: OutputFile | None = None
    seen: SeenNumbers | None = None
    collect: Callable[[Verdicts], None] | None = None
    progress: Callable[[], None] | None = None

    def run(self) -> None:
        """Wash the list from beginning to end."""
        self._write_heads()
        # where duplicates count, a row's fate hangs on the rows before it: then only judging is done side by side
        work = self._judge if self.seen is not None else self._judge_and_write_out
        for washed in in_order(work, self.reader, workers=worker_count()):
            done = washed
            if self.seen is not None:
                done = self._write_out(replace(washed, verdicts=self.seen.mark(washed.verdicts, self.tally)))
            self.tally.add(done.verdicts, columns=self.column_count)
            if self.collect is not None:
                self.collect(done.verdicts)
            for output, data in (
                (self.clean, done.clean),
                (self.removed, done.removed),
                (self.annotated, done.annotated),
            ):
                if output is not None and data:
                    output.write(data)
            if self.progress is not None:
                self.progress()

    def _write_heads(self) -> None:
        head = self.reader.head
        if self.clean is not None:
            self.clean.write(head)
        for output in (self.removed, self.annotated):
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
        return _Washed(piece, rows, self.judge.judge(columns))

    def _judge_and_write_out(self, piece: Piece) -> _Washed:
        return self._write_out(self._judge(piece))

    def _write_out(self, washed: _Washed) -> _Washed:
        data, starts, verdicts = washed.piece.data, washed.rows.row_starts, washed.verdicts
        keep = self.tally.keeps(verdicts.reasons)
        if self.clean is not None:
            washed.clean = self.reader.original(copy_rows(data, starts, keep))
        if self.removed is not None:
            gone = ((keep == 0) & (verdicts.reasons != Reason.NO_ROW)).view(np.uint8)
            washed.removed = self._noted(washed, gone)
        if self.annotated is not None:
            washed.annotated = self._noted(washed, (verdicts.reasons != Reason.NO_ROW).view(np.uint8))
        return washed

    def _noted(self, washed: _Washed, select: NDArray[np.uint8]) -> bytes | memoryview:
        if not select.any():
            return b""
        note_of, notes = self.notes.distinct(washed.verdicts)
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
        return (delimiter + delimiter.join(quoted)).encode(
            "utf-8" if encoding.startswith("utf-16") else encoding, "replace"
        )


def _quoted(text: str, delimiter: str) -> str:
    if delimiter in text or '"' in text or "\n" in text or "\r" in text:
        return '"' + text.replace('"', '""') + '"'
    return text
