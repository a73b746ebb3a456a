"""Pages of the authority: who wants to call, what is known of them, what is decided, who is barred."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from quietline.errors import OperationError
from quietline.web.accounts.models import Organisation
from quietline.web.accounts.requests import organisation_of, person_of
from quietline.web.base.clock import now
from quietline.web.base.csv_answers import csv_answer
from quietline.web.base.spreadsheets import safe_cell
from quietline.web.sellers import deciding, documents
from quietline.web.sellers.checking import findings_of, organisations_matching
from quietline.web.sellers.forms import BarForm, DecisionForm, ReasonForm, SuspensionForm, country_name
from quietline.web.sellers.models import Act, Bar, Decision, Document, Joining
from quietline.web.sellers.profiles import contact_of
from quietline.web.sellers.queries import CALLERS, certification_of, joining_of, managers_of, profile_of, standing
from quietline.web.sellers.views import proof_answer, proof_rows
from quietline.web.sellers.views_common import TONES, measure_page, said
from quietline.web.sellers.views_entering import lacks_first

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

__all__ = ["bars", "case", "case_proof", "lift_bar", "queue", "queue_csv", "reinstate", "suspend"]

_PAGE = 50
_MOST_ROWS = 20_000


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """Show who waits for a decision, the longest first, and all organisations by name or account number."""
    waiting = Joining.objects.filter(state=Joining.State.WAITING).select_related("organisation").order_by("submitted_at")
    sought = " ".join(request.GET.get("name", "").split())[:100]
    page = Paginator(_sought(sought), _PAGE).get_page(request.GET.get("page"))
    rows = [_row(organisation) for organisation in page]
    context = {"waiting": waiting[:_PAGE], "waiting_count": waiting.count(), "rows": rows, "page": page, "sought": sought}
    return render(request, "sellers/queue.html", context)


@require_safe
def queue_csv(request: HttpRequest) -> HttpResponse:
    """Give all organisations as a table."""
    rows = [
        [
            row.code,
            safe_cell(row.name),
            row.kind,
            row.country,
            safe_cell(row.legal_id),
            row.state,
            row.created_at.isoformat(),
        ]
        for row in _sought("")[:_MOST_ROWS]
    ]
    columns = ["account_number", "name", "kind", "country", "legal_id", "state", "entered_at"]
    return csv_answer("organisations", columns, rows)


@require_http_methods(["GET", "HEAD", "POST"])
def case(request: HttpRequest, code: str) -> HttpResponse:
    """Show everything about an organisation, and decide about it."""
    found = organisation_of(code)
    form = DecisionForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            deciding.decide(organisation=found, by=person_of(request), at=now(), **form.cleaned_data)
        except OperationError as error:
            form.add_error(None, said(error))
        else:
            messages.success(request, _("Decided. The organisation is told by e-mail."))
            return redirect("sellers:case", code)
    return _case_page(request, found, form)


@require_safe
def case_proof(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """Give a proof to the authority; that it was read is on record, and the organisation sees it."""
    row = get_object_or_404(Document, pk=pk, organisation__code=code, removed_at=None)
    return proof_answer(row, documents.read_document(document=row, by=person_of(request), at=now()))


@require_http_methods(["GET", "HEAD", "POST"])
def suspend(request: HttpRequest, code: str) -> HttpResponse:
    """Ask for reason and remedy, then suspend at once."""
    found = organisation_of(code)
    form = SuspensionForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            deciding.suspend(organisation=found, by=person_of(request), at=now(), **form.cleaned_data)
        except OperationError as error:
            form.add_error(None, said(error))
        else:
            messages.success(request, _("Suspended. Everything in its name is refused from now on."))
            return redirect("sellers:case", code)
    return measure_page(
        request, form, organisation=found, button=_("Suspend it at once"), title=_("Suspend this organisation?")
    )


@require_http_methods(["GET", "HEAD", "POST"])
def reinstate(request: HttpRequest, code: str) -> HttpResponse:
    """Ask for a reason, then lift the suspension."""
    found = organisation_of(code)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            deciding.reinstate(
                organisation=found, reason=form.cleaned_data["reason"], by=person_of(request), at=now()
            )  # fmt: skip
        except OperationError as error:
            form.add_error(None, said(error))
        else:
            messages.success(request, _("The suspension is lifted."))
            return redirect("sellers:case", code)
    return measure_page(request, form, organisation=found, button=_("Lift the suspension"), title=_("Lift the suspension?"))


@require_http_methods(["GET", "HEAD", "POST"])
def bars(request: HttpRequest) -> HttpResponse:
    """Show who is barred; bar one more, and say whom that meets now."""
    form = BarForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        until = data["until_date"]
        try:
            made = deciding.place_bar(
                what=data["what"], value=data["value"], country=data["country"], reason=data["reason"],
                until_at=datetime.combine(until, time(), UTC) if until else None, by=person_of(request), at=now(),
            )  # fmt: skip
        except OperationError as error:
            form.add_error(None, said(error))
        else:
            matching = ", ".join(f"{row.name} ({row.code})" for row in organisations_matching(made)[:10])
            met = _("It meets now: %(names)s.") % {"names": matching} if matching else _("It meets no organisation now.")
            messages.success(request, _("Barred.") + " " + met)
            return redirect("sellers:bars")
    at = now()
    rows = [
        {"pk": bar.pk, "what": bar.get_what_display(), "value": deciding.barred_value(bar), "reason": bar.reason,
         "since": bar.at, "until": bar.until_at, "is_lifted": bar.lifted_at is not None,
         "is_live": bar.lifted_at is None and (not bar.until_at or at < bar.until_at)}
        for bar in Bar.objects.select_related("data_key").order_by("-at", "-pk")[:500]
    ]  # fmt: skip
    return render(request, "sellers/bars.html", {"form": form, "rows": rows}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def lift_bar(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a reason, then lift a bar."""
    row = get_object_or_404(Bar, pk=pk, lifted_at=None)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            deciding.lift_bar(bar=row, reason=form.cleaned_data["reason"], by=person_of(request), at=now())
        except OperationError as error:
            form.add_error(None, said(error))
        else:
            messages.success(request, _("The bar is lifted, and what it named is erased."))
            return redirect("sellers:bars")
    return measure_page(request, form, button=_("Lift the bar"), title=_("Lift this bar?"), intro=deciding.barred_value(row))


def _case_page(request: HttpRequest, found: Organisation, form: DecisionForm) -> HttpResponse:
    at = now()
    row, joining = profile_of(found), joining_of(found)
    its = standing(found, at=at)
    reads = Act.objects.filter(organisation=found, act=Act.Kind.PROOF_READ).select_related("by").order_by("-at")[:20]
    context: dict[str, Any] = {
        "organisation": found, "kind": found.get_kind_display(), "state": found.get_state_display(),
        "tone": TONES[found.state], "profile": row, "contact": contact_of(row) if row else None,
        "country": country_name(found.country), "findings": findings_of(found, at=at), "proofs": proof_rows(found),
        "reads": reads, "certified": certification_of(found, at=at), "people": managers_of(found), "in_order": its.in_order,
        "decisions": Decision.objects.filter(organisation=found).select_related("by").order_by("-at", "-pk"),
        "may_decide": joining is not None and joining.state == Joining.State.WAITING, "joining": joining, "form": form,
        "is_suspended": found.state == Organisation.State.SUSPENDED, "is_caller": found.kind in CALLERS,
        "lacks_first": lacks_first(found),
        "may_suspend": found.state == Organisation.State.VERIFIED and found.kind != Organisation.Kind.AUTHORITY,
    }  # fmt: skip
    return render(request, "sellers/case.html", context, status=422 if form.errors else 200)


def _sought(name: str) -> QuerySet[Organisation]:
    rows = Organisation.objects.all()
    if name:
        rows = rows.filter(name__icontains=name) | rows.filter(code=name.upper())
    return rows.order_by("name", "code")


def _row(organisation: Organisation) -> dict[str, Any]:
    return {
        "organisation": organisation, "kind": organisation.get_kind_display(), "state": organisation.get_state_display(),
        "tone": TONES[organisation.state],
    }  # fmt: skip
