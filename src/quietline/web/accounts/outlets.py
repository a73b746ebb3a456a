"""What goes on outside after a program has set it going with its key: addresses that are told of events.

The rooms above that keep such things register themselves here, so that the page of keys shows them and a key that is
revoked takes them along; nothing here knows those rooms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from django.dispatch import Signal

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from quietline.web.accounts.models import ApiKey, Organisation

__all__ = ["Outlet", "Outlets", "end_outlet", "key_revoked", "outlets_of", "register"]

key_revoked = Signal()
"""Sent with ``key`` and ``at``, within the transaction that revokes a key or client: what fails here keeps the key."""


@dataclass(frozen=True, slots=True)
class Outlet:
    """Something that goes on by itself.

    Attributes:
        id: among all of its organisation.
        address: where to.
        tells: what of, in the language in force.
        key: by which it was made; None where that is not known.
        since_at: when it was made.
    """

    id: UUID
    address: str
    tells: tuple[str, ...]
    key: ApiKey | None
    since_at: datetime


class Outlets(Protocol):
    """A room that keeps some."""

    def of(self, organisation: Organisation) -> list[Outlet]:
        """List those of an organisation that have not ended, oldest first."""

    def end(self, organisation: Organisation, outlet: UUID, *, at: datetime) -> bool:
        """End one; False where it is none of the organisation's here, or has ended."""


_rooms: list[Outlets] = []


def register(room: Outlets) -> None:
    """Let a room show what it keeps; once, when the platform starts."""
    _rooms.append(room)


def outlets_of(organisation: Organisation) -> list[Outlet]:
    """List what goes on outside in an organisation's name."""
    return [outlet for room in _rooms for outlet in room.of(organisation)]


def end_outlet(organisation: Organisation, outlet: UUID, *, at: datetime) -> bool:
    """End one of them; False where it is none of the organisation's, or has ended."""
    return any(room.end(organisation, outlet, at=at) for room in _rooms)
