"""The letters of this room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from quietline.web.messaging.texts import TEMPLATES, Template, Words

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LETTERS", "add_letters"]


def _duty_near(facts: Mapping[str, Any]) -> Words:
    text = _("Something is due for %(organisation)s by %(day)s. Sign in to see what it is and to do it:\n\n%(link)s")
    return Words(_("%(name)s: something is due soon") % facts, text % facts)


LETTERS = {"duty-near": Template(frozenset(("mail",)), frozenset(("organisation", "day", "path")), "none", _duty_near)}
"""All letters of this room by their code."""


def add_letters() -> None:
    """Make the letters known to the outbox; once, when the platform starts."""
    TEMPLATES.update(LETTERS)
