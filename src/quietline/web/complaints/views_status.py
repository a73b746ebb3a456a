"""Follow reports: find one, see it with what happened, keep a copy, withdraw it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from quietline.errors import NotProvenError, OperationError, TooManyError, VaultError
from quietline.ledger.objects import ObjectMissing
from quietline.web.base.clients import client_of
from quietline.web.base.clock import now
from quietline.web.base.csv_answers import csv_answer
from quietline.web.base.words import as_day
from quietline.web.complaints import queries, sealing, taking
from quietline.web.complaints.attachments import MEDIA, read_attachment
from quietline.web.complaints.forms import FindForm, WithdrawForm
from quietline.web.complaints.models import Attachment, Complaint
from quietline.web.complaints.stages import Act, step_of
from quietline.web.complaints.telling import TONES, due_day, due_row, events_of, said_rows, text_of
from quietline.web.complaints.views import complaint_of, remember_report
from quietline.web.sellers.views_common import language, refused, said
from quietline.web.subscribers.line_sessions import line_of
from quietline.web.subscribers.numbers import shown

if TYPE_CHECKING:
    import uuid
    from typing import Any

    from django.http import HttpRequest

__all__ = ["attachment", "copy", "file_answer", "find", "mine", "mine_csv", "one", "open_link", "withdraw"]


@require_http_methods(["GET", "HEAD", "POST"])
def find(request: HttpRequest) -> HttpResponse:
    """Find a report by its reference and its code."""
    form = FindForm(request.POST or None)
    if form.is_valid():
        data = form.cleaned_data
        try:
            row = queries.by_code(reference=data["reference"], typed=data["code"], client=client_of(request), at=now())
        except TooManyError as error:
            context = {"minutes": error.retry_seconds // 60 + 1}
            return render(request, "complaints/too_many.html", context, status=429)
        except NotProvenError as error:
            form.add_error(None, said(error))
        else:
            remember_report(request, row)
            return redirect("reports:one", row.reference)
    return render(request, "complaints/find.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
def open_link(request: HttpRequest, challenge: uuid.UUID | None = None, token: str = "") -> HttpResponse:
    """Open a report by the link that a mail carries; looking is all that it does."""
    row = queries.by_link(challenge, token) if challenge is not None else None
    if row is None:
        return redirect("reports:find")
    remember_report(request, row)
    return redirect("reports:one", row.reference)


@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """List the reports of the proven line."""
    proven, rows = _mine(request)
    table = [
        [
            {"text": row.reference, "url": reverse("reports:one", args=[row.reference])},
            as_day(row.at.date()),
            {"text": row.get_state_display(), "tone": TONES.get(row.state, "nothing")},
            as_day(due_day(row)) if row.due_at else "",
        ]
        for row in rows
    ]
    columns = [_("Reference"), _("Received"), _("State"), _("Answer due by")]
    return render(request, "complaints/mine.html", {"number": shown(proven), "rows": table, "columns": columns})


@require_safe
def mine_csv(request: HttpRequest) -> HttpResponse:
    """Give the same as a file."""
    _proven, rows = _mine(request)
    columns = (_("Reference"), _("Received"), _("State"), _("Answer due by"), _("Number that called"))
    lines = [
        (row.reference, row.at.isoformat(), row.get_state_display(), due_day(row).isoformat(),
         row.report.caller_raw)
        for row in rows
    ]  # fmt: skip
    return csv_answer("reports", columns, lines)


def _mine(request: HttpRequest) -> tuple[int, list[Complaint]]:
    proven = line_of(request)
    if proven is None:
        raise Http404
    return proven.key, queries.of_line(proven)


@require_safe
def one(request: HttpRequest, reference: str) -> HttpResponse:
    """Show a report: how far it is, what happened, what was said, and what proves it."""
    complaint = complaint_of(reference)
    proof = queries.proof_of(complaint)
    rows: list[dict[str, Any]] = [{"label": _("Reference"), "value": complaint.reference}]
    if complaint.due_at is not None:
        rows.append(due_row(complaint))
    if complaint.case_reference:
        rows.append({"label": _("Case"), "value": complaint.case_reference})
    if complaint.is_late:
        rows.append({"label": _("Reported late"), "value": _("yes"),
                     "hint": _("It is taken all the same. Calls of long ago are harder to trace.")})  # fmt: skip
    context = {
        "complaint": complaint, "rows": rows, "tone": TONES.get(complaint.state, "nothing"),
        "state": complaint.get_state_display(), "events": events_of(complaint, language()), "said": said_rows(complaint),
        "files": [(row, MEDIA[row.media_type]) for row in complaint.attachments.order_by("pk")], "proof": proof,
        "is_erased": sealing.erased(complaint),
        "may_confirm": complaint.key is not None and not complaint.line_proven and _may(complaint, Act.PROVE),
        "may_withdraw": _may(complaint, Act.WITHDRAW), "may_erase": _may_erase(complaint), "next": _next(complaint),
    }  # fmt: skip
    return render(request, "complaints/one.html", context)


@require_safe
def copy(request: HttpRequest, reference: str) -> HttpResponse:
    """Give a report as a text to keep."""
    complaint = complaint_of(reference)
    headers = {"Content-Disposition": f'attachment; filename="{complaint.reference}.txt"'}
    return HttpResponse(text_of(complaint, language()), content_type="text/plain; charset=utf-8", headers=headers)


@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, reference: str) -> HttpResponse:
    """Withdraw a report, or erase what was said in one that is over, after asking once."""
    complaint = complaint_of(reference)
    is_over = not _may(complaint, Act.WITHDRAW)
    form = WithdrawForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            if is_over:
                sealing.erase(complaint=complaint, at=now())
            else:
                taking.withdraw(complaint=complaint, at=now(), with_erasure=form.cleaned_data["with_erasure"])
        except OperationError as error:
            refused(request, error)
        else:
            done = _("What you said is erased.") if is_over else _("Your report is withdrawn. It does not count any more.")
            messages.success(request, done)
        return redirect("reports:one", complaint.reference)
    context = {"complaint": complaint, "form": form, "is_over": is_over}
    return render(request, "complaints/withdraw.html", context)


@require_safe
def attachment(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    """Give a file back to whoever sent it, to be saved, never shown as a page."""
    complaint = complaint_of(reference)
    row = get_object_or_404(complaint.attachments.select_related("complaint__data_key"), pk=pk, removed_at=None)
    return file_answer(row)


def file_answer(row: Attachment) -> HttpResponse:
    """Give a file, to be saved, never shown as a page; who may have it, the caller has seen to.

    Raises:
        Http404: it cannot be opened any more.
    """
    try:
        content = read_attachment(row)
    except (ObjectMissing, VaultError):
        raise Http404 from None
    suffix = MEDIA[row.media_type][0]
    headers = {
        "Content-Disposition": f'attachment; filename="{row.complaint.reference}-{row.pk}{suffix}"',
        "X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store",
    }  # fmt: skip
    return HttpResponse(content, content_type=row.media_type, headers=headers)


def _may(complaint: Complaint, act: Act) -> bool:
    return step_of(complaint.state, act) is not None


def _may_erase(complaint: Complaint) -> bool:
    return not sealing.erased(complaint) and _may(complaint, Act.ERASE)


def _next(complaint: Complaint) -> str:
    """Say in plain words what comes next, and who does it."""
    return {
        Complaint.State.RECEIVED: _("An officer checks your report. You need do nothing."),
        Complaint.State.VALIDATED: _("Your report counts, together with others about the same caller. You need do nothing."),
        Complaint.State.IN_CASE: _("Officers look into the case. The caller has a right to reply. You need do nothing."),
        Complaint.State.ANSWERED: _("This is done. Report the next call from them, too: each one counts."),
        Complaint.State.INVALID: _("The reason stands below. You can report the call again with more of what you know."),
        Complaint.State.WITHDRAWN: _("It does not count any more. You can report the call again at any time."),
    }[Complaint.State(complaint.state)]
