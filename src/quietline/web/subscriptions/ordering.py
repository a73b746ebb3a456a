"""Order areas: quote, order, invoice; cancel what was not paid. Each is one transaction and leaves its proof."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from quietline.errors import ConflictError, NotProvenError, OperationError
from quietline.web.accounts import queries as accounts
from quietline.web.accounts.changes import held
from quietline.web.accounts.codes import check_digit
from quietline.web.accounts.models import Role
from quietline.web.proofs.operations import write_leaves
from quietline.web.sellers.queries import AGENTS
from quietline.web.subscriptions import queries
from quietline.web.subscriptions.areas import areas_of
from quietline.web.subscriptions.billing import invoice_of, write_bill
from quietline.web.subscriptions.exempt import is_exempt
from quietline.web.subscriptions.journal import Account, Act, book, take_turn
from quietline.web.subscriptions.letters import write_to
from quietline.web.subscriptions.models import ListSize, Order
from quietline.web.subscriptions.money_models import Bill
from quietline.web.subscriptions.prices import Areas, Quote, addition_price, subscription_price
from quietline.web.subscriptions.settling import close, release, use_credits
from quietline.web.subscriptions.subscribing import activate, may_renew, paid_for

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date, datetime

    from quietline.law.money import Money
    from quietline.web.accounts.models import Organisation, Person
    from quietline.web.subscriptions.models import Subscription

__all__ = [
    "DUE_DAYS",
    "MOST_NUMBERS",
    "Offer",
    "cancel_order",
    "check_represents",
    "declare_list_size",
    "expire_orders",
    "offer",
    "place_order",
]

DUE_DAYS = 30
"""In so many days an invoice is to be paid."""
_GRACE = timedelta(days=14)
MOST_NUMBERS = 10_000_000_000
"""No list is longer: there are no more telephone numbers."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What an order would be.

    Attributes:
        kind: of the order.
        quote: what it costs.
        new_areas: those that it adds; empty where it is for all.
        subscription: the year that it adds to, or that it renews; None for a first year.
    """

    kind: Order.Kind
    quote: Quote
    new_areas: frozenset[str]
    subscription: Subscription | None


def check_represents(by: Person | None, organisation: Organisation) -> None:
    """Refuse who may not order in an organisation's name; None is the platform itself, which may.

    Raises:
        NotProvenError: ``order.no-right``.
    """
    if by is not None and not accounts.may_act(by, organisation, roles=(Role.REPRESENTATIVE,)):
        raise NotProvenError(
            "Only representatives of an organisation that may act can order, cancel and pay.",
            advice="Ask one of them.",
            code="order.no-right",
        )


def offer(
    *, organisation: Organisation, country: str, areas: Collection[str], all_areas: bool, renews: bool, on: date
) -> Offer:  # fmt: skip
    """Say what areas would cost, without ordering anything.

    Args:
        organisation: for whom.
        country: ISO 3166.
        areas: as in :mod:`quietline.web.publishing.areas`; for a year that runs, those that are held already are left out.
        all_areas: all areas, also those that the country gets later.
        renews: the next year rather than more areas for this one.
        on: today.

    Raises:
        OperationError: ``order.exempt``, ``order.agent``, ``order.no-areas``, ``order.unknown-area``, ``fees.none``,
            ``fees.undetermined``.
        ConflictError: ``order.nothing-new`` (held already), ``order.too-early`` to renew, ``order.renewed`` already.
    """
    country = country.upper()
    _check_wanted(organisation, country, areas, all_areas)
    year = queries.current_subscription(organisation, country=country, on=on)
    if year is None or renews:
        if year is not None:
            _check_renewal(organisation, year, country, on)
        wanted = _all_wanted(country, on) if all_areas else len(set(areas))
        kind = Order.Kind.NEW if year is None else Order.Kind.RENEWAL
        return Offer(kind, subscription_price(country, areas=wanted, on=on), frozenset(areas), year)
    has = queries.held_areas(year)
    more = frozenset(areas) - has
    if year.all_since_date is not None or not (more or all_areas):
        raise ConflictError(
            "These areas belong to the subscription already.", advice="Choose others.", code="order.nothing-new"
        )  # fmt: skip
    room = sum(area.code not in has for area in areas_of(country))
    quote = addition_price(
        country, held=max(1, len(has)), added="all" if all_areas else len(more), room=room, paid=paid_for(year),
        from_date=year.from_date, on=on,
    )  # fmt: skip
    return Offer(Order.Kind.ADDITION, quote, more, year)


def _all_wanted(country: str, on: date) -> Areas:
    """In a country with few areas, all of them one by one can cost less than the most that any number costs."""
    count = len(areas_of(country))
    singly = subscription_price(country, areas=count, on=on)
    return count if singly.maximum is not None and singly.amount.amount < singly.maximum.amount else "all"


def _check_wanted(organisation: Organisation, country: str, areas: Collection[str], all_areas: bool) -> None:
    if is_exempt(organisation):
        raise OperationError(
            "An exempt body has access to all areas and pays nothing.",
            advice="Nothing has to be ordered.",
            code="order.exempt",
        )
    if organisation.kind in AGENTS:
        raise OperationError(
            "Who calls for others uses the areas of each client; a fee may not be shared between clients.",
            advice="Ask the client to subscribe to the areas.",
            code="order.agent",
        )
    if not areas and not all_areas:
        raise OperationError("No area was chosen.", advice="Choose at least one, or all.", code="order.no-areas")
    if set(areas) - {area.code for area in areas_of(country)}:
        raise OperationError("One of the areas does not exist.", advice="Choose again.", code="order.unknown-area")


def _check_renewal(organisation: Organisation, year: Subscription, country: str, on: date) -> None:
    if queries.next_subscription(organisation, country=country, on=on) is not None:
        raise ConflictError("The next year is paid already.", code="order.renewed")
    if not may_renew(year, on=on):
        raise ConflictError("It is too early to renew.", advice="Wait until 60 days before the end.", code="order.too-early")


@transaction.atomic
def place_order(
    *, organisation: Organisation, country: str, areas: Collection[str], all_areas: bool, renews: bool, list_size: int,
    expected: Money | None, by: Person | None, at: datetime,
) -> Order:  # fmt: skip
    """Order areas, and write the invoice; what costs nothing, or is paid by credit from before, begins at once.

    Args:
        organisation: for whom.
        country: ISO 3166.
        areas: what is wanted.
        all_areas: all of them instead.
        renews: the next year rather than more areas for this one.
        list_size: how many different numbers the organisation will ask about in a year.
        expected: the price that was shown to the person; None where none was.
        by: who; None for the platform itself.
        at: now; the price is that of its day in UTC.

    Raises:
        OperationError: as :func:`offer`, and ``order.list-size``.
        NotProvenError: ``order.no-right``.
        ConflictError: as :func:`offer`; ``order.open``: another one waits; ``order.price-changed``.
    """
    check_represents(by, organisation)
    take_turn()
    organisation = held(organisation)
    on = at.astimezone(UTC).date()
    country = country.upper()
    if queries.open_order(organisation, country=country) is not None:
        raise ConflictError(
            "An order of this organisation waits for payment.", advice="Pay it or cancel it first.", code="order.open"
        )  # fmt: skip
    found = offer(
        organisation=organisation, country=country, areas=areas, all_areas=all_areas, renews=renews, on=on
    )  # fmt: skip
    quote = found.quote
    if expected is not None and expected != quote.amount:
        raise ConflictError(
            "The price has changed since it was shown.", advice="Look at it again.", code="order.price-changed"
        )  # fmt: skip
    declare_list_size(organisation=organisation, size=list_size, by=by, at=at)
    order = Order.objects.create(
        reference=_free_reference(), organisation=organisation, country=country, kind=found.kind,
        subscription=found.subscription if found.kind == Order.Kind.ADDITION else None,
        areas=[] if all_areas else sorted(found.new_areas), all_areas=all_areas, list_size=list_size,
        amount=quote.amount.amount, currency=quote.amount.currency, on_date=on, due_date=_due(found, on),
        fee_book=quote.book, breakdown=quote.breakdown(), created_by=by, created_at=at,
    )  # fmt: skip
    write_leaves("order", [order], at=at)
    if order.amount == 0:
        close(order, Order.State.PAID, at=at)
        activate(order, on=on, at=at)
    else:
        _invoice(order, at)
    return order


def _due(found: Offer, on: date) -> date:
    due = on + timedelta(days=DUE_DAYS)
    if found.kind == Order.Kind.ADDITION and found.subscription is not None:
        return min(due, found.subscription.until_date - timedelta(days=1))
    return due


def _invoice(order: Order, at: datetime) -> None:
    bill = write_bill(Bill.Kind.INVOICE, order, amount=order.amount, at=at)
    book(
        Act.INVOICED, debit=Account.RECEIVABLE, credit=Account.FEES, amount=order.amount, currency=order.currency,
        order=order, bill=bill, at=at,
    )  # fmt: skip
    facts = {"reference": bill.number, "until_day": order.due_date.isoformat()}
    write_to(order.organisation, "invoice", facts=facts, at=at)
    use_credits(order, at=at)


@transaction.atomic
def cancel_order(*, order: Order, by: Person | None, at: datetime) -> Order:
    """Cancel an order that was not paid, with a credit note for its invoice; what was paid of it becomes credit.

    Raises:
        NotProvenError: ``order.no-right``.
        ConflictError: ``order.closed``: it is paid or cancelled already.
    """
    check_represents(by, order.organisation)
    take_turn()
    locked = Order.objects.select_for_update().get(pk=order.pk)
    if locked.state != Order.State.OPEN:
        raise ConflictError("This order is paid or cancelled already.", code="order.closed")
    close(locked, Order.State.CANCELLED, at=at)
    invoice = invoice_of(locked)
    if invoice is not None:
        credit = write_bill(Bill.Kind.CREDIT, locked, amount=locked.amount, of=invoice, at=at)
        book(
            Act.CANCELLED, debit=Account.FEES, credit=Account.RECEIVABLE, amount=locked.amount, currency=locked.currency,
            order=locked, bill=credit, by=by, at=at,
        )  # fmt: skip
        release(locked, by=by, at=at)
    return locked


def expire_orders(*, at: datetime) -> int:
    """Cancel orders that were not paid two weeks after they were due; give how many."""
    on = at.astimezone(UTC).date()
    waiting = Order.objects.filter(state=Order.State.OPEN)
    late = waiting.filter(due_date__lt=on - _GRACE) | waiting.filter(
        kind=Order.Kind.ADDITION, subscription__until_date__lte=on
    )  # fmt: skip
    count = 0
    for order in late.distinct():
        try:
            cancel_order(order=order, by=None, at=at)
            count += 1
        except ConflictError:  # paid, or cancelled by another worker, a moment ago
            continue
    return count


@transaction.atomic
def declare_list_size(*, organisation: Organisation, size: int, by: Person | None, at: datetime) -> None:
    """Say how many different numbers an organisation will ask about in a year; the same figure again writes nothing.

    Raises:
        OperationError: ``order.list-size``: it is below 1 or above :data:`MOST_NUMBERS`.
        NotProvenError: ``order.no-right``.
    """
    check_represents(by, organisation)
    if not 1 <= size <= MOST_NUMBERS:
        raise OperationError(
            f"A list has 1 to {MOST_NUMBERS} numbers.", advice="Give about how many different numbers you will ask about.",
            code="order.list-size",
        )  # fmt: skip
    newest = ListSize.objects.filter(organisation=organisation).order_by("-at", "-pk").first()
    if newest is None or newest.size != size:
        write_leaves("listsize", [ListSize.objects.create(organisation=organisation, size=size, by=by, at=at)], at=at)


def _free_reference() -> str:
    """Make a public reference of an order, ``QL-S-48219345-4``, that tells nobody how many there are."""
    while True:
        digits = str(10_000_000 + secrets.randbelow(90_000_000))
        reference = f"QL-S-{digits}-{check_digit(digits)}"
        if not Order.objects.filter(reference=reference).exists():
            return reference
