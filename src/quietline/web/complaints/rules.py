"""Rules of the access table about reports: what is missing before somebody may pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quietline.web.accounts.models import Organisation, Role
from quietline.web.accounts.rules import memberships_of, signed_in
from quietline.web.complaints.models import Complaint
from quietline.web.complaints.queries import is_of_line
from quietline.web.subscribers.line_sessions import line_of

if TYPE_CHECKING:
    from django.http import HttpRequest

    from quietline.web.accounts.models import Membership
    from quietline.web.accounts.rules import Rule

__all__ = ["LINES", "SESSION", "hands_in_files", "may_hand_in", "reporter"]

SESSION = "reports"
"""Where a browser's session keeps the ids of the reports that it may open."""
_HANDING_IN = frozenset((
    (Organisation.Kind.AUTHORITY, Role.INVESTIGATOR), (Organisation.Kind.AUTHORITY, Role.SUPERVISOR),
    (Organisation.Kind.AUTHORITY, Role.ADMINISTRATOR), (Organisation.Kind.OPERATOR, Role.OPERATOR),
    (Organisation.Kind.RESELLER, Role.RESELLER),
))  # fmt: skip


def everybody(request: HttpRequest) -> str | None:
    """Everybody."""
    return None


def holder_of_line(request: HttpRequest) -> str | None:
    """Who has proven a line."""
    return None if line_of(request) is not None else "subscribers:prove"


def reporter(request: HttpRequest) -> str | None:
    """Who made the report that the address names: in this browser, by its code or link, or from its proven line."""
    opened, proven = request.session.get(SESSION, []), line_of(request)
    match = request.resolver_match
    if match is None or not (opened or proven):
        return "reports:find"
    row = Complaint.objects.filter(reference=str(match.kwargs.get("reference", ""))).first()
    if row is None:
        return "reports:find"
    return None if row.pk in opened or (proven is not None and is_of_line(row, proven)) else "reports:find"


def hands_in_files(request: HttpRequest) -> str | None:
    """Who hands in files of reports, for an authority or an operator that may act."""
    missing = signed_in(request)
    return missing if any(may_hand_in(m) for m in memberships_of(request)) else missing or ""


def may_hand_in(membership: Membership) -> bool:
    """Say whether a role is one that hands in files of reports."""
    organisation = membership.organisation
    return organisation.may_act and (Organisation.Kind(organisation.kind), Role(membership.role)) in _HANDING_IN


LINES: dict[str, Rule] = {
    "reports:new": everybody,
    "reports:find": everybody,
    "reports:open": everybody,
    "reports:opened": everybody,
    "reports:mine": holder_of_line,
    "reports:mine_csv": holder_of_line,
    "reports:received": reporter,
    "reports:prove": reporter,
    "reports:code": reporter,
    "reports:one": reporter,
    "reports:copy": reporter,
    "reports:withdraw": reporter,
    "reports:attachment": reporter,
    "reports:bulk": hands_in_files,
}
"""Name of an address, or of a family of addresses that ends with ``*``, and who may reach it."""
