"""What organisations and people are told of seals and appeals, by mail and text, in their language."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.dateformat import format as format_date
from django.utils.translation import gettext as _
from django.utils.translation import override, pgettext

from quietline.errors import TooManyError, VaultError
from quietline.web.base.logs import log
from quietline.web.messaging.operations import check_cap, enqueue
from quietline.web.messaging.texts import TEMPLATES, Template, Words
from quietline.web.seals.clocks import appeal_length
from quietline.web.seals.reasons import lift_words, reason_in_short, reason_words, remedy_in_short, remedy_words
from quietline.web.seals.wording import words_of
from quietline.web.sellers.queries import managers_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from quietline.web.accounts.models import Organisation
    from quietline.web.seals.models import Appeal, Seal, Trust

__all__ = ["LETTERS", "add_letters", "tell_appellant", "tell_lifted", "tell_sealed", "tell_trust"]


def _placed(facts: Mapping[str, Any]) -> Words:
    told = {**facts, "why": reason_words(facts["reason"]), "remedy": remedy_words(facts["remedy"])}
    day = format_date(date.fromisoformat(facts["ends"]), pgettext("date format", "j F Y")) if facts["ends"] else ""
    ends = _("It ends on %(day)s at the latest.") % {"day": day} if day else _("It has no last day.")
    text = _(
        "Calls from a number for which %(organisation)s answers are stopped. Reference: %(reference)s.\n\nWhy: %(why)s.\n"
        "What ends it: %(remedy)s\n%(ends)s\n\nIs this wrong? Appeal without any cost. You get an answer within"
        " %(answered)s, and a seal that is wrong is lifted at once everywhere:\n\n%(link)s"
    ) % {**told, "ends": ends}
    return Words(_("%(name)s: a number of %(organisation)s is sealed") % told, text)


def _lifted(facts: Mapping[str, Any]) -> Words:
    told = {**facts, "why": lift_words(facts["reason"])}
    text = _(
        "The seal %(reference)s on a number of %(organisation)s does not stand any more (%(why)s). Operators have been told"
        " to let calls from the numbers through again.\n\n%(link)s"
    )
    return Words(_("%(name)s: the seal %(reference)s has ended") % told, text % told)


def _appeal(facts: Mapping[str, Any]) -> Words:
    told = {**facts, "what": _appeal_words(facts)}
    text = _(
        "%(what)s\n\nRead it, and follow the appeal, at this address. It is yours alone:\n\n%(link)s\n\nYou need no account."
    )
    text %= told
    return Words(_("%(name)s: your appeal %(reference)s") % told, text)


def _appeal_text(facts: Mapping[str, Any]) -> Words:
    told = {**facts, "what": _appeal_words(facts)}
    return Words("", _("%(name)s: %(what)s See %(host)s/seals/appeals/") % told)


def _appeal_words(facts: Mapping[str, Any]) -> str:
    words = {
        "confirm": _("Confirm your appeal %(reference)s, else nobody reads it."),
        "received": _("Your appeal %(reference)s was received. You get an answer by %(day)s."),
        "granted": _("Your appeal %(reference)s was granted."),
        "partly": _("Your appeal %(reference)s was granted in part."),
        "refused": _("Your appeal %(reference)s was turned down."),
    }
    return words[facts["step"]] % facts


def _trust(facts: Mapping[str, Any]) -> Words:
    words = {
        "trust": _("Numbers of %(organisation)s stand in the list of trusted numbers. The next review is on %(day)s."),
        "refuse": _("What %(organisation)s applied for was turned down. The reason stands on its page."),
        "review": _("The trusted numbers of %(organisation)s were reviewed. The next review is on %(day)s."),
        "due": _("The trusted numbers of %(organisation)s are reviewed by %(day)s. Send your papers before."),
        "end": _("Numbers of %(organisation)s do not stand in the list of trusted numbers any more."),
        "lapse": _("The review of the trusted numbers of %(organisation)s was not done in time: they have left the list."),
    }
    text = words[facts["step"]] % facts
    return Words(_("%(name)s: trusted numbers %(reference)s") % facts, f"{text}\n\n{facts['link']}")


def _part(facts: Mapping[str, Any]) -> Words:
    told = {**facts, "why": lift_words(facts["reason"])}
    text = _(
        "One number of %(organisation)s has left the seal %(reference)s (%(why)s). Its operator has been told to let calls"
        " from it through again. The other numbers of the seal stay stopped.\n\n%(link)s"
    )
    return Words(_("%(name)s: a number has left the seal %(reference)s") % told, text % told)


def _line(facts: Mapping[str, Any]) -> Words:
    day = ""
    if facts["ends"]:
        day = format_date(date.fromisoformat(facts["ends"]), pgettext("short date format", "j M Y"))
    told = {**facts, "why": reason_in_short(facts["reason"]), "remedy": remedy_in_short(facts["remedy"]), "day": day}
    if day:
        text = _(
            "%(name)s: calls from this number are blocked to %(day)s: %(why)s. To end it: %(remedy)s."
            " Appeal: %(host)s/seals/%(reference)s/"
        )
    else:
        text = _(
            "%(name)s: calls from this number are blocked: %(why)s. To end it: %(remedy)s."
            " Appeal: %(host)s/seals/%(reference)s/"
        )
    return Words("", text % told)


def _line_end(facts: Mapping[str, Any]) -> Words:
    text = _("%(name)s: calls from this number are not blocked any more. Seal %(reference)s is over. More: %(host)s/seals/")
    return Words("", text % facts)


_MAIL, _TEXT, _ABOUT = frozenset(("mail",)), frozenset(("text",)), frozenset(("reference", "organisation", "path"))
LETTERS = {
    "seal-placed": Template(_MAIL, _ABOUT | {"reason", "remedy", "ends", "answered"}, "none", _placed),
    "seal-ended": Template(_MAIL, _ABOUT | {"reason"}, "none", _lifted),
    "seal-part": Template(_MAIL, _ABOUT | {"reason"}, "none", _part),
    "seal-line": Template(_TEXT, frozenset(("reference", "reason", "remedy", "ends")), "none", _line),
    "seal-line-end": Template(_TEXT, frozenset(("reference",)), "none", _line_end),
    "appeal-mail": Template(_MAIL, frozenset(("reference", "step", "day", "path")), "link", _appeal),
    "appeal-account": Template(_MAIL, frozenset(("reference", "step", "day", "path")), "none", _appeal),
    "appeal-text": Template(_TEXT, frozenset(("reference", "step", "day")), "none", _appeal_text),
    "trust-step": Template(_MAIL, _ABOUT | {"step", "day"}, "none", _trust),
}
"""All letters of this room by their code."""


def add_letters() -> None:
    """Make the letters known to the outbox; once, when the platform starts."""
    TEMPLATES.update(LETTERS)


def tell_sealed(seal: Seal, organisations: Iterable[Organisation], *, zone: str, at: datetime) -> int:
    """Tell those who answer for a number that it is sealed: reason, remedy, end, and how to appeal; give how many letters.

    Source: Law of the PRC against telecom and network fraud (2022), art. 32, which demands the reason, the remedy and a way
    to appeal, told to the person concerned.

    Args:
        seal: which.
        organisations: that answer for a number of it.
        zone: IANA name of the zone on whose clock the time of an appeal is counted.
        at: now.
    """
    facts = {
        "reference": seal.reference, "reason": seal.reason, "remedy": str(words_of(seal).get("remedy", "")),
        "ends": seal.until_at.date().isoformat() if seal.until_at else "",
    }  # fmt: skip
    count = 0
    for organisation in organisations:
        with override(_language(organisation)):
            answered = appeal_length(country=seal.country, zone=zone, at=at)
        count += _tell(organisation, "seal-placed", {**facts, "answered": answered}, seal.reference, at)
    return count


def tell_lifted(
    seal: Seal, organisations: Iterable[Organisation], *, reason: str, at: datetime, is_part: bool = False
) -> int:
    """Tell those who answer for a number that it is sealed no longer; give how many letters.

    Args:
        seal: which.
        organisations: that answer for a number of it.
        reason: one of :data:`~quietline.web.seals.reasons.ENDINGS`.
        at: now.
        is_part: only one number of its range is free.
    """
    facts, template = {"reference": seal.reference, "reason": reason}, "seal-part" if is_part else "seal-ended"
    return sum(_tell(organisation, template, facts, seal.reference, at) for organisation in organisations)


def tell_trust(trust: Trust, step: str, *, at: datetime) -> int:
    """Tell an organisation what became of its trusted numbers; give how many letters: none where it has no account."""
    if trust.organisation is None:
        return 0
    day = trust.review_date or at.date()
    path = reverse("seals:trusted_mine", args=[trust.organisation.code])
    facts = {"reference": trust.reference, "step": step, "day": day.isoformat(), "path": path}
    return _write(trust.organisation, "trust-step", {**facts, "organisation": trust.organisation.name}, at)


def tell_appellant(appeal: Appeal, step: str, *, at: datetime) -> int:
    """Tell who appealed how far it is: their organisation, their address, or their proven line; give how many messages.

    A message that the day's cap has no room for is left out: the page of the appeal says the same.
    """
    facts = {"reference": appeal.reference, "step": step, "day": appeal.due_at.date().isoformat()}
    if appeal.organisation is not None:
        path = reverse("seals:appeal", args=[appeal.reference])
        return _write(appeal.organisation, "appeal-account", {**facts, "path": path}, at)
    try:
        address = str(words_of(appeal).get("mail", ""))
    except VaultError:
        return 0
    if address:
        enqueue(
            channel="mail", template="appeal-mail", language=appeal.language, at=at, address=address,
            challenge=appeal.challenge, facts={**facts, "path": reverse("seals:appeal_open")},
        )  # fmt: skip
        return 1
    return _text(appeal, facts, at) if appeal.key is not None else 0


def _text(appeal: Appeal, facts: Mapping[str, Any], at: datetime) -> int:
    try:
        check_cap(at)
    except TooManyError:
        log("seals").warning("appeal left untold", reason="messaging.cap")
        return 0
    enqueue(channel="text", template="appeal-text", language=appeal.language, at=at, key=appeal.key, facts=facts)
    return 1


def _tell(organisation: Organisation, template: str, facts: Mapping[str, Any], reference: str, at: datetime) -> int:
    path = reverse("seals:one", args=[reference])
    return _write(organisation, template, {**facts, "organisation": organisation.name, "path": path}, at)


def _write(organisation: Organisation, template: str, facts: Mapping[str, Any], at: datetime) -> int:
    addresses = sorted({person.email for person in managers_of(organisation)})
    for address in addresses:
        enqueue(
            channel="mail", template=template, language=_language(organisation), at=at, address=address, facts=facts
        )  # fmt: skip
    return len(addresses)


def _language(organisation: Organisation) -> str:
    return "zh-hans" if organisation.country == "CN" else "en"
