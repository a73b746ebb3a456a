"""Letters to those who manage a seller. Entered into the table of messages when this module is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.translation import gettext as _

from quietline.web.accounts.models import Membership
from quietline.web.accounts.roles import MANAGING
from quietline.web.messaging.operations import enqueue
from quietline.web.messaging.texts import TEMPLATES, Template, Words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from quietline.web.accounts.models import Organisation

__all__ = ["tell_managers"]


def tell_managers(organisation: Organisation, template: str, *, at: datetime, **facts: str | date) -> int:
    """Write to everybody who manages an organisation, in the transaction of what it tells of; give how many letters.

    Args:
        organisation: the seller.
        template: ``claim-contested`` or ``claim-struck``.
        at: now.
        facts: what the letter needs beside its link; nothing personal.
    """
    rows = Membership.objects.filter(
        organisation=organisation, ended_at=None, role__in=list(MANAGING), person__is_active=True
    )
    addresses = sorted(set(rows.values_list("person__email", flat=True)))
    told = {name: value if isinstance(value, str) else value.isoformat() for name, value in facts.items()}
    told |= {"organisation": organisation.name, "path": reverse("evidence:contests", args=[organisation.code])}
    language = "zh-hans" if organisation.country == "CN" else "en"
    for address in addresses:
        enqueue(channel="mail", template=template, language=language, at=at, address=address, facts=told)
    return len(addresses)


def _contested(facts: Mapping[str, Any]) -> Words:
    return Words(
        _("A person contests a claim of %(organisation)s") % facts,
        _(
            "Somebody says that what %(organisation)s has on file about their number is not true (%(reference)s). Until you "
            "answer with proof it counts as none: do not rely on it. Answer until %(until_day)s, or it is struck out:\n\n"
            "%(link)s"
        )
        % facts,
    )


def _struck(facts: Mapping[str, Any]) -> Words:
    return Words(
        _("A claim of %(organisation)s was struck out") % facts,
        _(
            "The contested claim %(reference)s was not answered in time, so it was struck out on %(day)s and counts no "
            "more. What you have on file is here:\n\n%(link)s"
        )
        % facts,
    )


_MAIL = frozenset(("mail",))
_LETTERS = {
    "claim-contested": Template(_MAIL, frozenset(("organisation", "path", "reference", "until_day")), "none", _contested),
    "claim-struck": Template(_MAIL, frozenset(("organisation", "path", "reference", "day")), "none", _struck),
}
TEMPLATES.update(_LETTERS)
