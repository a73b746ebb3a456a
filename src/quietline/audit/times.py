"""Moments as dialler logs write them: texts and cells to UTC, many at a time.

Read are ISO 8601 and its relatives (``2026-03-08 14:30:00``, ``2026/3/8 14:30``, ``20260308143000``), Unix time in
seconds, milliseconds or microseconds (10, 13 or 16 digits), ``3/8/2026 2:30 PM`` where the order of day and month is
known, dates with an English month name, and cells that hold a moment. What has no offset of its own is a local time and
needs a zone.

Where clocks are put back a local time is there twice, and where they are put forward it is not there at all. Such a time
is read as Python's ``fold=0``: the first of the two, or, in the gap, by the offset that held before it. It is marked, so
that a report can list it.

Source of the rules: ISO 8601; POSIX.1 (seconds since the epoch); PEP 495 (fold and gap).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from quietline.audit._zones import LocalTimes
from quietline.errors import UsageError
from quietline.tables import cell_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

__all__ = ["DateOrder", "Moments", "TimeReader", "TimeStatus", "order_evidence", "zone_named"]

DateOrder: TypeAlias = Literal["mdy", "dmy"]

_MEMO = 100_000
_FIRST_YEAR, _END_YEAR = 1970, 2200  # registers know no day before 1970; a year outside is a slip or a zero date
_MONTHS = {text: i for i, text in enumerate(re.findall("...", "janfebmaraprmayjunjulaugsepoctnovdec"), 1)}
_CLOCK = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?P<zone>Z|z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?"
)
_YEAR_FIRST = re.compile(r"(?P<year>\d{4})[-/.年](?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})日?(?:[Tt\s]\s*" + _CLOCK + ")?")
_YEAR_LAST = re.compile(r"(?P<first>\d{1,2})[-/.](?P<other>\d{1,2})[-/.](?P<year>\d{4}|\d{2})(?:,?\s+" + _CLOCK + ")?")
_COMPACT = re.compile(
    r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})[Tt]?(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})?"
    r"(?P<fraction>)(?P<half>)(?P<zone>Z|z|[+-]\d{2}(?::?\d{2})?)?"
)
_DAY_NAMED = re.compile(
    r"(?:[A-Za-z]{3,9},?\s+)?(?P<day>\d{1,2})[\s-](?P<name>[A-Za-z]{3,9})[\s,-]+(?P<year>\d{4})\s+" + _CLOCK
)
_NAMED_DAY = re.compile(
    r"(?:[A-Za-z]{3,9},?\s+)?(?P<name>[A-Za-z]{3,9})\.?\s+(?P<day>\d{1,2}),?\s+(?P<year>\d{4}),?\s+" + _CLOCK
)
_UNIX = re.compile(r"(\d{10}|\d{13}|\d{16})(?:\.(\d+))?")
_UNIX_SCALE = {10: 1_000_000, 13: 1_000, 16: 1}


class TimeStatus(IntEnum):
    """What a time was found to be; the values are those of uint8 columns. The first three come with a moment."""

    OK = 0
    TWICE = 1  # clocks were put back: this local time was there twice
    SKIPPED = 2  # clocks were put forward: this local time was not there
    EMPTY = 3
    UNREADABLE = 4
    DATE_ONLY = 5  # a day without a time of day
    DATE_ORDER = 6  # day and month cannot be told apart, and nothing says which comes first


@dataclass(frozen=True, slots=True)
class Moments:
    """A column of moments.

    Attributes:
        at: datetime64[us], shape (rows,), UTC; NaT where there is none.
        statuses: uint8, shape (rows,); see :class:`TimeStatus`.
    """

    at: NDArray[np.datetime64]
    statuses: NDArray[np.uint8]


class _Read(NamedTuple):
    """One text: microseconds since 1970 as written, and the offset in microseconds where one is written."""

    status: TimeStatus
    micros: int = 0
    offset: int | None = None


def zone_named(name: str) -> ZoneInfo:
    """Give the time zone of an IANA name such as ``America/New_York``.

    Raises:
        UsageError: there is no such zone on this machine.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(
            f"There is no time zone '{name}'.",
            advice="Use a name of the IANA database, such as America/New_York, Europe/London or Asia/Shanghai.",
            code="usage.zone",
        ) from None


class TimeReader:
    """Read one column of moments; remembers what it has read, up to a limit.

    Args:
        column: what the column is called, for messages.
        zone: zone of local times; None where there should be none.
        dates: which of day and month comes first where both are numbers and the year comes last; None where that is
            not known.
    """

    def __init__(self, column: str, *, zone: tzinfo | None = None, dates: DateOrder | None = None) -> None:
        self._column = column
        self._local = LocalTimes(zone) if zone is not None else None
        self._dates = dates
        self._memo: dict[bytes, _Read] = {}

    def fields(
        self,
        data: bytes | bytearray | memoryview,
        starts: NDArray[np.uint32],
        lengths: NDArray[np.uint32],
        text_of: Callable[[bytes | memoryview], str],
        rows: NDArray[np.int64],
    ) -> Moments:
        """Read fields that lie in a text.

        Args:
            data: the text.
            starts: uint32, shape (rows,).
            lengths: uint32, shape (rows,); bytes.
            text_of: decodes one field.
            rows: int64, shape (rows,); row numbers, for messages.

        Raises:
            UsageError: a local time was met and there is no zone (``usage.zone_needed``).
        """
        statuses = np.full(len(starts), TimeStatus.OK, np.uint8)
        micros, offsets, naive, plain = _plain_iso(data, starts, lengths)
        view = memoryview(data)
        for i in np.flatnonzero(~plain).tolist():
            start = int(starts[i])
            read = self._known(bytes(view[start : start + int(lengths[i])]), text_of)
            statuses[i], micros[i] = read.status, read.micros
            if read.offset is not None:
                offsets[i] = read.offset
            else:
                naive[i] = read.status == TimeStatus.OK
        return self._moments(statuses, micros, offsets, naive, rows)

    def cells(self, cells: Sequence[Any], rows: NDArray[np.int64]) -> Moments:
        """Read cells of a workbook or of another table: moments, texts or numbers.

        Raises:
            UsageError: as for :meth:`fields`.
        """
        encoded = [cell if isinstance(cell, bytes) else _cell_iso(cell).encode("utf-8", "surrogatepass") for cell in cells]
        lengths = np.fromiter(map(len, encoded), np.uint32, len(encoded))
        ends = np.cumsum(lengths, dtype=np.uint64)
        starts = (ends - lengths).astype(np.uint32)
        return self.fields(b"".join(encoded), starts, lengths, lambda raw: bytes(raw).decode("utf-8", "replace"), rows)

    def stamps(self, micros: NDArray[np.int64], valid: NDArray[np.bool_], *, utc: bool, rows: NDArray[np.int64]) -> Moments:
        """Take moments that are numbers already: microseconds since 1970, of UTC or of the local clock.

        Raises:
            UsageError: as for :meth:`fields`.
        """
        statuses = np.where(valid, TimeStatus.OK, TimeStatus.EMPTY).astype(np.uint8)
        naive = valid & (not utc)
        return self._moments(statuses, np.where(valid, micros, 0), np.zeros(len(micros), np.int64), naive, rows)

    def _known(self, raw: bytes, text_of: Callable[[bytes | memoryview], str]) -> _Read:
        """Read a field; day and clock are remembered apart, for logs repeat both, but seldom both together."""
        first, _, second = raw.partition(b" ")
        day = self._remembered(b"d" + first, lambda: self._read(f"{text_of(first)} 00:00:00"))
        if day.status == TimeStatus.OK and day.offset is None:
            clock = self._remembered(b"c" + second, lambda: self._read(f"1970-01-01 {text_of(second)}"))
            if clock.status == TimeStatus.OK:
                return _Read(TimeStatus.OK, day.micros + clock.micros, clock.offset)
        return self._remembered(b"w" + raw, lambda: self._read(text_of(raw).strip()))

    def _remembered(self, key: bytes, read: Callable[[], _Read]) -> _Read:
        found = self._memo.get(key)
        if found is None:
            if len(self._memo) >= _MEMO:
                self._memo.clear()
            found = self._memo[key] = read()
        return found

    def status_of(self, text: str) -> TimeStatus:
        """Say whether a text can be read as a moment, without asking the zone."""
        return self._read(text.strip()).status

    def check(self, texts: Sequence[str]) -> None:
        """Refuse a column, of which these are some texts, that needs a zone where there is none.

        Raises:
            UsageError: as for :meth:`fields`.
        """
        if self._local is None:
            for read in (self._read(text.strip()) for text in texts):
                if read.status == TimeStatus.OK and read.offset is None:
                    raise self._zone_needed("")

    def _zone_needed(self, where: str) -> UsageError:
        return UsageError(
            f"Column '{self._column}' holds local times{where}: without their time zone nobody can say when these calls "
            "were made.",
            advice="Name the zone of the dialler's clock, such as --zone America/New_York.",
            code="usage.zone_needed",
        )

    def _moments(
        self,
        statuses: NDArray[np.uint8],
        micros: NDArray[np.int64],
        offsets: NDArray[np.int64],
        naive: NDArray[np.bool_],
        rows: NDArray[np.int64],
    ) -> Moments:
        if naive.any():
            if self._local is None:
                raise self._zone_needed(f" (the first in row {int(rows[int(np.argmax(naive))])})")
            offsets[naive], marks = self._local.offsets(micros[naive])
            statuses[naive] = marks
        at = (micros - offsets).view("datetime64[us]").copy()
        at[statuses > TimeStatus.SKIPPED] = np.datetime64("NaT")
        return Moments(at, statuses)

    def _read(self, text: str) -> _Read:
        if not text:
            return _Read(TimeStatus.EMPTY)
        if match := _UNIX.fullmatch(text):
            scale = _UNIX_SCALE[len(match[1])]
            micros = int(match[1]) * scale
            if match[2] is not None:
                micros += int((match[2] + "000000")[:6]) * scale // 1_000_000
            return _Read(TimeStatus.OK, micros, 0) if _in_range(micros) else _Read(TimeStatus.UNREADABLE)
        if match := _YEAR_LAST.fullmatch(text):
            return self._year_last(match)
        if match := _YEAR_FIRST.fullmatch(text) or _COMPACT.fullmatch(text):
            return _moment(match, int(match["year"]), int(match["month"]), int(match["day"]))
        if match := _DAY_NAMED.fullmatch(text) or _NAMED_DAY.fullmatch(text):
            month = _MONTHS.get(match["name"][:3].lower(), 0)
            return _moment(match, int(match["year"]), month, int(match["day"]))
        return _Read(TimeStatus.UNREADABLE)

    def _year_last(self, match: re.Match[str]) -> _Read:
        first, other, year = int(match["first"]), int(match["other"]), int(match["year"])
        if self._dates is None:
            # '26/03/08' could begin with a year, too: with nothing declared only a whole year is taken
            if first != other or len(match["year"]) == 2:
                return _Read(TimeStatus.DATE_ORDER)
        elif self._dates == "dmy":
            first, other = other, first
        return _moment(match, year + 2000 if len(match["year"]) == 2 else year, first, other)


def order_evidence(text: str) -> Literal["", "mdy", "dmy", "either"]:
    """Say what a text tells about the order of day and month.

    Returns:
        ``mdy`` or ``dmy`` where only that can be, ``either`` where both can, and nothing where this is no such date, or
        where day and month are the same.
    """
    match = _YEAR_LAST.fullmatch(text.strip())
    if match is None or len(match["year"]) == 2:
        return ""
    first, other = int(match["first"]), int(match["other"])
    if first == other or not (1 <= first <= 31 and 1 <= other <= 31):
        return ""
    if first > 12:
        return "dmy" if other <= 12 else ""
    return "mdy" if other > 12 else "either"


def _moment(match: re.Match[str], year: int, month: int, day: int) -> _Read:
    """Put a date and the groups of a clock together."""
    try:
        if match["hour"] is None:
            date(_sound_year(year), month, day)
            return _Read(TimeStatus.DATE_ONLY)
        hour = _hour(int(match["hour"]), match["half"])
        fraction = int(((match["fraction"] or "") + "000000")[:6])
        minute, second = int(match["minute"]), int(match["second"] or 0)
        moment = datetime(_sound_year(year), month, day, hour, minute, second, fraction, UTC)
        offset = _offset(match["zone"])
    except ValueError:
        return _Read(TimeStatus.UNREADABLE)
    return _Read(TimeStatus.OK, (moment - _EPOCH) // _MICROSECOND, offset)


def _sound_year(year: int) -> int:
    if not _FIRST_YEAR <= year < _END_YEAR:
        raise ValueError
    return year


def _hour(hour: int, half: str | None) -> int:
    """Give the hour of the day, where ``half`` may say am or pm: 12 am is midnight."""
    if not half:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError
    return hour % 12 + (12 if half[0] in "pP" else 0)


def _offset(zone: str | None) -> int | None:
    """Give a written offset in microseconds east of UTC."""
    if not zone:
        return None
    if zone in {"Z", "z", "UTC", "GMT"}:
        return 0
    hours, minutes = int(zone[1:3]), int(zone[-2:]) if len(zone) > 3 else 0
    if hours > 15 or minutes > 59:
        raise ValueError
    micros = (hours * 60 + minutes) * 60_000_000
    return -micros if zone[0] == "-" else micros


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LAST_MICROS = (datetime(_END_YEAR, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND


def _in_range(micros: int) -> bool:
    return 0 <= micros < _LAST_MICROS


def _cell_iso(cell: Any) -> str:
    """Write a cell as a text that is read back as the same moment."""
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    return cell_text(cell)


# 'YYYY-MM-DD?HH:MM:SS': where the digits of it are, and where its marks
_DIGITS = np.array([0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18])
_ZONE_DIGITS = np.array([20, 21, 23, 24])


def _plain_iso(
    data: bytes | bytearray | memoryview, starts: NDArray[np.uint32], lengths: NDArray[np.uint32]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Read what is written in the commonest way, ``2026-03-08 14:30:00`` with nothing, ``Z`` or ``+08:00`` behind it.

    Returns:
        Microseconds as written, offsets in microseconds, which rows have no offset, and which were read at all. A text
        with a month 13 and the like is left to the slow way, which knows what to call it.
    """
    count = len(starts)
    micros, offsets = np.zeros(count, np.int64), np.zeros(count, np.int64)
    naive, plain = np.zeros(count, np.bool_), np.zeros(count, np.bool_)
    octets = np.frombuffer(data, np.uint8)
    for length in (19, 20, 25):
        places = np.flatnonzero(lengths == length)
        if not len(places):
            continue
        texts = octets[starts[places, None].astype(np.int64) + np.arange(length)]
        digits = texts[:, _DIGITS].astype(np.int64) - ord("0")
        good = ((digits >= 0) & (digits <= 9)).all(axis=1)
        good &= (texts[:, [4, 7]] == ord("-")).all(axis=1) & (texts[:, [13, 16]] == ord(":")).all(axis=1)
        good &= (texts[:, 10] == ord(" ")) | (texts[:, 10] == ord("T"))
        offset = np.zeros(len(places), np.int64)
        if length == 20:
            good &= texts[:, 19] == ord("Z")
        elif length == 25:
            zone = texts[:, _ZONE_DIGITS].astype(np.int64) - ord("0")
            hours, minutes = zone[:, 0] * 10 + zone[:, 1], zone[:, 2] * 10 + zone[:, 3]
            good &= ((zone >= 0) & (zone <= 9)).all(axis=1) & (texts[:, 22] == ord(":")) & (hours < 16) & (minutes < 60)
            good &= (texts[:, 19] == ord("+")) | (texts[:, 19] == ord("-"))
            offset = (hours * 60 + minutes) * 60_000_000 * np.where(texts[:, 19] == ord("-"), -1, 1)
        year = digits[:, :4] @ np.array([1000, 100, 10, 1])
        month, day, hour, minute, second = (digits[:, i] * 10 + digits[:, i + 1] for i in (4, 6, 8, 10, 12))
        good &= (year >= _FIRST_YEAR) & (year < _END_YEAR) & (month >= 1) & (month <= 12) & (day >= 1)
        good &= (hour < 24) & (minute < 60) & (second < 60)
        # a month's first day, with nonsense put aside before NumPy would have to make sense of it
        months = np.where(good, (year - 1970) * 12 + month - 1, 0)
        first = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
        next_first = (months + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
        good &= first + day <= next_first
        seconds = ((first + day - 1) * 24 + hour) * 3600 + minute * 60 + second
        chosen = places[good]
        micros[chosen] = seconds[good] * 1_000_000
        offsets[chosen] = offset[good]
        naive[chosen] = length == 19
        plain[chosen] = True
    return micros, offsets, naive, plain
