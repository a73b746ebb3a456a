"""Letters of the log-in pages: a new password, an address to be confirmed.

They leave with the request that asks for them, by the mail server of the settings, and not through the outbox: their links
are made by the log-in library and may be stored nowhere. Who asks learns at once where no mail can leave.
"""

from __future__ import annotations

import smtplib
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.utils.translation import gettext as _

from quietline.web.base.logs import log
from quietline.web.environment import mail_options
from quietline.web.messaging.gateways.handset import HandsetMailBackend

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["AccountMailBackend", "MailAwayError", "Words", "words_of"]


class MailAwayError(Exception):
    """No mail leaves at present: the server does not answer, or the settings name none."""


class Words(NamedTuple):
    """Subject and text of a letter."""

    subject: str
    text: str


class AccountMailBackend(BaseEmailBackend):
    """Django's mail (``EMAIL_BACKEND``): by ``QUIETLINE_MAIL_URL``; in the demonstration, without one, to the handsets."""

    def send_messages(self, email_messages: Sequence[Any]) -> int:
        """Send; give how many were taken.

        Raises:
            MailAwayError: none can be sent now. The log says of what kind the failure was, never to whom.
        """
        environment = settings.ENVIRONMENT
        if not environment.mail_url:
            if environment.is_demonstration:
                return HandsetMailBackend().send_messages(email_messages)
            log("accounts").error("mail away", failure="mail.not-set")
            raise MailAwayError
        connection = get_connection("django.core.mail.backends.smtp.EmailBackend", **mail_options(environment.mail_url))
        try:
            return connection.send_messages(list(email_messages)) or 0
        except smtplib.SMTPRecipientsRefused:  # nobody has that address; who asks must not learn whether it is known here
            log("accounts").warning("mail refused")
            return 0
        except (OSError, smtplib.SMTPException) as error:
            log("accounts").error("mail away", failure=type(error).__name__)
            raise MailAwayError from None


def words_of(template: str, facts: Mapping[str, Any]) -> Words | None:
    """Write a letter in the language in force.

    Args:
        template: as the log-in library names it, ``account/email/password_reset_key``.
        facts: what the library tells of it; beside that ``title``, the name of the site.

    Returns:
        None where the letter is none of those that are written here.
    """
    writer = _WRITERS.get(template.rpartition("/")[2])
    return writer(facts) if writer else None


def _reset(facts: Mapping[str, Any]) -> Words:
    text = _(
        "Somebody, most likely you, asked for a new password at %(name)s. Open this address to choose one:\n\n%(link)s\n\n"
        "It works once only. If it was not you, do nothing: your password stays as it is."
    )
    return Words(_("A new password"), text % {"name": facts["title"], "link": facts["password_reset_url"]})


def _unknown(facts: Mapping[str, Any]) -> Words:
    text = _(
        "Somebody, most likely you, asked for a new password at %(name)s."
        " There is no account with the address %(email)s.\n\n"
        "Perhaps you sign in with another address. If it was not you, do nothing."
    )
    return Words(_("A new password"), text % {"name": facts["title"], "email": facts["email"]})


def _confirm(facts: Mapping[str, Any]) -> Words:
    text = _(
        "Somebody, most likely you, wants to use this address at %(name)s. Open this address to confirm that it is yours:"
        "\n\n%(link)s\n\nIf it was not you, do nothing: it is not used then."
    )
    return Words(_("Confirm your e-mail address"), text % {"name": facts["title"], "link": facts["activate_url"]})


def _taken(facts: Mapping[str, Any]) -> Words:
    text = _(
        "Somebody, most likely you, wants to use the address %(email)s at %(name)s. It belongs to an account already.\n\n"
        "If you forgot its password, open this address:\n\n%(link)s\n\nIf it was not you, do nothing."
    )
    told = {"name": facts["title"], "email": facts["email"], "link": facts["password_reset_url"]}
    return Words(_("Your e-mail address is known already"), text % told)


_WRITERS: dict[str, Callable[[Mapping[str, Any]], Words]] = {
    "password_reset_key": _reset,
    "unknown_account": _unknown,
    "email_confirmation": _confirm,
    "email_confirmation_signup": _confirm,
    "account_already_exists": _taken,
}
