"""Wash workbooks and Parquet files: rows of cells, in batches."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from quietline.errors import InputError, UsageError
from quietline.numbering import parse_column
from quietline.tables import cell_text, open_parquet, read_sheet, write_sheet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from quietline.tables import OutputFile, Stream
    from quietline.wash.parts import WashParts
    from quietline.wash.verdicts import Verdicts

__all__ = ["Batch", "ParquetTable", "SheetTable", "Table", "TableWash"]

_BATCH_ROWS = 20_000


class Batch(Protocol):
    """Some rows of a table."""

    def __len__(self) -> int:
        """Count the rows."""

    def column(self, place: int) -> Any:
        """Give one column as something :func:`~quietline.numbering.parse_column` reads."""

    def rows(self, select: NDArray[np.bool_]) -> Iterator[list[Any]]:
        """Give the selected rows as lists of cells."""


class Table(Protocol):
    """A table that is not text."""

    kind: str
    names: tuple[str, ...]
    header: bool

    def sample(self) -> list[list[str]]:
        """Give the first rows as text."""

    def batches(self) -> Iterator[Batch]:
        """Give all rows; once."""

    def writer(self, output: OutputFile, *, notes: Sequence[str]) -> TableWriter:
        """Give what writes rows of this table to an output."""


class TableWriter(Protocol):
    """Writes rows of a table."""

    def write(self, batch: Batch, select: NDArray[np.bool_], notes: Sequence[Sequence[str]]) -> None:
        """Write the selected rows; ``notes`` has one note for each of them, or is empty."""

    def finish(self) -> None:
        """Write what is still held back."""


@dataclass(frozen=True, slots=True)
class _RowBatch:
    held: list[list[Any]]

    def __len__(self) -> int:
        return len(self.held)

    def column(self, place: int) -> list[Any]:
        return [_number_cell(row[place]) if place < len(row) else None for row in self.held]

    def rows(self, select: NDArray[np.bool_]) -> Iterator[list[Any]]:
        for i in np.flatnonzero(select).tolist():
            yield self.held[i]


def _number_cell(cell: Any) -> Any:
    """Give a cell as numbering wants it: a whole number in a workbook is how workbooks keep numbers, not damage."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return int(cell)
    return cell if cell is None or isinstance(cell, str | int | float) else cell_text(cell)


class SheetTable:
    """One sheet of an XLSX workbook."""

    kind = "xlsx"

    def __init__(self, stream: Stream, *, sheet: str | None, header: bool | None) -> None:
        from quietline.tables import column_names, guess_header

        found = read_sheet(stream, sheet)
        self._rows = [row for row in found.rows if any(cell not in (None, "") for cell in row)]
        texts = [[cell_text(cell) for cell in row] for row in self._rows[:200]]
        self.header = guess_header(texts) if header is None else header
        self.names = column_names(texts[0] if texts else [], header=self.header, width=found.width)
        self.head = self._rows.pop(0) if self.header and self._rows else []
        self._sample = texts[1:] if self.header else texts

    def sample(self) -> list[list[str]]:
        """Give the first rows as text."""
        return self._sample

    def batches(self) -> Iterator[Batch]:
        """Give all rows; once."""
        for start in range(0, len(self._rows), _BATCH_ROWS):
            yield _RowBatch(self._rows[start : start + _BATCH_ROWS])

    def writer(self, output: OutputFile, *, notes: Sequence[str]) -> TableWriter:
        """Give what writes rows of this sheet to an output."""
        head = [*self.head, *notes] if self.header else None
        if output.name.lower().endswith(".xlsx"):
            return _SheetWriter(output, head)
        if output.name.lower().endswith(".parquet"):
            raise UsageError("Rows of a workbook are written to .xlsx or to text, not to Parquet.")
        return _CsvWriter(output, head)


class _ArrowBatch:
    def __init__(self, batch: Any) -> None:
        self.held = batch

    def __len__(self) -> int:
        return int(self.held.num_rows)

    def column(self, place: int) -> Any:
        return self.held.column(place)

    def rows(self, select: NDArray[np.bool_]) -> Iterator[list[Any]]:
        columns = [column.to_pylist() for column in self.selected(select).columns]
        for cells in zip(*columns, strict=True):
            yield list(cells)

    def selected(self, select: NDArray[np.bool_]) -> Any:
        import pyarrow as pa

        return self.held.filter(pa.array(select))


class ParquetTable:
    """A Parquet file."""

    kind = "parquet"
    header = True

    def __init__(self, stream: Stream) -> None:
        self._file = open_parquet(stream)
        self.schema = self._file.schema_arrow
        self.names = tuple(self.schema.names)
        self._name = stream.name

    def sample(self) -> list[list[str]]:
        """Give the first rows as text."""
        for batch in self._batches(200):
            return [[cell_text(cell) for cell in row] for row in batch.rows(np.ones(len(batch), bool))]
        return []

    def batches(self) -> Iterator[Batch]:
        """Give all rows."""
        return self._batches(_BATCH_ROWS)

    def _batches(self, rows: int) -> Iterator[_ArrowBatch]:
        import pyarrow as pa

        try:
            for batch in self._file.iter_batches(batch_size=rows):
                yield _ArrowBatch(batch)
        except (pa.ArrowException, OSError) as error:
            reason = str(error).strip().splitlines()[0].rstrip(".")
            raise InputError(
                f"{self._name} is damaged: {reason}.", advice="Fetch or write the file again.", code="input.corrupt"
            ) from error

    def writer(self, output: OutputFile, *, notes: Sequence[str]) -> TableWriter:
        """Give what writes rows of this file to an output."""
        if output.name.lower().endswith(".parquet"):
            return _ParquetWriter(output, self.schema, notes=notes)
        head = [*self.names, *notes]
        return _SheetWriter(output, head) if output.name.lower().endswith(".xlsx") else _CsvWriter(output, head)


class _SheetWriter:
    """Holds the rows back: a workbook is written in one go."""

    def __init__(self, output: OutputFile, head: list[Any] | None) -> None:
        self._output = output
        self._rows: list[list[Any]] = [head] if head else []

    def write(self, batch: Batch, select: NDArray[np.bool_], notes: Sequence[Sequence[str]]) -> None:
        self._rows.extend(_with_notes(batch.rows(select), notes))

    def finish(self) -> None:
        write_sheet(self._output, self._rows)


class _CsvWriter:
    def __init__(self, output: OutputFile, head: list[Any] | None) -> None:
        self._output = output
        if head:
            self._put([[cell_text(cell) for cell in head]])

    def _put(self, rows: Sequence[Sequence[str]]) -> None:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows(rows)
        self._output.write(text.getvalue().encode())

    def write(self, batch: Batch, select: NDArray[np.bool_], notes: Sequence[Sequence[str]]) -> None:
        rows = [[cell_text(cell) for cell in row] for row in _with_notes(batch.rows(select), notes)]
        if rows:
            self._put(rows)

    def finish(self) -> None:
        pass


class _ParquetWriter:
    def __init__(self, output: OutputFile, schema: Any, *, notes: Sequence[str]) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        for name in notes:
            schema = schema.append(pa.field(name, pa.string()))
        self._sink = pa.PythonFile(_Sink(output), mode="w")
        self._schema = schema
        self._writer = pq.ParquetWriter(self._sink, schema)

    def write(self, batch: Any, select: NDArray[np.bool_], notes: Sequence[Sequence[str]]) -> None:
        import pyarrow as pa

        chosen = batch.selected(select)
        added = [pa.array(column, pa.string()) for column in zip(*notes, strict=True)]
        if len(self._schema) > chosen.num_columns and not added:
            added = [pa.array([], pa.string())] * (len(self._schema) - chosen.num_columns)
        self._writer.write_batch(pa.record_batch([*chosen.columns, *added], schema=self._schema))

    def finish(self) -> None:
        self._writer.close()
        self._sink.close()


class _Sink(io.RawIOBase):
    """An output as the file object that Arrow wants."""

    def __init__(self, output: OutputFile) -> None:
        self._output = output

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        return self._output.write(data)


def _with_notes(rows: Iterator[list[Any]], notes: Sequence[Sequence[str]]) -> Iterator[list[Any]]:
    if not notes:
        yield from rows
        return
    for row, note in zip(rows, notes, strict=True):
        yield [*row, *note]


@dataclass(frozen=True, slots=True)
class TableWash:
    """One wash of a table.

    Attributes:
        table: the list.
        columns: places of the washed columns.
        country: default country of their numbers.
        reading: options for :func:`~quietline.numbering.parse_column`.
        parts: the rest.
    """

    table: Table
    columns: Sequence[int]
    country: str
    reading: dict[str, Any]
    parts: WashParts

    def run(self) -> None:
        """Wash the table from beginning to end."""
        parts = self.parts
        writers = [
            (self.table.writer(output, notes=() if role == "clean" else parts.notes.names), role)
            for role, output in parts.outputs
        ]
        for batch in self.table.batches():
            verdicts = self._verdicts(batch)
            for writer, role in writers:
                select = parts.select(role, verdicts.reasons)
                writer.write(batch, select, [] if role == "clean" else self._notes_of(verdicts, select))
            if parts.progress is not None:
                parts.progress()
        for writer, _ in writers:
            writer.finish()

    def _verdicts(self, batch: Batch) -> Verdicts:
        numbers = [parse_column(batch.column(c), country=self.country, **self.reading) for c in self.columns]
        verdicts = self.parts.judge.judge(numbers)
        if self.parts.seen is not None:
            verdicts = self.parts.seen.mark(verdicts, self.parts.tally)
        self.parts.tally.add(verdicts, columns=len(self.columns))
        return verdicts

    def _notes_of(self, verdicts: Verdicts, select: NDArray[np.bool_]) -> list[tuple[str, ...]]:
        return [self.parts.notes.of_row(verdicts, row) for row in np.flatnonzero(select).tolist()]
