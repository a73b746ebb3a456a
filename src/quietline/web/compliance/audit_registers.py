"""What the registers said of the numbers of a log, on every day of it: written as small register files for one audit.

The platform remembers since when each entry stood, from when to when it was published, and which numbers came with an
earlier register; so it can say for any day from the beginning of a register what stood in it. Only the numbers of the log
are looked up, and only they are in the files.

A number whose terms were changed keeps the day since which it is listed. A register file cannot say both from when terms
held and since when the number was listed, so calls before and after such a change look into different files: *epochs*, of
which nearly every number has one.

Of a seller's own evidence what counts is when it happened, not when it was recorded: a consent of March that was handed in
in May held in April. What the person contested, and nobody proved, counts as none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from django.db import connection
from django.db.models import Min

from quietline.registers import Entries, Metadata, RegisterBuilder
from quietline.registers.days import NEVER, day_of
from quietline.registers.format import HISTORY
from quietline.wash.campaign import Evidence
from quietline.web.publishing.bulk import among
from quietline.web.publishing.models import Entry, Import, Register
from quietline.web.washing.campaigns import common_registers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from quietline.web.accounts.models import Organisation

__all__ = ["PastRegisters", "Period", "listed_periods", "write_past_registers"]

_CHUNK = 20_000
_Kind = Register.Kind
_OWNED = {
    _Kind.CONSENTS: ("consents", "recorded_channel_specific"),
    _Kind.SIGNED_CONSENTS: ("consents", "written_signed"),
    _Kind.ORAL_CONSENTS: ("consents", "oral"),
    _Kind.CUSTOMERS: ("purchases", ""),
    _Kind.INQUIRIES: ("inquiries", ""),
    _Kind.STOP_REQUESTS: ("stop_requests", ""),
}
"""What a seller's register is to the judging of a call, and which kind of consent it holds."""
_IMPORTED = """
SELECT i.key, min(coalesce(i.since_date, b.list_date))
FROM publishing_imported i JOIN publishing_import b ON b.id = i.bulk_id
WHERE b.register_id = %s AND i.key = ANY(%s) GROUP BY i.key
"""


class Period(NamedTuple):
    """A number stands in a register, on some terms; days as register files have them.

    Attributes:
        start: first day on which this was so.
        since: since when the number was listed then; not later than ``start``.
        until: first day on which it was so no more; 65535: it still is.
        terms: of the entry; empty covers everything.
    """

    start: int
    since: int
    until: int
    terms: str


class _Row(NamedTuple):
    """An entry as the database has it, in days."""

    listed: int
    since: int
    ended: int
    terms: str
    reason: str


@dataclass(slots=True)
class PastRegisters:
    """The registers as they stood, for the numbers of a log.

    Attributes:
        keys: uint64, ascending, each once: the numbers of the log.
        epochs: for each epoch the do-not-call registers in files.
        owned: the seller's own registers in files.
        changed_on: days on which terms of a number changed, ascending, by number; most numbers have none.
        known_from: by country the first day on which its do-not-call register is known.
        listed_since: by country uint16, shape (numbers,): since when a number stood in the register at its first known day
            or came into it later; 65535 where it never did.
        names: what the registers are called, and what they are to the calls.
    """

    keys: NDArray[np.uint64]
    epochs: list[list[Evidence]] = field(default_factory=list)
    owned: list[Evidence] = field(default_factory=list)
    changed_on: dict[int, list[int]] = field(default_factory=dict)
    known_from: dict[str, date] = field(default_factory=dict)
    listed_since: dict[str, NDArray[np.uint16]] = field(default_factory=dict)
    names: list[dict[str, str]] = field(default_factory=list)


def write_past_registers(client: Organisation, keys: NDArray[np.uint64], folder: Path, *, today: date) -> PastRegisters:
    """Write what the registers said of some numbers.

    Args:
        client: whose evidence counts.
        keys: uint64, ascending, each once.
        folder: where the files go; it holds numbers and has to be deleted.
        today: the day up to which everything is known.
    """
    found = PastRegisters(keys)
    common = common_registers()
    periods = {register.pk: dict(_listed(register, keys)) for register in common}
    for register in common:
        found.known_from[register.country] = _known_from(register)
        found.listed_since[register.country] = _first_days(periods[register.pk], keys)
        found.names.append({"name": register.title, "list_date": today.isoformat(), "role": "do_not_call"})
        for key, some in periods[register.pk].items():
            if changes := [period.start for period in some if period.start > period.since]:
                found.changed_on[key] = sorted({*found.changed_on.get(key, ()), *changes})
    for epoch in range(1 + max((len(days) for days in found.changed_on.values()), default=0)):
        files = []
        for register in common:
            path = folder / f"{register.code}-{epoch}.qlr"
            rows = _of_epoch(periods[register.pk], found.changed_on, epoch)
            _write(path, register, rows, today=today, latest=False)
            files.append(Evidence("do_not_call", path, country=register.country))
        found.epochs.append(files)
    for register in Register.objects.filter(owner=client, kind__in=_OWNED).order_by("pk"):
        role, kind = _OWNED[_Kind(register.kind)]
        path = folder / f"{register.code}.qlr"
        _write(path, register, _happened(register, keys), today=today, latest=True)
        found.owned.append(Evidence(role, path, kind))
        found.names.append({"name": register.title, "list_date": today.isoformat(), "role": role})
    return found


def listed_periods(rows: Iterable[_Row], imported: int | None = None) -> list[Period]:
    """Work out how one number stood in a do-not-call register.

    Args:
        rows: its entries, in the order in which they were listed.
        imported: since when it stands by an earlier register, which counts until its first entry; None: it does not.

    Returns:
        Periods that follow one another.
    """
    ordered = list(rows)
    found: list[Period] = []
    if imported is not None:
        end = ordered[0].listed if ordered else NEVER
        if end > imported:
            found.append(Period(imported, imported, end, ""))
    for row in ordered:
        before = found[-1] if found else None
        ended = 0 if before is None else before.until
        start = row.since if row.since >= ended else max(row.listed, ended)
        if before is not None and (row.since, row.terms) == (before.since, before.terms) and start == ended:
            found[-1] = before._replace(until=max(row.ended, ended))
        elif row.ended > start:
            found.append(Period(start, row.since, row.ended, row.terms))
    return found


def _known_from(register: Register) -> date:
    """Give the first day on which a register is known: that of the earlier register it came from, else of its beginning."""
    first: date | None = Import.objects.filter(register=register).aggregate(first=Min("list_date"))["first"]
    return first if first is not None else register.created_at.date()


def _first_days(periods: dict[int, list[Period]], keys: NDArray[np.uint64]) -> NDArray[np.uint16]:
    days = np.full(len(keys), NEVER, np.uint16)
    if periods:
        held = np.fromiter(periods, np.uint64, len(periods))
        days[np.searchsorted(keys, held)] = [some[0].since if some else NEVER for some in periods.values()]
    return days


def _of_epoch(
    periods: dict[int, list[Period]], changed_on: dict[int, list[int]], epoch: int
) -> Iterator[tuple[int, int, int, str]]:
    """Give key, since, until and terms of what is to be seen in an epoch."""
    for key, some in periods.items():
        days = [0, *changed_on.get(key, ()), NEVER]
        if epoch + 1 >= len(days):
            continue
        for period in some:
            if period.start < days[epoch + 1] and period.until > days[epoch]:
                yield key, period.since, period.until, period.terms


def _rows(register: Register, keys: NDArray[np.uint64]) -> Iterator[tuple[list[int], dict[int, list[_Row]]]]:
    """Give the entries of numbers some thousand at a time: the numbers, and for those that have any their entries."""
    for begin in range(0, len(keys), _CHUNK):
        chunk = keys[begin : begin + _CHUNK].tolist()
        found: dict[int, list[_Row]] = {}
        entries = Entry.objects.filter(register=register, key__in=among(chunk)).order_by("key", "listed_at", "pk")
        columns = ("key", "listed_at", "since_date", "ended_at", "terms", "end_reason")
        for key, listed_at, since_date, ended_at, terms, reason in entries.values_list(*columns):
            ended = NEVER if ended_at is None else day_of(ended_at.date())
            found.setdefault(key, []).append(_Row(day_of(listed_at.date()), day_of(since_date), ended, terms, reason))
        yield chunk, found


def _listed(register: Register, keys: NDArray[np.uint64]) -> Iterator[tuple[int, list[Period]]]:
    for chunk, rows in _rows(register, keys):
        with connection.cursor() as cursor:
            cursor.execute(_IMPORTED, [register.pk, chunk])
            imported = {key: day_of(since) for key, since in cursor.fetchall()}
        for key in sorted(rows.keys() | imported.keys()):
            yield key, listed_periods(rows.get(key, ()), imported.get(key))


def _happened(register: Register, keys: NDArray[np.uint64]) -> Iterator[tuple[int, int, int, str]]:
    """Give key, since, until and terms of a seller's own evidence, by when it happened."""
    for _chunk, rows in _rows(register, keys):
        for key, some in rows.items():
            kept = [row for row in some if row.reason != Entry.EndReason.CONTESTED]
            for row, later in zip_longest(kept, kept[1:]):
                replaced = row.reason == Entry.EndReason.CHANGED and later is not None
                yield key, row.since, NEVER if replaced else row.ended, row.terms


def _write(path: Path, register: Register, rows: Iterable[tuple[int, int, int, str]], *, today: date, latest: bool) -> None:
    """Write a register file of periods."""
    terms: dict[str, int] = {"": 0}
    columns: Sequence[list[int]] = ([], [], [], [])
    for key, since, until, text in rows:
        for column, value in zip(columns, (key, since, until, terms.setdefault(text, len(terms))), strict=True):
            column.append(value)
    days = [np.array(column, np.uint16) for column in columns[1:]]
    metadata = Metadata(name=register.title, country=register.country, kind=HISTORY, list_date=today, terms=tuple(terms))
    with RegisterBuilder(latest=latest) as builder:
        builder.add(Entries(np.array(columns[0], np.uint64), *days))
        builder.write(path, metadata, mode=0o600)
