"""A column of raw texts to its keys, statuses and repairs."""

from __future__ import annotations

from typing import Any

import numpy as np

from quietline.numbering._columns import Block, as_text, blocks
from quietline.numbering.fields import FieldParser, Numbers
from quietline.numbering.keys import Kind
from quietline.numbering.statuses import Status

__all__ = ["Numbers", "parse_column"]


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
    parser = FieldParser(country, first_of_several=first_of_several, only_country=only_country, kinds=kinds, extra=extra)
    found = [_parse_block(parser, block) for block in blocks(column)]
    if not found:
        nothing = np.empty(0, dtype=np.uint64)
        return Numbers(nothing, nothing.astype(np.uint8), nothing.astype(np.uint16), 0)
    return Numbers(
        np.concatenate([numbers.keys for numbers in found]),
        np.concatenate([numbers.statuses for numbers in found]),
        np.concatenate([numbers.repairs for numbers in found]),
        sum(numbers.library_count for numbers in found),
    )


def _parse_block(parser: FieldParser, block: Block) -> Numbers:
    numbers = parser.parse(block.data, block.starts, block.lengths, as_text)
    if block.repairs:
        numbers.repairs[numbers.statuses != Status.EMPTY] |= np.uint16(block.repairs)
    return numbers
