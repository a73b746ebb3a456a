"""The letter of this room: change lists are ready."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from quietline.web.messaging.texts import Template, Words

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LETTERS"]


def _ready(facts: Mapping[str, Any]) -> Words:
    told = _(
        "The register has changed, and change lists are ready for %(organisation)s. Fetch them, and take them into your "
        "lists before their last day:\n\n%(link)s\n\nThe next letter comes once you have fetched something."
    )
    return Words(_("%(name)s: change lists are ready") % facts, told % facts)


LETTERS = {"list-ready": Template(frozenset(("mail",)), frozenset(("organisation", "path")), "none", _ready)}
"""Kinds of letters by their code, as :data:`quietline.web.messaging.texts.TEMPLATES` has them."""
