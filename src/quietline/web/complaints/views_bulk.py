"""Files of reports, handed in by clerks of operators and officers of authorities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from quietline.errors import OperationError
from quietline.web.accounts.models import Organisation
from quietline.web.accounts.requests import person_of
from quietline.web.accounts.rules import memberships_of
from quietline.web.base.clock import now
from quietline.web.base.words import as_moment
from quietline.web.complaints.bulk import HEADER, MOST_BYTES, take_file
from quietline.web.complaints.forms import BulkForm
from quietline.web.complaints.models import HistoricFile
from quietline.web.complaints.rules import may_hand_in
from quietline.web.sellers.views_common import said

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse
    from django_stubs_ext import StrOrPromise

__all__ = ["bulk"]

_QUALITY: dict[str, StrOrPromise] = {
    "rows": gettext_lazy("rows"),
    "no_number": gettext_lazy("without a number"),
    "bad_number": gettext_lazy("with a number that is none"),
    "no_day": gettext_lazy("days missing"),
    "bad_day": gettext_lazy("days that cannot be read"),
    "future_day": gettext_lazy("days that are yet to come"),
    "shifted": gettext_lazy("last column neither Y nor N"),
}
_SHOWN = 50


@require_http_methods(["GET", "HEAD", "POST"])
def bulk(request: HttpRequest) -> HttpResponse:
    """Take a file, and say how good it is."""
    organisation = _organisation(request)
    form = BulkForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            taken = take_file(
                name=file.name, content=file.read(MOST_BYTES + 1), country=form.cleaned_data["country"],
                through=organisation, by=person_of(request), at=now(),
            )  # fmt: skip
        except OperationError as error:
            form.add_error("file", said(error))
        else:
            messages.success(request, _("Taken: %(count)s reports.") % {"count": taken.count})
            return redirect("reports:bulk")
    files = HistoricFile.objects.filter(through=organisation).order_by("-at", "-pk")[:_SHOWN]
    rows = [[file.name, as_moment(file.at), file.count, _told(file.quality)] for file in files]
    columns = [_("File"), _("Taken"), {"label": _("Reports"), "is_figure": True}, _("Quality")]
    context = {"form": form, "organisation": organisation, "rows": rows, "columns": columns, "header": ",".join(HEADER)}
    return render(request, "complaints/bulk.html", context, status=422 if form.errors else 200)


def _organisation(request: HttpRequest) -> Organisation:
    """Give the organisation in whose name files are handed in: the first that may, which the access table has found."""
    return next(m.organisation for m in memberships_of(request) if may_hand_in(m))


def _told(quality: dict[str, int]) -> str:
    parts = [f"{quality[name]} {label}" for name, label in _QUALITY.items() if name != "rows" and quality.get(name)]
    return "; ".join(parts) or _("nothing amiss")
