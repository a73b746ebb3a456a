"""Who may reach which address: one table, enforced here and nowhere else, proved by a test that walks every URL.

A rule looks at the request and says what is missing, or nothing. An address that stands in no line of the table is
refused to everybody, so that a forgotten one fails closed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.urls import reverse

from quietline.web.accounts import rules as accounts
from quietline.web.complaints import rules as complaints
from quietline.web.complaints import rules_staff as triage
from quietline.web.compliance import rules as compliance
from quietline.web.emulators import rules as emulators
from quietline.web.enforcement import rules as enforcement
from quietline.web.evidence import rules as evidence
from quietline.web.inquiries import rules as inquiries
from quietline.web.lists import rules as lists
from quietline.web.operators import rules as operators
from quietline.web.seals import rules as seals
from quietline.web.sellers import rules as sellers
from quietline.web.statistics import rules as statistics
from quietline.web.subscribers.line_sessions import line_of
from quietline.web.subscriptions import rules as subscriptions
from quietline.web.washing import rules as washing

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse, HttpResponseBase

__all__ = ["ACCESS", "AccessMiddleware", "rule_of"]

Rule: TypeAlias = "Callable[[HttpRequest], str | None]"
"""Gives None where the request may pass, the name of the address that mends it, or "" where nothing does."""


def public(request: HttpRequest) -> str | None:
    """Everybody."""
    return None


def proven_line(request: HttpRequest) -> str | None:
    """Who has proven, with a code to the line or a call from it, that the line is in their hands."""
    return None if line_of(request) is not None else "subscribers:prove"


def checked_by_itself(request: HttpRequest) -> str | None:
    """The address checks credentials of programs itself and answers without them by 401: API, feed, metrics."""
    return None


ACCESS: dict[str, Rule] = {
    **accounts.LINES,
    **evidence.LINES,
    **inquiries.LINES,
    **operators.LINES,
    **sellers.LINES,
    **seals.LINES,
    **subscriptions.LINES,
    **lists.LINES,
    **washing.LINES,
    **emulators.LINES,
    **compliance.LINES,
    **statistics.LINES,
    **complaints.LINES,
    **enforcement.LINES,
    **triage.LINES,
    "home": public,
    "set_language": public,
    "healthy": public,
    "ready": public,
    "metrics": checked_by_itself,
    "subscribers:*": proven_line,
    "subscribers:list": public,
    "subscribers:prove": public,
    "subscribers:code": public,
    "subscribers:codes": public,
    "subscribers:by_mail": public,
    "subscribers:confirm_mail": public,
    "subscribers:heard": public,
    "subscribers:leave": public,
    "subscribers:inbound": public,
    "inbound:*": checked_by_itself,
    "messaging:*": public,
    "proofs:*": public,
    "proofs:own": proven_line,
    "proofs:own_json": proven_line,
    "publishing:*": checked_by_itself,
    "api:*": checked_by_itself,
    "api:openapi": public,
    "api:listings": public,
    "api:confirm_listing": public,
    "api:prove": public,
    "api:confirm_proof": public,
}
"""Name of an address, or of a family of addresses that ends with ``*``, and who may reach it. The longest name counts."""


def rule_of(view_name: str) -> Rule | None:
    """Find the rule of an address; None where the table has none."""
    if view_name in ACCESS:
        return ACCESS[view_name]
    families = [name for name in ACCESS if name.endswith("*") and view_name.startswith(name[:-1])]
    return ACCESS[max(families, key=len)] if families else None


class AccessMiddleware:
    """Enforces the table."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on; the rule is looked up once the address is resolved."""
        return self._get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        """Refuse, or lead to where what is missing can be got."""
        match = request.resolver_match
        rule = rule_of(match.view_name) if match and match.view_name else None
        if rule is None:
            raise PermissionDenied
        missing = rule(request)
        if missing is None:
            return None
        if not missing or request.method not in ("GET", "HEAD"):
            raise PermissionDenied
        # the whole address, written so that what stands behind its own "?" and "&" comes along and comes back
        return redirect(f"{reverse(missing)}?{urlencode({'next': request.get_full_path()}, safe='/')}")
