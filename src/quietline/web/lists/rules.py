"""This room's lines of the access table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quietline.web.accounts.models import Role
from quietline.web.accounts.rules import has_role, memberships_of, signed_in

if TYPE_CHECKING:
    from django.http import HttpRequest

    from quietline.web.accounts.rules import Rule

__all__ = ["LINES", "fetches_for"]

_FETCHING = frozenset((Role.REPRESENTATIVE, Role.DOWNLOADER))


def fetches_for(request: HttpRequest) -> str | None:
    """Who fetches lists for the organisation that the address names by its ``code``; why it may not at present is told."""
    match = request.resolver_match
    code = str(match.kwargs.get("code", "")) if match else ""
    fits = any(m.organisation.code == code and m.role in _FETCHING for m in memberships_of(request))
    missing = signed_in(request)
    return missing if fits else missing or ""


def _address_is_signed(request: HttpRequest) -> str | None:
    """Everybody: the address itself is the permission, for ten minutes."""
    return None


LINES: dict[str, Rule] = {
    "lists:home": fetches_for,
    "lists:home_csv": fetches_for,
    "lists:area": fetches_for,
    "lists:fetch": fetches_for,
    "lists:file": _address_is_signed,
    "lists:leaks": has_role(Role.PRIVACY_OFFICER),
    "lists:canaries": has_role(Role.ADMINISTRATOR),
    "lists:canaries_csv": has_role(Role.ADMINISTRATOR),
    "lists:canaries_of": has_role(Role.ADMINISTRATOR),
}
