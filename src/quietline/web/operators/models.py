"""Whose number it is, what happened to lines, and what that ended."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from quietline.web.base.rows import WrittenOnce, canonical_moment
from quietline.web.keeping.declared import Keeping

__all__ = ["EndedEntry", "ExceptionsRead", "LineEvent", "LineUndo", "NumberRange", "PortedNumber"]


class NumberRange(models.Model):
    """Numbers that an administration has given to an operator, from one day up to another, which is not part of it.

    A constraint of the database (``operators_range_apart``) keeps ranges from sharing a number on a day.
    """

    operator = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="number_ranges")
    first_key = models.BigIntegerField()
    last_key = models.BigIntegerField()
    since_date = models.DateField()
    until_date = models.DateField(null=True)
    source = models.CharField(max_length=200)

    keeping: ClassVar[Keeping] = {
        "id": "kept", "operator": "kept", "first_key": "kept", "last_key": "kept", "since_date": "kept",
        "until_date": "kept", "source": "kept",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(first_key__lte=models.F("last_key")), name="operators_range_order"),
            models.CheckConstraint(
                condition=models.Q(until_date=None) | models.Q(until_date__gt=models.F("since_date")),
                name="operators_range_days",
            ),
        ]


class PortedNumber(WrittenOnce):
    """A number went to another operator, or back. Never altered: the latest one counts."""

    key = models.BigIntegerField()
    operator = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="ported_numbers")
    ported_at = models.DateTimeField()

    keeping: ClassVar[Keeping] = {"id": "kept", "key": "erased", "operator": "kept", "ported_at": "kept"}

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["key", "ported_at"], name="operators_porting_once")]


class LineEvent(WrittenOnce):
    """An operator said what happened to one of its lines, and it was accepted. Only :class:`LineUndo` takes it back.

    Three moments: ``happened_at`` at the operator, ``effect_at`` here, when entries ended (a register cannot be changed for
    days on which callers have already relied on it), and ``undo_until``. ``held_since`` keeps since when the holder before
    was known, to be put back where the event is taken back.
    """

    class Kind(models.TextChoices):
        """What happened."""

        DISCONNECTED = "disconnected", _("disconnected")
        REASSIGNED = "reassigned", _("given to somebody else")
        PORTED_OUT = "ported_out", _("ported to another operator")

    operator = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="line_events")
    reference = models.CharField(max_length=64)
    key = models.BigIntegerField()
    kind = models.CharField(max_length=12, choices=Kind.choices)
    to_operator = models.ForeignKey("accounts.Organisation", null=True, on_delete=models.PROTECT, related_name="+")
    happened_at = models.DateTimeField()
    reported_at = models.DateTimeField()
    effect_at = models.DateTimeField()
    undo_until = models.DateTimeField(null=True)
    held_since = models.DateTimeField(null=True)
    notice = models.CharField(max_length=4, blank=True)

    leaf_kind: ClassVar[str] = "line-event"
    keeping: ClassVar[Keeping] = {
        "id": "kept", "operator": "kept", "reference": "kept", "key": "erased", "kind": "kept", "to_operator": "kept",
        "happened_at": "kept", "reported_at": "kept", "effect_at": "kept", "undo_until": "kept", "held_since": "kept",
        "notice": "kept",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["operator", "reference"], name="operators_event_once")]
        indexes: ClassVar = [models.Index(fields=["key", "happened_at"], name="operators_event_key")]

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "operator": self.operator_id, "reference": self.reference, "key": self.key, "kind": self.kind,
            "to": self.to_operator_id, "happened": canonical_moment(self.happened_at),
            "reported": canonical_moment(self.reported_at),
            "effect": canonical_moment(self.effect_at),
        }  # fmt: skip


class EndedEntry(WrittenOnce):
    """An entry that an event ended."""

    event = models.ForeignKey(LineEvent, on_delete=models.PROTECT, related_name="ended_entries")
    entry = models.ForeignKey("publishing.Entry", on_delete=models.PROTECT, related_name="+")

    keeping: ClassVar[Keeping] = {"id": "kept", "event": "kept", "entry": "kept"}


class LineUndo(WrittenOnce):
    """An event was taken back, by the holder of the line or by the operator, and what stood before was put back."""

    class By(models.TextChoices):
        """Who did it."""

        HOLDER = "holder", _("the holder of the line")
        OPERATOR = "operator", _("the operator")

    event = models.OneToOneField(LineEvent, on_delete=models.PROTECT, related_name="undo")
    by = models.CharField(max_length=8, choices=By.choices)
    is_same_holder = models.BooleanField()
    at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "line-undo"
    keeping: ClassVar[Keeping] = {"id": "kept", "event": "kept", "by": "kept", "is_same_holder": "kept", "at": "kept"}

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {"event": self.event_id, "by": self.by, "same": self.is_same_holder, "at": canonical_moment(self.at)}


class ExceptionsRead(models.Model):
    """Up to which change it has been read what holders said to single firms; one row."""

    number = models.BigIntegerField(default=0)

    keeping: ClassVar[Keeping] = {"id": "kept", "number": "kept"}
