"""Pages on what firms claim about a number, and on who asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from quietline.errors import OperationError
from quietline.web.accounts.models import Organisation
from quietline.web.base.clock import now
from quietline.web.evidence.operations import ANSWER_DAYS
from quietline.web.subscribers import asked
from quietline.web.subscribers import claims as claimed
from quietline.web.subscribers.numbers import shown
from quietline.web.subscribers.views import proven

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

_CALLERS = (Organisation.Kind.SELLER, Organisation.Kind.TELEMARKETER, Organisation.Kind.EXEMPT)


@require_safe
def claims(request: HttpRequest) -> HttpResponse:
    """Show what firms claim, and whom the holder refused."""
    line = proven(request)
    context = {
        "number": shown(line.key),
        "claims": [(entry, bool(claimed.reasons_for(entry))) for entry in claimed.claims_about(line)],
        "contests": [(row, getattr(row, "outcome", None)) for row in claimed.contests_of(line)],
        "refused": claimed.refused_by(line), "answer_days": ANSWER_DAYS,
    }  # fmt: skip
    return render(request, "subscribers/claims.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def contest(request: HttpRequest, entry_id: int) -> HttpResponse:
    """Ask why, then contest a claim."""
    line = proven(request)
    try:
        entry = claimed.claim_of(line, entry_id)
        if request.method == "POST":
            made = claimed.contest_claim(proven=line, entry_id=entry_id, reason=request.POST.get("reason", ""), at=now())
            messages.success(
                request,
                _("Contested. Until %(seller)s has answered with proof it counts as none.")
                % {"seller": made.organisation.name},
            )
            return redirect("subscribers:claims")
    except OperationError as error:
        messages.error(request, f"{error.message} {error.advice}")
        return redirect("subscribers:claims")
    context = {
        "number": shown(line.key), "claim": entry, "reasons": claimed.reasons_for(entry), "answer_days": ANSWER_DAYS,
    }  # fmt: skip
    return render(request, "subscribers/contest.html", context)


@require_POST
def revoke(request: HttpRequest, entry_id: int) -> HttpResponse:
    """End one claim."""
    try:
        seller = claimed.revoke_claim(proven=proven(request), entry_id=entry_id, at=now())
    except OperationError as error:
        messages.error(request, f"{error.message} {error.advice}")
    else:
        messages.success(request, _("Revoked. %(seller)s has to stop.") % {"seller": seller.name})
    return redirect("subscribers:claims")


@require_POST
def revoke_everything(request: HttpRequest) -> HttpResponse:
    """End all claims."""
    count = claimed.revoke_all(proven=proven(request), at=now())
    messages.success(
        request,
        ngettext("Revoked. %(count)s firm has to stop.", "Revoked. %(count)s firms have to stop.", count) % {"count": count},
    )
    return redirect("subscribers:claims")


@require_http_methods(["GET", "HEAD", "POST"])
def firms(request: HttpRequest) -> HttpResponse:
    """Allow or refuse a firm by name."""
    line = proven(request)
    callers = Organisation.objects.filter(kind__in=_CALLERS, state=Organisation.State.VERIFIED).order_by("name")
    if request.method == "POST":
        seller = get_object_or_404(callers, pk=request.POST.get("firm", "0"))
        act = claimed.allow_seller if request.POST.get("do") == "allow" else claimed.refuse_seller
        act(proven=line, seller=seller, at=now())
        messages.success(request, _("Saved: %(seller)s.") % {"seller": seller.name})
        return redirect("subscribers:claims")
    sought = request.GET.get("name", "").strip()[:80]
    found = callers.filter(name__icontains=sought) if sought else callers
    page = Paginator(found, 25).get_page(request.GET.get("page"))
    return render(request, "subscribers/firms.html", {"page": page, "sought": sought, "number": shown(line.key)})


@require_safe
def who_asked(request: HttpRequest) -> HttpResponse:
    """Show who asked."""
    line = proven(request)
    acts = asked.acts_about(line, at=now())
    events: list[dict[str, Any]] = [{"at": act.at, "title": act.who, "text": act.what} for act in acts.found]
    context = {
        "number": shown(line.key), "events": events, "since": line.held_since, "days": settings.ENVIRONMENT.wash_log_days,
        "unread": acts.unread_count,
    }  # fmt: skip
    return render(request, "subscribers/who_asked.html", context)
