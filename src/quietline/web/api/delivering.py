"""Tell addresses of events: signed as Standard Webhooks has it (https://www.standardwebhooks.com), tried again for days.

A worker leases what is due, sends it without holding a transaction, and notes what became of it. A worker that dies leaves a
lease that ends by itself; the event is then sent once more, under the same id, by which receivers drop repeats.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
from django.db import transaction
from standardwebhooks import Webhook as Signer

from quietline.errors import VaultError
from quietline.web.api.destinations import MOST_SECONDS, Poster, RefusedDestination
from quietline.web.api.hooks import end_webhook, gather_events, secret_of
from quietline.web.api.models import WebhookDelivery
from quietline.web.base.logs import log

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["PAUSES_SECONDS", "Delivered", "deliver_webhooks", "forget_deliveries"]

PAUSES_SECONDS = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Between attempts, as Standard Webhooks proposes: about three days in all."""
_BATCH = 20
# longer than a run can take, and as long again for resolvers: what is leased last was due when the run began
_LEASE = 2 * _BATCH * timedelta(seconds=MOST_SECONDS)
_KEPT = timedelta(days=7)
_GONE = 410


@dataclass(frozen=True, slots=True)
class Delivered:
    """What became of a batch.

    Attributes:
        sent: taken by their address.
        failed: given up.
        waiting: to be tried again.
    """

    sent: int = 0
    failed: int = 0
    waiting: int = 0


def deliver_webhooks(at: datetime, *, poster: Poster | None = None) -> Delivered:
    """Find out what happened, and send what is due.

    Args:
        at: now; also the moment in the signatures, which receivers hold against their clocks.
        poster: what sends; one that calls public hosts only where not given.
    """
    gather_events(at=at)
    outcomes = []
    for _place in range(_BATCH):
        delivery = _leased(at)
        if delivery is None:
            break
        outcomes.append(_deliver(delivery, at, poster or Poster()))
    return Delivered(**{name: outcomes.count(name) for name in ("sent", "failed", "waiting")})


def forget_deliveries(*, at: datetime) -> int:
    """Delete deliveries that were done, or given up, a week ago; give how many."""
    done = WebhookDelivery.objects.filter(at__lt=at - _KEPT).exclude(sent_at=None, failed_at=None)
    return done.delete()[0]


def _leased(at: datetime) -> WebhookDelivery | None:
    """Lease what is due longest; one at a time, so that a slow address keeps none from the other workers."""
    with transaction.atomic():
        row = (
            WebhookDelivery.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(sent_at=None, failed_at=None, due_at__lte=at)
            .select_related("webhook__organisation")
            .order_by("due_at")
            .first()
        )
        if row is not None:
            WebhookDelivery.objects.filter(pk=row.pk).update(due_at=at + _LEASE)
    return row


def _deliver(delivery: WebhookDelivery, at: datetime, poster: Poster) -> str:
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
    return "sent" if not failure else "failed" if delivery.failed_at else "waiting"


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
