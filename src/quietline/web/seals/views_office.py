"""Pages of the authority: what waits, all seals with what operators did, one seal and what can be done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from quietline.errors import OperationError
from quietline.numbering import number_of
from quietline.web.accounts.requests import person_of
from quietline.web.base.clock import now
from quietline.web.base.csv_answers import csv_answer
from quietline.web.base.spreadsheets import safe_cell
from quietline.web.inquiries.states import OPEN
from quietline.web.seals import operations, queries
from quietline.web.seals.forms import FilterForm, LiftForm, NewSealForm, ReleaseForm, WordsForm
from quietline.web.seals.models import Seal, SealRelease, Trust
from quietline.web.seals.reasons import REASONS, reason_words, remedy_words
from quietline.web.seals.releasing import release_number
from quietline.web.seals.showing import TONES, left, number_words, order_row, seal_events, seal_next, seal_rows
from quietline.web.seals.stages import SEAL_STEPS
from quietline.web.seals.stepping import may_take
from quietline.web.seals.wording import words_of
from quietline.web.sellers.views_common import refused, said
from quietline.web.subscribers.numbers import shown

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

__all__ = ["new", "office", "seal", "seal_act", "seals", "seals_csv"]

_PER_PAGE, _MOST_FREE = 50, 20
_FORMS: dict[str, Any] = {"seal": WordsForm, "return": WordsForm, "release": ReleaseForm, "lift": LiftForm}


@require_safe
def office(request: HttpRequest) -> HttpResponse:
    """Show what waits: proposals, appeals, numbers that want to be trusted or reviewed, orders that are overdue."""
    at = now()
    appeals = list(queries.open_appeals()[:200])
    late = [[row.inquiry.to.name, _seal_cell(row.seal), {"text": left(row.inquiry.due_at, at)[0], "tone": "bad"}]
            for row in queries.overdue_orders(at)[:100]]  # fmt: skip
    context = {
        "proposals": [_proposal(row) for row in queries.proposals()[:200]],
        "columns": [_("Seal"), _("Numbers"), _("Why"), _("Case"), _("Proposed by")],
        "late": late, "late_columns": [_("Operator"), _("Seal"), _("Time")], "appeals": len(appeals),
        "overdue_appeals": sum(row.due_at <= at for row in appeals),
        "trusts": Trust.objects.filter(state__in=("applied", "checked")).count(),
        "reviews": queries.due_for_review(at.date()).count(),
    }  # fmt: skip
    return render(request, "seals/office.html", context)


@require_safe
def seals(request: HttpRequest) -> HttpResponse:
    """List all seals with their orders."""
    form, rows, query = _filtered(request)
    page = Paginator(rows, _PER_PAGE).get_page(request.GET.get("page"))
    table = [
        [_seal_cell(row), number_words(row.first_key, row.last_key), reason_words(row.reason), row.subject,
         {"text": row.get_state_display(), "tone": TONES.get(row.state, "nothing")}, _orders_words(row)]
        for row in page
    ]  # fmt: skip
    columns = [_("Seal"), _("Numbers"), _("Why"), _("Case"), _("State"), _("Operators")]
    context = {"form": form, "rows": table, "columns": columns, "page": page, "query": query}
    return render(request, "seals/office_seals.html", context)


@require_safe
def seals_csv(request: HttpRequest) -> HttpResponse:
    """Give the list as a file."""
    _form, rows, _query = _filtered(request)
    header = (
        "reference", "country", "first", "last", "reason", "case", "state", "proposed_at", "sealed_at", "until_at",
        "ended_at", "wrong", "orders", "carried_out", "overdue",
    )  # fmt: skip
    lines = [
        (row.reference, row.country, number_of(row.first_key), number_of(row.last_key), row.reason, safe_cell(row.subject),
         row.state, *(moment.isoformat() if moment else "" for moment in
                      (row.proposed_at, row.sealed_at, row.until_at, row.ended_at)),
         "yes" if row.was_wrong else "no", row.ordered, row.done, row.late)
        for row in rows[:10_000]
    ]  # fmt: skip
    return csv_answer("seals", header, lines)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Propose a seal."""
    form = NewSealForm(request.POST or None, initial={"subject": request.GET.get("case", "")[:64]})
    if request.method == "POST" and form.is_valid():
        try:
            made = operations.propose_seal(**form.told, by=person_of(request), at=now())
        except OperationError as error:
            form.add_error(None, said(error))
        else:
            messages.success(request, _("Proposed. A supervisor who is somebody else confirms it or sends it back."))
            return redirect("seals:office_seal", made.reference)
    return render(request, "seals/office_new.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
def seal(request: HttpRequest, reference: str) -> HttpResponse:
    """Show one seal."""
    return _page(request, _seal(reference), {})


@require_POST
def seal_act(request: HttpRequest, reference: str) -> HttpResponse:
    """Confirm, send back, lift, or let one number go."""
    row, step, by, at = _seal(reference), request.POST.get("step", ""), person_of(request), now()
    if step not in _FORMS:
        raise Http404
    form = _FORMS[step](request.POST, prefix=step)
    if not form.is_valid():
        return _page(request, row, {step: form})
    data = form.cleaned_data
    try:
        if step == "lift":
            operations.lift_seal(seal=row, **data, by=by, at=at)
        elif step == "release":
            release_number(seal=row, **data, reason="cleared", by=by, at=at)
        elif step == "seal":
            operations.confirm_seal(seal=row, words=data["words"], by=by, at=at)
        else:
            operations.return_seal(seal=row, words=data["words"], by=by, at=at)
    except OperationError as error:
        refused(request, error)
    else:
        messages.success(request, _("Done. Operators, the feed and who answers for the number follow at once."))
    return redirect("seals:office_seal", reference)


def _page(request: HttpRequest, row: Seal, bound: dict[str, Any]) -> HttpResponse:
    by, at = person_of(request), now()
    steps = [step for step in SEAL_STEPS if step.before == row.state]
    possible = {step.act for step in steps if may_take(by, step, barred=(row.proposed_by_id,))}
    if row.first_key == row.last_key:
        possible -= {"release"}
    told, erased = words_of(row), _("erased, two years after the seal ended")
    facts = [
        {"label": _("Numbers"), "value": number_words(row.first_key, row.last_key)},
        {"label": _("Case"), "value": row.subject},
        {"label": _("What it rests on"), "value": ", ".join(told.get("evidence", [])) or erased},
    ]
    if row.sealed_at is not None:
        facts += _told_rows(row)
    else:
        facts += [
            {"label": _("Why"), "value": reason_words(row.reason)},
            {"label": _("What ends it before"), "value": remedy_words(str(told.get("remedy", "")))},
        ]
    forms = {name: bound.get(name) or form(prefix=name) for name, form in _FORMS.items() if name in possible}
    context = {
        "seal": row, "state": row.get_state_display(), "tone": TONES.get(row.state, "nothing"),
        "rows": facts + (seal_rows(row, at=at) if row.sealed_at else []), "forms": forms, "failed": next(iter(bound), ""),
        "is_first": row.state == Seal.State.PROPOSED and row.proposed_by_id == by.pk, "events": seal_events(row),
        "orders": [order_row(order, at) for order in queries.orders_of(row)],
        "order_columns": [_("Operator"), _("What was ordered"), _("State"), _("Time")],
        "next": seal_next(row), "conflict": _conflict(row) if row.state == Seal.State.PROPOSED else "",
    }  # fmt: skip
    return render(request, "seals/office_seal.html", context, status=422 if bound else 200)


def _told_rows(row: Seal) -> list[dict[str, Any]]:
    """Say how many numbers of a seal are free, and how many lines were told."""
    released = row.releases.filter(back_at=None).exclude(reason=SealRelease.Reason.PORTED)
    free = [shown(key) for key in released.order_by("key").values_list("key", flat=True)[:_MOST_FREE]]
    lines = ngettext("%(n)s line was told by text.", "%(n)s lines were told by text.", row.texts) % {"n": row.texts}
    waiting = row.last_key - row.first_key + 1 - row.told
    is_going_on = row.state == Seal.State.SEALED and waiting > 0 and not REASONS[row.reason].of_others
    rows = [{"label": _("Holders of the numbers"), "value": lines, "hint": _("Others follow.") if is_going_on else ""}]
    if free:
        rows.insert(0, {"label": _("Not sealed any more"), "value": ", ".join(free)})
    return rows


def _conflict(row: Seal) -> str:
    """Say why a proposal could not be confirmed as things stand."""
    try:
        operations.check_free(row.first_key, row.last_key, at=now())
    except OperationError as error:
        return said(error)
    return ""


def _filtered(request: HttpRequest) -> tuple[FilterForm, QuerySet[Any], str]:
    form = FilterForm(request.GET)
    form.is_valid()
    given = {name: form.cleaned_data.get(name) or "" for name in ("state", "reason", "subject")}
    rows = Seal.objects.filter(**{name: value for name, value in given.items() if value}).order_by("-pk").annotate(
        ordered=Count("orders"), done=Count("orders", filter=Q(orders__inquiry__state="acknowledged")),
        late=Count("orders", filter=Q(orders__inquiry__state__in=OPEN, orders__inquiry__due_at__lte=now())),
    )  # fmt: skip
    shown = FilterForm(initial=given)
    shown.is_chosen = any(given.values())  # type: ignore[attr-defined]
    return shown, rows, "&".join(f"{name}={value}" for name, value in given.items() if name != "subject" or value.isalnum())


def _orders_words(row: Any) -> str | dict[str, str]:
    if not row.ordered:
        return "–"
    text = _("%(done)s of %(all)s carried out") % {"done": row.done, "all": row.ordered}
    if row.late:
        return {"text": f"{text}, " + _("%(late)s overdue") % {"late": row.late}, "tone": "bad"}
    return {"text": text, "tone": "good" if row.done == row.ordered else "waiting"}


def _seal_cell(row: Seal) -> dict[str, str]:
    return {"text": row.reference, "url": reverse("seals:office_seal", args=[row.reference])}


def _proposal(row: Seal) -> list[Any]:
    who = row.proposed_by.name if row.proposed_by is not None else ""
    return [_seal_cell(row), number_words(row.first_key, row.last_key), reason_words(row.reason), row.subject, who]


def _seal(reference: str) -> Seal:
    row = Seal.objects.select_related("data_key", "proposed_by", "decided_by").filter(reference=reference).first()
    if row is None:
        raise Http404
    return row
