"""Read workbooks and Parquet files: cells that have types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from quietline.errors import InputError
from quietline.numbering import parse_column
from quietline.registers.sources.assemble import Columns, assembled
from quietline.registers.sources.layout import find_layout
from quietline.registers.sources.operations import operation_of
from quietline.registers.sources.text import SAMPLE_ROWS
from quietline.tables import cell_text, column_names, guess_header, open_parquet, read_sheet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from quietline.registers.sources.batches import SourceBatch
    from quietline.registers.sources.dates import DateReader
    from quietline.registers.sources.plan import ReadPlan
    from quietline.tables import Stream

__all__ = ["ParquetSource", "SheetSource"]

_BATCH_ROWS = 50_000
_EXACT = 1e15


class SheetSource:
    """One sheet of an XLSX workbook.

    Args:
        stream: at its beginning.
        how: how to read it.
    """

    def __init__(self, stream: Stream, how: ReadPlan) -> None:
        self.name = stream.name
        self._how = how
        sheet = read_sheet(stream, how.options.sheet)
        self._rows = sheet.rows
        self._line = sheet.first_row
        self._ahead: list[list[Any]] = []
        filled: list[list[str]] = []
        for row in sheet.rows:
            self._ahead.append(row)
            if not _blank(row):
                filled.append([cell_text(cell) for cell in row])
            if len(filled) > SAMPLE_ROWS:
                break
        given = how.options.header
        header = guess_header(filled) if given is None else given
        names = column_names(filled[0] if filled else (), header=header, width=max(1, sheet.width))
        if header:
            while self._ahead and _blank(self._ahead[0]):
                self._skip()
            if self._ahead:
                self._skip()
        self.layout = find_layout(
            filled[1:] if header else filled, names, how.options, header=header, country=how.country, kinds=how.kinds
        )
        self.format = f"XLSX, sheet '{sheet.title}'"
        self.columns = self.layout.named(names)

    def _skip(self) -> None:
        self._ahead.pop(0)
        self._line += 1

    @property
    def is_change_list(self) -> bool:
        """Whether rows say add or delete."""
        return self.layout.operation is not None

    def batches(self) -> Iterator[SourceBatch]:
        """Give all rows; once."""
        held, self._ahead = self._ahead, []
        for row in self._rows:
            held.append(row)
            if len(held) >= _BATCH_ROWS:
                yield self._batch(held)
                held = []
        if held:
            yield self._batch(held)

    def _batch(self, rows: list[list[Any]]) -> SourceBatch:
        texts = _CellRows(rows, self._line)
        self._line += len(rows)
        return assembled(self._columns(rows), texts, file=self.name, line_of=texts.line)

    def _columns(self, rows: list[list[Any]]) -> Columns:
        layout, how = self.layout, self._how

        def cells(place: int) -> list[Any]:
            return [row[place] if place < len(row) else None for row in rows]

        if layout.area is not None:
            pairs = zip(cells(layout.area), cells(layout.numbers[0]), strict=True)
            lists: list[list[Any]] = [[_joined_cells(area, local) for area, local in pairs]]
        else:
            lists = [[_number_cell(cell) for cell in cells(place)] for place in layout.numbers]
        columns = _parsed(lists, how)
        if layout.since is not None:
            columns.since = _each(cells(layout.since), how.since_reader(layout.since_order).of_cell)
        if layout.until is not None:
            columns.until = _each(cells(layout.until), how.until_reader(layout.until_order).of_cell)
        if layout.terms is not None:
            columns.terms = _each(cells(layout.terms), lambda cell: how.terms.index(cell_text(cell)))
        if layout.operation is not None:
            truth = layout.truth
            found = _each(cells(layout.operation), lambda cell: operation_of(cell_text(cell), truth=truth))
            columns.operations = found.astype(np.uint8)
        return columns


def _each(cells: Sequence[Any], answer: Callable[[Any], int]) -> NDArray[np.int32]:
    return np.fromiter(map(answer, cells), dtype=np.int32, count=len(cells))


def _parsed(lists: Sequence[Any], how: ReadPlan) -> Columns:
    found = [parse_column(column, country=how.country, kinds=how.kinds) for column in lists]
    return Columns(np.stack([numbers.keys for numbers in found]), np.stack([numbers.statuses for numbers in found]))


def _blank(row: Sequence[Any]) -> bool:
    return all(cell is None or (isinstance(cell, str) and not cell.strip()) for cell in row)


def _number_cell(cell: Any) -> Any:
    """Give a cell as numbering wants it: a whole number in a workbook is how workbooks keep numbers, not damage."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < _EXACT:
        return int(cell)
    return cell if cell is None or isinstance(cell, str | int | float) else cell_text(cell)


def _joined_cells(area: Any, local: Any) -> str:
    number = cell_text(local).strip()
    return cell_text(area).strip() + number if number else ""


class _CellRows:
    """Rows of cells, for those that are rejected."""

    def __init__(self, rows: Sequence[Sequence[Any]], first_line: int) -> None:
        self._rows = rows
        self._first_line = first_line

    def line(self, row: int) -> int:
        return self._first_line + row

    def text(self, row: int) -> str:
        return ",".join(cell_text(cell) for cell in self._rows[row]).rstrip(",")

    def blank(self, row: int) -> bool:
        return _blank(self._rows[row])


class ParquetSource:
    """A Parquet file; only the columns in use are read.

    Args:
        stream: at its beginning.
        how: how to read it.
    """

    def __init__(self, stream: Stream, how: ReadPlan) -> None:
        self.name = stream.name
        self._how = how
        self._file = open_parquet(stream)
        names = [str(name) for name in self._file.schema_arrow.names]
        sample: list[list[str]] = []
        for batch in self._read(SAMPLE_ROWS, None):
            lists = [column.to_pylist() for column in batch.columns]
            sample = [[cell_text(cell) for cell in row] for row in zip(*lists, strict=True)]
            break
        self.layout = find_layout(sample, names, how.options, header=True, country=how.country, kinds=how.kinds)
        self.format = "Parquet"
        self.columns = self.layout.named(names)
        self._used = self.layout.columns
        self._names = [names[place] for place in self._used]

    @property
    def is_change_list(self) -> bool:
        """Whether rows say add or delete."""
        return self.layout.operation is not None

    def _read(self, rows: int, columns: list[str] | None) -> Iterator[Any]:
        import pyarrow as pa

        try:
            yield from self._file.iter_batches(batch_size=rows, columns=columns)
        except (pa.ArrowException, OSError) as problem:
            reason = str(problem).strip().splitlines()[0].rstrip(".")
            raise InputError(
                f"The Parquet file {self.name} is damaged: {reason}.",
                advice="Fetch or save it again.",
                code="input.corrupt_parquet",
            ) from None

    def batches(self) -> Iterator[SourceBatch]:
        """Give all rows; once."""
        line = 1
        for batch in self._read(_BATCH_ROWS, self._names):
            columns = {place: batch.column(i) for i, place in enumerate(self._used)}
            texts = _ArrowRows(batch, line)
            line += batch.num_rows
            yield assembled(self._columns(columns), texts, file=self.name, line_of=texts.line)

    def _columns(self, arrays: dict[int, Any]) -> Columns:
        layout, how = self.layout, self._how
        if layout.area is not None:
            pairs = zip(arrays[layout.area].to_pylist(), arrays[layout.numbers[0]].to_pylist(), strict=True)
            columns = _parsed([[_joined_cells(area, local) for area, local in pairs]], how)
        else:
            columns = _parsed([arrays[place] for place in layout.numbers], how)
        if layout.since is not None:
            columns.since = _arrow_days(arrays[layout.since], how.since_reader(layout.since_order))
        if layout.until is not None:
            columns.until = _arrow_days(arrays[layout.until], how.until_reader(layout.until_order))
        if layout.terms is not None:
            columns.terms = _distinct(arrays[layout.terms], lambda cell: how.terms.index(cell_text(cell)))
        if layout.operation is not None:
            truth = layout.truth
            found = _distinct(arrays[layout.operation], lambda cell: operation_of(cell_text(cell), truth=truth))
            columns.operations = found.astype(np.uint8)
        return columns


def _distinct(array: Any, answer: Callable[[Any], int]) -> NDArray[np.int32]:
    """Answer for each different cell once."""
    import pyarrow as pa

    if not pa.types.is_dictionary(array.type):
        try:
            array = array.dictionary_encode()
        except pa.ArrowNotImplementedError:  # lists and the like
            return _each(array.to_pylist(), answer)
    answers = np.array([*map(answer, array.dictionary.to_pylist()), answer(None)], dtype=np.int32)
    places = array.indices.fill_null(len(answers) - 1).to_numpy(zero_copy_only=False)
    found: NDArray[np.int32] = answers[places]
    return found


def _arrow_days(array: Any, reader: DateReader) -> NDArray[np.int32]:
    return _distinct(array, reader.of_cell)


class _ArrowRows:
    """Rows of a batch, for those that are rejected."""

    def __init__(self, batch: Any, first_line: int) -> None:
        self._batch = batch
        self._first_line = first_line

    def line(self, row: int) -> int:
        return self._first_line + row

    def text(self, row: int) -> str:
        return ",".join(cell_text(column[row].as_py()) for column in self._batch.columns).rstrip(",")

    def blank(self, row: int) -> bool:
        return _blank([column[row].as_py() for column in self._batch.columns])
