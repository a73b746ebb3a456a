"""Who acts for whom: asked before anything is washed, fetched or bought. Never remembered from one call to the next."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from quietline.errors import NotProvenError
from quietline.web.accounts.models import Organisation
from quietline.web.accounts.queries import organisation_by_code
from quietline.web.sellers.queries import AGENTS, CALLERS, live_mandates, standing

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["acting_for", "check_may_act", "explained"]


def _own() -> dict[str, tuple[str, str]]:
    return {
        "organisation.closed": (
            _("This organisation is closed."),
            _("An organisation that is closed cannot be opened again; ask the authority."),
        ),
        "organisation.suspended": (
            _("The authority has suspended this organisation."),
            _("See the reason and what to do on the organisation's page."),
        ),
        "organisation.not-verified": (
            _("The authority has not verified this organisation yet."),
            _("See on the organisation's page what is missing."),
        ),
        "organisation.barred": (
            _("This organisation is barred from calling."),
            _("Write to the authority; it tells you the reason and how to object."),
        ),
        "organisation.not-certified": (
            _("The organisation has not certified within the last year that it uses the register lawfully only."),
            _("Somebody who manages it certifies it on the organisation's page; that takes a minute."),
        ),
        "organisation.kind": (
            _("Only organisations that call, or call for others, can do this."),
            _("Join as a seller, a telemarketer or an exempt body."),
        ),
    }


def _clients() -> dict[str, tuple[str, str]]:
    return {
        "client.unknown": (
            _("There is no client with this account number."),
            _("Ask the client for its account number; it looks like QL-O-482193-4."),
        ),
        "client.needed": (
            _("A telemarketer acts under the account number of the client that it calls for."),
            _("Name the client by its account number."),
        ),
        "client.none": (
            _("This client has given you no mandate that holds today."),
            _("Ask the client to give you one on its page, and accept it on yours."),
        ),
        "client.closed": (_("The client is closed."), _("Stop calling for it.")),
        "client.suspended": (
            _("The authority has suspended the client."),
            _("Stop calling for it until the suspension is lifted."),
        ),
        "client.not-verified": (
            _("The authority has not verified the client yet."),
            _("Wait until it has, and try again."),
        ),
        "client.barred": (_("The client is barred from calling."), _("Stop calling for it.")),
        "client.not-certified": (
            _("The client has not certified within the last year that it uses the register lawfully only."),
            _("Ask somebody who manages the client to certify it."),
        ),
    }


def explained(code: str) -> tuple[str, str]:
    """Give the message and the advice of a refusal, in the language that is in force.

    Args:
        code: as :attr:`quietline.web.sellers.queries.Standing.reasons` has it, or of an error of this module.

    Raises:
        KeyError: there is no such code.
    """
    return {**_own(), **_clients()}[code]


def check_may_act(organisation: Organisation, *, at: datetime) -> None:
    """Refuse an organisation that may not wash or fetch now; read fresh from the database each time.

    Raises:
        NotProvenError: with the code of :class:`quietline.web.sellers.queries.Standing`, or ``organisation.kind``.
    """
    if organisation.kind not in CALLERS:
        raise _refusal("organisation.kind")
    found = standing(organisation, at=at)
    if not found.in_order:
        raise _refusal(found.reasons[0])


def acting_for(organisation: Organisation, *, client: str, at: datetime) -> Organisation:
    """Give the organisation on whose behalf one acts: itself, or a client that has given it a mandate.

    A telemarketer acts under the number of a client only, never under its own: one payment for the areas of all its
    clients would be sharing a fee, which is forbidden (16 CFR 310.8(c), 47 CFR 64.1200(c)(2)(i)(E)).

    Args:
        organisation: who acts.
        client: account number of the client; "" means for itself.
        at: now.

    Raises:
        NotProvenError: ``client.needed``, ``client.unknown``, ``client.none`` (no mandate that holds),
            ``client.suspended``, ``client.not-verified``, ``client.not-certified``, ``client.barred``, ``client.closed``;
            and of who acts as :func:`check_may_act`.
    """
    check_may_act(organisation, at=at)
    wanted = client.strip().upper()
    if wanted in {"", organisation.code}:
        if organisation.kind in AGENTS:
            raise _refusal("client.needed")
        return organisation
    found = organisation_by_code(wanted) if wanted.isascii() and wanted.isprintable() else None
    if found is None or found.kind not in CALLERS:
        raise _refusal("client.unknown")
    if not live_mandates(on=at.astimezone(UTC).date(), seller=found, telemarketer=organisation):
        raise _refusal("client.none")
    its = standing(found, at=at)
    if not its.in_order:
        raise _refusal(its.reasons[0].replace("organisation.", "client."))
    return found


def _refusal(code: str) -> NotProvenError:
    message, advice = explained(code)
    return NotProvenError(message, advice=advice, code=code)
