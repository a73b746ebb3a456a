"""The sets of numbers that washes asked about: sealed, kept for a published period, opened for a number's holder only.

One object for each wash: the keys as differences (:mod:`quietline.wash.packed`), encrypted under a key of its own. No row
says which number was asked about, so nobody can read that from the database; whoever has proven a line is told which washes
held it. Objects of earlier releases are register files, encrypted just so, and are read as well.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from django.conf import settings
from django.db import transaction

from quietline.errors import QuietlineError, RegisterError, VaultError
from quietline.ledger.objects import ObjectMissing
from quietline.registers import Register as RegisterReader
from quietline.wash import packed
from quietline.web.base.logs import log
from quietline.web.keeping.data_keys import destroy_keys, new_data_key
from quietline.web.keeping.rings import key_ring
from quietline.web.proofs.operations import write_leaves
from quietline.web.publishing.models import WashSet
from quietline.web.publishing.objects import wash_path, wash_store
from quietline.web.publishing.small_washes import holds_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from django.db.models import QuerySet
    from numpy.typing import NDArray

    from quietline.vault import DataKey as OpenKey
    from quietline.web.accounts.models import Organisation

__all__ = ["FoundWashes", "find_washes", "forget_washes", "record_wash"]

_FIELD = "keys"
_MAGIC = b"QLKEYS1\n"
_TOGETHER = 250
"""Rows read at once; the set of each of them has 40 kilobytes at most."""
_MOST_FAILURES = 3


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
        row.sealed_sha256 = _seal(row, keys, data_key)
        row.save(update_fields=["data_key", "object_path", "sealed_sha256"])
        write_leaves("wash", [row], at=at)
    return row


@dataclass(frozen=True, slots=True)
class FoundWashes:
    """What a search for a number in the sets of washes came to.

    Attributes:
        rows: the washes that asked about it, newest first.
        unread_count: washes whose set could not be read: lost, altered, or in a store that does not answer. Whether they
            asked about the number is not known.
    """

    rows: list[WashSet]
    unread_count: int


def find_washes(key: int, *, since: datetime) -> FoundWashes:
    """Look for the washes since a moment that asked about a number; one that cannot be read hides no other.

    Every set is sealed under a key of its own, so each one has to be opened: a tenth of a millisecond for one of a hundred
    numbers that lies in its row.

    Args:
        key: of the number.
        since: within the period for which sets are kept; a set that is gone all the same counts as one that cannot be read.
    """
    failures: Counter[str] = Counter()
    unread: list[int] = []
    away = 0

    def failed(number: int, error: Exception) -> None:
        nonlocal away
        failures[type(error).__name__] += 1
        unread.append(number)
        away += not isinstance(error, (ObjectMissing, VaultError, RegisterError, ValueError))

    rows = WashSet.objects.filter(at__gte=since)
    # a store that is away is not asked for each of its sets how long it takes to say nothing
    found = _search(rows, key, failed, is_away=lambda: away >= _MOST_FAILURES)
    if unread:
        log("publishing").error("sets of washes cannot be read", count=len(unread), first=unread[0], failures=dict(failures))
    return FoundWashes(found, len(unread))


def _search(
    rows: QuerySet[WashSet], key: int, failed: Callable[[int, Exception], None], is_away: Callable[[], bool]
) -> list[WashSet]:
    """Open one set after another; only of those that hold the number the whole row is read."""
    numbers = list(rows.order_by("-at", "-pk").values_list("pk", flat=True))
    found: list[int] = []
    for start in range(0, len(numbers), _TOGETHER):
        some = WashSet.objects.filter(pk__in=numbers[start : start + _TOGETHER])
        for number, sealed, path, wrapped in some.values_list("pk", "sealed", "object_path", "data_key__wrapped"):
            try:
                if path and is_away():
                    raise _AwayError
                data_key = key_ring().unwrap(wrapped, f"wash:{number}")
                if sealed is not None:
                    is_held = holds_key(data_key, sealed, key)
                elif path:
                    is_held = _holds(path, data_key, key)
                else:
                    raise ObjectMissing(f"washes/{number}")
            except (QuietlineError, OSError, ValueError, _AwayError) as error:
                failed(number, error)
            else:
                if is_held:
                    found.append(number)
    whole = WashSet.objects.select_related("organisation", "data_key").in_bulk(found)
    return sorted(whole.values(), key=lambda row: (row.at, row.pk), reverse=True)


class _AwayError(Exception):
    """The store has failed too often in this search to be asked any more."""


def _holds(path: str, data_key: OpenKey, key: int) -> bool:
    """Say whether a sealed set holds a number; it is decrypted piece by piece, and never reaches a disk in the clear."""
    with wash_store().open(wash_path(path)) as sealed:
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


def _seal(row: WashSet, keys: NDArray[np.uint64], data_key: OpenKey) -> str:
    """Keep the sealed set; give the SHA-256 of its bytes."""
    hashed = sha256()
    content = chain([_MAGIC], (packed.pack(piece) for piece in packed.cut(keys)))
    with tempfile.TemporaryDirectory(prefix="quietline-") as folder:
        sealed = Path(folder) / "keys.sealed"
        with sealed.open("wb") as target:
            for chunk in data_key.seal_stream(content, _FIELD):
                target.write(chunk)
                hashed.update(chunk)
        wash_store().keep_file(wash_path(row.object_path), sealed)
    return hashed.hexdigest()
