"""The outbox, how many messages have left, parts of texts that come in, and the demonstration's telephones."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from quietline.web.keeping.declared import Keeping


class Channel(models.TextChoices):
    """How a message reaches a person."""

    TEXT = "text", _("text message")
    CALL = "call", _("call")
    MAIL = "mail", _("e-mail")


class OutgoingMessage(models.Model):
    """One message that waits to be sent, or was sent or given up within the last seven days.

    The text is made when it is sent. A code or a link is never stored: it follows from ``challenge`` and the key ring.
    ``key`` is whom a text or a call goes to; ``address``, sealed by ``data_key`` under the name ``sealed_for``, whom mail
    goes to. Both are emptied once the message has left or is given up; codes are then deleted altogether.
    """

    channel = models.CharField(max_length=4, choices=Channel.choices)
    priority = models.SmallIntegerField()
    key = models.BigIntegerField(null=True)
    address = models.BinaryField(null=True)
    data_key = models.BinaryField(null=True)
    sealed_for = models.UUIDField(null=True)
    template = models.CharField(max_length=24)
    language = models.CharField(max_length=8)
    challenge = models.UUIDField(null=True)
    facts = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    attempts = models.SmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=40, blank=True)

    keeping: ClassVar[Keeping] = {
        "id": "kept", "channel": "kept", "priority": "kept", "key": "erased", "address": "encrypted",
        "data_key": "encrypted", "sealed_for": "kept", "template": "kept", "language": "kept", "challenge": "kept",
        "facts": "kept", "created_at": "kept", "due_at": "kept", "expires_at": "kept", "attempts": "kept",
        "sent_at": "kept", "failed_at": "kept", "failure": "kept",
    }  # fmt: skip

    class Meta:
        indexes: ClassVar = [
            # in the order in which messages leave: a million notices do not keep a code waiting
            models.Index(
                fields=["channel", "priority", "due_at", "id"],
                name="messaging_waiting",
                condition=models.Q(sent_at__isnull=True, failed_at__isnull=True),
            ),
            # costs an insert next to nothing, and rows lie on disk nearly as they were made
            BrinIndex(fields=["created_at"], name="messaging_created"),
        ]


class DailyCount(models.Model):
    """How many messages of one kind were handed to a gateway on one day (UTC)."""

    day = models.DateField()
    channel = models.CharField(max_length=4, choices=Channel.choices)
    template = models.CharField(max_length=24)
    count = models.BigIntegerField()

    keeping: ClassVar[Keeping] = {"id": "kept", "day": "kept", "channel": "kept", "template": "kept", "count": "kept"}

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["day", "channel", "template"], name="messaging_dailycount_once")
        ]


class HandsetMessage(models.Model):
    """What arrived on a telephone, or in a mail box, of the demonstration. None of them exists."""

    to = models.CharField(max_length=254, db_index=True)
    channel = models.CharField(max_length=4, choices=Channel.choices)
    subject = models.CharField(max_length=200, blank=True)
    text = models.TextField()
    at = models.DateTimeField(db_index=True)

    keeping: ClassVar[Keeping] = {
        "id": "kept", "to": "erased", "channel": "kept", "subject": "kept", "text": "erased", "at": "kept",
    }  # fmt: skip


class InboundPart(models.Model):
    """One part of a long text that came in over SMPP, until the others are there, an hour at most.

    ``bundle`` is a keyed hash of the sender and the reference that the parts share; ``content`` is sealed by ``data_key``.
    """

    bundle = models.BinaryField()
    place = models.PositiveSmallIntegerField()
    data_key = models.BinaryField()
    content = models.BinaryField()
    at = models.DateTimeField(db_index=True)

    keeping: ClassVar[Keeping] = {
        "id": "kept", "bundle": "indexed", "place": "kept", "data_key": "encrypted", "content": "encrypted", "at": "kept",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["bundle", "place"], name="messaging_inboundpart_once")]
