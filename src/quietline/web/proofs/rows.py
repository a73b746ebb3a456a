"""Are the rows what their leaves say? Each kind of leaf in one pass over three streams in the order of record ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from django.db.models import Count, QuerySet

from quietline.errors import ReceiptError
from quietline.web.proofs.models import Leaf, Tombstone
from quietline.web.proofs.operations import hash_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from django.db import models

    from quietline.web.proofs.findings import Findings

__all__ = ["CHUNK", "check_rows"]

CHUNK = 10_000
"""Rows that are fetched at a time by a cursor of the server."""

_BEYOND = 2**63

_Proof: TypeAlias = tuple[int, Any, Any]
"""A leaf as far as it is needed here: record, salt or None, hash."""


def check_rows(models_by_kind: Mapping[str, type[models.Model]], findings: Findings) -> int:
    """Compare the rows of all kinds with their leaves; give how many rows there were.

    Finds ``row-changed``, ``row-missing``, ``leaf-missing``, ``leaf-twice``, ``salt-missing``, ``salt-kept`` and
    ``kind-unknown``.
    """
    for kind, count in Leaf.objects.values_list("kind").annotate(Count("pk")).order_by("kind"):
        if kind not in models_by_kind:
            findings.add("kind-unknown", kind, None, f"{count} leaves, and no table of this kind")
    return sum(_check_kind(kind, model, findings) for kind, model in models_by_kind.items())


def _check_kind(kind: str, model: type[models.Model], findings: Findings) -> int:
    leaves, graves = _Stream(_leaves(kind)), _Stream(_graves(kind))
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
        if not is_buried:
            findings.add("salt-missing", kind, pk, "its salt is gone, and no tombstone says why")
    elif is_buried:
        findings.add("salt-kept", kind, pk, "a tombstone says that it is erased, and its salt is still there")
    elif not _is_hash_of(bytes(salt), bytes(value), kind, pk, row):
        findings.add("row-changed", kind, pk, "the row or its leaf was changed: they do not belong together")


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
        return hash_of(salt, kind, pk, canonical) == wanted
    except (AttributeError, TypeError, ValueError, ReceiptError):  # a row that no operation could have written
        return False


def _leaves(kind: str) -> Iterator[_Proof]:
    rows = Leaf.objects.filter(kind=kind).order_by("record", "pk").values_list("record", "salt", "hash")
    return iter(rows.iterator(chunk_size=CHUNK))


def _graves(kind: str) -> Iterator[_Proof]:
    rows = Tombstone.objects.filter(kind=kind).order_by("record").values_list("record", "kind", "kind")
    return iter(rows.iterator(chunk_size=CHUNK))


class _Table:
    """Makes rows of one model that have their columns and nothing else: three times as quick as the model's own way."""

    def __init__(self, model: type[models.Model]) -> None:
        self._model = model
        fields = model._meta.concrete_fields  # noqa: SLF001 - documented by Django under this name
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
