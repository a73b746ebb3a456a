"""Pages of audits: hand a log in, see how far it is, read what was found. They only translate and call operations."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from quietline.errors import OperationError
from quietline.web.accounts.requests import organisation_of, person_of
from quietline.web.base.clock import now
from quietline.web.base.csv_answers import csv_answer
from quietline.web.base.spreadsheets import safe_cell
from quietline.web.compliance import audit_words as words
from quietline.web.compliance.audit_forms import AuditForm, QuestionForm
from quietline.web.compliance.audit_papers import audit_document
from quietline.web.compliance.audits import (
    AUDIT_DAYS,
    PARTS,
    answer_about_log,
    audit_of,
    audits_of,
    data_of,
    open_part,
    remove_audit,
    start_audit,
)
from quietline.web.sellers.views_common import language
from quietline.web.washing.uploads import StreamedUploadHandler, discard_staged
from quietline.web.washing.views import blocked
from quietline.web.washing.wanted import read_wanted

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest
    from django.http.response import HttpResponseBase

    from quietline.web.accounts.models import Organisation
    from quietline.web.compliance.models import CallAudit

__all__ = ["audit", "audit_part", "audit_pdf", "audit_rules_csv", "audits", "audits_csv", "new_audit", "remove"]

_PAGE = 50
_MOST_CSV = 10_000
_NEEDS_COLUMNS = frozenset(("input.layout", "input.column", "usage.columns"))
_FILES = {
    "report-en": ("report-en.html", "text/html; charset=utf-8"), "report-zh": ("report-zh.html", "text/html; charset=utf-8"),
    "data": ("report.json", "application/json"), "rows": ("calls.csv", "text/csv; charset=utf-8"),
}  # fmt: skip


@require_safe
def audits(request: HttpRequest, code: str) -> HttpResponse:
    """List the audits of an organisation."""
    organisation = organisation_of(code)
    page = Paginator(audits_of(organisation), _PAGE).get_page(request.GET.get("page"))
    rows = [
        {"audit": one, "tone": words.state_tone(one), "rows": f"{one.rows_count:,}" if one.rows_count else "–",
         "is_for_client": one.client_id != one.organisation_id}
        for one in page.object_list
    ]  # fmt: skip
    context = {
        "organisation": organisation, "rows": rows, "page": page, "blocked": blocked(organisation), "audit_days": AUDIT_DAYS,
    }  # fmt: skip
    return render(request, "compliance/audits.html", context)


@require_safe
def audits_csv(request: HttpRequest, code: str) -> HttpResponse:
    """Give the same as a table."""
    organisation = organisation_of(code)
    rows = [
        (one.created_at.isoformat(timespec="seconds"), safe_cell(one.log_name), one.client.code, one.state, one.problem,
         one.rows_count, one.made.report if one.made else "")
        for one in audits_of(organisation).select_related("made")[:_MOST_CSV]
    ]  # fmt: skip
    columns = (_("Handed in"), _("Log"), _("On whose behalf"), _("State"), _("Why"), _("Rows"), _("Report (SHA-256)"))
    return csv_answer(f"audits-{organisation.code}", columns, rows)


@csrf_exempt  # the token is in the body, and how the body is taken in must be said before it is read: see _new
@require_http_methods(["GET", "HEAD", "POST"])
def new_audit(request: HttpRequest, code: str) -> HttpResponse:
    """Hand in a log."""
    request.upload_handlers = [StreamedUploadHandler(request)]
    answer: HttpResponse = _new(request, code)
    return answer


@csrf_protect
def _new(request: HttpRequest, code: str) -> HttpResponse:
    organisation, on = organisation_of(code), now().date()
    if request.method != "POST":
        return _form_page(request, organisation, AuditForm(organisation=organisation, on=on))
    try:
        form = AuditForm(request.POST, request.FILES, organisation=organisation, on=on)
        if not form.is_valid():
            return _form_page(request, organisation, form, status=422)
        return _start(request, organisation, form)
    finally:
        discard_staged(request)


def _start(request: HttpRequest, organisation: Organisation, form: AuditForm) -> HttpResponse:
    at, staged, given = now(), form.cleaned_data["log"], form.cleaned_data
    if staged.is_too_long:
        form.add_error("log", _("The log is longer than 256 MB. Send it month by month, or compressed as .gz."))
        return _form_page(request, organisation, form, status=413)
    try:
        started = start_audit(
            organisation=organisation, path=staged.path, name=staged.name,
            wanted=read_wanted(form.wanted(), today=at.date()), zone=given["zone"], dates=given["dates"],
            elsewhere=given["elsewhere"], by=person_of(request), language=language(), at=at,
        )  # fmt: skip
    except OperationError as error:
        form.add_error("log" if error.code in ("audit.empty", "audit.too-long") else None, f"{error.message} {error.advice}")
        return _form_page(request, organisation, form, status=422)
    return redirect("compliance:audit", code=organisation.code, audit_id=started.pk)


def _form_page(request: HttpRequest, organisation: Organisation, form: AuditForm, *, status: int = 200) -> HttpResponse:
    context = {"organisation": organisation, "form": form, "blocked": blocked(organisation), "audit_days": AUDIT_DAYS}
    return render(request, "compliance/audit_new.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def audit(request: HttpRequest, code: str, audit_id: UUID) -> HttpResponse:
    """Show one audit: how far it is, what it asks, or what was found; take the answers."""
    organisation, at = organisation_of(code), now()
    found = _audit(organisation, audit_id)
    asks = found.state == found.State.ASKS
    form = None
    if asks:
        given = request.POST if request.method == "POST" else None
        initial = {name: found.options.get(name, "") for name in ("zone", "dates")} | found.options.get("columns", {})
        form = QuestionForm(
            given, names=found.options.get("names", []), needs_columns=found.problem in _NEEDS_COLUMNS, initial=initial
        )
    if request.method == "POST" and (form is None or form.is_valid()):
        return _answered(request, found, form)
    here = reverse("compliance:audit", args=[code, found.pk])
    context: dict[str, Any] = {
        "organisation": organisation, "audit": found, "tone": words.state_tone(found), "form": form, "here": here,
        "problem": words.problem_words(found.problem) if found.problem else None, "live_url": f"{here}?live=1",
        "is_live": "live" in request.GET and not found.is_over and not asks, "asks": asks, "audit_days": AUDIT_DAYS,
        "done_percent": min(99, found.done_percent), "has_results": found.has_results(at),
        "is_for_client": found.client_id != found.organisation_id,
    }  # fmt: skip
    if found.has_results(at):
        context |= _results(found)
    return render(request, "compliance/audit.html", context, status=422 if form is not None and form.errors else 200)


def _answered(request: HttpRequest, found: CallAudit, form: QuestionForm | None) -> HttpResponse:
    try:
        if form is not None:
            answer_about_log(
                audit=found, columns=form.columns(), zone=form.cleaned_data["zone"], dates=form.cleaned_data["dates"],
                by=person_of(request), at=now(),
            )  # fmt: skip
    except OperationError as error:
        messages.error(request, f"{error.message} {error.advice}".strip())
    return redirect("compliance:audit", code=found.organisation.code, audit_id=found.pk)


def _results(found: CallAudit) -> dict[str, Any]:
    """Give what was found, as the page shows it."""
    data, lang = data_of(found), language()
    tongue = words.tongue(lang)
    meanings = {
        f"report-{tongue}": _("The report as one page, with charts by day, hour, agent and list; it names no number"),
        "rows": _(
            "The calls that were forbidden, are not certain or could not be read, each with its number and the reason"
        ),
        "data": _("The report as data (JSON)"),
    }
    return {
        "data": data, "figures": words.figures_of(data), "advice": data["what_to_do"][tongue],
        "rule_columns": [_("Rule"), _("Where it is written"), *({"label": label, "is_figure": True} for label in (
            _("Forbidden"), _("Not certain"), _("Permitted")))],
        "rules": words.rule_rows(data, lang), "rules_url": reverse("compliance:audit_rules_csv", args=_place(found)),
        "cost_columns": [_("Rule"), _("Days"), *({"label": label, "is_figure": True} for label in (
            _("Calls"), _("One call"), _("All")))],
        "costs": [[text, _whole(days), *map(_whole, figures)] for text, days, *figures in words.cost_rows(data, lang)],
        "totals": words.totals_of(data),
        "without_amount": data["exposure"]["calls_without_amount"],
        "unknown_columns": [_("Fact"), {"label": _("Calls"), "is_figure": True}], "unknown": words.unknown_rows(data, lang),
        "unread_columns": [_("Why"), {"label": _("Rows"), "is_figure": True}], "unread": words.unreadable_rows(data, lang),
        "parts": [{"part": part, "name": _FILES[part][0], "text": text, "bytes": found.sizes[part]}
                  for part, text in meanings.items()],
        "days": [str(data[name])[:10] for name in ("first_at", "last_at") if data[name]],
    }  # fmt: skip


@require_safe
def audit_part(request: HttpRequest, code: str, audit_id: UUID, part: str) -> HttpResponseBase:
    """Hand out a part of what was found."""
    found = _finished(code, audit_id)
    if part not in PARTS:
        raise Http404
    pieces = open_part(found, part)
    first = next(pieces, b"")  # what cannot be opened fails here, not in the middle of a download
    name, kind = _FILES[part]
    answer = StreamingHttpResponse(chain([first], pieces), content_type=kind)
    answer.headers["Content-Length"] = str(found.sizes[part])
    answer.headers["Content-Disposition"] = f'attachment; filename="audit-{found.created_at:%Y-%m-%d}-{name}"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@require_safe
def audit_pdf(request: HttpRequest, code: str, audit_id: UUID) -> HttpResponse:
    """Give the report as PDF in the language of the page."""
    found = _finished(code, audit_id)
    data = audit_document(found, data_of(found), lang=language())
    name = f"audit-{found.created_at:%Y-%m-%d}.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return HttpResponse(data, content_type="application/pdf", headers=headers)


@require_safe
def audit_rules_csv(request: HttpRequest, code: str, audit_id: UUID) -> HttpResponse:
    """Give the calls by rule as a table."""
    found = _finished(code, audit_id)
    columns = (_("Rule"), _("Where it is written"), _("Forbidden"), _("Not certain"), _("Permitted"))
    return csv_answer("audit-rules", columns, words.rule_rows(data_of(found), language()))


@require_POST
def remove(request: HttpRequest, code: str, audit_id: UUID) -> HttpResponse:
    """Destroy an audit's log or results before their time."""
    remove_audit(audit=_audit(organisation_of(code), audit_id), at=now())
    messages.success(request, _("It is destroyed. Only that an audit was made, and when, stays in the ledger."))
    return redirect("compliance:audits", code=code)


def _audit(organisation: Organisation, pk: UUID) -> CallAudit:
    found = audit_of(organisation, pk)
    if found is None:
        raise Http404
    return found


def _finished(code: str, pk: UUID) -> CallAudit:
    found = _audit(organisation_of(code), pk)
    if not found.has_results(now()):
        raise Http404
    return found


def _whole(text: str) -> str:
    """Keep a day or a sum in one piece where a table is narrow; between two days the line may break."""
    return text.replace("-", "\u2011").replace(" ", "\u00a0").replace("\u00a0–\u00a0", " – ")


def _place(found: CallAudit) -> list[object]:
    return [found.organisation.code, found.pk]
