"""What the pages of this room share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from django.forms import BaseForm
    from django.http import HttpRequest, HttpResponse

    from quietline.errors import OperationError

__all__ = ["TONES", "language", "measure_page", "refused", "said"]

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


def measure_page(request: HttpRequest, form: BaseForm, **shown: Any) -> HttpResponse:
    """Ask for what a measure of the authority needs, before it is taken.

    Args:
        request: whose.
        form: what is asked for.
        shown: ``title`` and ``button``; ``organisation`` or ``intro``, what it is about.
    """
    return render(request, "sellers/measure.html", {"form": form, **shown}, status=422 if form.errors else 200)


def refused(request: HttpRequest, error: OperationError) -> None:
    """Show a refusal on the next page."""
    messages.error(request, said(error))
