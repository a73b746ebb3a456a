"""Wash what is in memory already: a column of numbers, or an Arrow table."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from quietline.errors import ColumnError
from quietline.numbering import country_code, parse_column
from quietline.registers import Register
from quietline.tables import cell_text, find_number_columns, resolve_columns
from quietline.wash.notes import NOTE_NAMES, Notes
from quietline.wash.summary import Tally
from quietline.wash.verdicts import Judge
from quietline.wash.washing import register_names

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    import pyarrow as pa
    from numpy.typing import NDArray

    from quietline.wash.verdicts import Verdicts

__all__ = ["WashedColumn", "WashedTable", "wash_column", "wash_table"]

_SAMPLE_ROWS = 300


@dataclass(frozen=True, slots=True)
class WashedColumn:
    """Verdicts on a column; every array has one element per row.

    Attributes:
        keep: bool; the row is clean.
        verdicts: reasons (uint8), keys (uint64), statuses (uint8), repairs (uint16), hits (bool, shape (registers, rows))
            and since-days (uint16, the same shape).
        registers: names of the registers, in the order of the first axis of ``hits``.
        counts: as in :class:`~quietline.wash.Summary`.
    """

    keep: NDArray[np.bool_]
    verdicts: Verdicts
    registers: tuple[str, ...]
    counts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class WashedTable:
    """A washed Arrow table.

    Attributes:
        clean: the kept rows, with the schema of the table.
        removed: the others, with the columns of :data:`~quietline.wash.NOTE_NAMES` (text) behind their own.
        columns: names of the washed columns.
        counts: as in :class:`~quietline.wash.Summary`.
    """

    clean: pa.Table
    removed: pa.Table
    columns: tuple[str, ...]
    counts: dict[str, Any]


def wash_column(
    column: Any,
    *,
    against: Sequence[str | Path | Register],
    country: str,
    on: date | None = None,
    keep_invalid: bool = False,
    only_country: bool = False,
    first_of_several: bool = False,
) -> WashedColumn:
    """Wash one column of numbers.

    Args:
        column: whatever :func:`~quietline.numbering.parse_column` reads: a sequence of texts or integers, a NumPy array
            (text, bytes, object, integer, float), an Arrow array or chunked array.
        against: register files, or open registers.
        country: default country of the numbers, ISO 3166, two letters.
        on: as for :func:`~quietline.wash.wash`; likewise the others.
        keep_invalid: rows without a valid number are clean.
        only_country: valid numbers of other countries are not clean.
        first_of_several: of several numbers in one field take the first.

    Raises:
        UsageError: the country has no numbering plan.
        InputError: a register cannot be read.
    """
    with ExitStack() as stack:
        registers = _opened(stack, against)
        numbers = parse_column(
            column, country=country_code(country), only_country=only_country, first_of_several=first_of_several
        )
        verdicts = Judge(registers, on=on, days=True).judge([numbers])
        names = register_names(registers)
        tally = Tally(names, keep_invalid=keep_invalid)
        tally.add(verdicts, columns=1)
        return WashedColumn(tally.keeps(verdicts.reasons).astype(np.bool_), verdicts, tuple(names), tally.counts())


def wash_table(
    table: pa.Table,
    *,
    against: Sequence[str | Path | Register],
    country: str,
    columns: Sequence[str] = (),
    on: date | None = None,
    keep_invalid: bool = False,
    only_country: bool = False,
    first_of_several: bool = False,
) -> WashedTable:
    """Wash an Arrow table in memory.

    Args:
        table: a ``pyarrow.Table``; a record batch will do.
        against: register files, or open registers.
        country: default country of the numbers, ISO 3166, two letters.
        columns: names of the columns to wash; found out where empty.
        on: as for :func:`~quietline.wash.wash`; likewise the others.
        keep_invalid: rows without a valid number are clean.
        only_country: valid numbers of other countries are not clean.
        first_of_several: of several numbers in one field take the first.

    Raises:
        ColumnError: a column is missing or none could be found.
        UsageError: the country has no numbering plan.
        InputError: a register cannot be read.
    """
    import pyarrow as pa

    if isinstance(table, pa.RecordBatch):
        table = pa.Table.from_batches([table])
    places = _places(table, columns, country)
    names = tuple(table.column_names[place] for place in places)
    reading: dict[str, Any] = {"only_country": only_country, "first_of_several": first_of_several}
    with ExitStack() as stack:
        registers = _opened(stack, against)
        numbers = [parse_column(table.column(place), country=country_code(country), **reading) for place in places]
        verdicts = Judge(registers, on=on, days=True).judge(numbers)
        known = register_names(registers)
    tally = Tally(known, keep_invalid=keep_invalid)
    tally.add(verdicts, columns=len(places))
    keep = tally.keeps(verdicts.reasons).astype(np.bool_)
    removed = table.filter(pa.array(~keep))
    notes = Notes(known, names)
    rows = [notes.of_row(verdicts, row) for row in np.flatnonzero(~keep).tolist()]
    for i, name in enumerate(NOTE_NAMES):
        removed = removed.append_column(name, pa.array([row[i] for row in rows], pa.string()))
    return WashedTable(table.filter(pa.array(keep)), removed, names, tally.counts())


def _opened(stack: ExitStack, against: Sequence[str | Path | Register]) -> list[Register]:
    return [r if isinstance(r, Register) else stack.enter_context(Register(r)) for r in against]


def _places(table: pa.Table, columns: Sequence[str], country: str) -> list[int]:
    names = table.column_names
    if not names:
        raise ColumnError("The table has no columns.")
    if columns:
        return resolve_columns(names, columns)
    head = table.slice(0, _SAMPLE_ROWS)
    rows = [[cell_text(cell) for cell in row.values()] for row in head.to_pylist()]
    return find_number_columns(rows, names, country=country)
