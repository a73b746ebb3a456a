"""The demonstration's own telephones and mail boxes: messages go into a table that the page ``/handset/`` shows.

Only numbers and addresses that nobody can have are served: 555-0100 to 555-0199 of the North American plan, the ranges that
Ofcom keeps for drama, those that ACMA keeps for works of fiction, and the domains of RFC 2606 and RFC 6761.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.core.mail.backends.base import BaseEmailBackend

from quietline.web.base.clock import now
from quietline.web.messaging.gateways.base import Outcome
from quietline.web.messaging.models import Channel, HandsetMessage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from quietline.web.messaging.gateways.base import Letter

__all__ = ["KEPT", "HandsetGateway", "HandsetMailBackend", "forget_old", "is_fictitious"]

_NUMBERS = re.compile(
    r"""\+(?:
        1[2-9]\d\d55501\d\d                                         # North America
      | 447700900\d{3} | 441632960\d{3} | 442079460\d{3} | 448081570\d{3} | 443069990\d{3}   # Ofcom
      | 441(?:13|14|15|16|17|18|21|31|41|51|61)4960\d{3}
      | 61[2378](?:5550|7010)\d{4} | 61491570(?:006|156|157|158|159|110|313|737)             # ACMA
    )""",
    re.VERBOSE | re.ASCII,
)
_DOMAINS = re.compile(r"(?:.+\.)?(?:example(?:\.(?:com|net|org))?|test|invalid|localhost)", re.ASCII | re.IGNORECASE)
KEPT = timedelta(days=1)
"""How long a message stays on a telephone."""


def is_fictitious(to: str) -> bool:
    """Say whether a number (E.164) or mail address is one that nobody can have."""
    if "@" in to:
        return _DOMAINS.fullmatch(to.rpartition("@")[2]) is not None
    return _NUMBERS.fullmatch(to) is not None


class HandsetGateway:
    """Delivers to the demonstration's telephones.

    Args:
        clock: gives the moment of arrival.
    """

    def __init__(self, clock: Callable[[], datetime] = now) -> None:
        self._clock = clock

    def close(self) -> None:
        """Nothing is open."""

    def send(self, batch: Sequence[Letter]) -> list[Outcome]:
        """Store what is for fictitious numbers and addresses; refuse the rest."""
        at = self._clock()
        HandsetMessage.objects.bulk_create(
            HandsetMessage(to=letter.to, channel=letter.channel, subject=letter.subject[:200], text=letter.text, at=at)
            for letter in batch
            if is_fictitious(letter.to)
        )
        return [Outcome(letter.id, "" if is_fictitious(letter.to) else "handset.not-fictitious") for letter in batch]


class HandsetMailBackend(BaseEmailBackend):
    """Django's mail in the demonstration (``EMAIL_BACKEND``): what the log-in pages send arrives on the same page."""

    def send_messages(self, email_messages: Sequence[Any]) -> int:
        """Store each mail for each fictitious recipient; give how many were stored for somebody."""
        at = now()
        rows = [
            [HandsetMessage(to=to, channel=Channel.MAIL, subject=mail.subject[:200], text=mail.body, at=at) for to in known]
            for mail in email_messages
            if (known := [to for to in mail.recipients() if is_fictitious(to)])
        ]
        HandsetMessage.objects.bulk_create(row for group in rows for row in group)
        return len(rows)


def forget_old(at: datetime) -> int:
    """Delete what arrived more than a day ago; give how many."""
    return HandsetMessage.objects.filter(at__lt=at - KEPT).delete()[0]
