"""This room's lines of the access table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quietline.web.accounts.models import Organisation, Role
from quietline.web.accounts.rules import has_role, member_of, of_organisation

if TYPE_CHECKING:
    from django.http import HttpRequest

    from quietline.web.accounts.rules import Rule

__all__ = ["LINES"]


def everybody(request: HttpRequest) -> str | None:
    """Everybody."""
    return None


_officer = has_role(Role.INVESTIGATOR, Role.SUPERVISOR)
_reader = has_role(Role.INVESTIGATOR, Role.SUPERVISOR, Role.AUDITOR)

LINES: dict[str, Rule] = {
    "enforcement:*": _officer,
    "enforcement:queue": _reader,
    "enforcement:queue_csv": _reader,
    "enforcement:case": _reader,
    "enforcement:letter": _reader,
    "enforcement:templates": _reader,
    "enforcement:outcomes": everybody,
    "enforcement:outcomes_csv": everybody,
    "enforcement:about": of_organisation,
    "enforcement:about_one": of_organisation,
    "enforcement:about_letter": of_organisation,
    "enforcement:appeal": of_organisation,
    "enforcement:referred": member_of(Organisation.Kind.AGENCY),
    "enforcement:referral": member_of(Organisation.Kind.AGENCY),
    "enforcement:referral_fetch": member_of(Organisation.Kind.AGENCY),
    "enforcement:referral_answer": member_of(Organisation.Kind.AGENCY),
}
"""Name of an address, or of a family of addresses that ends with ``*``, and who may reach it."""
