"""This room's lines of the access table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quietline.web.accounts.models import Organisation
from quietline.web.accounts.rules import memberships_of, signed_in
from quietline.web.inquiries.acting import ANSWERERS, OFFICE_READERS, OFFICERS, READERS

if TYPE_CHECKING:
    from collections.abc import Collection

    from django.http import HttpRequest

    from quietline.web.accounts.models import Role
    from quietline.web.accounts.rules import Rule

__all__ = ["LINES", "answers_inquiries", "asks_for_office", "reads_inquiries", "sees_office"]


def reads_inquiries(request: HttpRequest) -> str | None:
    """Who sees what the organisation that the address names is asked; also while it is suspended, to reply."""
    return _has(request, READERS)


def answers_inquiries(request: HttpRequest) -> str | None:
    """Who answers for the organisation that the address names; also while it is suspended."""
    return _has(request, ANSWERERS)


def sees_office(request: HttpRequest) -> str | None:
    """Who sees what the authority that the address names has asked, while it may act."""
    return _has(request, OFFICE_READERS, of_authority=True)


def asks_for_office(request: HttpRequest) -> str | None:
    """Who asks for the authority that the address names, while it may act."""
    return _has(request, OFFICERS, of_authority=True)


def _has(request: HttpRequest, roles: Collection[Role], *, of_authority: bool = False) -> str | None:
    match = request.resolver_match
    code = str(match.kwargs.get("code", "")) if match else ""
    may = any(
        m.organisation.code == code and m.role in roles
        and (m.organisation.may_act if of_authority else m.organisation.state != Organisation.State.CLOSED)
        for m in memberships_of(request)
    )  # fmt: skip
    missing = signed_in(request)
    return missing if may else missing or ""


LINES: dict[str, Rule] = {
    "inquiries:home": signed_in,
    "inquiries:inbox": reads_inquiries,
    "inquiries:inbox_csv": reads_inquiries,
    "inquiries:one": reads_inquiries,
    "inquiries:file": reads_inquiries,
    "inquiries:act": answers_inquiries,
    "inquiries:acknowledge_all": answers_inquiries,
    "inquiries:office": sees_office,
    "inquiries:office_csv": sees_office,
    "inquiries:sent": sees_office,
    "inquiries:sent_file": sees_office,
    "inquiries:sent_act": asks_for_office,
}
