"""This room's lines of the access table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quietline.web.accounts.models import Organisation, Role
from quietline.web.accounts.roles import MANAGING
from quietline.web.accounts.rules import has_role, memberships_of, signed_in
from quietline.web.seals.models import Appeal
from quietline.web.subscribers.line_sessions import line_of

if TYPE_CHECKING:
    from django.http import HttpRequest

    from quietline.web.accounts.rules import Rule
    from quietline.web.subscribers.line_sessions import ProvenLine

__all__ = ["LINES", "SESSION", "appellant", "is_of_line", "managed", "manages_trusted"]

SESSION = "appeals"
"""Where a browser's session keeps the ids of the appeals that it may open."""


def everybody(request: HttpRequest) -> str | None:
    """Everybody: these pages show no number and no person, or answer about the number that was typed."""
    return None


def is_of_line(appeal: Appeal, proven: ProvenLine) -> bool:
    """Say whether an appeal was made from a proven line, by its holder of now."""
    return appeal.key == proven.key and appeal.at >= proven.held_since


def managed(request: HttpRequest) -> list[Organisation]:
    """Give the organisations that the reader manages; also those that may not act, to appeal."""
    rows = [m.organisation for m in memberships_of(request) if m.role in MANAGING]
    return [row for row in rows if row.state != Organisation.State.CLOSED and row.kind != Organisation.Kind.AUTHORITY]


def appellant(request: HttpRequest) -> str | None:
    """Who made the appeal that the address names: by the link of a mail, from its line, or for its organisation."""
    opened, proven, organisations = request.session.get(SESSION, []), line_of(request), managed(request)
    if not opened and proven is None and not organisations:
        return "seals:appeals"
    match = request.resolver_match
    row = Appeal.objects.filter(reference=str(match.kwargs.get("reference", "")) if match else "").first()
    if row is None:
        return "seals:appeals"
    if row.pk in opened or (proven is not None and is_of_line(row, proven)):
        return None
    if row.organisation_id in {organisation.pk for organisation in organisations}:
        return signed_in(request)
    return "seals:appeals"


def manages_trusted(request: HttpRequest) -> str | None:
    """Who manages the organisation that the address names."""
    match = request.resolver_match
    code = str(match.kwargs.get("code", "")) if match else ""
    missing = signed_in(request)
    return missing if any(organisation.code == code for organisation in managed(request)) else missing or ""


_officer = has_role(Role.INVESTIGATOR, Role.SUPERVISOR)
_reader = has_role(Role.INVESTIGATOR, Role.SUPERVISOR, Role.AUDITOR)

LINES: dict[str, Rule] = {
    "seals:check": everybody,
    "seals:one": everybody,
    "seals:figures": everybody,
    "seals:figures_csv": everybody,
    "seals:appeals": everybody,
    "seals:appeal_new": everybody,
    "seals:appeal_open": everybody,
    "seals:appeal_opened": everybody,
    "seals:appeal_sent": everybody,
    "seals:appeal": appellant,
    "seals:appeal_act": appellant,
    "seals:trusted_mine": manages_trusted,
    "seals:office": _reader,
    "seals:office_seals": _reader,
    "seals:office_seals_csv": _reader,
    "seals:office_seal": _reader,
    "seals:office_seal_act": _officer,
    "seals:office_new": _officer,
    "seals:office_appeals": _reader,
    "seals:office_appeal": _reader,
    "seals:office_appeal_act": _officer,
    "seals:office_trusts": _reader,
    "seals:office_trust": _reader,
    "seals:office_trust_act": _officer,
    "seals:office_trust_new": _officer,
}
"""Name of an address and who may reach it. What a role may do there, the operations check."""
