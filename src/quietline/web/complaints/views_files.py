"""Pages of the staff on historic files of reports: hand one in, see how far it is, and how good it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from quietline.errors import OperationError
from quietline.web.accounts.requests import person_of
from quietline.web.base.clock import now
from quietline.web.base.csv_answers import csv_answer
from quietline.web.base.words import as_moment
from quietline.web.complaints import uploads
from quietline.web.complaints.cluster_models import FileUpload
from quietline.web.complaints.forms_staff import FileForm
from quietline.web.complaints.models import HistoricFile
from quietline.web.complaints.quality import COUNTS
from quietline.web.sellers.views_common import said

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

__all__ = ["files", "quality", "quality_csv", "quality_json"]

_SHOWN = 100


@require_http_methods(["GET", "HEAD", "POST"])
def files(request: HttpRequest) -> HttpResponse:
    """Take a file, and show those that were taken over, and how far the others are."""
    form = FileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            uploads.keep_upload(
                name=file.name, source=form.cleaned_data["source"], country=form.cleaned_data["country"],
                chunks=file.chunks(), by=person_of(request), at=now(),
            )  # fmt: skip
        except OperationError as error:
            form.add_error("file", said(error))
        else:
            messages.success(request, _("The file is taken over now. Its page shows how good it is as soon as it is done."))
            return redirect("triage:files")
    working = FileUpload.objects.exclude(state=FileUpload.State.DONE).order_by("-pk")[:20]
    context = {
        "form": form, "working": working, "is_live": request.GET.get("live") == "1",
        "files": HistoricFile.objects.order_by("-at", "-pk")[:_SHOWN],
    }  # fmt: skip
    return render(request, "complaints/staff/files.html", context, status=422 if form.errors else 200)


@require_safe
def quality(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how good a file is."""
    row = get_object_or_404(HistoricFile, pk=pk)
    context = {
        "file": row,
        "columns": [_("Rows"), {"label": _("Number"), "is_figure": True}, {"label": _("Share"), "is_figure": True}],
        "rows": _told(row),
        "about": [
            {"label": _("From"), "value": row.source or _("not said"), "is_words": bool(row.source)},
            {"label": _("Taken over"), "value": as_moment(row.at)},
            {"label": "SHA-256", "value": row.sha256, "is_code": True},
        ],
    }  # fmt: skip
    return render(request, "complaints/staff/quality.html", context)


def _told(row: HistoricFile) -> list[list[Any]]:
    rows = max(1, row.count)
    return [
        [COUNTS.get(name, name), f"{count:,}", f"{count / rows:.2%}" if name != "rows" else ""]
        for name, count in row.quality.items()
    ]


@require_safe
def quality_csv(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the report on a file's quality as a table."""
    row = get_object_or_404(HistoricFile, pk=pk)
    named = [[name, COUNTS.get(name, name), count] for name, count in row.quality.items()]
    return csv_answer(f"quality-{pk}", ["count", "meaning", "rows"], named)


@require_safe
def quality_json(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the report on a file's quality for programs."""
    row = get_object_or_404(HistoricFile, pk=pk)
    told = {"name": row.name, "sha256": row.sha256, "country": row.country, "at": row.at, "counts": row.quality}
    answer = JsonResponse(told)
    answer["Content-Disposition"] = f'attachment; filename="quality-{pk}.json"'
    return answer
