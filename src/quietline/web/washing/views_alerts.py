"""What the authority sees of organisations that ask as if they wanted the register itself."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from quietline.errors import OperationError
from quietline.web.accounts.models import Role
from quietline.web.accounts.requests import person_of
from quietline.web.accounts.rules import memberships_of
from quietline.web.base.clock import now
from quietline.web.washing import queries
from quietline.web.washing.forms import LiftForm
from quietline.web.washing.models import ProbingAlert
from quietline.web.washing.quotas import lift as lift_alert
from quietline.web.washing.views import csv_answer

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

_PAGE = 50
_MOST_CSV = 10_000


@require_safe
def alerts(request: HttpRequest) -> HttpResponse:
    """List them, the newest first."""
    page = Paginator(queries.alerts(), _PAGE).get_page(request.GET.get("page"))
    may_lift = any(m.role == Role.SUPERVISOR and m.organisation.may_act for m in memberships_of(request))
    return render(request, "washing/alerts.html", {"page": page, "may_lift": may_lift, "at": now()})


@require_safe
def alerts_csv(request: HttpRequest) -> HttpResponse:
    """Give the same as a table."""
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(
        ["at", "organisation", "client", "shape", "area", "blocks", "share_percent", "numbers", "slowed_until", "lifted_at"]
    )
    for alert in queries.alerts()[:_MOST_CSV]:
        writer.writerow(
            [alert.at.isoformat(timespec="seconds"), alert.organisation.code, alert.client.code, alert.shape, alert.area,
             alert.blocks_count, alert.share_percent, alert.numbers_count, alert.slowed_until.isoformat(timespec="seconds"),
             alert.lifted_at.isoformat(timespec="seconds") if alert.lifted_at else ""]
        )  # fmt: skip
    return csv_answer(table.getvalue(), "probing.csv")


@require_http_methods(["GET", "HEAD", "POST"])
def lift(request: HttpRequest, pk: int) -> HttpResponse:
    """Let an organisation ask on, with a reason."""
    alert = get_object_or_404(queries.alerts(), pk=pk)
    form = LiftForm(request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        status = 422 if request.method == "POST" else 200
        return render(request, "washing/lift.html", {"alert": alert, "form": form}, status=status)
    try:
        lift_alert(alert=ProbingAlert(pk=alert.pk), by=person_of(request), reason=form.cleaned_data["reason"], at=now())
    except OperationError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("The slowdown is lifted."))
    return redirect("washing:alerts")
