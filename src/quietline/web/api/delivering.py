"""Tell addresses of events: signed as Standard Webhooks has it (https://www.standardwebhooks.com), tried again for days.

Several threads send side by side, in one process or in many. Each takes an organisation whose turn it is, by an advisory
lock of the database, so that at most one event is on its way to an organisation: a receiver that is slow keeps one thread
waiting and its own organisation's events, and nobody else's. It leases what is due, sends it without holding a transaction,
and notes what became of it. One that dies loses the lock with its connection and leaves a lease that ends by itself; the
event is then sent once more, under the same id, by which receivers drop repeats.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import httpx
from django.db import connection, transaction
from django.db.models import Min
from standardwebhooks import Webhook as Signer

from quietline.errors import VaultError
from quietline.web.api.destinations import MOST_SECONDS, Poster, RefusedDestination
from quietline.web.api.hooks import end_webhook, secret_of
from quietline.web.api.models import WebhookDelivery
from quietline.web.base.logs import log

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

__all__ = ["PAUSES_SECONDS", "SENDERS", "Outcome", "deliver_due", "forget_deliveries"]

SENDERS = 6
"""Threads of one worker that send, each with a connection to the database: so many slow organisations delay nobody."""

PAUSES_SECONDS = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Between attempts, as Standard Webhooks proposes: about three days in all."""
_LEASE = 2 * timedelta(seconds=MOST_SECONDS)  # as long again for resolvers
_LOCK = 0x5748  # "WH": apart from the advisory locks of other rooms
_KEPT = timedelta(days=7)
_GONE = 410


class Outcome(StrEnum):
    """What became of one attempt to deliver."""

    SENT = "sent"
    """Taken by its address."""
    WAITING = "waiting"
    """To be tried again."""
    FAILED = "failed"
    """Given up."""


def deliver_due(at: datetime, *, poster: Poster | None = None) -> Outcome | None:
    """Send the one that is due longest, of organisations to which nothing is on its way; None where none is due.

    Args:
        at: now; also the moment in the signature, which receivers hold against their clocks.
        poster: what sends; one that calls public hosts only where not given.
    """
    with _taken(at) as delivery:
        return None if delivery is None else _deliver(delivery, at, poster or Poster())


def forget_deliveries(*, at: datetime) -> int:
    """Delete deliveries that were done, or given up, a week ago; give how many."""
    done = WebhookDelivery.objects.filter(at__lt=at - _KEPT).exclude(sent_at=None, failed_at=None)
    return done.delete()[0]


@contextmanager
def _taken(at: datetime) -> Iterator[WebhookDelivery | None]:
    """Hold an organisation, and give what is due for it; None where nothing is, or others hold all that have something."""
    waiting = WebhookDelivery.objects.filter(sent_at=None, failed_at=None, due_at__lte=at)
    turns = waiting.values("webhook__organisation").annotate(first=Min("due_at")).order_by("first", "webhook__organisation")
    for organisation in turns.values_list("webhook__organisation", flat=True):
        if not _asked("pg_try_advisory_lock", organisation):
            continue
        try:
            delivery = _leased(organisation, at)
            if delivery is not None:  # another one may have sent it since we looked
                yield delivery
                return
        finally:
            _asked("pg_advisory_unlock", organisation)
    yield None


def _asked(function: str, organisation: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, %s)", [_LOCK, organisation])
        return bool(cursor.fetchone()[0])


def _leased(organisation: int, at: datetime) -> WebhookDelivery | None:
    """Lease what is due longest for an organisation."""
    with transaction.atomic():
        row = (
            WebhookDelivery.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(sent_at=None, failed_at=None, due_at__lte=at, webhook__organisation=organisation)
            .select_related("webhook__organisation")
            .order_by("due_at")
            .first()
        )
        if row is not None:
            WebhookDelivery.objects.filter(pk=row.pk).update(due_at=at + _LEASE)
    return row


def _deliver(delivery: WebhookDelivery, at: datetime, poster: Poster) -> Outcome:
    failure = _attempt(delivery, at, poster)
    delivery.attempts += 1
    delivery.failure = failure
    if not failure:
        delivery.sent_at = at
    elif delivery.attempts > len(PAUSES_SECONDS) or failure in ("ended", "unsealed"):
        delivery.failed_at = at
    else:
        delivery.due_at = at + timedelta(seconds=PAUSES_SECONDS[delivery.attempts - 1])
    delivery.save(update_fields=["attempts", "failure", "sent_at", "failed_at", "due_at"])
    if failure:
        log("api").info("webhook not delivered", webhook=str(delivery.webhook_id), failure=failure, count=delivery.attempts)
    return Outcome.SENT if not failure else Outcome.FAILED if delivery.failed_at else Outcome.WAITING


def _attempt(delivery: WebhookDelivery, at: datetime, poster: Poster) -> str:
    """Send once; give "" where it was taken, else why not, in a word."""
    webhook = delivery.webhook
    if webhook.ended_at is not None:
        return "ended"
    content = json.dumps(
        {"type": delivery.event, "timestamp": delivery.at.isoformat(), "data": delivery.data}, separators=(",", ":")
    )
    try:
        signature = Signer(secret_of(webhook)).sign(f"msg_{delivery.pk.hex}", at, content)
    except VaultError:
        return "unsealed"
    headers = {
        "Content-Type": "application/json", "User-Agent": "Quietline-Webhooks/1", "webhook-id": f"msg_{delivery.pk.hex}",
        "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature,
    }  # fmt: skip
    status, failure = _posted(poster, webhook.url, content.encode(), headers)
    if status == _GONE:
        end_webhook(webhook=webhook, at=at)
        return "ended"
    return failure


def _posted(poster: Poster, url: str, content: bytes, headers: dict[str, str]) -> tuple[int, str]:
    try:
        status = poster.post(url, content=content, headers=headers)
    except RefusedDestination:
        return 0, "refused"
    except (OSError, UnicodeError):
        return 0, "no-address"
    except (httpx.HTTPError, httpx.InvalidURL):
        return 0, "unreachable"
    return status, "" if 200 <= status < 300 else f"status-{status}"
