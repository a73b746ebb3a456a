"""Ask how many messages wait and have left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Count, Sum

from quietline.web.messaging.models import Channel, DailyCount, OutgoingMessage

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

__all__ = ["spent_today", "waiting_by_channel"]

_LINES = (Channel.TEXT, Channel.CALL)
_OF_STAFF = ("seal-line", "seal-line-end")
"""What the authority sends to the lines of a range that it stopped: it takes what the others leave of the day's cap."""


def spent_today(at: datetime) -> int:
    """Count the texts and calls that cost money today (UTC), sent or waiting to be: codes, answers and notices alike.

    Whatever somebody outside can cause is among them; what the staff sends to a whole range of numbers is not, and is
    counted where it is sent. Two short look-ups, but the second grows with what waits: ask once a second, not for each
    request.
    """
    sent = DailyCount.objects.filter(day=at.date(), channel__in=_LINES).exclude(template__in=_OF_STAFF)
    waiting = _waiting().filter(channel__in=_LINES).exclude(template__in=_OF_STAFF)
    return (sent.aggregate(sent=Sum("count"))["sent"] or 0) + waiting.count()


def waiting_by_channel() -> dict[str, int]:
    """Count what waits to be sent, for each channel."""
    counts = dict(_waiting().order_by().values_list("channel").annotate(count=Count("id")))
    return {str(channel): counts.get(channel, 0) for channel in Channel}


def _waiting() -> QuerySet[OutgoingMessage]:
    return OutgoingMessage.objects.filter(sent_at__isnull=True, failed_at__isnull=True)
