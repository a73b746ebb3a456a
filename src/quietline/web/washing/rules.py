"""This room's lines of the access table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quietline.web.accounts.models import Role
from quietline.web.accounts.rules import has_role, memberships_of, signed_in

if TYPE_CHECKING:
    from django.http import HttpRequest

    from quietline.web.accounts.rules import Rule

__all__ = ["LINES", "READERS", "WRITERS", "sees_washes", "washes"]

WRITERS = frozenset((Role.REPRESENTATIVE, Role.DOWNLOADER))
"""Roles that wash."""
READERS = WRITERS | {Role.SELLER_AUDITOR}
"""Roles that see what was washed."""


def sees_washes(request: HttpRequest) -> str | None:
    """Who may see the washes of the organisation that the address names by its ``code``; also while it may not act."""
    return _has(request, READERS, acting=False)


def washes(request: HttpRequest) -> str | None:
    """Who may wash for the organisation that the address names by its ``code``, while it may act."""
    return _has(request, WRITERS, acting=True)


def _everybody(request: HttpRequest) -> str | None:
    """Everybody."""
    return None


def _has(request: HttpRequest, roles: frozenset[Role], *, acting: bool) -> str | None:
    match = request.resolver_match
    code = str(match.kwargs.get("code", "")) if match else ""
    may = any(
        m.organisation.code == code and m.role in roles and (m.organisation.may_act or not acting)
        for m in memberships_of(request)
    )
    missing = signed_in(request)
    return missing if may else missing or ""


LINES: dict[str, Rule] = {
    "washing:washes": sees_washes,
    "washing:washes_csv": sees_washes,
    "washing:wash": sees_washes,
    "washing:result": sees_washes,
    "washing:new": washes,
    "washing:check": washes,
    "washing:drop": washes,
    "washing:alerts": has_role(Role.INVESTIGATOR, Role.SUPERVISOR, Role.AUDITOR),
    "washing:alerts_csv": has_role(Role.INVESTIGATOR, Role.SUPERVISOR, Role.AUDITOR),
    "washing:lift": has_role(Role.SUPERVISOR),
    "washing:key": _everybody,
    "washing:test_numbers": _everybody,
}
