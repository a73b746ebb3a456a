"""Pages on whose behalf one calls, and from which numbers; for operators, what they are asked to confirm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from quietline.errors import OperationError
from quietline.numbering import number_of
from quietline.web.accounts.models import Organisation
from quietline.web.accounts.requests import organisation_of, person_of
from quietline.web.base.clock import now
from quietline.web.base.csv_answers import csv_answer
from quietline.web.base.spreadsheets import safe_cell
from quietline.web.sellers import mandates as mandating
from quietline.web.sellers import numbers as numbering
from quietline.web.sellers.forms import AnswerForm, MandateForm, NumbersForm
from quietline.web.sellers.models import CallingNumber, Mandate
from quietline.web.sellers.queries import AGENTS, CALLERS, CLIENTS, calling_numbers_of, waiting_for_operator
from quietline.web.sellers.views_common import TONES, refused, said

if TYPE_CHECKING:
    from datetime import date

    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

__all__ = [
    "accept_mandate",
    "answer",
    "asked",
    "asked_csv",
    "end_mandate",
    "end_numbers",
    "mandates",
    "mandates_csv",
    "numbers",
    "numbers_csv",
]

_SHOWN = 200
_Confirmed = CallingNumber.State.CONFIRMED


@require_http_methods(["GET", "HEAD", "POST"])
def mandates(request: HttpRequest, code: str) -> HttpResponse:
    """Show who may act for whom; a seller lets one more telemarketer act for it."""
    found = organisation_of(code)
    if found.kind not in (*AGENTS, *CLIENTS):
        raise Http404
    may_grant = found.kind in CLIENTS and found.may_act
    form = MandateForm(request.POST if request.method == "POST" else None, initial={"from_date": now().date()})
    if request.method == "POST" and form.is_valid():
        try:
            mandating.grant_mandate(
                seller=found, telemarketer=form.cleaned_data["telemarketer"], from_date=form.cleaned_data["from_date"],
                until_date=form.cleaned_data["until_date"], by=person_of(request), at=now(),
            )  # fmt: skip
        except OperationError as error:
            form.add_error(None, said(error))
        else:
            messages.success(request, _("The mandate is offered. It holds once the telemarketer has accepted it."))
            return redirect("sellers:mandates", code)
    context = {
        "organisation": found, "is_agent": found.kind in AGENTS, "may_grant": may_grant, "form": form,
        "rows": [_mandate_row(row, found, now().date()) for row in _mandates(found)[:_SHOWN]],
    }  # fmt: skip
    return render(request, "sellers/mandates.html", context, status=422 if form.errors else 200)


@require_safe
def mandates_csv(request: HttpRequest, code: str) -> HttpResponse:
    """Give all mandates as a table."""
    found, on = organisation_of(code), now().date()
    rows = [
        [safe_cell(shown["other"].name), shown["other"].code, row.from_date, row.until_date or "", shown["word"]]
        for row in _mandates(found)
        for shown in [_mandate_row(row, found, on)]
    ]
    return csv_answer("mandates", ["name", "account_number", "from_date", "until_date", "state"], rows)


@require_POST
def accept_mandate(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """Accept a mandate."""
    row = get_object_or_404(Mandate.objects.select_related("telemarketer", "seller"), pk=pk, telemarketer__code=code)
    try:
        mandating.accept_mandate(mandate=row, by=person_of(request), at=now())
    except OperationError as error:
        refused(request, error)
    else:
        messages.success(request, _("Accepted. Name the client's account number whenever you act for it."))
    return redirect("sellers:mandates", code)


@require_http_methods(["GET", "HEAD", "POST"])
def end_mandate(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """Ask, then end or decline a mandate."""
    found = organisation_of(code)
    row = get_object_or_404(Mandate.objects.select_related("telemarketer", "seller"), pk=pk, ended_at=None)
    if found.pk not in {row.seller_id, row.telemarketer_id}:
        raise Http404
    back = reverse("sellers:mandates", args=[code])
    if request.method != "POST":
        other = row.telemarketer if found.pk == row.seller_id else row.seller
        text = _("%(name)s (%(code)s): everything that is done under it is refused from the next moment on.")
        return render(request, "accounts/confirm.html", {
            "title": _("End this mandate?"), "text": text % {"name": other.name, "code": other.code},
            "button": _("End the mandate"), "back": back,
        })  # fmt: skip
    try:
        mandating.end_mandate(mandate=row, side=found, by=person_of(request), at=now())
    except OperationError as error:
        refused(request, error)
    else:
        messages.success(request, _("The mandate has ended."))
    return redirect(back)


@require_http_methods(["GET", "HEAD", "POST"])
def numbers(request: HttpRequest, code: str) -> HttpResponse:
    """Show the numbers that an organisation calls from; declare more."""
    found = organisation_of(code)
    if found.kind not in CALLERS:
        raise Http404
    form = NumbersForm(request.POST if request.method == "POST" else None, initial={"from_date": now().date()})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            numbering.declare_numbers(
                organisation=found, series=numbering.read_series(data["first"], data["last"]), operator=data["operator"],
                from_date=data["from_date"], until_date=data["until_date"], by=person_of(request), at=now(),
            )  # fmt: skip
        except OperationError as error:
            form.add_error(_FIELDS.get(error.code), said(error))
        else:
            messages.success(request, _("Declared. They count once the operator has confirmed them."))
            return redirect("sellers:numbers", code)
    rows = [_number_row(row, now().date()) for row in calling_numbers_of(found)[:_SHOWN]]
    context = {"organisation": found, "form": form, "rows": rows, "may_declare": found.may_act}
    return render(request, "sellers/numbers.html", context, status=422 if form.errors else 200)


_FIELDS = {
    "number.invalid": "first", "number.real": "first", "series.order": "last", "series.long": "last",
    "series.operator": "operator", "series.days": "until_date",
}  # fmt: skip


@require_safe
def numbers_csv(request: HttpRequest, code: str) -> HttpResponse:
    """Give everything that an organisation has declared as a table."""
    rows = [[*_csv_row(row), row.operator.code] for row in calling_numbers_of(organisation_of(code))]
    return csv_answer("calling-numbers", [*_CSV_COLUMNS, "operator"], rows)


@require_http_methods(["GET", "HEAD", "POST"])
def end_numbers(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """Ask, then give numbers up from today on, or withdraw what was not confirmed."""
    found = organisation_of(code)
    row = get_object_or_404(CallingNumber.objects.select_related("operator"), pk=pk, organisation=found)
    back = reverse("sellers:numbers", args=[code])
    if request.method != "POST":
        text = _("%(numbers)s: you no longer answer for calls from them from today on. What was before stays on record.")
        return render(request, "accounts/confirm.html", {
            "title": _("Give these numbers up?"), "text": text % {"numbers": numbering.shown_series(row)},
            "button": _("Give them up"), "back": back,
        })  # fmt: skip
    try:
        numbering.end_numbers(row=row, side=found, on=now().date(), by=person_of(request), at=now())
    except OperationError as error:
        refused(request, error)
    else:
        messages.success(request, _("The numbers are given up."))
    return redirect(back)


@require_safe
def asked(request: HttpRequest, code: str) -> HttpResponse:
    """Show an operator what it is asked to confirm, and what it has confirmed."""
    found, at = _operator(code), now()
    waiting = [
        {**_number_row(row, at.date()), "is_foreign": numbering.held_by_another_operator(row, at=at)}
        for row in waiting_for_operator(found)[:_SHOWN]
    ]
    done = _served(found).exclude(state=CallingNumber.State.WAITING)
    context = {"organisation": found, "waiting": waiting, "rows": [_number_row(row, at.date()) for row in done[:_SHOWN]]}
    return render(request, "sellers/asked.html", context)


@require_safe
def asked_csv(request: HttpRequest, code: str) -> HttpResponse:
    """Give everything that was declared on an operator's numbers as a table."""
    rows = [[*_csv_row(row), row.organisation.code, safe_cell(row.organisation.name)] for row in _served(_operator(code))]
    return csv_answer("declared-numbers", [*_CSV_COLUMNS, "account_number", "name"], rows)


@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """Confirm what an organisation has declared, or refuse with a reason."""
    found, at = _operator(code), now()
    row = get_object_or_404(CallingNumber.objects.select_related("operator", "organisation"), pk=pk, operator=found)
    form = AnswerForm(request.POST if request.POST.get("do") == "refuse" else None)
    if request.method == "POST":
        try:
            if request.POST.get("do") == "confirm":
                numbering.confirm_numbers(row=row, by=person_of(request), at=at)
                messages.success(request, _("Confirmed."))
                return redirect("sellers:asked", code)
            if form.is_valid():
                numbering.refuse_numbers(row=row, reason=form.cleaned_data["reason"], by=person_of(request), at=at)
                messages.success(request, _("Refused. The organisation is told."))
                return redirect("sellers:asked", code)
        except OperationError as error:
            refused(request, error)
            return redirect("sellers:asked", code)
    shown = {**_number_row(row, at.date()), "is_foreign": numbering.held_by_another_operator(row, at=at)}
    context = {
        "organisation": found, "row": shown,
        "form": form, "is_waiting": row.state == CallingNumber.State.WAITING,
    }  # fmt: skip
    return render(request, "sellers/answer.html", context, status=422 if form.errors else 200)


def _operator(code: str) -> Organisation:
    found = organisation_of(code)
    if found.kind not in numbering.OPERATORS:
        raise Http404
    return found


def _served(operator: Organisation) -> QuerySet[CallingNumber]:
    return CallingNumber.objects.filter(operator=operator).select_related("organisation", "operator").order_by("-at", "-pk")


def _mandates(organisation: Organisation) -> QuerySet[Mandate]:
    held = organisation.mandates_held if organisation.kind in AGENTS else organisation.mandates_given
    return held.select_related("seller", "telemarketer").order_by("ended_at", "-at")


def _mandate_row(row: Mandate, side: Organisation, on: date) -> dict[str, Any]:
    other = row.telemarketer if side.pk == row.seller_id else row.seller
    if row.ended_at is not None:
        word, tone = _("ended"), ""
    elif row.accepted_at is None:
        word, tone = _("waiting for the telemarketer"), "waiting"
    elif row.holds_on(on):
        word, tone = _("holds"), "good"
    else:
        word, tone = (_("not yet"), "waiting") if on < row.from_date else (_("over"), "")
    may_accept = row.accepted_at is None and row.ended_at is None and side.pk == row.telemarketer_id and side.may_act
    return {
        "pk": row.pk, "other": other, "from_date": row.from_date, "until_date": row.until_date, "word": word, "tone": tone,
        "may_accept": may_accept, "may_end": row.ended_at is None,
    }  # fmt: skip


def _number_row(row: CallingNumber, on: date) -> dict[str, Any]:
    is_over = row.until_date is not None and row.until_date <= on
    word = _("given up") if row.state == _Confirmed and is_over else row.get_state_display()
    return {
        "pk": row.pk, "numbers": numbering.shown_series(row), "ends": numbering.series_ends(row),
        "count": row.last_key - row.first_key + 1,
        "organisation": row.organisation, "operator": row.operator, "from_date": row.from_date,
        "until_date": row.until_date, "word": word, "tone": "" if is_over else TONES[row.state], "reason": row.reason,
        "may_end": row.state == CallingNumber.State.WAITING or (row.state == _Confirmed and not is_over), "at": row.at,
    }  # fmt: skip


_CSV_COLUMNS = ["first_number", "last_number", "from_date", "until_date", "state", "reason"]


def _csv_row(row: CallingNumber) -> list[object]:
    return [
        number_of(row.first_key), number_of(row.last_key), row.from_date, row.until_date or "", row.state,
        safe_cell(row.reason),
    ]  # fmt: skip
