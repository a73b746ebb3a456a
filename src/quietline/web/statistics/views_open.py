"""Public pages of open data: which files there are, and the files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.http import parse_etags, quote_etag
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from quietline.ledger.objects import ObjectMissing
from quietline.web.publishing.serving import sent
from quietline.web.statistics import open_data, open_quality, queries
from quietline.web.statistics.protection import THRESHOLD

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

    from quietline.web.statistics.models import OpenFile

__all__ = ["file", "files", "schema"]

_TYPES = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet", "json": "application/json"}


@require_safe
def files(request: HttpRequest) -> HttpResponse:
    """List the files that were made last."""
    columns = [
        _("File"), _("What it is"), {"label": _("Rows"), "is_figure": True}, {"label": _("Size"), "is_figure": True},
        "SHA-256",
    ]  # fmt: skip
    rows = [
        [{"text": _name(row), "url": _url(row), "is_code": True},
         row.get_form_display(), f"{row.rows:,}", filesizeformat(row.bytes),
         {"text": f"{row.sha256[:16]}…", "is_code": True}]
        for row in queries.latest_files()
    ]  # fmt: skip
    context = {"columns": columns, "rows": rows, "threshold": THRESHOLD, "header": open_quality.HEADER}
    return render(request, "statistics/open.html", context)


def _name(row: OpenFile) -> str:
    return f"calls-{row.country}-{row.period}.{row.form}"


def _url(row: OpenFile) -> str:
    return reverse("statistics:open_file", args=[row.country, row.period, row.form])


@require_safe
def file(request: HttpRequest, country: str, period: str, form: str) -> HttpResponseBase:
    """Give the file of a quarter that was made last, whole or from a byte on; its ETag is its hash."""
    row = queries.latest_file(country, period, form)
    if row is None:
        raise Http404
    etag = quote_etag(row.sha256)
    headers = {"ETag": etag, "Accept-Ranges": "bytes", "Cache-Control": "public, no-cache"}
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        return HttpResponse(status=304, headers=headers)
    try:
        opened = open_data.open_store().open(row.path)
    except ObjectMissing as error:
        raise Http404 from error
    answer = sent(request, opened, headers)
    if answer.status_code in (200, 206):
        answer["Content-Type"] = _TYPES[row.form]
        answer["Content-Disposition"] = f'attachment; filename="{_name(row)}"'
    return answer


@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    """Give the JSON Schema of the reports on the quality."""
    return HttpResponse(open_quality.schema(), content_type="application/schema+json")
