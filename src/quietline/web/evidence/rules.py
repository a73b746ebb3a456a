"""This room's lines of the access table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quietline.web.accounts.models import Role
from quietline.web.accounts.rules import memberships_of, signed_in

if TYPE_CHECKING:
    from django.http import HttpRequest

    from quietline.web.accounts.rules import Rule

__all__ = ["LINES", "READERS", "WRITERS", "reads_evidence", "writes_evidence"]

WRITERS = frozenset((Role.REPRESENTATIVE, Role.DOWNLOADER))
"""Roles that hand in evidence and answer what people contest."""
READERS = WRITERS | {Role.SELLER_AUDITOR}
"""Roles that see it."""


def reads_evidence(request: HttpRequest) -> str | None:
    """Who may see the evidence of the seller that the address names by its ``code``, while it may act."""
    return _has(request, READERS)


def writes_evidence(request: HttpRequest) -> str | None:
    """Who may hand in evidence of the seller that the address names by its ``code``, while it may act."""
    return _has(request, WRITERS)


def _has(request: HttpRequest, roles: frozenset[Role]) -> str | None:
    match = request.resolver_match
    code = str(match.kwargs.get("code", "")) if match else ""
    may = any(m.organisation.code == code and m.role in roles and m.organisation.may_act for m in memberships_of(request))
    missing = signed_in(request)
    return missing if may else missing or ""


LINES: dict[str, Rule] = {
    "evidence:overview": reads_evidence,
    "evidence:number": reads_evidence,
    "evidence:stops": reads_evidence,
    "evidence:stops_csv": reads_evidence,
    "evidence:contests": reads_evidence,
    "evidence:export": reads_evidence,
    "evidence:answer": writes_evidence,
    "evidence:upload": writes_evidence,
    "evidence:uploaded": writes_evidence,
    "evidence:problems": writes_evidence,
    "evidence:accept": writes_evidence,
    "evidence:drop": writes_evidence,
    "evidence:add": writes_evidence,
}
