"""The sets of numbers that washes asked about: sealed, kept for a published period, opened for a number's holder only.

One object for each wash: the keys as differences (:mod:`quietline.wash.packed`), encrypted under a key of its own. No row
says which number was asked about, so nobody can read that from the database; whoever has proven a line is told which washes
held it. Objects of earlier releases are register files, encrypted just so, and are read as well.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from datetime import timedelta
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from django.conf import settings
from django.db import transaction

from quietline.registers import Register as RegisterReader
from quietline.wash import packed
from quietline.web.keeping.data_keys import destroy_keys, new_data_key, opened_key
from quietline.web.proofs.operations import write_leaves
from quietline.web.publishing.models import WashSet
from quietline.web.publishing.objects import wash_path, wash_store
from quietline.web.publishing.small_washes import opened_keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from numpy.typing import NDArray

    from quietline.vault import DataKey as OpenKey
    from quietline.web.accounts.models import Organisation

__all__ = ["forget_washes", "record_wash", "washes_about"]

_FIELD = "keys"
_MAGIC = b"QLKEYS1\n"


def record_wash(
    *, organisation: Organisation, keys: NDArray[np.uint64], at: datetime, client: str = "", receipt: str = ""
) -> WashSet:
    """Keep which numbers a wash asked about.

    Args:
        organisation: who washed.
        keys: uint64, shape (numbers,), in any order, repeats allowed. They are read piece by piece, so that those of a long
            list may lie in a file.
        at: when.
        client: on whose behalf, where it was not for itself.
        receipt: SHA-256 of the wash's receipt, where there is one.
    """
    keys = _distinct(keys)
    with transaction.atomic():
        row = WashSet(organisation=organisation, client=client, numbers_count=len(keys), receipt=receipt, at=at)
        row.save(force_insert=True)
        row.data_key, data_key = new_data_key(f"wash:{row.pk}", at=at)
        row.object_path = f"washes/{at:%Y-%m-%d}/{row.pk}"
        row.save(update_fields=["data_key", "object_path"])
        write_leaves("wash", [row], at=at)
        _seal(row, keys, data_key)
    return row


def washes_about(key: int, *, since: datetime) -> Iterator[WashSet]:
    """Give the washes since a moment that asked about a number, newest first.

    Raises:
        VaultError: a set or its key is not what it was.
    """
    wanted = np.array([key], dtype=np.uint64)
    rows = WashSet.objects.filter(at__gte=since, data_key__wrapped__isnull=False)
    for row in rows.select_related("organisation", "data_key").order_by("-at"):
        if row.sealed is not None and row.data_key is not None:
            if bool(np.isin(wanted, opened_keys(row, row.data_key))[0]):
                yield row
        elif _holds(row, key):
            yield row


def _holds(row: WashSet, key: int) -> bool:
    """Say whether a sealed set holds a number; it is decrypted piece by piece, and never reaches a disk in the clear."""
    data_key = opened_key(row.data_key, f"wash:{row.pk}")
    with wash_store().open(wash_path(row.object_path)) as sealed:
        chunks = data_key.open_stream(sealed, _FIELD)
        first = next(chunks, b"")
        if not first.startswith(_MAGIC):
            with _as_register(chain([first], chunks)) as register:
                return bool(register.lookup(np.array([key], dtype=np.uint64)).hits[0])
        found = False
        # to the end even when it was found: only then is it sure that nothing was altered
        for piece in _pieces(chain([first[len(_MAGIC) :]], chunks), key):
            place = int(np.searchsorted(piece, np.uint64(key)))
            found = found or (place < len(piece) and int(piece[place]) == key)
        return found


def _pieces(chunks: Iterable[bytes], key: int) -> Iterator[NDArray[np.uint64]]:
    """Give the keys of the pieces that may hold a number."""
    held = bytearray()
    for chunk in chunks:
        held += chunk
        start = 0
        while len(held) - start >= packed.HEAD_BYTES:
            head = packed.read_head(held, start)
            body = start + packed.HEAD_BYTES
            if len(held) - body < head.body_bytes:
                break
            if head.first <= key <= head.last:
                yield packed.unpack(head, bytes(held[body : body + head.body_bytes]))
            start = body + head.body_bytes
        del held[:start]


@contextmanager
def _as_register(chunks: Iterable[bytes]) -> Iterator[RegisterReader]:
    """Open a set of an earlier release in memory that has no name."""
    with open(os.memfd_create("wash"), "w+b") as memory:  # noqa: PTH123 - a descriptor
        for chunk in chunks:
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
        destroy_keys([row.data_key_id for row in rows], at=at)
        WashSet.objects.filter(pk__in=[row.pk for row in rows]).update(sealed=None, answer=None)
    for row in rows:
        if row.object_path:
            wash_store().remove(wash_path(row.object_path))
    return len(rows)


def _distinct(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Give the keys ascending, each once; those of a long list are so already, and are not copied."""
    lower, upper = keys[:-1], keys[1:]
    runs = [slice(start, start + packed.MOST_KEYS) for start in range(0, len(lower), packed.MOST_KEYS)]
    if all(bool(np.all(upper[run] > lower[run])) for run in runs):
        return keys
    keys = np.sort(keys)
    return keys[np.concatenate(([True], keys[1:] != keys[:-1]))]


def _seal(row: WashSet, keys: NDArray[np.uint64], data_key: OpenKey) -> None:
    content = chain([_MAGIC], (packed.pack(piece) for piece in packed.cut(keys)))
    with tempfile.TemporaryDirectory(prefix="quietline-") as folder:
        sealed = Path(folder) / "keys.sealed"
        with sealed.open("wb") as target:
            for chunk in data_key.seal_stream(content, _FIELD):
                target.write(chunk)
        wash_store().keep_file(wash_path(row.object_path), sealed)
