"""What the pages of this room share."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from quietline.web.enforcement.models import Case

__all__ = [
    "PER_PAGE",
    "case_of",
    "crumbs",
    "file_answer",
]

PER_PAGE = 50


def case_of(reference: str) -> Case:
    """Give the case of an address."""
    rows = Case.objects.select_related("caller", "profits", "assigned_to", "data_key", "opened_by")
    found = rows.filter(reference=reference).first()
    if found is None:
        raise Http404
    return found


def crumbs(case: Case | None = None, here: str = "") -> list[dict[str, str]]:
    """Give the way to a page of the officers."""
    way = [{"label": str(_("Cases")), "url": reverse("enforcement:queue")}]
    if case is not None:
        way.append({"label": case.reference, "url": reverse("enforcement:case", args=[case.reference])})
    if here:
        way.append({"label": here})
    else:
        way[-1].pop("url")
    return way


def file_answer(content: bytes, *, name: str, media_type: str) -> HttpResponse:
    """Answer with a file that no browser opens in the page's name."""
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }  # fmt: skip
    return HttpResponse(content, content_type=media_type, headers=headers)
