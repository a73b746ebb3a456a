"""The letters of this room, as the outbox knows them. They name no number and nothing of the list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.translation import gettext as _

from quietline.web.accounts.queries import live_memberships
from quietline.web.messaging.operations import enqueue
from quietline.web.messaging.texts import Template, Words
from quietline.web.washing.rules import READERS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from quietline.web.accounts.models import Organisation, Person
    from quietline.web.washing.models import Wash

__all__ = ["LETTERS", "still_sees", "tell"]

_MAIL = frozenset(("mail",))


def _finished(facts: Mapping[str, Any]) -> Words:
    text = _("Your list is washed: %(kept)s of %(rows)s rows may be called. Sign in to fetch it within %(result_days)s days:"
             "\n\n%(link)s")  # fmt: skip
    return Words(_("%(name)s: your list is washed") % facts, text % facts)


def _stopped(facts: Mapping[str, Any]) -> Words:
    text = _("Your list was not washed. Nothing was handed out. Sign in to read why and what to do:\n\n%(link)s")
    return Words(_("%(name)s: your list was not washed") % facts, text % facts)


LETTERS = {
    "wash-finished": Template(_MAIL, frozenset(("kept", "rows", "result_days", "path")), "none", _finished),
    "wash-stopped": Template(_MAIL, frozenset(("path",)), "none", _stopped),
}


def tell(wash: Wash, *, result_days: int, at: datetime) -> None:
    """Write to the person who handed the list in, in the transaction that ends the wash; to nobody where none did.

    Who has left since then gets nothing.
    """
    if wash.by is None or not still_sees(wash.by, wash.organisation):
        return
    facts: dict[str, Any] = {"path": reverse("washing:wash", args=[wash.organisation.code, wash.pk])}
    template = "wash-stopped"
    if wash.state == wash.State.FINISHED:
        template = "wash-finished"
        facts |= {"kept": f"{wash.counts['kept']:,}", "rows": f"{wash.counts['rows']:,}", "result_days": result_days}
    enqueue(channel="mail", template=template, language=wash.language, address=wash.by.email, facts=facts, at=at)


def still_sees(person: Person, organisation: Organisation) -> bool:
    """Say whether a person sees now what was washed for an organisation; also while it may not act, as its pages have it."""
    roles = [each.role for each in live_memberships(person) if each.organisation_id == organisation.pk]
    return person.is_active and not READERS.isdisjoint(roles)
