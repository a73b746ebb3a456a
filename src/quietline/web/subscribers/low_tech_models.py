"""Texts and calls that came in, and what was asked back."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from quietline.web.base.rows import canonical_moment
from quietline.web.keeping.declared import Keeping

__all__ = ["EarlierReport", "InboundText", "LineCall", "LineLanguage", "TextRequest"]


class InboundText(models.Model):
    """A text that was dealt with, known by the gateway's id, so that the same one is answered once. No number, no words."""

    gateway_id = models.CharField(max_length=100, unique=True)
    at = models.DateTimeField(db_index=True)

    keeping: ClassVar[Keeping] = {"id": "kept", "gateway_id": "kept", "at": "kept"}


class TextRequest(models.Model):
    """What a line asked for by text and has to confirm with the code that was texted back; the latest counts."""

    class Wish(models.TextChoices):
        """What was asked for."""

        BLOCK = "block", _("cover less than now")
        UNBLOCK = "unblock", _("withdraw")
        STATUS = "status", _("see how the number stands")
        ALLOW = "allow", _("allow one seller")
        REFUSE = "refuse", _("refuse one seller")

    key = models.BigIntegerField(primary_key=True)
    challenge = models.UUIDField()
    wish = models.CharField(max_length=8, choices=Wish.choices)
    detail = models.CharField(max_length=400, blank=True)
    asked_at = models.DateTimeField(db_index=True)

    keeping: ClassVar[Keeping] = {
        "key": "erased", "challenge": "kept", "wish": "kept", "detail": "kept", "asked_at": "kept",
    }  # fmt: skip


class LineCall(models.Model):
    """A call to the voice menu: where in the script it is. It ends by itself some minutes after its last step."""

    call_id = models.CharField(max_length=100, unique=True)
    key = models.BigIntegerField(db_index=True)
    assurance = models.CharField(max_length=8, blank=True)
    language = models.CharField(max_length=8)
    state = models.CharField(max_length=24)
    step = models.SmallIntegerField(default=0)
    misses = models.SmallIntegerField(default=0)
    challenge = models.UUIDField(null=True)
    begun_at = models.DateTimeField(db_index=True)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    keeping: ClassVar[Keeping] = {
        "id": "kept", "call_id": "kept", "key": "erased", "assurance": "kept", "language": "kept", "state": "kept",
        "step": "kept", "misses": "kept", "challenge": "kept", "begun_at": "kept", "expires_at": "kept", "ended_at": "kept",
    }  # fmt: skip


class LineLanguage(models.Model):
    """The language in which a line wants its answers, where it said so."""

    key = models.BigIntegerField(primary_key=True)
    language = models.CharField(max_length=8)
    chosen_at = models.DateTimeField()

    keeping: ClassVar[Keeping] = {"key": "erased", "language": "kept", "chosen_at": "kept"}


class EarlierReport(models.Model):
    """What the ledger has of a report by text from before reports had a room of their own; nothing is added any more.

    The report itself went there, under the same reference. This row keeps what its leaf is the hash of, so that the ledger
    can be checked as before.
    """

    reference = models.CharField(max_length=16, unique=True)
    said_date = models.DateField(null=True)
    at = models.DateTimeField(db_index=True)

    leaf_kind: ClassVar[str] = "report"
    keeping: ClassVar[Keeping] = {"id": "kept", "reference": "kept", "said_date": "kept", "at": "kept"}

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of: its reference and days, nothing that is erased later."""
        return {
            "reference": self.reference,
            "said": None if self.said_date is None else self.said_date.isoformat(),
            "at": canonical_moment(self.at),
        }
