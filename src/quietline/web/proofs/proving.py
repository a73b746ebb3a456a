"""Find the leaf that proves an entry, and the proof that it stands in the published log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet

from quietline.web.base.limits import Limit, count
from quietline.web.keeping.rings import key_ring
from quietline.web.proofs.kinds import model_of
from quietline.web.proofs.models import Leaf

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["EntryLeaf", "leaf_of_reference"]

# 30 an hour against 6.6e11 references: guessing one of ten million entries takes one address two centuries
_PER_ADDRESS = Limit("proof-address", 30, 3_600)


@dataclass(frozen=True, slots=True)
class EntryLeaf:
    """The leaf of the change that made an entry.

    Attributes:
        index: in the log; None while it waits for its number.
        hash: 32 bytes, what stands in the log.
    """

    index: int | None
    hash: bytes


def leaf_of_reference(reference: str, *, client: str, at: datetime) -> EntryLeaf | None:
    """Find the leaf of the change that made an entry; None where there is none.

    An entry that came with an import has no change of its own: the import's proves it, and there is no leaf for it here.

    Args:
        reference: as it is stored, ``QL-XXXX-XXXX``.
        client: network address of who asks; what it may try is limited.
        at: now.

    Raises:
        TooManyError: this address asked too often.
    """
    count([(_PER_ADDRESS, key_ring().keyed_hash("limit", client.encode()))], at=at)
    changes: QuerySet[Any] = QuerySet(model_of("change"))
    change = changes.filter(entry__reference=reference).exclude(operation="withdraw").order_by("pk").first()
    if change is None:
        return None
    leaf = Leaf.objects.filter(kind="change", record=change.pk).first()
    return None if leaf is None else EntryLeaf(leaf.index, bytes(leaf.hash))
