"""On whose behalf a telemarketer calls, and from which numbers an organisation calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from quietline.web.base.rows import canonical_moment
from quietline.web.keeping.declared import Keeping

if TYPE_CHECKING:
    from datetime import date

__all__ = ["CallingNumber", "Mandate"]


class Mandate(models.Model):
    """A seller lets a telemarketer act under its account number, from one day up to another, which is not part of it.

    It opens nothing before the telemarketer has accepted it, and ends at once when either side ends it.
    """

    seller = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="mandates_given")
    telemarketer = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="mandates_held")
    from_date = models.DateField()
    until_date = models.DateField(null=True)
    by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    leaf_kind: ClassVar[str] = "mandate"
    keeping: ClassVar[Keeping] = {
        "id": "kept", "seller": "kept", "telemarketer": "kept", "from_date": "kept", "until_date": "kept", "by": "kept",
        "at": "kept", "accepted_at": "kept", "ended_at": "kept",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["seller", "telemarketer"], name="sellers_mandate_once", condition=models.Q(ended_at=None)
            ),
            models.CheckConstraint(
                condition=models.Q(until_date=None) | models.Q(until_date__gt=models.F("from_date")),
                name="sellers_mandate_days",
            ),
        ]

    def holds_on(self, on: date) -> bool:
        """Say whether it lets the telemarketer act on a day."""
        return (
            self.accepted_at is not None
            and self.ended_at is None
            and self.from_date <= on
            and (self.until_date is None or on < self.until_date)
        )

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "seller": self.seller_id, "telemarketer": self.telemarketer_id, "from": self.from_date.isoformat(),
            "until": self.until_date.isoformat() if self.until_date else None, "by": self.by_id,
            "at": canonical_moment(self.at),
        }  # fmt: skip


class CallingNumber(models.Model):
    """Numbers that an organisation says it calls from: one, or a series, from one day up to another (days of UTC).

    It counts once the operator that the organisation named has confirmed it. Of confirmed ones no two share a number on a
    day: a constraint of the database (``sellers_callingnumber_apart``) sees to that.
    """

    class State(models.TextChoices):
        """What the operator has said."""

        WAITING = "waiting", _("waiting for the operator")
        CONFIRMED = "confirmed", _("confirmed by the operator")
        REFUSED = "refused", _("refused by the operator")
        WITHDRAWN = "withdrawn", _("withdrawn before it was confirmed")

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="calling_numbers")
    operator = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="calling_numbers_served")
    first_key = models.BigIntegerField()
    last_key = models.BigIntegerField()
    from_date = models.DateField()
    until_date = models.DateField(null=True)
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    reason = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)

    leaf_kind: ClassVar[str] = "calling-number"
    keeping: ClassVar[Keeping] = {
        "id": "kept", "organisation": "kept", "operator": "kept", "first_key": "erased", "last_key": "erased",
        "from_date": "kept", "until_date": "kept", "state": "kept", "reason": "kept", "by": "kept", "at": "kept",
        "answered_at": "kept",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(first_key__lte=models.F("last_key")), name="sellers_callingnumber_order"
            ),
            models.CheckConstraint(
                condition=models.Q(until_date=None) | models.Q(until_date__gte=models.F("from_date")),
                name="sellers_callingnumber_days",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["operator", "at"], name="sellers_callingnumber_asked", condition=models.Q(state="waiting"))
        ]

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of: what was declared; what became of it are acts."""
        return {
            "organisation": self.organisation_id, "operator": self.operator_id, "first": self.first_key,
            "last": self.last_key, "from": self.from_date.isoformat(), "by": self.by_id,
            "at": canonical_moment(self.at),
        }  # fmt: skip
