"""Find the columns that hold phone numbers, or those a user names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quietline.errors import ColumnError
from quietline.tables.names import is_other_name, is_phone_name

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["find_number_columns", "is_area_and_local", "other_number_columns", "resolve_columns"]

_ENOUGH = 0.5  # share of cells with possible numbers that makes a column a candidate
_ENOUGH_WHEN_NAMED = 0.2  # the same for a column whose name says that it holds numbers
_CLEARLY = 0.1  # by so much must one column lead where no name decides
_FEWEST_DIGITS = 4  # a cell with less is not worth asking about
_UNASSIGNED = 1  # numbering.Status: 0 is OK, 1 is possible but not assigned


def find_number_columns(
    rows: Sequence[Sequence[str]],
    names: Sequence[str],
    *,
    country: str,
    header: bool = True,
    hints: Sequence[str] = (),
) -> list[int]:
    """Find the columns of phone numbers by their names and by what is in them.

    Args:
        rows: some hundred rows of data as text, without the header. They may be of different lengths.
        names: one for each column.
        country: two-letter code; how numbers without a country code are to be read.
        header: whether the names were written in the list; made-up names say nothing.
        hints: further names that mean phone numbers, in any case.

    Returns:
        The places of the columns, counted from 0, ascending. A table of one column gives that one.

    Raises:
        ColumnError: no column looks like phone numbers (``input.column``), or several do and nothing tells
            which is meant (``input.column_ambiguous``).
    """
    if len(names) == 1:
        return [0]
    hinted = {hint.casefold() for hint in hints}
    named = [header and (is_phone_name(name) or name.casefold() in hinted) for name in names]
    cells = [[row[i] for row in rows if i < len(row) and row[i].strip()] for i in range(len(names))]
    # columns with telling names come first: where they hold numbers, nothing else has to be read
    by_name = [i for i in range(len(names)) if named[i]]
    if rows:
        by_name = [i for i in by_name if _share(cells[i], country) >= _ENOUGH_WHEN_NAMED]
    if by_name:
        return by_name
    shares = [0.0 if named[i] else _share(cells[i], country) for i in range(len(names))]
    candidates = [i for i, share in enumerate(shares) if share >= _ENOUGH]
    if header:
        others = [i for i in candidates if is_other_name(names[i])]
        if len(others) < len(candidates) or any(named):  # never take an account number for a telephone's
            candidates = [i for i in candidates if i not in others]
    if not candidates:
        raise ColumnError(
            f"No column looks like phone numbers of {country}. The columns are: {_listed(names, range(len(names)))}.",
            advice="Say which one to use with --column, and check --country.",
        )
    candidates.sort(key=lambda i: -shares[i])
    if len(candidates) > 1 and shares[candidates[0]] - shares[candidates[1]] < _CLEARLY:
        raise ColumnError(
            f"Several columns look like phone numbers: {_listed(names, sorted(candidates))}.",
            advice="Say which to use with --column (it can be given more than once).",
            code="input.column_ambiguous",
        )
    return candidates[:1]


def other_number_columns(
    rows: Sequence[Sequence[str]], names: Sequence[str], chosen: Sequence[int], *, country: str
) -> list[int]:
    """Find columns that were not chosen and look like phone numbers all the same.

    Args:
        rows: some hundred rows of data as text, without the header.
        names: one for each column.
        chosen: places of the columns that were chosen.
        country: two-letter code; how numbers without a country code are to be read.

    Returns:
        Their places, ascending. A column whose name says that it holds something else is none of them.
    """
    left = [i for i in range(len(names)) if i not in chosen and not is_other_name(names[i])]
    return [i for i in left if _share([row[i] for row in rows if i < len(row)], country) >= _ENOUGH]


def _share(cells: Sequence[str], country: str) -> float:
    """Return the share of cells, none of them empty, that hold possible numbers."""
    from quietline.numbering import parse_column

    likely = [cell for cell in cells if sum(char.isdigit() for char in cell) >= _FEWEST_DIGITS]
    if len(likely) < _ENOUGH_WHEN_NAMED * len(cells) or not likely:
        return 0.0
    statuses = parse_column(likely, country=country).statuses
    return float((statuses <= _UNASSIGNED).sum()) / len(cells)


def is_area_and_local(rows: Sequence[Sequence[str]]) -> bool:
    """Return whether rows are US numbers cut in two, as in the FTC's flat files: '416,1234567'."""
    pairs = [row for row in rows if any(cell.strip() for cell in row)]
    fits = [row for row in pairs if len(row) == 2 and _digits(row[0], 3) and _digits(row[1], 7)]
    return bool(fits) and len(fits) >= 0.9 * len(pairs)


def _digits(cell: str, count: int) -> bool:
    text = cell.strip()
    return len(text) == count and text.isascii() and text.isdigit()


def resolve_columns(names: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Return the places of the columns a user names, counted from 0, ascending and each once.

    Args:
        names: one for each column.
        wanted: each the name as written, the name in another case, or the column's number counted from 1.

    Raises:
        ColumnError: there is no such column (``input.column``), or several have that name
            (``input.column_ambiguous``); the message lists what there is.
    """
    return sorted({_resolve(names, text) for text in wanted})


def _resolve(names: Sequence[str], text: str) -> int:
    exact = [i for i, name in enumerate(names) if name == text]
    folded = text.strip().casefold()
    places = exact or [i for i, name in enumerate(names) if name.strip().casefold() == folded]
    if len(places) > 1:
        raise ColumnError(
            f"Several columns are named '{text}': numbers {', '.join(str(i + 1) for i in places)}.",
            advice="Give the column's number instead of its name.",
            code="input.column_ambiguous",
        )
    if places:
        return places[0]
    number = text.strip()
    if number.isascii() and number.isdigit() and 1 <= int(number) <= len(names):
        return int(number) - 1
    raise ColumnError(
        f"There is no column '{text}'. The columns are: {_listed(names, range(len(names)))}.",
        advice="Use one of these names, or a column's number counted from 1.",
    )


def _listed(names: Sequence[str], places: Sequence[int]) -> str:
    """Return names with their numbers for a message, not more than twenty."""
    shown = [f"{i + 1} '{names[i]}'" for i in places[:20]]
    more = len(places) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
