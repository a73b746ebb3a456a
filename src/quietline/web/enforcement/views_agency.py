"""Pages of an agency that cases are referred to: the packages, what is shared of the case, and the receipt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from quietline.errors import OperationError
from quietline.web.accounts.requests import person_of
from quietline.web.base.clock import now
from quietline.web.enforcement import queries, referrals
from quietline.web.enforcement.outcome_models import Finding
from quietline.web.enforcement.steps import told
from quietline.web.enforcement.views_common import file_answer

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from quietline.web.enforcement.outcome_models import Referral

__all__ = ["answer", "fetch", "one", "referred"]


class AnswerForm(forms.Form):
    """The receipt of an agency."""

    words = forms.CharField(
        label=gettext_lazy("What you do with it"), max_length=200,
        help_text=gettext_lazy("Your own reference, for instance. The authority reads it."),
    )  # fmt: skip


@require_safe
def referred(request: HttpRequest) -> HttpResponse:
    """List what was referred to the agencies that somebody belongs to."""
    return render(request, "enforcement/referred.html", {"rows": queries.referred_to(person_of(request))[:500]})


@require_safe
def one(request: HttpRequest, reference: str) -> HttpResponse:
    """Show one package: what stands in it, and what is shared of the case."""
    return _page(request, _referral(request, reference), AnswerForm())


@require_POST
def fetch(request: HttpRequest, reference: str) -> HttpResponse:
    """Give the package, once."""
    row = _referral(request, reference)
    try:
        content = referrals.fetch(referral=row, by=person_of(request), at=now())
    except OperationError as error:
        messages.error(request, told(error))
        return redirect("enforcement:referral", reference)
    return file_answer(content, name=f"{row.reference}.zip", media_type="application/zip")


@require_POST
def answer(request: HttpRequest, reference: str) -> HttpResponse:
    """Write the receipt."""
    row, form = _referral(request, reference), AnswerForm(request.POST)
    if form.is_valid():
        try:
            referrals.acknowledge(referral=row, words=form.cleaned_data["words"], by=person_of(request))
        except OperationError as error:
            form.add_error(None, told(error))
        else:
            messages.success(request, _("The authority sees your answer."))
            return redirect("enforcement:referral", reference)
    return _page(request, row, form)


def _referral(request: HttpRequest, reference: str) -> Referral:
    found = queries.referred_to(person_of(request)).filter(reference=reference).first()
    if found is None:
        raise Http404
    return found


def _page(request: HttpRequest, row: Referral, form: AnswerForm) -> HttpResponse:
    findings = Finding.objects.filter(case=row.case, state=Finding.State.CONFIRMED).select_related("organisation")
    others = row.case.referrals.exclude(pk=row.pk).order_by("pk")
    context = {
        "referral": row, "case": row.case, "findings": findings, "others": others, "form": form,
        "crumbs": [
            {"label": _("Referred cases"), "url": reverse("enforcement:referred")}, {"label": row.reference},
        ],
    }  # fmt: skip
    return render(request, "enforcement/referral.html", context, status=422 if form.errors else 200)
