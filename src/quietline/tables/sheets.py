"""Read and write XLSX workbooks, one sheet as rows of cells."""

from __future__ import annotations

import datetime
import math
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from quietline.errors import InputError, MissingExtraError, OutputError
from quietline.tables._output_errors import output_error
from quietline.tables.output_files import OutputFile
from quietline.tables.outputs import open_output
from quietline.tables.streams import Stream, open_stream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from quietline.tables.outputs import Target
    from quietline.tables.streams import Source

__all__ = ["MAX_SHEET_COLUMNS", "MAX_SHEET_ROWS", "Cell", "Sheet", "cell_text", "read_sheet", "write_sheet"]

Cell: TypeAlias = "str | float | int | bool | datetime.date | datetime.time | datetime.timedelta | Decimal | None"
MAX_SHEET_ROWS = 1_048_576
MAX_SHEET_COLUMNS = 16_384
_MAX_CELL_CHARACTERS = 32_767
_EXACT_INTEGER = 10**15  # a spreadsheet keeps fifteen digits


@dataclass(frozen=True)
class Sheet:
    """One sheet of a workbook.

    Attributes:
        title: its name.
        titles: the names of all sheets of the workbook.
        first_row: number of the row in the workbook, counted from 1, with which ``rows`` begins (there may be
            blank rows before it); 0 where the sheet is empty.
        width: number of columns, from column A on.
        height: number of rows that ``rows`` gives.
        rows: the rows in order, each a list of width cells, None where empty. A row may be blank. Numbers are
            floats, as the workbook stores them; dates, times and truth values have their types. To be gone
            through once.
    """

    title: str
    titles: tuple[str, ...]
    first_row: int
    width: int
    height: int
    rows: Iterator[list[Cell]]


def read_sheet(source: Source | Stream, sheet: str | None = None) -> Sheet:
    """Read one sheet of an XLSX workbook. The sheet is held in memory.

    Args:
        source: a path, '-', bytes, a file object, or a stream that nothing has been read from and that stays
            open.
        sheet: name of the sheet, or its number counted from 1; by default the only visible one that is not
            empty.

    Raises:
        InputError: it cannot be read (as for ``open_stream``), is no XLSX workbook (``input.kind``), is
            damaged (``input.corrupt_xlsx``) or locked (``input.encrypted_xlsx``), has no such sheet
            (``input.sheet``), or several sheets hold rows and none was named (``input.sheet_ambiguous``).
        MissingExtraError: python-calamine is not installed.
    """
    try:
        import python_calamine as calamine
    except ImportError:
        raise MissingExtraError("Reading XLSX files", extra="xlsx") from None
    if not isinstance(source, Stream):
        with open_stream(source) as stream:
            return _read(calamine, stream, sheet)
    return _read(calamine, source, sheet)


def _read(calamine: Any, stream: Stream, wanted: str | None) -> Sheet:
    stream.expect("xlsx")
    try:
        book = calamine.CalamineWorkbook.from_filelike(stream.random_access())
        titles = tuple(book.sheet_names)
        title = _chosen(calamine, book, stream.name, wanted)
        found = book.get_sheet_by_name(title)
    except calamine.PasswordError:
        raise InputError(
            f"{stream.name} is locked with a password.",
            advice="Save it without one.",
            code="input.encrypted_xlsx",
        ) from None
    except (calamine.CalamineError, OSError) as problem:
        raise InputError(
            f"The workbook {stream.name} cannot be read: {str(problem).strip().rstrip('.')}.",
            advice="Fetch it again, or open it in a spreadsheet program and save it again.",
            code="input.corrupt_xlsx",
        ) from None
    if found.start is None or found.end is None:
        return Sheet(title, titles, 0, 0, 0, iter(()))
    (top, left), (bottom, right) = found.start, found.end
    rows = _rows(found.iter_rows(), top, left)
    return Sheet(title, titles, top + 1, right + 1, bottom - top + 1, rows)


def _rows(raw: Iterator[list[Any]], top: int, left: int) -> Iterator[list[Cell]]:
    """Yield rows from the first in use on, with the empty columns before the first in use."""
    before: list[Cell] = [None] * left
    for number, row in enumerate(raw):
        if number >= top:
            yield before + [None if cell == "" else cell for cell in row]


def _chosen(calamine: Any, book: Any, name: str, wanted: str | None) -> str:
    """Return the title of the sheet that is meant."""
    titles = list(book.sheet_names)
    if wanted is not None:
        if wanted in titles:
            return wanted
        if wanted.isascii() and wanted.isdigit() and 1 <= int(wanted) <= len(titles):
            return cast("str", titles[int(wanted) - 1])
        raise InputError(
            f"{name} has no sheet '{wanted}'. Its sheets are: {', '.join(titles)}.",
            advice="Use one of these names, or a sheet's number counted from 1.",
            code="input.sheet",
        )
    visible = [
        about.name
        for about in book.sheets_metadata
        if about.visible == calamine.SheetVisibleEnum.Visible and about.typ == calamine.SheetTypeEnum.WorkSheet
    ]
    if not visible:
        raise InputError(f"{name} has no visible sheet.", advice="Unhide the one that is meant.", code="input.sheet")
    if len(visible) == 1:
        return cast("str", visible[0])
    filled = [title for title in visible if book.get_sheet_by_name(title).start is not None]
    if len(filled) > 1:
        raise InputError(
            f"Several sheets of {name} hold rows: {', '.join(filled)}.",
            advice="Say which one to read (--sheet), or save it as a file of its own.",
            code="input.sheet_ambiguous",
        )
    return cast("str", (filled or visible)[0])


def cell_text(value: object) -> str:  # noqa: PLR0911 - one for each type of cell
    """Return how a cell appears as text: 2125551234.0 is '2125551234', dates are ISO 8601, empty is ''."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        if math.isnan(value):
            return ""
        return str(int(value)) if value.is_integer() and abs(value) < _EXACT_INTEGER * 10 else repr(value)
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)


def write_sheet(
    target: OutputFile | Target,
    rows: Iterable[Sequence[object]],
    *,
    title: str = "Sheet1",
    text: bool = False,
) -> int:
    """Write rows to an XLSX workbook of one sheet, in constant memory; return the number of rows.

    Text stays text: nothing becomes a formula, a link or a number. Numbers of more than fifteen digits, which
        a
    spreadsheet would spoil, are written as text. Dates keep their type.

    Args:
        target: an open output, which is left to be committed; or a path, '-' or a file object.
        rows: the rows, a header included where there is one. Cells as in ``Sheet.rows``.
        title: name of the sheet.
        text: write every cell as text.

    Raises:
        OutputError: the rows are more or wider than a sheet can hold (``output.too_many_rows``), a cell is
            longer than it can hold (``output.cell_too_long``), or the output cannot be written.
        MissingExtraError: XlsxWriter is not installed.
    """
    try:
        import xlsxwriter
    except ImportError:
        raise MissingExtraError("Writing XLSX files", extra="xlsx") from None
    if not isinstance(target, OutputFile):
        with open_output(target) as output:
            return write_sheet(output, rows, title=title, text=text)
    import tempfile

    try:
        # in a directory of its own, so that what the library puts aside goes whatever happens
        with tempfile.TemporaryDirectory(prefix="quietline-") as scratch:
            return _write_book(xlsxwriter, target, rows, scratch, title=title, text=text)
    except OSError as problem:
        raise output_error(problem, target.name, tempfile.gettempdir()) from None


def _write_book(
    xlsxwriter: Any,
    target: OutputFile,
    rows: Iterable[Sequence[object]],
    scratch: str,
    *,
    title: str,
    text: bool,
) -> int:
    options = {
        "constant_memory": True,
        "tmpdir": scratch,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "remove_timezone": True,
    }
    pipe = _Pipe(target)
    book = xlsxwriter.Workbook(pipe, options)
    book.use_zip64()
    sheet = book.add_worksheet(title)
    writer = _SheetWriter(book, sheet, target.name, text=text)
    try:
        for row in rows:
            writer.write_row(row)
        book.close()
    finally:
        pipe.open = False
        book.fileclosed = True
        sheet._opt_close()  # noqa: SLF001 - the library offers no way to give a workbook up
    return writer.count


class _Pipe:
    """An output as the zip library wants it: not seekable, so that it writes from front to back."""

    def __init__(self, output: OutputFile) -> None:
        self.open = True
        self._output = output

    def write(self, data: bytes) -> int:
        return self._output.write(data) if self.open else len(data)

    def flush(self) -> None:
        """Do nothing: the output is flushed when it is committed."""


class _SheetWriter:
    """Puts rows of cells into a sheet, each cell as what it is."""

    def __init__(self, book: Any, sheet: Any, name: str, *, text: bool) -> None:
        self.count = 0
        self._sheet = sheet
        self._name = name
        self._text = text
        self._formats = {
            datetime.datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
            datetime.date: book.add_format({"num_format": "yyyy-mm-dd"}),
            datetime.time: book.add_format({"num_format": "hh:mm:ss"}),
            datetime.timedelta: book.add_format({"num_format": "[h]:mm:ss"}),
        }

    def write_row(self, row: Sequence[object]) -> None:
        if self.count >= MAX_SHEET_ROWS or len(row) > MAX_SHEET_COLUMNS:
            raise OutputError(
                f"{self._name} cannot hold the result: a sheet has room for {MAX_SHEET_ROWS:,} rows "
                f"of {MAX_SHEET_COLUMNS:,} cells.",
                advice="Write a .csv file instead.",
                code="output.too_many_rows",
            )
        for column, value in enumerate(row):
            if value is not None and value != "":
                self._write(column, value)
        self.count += 1

    def _write(self, column: int, value: object) -> None:
        row = self.count
        if self._text:
            self._write_text(column, cell_text(value))
        elif isinstance(value, bool):
            self._sheet.write_boolean(row, column, value)
        elif isinstance(value, (int, float)) and math.isfinite(value) and abs(value) < _EXACT_INTEGER:
            self._sheet.write_number(row, column, value)
        elif type(value) in self._formats and not _before_1900(value):
            self._sheet.write_datetime(row, column, value, self._formats[type(value)])
        else:
            self._write_text(column, cell_text(value))

    def _write_text(self, column: int, text: str) -> None:
        if len(text) > _MAX_CELL_CHARACTERS:
            raise OutputError(
                f"{self._name} cannot hold the result: a cell of row {self.count + 1:,} has {len(text):,} "
                f"characters, and a sheet takes {_MAX_CELL_CHARACTERS:,}.",
                advice="Write a .csv file instead.",
                code="output.cell_too_long",
            )
        self._sheet.write_string(self.count, column, text)


def _before_1900(value: object) -> bool:
    """Return whether a spreadsheet has no number for this day."""
    return isinstance(value, datetime.date) and value.year < 1900
