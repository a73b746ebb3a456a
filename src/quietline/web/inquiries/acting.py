"""Who may answer for an organisation, and who may ask for an authority: asked anew each time."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from django.utils.translation import gettext as _

from quietline.errors import NotProvenError
from quietline.web.accounts.models import Membership, Organisation, Person, Role

if TYPE_CHECKING:
    from quietline.web.accounts.api_keys import Credential
    from quietline.web.inquiries.models import Inquiry

__all__ = [
    "ANSWERERS",
    "OFFICERS",
    "OFFICE_READERS",
    "READERS",
    "Actor",
    "check_answers",
    "check_office",
    "columns_of",
    "office_of",
]

Actor: TypeAlias = "Person | Credential"
ANSWERERS = frozenset((Role.OPERATOR, Role.RESELLER, Role.REPRESENTATIVE))
"""Roles that answer for their organisation."""
READERS = ANSWERERS | {Role.SELLER_AUDITOR}
"""Roles that see what it is asked."""
OFFICERS = frozenset((Role.INVESTIGATOR, Role.SUPERVISOR))
"""Roles that ask for an authority."""
OFFICE_READERS = OFFICERS | {Role.AUDITOR}
"""Roles that see what it has asked."""


def check_answers(by: Actor, inquiry: Inquiry) -> None:
    """Refuse who does not answer for the organisation that an inquiry went to.

    Also one that is suspended answers: the right to reply does not end with the right to call.

    Raises:
        NotProvenError: ``inquiry.no-right``.
    """
    if isinstance(by, Person):
        rows = Membership.objects.filter(
            person=by, person__is_active=True, organisation=inquiry.to_id, ended_at=None, role__in=list(ANSWERERS)
        )
        may = rows.exclude(organisation__state=Organisation.State.CLOSED).exists()
    else:
        may = by.organisation.pk == inquiry.to_id
    if not may:
        raise _no_right()


def check_office(by: Person | None, inquiry: Inquiry) -> None:
    """Refuse who does not act for the authority that sent an inquiry; None is the platform itself, which may.

    Raises:
        NotProvenError: ``inquiry.no-right``.
    """
    if by is not None:
        offices = _offices(by)
        if not offices or (inquiry.office_id is not None and inquiry.office_id not in offices):
            raise _no_right()


def office_of(by: Person | None, office: Organisation | None) -> Organisation | None:
    """Give the authority in whose name somebody asks: the one that is named, or the first that they are an officer of.

    Raises:
        NotProvenError: ``inquiry.no-right``, there is none, or not the one that is named.
    """
    if by is None:
        return office
    offices = _offices(by)
    if not offices or (office is not None and office.pk not in offices):
        raise _no_right()
    return office if office is not None else Organisation.objects.get(pk=offices[0])


def columns_of(by: Actor | None) -> dict[str, int | None]:
    """Give the columns that say who acted."""
    if by is None:
        return {"by_id": None, "api_key_id": None}
    return {"by_id": by.pk, "api_key_id": None} if isinstance(by, Person) else {"by_id": None, "api_key_id": by.key}


def _offices(person: Person) -> list[int]:
    rows = Membership.objects.filter(
        person=person, person__is_active=True, ended_at=None, role__in=list(OFFICERS),
        organisation__kind=Organisation.Kind.AUTHORITY, organisation__state=Organisation.State.VERIFIED,
    )  # fmt: skip
    return list(rows.order_by("since_at", "pk").values_list("organisation", flat=True))


def _no_right() -> NotProvenError:
    return NotProvenError(
        _("You do not act for this organisation here."), advice=_("Ask somebody who does."), code="inquiry.no-right"
    )
