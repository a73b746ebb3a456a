"""Open sources of any kind, and the members of archives, and read them as batches."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from quietline.errors import InputError
from quietline.registers.changes import Changes
from quietline.registers.days import UNKNOWN
from quietline.registers.sources.batches import ReadOptions, SourceFacts
from quietline.registers.sources.plan import ReadPlan
from quietline.tables import members, open_stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from quietline.registers.sources.batches import Reject, SourceBatch
    from quietline.tables import Stream
    from quietline.tables.streams import Source

__all__ = ["ReadProgress", "SourceReader", "read_changes"]


@dataclass(frozen=True, slots=True)
class ReadProgress:
    """How far reading is: the source, its bytes read so far and in all (None where unknown), rows of all sources."""

    name: str
    done_bytes: int
    all_bytes: int | None
    rows: int


class _OneSource(Protocol):
    name: str
    format: str
    columns: dict[str, str]

    @property
    def is_change_list(self) -> bool: ...

    def batches(self) -> Iterator[SourceBatch]: ...


class SourceReader:
    """Reads any number of sources, of any kind, one after the other.

    Args:
        how: how to read them.
        changes: change lists are wanted, not full lists.
        progress: is called now and then.

    Attributes:
        facts: what was found out about each source that has been read.
        rows: rows read so far, of all sources.
    """

    def __init__(
        self, how: ReadPlan, *, changes: bool = False, progress: Callable[[ReadProgress], None] | None = None
    ) -> None:
        self.how = how
        self.facts: list[SourceFacts] = []
        self.rows = 0
        self._changes = changes
        self._progress = progress

    def read(self, sources: Iterable[Source]) -> Iterator[SourceBatch]:
        """Give the rows of all sources; once.

        Args:
            sources: paths, ``-``, bytes or binary files; delimited text, XML, XLSX, Parquet, gzip or zip of these.

        Raises:
            InputError: a source cannot be read, is damaged, or is a change list where a full list is wanted
                (``input.change_list``) or the other way round (``input.full_list``).
            ColumnError: a column is missing, or none could be found.
        """
        for source in sources:
            with open_stream(source) as stream:
                if stream.kind != "zip":
                    yield from self._read_one(stream)
                    continue
                empty = True
                for member in members(stream):
                    empty = False
                    yield from self._read_one(member)
                if empty:
                    raise InputError(
                        f"The zip archive {stream.name} is empty.", advice="Fetch it again.", code="input.empty"
                    )

    def _read_one(self, stream: Stream) -> Iterator[SourceBatch]:
        one = _opened(stream, self.how)
        rows = rejects = 0
        checked = False
        for batch in one.batches():
            if not checked:
                self._check(one)
                checked = True
            rows += batch.rows
            rejects += len(batch.rejects)
            self.rows += batch.rows
            yield batch
            if self._progress is not None:
                self._progress(ReadProgress(stream.name, stream.position, stream.size, self.rows))
        self.facts.append(SourceFacts(one.name, one.format, one.columns, rows, rejects))

    def _check(self, one: _OneSource) -> None:
        """Refuse a change list for a full list, and the other way round."""
        if one.is_change_list and not self._changes:
            column = one.columns.get("operation")
            where = f" (column '{column}')" if column else ""
            raise InputError(
                f"{one.name} is a change list: its rows say add or delete{where}.",
                advice="Apply it to a register with 'quietline register apply', or, if all its rows stand in the "
                "register, say --operation-column none.",
                code="input.change_list",
            )
        if self._changes and not one.is_change_list:
            raise InputError(
                f"{one.name} is not a change list: no column of it says add or delete.",
                advice="Name that column with --operation-column, or build a register from a full list with "
                "'quietline register build'.",
                code="input.full_list",
            )


def _opened(stream: Stream, how: ReadPlan) -> _OneSource:
    if not stream.peek(1):  # a download that failed; an empty list has at least a header
        raise InputError(
            f"{stream.name} is empty: there is not a single byte in it.", advice="Fetch it again.", code="input.empty"
        )
    kind = stream.expect("text", "xlsx", "parquet")
    if kind == "xlsx":
        from quietline.registers.sources.grids import SheetSource

        return SheetSource(stream, how)
    if kind == "parquet":
        from quietline.registers.sources.grids import ParquetSource

        return ParquetSource(stream, how)
    from quietline.registers.sources.xml import XmlSource, looks_like_xml

    if looks_like_xml(stream.peek(1 << 14)):
        return XmlSource(stream, how)
    from quietline.registers.sources.text import TextSource

    return TextSource(stream, how)


def read_changes(
    sources: Iterable[Source],
    *,
    country: str,
    time_zone: str = "UTC",
    holds: tuple[str, ...] = ("e164",),
    options: ReadOptions | None = None,
    empty_day: int = UNKNOWN,
    on_rejects: Callable[[Iterable[Reject]], None] | None = None,
    progress: Callable[[ReadProgress], None] | None = None,
    facts: list[SourceFacts] | None = None,
) -> Changes:
    """Read change lists: adds and deletes, their columns in any order.

    Args:
        sources: as for :meth:`SourceReader.read`; the rows of the first come before those of the second.
        country: default country of the numbers.
        time_zone: of the register.
        holds: kinds of keys that the register holds.
        options: how to read the lists.
        empty_day: the day of a change that does not say one; a day that is said to be ``unknown`` stays 0.
        on_rejects: is given rows that could not be read; by default they are left out.
        progress: is called now and then.
        facts: is given what was found out about each source.

    Raises:
        InputError: as for :meth:`SourceReader.read`; a full list is refused (``input.full_list``).
    """
    how = ReadPlan(country, time_zone, holds, options or ReadOptions(), empty_day)
    reader = SourceReader(how, changes=True, progress=progress)
    with ExitStack() as stack:
        if facts is not None:
            stack.callback(lambda: facts.extend(reader.facts))
        parts = []
        for batch in reader.read(sources):
            if batch.rejects and on_rejects is not None:
                on_rejects(batch.rejects)
            if len(batch):
                parts.append(batch)
    n = sum(map(len, parts))
    operations, keys = np.zeros(n, np.uint8), np.zeros(n, np.uint64)
    days, terms = np.full(n, empty_day, np.uint16), np.zeros(n, np.uint16)
    at = 0
    for batch in parts:
        place = slice(at, at + len(batch))
        at = place.stop
        keys[place] = batch.keys
        operations[place] = 0 if batch.operations is None else batch.operations
        if batch.since is not None:
            days[place] = batch.since
        if batch.terms is not None:
            terms[place] = batch.terms
    return Changes(operations, keys, days, terms, how.terms.table)
