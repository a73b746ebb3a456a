"""One number that leaves a sealed range, while the rest of it stays sealed.

A supervisor clears it, an appeal from its line is granted for it alone, or its operator reports that it was given to
somebody else: it then leaves the register, whose feed says so within seconds, and its operator is ordered to let it be. A
number that goes to another operator with its holder stays sealed, or else a porting would end any seal: the operator that
lost it is ordered to let it be, and the one that has it now to stop it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.utils.translation import gettext as _

from quietline.errors import ConflictError, OperationError
from quietline.web.operators.models import PortedNumber
from quietline.web.proofs.operations import write_leaves
from quietline.web.publishing.models import Entry, Register
from quietline.web.seals.letters import tell_lifted
from quietline.web.seals.models import Seal, SealRelease
from quietline.web.seals.operations import note_act
from quietline.web.seals.orders import order_again, order_release
from quietline.web.seals.queries import answering_for, trusted_in
from quietline.web.seals.registers import end_numbers, keys_standing
from quietline.web.seals.stages import SEAL_STEPS
from quietline.web.seals.stepping import check_step, take_turns
from quietline.web.seals.telling import tell_line_freed
from quietline.web.seals.wording import cleaned

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

    from quietline.web.accounts.models import Person

__all__ = ["follow_numbers", "release_number"]

_BATCH = 200
_S, _R = Seal.State, SealRelease.Reason


@transaction.atomic
def release_number(*, seal: Seal, key: int, reason: str, words: str, by: Person, at: datetime) -> SealRelease:
    """Let one number of a range go at once; the others stay sealed.

    Args:
        seal: of two numbers or more, that stands.
        key: of the number.
        reason: ``cleared`` or ``appeal``.
        words: why.
        by: a supervisor; for an appeal, :mod:`quietline.web.seals.appeals` sees to who decides.
        at: now.

    Raises:
        OperationError: ``seal.lift-reason``, ``seal.words``; ``seal.number``: the number is not sealed by this seal.
        ConflictError: ``seal.last-number``: no other number of it is sealed any more; ``seal.no-step``, ``seal.moved-on``.
        NotProvenError: ``seal.not-yours``.
    """
    if reason not in (_R.CLEARED, _R.APPEAL):
        raise OperationError(_("There is no such reason to lift a seal."), code="seal.lift-reason")
    take_turns()
    cleaned(words, code="seal.words")
    check_step(seal, SEAL_STEPS, "release", by=by)
    if not seal.first_key <= key <= seal.last_key or not keys_standing(Register.Kind.SEALED, key, key):
        raise OperationError(
            _("This number is not sealed by this seal."), advice=_("Give a number of its range that still is."),
            code="seal.number",
        )  # fmt: skip
    if keys_standing(Register.Kind.SEALED, seal.first_key, seal.last_key) == 1:
        raise ConflictError(
            _("No other number of this seal is sealed any more."), advice=_("Lift the seal."), code="seal.last-number"
        )
    release = _left(seal, key, reason, at)
    note_act(seal, "release", seal.state, reason=reason, words=words, by=by, at=at)
    end_numbers(Register.Kind.SEALED, key, key, at=at)
    order_release(release, by=by, at=at)
    tell_lifted(seal, answering_for(key, key, at=at), reason=reason, at=at, is_part=True)
    tell_line_freed(seal, key, at=at)
    return release


def follow_numbers(*, at: datetime) -> int:
    """Let the orders of seals follow what operators reported of single numbers of a range; give how many numbers."""
    changed = 0
    work = ((_gone(), _follow_gone), (_back(), _follow_back), (_ported(), _follow_ported))
    for found, follow in work:
        for pk in list(found.order_by("pk").values_list("pk", flat=True)[:_BATCH]):
            with transaction.atomic():
                take_turns()
                seal = Seal.objects.select_for_update(of=("self",)).select_related("data_key").get(pk=pk)
                changed += follow(seal, at) if seal.state == _S.SEALED else 0
    return changed


def _ranges() -> QuerySet[Seal]:
    return Seal.objects.filter(state=_S.SEALED, first_key__lt=F("last_key"))


def _entries(**more: Any) -> QuerySet[Entry]:
    return Entry.objects.filter(register__kind=Register.Kind.SEALED, register__owner=None, **more)


def _keys_gone(first: Any, last: Any, since: Any, seal: Any) -> QuerySet[Entry]:
    """Give the ended entries of numbers that left a seal, each whose seal nobody has written down as left."""
    standing = _entries(key=OuterRef("key"), ended_at=None)
    known = SealRelease.objects.filter(seal=seal, key=OuterRef("key"), back_at=None).exclude(reason=_R.PORTED)
    ended = _entries(key__gte=first, key__lte=last, ended_at__gte=since)
    return ended.filter(~Exists(standing), ~Exists(known))


def _gone() -> QuerySet[Seal]:
    deep = OuterRef(OuterRef("pk"))
    return _ranges().filter(Exists(_keys_gone(OuterRef("first_key"), OuterRef("last_key"), OuterRef("sealed_at"), deep)))


def _follow_gone(seal: Seal, at: datetime) -> int:
    found = _keys_gone(seal.first_key, seal.last_key, seal.sealed_at, seal)
    keys = sorted(set(found.values_list("key", flat=True)))
    for key in keys:
        release = _left(seal, key, _R.HOLDER, at)
        note_act(seal, "release", seal.state, reason=release.reason, at=at)
        order_release(release, by=None, at=at)
    return len(keys)


def _back() -> QuerySet[Seal]:
    return _ranges().filter(Exists(_releases_back(OuterRef("pk"))))


def _releases_back(seal: Any) -> QuerySet[SealRelease]:
    again = _entries(key=OuterRef("key"), ended_at=None)
    rows = SealRelease.objects.filter(seal=seal, back_at=None).exclude(reason=_R.PORTED)
    return rows.filter(Exists(again))


def _follow_back(seal: Seal, at: datetime) -> int:
    rows = list(_releases_back(seal).order_by("pk"))
    for release in rows:
        if trusted_in(release.key, release.key, at=at) is not None:  # whoever had it meanwhile is protected
            end_numbers(Register.Kind.SEALED, release.key, release.key, at=at)
            continue
        SealRelease.objects.filter(pk=release.pk).update(back_at=at)
        note_act(seal, "rejoin", seal.state, at=at)
        order_again(release, by=None, at=at)
    return len(rows)


def _keys_ported(first: Any, last: Any, since: Any, seal: Any) -> QuerySet[PortedNumber]:
    """Give the portings of numbers of a seal since it was placed that its orders have not followed."""
    known = SealRelease.objects.filter(seal=seal, key=OuterRef("key"), reason=_R.PORTED, at__gte=OuterRef("ported_at"))
    left = SealRelease.objects.filter(seal=seal, key=OuterRef("key"), back_at=None).exclude(reason=_R.PORTED)
    rows = PortedNumber.objects.filter(key__gte=first, key__lte=last, ported_at__gt=since)
    return rows.filter(~Exists(known), ~Exists(left))


def _ported() -> QuerySet[Seal]:
    deep = OuterRef(OuterRef("pk"))
    rows = Seal.objects.filter(state=_S.SEALED)
    return rows.filter(Exists(_keys_ported(OuterRef("first_key"), OuterRef("last_key"), OuterRef("sealed_at"), deep)))


def _follow_ported(seal: Seal, at: datetime) -> int:
    found = _keys_ported(seal.first_key, seal.last_key, seal.sealed_at, seal).filter(ported_at__lte=at)
    keys = sorted(set(found.values_list("key", flat=True)))
    for key in keys:
        release = _left(seal, key, _R.PORTED, at)
        note_act(seal, "release", seal.state, reason=release.reason, at=at)
        order_release(release, by=None, at=at)
        order_again(release, by=None, at=at)
    return len(keys)


def _left(seal: Seal, key: int, reason: str, at: datetime) -> SealRelease:
    release = SealRelease.objects.create(seal=seal, key=key, reason=reason, at=at)
    write_leaves("seal-release", [release], at=at)
    return release
