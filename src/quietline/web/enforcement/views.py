"""The officers' queue: filtered, as a table, in bulk; and the page that opens a case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from quietline.errors import OperationError
from quietline.web.accounts.requests import person_of
from quietline.web.base.clock import now
from quietline.web.base.csv_answers import csv_answer
from quietline.web.base.words import as_moment
from quietline.web.complaints.cluster_models import Cluster
from quietline.web.enforcement import cases, queries, routing
from quietline.web.enforcement.forms_base import BulkForm, FilterForm, OpenForm
from quietline.web.enforcement.models import Case
from quietline.web.enforcement.showing import left, tone_of
from quietline.web.enforcement.steps import told
from quietline.web.enforcement.views_common import PER_PAGE, crumbs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

    from quietline.web.complaints.models import Complaint

__all__ = ["MOST_AT_ONCE", "bulk", "open_page", "queue", "queue_csv"]

MOST_AT_ONCE = 500
"""Cases that are dealt with at once."""


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """List the cases that wait, those first whose time ends first."""
    return _queue_page(request, BulkForm())


@require_safe
def queue_csv(request: HttpRequest) -> HttpResponse:
    """Give the list as a table."""
    at = now()
    _form, rows, _query = _listed(request, at)
    columns = [
        _("Case"), _("Title"), _("State"), _("Section"), _("Assigned to"), _("Country"), _("Who calls"), _("Who profits"),
        _("Due"), _("Time"), _("On hold until"), _("Opened"),
    ]  # fmt: skip
    table = (
        (
            row.reference, row.title, row.get_state_display(), row.section, row.assigned_to or "", row.country,
            row.caller or "", row.profits or "", as_moment(row.due_at), left(row, at),
            as_moment(row.held_until) if row.is_on_hold(at) else "", as_moment(row.opened_at),
        )
        for row in rows
    )  # fmt: skip
    return csv_answer("cases", columns, table)


@require_POST
def bulk(request: HttpRequest) -> HttpResponse:
    """Give several cases to somebody, or put them on hold; say which were not, and why."""
    form = BulkForm(request.POST)
    chosen = list(dict.fromkeys(request.POST.getlist("case")))
    if not chosen or len(chosen) > MOST_AT_ONCE:
        form.is_valid()
        form.add_error(None, _("Choose 1 to %(most)s cases.") % {"most": MOST_AT_ONCE})
    if not form.is_valid():
        return _queue_page(request, form)
    at, by, done, left_out = now(), person_of(request), 0, []
    for case in Case.objects.filter(reference__in=chosen).select_related("data_key").order_by("pk"):
        try:
            _do_bulk(case, form.cleaned_data, by, at)
        except OperationError as error:
            left_out.append(f"{case.reference}: {told(error)}")
        else:
            done += 1
    if done:
        messages.success(request, ngettext("%(count)s case done.", "%(count)s cases done.", done) % {"count": done})
    for line in left_out[:20]:
        messages.error(request, line)
    if len(left_out) > 20:
        messages.error(request, _("%(count)s more were not done.") % {"count": len(left_out) - 20})
    return redirect("enforcement:queue")


@require_http_methods(["GET", "HEAD", "POST"])
def open_page(request: HttpRequest) -> HttpResponse:
    """Open a case by hand, from a cluster, or from reports that were chosen in a list."""
    at = now()
    cluster = _cluster(request.POST.get("cluster") or request.GET.get("cluster", ""))
    if request.method != "POST" or "title" not in request.POST:  # a list of reports posts only which were chosen
        chosen = [*request.POST.getlist("complaint"), *request.GET.getlist("complaint"), *request.GET.getlist("report")]
        return _open_page(request, OpenForm(initial=_initial(cluster, chosen, at)), cluster)
    form = OpenForm(request.POST)
    if not form.is_valid():
        return _open_page(request, form, cluster)
    given = form.cleaned_data
    found, unknown = queries.complaints_of_references(given["complaints"])
    if unknown:
        form.add_error("complaints", _("There is no report %(names)s.") % {"names": ", ".join(unknown[:10])})
        return _open_page(request, form, cluster)
    try:
        case = cases.open_case(
            title=given["title"], country=given["country"], kind=given["kind"], complaints=found,
            numbers=_spans(given, cluster, found), cluster=cluster, caller=given["caller"], profits=given["profits"],
            section=given["section"], by=person_of(request), at=at,
        )  # fmt: skip
    except OperationError as error:
        form.add_error(None, told(error))
        return _open_page(request, form, cluster)
    messages.success(request, _("The case is open. Give it to somebody who looks into it."))
    return redirect("enforcement:case", case.reference)


def _queue_page(request: HttpRequest, bulk_form: BulkForm) -> HttpResponse:
    at = now()
    form, rows, query = _listed(request, at)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    everything = queries.queue(at=at)
    figures = [
        {"label": _("Not closed"), "value": everything.count()},
        {"label": _("Overdue"), "value": queries.queue(at=at, only="overdue").count()},
        {"label": _("On hold"), "value": queries.queue(at=at, only="hold").count()},
        {"label": _("Nobody's yet"), "value": queries.queue(at=at, only="free").count()},
    ]
    shown = [
        {"case": row, "left": left(row, at), "tone": tone_of(row, at), "is_held": row.is_on_hold(at)} for row in page
    ]  # fmt: skip
    context = {
        "filter": form, "is_chosen": bool(query), "page": page, "query": query, "rows": shown, "form": bulk_form,
        "figures": figures, "is_officer": cases.is_officer(person_of(request)), "crumbs": crumbs(),
    }  # fmt: skip
    return render(request, "enforcement/queue.html", context, status=422 if bulk_form.errors else 200)


def _listed(request: HttpRequest, at: datetime) -> tuple[FilterForm, QuerySet[Case], str]:
    form = FilterForm(request.GET)
    form.is_valid()
    given = form.cleaned_data
    only = given.get("only") or ("free" if given.get("whose") == "free" else "")
    rows = queries.queue(
        at=at, state=given.get("state", ""), section=given.get("section", ""), only=only,
        assigned_to=person_of(request) if given.get("whose") == "mine" else None,
    )  # fmt: skip
    if given.get("whose") == "free":
        rows = rows.filter(Q(assigned_to=None))
    return FilterForm(initial=given), rows, urlencode({name: value for name, value in given.items() if value})


def _do_bulk(case: Case, given: Any, by: Any, at: datetime) -> None:
    if given["act"] == "assign":
        cases.assign(case=case, to=given["to"], by=by, at=at)
    else:
        cases.hold_case(case=case, until_at=given["until_at"], reason=given["reason"], by=by, at=at)


def _cluster(given: str) -> Cluster | None:
    return Cluster.objects.filter(pk=int(given)).first() if given.isdecimal() and len(given) < 19 else None


def _initial(cluster: Cluster | None, chosen: Sequence[str], at: datetime) -> dict[str, Any]:
    if cluster is not None:
        found = queries.complaints_of_cluster(cluster, most=cases.MOST_COMPLAINTS)
    else:
        found = queries.complaints_of_references(chosen[: cases.MOST_COMPLAINTS])[0]
    keys = [row.report.caller_key for row in found if row.report.caller_key is not None]
    caller, profits = queries.suggested_caller(keys, at=at), routing.profiting(found)
    return {
        "complaints": "\n".join(row.reference for row in found), "caller": caller.code if caller else "",
        "profits": profits.code if profits else "", "cluster": cluster.pk if cluster else None,
        **({"country": cluster.country} if cluster else {"country": found[0].report.country} if found else {}),
    }  # fmt: skip


def _spans(given: Any, cluster: Cluster | None, found: Sequence[Complaint]) -> list[tuple[int, int]]:
    """Give the numbers of a new case: as typed, else the cluster's, else those that the reports name."""
    if "span" in given:
        return [given["span"]]
    if cluster is not None and cluster.first_key is not None:
        return [(cluster.first_key, cluster.first_key if cluster.last_key is None else cluster.last_key)]
    return sorted({(row.report.caller_key, row.report.caller_key) for row in found if row.report.caller_key is not None})


def _open_page(request: HttpRequest, form: OpenForm, cluster: Cluster | None) -> HttpResponse:
    context = {"form": form, "cluster": cluster, "crumbs": crumbs(here=_("Open a case"))}
    return render(request, "enforcement/open.html", context, status=422 if form.errors else 200)
