"""Pages of an organisation: what it has, choosing areas, orders and bills. They only translate and call operations."""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from quietline.errors import OperationError
from quietline.law.money import Money
from quietline.web.accounts.models import Organisation
from quietline.web.accounts.requests import organisation_of, person_of
from quietline.web.accounts.rules import manages_organisation
from quietline.web.base.clock import now
from quietline.web.base.csv_answers import csv_answer
from quietline.web.sellers.forms import country_name
from quietline.web.sellers.queries import AGENTS
from quietline.web.subscriptions import ordering, queries
from quietline.web.subscriptions.areas import area_name, areas_of, short_code
from quietline.web.subscriptions.billing import invoice_of
from quietline.web.subscriptions.choosing import chosen_areas, groups_of, unknown_codes
from quietline.web.subscriptions.exempt import is_exempt
from quietline.web.subscriptions.forms import ListSizeForm
from quietline.web.subscriptions.gateways import card_gateway
from quietline.web.subscriptions.journal import open_amount
from quietline.web.subscriptions.models import Order
from quietline.web.subscriptions.money_models import Bill
from quietline.web.subscriptions.papers_of import LANGUAGES, bill_pdf
from quietline.web.subscriptions.settling import paid_by
from quietline.web.subscriptions.subscribing import may_renew
from quietline.web.subscriptions.tables import TONES, bill_rows, order_columns, order_rows
from quietline.web.subscriptions.wording import price_lines, refusal

if TYPE_CHECKING:
    from datetime import date

    from django.http import HttpRequest

    from quietline.web.subscriptions.ordering import Offer


def _country(country: str) -> str:
    if country not in settings.ENVIRONMENT.countries:
        raise Http404
    return country


def today() -> date:
    """Give the day of today, in UTC."""
    return now().astimezone(UTC).date()


@require_safe
def home(request: HttpRequest, code: str) -> HttpResponse:
    """Show what an organisation has, country by country, its orders and its bills."""
    found, on = organisation_of(code), today()
    manages = manages_organisation(request) is None
    context = {
        "organisation": found, "manages": manages, "is_exempt": is_exempt(found), "is_agent": found.kind in AGENTS,
        "countries": [_standing(found, country, on) for country in settings.ENVIRONMENT.countries],
        "declared": queries.declared_size(found), "allowed": queries.list_size(found, on=on),
        "form": ListSizeForm(initial={"list_size": queries.declared_size(found)}),
        "columns": order_columns(), "rows": order_rows(queries.orders_of(found)[:50]), "bills": bill_rows(found),
    }  # fmt: skip
    return render(request, "subscriptions/home.html", context)


def _standing(organisation: Organisation, country: str, on: date) -> dict[str, Any]:
    year = queries.current_subscription(organisation, country=country, on=on)
    following = queries.next_subscription(organisation, country=country, on=on)
    return {
        "code": country, "name": country_name(country), "year": year, "next": following,
        "areas": 0 if year is None else len(queries.held_areas(year)),
        "days": None if year is None else (year.until_date - on).days,
        "open": queries.open_order(organisation, country=country),
        "may_renew": year is not None and following is None and may_renew(year, on=on),
        "may_add": year is not None and year.all_since_date is None,
    }  # fmt: skip


@require_POST
def list_size(request: HttpRequest, code: str) -> HttpResponse:
    """Say how long one's lists are."""
    form = ListSizeForm(request.POST)
    if form.is_valid():
        try:
            ordering.declare_list_size(
                organisation=organisation_of(code), size=form.cleaned_data["list_size"], by=person_of(request), at=now()
            )
        except OperationError as error:
            messages.error(request, refusal(error))
        else:
            messages.success(request, _("Your figure is saved."))
    else:
        messages.error(request, _("Give a whole number of 1 or more."))
    return redirect("subscriptions:home", code=code)


@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest, code: str, country: str) -> HttpResponse:
    """Choose areas, see the price, order."""
    found, country, on = organisation_of(code), _country(country), today()
    year = queries.current_subscription(found, country=country, on=on)
    renews = year is not None and "renew" in request.GET
    held = frozenset[str]() if year is None or renews else queries.held_areas(year)
    data = request.POST
    if request.method == "POST":
        chosen, everything = chosen_areas(country, data), "all" in data
    else:
        chosen = queries.held_areas(year) if year is not None and renews else frozenset()
        everything = bool(renews and year is not None and year.all_since_date)
    form = ListSizeForm(data if data.get("do") == "order" else None, initial=_list_size_so_far(found, data))
    shown, error = _offer(found, country, chosen, everything, renews, on) if chosen or everything else (None, None)
    if data.get("do") == "order" and form.is_valid() and error is None and not unknown_codes(country, data):
        try:
            placed = ordering.place_order(
                organisation=found, country=country, areas=chosen, all_areas=everything, renews=renews,
                list_size=form.cleaned_data["list_size"], expected=_expected(data), by=person_of(request), at=now(),
            )  # fmt: skip
        except OperationError as refused:
            error = refused
        else:
            return redirect("subscriptions:order", code=code, reference=placed.reference)
    groups, unknown = groups_of(country, chosen=chosen, held=held), unknown_codes(country, data)
    context = {
        "organisation": found, "country": country, "country_name": country_name(country), "year": year, "renews": renews,
        "groups": groups, "tiles": [group for group in groups if group.row], "everything": everything, "form": form,
        "regions_before": ",".join(group.code for group in groups if group.code and group.is_whole and not group.is_held),
        "total": len(areas_of(country)), "held": len(held), "unknown": unknown,
        "list_is_open": any(group.is_open or not group.row for group in groups if group.code) or len(groups) == 1,
        **_price(shown, error),
    }  # fmt: skip
    failed = bool(unknown) or error is not None or (form.is_bound and not form.is_valid())
    return render(request, "subscriptions/choose.html", context, status=422 if failed else 200)


@require_POST
def price(request: HttpRequest, code: str, country: str) -> HttpResponse:
    """Give the price of what is ticked, as a part of the page: for the script of the page of areas."""
    found, country, on = organisation_of(code), _country(country), today()
    renews = "renew" in request.GET
    chosen, everything = chosen_areas(country, request.POST), "all" in request.POST
    shown, error = _offer(found, country, chosen, everything, renews, on) if chosen or everything else (None, None)
    return render(request, "subscriptions/_price.html", _price(shown, error))


def _offer(
    found: Organisation, country: str, chosen: frozenset[str], everything: bool, renews: bool, on: date
) -> tuple[Offer | None, OperationError | None]:  # fmt: skip
    try:
        made = ordering.offer(
            organisation=found, country=country, areas=chosen, all_areas=everything, renews=renews, on=on
        )  # fmt: skip
    except OperationError as error:
        return None, error
    return made, None


def _price(shown: Offer | None, error: OperationError | None) -> dict[str, Any]:
    if error is not None:
        return {"error": refusal(error)}
    if shown is None:
        return {}
    amount = shown.quote.amount
    return {"amount": str(amount), "expected": f"{amount.plain()} {amount.currency}", "lines": price_lines(shown.quote)}


def _expected(data: Any) -> Money | None:
    """Read the price that the page showed when the button was pressed."""
    amount, _space, currency = str(data.get("expected", "")).partition(" ")
    try:
        return Money(Decimal(amount), currency)
    except InvalidOperation:
        return None


def _list_size_so_far(found: Organisation, data: Any) -> dict[str, Any]:
    return {"list_size": data.get("list_size") or queries.declared_size(found)}


@require_safe
def order(request: HttpRequest, code: str, reference: str) -> HttpResponse:
    """Show an order, how to pay it, and its papers."""
    found = get_object_or_404(Order.objects.select_related("organisation"), reference=reference, organisation__code=code)
    invoice = invoice_of(found)
    context = {
        "organisation": found.organisation, "order": found, "manages": manages_organisation(request) is None,
        "state": found.get_state_display(), "tone": TONES[Order.State(found.state)], "kind": found.get_kind_display(),
        "country_name": country_name(found.country), "amount": str(Money(found.amount, found.currency)),
        "areas": [short_code(area) for area in found.areas], "invoice": invoice,
        "bank": settings.ENVIRONMENT.bank_account, "card": card_gateway() is not None,
        "bills": bill_rows(found.organisation, order=found), "is_open": found.state == Order.State.OPEN,
        **_parts(found),
        "is_paid": found.state == Order.State.PAID, "year": found.subscription,
    }  # fmt: skip
    return render(request, "subscriptions/order.html", context)


def _parts(found: Order) -> dict[str, Any]:
    """Say what of an order is open, and what was paid of it, where that was not all at once."""
    if found.state != Order.State.OPEN:
        return {}
    paid = sum((amount for _payment, amount in paid_by(found)), Decimal(0))
    return {
        "open": str(Money(open_amount(found), found.currency)), "paid": str(Money(paid, found.currency)) if paid else "",
    }  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, code: str, reference: str) -> HttpResponse:
    """Ask, then cancel an order that was not paid."""
    found = get_object_or_404(Order.objects.select_related("organisation"), reference=reference, organisation__code=code)
    back = reverse("subscriptions:order", args=[code, reference])
    if request.method != "POST":
        text = _("%(reference)s, %(amount)s: a credit note is written for the invoice. Do not pay it any more.") % {
            "reference": reference, "amount": Money(found.amount, found.currency)
        }  # fmt: skip
        context = {"title": _("Cancel this order?"), "text": text, "button": _("Cancel the order"), "back": back}
        return render(request, "accounts/confirm.html", context)
    try:
        ordering.cancel_order(order=found, by=person_of(request), at=now())
    except OperationError as error:
        messages.error(request, refusal(error))
    else:
        messages.success(request, _("The order is cancelled."))
    return redirect(back)


@require_safe
def bill(request: HttpRequest, code: str, number: str, language: str) -> HttpResponse:
    """Give an invoice, receipt or credit note of an organisation as PDF."""
    return bill_answer(find_bill(number, code=code), language)


def find_bill(number: str, *, code: str | None) -> Bill:
    """Find a bill by its number, of one organisation or of any."""
    try:
        year, serial = int(number[3:7]), int(number[8:14])
    except ValueError as error:
        raise Http404 from error
    rows = Bill.objects.filter(year=year, serial=serial).select_related("order__organisation")
    found = next((row for row in rows if row.number == number), None)
    if found is None or code not in {None, found.order.organisation.code}:
        raise Http404
    return found


def bill_answer(found: Bill, language: str) -> HttpResponse:
    """Answer with a bill in a language."""
    if language not in LANGUAGES:
        raise Http404
    answer = HttpResponse(bill_pdf(found, language=language), content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="{found.number}-{language}.pdf"'
    return answer


@require_safe
def orders_csv(request: HttpRequest, code: str) -> HttpResponse:
    """Give an organisation's orders as CSV."""
    found = organisation_of(code)
    rows = order_rows(queries.orders_of(found))
    return csv_answer(f"orders-{code}", order_columns(), rows)


@require_safe
def areas_csv(request: HttpRequest, code: str, country: str) -> HttpResponse:
    """Give all areas of a country, and which of them an organisation has, as CSV."""
    found, country = organisation_of(code), _country(country)
    paid = queries.paid_areas(found, country=country, on=today())
    rows = [
        [short_code(area.code), area.code, area_name(area), _("yes") if paid is None or area.code in paid else _("no")]
        for area in areas_of(country)
    ]
    columns = [_("Area"), _("Digits that its numbers begin with"), _("Place"), _("Subscribed")]
    return csv_answer(f"areas-{country.lower()}-{code}", columns, rows)
