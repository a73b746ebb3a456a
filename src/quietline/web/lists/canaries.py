"""The pool of canaries: numbers that the authority owns, listed like anybody's, some in each organisation's lists.

In the register a canary is an entry like any other, so every wash answers it as registered, and the feeds of authorities and
operators hold all of them. Only lists that are handed out leave some out: those that an organisation's code says.

A canary is in force while it stands in the register. Canaries come into force and are retired from day to day, in
proportion to what the register itself gains and loses in their area, so that what changes between two lists of one
organisation holds its marks, too.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from django.db import connection, transaction

from quietline.errors import ConflictError
from quietline.marks import biases, codeword
from quietline.web.base.logs import log
from quietline.web.keeping.data_keys import new_data_key, opened_key
from quietline.web.keeping.rings import key_ring
from quietline.web.lists.content import keys_of_area
from quietline.web.lists.models import CanaryBatch, CanaryRetirement, CanaryTurn
from quietline.web.lists.objects import opened_file
from quietline.web.proofs.operations import write_leaves
from quietline.web.publishing.areas import ALL, area_of, in_area
from quietline.web.publishing.bulk import list_numbers
from quietline.web.publishing.models import Change, Entry, Register, RegisterFile
from quietline.web.publishing.operations import end_entry, list_number

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from quietline.web.accounts.models import Organisation

__all__ = ["Batch", "add_canaries", "batches_of", "code_of", "hidden_from", "in_force", "retired", "turn_over"]

_FIELD = "keys"
_FIRST_SHARE = 0.8
_ASSURANCE = Entry.Assurance.OPERATOR
"""Canaries stand there as lines that an operator vouches for, which gave them to the authority, and as many others do."""
_log = log("lists")


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """A batch of canaries, opened.

    Attributes:
        pk: of its row.
        register_id: of the register.
        area: ``1212`` or ``44``.
        keys: uint64, ascending; a canary's place in it is its position in the code.
        bias: float64, shape as ``keys``.
        added_at: when it was taken in.
    """

    pk: int
    register_id: int
    area: str
    keys: NDArray[np.uint64]
    bias: NDArray[np.float64]
    added_at: datetime


def add_canaries(
    *, register: Register, keys: NDArray[np.uint64], at: datetime, share: float = _FIRST_SHARE
) -> list[CanaryBatch]:
    """Take numbers into the pool, and let a share of them stand in the register from now on; the others are the reserve.

    The numbers have to be the authority's own and in nobody's hands: whoever calls one calls nobody. Nothing in their
    entries tells them from others.

    Args:
        register: a common do-not-call register.
        keys: uint64, in any order.
        at: now.
        share: of them that come into force at once, 0 to 1.

    Raises:
        ConflictError: ``canary.known`` when one is in the pool already; ``canary.stands`` when one stands in the register,
            or ever did: it may be somebody's.
    """
    keys = np.unique(keys.astype(np.uint64))
    _demand_new(register, keys)
    areas = np.array([area_of(key) for key in keys.tolist()])
    with transaction.atomic():
        rows = [_batch(register, area, keys[areas == area], at) for area in sorted(set(areas.tolist()))]
        write_leaves("canaries", rows, at=at)
        for row in rows:
            chosen = _drawn(_opened(row).keys, f"first {row.pk}", share).tolist()
            list_numbers(register, dict.fromkeys(chosen, at.date()), assurance=_ASSURANCE, at=at)
    _log.info("canaries", register=register.code, count=len(keys), areas=len(rows))
    return rows


def _demand_new(register: Register, keys: NDArray[np.uint64]) -> None:
    wanted = keys.tolist()
    if any(np.isin(keys, batch.keys).any() for batch in batches_of(register)):
        raise ConflictError(
            "A number of this list is a canary already.", advice="Leave out those taken in before.", code="canary.known"
        )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM publishing_entry WHERE register_id = %s AND key = ANY(%s))"
            " OR EXISTS (SELECT 1 FROM publishing_imported i JOIN publishing_import b ON b.id = i.bulk_id"
            " WHERE b.register_id = %s AND i.key = ANY(%s))",
            [register.pk, wanted, register.pk, wanted],
        )
        if cursor.fetchone()[0]:
            raise ConflictError(
                "A number of this list stands in the register, or did once.",
                advice="Take only numbers that were never given to anybody.",
                code="canary.stands",
            )


def _batch(register: Register, area: str, keys: NDArray[np.uint64], at: datetime) -> CanaryBatch:
    row = CanaryBatch(register=register, area=area, count=len(keys), sealed=b"", added_at=at)
    row.save(force_insert=True)
    row.data_key, key = new_data_key(_record(row.pk), at=at)
    row.sealed = key.seal(keys.astype("<u8").tobytes(), _FIELD)
    row.save(update_fields=["data_key", "sealed"])
    return row


def _record(pk: int) -> str:
    return f"lists.canaries:{pk}"


# -- the pool, opened ------------------------------------------------------------------------------------------------


def batches_of(register: Register | None = None, *, area: str = "") -> list[Batch]:
    """Give the batches of a register, or of all, opened; the oldest first.

    Raises:
        VaultError: the key ring does not open them.
    """
    rows = CanaryBatch.objects.select_related("data_key").order_by("pk")
    if register is not None:
        rows = rows.filter(register=register)
    if area:
        rows = rows.filter(area=area)
    return [_opened(row) for row in rows]


def _opened(row: CanaryBatch) -> Batch:
    plain = opened_key(row.data_key, _record(row.pk)).open(bytes(row.sealed), _FIELD)
    return _batch_of(row.pk, row.register_id, row.area, plain, row.added_at)


@lru_cache(maxsize=1024)
def _batch_of(pk: int, register_id: int, area: str, plain: bytes, added_at: datetime) -> Batch:
    keys = np.frombuffer(plain, dtype="<u8").astype(np.uint64)
    return Batch(pk, register_id, area, keys, biases(_secret(), _record(pk), len(keys)), added_at)


def _secret() -> bytes:
    return key_ring().keyed_hash("lists.marks", b"code 1", 32)


def code_of(organisation_id: int, batch: Batch) -> NDArray[np.bool_]:
    """Say which canaries of a batch stand in the lists that an organisation fetches; bool, shape as ``batch.keys``."""
    return codeword(_secret(), _record(batch.pk), f"organisation {organisation_id}", batch.bias)


def hidden_from(organisation: Organisation, batches: Sequence[Batch]) -> NDArray[np.uint64]:
    """Give the canaries that do not stand in the lists that an organisation fetches; uint64, in no order."""
    parts = [batch.keys[~code_of(organisation.pk, batch)] for batch in batches]
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.uint64)


def in_force(batch: Batch) -> NDArray[np.bool_]:
    """Say which canaries of a batch stand in the register now; bool, shape as ``batch.keys``."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key FROM publishing_entry WHERE register_id = %s AND ended_at IS NULL AND key = ANY(%s)",
            [batch.register_id, batch.keys.tolist()],
        )
        standing = np.array([row[0] for row in cursor.fetchall()], dtype=np.uint64)
    return np.isin(batch.keys, standing)


def retired(batch: Batch) -> NDArray[np.bool_]:
    """Say which canaries of a batch never come into force again; bool, shape as ``batch.keys``."""
    found = np.zeros(len(batch.keys), dtype=np.bool_)
    positions = CanaryRetirement.objects.filter(batch_id=batch.pk).values_list("position", flat=True)
    found[list(positions)] = True
    return found


# -- coming into force and being retired -----------------------------------------------------------------------------


def turn_over(*, at: datetime) -> int:
    """Let canaries come and go in proportion to what the registers gained and lost since the last time; give how many.

    May be done as often as one likes. Which canaries come and go is drawn with a key, so it cannot be foretold; what is a
    fraction of one is drawn too, so that over time the proportion is kept.
    """
    return sum(_turn(register, at) for register in Register.objects.filter(canarybatch__isnull=False).distinct())


def _turn(register: Register, at: datetime) -> int:
    file = (
        RegisterFile.objects.select_related("register")
        .filter(register=register, projection=ALL)
        .order_by("-version")
        .first()
    )
    if file is None:
        return 0
    done = 0
    with transaction.atomic():
        Register.objects.select_for_update(no_key=True).get(pk=register.pk)  # one at a time; listings go on
        since, until = _window(register)
        if until <= since:
            return 0
        batches = batches_of(register)
        gained, lost = _changes(register, since, until, batches)
        with opened_file(file) as reader:
            for area in sorted({batch.area for batch in batches}):
                numbers = (int(in_area(gained, area).sum()), int(in_area(lost, area).sum()))
                if any(numbers):
                    size = len(keys_of_area(reader, area))
                    done += _turn_area(register, [b for b in batches if b.area == area], numbers, size, until, at)
        CanaryTurn.objects.create(register=register, last_change=until, at=at)
    return done


def _window(register: Register) -> tuple[int, int]:
    """Give the numbers of the last change that was considered, and of the last there is."""
    newest = Change.objects.filter(register=register, number__isnull=False).order_by("-number").first()
    last = CanaryTurn.objects.filter(register=register).order_by("-last_change").first()
    until = int(newest.number or 0) if newest is not None else 0
    return (last.last_change, until) if last is not None else (0, until)


def _changes(
    register: Register, since: int, until: int, batches: Sequence[Batch]
) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Give the numbers that others than canaries added and withdrew since there are canaries."""
    first = min(batch.added_at for batch in batches)
    rows = Change.objects.filter(register=register, number__gt=since, number__lte=until, key__isnull=False, at__gt=first)
    ours = np.concatenate([batch.keys for batch in batches])
    found = []
    for operation in (Change.Operation.ADD, Change.Operation.WITHDRAW):
        keys = np.fromiter(
            rows.filter(operation=operation).values_list("key", flat=True).iterator(chunk_size=20_000), dtype=np.uint64
        )
        found.append(keys[~np.isin(keys, ours)])
    return found[0], found[1]


def _turn_area(
    register: Register, batches: list[Batch], numbers: tuple[int, int], size: int, until: int, at: datetime
) -> int:
    keys = np.concatenate([batch.keys for batch in batches])
    stands = np.concatenate([in_force(batch) for batch in batches])
    share = int(stands.sum()) / max(1, size)
    name = f"{register.code} {batches[0].area} {until}"
    come, go = (_whole(number * share, f"{name} {what}") for number, what in zip(numbers, ("come", "go"), strict=True))
    gone = np.concatenate([retired(batch) for batch in batches])
    chosen = _in_drawn_order(keys[~stands & ~gone], f"{name} come")
    fresh = chosen[np.argsort(_ever_listed(register, chosen), kind="stable")][:come]  # those never used go first
    leaving = _in_drawn_order(keys[stands], f"{name} go")[:go]
    _bring(register, fresh, at)
    for key in leaving.tolist():
        end_entry(register=register, key=key, reason=Entry.EndReason.WITHDRAWN, at=at)
    if len(fresh) < come:
        _log.warning("too few canaries in reserve", register=register.code, area=batches[0].area, missing=come - len(fresh))
    return len(fresh) + len(leaving)


def _ever_listed(register: Register, keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT key FROM publishing_entry WHERE register_id = %s AND key = ANY(%s)",
            [register.pk, keys.tolist()],
        )
        known = np.array([row[0] for row in cursor.fetchall()], dtype=np.uint64)
    return np.isin(keys, known)


def _bring(register: Register, keys: NDArray[np.uint64], at: datetime) -> None:
    for key in keys.tolist():
        list_number(register=register, key=key, since_date=at.date(), terms="", assurance=_ASSURANCE, at=at)


def _drawn(keys: NDArray[np.uint64], name: str, share: float) -> NDArray[np.uint64]:
    return _in_drawn_order(keys, name)[: _whole(len(keys) * share, name)]


def _in_drawn_order(keys: NDArray[np.uint64], name: str) -> NDArray[np.uint64]:
    """Give keys in an order that nobody without the key ring can foretell, and that is the same each time."""
    seed = int.from_bytes(key_ring().keyed_hash("lists.order", name.encode(), 32), "big")
    return np.asarray(np.random.Generator(np.random.PCG64(seed)).permutation(keys), dtype=np.uint64)


def _whole(number: float, name: str) -> int:
    """Round up or down by a draw, so that on average nothing is lost."""
    (drawn,) = struct.unpack("<Q", key_ring().keyed_hash("lists.round", name.encode(), 8))
    return int(number + drawn / 2**64)
