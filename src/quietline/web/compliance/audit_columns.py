"""The names of a log's columns, for a person to say which is which."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from quietline.tables import cell_text, column_names, guess_header, open_parquet, open_stream, read_sheet, sniff

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["MOST_COLUMNS", "columns_of"]

MOST_COLUMNS = 100
"""Columns that can be chosen from."""
_SAMPLE_BYTES = 1 << 18
_SAMPLE_ROWS = 20
_MOST_LETTERS = 40
_MOST_DIGITS = 4


def columns_of(path: Path, *, sheet: str | None = None) -> list[str]:
    """Give the names of a log's columns in their order, each with its number before it.

    A log without a header may be taken to have one; names that could be telephone numbers are therefore not repeated.

    Args:
        path: of the log.
        sheet: of a workbook.

    Raises:
        InputError: it cannot be read.
    """
    with open_stream(path) as stream:
        kind = stream.expect("text", "xlsx", "parquet")
        if kind == "parquet":
            names = [str(name) for name in open_parquet(stream).schema_arrow.names]
        elif kind == "xlsx":
            found = read_sheet(stream, sheet)
            rows = [[cell_text(cell) for cell in row] for row in islice(found.rows, _SAMPLE_ROWS)]
            texts = [row for row in rows if any(row)]
            names = list(column_names(texts[0] if texts else [], header=guess_header(texts), width=found.width))
        else:
            sample = stream.peek(_SAMPLE_BYTES)
            names = list(
                sniff(sample, complete=len(sample) < _SAMPLE_BYTES, file_name=stream.name, encoding=None, delimiter="auto",
                      quote="auto", header=None).names
            )  # fmt: skip
    return [_shown(number, name) for number, name in enumerate(names[:MOST_COLUMNS], start=1)]


def _shown(number: int, name: str) -> str:
    plain = " ".join(name.split())[:_MOST_LETTERS]
    told = plain if sum(letter.isdigit() for letter in plain) <= _MOST_DIGITS else ""
    return f"{number}: {told}" if told else str(number)
