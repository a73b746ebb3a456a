"""What sellers claim about a number, and what its holder says to a seller by name.

A seller's consents, customers and inquiries and the requests to stop that it has to honour are registers like any other,
owned by the seller. So a person's word to one firm is an entry in that firm's register and reaches that firm alone. What is
said here goes into the seller's evidence as a record, so that nothing older that is handed in later can undo it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from quietline.errors import OperationError
from quietline.web.accounts.models import Organisation
from quietline.web.evidence import operations as evidence
from quietline.web.evidence import queries
from quietline.web.evidence.models import Contest, Record
from quietline.web.evidence.owned import owned_register
from quietline.web.publishing.models import Entry, Register
from quietline.web.subscribers.line_sessions import hold

if TYPE_CHECKING:
    from datetime import datetime

    from quietline.web.subscribers.line_sessions import ProvenLine

__all__ = [
    "allow_seller",
    "claim_of",
    "claims_about",
    "contest_claim",
    "contests_of",
    "owned_register",
    "reasons_for",
    "refuse_seller",
    "refused_by",
    "revoke_all",
    "revoke_claim",
]

_KINDS = {
    Register.Kind.CONSENTS: Record.Kind.CONSENT,
    Register.Kind.SIGNED_CONSENTS: Record.Kind.CONSENT,
    Register.Kind.ORAL_CONSENTS: Record.Kind.CONSENT,
    Register.Kind.CUSTOMERS: Record.Kind.PURCHASE,
    Register.Kind.INQUIRIES: Record.Kind.INQUIRY,
}
_SAID_HERE = (Entry.Assurance.CODE, Entry.Assurance.CALL)
_Reason = Contest.Reason


def claims_about(proven: ProvenLine) -> list[Entry]:
    """Give every consent, customer relation and inquiry that a seller claims about the number now."""
    # also one from before the line came to its holder: it is about somebody else, and ending it is the holder's right
    return queries.claims_about(proven.key)


def refused_by(proven: ProvenLine) -> list[Entry]:
    """Give the requests to stop that stand, one for each seller."""
    entries = Entry.objects.filter(key=proven.key, ended_at__isnull=True, register__kind=Register.Kind.STOP_REQUESTS)
    return list(entries.select_related("register__owner").order_by("register__owner__name"))


def claim_of(proven: ProvenLine, entry_id: int) -> Entry:
    """Give one claim about the number that stands now.

    Raises:
        OperationError: ``claim.unknown`` where no such claim about this line stands.
    """
    entries = Entry.objects.filter(pk=entry_id, key=proven.key, ended_at__isnull=True, register__kind__in=list(_KINDS))
    entry = entries.select_related("register__owner").first()
    if entry is None or entry.register.owner is None:
        raise OperationError(
            "There is no such claim about your number.", advice="Look at the list again.", code="claim.unknown"
        )
    return entry


def revoke_claim(*, proven: ProvenLine, entry_id: int, at: datetime) -> Organisation:
    """End one claim, and ask its seller to stop.

    Raises:
        OperationError: ``claim.unknown`` where no such claim about this line stands.
    """
    with transaction.atomic():
        owner = claim_of(proven, entry_id).register.owner
        assert owner is not None  # noqa: S101 - as claim_of says
        refuse_seller(proven=proven, seller=owner, at=at)
    return owner


def revoke_all(*, proven: ProvenLine, at: datetime) -> int:
    """End every claim at once, and ask every such seller to stop; give how many sellers there were."""
    with transaction.atomic():
        owners = {entry.register.owner for entry in claims_about(proven) if entry.register.owner is not None}
        for owner in sorted(owners, key=lambda each: each.pk):
            refuse_seller(proven=proven, seller=owner, at=at)
    return len(owners)


def refuse_seller(*, proven: ProvenLine, seller: Organisation, at: datetime) -> None:
    """Ask one seller to stop: its claims end, and its register of requests to stop holds the number from now on."""
    with transaction.atomic():
        hold(proven)
        evidence.say_as_holder(organisation=seller, kind=Record.Kind.STOP, key=proven.key, assurance=proven.assurance, at=at)


def allow_seller(*, proven: ProvenLine, seller: Organisation, at: datetime) -> None:
    """Let one seller call in spite of the register: a consent given here, proven by the line, revoked the same way."""
    with transaction.atomic():
        hold(proven)
        evidence.say_as_holder(
            organisation=seller, kind=Record.Kind.CONSENT, key=proven.key, assurance=proven.assurance, at=at
        )


def reasons_for(entry: Entry) -> list[tuple[str, str]]:
    """Give the reasons for which a claim can be contested, and their words; none where the holder said it here."""
    if entry.assurance in _SAID_HERE:
        return []
    is_consent = _KINDS.get(Register.Kind(entry.register.kind)) == Record.Kind.CONSENT
    first = [_Reason.NEVER, _Reason.WITHDRAWN] if is_consent else [_Reason.NOT_CUSTOMER]
    return [(reason.value, str(reason.label)) for reason in (*first, _Reason.TRICKED, _Reason.OTHER_PERSON, _Reason.UNSAID)]


def contest_claim(*, proven: ProvenLine, entry_id: int, reason: str, at: datetime) -> Contest:
    """Say that a claim is not true: it counts as none from now on, unless its seller answers with proof in time.

    Raises:
        OperationError: ``claim.unknown``, ``claim.own`` (the holder said it here: revoke it) or ``claim.reason``.
        ConflictError: it is contested already, or the seller has proven it.
    """
    with transaction.atomic():
        hold(proven)
        entry = claim_of(proven, entry_id)
        reasons = dict(reasons_for(entry))
        if not reasons:
            raise OperationError(_("You have said this here yourself."), advice=_("Revoke it."), code="claim.own")
        if reason not in reasons:
            raise OperationError(_("This is none of the reasons."), advice=_("Choose one."), code="claim.reason")
        owner = entry.register.owner
        assert owner is not None  # noqa: S101 - as claim_of says
        return evidence.contest(
            organisation=owner, kind=_KINDS[Register.Kind(entry.register.kind)], key=proven.key, since_date=entry.since_date,
            reason=reason, assurance=proven.assurance, at=at,
        )  # fmt: skip


def contests_of(proven: ProvenLine) -> list[Contest]:
    """Give what the holder of the line has contested, the newest first."""
    return queries.contests_about(proven.key, since=proven.held_since)
