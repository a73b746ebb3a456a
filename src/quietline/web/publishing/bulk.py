"""Write entries by the thousand: the set-based twin of ``publishing.operations``.

A test holds both against each other: the same entries, changes and leaves, whether written one by one or together.
All of it runs in the caller's transaction. Rows go in by COPY, with ids drawn beforehand.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import connection, transaction
from django.db.models.base import Model, ModelState
from django.db.models.expressions import RawSQL

from quietline.web.proofs.operations import new_leaf
from quietline.web.publishing.models import Change, Entry
from quietline.web.publishing.operations import new_reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

    from quietline.web.publishing.models import Register

__all__ = ["among", "end_entries", "list_numbers", "made", "new_ids", "standing_entries"]

_Row = TypeVar("_Row", bound=Model)
_ENTRIES = (
    "COPY publishing_entry (id, register_id, key, since_date, terms, assurance, reference, listed_at, end_reason) FROM STDIN"
)
_CHANGES = (
    "COPY publishing_change (id, register_id, operation, entry_id, projection, key, since_date, terms, assurance, reference,"
    " end_reason, at) FROM STDIN"
)
_LEAVES = "COPY proofs_leaf (kind, record, salt, hash, at) FROM STDIN"


def standing_entries(keys: Sequence[int], *, owner: int | None = None, kinds: Sequence[str] = ()) -> list[Entry]:
    """Give the entries of numbers that stand now, locked, in the order of numbers.

    Entries that are replaced while this waits for their locks are looked for again, until nothing has moved.

    Args:
        keys: the numbers.
        owner: only in registers of this organisation; in all registers where None.
        kinds: only in registers of these kinds; of all kinds where empty.
    """
    wanted = Entry.objects.filter(key__in=among(keys), ended_at__isnull=True)
    if owner is not None:
        wanted = wanted.filter(register__owner=owner)
    if kinds:
        wanted = wanted.filter(register__kind__in=kinds)
    rows = wanted.select_related("register").select_for_update(of=("self",)).order_by("key", "register")
    seen: set[int] | None = None
    while True:
        entries = list(rows.all())
        found = {entry.pk for entry in entries}
        if found == seen:
            return entries
        seen = found


def end_entries(reasons: Sequence[tuple[Entry, str]], *, at: datetime) -> None:
    """Let entries that the caller holds locked end, each with its reason.

    Args:
        reasons: entry, and one of :class:`Entry.EndReason`.
        at: now.
    """
    for reason, group in groupby(sorted(reasons, key=lambda pair: pair[1]), key=lambda pair: pair[1]):
        Entry.objects.filter(pk__in=among([entry.pk for entry, _ in group])).update(ended_at=at, end_reason=reason)
    _record(
        [_change(entry, Change.Operation.WITHDRAW.value, None, "", at, reason) for entry, reason in reasons],
        at,
    )


def list_numbers(
    register: Register, days: Mapping[int, date], *, assurance: str, at: datetime, terms: str = ""
) -> list[Entry]:
    """Let numbers of which none stands in a register stand there.

    Args:
        register: where.
        days: since which day, by key.
        assurance: one of :class:`Entry.Assurance`.
        at: now.
        terms: of all of them, in canonical form; empty covers everything.

    Raises:
        IntegrityError: one of them stands there.
    """
    entries = [
        made(
            Entry, id=pk, register_id=register.pk, key=key, since_date=day, terms=terms, assurance=str(assurance),
            reference=new_reference(), listed_at=at, ended_at=None, end_reason="",
        )
        for pk, (key, day) in zip(new_ids("publishing_entry", len(days)), sorted(days.items()), strict=True)
    ]  # fmt: skip
    _copy(
        _ENTRIES,
        ((e.pk, register.pk, e.key, e.since_date, e.terms, e.assurance, e.reference, e.listed_at, "") for e in entries),
    )
    _record([_change(entry, Change.Operation.ADD.value, entry.since_date, terms, at) for entry in entries], at)
    return entries


def new_ids(table: str, count: int) -> list[int]:
    """Draw ids for rows of a table; they lie in the order in which they are drawn."""
    if not count:
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, count])
        return sorted(row[0] for row in cursor.fetchall())


def among(values: Sequence[int]) -> RawSQL:
    """Give a set of numbers for ``__in`` as one parameter: thousands of them cost more time than the query itself."""
    return RawSQL("SELECT unnest(%s::bigint[])", [list(values)])


def made(model: type[_Row], **columns: Any) -> _Row:
    """Make a row of all its columns, without what a model does about defaults: a tenth of the time."""
    row = object.__new__(model)
    row.__dict__.update(columns, _state=ModelState())
    row._state.adding = False
    row._state.db = "default"
    return row


def _change(
    entry: Entry, operation: str, since: date | None, terms: str, at: datetime, end_reason: str = ""
) -> Change:  # fmt: skip
    return made(
        Change, id=0, number=None, register_id=entry.register_id, operation=operation, entry_id=entry.pk, bulk_id=None,
        file_id=None, projection="", key=entry.key, since_date=since, terms=terms,
        assurance=entry.assurance, reference=entry.reference, end_reason=str(end_reason), at=at,
    )  # fmt: skip


def _record(changes: Sequence[Change], at: datetime) -> None:
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("a leaf is written in the transaction of its act")
    for pk, change in zip(new_ids("publishing_change", len(changes)), changes, strict=True):
        change.pk = pk
    _copy(
        _CHANGES,
        (
            (c.pk, c.register_id, c.operation, c.entry_id, "", c.key, c.since_date, c.terms, c.assurance, c.reference,
             c.end_reason, c.at)
            for c in changes
        ),
    )  # fmt: skip
    leaves = (new_leaf("change", change, at=at) for change in changes)
    _copy(_LEAVES, ((leaf.kind, leaf.record, leaf.salt, leaf.hash, leaf.at) for leaf in leaves))


def _copy(statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
