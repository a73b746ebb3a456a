"""A dialler's log of past calls, opened whatever it is written in and read some thousand calls at a time."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from quietline.audit._log_rows import LogRows, ParquetLog, SheetLog, TextLog
from quietline.audit.calls import Calls
from quietline.audit.layouts import TEXT_ROLES, Layout, choose_layout, place_roles
from quietline.audit.times import DateOrder, TimeReader, order_evidence, zone_named
from quietline.errors import InputError, UsageError
from quietline.numbering import Status, calling_code, country_code, parse_column
from quietline.tables import open_stream

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType

    from quietline.audit._log_rows import RowBatch
    from quietline.numbering import Numbers
    from quietline.tables import Stream
    from quietline.tables.streams import Source

__all__ = ["CallLog", "ReadAs"]

_DATE_ORDERS = ("mdy", "dmy")
_SHOWN_ROWS = 5
_MEMO = 100_000


@dataclass(frozen=True, slots=True)
class ReadAs:
    """How a log is to be read, where that is not to be found out.

    Attributes:
        encoding: a name such as ``utf-8``, ``gb18030``, ``latin-1``; found out where None.
        delimiter: one character or a word such as ``tab``; found out where None.
        quote: ``'"'``, ``none``, or None to find out.
        header: whether the first row names the columns; found out where None.
        sheet: name of a workbook's sheet, or its number; the first where None.
    """

    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    header: bool | None = None
    sheet: str | None = None


class CallLog:
    """A log of calls, made by :meth:`open`; to be gone through once, and closed (it is a context manager).

    Attributes:
        name: what to call the log in messages.
        country: default country of its numbers.
        layout: what its columns mean; see :data:`~quietline.audit.LAYOUTS`.
        columns: for each role the name of its column.
        zone: name of the zone of its local times, or None.
        dates: the order of day and month where it matters: ``mdy``, ``dmy`` or None.
        rows: rows gone through so far, without header and blank lines.
    """

    def __init__(
        self,
        stream: Stream,
        log: LogRows,
        layout: Layout,
        names: tuple[str, ...],
        places: Mapping[str, int],
        *,
        country: str,
        zone: str | None,
        dates: DateOrder | None,
    ) -> None:
        self.name = stream.name
        self.country = country
        self.layout = layout
        self.columns = {role: names[place] for role, place in places.items()}
        self.zone = zone
        self.dates = dates
        self.rows = 0
        self._stream = stream
        self._log = log
        self._places = places
        self._calling_code = str(calling_code(country))
        self._reader = TimeReader(
            self.columns["called_at"], zone=zone_named(zone) if zone is not None else None, dates=dates
        )

    @classmethod
    def open(
        cls,
        source: Source,
        *,
        country: str,
        layout: str | None = None,
        columns: Mapping[str, str] | None = None,
        zone: str | None = None,
        dates: DateOrder | None = None,
        read_as: ReadAs | None = None,
    ) -> Self:
        """Open a log and find out how it is written.

        Args:
            source: a path, ``-`` for standard input, bytes, or a binary file: delimited text in any encoding, plain or
                gzipped, a workbook or a Parquet file.
            country: default country of its numbers, ISO 3166, two letters.
            layout: ``mapped``, ``vicidial``, ``asterisk`` or ``freeswitch``; found out where None.
            columns: roles and the names of their columns, or their numbers counted from 1; goes before what the layout
                says. Roles are in :data:`~quietline.audit.ROLES`.
            zone: IANA name of the zone of times that are written without an offset.
            dates: whether the month (``mdy``) or the day (``dmy``) comes first in dates such as ``3/8/2026``. Where that
                is not given, the whole log is looked through, and it is taken if every such date allows only one.
            read_as: how to read the file.

        Returns:
            The log, of which no call has been read yet.

        Raises:
            UsageError: a layout, role, zone or order that there is not; local times without a zone
                (``usage.zone_needed``); dates whose order cannot be known (``usage.dates_needed``).
            InputError: the log cannot be read; some of its dates have the day first and others the month
                (``input.dates``).
            ColumnError: the layout is not known, or a column is missing.
        """
        read_as = read_as or ReadAs()
        country = country_code(country)
        if dates is not None and dates not in _DATE_ORDERS:
            raise UsageError(f"'{dates}' is no order of a date.", advice="Say mdy or dmy.", code="usage.dates")
        with ExitStack() as stack:
            stream = stack.enter_context(open_stream(source))
            log = _rows_of(stream, read_as)
            layout_found, names = choose_layout(layout, columns or {}, log.names, log.sample(), header=log.header)
            places = place_roles(layout_found, columns or {}, names)
            place = places["called_at"]
            sampled = [row[place] for row in log.sample() if place < len(row)]
            if dates is None and any(order_evidence(text.strip().partition(" ")[0].rstrip(",")) for text in sampled):
                dates = _find_order(stream, read_as, place, names[place])
            found = cls(stream, log, layout_found, names, places, country=country, zone=zone, dates=dates)
            # a log of local times without a zone is better refused now than after the first million
            found._reader.check(sampled)
            stack.pop_all()
            return found

    @property
    def size(self) -> int | None:
        """Bytes of the log on disk, None where that is not known."""
        return self._stream.size

    @property
    def position(self) -> int:
        """Bytes read so far, to be set against :attr:`size`."""
        return self._stream.position

    def describe(self) -> str:
        """Say in words how the log is read, such as 'VICIdial call export; UTF-8, tab-separated, with a header; ...'."""
        parts = [self.layout.title, self._log.description]
        parts.append(f"times in {self.zone}" if self.zone else "times with their offsets")
        if self.dates:
            parts.append("month before day" if self.dates == "mdy" else "day before month")
        return "; ".join(parts)

    def as_dict(self) -> dict[str, Any]:
        """Give what was found out as JSON would have it."""
        return {
            "name": self.name,
            "country": self.country,
            "layout": self.layout.name,
            "kind": self._log.kind,
            "description": self.describe(),
            "columns": dict(self.columns),
            "zone": self.zone,
            "dates": self.dates,
            "rows": self.rows,
        }

    def __iter__(self) -> Iterator[Calls]:
        """Give the calls in the log's order.

        Raises:
            UsageError: a local time was met and there is no zone (``usage.zone_needed``).
            InputError: the log turns out to be damaged.
        """
        for batch in self._log.batches(sorted(self._places.values())):
            calls = self._calls(batch)
            self.rows += len(calls)
            yield calls

    def close(self) -> None:
        """Let go of the file."""
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _calls(self, batch: RowBatch) -> Calls:
        places = self._places
        numbers = self._numbers(batch)
        moments = batch.moments(places["called_at"], self._reader)
        texts = {role: batch.texts(places[role]) for role in TEXT_ROLES if role in places}
        if "alt_dial" in places and "direction" not in places:
            texts["direction"] = [_direction(text) for text in batch.texts(places["alt_dial"])]
        return Calls(batch.rows, numbers.keys, numbers.statuses, moments.at, moments.statuses, texts)

    def _numbers(self, batch: RowBatch) -> Numbers:
        """Read the numbers, with the calling codes where these stand in a column of their own.

        A row whose calling code is the default country's is read as that country's number. Any other is read with its
        code before it; where that is no number and the digits begin with the code, the code was there already.
        """
        place = self._places["number"]
        numbers = batch.numbers(place, self.country)
        if "phone_code" not in self._places:
            return numbers
        codes = [_code_of(text) for text in batch.texts(self._places["phone_code"])]
        foreign = [i for i, code in enumerate(codes) if code and code != self._calling_code]
        if not foreign:
            return numbers
        raws = batch.texts(place)
        foreign = [i for i in foreign if raws[i] and not raws[i].startswith("+")]
        joined = parse_column([f"+{codes[i]} {raws[i]}" for i in foreign], country=self.country)
        again = [n for n, i in enumerate(foreign) if joined.statuses[n] != Status.OK and raws[i].startswith(codes[i])]
        whole = parse_column([f"+{raws[foreign[n]]}" for n in again], country=self.country)
        for n, key, status in zip(again, whole.keys.tolist(), whole.statuses.tolist(), strict=True):
            if status == Status.OK:
                joined.keys[n], joined.statuses[n] = key, status
        numbers.keys[foreign], numbers.statuses[foreign] = joined.keys, joined.statuses
        return numbers


def _rows_of(stream: Stream, read_as: ReadAs) -> LogRows:
    kind = stream.expect("text", "xlsx", "parquet")
    if kind == "xlsx":
        return SheetLog(stream, sheet=read_as.sheet, header=read_as.header)
    if kind == "parquet":
        return ParquetLog(stream)
    return TextLog(
        stream, encoding=read_as.encoding, delimiter=read_as.delimiter, quote=read_as.quote, header=read_as.header
    )


def _code_of(text: str) -> str:
    """Give a calling code without what is dialled before it from abroad: '01144' and '+44' are 44."""
    digits = text.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()):
        return ""
    for prefix in ("011", "00"):
        digits = digits.removeprefix(prefix)
    return digits


def _direction(alt_dial: str) -> str:
    """Tell VICIdial's incoming calls, which have the seconds spent waiting where others say which number was dialled."""
    return "inbound" if alt_dial.replace(".", "", 1).isdigit() else "outbound"


def _find_order(stream: Stream, read_as: ReadAs, place: int, column: str) -> DateOrder | None:
    """Look through the whole log for dates that tell whether the day or the month comes first."""
    rows: dict[str, list[int]] = {"mdy": [], "dmy": [], "either": []}
    known: dict[str, str] = {}
    either = 0
    # a second reading, which leaves the first where it is
    with open_stream(stream.random_access(), name=stream.name) as again:
        for batch in _rows_of(again, read_as).batches([place]):
            for row, text in zip(batch.rows.tolist(), batch.texts(place), strict=True):
                day = text.partition(" ")[0].rstrip(",")
                found = known.get(day)
                if found is None:
                    if len(known) >= _MEMO:
                        known.clear()
                    found = known[day] = order_evidence(day)
                if found:
                    either += found == "either"
                    if len(rows[found]) < _SHOWN_ROWS:
                        rows[found].append(row)
    if rows["mdy"] and rows["dmy"]:
        raise InputError(
            f"Column '{column}' has dates with the month first (row {rows['mdy'][0]}) and others with the day first "
            f"(row {rows['dmy'][0]}).",
            advice="Say --dates mdy or --dates dmy; rows that do not fit are listed as unreadable.",
            code="input.dates",
        )
    if rows["mdy"] or rows["dmy"]:
        return "mdy" if rows["mdy"] else "dmy"
    listed = ", ".join(map(str, rows["either"])) + (" and more" if either > len(rows["either"]) else "")
    raise UsageError(
        f"In column '{column}' nothing tells whether the month or the day comes first (rows {listed}).",
        advice="Say --dates mdy (3/8/2026 is 8 March) or --dates dmy (it is 3 August).",
        code="usage.dates_needed",
    )
