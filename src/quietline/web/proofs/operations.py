"""Write proofs of acts, in the transactions of the acts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Protocol

from django.db import transaction
from django.db.models import QuerySet

from quietline.ledger.proving import row_hash
from quietline.web.base.statements import run
from quietline.web.proofs.kinds import burial_reasons, model_of, unerased_fields
from quietline.web.proofs.models import Heartbeat, Leaf, Tombstone

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

__all__ = ["Proven", "beat", "bury", "hash_of", "new_leaf", "write_leaves"]


_WRITE_ONE = """
INSERT INTO proofs_leaf (kind, record, salt, hash, at) VALUES (%(kind)s, %(record)s, %(salt)s, %(hash)s, %(at)s)
"""


class Proven(Protocol):
    """A row that the ledger has a leaf of."""

    pk: int

    @property
    def canonical(self) -> Mapping[str, object]:
        """What never changes about the row, as JSON values without floats."""
        ...


def hash_of(salt: bytes, kind: str, record: int, canonical: Mapping[str, object]) -> bytes:
    """Hash an act: SHA-256 of the canonical JSON of ``[salt, kind, record, row]`` (docs/reference/ledger.md)."""
    return row_hash(salt.hex(), kind, record, canonical)


def new_leaf(kind: str, row: Proven, *, at: datetime) -> Leaf:
    """Make the leaf of a row that has been saved; the leaf is not saved yet."""
    salt, hashed = _salted(kind, row)
    return Leaf(kind=kind, record=row.pk, salt=salt, hash=hashed, at=at)


def write_leaves(kind: str, rows: Iterable[Proven], *, at: datetime) -> None:
    """Write the leaves of rows; must run in the transaction that wrote the rows."""
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("a leaf is written in the transaction of its act")
    proven = list(rows)
    if len(proven) == 1:  # on the way of every listing
        salt, hashed = _salted(kind, proven[0])
        run(_WRITE_ONE, {"kind": kind, "record": proven[0].pk, "salt": salt, "hash": hashed, "at": at})
    else:
        Leaf.objects.bulk_create([new_leaf(kind, row, at=at) for row in proven])


def _salted(kind: str, row: Proven) -> tuple[bytes, bytes]:
    salt = os.urandom(16)
    return salt, hash_of(salt, kind, row.pk, row.canonical)


def bury(kind: str, record: int, *, reason: str, at: datetime) -> None:
    """Record that a row was lawfully erased, and forget its salt, so that nobody can guess it from its hash.

    To be called after the row was deleted or emptied, in the same transaction. What remains of a row has a leaf anew.

    Args:
        kind: of the row's leaf.
        record: its id.
        reason: one of those that the row's model declares (:mod:`quietline.web.proofs.kinds`).
        at: now.

    Raises:
        KeyError: no model has leaves of this kind.
        ValueError: rows of this kind are not buried for this reason, or something that is to be erased is still there.
    """
    model = model_of(kind)
    if reason not in burial_reasons(model):
        raise ValueError(f"rows of the kind {kind!r} are not buried for this reason")
    rows: QuerySet[Any] = QuerySet(model)
    with transaction.atomic():
        remains = rows.filter(pk=record).first()
        if remains is not None and (left := unerased_fields(remains)):
            raise ValueError(f"not erased yet: {', '.join(left)}")
        Leaf.objects.filter(kind=kind, record=record).update(salt=None)
        write_leaves("tombstone", [Tombstone.objects.create(kind=kind, record=record, reason=reason, at=at)], at=at)
        if remains is not None:
            write_leaves(kind, [remains], at=at)


def beat(process: str, *, at: datetime) -> None:
    """Say that a process is at work."""
    Heartbeat.objects.update_or_create(process=process, defaults={"at": at})
