"""Pages of the staff on single reports: the queue, and one report with its facts and its verdict."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST, require_safe

from quietline.errors import OperationError, VaultError
from quietline.web.accounts.requests import person_of
from quietline.web.base.clock import now
from quietline.web.base.csv_answers import csv_answer
from quietline.web.base.words import as_moment
from quietline.web.complaints import counting, establishing, showing, triage
from quietline.web.complaints.attachments import MEDIA
from quietline.web.complaints.forms_staff import NumberForm, QueueForm, UnmaskForm
from quietline.web.complaints.models import Attachment
from quietline.web.complaints.queries import staff_view
from quietline.web.complaints.sealing import erased, said_of
from quietline.web.complaints.stages import Act
from quietline.web.complaints.subjects import subject_label
from quietline.web.complaints.views_status import file_answer
from quietline.web.sellers.views_common import said
from quietline.web.subscribers.numbers import shown

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest, HttpResponse

    from quietline.web.complaints.models import Complaint, Report

__all__ = ["attachment", "join_again", "look", "one", "queue", "queue_csv"]

_PAGE = 50
_LISTED = 10_000
_MOST_ROWS = 20_000
_LOOK = timedelta(minutes=15)
_LOOKS = "reports-opened"
"""In the session: until when each report is open, and what for."""
_SHOWN_SCANS = frozenset((Attachment.Scan.CLEAN, Attachment.Scan.NONE))
_TONES = {
    "received": "waiting", "validated": "waiting", "in-case": "waiting", "answered": "good", "invalid": "", "withdrawn": "",
}  # fmt: skip


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """Show what waits, the most pressing first; who reported stays hidden."""
    at = now()
    form = QueueForm(request.GET)
    chosen = form.chosen()
    page = Paginator(triage.queue(**chosen, at=at)[:_LISTED], _PAGE).get_page(request.GET.get("page"))
    context = {
        "form": QueueForm(initial=chosen), "number_form": NumberForm(), "page": page,
        "query": "&".join(f"{name}={value}" for name, value in chosen.items() if value),
        "rows": [_row(complaint, at) for complaint in page],
        "is_chosen": chosen != {"state": "open", "verdict": "", "source": "", "overdue": False},
    }  # fmt: skip
    return render(request, "complaints/staff/queue.html", context)


def _row(complaint: Complaint, at: datetime) -> dict[str, Any]:
    report = complaint.report
    return {
        "complaint": complaint, "tone": _TONES[complaint.state], "caller": _caller(report) or _("no number"),
        "subject": subject_label(report.subject), "verdict": showing.VERDICTS[complaint.verdict],
        "verdict_tone": showing.VERDICT_TONES[complaint.verdict],
        "is_over": complaint.due_at is not None and complaint.due_at <= at,
    }  # fmt: skip


def _caller(report: Report) -> str:
    return showing.numbered(report.caller_key, report.caller_key) if report.caller_key else report.caller_raw


@require_safe
def queue_csv(request: HttpRequest) -> HttpResponse:
    """Give the list as a table; nothing in it tells who reported."""
    rows = triage.queue(**QueueForm(request.GET).chosen(), at=now())[:_MOST_ROWS]
    columns = [
        "reference",
        "state",
        "received",
        "due",
        "called",
        "caller",
        "subject",
        "promoted",
        "area",
        "verdict",
        "source",
    ]
    return csv_answer("reports", columns, [
        [row.reference, row.state, row.at.isoformat(), row.due_at.isoformat() if row.due_at else "",
         row.report.called_at.isoformat() if row.report.called_at else row.report.called_date or "",
         _caller(row.report),
         row.report.subject, row.report.promoted, row.report.area, row.verdict, row.report.source]
        for row in rows
    ])  # fmt: skip


@require_safe
def one(request: HttpRequest, reference: str) -> HttpResponse:
    """Show one report: the call, what is known of it, what the law says; who reported only after a look with reason."""
    return _page(request, _complaint(reference), UnmaskForm())


@require_POST
def look(request: HttpRequest, reference: str) -> HttpResponse:
    """Open number and words for a quarter of an hour; that it was done is on record, and the person sees it."""
    complaint, at = _complaint(reference), now()
    form = UnmaskForm(request.POST)
    if form.is_valid():
        try:
            triage.unmask(complaint=complaint, by=person_of(request), purpose=form.cleaned_data["purpose"], at=at)
        except OperationError as error:
            form.add_error(None, said(error))
        else:
            looks = {name: look for name, look in request.session.get(_LOOKS, {}).items() if look[0] > at.isoformat()}
            request.session[_LOOKS] = {**looks, reference: [(at + _LOOK).isoformat(), form.cleaned_data["purpose"]]}
            return redirect("triage:one", reference)
    return _page(request, complaint, form)


@require_GET  # not HEAD: each is put on record as a look
def attachment(request: HttpRequest, reference: str, pk: int) -> HttpResponse:
    """Give a file that the reporter attached, while a look is open; that it was fetched is on record, too."""
    complaint, at = _complaint(reference), now()
    rows = complaint.attachments.select_related("complaint__data_key").filter(removed_at=None, scan__in=_SHOWN_SCANS)
    row = get_object_or_404(rows, pk=pk)
    purpose = _purpose(request, reference, at)
    if not purpose:
        messages.error(request, _("Your look is over. Say again what for."))
        return redirect("triage:one", reference)
    answer = file_answer(row)
    triage.unmask(complaint=complaint, by=person_of(request), purpose=purpose, at=at)
    return answer


def _purpose(request: HttpRequest, reference: str, at: datetime) -> str:
    """Say what somebody's look at a report is for; empty where none is open."""
    until, purpose = request.session.get(_LOOKS, {}).get(reference, ("", ""))
    return purpose if until > at.isoformat() else ""


@require_POST
def join_again(request: HttpRequest, reference: str) -> HttpResponse:
    """Join the facts anew, now."""
    counting.refresh(_complaint(reference), at=now())
    messages.success(request, _("The facts were joined anew."))
    return redirect("triage:one", reference)


def _complaint(reference: str) -> Complaint:
    found = staff_view(reference)
    if found is None:
        raise Http404
    return found


def _page(request: HttpRequest, complaint: Complaint, form: UnmaskForm) -> HttpResponse:
    at = now()
    is_open = bool(_purpose(request, complaint.reference, at))
    report = complaint.report
    acts = complaint.acts.select_related("by").order_by("-pk")
    context = {
        "complaint": complaint, "row": _row(complaint, at), "form": form, "is_open": is_open,
        "number": shown(complaint.key) if is_open and complaint.key else showing.masked(complaint.key),
        "said": _said(complaint) if is_open else None, "erased": erased(complaint),
        "files": [
            (row, MEDIA[row.media_type], row.removed_at is None and row.scan in _SHOWN_SCANS)
            for row in complaint.attachments.order_by("pk")
        ],
        "facts": showing.facts_rows(complaint.facts), "askable": establishing.askable(complaint),
        "established": [
            {"at": row.at, "title": showing.settled(row.name, row.value), "text": f"{row.words} ({row.by})"}
            for row in establishing.history_of(complaint)
        ],
        "grounds": showing.grounds_told(complaint.grounds),
        "clusters": [
            {"cluster": cluster, "name": showing.cluster_name(cluster)}
            for cluster in (triage.seen_about(report.caller_key) if report.caller_key else [])
        ],
        "events": [
            {"at": act.at, "title": Act(act.act).label, "text": act.by.name if act.by else ""} for act in acts
        ],
    }  # fmt: skip
    return render(request, "complaints/staff/one.html", context, status=422 if form.errors else 200)


def _said(complaint: Complaint) -> list[dict[str, str]]:
    try:
        said_in = said_of(complaint)
    except VaultError:
        return []
    named = (
        (_("What was said"), said_in.words), (_("Who they said they were"), said_in.who), (_("Promoted"), said_in.promoted),
        (_("Shown as"), said_in.called_as), (_("When, as written"), said_in.said_when),
    )  # fmt: skip
    rows = [{"label": label, "value": value} for label, value in named if value]
    if complaint.knew:
        rows.append({"label": _("What they knew of the person"), "value": ", ".join(complaint.knew)})
    return rows or [{"label": _("What was said"), "value": _("nothing was written; received %(when)s") % {
        "when": as_moment(complaint.at)}}]  # fmt: skip
