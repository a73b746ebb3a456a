"""What sellers claim about a number, and what its holder says to a seller by name.

A seller's consents, its customers and the requests to stop that it has to honour are registers like any other, owned by
the seller. So a person's word to one firm is an entry in that firm's register and reaches that firm alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from quietline.errors import OperationError
from quietline.web.accounts.models import Organisation
from quietline.web.publishing.models import Entry, Register
from quietline.web.publishing.operations import end_entry, found_register, list_number
from quietline.web.publishing.queries import standing_entry
from quietline.web.subscribers.line_sessions import hold
from quietline.web.subscribers.numbers import listed_line

if TYPE_CHECKING:
    from datetime import datetime

    from quietline.web.subscribers.line_sessions import ProvenLine

__all__ = ["allow_seller", "claims_about", "owned_register", "refuse_seller", "refused_by", "revoke_all", "revoke_claim"]

_CLAIMS = (Register.Kind.CONSENTS, Register.Kind.CUSTOMERS)


def owned_register(*, owner: Organisation, kind: str, country: str, at: datetime) -> Register:
    """Give a seller's register of a kind for a country; made when it is first needed."""
    found = Register.objects.filter(owner=owner, kind=kind, country=country).first()
    if found is not None:
        return found
    try:
        with transaction.atomic():
            code = f"{kind}-{owner.pk}-{country.lower()}"
            return found_register(
                code=code, kind=kind, title=f"{owner.name}: {kind}", country=country, at=at, owner_id=owner.pk
            )
    except IntegrityError:  # somebody else made it at this very moment
        return Register.objects.get(owner=owner, kind=kind, country=country)


def claims_about(proven: ProvenLine) -> list[Entry]:
    """Give every consent and customer relation that a seller claims about the number now."""
    # also one from before the line came to its holder: it is about somebody else, and ending it is the holder's right
    entries = Entry.objects.filter(key=proven.key, ended_at__isnull=True, register__kind__in=_CLAIMS)
    return list(entries.select_related("register__owner").order_by("register__owner__name", "register__kind"))


def refused_by(proven: ProvenLine) -> list[Entry]:
    """Give the requests to stop that stand, one for each seller."""
    entries = Entry.objects.filter(key=proven.key, ended_at__isnull=True, register__kind=Register.Kind.STOP_REQUESTS)
    return list(entries.select_related("register__owner").order_by("register__owner__name"))


def revoke_claim(*, proven: ProvenLine, entry_id: int, at: datetime) -> Organisation:
    """End one claim, and ask its seller to stop.

    Raises:
        OperationError: ``claim.unknown`` where no such claim about this line stands.
    """
    with transaction.atomic():
        entry = Entry.objects.filter(pk=entry_id, key=proven.key, ended_at__isnull=True, register__kind__in=_CLAIMS).first()
        if entry is None or entry.register.owner is None:
            raise OperationError(
                "There is no such claim about your number.", advice="Look at the list again.", code="claim.unknown"
            )
        refuse_seller(proven=proven, seller=entry.register.owner, at=at)
    return entry.register.owner


def revoke_all(*, proven: ProvenLine, at: datetime) -> int:
    """End every claim at once, and ask every such seller to stop; give how many sellers there were."""
    with transaction.atomic():
        owners = {entry.register.owner for entry in claims_about(proven) if entry.register.owner is not None}
        for owner in owners:
            refuse_seller(proven=proven, seller=owner, at=at)
    return len(owners)


def refuse_seller(*, proven: ProvenLine, seller: Organisation, at: datetime) -> Entry:
    """Ask one seller to stop: its claims end, and its register of requests to stop holds the number from now on."""
    line = listed_line(proven.key)
    with transaction.atomic():
        hold(proven)
        for kind in _CLAIMS:
            claim = Register.objects.filter(owner=seller, kind=kind, country=line.country).first()
            if claim is not None:
                end_entry(register=claim, key=line.key, reason=Entry.EndReason.REVOKED, at=at)
        register = owned_register(owner=seller, kind=Register.Kind.STOP_REQUESTS, country=line.country, at=at)
        return list_number(
            register=register, key=line.key, since_date=line.local_date(at), terms="", assurance=proven.assurance, at=at
        )


def allow_seller(*, proven: ProvenLine, seller: Organisation, at: datetime) -> Entry:
    """Let one seller call in spite of the register: a consent given here, proven by the line, revoked the same way."""
    line = listed_line(proven.key)
    with transaction.atomic():
        hold(proven)
        stop = Register.objects.filter(owner=seller, kind=Register.Kind.STOP_REQUESTS, country=line.country).first()
        if stop is not None and standing_entry(stop, line.key) is not None:
            end_entry(register=stop, key=line.key, reason=Entry.EndReason.CHANGED, at=at)
        register = owned_register(owner=seller, kind=Register.Kind.CONSENTS, country=line.country, at=at)
        return list_number(
            register=register, key=line.key, since_date=line.local_date(at), terms="", assurance=proven.assurance, at=at
        )
