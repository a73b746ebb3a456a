"""The letters of this room, as the outbox knows them. None says what was asked: that is read on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from quietline.web.accounts.models import Membership, Organisation
from quietline.web.accounts.queries import may_act
from quietline.web.inquiries.acting import ANSWERERS, OFFICERS
from quietline.web.messaging.operations import enqueue
from quietline.web.messaging.texts import TEMPLATES, Template, Words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from quietline.web.accounts.models import Person

__all__ = ["LETTERS", "add_letters", "tell_answerers", "tell_sender"]


def _sent(facts: Mapping[str, Any]) -> Words:
    text = ngettext(
        "The authority asks or orders something of %(organisation)s: %(number)s new request. The first answer is wanted by "
        "%(moment)s. Sign in to read it and to answer:\n\n%(link)s",
        "The authority asks or orders something of %(organisation)s: %(number)s new requests. The first answer is wanted by "
        "%(moment)s. Sign in to read them and to answer:\n\n%(link)s",
        int(facts["number"]),
    )
    return Words(_("%(name)s: a request of the authority to %(organisation)s") % facts, text % _with_moment(facts))


def _with_moment(facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give the facts of a letter; one that waited in the outbox while the platform was updated may know the day only."""
    return {"moment": facts.get("day", ""), **facts}


def _near(facts: Mapping[str, Any]) -> Words:
    text = ngettext(
        "%(number)s request of the authority to %(organisation)s waits for an answer, wanted by %(moment)s at the latest:"
        "\n\n%(link)s",
        "%(number)s requests of the authority to %(organisation)s wait for an answer, the first wanted by %(moment)s at the "
        "latest:\n\n%(link)s",
        int(facts["number"]),
    )
    return Words(_("%(name)s: an answer of %(organisation)s is due soon") % facts, text % _with_moment(facts))


def _overdue(facts: Mapping[str, Any]) -> Words:
    text = ngettext(
        "The time to answer %(number)s request of the authority to %(organisation)s is over. Answer now: it is still taken, "
        "and marked late.\n\n%(link)s",
        "The time to answer %(number)s requests of the authority to %(organisation)s is over. Answer now: it is still "
        "taken, and marked late.\n\n%(link)s",
        int(facts["number"]),
    )
    return Words(_("%(name)s: the time to answer is over for %(organisation)s") % facts, text % facts)


def _unanswered(facts: Mapping[str, Any]) -> Words:
    text = ngettext(
        "The time of %(number)s request that you sent is over, and nobody answered:\n\n%(link)s",
        "The time of %(number)s requests that you sent is over, and nobody answered:\n\n%(link)s",
        int(facts["number"]),
    )
    return Words(_("%(name)s: no answer in time") % facts, text % facts)


_MAIL = frozenset(("mail",))
_ABOUT = frozenset(("organisation", "number", "path"))
LETTERS = {
    "inquiry-sent": Template(_MAIL, _ABOUT | {"moment"}, "none", _sent),
    "inquiry-near": Template(_MAIL, _ABOUT | {"moment"}, "none", _near),
    "inquiry-overdue": Template(_MAIL, _ABOUT, "none", _overdue),
    "inquiry-unanswered": Template(_MAIL, frozenset(("number", "path")), "none", _unanswered),
}
"""All letters of this room by their code."""


def add_letters() -> None:
    """Make the letters known to the outbox; once, when the platform starts."""
    TEMPLATES.update(LETTERS)


def tell_answerers(organisation: Organisation, template: str, *, at: datetime, facts: Mapping[str, str]) -> int:
    """Write to everybody who answers for an organisation, within a transaction; give how many letters.

    Args:
        organisation: which.
        template: one of :data:`LETTERS`.
        at: now.
        facts: beside the organisation and the path.
    """
    rows = Membership.objects.filter(
        organisation=organisation, ended_at=None, role__in=list(ANSWERERS), person__is_active=True
    )
    addresses = sorted(set(rows.values_list("person__email", flat=True)))
    told = {**facts, "organisation": organisation.name, "path": reverse("inquiries:inbox", args=[organisation.code])}
    language = "zh-hans" if organisation.country == "CN" else "en"
    for address in addresses:
        enqueue(channel="mail", template=template, language=language, at=at, address=address, facts=told)
    return len(addresses)


def tell_sender(person: Person, office: Organisation, *, number: int, at: datetime) -> int:
    """Write to who sent inquiries that nobody answered in time; give how many letters: none to who is there no more."""
    if not may_act(person, office, roles=OFFICERS):
        return 0
    facts = {"number": str(number), "path": reverse("inquiries:office", args=[office.code])}
    language = "zh-hans" if office.country == "CN" else "en"
    enqueue(channel="mail", template="inquiry-unanswered", language=language, at=at, address=person.email, facts=facts)
    return 1
