"""A seller lets a telemarketer act under its account number; either side ends it at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from quietline.errors import ConflictError, NotProvenError, OperationError
from quietline.web.accounts.changes import held
from quietline.web.accounts.models import Organisation
from quietline.web.accounts.queries import organisation_by_code
from quietline.web.proofs.operations import write_leaves
from quietline.web.sellers.acts import check_manages, check_manages_in_order, prove
from quietline.web.sellers.letters import tell_managers
from quietline.web.sellers.models import Act, Mandate
from quietline.web.sellers.queries import AGENTS, CLIENTS, manages_in_any_state

if TYPE_CHECKING:
    from datetime import date, datetime

    from quietline.web.accounts.models import Person

__all__ = ["accept_mandate", "end_mandate", "grant_mandate"]


@transaction.atomic
def grant_mandate(
    *,
    seller: Organisation,
    telemarketer: str,
    from_date: date,
    until_date: date | None = None,
    by: Person | None,
    at: datetime,
) -> Mandate:
    """Let a telemarketer act under the seller's account number, once it has accepted.

    Args:
        seller: on whose behalf.
        telemarketer: its account number.
        from_date: first day (UTC).
        until_date: first day without it; None for until it is ended.
        by: who grants, None for the platform itself.
        at: now.

    Raises:
        NotProvenError: ``by`` does not manage the seller, or it may not act.
        OperationError: ``mandate.kind``: such an organisation lets nobody call for it; ``mandate.days``;
            ``mandate.unknown``: there is no verified telemarketer with this account number.
        ConflictError: ``mandate.exists``.
    """
    check_manages_in_order(by, seller)
    held(seller)
    if seller.kind not in CLIENTS:
        raise OperationError(_("Only sellers and exempt bodies let others call for them."), code="mandate.kind")
    if (until_date is not None and until_date <= from_date) or (until_date is not None and until_date <= at.date()):
        raise OperationError(_("The mandate would end before it begins."), code="mandate.days")
    code = telemarketer.strip().upper()
    found = organisation_by_code(code) if code.isascii() and code.isprintable() else None
    if found is None or found.kind not in AGENTS or found.state != Organisation.State.VERIFIED:
        raise OperationError(
            _("There is no verified telemarketer with this account number."),
            advice=_("Ask the telemarketer for its account number; it looks like QL-O-482193-4."),
            code="mandate.unknown",
        )
    if Mandate.objects.filter(seller=seller, telemarketer=found, ended_at=None).exists():
        raise ConflictError(
            _("This telemarketer has a mandate already."), advice=_("End that one first."), code="mandate.exists"
        )
    row = Mandate.objects.create(
        seller=seller, telemarketer=found, from_date=from_date, until_date=until_date, by=by, at=at
    )  # fmt: skip
    write_leaves("mandate", [row], at=at)
    facts = {"organisation": seller.name, "code_number": seller.code}
    tell_managers(found, "seller-mandate", address="sellers:mandates", at=at, facts=facts)
    return row


@transaction.atomic
def accept_mandate(*, mandate: Mandate, by: Person | None, at: datetime) -> None:
    """Take a mandate on; from now on the telemarketer may act under the seller's account number.

    Raises:
        NotProvenError: ``by`` does not manage the telemarketer, or it may not act.
        ConflictError: ``mandate.over``: it was accepted or ended already.
    """
    check_manages_in_order(by, mandate.telemarketer)
    if not Mandate.objects.filter(pk=mandate.pk, accepted_at=None, ended_at=None).update(accepted_at=at):
        raise _over()
    prove(Act.Kind.MANDATE_ACCEPTED, mandate.telemarketer, subject=mandate.pk, by=by, at=at)


@transaction.atomic
def end_mandate(*, mandate: Mandate, by: Person | None, at: datetime, side: Organisation) -> None:
    """End a mandate at once, from either side, also while that side may not act; or decline one that was offered.

    Args:
        mandate: which.
        by: who ends it, None for the platform itself.
        at: now; acts under it are refused from the next request on.
        side: of the two organisations the one that ends it.

    Raises:
        NotProvenError: ``side`` is none of the two, or ``by`` does not manage it.
        ConflictError: ``mandate.over``.
    """
    if side.pk not in {mandate.seller_id, mandate.telemarketer_id} or (by and not manages_in_any_state(by, side)):
        raise NotProvenError(_("This mandate is not yours to end."), code="mandate.no-right")
    check_manages(by, side)
    if not Mandate.objects.filter(pk=mandate.pk, ended_at=None).update(ended_at=at):
        raise _over()
    was_declined = mandate.accepted_at is None and side.pk == mandate.telemarketer_id
    act = Act.Kind.MANDATE_DECLINED if was_declined else Act.Kind.MANDATE_ENDED
    prove(act, side, subject=mandate.pk, by=by, at=at)
    other = mandate.telemarketer if side.pk == mandate.seller_id else mandate.seller
    facts = {"organisation": side.name, "code_number": side.code}
    tell_managers(other, "seller-mandate-over", address="sellers:mandates", at=at, facts=facts)


def _over() -> ConflictError:
    return ConflictError(
        _("This mandate was accepted or ended already."), advice=_("Load the page again."), code="mandate.over"
    )
