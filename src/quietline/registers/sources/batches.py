"""What reading sources gives: batches of columns, the rows that could not be read, and what was found out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from quietline.errors import InputError
from quietline.registers.entries import Entries
from quietline.registers.terms import canonical_terms

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "BAD_DATE",
    "BAD_OPERATION",
    "BAD_PERIOD",
    "BAD_TERMS",
    "MISSING_NUMBER",
    "NO_AREA_CODE",
    "NO_TERMS",
    "ReadOptions",
    "Reject",
    "SourceBatch",
    "SourceFacts",
    "TermsTable",
]

MISSING_NUMBER = "missing_number"
NO_AREA_CODE = "no_area_code"
BAD_DATE = "bad_date"
BAD_PERIOD = "bad_period"
BAD_TERMS = "bad_terms"
BAD_OPERATION = "bad_operation"
NO_TERMS = -1
"""Index given for text that is no terms."""
_MOST_TERMS = 1 << 16


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How sources are to be read, where that is not to be found out.

    A column is named as it is written, in any case, or by its place counted from 1. ``none`` for one of the columns
    beside the numbers says that there is none, whatever it looks like.

    Attributes:
        columns: columns of numbers.
        since_column: column of the days of listing; in change lists, of the days of the changes.
        until_column: column of the first days without the entry.
        terms_column: column of the terms.
        operation_column: column that says add or delete.
        date_format: ``ymd``, ``mdy``, ``dmy`` (also ``MM/DD/YYYY`` and the like), or a pattern such as ``%d.%m.%y``.
        encoding: a name such as ``utf-8``, ``gb18030``, ``latin-1``.
        delimiter: one character or a word such as ``tab``; ``none`` where each line is one number.
        quote: ``'"'`` or ``none``.
        header: whether the first row names the columns.
        sheet: name of a workbook's sheet, or its number.
    """

    columns: Sequence[str] = ()
    since_column: str | None = None
    until_column: str | None = None
    terms_column: str | None = None
    operation_column: str | None = None
    date_format: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    header: bool | None = None
    sheet: str | None = None


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that could not be read.

    Attributes:
        file: the source, ``archive.zip:member`` within an archive.
        line: the row's number in it, counted from 1, header and blank rows included.
        reason: a numbering status such as ``too_short``, or one of the reasons above.
        text: the row as it stands there.
    """

    file: str
    line: int
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class SourceBatch:
    """Some rows of a source as columns of the same length.

    Attributes:
        keys: uint64, the numbers.
        since: uint16, days since 1970-01-01, or None (none is known).
        until: uint16, likewise (none ends).
        terms: uint16, indexes into the :class:`TermsTable`, or None (no terms).
        operations: uint8, ``ADD`` or ``DELETE``; None in a full list.
        rows: rows read for this batch, rejected ones included, blank ones not.
        rejects: rows that could not be read.
    """

    keys: NDArray[np.uint64]
    since: NDArray[np.uint16] | None = None
    until: NDArray[np.uint16] | None = None
    terms: NDArray[np.uint16] | None = None
    operations: NDArray[np.uint8] | None = None
    rows: int = 0
    rejects: Sequence[Reject] = ()

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def entries(self) -> Entries:
        """The batch as entries."""
        return Entries(self.keys, self.since, self.until, self.terms)


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What was found out about one source.

    Attributes:
        name: the source.
        format: its format in words.
        columns: what each column in use holds, to its name: ``{"number": "phone", "since": "date added"}``.
        rows: rows read, blank ones not counted.
        rejects: rows of them that could not be read.
    """

    name: str
    format: str
    columns: dict[str, str] = field(default_factory=dict)
    rows: int = 0
    rejects: int = 0


class TermsTable:
    """Distinct terms, numbered in the order in which they were met; 0 is "no terms"."""

    def __init__(self) -> None:
        self._index: dict[str, int] = {"": 0}
        self._known: dict[str, int] = {"": 0}

    @property
    def table(self) -> tuple[str, ...]:
        """The canonical terms in order of their numbers."""
        return tuple(self._index)

    def index(self, text: str) -> int:
        """Give the number of terms as written, :data:`NO_TERMS` where the text is none.

        Raises:
            InputError: there are more distinct terms than a register holds.
        """
        known = self._known.get(text)
        if known is None:
            try:
                canonical = canonical_terms(text)
            except ValueError:
                known = NO_TERMS
            else:
                known = self._index.setdefault(canonical, len(self._index))
                if len(self._index) > _MOST_TERMS:
                    raise InputError(
                        "The sources have more distinct terms than the 65,535 that a register holds.",
                        advice="Check that the column of terms is the right one.",
                        code="input.terms",
                    )
            if len(self._known) < _MOST_TERMS * 4:
                self._known[text] = known
        return known
