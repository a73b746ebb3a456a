"""Money that comes in and goes back: booked once, whatever is sent twice, and visible until somebody dealt with it."""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Sum

from quietline.errors import ConflictError, NotProvenError, OperationError
from quietline.web.accounts.models import Membership, Organisation, Role
from quietline.web.proofs.operations import write_leaves
from quietline.web.subscriptions.billing import find_invoice, invoice_of, write_bill
from quietline.web.subscriptions.journal import Account, Act, book, take_turn
from quietline.web.subscriptions.letters import write_to
from quietline.web.subscriptions.models import Order
from quietline.web.subscriptions.money_models import Bill, Payment, Refund
from quietline.web.subscriptions.ordering import close
from quietline.web.subscriptions.subscribing import activate, check_can_begin, end_access

if TYPE_CHECKING:
    from datetime import date, datetime

    from quietline.law.money import Money
    from quietline.web.accounts.models import Person

__all__ = [
    "assign_payment",
    "check_keeps_books",
    "refund_payment",
    "refunded",
    "return_payment",
    "take_payment",
    "unmatched_payments",
]

_MONEY_IN = {Payment.Gateway.BANK: Account.BANK, Payment.Gateway.CARD: Account.CARD}
_LONGEST_TEXT = 400


def check_keeps_books(by: Person | None) -> None:
    """Refuse who is no administrator of an authority; None is the platform itself, which may.

    Raises:
        NotProvenError: ``payment.no-right``.
    """
    if by is None:
        return
    found = Membership.objects.filter(
        person=by, person__is_active=True, ended_at=None, role=Role.ADMINISTRATOR,
        organisation__kind=Organisation.Kind.AUTHORITY, organisation__state=Organisation.State.VERIFIED,
    )  # fmt: skip
    if not found.exists():
        raise NotProvenError(
            "Payments are dealt with by administrators of the authority.", advice="Ask one of them.", code="payment.no-right"
        )


@transaction.atomic
def take_payment(
    *, gateway: Payment.Gateway, reference: str, money: Money, day: date, text: str, order: Order | None, at: datetime
) -> tuple[Payment, bool]:  # fmt: skip
    """Book money that came in, and open the access that it pays for.

    It pays an order when that is still waiting, in the same currency and for exactly that amount; otherwise it stands among
    the payments that are not assigned, until somebody assigns it or sends it back. The same money (gateway and reference)
    is booked once, however often and by however many it is handed in.

    Args:
        gateway: how it came.
        reference: what the gateway calls it.
        money: above zero.
        day: when it arrived.
        text: what the payer wrote; names the invoice where ``order`` is not given.
        order: what the gateway says that it is for.
        at: now.

    Returns:
        The payment, and whether it is new.

    Raises:
        ConflictError: ``payment.other``: the reference is known with another amount.
    """
    take_turn()
    known = Payment.objects.filter(gateway=gateway, reference=reference).first()
    if known is not None:
        if (known.amount, known.currency) != (money.amount, money.currency):
            raise ConflictError(
                "This payment was handed in before, with another amount.", advice="Ask the gateway.", code="payment.other"
            )
        return known, False
    made = Payment.objects.create(
        gateway=gateway, reference=reference, amount=money.amount, currency=money.currency, day=day,
        text=text[:_LONGEST_TEXT], at=at,
    )  # fmt: skip
    write_leaves("payment", [made], at=at)
    _book_in(made, order or _order_named(text), at)
    return made, True


def _order_named(text: str) -> Order | None:
    invoice = find_invoice(text)
    return None if invoice is None else invoice.order


def _book_in(payment: Payment, named: Order | None, at: datetime) -> None:
    order = None if named is None else Order.objects.select_for_update().get(pk=named.pk)
    account = _MONEY_IN[Payment.Gateway(payment.gateway)]
    pays = order is not None and _why_not(payment, order) is None
    book(
        Act.RECEIVED, debit=account, credit=Account.RECEIVABLE if pays else Account.UNMATCHED, amount=payment.amount,
        currency=payment.currency, order=order if pays else None, payment=payment, at=at,
    )  # fmt: skip
    if order is not None and pays:
        _settle(order, payment, at)


def _why_not(payment: Payment, order: Order) -> ConflictError | None:
    """Say why a payment cannot pay an order, held by the transaction; None where it can."""
    if order.state != Order.State.OPEN:
        return ConflictError("This order is paid or cancelled already.", code="order.closed")
    if (payment.amount, payment.currency) != (order.amount, order.currency):
        return ConflictError(
            "The amount is not that of the invoice.", advice="Send it back, and ask for the right amount.",
            code="payment.amount",
        )  # fmt: skip
    try:
        check_can_begin(order, on=payment.day)
    except ConflictError as error:
        return error
    return None


def _settle(order: Order, payment: Payment, at: datetime) -> None:
    Payment.objects.filter(pk=payment.pk).update(order=order)
    payment.order = order
    close(order, Order.State.PAID, at=at)
    activate(order, on=payment.day, at=at)
    receipt = write_bill(
        Bill.Kind.RECEIPT, order, amount=payment.amount, payment=payment, of=invoice_of(order), at=at
    )  # fmt: skip
    write_to(order.organisation, "payment", facts={"reference": receipt.number}, at=at)


def _held_unmatched(payment: Payment) -> Payment:
    locked = Payment.objects.select_for_update().get(pk=payment.pk)
    if locked.order_id is not None or locked.returned_at is not None:
        raise ConflictError("This payment was dealt with already.", code="payment.done")
    return locked


@transaction.atomic
def assign_payment(*, payment: Payment, order: Order, reason: str, by: Person | None, at: datetime) -> Payment:
    """Say which order a payment is for, where its words did not: the amount must fit all the same.

    Raises:
        NotProvenError: ``payment.no-right``.
        ConflictError: ``payment.done``, ``order.closed``, ``payment.amount``, ``order.over``.
        OperationError: ``payment.reason``: none was given.
    """
    check_keeps_books(by)
    _check_reason(reason)
    take_turn()
    locked = _held_unmatched(payment)
    wanted = Order.objects.select_for_update().get(pk=order.pk)
    refusal = _why_not(locked, wanted)
    if refusal is not None:
        raise refusal
    book(
        Act.MATCHED, debit=Account.UNMATCHED, credit=Account.RECEIVABLE, amount=locked.amount, currency=locked.currency,
        order=wanted, payment=locked, by=by, reason=reason, at=at,
    )  # fmt: skip
    _settle(wanted, locked, at)
    return locked


@transaction.atomic
def return_payment(*, payment: Payment, reason: str, by: Person | None, at: datetime) -> Payment:
    """Record that a payment that is for nothing was sent back to who sent it.

    Raises:
        NotProvenError: ``payment.no-right``.
        ConflictError: ``payment.done``.
        OperationError: ``payment.reason``.
    """
    check_keeps_books(by)
    _check_reason(reason)
    take_turn()
    locked = _held_unmatched(payment)
    Payment.objects.filter(pk=locked.pk).update(returned_at=at)
    locked.returned_at = at
    book(
        Act.RETURNED, debit=Account.UNMATCHED, credit=_MONEY_IN[Payment.Gateway(locked.gateway)], amount=locked.amount,
        currency=locked.currency, payment=locked, by=by, reason=reason, at=at,
    )  # fmt: skip
    return locked


@transaction.atomic
def refund_payment(
    *, payment: Payment, amount: Decimal, reason: str, ends_access: bool, by: Person | None, at: datetime
) -> Refund:  # fmt: skip
    """Pay back a payment, or a part of it, with a credit note; access that it bought ends today where that is said.

    Raises:
        NotProvenError: ``payment.no-right``.
        ConflictError: ``payment.unmatched``: it pays nothing, so it is sent back instead.
        OperationError: ``refund.amount``: not above zero, more than what is left, or with too many decimals;
            ``payment.reason``.
    """
    check_keeps_books(by)
    _check_reason(reason)
    take_turn()
    locked = Payment.objects.select_for_update().get(pk=payment.pk)
    if locked.order_id is None:
        raise ConflictError("This payment pays no order.", advice="Send it back instead.", code="payment.unmatched")
    order = Order.objects.select_for_update().get(pk=locked.order_id)
    left = locked.amount - refunded(locked)
    if not 0 < amount <= left or amount != amount.quantize(Decimal("0.01")):
        raise OperationError(
            f"Of this payment {left} can be paid back.", advice="Give an amount above zero, and not above that.",
            code="refund.amount",
        )  # fmt: skip
    refund = Refund.objects.create(
        payment=locked, order=order, amount=amount, reason=reason.strip()[:500], ends_access=ends_access, by=by, at=at
    )  # fmt: skip
    write_leaves("refund", [refund], at=at)
    credit = write_bill(Bill.Kind.CREDIT, order, amount=amount, of=invoice_of(order), reason=refund.reason, at=at)
    book(
        Act.REFUNDED, debit=Account.FEES, credit=_MONEY_IN[Payment.Gateway(locked.gateway)], amount=amount,
        currency=locked.currency, order=order, payment=locked, bill=credit, refund=refund, by=by, at=at,
    )  # fmt: skip
    if amount == left:
        close(order, Order.State.REFUNDED, at=at)
    if ends_access:
        end_access(order, on=at.astimezone(UTC).date())
    return refund


def refunded(payment: Payment) -> Decimal:
    """Give what was paid back of a payment."""
    return Refund.objects.filter(payment=payment).aggregate(sum=Sum("amount"))["sum"] or Decimal(0)


def unmatched_payments() -> list[Payment]:
    """Give the payments that nobody has dealt with, the oldest first."""
    return list(Payment.objects.filter(order=None, returned_at=None).order_by("at", "pk"))


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise OperationError("No reason was given.", advice="Write in a sentence why.", code="payment.reason")
