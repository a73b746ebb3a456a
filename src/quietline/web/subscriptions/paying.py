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
from quietline.web.subscriptions.journal import Account, Act, book, open_amount, take_turn
from quietline.web.subscriptions.models import Order
from quietline.web.subscriptions.money_models import Bill, Payment, Refund
from quietline.web.subscriptions.settling import close, credit_of, paid_of, refunded_of, settle
from quietline.web.subscriptions.subscribing import check_can_begin, end_access

if TYPE_CHECKING:
    from datetime import date, datetime

    from quietline.law.money import Money
    from quietline.web.accounts.models import Person

__all__ = [
    "assign_payment",
    "check_keeps_books",
    "refund_payment",
    "refundable",
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

    It pays an order that is still waiting, in the same currency: all of it, or a part, and then the rest stays open. What is
    too much stands as credit of the organisation: it pays its next order, or is sent back. Money for nothing that waits
    stands among the payments that are not assigned, until somebody assigns it or sends it back. The same money (gateway and
    reference) is booked once, however often and by however many it is handed in.

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
    pays = Decimal(0)
    if order is not None and _why_not(payment, order, on=payment.day) is None:
        pays = min(payment.amount, open_amount(order))
        book(
            Act.RECEIVED, debit=account, credit=Account.RECEIVABLE, amount=pays, currency=payment.currency, order=order,
            payment=payment, at=at,
        )  # fmt: skip
    if pays < payment.amount:
        book(
            Act.RECEIVED, debit=account, credit=Account.UNMATCHED, amount=payment.amount - pays, currency=payment.currency,
            payment=payment, at=at,
        )  # fmt: skip
    if order is not None and pays:
        settle(order, payment, amount=pays, on=payment.day, at=at)


def _why_not(payment: Payment, order: Order, *, on: date) -> ConflictError | None:
    """Say why a payment cannot pay an order, held by the transaction, or a part of it; None where it can."""
    if order.state != Order.State.OPEN:
        return ConflictError("This order is paid or cancelled already.", code="order.closed")
    if payment.currency != order.currency:
        return ConflictError(
            "The currency is not that of the invoice.", advice="Send it back, and ask for the right one.",
            code="payment.currency",
        )  # fmt: skip
    if payment.order is not None and payment.order.organisation_id != order.organisation_id:
        return ConflictError(
            "This is credit of another organisation.", advice="Choose an order of the one that paid.",
            code="payment.other-payer",
        )  # fmt: skip
    try:
        check_can_begin(order, on=on)
    except ConflictError as error:
        return error
    return None


def _held_with_credit(payment: Payment) -> tuple[Payment, Decimal]:
    locked = Payment.objects.select_for_update(of=("self",)).select_related("order").get(pk=payment.pk)
    credit = credit_of(locked)
    if not credit:
        raise ConflictError("This payment was dealt with already.", code="payment.done")
    return locked, credit


@transaction.atomic
def assign_payment(*, payment: Payment, order: Order, reason: str, by: Person | None, at: datetime) -> Payment:
    """Say which order a payment is for where its words did not, or which one its credit pays.

    It pays all that is open of the order, or a part; what is too much is credit.

    Raises:
        NotProvenError: ``payment.no-right``.
        ConflictError: ``payment.done``, ``order.closed``, ``payment.currency``, ``payment.other-payer``, ``order.over``.
        OperationError: ``payment.reason``: none was given.
    """
    check_keeps_books(by)
    _check_reason(reason)
    take_turn()
    locked, credit = _held_with_credit(payment)
    wanted = Order.objects.select_for_update().get(pk=order.pk)
    on = locked.day if locked.order is None else at.astimezone(UTC).date()
    refusal = _why_not(locked, wanted, on=on)
    if refusal is not None:
        raise refusal
    amount = min(credit, open_amount(wanted))
    book(
        Act.MATCHED, debit=Account.UNMATCHED, credit=Account.RECEIVABLE, amount=amount, currency=locked.currency,
        order=wanted, payment=locked, by=by, reason=reason, at=at,
    )  # fmt: skip
    settle(wanted, locked, amount=amount, on=on, at=at)
    return locked


@transaction.atomic
def return_payment(*, payment: Payment, reason: str, by: Person | None, at: datetime) -> Payment:
    """Record that a payment that is for nothing, or the credit that one left, was sent back to who sent it.

    Raises:
        NotProvenError: ``payment.no-right``.
        ConflictError: ``payment.done``.
        OperationError: ``payment.reason``.
    """
    check_keeps_books(by)
    _check_reason(reason)
    take_turn()
    locked, credit = _held_with_credit(payment)
    if locked.order is None:
        Payment.objects.filter(pk=locked.pk).update(returned_at=at)
        locked.returned_at = at
    book(
        Act.RETURNED, debit=Account.UNMATCHED, credit=_MONEY_IN[Payment.Gateway(locked.gateway)], amount=credit,
        currency=locked.currency, payment=locked, by=by, reason=reason, at=at,
    )  # fmt: skip
    return locked


@transaction.atomic
def refund_payment(
    *, payment: Payment, amount: Decimal, reason: str, ends_access: bool, by: Person | None, at: datetime,
    order: Order | None = None,
) -> Refund:  # fmt: skip
    """Pay back what a payment paid of an order, or a part of it, with a credit note.

    Args:
        payment: of which.
        amount: how much.
        reason: why; stands on the credit note.
        ends_access: whether the access that the order bought ends today.
        by: who; None for the platform itself.
        at: now.
        order: which of those that it paid; the first where not given.

    Raises:
        NotProvenError: ``payment.no-right``.
        ConflictError: ``payment.unmatched``: it pays nothing, so it is sent back instead; ``payment.part``: the order is not
            paid yet, so it is cancelled first, and the credit sent back.
        OperationError: ``refund.amount``: not above zero, more than what is left, or with too many decimals;
            ``payment.reason``.
    """
    check_keeps_books(by)
    _check_reason(reason)
    take_turn()
    locked = Payment.objects.select_for_update().get(pk=payment.pk)
    left_of = {paid.pk: (paid, left) for paid, left in refundable(locked)}
    wanted = order.pk if order is not None else next(iter(left_of), locked.order_id)
    if locked.order_id is None or wanted is None:
        raise ConflictError("This payment pays no order.", advice="Send it back instead.", code="payment.unmatched")
    paid = Order.objects.select_for_update().get(pk=wanted)
    if paid.state == Order.State.OPEN:
        raise ConflictError(
            "The order is not paid yet.", advice="Cancel it; what was paid of it is credit then, and can be sent back.",
            code="payment.part",
        )  # fmt: skip
    left = left_of[wanted][1] if wanted in left_of else Decimal(0)
    if not 0 < amount <= left or amount != amount.quantize(Decimal("0.01")):
        raise OperationError(
            f"Of this payment {left} can be paid back.", advice="Give an amount above zero, and not above that.",
            code="refund.amount",
        )  # fmt: skip
    refund = Refund.objects.create(
        payment=locked, order=paid, amount=amount, reason=reason.strip()[:500], ends_access=ends_access, by=by, at=at
    )  # fmt: skip
    write_leaves("refund", [refund], at=at)
    credit = write_bill(Bill.Kind.CREDIT, paid, amount=amount, of=invoice_of(paid), reason=refund.reason, at=at)
    book(
        Act.REFUNDED, debit=Account.FEES, credit=_MONEY_IN[Payment.Gateway(locked.gateway)], amount=amount,
        currency=locked.currency, order=paid, payment=locked, bill=credit, refund=refund, by=by, at=at,
    )  # fmt: skip
    if Refund.objects.filter(order=paid).aggregate(sum=Sum("amount"))["sum"] == paid.amount:
        close(paid, Order.State.REFUNDED, at=at)
    if ends_access:
        end_access(paid, on=at.astimezone(UTC).date())
    return refund


def refundable(payment: Payment) -> list[tuple[Order, Decimal]]:
    """Give the paid orders of which something that a payment paid was not paid back, with how much that is."""
    left = [(order, amount - refunded_of(payment, order)) for order, amount in paid_of(payment)]
    return [(order, amount) for order, amount in left if amount > 0 and order.state != Order.State.OPEN]


def unmatched_payments() -> list[Payment]:
    """Give the payments that nobody has dealt with, the oldest first."""
    return list(Payment.objects.filter(order=None, returned_at=None).order_by("at", "pk"))


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise OperationError("No reason was given.", advice="Write in a sentence why.", code="payment.reason")
