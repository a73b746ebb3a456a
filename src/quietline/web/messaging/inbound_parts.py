"""Long texts come in parts: each is kept, sealed, until all are there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from quietline.web.keeping.rings import key_ring
from quietline.web.messaging.models import InboundPart

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["Part", "forget_parts", "put_together", "tidy_parts"]

_KEPT = timedelta(hours=1)  # telephones number their long texts 0 to 255 and begin again
_FIELD = "content"


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of a long text one is.

    Attributes:
        reference: of the text; telephones use the same one again before long.
        total: how many parts it has.
        place: which one, from 1.
    """

    reference: int
    total: int
    place: int


def put_together(part: Part, sender: str, content: bytes, *, at: datetime) -> bytes | None:
    """Keep a part; give the whole text's bytes where it is the last one that was missing.

    Args:
        part: which one.
        sender: as the message centre names it.
        content: its bytes.
        at: now.

    Raises:
        ValueError: there is no such part.
    """
    if not 1 <= part.place <= part.total <= 255:
        raise ValueError("a part of a text has a place among its parts")
    bundle = _bundle(part, sender)
    record = _record(bundle, part.place)
    wrapped = key_ring().new_data_key(record)
    sealed = key_ring().unwrap(wrapped, record).seal(content, _FIELD)
    with transaction.atomic():
        InboundPart.objects.filter(bundle=bundle, at__lt=at - _KEPT).delete()
        InboundPart.objects.update_or_create(
            bundle=bundle, place=part.place, defaults={"data_key": wrapped, "content": sealed, "at": at}
        )
        rows = list(InboundPart.objects.filter(bundle=bundle).order_by("place"))
    if len(rows) < part.total:
        return None
    return b"".join(
        key_ring().unwrap(bytes(row.data_key), _record(bundle, row.place)).open(bytes(row.content), _FIELD) for row in rows
    )


def forget_parts(part: Part, sender: str) -> None:
    """Delete the parts of a text that has been dealt with."""
    InboundPart.objects.filter(bundle=_bundle(part, sender)).delete()


def tidy_parts(at: datetime) -> int:
    """Delete parts of texts that were never complete, after an hour; give how many."""
    return InboundPart.objects.filter(at__lt=at - _KEPT).delete()[0]


def _bundle(part: Part, sender: str) -> bytes:
    return key_ring().keyed_hash("inbound-parts", f"{sender}|{part.reference}|{part.total}".encode())


def _record(bundle: bytes, place: int) -> str:
    return f"messaging.inboundpart:{bundle.hex()}:{place}"
