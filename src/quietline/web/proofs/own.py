"""What the ledger holds of one line: for its holder, row by row, with all that is needed to hash it again.

Who holds a line, rooms above know: they enter in :data:`HOLDERS` how to tell it from a request.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from django.db.models import Q, QuerySet

from quietline.ledger.objects import ObjectMissing
from quietline.ledger.proving import ROWS_FORMAT, ROWS_KIND, prove_entry
from quietline.web.proofs.kinds import model_of
from quietline.web.proofs.models import Leaf

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from django.http import HttpRequest

    from quietline.ledger.reading import LogReader

__all__ = ["HOLDERS", "HeldLine", "OwnRow", "as_document", "own_rows"]

_KIND = "change"
_MOST = 200


class HeldLine(Protocol):
    """A line whose holder was proven."""

    @property
    def key(self) -> int:
        """Its number."""
        ...

    @property
    def held_since(self) -> datetime:
        """Since when the present holder is known; entries that ended before are not theirs."""
        ...


HOLDERS: list[Callable[[HttpRequest], HeldLine | None]] = []
"""Tell the line that a browser has proven for everything; None where there is none."""


@dataclass(frozen=True, slots=True)
class OwnRow:
    """A change of an entry, as it was recorded.

    Attributes:
        operation: what happened, in words.
        at: when.
        reference: of the entry.
        salt: of its leaf, hexadecimal.
        record: id of the row.
        row: what the leaf is the hash of.
        index: in the log; None while it waits for its number.
    """

    operation: str
    at: datetime
    reference: str
    salt: str
    record: int
    row: dict[str, Any]
    index: int | None


def own_rows(line: HeldLine) -> list[OwnRow]:
    """Give what was recorded of a line in common do-not-call registers, oldest first; 200 changes at most, the newest.

    A number that stands there by an import alone has no row of its own.
    """
    changes: QuerySet[Any] = QuerySet(model_of(_KIND))
    theirs = Q(entry__ended_at=None) | Q(entry__ended_at__gte=line.held_since)
    found = changes.filter(theirs, key=line.key, register__kind="do-not-call", register__owner=None)
    rows = list(found.select_related("entry").order_by("-pk")[:_MOST])
    leaves = {leaf.record: leaf for leaf in Leaf.objects.filter(kind=_KIND, record__in=[row.pk for row in rows])}
    return [
        OwnRow(
            operation=row.get_operation_display(),
            at=row.at,
            reference=row.entry.reference,
            salt=bytes(leaf.salt).hex(),
            record=row.pk,
            row=dict(row.canonical),
            index=leaf.index,
        )
        for row in reversed(rows)
        if (leaf := leaves.get(row.pk)) is not None and leaf.salt is not None
    ]


def as_document(rows: Sequence[OwnRow], log: LogReader) -> dict[str, Any]:
    """Write rows with their proofs, as ``quietline ledger check-proof`` reads them."""
    return {
        "kind": ROWS_KIND,
        "format": ROWS_FORMAT,
        "rows": [
            {"salt": row.salt, "kind": _KIND, "record": row.record, "row": row.row, "proof": _proof(log, row.index)}
            for row in rows
        ],
    }


def _proof(log: LogReader, index: int | None) -> dict[str, Any] | None:
    if index is None:
        return None
    try:
        return prove_entry(log, index)
    except (IndexError, ObjectMissing):  # numbered, and not signed yet
        return None
