"""Find the leaves that prove what has a reference, and where they stand in the published log.

A model whose rows may be found so declares ``leaf_reference``, the letters that references begin with and the look-up of the
reference from its rows, and ``leaf_title``, what such a row is called. Only what is public, or known to whoever holds the
reference, declares them: a case that nobody was told of is not found by guessing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet

from quietline.web.base.limits import Limit, count
from quietline.web.keeping.rings import key_ring
from quietline.web.proofs.kinds import proven_models
from quietline.web.proofs.models import Leaf

if TYPE_CHECKING:
    from datetime import datetime

    from django_stubs_ext import StrOrPromise

__all__ = ["Proven", "leaves_of_reference"]

# 30 an hour against 6.6e11 references: guessing one of ten million entries takes one address two centuries
_PER_ADDRESS = Limit("proof-address", 30, 3_600)
_MOST = 200


@dataclass(frozen=True, slots=True)
class Proven:
    """A row that a reference leads to, and its leaf.

    Attributes:
        title: what it is.
        index: in the log; None while it waits for its number.
        hash: 32 bytes, what stands in the log.
    """

    title: StrOrPromise
    index: int | None
    hash: bytes


def leaves_of_reference(reference: str, *, client: str, at: datetime) -> list[Proven]:
    """Find what was recorded under a reference, in the order in which it was; empty where there is nothing.

    An entry that came with an import has no change of its own: the import's proves it, and there is no leaf for it here.

    Args:
        reference: as it is stored, ``QL-XXXX-XXXX``.
        client: network address of who asks; what it may try is limited.
        at: now.

    Raises:
        TooManyError: this address asked too often.
    """
    count([(_PER_ADDRESS, key_ring().keyed_hash("limit", client.encode()))], at=at)
    found: list[tuple[int, Proven]] = []
    for kind, model in proven_models().items():
        letters, lookup = getattr(model, "leaf_reference", ("", ""))
        if letters != reference[:2]:
            continue
        rows: QuerySet[Any] = QuerySet(model)
        records = rows.filter(**{lookup: reference}).values_list("pk", flat=True)[:_MOST]
        leaves = Leaf.objects.filter(kind=kind, record__in=list(records))
        title = getattr(model, "leaf_title", kind)
        found += [(leaf.pk, Proven(title, leaf.index, bytes(leaf.hash))) for leaf in leaves]
    return [proven for _pk, proven in sorted(found, key=lambda one: one[0])]
