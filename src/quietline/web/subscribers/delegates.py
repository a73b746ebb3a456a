"""Help for somebody else: the holder of a line names another line whose holder may act for it.

Who acts for another may list the number, take it off and see how it stands, and nothing else: consents, and who asked
about the number, stay with its holder. Each of their acts is recorded, and the holder is told of it at once: by text, or by
a call where no text reaches the line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from quietline.errors import ConflictError, NotProvenError, OperationError
from quietline.web.base.limits import Limit, count
from quietline.web.keeping.rings import key_ring
from quietline.web.messaging.operations import check_cap, enqueue
from quietline.web.subscribers.answers import language_of_line
from quietline.web.subscribers.line_sessions import ProvenLine, listing_only
from quietline.web.subscribers.low_tech_models import LineCall, LineLanguage, TextRequest
from quietline.web.subscribers.models import Delegate, HelperAct, LineHolder
from quietline.web.subscribers.numbers import line_of_key

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from quietline.web.publishing.models import Entry
    from quietline.web.subscribers.numbers import Line

__all__ = [
    "MOST_DELEGATES",
    "ActingLine",
    "act_for",
    "end_delegate",
    "forget_line",
    "lines_of",
    "may_act",
    "name_delegate",
    "only_holder",
    "record_act",
]

MOST_DELEGATES = 5
"""Lines that may act for one line at the same time."""
_PER_LINE = Limit("delegate-line", 10, 86_400)  # each naming sends two texts
_ACTS_PER_LINE = Limit("helper-act", 10, 86_400)  # each act sends one


@dataclass(frozen=True, slots=True)
class ActingLine(ProvenLine):
    """A line for which the holder of another one acts.

    Attributes:
        delegate_key: the line that was proven.
    """

    delegate_key: int


def name_delegate(proven: ProvenLine, delegate_line: Line, at: datetime) -> Delegate:
    """Let another line act for this one; both get a notice.

    Naming one that is named already changes nothing.

    Raises:
        NotProvenError: the line acts for another itself; only the holder may name who helps.
        OperationError: ``delegate.self``.
        ConflictError: ``delegate.many``, there are :data:`MOST_DELEGATES` already.
        TooManyError: named too often within a day, or no message can be sent today.
    """
    only_holder(proven)
    if delegate_line.key == proven.key:
        raise OperationError(_("This is your own line."), advice=_("Name the line of somebody else."), code="delegate.self")
    count([(_PER_LINE, key_ring().keyed_hash("limit", proven.key.to_bytes(8, "big")))], at=at)
    check_cap(at)
    standing = Delegate.objects.filter(key=proven.key, ended_at__isnull=True)
    try:
        with transaction.atomic():
            # the holder's row as the lock, so that two requests cannot both be the fifth
            LineHolder.objects.select_for_update().filter(key=proven.key).first()
            found = standing.filter(delegate_key=delegate_line.key).first()
            if found is not None:
                return found
            if standing.count() >= MOST_DELEGATES:
                raise ConflictError(
                    _("As many lines as can be may act for yours already."),
                    advice=_("End one of them first."),
                    code="delegate.many",
                )
            row = Delegate.objects.create(key=proven.key, delegate_key=delegate_line.key, since_at=at)
            for key, template in ((proven.key, "delegate"), (delegate_line.key, "helper")):
                _tell(key, template, {"reference": f"DG-{row.pk}"}, at)
            return row
    except IntegrityError:  # the same was named at this very moment
        return standing.get(delegate_key=delegate_line.key)


def end_delegate(proven: ProvenLine, key: int, delegate_key: int, at: datetime) -> bool:
    """End it, by the holder of the line or by who was to help; whether there was anything to end.

    Raises:
        NotProvenError: the proven line is neither of the two.
    """
    only_holder(proven)
    if proven.key not in (key, delegate_key):
        raise _not_yours()
    return bool(Delegate.objects.filter(key=key, delegate_key=delegate_key, ended_at__isnull=True).update(ended_at=at))


def lines_of(proven: ProvenLine, at: datetime) -> list[int]:
    """Give the keys of the lines that may be acted for: the proven one, then those that named it, longest first."""
    rows = Delegate.objects.filter(delegate_key=proven.key, ended_at__isnull=True, since_at__lte=at)
    return [proven.key, *rows.order_by("since_at", "pk").values_list("key", flat=True)]


def act_for(proven: ProvenLine, key: int, at: datetime) -> ProvenLine:
    """Give the line to act for, with the assurance of the proof that was given for the helper's own line.

    Raises:
        NotProvenError: that line has not named this one, or is in other hands by now.
    """
    only_holder(proven)
    if key == proven.key:
        return proven
    named = Delegate.objects.filter(key=key, delegate_key=proven.key, ended_at__isnull=True, since_at__lte=at).first()
    holder = LineHolder.objects.filter(key=key).first()
    if named is None or holder is None or holder.proven_at > named.since_at:
        raise _not_yours()
    return ActingLine(key, proven.assurance, proven.proven_at, holder.proven_at, proven.expires_at, proven.key)


def may_act(acting: ActingLine, at: datetime) -> None:
    """Make sure, before an act by a helper, that its holder can be told of it.

    Raises:
        TooManyError: helpers acted for this line too often today, or no message can be sent today.
    """
    count([(_ACTS_PER_LINE, key_ring().keyed_hash("limit", acting.key.to_bytes(8, "big")))], at=at)
    check_cap(at)


def record_act(acting: ActingLine, act: str, entry: Entry, at: datetime) -> None:
    """Record what a helper has done, and tell the holder; runs in the transaction of the act.

    Args:
        acting: the line that was acted for.
        act: one of :class:`HelperAct.Act`.
        entry: that was made or ended.
        at: now.

    Raises:
        NotProvenError: the holder has ended it meanwhile.
    """
    named = Delegate.objects.select_for_update(no_key=True).filter(
        key=acting.key, delegate_key=acting.delegate_key, ended_at__isnull=True
    ).first()  # fmt: skip
    if named is None:
        raise _not_yours()
    HelperAct.objects.create(delegate=named, act=act, entry=entry, at=at)
    _tell(acting.key, "helped", {"act": str(act), "reference": entry.reference}, at)


def _tell(key: int, template: str, facts: Mapping[str, str], at: datetime) -> None:
    """Send a notice to a line: a text, or a call where no text reaches it."""
    line = line_of_key(key, countries=settings.ENVIRONMENT.countries)
    enqueue(
        channel="text" if line.can_get_text else "call", template=template, language=language_of_line(key), at=at, key=key,
        facts=facts,
    )  # fmt: skip


def only_holder(proven: ProvenLine) -> None:
    """Refuse who acts for somebody else: what is behind this is for the holder of the line.

    Raises:
        NotProvenError: it is an :class:`ActingLine`, or was proven by a code for listing, which is read out to helpers.
    """
    listing_only(proven)
    if isinstance(proven, ActingLine):
        raise NotProvenError(
            _("Only the holder of this line may do this."),
            advice=_("Ask the holder to prove the line."),
            code="delegate.holder-only",
        )


def forget_line(key: int, at: datetime) -> None:
    """End all that hangs on the holder of a line when it is given to somebody else: helpers and open dealings."""
    with transaction.atomic():
        rows = Delegate.objects.filter(Q(key=key) | Q(delegate_key=key), ended_at__isnull=True)
        rows.update(ended_at=at)
        TextRequest.objects.filter(key=key).delete()
        LineCall.objects.filter(key=key).delete()
        LineLanguage.objects.filter(key=key).delete()


def _not_yours() -> NotProvenError:
    return NotProvenError(
        _("You may not act for this line."), advice=_("Its holder can name your line as a helper."), code="delegate.unknown"
    )
