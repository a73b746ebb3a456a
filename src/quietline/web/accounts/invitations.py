"""Links of invitations, and the letter that carries them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.urls import reverse

from quietline.errors import ConflictError
from quietline.web.accounts import queries
from quietline.web.accounts.changes import prove
from quietline.web.accounts.models import Invitation, RoleChange
from quietline.web.messaging.operations import enqueue
from quietline.web.messaging.secrets import link_matches, link_token

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from quietline.web.accounts.models import Organisation, Person, Role

__all__ = [
    "INVITATION_DAYS",
    "held_invitation",
    "link_of",
    "open_invitation",
    "send_invitation",
    "withdraw_invitation",
    "write_invitation",
]

INVITATION_DAYS = 7
"""For how many days an invitation can be accepted."""


def link_of(invitation: Invitation) -> str:
    """Give the path of an invitation's page, with the token that follows from its challenge and the key ring.

    The token is stored nowhere, so a copy of the database alone accepts no invitation.
    """
    return reverse("accounts:invitation", args=[invitation.challenge, link_token(invitation.challenge)])


def open_invitation(challenge: UUID, token: str, *, at: datetime) -> Invitation | None:
    """Find the invitation of a link; None where the link is not ours, or the invitation was used, withdrawn or is over."""
    if not link_matches(challenge, token):
        return None
    invitation = Invitation.objects.filter(challenge=challenge).select_related("organisation").first()
    return invitation if invitation is not None and invitation.is_open(at) else None


def held_invitation(challenge: UUID, token: str, *, at: datetime) -> Invitation | None:
    """Do the same and hold the row to the end of the transaction, so that a link works once."""
    if open_invitation(challenge, token, at=at) is None:
        return None
    invitation = Invitation.objects.select_for_update().get(challenge=challenge)
    return invitation if invitation.is_open(at) else None


def send_invitation(invitation: Invitation, *, language: str, at: datetime) -> None:
    """Put the letter into the outbox, in the transaction that makes the invitation."""
    enqueue(
        channel="mail",
        template="invitation",
        language=language,
        address=invitation.email,
        challenge=invitation.challenge,
        facts={
            "organisation": invitation.organisation.name,
            "days": INVITATION_DAYS,
            "path": link_of(invitation).partition(str(invitation.challenge))[0],  # the outbox adds the rest
        },
        at=at,
    )


def write_invitation(
    *, organisation: Organisation, email: str, role: Role, by: Person | None, at: datetime, language: str
) -> Invitation:  # fmt: skip
    """Make an invitation, prove it and send its letter; whether ``by`` may do so is for the caller to see to.

    Args:
        organisation: for whom; the caller holds its row.
        email: of whom, in small letters.
        role: which.
        by: who asks, None for the platform itself.
        at: now.
        language: of the letter, ``en`` or ``zh-hans``.
    """
    for earlier in queries.open_invitations(organisation, at=at).filter(email=email, role=role):
        withdraw_invitation(earlier, by=by, at=at)
    invitation = Invitation.objects.create(
        organisation=organisation, email=email, role=role, invited_by=by, created_at=at,
        expires_at=at + timedelta(days=INVITATION_DAYS),
    )  # fmt: skip
    prove(RoleChange.Act.INVITED, organisation, role=role, subject=invitation.pk, by=by, at=at)
    send_invitation(invitation, language=language, at=at)
    return invitation


def withdraw_invitation(invitation: Invitation, *, by: Person | None, at: datetime) -> None:
    """Withdraw an invitation and forget its address; whether ``by`` may do so is for the caller to see to.

    Raises:
        ConflictError: it was accepted or withdrawn already.
    """
    if not Invitation.objects.filter(pk=invitation.pk, accepted_at=None, revoked_at=None).update(revoked_at=at, email=""):
        raise ConflictError("This invitation was accepted or withdrawn already.", code="invitation.over")
    prove(RoleChange.Act.UNINVITED, invitation.organisation, role=invitation.role, subject=invitation.pk, by=by, at=at)
