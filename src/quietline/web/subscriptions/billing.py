"""Invoices, receipts and credit notes: numbered without gaps, and printed from what was stored with them."""

from __future__ import annotations

import re
from datetime import UTC
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection

from quietline.web.accounts.codes import check_digit
from quietline.web.proofs.operations import write_leaves
from quietline.web.subscriptions.areas import spans_of
from quietline.web.subscriptions.money_models import Bill

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

    from quietline.web.subscriptions.models import Order
    from quietline.web.subscriptions.money_models import Payment

__all__ = ["find_invoice", "invoice_of", "write_bill"]

_NEXT = """
INSERT INTO subscriptions_billcounter (kind, year, last) VALUES (%s, %s, 1)
ON CONFLICT (kind, year) DO UPDATE SET last = subscriptions_billcounter.last + 1 RETURNING last
"""
_NUMBER = re.compile(r"INV((?:20|21)\d\d)(\d{6})(\d)(?!\d)", re.ASCII)


def write_bill(
    kind: Bill.Kind, order: Order, *, amount: Decimal, at: datetime, payment: Payment | None = None, of: Bill | None = None,
    reason: str = "", left: Decimal | None = None,
) -> Bill:  # fmt: skip
    """Write a bill with the next number of its kind and year; must run in the transaction of what it is for.

    The counter's row is held to the end of the transaction, and a transaction that fails gives its number back: so there
    are no gaps.

    Args:
        kind: invoice, receipt or credit note.
        order: what it is for.
        amount: of this paper.
        at: now; the year is that of UTC.
        payment: what a receipt is for.
        of: the invoice that a receipt or credit note belongs to.
        reason: why a credit note is written.
        left: of a receipt: what is still open of its invoice.
    """
    year = at.astimezone(UTC).year
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, [kind, year])
        serial = cursor.fetchone()[0]
    bill = Bill(kind=kind, year=year, serial=serial, order=order, amount=amount, currency=order.currency, at=at, data={})
    bill.data = _data(order, payment=payment, of=of, reason=reason, left=left)
    bill.save(force_insert=True)
    write_leaves("bill", [bill], at=at)
    return bill


def _data(
    order: Order, *, payment: Payment | None, of: Bill | None, reason: str, left: Decimal | None
) -> dict[str, Any]:  # fmt: skip
    environment, organisation = settings.ENVIRONMENT, order.organisation
    data: dict[str, Any] = {
        "issuer": list(environment.issuer or (environment.title,)),
        "bank": list(environment.bank_account or ()),
        "to": {"name": organisation.name, "code": organisation.code, "legal_id": organisation.legal_id},
        "order": {
            "reference": order.reference, "kind": order.kind, "country": order.country, "areas": spans_of(order.areas),
            "all": order.all_areas, "on": order.on_date.isoformat(), "due": order.due_date.isoformat(),
        },
        "breakdown": order.breakdown,
    }  # fmt: skip
    if order.subscription is not None:
        data["year"] = [order.subscription.from_date.isoformat(), order.subscription.until_date.isoformat()]
    if payment is not None:
        data["payment"] = {"gateway": payment.gateway, "day": payment.day.isoformat()}
    if left:
        data["left"] = f"{left:.2f}"
    if of is not None:
        data["invoice"] = of.number
    if reason:
        data["reason"] = reason
    return data


def invoice_of(order: Order) -> Bill | None:
    """Give the invoice of an order; None where nothing had to be paid."""
    return Bill.objects.filter(order=order, kind=Bill.Kind.INVOICE).first()


def find_invoice(text: str) -> Bill | None:
    """Find the invoice that a payer's words name; None where they name none, several, or one with a wrong check digit.

    Banks drop hyphens, and people put spaces and words around a number, so only letters and digits count.
    """
    plain = "".join(c for c in text.upper() if c.isascii() and c.isalnum())
    found = {
        (int(year), int(serial))
        for year, serial, check in _NUMBER.findall(plain)
        if check_digit(f"{year}{serial}") == int(check)
    }
    if len(found) != 1:
        return None
    year, serial = found.pop()
    return Bill.objects.filter(kind=Bill.Kind.INVOICE, year=year, serial=serial).select_related("order").first()
