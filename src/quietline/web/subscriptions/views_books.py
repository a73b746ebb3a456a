"""Pages of the authority's administrators: orders, payments, files of the bank, refunds, the journal."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from quietline.errors import InputError, OperationError
from quietline.law.money import Money
from quietline.web.accounts.requests import person_of
from quietline.web.base.clock import now
from quietline.web.base.csv_answers import csv_answer
from quietline.web.base.words import as_day, as_moment
from quietline.web.subscriptions import paying
from quietline.web.subscriptions.bank_files import take_bank_file
from quietline.web.subscriptions.forms import AssignForm, BankFileForm, RefundForm, ReturnForm
from quietline.web.subscriptions.journal import balances
from quietline.web.subscriptions.models import Order
from quietline.web.subscriptions.money_models import BankFile, Bill, JournalLine, Payment
from quietline.web.subscriptions.settling import credit_of, paid_of, payments_with_credit
from quietline.web.subscriptions.tables import order_columns, order_rows
from quietline.web.subscriptions.views import bill_answer, find_bill
from quietline.web.subscriptions.wording import refusal

if TYPE_CHECKING:
    from django.http import HttpRequest

_SHOWN, _FILES_SHOWN = 100, 10
_JOURNAL_SHOWN = 100_000


@require_safe
def books(request: HttpRequest) -> HttpResponse:
    """Show orders, one state or all."""
    state = request.GET.get("state", "")
    orders = Order.objects.select_related("organisation").order_by("-created_at", "-pk")
    if state in Order.State.values:
        orders = orders.filter(state=state)
    context = {
        "columns": order_columns(with_organisation=True), "rows": order_rows(orders[:_SHOWN], with_organisation=True),
        "states": [{"value": "", "label": _("all")}, *({"value": s.value, "label": s.label} for s in Order.State)],
        "state": state, "waiting": len(paying.unmatched_payments()),
        "balance_columns": _balance_columns(), "balances": _balance_rows(),
    }  # fmt: skip
    return render(request, "subscriptions/books.html", context)


def _balance_columns() -> list[Any]:
    figure = [{"label": label, "is_figure": True} for label in (_("Debits"), _("Credits"), _("Balance"))]
    return [_("Account"), *figure]


def _balance_rows() -> list[list[str]]:
    rows = []
    for row in balances():
        sums = (str(Money(amount, row.currency)) for amount in (row.debits, row.credits, row.amount))
        rows.append([str(JournalLine.Account(row.account).label), *sums])
    return rows


@require_safe
def all_orders_csv(request: HttpRequest) -> HttpResponse:
    """Give all orders as CSV."""
    orders = Order.objects.select_related("organisation").order_by("created_at", "pk")
    columns = order_columns(with_organisation=True)
    return csv_answer("orders", columns, order_rows(orders, with_organisation=True))


@require_safe
def journal_csv(request: HttpRequest) -> HttpResponse:
    """Give the journal as CSV, line by line, the oldest first."""
    lines = JournalLine.objects.select_related("entry__order", "entry__payment", "entry__bill").order_by("pk")
    rows = [
        [
            line.entry_id, line.entry.at.isoformat(), line.entry.act, line.account, f"{line.debit:.2f}",
            f"{line.credit:.2f}", line.entry.currency, line.entry.order or "", line.entry.bill or "",
            line.entry.payment.reference if line.entry.payment else "", line.entry.reason,
        ]
        for line in lines[:_JOURNAL_SHOWN]
    ]  # fmt: skip
    columns = [
        "entry", "at", "act", "account", "debit", "credit", "currency", "order", "bill", "payment", "reason",
    ]  # fmt: skip
    return csv_answer("journal", columns, rows)


@require_http_methods(["GET", "HEAD", "POST"])
def payments(request: HttpRequest) -> HttpResponse:
    """Show payments that nobody has dealt with, and read files of the bank."""
    form = BankFileForm()
    status = 200
    if request.method == "POST":
        form = BankFileForm(request.POST, request.FILES)
        if form.is_valid() and _read_file(request, form):
            return redirect("subscriptions:payments")
        status = 422
    dealt = Payment.objects.exclude(order=None, returned_at=None).select_related("order").order_by("-at", "-pk")
    files = BankFile.objects.order_by("-at")[:_FILES_SHOWN]
    figures = [{"label": label, "is_figure": True} for label in (_("Payments"), _("New"), _("Assigned to an invoice"))]
    context = {
        "form": form, "columns": _payment_columns(),
        "rows": [_payment_row(row) for row in paying.unmatched_payments()[:_SHOWN]],
        "credits": [_credit_row(row, credit) for row, credit in payments_with_credit()[:_SHOWN]],
        "dealt": [_payment_row(row) for row in dealt[:_SHOWN]], "file_columns": [_("Read"), *figures],
        "files": [[as_moment(file.at), file.lines_count, file.new_count, file.matched_count] for file in files],
    }  # fmt: skip
    return render(request, "subscriptions/payments.html", context, status=status)


def _read_file(request: HttpRequest, form: BankFileForm) -> bool:
    try:
        read = take_bank_file(content=form.cleaned_data["file"], by=person_of(request), at=now())
    except InputError as error:
        form.add_error("file", _("The file cannot be read, and nothing was booked. %(why)s") % {"why": error.message})
        return False
    except OperationError as error:
        form.add_error("file", refusal(error))
        return False
    if read.is_known:
        messages.info(request, _("This file was read before. Nothing was booked again."))
        return True
    text = ngettext("The file has %(count)s payment.", "The file has %(count)s payments.", read.lines)
    text %= {"count": read.lines}
    more = _("New: %(new)s; assigned to an invoice: %(matched)s.") % {"new": read.new, "matched": read.matched}
    messages.success(request, f"{text} {more}")
    return True


def _payment_columns() -> list[Any]:
    return [
        _("Payment"), _("Arrived on"), {"label": _("Amount"), "is_figure": True}, _("What the payer wrote"), _("State"),
    ]  # fmt: skip


def _payment_row(payment: Payment) -> list[Any]:
    if payment.order is not None:
        state = {"text": payment.order.reference, "tone": "good"}
    elif payment.returned_at is not None:
        state = {"text": _("sent back"), "tone": "bad"}
    else:
        state = {"text": _("not assigned"), "tone": "waiting"}
    return [
        {"text": f"{payment.get_gateway_display()} {payment.pk}",
         "url": reverse("subscriptions:payment", args=[payment.pk])},
        as_day(payment.day), str(Money(payment.amount, payment.currency)), payment.text, state,
    ]  # fmt: skip


def _credit_row(payment: Payment, credit: Decimal) -> list[Any]:
    row = _payment_row(payment)
    row[2], row[4] = str(Money(credit, payment.currency)), {"text": _("credit"), "tone": "waiting"}
    if payment.order is not None:
        row[3] = payment.order.organisation.name
    return row


@require_http_methods(["GET", "HEAD", "POST"])
def payment(request: HttpRequest, pk: int) -> HttpResponse:
    """Deal with a payment: assign it, record that it was sent back, or pay it back."""
    found = get_object_or_404(Payment.objects.select_related("order__organisation"), pk=pk)
    do = request.POST.get("do", "")
    given = {name: request.POST if do == name else None for name in ("assign", "return", "refund")}
    paid = paying.refundable(found)
    left, credit = sum((amount for _order, amount in paid), Decimal(0)), credit_of(found)
    payer = None if found.order is None else found.order.organisation
    forms: dict[str, Any] = {
        "assign": AssignForm(
            given["assign"], amount=credit, currency=found.currency, organisation=payer, prefix="assign"
        ),
        "return": ReturnForm(given["return"], prefix="return"),
        "refund": RefundForm(
            given["refund"], orders=[order for order, _amount in paid], initial={"amount": paid[0][1] if paid else left},
            prefix="refund",
        ),
    }  # fmt: skip
    if do in forms and forms[do].is_valid():
        try:
            _deal(do, found, forms[do].cleaned_data, request)
        except OperationError as error:
            messages.error(request, refusal(error))
        else:
            messages.success(request, _("It is booked."))
        return redirect("subscriptions:payment", pk=pk)
    orders = paid_of(found)
    bills = Bill.objects.filter(order__in=[found.order, *(order for order, _amount in orders)]).order_by("at", "pk")
    context = {
        "orders": [(order, str(Money(amount, found.currency))) for order, amount in orders],
        "credit": str(Money(credit, found.currency)),
        "payment": found, "amount": str(Money(found.amount, found.currency)), "left": str(Money(left, found.currency)),
        "can_refund": left > 0, "bills": bills, "forms": forms, "is_open": credit > 0,
        "refunds": found.refunds.order_by("at", "pk"),
    }  # fmt: skip
    return render(request, "subscriptions/payment.html", context, status=422 if do in forms else 200)


def _deal(do: str, found: Payment, data: dict[str, Any], request: HttpRequest) -> None:
    by, at = person_of(request), now()
    if do == "assign":
        paying.assign_payment(payment=found, order=data["order"], reason=data["reason"], by=by, at=at)
    elif do == "return":
        paying.return_payment(payment=found, reason=data["reason"], by=by, at=at)
    else:
        paying.refund_payment(
            payment=found, amount=data["amount"], reason=data["reason"], ends_access=data["ends_access"], by=by, at=at,
            order=data["order"],
        )  # fmt: skip


@require_safe
def any_bill(request: HttpRequest, number: str, language: str) -> HttpResponse:
    """Give any invoice, receipt or credit note as PDF."""
    return bill_answer(find_bill(number, code=None), language)
