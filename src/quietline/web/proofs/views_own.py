"""Pages for the holder of a line: what the ledger holds of it, and the file to check that with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from quietline.web.proofs.objects import public_log
from quietline.web.proofs.own import HOLDERS, as_document, own_rows

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from quietline.web.proofs.own import HeldLine

__all__ = ["own", "own_json"]

_FILE = "proof-of-my-entry.json"


@never_cache
@require_safe
def own(request: HttpRequest) -> HttpResponse:
    """Show what was recorded of the line, in words."""
    return render(request, "proofs/own.html", {"rows": own_rows(_line(request)), "file": _FILE})


@never_cache
@require_safe
def own_json(request: HttpRequest) -> HttpResponse:
    """Give it as a file, with salts and proofs."""
    rows = own_rows(_line(request))
    if not rows:
        raise Http404
    headers = {"Content-Disposition": f'attachment; filename="{_FILE}"'}
    document = as_document(rows, public_log())
    return JsonResponse(document, json_dumps_params={"indent": 2, "ensure_ascii": False}, headers=headers)


def _line(request: HttpRequest) -> HeldLine:
    """Give the line that this browser has proven; the access table lets nobody else come here."""
    line = next((line for holder in HOLDERS if (line := holder(request)) is not None), None)
    if line is None:
        raise Http404
    return line
