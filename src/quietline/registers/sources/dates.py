"""Dates as sources write them, to days since 1970-01-01."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import numpy as np

from quietline.errors import InputError, UsageError
from quietline.registers.days import NEVER, UNKNOWN, day_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import tzinfo

    from numpy.typing import NDArray

__all__ = ["BAD", "DateReader", "date_order", "looks_like_date", "order_named", "says_no_date"]

BAD = -1
"""Given for text that is no date."""
_FIRST_YEAR, _LAST_YEAR = 1970, 2149
_FAR = date(2149, 6, 5)
_TIME = r"(?:\s*[T ]\s*(\d{1,2}:\d{2}(?::\d{2})?)(?:[.,]\d+)?\s*([AaPp]\.?[Mm]\.?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?"
_YEAR_FIRST = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?" + _TIME)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T?\d{6})?")
_YEAR_LAST = re.compile(r"(\d{1,2})\s*([-/.])\s*(\d{1,2})\s*\2\s*(\d{4})" + _TIME)
_DAY_NAMED = re.compile(r"(\d{1,2})[- ]([A-Za-z]{3,9})\.?[- ,]+(\d{4})" + _TIME)
_MONTH_NAMED = re.compile(r"([A-Za-z]{3,9})\.? (\d{1,2}),? +(\d{4})" + _TIME)
_MONTHS = {
    name: i
    for i, names in enumerate(
        (
            "jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july", "aug august",
            "sep sept september", "oct october", "nov november", "dec december",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
_ORDERS = {
    "ymd": "ymd", "yyyy-mm-dd": "ymd", "yyyymmdd": "ymd", "yyyy/mm/dd": "ymd", "iso": "ymd",
    "mdy": "mdy", "mm/dd/yyyy": "mdy", "m/d/yyyy": "mdy", "mm-dd-yyyy": "mdy", "us": "mdy",
    "dmy": "dmy", "dd/mm/yyyy": "dmy", "d/m/yyyy": "dmy", "dd-mm-yyyy": "dmy", "dd.mm.yyyy": "dmy",
}  # fmt: skip
_NOTHING = frozenset(("", "-", "--", "n/a", "na", "null", "none", "nil", "0000-00-00", "00000000", "无", "空"))
_UNKNOWN = frozenset(("unknown", "?", "未知", "不详"))
_MEMO = 1 << 18


def order_named(text: str) -> str:
    """Give the order a user's word means, ``ymd``, ``mdy`` or ``dmy``, or the word itself where it is a pattern.

    Raises:
        UsageError: it is neither.
    """
    order = _ORDERS.get(text.strip().lower())
    if order is None and "%" in text:
        return text
    if order is None:
        raise UsageError(
            f"'{text}' is not a form of dates.",
            advice="Use ymd, mdy, dmy, or a pattern such as %d.%m.%y.",
            code="usage.date_format",
        )
    return order


def _clock(time: str, half: str | None) -> tuple[int, int, int]:
    hour, minute, second = (*map(int, time.split(":")), 0)[:3]
    if half:
        hour = hour % 12 + (12 if half[0] in "Pp" else 0)
    return hour, minute, second


def _local_day(day: date, found: re.Match[str], zone: tzinfo) -> date:
    """Give the day of a time in the register's zone; a time without an offset is taken to be there already."""
    time, half, offset = found.groups()[-3:]
    if not time:
        return day
    moment = datetime(day.year, day.month, day.day, *_clock(time, half), tzinfo=zone)  # refuses 25:00
    if not offset:
        return day
    if offset in ("Z", "UTC", "GMT"):
        at: tzinfo = UTC
    else:
        minutes = int(offset[1:3]) * 60 + int(offset[-2:])
        at = timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))
    return moment.replace(tzinfo=at).astimezone(zone).date()


def _read(text: str, order: str, zone: tzinfo) -> date | None:
    """Read one date; None where the text is none, or could be read in two ways."""
    if found := _YEAR_FIRST.fullmatch(text):
        return _local_day(date(int(found[1]), int(found[2]), int(found[3])), found, zone)
    if found := _COMPACT.fullmatch(text):
        return date(int(found[1]), int(found[2]), int(found[3]))
    if found := _YEAR_LAST.fullmatch(text):
        day = _year_last(found, order)
        return None if day is None else _local_day(day, found, zone)
    for form, day_place, month_place in ((_DAY_NAMED, 1, 2), (_MONTH_NAMED, 2, 1)):
        if found := form.fullmatch(text):
            month = _MONTHS.get(found[month_place].lower(), 0)
            return _local_day(date(int(found[3]), month, int(found[day_place])), found, zone)
    return None


def _year_last(found: re.Match[str], order: str) -> date | None:
    """Read a date whose year comes last; None where month and day could be either way round."""
    one, two, year = int(found[1]), int(found[3]), int(found[4])
    chosen = "dmy" if found[2] == "." else order  # with points it is the day first, all over the world
    if chosen not in ("mdy", "dmy"):
        if one <= 12 and two <= 12 and one != two:
            return None
        chosen = "dmy" if one > 12 else "mdy"
    return date(year, one, two) if chosen == "mdy" else date(year, two, one)


def looks_like_date(text: str) -> bool:
    """Tell whether a text is a date in some form, one that could be read in two ways included."""
    text = text.strip()
    try:
        found = _read(text, "", UTC) or _read(text, "mdy", UTC)
    except ValueError:
        return False
    return found is not None and _FIRST_YEAR - 100 < found.year < 10_000


def says_no_date(text: str) -> bool:
    """Tell whether a cell says that there is no date, or that it is not known."""
    return text.strip().lower() in _NOTHING | _UNKNOWN


def date_order(texts: Iterable[str], column: str) -> str:
    """Find out whether a column writes month or day first.

    Returns:
        ``mdy`` or ``dmy``; ``""`` where it writes neither, or both.

    Raises:
        InputError: all of its dates could be read either way.
    """
    seen, doubtful = set(), ""
    for text in texts:
        found = _YEAR_LAST.fullmatch(text.strip())
        if found is None or found[2] == ".":
            continue
        one, two = int(found[1]), int(found[3])
        if one > 12:
            seen.add("dmy")
        elif two > 12:
            seen.add("mdy")
        elif one != two:
            doubtful = doubtful or text.strip()
    if len(seen) == 1:
        return seen.pop()
    if doubtful and not seen:
        raise InputError(
            f"Dates in column '{column}' can be read with the month or the day first, as {doubtful}.",
            advice="Say --date-format mdy or --date-format dmy.",
            code="input.date_ambiguous",
        )
    return ""


def _calendar() -> NDArray[np.int32]:
    """Give days since 1970-01-01 for each place (year - 1970) * 372 + (month - 1) * 31 + day - 1, BAD for none."""
    first = np.datetime64("1970-01-01", "D")
    days = np.arange(first, np.datetime64("2149-06-06", "D"))
    months = days.astype("datetime64[M]")
    since_1970 = months.astype(np.int64)
    places = since_1970 // 12 * 372 + since_1970 % 12 * 31 + (days - months).astype(np.int64)
    table = np.full((_LAST_YEAR - _FIRST_YEAR + 1) * 372, BAD, dtype=np.int32)
    table[places] = np.arange(len(days))
    table[0] = BAD  # 1970-01-01 is day 0, which means unknown
    return table


class DateReader:
    """Reads the dates of one column.

    Args:
        order: what ``order_named`` or ``date_order`` gave.
        zone: the register's time zone; times with an offset are brought there before they are cut to the day.
        empty: the day that an empty cell means.
        last: whether the column says when something ends: days that no register can hold are then no end.
    """

    _table: NDArray[np.int32] | None = None

    def __init__(self, order: str, zone: tzinfo, *, empty: int = UNKNOWN, last: bool = False) -> None:
        self._order = order
        self._zone = zone
        self._empty = empty
        self._last = last
        self._memo: dict[str, int] = {}

    def day(self, text: str) -> int:
        """Read one cell; :data:`BAD` where it is no date."""
        known = self._memo.get(text)
        if known is None:
            if len(self._memo) >= _MEMO:
                self._memo.clear()
            known = self._memo[text] = self._day(text.strip())
        return known

    def _day(self, text: str) -> int:
        word = text.lower()
        if word in _NOTHING:
            return self._empty
        if word in _UNKNOWN:
            return NEVER if self._last else UNKNOWN
        try:
            if "%" in self._order:
                found: date | None = datetime.strptime(text, self._order).date()  # noqa: DTZ007 - a day, not a time
            else:
                found = _read(text, self._order, self._zone)
        except (ValueError, OverflowError):
            return BAD
        return BAD if found is None else self.of_date(found)

    def of_date(self, value: date | None) -> int:
        """Give the day of a date; :data:`BAD` where no register can hold it."""
        if value is None:
            return self._empty
        if isinstance(value, datetime):
            value = (value.astimezone(self._zone) if value.tzinfo else value).date()
        if value > _FAR and self._last:
            return NEVER
        try:
            return day_of(value)
        except ValueError:
            return BAD

    def of_cell(self, cell: Any) -> int:
        """Read a cell of a workbook."""
        if isinstance(cell, date):
            return self.of_date(cell)
        if isinstance(cell, float) and cell.is_integer():
            cell = int(cell)
        return self.day("" if cell is None else str(cell))

    def days(
        self,
        data: NDArray[np.uint8],
        starts: NDArray[np.uint32],
        lengths: NDArray[np.uint32],
        text_of: Callable[[bytes], str],
    ) -> NDArray[np.int32]:
        """Read fields of a text.

        Returns:
            int32, one day a row, :data:`BAD` where a field is no date.
        """
        found = np.full(len(starts), BAD - 1, dtype=np.int32)
        found[lengths == 0] = self._empty
        if "%" not in self._order:
            for length in (10, 8, 19, 16):
                rows = np.flatnonzero(lengths == length)
                if len(rows):
                    found[rows] = self._fast(data, starts[rows].astype(np.intp), length)
        view = data.data
        for row in np.flatnonzero(found == BAD - 1).tolist():
            start = int(starts[row])
            found[row] = self.day(text_of(bytes(view[start : start + int(lengths[row])])))
        return found

    def _fast(self, data: NDArray[np.uint8], starts: NDArray[np.intp], length: int) -> NDArray[np.int32]:
        """Read the usual forms of one length; BAD - 1 where the slow way has to look."""
        signs = data[starts[:, None] + np.arange(length)]
        digits = signs - np.uint8(48)  # wraps round for what comes before "0"
        if length == 8:
            good, at = (digits <= 9).all(axis=1), (0, 4, 6)
        else:
            good, at = self._shape(signs, digits, length)
        value = digits.astype(np.int32)
        year_at, month_at, day_at = at
        year = value[:, year_at] * 1000 + value[:, year_at + 1] * 100 + value[:, year_at + 2] * 10 + value[:, year_at + 3]
        month = value[:, month_at] * 10 + value[:, month_at + 1]
        day = value[:, day_at] * 10 + value[:, day_at + 1]
        good &= (year >= _FIRST_YEAR) & (year <= _LAST_YEAR) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
        places = np.where(good, (year - _FIRST_YEAR) * 372 + (month - 1) * 31 + day - 1, 0)
        if DateReader._table is None:
            DateReader._table = _calendar()
        found = DateReader._table[places]
        return np.where(good & (found != BAD), found, BAD - 1).astype(np.int32)

    def _shape(
        self, signs: NDArray[np.uint8], digits: NDArray[np.uint8], length: int
    ) -> tuple[NDArray[np.bool_], tuple[int, int, int]]:
        """Tell which rows have the form 2026-11-22 (or 22/11/2026 where that is the column's order)."""
        marks, at = ((2, 5), (6, 0, 3)) if self._order in ("mdy", "dmy") else ((4, 7), (0, 5, 8))
        if self._order == "dmy":
            at = (6, 3, 0)
        good = (signs[:, marks[0]] == signs[:, marks[1]]) & np.isin(signs[:, marks[0]], (45, 47))
        for place in range(10):
            if place not in marks:
                good &= digits[:, place] <= 9
        if length > 10:
            good &= np.isin(signs[:, 10], (32, 84)) & (signs[:, 13] == 58)
            good &= (digits[:, 11] * 10 + digits[:, 12] <= 23) & (digits[:, 14] <= 5) & (digits[:, 15] <= 9)
            good &= (digits[:, 11] <= 2) & (digits[:, 12] <= 9)
            if length == 19:
                good &= (signs[:, 16] == 58) & (digits[:, 17] <= 5) & (digits[:, 18] <= 9)
        return good, at
