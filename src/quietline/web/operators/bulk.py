"""Write entries by the thousand: the set-based twin of ``publishing.operations``.

A test holds both against each other: the same entries, changes and leaves, whether written one by one or together.
All of it runs in the caller's transaction.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from django.db import connection

from quietline.web.proofs.operations import write_leaves
from quietline.web.publishing.models import Change, Entry
from quietline.web.publishing.operations import new_reference

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date, datetime

    from quietline.web.publishing.models import Register

__all__ = ["end_entries", "list_numbers", "standing_entries", "take_over_imported"]

# as publishing.queries.imported_since, for many numbers and all registers
_IMPORTED = """
SELECT DISTINCT ON (b.register_id, i.key) b.register_id, i.key, coalesce(i.since_date, b.list_date)
FROM publishing_imported i JOIN publishing_import b ON b.id = i.bulk_id
WHERE i.key = ANY(%s)
  AND NOT EXISTS (SELECT 1 FROM publishing_entry e WHERE e.register_id = b.register_id AND e.key = i.key)
ORDER BY b.register_id, i.key, i.since_date
"""


def standing_entries(keys: Sequence[int]) -> list[Entry]:
    """Give the entries of numbers that stand now, in all registers, locked, in the order of numbers.

    Entries that are replaced while this waits for their locks are looked for again, until nothing has moved.
    """
    seen: set[int] | None = None
    while True:
        entries = list(
            Entry.objects.filter(key__in=keys, ended_at__isnull=True)
            .select_related("register").select_for_update(of=("self",)).order_by("key", "register")
        )  # fmt: skip
        found = {entry.pk for entry in entries}
        if found == seen:
            return entries
        seen = found


def take_over_imported(keys: Sequence[int], *, at: datetime) -> list[Entry]:
    """Give numbers that stand by an import alone entries of their own, which changes nothing about how they stand.

    Where the import does not tell since when, the day of its list does.
    """
    with connection.cursor() as cursor:
        cursor.execute(_IMPORTED, [list(keys)])
        rows = cursor.fetchall()
    return Entry.objects.bulk_create(
        Entry(
            register_id=register, key=key, since_date=since, assurance=Entry.Assurance.IMPORT, reference=new_reference(),
            listed_at=at,
        )
        for register, key, since in rows
    )  # fmt: skip


def end_entries(reasons: Sequence[tuple[Entry, str]], *, at: datetime) -> None:
    """Let entries that the caller holds locked end, each with its reason.

    Args:
        reasons: entry, and one of :class:`Entry.EndReason`.
        at: now.
    """
    for reason, group in groupby(sorted(reasons, key=lambda pair: pair[1]), key=lambda pair: pair[1]):
        Entry.objects.filter(pk__in=[entry.pk for entry, _ in group]).update(ended_at=at, end_reason=reason)
    _record(
        [
            Change(register_id=entry.register_id, operation=Change.Operation.WITHDRAW, entry=entry, key=entry.key, at=at)
            for entry, _ in reasons
        ],
        at,
    )


def list_numbers(register: Register, days: Mapping[int, date], *, assurance: str, at: datetime) -> list[Entry]:
    """Let numbers of which none stands in a register stand there, without terms.

    Args:
        register: where.
        days: since which day, by key.
        assurance: one of :class:`Entry.Assurance`.
        at: now.

    Raises:
        IntegrityError: one of them stands there.
    """
    entries = Entry.objects.bulk_create(
        Entry(register=register, key=key, since_date=day, assurance=assurance, reference=new_reference(), listed_at=at)
        for key, day in sorted(days.items())
    )
    _record(
        [
            Change(
                register=register,
                operation=Change.Operation.ADD,
                entry=entry,
                key=entry.key,
                since_date=entry.since_date,
                at=at,
            )
            for entry in entries
        ],
        at,
    )
    return entries


def _record(changes: Sequence[Change], at: datetime) -> None:
    write_leaves("change", Change.objects.bulk_create(changes), at=at)
