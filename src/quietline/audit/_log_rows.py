"""Rows of a log from text, workbooks and Parquet: for some thousand rows at a time, columns by their places."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from quietline.errors import InputError
from quietline.kernel import BLANK_LENGTH
from quietline.numbering import FieldParser, parse_column
from quietline.tables import (
    TextReader,
    cell_text,
    column_names,
    delimiter_named,
    guess_header,
    open_parquet,
    read_sheet,
    rows_of,
    sniff,
    split_rows,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from quietline.audit.times import Moments, TimeReader
    from quietline.numbering import Numbers
    from quietline.tables import Piece, Stream

__all__ = ["LogRows", "ParquetLog", "RowBatch", "SheetLog", "TextLog", "clean_text"]

_SAMPLE_BYTES = 1 << 18
_SAMPLE_ROWS = 300
_BATCH_ROWS = 20_000
_MEMO = 50_000
_LONGEST_TEXT = 200


class RowBatch(Protocol):
    """Some rows of a log; columns are named by their place, counted from 0.

    Attributes:
        rows: int64, shape (n,); row numbers, the header counted.
    """

    rows: NDArray[np.int64]

    def numbers(self, place: int, country: str) -> Numbers:
        """Read a column as telephone numbers."""

    def moments(self, place: int, reader: TimeReader) -> Moments:
        """Read a column as moments."""

    def texts(self, place: int) -> list[str]:
        """Read a column as text that is fit to be shown."""


class LogRows(Protocol):
    """A log of whatever make.

    Attributes:
        kind: ``text``, ``xlsx`` or ``parquet``.
        names: the columns.
        header: whether the names were written in it.
        description: how it is written, in words.
    """

    kind: str
    names: tuple[str, ...]
    header: bool
    description: str

    def sample(self) -> list[list[str]]:
        """Give some of the first rows as text, without the header."""

    def batches(self, places: Sequence[int]) -> Iterator[RowBatch]:
        """Give all rows, of which only the columns at these places are wanted; once."""


def clean_text(text: str) -> str:
    """Make a text from a log fit to be shown: no control or direction characters, not too long.

    A name with such characters could turn a line of the report around or hide in it.
    """
    if not text.isascii() or not text.isprintable():
        text = "".join(" " if c in "\t\r\n" else c for c in text if c in "\t\r\n" or unicodedata.category(c)[0] != "C")
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…"


class _Cleaner:
    """Remembers texts that were made fit: logs repeat the same few."""

    def __init__(self) -> None:
        self._memo: dict[Any, str] = {}

    def get(self, raw: Any) -> str | None:
        return self._memo.get(raw)

    def put(self, raw: Any, text: str) -> str:
        if len(self._memo) >= _MEMO:
            self._memo.clear()
        found = self._memo[raw] = clean_text(text)
        return found


@dataclass(slots=True)
class _TextBatch:
    rows: NDArray[np.int64]
    data: memoryview
    starts: dict[int, NDArray[np.uint32]]
    lengths: dict[int, NDArray[np.uint32]]
    reader: TextReader
    parsers: dict[str, FieldParser]
    cleaner: _Cleaner

    def numbers(self, place: int, country: str) -> Numbers:
        parser = self.parsers.get(country)
        if parser is None:
            parser = self.parsers[country] = FieldParser(country)
        return parser.parse(self.data, self.starts[place], self.lengths[place], self.reader.text_of)

    def moments(self, place: int, reader: TimeReader) -> Moments:
        return reader.fields(self.data, self.starts[place], self.lengths[place], self.reader.text_of, self.rows)

    def texts(self, place: int) -> list[str]:
        data, cleaner = bytes(self.data), self.cleaner
        found: list[str] = []
        ends = self.starts[place] + self.lengths[place]
        for start, end in zip(self.starts[place].tolist(), ends.tolist(), strict=True):
            raw = data[start:end]
            text = cleaner.get(raw)
            found.append(cleaner.put(raw, self.reader.text_of(raw)) if text is None else text)
        return found


class TextLog:
    """Delimited text.

    Args:
        stream: the log, at its beginning.
        encoding: as for :class:`~quietline.audit.ReadAs`; likewise the others.
    """

    kind = "text"

    def __init__(
        self, stream: Stream, *, encoding: str | None, delimiter: str | None, quote: str | None, header: bool | None
    ) -> None:
        self._stream = stream
        sample = stream.peek(_SAMPLE_BYTES)
        complete = len(sample) < _SAMPLE_BYTES
        self._format = sniff(
            sample,
            complete=complete,
            file_name=stream.name,
            encoding=encoding,
            delimiter="auto" if delimiter is None else delimiter_named(delimiter),
            quote="auto" if quote is None else (None if quote == "none" else quote),
            header=header,
        )
        self.names = self._format.names
        self.header = self._format.header
        self.description = self._format.describe()
        self._sample = rows_of(sample, self._format, _SAMPLE_ROWS, complete=complete)

    def sample(self) -> list[list[str]]:
        """Give some of the first rows as text, without the header."""
        return self._sample

    def batches(self, places: Sequence[int]) -> Iterator[RowBatch]:
        """Give all rows."""
        wanted = sorted(set(places))
        reader = TextReader(self._stream, self._format, wanted)
        parsers: dict[str, FieldParser] = {}
        cleaner = _Cleaner()
        row = 1 + self._head_rows(reader)
        for piece in reader:
            batch, row = self._batch(reader, piece, wanted, row, parsers, cleaner)
            if len(batch.rows):
                yield batch
            # the memory is used again only when whoever has the batch has come back for the next
            reader.recycle(piece)

    def _head_rows(self, reader: TextReader) -> int:
        """Count the rows before the first of data: the header, and blank lines above it."""
        head = reader.head.removeprefix(self._format.bom).decode(self._format.encoding, "replace")
        return sum(1 for _ in split_rows(head, self._format.delimiter, self._format.quote, self._format.terminator))

    def _batch(
        self,
        reader: TextReader,
        piece: Piece,
        wanted: list[int],
        row: int,
        parsers: dict[str, FieldParser],
        cleaner: _Cleaner,
    ) -> tuple[_TextBatch, int]:
        found = reader.scan(piece)
        rows = np.arange(row, row + len(found), dtype=np.int64)
        starts, lengths = found.starts, found.lengths
        blank = lengths[0] == BLANK_LENGTH
        if blank.any():
            rows, starts, lengths = rows[~blank], starts[:, ~blank], lengths[:, ~blank]
        by_place = {place: np.ascontiguousarray(starts[i]) for i, place in enumerate(wanted)}
        long = {place: np.ascontiguousarray(lengths[i]) for i, place in enumerate(wanted)}
        return _TextBatch(rows, piece.data, by_place, long, reader, parsers, cleaner), row + len(found)


@dataclass(slots=True)
class _CellBatch:
    rows: NDArray[np.int64]
    columns: dict[int, Any]
    cleaner: _Cleaner

    def numbers(self, place: int, country: str) -> Numbers:
        column = self.columns[place]
        cells = [_number_cell(cell) for cell in column] if isinstance(column, list) else column
        return parse_column(cells, country=country)

    def moments(self, place: int, reader: TimeReader) -> Moments:
        column = self.columns[place]
        if isinstance(column, list):
            return reader.cells(column, self.rows)
        return _arrow_moments(column, reader, self.rows)

    def texts(self, place: int) -> list[str]:
        column = self.columns[place]
        found: list[str] = []
        for cell in column if isinstance(column, list) else column.to_pylist():
            raw = cell if isinstance(cell, str) else cell_text(cell)
            text = self.cleaner.get(raw)
            found.append(self.cleaner.put(raw, raw) if text is None else text)
        return found


def _number_cell(cell: Any) -> Any:
    """Give a cell as numbering wants it: a whole number in a workbook is how workbooks keep numbers, not damage."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return int(cell)
    return cell if cell is None or isinstance(cell, str | int | float) else cell_text(cell)


class SheetLog:
    """One sheet of a workbook."""

    kind = "xlsx"
    description = "XLSX"

    def __init__(self, stream: Stream, *, sheet: str | None, header: bool | None) -> None:
        found = read_sheet(stream, sheet)
        numbered = [(found.first_row + i, row) for i, row in enumerate(found.rows)]
        self._rows = [(i, row) for i, row in numbered if any(cell not in (None, "") for cell in row)]
        texts = [[cell_text(cell) for cell in row] for _, row in self._rows[:_SAMPLE_ROWS]]
        self.header = guess_header(texts) if header is None else header
        self.names = column_names(texts[0] if texts else [], header=self.header, width=found.width)
        if self.header and self._rows:
            self._rows.pop(0)
        self._sample = texts[1:] if self.header else texts

    def sample(self) -> list[list[str]]:
        """Give some of the first rows as text, without the header."""
        return self._sample

    def batches(self, places: Sequence[int]) -> Iterator[RowBatch]:
        """Give all rows."""
        cleaner = _Cleaner()
        for start in range(0, len(self._rows), _BATCH_ROWS):
            part = self._rows[start : start + _BATCH_ROWS]
            columns = {place: [row[place] if place < len(row) else None for _, row in part] for place in places}
            yield _CellBatch(np.array([i for i, _ in part], np.int64), columns, cleaner)


class ParquetLog:
    """A Parquet file. It has no header among its rows: the first row is row 1."""

    kind = "parquet"
    header = True
    description = "PARQUET"

    def __init__(self, stream: Stream) -> None:
        self._file = open_parquet(stream)
        self.names = tuple(self._file.schema_arrow.names)
        self._name = stream.name

    def sample(self) -> list[list[str]]:
        """Give some of the first rows as text."""
        for batch in self._batches(_SAMPLE_ROWS, None):
            columns = [[cell_text(cell) for cell in column.to_pylist()] for column in batch.columns]
            return [list(row) for row in zip(*columns, strict=True)]
        return []

    def batches(self, places: Sequence[int]) -> Iterator[RowBatch]:
        """Give all rows."""
        wanted = sorted(set(places))
        cleaner = _Cleaner()
        row = 1
        for batch in self._batches(_BATCH_ROWS, [self.names[place] for place in wanted]):
            columns = {place: batch.column(self.names[place]) for place in wanted}
            yield _CellBatch(np.arange(row, row + batch.num_rows, dtype=np.int64), columns, cleaner)
            row += batch.num_rows

    def _batches(self, rows: int, names: list[str] | None) -> Iterator[Any]:
        import pyarrow as pa

        try:
            yield from self._file.iter_batches(batch_size=rows, columns=names)
        except (pa.ArrowException, OSError) as error:
            reason = str(error).strip().splitlines()[0].rstrip(".")
            raise InputError(
                f"{self._name} is damaged: {reason}.", advice="Fetch or write the file again.", code="input.corrupt"
            ) from error


def _arrow_moments(column: Any, reader: TimeReader, rows: NDArray[np.int64]) -> Moments:
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_timestamp(column.type):
        return reader.cells(column.to_pylist(), rows)
    utc = column.type.tz is not None
    micros = pc.cast(column, pa.timestamp("us", tz=column.type.tz), safe=False).cast(pa.int64())
    valid = np.asarray(pc.is_valid(column).to_numpy(zero_copy_only=False), dtype=np.bool_)
    return reader.stamps(pc.fill_null(micros, 0).to_numpy(zero_copy_only=False), valid, utc=utc, rows=rows)
