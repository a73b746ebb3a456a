"""The journal: every movement of money in lines that balance, and sums over them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import connection
from django.db.models import Sum

from quietline.web.proofs.operations import write_leaves
from quietline.web.subscriptions.money_models import JournalEntry, JournalLine

if TYPE_CHECKING:
    from datetime import datetime

    from quietline.web.accounts.models import Person
    from quietline.web.subscriptions.models import Order
    from quietline.web.subscriptions.money_models import Bill, Payment, Refund

__all__ = ["Account", "Act", "Balance", "balances", "book", "open_amount", "take_turn"]

_TURN = 7_741_602_155  # any number that no other lock of the database has

Act = JournalEntry.Act
Account = JournalLine.Account


@dataclass(frozen=True, slots=True)
class Balance:
    """The sums of one account in one currency.

    Attributes:
        account: code of :class:`~quietline.web.subscriptions.money_models.JournalLine.Account`.
        currency: three letters.
        debits: sum of all debits.
        credits: sum of all credits.
    """

    account: str
    currency: str
    debits: Decimal
    credits: Decimal

    @property
    def amount(self) -> Decimal:
        """Debits less credits."""
        return self.debits - self.credits


def take_turn() -> None:
    """Wait until no other transaction deals with money, and hold the turn to the end of this one.

    Bills are numbered without gaps, so these transactions wait for each other in any case; taking turns from the start, they
    never wait for each other in a circle. Must be the first statement of its transaction that locks anything.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_TURN])


def book(
    act: JournalEntry.Act, *, debit: JournalLine.Account, credit: JournalLine.Account, amount: Decimal, currency: str,
    at: datetime, order: Order | None = None, payment: Payment | None = None, bill: Bill | None = None,
    refund: Refund | None = None, by: Person | None = None, reason: str = "",
) -> JournalEntry:  # fmt: skip
    """Book an amount from one account to another, with its leaves; must run in the transaction of the act."""
    entry = JournalEntry.objects.create(
        act=act, order=order, payment=payment, bill=bill, refund=refund, currency=currency, by=by, reason=reason[:500], at=at
    )
    lines = [
        JournalLine.objects.create(entry=entry, account=debit, debit=amount, credit=Decimal(0)),
        JournalLine.objects.create(entry=entry, account=credit, debit=Decimal(0), credit=amount),
    ]
    write_leaves("posting", lines, at=at)
    return entry


def balances() -> list[Balance]:
    """Give the sums of all accounts, by currency."""
    rows = (
        JournalLine.objects.values_list("account", "entry__currency")
        .annotate(debits=Sum("debit"), credits=Sum("credit"))
        .order_by("entry__currency", "account")
    )
    return [Balance(*row) for row in rows]


def open_amount(order: Order) -> Decimal:
    """Give what is still owed for an order, by the journal."""
    sums = JournalLine.objects.filter(entry__order=order, account=Account.RECEIVABLE).aggregate(
        debits=Sum("debit"), credits=Sum("credit")
    )  # fmt: skip
    return (sums["debits"] or Decimal(0)) - (sums["credits"] or Decimal(0))
