"""Washes of a few thousand numbers: recorded in one transaction, without an object of their own.

A program may wash ten thousand numbers a hundred times a second. A register file for each would take longer than the
wash, so the keys lie in the row itself, sealed under the wash's own data key: ascending, as differences.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np

from quietline.web.base.statements import run
from quietline.web.keeping.data_keys import draw_key, opened_key
from quietline.web.proofs.operations import new_leaf
from quietline.web.publishing.models import WashSet

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from quietline.vault import Data
    from quietline.vault import DataKey as OpenKey
    from quietline.web.accounts.models import Organisation
    from quietline.web.keeping.models import DataKey as DataKeyRow

__all__ = ["holds_key", "next_wash_number", "opened_keys", "record_small_wash", "with_reference"]

_FIELD = "keys"
_NEXT = "SELECT nextval(pg_get_serial_sequence('publishing_washset', 'id'))"
# one statement, so one transaction: the wash with its own key, and the leaf that proves it
_RECORD = """
WITH made AS (
    INSERT INTO keeping_datakey (record, wrapped, created_at) VALUES (%(record)s, %(wrapped)s, %(at)s) RETURNING id
), proven AS (
    INSERT INTO proofs_leaf (kind, record, salt, hash, at) VALUES (%(kind)s, %(number)s, %(salt)s, %(hash)s, %(at)s)
)
INSERT INTO publishing_washset (
    id, organisation_id, client, numbers_count, receipt, object_path, sealed, sealed_sha256, reference, question, answer,
    data_key_id, at
)
SELECT %(number)s, %(organisation)s, %(client)s, %(count)s, %(receipt)s, '', %(sealed)s, %(sealed_sha256)s, %(reference)s,
    %(question)s, %(answer)s, made.id, %(at)s
FROM made RETURNING data_key_id
"""


def next_wash_number() -> int:
    """Give the number that the next wash will have, so that its answer can name it."""
    return int(run(_NEXT, {})[0][0])


def with_reference(organisation: Organisation, *, client: str, reference: str) -> WashSet | None:
    """Find the wash that an organisation made under a reference of its own."""
    return WashSet.objects.filter(organisation=organisation, client=client, reference=reference).first()


def record_small_wash(
    *,
    number: int,
    organisation: Organisation,
    client: str,
    keys: NDArray[np.uint64],
    receipt: str,
    reference: str = "",
    question: str = "",
    answer: bytes | None = None,
    at: datetime,
) -> WashSet:
    """Keep which numbers a wash asked about.

    Args:
        number: from :func:`next_wash_number`.
        organisation: who washed.
        client: account number of the organisation on whose behalf, empty where it was for itself.
        keys: uint64, ascending, each once.
        receipt: SHA-256 of the answer, hexadecimal.
        reference: the organisation's own; empty where it gave none.
        question: SHA-256 of what was asked, kept with the reference.
        answer: what was answered, kept with the reference; it must name no number.
        at: when.

    Raises:
        IntegrityError: the reference is taken.
    """
    record = f"wash:{number}"
    key = draw_key(record)
    sealed = key.opened.seal(_packed(keys), _FIELD)
    row = WashSet(
        id=number, organisation=organisation, client=client, numbers_count=len(keys), receipt=receipt, sealed=sealed,
        sealed_sha256=sha256(sealed).hexdigest(), reference=reference, question=question, answer=answer, at=at,
    )  # fmt: skip
    leaf = new_leaf(WashSet.leaf_kind, row, at=at)
    values = {
        "number": number, "organisation": organisation.pk, "client": client, "count": len(keys), "receipt": receipt,
        "sealed": sealed, "sealed_sha256": row.sealed_sha256, "reference": reference, "question": question,
        "answer": answer, "at": at, "record": record, "wrapped": key.wrapped, "kind": leaf.kind, "salt": leaf.salt,
        "hash": leaf.hash,
    }  # fmt: skip
    [(row.data_key_id,)] = run(_RECORD, values)
    return row


def opened_keys(row: WashSet, data_key: DataKeyRow) -> NDArray[np.uint64]:
    """Give the keys of a small wash; uint64, ascending.

    Raises:
        VaultError: the key was destroyed, or something was altered.
    """
    assert row.sealed is not None  # noqa: S101 - a small wash
    return _unpacked(opened_key(data_key, f"wash:{row.pk}").open(bytes(row.sealed), _FIELD))


def holds_key(data_key: OpenKey, sealed: Data, key: int) -> bool:
    """Say whether the sealed keys of a small wash hold one; without making an array of them where that can be seen before.

    Args:
        data_key: of the wash.
        sealed: as its row has it.
        key: which.

    Raises:
        VaultError: something was altered.
    """
    packed = data_key.open(sealed, _FIELD)
    beyond = key - int.from_bytes(packed[1:9], "little")
    if len(packed) <= 9 or beyond <= 0:
        return len(packed) >= 9 and beyond == 0
    sums = np.cumsum(np.frombuffer(packed, dtype=f"<u{packed[0]}", offset=9), dtype=np.uint64)
    place = int(sums.searchsorted(np.uint64(beyond)))
    return place < len(sums) and int(sums[place]) == beyond


def _packed(keys: NDArray[np.uint64]) -> bytes:
    """Write ascending keys as one byte, 4 or 8, and differences of so many bytes, little-endian; the first from 0."""
    steps = np.diff(keys, prepend=np.uint64(0))
    first, rest = steps[:1], steps[1:]
    width = 4 if not len(rest) or int(rest.max()) < 1 << 32 else 8
    return bytes([width]) + first.astype("<u8").tobytes() + rest.astype(f"<u{width}").tobytes()


def _unpacked(packed: bytes) -> NDArray[np.uint64]:
    rest = np.frombuffer(packed, dtype=f"<u{packed[0]}", offset=min(9, len(packed))).astype(np.uint64)
    first = np.frombuffer(packed[1:9], dtype="<u8").astype(np.uint64)
    return np.cumsum(np.concatenate([first, rest]), dtype=np.uint64)
