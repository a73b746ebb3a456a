"""The models of the room, where Django looks for them.

Orders and subscriptions stand in :mod:`.order_models`; money, which knows those, in :mod:`.money_models`.
"""

from __future__ import annotations

from quietline.web.subscriptions.money_models import (
    BankFile,
    Bill,
    BillCounter,
    JournalEntry,
    JournalLine,
    Payment,
    Refund,
)
from quietline.web.subscriptions.order_models import ListSize, Order, SubscribedArea, Subscription

__all__ = [
    "BankFile",
    "Bill",
    "BillCounter",
    "JournalEntry",
    "JournalLine",
    "ListSize",
    "Order",
    "Payment",
    "Refund",
    "SubscribedArea",
    "Subscription",
]
