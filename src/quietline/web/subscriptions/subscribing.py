"""Begin and end access: what follows from an order that is paid, or paid back."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db.models import Sum

from quietline.errors import ConflictError
from quietline.web.subscriptions.models import Order, SubscribedArea, Subscription
from quietline.web.subscriptions.money_models import Refund
from quietline.web.subscriptions.prices import MONTHS, month_start, months_after

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["RENEWAL_DAYS", "activate", "check_can_begin", "end_access", "may_renew", "paid_for"]


def check_can_begin(order: Order, *, on: date) -> None:
    """Refuse an order that would give nothing any more: areas added to a year that is over.

    Raises:
        ConflictError: ``order.over``.
    """
    if order.kind != Order.Kind.ADDITION:
        return
    year = order.subscription
    if year is None or not year.runs(on):
        raise ConflictError(
            "The year that these areas belong to is over.", advice="Order them with the new year.", code="order.over"
        )  # fmt: skip


def activate(order: Order, *, on: date, at: datetime) -> Subscription:
    """Open the access that an order pays for; must run in the transaction of the payment.

    Args:
        order: held by the transaction.
        on: the day of payment.
        at: now.

    Raises:
        ConflictError: ``order.over``.
    """
    check_can_begin(order, on=on)
    if order.kind == Order.Kind.ADDITION and order.subscription is not None:
        year, since = order.subscription, on
    else:
        since = _first_day(order, on)
        year = Subscription.objects.create(
            organisation=order.organisation, country=order.country, from_date=since,
            until_date=months_after(since, MONTHS), created_at=at,
        )  # fmt: skip
        Order.objects.filter(pk=order.pk).update(subscription=year)
        order.subscription = year
    if order.all_areas:
        Subscription.objects.filter(pk=year.pk).update(all_since_date=since)
    standing = set(SubscribedArea.objects.filter(subscription=year, ended_date=None).values_list("area", flat=True))
    SubscribedArea.objects.bulk_create(
        SubscribedArea(subscription=year, area=area, since_date=since, order=order)
        for area in sorted(set(order.areas) - standing)
    )
    return year


def _first_day(order: Order, on: date) -> date:
    """A year begins with the month of payment; a renewal that is paid in time begins where the old year ends."""
    last = (
        Subscription.objects.filter(organisation=order.organisation, country=order.country, ended_date=None)
        .order_by("-until_date")
        .first()
    )
    first = month_start(on)
    return last.until_date if last is not None and last.until_date > first else first


def end_access(order: Order, *, on: date) -> None:
    """End the access that an order opened, from a day on; must run in the transaction of the refund."""
    year = order.subscription
    if year is None:
        return
    if order.kind == Order.Kind.ADDITION:
        SubscribedArea.objects.filter(order=order, ended_date=None).update(ended_date=on)
        if order.all_areas:
            Subscription.objects.filter(pk=year.pk).update(all_since_date=None)
    else:
        Subscription.objects.filter(pk=year.pk, ended_date=None).update(ended_date=max(on, year.from_date))


def paid_for(subscription: Subscription) -> Decimal:
    """Give what was paid for a year so far, less what was paid back."""
    orders = Order.objects.filter(subscription=subscription, state__in=(Order.State.PAID, Order.State.REFUNDED))
    paid = orders.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
    back = Refund.objects.filter(order__in=orders).aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
    return Decimal(paid) - Decimal(back)


RENEWAL_DAYS = 60
"""So many days before its end a year can be renewed."""


def may_renew(subscription: Subscription, *, on: date) -> bool:
    """Say whether a year that runs is near enough to its end to be renewed."""
    return on >= subscription.until_date - timedelta(days=RENEWAL_DAYS)
