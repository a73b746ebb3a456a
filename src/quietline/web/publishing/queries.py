"""Ask about entries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection

from quietline.web.publishing.models import Entry, Register

if TYPE_CHECKING:
    from datetime import date

__all__ = [
    "do_not_call_register", "history", "imported_since", "imported_until_first_entry", "standing_entry", "stands_since",
]  # fmt: skip


def do_not_call_register(country: str) -> Register:
    """Give the country's do-not-call register.

    Raises:
        Register.DoesNotExist: the installation keeps none for that country.
    """
    if country not in _registers:
        _registers[country] = Register.objects.get(kind=Register.Kind.DO_NOT_CALL, country=country, owner=None)
    return _registers[country]


_registers: dict[str, Register] = {}  # made once for a country and never changed: looked up once in each process


def standing_entry(register: Register, key: int, *, lock: bool = False) -> Entry | None:
    """Give the entry that stands now; None where there is none of its own (it may still stand by an import).

    Args:
        register: where.
        key: the number.
        lock: give it locked. Where another takes its place while this waits for the lock, that one is given: None is only
            said when a look that waited for nobody found none.
    """
    entries = Entry.objects.filter(register=register, key=key, ended_at__isnull=True)
    if not lock:
        return entries.first()
    while (found := entries.values_list("pk", flat=True).first()) is not None:
        entry = entries.select_for_update().filter(pk=found).first()
        if entry is not None:
            return entry
    return None


def imported_since(register: Register, key: int) -> date | None:
    """Give the day since which a number stands by an import alone; None where it does not.

    The rows of an import are a layer below the entries: the first entry of a number takes its place for good.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(i.since_date, b.list_date) AS since_date"
            " FROM publishing_imported i JOIN publishing_import b ON b.id = i.bulk_id"
            " WHERE b.register_id = %s AND i.key = %s"
            " AND NOT EXISTS (SELECT 1 FROM publishing_entry e WHERE e.register_id = b.register_id AND e.key = i.key)"
            " ORDER BY since_date LIMIT 1",
            [register.pk, key],
        )
        row = cursor.fetchone()
    return row[0] if row else None


def imported_until_first_entry(register: Register, key: int) -> date | None:
    """Give the day since which an import has a number, whatever came after; None where none has it.

    It tells how the number stood before its first entry; as of today ask :func:`imported_since`.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(coalesce(i.since_date, b.list_date)) FROM publishing_imported i"
            " JOIN publishing_import b ON b.id = i.bulk_id WHERE b.register_id = %s AND i.key = %s",
            [register.pk, key],
        )
        row = cursor.fetchone()
    return row[0] if row else None


def stands_since(register: Register, key: int) -> date | None:
    """Give the day since which a number stands in a register; None where it does not."""
    entry = standing_entry(register, key)
    return entry.since_date if entry else imported_since(register, key)


def history(register: Register, key: int) -> list[Entry]:
    """Give all entries of a number, newest first."""
    return list(Entry.objects.filter(register=register, key=key).order_by("-listed_at", "-pk"))
