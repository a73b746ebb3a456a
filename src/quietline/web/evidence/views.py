"""Pages of a seller on what it has on file. They only translate, and call operations."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from quietline.errors import ConflictError, NotProvenError
from quietline.numbering import number_of
from quietline.web.accounts.models import Person
from quietline.web.accounts.requests import organisation_of
from quietline.web.accounts.rules import memberships_of
from quietline.web.base.clock import now
from quietline.web.base.limits import Limit, count
from quietline.web.base.words import as_day
from quietline.web.evidence import operations, queries
from quietline.web.evidence.exporting import record_rows
from quietline.web.evidence.forms import NumberForm, ProofForm, RecordForm
from quietline.web.evidence.models import Batch, Contest, Record
from quietline.web.evidence.operations import ANSWER_DAYS, RefusedRecordsError
from quietline.web.evidence.problems import problem_text
from quietline.web.evidence.rules import READERS, WRITERS
from quietline.web.evidence.tables import csv_answer
from quietline.web.keeping.rings import key_ring

if TYPE_CHECKING:
    from django.forms import Form
    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase

    from quietline.web.accounts.models import Organisation

__all__ = ["by_of", "may_write", "refused"]

_LOOKS = Limit("evidence-looks", 200, 3_600)
_FIELDS = {"number": "raw", "happened_at": "happened_at", "form": "form", "until": "until"}


def by_of(request: HttpRequest) -> str:
    """Say who acts, as batches keep it."""
    assert isinstance(request.user, Person)  # noqa: S101 - the access table lets nobody else pass
    return f"person:{request.user.pk}"


def may_write(request: HttpRequest, organisation: Organisation) -> bool:
    """Say whether who asks hands in evidence of a seller."""
    return any(m.organisation.pk == organisation.pk and m.role in WRITERS for m in memberships_of(request))


def refused(form: Form, error: RefusedRecordsError) -> None:
    """Show at its field what is wrong with a record."""
    _row, what, code = error.problems[0]
    name = _FIELDS.get(what)
    form.add_error(name if name in form.fields else None, problem_text(code))


def _crumbs(organisation: Organisation, label: str) -> list[dict[str, str]]:
    return [
        {"label": organisation.name, "url": reverse("accounts:organisation", args=[organisation.code])},
        {"label": _("Evidence"), "url": reverse("evidence:overview", args=[organisation.code])},
        {"label": label},
    ]


@require_safe
def overview(request: HttpRequest, code: str) -> HttpResponse:
    """Show a seller's evidence in figures, and what has to be done."""
    organisation = organisation_of(code)
    found = queries.overview(organisation, at=now())
    rows = [
        [kind.label, {"text": found.standing[kind]}, {"text": found.on_file[kind]}] for kind in Record.Kind
    ]  # fmt: skip
    context = {
        "organisation": organisation, "found": found, "rows": rows, "may_write": may_write(request, organisation),
        "answer_days": ANSWER_DAYS,
        "batches": [
            [as_day(batch.at.date()), batch.get_how_display(), batch.count, batch.via.name] for batch in found.batches
        ],
    }  # fmt: skip
    return render(request, "evidence/overview.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def number(request: HttpRequest, code: str) -> HttpResponse:
    """Show the history of one number; the look is logged, and the person sees it."""
    organisation, at = organisation_of(code), now()
    form = NumberForm(request.POST or None, country=organisation.country)
    context: dict[str, Any] = {"organisation": organisation, "form": form, "crumbs": _crumbs(organisation, _("One number"))}
    if form.is_valid():
        key = form.cleaned_data["raw"]
        count([(_LOOKS, key_ring().keyed_hash("limit", by_of(request).encode()))], at=at)
        role = next(m.role for m in memberships_of(request) if m.organisation.pk == organisation.pk and m.role in READERS)
        with transaction.atomic():
            queries.log_read(
                key=key, organisation=organisation, reader=request.user.pk or 0, role=role,
                purpose=form.cleaned_data["purpose"], at=at,
            )  # fmt: skip
        context |= _history(organisation, key)
    return render(request, "evidence/number.html", context, status=422 if form.errors else 200)


def _history(organisation: Organisation, key: int) -> dict[str, Any]:
    found = queries.standing_of(organisation, key, at=now())
    labels = dict(Record.Kind.choices)
    states = [
        {"label": labels[kind], "value": _("counts, as of %(day)s") % {"day": as_day(fact.on_date)},
         "hint": _("until %(day)s") % {"day": as_day(fact.due_date)} if fact.due_date else ""}
        for kind, fact in found.claims.items()
    ]  # fmt: skip
    reasons = {
        "revoked": _("does not count: the person asked you to stop since"),
        "contested": _("does not count: the person contests it"),
        "lapsed": _("does not count: its last day is over"),
        "replaced": _("does not count for calls: it is about texts, or about an earlier holder of the number"),
    }
    states += [{"label": labels[kind], "value": reasons[why]} for kind, why in found.why_not.items()]
    if found.stop_since is not None:
        text = (
            _("stands, since %(day)s: do not call") if not found.stops_texts_only else _("stands for texts, since %(day)s")
        )
        states.insert(0, {"label": labels["stop"], "value": text % {"day": as_day(found.stop_since)}})
    return {
        "number": queries.masked(key),
        "states": states,
        "records": queries.history_of(organisation, key),
        "looked": True,
    }


@require_http_methods(["GET", "HEAD", "POST"])
def add(request: HttpRequest, code: str) -> HttpResponse:
    """Record one thing that happened."""
    organisation = organisation_of(code)
    form = RecordForm(request.POST or None, country=organisation.country)
    if form.is_valid():
        given = replace(
            form.given(form.cleaned_data["kind"], form.cleaned_data["raw"]), until_date=form.cleaned_data["until"]
        )
        try:
            done = operations.record(
                organisation=organisation, records=[given], via=organisation, by=by_of(request), how=Batch.How.PAGE, at=now()
            )
        except RefusedRecordsError as error:
            refused(form, error)
        else:
            messages.success(request, _("Recorded.") if done.new else _("This was on file already."))
            return redirect("evidence:overview", code)
    context = {"organisation": organisation, "form": form, "crumbs": _crumbs(organisation, _("Record one"))}
    return render(request, "evidence/add.html", context, status=422 if form.errors else 200)


@require_safe
def stops(request: HttpRequest, code: str) -> HttpResponse:
    """Show the requests to stop that have to be honoured by a day."""
    organisation = organisation_of(code)
    everything = request.GET.get("all") == "1"
    # bounded: who has more downloads the table
    found = list(islice(queries.stops_due(organisation, at=now(), everything=everything), 1_000))
    page = Paginator(found, 50).get_page(request.GET.get("page"))
    context = {
        "organisation": organisation, "page": page, "everything": everything,
        "rows": [{"number": queries.masked(due.record.key), "due": due} for due in page],
        "crumbs": _crumbs(organisation, _("Requests to stop")),
    }  # fmt: skip
    return render(request, "evidence/stops.html", context)


@require_POST
def stops_csv(request: HttpRequest, code: str) -> HttpResponseBase:
    """Give all requests to stop as a table, with whole numbers: it is what calling systems are fed with."""
    organisation = organisation_of(code)
    queries.log_download(organisation, [Record.Kind.STOP], at=now())
    rows = (
        [
            number_of(due.record.key), due.record.on_date.isoformat(), due.record.channel,
            due.honour_by.isoformat() if due.honour_by else "", due.terms[0].citation if due.terms else "",
        ]
        for due in queries.stops_due(organisation, at=now(), everything=True)
    )  # fmt: skip
    return csv_answer("stop-requests.csv", ["number", "asked_on", "channel", "honour_by", "citation"], rows, safe=4)


@require_safe
def contests(request: HttpRequest, code: str) -> HttpResponse:
    """Show what people contested."""
    organisation = organisation_of(code)
    page = Paginator(queries.contests_of(organisation), 50).get_page(request.GET.get("page"))
    context = {
        "organisation": organisation, "page": page, "answer_days": ANSWER_DAYS, "at": now(),
        "rows": [
            {"contest": row, "number": queries.masked(row.key), "outcome": getattr(row, "outcome", None)} for row in page
        ],
        "may_write": may_write(request, organisation), "crumbs": _crumbs(organisation, _("Contested")),
    }  # fmt: skip
    return render(request, "evidence/contests.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """Answer a contested claim with proof."""
    organisation = organisation_of(code)
    row = get_object_or_404(Contest.objects.select_related("organisation"), pk=pk, organisation=organisation, outcome=None)
    form = ProofForm(request.POST or None)
    if form.is_valid():
        try:
            operations.answer_contest(
                contest=row, proof=form.given(row.kind, row.key), via=organisation, by=by_of(request), how=Batch.How.PAGE,
                at=now(),
            )  # fmt: skip
        except RefusedRecordsError as error:
            refused(form, error)
        except (ConflictError, NotProvenError) as error:
            form.add_error(None, f"{error.message} {error.advice}")
        else:
            messages.success(request, _("Answered. The person sees your proof, and the claim counts again."))
            return redirect("evidence:contests", code)
    context = {
        "organisation": organisation, "contest": row, "number": queries.masked(row.key), "form": form,
        "on_file": [record for record in queries.history_of(organisation, row.key) if record.kind == row.kind],
        "crumbs": _crumbs(organisation, _("Answer")),
    }  # fmt: skip
    return render(request, "evidence/answer.html", context, status=422 if form.errors else 200)


@require_POST
def export(request: HttpRequest, code: str) -> HttpResponseBase:
    """Give everything on file as a table."""
    organisation = organisation_of(code)
    queries.log_download(organisation, list(Record.Kind), at=now())
    header, rows = record_rows(organisation)
    return csv_answer("evidence.csv", header, rows, safe=1)
