"""Codes that were sent, lines that were proven, helpers that people named."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from quietline.web.keeping.declared import Keeping


class Challenge(models.Model):
    """A code was sent to a line. The code itself is stored nowhere: it is derived from the id with the key ring."""

    class Purpose(models.TextChoices):
        """What the code is good for, and nothing else."""

        LIST = "list", _("list a number")
        PROVE = "prove", _("see and change what is stored about a number")
        MAIL = "mail", _("list a number by e-mail")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    batch = models.UUIDField(null=True)
    key = models.BigIntegerField()
    purpose = models.CharField(max_length=5, choices=Purpose.choices)
    terms = models.CharField(max_length=400, blank=True)
    language = models.CharField(max_length=8)
    tries_left = models.SmallIntegerField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    keeping: ClassVar[Keeping] = {
        "id": "kept",
        "batch": "kept",
        "key": "erased",
        "purpose": "kept",
        "terms": "kept",
        "language": "kept",
        "tries_left": "kept",
        "created_at": "kept",
        "expires_at": "kept",
        "used_at": "kept",
    }

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["expires_at"], name="subscribers_challenge_ends"),
            models.Index(fields=["key"], name="subscribers_challenge_key"),
            models.Index(fields=["batch"], name="subscribers_challenge_batch", condition=models.Q(batch__isnull=False)),
        ]


class LineSession(models.Model):
    """For a short while a browser, a caller or a program acts for a line that it has proven.

    ``purpose`` is that of the code: one that was sent to list a number opens less than one that was sent to prove the line.
    """

    token_hash = models.BinaryField(primary_key=True)
    key = models.BigIntegerField()
    assurance = models.CharField(max_length=8)
    # the default is for a release that does not know the column; what it opens is over within half an hour
    purpose = models.CharField(
        max_length=5, choices=Challenge.Purpose.choices, default=Challenge.Purpose.PROVE, db_default="prove"
    )
    proven_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    keeping: ClassVar[Keeping] = {
        "token_hash": "kept",
        "key": "erased",
        "assurance": "kept",
        "purpose": "kept",
        "proven_at": "kept",
        "expires_at": "kept",
    }

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["key"], name="subscribers_session_key"),
            models.Index(fields=["expires_at"], name="subscribers_session_ends"),
        ]


class LineHolder(models.Model):
    """Since when the one who holds a line now has been known to hold it.

    Whoever comes to hold the number later sees nothing from before: the row goes when the line is reassigned.
    """

    key = models.BigIntegerField(primary_key=True)
    proven_at = models.DateTimeField()

    keeping: ClassVar[Keeping] = {"key": "erased", "proven_at": "kept"}


class Delegate(models.Model):
    """Somebody whom the holder of a line lets act for it, by a line of their own: a daughter for her father."""

    key = models.BigIntegerField()
    delegate_key = models.BigIntegerField()
    since_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    keeping: ClassVar[Keeping] = {
        "id": "kept",
        "key": "erased",
        "delegate_key": "erased",
        "since_at": "kept",
        "ended_at": "kept",
    }

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["key", "delegate_key"], name="subscribers_delegate_once", condition=models.Q(ended_at__isnull=True)
            )
        ]


class HelperAct(models.Model):
    """What somebody did for a line that had named them, and with which entry; the holder was told."""

    class Act(models.TextChoices):
        """What was done."""

        LISTED = "listed", _("listed")
        CHANGED = "changed", _("changed")
        WITHDRAWN = "withdrawn", _("withdrawn")

    delegate = models.ForeignKey(Delegate, on_delete=models.PROTECT, related_name="acts")
    act = models.CharField(max_length=9, choices=Act.choices)
    entry = models.ForeignKey("publishing.Entry", on_delete=models.PROTECT, related_name="helper_acts")
    at = models.DateTimeField()

    keeping: ClassVar[Keeping] = {"id": "kept", "delegate": "kept", "act": "kept", "entry": "kept", "at": "kept"}


from quietline.web.subscribers.low_tech_models import *  # noqa: E402, F403
