"""Data keys of records: made, opened and destroyed here, and nowhere else.

What is sealed under a key opens under the name of its record only, so a row cannot be given the key, and with it the
content, of another. Rooms name their records ``room.kind:id``; the names are not secret and say nothing about a person.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import uuid4

from quietline.web.keeping.models import DataKey
from quietline.web.keeping.rings import key_ring

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from quietline.vault import DataKey as OpenKey

__all__ = ["DrawnKey", "destroy_keys", "draw_key", "new_data_key", "opened_key", "random_record"]


@dataclass(frozen=True, slots=True)
class DrawnKey:
    """A data key that stands in no table yet, since what it seals is written before the transaction of its record.

    Attributes:
        record: name of the record that it belongs to.
        wrapped: as it is stored.
        opened: as it seals and opens.
    """

    record: str
    wrapped: bytes = field(repr=False)
    opened: OpenKey = field(repr=False)

    def keep(self, *, at: datetime, replace: bool = False) -> DataKey:
        """Store it.

        Args:
            at: now.
            replace: whether a key that the record has had before is deleted, and with it whatever that sealed.

        Raises:
            IntegrityError: the record has a key, which nobody said is to be replaced.
        """
        if replace:
            DataKey.objects.filter(record=self.record).delete()
        return DataKey.objects.create(record=self.record, wrapped=self.wrapped, created_at=at)


def random_record(kind: str) -> str:
    """Name a record whose row has no id yet.

    Args:
        kind: room and kind, such as ``sellers.document``.
    """
    return f"{kind}:{uuid4()}"


def draw_key(record: str) -> DrawnKey:
    """Make the data key of a new record without storing it.

    Args:
        record: its name, at most 80 characters, never given to another record.
    """
    wrapped = key_ring().new_data_key(record)
    return DrawnKey(record, wrapped, key_ring().unwrap(wrapped, record))


def new_data_key(record: str, *, at: datetime) -> tuple[DataKey, OpenKey]:
    """Make the data key of a new record, store and open it.

    Args:
        record: as for :func:`draw_key`.
        at: now.

    Raises:
        IntegrityError: the record has a key already.
    """
    drawn = draw_key(record)
    return drawn.keep(at=at), drawn.opened


def opened_key(row: DataKey | None, record: str = "") -> OpenKey:
    """Open a record's data key.

    Args:
        row: as stored; None where there is none any more.
        record: the name it must have been made for, where the row that holds it tells: then the key of another record
            does not open. Else the name that is stored with the key.

    Raises:
        VaultError: ``vault.erased`` where it was destroyed; else as :meth:`quietline.vault.KeyRing.unwrap`.
    """
    if row is None or row.wrapped is None:
        return key_ring().unwrap(None, record or "none")
    return key_ring().unwrap(bytes(row.wrapped), record or row.record)


def destroy_keys(keys: Iterable[int | None], *, at: datetime) -> None:
    """Destroy data keys: what they sealed is noise from now on, wherever copies of it lie.

    One that was destroyed before keeps the moment at which that was.

    Args:
        keys: ids of their rows; None, for a record that has no key, is passed over.
        at: now.
    """
    known = [pk for pk in keys if pk is not None]
    DataKey.objects.filter(pk__in=known, destroyed_at=None).update(wrapped=None, destroyed_at=at)
