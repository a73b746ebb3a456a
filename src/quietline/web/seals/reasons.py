"""Why a number is sealed, what ends that, and why a seal was lifted: codes, with words in every language of the pages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

__all__ = [
    "ENDINGS", "LIFTS", "REASONS", "REMEDIES", "Reason", "lift_words", "may_stand_without_end", "reason_in_short",
    "reason_words", "remedy_in_short", "remedy_words",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason.

    Attributes:
        words: completes "This number is sealed because ...".
        short: the same in a word or two, for a text message.
        of_others: whoever holds such a number makes no calls from it: what shows it was forged, and no line is told.
        without_end: where the law of a country lets such a number be blocked for as long as that is so: the citation, by
            country. Everywhere else a seal has an end.
    """

    words: StrOrPromise
    short: StrOrPromise
    without_end: dict[str, str] = field(default_factory=dict)
    of_others: bool = False


REASONS: dict[str, Reason] = {
    "nuisance": Reason(_("calls from it broke the law, again and again"), _("nuisance calls")),
    "fraud": Reason(_("it was used to defraud people, or to try to"), _("fraud")),
    "rotation": Reason(
        _("it is one of many numbers that a caller used in turn, so that blocking one does not help"), _("many numbers")
    ),
    "recorded": Reason(_("it played recorded messages to people who had not agreed to that"), _("recorded calls")),
    "silent": Reason(_("it made silent calls, or let calls ring and ended them"), _("silent calls")),
    "unverified": Reason(
        _("nobody who answers for it could be found within the time that the law gives"), _("holder unknown")
    ),
    "unallocated": Reason(
        _("it is not given to anybody, so whoever shows it hides who they are"), _("given to nobody"),
        {"US": "47 CFR 64.1200(k)(2)(iii)-(iv)"}, of_others=True,
    ),
    "inbound-only": Reason(
        _("its holder uses it for incoming calls only and asked that calls which show it be stopped"), _("incoming only"),
        {"US": "47 CFR 64.1200(k)(2)(i)"}, of_others=True,
    ),
}  # fmt: skip
"""Reasons of seals."""

REMEDIES: dict[str, StrOrPromise] = {
    "identify": _("Whoever uses the number says who they are, and shows that they may use it."),
    "stop": _("Whoever uses the number shows that the calls have stopped and what was changed."),
    "consents": _("Whoever uses the number shows the consents of the people who were called."),
    "holder": _("The operator shows that the number was given to somebody else, who has nothing to do with the calls."),
    "wait": _("Nothing has to be shown: the seal ends on its last day, if the calls do not begin again."),
}
"""What ends a seal early. Other words can stand in their place."""

_SHORT_REMEDIES: dict[str, StrOrPromise] = {
    "identify": _("say who you are"),
    "stop": _("end the calls"),
    "consents": _("show consents"),
    "holder": _("show new holder"),
    "wait": _("wait"),
}
LIFTS: dict[str, StrOrPromise] = {
    "cleared": _("the holder had nothing to do with the calls"),
    "mistake": _("it should never have been placed"),
    "remedied": _("what was asked for has been done"),
    "annulled": _("the decision that it rested on was set aside"),
    "appeal": _("an appeal was granted"),
}
"""Why a seal was lifted."""


ENDINGS: dict[str, StrOrPromise] = {
    **LIFTS,
    "expired": _("its last day has passed"),
    "fell": _("the number was given to somebody else, or to nobody"),
    "holder": _("the number was given to somebody else, or to nobody"),
    "ported": _("the number went to another operator with its holder, and stays sealed there"),
}
"""Why a seal does not stand any more: lifted, or fallen by itself."""


def reason_words(code: str) -> str:
    """Give the words of a reason, in the language in force."""
    return str(REASONS[code].words) if code in REASONS else code


def remedy_words(remedy: str) -> str:
    """Give the words of a remedy: those of its code, or what was written."""
    return str(REMEDIES.get(remedy, remedy))


def reason_in_short(code: str) -> str:
    """Give the words of a reason for a text message."""
    return str(REASONS[code].short) if code in REASONS else code


def remedy_in_short(code: str) -> str:
    """Give the words of a remedy for a text message; where it was written in words, these stand on the seal's page."""
    return str(_SHORT_REMEDIES.get(code, _("see the page")))


def lift_words(code: str) -> str:
    """Give the words of why a seal does not stand any more."""
    return str(ENDINGS.get(code, code))


def may_stand_without_end(code: str, country: str) -> bool:
    """Say whether a seal for this reason may have no last day in a country."""
    return code in REASONS and country in REASONS[code].without_end
