"""Take an event back: the line was never disconnected, or never given to somebody else.

Who may, within 30 days of the report:

The holder, after a *disconnection*
    by a proof of the line that is newer than the event's effect: a line that answers is not disconnected. Such a proof does
    not show that it is the same person, since the number may have gone to somebody else unreported. So it puts back what
    protects, and nothing else: the do-not-call entry and stop requests. Nothing from before is shown.
The holder, after a *reassignment*, or to get everything back
    by such a proof and the reference of the entry that ended, which stands on the certificate and in the messages of the
    holder before. Then it is the same person: consents and customer relations stand again as well, and what the holder
    could see from before is shown again. Without the reference a reassignment is not undone: the new holder too can prove
    the line.
The operator that reported it
    by its own reference, where it made a mistake. It vouches that the holder never changed, so everything stands again;
    but nobody is proven by that, and what is shown begins with the next proof of the line.

What is put back has its former since-day, terms and assurance; it is a new entry, and the register's history shows the gap.
An event is taken back only while it is the last of its line and nobody has listed the number since. Helpers that the
holder had named are not put back.
"""

from __future__ import annotations

from hmac import compare_digest
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from quietline.errors import ConflictError, NotProvenError, OperationError
from quietline.web.accounts.models import Organisation
from quietline.web.base.limits import Limit, count
from quietline.web.keeping.rings import key_ring
from quietline.web.operators.models import LineEvent, LineUndo
from quietline.web.operators.queries import latest_event
from quietline.web.operators.reporting import found_reassigned_register
from quietline.web.proofs.operations import write_leaves
from quietline.web.publishing.models import Entry, Register
from quietline.web.publishing.operations import end_entry, list_number
from quietline.web.publishing.queries import standing_entry
from quietline.web.subscribers.delegates import only_holder
from quietline.web.subscribers.models import LineHolder

if TYPE_CHECKING:
    from datetime import datetime

    from quietline.web.subscribers.line_sessions import ProvenLine

__all__ = ["undo_line_event", "withdraw_line_event"]

_GUESSES = Limit("undo-reference", 5, 86_400)
_PROTECTS = frozenset((Register.Kind.DO_NOT_CALL, Register.Kind.STOP_REQUESTS))


def undo_line_event(*, proven: ProvenLine, event: LineEvent, at: datetime, reference: str = "") -> LineUndo:
    """Let the holder of a line contest an event.

    Args:
        proven: the line, by a proof that is newer than the event.
        event: the last of that line.
        at: now.
        reference: of the do-not-call entry that the event ended; may be left out after a disconnection.

    Returns:
        The undo; ``is_same_holder`` says whether everything was put back.

    Raises:
        NotProvenError: ``line.not-proven``: another line, or a proof that is too old; ``line.reference-needed`` after a
            reassignment; ``line.reference-wrong``.
        OperationError: ``line.undo-over``: after 30 days, or there is nothing to put back.
        ConflictError: ``line.undone``, ``line.later-event``, ``line.listed-since``.
        TooManyError: references were tried five times today.
    """
    only_holder(proven)
    if reference.strip():
        count([(_GUESSES, key_ring().keyed_hash("limit", event.key.to_bytes(8, "big")))], at=at)
    with transaction.atomic():
        event = _held(event)
        if proven.key != event.key or proven.proven_at <= event.effect_at:
            raise NotProvenError(
                _("This line has not been proven since it was reported."),
                advice=_("Ask for a new code."),
                code="line.not-proven",
            )
        _check(event, at)
        is_same = _is_same_holder(event, reference)
        undo = _put_back(event, LineUndo.By.HOLDER, is_same_holder=is_same, at=at)
        if is_same and event.held_since is not None:
            LineHolder.objects.filter(key=event.key, proven_at__gt=event.held_since).update(proven_at=event.held_since)
    return undo


def withdraw_line_event(*, operator: Organisation, reference: str, at: datetime) -> LineUndo:
    """Let an operator take back what it reported by mistake.

    Args:
        operator: that reported it.
        reference: the operator's own of the event.
        at: now.

    Raises:
        OperationError: ``line.unknown``: there is no such event; otherwise as for :func:`undo_line_event`.
    """
    with transaction.atomic():
        event = LineEvent.objects.filter(operator=operator, reference=reference).first()
        if event is None or not operator.may_act:
            raise OperationError(
                _("You have not reported such an event."), advice=_("Check the reference."), code="line.unknown"
            )
        event = _held(event)
        _check(event, at)
        return _put_back(event, LineUndo.By.OPERATOR, is_same_holder=True, at=at)


def _held(event: LineEvent) -> LineEvent:
    """Read an event anew, and hold its operator: reports and undoings take turns."""
    Organisation.objects.select_for_update(no_key=True).get(pk=event.operator_id)
    return LineEvent.objects.get(pk=event.pk)


def _check(event: LineEvent, at: datetime) -> None:
    if LineUndo.objects.filter(event=event).exists():
        raise ConflictError(_("This has been undone already."), code="line.undone")
    if event.undo_until is None or at >= event.undo_until:
        raise OperationError(_("This can no longer be undone."), advice=_("List the number again."), code="line.undo-over")
    latest = latest_event(event.key)
    if latest is None or latest.pk != event.pk:
        raise ConflictError(
            _("Something else has happened to this line since."), advice=_("List the number again."), code="line.later-event"
        )
    for ended in event.ended_entries.select_related("entry__register"):
        register = ended.entry.register
        if register.kind == Register.Kind.DO_NOT_CALL and standing_entry(register, event.key, lock=True) is not None:
            raise ConflictError(
                _("This number has been listed again since."),
                advice=_("There is nothing left to undo."),
                code="line.listed-since",
            )


def _is_same_holder(event: LineEvent, reference: str) -> bool:
    """Whether the reference shows that the holder before asks."""
    if not reference.strip():
        if event.kind == LineEvent.Kind.REASSIGNED:
            raise NotProvenError(
                _("This number is said to have a new holder."),
                advice=_("Type the reference of your entry, to show that it was yours."),
                code="line.reference-needed",
            )
        return False
    typed = reference.strip().upper().encode()
    entries = event.ended_entries.filter(entry__register__kind=Register.Kind.DO_NOT_CALL)
    if not any([compare_digest(typed, known.encode()) for known in entries.values_list("entry__reference", flat=True)]):  # noqa: C419 - all are compared, so that the time tells nothing
        raise NotProvenError(
            _("This is not the reference of the entry."), advice=_("Look at your certificate."), code="line.reference-wrong"
        )
    return True


def _put_back(event: LineEvent, by: str, *, is_same_holder: bool, at: datetime) -> LineUndo:
    for ended in event.ended_entries.select_related("entry__register").order_by("entry__register"):
        entry = ended.entry
        if is_same_holder or entry.register.kind in _PROTECTS:
            _restore(entry, at)
    _mend_mark(event, at)
    undo = LineUndo.objects.create(event=event, by=by, is_same_holder=is_same_holder, at=at)
    write_leaves("line-undo", [undo], at=at)
    return undo


def _restore(entry: Entry, at: datetime) -> None:
    if standing_entry(entry.register, entry.key, lock=True) is None:  # a seller's newer entry is left as it is
        list_number(
            register=entry.register,
            key=entry.key,
            since_date=entry.since_date,
            terms=entry.terms,
            assurance=entry.assurance,
            at=at,
        )


def _mend_mark(event: LineEvent, at: datetime) -> None:
    """Let the number stand in the register of reassigned numbers with the day of the event before, if there was one."""
    register = found_reassigned_register(country=event.operator.country, at=at)
    end_entry(register=register, key=event.key, reason=Entry.EndReason.CHANGED, at=at)
    earlier = latest_event(event.key, besides=event)
    if earlier is not None:
        list_number(
            register=register,
            key=event.key,
            since_date=earlier.happened_at.date(),
            terms="",
            assurance=Entry.Assurance.OPERATOR,
            at=at,
        )
