"""Orders for areas, the subscriptions that follow from them, and how long an organisation's lists are.

What was ordered, billed and paid is never altered; the money itself stands in :mod:`.money_models`.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from quietline.web.base.rows import WrittenOnce, canonical_moment
from quietline.web.keeping.declared import Keeping

__all__ = ["AMOUNT", "ListSize", "Order", "SubscribedArea", "Subscription", "plain"]

AMOUNT: dict[str, Any] = {"max_digits": 14, "decimal_places": 2}
"""How amounts are stored."""


def plain(amount: Any) -> str:
    """Write an amount as it stands in what leaves are the hash of, the same before and after it was stored."""
    return format(amount, ".2f")


class Order(models.Model):
    """Areas that somebody asked for, at a price that holds until ``due_date``.

    ``state`` and ``closed_at`` are all that changes. ``breakdown`` says in figures and citations how the price came about.
    """

    class Kind(models.TextChoices):
        """What it does."""

        NEW = "new", _("subscription")
        ADDITION = "addition", _("more areas")
        RENEWAL = "renewal", _("renewal")

    class State(models.TextChoices):
        """How far it is."""

        OPEN = "open", _("waiting for payment")
        PAID = "paid", _("paid")
        CANCELLED = "cancelled", _("cancelled")
        REFUNDED = "refunded", _("paid back")

    reference = models.CharField(max_length=16, unique=True)
    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="orders")
    country = models.CharField(max_length=2)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    subscription = models.ForeignKey(
        "subscriptions.Subscription", null=True, on_delete=models.PROTECT, related_name="orders"
    )
    areas = models.JSONField(default=list)
    all_areas = models.BooleanField(default=False)
    list_size = models.BigIntegerField()
    amount = models.DecimalField(**AMOUNT)
    currency = models.CharField(max_length=3)
    on_date = models.DateField()
    due_date = models.DateField()
    fee_book = models.CharField(max_length=64)
    breakdown = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    created_by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    leaf_kind: ClassVar[str] = "order"
    keeping: ClassVar[Keeping] = {
        "id": "kept", "reference": "kept", "organisation": "kept", "country": "kept", "kind": "kept", "subscription": "kept",
        "areas": "kept", "all_areas": "kept", "list_size": "kept", "amount": "kept", "currency": "kept", "on_date": "kept",
        "due_date": "kept", "fee_book": "kept", "breakdown": "kept", "state": "kept", "created_by": "kept",
        "created_at": "kept", "closed_at": "kept",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisation", "country"], name="subscriptions_order_open_once", condition=models.Q(state="open")
            ),
            models.CheckConstraint(condition=models.Q(amount__gte=0), name="subscriptions_order_amount"),
        ]
        indexes: ClassVar = [models.Index(fields=["state", "due_date"], name="subscriptions_order_due")]

    def __str__(self) -> str:
        return self.reference

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "reference": self.reference, "organisation": self.organisation_id, "country": self.country, "kind": self.kind,
            "areas": list(self.areas), "all": self.all_areas,
            "list_size": self.list_size, "amount": plain(self.amount), "currency": self.currency,
            "on": self.on_date.isoformat(), "due": self.due_date.isoformat(), "fee_book": self.fee_book,
            "by": self.created_by_id, "at": canonical_moment(self.created_at),
        }  # fmt: skip


class Subscription(models.Model):
    """An organisation's year of access to the register of one country.

    It runs from ``from_date``, the first day of the month of payment, to the day before ``until_date``, or to the day
    before ``ended_date`` where it was paid back. ``all_since_date``: since when all areas belong to it.
    """

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="subscriptions")
    country = models.CharField(max_length=2)
    from_date = models.DateField()
    until_date = models.DateField()
    all_since_date = models.DateField(null=True)
    ended_date = models.DateField(null=True)
    reminded_days = models.PositiveSmallIntegerField(null=True)
    created_at = models.DateTimeField()

    keeping: ClassVar[Keeping] = {
        "id": "kept", "organisation": "kept", "country": "kept", "from_date": "kept", "until_date": "kept",
        "all_since_date": "kept", "ended_date": "kept", "reminded_days": "kept", "created_at": "kept",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["organisation", "country", "from_date"],
                name="subscriptions_subscription_once",
                condition=models.Q(ended_date=None),
            ),
            models.CheckConstraint(
                condition=models.Q(until_date__gt=models.F("from_date")), name="subscriptions_subscription_days"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["until_date"], name="subscriptions_until")]

    def __str__(self) -> str:
        return f"{self.country} {self.from_date.isoformat()}"

    def runs(self, on: Any) -> bool:
        """Say whether it gives access on a day."""
        return bool(self.from_date <= on < self.until_date and (self.ended_date is None or on < self.ended_date))


class SubscribedArea(models.Model):
    """One area of a subscription, since when, and by which order."""

    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="areas")
    area = models.CharField(max_length=4)
    since_date = models.DateField()
    ended_date = models.DateField(null=True)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="+")

    keeping: ClassVar[Keeping] = {
        "id": "kept", "subscription": "kept", "area": "kept", "since_date": "kept", "ended_date": "kept", "order": "kept",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["subscription", "area"], name="subscriptions_area_once", condition=models.Q(ended_date=None)
            )
        ]


class ListSize(WrittenOnce):
    """How many different numbers an organisation says it will ask about in a year; the newest row counts."""

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.PROTECT, related_name="list_sizes")
    size = models.BigIntegerField()
    by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "listsize"
    keeping: ClassVar[Keeping] = {"id": "kept", "organisation": "kept", "size": "kept", "by": "kept", "at": "kept"}

    class Meta:
        verbose_name = "list size"
        indexes: ClassVar = [models.Index(fields=["organisation", "-at"], name="subscriptions_listsize_at")]

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {"organisation": self.organisation_id, "size": self.size, "by": self.by_id, "at": canonical_moment(self.at)}
