"""A column of raw texts to its keys, statuses and repairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from quietline import kernel
from quietline.numbering import keys as key_module
from quietline.numbering import plans
from quietline.numbering._columns import Block, blocks
from quietline.numbering.keys import Kind
from quietline.numbering.parsing import LibraryParser
from quietline.numbering.statuses import ASK, Status, status_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Numbers", "parse_column"]


@dataclass(frozen=True, slots=True)
class Numbers:
    """A column of numbers.

    Attributes:
        keys: uint64, shape (rows,); 0 where a row has none.
        statuses: uint8, shape (rows,); see `Status`.
        repairs: uint16, shape (rows,); `Repair` flags.
        library_count: rows that the fast path left to the library.
    """

    keys: NDArray[np.uint64]
    statuses: NDArray[np.uint8]
    repairs: NDArray[np.uint16]
    library_count: int

    def __len__(self) -> int:
        return len(self.keys)

    def numbers(self) -> list[str | None]:
        """Return the numbers as text (``"+12125551234"``), None where a row has none."""
        return [key_module.number_of(key) if key else None for key in self.keys.tolist()]

    def texts(self) -> list[str]:
        """Return the statuses as text, with what was repaired (``"ok (excel)"``)."""
        pairs = zip(self.statuses.tolist(), self.repairs.tolist(), strict=True)
        return [status_text(status, repairs) for status, repairs in pairs]

    def counts(self) -> dict[Status, int]:
        """Return how many rows have each status, without those that none has."""
        found = np.bincount(self.statuses, minlength=1)
        return {Status(status): int(count) for status, count in enumerate(found) if count}


def parse_column(
    column: Any,
    *,
    country: str,
    first_of_several: bool = False,
    only_country: bool = False,
    kinds: Kind = Kind.E164,
    extra: str = "",
) -> Numbers:
    """Read a column of raw texts as telephone numbers; row by row the answers are those of `parse`.

    Args:
        column: raw texts: a list or other sequence of str, bytes (UTF-8), int, float or None; a NumPy array
            of text (``U``, ``S``), objects, integers or floats; an Arrow array or chunked array of text or
            numbers; a column of pandas or Polars. None and NaN are ``empty``; whole floats are numbers that
            went through a spreadsheet (``ok (excel)``).
        country: default country, ISO 3166 code, two letters in either case.
        first_of_several: as for `parse`.
        only_country: as for `parse`.
        kinds: as for `parse`.
        extra: as for `parse`.

    Returns:
        Keys, statuses and repairs, in the order of the column.

    Raises:
        UsageError: no numbering plan goes by this country code, or ``extra`` is not one punctuation
            character.
    """
    parser = LibraryParser(country, first_of_several=first_of_several, only_country=only_country, kinds=kinds, extra=extra)
    plan = plans.plan(country)
    found = [_parse_block(block, parser, plan) for block in blocks(column)]
    if not found:
        nothing = np.empty(0, dtype=np.uint64)
        return Numbers(nothing, nothing.astype(np.uint8), nothing.astype(np.uint16), 0)
    return Numbers(
        np.concatenate([numbers.keys for numbers in found]),
        np.concatenate([numbers.statuses for numbers in found]),
        np.concatenate([numbers.repairs for numbers in found]),
        sum(numbers.library_count for numbers in found),
    )


def _parse_block(block: Block, parser: LibraryParser, plan: Any) -> Numbers:
    keys, statuses, _ = kernel.parse_fields(plan, block.data, block.starts, block.lengths, extra=parser.extra)
    repairs = np.zeros(len(keys), dtype=np.uint16)
    if parser.kinds != Kind.E164:
        # What else a text may be depends on more than the number in it.
        statuses[(statuses != Status.OK) & (statuses != Status.EMPTY)] = ASK
        if parser.calling_code == 86:
            statuses[statuses == Status.OK] = ASK
    if parser.only_country:
        foreign = (statuses == Status.OK) & ~key_module.has_calling_code(keys, parser.calling_code)
        statuses[foreign] = Status.WRONG_COUNTRY
    asked = np.flatnonzero(statuses == ASK)
    for row in asked.tolist():
        keys[row], statuses[row], repairs[row] = parser.answer(block.raw(row))
    if block.repairs:
        repairs[statuses != Status.EMPTY] |= np.uint16(block.repairs)
    return Numbers(keys, statuses, repairs, len(asked))
