"""The letters of this room, as the outbox knows them. None carries text that a stranger wrote to somebody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.translation import gettext as _

from quietline.web.messaging.operations import enqueue
from quietline.web.messaging.texts import TEMPLATES, Template, Words
from quietline.web.sellers.queries import joining_of, managers_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from quietline.web.accounts.models import Organisation

__all__ = ["LETTERS", "add_letters", "tell_managers"]

_MAIL = frozenset(("mail",))


def _outcomes() -> dict[str, str]:
    return {
        "verified": _("It is verified, and can use the register from now on."),
        "more": _("The authority needs more information before it can decide."),
        "refused": _("The authority has not accepted it."),
        "suspended": _("It is suspended: nothing can be done in its name from now on."),
        "reinstated": _("The suspension is lifted: everything works again."),
    }


def _joining(facts: Mapping[str, Any]) -> Words:
    text = _(
        "You, or somebody else, asked to join %(name)s as an organisation. Open this address to go on:\n\n%(link)s\n\n"
        "It is valid for %(days)s days and once only. If you did not ask for it, do nothing: nothing will happen."
    )
    return Words(_("Please confirm your address for %(name)s") % facts, text % facts)


def _decision(facts: Mapping[str, Any]) -> Words:
    told = {**facts, "outcome": _outcomes()[facts["outcome"]]}
    text = _("There is a decision about %(organisation)s.\n\n%(outcome)s\n\nSign in to read the reason and what to do next:"
             "\n\n%(link)s")  # fmt: skip
    return Words(_("%(name)s: a decision about your organisation") % told, text % told)


def _mandate(facts: Mapping[str, Any]) -> Words:
    text = _("%(organisation)s (%(code_number)s) wants you to call on its behalf. Sign in to accept or decline:\n\n%(link)s")
    return Words(_("%(name)s: a client offers you a mandate") % facts, text % facts)


def _mandate_over(facts: Mapping[str, Any]) -> Words:
    text = _("The mandate between %(organisation)s (%(code_number)s) and you has ended. Calls under it must stop now."
             "\n\n%(link)s")  # fmt: skip
    return Words(_("%(name)s: a mandate has ended") % facts, text % facts)


def _number_asked(facts: Mapping[str, Any]) -> Words:
    text = _("%(organisation)s (%(code_number)s) says that it calls from numbers of yours. Sign in to confirm or refuse:"
             "\n\n%(link)s")  # fmt: skip
    return Words(_("%(name)s: please confirm calling numbers") % facts, text % facts)


def _number_answered(facts: Mapping[str, Any]) -> Words:
    text = _("Your operator has answered about numbers that you declared. Sign in to see the answer:\n\n%(link)s")
    return Words(_("%(name)s: your operator has answered") % facts, text % facts)


def _certificate_ends(facts: Mapping[str, Any]) -> Words:
    text = _("The certification of %(organisation)s ends on %(day)s. Renew it before, or nothing can be checked or fetched"
             " in its name from that day on:\n\n%(link)s")  # fmt: skip
    return Words(_("%(name)s: renew your certification") % facts, text % facts)


_ABOUT = frozenset(("organisation", "code_number", "path"))
LETTERS = {
    "joining": Template(_MAIL, frozenset(("days", "path")), "link", _joining),
    "seller-decision": Template(_MAIL, frozenset(("organisation", "outcome", "path")), "none", _decision),
    "seller-mandate": Template(_MAIL, _ABOUT, "none", _mandate),
    "seller-mandate-over": Template(_MAIL, _ABOUT, "none", _mandate_over),
    "seller-number": Template(_MAIL, _ABOUT, "none", _number_asked),
    "seller-number-answer": Template(_MAIL, frozenset(("path",)), "none", _number_answered),
    "seller-certificate": Template(_MAIL, frozenset(("organisation", "day", "path")), "none", _certificate_ends),
}
"""All letters of this room by their code."""


def add_letters() -> None:
    """Make the letters known to the outbox; once, when the platform starts."""
    TEMPLATES.update(LETTERS)


def tell_managers(
    organisation: Organisation, template: str, *, address: str, at: datetime, facts: Mapping[str, Any] | None = None
) -> int:
    """Put a letter to each who manages an organisation into the outbox, and give how many.

    Args:
        organisation: whose managers.
        template: one of :data:`LETTERS`, without a secret.
        address: name of the page that it leads to; the organisation's account number is its argument.
        at: now.
        facts: besides the path.
    """
    joining = joining_of(organisation)
    people = managers_of(organisation)
    for person in people:
        enqueue(
            channel="mail", template=template, language=joining.language if joining else "en", address=person.email, at=at,
            facts={**(facts or {}), "path": reverse(address, args=[organisation.code])},
        )  # fmt: skip
    return len(people)
