"""Letters of this room, for the outbox: an invoice waits, money came in, a year ends soon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from quietline.web.messaging.operations import enqueue
from quietline.web.messaging.texts import LANGUAGES, Template, Words
from quietline.web.sellers.queries import joining_of, managers_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from quietline.web.accounts.models import Organisation

__all__ = ["LETTERS", "write_to"]

_MAIL = frozenset(("mail",))


def _invoiced(facts: Mapping[str, Any]) -> Words:
    return Words(
        _("Invoice %(reference)s of %(name)s") % facts,
        _(
            "Invoice %(reference)s for %(organisation)s is ready. Please pay it by %(until_day)s; access begins as soon as "
            "the payment is here.\n\nSign in at %(host)s to see it and to pay."
        )
        % facts,
    )


def _paid(facts: Mapping[str, Any]) -> Words:
    return Words(
        _("Your payment has arrived: %(reference)s") % facts,
        _(
            "The payment for %(organisation)s has arrived, and the access that it pays for is open. Your receipt is "
            "%(reference)s.\n\nSign in at %(host)s to fetch it."
        )
        % facts,
    )


def _part(facts: Mapping[str, Any]) -> Words:
    return Words(
        _("A part of your payment has arrived: %(reference)s") % facts,
        _(
            "A payment for %(organisation)s has arrived that pays a part of an invoice. Your receipt is %(reference)s. "
            "Access begins as soon as all of it is paid.\n\nSign in at %(host)s to see what is open and to pay it."
        )
        % facts,
    )


def _ends(facts: Mapping[str, Any]) -> Words:
    return Words(
        _("Your access to the register ends soon"),
        _(
            "The access of %(organisation)s to the register ends on %(until_day)s. From that day on nothing can be washed "
            "or fetched until it is renewed.\n\nSign in at %(host)s to renew it; the new year then follows without a gap."
        )
        % facts,
    )


LETTERS = {
    "invoice": Template(_MAIL, frozenset(("organisation", "reference", "until_day")), "none", _invoiced),
    "payment": Template(_MAIL, frozenset(("organisation", "reference")), "none", _paid),
    "payment-part": Template(_MAIL, frozenset(("organisation", "reference")), "none", _part),
    "access-ends": Template(_MAIL, frozenset(("organisation", "until_day")), "none", _ends),
}
"""Kinds of letters by their code, as :data:`quietline.web.messaging.texts.TEMPLATES` has them."""


def write_to(organisation: Organisation, template: str, *, facts: Mapping[str, Any], at: datetime) -> int:
    """Write to everybody who manages an organisation, in the language that it joined in.

    Must run in the transaction of what the letter tells of.

    Returns:
        How many letters.
    """
    joining = joining_of(organisation)
    language = joining.language if joining is not None and joining.language in LANGUAGES else "en"
    people = managers_of(organisation)
    for person in people:
        enqueue(
            channel="mail", template=template, language=language, address=person.email,
            facts={"organisation": organisation.name, **facts}, at=at,
        )  # fmt: skip
    return len(people)
