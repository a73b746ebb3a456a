"""Washes of lists, and what is remembered of what organisations ask: how much, how densely, and who was slowed."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from quietline.web.base.rows import canonical_moment
from quietline.web.keeping.declared import Keeping

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["AskedBlocks", "AskedNumbers", "DropFile", "ProbingAlert", "Wash"]


class Wash(models.Model):
    """A list that an organisation handed in to be washed.

    The list itself lies in a file until it is washed, then it is deleted. The results lie in sealed files, readable with
    ``data_key`` until ``results_until``. ``facts``, ``called_at`` and ``options`` say what was asked; ``counts`` and
    ``receipt`` (SHA-256) what came of it. ``attempts`` fences off a worker that was taken for dead; ``crashes`` counts
    those that were.
    """

    class State(models.TextChoices):
        """How far it is."""

        NEW = "new", _("waiting")
        RUNNING = "running", _("being washed")
        FINISHED = "finished", _("finished")
        REFUSED = "refused", _("refused")
        FAILED = "failed", _("failed")

    class Way(models.TextChoices):
        """How the list came."""

        PAGE = "page", _("uploaded on a page")
        PROGRAM = "program", _("sent by a program")
        DROP = "drop", _("put into the drop folder")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="washes")
    client = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="washes_for_it")
    reference = models.CharField(max_length=64, blank=True)
    way = models.CharField(max_length=8, choices=Way.choices)
    state = models.CharField(max_length=8, choices=State.choices, default=State.NEW)
    country = models.CharField(max_length=2)
    facts = models.JSONField(default=dict)
    called_at = models.CharField(max_length=32)
    options = models.JSONField(default=dict)
    by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    language = models.CharField(max_length=8)
    list_name = models.CharField(max_length=120, blank=True)
    list_kind = models.CharField(max_length=8)
    list_bytes = models.BigIntegerField()
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    attempts = models.IntegerField(default=0)
    crashes = models.PositiveSmallIntegerField(default=0)
    done_bytes = models.BigIntegerField(default=0)
    rows_count = models.BigIntegerField(default=0)
    problem = models.CharField(max_length=40, blank=True)
    retry_at = models.DateTimeField(null=True)
    counts = models.JSONField(default=dict)
    receipt = models.CharField(max_length=64, blank=True)
    wash_set = models.OneToOneField("publishing.WashSet", null=True, on_delete=models.PROTECT, related_name="wash")
    data_key = models.ForeignKey("keeping.DataKey", null=True, on_delete=models.SET_NULL)
    sizes = models.JSONField(default=dict)
    results_until = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)

    keeping: ClassVar[Keeping] = {
        "id": "kept", "organisation": "kept", "client": "kept", "reference": "kept", "way": "kept", "state": "kept",
        "country": "kept", "facts": "kept", "called_at": "kept", "options": "erased", "by": "kept", "language": "kept",
        "list_name": "erased", "list_kind": "kept", "list_bytes": "kept", "created_at": "kept", "started_at": "kept",
        "ended_at": "kept", "attempts": "kept", "crashes": "kept", "done_bytes": "kept", "rows_count": "kept",
        "problem": "kept", "retry_at": "kept", "counts": "kept", "receipt": "kept", "wash_set": "kept", "data_key": "kept",
        "sizes": "kept", "results_until": "kept", "delivered_at": "kept",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisation", "client", "reference"],
                name="washing_wash_once",
                condition=~models.Q(reference="") & models.Q(state__in=["new", "running", "finished"]),
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["organisation", "-created_at"], name="washing_wash_newest"),
            models.Index(fields=["created_at"], name="washing_wash_due", condition=models.Q(state__in=["new", "running"])),
            models.Index(fields=["results_until"], name="washing_wash_results"),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state not in (self.State.NEW, self.State.RUNNING)

    def has_results(self, at: datetime) -> bool:
        """Say whether its results can still be fetched."""
        return self.state == self.State.FINISHED and self.results_until is not None and at < self.results_until


class AskedNumbers(models.Model):
    """About how many distinct numbers were asked on behalf of a client in its subscription year (:mod:`.sketches`).

    ``allowed`` is what it may ask, as read at ``allowed_at``; ``version`` counts writes, so that none is lost.
    """

    client = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="asked_numbers")
    from_date = models.DateField()
    version = models.BigIntegerField(default=0)
    sketch = models.BinaryField()
    numbers_count = models.BigIntegerField(default=0)
    allowed = models.BigIntegerField()
    allowed_at = models.DateTimeField()

    keeping: ClassVar[Keeping] = {
        "id": "kept", "client": "kept", "from_date": "kept", "version": "kept", "sketch": "erased", "numbers_count": "kept",
        "allowed": "kept", "allowed_at": "kept",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["client", "from_date"], name="washing_asked_once")]


class AskedBlocks(models.Model):
    """How densely an organisation asks (:mod:`.probing`), and whether it is slowed.

    ``follows`` and ``precedes`` are keyed hashes of the numbers with which the last sequence would go on; ``passed`` is a
    keyed sum of the last ask that was slowed: asking the same again, when the wait is over, is answered.
    """

    organisation = models.OneToOneField("accounts.Organisation", on_delete=models.PROTECT, related_name="asked_blocks")
    version = models.BigIntegerField(default=0)
    generation = models.BigIntegerField()
    current = models.BinaryField(default=b"")
    previous = models.BinaryField(default=b"")
    follows = models.BigIntegerField(default=0)
    precedes = models.BigIntegerField(default=0)
    sequence_length = models.BigIntegerField(default=0)
    passed = models.BigIntegerField(default=0)
    slowed_until = models.DateTimeField(null=True)
    unwatched_until = models.DateTimeField(null=True)

    keeping: ClassVar[Keeping] = {
        "id": "kept", "organisation": "kept", "version": "kept", "generation": "kept", "current": "erased",
        "previous": "erased",
        "follows": "kept", "precedes": "kept", "sequence_length": "kept", "passed": "kept", "slowed_until": "kept",
        "unwatched_until": "kept",
    }  # fmt: skip


class ProbingAlert(models.Model):
    """An organisation asked as somebody asks who wants the register itself: what the authority looks at.

    What was seen is never changed; that somebody of the authority lifted it is added.
    """

    class Shape(models.TextChoices):
        """What it looked like."""

        DENSE = "dense", _("most numbers of a block")
        SEQUENCE = "sequence", _("numbers one after another")

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="probing_alerts")
    client = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="+")
    shape = models.CharField(max_length=8, choices=Shape.choices)
    area = models.CharField(max_length=4)
    blocks_count = models.BigIntegerField()
    share_percent = models.PositiveSmallIntegerField()
    numbers_count = models.BigIntegerField()
    slowed_until = models.DateTimeField()
    at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300, blank=True)

    leaf_kind: ClassVar[str] = "probing"
    keeping: ClassVar[Keeping] = {
        "id": "kept", "organisation": "kept", "client": "kept", "shape": "kept", "area": "kept", "blocks_count": "kept",
        "share_percent": "kept", "numbers_count": "kept", "slowed_until": "kept", "at": "kept", "lifted_at": "kept",
        "lifted_by": "kept", "reason": "kept",
    }  # fmt: skip

    class Meta:
        indexes: ClassVar = [models.Index(fields=["-at"], name="washing_alert_newest")]

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "organisation": self.organisation_id, "client": self.client_id, "shape": self.shape, "area": self.area,
            "blocks": self.blocks_count, "share": self.share_percent, "numbers": self.numbers_count,
            "slowed": canonical_moment(self.slowed_until), "at": canonical_moment(self.at),
        }  # fmt: skip


class DropFile(models.Model):
    """A file that was seen in a drop folder; it is taken when it has not grown from one look to the next."""

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.CASCADE, related_name="drop_files")
    name = models.CharField(max_length=255)
    bytes = models.BigIntegerField()
    modified = models.BigIntegerField()
    seen_at = models.DateTimeField()

    keeping: ClassVar[Keeping] = {
        "id": "kept", "organisation": "kept", "name": "erased", "bytes": "kept", "modified": "kept", "seen_at": "kept",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["organisation", "name"], name="washing_drop_file_once")]
