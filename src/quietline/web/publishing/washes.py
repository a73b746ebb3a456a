"""The sets of numbers that washes asked about: sealed, kept for a published period, opened for a number's holder only.

One object for each wash, a register file of the keys encrypted under a key of its own. No row says which number was
asked about, so nobody can read that from the database; whoever has proven a line is told which washes held it.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from django.conf import settings
from django.db import transaction

from quietline.registers import Entries, Metadata, RegisterBuilder
from quietline.registers import Register as RegisterReader
from quietline.web.keeping.models import DataKey
from quietline.web.keeping.rings import key_ring
from quietline.web.proofs.operations import write_leaves
from quietline.web.publishing.models import WashSet
from quietline.web.publishing.objects import wash_path, wash_store
from quietline.web.publishing.small_washes import opened_keys

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

    from numpy.typing import NDArray

    from quietline.web.accounts.models import Organisation

__all__ = ["forget_washes", "record_wash", "washes_about"]

_FIELD = "keys"


def record_wash(
    *, organisation: Organisation, keys: NDArray[np.uint64], at: datetime, client: str = "", receipt: str = ""
) -> WashSet:
    """Keep which numbers a wash asked about.

    Args:
        organisation: who washed.
        keys: uint64, shape (numbers,), in any order, repeats allowed.
        at: when.
        client: on whose behalf, where it was not for itself.
        receipt: SHA-256 of the wash's receipt, where there is one.
    """
    with transaction.atomic():
        row = WashSet(organisation=organisation, client=client, numbers_count=len(keys), receipt=receipt, at=at)
        row.save(force_insert=True)
        record = f"wash:{row.pk}"
        wrapped = key_ring().new_data_key(record)
        row.data_key = DataKey.objects.create(record=record, wrapped=wrapped, created_at=at)
        row.object_path = f"washes/{at:%Y-%m-%d}/{row.pk}"
        row.save(update_fields=["data_key", "object_path"])
        write_leaves("wash", [row], at=at)
        _seal(row, keys, at.date(), bytes(wrapped))
    return row


def washes_about(key: int, *, since: datetime) -> Iterator[WashSet]:
    """Give the washes since a moment that asked about a number, newest first."""
    wanted = np.array([key], dtype=np.uint64)
    rows = WashSet.objects.filter(at__gte=since, data_key__wrapped__isnull=False)
    for row in rows.select_related("organisation", "data_key").order_by("-at"):
        if row.sealed is not None and row.data_key is not None:
            if bool(np.isin(wanted, opened_keys(row, row.data_key))[0]):
                yield row
            continue
        with _opened(row) as register:
            if bool(register.lookup(wanted).hits[0]):
                yield row


@contextmanager
def _opened(row: WashSet) -> Iterator[RegisterReader]:
    """Open a sealed set in memory that has no name: in the clear it never reaches a disk."""
    data_key = row.data_key
    wrapped = None if data_key is None or data_key.wrapped is None else bytes(data_key.wrapped)
    key = key_ring().unwrap(wrapped, f"wash:{row.pk}")
    with open(os.memfd_create("wash"), "w+b") as memory:  # noqa: PTH123 - a descriptor
        with wash_store().open(wash_path(row.object_path)) as sealed:
            for chunk in key.open_stream(sealed, _FIELD):
                memory.write(chunk)
        memory.flush()
        with RegisterReader(f"/proc/self/fd/{memory.fileno()}") as register:
            yield register


def forget_washes(*, at: datetime) -> int:
    """Destroy the sets whose period is over, key first; give how many. That a wash took place stays in the ledger."""
    over = WashSet.objects.filter(
        at__lt=at - timedelta(days=settings.ENVIRONMENT.wash_log_days), data_key__wrapped__isnull=False
    )
    rows = list(over.only("object_path", "data_key"))
    with transaction.atomic():
        DataKey.objects.filter(pk__in=[row.data_key_id for row in rows]).update(wrapped=None, destroyed_at=at)
        WashSet.objects.filter(pk__in=[row.pk for row in rows]).update(sealed=None, answer=None)
    for row in rows:
        if row.object_path:
            wash_store().remove(wash_path(row.object_path))
    return len(rows)


def _seal(row: WashSet, keys: NDArray[np.uint64], day: date, wrapped: bytes) -> None:
    data_key = key_ring().unwrap(wrapped, f"wash:{row.pk}")
    with tempfile.TemporaryDirectory(prefix="quietline-") as folder:
        plain, sealed = Path(folder) / "keys.qlr", Path(folder) / "keys.sealed"
        with RegisterBuilder() as builder:
            builder.add(Entries(np.unique(keys)))
            builder.write(plain, Metadata(name=f"wash {row.pk}", list_date=day))
        with plain.open("rb") as source, sealed.open("wb") as target:
            for chunk in data_key.seal_stream(source, _FIELD):
                target.write(chunk)
        wash_store().keep_file(wash_path(row.object_path), sealed)
