"""Pages of this room: what is due, and the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from quietline.errors import OperationError
from quietline.web.accounts.requests import organisation_of, person_of
from quietline.web.base.clock import now
from quietline.web.base.csv_answers import csv_answer
from quietline.web.compliance.documents import file_document
from quietline.web.compliance.duties import duties
from quietline.web.compliance.forms import PageForm
from quietline.web.compliance.models import FilePage
from quietline.web.compliance.operations import add_page
from quietline.web.sellers.views_common import language

if TYPE_CHECKING:
    from django.http import HttpRequest

__all__ = ["duties_csv", "file", "file_pdf", "home"]


@require_safe
def home(request: HttpRequest, code: str) -> HttpResponse:
    """Show what is due."""
    found, at = organisation_of(code), now()
    rows = [
        {"duty": duty, "left_text": _left(duty.days_left(on=at.date())), "tone": duty.tone(on=at.date()),
         "url": reverse(duty.address, args=[found.code])}
        for duty in duties(found, at=at)
    ]  # fmt: skip
    pages = FilePage.objects.filter(organisation=found).count()
    event = format_html('<code translate="no">{}</code>', "duty.due")
    context = {"organisation": found, "rows": rows, "pages": pages, "duty_event": event}
    return render(request, "compliance/home.html", context)


def _left(days: int) -> str:
    """Write how many days are left, in one piece where a table is narrow."""
    text = _("too late") if days < 0 else ngettext("%(left)s day", "%(left)s days", days) % {"left": days}
    return text.replace(" ", "\u00a0")


@require_safe
def duties_csv(request: HttpRequest, code: str) -> HttpResponse:
    """Give what is due as a table."""
    found, at = organisation_of(code), now()
    rows = [(duty.due_date, duty.days_left(on=at.date()), duty.title) for duty in duties(found, at=at)]
    return csv_answer("duties", (_("Last day"), _("Days left"), _("To do")), rows)


@require_http_methods(["GET", "HEAD", "POST"])
def file(request: HttpRequest, code: str) -> HttpResponse:
    """Show the file; put a page into it."""
    found = organisation_of(code)
    form = PageForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            add_page(organisation=found, by=person_of(request), at=now(), **form.cleaned_data)
        except OperationError as error:
            form.add_error(None, f"{error.message} {error.advice}".strip())
        else:
            messages.success(request, _("The page is in the file."))
            return redirect("compliance:file", code)
    elements = [
        {"label": element.label, "pages": FilePage.objects.filter(organisation=found, element=element).order_by("-on_date")}
        for element in FilePage.Element
    ]
    context = {"organisation": found, "form": form, "elements": elements}
    return render(request, "compliance/file.html", context, status=422 if form.errors else 200)


@require_safe
def file_pdf(request: HttpRequest, code: str) -> HttpResponse:
    """Give the file as one PDF in the language of the page."""
    found = organisation_of(code)
    data = file_document(found, lang=language(), at=now())
    headers = {"Content-Disposition": f'attachment; filename="file-{found.code}.pdf"'}
    return HttpResponse(data, content_type="application/pdf", headers=headers)
