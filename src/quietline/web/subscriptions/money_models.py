"""Money: bills, payments, files of the bank, refunds, and the journal that they are booked in.

The journal is double entry: each entry has two lines or more, and its debits equal its credits. The database itself checks
that when a transaction ends, and refuses to alter or delete what was booked (:mod:`.journal_rules`). Amounts are exact
decimals.
"""

from __future__ import annotations

from hashlib import sha256
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from quietline.web.accounts.codes import check_digit
from quietline.web.base.rows import WrittenOnce, canonical_moment
from quietline.web.keeping.declared import Keeping
from quietline.web.subscriptions.order_models import AMOUNT, Order, plain

__all__ = ["BankFile", "Bill", "BillCounter", "JournalEntry", "JournalLine", "Payment", "Refund"]

_PREFIXES = {"invoice": "INV", "receipt": "RCP", "credit": "CRN"}


class BillCounter(models.Model):
    """The last number given in a year: held while the next is given, so that there are no gaps."""

    kind = models.CharField(max_length=8)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    keeping: ClassVar[Keeping] = {"id": "kept", "kind": "kept", "year": "kept", "last": "kept"}

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["kind", "year"], name="subscriptions_counter_once")]


class Bill(WrittenOnce):
    """An invoice, a receipt or a credit note. ``data`` is everything its paper says, without words of a language."""

    class Kind(models.TextChoices):
        """What it is."""

        INVOICE = "invoice", _("invoice")
        RECEIPT = "receipt", _("receipt")
        CREDIT = "credit", _("credit note")

    kind = models.CharField(max_length=8, choices=Kind.choices)
    year = models.PositiveSmallIntegerField()
    serial = models.PositiveIntegerField()
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="bills")
    amount = models.DecimalField(**AMOUNT)
    currency = models.CharField(max_length=3)
    data = models.JSONField()
    at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "bill"
    keeping: ClassVar[Keeping] = {
        "id": "kept", "kind": "kept", "year": "kept", "serial": "kept", "order": "kept", "amount": "kept",
        "currency": "kept", "data": "kept", "at": "kept",
    }  # fmt: skip

    class Meta:
        verbose_name = "bill"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "year", "serial"], name="subscriptions_bill_number"),
            models.UniqueConstraint(
                fields=["order"], name="subscriptions_bill_invoice_once", condition=models.Q(kind="invoice")
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """Its number as people read it, ``INV2026-000123-4``; the last digit finds slips (ISO/IEC 7064 MOD 11,10)."""
        digits = f"{self.year}{self.serial:06}"
        return f"{_PREFIXES[self.kind]}{self.year}-{self.serial:06}-{check_digit(digits)}"

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of; what it says, as a hash."""
        from quietline.ledger.receipts import canonical_json

        return {
            "kind": self.kind, "year": self.year, "serial": self.serial, "order": self.order_id,
            "amount": plain(self.amount), "currency": self.currency, "at": canonical_moment(self.at),
            "data": sha256(canonical_json(self.data)).hexdigest(),
        }  # fmt: skip


class BankFile(WrittenOnce):
    """A file of the bank that was read: which payments came in."""

    sha256 = models.CharField(max_length=64, unique=True)
    lines_count = models.PositiveIntegerField()
    new_count = models.PositiveIntegerField()
    matched_count = models.PositiveIntegerField()
    by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    keeping: ClassVar[Keeping] = {
        "id": "kept", "sha256": "kept", "lines_count": "kept", "new_count": "kept", "matched_count": "kept", "by": "kept",
        "at": "kept",
    }  # fmt: skip

    class Meta:
        verbose_name = "bank file"


class Payment(models.Model):
    """Money that came in. Which order it is for is found at once or later, or it goes back; nothing else changes.

    ``order`` is the first that it paid, or a part of it; how much, and what the rest became, the journal says.
    ``reference`` is what the gateway calls it: with it the same money is never booked twice. ``text`` is what the payer
    wrote.
    """

    class Gateway(models.TextChoices):
        """How it came."""

        BANK = "bank", _("bank transfer")
        CARD = "card", _("card")

    gateway = models.CharField(max_length=8, choices=Gateway.choices)
    reference = models.CharField(max_length=80)
    amount = models.DecimalField(**AMOUNT)
    currency = models.CharField(max_length=3)
    day = models.DateField()
    text = models.CharField(max_length=400, blank=True)
    order = models.ForeignKey(Order, null=True, on_delete=models.PROTECT, related_name="payments")
    returned_at = models.DateTimeField(null=True)
    at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "payment"
    keeping: ClassVar[Keeping] = {
        "id": "kept", "gateway": "kept", "reference": "kept", "amount": "kept", "currency": "kept", "day": "kept",
        "text": "erased", "order": "kept", "returned_at": "kept", "at": "kept",
    }  # fmt: skip

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["gateway", "reference"], name="subscriptions_payment_once"),
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="subscriptions_payment_amount"),
            models.CheckConstraint(
                condition=models.Q(order=None) | models.Q(returned_at=None), name="subscriptions_payment_one_way"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["at"], name="subscriptions_payment_open", condition=models.Q(order=None, returned_at=None))
        ]

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "gateway": self.gateway, "reference": self.reference, "amount": plain(self.amount), "currency": self.currency,
            "day": self.day.isoformat(), "at": canonical_moment(self.at),
        }  # fmt: skip


class Refund(WrittenOnce):
    """Money of a payment that was paid back, why, and whether the access that it bought ended with it."""

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="refunds")
    amount = models.DecimalField(**AMOUNT)
    reason = models.CharField(max_length=500)
    ends_access = models.BooleanField()
    by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    leaf_kind: ClassVar[str] = "refund"
    keeping: ClassVar[Keeping] = {
        "id": "kept", "payment": "kept", "order": "kept", "amount": "kept", "reason": "kept", "ends_access": "kept",
        "by": "kept", "at": "kept",
    }  # fmt: skip

    class Meta:
        verbose_name = "refund"
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="subscriptions_refund_amount")
        ]  # fmt: skip

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of; the reason only as a hash, since people wrote it."""
        return {
            "payment": self.payment_id, "order": self.order_id, "amount": plain(self.amount),
            "reason": sha256(self.reason.encode()).hexdigest(), "ends_access": self.ends_access, "by": self.by_id,
            "at": canonical_moment(self.at),
        }  # fmt: skip


class JournalEntry(WrittenOnce):
    """One thing that happened to money, booked in lines that balance."""

    class Act(models.TextChoices):
        """What happened."""

        INVOICED = "invoiced", _("invoice")
        CANCELLED = "cancelled", _("invoice cancelled")
        RECEIVED = "received", _("payment received")
        MATCHED = "matched", _("payment assigned to an invoice")
        RETURNED = "returned", _("payment sent back to its sender")
        REFUNDED = "refunded", _("refund")
        RELEASED = "released", _("part payment of a cancelled order became credit")

    act = models.CharField(max_length=10, choices=Act.choices)
    order = models.ForeignKey(Order, null=True, on_delete=models.PROTECT, related_name="entries")
    payment = models.ForeignKey(Payment, null=True, on_delete=models.PROTECT, related_name="entries")
    bill = models.ForeignKey(Bill, null=True, on_delete=models.PROTECT, related_name="+")
    refund = models.ForeignKey(Refund, null=True, on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    by = models.ForeignKey("accounts.Person", null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()

    keeping: ClassVar[Keeping] = {
        "id": "kept", "act": "kept", "order": "kept", "payment": "kept", "bill": "kept", "refund": "kept",
        "currency": "kept", "by": "kept", "reason": "kept", "at": "kept",
    }  # fmt: skip

    class Meta:
        verbose_name = "journal entry"


class JournalLine(WrittenOnce):
    """One account's side of an entry: a debit or a credit, in the currency of the entry."""

    class Account(models.TextChoices):
        """Where money is, comes from, or is owed."""

        BANK = "bank", _("bank account")
        CARD = "card", _("card payments")
        RECEIVABLE = "receivable", _("open invoices")
        UNMATCHED = "unmatched", _("payments not assigned yet")
        FEES = "fees", _("fees")

    entry = models.ForeignKey(JournalEntry, on_delete=models.PROTECT, related_name="lines")
    account = models.CharField(max_length=12, choices=Account.choices)
    debit = models.DecimalField(default=0, **AMOUNT)
    credit = models.DecimalField(default=0, **AMOUNT)

    leaf_kind: ClassVar[str] = "posting"
    keeping: ClassVar[Keeping] = {"id": "kept", "entry": "kept", "account": "kept", "debit": "kept", "credit": "kept"}

    class Meta:
        verbose_name = "journal line"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(debit__gt=0, credit=0) | models.Q(debit=0, credit__gt=0),
                name="subscriptions_line_one_side",
            )
        ]

    @property
    def canonical(self) -> dict[str, object]:
        """What the ledger's leaf of this row is the hash of."""
        return {
            "entry": self.entry_id, "account": self.account, "debit": plain(self.debit), "credit": plain(self.credit),
        }  # fmt: skip
