"""The authority's own page: propose and publish books, and see how good the data are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from quietline.errors import OperationError
from quietline.web.accounts.requests import person_of
from quietline.web.base.clock import now
from quietline.web.base.words import as_moment
from quietline.web.sellers.views_common import refused
from quietline.web.statistics import operations, queries
from quietline.web.statistics.models import BookDraft
from quietline.web.statistics.periods import period_named
from quietline.web.statistics.words import COUNTRIES, period_label

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

__all__ = ["desk", "propose", "publish"]

_SHOWN = 8


@require_safe
def desk(request: HttpRequest) -> HttpResponse:
    """Show which quarters are over, what is proposed, what is published, and the files that were taken over."""
    on, person = now().date(), person_of(request)
    rows = []
    for country in queries.countries():
        for period in [one for one in queries.quarters_of(country, on=on) if one.is_over(on)][:_SHOWN]:
            book = queries.last_book(country, period)
            rows.append({
                "country": country, "period": period.name, "book": book,
                "label": f"{COUNTRIES.get(country, country)}, {period_label(period)}",
                "url": reverse("statistics:book", args=[country, period.name]),
            })  # fmt: skip
    drafts = [
        {
            "draft": draft,
            "is_own": draft.by_id == person.pk,
            "url": reverse("statistics:book", args=[draft.country, draft.period]),
        }
        for draft in queries.drafts()
    ]
    columns = [
        _("File"), _("Taken over"), *({"label": label, "is_figure": True} for label in (_("Rows"), _("Without a number"),
        _("Unreadable"), _("Repeated"))),
    ]  # fmt: skip
    files = [
        [{"text": file.name, "is_code": True}, as_moment(file.at), f"{file.count:,}",
         *(f"{file.quality.get(name, 0):,}" for name in ("without_number", "unreadable", "repeated"))]
        for file in queries.files()[:50]
    ]  # fmt: skip
    context = {"rows": rows, "drafts": drafts, "columns": columns, "files": files, "counted_at": queries.counted_at()}
    return render(request, "statistics/desk.html", context)


@require_POST
def propose(request: HttpRequest) -> HttpResponse:
    """Propose the book of a quarter."""
    period, country = period_named(request.POST.get("period", "")), request.POST.get("country", "")
    if period is None or country not in queries.countries():
        messages.error(request, _("There is no such quarter. Choose one of the list."))
        return redirect("statistics:desk")
    try:
        operations.propose_book(country=country, period=period, by=person_of(request), at=now())
    except OperationError as error:
        refused(request, error)
    else:
        messages.success(request, _("The book is proposed. Another supervisor publishes it."))
    return redirect("statistics:desk")


@require_POST
def publish(request: HttpRequest, draft: int) -> HttpResponse:
    """Publish the book that somebody else proposed."""
    found = get_object_or_404(BookDraft, pk=draft)
    if found.sha256 != request.POST.get("sha256"):
        messages.error(request, _("Another proposal has taken the place of this one. Look at it first."))
        return redirect("statistics:desk")
    try:
        operations.publish_book(draft=found, by=person_of(request), at=now())
    except OperationError as error:
        refused(request, error)
    else:
        messages.success(request, _("The book is published, and the ledger has its hash."))
    return redirect("statistics:desk")
