"""Report a call, get a reference, confirm the line. The pages translate and call operations, nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from quietline.errors import ConflictError, NotProvenError, OperationError, TooManyError
from quietline.web.base.clients import client_of
from quietline.web.base.clock import now
from quietline.web.base.words import as_moment
from quietline.web.complaints import queries, taking
from quietline.web.complaints.attachments import check_files
from quietline.web.complaints.forms import CodeForm, ReportForm, new_token
from quietline.web.complaints.models import Complaint, Report
from quietline.web.complaints.rules import SESSION
from quietline.web.complaints.telling import due_row
from quietline.web.sellers.views_common import language, said
from quietline.web.subscribers.line_sessions import line_of, line_of_token, remember
from quietline.web.subscribers.models import Challenge
from quietline.web.subscribers.numbers import line_of_key, listed_line, shown
from quietline.web.subscribers.proving import request_codes, try_code

if TYPE_CHECKING:
    import uuid

    from django.http import HttpRequest, HttpResponse

__all__ = ["code", "complaint_of", "new", "prove", "received", "remember_report"]

_MOST_REMEMBERED = 20


def complaint_of(reference: str) -> Complaint:
    """Find the report that the address names; that it may be seen, the access table has made sure of."""
    row = Complaint.objects.select_related("report", "data_key").filter(reference=reference).first()
    if row is None:
        raise Http404
    return row


def remember_report(request: HttpRequest, complaint: Complaint) -> None:
    """Let this browser open a report until it is closed."""
    known = [pk for pk in request.session.get(SESSION, []) if pk != complaint.pk]
    request.session[SESSION] = [*known, complaint.pk][-_MOST_REMEMBERED:]


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Ask what happened, and take it."""
    proven = line_of(request)
    line = listed_line(proven.key) if proven is not None else None
    if request.method != "POST":
        form = ReportForm(initial={"token": new_token()}, proven=line)
        return _asked(request, form, 200)
    form = ReportForm(request.POST, request.FILES, proven=line)
    if not form.is_valid():
        return _asked(request, form, 422)
    at = now()
    try:
        files = check_files(form.cleaned_data["attached"])
    except OperationError as error:
        form.add_error("attached", said(error))
        return _asked(request, form, 422)
    key, country = form.line.key if form.line is not None else None, settings.ENVIRONMENT.countries[0]
    try:
        taking.count_report(key=key, is_proven=proven is not None, client=client_of(request), at=at)
        complaint = taking.take(
            told=form.told(at, country=country), source=Report.Source.WEB, country=country, language=language(), at=at,
            line=form.line, is_proven=proven is not None, challenge=form.challenge, files=files,
        )  # fmt: skip
    except TooManyError as error:
        context = {"minutes": error.retry_seconds // 60 + 1}
        return render(request, "complaints/too_many.html", context, status=429)
    except OperationError as error:
        form.add_error("on_day" if error.code in ("complaint.too-late", "complaint.future") else None, said(error))
        return _asked(request, form, 422)
    remember_report(request, complaint)
    return redirect("reports:received", complaint.reference)


def _asked(request: HttpRequest, form: ReportForm, status: int) -> HttpResponse:
    number = shown(form.proven.key) if form.proven is not None else ""
    return render(request, "complaints/new.html", {"form": form, "number": number}, status=status)


@require_safe
def received(request: HttpRequest, reference: str) -> HttpResponse:
    """Show the reference, the clock and what opens the report's page, to be printed or kept."""
    complaint = complaint_of(reference)
    rows = [
        {"label": _("Reference"), "value": complaint.reference},
        {"label": _("Received"), "value": as_moment(complaint.at)},
        due_row(complaint),
    ]
    is_here = complaint.pk in request.session.get(SESSION, [])
    if is_here:
        rows.append({
            "label": _("Code of the report"), "value": queries.shown_code(complaint),
            "hint": _("With reference and code you find this report from anywhere. Show the code to nobody."),
        })  # fmt: skip
    context = {
        "complaint": complaint, "rows": rows, "issuer": settings.ENVIRONMENT.title,
        "may_confirm": complaint.key is not None and not complaint.line_proven,
        "ending": str(complaint.key)[-2:] if complaint.key is not None else "",
    }  # fmt: skip
    return render(request, "complaints/received.html", context)


@require_POST
def prove(request: HttpRequest, reference: str) -> HttpResponse:
    """Send a code to the line that a report is about."""
    complaint = complaint_of(reference)
    if complaint.key is None or complaint.line_proven:
        return redirect("reports:one", complaint.reference)
    environment = settings.ENVIRONMENT
    try:
        line = line_of_key(complaint.key, countries=environment.countries, only_fictitious=environment.is_demonstration)
        sent = request_codes(
            lines=[line], purpose=Challenge.Purpose.PROVE, language=language(),
            client=client_of(request), at=now(), by_call="by_call" in request.POST,
        )  # fmt: skip
    except TooManyError as error:
        return render(request, "subscribers/too_many.html", {"minutes": error.retry_seconds // 60 + 1}, status=429)
    except OperationError as error:
        messages.error(request, said(error))
        return redirect("reports:one", complaint.reference)
    return redirect("reports:code", complaint.reference, sent[0].id)


@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest, reference: str, challenge_id: uuid.UUID) -> HttpResponse:
    """Ask for the code; where it is right, the report counts fully."""
    complaint = complaint_of(reference)
    challenge = Challenge.objects.filter(
        pk=challenge_id, key=complaint.key or 0, expires_at__gt=now(), used_at__isnull=True, tries_left__gt=0
    ).first()
    if challenge is None:
        return render(request, "complaints/code_over.html", {"complaint": complaint}, status=410)
    form = CodeForm(request.POST or None)
    if form.is_valid():
        at = now()
        outcome = try_code(challenge_id=challenge.id, typed=form.cleaned_data["code"], at=at)
        if isinstance(outcome, NotProvenError):
            if outcome.code == "code.over" or challenge.tries_left <= 1:
                return render(request, "complaints/code_over.html", {"complaint": complaint}, status=410)
            form.add_error("code", said(outcome))
        elif (proven := line_of_token(outcome.token, at=at)) is not None:
            try:
                taking.prove_line(complaint=complaint, proven=proven, at=at)
            except ConflictError:
                messages.info(request, _("The line was confirmed already."))
            else:
                messages.success(request, _("Confirmed. Your report counts fully now."))
            response = redirect("reports:one", complaint.reference)
            remember(response, outcome.token)
            return response
    context = {"form": form, "complaint": complaint, "ending": str(challenge.key)[-2:], "minutes": 10}
    return render(request, "complaints/code.html", context, status=422 if form.errors else 200)
