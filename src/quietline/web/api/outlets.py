"""Webhooks on the page of keys, and their end with their keys: see :mod:`quietline.web.accounts.outlets`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.dispatch import receiver

from quietline.web.accounts.outlets import Outlet, key_revoked
from quietline.web.api.models import Webhook, WebhookDelivery

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from django.db.models import QuerySet

    from quietline.web.accounts.models import ApiKey, Organisation

__all__ = ["Webhooks", "end_webhook", "open_webhooks"]


def open_webhooks(organisation: Organisation) -> QuerySet[Webhook]:
    """Give an organisation's webhooks that have not ended, oldest first."""
    return Webhook.objects.filter(organisation=organisation, ended_at=None).order_by("created_at", "pk")


def end_webhook(*, webhook: Webhook, at: datetime) -> None:
    """Tell an address nothing more; its secret is destroyed."""
    with transaction.atomic():
        Webhook.objects.filter(pk=webhook.pk, ended_at=None).update(ended_at=at, secret=b"", data_key=b"")
        waiting = WebhookDelivery.objects.filter(webhook=webhook, sent_at=None, failed_at=None)
        waiting.update(failed_at=at, failure="ended")


class Webhooks:
    """Shows webhooks on the page of keys, and ends them there: see :mod:`quietline.web.accounts.outlets`."""

    def of(self, organisation: Organisation) -> list[Outlet]:
        """List those that are open, oldest first."""
        return [
            Outlet(
                id=webhook.pk, address=webhook.url, tells=tuple(str(Webhook.Event(event).label) for event in webhook.events),
                key=webhook.key, since_at=webhook.created_at,
            )
            for webhook in open_webhooks(organisation).select_related("key")
        ]  # fmt: skip

    def end(self, organisation: Organisation, outlet: uuid.UUID, *, at: datetime) -> bool:
        """End one; False where it is none of the organisation's, or has ended."""
        webhook = open_webhooks(organisation).filter(pk=outlet).first()
        if webhook is not None:
            end_webhook(webhook=webhook, at=at)
        return webhook is not None


@receiver(key_revoked, dispatch_uid="webhooks")
def _end_with_key(*, key: ApiKey, at: datetime, **_more: Any) -> None:
    for webhook in Webhook.objects.filter(key=key, ended_at=None):
        end_webhook(webhook=webhook, at=at)
