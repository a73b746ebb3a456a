"""Tables of the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.urls import reverse
from django.utils.translation import gettext as _

from quietline.law.money import Money
from quietline.web.base.words import as_day
from quietline.web.subscriptions.models import Order
from quietline.web.subscriptions.money_models import Bill

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quietline.web.accounts.models import Organisation

__all__ = ["TONES", "bill_rows", "order_columns", "order_rows"]

TONES = {
    Order.State.OPEN: "waiting", Order.State.PAID: "good", Order.State.CANCELLED: "bad", Order.State.REFUNDED: "bad",
}  # fmt: skip
"""How a state looks."""


def order_columns(*, with_organisation: bool = False) -> list[Any]:
    """Give the columns of a table of orders."""
    columns: list[Any] = [
        _("Order"), _("Kind"), _("Country"), _("Ordered on"), {"label": _("Amount"), "is_figure": True}, _("State"),
    ]  # fmt: skip
    if with_organisation:
        columns.insert(1, _("Organisation"))
    return columns


def order_rows(orders: Iterable[Order], *, with_organisation: bool = False) -> list[list[Any]]:
    """Give the rows of a table of orders, each with a link to its page."""
    rows: list[list[Any]] = []
    for order in orders:
        row: list[Any] = [
            {"text": order.reference,
             "url": reverse("subscriptions:order", args=[order.organisation.code, order.reference])},
            order.get_kind_display(), order.country, as_day(order.on_date), str(Money(order.amount, order.currency)),
            {"text": order.get_state_display(), "tone": TONES[Order.State(order.state)]},
        ]  # fmt: skip
        if with_organisation:  # who is of the authority may not see the organisation's own page
            row[0] = order.reference
            row.insert(1, f"{order.organisation.name} ({order.organisation.code})")
        rows.append(row)
    return rows


def bill_rows(organisation: Organisation, *, order: Order | None = None) -> list[dict[str, Any]]:
    """Give bills for a table, the newest first: number, kind, day, amount, addresses of both papers."""
    found = Bill.objects.filter(order__organisation=organisation).order_by("-at", "-pk")
    if order is not None:
        found = found.filter(order=order)
    return [
        {
            "number": bill.number, "kind": bill.get_kind_display(), "at": bill.at,
            "amount": str(Money(bill.amount, bill.currency)),
            "en": reverse("subscriptions:bill", args=[organisation.code, bill.number, "en"]),
            "zh": reverse("subscriptions:bill", args=[organisation.code, bill.number, "zh"]),
        }
        for bill in found[:100]
    ]  # fmt: skip
