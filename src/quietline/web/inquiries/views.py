"""Pages of an organisation: what the authority asks or orders, and the answer. They only translate, and call operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from quietline.errors import OperationError
from quietline.web.accounts.models import Organisation
from quietline.web.accounts.requests import organisation_of, person_of
from quietline.web.accounts.rules import memberships_of
from quietline.web.base.clock import now
from quietline.web.inquiries import operations, queries
from quietline.web.inquiries.acting import ANSWERERS, OFFICE_READERS, READERS
from quietline.web.inquiries.fields import BadValuesError
from quietline.web.inquiries.forms import AnswerForm, ReasonForm
from quietline.web.inquiries.kinds import KINDS
from quietline.web.inquiries.showing import about, left, tone_of
from quietline.web.inquiries.states import can
from quietline.web.inquiries.tables import inbox_table
from quietline.web.inquiries.views_common import PER_PAGE, file_answer, filtered, page_of, said, shown

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase

    from quietline.web.inquiries.models import Inquiry

__all__ = ["acknowledge_all", "act", "file", "home", "inbox", "inbox_csv", "one"]


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Lead to the organisation for which somebody acts; where there are several, ask which."""
    places: dict[str, tuple[Organisation, str]] = {}
    for m in memberships_of(request):
        if m.role in READERS and m.organisation.state != Organisation.State.CLOSED:
            places[m.organisation.code] = (m.organisation, reverse("inquiries:inbox", args=[m.organisation.code]))
        elif m.role in OFFICE_READERS and m.organisation.may_act:
            places[m.organisation.code] = (m.organisation, reverse("inquiries:office", args=[m.organisation.code]))
    if len(places) == 1:
        return redirect(next(iter(places.values()))[1])
    rows = [
        {"organisation": organisation, "url": url, "open": queries.count_open(organisation)}
        for organisation, url in places.values()
    ]
    return render(request, "inquiries/home.html", {"rows": rows})


@require_safe
def inbox(request: HttpRequest, code: str) -> HttpResponse:
    """Show what an organisation is asked; what is open first, and of that what is overdue."""
    organisation, at = organisation_of(code), now()
    form, rows, query = filtered(request, queries.inbox(organisation))
    page = page_of(request, rows)
    shown_rows = [
        {
            "inquiry": row, "about": about(row), "left": left(row, at), "tone": tone_of(row, at),
            "can_acknowledge": KINDS[row.kind].is_order and can(row, "acknowledge"),
        }
        for row in page
    ]  # fmt: skip
    may_answer = _may_answer(request, organisation)
    context = {
        "organisation": organisation, "form": form, "page": page, "query": query, "rows": shown_rows,
        "may_answer": may_answer, "is_bulk": may_answer and any(row["can_acknowledge"] for row in shown_rows),
        "open": queries.count_open(organisation),
        "overdue": queries.open_for(organisation, at).filter(due_at__lte=at).count(), "crumbs": _crumbs(organisation),
    }  # fmt: skip
    return render(request, "inquiries/inbox.html", context)


@require_safe
def inbox_csv(request: HttpRequest, code: str) -> HttpResponseBase:
    """Give the list as a table."""
    _form, rows, _query = filtered(request, queries.inbox(organisation_of(code)))
    return inbox_table(rows, now())


@require_safe
def one(request: HttpRequest, code: str, reference: str) -> HttpResponse:
    """Show one inquiry; the first look of who answers is noted, and the authority sees it."""
    inquiry = _inquiry(code, reference)
    if request.method == "GET" and _may_answer(request, inquiry.to):
        operations.mark_read(inquiry, by=person_of(request), at=now())
    return _page(request, inquiry, {})


@require_POST
def act(request: HttpRequest, code: str, reference: str) -> HttpResponse:
    """Answer, carry out, decline, or ask for more time."""
    inquiry = _inquiry(code, reference)
    step = request.POST.get("step", "")
    if step not in _DO:
        raise Http404
    form = _forms(inquiry, request)[step]
    if form.is_valid():
        try:
            _DO[step](inquiry, form, request)
        except OperationError as error:
            if isinstance(error, BadValuesError) and isinstance(form, AnswerForm):
                form.refuse(error)
            else:
                form.add_error(None, said(error))
        else:
            return redirect("inquiries:one", code, reference)
    return _page(request, inquiry, {step: form})


@require_POST
def acknowledge_all(request: HttpRequest, code: str) -> HttpResponse:
    """Say of several orders at once that they were carried out."""
    organisation, done = organisation_of(code), 0
    wanted = request.POST.getlist("reference")[:PER_PAGE]
    rows = queries.inbox(organisation).filter(reference__in=wanted).order_by("pk")
    for row in rows:
        try:
            operations.acknowledge(row, by=person_of(request), at=now())
            done += 1
        except OperationError as error:
            messages.error(request, f"{row.reference}: {said(error)}")
    if done:
        text = ngettext("%(count)s order is noted as carried out.", "%(count)s orders are noted as carried out.", done)
        messages.success(request, text % {"count": done})
    if not wanted:
        messages.error(request, _("Tick the orders that you have carried out."))
    return redirect("inquiries:inbox", code)


@require_safe
def file(request: HttpRequest, code: str, reference: str, pk: int) -> HttpResponse:
    """Give a file that was attached to an answer."""
    return file_answer(_inquiry(code, reference), pk)


def _answer(inquiry: Inquiry, form: Any, request: HttpRequest) -> None:
    operations.answer(inquiry, values=form.values(), by=person_of(request), at=now(), **form.said())
    messages.success(request, _("Your answer is with the authority."))


def _acknowledge(inquiry: Inquiry, form: Any, request: HttpRequest) -> None:
    operations.acknowledge(inquiry, values=form.values(), by=person_of(request), at=now())
    messages.success(request, _("The order is noted as carried out."))


def _refuse(inquiry: Inquiry, form: Any, request: HttpRequest) -> None:
    operations.refuse(inquiry, reason=form.cleaned_data["reason"], by=person_of(request), at=now())
    messages.success(request, _("The authority knows that you decline, and why."))


def _ask_for_time(inquiry: Inquiry, form: Any, request: HttpRequest) -> None:
    operations.ask_for_time(inquiry, reason=form.cleaned_data["reason"], by=person_of(request), at=now())
    messages.success(request, _("The authority knows that you need more time. Until it agrees, the time stays as it is."))


_DO = {"answer": _answer, "acknowledge": _acknowledge, "refuse": _refuse, "ask-time": _ask_for_time}


def _forms(inquiry: Inquiry, request: HttpRequest | None = None) -> dict[str, AnswerForm | ReasonForm]:
    data, files = (request.POST, request.FILES) if request is not None else (None, None)
    return {
        "answer": AnswerForm(data, files, kind=inquiry.kind),
        "acknowledge": AnswerForm(data, files, kind=inquiry.kind),
        "refuse": ReasonForm(data, prefix="refuse"),
        "ask-time": ReasonForm(data, prefix="time"),
    }


def _page(request: HttpRequest, inquiry: Inquiry, bound: dict[str, Any]) -> HttpResponse:
    at = now()
    inquiry = queries.inbox(inquiry.to).get(pk=inquiry.pk)
    rule = KINDS[inquiry.kind]
    main = "acknowledge" if rule.is_order else "answer"
    forms = {**_forms(inquiry), **bound}
    possible = {step for step in _DO if can(inquiry, step)} if _may_answer(request, inquiry.to) else set()
    failed = next(iter(bound.values()), None)
    context = {
        **shown(inquiry, at=at, hides=False), "organisation": inquiry.to, "rule": rule, "step": main,
        "form": failed if failed is not None else forms[main], "main_form": forms[main] if main in possible else None,
        "refuse_form": forms["refuse"] if "refuse" in possible else None,
        "time_form": forms["ask-time"] if "ask-time" in possible else None, "failed": next(iter(bound), ""),
        "crumbs": [*_crumbs(inquiry.to, is_last=False), {"label": inquiry.reference}],
    }  # fmt: skip
    return render(request, "inquiries/one.html", context, status=422 if bound else 200)


def _inquiry(code: str, reference: str) -> Inquiry:
    found = queries.inbox(organisation_of(code)).filter(reference=reference).first()
    if found is None:
        raise Http404
    return found


def _may_answer(request: HttpRequest, organisation: Organisation) -> bool:
    return any(m.organisation.pk == organisation.pk and m.role in ANSWERERS for m in memberships_of(request))


def _crumbs(organisation: Organisation, *, is_last: bool = True) -> list[dict[str, str]]:
    here = {"label": _("Requests of the authority")}
    if not is_last:
        here["url"] = reverse("inquiries:inbox", args=[organisation.code])
    return [
        {"label": organisation.name, "url": reverse("accounts:organisation", args=[organisation.code])},
        here,
    ]
