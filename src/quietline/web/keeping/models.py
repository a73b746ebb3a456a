"""Data keys of records, and the log of who read what about whom."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from quietline.web.base.rows import canonical_moment
from quietline.web.keeping.declared import Keeping


class DataKey(models.Model):
    """The wrapped key of one record. Without it the record's encrypted fields are noise."""

    record = models.CharField(max_length=80, unique=True)
    wrapped = models.BinaryField(null=True)
    created_at = models.DateTimeField()
    destroyed_at = models.DateTimeField(null=True)

    keeping: ClassVar[Keeping] = {
        "id": "kept", "record": "kept", "wrapped": "encrypted", "created_at": "kept", "destroyed_at": "kept",
    }  # fmt: skip


class Read(models.Model):
    """Somebody of the staff looked at what is stored about a number.

    The person sees it under "who asked", unless an investigation delays that until ``held_until``; the delay has a
    reason, ends by itself, and is itself shown afterwards.
    """

    class Purpose(models.TextChoices):
        """What a look is for; without one nobody looks."""

        COMPLAINT = "complaint", _("a complaint")
        CASE = "case", _("a case")
        HELP = "help", _("a request of yours")
        AUDIT = "audit", _("an audit")

    key = models.BigIntegerField(null=True)
    reader = models.BigIntegerField()
    role = models.CharField(max_length=32)
    organisation = models.CharField(max_length=200)
    purpose = models.CharField(max_length=32, choices=Purpose.choices)
    case = models.CharField(max_length=40, blank=True)
    at = models.DateTimeField()
    held_until = models.DateTimeField(null=True)
    held_reason = models.CharField(max_length=200, blank=True)

    leaf_kind: ClassVar[str] = "read"
    keeping: ClassVar[Keeping] = {
        "id": "kept", "key": "erased", "reader": "kept", "role": "kept", "organisation": "kept", "purpose": "kept",
        "case": "kept", "at": "kept", "held_until": "kept", "held_reason": "kept",
    }  # fmt: skip

    class Meta:
        indexes: ClassVar = [models.Index(fields=["key", "-at"], name="keeping_read_key")]

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "key": self.key, "reader": self.reader, "role": self.role, "organisation": self.organisation,
            "purpose": self.purpose, "case": self.case, "at": canonical_moment(self.at),
            "held_until": canonical_moment(self.held_until),
            "held_reason": self.held_reason,
        }  # fmt: skip
