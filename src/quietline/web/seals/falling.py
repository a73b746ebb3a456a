"""What ends by itself: seals whose last day has passed, and whatever belongs to a number that is somebody else's now.

When an operator reports that a line was disconnected or given to somebody else, the number leaves all registers at once;
here its seal, and its trust, follow, and where the operator takes that report back, the seal stands again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from quietline.errors import ConflictError
from quietline.web.publishing.bulk import end_entries, standing_entries
from quietline.web.publishing.models import Entry, Register
from quietline.web.seals.letters import tell_sealed
from quietline.web.seals.models import Seal, Trust
from quietline.web.seals.operations import note_act, take_away
from quietline.web.seals.orders import order_apart, order_block, zone_of
from quietline.web.seals.queries import answering_for, trusted_in
from quietline.web.seals.releasing import follow_numbers
from quietline.web.seals.stages import SEAL_STEPS
from quietline.web.seals.stepping import move, take_turns
from quietline.web.seals.telling import tell_waiting
from quietline.web.seals.trusting import lapse_one

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from django.db.models import QuerySet

__all__ = ["expire", "follow_lines"]

_Row = TypeVar("_Row", Seal, Trust)
_BATCH = 200
_S = Seal.State


def expire(*, at: datetime) -> int:
    """End the seals whose last day has passed and the trusts that were not reviewed in time; give how many."""
    seals = Seal.objects.filter(state=_S.SEALED, until_at__lte=at).order_by("until_at", "pk")
    trusts = Trust.objects.filter(state=Trust.State.TRUSTED, review_date__lt=at.date()).order_by("review_date", "pk")
    ended = _each(seals, lambda seal: _end(seal, "expire", "expired", at))
    return ended + _each(trusts, lambda trust: lapse_one(trust, at=at))


def follow_lines(*, at: datetime) -> int:
    """Let seals and trusts follow what operators reported of their lines; give how many have changed.

    Lines of long ranges that have not been told of their seal are told then, too, as far as the day leaves room.
    """
    gone = Seal.objects.filter(~_standing(Register.Kind.SEALED), state=_S.SEALED).order_by("pk")
    changed = _each(gone, lambda seal: _end(seal, "fall", "fell", at))
    back = Seal.objects.filter(_standing(Register.Kind.SEALED, listed_at__gte=OuterRef("ended_at")), state=_S.FELL)
    back = back.filter(Q(until_at=None) | Q(until_at__gt=at), data_key__destroyed_at=None).order_by("-sealed_at", "-pk")
    changed += _each(back, lambda seal: _restore(seal, at))
    lost = Trust.objects.filter(~_standing(Register.Kind.TRUSTED), state=Trust.State.TRUSTED).order_by("pk")
    changed += _each(lost, lambda trust: lapse_one(trust, at=at))
    changed += follow_numbers(at=at)
    tell_waiting(at=at)
    return changed + _sweep(Register.Kind.SEALED, Seal, _S.SEALED, at) + _sweep(
        Register.Kind.TRUSTED, Trust, Trust.State.TRUSTED, at
    )  # fmt: skip


def _standing(kind: str, **more: object) -> Exists:
    return Exists(
        Entry.objects.filter(
            register__kind=kind, register__owner=None, ended_at=None, key__gte=OuterRef("first_key"),
            key__lte=OuterRef("last_key"), **more,
        )
    )  # fmt: skip


def _each(rows: QuerySet[_Row], work: Callable[[_Row], bool]) -> int:
    return sum(work(row) for row in list(rows[:_BATCH]))


def _end(seal: Seal, act: str, reason: str, at: datetime) -> bool:
    try:
        with transaction.atomic():
            take_turns()
            before = seal.state
            move(seal, SEAL_STEPS, act, by=None, ended_at=at)
            note_act(seal, act, before, reason=reason, at=at)
            take_away(seal, reason=reason, by=None, at=at)
    except ConflictError:  # lifted at this very moment
        return False
    return True


def _restore(seal: Seal, at: datetime) -> bool:
    """Let a seal stand again over those of its numbers that stand in the register again."""
    try:
        with transaction.atomic():
            take_turns()
            others = Seal.objects.filter(state=_S.SEALED, first_key__lte=seal.last_key, last_key__gte=seal.first_key)
            if others.exists():  # sealed anew meanwhile: that one counts
                return False
            if trusted_in(seal.first_key, seal.last_key, at=at) is not None:  # whoever had it meanwhile is protected
                return False
            before = seal.state
            move(seal, SEAL_STEPS, "restore", by=None, ended_at=None)
            note_act(seal, "restore", before, at=at)
            order_block(seal, by=None, at=at)
            order_apart(seal, by=None, at=at)
            tell_sealed(seal, answering_for(seal.first_key, seal.last_key, at=at), zone=zone_of(seal.first_key), at=at)
    except ConflictError:
        return False
    return True


def _sweep(kind: str, model: type[Seal | Trust], state: str, at: datetime) -> int:
    """End entries over which nothing stands: put back with a report that was taken back, after their seal was lifted."""
    covering = model._default_manager.filter(  # noqa: SLF001 - Django's own name
        state=state, first_key__lte=OuterRef("key"), last_key__gte=OuterRef("key")
    )
    stray = Entry.objects.filter(~Exists(covering), register__kind=kind, register__owner=None, ended_at=None)
    keys = list(stray.values_list("key", flat=True)[:_BATCH])
    if not keys:
        return 0
    with transaction.atomic():
        take_turns()
        still = set(stray.filter(key__in=keys).values_list("key", flat=True))
        entries = [entry for entry in standing_entries(sorted(still), kinds=(kind,)) if entry.key in still]
        end_entries([(entry, Entry.EndReason.LAPSED) for entry in entries], at=at)
    return len(entries)
