"""What payments pay: the whole of an order or a part of it; and what is left of them, which is credit of who paid.

The journal is the only account of it. What a payment has paid of an order is what its entries took from that order's open
amount; its credit is what of it stands among the payments that are not assigned. An order is paid, and the access open, once
nothing of it is open.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from django.db.models import F, Sum
from django.db.models.functions import Coalesce

from quietline.web.subscriptions.billing import invoice_of, write_bill
from quietline.web.subscriptions.journal import Account, Act, book, open_amount
from quietline.web.subscriptions.letters import write_to
from quietline.web.subscriptions.models import Bill, JournalLine, Order, Payment, Refund
from quietline.web.subscriptions.subscribing import activate

if TYPE_CHECKING:
    from datetime import date, datetime

    from quietline.web.accounts.models import Organisation, Person

__all__ = [
    "close",
    "credit_of",
    "paid_by",
    "paid_of",
    "payments_with_credit",
    "refunded_of",
    "release",
    "settle",
    "use_credits",
]

_NOTHING = Decimal(0)


def close(order: Order, state: Order.State, *, at: datetime) -> None:
    """Set how an order ended; must run in the transaction that holds it."""
    Order.objects.filter(pk=order.pk).update(state=state, closed_at=at)
    order.state, order.closed_at = state, at


def credit_of(payment: Payment) -> Decimal:
    """Give what of a payment pays nothing: all of one that is not assigned, and what another paid too much."""
    sums = JournalLine.objects.filter(entry__payment=payment, account=Account.UNMATCHED).aggregate(
        credits=Coalesce(Sum("credit"), _NOTHING), debits=Coalesce(Sum("debit"), _NOTHING)
    )
    return Decimal(sums["credits"] - sums["debits"])


def paid_by(order: Order) -> list[tuple[Payment, Decimal]]:
    """Give the payments that paid an order, each with how much of it, in the order in which they came."""
    lines = JournalLine.objects.filter(entry__order=order, account=Account.RECEIVABLE, entry__payment__isnull=False)
    rows = lines.values_list("entry__payment").annotate(amount=Sum("credit") - Sum("debit")).filter(amount__gt=0)
    amounts = dict(rows)
    return [(payment, amounts[payment.pk]) for payment in Payment.objects.filter(pk__in=amounts).order_by("pk")]


def paid_of(payment: Payment) -> list[tuple[Order, Decimal]]:
    """Give the orders that a payment paid, each with how much of it."""
    lines = JournalLine.objects.filter(entry__payment=payment, account=Account.RECEIVABLE)
    rows = lines.values_list("entry__order").annotate(amount=Sum("credit") - Sum("debit")).filter(amount__gt=0)
    amounts = dict(rows)
    orders = Order.objects.filter(pk__in=amounts).select_related("organisation").order_by("pk")
    return [(order, amounts[order.pk]) for order in orders]


def refunded_of(payment: Payment, order: Order) -> Decimal:
    """Give what was paid back of what a payment paid of an order."""
    return Refund.objects.filter(payment=payment, order=order).aggregate(sum=Sum("amount"))["sum"] or _NOTHING


def payments_with_credit(organisation: Organisation | None = None, *, currency: str = "") -> list[tuple[Payment, Decimal]]:
    """Give payments that paid an order and left something over, with how much, the oldest first.

    Args:
        organisation: of whom only; None for all.
        currency: in which only; "" for all.
    """
    lines = JournalLine.objects.filter(account=Account.UNMATCHED, entry__payment__order__isnull=False)
    if organisation is not None:
        lines = lines.filter(entry__payment__order__organisation=organisation)
    if currency:
        lines = lines.filter(entry__currency=currency)
    rows = lines.values_list("entry__payment").annotate(left=Sum(F("credit") - F("debit"))).filter(left__gt=0)
    left = dict(rows)
    found = Payment.objects.filter(pk__in=left).select_related("order__organisation").order_by("pk")
    return [(payment, left[payment.pk]) for payment in found]


def settle(order: Order, payment: Payment, *, amount: Decimal, on: date, at: datetime) -> None:
    """Follow up on what was booked: a receipt, a letter, and the access once nothing is open.

    Must run in the transaction that holds both, after the booking.

    Args:
        order: that was paid, or a part of it.
        payment: with what.
        amount: how much of the order it paid just now.
        on: the day of payment, from which a year counts.
        at: now.
    """
    if payment.order_id is None:
        Payment.objects.filter(pk=payment.pk).update(order=order)
        payment.order = order
    left = open_amount(order)
    if left == 0:
        close(order, Order.State.PAID, at=at)
        activate(order, on=on, at=at)
    receipt = write_bill(
        Bill.Kind.RECEIPT, order, amount=amount, payment=payment, of=invoice_of(order), left=left, at=at
    )  # fmt: skip
    write_to(order.organisation, "payment-part" if left else "payment", facts={"reference": receipt.number}, at=at)


def use_credits(order: Order, *, at: datetime) -> None:
    """Pay an order, or a part of it, with what its organisation paid too much before; in the order's transaction."""
    for payment, credit in payments_with_credit(order.organisation, currency=order.currency):
        amount = min(credit, open_amount(order))
        if not amount:
            break
        book(
            Act.MATCHED, debit=Account.UNMATCHED, credit=Account.RECEIVABLE, amount=amount, currency=order.currency,
            order=order, payment=payment, at=at,
        )  # fmt: skip
        settle(order, payment, amount=amount, on=at.date(), at=at)


def release(order: Order, *, by: Person | None, at: datetime) -> Decimal:
    """Make credit of what was paid of an order that is cancelled, and give how much; in its transaction."""
    released = _NOTHING
    for payment, amount in paid_by(order):
        book(
            Act.RELEASED, debit=Account.RECEIVABLE, credit=Account.UNMATCHED, amount=amount, currency=order.currency,
            order=order, payment=payment, by=by, at=at,
        )  # fmt: skip
        released += amount
    return released
