"""Ask which areas an organisation has paid for, how long its lists may be, and what it ordered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q

from quietline.web.subscriptions.areas import area_name, areas_of, numbers_of
from quietline.web.subscriptions.exempt import is_exempt
from quietline.web.subscriptions.models import ListSize, Order, SubscribedArea, Subscription

if TYPE_CHECKING:
    from datetime import date

    from django.db.models import QuerySet

    from quietline.web.accounts.models import Organisation

__all__ = [
    "UNDECLARED",
    "area_names",
    "current_subscription",
    "declared_size",
    "held_areas",
    "list_size",
    "next_subscription",
    "open_order",
    "orders_of",
    "paid_areas",
    "subscriptions_of",
]

UNDECLARED = 100_000
"""Length of the lists of an organisation that has not said how long they are."""


def area_names(country: str) -> dict[str, str]:
    """Name the areas of a country in the reader's language, in the order of their codes.

    Args:
        country: ISO 3166, upper case.
    """
    return {area.code: area_name(area) for area in areas_of(country.upper())}


def paid_areas(organisation: Organisation, *, country: str, on: date) -> frozenset[str] | None:
    """Give the areas that an organisation has access to by its subscription on a day.

    Areas that were free count like paid ones, once they were chosen. Whether the organisation may act at all is not asked
    here.

    Args:
        organisation: whose subscription; for a telemarketer that acts for a client, the client.
        country: ISO 3166.
        on: the day.

    Returns:
        Areas as in :mod:`quietline.web.publishing.areas`; None stands for all; empty where there is no subscription.
    """
    country = country.upper()
    if is_exempt(organisation):
        return None
    running = [found for found in _running(organisation, on) if found.country == country]
    if any(found.all_since_date is not None and found.all_since_date <= on for found in running):
        return None
    return frozenset(_areas(running, on))


def list_size(organisation: Organisation, *, on: date) -> int:
    """Give how many distinct numbers an organisation may ask about in its subscription year.

    It is what the organisation declared, but never more than its areas can hold; 0 without a subscription.

    Args:
        organisation: whose subscription.
        on: the day.
    """
    declared = declared_size(organisation)
    if is_exempt(organisation):
        return declared
    running = _running(organisation, on)
    room = sum(numbers_of(area) for area in set(_areas(running, on)))
    for found in running:
        if found.all_since_date is not None and found.all_since_date <= on:
            room += sum(numbers_of(area.code) for area in areas_of(found.country))
    return min(declared, room)


def declared_size(organisation: Organisation) -> int:
    """Give how long an organisation says its lists are; :data:`UNDECLARED` where it has not said."""
    newest = ListSize.objects.filter(organisation=organisation).order_by("-at", "-pk").values_list("size", flat=True).first()
    return UNDECLARED if newest is None else int(newest)


def _running(organisation: Organisation, on: date) -> list[Subscription]:
    return list(
        Subscription.objects.filter(
            Q(ended_date=None) | Q(ended_date__gt=on), organisation=organisation, from_date__lte=on, until_date__gt=on
        )
    )


def _areas(running: list[Subscription], on: date) -> list[str]:
    if not running:
        return []
    return list(
        SubscribedArea.objects.filter(
            Q(ended_date=None) | Q(ended_date__gt=on), subscription__in=running, since_date__lte=on
        ).values_list("area", flat=True)
    )


def current_subscription(organisation: Organisation, *, country: str, on: date) -> Subscription | None:
    """Give the subscription that runs on a day, or None."""
    running = [found for found in _running(organisation, on) if found.country == country.upper()]
    return max(running, key=lambda found: found.from_date, default=None)


def next_subscription(organisation: Organisation, *, country: str, on: date) -> Subscription | None:
    """Give the renewal that is paid already and begins later, or None."""
    later = Subscription.objects.filter(
        organisation=organisation, country=country.upper(), from_date__gt=on, ended_date=None
    )  # fmt: skip
    return later.order_by("from_date").first()


def held_areas(subscription: Subscription) -> frozenset[str]:
    """Give the areas that belong to a subscription, chosen one by one."""
    found = SubscribedArea.objects.filter(subscription=subscription, ended_date=None)
    return frozenset(found.values_list("area", flat=True))


def subscriptions_of(organisation: Organisation) -> QuerySet[Subscription]:
    """Give all subscriptions of an organisation, the newest first."""
    return Subscription.objects.filter(organisation=organisation).order_by("-from_date", "-pk")


def orders_of(organisation: Organisation) -> QuerySet[Order]:
    """Give all orders of an organisation, the newest first."""
    return Order.objects.filter(organisation=organisation).order_by("-created_at", "-pk")


def open_order(organisation: Organisation, *, country: str) -> Order | None:
    """Give the order that waits for payment; there is one at most."""
    return Order.objects.filter(organisation=organisation, country=country.upper(), state=Order.State.OPEN).first()
