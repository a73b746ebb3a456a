"""Answers kept to be repeated, and the addresses that are told of events."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from quietline.web.keeping.declared import Keeping

__all__ = ["KeptAnswer", "Webhook", "WebhookDelivery", "WebhookPlace"]


class KeptAnswer(models.Model):
    """A request with an idempotency key, and its answer, sealed, for a day."""

    key_hash = models.BinaryField(primary_key=True)
    request_hash = models.BinaryField()
    started_at = models.DateTimeField(db_index=True)
    data_key = models.BinaryField(null=True)
    answer = models.BinaryField(null=True)

    keeping: ClassVar[Keeping] = {
        "key_hash": "kept", "request_hash": "kept", "started_at": "kept", "data_key": "encrypted",
        "answer": "encrypted",
    }  # fmt: skip


class Webhook(models.Model):
    """An address of an organisation that is told of events. Its secret is stored sealed.

    ``key`` is the key or client by which a program made it: with that it ends. Those from before this was kept have none.
    """

    class Event(models.TextChoices):
        """What it can be told of."""

        REGISTER_PUBLISHED = "register.published", _("a register file was published")
        ORGANISATION_SUSPENDED = "organisation.suspended", _("an organisation may not act at present")
        CLAIM_REVOKED = "claim.revoked", _("a person revoked a consent or customer relation that you claim")
        CLAIM_CONTESTED = "claim.contested", _("a person says that something you claim is not true")
        WASH_FINISHED = "wash.finished", _("a list that you handed in was washed")
        LIST_READY = "list.ready", _("newer lists are ready for you to fetch")
        DUTY_DUE = "duty.due", _("the last day of something that you have to do comes near")
        INQUIRY_SENT = "inquiry.sent", _("the authority asks or orders something of you")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="webhooks")
    key = models.ForeignKey("accounts.ApiKey", null=True, on_delete=models.PROTECT, related_name="webhooks")
    url = models.CharField(max_length=500)
    events = models.JSONField(default=list)
    data_key = models.BinaryField()
    secret = models.BinaryField()
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    keeping: ClassVar[Keeping] = {
        "id": "kept", "organisation": "kept", "key": "kept", "url": "kept", "events": "kept", "data_key": "encrypted",
        "secret": "encrypted", "created_at": "kept", "ended_at": "kept",
    }  # fmt: skip

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["organisation"], name="api_webhook_open", condition=models.Q(ended_at__isnull=True))
        ]


class WebhookDelivery(models.Model):
    """One event on its way to one address. ``data`` names things, never numbers or people."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    event = models.CharField(max_length=32, choices=Webhook.Event.choices)
    data = models.JSONField()
    at = models.DateTimeField()
    due_at = models.DateTimeField()
    attempts = models.SmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=40, blank=True)

    keeping: ClassVar[Keeping] = {
        "id": "kept", "webhook": "kept", "event": "kept", "data": "kept", "at": "kept", "due_at": "kept", "attempts": "kept",
        "sent_at": "kept", "failed_at": "kept", "failure": "kept",
    }  # fmt: skip

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["due_at"],
                name="api_delivery_waiting",
                condition=models.Q(sent_at__isnull=True, failed_at__isnull=True),
            )
        ]


class WebhookPlace(models.Model):
    """Up to where changes and ledger leaves have been looked through for events."""

    source = models.CharField(max_length=16, primary_key=True)
    last = models.BigIntegerField()

    keeping: ClassVar[Keeping] = {"source": "kept", "last": "kept"}
