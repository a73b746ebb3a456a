"""What was written about seals and in appeals is destroyed when its time is over; that there was one stays proven.

The data key of a seal, or of an appeal, is destroyed: what it rested on, what was said at each step, what was appealed, the
name and address of who did, and the answer are noise from then on. The line that appealed is emptied. The ledger's leaves
stay valid, since they cover hashes of what was sealed, which begin with random bytes; that it was erased is a leaf itself.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, Subquery

from quietline.web.keeping.data_keys import destroy_keys
from quietline.web.proofs.operations import write_leaves
from quietline.web.seals.models import Appeal, AppealAct, Seal, SealAct
from quietline.web.seals.operations import note_act

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

__all__ = ["KEPT", "erase_old"]

KEPT = timedelta(days=731)
"""So long after a seal ended, or an appeal was answered or taken back, what was written is kept: two years. A seal itself
may stand so long, and whether it was wrong may be asked until then."""
_BATCH = 200
_OVER = (Seal.State.RETURNED, Seal.State.LIFTED, Seal.State.EXPIRED, Seal.State.FELL)
_ANSWERED = (Appeal.State.GRANTED, Appeal.State.PARTLY, Appeal.State.REFUSED)
_OPEN = (Appeal.State.UNCONFIRMED, Appeal.State.RECEIVED, Appeal.State.DECIDING)


def erase_old(*, at: datetime) -> int:
    """Destroy what was written about seals and in appeals that are over for longer than :data:`KEPT`; give how many.

    A seal against which an appeal waits for its answer is left until that is given. To be done once a day; what is left
    over of a day follows on the next.
    """
    return _erase_seals(at) + _erase_appeals(at)


@transaction.atomic
def _erase_seals(at: datetime) -> int:
    waiting = Appeal.objects.filter(subject_kind=Appeal.Subject.SEAL, subject=OuterRef("reference"), state__in=_OPEN)
    found = Seal.objects.filter(~Exists(waiting), state__in=_OVER, ended_at__lte=at - KEPT, words__isnull=False)
    seals = list(found.select_for_update(of=("self",), skip_locked=True).order_by("ended_at", "pk")[:_BATCH])
    pks = [seal.pk for seal in seals]
    for seal in seals:
        note_act(seal, "erase", seal.state, at=at)
    SealAct.objects.filter(seal__in=pks).update(words=None)
    Seal.objects.filter(pk__in=pks).update(words=None)
    destroy_keys([seal.data_key_id for seal in seals], at=at)
    return len(seals)


@transaction.atomic
def _erase_appeals(at: datetime) -> int:
    appeals = list(_over(at).select_for_update(of=("self",), skip_locked=True).order_by("at", "pk")[:_BATCH])
    acts = [
        AppealAct.objects.create(appeal=appeal, act="erase", from_state=appeal.state, to_state=appeal.state, at=at)
        for appeal in appeals
    ]
    write_leaves("appeal-act", acts, at=at)
    Appeal.objects.filter(pk__in=[appeal.pk for appeal in appeals]).update(words=None, answer=None, key=None)
    destroy_keys([appeal.data_key_id for appeal in appeals], at=at)
    return len(appeals)


def _over(at: datetime) -> QuerySet[Appeal]:
    withdrawn = AppealAct.objects.filter(appeal=OuterRef("pk"), act="withdraw").order_by("-pk").values("at")[:1]
    rows = Appeal.objects.annotate(withdrawn_at=Subquery(withdrawn)).filter(words__isnull=False)
    return rows.filter(
        Q(state__in=_ANSWERED, decided_at__lte=at - KEPT) | Q(state=Appeal.State.WITHDRAWN, withdrawn_at__lte=at - KEPT)
    )
