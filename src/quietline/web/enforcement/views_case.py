"""The page of one case, the page of each step, and what an officer looks at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from quietline.errors import ConflictError, OperationError
from quietline.web.accounts.requests import person_of
from quietline.web.base.clock import now
from quietline.web.complaints.models import Complaint
from quietline.web.enforcement import asking, findings, queries, referrals, unmasking
from quietline.web.enforcement.forms_base import moment_field
from quietline.web.enforcement.forms_penalty import PenaltiesForm
from quietline.web.enforcement.letter_texts import NAMES
from quietline.web.enforcement.outcome_models import Referral
from quietline.web.enforcement.showing import (
    MOST_SHOWN,
    changes_of,
    findings_of,
    history_of,
    left,
    measures_of,
    next_step,
    numbers_of,
    reports_of,
    tone_of,
)
from quietline.web.enforcement.stepping import open_steps
from quietline.web.enforcement.steps import DESKS, desks_for, told
from quietline.web.enforcement.views_common import case_of, crumbs, file_answer
from quietline.web.inquiries import queries as inquiries
from quietline.web.inquiries.showing import left as left_of
from quietline.web.inquiries.showing import tone_of as tone_of_inquiry
from quietline.web.seals.queries import seals_of

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest, HttpResponse

    from quietline.web.enforcement.models import Case
    from quietline.web.enforcement.steps import Desk

__all__ = ["case", "package", "reporter", "step"]


_ON_APPEALS = ("propose-change", "confirm-change", "return-change")
_ON_FINDINGS = (
    "confirm-finding", "confirm-penalty", "return-finding", "return-penalty", "settle", "pay", "strike", "close",
    *_ON_APPEALS,
)  # fmt: skip


class UnmaskForm(forms.Form):
    """What a look is for, and whether the person learns of it later."""

    held_until = moment_field(
        gettext_lazy("The person learns of it only on"), required=False,
        help_text=gettext_lazy("Leave it empty where nothing speaks against that they learn of it at once."),
    )  # fmt: skip
    held_reason = forms.CharField(label=gettext_lazy("Reason of the delay"), max_length=200, required=False)


@require_safe
def case(request: HttpRequest, reference: str) -> HttpResponse:
    """Show a case: what it is about, what comes next, and all that happened."""
    found, at, who = case_of(reference), now(), person_of(request)
    acts = open_steps(who, found, at=at, proposers=queries.proposers_of(found))
    asked = [
        {"inquiry": row, "left": left_of(row, at), "tone": tone_of_inquiry(row, at)}
        for row in inquiries.of_subject(found.reference)
    ]  # fmt: skip
    count = found.complaints.filter(removed_at=None).count()
    context = {
        "case": found, "left": left(found, at), "tone": tone_of(found, at), "is_held": found.is_on_hold(at),
        "next": next_step(found, at), "desks": desks_for(found, acts), "numbers": numbers_of(found, at),
        "reports": reports_of(found), "report_count": count, "is_cut": count > MOST_SHOWN, "asked": asked,
        "findings": findings_of(found), "measures": measures_of(found), "seals": seals_of(found.reference),
        "letters": [
            {"letter": row, "name": NAMES[row.template.code]}
            for row in found.letters.select_related("organisation", "template").order_by("-pk")
        ],
        "changes": changes_of(found), "referrals": found.referrals.order_by("-pk"), "appeals": queries.appeals_in(found),
        "events": history_of(found), "crumbs": crumbs(found), "is_officer": bool(acts) or found.state == "closed",
    }  # fmt: skip
    return render(request, "enforcement/case.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def step(request: HttpRequest, reference: str, name: str) -> HttpResponse:
    """Take a step of a case: its form, and what the operation says to it."""
    found, at, desk = case_of(reference), now(), DESKS.get(name)
    if desk is None:
        raise Http404
    if request.method != "POST":
        return _step_page(request, found, name, desk, desk.form(case=found, at=at), at)
    form = desk.form(request.POST, case=found, at=at)
    if "look" in request.POST or not form.is_valid():
        return _step_page(request, found, name, desk, form, at)
    given = dict(form.cleaned_data)
    if isinstance(form, PenaltiesForm):
        given["proposed"] = form.proposed
    try:
        _check_seen(found, given["version"], desk)
        desk.do(found, given, person_of(request), at)
    except OperationError as error:
        form.add_error(None, told(error))
        return _step_page(request, case_of(reference), name, desk, form, at)
    messages.success(request, _("Done: %(what)s.") % {"what": str(desk.title)})
    return redirect("enforcement:case", reference)


@require_http_methods(["GET", "HEAD", "POST"])
def reporter(request: HttpRequest, reference: str, name: int) -> HttpResponse:
    """Show number and words of one who reported, after asking what for; the look is on record."""
    found = case_of(reference)
    wanted = next((pk for pk, number in asking.pseudonyms(found).items() if number == name), None)
    rows = Complaint.objects.select_related("data_key", "report")
    complaint = rows.filter(pk=wanted).first() if wanted is not None else None
    if complaint is None:
        raise Http404
    shown, form = None, UnmaskForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            shown = unmasking.unmask(case=found, complaint=complaint, by=person_of(request), at=now(), **form.cleaned_data)
        except OperationError as error:
            form.add_error(None, told(error))
    context = {
        "case": found, "complaint": complaint, "name": name, "form": form, "shown": shown,
        "crumbs": crumbs(found, _("Reporter %(name)s") % {"name": name}),
    }  # fmt: skip
    answer = render(request, "enforcement/reporter.html", context, status=422 if form.errors else 200)
    answer["Cache-Control"] = "no-store"
    return answer


@require_POST
def package(request: HttpRequest, reference: str, referral: str) -> HttpResponse:
    """Give an officer the package for an agency without an account, once."""
    row = Referral.objects.filter(case=case_of(reference), reference=referral).select_related("case__data_key").first()
    if row is None:
        raise Http404
    try:
        content = referrals.fetch(referral=row, by=person_of(request), at=now())
    except OperationError as error:
        messages.error(request, told(error))
        return redirect("enforcement:case", reference)
    return file_answer(content, name=f"{row.reference}.zip", media_type="application/zip")


def _check_seen(found: Case, version: int, desk: Desk) -> None:
    """Refuse a step that was decided on while the case looked otherwise; of two at one moment the step itself tells."""
    if desk.act is not None and version != found.version:
        raise ConflictError(
            _("Somebody did something with this case while you were looking at it."),
            advice=_("Load the page again and see what changed."), code="case.moved-on",
        )  # fmt: skip


def _step_page(request: HttpRequest, found: Case, name: str, desk: Desk, form: Any, at: datetime) -> HttpResponse:
    context = {
        "case": found, "desk": desk, "name": name, "form": form, "next": next_step(found, at), "left": left(found, at),
        "penalty_parts": form.parts if isinstance(form, PenaltiesForm) else None, "crumbs": crumbs(found, str(desk.title)),
    }  # fmt: skip
    if name == "propose-finding":
        calls = findings.calls_of(found)
        context |= {
            "calls": [{"day": day, "count": count} for day, count in calls], "rules": findings.rules_of(found),
            "call_count": sum(count for _day, count in calls),
        }  # fmt: skip
    if name in _ON_FINDINGS:
        context["findings"] = findings_of(found)
    if name in _ON_APPEALS:
        context |= {"changes": changes_of(found), "appeals": queries.appeals_in(found)}
    return render(request, "enforcement/step.html", context, status=422 if form.is_bound and form.errors else 200)
