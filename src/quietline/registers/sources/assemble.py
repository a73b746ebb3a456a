"""Put the columns of some rows together: what is good becomes a batch, what is not is rejected by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from quietline.kernel import BLANK
from quietline.numbering import Status
from quietline.registers.days import NEVER
from quietline.registers.sources.batches import (
    BAD_DATE,
    BAD_OPERATION,
    BAD_PERIOD,
    BAD_TERMS,
    MISSING_NUMBER,
    NO_AREA_CODE,
    NO_TERMS,
    Reject,
    SourceBatch,
)
from quietline.registers.sources.dates import BAD
from quietline.registers.sources.operations import NO_OPERATION

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

__all__ = ["Columns", "RowTexts", "assembled", "reason_of"]

_LOCAL_ONLY = 200
"""Status of a number of North America without its area code: libphonenumber finds its length possible."""
_LOCAL_KEYS = (np.uint64(10_000_000), np.uint64(20_000_000))
_FINE, _DATE, _PERIOD, _TERMS, _OPERATION = range(5)
_REASONS = ("", BAD_DATE, BAD_PERIOD, BAD_TERMS, BAD_OPERATION)


class RowTexts(Protocol):
    """Where rejected rows are looked up."""

    def text(self, row: int) -> str:
        """Give a row as it stands in the source."""

    def blank(self, row: int) -> bool:
        """Tell whether there is nothing in the row but blanks and delimiters."""


@dataclass(slots=True)
class Columns:
    """Columns of some rows as read.

    Attributes:
        keys: uint64, shape (number columns, rows); 0 where there is none.
        statuses: uint8, likewise.
        since: int32 days, BAD where wrong; None where there is no such column.
        until: likewise.
        terms: int32 indexes, NO_TERMS where wrong; or None.
        operations: uint8, NO_OPERATION where wrong; or None.
    """

    keys: NDArray[np.uint64]
    statuses: NDArray[np.uint8]
    since: NDArray[np.int32] | None = None
    until: NDArray[np.int32] | None = None
    terms: NDArray[np.int32] | None = None
    operations: NDArray[np.uint8] | None = None


def reason_of(status: int) -> str:
    """Give the reason for a number that is none."""
    if status == _LOCAL_ONLY:
        return NO_AREA_CODE
    return MISSING_NUMBER if status in (Status.EMPTY, BLANK) else Status(status).text


def assembled(columns: Columns, rows: RowTexts, *, file: str, line_of: Callable[[int], int]) -> SourceBatch:
    """Make a batch.

    A row with several numbers gives an entry for each. It is rejected as a whole where something beside the numbers is
    wrong; otherwise its good numbers count, and it is rejected for the others.

    Args:
        columns: the columns.
        rows: the rows, for those that are rejected.
        file: the source's name.
        line_of: the line of a row in the source.
    """
    keys, statuses = columns.keys, columns.statuses
    count = keys.shape[1]
    if (statuses == Status.UNASSIGNED).any():
        local = (keys >= _LOCAL_KEYS[0]) & (keys < _LOCAL_KEYS[1]) & (statuses == Status.UNASSIGNED)
        keys[local], statuses[local] = 0, _LOCAL_ONLY
    trouble = _trouble(columns, count)
    good = keys != 0
    if trouble is None and keys.shape[0] == 1 and good.all():
        return SourceBatch(keys[0], *_beside(columns, None), rows=count)
    troubled = np.zeros(count, dtype=np.bool_) if trouble is None else trouble != _FINE
    wrong = troubled | ((statuses > Status.UNASSIGNED) & (statuses != Status.EMPTY) & (statuses != BLANK)).any(axis=0)
    wrong |= ~good.any(axis=0)
    blank = 0
    rejects: list[Reject] = []
    for row in np.flatnonzero(wrong).tolist():
        if rows.blank(row):
            blank += 1
            continue
        reason = _REASONS[int(trouble[row])] if trouble is not None and troubled[row] else _number_reason(statuses[:, row])
        rejects.append(Reject(file, line_of(row), reason, rows.text(row)))
    good &= ~troubled
    places = np.flatnonzero(good.T.ravel()) // keys.shape[0]  # rows in order, each once for every number in it
    chosen = keys.T[good.T]
    return SourceBatch(chosen, *_beside(columns, places), rows=count - blank, rejects=rejects)


def _number_reason(statuses: NDArray[np.uint8]) -> str:
    found: Sequence[int] = statuses.tolist()
    bad = [status for status in found if status > Status.UNASSIGNED]
    told = [status for status in bad if status not in (Status.EMPTY, BLANK)]
    return reason_of((told or bad)[0])


def _trouble(columns: Columns, count: int) -> NDArray[np.uint8] | None:
    """Say what is wrong beside the numbers; None where nothing is."""
    checks: list[tuple[int, NDArray[np.bool_]]] = []
    if columns.operations is not None:
        checks.append((_OPERATION, columns.operations == NO_OPERATION))
    if columns.terms is not None:
        checks.append((_TERMS, columns.terms == NO_TERMS))
    if columns.since is not None and columns.until is not None:
        checks.append((_PERIOD, columns.until <= columns.since))
    checks.extend((_DATE, days == BAD) for days in (columns.until, columns.since) if days is not None)
    checks = [(what, where) for what, where in checks if where.any()]
    if not checks:
        return None
    trouble = np.zeros(count, dtype=np.uint8)
    for what, where in checks:
        trouble[where] = what
    return trouble


def _beside(
    columns: Columns, places: NDArray[np.intp] | None
) -> tuple[NDArray[np.uint16] | None, NDArray[np.uint16] | None, NDArray[np.uint16] | None, NDArray[np.uint8] | None]:
    """Give since, until, terms and operations of the chosen rows; columns that say nothing are left out."""
    operations = columns.operations
    if operations is not None and places is not None:
        operations = operations[places]

    def part(column: NDArray[np.int32] | None, neutral: int) -> NDArray[np.uint16] | None:
        if column is None:
            return None
        chosen = column if places is None else column[places]
        # in a change list it matters whether a day was said to be unknown or there is no column of days
        return chosen.astype(np.uint16) if operations is not None or (chosen != neutral).any() else None

    return part(columns.since, 0), part(columns.until, NEVER), part(columns.terms, 0), operations
