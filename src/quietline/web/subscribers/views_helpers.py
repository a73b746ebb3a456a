"""Pages on help for somebody else: who may act for a line, and acting for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from quietline.errors import OperationError
from quietline.web.base.clock import now
from quietline.web.subscribers import delegates, listing
from quietline.web.subscribers.forms import HelperForm
from quietline.web.subscribers.models import Delegate
from quietline.web.subscribers.numbers import shown
from quietline.web.subscribers.views import proven, standing_rows

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

__all__ = ["end_helper", "helpers", "helping"]


@require_http_methods(["GET", "HEAD", "POST"])
def helpers(request: HttpRequest) -> HttpResponse:
    """Show who may act for this line, and which lines this one may act for; name another helper."""
    line = proven(request)
    form = HelperForm(request.POST or None)
    if form.is_valid():
        try:
            delegates.name_delegate(line, form.cleaned_data["raw"][0], now())
        except OperationError as error:
            form.add_error("raw", f"{error.message} {error.advice}")
        else:
            messages.success(request, _("Saved. Both of you get a message."))
            return redirect("subscribers:helpers")
    named = Delegate.objects.filter(key=line.key, ended_at__isnull=True).order_by("since_at")
    naming = Delegate.objects.filter(delegate_key=line.key, ended_at__isnull=True).order_by("since_at")
    context = {
        "form": form,
        "number": shown(line.key),
        "helpers": [(row, shown(row.delegate_key)) for row in named],
        "helped": [(row, shown(row.key)) for row in naming],
    }
    return render(request, "subscribers/helpers.html", context, status=422 if form.errors else 200)


@require_POST
def end_helper(request: HttpRequest, pk: int) -> HttpResponse:
    """End it, from either side."""
    line = proven(request)
    row = get_object_or_404(Delegate, pk=pk, ended_at__isnull=True)
    try:
        delegates.end_delegate(line, row.key, row.delegate_key, now())
    except OperationError as error:
        messages.error(request, f"{error.message} {error.advice}")
    else:
        messages.success(request, _("Ended."))
    return redirect("subscribers:helpers")


@require_http_methods(["GET", "HEAD", "POST"])
def helping(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how the number of somebody else stands, and list it or take it off for them."""
    row = get_object_or_404(Delegate, pk=pk, delegate_key=proven(request).key, ended_at__isnull=True)
    try:
        line = delegates.act_for(proven(request), row.key, now())
    except OperationError as error:
        messages.error(request, f"{error.message} {error.advice}")
        return redirect("subscribers:helpers")
    if request.method == "POST":
        is_withdrawn = request.POST.get("do") == "withdraw"
        try:
            if is_withdrawn:
                listing.withdraw(proven=line, at=now())
            else:
                listing.change_terms(proven=line, terms="", at=now())
        except OperationError as error:
            messages.error(request, f"{error.message} {error.advice}")
        else:
            told = _("The number is off the register.") if is_withdrawn else _("The number is on the register.")
            messages.success(request, f"{told} {_('Its holder gets a message about it.')}")
        return redirect("subscribers:helping", pk)
    standing = listing.standing_of(line)
    context = {"number": shown(line.key), "standing": standing, "rows": standing_rows(standing), "pk": pk}
    return render(request, "subscribers/helping.html", context)
