"""This room's lines of the access table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quietline.web.accounts.models import Organisation
from quietline.web.accounts.roles import MANAGING, OVERSEEING
from quietline.web.accounts.rules import (
    has_role,
    manages_organisation,
    memberships_of,
    of_organisation,
    signed_in,
)

if TYPE_CHECKING:
    from django.http import HttpRequest

    from quietline.web.accounts.rules import Rule

__all__ = ["LINES", "everybody", "manages_own"]


def everybody(request: HttpRequest) -> str | None:
    """Everybody: what is asked for stands in the page itself, or nothing on it is anybody's secret."""
    return None


def manages_own(request: HttpRequest) -> str | None:
    """Who manages the organisation that the address names by its ``code``, also while it may not act: to join, or to end."""
    match = request.resolver_match
    code = str(match.kwargs.get("code", "")) if match else ""
    managed = any(
        m.organisation.code == code and m.role in MANAGING and m.organisation.state != Organisation.State.CLOSED
        for m in memberships_of(request)
    )
    missing = signed_in(request)
    return missing if managed else missing or ""


_oversees = has_role(*OVERSEEING)

LINES: dict[str, Rule] = {
    "sellers:start": everybody,
    "sellers:join": everybody,
    "sellers:confirm": everybody,
    "sellers:who": everybody,
    "sellers:who_is": everybody,
    "sellers:home": signed_in,
    "sellers:desk": of_organisation,
    "sellers:profile": manages_own,
    "sellers:proofs": manages_own,
    "sellers:proof": manages_own,
    "sellers:remove_proof": manages_own,
    "sellers:certify": manages_own,
    "sellers:send": manages_own,
    "sellers:mandates": manages_own,
    "sellers:mandates_csv": manages_own,
    "sellers:accept_mandate": manages_own,
    "sellers:end_mandate": manages_own,
    "sellers:numbers": manages_own,
    "sellers:numbers_csv": manages_own,
    "sellers:end_numbers": manages_own,
    "sellers:asked": manages_organisation,
    "sellers:asked_csv": manages_organisation,
    "sellers:answer": manages_organisation,
    "sellers:queue": _oversees,
    "sellers:queue_csv": _oversees,
    "sellers:enter": _oversees,
    "sellers:invite": _oversees,
    "sellers:case": _oversees,
    "sellers:case_proof": _oversees,
    "sellers:suspend": _oversees,
    "sellers:reinstate": _oversees,
    "sellers:bars": _oversees,
    "sellers:lift_bar": _oversees,
}
