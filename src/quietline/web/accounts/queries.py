"""Ask who may act for whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quietline.web.accounts.models import ApiKey, Invitation, Membership, Organisation, Person, PersonSession
from quietline.web.accounts.roles import MANAGING, OVERSEEING, STAFF

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from django.db.models import QuerySet

    from quietline.web.accounts.api_keys import Credential

__all__ = [
    "is_staff",
    "keys_of",
    "live_memberships",
    "live_sessions",
    "manages",
    "may_act",
    "members_of",
    "open_invitations",
    "organisation_by_code",
    "oversees",
]


def live_memberships(person: Person) -> list[Membership]:
    """List the roles that a person has now, also those in organisations that may not act at present."""
    return list(
        Membership.objects.filter(person=person, ended_at=None).select_related("organisation").order_by("since_at", "pk")
    )


def may_act(who: Person | Credential, organisation: Organisation, *, roles: Collection[str] | None = None) -> bool:
    """Say whether a person or a program may act in an organisation's name, as of this moment.

    The state of the organisation is read anew, so a suspension counts at once, whatever object the caller holds.

    Args:
        who: a person, or the credential of a program.
        organisation: in whose name.
        roles: one of which a person must have; any role where None. Says nothing about programs, which have scopes.
    """
    if not Organisation.objects.filter(pk=organisation.pk, state=Organisation.State.VERIFIED).exists():
        return False
    if not isinstance(who, Person):
        return who.organisation.pk == organisation.pk
    found = Membership.objects.filter(person=who, person__is_active=True, organisation=organisation, ended_at=None)
    return (found if roles is None else found.filter(role__in=list(roles))).exists()


def manages(person: Person, organisation: Organisation) -> bool:
    """Say whether a person may invite and end members of an organisation and make its keys."""
    return may_act(person, organisation, roles=MANAGING)


def oversees(person: Person) -> bool:
    """Say whether a person enters, verifies, suspends and closes organisations, for an authority that may act."""
    return Membership.objects.filter(
        person=person, person__is_active=True, ended_at=None, role__in=OVERSEEING,
        organisation__kind=Organisation.Kind.AUTHORITY, organisation__state=Organisation.State.VERIFIED,
    ).exists()  # fmt: skip


def is_staff(person: Person) -> bool:
    """Say whether a person has a role that needs a second factor; also while the organisation may not act."""
    return Membership.objects.filter(person=person, ended_at=None, role__in=STAFF).exists()


def members_of(organisation: Organisation) -> QuerySet[Membership]:
    """Give the members of now, longest standing first."""
    return (
        Membership.objects.filter(organisation=organisation, ended_at=None)
        .select_related("person")
        .order_by("since_at", "pk")
    )


def open_invitations(organisation: Organisation, *, at: datetime) -> QuerySet[Invitation]:
    """Give the invitations that can still be accepted."""
    return Invitation.objects.filter(
        organisation=organisation, accepted_at=None, revoked_at=None, expires_at__gt=at
    ).order_by("created_at", "pk")  # fmt: skip


def keys_of(organisation: Organisation) -> QuerySet[ApiKey]:
    """Give all keys and clients, the newest first, also those that open nothing any more."""
    return ApiKey.objects.filter(organisation=organisation).select_related("created_by").order_by("-created_at", "-pk")


def live_sessions(person: Person, *, since: datetime) -> QuerySet[PersonSession]:
    """Give the log-ins that may still be open: not ended, of the present generation, begun after ``since``."""
    return PersonSession.objects.filter(
        person=person, generation=person.generation, ended_at=None, started_at__gt=since
    ).order_by("-seen_at", "-pk")  # fmt: skip


def organisation_by_code(code: str) -> Organisation | None:
    """Find an organisation by its public account number."""
    return Organisation.objects.filter(code=code).first()
