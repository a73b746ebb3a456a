"""Everything on file as rows, in the columns that are understood when they are handed in again."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from quietline.numbering import number_of
from quietline.web.evidence.models import Record
from quietline.web.evidence.places import clocks_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quietline.web.accounts.models import Organisation
    from quietline.web.evidence.places import Clock

__all__ = ["record_rows"]

_CHUNK = 5_000
_HEADER = [
    "number", "kind", "date", "form", "channel", "holder", "source", "place", "proof", "text", "until", "reference", "due",
    "citation", "recorded_at",
]  # fmt: skip


def record_rows(organisation: Organisation) -> tuple[list[str], Iterator[list[str]]]:
    """Give the header, and a row for each record, the oldest first."""
    return _HEADER, _rows(organisation)


def _rows(organisation: Organisation) -> Iterator[list[str]]:
    records = Record.objects.filter(organisation=organisation).select_related("text").order_by("happened_at", "pk")
    rows = records.iterator(chunk_size=_CHUNK)
    while chunk := list(islice(rows, _CHUNK)):
        for record, clock in zip(chunk, clocks_of([record.key for record in chunk]), strict=True):
            own = record.reference[2:] if record.reference.startswith("r:") else ""
            yield [
                number_of(record.key), record.kind, _when(record, clock), record.form, record.channel, record.holder,
                record.source, record.place, record.proof, record.text.text if record.text else "",
                record.until_date.isoformat() if record.until_date else "", own,
                record.due_date.isoformat() if record.due_date else "", record.citation, record.at.isoformat(),
            ]  # fmt: skip


def _when(record: Record, clock: Clock) -> str:
    """Write the day where only a day was handed in, else the moment: handed in again, it is the same record."""
    bounds = (clock.ends if record.kind == Record.Kind.STOP else clock.begins)(record.on_date)
    return record.on_date.isoformat() if record.happened_at == bounds else record.happened_at.isoformat()
