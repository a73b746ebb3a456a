"""What the authority decides: verified, more wanted, refused; suspended and reinstated. Each with reason and remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from quietline.errors import ConflictError, NotProvenError
from quietline.web.accounts import operations as accounts
from quietline.web.accounts.changes import check_oversees, held
from quietline.web.accounts.models import Membership, Organisation
from quietline.web.keeping.data_keys import destroy_keys, new_data_key, opened_key, random_record
from quietline.web.proofs.operations import write_leaves
from quietline.web.sellers.acts import cleaned, prove
from quietline.web.sellers.checking import bar_index, findings_of
from quietline.web.sellers.letters import tell_managers
from quietline.web.sellers.models import Act, Bar, Decision, Joining
from quietline.web.sellers.queries import profile_of

if TYPE_CHECKING:
    from datetime import datetime

    from quietline.web.accounts.models import Person

__all__ = ["barred_value", "decide", "lift_bar", "place_bar", "reinstate", "suspend"]

_Outcome = Decision.Outcome
_State = Organisation.State


@transaction.atomic
def decide(
    *, organisation: Organisation, outcome: str, reason: str, remedy: str = "", by: Person | None, at: datetime
) -> Decision:
    """Decide about an organisation that wants to call. Its managers are told by e-mail.

    Args:
        organisation: that has sent everything (:func:`quietline.web.sellers.certifying.submit`).
        outcome: ``verified``, ``more`` or ``refused``.
        reason: for the organisation to read, never empty.
        remedy: what it can do; needed unless it is verified.
        by: who decides, None for the platform itself.
        at: now.

    Raises:
        NotProvenError: ``by`` does not oversee organisations; ``decision.own``: is one of its people.
        OperationError: ``decision.reason`` or ``decision.remedy`` is missing or too long.
        ConflictError: ``decision.not-waiting``; ``decision.barred`` or ``decision.duplicate``: it cannot be verified.
    """
    _check_may_decide(by, organisation)
    found = held(organisation)
    joining = Joining.objects.select_for_update().filter(organisation=found).first()
    if joining is None or joining.state != Joining.State.WAITING or found.state != _State.APPLIED:
        raise ConflictError(
            _("This organisation is not waiting for a decision."),
            advice=_("Load the page again."),
            code="decision.not-waiting",
        )
    wanted = _Outcome(outcome)
    if wanted not in {_Outcome.VERIFIED, _Outcome.MORE, _Outcome.REFUSED}:
        raise ConflictError(_("This cannot be decided here."), code="decision.not-waiting")
    row = _decision(found, wanted, reason, remedy, by, at, needs_remedy=wanted != _Outcome.VERIFIED)
    if wanted == _Outcome.VERIFIED:
        _verify(found, row, by, at)
    joining.state, joining.decided_at = Joining.State(wanted.value), at
    joining.save(update_fields=["state", "decided_at"])
    organisation.state, organisation.legal_id = found.state, found.legal_id
    _tell(found, wanted, at)
    return row


@transaction.atomic
def suspend(*, organisation: Organisation, reason: str, remedy: str, by: Person | None, at: datetime) -> Decision:
    """Stop everything that is done in an organisation's name, from the next request on; its managers are told.

    Raises:
        NotProvenError: ``by`` does not oversee organisations, or is one of its people.
        OperationError: ``decision.reason`` or ``decision.remedy`` is missing or too long.
        ConflictError: it is not verified.
    """
    _check_may_decide(by, organisation)
    row = _decision(held(organisation), _Outcome.SUSPENDED, reason, remedy, by, at, needs_remedy=True)
    accounts.suspend_organisation(organisation=organisation, reason=row.reason[:200], by=by, at=at)
    _tell(organisation, _Outcome.SUSPENDED, at)
    return row


@transaction.atomic
def reinstate(*, organisation: Organisation, reason: str, by: Person | None, at: datetime) -> Decision:
    """Let a suspended organisation act again; its managers are told.

    Raises:
        NotProvenError: ``by`` does not oversee organisations, or is one of its people.
        OperationError: the reason is missing or too long.
        ConflictError: it is not suspended.
    """
    _check_may_decide(by, organisation)
    row = _decision(held(organisation), _Outcome.REINSTATED, reason, "", by, at, needs_remedy=False)
    accounts.reinstate(organisation=organisation, reason=row.reason[:200], by=by, at=at)
    _tell(organisation, _Outcome.REINSTATED, at)
    return row


@transaction.atomic
def place_bar(
    *,
    what: str,
    value: str,
    reason: str,
    country: str = "",
    until_at: datetime | None = None,
    by: Person | None,
    at: datetime,
) -> Bar:
    """Keep a firm or a person from becoming, or staying, a caller.

    A barred legal id stops its organisations at once. E-mail addresses and names are shown to who decides, since they may
    belong to somebody else.

    Args:
        what: one of :class:`Bar.What`.
        value: legal id, e-mail address or name; kept sealed, and found by a blind index.
        reason: why.
        country: of the legal id, two letters.
        until_at: when it ends by itself; None for good.
        by: who bars, None for the platform itself.
        at: now.

    Raises:
        NotProvenError: ``by`` does not oversee organisations.
        OperationError: ``bar.value`` or ``bar.reason`` is missing or too long.
        ConflictError: ``bar.known``: it is barred already; ``bar.over``: it would end before it begins.
    """
    check_oversees(by)
    kind = Bar.What(what)
    text = cleaned(value, most=254, code="bar.value")
    index = bar_index(kind, text, country=country)
    if index is None or (kind == Bar.What.LEGAL_ID and len(country) != 2):
        raise ConflictError(_("Give what is barred; of a legal id its country, too."), code="bar.value")
    if until_at is not None and until_at <= at:
        raise ConflictError(_("The bar would end before it begins."), code="bar.over")
    if Bar.objects.filter(what=kind, value_index=index, lifted_at=None, until_at=None).exists():
        raise ConflictError(_("This is barred already."), code="bar.known")
    key, opened = new_data_key(random_record("sellers.bar"), at=at)
    shown = f"{country.upper()} {text}" if kind == Bar.What.LEGAL_ID else text
    row = Bar.objects.create(
        what=kind, value_index=index, data_key=key, sealed=opened.seal_text(shown, "value", pad_to=64),
        reason=cleaned(reason, most=500, code="bar.reason"), by=by, at=at, until_at=until_at,
    )  # fmt: skip
    write_leaves("bar", [row], at=at)
    return row


@transaction.atomic
def lift_bar(*, bar: Bar, reason: str, by: Person | None, at: datetime) -> None:
    """End a bar; what it named is erased.

    Raises:
        NotProvenError: ``by`` does not oversee organisations.
        OperationError: the reason is missing or too long.
        ConflictError: it was lifted already.
    """
    check_oversees(by)
    why = cleaned(reason, most=500, code="bar.reason")
    if not Bar.objects.filter(pk=bar.pk, lifted_at=None).update(lifted_at=at, sealed=None, value_index=b""):
        raise ConflictError(_("This bar was lifted already."), code="bar.lifted")
    destroy_keys([bar.data_key_id], at=at)
    prove(Act.Kind.BAR_LIFTED, None, subject=bar.pk, reason=why, by=by, at=at)


def barred_value(bar: Bar) -> str:
    """Open what a bar names, for who oversees organisations; "" where it was erased."""
    if bar.sealed is None or bar.data_key is None or bar.data_key.wrapped is None:
        return ""
    return opened_key(bar.data_key).open_text(bytes(bar.sealed), "value")


def _check_may_decide(by: Person | None, organisation: Organisation) -> None:
    check_oversees(by)
    if by is not None and Membership.objects.filter(person=by, organisation=organisation, ended_at=None).exists():
        raise NotProvenError(
            _("Nobody decides about an organisation of their own."), advice=_("Ask somebody else."), code="decision.own"
        )


def _decision(
    organisation: Organisation, outcome: Decision.Outcome, reason: str, remedy: str, by: Person | None, at: datetime,
    *, needs_remedy: bool,
) -> Decision:  # fmt: skip
    row = Decision.objects.create(
        organisation=organisation, outcome=outcome, reason=cleaned(reason, most=2000, code="decision.reason"),
        remedy=cleaned(remedy, most=2000, code="decision.remedy", needed=needs_remedy),
        findings=[finding.code for finding in findings_of(organisation, at=at)], by=by, at=at,
    )  # fmt: skip
    write_leaves("decision", [row], at=at)
    return row


def _verify(organisation: Organisation, row: Decision, by: Person | None, at: datetime) -> None:
    if "bar.legal-id" in row.findings:
        raise ConflictError(
            _("Its legal id is barred: it cannot be verified."),
            advice=_("Lift the bar first, or refuse."),
            code="decision.barred",
        )
    profile = profile_of(organisation)
    legal_id = profile.legal_id if profile else ""
    try:
        with transaction.atomic():
            Organisation.objects.filter(pk=organisation.pk).update(legal_id=legal_id)
    except IntegrityError as error:
        raise ConflictError(
            _("Another organisation is verified under this legal id."),
            advice=_("Its people should be invited there; refuse, and say so."),
            code="decision.duplicate",
        ) from error
    organisation.legal_id = legal_id
    accounts.verify_organisation(organisation=organisation, by=by, at=at)


def _tell(organisation: Organisation, outcome: Decision.Outcome, at: datetime) -> None:
    facts = {"organisation": organisation.name, "outcome": outcome.value}
    tell_managers(organisation, "seller-decision", address="sellers:desk", at=at, facts=facts)
