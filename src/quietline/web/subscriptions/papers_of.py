"""What stands on an invoice, a receipt or a credit note, in the reader's language."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from quietline.law.money import Money
from quietline.web.base.words import as_day
from quietline.web.papers import render, render_picture
from quietline.web.sellers.forms import country_name
from quietline.web.subscriptions.models import Order
from quietline.web.subscriptions.money_models import Bill

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LANGUAGES", "bill_pdf", "bill_pictures"]

LANGUAGES = {"en": "en", "zh": "zh-hans"}
"""Languages of papers, as addresses have them, and as Django has them."""


def bill_pdf(bill: Bill, *, language: str) -> bytes:
    """Print a bill; what it says was stored with it and never changes.

    Args:
        bill: which.
        language: one of :data:`LANGUAGES`.
    """
    return render("document", document(bill, language=language), lang=LANGUAGES[language])


def bill_pictures(bill: Bill, *, language: str) -> list[bytes]:
    """Print a bill as pictures, one for each page."""
    return render_picture("document", document(bill, language=language), lang=LANGUAGES[language])


def document(bill: Bill, *, language: str) -> dict[str, Any]:
    """Lay out a bill as :mod:`quietline.web.papers` wants it."""
    with override(LANGUAGES[language]):
        data = bill.data
        total = str(Money(bill.amount, bill.currency))
        return {
            "title": {
                Bill.Kind.INVOICE: _("Invoice %(number)s"),
                Bill.Kind.RECEIPT: _("Receipt %(number)s"),
                Bill.Kind.CREDIT: _("Credit note %(number)s"),
            }[Bill.Kind(bill.kind)] % {"number": bill.number},
            "issuer": data["issuer"],
            "to": [data["to"]["name"], data["to"]["legal_id"] or data["to"]["code"]],
            "day": bill.at.date(),
            "blocks": [
                {"kind": "facts", "rows": _facts(bill)},
                {"kind": "heading", "text": _("What it is for")},
                *_lines(data, bill),
                {"kind": "total", "label": _total_word(bill), "amount": total},
                *_after(data, bill, total),
            ],
            "footer": _("Made from the stored invoice data. Its fingerprint stands in the installation's public ledger."),
        }  # fmt: skip


def _facts(bill: Bill) -> list[list[str]]:
    data, order = bill.data, bill.data["order"]
    rows = [
        [_("Document number"), bill.number],
        [_("Date"), as_day(bill.at.date())],
        [_("Account number"), data["to"]["code"]],
        [_("Order"), order["reference"]],
    ]
    if "invoice" in data:
        rows.append([_("Invoice"), data["invoice"]])
    if bill.kind == Bill.Kind.INVOICE:
        rows.append([_("Please pay by"), as_day(_day(order["due"]))])
    if "payment" in data:
        rows.append([_("Paid on"), as_day(_day(data["payment"]["day"]))])
        rows.append([_("Paid by"), _("card") if data["payment"]["gateway"] == "card" else _("bank transfer")])
    if bill.kind != Bill.Kind.INVOICE and "year" in data:
        first, until = (as_day(_day(day)) for day in data["year"])
        rows.append([_("Subscription year"), _("from %(first)s, until before %(until)s") % {"first": first, "until": until}])
    if "left" in data:
        rows.append([_("Still open of the invoice"), str(Money(Decimal(data["left"]), bill.currency))])
    if data.get("reason"):
        rows.append([_("Reason"), data["reason"]])
    return rows


def _lines(data: Mapping[str, Any], bill: Bill) -> list[dict[str, Any]]:
    order, made = data["order"], data["breakdown"]
    title = made["title"]["zh" if (get_language() or "").startswith("zh") else "en"]
    what = f"{title} – {country_name(order['country'])} · {Order.Kind(order['kind']).label}"
    blocks: list[dict[str, Any]] = [{"kind": "text", "text": what}]
    areas = _("all areas") if order["all"] else order["areas"]
    blocks.append({"kind": "facts", "rows": [[_("Areas"), areas], [_("Prices of"), as_day(_day(order["on"]))]]})
    if bill.kind == Bill.Kind.INVOICE:
        blocks.append({"kind": "table", "columns": [_("Position"), _("Quantity"), _("Each"), _("Sum")],
                       "figures": [False, True, True, True], "rows": _positions(made, bill)})  # fmt: skip
    return blocks


def _positions(made: Mapping[str, Any], bill: Bill) -> list[list[str]]:
    currency, total = bill.currency, Money(bill.amount, bill.currency)
    zero = str(Money(Decimal(0), currency))
    if made["charged"] is None:
        return [[_("All areas"), "1", str(total), str(total)]]
    rows = []
    if made["free"]:
        rows.append([_("Areas free of charge"), str(made["free"]), zero, zero])
    if made["charged"] and made["each"]:
        each = Money(Decimal(made["each"]), currency)
        single = Money(each.amount * made["charged"], currency)
        word = _("Areas, price of the second half of the year") if made["late"] else _("Areas")
        rows.append([word, str(made["charged"]), str(each), str(single)])
        if made["capped"]:
            less = Money(total.amount - single.amount, currency)
            rows.append([_("Less: a year costs at most the price of all areas"), "", "", str(less)])
    return rows


def _total_word(bill: Bill) -> str:
    return {
        Bill.Kind.INVOICE: _("To be paid"),
        Bill.Kind.RECEIPT: _("Received with thanks"),
        Bill.Kind.CREDIT: _("Credited"),
    }[Bill.Kind(bill.kind)]


def _after(data: Mapping[str, Any], bill: Bill, total: str) -> list[dict[str, Any]]:
    if bill.kind != Bill.Kind.INVOICE:
        return [{"kind": "facts", "rows": [[_("Law"), data["breakdown"]["citation"]]]}]
    blocks: list[dict[str, Any]] = [{"kind": "heading", "text": _("How to pay")}]
    if data["bank"]:
        blocks.append({"kind": "notice", "text": _(
            "Transfer %(total)s and write %(number)s as the reference, and nothing else; without it the payment cannot be "
            "assigned by itself. It can be paid in parts, and what is too much stands as credit.")
            % {"total": total, "number": bill.number}})  # fmt: skip
        blocks.append(
            {"kind": "facts", "rows": [[_("Account"), "\n".join(data["bank"])], [_("Payment reference"), bill.number]]}
        )
    else:
        blocks.append({"kind": "text", "text": _("Sign in and open the order to pay it.")})
    blocks.append({"kind": "text", "text": _(
        "Access begins as soon as all of it is paid. The year runs twelve months from the first day of the month of "
        "payment.")})  # fmt: skip
    blocks.append({"kind": "facts", "rows": [[_("Law"), data["breakdown"]["citation"]]]})
    return blocks


def _day(text: str) -> date:
    return date.fromisoformat(text)
