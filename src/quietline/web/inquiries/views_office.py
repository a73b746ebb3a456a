"""Pages of an authority: what it has asked, of whom, and what came of it. Numbers are shown masked here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from quietline.errors import OperationError
from quietline.web.accounts.requests import organisation_of, person_of
from quietline.web.accounts.rules import memberships_of
from quietline.web.base.clock import now
from quietline.web.inquiries import operations, queries
from quietline.web.inquiries.acting import OFFICERS
from quietline.web.inquiries.forms import ExtendForm, ReasonForm
from quietline.web.inquiries.showing import left, tone_of
from quietline.web.inquiries.states import can
from quietline.web.inquiries.tables import sent_table
from quietline.web.inquiries.views_common import file_answer, filtered, page_of, said, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase

    from quietline.web.accounts.models import Organisation
    from quietline.web.inquiries.models import Inquiry

__all__ = ["office", "office_csv", "sent", "sent_act", "sent_file"]

_STEPS: dict[str, Callable[..., None]] = {
    "extend": operations.extend, "withdraw": operations.withdraw, "close": operations.close,
}  # fmt: skip


@require_safe
def office(request: HttpRequest, code: str) -> HttpResponse:
    """Show what an authority has asked: one's own, or everybody's; by case where one is named."""
    found, at = organisation_of(code), now()
    form, rows, query, more = _listed(request, found)
    page = page_of(request, rows)
    context = {
        "organisation": found, "form": form, "page": page, "query": query, **more,
        "rows": [{"inquiry": row, "left": left(row, at), "tone": tone_of(row, at)} for row in page],
        "overdue": queries.of_office(found).filter(pk__in=queries.overdue(at).values("pk")).count(),
        "crumbs": _crumbs(found),
    }  # fmt: skip
    return render(request, "inquiries/office.html", context)


@require_safe
def office_csv(request: HttpRequest, code: str) -> HttpResponseBase:
    """Give the list as a table."""
    _form, rows, _query, _more = _listed(request, organisation_of(code))
    return sent_table(rows, now())


@require_safe
def sent(request: HttpRequest, code: str, reference: str) -> HttpResponse:
    """Show one inquiry and what was answered."""
    found = organisation_of(code)
    return _page(request, found, _inquiry(found, reference), {})


@require_POST
def sent_act(request: HttpRequest, code: str, reference: str) -> HttpResponse:
    """Give more time, withdraw, or close."""
    found = organisation_of(code)
    inquiry, step, by = _inquiry(found, reference), request.POST.get("step", ""), person_of(request)
    if step not in _STEPS:
        raise Http404
    form = _forms(request.POST).get(step)
    if form is not None and not form.is_valid():
        return _page(request, found, inquiry, {step: form})
    given = form.cleaned_data if form is not None else {}
    try:
        _STEPS[step](inquiry, by=by, at=now(), **given)
    except OperationError as error:
        if form is None:
            messages.error(request, said(error))
        else:
            form.add_error(None, said(error))
            return _page(request, found, inquiry, {step: form})
    else:
        messages.success(request, _("Done. The organisation sees it on its page."))
    return redirect("inquiries:sent", code, reference)


@require_safe
def sent_file(request: HttpRequest, code: str, reference: str, pk: int) -> HttpResponse:
    """Give a file that was attached to an answer."""
    return file_answer(_inquiry(organisation_of(code), reference), pk)


def _listed(
    request: HttpRequest, found: Organisation
) -> tuple[Any, QuerySet[Inquiry], str, dict[str, Any]]:  # fmt: skip
    rows, everybody = queries.of_office(found), request.GET.get("whose") == "all"
    subject = request.GET.get("subject", "")[:64]
    if subject:
        rows = rows.filter(subject=subject)
    elif not everybody:
        rows = rows.filter(by=person_of(request))
    form, rows, query = filtered(request, rows)
    return form, rows, f"{query}&whose={'all' if everybody else 'mine'}", {"everybody": everybody, "subject": subject}


def _forms(given: Any = None) -> dict[str, Any]:
    return {"extend": ExtendForm(given, prefix="extend"), "withdraw": ReasonForm(given, prefix="withdraw")}


def _page(request: HttpRequest, found: Organisation, inquiry: Inquiry, bound: dict[str, Any]) -> HttpResponse:
    forms = {**_forms(), **bound}
    is_officer = any(m.organisation.pk == found.pk and m.role in OFFICERS for m in memberships_of(request))
    possible = {step for step in _STEPS if can(inquiry, step)} if is_officer else set()
    failed = next(iter(bound.values()), None)
    context = {
        **shown(inquiry, at=now(), hides=True), "organisation": found, "form": failed, "failed": next(iter(bound), ""),
        "extend_form": forms["extend"] if "extend" in possible else None,
        "withdraw_form": forms["withdraw"] if "withdraw" in possible else None, "can_close": "close" in possible,
        "crumbs": [*_crumbs(found, is_last=False), {"label": inquiry.reference}],
    }  # fmt: skip
    return render(request, "inquiries/sent.html", context, status=422 if bound else 200)


def _inquiry(found: Organisation, reference: str) -> Inquiry:
    row = queries.of_office(found).filter(reference=reference).first()
    if row is None:
        raise Http404
    return row


def _crumbs(found: Organisation, *, is_last: bool = True) -> list[dict[str, str]]:
    here = {"label": _("Requests sent")}
    if not is_last:
        here["url"] = reverse("inquiries:office", args=[found.code])
    return [{"label": found.name, "url": reverse("accounts:organisation", args=[found.code])}, here]
