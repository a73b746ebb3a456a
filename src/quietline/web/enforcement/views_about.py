"""Pages of those whom a case is about, and the public page of outcomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from quietline.errors import OperationError
from quietline.web.accounts.models import Role
from quietline.web.accounts.requests import organisation_of
from quietline.web.accounts.rules import memberships_of
from quietline.web.base.clock import now
from quietline.web.base.csv_answers import csv_answer
from quietline.web.base.offering import offer
from quietline.web.base.words import as_day
from quietline.web.enforcement import queries
from quietline.web.enforcement.appeals import appeal_against
from quietline.web.enforcement.clocks import basis_words, zone_of_case
from quietline.web.enforcement.forms_base import text_field
from quietline.web.enforcement.letters import pdf_of, text_of
from quietline.web.enforcement.outcome_models import Letter, Penalty
from quietline.web.enforcement.showing import findings_of, measures_of
from quietline.web.enforcement.stages import State
from quietline.web.enforcement.steps import told
from quietline.web.enforcement.views_common import file_answer
from quietline.web.enforcement.views_letters import issuer_of
from quietline.web.inquiries.models import Inquiry
from quietline.web.inquiries.showing import left, tone_of
from quietline.web.inquiries.states import OPEN
from quietline.web.seals.clocks import appeal_clock, appeal_length
from quietline.web.seals.models import Appeal

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest, HttpResponse

    from quietline.web.accounts.models import Organisation
    from quietline.web.enforcement.models import Case
    from quietline.web.enforcement.outcome_models import Finding

__all__ = ["about", "appeal", "letter", "one", "outcomes", "outcomes_csv"]

_SPEAKERS = frozenset((Role.REPRESENTATIVE, Role.OPERATOR, Role.RESELLER))


class AppealForm(forms.Form):
    """Why a decision is wrong."""

    what = forms.ChoiceField(label=gettext_lazy("What you appeal against"))
    words = text_field(gettext_lazy("Why it is wrong"), most=5_000, rows=8)

    def __init__(self, *args: Any, choices: list[tuple[str, str]], **more: Any) -> None:
        super().__init__(*args, **more)
        offer(self, "what", choices)


@require_safe
def about(request: HttpRequest, code: str) -> HttpResponse:
    """List the cases about an organisation, and what it has to do by when."""
    organisation, at = organisation_of(code), now()
    rows = [{"case": case, **_standing(case, organisation, at)} for case in queries.about(organisation)[:200]]
    context = {"organisation": organisation, "rows": rows, "crumbs": _crumbs(organisation)}
    return render(request, "enforcement/about.html", context)


@require_safe
def one(request: HttpRequest, code: str, reference: str) -> HttpResponse:
    """Show a case to whom it is about: what is asked, what was decided, what to pay, and how to appeal."""
    organisation, at = organisation_of(code), now()
    case = _case(organisation, reference)
    asked = [
        {"inquiry": row, "left": left(row, at), "tone": tone_of(row, at)}
        for row in Inquiry.objects.filter(subject=case.reference, to=organisation).order_by("-pk")
    ]  # fmt: skip
    letters = Letter.objects.filter(case=case, organisation=organisation).select_related("case__data_key").order_by("-pk")
    mine = [row for row in queries.appeals_in(case) if row.organisation_id == organisation.pk]
    context = {
        "organisation": organisation, "case": case, "asked": asked, "findings": findings_of(case, organisation=organisation),
        "measures": measures_of(case, organisation=organisation), "appeals": mine, **_standing(case, organisation, at),
        "letters": [{"letter": row, "subject": text_of(row)["subject"]} for row in letters],
        "can_appeal": bool(_against(case, organisation)) and _speaks(request, organisation),
        "crumbs": [*_crumbs(organisation, is_last=False), {"label": case.reference}],
    }  # fmt: skip
    return render(request, "enforcement/about_one.html", context)


@require_safe
def letter(request: HttpRequest, code: str, reference: str, pk: int) -> HttpResponse:
    """Give a letter as PDF; that it was opened is noted."""
    organisation = organisation_of(code)
    case = _case(organisation, reference)
    rows = Letter.objects.filter(pk=pk, case=case, organisation=organisation)
    row = rows.select_related("case__data_key", "organisation", "by").first()
    if row is None:
        raise Http404
    if request.method == "GET":
        rows.filter(read_at=None).update(read_at=now())
    content = pdf_of(row, issuer=issuer_of(row))
    return file_answer(content, name=f"{case.reference}-{row.pk}.pdf", media_type="application/pdf")


@require_http_methods(["GET", "HEAD", "POST"])
def appeal(request: HttpRequest, code: str, reference: str) -> HttpResponse:
    """Appeal against a finding, a penalty or a measure."""
    organisation = organisation_of(code)
    case = _case(organisation, reference)
    choices = _against(case, organisation)
    if not choices or not _speaks(request, organisation):
        raise Http404
    form = AppealForm(request.POST or None, choices=choices)
    if request.method == "POST" and form.is_valid():
        kind, _colon, subject = form.cleaned_data["what"].partition(":")
        language = "zh-hans" if (get_language() or "").startswith("zh") else "en"
        try:
            made = appeal_against(
                kind=kind, reference=subject, organisation=organisation, words=form.cleaned_data["words"],
                language=language, at=now(),
            )  # fmt: skip
        except OperationError as error:
            form.add_error(None, told(error))
        else:
            messages.success(request, _("The appeal %(reference)s was received.") % {"reference": made.reference})
            return redirect("enforcement:about_one", code, reference)
    way = [*_crumbs(organisation, is_last=False), {
        "label": case.reference, "url": reverse("enforcement:about_one", args=[code, reference])
    }, {"label": _("Appeal")}]  # fmt: skip
    at, zone = now(), zone_of_case(case)
    context = {
        "organisation": organisation, "case": case, "form": form, "crumbs": way,
        "length": appeal_length(country=case.country, zone=zone, at=at),
        "citation": appeal_clock(country=case.country, zone=zone, at=at).citation,
    }  # fmt: skip
    return render(request, "enforcement/appeal.html", context, status=422 if form.errors else 200)


@require_safe
def outcomes(request: HttpRequest) -> HttpResponse:
    """Show everybody what came of cases: final findings and penalties, nothing of those who reported."""
    return render(request, "enforcement/outcomes.html", {"rows": queries.outcomes(at=now())[:500]})


@require_safe
def outcomes_csv(request: HttpRequest) -> HttpResponse:
    """Give the outcomes as a table."""
    columns = ["finding", "decided", "country", "organisation", "part", "calls", "rules", "penalties", "sealed_numbers"]
    table = (
        (
            row.finding.reference, row.finding.decided_at and row.finding.decided_at.date().isoformat(),
            row.finding.case.country, row.finding.organisation, row.finding.party, row.calls,
            "; ".join(rule["citation"] or rule["rule"] for rule in row.finding.rules), "; ".join(row.amounts),
            "; ".join(row.numbers),
        )
        for row in queries.outcomes(at=now())
    )  # fmt: skip
    return csv_answer("outcomes", columns, table)


def _case(organisation: Organisation, reference: str) -> Case:
    found = queries.about(organisation).filter(reference=reference).first()
    if found is None:
        raise Http404
    return found


def _standing(case: Case, organisation: Organisation, at: datetime) -> dict[str, Any]:
    """Say how far a case is for whom it is about, and what they have to do by when."""
    waiting = Inquiry.objects.filter(subject=case.reference, to=organisation, state__in=OPEN).order_by("due_at").first()
    owed = Penalty.objects.filter(
        finding__case=case, finding__organisation=organisation, state__in=(Penalty.State.IMPOSED, Penalty.State.SETTLED)
    ).order_by("due_date").first()  # fmt: skip
    if waiting is not None:
        todo, due = _("Answer what is asked"), waiting.due_at
    elif owed is not None:
        todo, due = _("Pay the penalty"), None
    else:
        todo, due = _("Nothing at present"), None
    words = {
        State.OPEN: _("received"), State.INVESTIGATING: _("being looked into"), State.CLOSED: _("closed"),
        State.FINDING_PROPOSED: _("being looked into"), State.PENALTY_PROPOSED: _("breach found"),
    }  # fmt: skip
    late = waiting is not None and waiting.is_overdue(at)
    return {
        "stage_words": words.get(State(case.state), case.get_state_display()), "todo": todo, "todo_at": due,
        "todo_date": owed.due_date if waiting is None and owed else None,
        "todo_basis": basis_words((owed.clocks or {}).get("pay")) if waiting is None and owed else "",
        "todo_tone": "bad" if late else "waiting" if waiting or owed else "nothing",
    }  # fmt: skip


def _against(case: Case, organisation: Organisation) -> list[tuple[str, str]]:
    """List what an organisation can appeal against in a case."""
    kinds, told = Appeal.Subject, findings_of(case, organisation=organisation)
    found = [
        (f"{kinds.FINDING}:{one.reference}", _("Finding %(name)s") % {"name": _named(one, row["times"])})
        for row in told if (one := row["finding"]).state == "confirmed"
    ]  # fmt: skip
    for one in (one for row in told for one in row["penalties"]):
        if one["penalty"].state != Penalty.State.ANNULLED:
            words = _("Penalty %(name)s") % {"name": _named(one["penalty"], one["times"])}
            found.append((f"{kinds.PENALTY}:{one['penalty'].reference}", words))
    standing = case.measures.filter(organisation=organisation, ended_at=None).order_by("pk")
    names = standing.values_list("reference", flat=True)
    return [*found, *((f"{kinds.MEASURE}:{name}", _("Measure %(name)s") % {"name": name}) for name in names)]


def _named(row: Finding | Penalty, times: dict[str, Any]) -> str:
    until = _("appeal until %(day)s") % {"day": as_day(times["appeal_day"])}
    return f"{row.reference} · {until}"


def _speaks(request: HttpRequest, organisation: Organisation) -> bool:
    return any(m.organisation.pk == organisation.pk and m.role in _SPEAKERS for m in memberships_of(request))


def _crumbs(organisation: Organisation, *, is_last: bool = True) -> list[dict[str, str]]:
    here = {"label": _("Cases about us")}
    if not is_last:
        here["url"] = reverse("enforcement:about", args=[organisation.code])
    return [{"label": organisation.name, "url": reverse("accounts:organisation", args=[organisation.code])}, here]
