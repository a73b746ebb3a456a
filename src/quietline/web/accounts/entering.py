"""Organisations that do not join by themselves: entered by the authority, or by who runs the installation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from quietline.errors import ConflictError, NotProvenError, OperationError
from quietline.web.accounts.changes import check_oversees, held
from quietline.web.accounts.invitations import withdraw_invitation, write_invitation
from quietline.web.accounts.models import Membership, Organisation, Role
from quietline.web.accounts.operations import found_organisation, verify_organisation
from quietline.web.accounts.queries import open_invitations
from quietline.web.accounts.roles import MANAGING

if TYPE_CHECKING:
    from datetime import datetime

    from quietline.web.accounts.models import Invitation, Person

__all__ = ["ENTERED", "enter_organisation", "found_authority", "invite_first", "may_enter_authorities"]

_Kind = Organisation.Kind
ENTERED: dict[Organisation.Kind, Role] = {
    _Kind.OPERATOR: Role.OPERATOR,
    _Kind.RESELLER: Role.RESELLER,
    _Kind.AGENCY: Role.REPRESENTATIVE,
    _Kind.AUTHORITY: Role.ADMINISTRATOR,
}
"""Kinds of organisations that are entered, and the role of the first person of each, who invites all others."""


@transaction.atomic
def enter_organisation(
    *, kind: Organisation.Kind, name: str, country: str, email: str, legal_id: str = "", by: Person | None, at: datetime,
    language: str = "en",
) -> Invitation:  # fmt: skip
    """Enter an organisation as verified, and invite the first who acts for it; give the invitation.

    Args:
        kind: one of :data:`ENTERED`; the others join by themselves.
        name: under which people know it.
        country: two letters, where it is registered.
        email: of the first person.
        legal_id: its number in that country's register of companies, "" where it has none.
        by: who enters it, None for the platform itself.
        at: now.
        language: of the letter, ``en`` or ``zh-hans``.

    Raises:
        NotProvenError: ``by`` does not oversee organisations; or it is an authority, and ``by`` administers none.
        ConflictError: an organisation with this legal id is known already.
        OperationError: the kind joins by itself; the name is empty, or the country no two letters.
    """
    if kind not in ENTERED:
        raise OperationError(
            "Organisations of this kind join by themselves.", advice="Lead them to /sellers/.", code="organisation.joins"
        )
    # who enters an authority chooses who rules there: more than supervisors may do at home
    if kind == _Kind.AUTHORITY and by is not None and not may_enter_authorities(by):
        raise NotProvenError(
            "Authorities are entered by administrators.", advice="Ask one of them.", code="organisation.no-right"
        )
    made = found_organisation(kind=kind, name=name, country=country, legal_id=legal_id, by=by, at=at)
    verify_organisation(organisation=made, by=by, at=at)
    return _invite(made, email, by=by, at=at, language=language)


@transaction.atomic
def invite_first(
    *, organisation: Organisation, email: str, by: Person | None, at: datetime, language: str = "en"
) -> Invitation:  # fmt: skip
    """Invite the first who acts for an organisation once more: earlier invitations are withdrawn, a mistyped address too.

    Raises:
        NotProvenError: ``by`` does not oversee organisations; or it is an authority, and ``by`` administers none.
        ConflictError: ``organisation.managed``: somebody manages it, who invites the others; or it may not act.
        OperationError: the kind joins by itself.
    """
    check_oversees(by)
    found = held(organisation)
    if found.kind == _Kind.AUTHORITY and by is not None and not may_enter_authorities(by):
        raise NotProvenError(
            "Authorities are entered by administrators.", advice="Ask one of them.", code="organisation.no-right"
        )
    if found.kind not in ENTERED:
        raise OperationError("Organisations of this kind join by themselves.", code="organisation.joins")
    if _is_managed(found):
        raise ConflictError(
            "Somebody manages this organisation already.", advice="They invite the others.", code="organisation.managed"
        )
    if not found.may_act:
        raise ConflictError("This organisation may not act at present.", code="organisation.state")
    for earlier in open_invitations(found, at=at):
        withdraw_invitation(earlier, by=by, at=at)
    return _invite(found, email, by=by, at=at, language=language)


@transaction.atomic
def found_authority(*, name: str, country: str, email: str, at: datetime, language: str = "en") -> Invitation:
    """Enter the installation's first authority, and invite its first administrator: nobody could sign in before.

    Done once more with the same name it invites anew, as long as nobody has become administrator.

    Args:
        name: of the authority.
        country: two letters.
        email: of the first administrator.
        at: now.
        language: of the letter.

    Raises:
        ConflictError: ``organisation.managed``: it has an administrator; ``authority.exists``: there is another authority.
        OperationError: the name is empty, or the country no two letters.
    """
    there = Organisation.objects.filter(kind=_Kind.AUTHORITY).exclude(state=Organisation.State.CLOSED)
    same = there.filter(name=" ".join(name.split())).first()
    if same is not None:
        return invite_first(organisation=same, email=email, by=None, at=at, language=language)
    if other := there.order_by("pk").first():
        raise ConflictError(
            f"There is an authority already: {other.name} ({other.code}).",
            advice="Its administrators enter further ones on the page 'Enter an organisation'.",
            code="authority.exists",
        )
    return enter_organisation(
        kind=_Kind.AUTHORITY, name=name, country=country, email=email, by=None, at=at, language=language
    )


def may_enter_authorities(person: Person) -> bool:
    """Say whether a person is administrator of an authority that may act."""
    return Membership.objects.filter(
        person=person, person__is_active=True, ended_at=None, role=Role.ADMINISTRATOR,
        organisation__kind=_Kind.AUTHORITY, organisation__state=Organisation.State.VERIFIED,
    ).exists()  # fmt: skip


def _invite(
    organisation: Organisation, email: str, *, by: Person | None, at: datetime, language: str
) -> Invitation:  # fmt: skip
    role = ENTERED[Organisation.Kind(organisation.kind)]
    return write_invitation(
        organisation=organisation, email=email.strip().lower(), role=role, by=by, at=at, language=language
    )


def _is_managed(organisation: Organisation) -> bool:
    return Membership.objects.filter(
        organisation=organisation, ended_at=None, role__in=MANAGING, person__is_active=True
    ).exists()
