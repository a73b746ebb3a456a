"""Payment by card on a page of the gateway: people are led there, and a signed notice comes back.

No card is ever seen here. People leave by a link to the hosted page with these parameters: ``reference`` (of the order),
``amount`` (plain decimal), ``currency``, ``back`` (where the gateway leads them afterwards) and ``signature``, the
HMAC-SHA-256 in hexadecimal of the first four, each followed by a line feed. What became of it comes by a notice to
``/subscriptions/card/notice/``, signed as Standard Webhooks has it (https://www.standardwebhooks.com)::

    {"type": "payment.succeeded",
     "data": {"payment": "pay_7F3K", "reference": "QL-S-48219345-4", "amount": "50.00", "currency": "EUR",
              "day": "2026-11-22"}}

``payment.failed`` changes nothing. A notice may come any number of times. Most gateways speak otherwise; a small program
between them and this room translates.

The sandbox is such a gateway inside the platform, in the demonstration only.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils.crypto import salted_hmac
from standardwebhooks import Webhook, WebhookVerificationError

from quietline.errors import NotProvenError, OperationError
from quietline.law.money import CURRENCIES, Money
from quietline.web.subscriptions.journal import open_amount
from quietline.web.subscriptions.models import Order
from quietline.web.subscriptions.money_models import Payment
from quietline.web.subscriptions.paying import take_payment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

__all__ = ["CardGateway", "HostedPage", "Sandbox", "card_gateway", "take_notice"]

MOST_BYTES = 65_536
"""A notice has no more bytes."""


class CardGateway(Protocol):
    """What takes payments by card."""

    def address(self, order: Order) -> str:
        """Give the address of the page on which an order is paid."""
        ...

    def check_notice(self, body: bytes, headers: Mapping[str, str]) -> Any:
        """Give what a notice says, when it is really from the gateway; else raise :class:`NotProvenError`."""
        ...


@dataclass(frozen=True, slots=True)
class HostedPage:
    """A gateway that speaks as described above.

    Attributes:
        url: of its page.
        secret: shared with it.
    """

    url: str
    secret: bytes

    def address(self, order: Order) -> str:
        """Give the address of the page on which an order is paid."""
        back = settings.BASE_URL + reverse("subscriptions:order", args=[order.organisation.code, order.reference])
        given = {
            "reference": order.reference, "amount": Money(open_amount(order), order.currency).plain(),
            "currency": order.currency,
            "back": back,
        }  # fmt: skip
        return f"{self.url}?{urlencode({**given, 'signature': self.signature(given)})}"

    def signature(self, given: Mapping[str, str]) -> str:
        """Sign what people carry to the page."""
        words = "".join(f"{given.get(name, '')}\n" for name in ("reference", "amount", "currency", "back"))
        return hmac.new(self.secret, words.encode(), sha256).hexdigest()

    def check_notice(self, body: bytes, headers: Mapping[str, str]) -> Any:
        """Give what a notice says.

        Raises:
            NotProvenError: ``card.signature``: it is not signed with the secret, or older than five minutes.
            OperationError: ``card.notice``: it is no JSON, or too long.
        """
        if len(body) > MOST_BYTES:
            raise OperationError("The notice is too long.", code="card.notice")
        try:
            Webhook(self.secret).verify(body, dict(headers), json_parse=False)
        except (WebhookVerificationError, ValueError) as error:
            raise NotProvenError(
                "This notice is not signed with our secret, or it is too old.",
                advice="Sign it as Standard Webhooks has it, and send it within five minutes.",
                code="card.signature",
            ) from error
        try:
            return json.loads(body)
        except ValueError as error:
            raise OperationError("The notice is no JSON.", code="card.notice") from error


class Sandbox(HostedPage):
    """The gateway of the demonstration: its page is one of ours, and no money moves."""


def card_gateway() -> HostedPage | None:
    """Give the gateway of this installation; None where cards are not taken."""
    environment = settings.ENVIRONMENT
    if environment.card_url and environment.card_secret:
        return HostedPage(environment.card_url, environment.card_secret.encode())
    if environment.is_demonstration:
        secret = salted_hmac("quietline.web.subscriptions.sandbox", "", algorithm="sha256").digest()
        return Sandbox(settings.BASE_URL + reverse("subscriptions:sandbox"), secret)
    return None


def take_notice(*, body: bytes, headers: Mapping[str, str], at: datetime) -> Payment | None:
    """Book what a notice tells of; the same notice again changes nothing.

    Money for an order that is not there, is paid already, or costs something else is booked all the same, among the payments
    that are not assigned.

    Returns:
        The payment; None where there was none.

    Raises:
        NotProvenError: ``card.none``: cards are not taken here; ``card.signature``.
        OperationError: ``card.notice``: it does not say what it must.
        ConflictError: ``payment.other``.
    """
    gateway = card_gateway()
    if gateway is None:
        raise NotProvenError("Cards are not taken here.", code="card.none")
    said = gateway.check_notice(body, headers)
    kind = said.get("type") if isinstance(said, dict) else None
    if kind != "payment.succeeded":
        return None
    payment, reference, money, day = _read(said.get("data"))
    order = Order.objects.filter(reference=reference).first()
    booked, _is_new = take_payment(
        gateway=Payment.Gateway.CARD, reference=payment, money=money, day=day, text=reference, order=order, at=at
    )
    return booked


def _read(data: Any) -> tuple[str, str, Money, date]:
    try:
        payment, reference, currency = (data[name] for name in ("payment", "reference", "currency"))
        amount, day = Decimal(data["amount"]), date.fromisoformat(data["day"])
        fits = (
            all(isinstance(text, str) and 0 < len(text) <= 64 for text in (payment, reference))
            and isinstance(data["amount"], str)  # a number of JSON may have been a float on its way
            and currency in CURRENCIES
            and amount.is_finite()
            and 0 < amount < Decimal(10) ** 12
            and amount == amount.quantize(Decimal("0.01"))
        )
    except (KeyError, TypeError, ValueError, InvalidOperation):
        fits = False
    if not fits:
        raise OperationError(
            "The notice does not say which payment it is, for which order, how much and when.",
            advice="Send payment, reference, amount, currency and day, all as text.",
            code="card.notice",
        )
    return payment, reference, Money(amount.quantize(Decimal("0.01")), currency), day
