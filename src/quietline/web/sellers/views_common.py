"""What the pages of this room share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.utils.translation import get_language
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from django.http import HttpRequest

    from quietline.errors import OperationError

__all__ = ["TONES", "language", "refused", "said"]

TONES = {
    "verified": "good", "reinstated": "good", "confirmed": "good", "applied": "waiting", "waiting": "waiting",
    "more": "waiting", "preparing": "waiting", "suspended": "bad", "closed": "bad", "refused": "bad", "withdrawn": "",
}  # fmt: skip
"""Tone of ``components/status.html`` for each state of an organisation, a decision and a declaration."""
_FOREIGN = frozenset(
    (
        "organisation.state", "organisation.no-right", "organisation.known", "organisation.managed", "organisation.joins",
        "organisation.incomplete", "membership.exists",
    )
)  # fmt: skip


def language() -> str:
    """Give the language of this request as letters have it."""
    return "zh-hans" if get_language() == "zh-hans" else "en"


def said(error: OperationError) -> str:
    """Write a refusal in the language in force; those of the room below speak English, and are put in general words."""
    if error.code in _FOREIGN:
        return _("This cannot be done now. Please load the page again and check.")
    return f"{error.message} {error.advice}".strip()


def refused(request: HttpRequest, error: OperationError) -> None:
    """Show a refusal on the next page."""
    messages.error(request, said(error))
