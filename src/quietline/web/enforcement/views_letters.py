"""Pages of letters: their versions in both languages, and who wrote and reviewed them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from quietline.errors import OperationError
from quietline.web.accounts.models import Membership, Organisation
from quietline.web.accounts.requests import person_of
from quietline.web.base.clock import now
from quietline.web.enforcement import letters
from quietline.web.enforcement.cases import is_officer
from quietline.web.enforcement.forms_base import text_field
from quietline.web.enforcement.letter_texts import FIELDS, FIRST, NAMES
from quietline.web.enforcement.outcome_models import Letter, LetterTemplate
from quietline.web.enforcement.steps import told
from quietline.web.enforcement.views_common import crumbs, file_answer

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

__all__ = ["issuer_of", "letter", "review", "templates", "write"]


class TemplateForm(forms.Form):
    """A version of a letter."""

    subject_en = forms.CharField(label=gettext_lazy("Subject in English"), max_length=200)
    body_en = text_field(gettext_lazy("Text in English"), most=20_000, rows=12)
    subject_zh = forms.CharField(label=gettext_lazy("Subject in Chinese"), max_length=200)
    body_zh = text_field(gettext_lazy("Text in Chinese"), most=20_000, rows=12)


@require_safe
def templates(request: HttpRequest) -> HttpResponse:
    """List all letters, the version of each that is used, and those that wait for a second person."""
    waiting = LetterTemplate.objects.filter(reviewed_at=None).select_related("written_by").order_by("pk")
    rows = [
        {
            "code": code, "name": NAMES[code], "used": letters.latest(code),
            "waiting": waiting.filter(code=code),
        }
        for code in FIRST
    ]  # fmt: skip
    way = [{"label": str(_("Cases")), "url": reverse("enforcement:queue")}, {"label": _("Letters")}]
    context = {"rows": rows, "crumbs": way, "is_officer": is_officer(person_of(request))}
    return render(request, "enforcement/templates.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def write(request: HttpRequest, code: str) -> HttpResponse:
    """Write a new version of a letter."""
    if code not in FIRST:
        raise Http404
    form = TemplateForm(request.POST or None, initial=_initial(code))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            letters.write_template(
                code=code, subject={"en": given["subject_en"], "zh-hans": given["subject_zh"]},
                body={"en": given["body_en"], "zh-hans": given["body_zh"]}, by=person_of(request), at=now(),
            )  # fmt: skip
        except OperationError as error:
            form.add_error(None, told(error))
        else:
            messages.success(request, _("The version waits for a supervisor who did not write it."))
            return redirect("enforcement:templates")
    context = {
        "form": form, "code": code, "fields": ["{" + name + "}" for name in FIELDS],
        "crumbs": [*crumbs(here=_("Letters"))[:1], {"label": _("Letters"), "url": reverse("enforcement:templates")},
                   {"label": NAMES[code]}],
    }  # fmt: skip
    return render(request, "enforcement/template.html", context, status=422 if form.errors else 200)


@require_POST
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a version be used."""
    row = LetterTemplate.objects.filter(pk=pk).first()
    if row is None:
        raise Http404
    try:
        letters.review_template(template=row, by=person_of(request), at=now())
    except OperationError as error:
        messages.error(request, told(error))
    else:
        messages.success(request, _("This version is used from now on."))
    return redirect("enforcement:templates")


@require_safe
def letter(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a letter of a case as PDF."""
    row = Letter.objects.filter(pk=pk).select_related("case__data_key", "organisation", "by").first()
    if row is None:
        raise Http404
    content = letters.pdf_of(row, issuer=issuer_of(row))
    return file_answer(content, name=f"{row.case.reference}-{row.pk}.pdf", media_type="application/pdf")


def issuer_of(row: Letter) -> str:
    """Give the name of the authority that a letter comes from."""
    by = row.by or row.template.reviewed_by
    mine = Membership.objects.filter(person=by, organisation__kind=Organisation.Kind.AUTHORITY).select_related(
        "organisation"
    )
    found = mine.order_by("ended_at", "pk").first()
    return found.organisation.name if found is not None else "Quietline"


def _initial(code: str) -> dict[str, Any]:
    used = letters.latest(code)
    subject, body = (used.subject, used.body) if used is not None else FIRST[code]
    return {
        "subject_en": subject["en"], "body_en": body["en"], "subject_zh": subject["zh-hans"], "body_zh": body["zh-hans"],
    }  # fmt: skip
