"""Pages of the staff on clusters: the list, one cluster with why and what speaks against it, a number that is looked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from quietline.errors import OperationError
from quietline.web.accounts.requests import person_of
from quietline.web.base.clock import now
from quietline.web.base.csv_answers import csv_answer
from quietline.web.base.words import as_day
from quietline.web.complaints import showing, triage
from quietline.web.complaints.cluster_models import Cluster, ClusterAct
from quietline.web.complaints.forms_staff import ClustersForm, DecideForm, NumberForm
from quietline.web.complaints.models import Complaint, Report
from quietline.web.complaints.subjects import subject_label
from quietline.web.sellers.views_common import said

if TYPE_CHECKING:
    from datetime import date

    from django.http import HttpRequest, HttpResponse
    from django.utils.safestring import SafeString

__all__ = ["cluster", "cluster_csv", "clusters", "clusters_csv", "decide", "number"]

_PAGE = 50
_LISTED = 10_000
_MOST_ROWS = 20_000
_SHOWN = 50
TONES = {"open": "waiting", "in-case": "waiting", "protected": "good", "dismissed": ""}
"""Tone of ``components/status.html`` for each state."""


@require_safe
def clusters(request: HttpRequest) -> HttpResponse:
    """Show clusters of a kind, those that weigh most first."""
    chosen = ClustersForm(request.GET).chosen()
    page = Paginator(triage.clusters(**chosen)[:_LISTED], _PAGE).get_page(request.GET.get("page"))
    context = {
        "form": ClustersForm(initial=chosen), "number_form": NumberForm(), "page": page,
        "query": "&".join(f"{name}={value}" for name, value in chosen.items()),
        "kind": Cluster.Kind(chosen["kind"]).label,
        "is_cut": page.paginator.count == _LISTED, "rows": [_row(cluster) for cluster in page],
    }  # fmt: skip
    return render(request, "complaints/staff/clusters.html", context)


def _row(row: Cluster) -> dict[str, Any]:
    return {
        "cluster": row, "name": showing.cluster_name(row), "tone": TONES[row.state], "state": row.get_state_display(),
        "weight": f"{row.weight / 100:,.1f}", "arranged": bool((row.signals.get("brigading") or {}).get("suspected")),
    }  # fmt: skip


@require_safe
def clusters_csv(request: HttpRequest) -> HttpResponse:
    """Give the list as a table."""
    columns = ["id", "kind", "country", "name", "first_number", "last_number", "reports", "weight", "numbers", "reporters",
               "first_day", "last_day", "state", "bound"]  # fmt: skip
    rows = triage.clusters(**ClustersForm(request.GET).chosen())[:_MOST_ROWS]
    return csv_answer("clusters", columns, [
        [row.pk, row.kind, row.country, showing.cluster_name(row), *_ends(row), row.report_count, row.weight / 100,
         row.number_count, row.reporter_count, row.first_date or "", row.last_date or "", row.state,
         row.score.get("bound", "")]
        for row in rows
    ])  # fmt: skip


def _ends(row: Cluster) -> list[str]:
    return [showing.numbered(key, key) if key is not None else "" for key in (row.first_key, row.last_key)]


@require_safe
def cluster(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one cluster."""
    return _page(request, get_object_or_404(Cluster, pk=pk), DecideForm(), "")


def _page(request: HttpRequest, row: Cluster, form: DecideForm, failed: str) -> HttpResponse:
    by_month = triage.months(row)
    reports = list(triage.reports_in(row)[:_SHOWN])
    complaints = {
        one.report_id: one for one in Complaint.objects.filter(report__in=[report.pk for report in reports]).only(
            "reference", "report_id", "verdict", "state")
    }  # fmt: skip
    numbers = triage.numbers_in(row, most=_SHOWN) if row.number_count != 1 else []
    context = {
        **_row(row), "why": showing.why_told(row), "signals": showing.signals_told(row), "form": form, "failed": failed,
        "figures": [
            {"label": _("Reports"), "value": f"{row.report_count:,}"},
            {"label": _("Weight now"), "value": f"{row.weight / 100:,.1f}"},
            {"label": _("Numbers"), "value": f"{row.number_count:,}"},
            {"label": _("Known reporters"), "value": f"{row.reporter_count:,}"},
            {"label": _("First day"), "value": as_day(row.first_date)},
            {"label": _("Last day"), "value": as_day(row.last_date)},
        ],
        "chart": _chart(by_month), "months": [[f"{month:%Y-%m}", f"{count:,}"] for month, count in by_month],
        "month_columns": [_("Month"), {"label": _("Reports"), "is_figure": True}],
        "numbers": [[showing.numbered(key, key), f"{count:,}"] for key, count in numbers],
        "number_columns": [_("Number"), {"label": _("Reports"), "is_figure": True}],
        "reports": [_report(report, complaints.get(report.pk)) for report in reports],
        "report_columns": [_("Call"), _("Number"), _("About"), _("The call was"), _("How it came")],
        "steps": [
            {"act": act, "label": _ACTS[act], "kind": "outline"} for act in triage.steps_of(row, person_of(request))
        ],
        "acts": [
            {"at": act.at, "title": act.get_act_display(), "text": f"{act.by.name}: {act.words}"}
            for act in row.acts.select_related("by").order_by("-pk")
        ],
    }  # fmt: skip
    return render(request, "complaints/staff/cluster.html", context, status=422 if form.errors else 200)


class _Acts:
    """Names of acts as buttons have them, in the language in force."""

    def __getitem__(self, act: str) -> str:
        return {
            ClusterAct.Act.DISMISS: _("Dismiss this cluster"),
            ClusterAct.Act.PROTECT: _("Protect this number"),
            ClusterAct.Act.REOPEN: _("Take it up again"),
        }[ClusterAct.Act(act)]


_ACTS = _Acts()


def _report(report: Report, complaint: Complaint | None) -> list[Any]:
    called = as_day(report.called_date or (report.reported_at.date() if report.reported_at else None))
    verdict = showing.VERDICTS[complaint.verdict] if complaint is not None else ""
    first: Any = called or _("not known")
    if complaint is not None:
        first = {"text": f"{called} {complaint.reference}", "url": reverse("triage:one", args=[complaint.reference])}
    name = showing.numbered(report.caller_key, report.caller_key) if report.caller_key else report.caller_raw
    return [first, name, subject_label(report.subject), verdict, report.get_source_display()]


def _chart(by_month: list[tuple[date, int]]) -> SafeString:
    """Draw reports by month as bars, months without any as gaps; attributes only, as the content policy wants."""
    if not by_month:
        return format_html("")
    start, end = by_month[0][0], by_month[-1][0]
    span = (end.year - start.year) * 12 + end.month - start.month + 1
    most = max(count for _month, count in by_month)
    width = 600 / span
    bars = (
        (f"{((month.year - start.year) * 12 + month.month - start.month) * width + width * 0.1:.2f}",
         f"{100 - 96 * count / most:.2f}", f"{width * 0.8:.2f}", f"{96 * count / most:.2f}")
        for month, count in by_month
    )  # fmt: skip
    drawn = format_html_join(
        "", '<rect class="ql-chart__bar" x="{}" y="{}" width="{}" height="{}" fill="currentColor"/>', bars
    )
    return format_html('<svg viewBox="0 0 600 100" role="presentation" preserveAspectRatio="none">{}</svg>', drawn)


@require_safe
def cluster_csv(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the reports of a cluster as a table; nothing in it tells who reported."""
    row = get_object_or_404(Cluster, pk=pk)
    columns = [
        "caller",
        "called_at",
        "called_day",
        "reported_at",
        "area",
        "region",
        "subject",
        "promoted",
        "recorded",
        "weight",
        "source",
    ]
    return csv_answer(f"cluster-{pk}", columns, [
        [showing.numbered(report.caller_key, report.caller_key) if report.caller_key else report.caller_raw,
         report.called_at.isoformat() if report.called_at else "", report.called_date or "",
         report.reported_at.isoformat() if report.reported_at else "", report.area, report.region, report.subject,
         report.promoted, report.is_recorded, report.weight / 100, report.source]
        for report in triage.reports_in(row)[:_MOST_ROWS]
    ])  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: HttpRequest, pk: int, act: str) -> HttpResponse:
    """Ask why, then decide about a cluster."""
    row = get_object_or_404(Cluster, pk=pk)
    person = person_of(request)
    if act not in ClusterAct.Act.values or not triage.may_decide(row, act, person):
        raise Http404
    form = DecideForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            triage.decide(cluster=row, act=act, words=form.cleaned_data["words"], by=person, at=now())
        except OperationError as error:
            form.add_error(None, said(error))
        else:
            messages.success(request, _("Done. It stands on the cluster's page, with your reason."))
            return redirect("triage:cluster", pk)
    context = {"cluster": row, "name": showing.cluster_name(row), "form": form, "title": _ACTS[act], "act": act}
    return render(request, "complaints/staff/decide.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def number(request: HttpRequest) -> HttpResponse:
    """Look for a calling number: the clusters that it lies in, and its latest reports."""
    form = NumberForm(request.POST if request.method == "POST" else None)
    context: dict[str, Any] = {"form": form, "sought": ""}
    if request.method == "POST" and form.is_valid():
        key = form.cleaned_data["raw"]
        reports = Report.objects.filter(caller_key=key)
        latest = list(reports.order_by("-reported_at")[:_SHOWN])
        complaints = {one.report_id: one for one in Complaint.objects.filter(report__in=[report.pk for report in latest])}
        context |= {
            "sought": showing.numbered(key, key), "count": reports.count(),
            "rows": [_row(row) for row in triage.seen_about(key)],
            "reports": [_report(report, complaints.get(report.pk)) for report in latest],
            "report_columns": [_("Call"), _("Number"), _("About"), _("The call was"), _("How it came")],
        }  # fmt: skip
    return render(request, "complaints/staff/number.html", context, status=422 if form.errors else 200)
