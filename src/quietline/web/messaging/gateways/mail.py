"""Mail, through the server that ``QUIETLINE_MAIL_URL`` names: one connection for a batch (RFC 5321)."""

from __future__ import annotations

import smtplib
from typing import TYPE_CHECKING, Any

from django.core.mail import EmailMessage, get_connection

from quietline.web.environment import mail_options
from quietline.web.messaging.gateways.base import Outcome, put_off

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quietline.web.messaging.gateways.base import Letter

__all__ = ["MailGateway"]


class MailGateway:
    """Sends mail.

    Args:
        url: of the server, see :func:`mail_options`.
        sender: as people see it, ``Name <name@host>``.
    """

    def __init__(self, url: str, *, sender: str) -> None:
        self._options = mail_options(url)
        self._sender = sender

    def close(self) -> None:
        """Nothing stays open between batches."""

    def send(self, batch: Sequence[Letter]) -> list[Outcome]:
        """Send each letter on its own, over one connection; what a lost connection leaves over is put off."""
        connection = get_connection("django.core.mail.backends.smtp.EmailBackend", **self._options)
        try:
            connection.open()
        except (OSError, smtplib.SMTPException):
            return put_off(batch, "mail.unreachable")
        outcomes: list[Outcome] = []
        try:
            for letter in batch:
                outcomes.append(self._send_one(connection, letter))  # noqa: PERF401 - what was sent must outlive an error
        except (OSError, smtplib.SMTPServerDisconnected):
            return outcomes + put_off(batch[len(outcomes) :], "mail.cut-off")
        finally:
            connection.close()
        return outcomes

    def _send_one(self, connection: Any, letter: Letter) -> Outcome:
        mail = EmailMessage(
            letter.subject, letter.text, self._sender, [letter.to], connection=connection,
            headers={"Auto-Submitted": "auto-generated"},  # RFC 3834: no out-of-office replies
        )  # fmt: skip
        try:
            connection.send_messages([mail])
        except smtplib.SMTPRecipientsRefused as error:
            return _refusal(letter, max((code for code, _ in error.recipients.values()), default=550))
        except smtplib.SMTPResponseException as error:
            return _refusal(letter, error.smtp_code)
        except smtplib.SMTPServerDisconnected:
            raise
        except (smtplib.SMTPException, ValueError, UnicodeError):  # an address that no header can carry
            return Outcome(letter.id, "mail.unwritable")
        return Outcome(letter.id)


def _refusal(letter: Letter, code: int) -> Outcome:
    """RFC 5321 section 4.2.1: 4yz is for now, 5yz for good."""
    return Outcome(letter.id, f"mail.{code}", retry=code < 500)
