"""Find out which columns of a source hold what: by their names, and by what is in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quietline.errors import ColumnError
from quietline.numbering import Kind, Status, calling_code, parse_column
from quietline.registers.sources.dates import date_order, looks_like_date, order_named, says_no_date
from quietline.registers.sources.operations import means_add, operation_share
from quietline.registers.terms import canonical_terms
from quietline.tables import find_number_columns, is_phone_name, resolve_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quietline.registers.sources.batches import ReadOptions

__all__ = ["Layout", "find_layout"]

_NANP = 1
_MOST = 0.5
"""Share of cells that tells what a column holds: a short list may have a bad row or two."""
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_APART = re.compile(r"[^0-9a-zà-öø-ÿ㐀-鿿]+")
_BRACKETS = re.compile(r"\(.*?\)|（.*?）|\[.*?\]")


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split("|"))


# The first of each is the plainest; a column so named is taken at its word.
_SINCE = _names(
    "since|since date|date since|since day|registered since|registration date|date of registration|date registered|"
    "registered on|registered at|registered|registration time|reg date|regdate|date added|added on|added date|"
    "date listed|listed on|listed since|listing date|opt out date|optout date|opted out on|opted out at|unsubscribed at|"
    "start date|date start|start|valid from|from date|from|begin date|entry date|created on|created at|created|"
    "date created|effective date|effective from|effective|date|day|timestamp|登记日期|注册日期|加入日期|登记时间|注册时间|"
    "加入时间|添加日期|添加时间|起始日期|开始日期|起始时间|开始时间|生效日期|生效时间|自|日期|时间"
)
_CHANGED = _names(
    "change date|changed on|changed at|date of change|change time|change timestamp|effective timestamp|effective time|"
    "effective|effective date|operation date|operation time|action date|transaction date|event date|date time|datetime|"
    "time|modified|modified on|updated at|变更日期|变更时间|操作日期|操作时间|更新时间|修改时间"
)
_UNTIL = _names(
    "until|until date|date until|valid until|valid to|valid till|to date|till|end date|date end|end|ends on|expires|"
    "expires on|expires at|expiry|expiry date|expiration date|expiration|removed on|date removed|removal date|"
    "deleted on|withdrawn on|deregistered on|截止日期|失效日期|到期日期|结束日期|注销日期|删除日期|截止时间|失效时间|"
    "到期时间|结束时间|有效期至|至"
)
_TERMS = _names("terms|term|conditions|preferences|preference|scope|条件|条款|偏好|限制|拒绝范围|范围")
_OPERATION = _names(
    "op|operation|action|change type|changetype|change|change code|operation type|action type|action code|"
    "transaction type|transaction|transaction code|add delete|add del|a d|ad|update type|chg|dml|操作|操作类型|变更|"
    "变更类型|变更标志|动作|增删"
)
_PERHAPS_OPERATION = _names("type|record type|status|flag|indicator|类型|标志|状态")
_AREA = _names("area code|areacode|area|npa|area cd|acode|prefix|区号|地区号|長途區號|长途区号")


@dataclass(frozen=True, slots=True)
class Layout:
    """Places of columns, counted from 0; None where there is no such column.

    Attributes:
        numbers: columns of numbers.
        area: column of area codes that belong before the numbers.
        since: days of listing, or of changes.
        until: first days without the entry.
        terms: terms.
        operation: add or delete.
        truth: the operation is written as whether it is an add.
        since_order: order of its dates (see ``DateReader``).
        until_order: likewise.
    """

    numbers: tuple[int, ...] = (0,)
    area: int | None = None
    since: int | None = None
    until: int | None = None
    terms: int | None = None
    operation: int | None = None
    truth: bool = False
    since_order: str = ""
    until_order: str = ""

    @property
    def columns(self) -> tuple[int, ...]:
        """All columns in use, ascending."""
        beside = (self.area, self.since, self.until, self.terms, self.operation)
        return tuple(sorted({*self.numbers, *(place for place in beside if place is not None)}))

    def named(self, names: Sequence[str]) -> dict[str, str]:
        """Give what each column in use holds, to its name."""

        def name(place: int) -> str:
            return names[place] if place < len(names) else f"column {place + 1}"

        found = {"area code": name(self.area)} if self.area is not None else {}
        found["number"] = ", ".join(name(place) for place in self.numbers)
        for what in ("since", "until", "terms", "operation"):
            place = getattr(self, what)
            if place is not None:
                found[what] = name(place)
        return found


class _Finder:
    """One search; each column is given away once."""

    def __init__(
        self,
        rows: Sequence[Sequence[str]],
        names: Sequence[str],
        options: ReadOptions,
        *,
        header: bool,
        country: str,
        kinds: Kind,
    ) -> None:
        self.names = names
        self.header = header
        self.options = options
        self.country = country
        self.kinds = kinds
        self.cells = [[row[i] for row in rows if i < len(row) and row[i].strip()] for i in range(len(names))]
        self.rows = rows
        self.normal = [_normal(name) if header else "" for name in names]
        self.taken: set[int] = set()
        self.given = resolve_columns(names, options.columns) if options.columns else []
        self.taken.update(self.given)

    def wanted(self, word: str | None) -> int | None:
        """Resolve a column that the user names."""
        if word is None or word.strip().casefold() == "none":
            return None
        place = resolve_columns(self.names, [word])[0]
        self.taken.add(place)
        return place

    def free(self) -> list[int]:
        """Columns that nothing is known of."""
        return [i for i in range(len(self.names)) if i not in self.taken]

    def named_so(self, words: Sequence[str]) -> list[int]:
        """Free columns with one of these names, the best first."""
        rank = {word: i for i, word in reversed(list(enumerate(words)))}
        found = [i for i in self.free() if self.normal[i] in rank]
        return sorted(found, key=lambda i: rank[self.normal[i]])

    def take(self, place: int) -> int:
        """Give a column away."""
        self.taken.add(place)
        return place


def _normal(name: str) -> str:
    name = _BRACKETS.sub(" ", name) or name
    return _APART.sub(" ", _CAMEL.sub(" ", name).casefold()).strip()


def find_layout(
    rows: Sequence[Sequence[str]],
    names: Sequence[str],
    options: ReadOptions,
    *,
    header: bool,
    country: str,
    kinds: Kind = Kind.E164,
) -> Layout:
    """Find the columns of a source.

    Args:
        rows: some hundred rows of data as text, without the header.
        names: one for each column.
        options: what the user says; it is not second-guessed.
        header: whether the names were written in the source.
        country: default country of the numbers.
        kinds: what may stand in the columns of numbers.

    Raises:
        ColumnError: a named column is missing, no column looks like numbers, or several columns could be meant.
        InputError: dates could be read in two ways.
    """
    finder = _Finder(rows, names, options, header=header, country=country, kinds=kinds)
    # what the user names is taken before anything is guessed
    operation, since, until, terms = (
        finder.wanted(word)
        for word in (options.operation_column, options.since_column, options.until_column, options.terms_column)
    )
    truth = False
    if operation is None and options.operation_column is None:
        operation, truth = _find_operation(finder)
    elif operation is not None:
        cells = finder.cells[operation]
        truth = operation_share(cells, truth=True) > operation_share(cells)
    if until is None and options.until_column is None:
        until = _find_dates(finder, _UNTIL)
    if since is None and options.since_column is None:
        words = (*_CHANGED, *_SINCE) if operation is not None else _SINCE
        since = _find_dates(finder, words, by_shape=not header)
    if terms is None and options.terms_column is None:
        terms = _find_terms(finder)
    area, numbers = _find_numbers(finder)
    return Layout(
        tuple(numbers),
        area,
        since,
        until,
        terms,
        operation,
        truth,
        _order(finder, since),
        _order(finder, until),
    )


def _find_operation(finder: _Finder) -> tuple[int | None, bool]:
    for words, enough in ((_OPERATION, _MOST), (_PERHAPS_OPERATION, 1.0)):
        for place in finder.named_so(words):
            if operation_share(finder.cells[place]) >= enough:
                return finder.take(place), False
    for place in finder.free():
        if means_add(finder.normal[place]):
            for truth in (False, True):
                if operation_share(finder.cells[place], truth=truth) >= _MOST:
                    return finder.take(place), truth
    if not finder.header and len(finder.names) > 1:
        shaped = [i for i in finder.free() if operation_share(finder.cells[i], plain=True) >= _MOST]
        if len(shaped) == 1:
            return finder.take(shaped[0]), False
    return None, False


def _find_dates(finder: _Finder, words: Sequence[str], *, by_shape: bool = False) -> int | None:
    for place in finder.named_so(words):
        cells = finder.cells[place]
        if finder.normal[place] == words[0] or not cells or _date_share(cells) >= 0.5:
            return finder.take(place)
    if not by_shape or len(finder.names) < 2:
        return None
    shaped = [i for i in finder.free() if finder.cells[i] and _date_share(finder.cells[i]) >= _MOST]
    if len(shaped) == len(finder.names) - len(finder.taken):
        shaped = [i for i in shaped if not all(cell.strip().isdigit() for cell in finder.cells[i])]  # rather the numbers
    if len(shaped) > 1:
        listed = ", ".join(str(i + 1) for i in shaped)
        raise ColumnError(
            f"Columns {listed} hold dates, and no header says what they mean.",
            advice="Say --since-column N and --until-column N (or none).",
            code="input.column_ambiguous",
        )
    return finder.take(shaped[0]) if shaped else None


def _date_share(cells: Sequence[str]) -> float:
    told = [cell for cell in cells if not says_no_date(cell)]
    return sum(map(looks_like_date, told)) / len(told) if told else 1.0


def _find_terms(finder: _Finder) -> int | None:
    for place in finder.named_so(_TERMS):
        cells = finder.cells[place]
        if finder.normal[place] == _TERMS[0] or sum(map(_is_terms, cells)) >= 0.5 * len(cells) > 0:
            return finder.take(place)
    return None


def _is_terms(cell: str) -> bool:
    try:
        return bool(canonical_terms(cell))
    except ValueError:
        return False


def _order(finder: _Finder, place: int | None) -> str:
    if finder.options.date_format is not None:
        return order_named(finder.options.date_format)
    return "" if place is None else date_order(finder.cells[place], finder.names[place])


def _find_numbers(finder: _Finder) -> tuple[int | None, list[int]]:
    """Give the column of area codes, if any, and the columns of numbers."""
    if finder.given and len(finder.given) != 2:
        return None, finder.given
    free = finder.given or finder.free()
    if not finder.header or finder.given:
        pair = _pair_by_shape(finder, free)
        if pair is not None:
            return pair
    if finder.given:
        return None, finder.given
    areas = finder.named_so(_AREA)
    rest = [i for i in free if i not in areas[:1]]
    if areas and rest:
        numbers = _numbers_among(finder, rest, local=True)
        if len(numbers) == 1 and _joined_better(finder, areas[0], numbers[0]):
            return areas[0], numbers
    return None, _numbers_among(finder, free)


def _numbers_among(finder: _Finder, places: Sequence[int], *, local: bool = False) -> list[int]:
    if not places:
        raise ColumnError("No column is left that could hold numbers.", advice="Say which one does with --column.")
    if local:
        named = [i for i in places if is_phone_name(finder.names[i])]
        if len(named or places) == 1:
            return list(named or places)
    rows = [[row[i] if i < len(row) else "" for i in places] for row in finder.rows]
    names = [finder.names[i] for i in places]
    try:
        found = find_number_columns(rows, names, country=finder.country, header=finder.header)
    except ColumnError:
        if local:
            return []
        raise
    return [places[i] for i in found]


def _pair_by_shape(finder: _Finder, places: Sequence[int]) -> tuple[int, list[int]] | None:
    """Find the FTC's flat form, 416,1234567, in either order; only where numbers are made like that."""
    if calling_code(finder.country) != _NANP:
        return None
    cells = finder.cells
    areas = [i for i in places if _digits(cells[i], 3)]
    locals_ = [i for i in places if _digits(cells[i], 7)]
    return (areas[0], locals_) if len(areas) == len(locals_) == 1 else None


def _digits(cells: Sequence[str], count: int) -> bool:
    fits = sum(len(text) == count and text.isascii() and text.isdigit() for text in map(str.strip, cells))
    return bool(cells) and fits >= _MOST * len(cells)


def _joined_better(finder: _Finder, area: int, number: int) -> bool:
    """Tell whether area codes are missing from the numbers and belong before them."""
    pairs = [
        (row[area].strip(), row[number].strip())
        for row in finder.rows
        if max(area, number) < len(row) and row[number].strip()
    ]
    if not pairs:
        return True
    alone = parse_column([number for _, number in pairs], country=finder.country).statuses
    together = parse_column([a + number for a, number in pairs], country=finder.country).keys
    return int((alone == Status.OK).sum()) < len(pairs) / 2 <= int((together != 0).sum())
