"""Pages on files that are handed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from quietline.errors import OperationError
from quietline.web.accounts.requests import organisation_of
from quietline.web.base.clock import now
from quietline.web.evidence import uploads
from quietline.web.evidence.forms import UploadForm
from quietline.web.evidence.models import Record, Upload
from quietline.web.evidence.problems import problem_text
from quietline.web.evidence.tables import csv_answer
from quietline.web.evidence.views import by_of

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase

__all__ = ["accept", "drop", "problems", "upload", "uploaded"]

_SHOWN = 50


def _upload_of(code: str, pk: UUID) -> Upload:
    return get_object_or_404(Upload.objects.select_related("organisation", "via"), pk=pk, organisation__code=code)


@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest, code: str) -> HttpResponse:
    """Take a file, and show what was understood of it."""
    organisation = organisation_of(code)
    form = UploadForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        try:
            made = uploads.keep_upload(
                organisation=organisation, via=organisation, by=by_of(request), data=form.data_of_file(),
                options=form.options(organisation.country), at=now(),
            )  # fmt: skip
        except OperationError as error:
            form.add_error("file", f"{error.message} {error.advice}")
        else:
            return redirect("evidence:uploaded", code, made.pk)
    context = {"organisation": organisation, "form": form}
    return render(request, "evidence/upload.html", context, status=422 if form.errors else 200)


@require_safe
def uploaded(request: HttpRequest, code: str, pk: UUID) -> HttpResponse:
    """Show what was understood of a file, and what became of it."""
    row = _upload_of(code, pk)
    fields = _fields()
    told = row.found
    context = {
        "organisation": row.organisation, "upload": row, "told": told,
        "columns": [[fields[what], heading] for what, heading in told.get("columns", {}).items()],
        "kinds": [[label, told.get("kinds", {}).get(kind, 0)] for kind, label in Record.Kind.choices],
        "good": sum(told.get("kinds", {}).values()),
        "problems": [[place, column, problem_text(problem)] for place, column, problem in row.problems[:_SHOWN]],
        "more": len(row.problems) > _SHOWN, "failure": problem_text(told.get("failure", "")),
        "is_working": row.state in (Upload.State.READING, Upload.State.WAITING),
    }  # fmt: skip
    return render(request, "evidence/uploaded.html", context)


def _fields() -> dict[str, str]:
    return {
        "number": _("Telephone number"), "happened_at": _("When it happened"), "kind": _("What happened"),
        "form": _("How it was given"), "channel": _("Calls or texts"), "source": _("By what means"), "place": _("Where"),
        "proof": _("What recorded it"), "text": _("Wording"), "until": _("Stated last day"),
        "holder": _("Person or business"), "reference": _("Your reference"),
    }  # fmt: skip


@require_safe
def problems(request: HttpRequest, code: str, pk: UUID) -> HttpResponseBase:
    """Give the rows that cannot be taken, by row and column; no value of the file stands in it."""
    row = _upload_of(code, pk)
    lines = ([place, column, problem, problem_text(problem)] for place, column, problem in row.problems)
    return csv_answer("problems.csv", ["row", "column", "code", "problem"], lines, safe=1)


@require_POST
def accept(request: HttpRequest, code: str, pk: UUID) -> HttpResponse:
    """Let a file be recorded."""
    try:
        row = uploads.accept_upload(upload=_upload_of(code, pk), leaves_out_bad=request.POST.get("leave") == "1", at=now())
    except OperationError as error:
        messages.error(request, f"{error.message} {error.advice}")
    else:
        if row.state == Upload.State.DONE:
            messages.success(request, _("Recorded."))
    return redirect("evidence:uploaded", code, pk)


@require_POST
def drop(request: HttpRequest, code: str, pk: UUID) -> HttpResponse:
    """Forget a file."""
    uploads.drop_upload(upload=_upload_of(code, pk), at=now())
    messages.success(request, _("The file is forgotten."))
    return redirect("evidence:overview", code)
