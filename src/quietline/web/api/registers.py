"""Registers and their changes, as far as an organisation may see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q

from quietline.numbering import number_of
from quietline.web.accounts.models import Organisation
from quietline.web.proofs.operations import write_leaves
from quietline.web.publishing.areas import ALL
from quietline.web.publishing.models import Change, Download, Register
from quietline.web.subscribers.terms import terms_parts

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

__all__ = ["change_written", "changes_after", "note_download", "readers_of", "visible", "written"]

_SHARED = (Register.Kind.SEALED, Register.Kind.TRUSTED)
_WHOLE = (Organisation.Kind.AUTHORITY, Organisation.Kind.OPERATOR)


def visible(organisation: Organisation) -> QuerySet[Register]:
    """Give the registers that an organisation may read whole.

    An authority and an operator read the public ones and their own: what a person said to one seller reaches that seller,
    and of operators only the line's own, which has a register of its own for it. A reseller reads the sealed and the
    trusted numbers, and everybody else what they own.
    """
    if organisation.kind in _WHOLE:
        seen = Q(owner=None) | Q(owner=organisation)
    else:
        seen = Q(owner=organisation)
        if organisation.kind == Organisation.Kind.RESELLER:
            seen |= Q(owner=None, kind__in=_SHARED)
    return Register.objects.filter(seen).select_related("owner").order_by("code")


def readers_of(register: Register) -> Q:
    """Give the condition on organisations that may read a register whole: the same as :func:`visible`, turned round."""
    if register.owner_id is not None:
        return Q(pk=register.owner_id)
    readers = Q(kind__in=_WHOLE)
    return readers | Q(kind=Organisation.Kind.RESELLER) if register.kind in _SHARED else readers


def written(register: Register) -> dict[str, Any]:
    """Write a register down."""
    owner = register.owner.code if register.owner is not None else None
    return {
        "code": register.code, "kind": register.kind, "title": register.title, "country": register.country, "owner": owner,
    }  # fmt: skip


def changes_after(register: Register, sequence: int, most: int) -> list[Change]:
    """Give the numbered changes after one; the numbers are given by one process, so none appears behind another later."""
    rows = Change.objects.filter(register=register, number__gt=sequence, projection__in=("", ALL))
    return list(rows.select_related("bulk", "file").order_by("number")[:most])


def change_written(change: Change) -> dict[str, Any]:
    """Write a change down."""
    sha256, count = None, None
    if change.file is not None:
        sha256, count = change.file.sha256, change.file.numbers_count
    elif change.bulk is not None:
        sha256, count = change.bulk.sha256, change.bulk.count
    return {
        "sequence": change.number, "operation": change.operation, "number": number_of(change.key) if change.key else None,
        "since": change.since_date, "terms": terms_parts(change.terms), "sha256": sha256, "count": count, "at": change.at,
    }  # fmt: skip


def note_download(*, organisation: Organisation, register: Register, at: datetime) -> None:
    """Record that an organisation fetched from a register's whole list: once a day, for those who ask who asked."""
    told = {"organisation": organisation, "register": register, "projection": ALL, "day": at.date()}
    if Download.objects.filter(**told).exists():
        return
    with transaction.atomic():
        row, is_new = Download.objects.get_or_create(**told, defaults={"at": at})
        if is_new:
            write_leaves("download", [row], at=at)
