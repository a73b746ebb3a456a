"""What messages say, in each language: short, without markup, and without anything personal beyond what it is about.

A text message in the GSM alphabet has 160 places and one in Chinese 70; the English texts use that alphabet only. The last
line of a code is the one that browsers read to fill it in on the right site and no other (WICG "Origin-bound one-time
codes", the WebOTP API).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from django.utils.dateformat import format as format_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override, pgettext

from quietline.web.base.words import as_moment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["LANGUAGES", "PURPOSES", "TEMPLATES", "Site", "Template", "Words", "compose"]

LANGUAGES = ("en", "zh-hans")
Secret: TypeAlias = Literal["none", "code", "link"]

PURPOSES = {
    "list": gettext_lazy("list your number"),
    "change": gettext_lazy("change your entry"),
    "withdraw": gettext_lazy("withdraw your number"),
    "prove": gettext_lazy("show that this line is yours"),
    "report": gettext_lazy("report a call"),
    "sign-in": gettext_lazy("sign in"),
}
"""What a code or link is for, as it completes "your code to ..."."""


@dataclass(frozen=True, slots=True)
class Site:
    """The installation.

    Attributes:
        name: as people know it.
        base_url: address of the site, without a slash at the end.
        host: its host name.
    """

    name: str
    base_url: str
    host: str


@dataclass(frozen=True, slots=True)
class Words:
    """A message, ready to be sent; ``subject`` is used by mail only."""

    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Template:
    """One kind of message.

    Attributes:
        channels: by which it may go.
        facts: what it needs to be told, all of it and nothing else.
        secret: whether it carries a one-time code or a link that follows from a challenge.
        write: makes the words, in the language that is in force.
    """

    channels: frozenset[str]
    facts: frozenset[str]
    secret: Secret
    write: Callable[[Mapping[str, Any]], Words]


def compose(template: str, *, channel: str, language: str, facts: Mapping[str, Any], site: Site, secret: str = "") -> Words:
    """Write a message.

    Args:
        template: one of :data:`TEMPLATES`.
        channel: ``text``, ``call`` or ``mail``.
        language: one of :data:`LANGUAGES`.
        facts: as the template needs them; days, and moments with their offset, as ISO text.
        site: the installation.
        secret: the code, or the token of the link.

    Raises:
        KeyError: there is no such template or purpose, or a fact is missing.
        ValueError: a day or a moment is none.
    """
    known: dict[str, Any] = {**facts, "name": site.name, "host": site.host, "channel": channel, "code": secret}
    with override(language):
        if "purpose" in facts:
            known["purpose"] = str(PURPOSES[facts["purpose"]])
        if "path" in facts:
            known["link"] = f"{site.base_url}{facts['path']}{secret}"
        for name in known.keys() & {"day", "until_day"}:
            known[name] = format_date(date.fromisoformat(known[name]), pgettext("date format", "j F Y"))
        if "moment" in known:
            known["moment"] = as_moment(datetime.fromisoformat(known["moment"]))
        return TEMPLATES[template].write(known)


def _code(facts: Mapping[str, Any]) -> Words:
    if facts["channel"] == "call":
        spoken = ", ".join(facts["code"])
        text = _("This is %(name)s. Your code to %(purpose)s is: %(spoken)s. Once more: %(spoken)s. It is valid for "
                 "%(minutes)s minutes. Nobody from us will ask you for it.") % {**facts, "spoken": spoken}  # fmt: skip
        return Words("", text)
    if facts["channel"] == "mail":
        text = _("%(code)s is your code to %(purpose)s at %(name)s.\n\nIt is valid for %(minutes)s minutes and once only. "
                 "Nobody from us will ask you for it. If you did not ask for it, do nothing.") % facts  # fmt: skip
        return Words(_("Your code for %(name)s") % facts, text)
    text = _("%(name)s: %(code)s is your code to %(purpose)s, valid %(minutes)s min. "
             "Nobody from us will ask you for it.") % facts  # fmt: skip
    return Words("", f"{text}\n@{facts['host'].partition(':')[0]} #{facts['code']}")  # the format knows no port


def _plain(subject: Callable[[], str], text: Callable[[], str]) -> Callable[[Mapping[str, Any]], Words]:
    """Make a writer of two texts; they are functions, so that translation happens when the language is known."""
    return lambda facts: Words(subject() % facts, text() % facts)


def _reassigned(facts: Mapping[str, Any]) -> Words:
    if facts["channel"] == "call":
        text = _("This is %(name)s. Your operator says that this number has a new holder, so it has left the register. "
                 "If it is still yours, undo that until %(until_day)s, at %(host)s, slash, undo. Or ask your operator to "
                 "take it back.") % facts  # fmt: skip
        return Words("", text)
    return Words("", _("%(name)s: your operator says this number has a new holder. Still yours? Undo it until "
                       "%(until_day)s: %(host)s/undo/") % facts)  # fmt: skip


def _told(text: Callable[[], str]) -> Callable[[Mapping[str, Any]], Words]:
    """Make a writer of one text, for lines: as a text message, or read out in a call to a line that gets none."""
    return lambda facts: Words("", text() % facts)


_delegate = _told(
    lambda: _("%(name)s: somebody may now manage the entry of this number. Reference %(reference)s. Not wanted? %(host)s")
)
_helper = _told(
    lambda: _("%(name)s: another line's holder lets you manage its entry. Reference %(reference)s. Not wanted? %(host)s")
)
_HELPED: dict[str, Callable[[], str]] = {
    "listed": lambda: _(
        "%(name)s: somebody who helps you has listed this number. Reference %(reference)s. Not wanted? %(host)s"
    ),
    "changed": lambda: _(
        "%(name)s: somebody who helps you changed what your entry covers. Reference %(reference)s. Not wanted? %(host)s"
    ),
    "withdrawn": lambda: _(
        "%(name)s: somebody who helps you took this number off the register. Reference %(reference)s. Not wanted? %(host)s"
    ),
}


def _helped(facts: Mapping[str, Any]) -> Words:
    return Words("", _HELPED[facts["act"]]() % facts)


_mail_link = _plain(
    lambda: _("Please confirm your request to %(name)s"),
    lambda: _(
        "You, or somebody else, asked %(name)s to do this: %(purpose)s. Open this address to go on:\n\n%(link)s\n\n"
        "It is valid for %(minutes)s minutes and once only. If you did not ask for it, do nothing: nothing will happen."
    ),
)
_invitation = _plain(
    lambda: _("An invitation to %(name)s"),
    lambda: _(
        "%(organisation)s invites you to work with it at %(name)s. Open this address to accept:\n\n%(link)s\n\n"
        "It is valid for %(days)s days and once only. If you do not know why you got it, do nothing."
    ),
)
_sign_in = _plain(
    lambda: _("Sign in to %(name)s"),
    lambda: _(
        "Open this address to sign in to %(name)s without a password:\n\n%(link)s\n\n"
        "It is valid for %(minutes)s minutes and once only. Nobody from us will ask you for it."
    ),
)
_LINE = frozenset(("text", "call"))
_MAIL = frozenset(("mail",))

TEMPLATES = {
    "code": Template(frozenset(("text", "call", "mail")), frozenset(("purpose", "minutes")), "code", _code),
    "reassigned": Template(_LINE, frozenset(("until_day",)), "none", _reassigned),
    "delegate": Template(_LINE, frozenset(("reference",)), "none", _delegate),
    "helper": Template(_LINE, frozenset(("reference",)), "none", _helper),
    "helped": Template(_LINE, frozenset(("act", "reference")), "none", _helped),
    "mail-link": Template(_MAIL, frozenset(("purpose", "minutes", "path")), "link", _mail_link),
    "invitation": Template(_MAIL, frozenset(("organisation", "days", "path")), "link", _invitation),
    "sign-in": Template(_MAIL, frozenset(("minutes", "path")), "link", _sign_in),
}
"""All kinds of messages by their code."""
