"""Rules of the access table about what operators reported: what is missing before somebody may pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quietline.web.accounts.models import Role
from quietline.web.accounts.rules import has_role, memberships_of, signed_in
from quietline.web.subscribers.line_sessions import line_of

if TYPE_CHECKING:
    from django.http import HttpRequest

    from quietline.web.accounts.rules import Rule

__all__ = ["LINES", "clerk_of_operator", "holder_of_line"]


def holder_of_line(request: HttpRequest) -> str | None:
    """Who has proven, since the line was last reported, that it is in their hands."""
    return None if line_of(request) is not None else "subscribers:prove"


def clerk_of_operator(request: HttpRequest) -> str | None:
    """A clerk of the operator that the address names by its ``code``, while it may act."""
    match = request.resolver_match
    code = str(match.kwargs.get("code", "")) if match else ""
    is_clerk = any(
        m.organisation.code == code and m.role == Role.OPERATOR and m.organisation.may_act for m in memberships_of(request)
    )
    missing = signed_in(request)
    return missing if is_clerk else missing or ""


LINES: dict[str, Rule] = {
    "operators:undo": holder_of_line,
    "operators:home": has_role(Role.OPERATOR),
    "operators:lines": clerk_of_operator,
    "operators:lines_csv": clerk_of_operator,
    "operators:take_back": clerk_of_operator,
}
"""Name of an address, or of a family of addresses that ends with ``*``, and who may reach it."""
