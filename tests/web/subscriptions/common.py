"""What the tests of this room share beside fixtures."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from quietline.law.money import Money

AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
ON = date(2026, 11, 22)
AREAS = ("1201", "1202", "1203", "1205", "1206", "1207", "1208")


def at(year, month, day, hour=9):
    """A moment."""
    return datetime(year, month, day, hour, tzinfo=UTC)


def euros(amount):
    """An amount in the currency of the demonstration's fee book."""
    return Money(Decimal(amount).quantize(Decimal("0.01")), "EUR")


def order(organisation, areas=AREAS[:4], *, moment=AT, by=None, all_areas=False, renews=False, expected=None, country="US"):
    """Order areas; four of them cost one times EUR 50, since three are free."""
    from quietline.web.subscriptions.ordering import place_order

    return place_order(
        organisation=organisation, country=country, areas=areas, all_areas=all_areas, renews=renews, list_size=5000,
        expected=expected, by=by, at=moment,
    )  # fmt: skip


def pay(placed, *, moment=AT, reference=None, money=None, gateway="card"):
    """Pay an order, as the gateway or the bank says it."""
    from quietline.web.subscriptions.money_models import Payment
    from quietline.web.subscriptions.paying import take_payment

    return take_payment(
        gateway=Payment.Gateway(gateway), reference=reference or f"pay-{placed.reference}",
        money=money or Money(placed.amount, placed.currency), day=moment.date(), text="", order=placed, at=moment,
    )  # fmt: skip


def balance(account):
    """Debits less credits of an account."""
    from quietline.web.subscriptions.journal import balances

    return sum((row.amount for row in balances() if row.account == account), Decimal(0))


def settle_constraints():
    """Have the database check now what it checks when a transaction ends."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
