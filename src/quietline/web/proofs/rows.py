"""Are the rows what their leaves say? Each kind of leaf in one pass over three streams in the order of record ids."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any, TypeAlias

from django.db import connection
from django.db.models import Count, Q, QuerySet

from quietline.errors import ReceiptError
from quietline.web.proofs.findings import MOST_FINDINGS
from quietline.web.proofs.kinds import burial_reasons, unerased_fields
from quietline.web.proofs.models import Leaf, Tombstone
from quietline.web.proofs.operations import hash_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from django.db import models

    from quietline.web.proofs.findings import Findings

__all__ = ["CHUNK", "check_rows", "found_rows", "tombstones_by_reason"]

CHUNK = 10_000
"""Rows that are fetched at a time by a cursor of the server."""

_BEYOND = 2**63
_PLAIN = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False).encode

_Proof: TypeAlias = tuple[int, Any, Any]
"""A leaf as far as it is needed here: record, salt or None, hash."""


def found_rows(query: str, values: Sequence[datetime] = ()) -> Iterator[tuple[Any, ...]]:
    """Give the rows of a query that finds what is wrong, in bounded memory."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(query, values)
        while rows := cursor.fetchmany(MOST_FINDINGS):
            yield from rows


def check_rows(models_by_kind: Mapping[str, type[models.Model]], findings: Findings) -> int:
    """Compare the rows of all kinds with their leaves; give how many rows there were.

    Finds ``row-changed``, ``row-missing``, ``leaf-missing``, ``leaf-twice``, ``salt-missing``, ``salt-kept``,
    ``erased-kept``, ``tombstone-unlawful`` and ``kind-unknown``.
    """
    for kind, count in Leaf.objects.values_list("kind").annotate(Count("pk")).order_by("kind"):
        if kind not in models_by_kind:
            findings.add("kind-unknown", kind, None, f"{count} leaves, and no table of this kind")
    _check_graves(models_by_kind, findings)
    return sum(_check_kind(kind, model, findings) for kind, model in models_by_kind.items())


def _check_graves(models_by_kind: Mapping[str, type[models.Model]], findings: Findings) -> None:
    """Name the tombstones of rows that are never buried, or not for that reason: they hide something."""
    lawful = Q(pk__in=())
    for kind, model in models_by_kind.items():
        if reasons := burial_reasons(model):
            lawful |= Q(kind=kind, reason__in=reasons)
    stones = Tombstone.objects.exclude(lawful).order_by("pk").values_list("kind", "record")
    for kind, record in stones.iterator(chunk_size=CHUNK):
        findings.add(
            "tombstone-unlawful", kind, record, "a tombstone, and no act of the platform buries this for its reason"
        )


def tombstones_by_reason(models_by_kind: Mapping[str, type[models.Model]]) -> dict[str, dict[str, int]]:
    """Count the tombstones by kind and reason; reasons that no kind declares are not shown, but counted together."""
    found: dict[str, dict[str, int]] = {}
    for kind, reason, count in (
        Tombstone.objects.values_list("kind", "reason").annotate(Count("pk")).order_by("kind", "reason")
    ):
        reasons = burial_reasons(models_by_kind[kind]) if kind in models_by_kind else ()
        counts, name = found.setdefault(kind, {}), reason if reason in reasons else "other"
        counts[name] = counts.get(name, 0) + count
    return found


def _check_kind(kind: str, model: type[models.Model], findings: Findings) -> int:
    leaves, graves = _Stream(_leaves(kind)), _Stream(_graves(kind, model))
    count = 0
    table = _Table(model)
    for values in QuerySet(model).order_by("pk").values_list(*table.names).iterator(chunk_size=CHUNK):
        count += 1
        row, pk = table.row(values), values[table.pk_place]
        if leaves.record < pk:
            _check_gone(kind, pk, leaves, graves, findings)
        _check_row(kind, pk, row, leaves.take(pk), bool(graves.take(pk)), findings)
    _check_gone(kind, _BEYOND, leaves, graves, findings)
    return count


def _check_row(kind: str, pk: int, row: Any, proofs: list[_Proof], is_buried: bool, findings: Findings) -> None:
    if is_buried:
        _check_remains(kind, pk, row, proofs, findings)
        return
    if len(proofs) != 1:
        code, what = (
            ("leaf-twice", f"{len(proofs)} leaves")
            if proofs
            else ("leaf-missing", "no leaf: a row slipped in, or its leaf was deleted")
        )
        findings.add(code, kind, pk, what)
        return
    _, salt, value = proofs[0]
    if salt is None:
        findings.add("salt-missing", kind, pk, "its salt is gone, and no tombstone says why")
    elif not _is_hash_of(bytes(salt), bytes(value), kind, pk, row):
        findings.add("row-changed", kind, pk, "the row or its leaf was changed: they do not belong together")


def _check_remains(kind: str, pk: int, row: Any, proofs: list[_Proof], findings: Findings) -> None:
    """Check a row that was emptied: nothing to be erased is left in it, and a leaf says what remains."""
    if left := unerased_fields(row):
        findings.add("erased-kept", kind, pk, f"a tombstone says that it is erased, and there still is: {', '.join(left)}")
    salted = [proof for proof in proofs if proof[1] is not None]
    if len(salted) > 1:
        findings.add("salt-kept", kind, pk, "a tombstone says that it is erased, and its salt is still there")
    elif not salted:
        findings.add("leaf-missing", kind, pk, "no leaf of what remains: the row slipped in, or its leaf was deleted")
    elif not _is_hash_of(bytes(salted[0][1]), bytes(salted[0][2]), kind, pk, row):
        findings.add("row-changed", kind, pk, "what remains of the row was changed: it and its leaf do not belong together")


def _check_gone(kind: str, end: int, leaves: _Stream, graves: _Stream, findings: Findings) -> None:
    """Ask for tombstones of all records below one that have leaves and no row."""
    while (record := leaves.record) < end:
        proofs = leaves.take(record)
        if not graves.take(record):
            findings.add("row-missing", kind, record, "the row is gone, and no tombstone says why")
        elif any(salt is not None for _, salt, _ in proofs):
            findings.add("salt-kept", kind, record, "a tombstone says that it is erased, and its salt is still there")


def _is_hash_of(salt: bytes, wanted: bytes, kind: str, pk: int, row: Any) -> bool:
    try:
        canonical = row.canonical
        # nearly every row holds plain values only: what the standard encoder writes of them is the canonical form
        if sha256(_PLAIN([salt.hex(), kind, pk, canonical]).encode()).digest() == wanted:
            return True
        return hash_of(salt, kind, pk, canonical) == wanted
    except (AttributeError, TypeError, ValueError, ReceiptError):  # a row that no operation could have written
        return False


def _leaves(kind: str) -> Iterator[_Proof]:
    rows = Leaf.objects.filter(kind=kind).order_by("record", "pk").values_list("record", "salt", "hash")
    return iter(rows.iterator(chunk_size=CHUNK))


def _graves(kind: str, model: type[models.Model]) -> Iterator[_Proof]:
    stones = Tombstone.objects.filter(kind=kind, reason__in=burial_reasons(model))
    rows = stones.order_by("record").values_list("record", "kind", "kind")
    return iter(rows.iterator(chunk_size=CHUNK))


class _Table:
    """Makes rows of one model that have their columns and nothing else: three times as quick as the model's own way."""

    def __init__(self, model: type[models.Model]) -> None:
        self._model = model
        left_out = getattr(model, "leaf_without", ())
        concrete = model._meta.concrete_fields  # noqa: SLF001 - documented by Django under this name
        fields = [field for field in concrete if field.name not in left_out]
        self.names = [field.attname for field in fields]
        self.pk_place = next(place for place, field in enumerate(fields) if field.primary_key)

    def row(self, values: tuple[Any, ...]) -> models.Model:
        """Make a row that can be hashed; it cannot be saved, nor asked for what it refers to."""
        row = object.__new__(self._model)
        row.__dict__.update(zip(self.names, values, strict=True))
        return row


class _Stream:
    """What is known of records, in the order of their ids, taken as far as somebody has come."""

    def __init__(self, parts: Iterator[_Proof]) -> None:
        self._parts = parts
        self._next = next(parts, None)

    @property
    def record(self) -> int:
        """The record that the next one is of; behind all records where there is none left."""
        return _BEYOND if self._next is None else self._next[0]

    def take(self, record: int) -> list[_Proof]:
        """Give all that is known of a record; what lies before it is passed over."""
        found: list[_Proof] = []
        while self._next is not None and self._next[0] <= record:
            if self._next[0] == record:
                found.append(self._next)
            self._next = next(self._parts, None)
        return found
