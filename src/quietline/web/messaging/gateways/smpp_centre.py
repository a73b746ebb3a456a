"""Where texts go to and come from by SMPP: a message centre, by its address, and the log-in there."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from quietline.errors import MissingExtraError, SettingError

__all__ = ["WIRE_LOG", "MessageCentre", "message_centre"]

WIRE_LOG = "smpplib.wire"
"""Name of the library's log; it holds numbers and texts, so nothing of it is written."""
_PORT = 2775


@dataclass(frozen=True, slots=True)
class MessageCentre:
    """A message centre.

    Attributes:
        place: host and port.
        login: what a connection is bound with.
    """

    place: tuple[str, int]
    login: dict[str, str] = field(repr=False)


def message_centre(url: str, *, password: str | None) -> MessageCentre:
    """Read the address of a message centre, and see that the library is there.

    Args:
        url: ``smpp://system-id@host:port``.
        password: of at most 8 characters, as the protocol has it.

    Raises:
        MissingExtraError: ``smpplib`` is not installed.
        SettingError: the address names no host or no system id.
    """
    try:
        import smpplib.client  # noqa: F401 - to say so at the start
    except ImportError as error:
        raise MissingExtraError("The gateway smpp", extra="smpp") from error
    parts = urlsplit(url)
    if not parts.hostname or not parts.username:
        raise SettingError("QUIETLINE_SMS_URL: it names no message centre.", advice="Write smpp://system-id@host:2775.")
    logging.getLogger(WIRE_LOG).setLevel(logging.CRITICAL)
    return MessageCentre(
        (parts.hostname, parts.port or _PORT), {"system_id": unquote(parts.username), "password": password or ""}
    )
