"""Everything that changes who may do what. Each is one transaction and leaves its proof in the ledger."""

from __future__ import annotations

import unicodedata
from datetime import timedelta
from typing import TYPE_CHECKING

from django.contrib.sessions.models import Session
from django.db import IntegrityError, transaction
from django.db.models import F

from quietline.errors import ConflictError, NotProvenError, OperationError
from quietline.web.accounts import queries
from quietline.web.accounts.changes import check_may_manage, check_oversees, held, prove
from quietline.web.accounts.codes import new_organisation_code
from quietline.web.accounts.invitations import (
    INVITATION_DAYS,
    held_invitation,
    withdraw_invitation,
    write_invitation,
)
from quietline.web.accounts.key_operations import revoke_keys
from quietline.web.accounts.models import (
    ApiKey,
    BearerToken,
    Invitation,
    Membership,
    Organisation,
    Person,
    PersonSession,
    Role,
    RoleChange,
)
from quietline.web.accounts.people import enter_person, find_person
from quietline.web.accounts.roles import MANAGING, ROLES

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

__all__ = [
    "INVITATION_DAYS",
    "SESSION_DAYS",
    "accept_invitation",
    "close_organisation",
    "end_membership",
    "end_sessions",
    "forget_old",
    "forget_sessions",
    "found_organisation",
    "grant_role",
    "invite_member",
    "reinstate",
    "revoke_invitation",
    "suspend_organisation",
    "verify_organisation",
]

SESSION_DAYS = 30
"""For how many days log-ins are kept, for their person to see."""

_Act = RoleChange.Act
_State = Organisation.State


@transaction.atomic
def found_organisation(
    *, kind: Organisation.Kind, name: str, country: str, legal_id: str = "", by: Person | None, at: datetime
) -> Organisation:
    """Enter an organisation; it may not act before it is verified.

    Args:
        kind: what it is.
        name: under which people know it.
        country: two letters, where it is registered.
        legal_id: its number in that country's register of companies, "" where it has none.
        by: who enters it, None for the platform itself.
        at: now.

    Raises:
        NotProvenError: ``by`` does not oversee organisations.
        ConflictError: an organisation with this legal id is known already.
        OperationError: the name is empty, or the country no two letters.
    """
    check_oversees(by)
    name = unicodedata.normalize("NFC", " ".join(name.split()))
    if not name or len(name) > 200 or not (len(country) == 2 and country.isascii() and country.isalpha()):
        raise OperationError(
            "An organisation needs a name and a country.",
            advice="Give a two-letter country code.",
            code="organisation.incomplete",
        )
    country, legal_id = country.upper(), legal_id.strip()
    if legal_id and Organisation.objects.filter(country=country, legal_id=legal_id).exists():
        raise ConflictError(
            "An organisation with this legal id is known already.",
            advice="Ask to be invited to it.",
            code="organisation.known",
        )
    organisation = _with_free_code(Organisation(kind=kind, name=name, country=country, legal_id=legal_id, created_at=at))
    prove(_Act.FOUNDED, organisation, by=by, at=at)
    return organisation


def verify_organisation(*, organisation: Organisation, by: Person | None, at: datetime) -> None:
    """Let an organisation that applied act from now on; refused to who does not oversee organisations."""
    _move(organisation, (_State.APPLIED,), _State.VERIFIED, _Act.VERIFIED, by=by, at=at)


def suspend_organisation(*, organisation: Organisation, reason: str, by: Person | None, at: datetime) -> None:
    """Stop everything that is done in an organisation's name, from the next request on: pages, keys and tokens.

    Nothing is taken away: :func:`reinstate` brings all of it back.
    """
    _move(organisation, (_State.VERIFIED,), _State.SUSPENDED, _Act.SUSPENDED, reason=reason, by=by, at=at)


def reinstate(*, organisation: Organisation, reason: str, by: Person | None, at: datetime) -> None:
    """Let a suspended organisation act again."""
    _move(organisation, (_State.SUSPENDED,), _State.VERIFIED, _Act.REINSTATED, reason=reason, by=by, at=at)


def close_organisation(*, organisation: Organisation, reason: str, by: Person | None, at: datetime) -> None:
    """End an organisation for good; its code is never given to another."""
    before = (_State.APPLIED, _State.VERIFIED, _State.SUSPENDED)
    _move(organisation, before, _State.CLOSED, _Act.CLOSED, reason=reason, by=by, at=at)


@transaction.atomic
def invite_member(
    *, organisation: Organisation, email: str, role: Role, by: Person | None, at: datetime, language: str = "en"
) -> Invitation:
    """Ask somebody by e-mail to take a role; an earlier open invitation to the same role is replaced.

    Args:
        organisation: for whom.
        email: of whom.
        role: which.
        by: who asks, None for the platform itself.
        at: now.
        language: of the letter, ``en`` or ``zh-hans``.

    Raises:
        NotProvenError: ``by`` does not manage the organisation.
        ConflictError: the person has the role already.
        OperationError: people of this kind of organisation cannot have the role.
    """
    organisation = held(organisation)
    check_may_manage(by, organisation)
    _check_role(role, organisation)
    email = email.strip().lower()
    known = find_person(email)
    if known and Membership.objects.filter(person=known, organisation=organisation, role=role, ended_at=None).exists():
        raise ConflictError("This person has the role already.", code="membership.exists")
    return write_invitation(organisation=organisation, email=email, role=role, by=by, at=at, language=language)


@transaction.atomic
def revoke_invitation(*, invitation: Invitation, by: Person | None, at: datetime) -> None:
    """Withdraw an invitation that was not accepted; the address is forgotten.

    Raises:
        NotProvenError: ``by`` does not manage the organisation.
        ConflictError: it was accepted or withdrawn already.
    """
    organisation = held(invitation.organisation)
    check_may_manage(by, organisation)
    withdraw_invitation(invitation, by=by, at=at)


@transaction.atomic
def accept_invitation(
    *, challenge: UUID, token: str, person: Person | None, name: str = "", password: str | None = None, at: datetime
) -> Membership:
    """Take the role that an invitation offers.

    Args:
        challenge: of the invitation, from the link in the letter.
        token: the rest of the link; both together work once.
        person: who is signed in; None makes a new account, for which ``name`` and ``password`` are needed.
        name: of the new person.
        password: of the new person, checked against the rules for passwords by the form.
        at: now.

    Raises:
        NotProvenError: the link is wrong, used, withdrawn or over; or the signed-in person is not the one who was invited;
            or who was invited has an account already and is not signed in.
    """
    invitation = held_invitation(challenge, token, at=at)
    if invitation is None:
        raise NotProvenError(
            "This invitation cannot be used: it was accepted or withdrawn, or is too old.",
            advice="Ask who invited you for a new one.",
            code="invitation.over",
        )
    organisation = held(invitation.organisation)
    if organisation.state == _State.CLOSED:
        raise NotProvenError("The organisation is closed.", code="invitation.over")
    known = find_person(invitation.email)
    if person is not None and (known is None or known.pk != person.pk):
        raise NotProvenError(
            "This invitation is for another address.",
            advice="Sign out, then open the link again.",
            code="invitation.other-person",
        )
    if person is None and known is not None:
        raise NotProvenError(
            "You have an account already.", advice="Sign in, then open the link again.", code="invitation.sign-in"
        )
    if person is None:
        if not name.strip() or not password:
            raise OperationError("A new account needs a name and a password.", code="person.incomplete")
        person = enter_person(email=invitation.email, name=name, password=password)
    membership = _join(person, organisation, Role(invitation.role), by=invitation.invited_by, at=at)
    Invitation.objects.filter(pk=invitation.pk).update(accepted_at=at, email="")
    return membership


@transaction.atomic
def grant_role(*, person: Person, organisation: Organisation, role: Role, by: Person | None, at: datetime) -> Membership:
    """Give a member of an organisation one more role, or (by the platform itself) anybody a first one.

    Raises:
        NotProvenError: ``by`` does not manage the organisation, grants to itself, or the person is no member yet.
        ConflictError: the person has the role already.
        OperationError: people of this kind of organisation cannot have the role.
    """
    organisation = held(organisation)
    check_may_manage(by, organisation)
    if by is not None and by.pk == person.pk:
        raise NotProvenError("Nobody grants a role to themselves.", advice="Ask somebody else.", code="membership.own")
    if by is not None and not queries.may_act(person, organisation):
        raise NotProvenError("This person is no member yet.", advice="Invite them by e-mail.", code="membership.none")
    return _join(person, organisation, role, by=by, at=at)


@transaction.atomic
def end_membership(*, membership: Membership, reason: str = "", by: Person | None, at: datetime) -> None:
    """End a role; what it opened is shut at once.

    All the person's sessions end, whatever else they may do. When no role is left with which they manage the organisation,
    its keys and clients that they made, and so have seen, are revoked with all tokens, and the invitations that they sent
    are withdrawn.

    Raises:
        NotProvenError: ``by`` neither manages the organisation nor is the person.
        ConflictError: it has ended already, or nobody would be left who manages the organisation.
    """
    organisation = held(membership.organisation)
    membership = Membership.objects.select_for_update(of=("self",)).select_related("person").get(pk=membership.pk)
    person = membership.person
    if by is None or by.pk != person.pk:
        check_may_manage(by, organisation)
    if membership.ended_at is not None:
        raise ConflictError("This role has ended already.", code="membership.ended")
    others = Membership.objects.filter(organisation=organisation, ended_at=None).exclude(pk=membership.pk)
    if by is not None and membership.role in MANAGING and not others.filter(role__in=MANAGING).exists():
        raise ConflictError(
            "Nobody would be left who manages the organisation.",
            advice="Give somebody else that role first.",
            code="membership.last-manager",
        )
    membership.ended_at = at
    membership.save(update_fields=["ended_at"])
    prove(_Act.ENDED, organisation, person=person, role=membership.role, subject=membership.pk, reason=reason, by=by, at=at)
    end_sessions(person=person, at=at)
    if not others.filter(person=person, role__in=MANAGING).exists():
        _take_everything(person, organisation, by=by, at=at)


@transaction.atomic
def end_sessions(*, person: Person, keep: int | None = None, at: datetime) -> None:
    """End all sessions of a person from their next request on.

    Args:
        person: whose.
        keep: id of the :class:`PersonSession` that its caller carries over to the new generation, which takes
            ``update_session_auth_hash`` there; None ends all.
        at: now.
    """
    Person.objects.filter(pk=person.pk).update(generation=F("generation") + 1)
    person.refresh_from_db(fields=["generation"])
    PersonSession.objects.filter(person=person, ended_at=None).exclude(pk=keep or 0).update(ended_at=at)
    PersonSession.objects.filter(person=person, pk=keep or 0).update(generation=person.generation)


@transaction.atomic
def forget_old(*, at: datetime) -> None:
    """Forget what is over: log-ins after 30 days, tokens, and the addresses of invitations that nobody accepted."""
    PersonSession.objects.filter(started_at__lt=at - timedelta(days=SESSION_DAYS)).delete()
    BearerToken.objects.filter(expires_at__lt=at).delete()
    Invitation.objects.filter(expires_at__lt=at).exclude(email="").update(email="")


def forget_sessions(*, at: datetime) -> None:
    """Delete the sessions of browsers that are over: every visitor who was shown a form has left one."""
    Session.objects.filter(expire_date__lt=at).delete()


def _take_everything(person: Person, organisation: Organisation, *, by: Person | None, at: datetime) -> None:
    keys = list(ApiKey.objects.select_for_update().filter(organisation=organisation, created_by=person, revoked_at=None))
    revoke_keys(keys, organisation=organisation, by=by, at=at)
    for invitation in queries.open_invitations(organisation, at=at).filter(invited_by=person):
        withdraw_invitation(invitation, by=by, at=at)


def _join(person: Person, organisation: Organisation, role: Role, *, by: Person | None, at: datetime) -> Membership:
    _check_role(role, organisation)
    if Membership.objects.filter(person=person, organisation=organisation, role=role, ended_at=None).exists():
        raise ConflictError("This person has the role already.", code="membership.exists")
    membership = Membership.objects.create(person=person, organisation=organisation, role=role, since_at=at)
    prove(_Act.GRANTED, organisation, person=person, role=role, subject=membership.pk, by=by, at=at)
    return membership


@transaction.atomic
def _move(
    organisation: Organisation,
    before: tuple[str, ...],
    after: str,
    act: RoleChange.Act,
    *,
    by: Person | None,
    at: datetime,
    reason: str = "",
) -> None:
    check_oversees(by)
    locked = held(organisation)
    if locked.state not in before:
        raise ConflictError(
            f"An organisation that is {locked.state} cannot become {after}.", code="organisation.state"
        )  # fmt: skip
    Organisation.objects.filter(pk=locked.pk).update(state=after)
    organisation.state = after
    prove(act, locked, reason=reason, by=by, at=at)


def _check_role(role: Role, organisation: Organisation) -> None:
    if organisation.kind not in ROLES[role].kinds:
        raise OperationError(
            f"People of an organisation of the kind '{organisation.kind}' cannot be '{role}'.", code="membership.role"
        )  # fmt: skip


def _with_free_code(organisation: Organisation) -> Organisation:
    for _ in range(20):
        organisation.code = new_organisation_code()
        if not Organisation.objects.filter(code=organisation.code).exists():
            break
    try:
        with transaction.atomic():
            organisation.save(force_insert=True)
    except IntegrityError as error:
        raise ConflictError("The same organisation was entered a moment ago.", code="organisation.known") from error
    return organisation
