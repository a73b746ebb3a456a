"""Read delimited text, in pieces, with the kernel: the FTC's flat files, numbers one a line, CSV and its relatives."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from quietline.kernel import BLANK, BLANK_LENGTH
from quietline.numbering import FieldParser, Numbers, Status
from quietline.registers.sources.assemble import Columns, assembled
from quietline.registers.sources.layout import find_layout
from quietline.registers.sources.operations import NO_OPERATION, operation_of
from quietline.tables import TextReader, delimiter_named, rows_of, sniff, split_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from quietline.kernel import Rows
    from quietline.registers.sources.batches import SourceBatch
    from quietline.registers.sources.layout import Layout
    from quietline.registers.sources.plan import ReadPlan
    from quietline.tables import Piece, Stream, TextFormat

__all__ = ["SAMPLE_BYTES", "SAMPLE_ROWS", "TextSource"]

SAMPLE_BYTES = 1 << 18
SAMPLE_ROWS = 300
_IN_KERNEL = ",;|"
"""Delimiters that the kernel can take for punctuation between area code and number."""
_NOTHING = " \t\r\n\f\v\x1a\0\u00a0\u3000\ufeff"
_LONGEST_PART = 64
_FEW = 12


class TextSource:
    """A delimited text.

    Args:
        stream: at its beginning.
        how: how to read it.
    """

    def __init__(self, stream: Stream, how: ReadPlan) -> None:
        self.name = stream.name
        self._how = how
        options = how.options
        sample = stream.peek(SAMPLE_BYTES)
        complete = len(sample) < SAMPLE_BYTES
        found = sniff(
            sample,
            complete=complete,
            file_name=stream.name,
            encoding=options.encoding,
            delimiter="auto" if options.delimiter is None else delimiter_named(options.delimiter),
            quote="auto" if options.quote is None else (None if options.quote == "none" else options.quote),
            header=options.header,
        )
        rows = rows_of(sample, found, SAMPLE_ROWS, complete=complete)
        self.layout = find_layout(rows, found.names, options, header=found.header, country=how.country, kinds=how.kinds)
        self.format = found.describe()
        self.columns = self.layout.named(found.names)
        self._nothing = _NOTHING + (found.delimiter or "") + '"'
        self._flat = _is_flat(self.layout, found, sample)
        extra = "," if found.delimiter is None else ""  # too few lines to tell that the comma cuts them
        if self._flat:  # one field a line in which the comma is punctuation: the kernel does all of it
            extra = found.delimiter or ""
            found = replace(found, delimiter=None, quote=None)
        places = (0,) if self._flat else self.layout.columns
        self._place = {column: i for i, column in enumerate(places)}
        self._reader = TextReader(stream, found, places)
        self._parser = FieldParser(how.country, kinds=how.kinds, extra=extra)
        self._line = 1 + _header_lines(self._reader.head, found)

    @property
    def is_change_list(self) -> bool:
        """Whether rows say add or delete."""
        return self.layout.operation is not None

    def batches(self) -> Iterator[SourceBatch]:
        """Give all rows; once."""
        for piece in self._reader:
            rows = self._reader.scan(piece)
            texts = _PieceRows(self._reader, piece, rows, self._nothing, self._line)
            self._line += len(rows)
            yield assembled(self._columns(piece, rows), texts, file=self.name, line_of=texts.line)

    def _columns(self, piece: Piece, rows: Rows) -> Columns:
        layout, how = self.layout, self._how
        data = np.frombuffer(piece.data, dtype=np.uint8)
        if layout.area is not None and not self._flat:
            found = [self._joined(data, rows, layout.area, layout.numbers[0])]
        else:
            found = [self._numbers(piece, rows, column) for column in ((0,) if self._flat else layout.numbers)]
        columns = Columns(np.stack([numbers.keys for numbers in found]), np.stack([numbers.statuses for numbers in found]))
        text_of = self._reader.text_of
        if layout.since is not None:
            reader = how.since_reader(layout.since_order)
            columns.since = reader.days(data, *self._fields(rows, layout.since), text_of)
        if layout.until is not None:
            reader = how.until_reader(layout.until_order)
            columns.until = reader.days(data, *self._fields(rows, layout.until), text_of)
        if layout.terms is not None:
            columns.terms = _coded(data, *self._fields(rows, layout.terms), text_of, how.terms.index)
        if layout.operation is not None:
            columns.operations = self._operations(data, rows, layout.operation)
        return columns

    def _fields(self, rows: Rows, column: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
        lengths = rows.lengths[self._place[column]]
        return rows.starts[self._place[column]], np.where(lengths == BLANK_LENGTH, np.uint32(0), lengths)

    def _numbers(self, piece: Piece, rows: Rows, column: int) -> Numbers:
        place = self._place[column]
        return self._parser.parse(piece.data, rows.starts[place], rows.lengths[place], self._reader.text_of)

    def _joined(self, data: NDArray[np.uint8], rows: Rows, area: int, local: int) -> Numbers:
        """Read area codes and numbers of two columns as one, those of the same lengths together."""
        (area_starts, area_lengths), (local_starts, local_lengths) = self._fields(rows, area), self._fields(rows, local)
        keys = np.zeros(len(rows), dtype=np.uint64)
        statuses = np.full(len(rows), Status.EMPTY, dtype=np.uint8)
        cut = [np.minimum(lengths, _LONGEST_PART + 1).astype(np.intp) for lengths in (area_lengths, local_lengths)]
        lengths_of = cut[0] * (_LONGEST_PART + 2) + cut[1]
        for both in np.unique(lengths_of).tolist():
            first, second = divmod(both, _LONGEST_PART + 2)
            if second == 0:
                continue
            chosen = np.flatnonzero(lengths_of == both)
            if max(first, second) > _LONGEST_PART:
                statuses[chosen] = Status.TOO_LONG
                continue
            text = np.empty((len(chosen), first + second), dtype=np.uint8)
            text[:, :first] = data[area_starts[chosen].astype(np.intp)[:, None] + np.arange(first)]
            text[:, first:] = data[local_starts[chosen].astype(np.intp)[:, None] + np.arange(second)]
            starts = np.arange(len(chosen), dtype=np.uint32) * np.uint32(first + second)
            lengths = np.full(len(chosen), first + second, dtype=np.uint32)
            numbers = self._parser.parse(text.data.cast("B"), starts, lengths, self._reader.text_of)
            keys[chosen], statuses[chosen] = numbers.keys, numbers.statuses
        statuses[rows.lengths[self._place[local]] == BLANK_LENGTH] = BLANK
        return Numbers(keys, statuses, np.zeros(len(rows), dtype=np.uint16), 0)

    def _operations(self, data: NDArray[np.uint8], rows: Rows, column: int) -> NDArray[np.uint8]:
        truth = self.layout.truth
        starts, lengths = self._fields(rows, column)
        table = np.array([operation_of(chr(sign), truth=truth) for sign in range(256)], dtype=np.uint8)
        short = lengths == 1
        found = np.full(len(rows), NO_OPERATION, dtype=np.uint8)
        found[short] = table[data[starts[short].astype(np.intp)]]
        rest = np.flatnonzero(~short & (lengths > 0))
        if len(rest):
            memo = _Memo(lambda text: operation_of(text, truth=truth))
            found[rest] = _coded(data, starts[rest], lengths[rest], self._reader.text_of, memo.get)
        return found


class _Memo:
    """Answers for texts of which there are few different ones."""

    def __init__(self, answer: Callable[[str], int]) -> None:
        self._answer = answer
        self._known: dict[str, int] = {}

    def get(self, text: str) -> int:
        found = self._known.get(text)
        if found is None:
            found = self._known[text] = self._answer(text)
        return found


def _coded(
    data: NDArray[np.uint8],
    starts: NDArray[np.uint32],
    lengths: NDArray[np.uint32],
    text_of: Callable[[bytes | memoryview], str],
    index: Callable[[str], int],
) -> NDArray[np.int32]:
    """Give the number of each field's text; a text is decoded once a piece."""
    view = data.data
    known: dict[bytes, int] = {}
    found = np.full(len(starts), index("") if len(starts) else 0, dtype=np.int32)
    rest = np.flatnonzero(lengths)
    for _ in range(_FEW):  # as a rule there are few different ones: compare all with the first, then with the next
        if not len(rest):
            return found
        start, length = int(starts[rest[0]]), int(lengths[rest[0]])
        alike = rest[lengths[rest] == length]
        text = data[start : start + length]
        same = alike[(data[starts[alike].astype(np.intp)[:, None] + np.arange(length)] == text).all(axis=1)]
        found[same] = index(text_of(text.tobytes()))
        rest = np.setdiff1d(rest, same, assume_unique=True)
    for row in rest.tolist():
        raw = bytes(view[starts[row] : int(starts[row]) + int(lengths[row])])
        code = known.get(raw)
        if code is None:
            code = known[raw] = index(text_of(raw))
        found[row] = code
    return found


class _PieceRows:
    """The rows of a piece, for those that are rejected."""

    def __init__(self, reader: TextReader, piece: Piece, rows: Rows, nothing: str, first_line: int) -> None:
        self._reader = reader
        self._piece = piece
        self._rows = rows
        self._nothing = nothing
        self._first_line = first_line

    def line(self, row: int) -> int:
        return self._first_line + row

    def text(self, row: int) -> str:
        start, end = self._rows.row_starts[row : row + 2].tolist()
        encoding = self._reader.format.encoding
        encoding = "utf-8" if encoding.startswith("utf-16") else encoding
        return bytes(self._piece.data[start:end]).decode(encoding, "replace").rstrip("\r\n")

    def blank(self, row: int) -> bool:
        return not self.text(row).strip(self._nothing)


def _is_flat(layout: Layout, found: TextFormat, sample: bytes) -> bool:
    """Tell whether the whole line is the number once the delimiter counts as punctuation."""
    return (
        (layout.area, *layout.numbers) == (0, 1)
        and layout.columns == (0, 1)
        and len(found.names) == 2
        and found.delimiter is not None
        and found.delimiter in _IN_KERNEL
        and b'"' not in sample
    )


def _header_lines(head: bytes, found: TextFormat) -> int:
    """Count the lines before the first row of data."""
    text = bytes(head[len(found.bom) :]).decode(found.encoding, "replace")
    return sum(1 for _ in split_rows(text, found.delimiter, found.quote, found.terminator))
