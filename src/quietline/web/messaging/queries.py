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


def spent_today(at: datetime) -> int:
    """Count the codes that cost money today (UTC): sent by text or call, or waiting to be.

    Two short look-ups, but the second grows with what waits: ask once a second, not for each request.
    """
    sent = DailyCount.objects.filter(day=at.date(), channel__in=_LINES, template="code").aggregate(sent=Sum("count"))["sent"]
    waiting = _waiting().filter(priority=0, channel__in=_LINES, template="code").count()
    return (sent or 0) + waiting


def waiting_by_channel() -> dict[str, int]:
    """Count what waits to be sent, for each channel."""
    counts = dict(_waiting().order_by().values_list("channel").annotate(count=Count("id")))
    return {str(channel): counts.get(channel, 0) for channel in Channel}


def _waiting() -> QuerySet[OutgoingMessage]:
    return OutgoingMessage.objects.filter(sent_at__isnull=True, failed_at__isnull=True)
