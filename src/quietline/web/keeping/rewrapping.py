"""Wrap stored data keys by the ring's current key, and count what each key of the ring still wraps.

What the data keys sealed stays as it is, and processes that read and write beside it notice nothing: each key is replaced
where it still stands as it was read, so one that is destroyed meanwhile stays destroyed. It can be broken off and begun
again at any moment: what is wrapped by the current key already is passed over.

Blind indexes and keyed hashes are made with the index key of the ring, which is not rotated, so they stay as they are
(docs/explanation/vault.md).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import connection

from quietline.errors import VaultError
from quietline.vault import kek_prefix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from quietline.vault import KeyRing

__all__ = ["COLUMNS", "Column", "Rewrapped", "count_by_kek", "rewrap_keys"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of wrapped data keys.

    Attributes:
        model: ``room.Model``.
        wrapped: the column.
        named: the columns that its record is named by.
        record: gives the name of the record, of the values there.
    """

    model: str
    wrapped: str
    named: tuple[str, ...]
    record: Callable[..., str]

    @property
    def table(self) -> str:
        """Name of the table."""
        return str(apps.get_model(self.model)._meta.db_table)  # noqa: SLF001 - documented by Django under this name

    @property
    def key(self) -> str:
        """Name of the column that identifies a row."""
        field = apps.get_model(self.model)._meta.pk  # noqa: SLF001 - as above
        return str(field.column)


COLUMNS = (
    Column("keeping.DataKey", "wrapped", ("record",), str),
    # rows that carry their key themselves, most of them for hours or days; names as those rooms give them
    Column("messaging.OutgoingMessage", "data_key", ("sealed_for",), lambda name: f"messaging.outgoingmessage:{name}"),
    Column(
        "messaging.InboundPart",
        "data_key",
        ("bundle", "place"),
        lambda bundle, place: f"messaging.inboundpart:{bytes(bundle).hex()}:{place}",
    ),
    Column("evidence.Upload", "data_key", ("id",), lambda pk: f"evidence.upload:{pk}"),
    Column("sellers.Application", "data_key", ("challenge",), lambda pk: f"sellers.application:{pk}"),
    Column("api.KeptAnswer", "data_key", ("key_hash",), lambda pk: f"api.keptanswer:{bytes(pk).hex()}"),
    Column("api.Webhook", "data_key", ("id",), lambda pk: f"api.webhook:{pk}"),
)
"""Every column of the platform that holds wrapped data keys; a test looks for others."""


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """What one batch did.

    Attributes:
        table: of which.
        done: keys that are wrapped by the current key now.
        failed: keys that could not be opened, and are as they were.
    """

    table: str
    done: int
    failed: int


def count_by_kek() -> dict[str, int]:
    """Count the stored data keys by the id of the key that wraps them; ``?`` for what is no wrapped key."""
    counts: Counter[str] = Counter()
    for column in COLUMNS:
        # format, length of the id, id: see quietline.vault.wrapping
        query = (
            f"SELECT substring({column.wrapped} FROM 1 FOR 2 + least(get_byte({column.wrapped}, 1), 8)), count(*)"  # noqa: S608
            f" FROM {column.table} WHERE length({column.wrapped}) > 1 GROUP BY 1"
        )
        with connection.cursor() as cursor:
            cursor.execute(query)
            for prefix, count in cursor.fetchall():
                counts[_kek_of(bytes(prefix))] += count
    return dict(sorted(counts.items()))


def rewrap_keys(ring: KeyRing, *, batch: int) -> Iterator[Rewrapped]:
    """Wrap all stored data keys by the ring's current key, so many at a time, each batch committed by itself.

    Args:
        ring: it has to hold every key that wraps something, else those keys fail.
        batch: rows at a time, at least 1.
    """
    for column in COLUMNS:
        last: Any = None
        while rows := _next(column, kek_prefix(ring.current), last, batch):
            last = rows[-1][0]
            yield _rewrap(ring, column, rows)


def _next(column: Column, current: bytes, last: Any, batch: int) -> list[tuple[Any, ...]]:
    """Give the next rows whose key another one wraps: id, wrapped key, and what names the record."""
    behind = "" if last is None else f"AND {column.key} > %(last)s"
    query = (
        f"SELECT {column.key}, {column.wrapped}, {', '.join(column.named)} FROM {column.table}"  # noqa: S608 - names of our own
        f" WHERE length({column.wrapped}) > 0 AND substring({column.wrapped} FROM 1 FOR %(size)s) <> %(current)s {behind}"
        f" ORDER BY {column.key} LIMIT %(batch)s"
    )
    with connection.cursor() as cursor:
        cursor.execute(query, {"size": len(current), "current": current, "last": last, "batch": batch})
        return list(cursor.fetchall())


def _rewrap(ring: KeyRing, column: Column, rows: list[tuple[Any, ...]]) -> Rewrapped:
    update = f"UPDATE {column.table} SET {column.wrapped} = %s WHERE {column.key} = %s AND {column.wrapped} = %s"  # noqa: S608
    done, failed = [], 0
    for key, wrapped, *names in rows:
        try:
            done.append((ring.rewrap(wrapped, column.record(*names)), key, wrapped))
        except VaultError:
            failed += 1
    with connection.cursor() as cursor:
        cursor.executemany(update, done)
    return Rewrapped(column.table, len(done), failed)


def _kek_of(prefix: bytes) -> str:
    name = prefix[2:].decode("ascii", "replace")
    try:
        return name if kek_prefix(name) == prefix else "?"
    except ValueError:
        return "?"
