"""Trusted numbers: an organisation applies, officers check the papers, another one decides, and looks again each year."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from quietline.errors import OperationError
from quietline.web.accounts.models import Organisation
from quietline.web.accounts.requests import organisation_of, person_of
from quietline.web.base.clock import now
from quietline.web.base.words import as_day
from quietline.web.seals import trusting
from quietline.web.seals.forms import ApplyForm, ReasonForm, ReviewForm
from quietline.web.seals.models import Trust
from quietline.web.seals.queries import due_for_review
from quietline.web.seals.showing import TONES, number_words, trust_events, trust_rows
from quietline.web.seals.stages import TRUST_STEPS
from quietline.web.seals.stepping import may_take
from quietline.web.sellers.views_common import refused, said

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

__all__ = ["act", "mine", "new", "trust", "trusts"]

_STEPS = ("check", "trust", "refuse", "review", "end")


@require_http_methods(["GET", "HEAD", "POST"])
def mine(request: HttpRequest, code: str) -> HttpResponse:
    """Show an organisation its trusted numbers, and take an application."""
    found = organisation_of(code)
    form = ApplyForm(request.POST or None, initial={"holder": found.name, "country": found.country})
    if request.method == "POST" and form.is_valid():
        try:
            trusting.apply_for_trust(**form.told, organisation=found, by=person_of(request), at=now())
        except OperationError as error:
            form.add_error(None, said(error))
        else:
            messages.success(request, _("Applied for. The authority checks the papers and writes to you."))
            return redirect("seals:trusted_mine", code)
    rows = [
        {"trust": row, "rows": trust_rows(row), "tone": TONES.get(row.state, "nothing"),
         "reason": next(iter(row.acts.exclude(reason="").order_by("-pk").values_list("reason", flat=True)), "")}
        for row in Trust.objects.filter(organisation=found).order_by("-pk")[:100]
    ]  # fmt: skip
    context = {"organisation": found, "form": form, "trusts": rows}
    return render(request, "seals/trusted_mine.html", context, status=422 if form.errors else 200)


@require_safe
def trusts(request: HttpRequest) -> HttpResponse:
    """Show officers what waits, what is due for a review, and all trusted numbers."""
    due = {row.pk for row in due_for_review(now().date())}
    rows = Trust.objects.select_related("organisation").order_by("-pk")[:500]
    order = {Trust.State.APPLIED: 0, Trust.State.CHECKED: 0, Trust.State.TRUSTED: 2}
    table = [_row(row, is_due=row.pk in due) for row in sorted(
        rows, key=lambda row: 1 if row.pk in due else order.get(Trust.State(row.state), 3)
    )]  # fmt: skip
    columns = [_("Reference"), _("Who calls"), _("Numbers"), _("What qualifies"), _("State"), _("Next review")]
    return render(request, "seals/office_trusts.html", {"rows": table, "columns": columns, "due": len(due)})


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Enter trusted numbers for the authority."""
    form = ApplyForm(request.POST or None)
    code = request.POST.get("organisation", "")[:20].strip()
    organisation = Organisation.objects.filter(code=code).first() if code else None
    if request.method == "POST" and form.is_valid():
        try:
            made = trusting.apply_for_trust(**form.told, organisation=organisation, by=person_of(request), at=now())
        except OperationError as error:
            form.add_error(None, said(error))
        else:
            messages.success(request, _("Entered. A supervisor who is somebody else decides."))
            return redirect("seals:office_trust", made.reference)
    return render(request, "seals/office_trust_new.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
def trust(request: HttpRequest, reference: str) -> HttpResponse:
    """Show officers one."""
    return _page(request, _trust(reference), {})


@require_POST
def act(request: HttpRequest, reference: str) -> HttpResponse:
    """Check the papers, decide, review, end."""
    row, step = _trust(reference), request.POST.get("step", "")
    if step not in _STEPS:
        raise Http404
    forms = _forms(request.POST, step)
    if not all([form.is_valid() for form in forms]):  # noqa: C419 - each shows its errors
        return _page(request, row, {step: forms})
    told = {name: value for form in forms for name, value in form.cleaned_data.items()}
    operation = {
        "check": trusting.check_papers, "trust": trusting.confirm_trust, "refuse": trusting.refuse_trust,
        "review": trusting.review_trust, "end": trusting.end_trust,
    }[step]  # fmt: skip
    try:
        operation(trust=row, by=person_of(request), at=now(), **told)  # type: ignore[operator]
    except OperationError as error:
        refused(request, error)
    else:
        messages.success(request, _("Done. The list and its feed follow at once."))
    return redirect("seals:office_trust", reference)


def _forms(given: Any, step: str) -> list[Any]:
    kinds: dict[str, tuple[Any, ...]] = {
        "check": (), "trust": (ReviewForm,), "refuse": (ReasonForm,), "review": (ReviewForm, ReasonForm),
        "end": (ReasonForm,),
    }  # fmt: skip
    return [kind(given, prefix=step) for kind in kinds[step]]


def _page(request: HttpRequest, row: Trust, bound: dict[str, list[Any]]) -> HttpResponse:
    by, barred = person_of(request), (row.checked_by_id, row.proposed_by_id)
    possible = [step.act for step in TRUST_STEPS if step.before == row.state and may_take(by, step, barred=barred)]
    labels = {
        "check": _("The papers are right"), "trust": _("Trust these numbers"), "refuse": _("Turn down"),
        "review": _("Reviewed: let it go on"), "end": _("End it now"),
    }  # fmt: skip
    context = {
        "trust": row, "rows": trust_rows(row), "state": row.get_state_display(), "tone": TONES.get(row.state, "nothing"),
        "organisation": row.organisation, "events": trust_events(row), "failed": next(iter(bound), ""),
        "steps": [
            {"act": step, "label": labels[step], "forms": bound.get(step) or _forms(None, step)}
            for step in possible if step in labels
        ],
        "is_first": row.state == Trust.State.CHECKED and by.pk in barred,
    }  # fmt: skip
    return render(request, "seals/office_trust.html", context, status=422 if bound else 200)


def _row(row: Trust, *, is_due: bool) -> list[Any]:
    state = {"text": _("due for review"), "tone": "waiting"} if is_due else {
        "text": row.get_state_display(), "tone": TONES.get(row.state, "nothing")
    }  # fmt: skip
    return [
        {"text": row.reference, "url": reverse("seals:office_trust", args=[row.reference])}, row.holder,
        number_words(row.first_key, row.last_key), row.get_kind_display(), state,
        as_day(row.review_date) if row.state == Trust.State.TRUSTED else "",
    ]  # fmt: skip


def _trust(reference: str) -> Trust:
    row = Trust.objects.select_related("organisation").filter(reference=reference).first()
    if row is None:
        raise Http404
    return row
