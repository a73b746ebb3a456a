"""Pages on which the public lists, checks, changes and withdraws. They translate and call operations, nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from quietline.errors import NotProvenError, TooManyError
from quietline.web.base.clients import client_of
from quietline.web.base.clock import now
from quietline.web.base.words import as_day, as_moment
from quietline.web.subscribers import listing
from quietline.web.subscribers.forms import CodeForm, ListForm, MailForm, NumberForm, TermsForm
from quietline.web.subscribers.line_sessions import ProvenLine, end_session, line_of, remember
from quietline.web.subscribers.mail import confirm_mail_link, send_mail_link
from quietline.web.subscribers.models import Challenge
from quietline.web.subscribers.numbers import Line, shown
from quietline.web.subscribers.proving import request_codes
from quietline.web.subscribers.terms import described

if TYPE_CHECKING:
    import uuid

    from django.http import HttpRequest, HttpResponse

__all__ = [
    "afterwards",
    "certificate",
    "code",
    "codes",
    "confirm_mail",
    "leave",
    "list_by_mail",
    "list_numbers",
    "prove",
    "proven",
    "standing_rows",
    "status",
    "terms",
    "withdraw_entry",
]  # fmt: skip

_AFTERWARDS = frozenset(("subscribers:status", "subscribers:terms", "subscribers:withdraw", "subscribers:certificate",
                         "subscribers:claims", "subscribers:firms", "subscribers:who_asked", "operators:undo",
                         "reports:new", "reports:mine", "seals:appeals", "seals:appeal_new"))  # fmt: skip


def proven(request: HttpRequest) -> ProvenLine:
    """Give the line that the access table has made sure of."""
    line = line_of(request)
    if line is None:
        raise Http404
    return line


def _language() -> str:
    return get_language() or "en"


def _send(request: HttpRequest, lines: list[Line], purpose: str, *, by_call: bool) -> HttpResponse | list[Challenge]:
    """Send codes; where it was asked too often, give the page that says so."""
    try:
        return request_codes(
            lines=lines, purpose=purpose, language=_language(), client=client_of(request), at=now(), by_call=by_call
        )  # fmt: skip
    except TooManyError as error:
        return render(request, "subscribers/too_many.html", {"minutes": error.retry_seconds // 60 + 1}, status=429)


@require_http_methods(["GET", "HEAD", "POST"])
def list_numbers(request: HttpRequest) -> HttpResponse:
    """Ask for the numbers to list, and send their codes."""
    form = ListForm(request.POST or None)
    if form.is_valid():
        sent = _send(request, form.cleaned_data["raw"], Challenge.Purpose.LIST, by_call=form.cleaned_data["by_call"])
        if not isinstance(sent, list):
            return sent
        if len(sent) == 1:
            return redirect("subscribers:code", sent[0].id)
        return redirect("subscribers:codes", sent[0].batch)
    return render(request, "subscribers/list.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def prove(request: HttpRequest) -> HttpResponse:
    """Ask for the number whose holder wants to see or change something, and send a code."""
    form = NumberForm(request.POST or None)
    wanted = request.GET.get("next", "")
    if form.is_valid():
        sent = _send(request, form.cleaned_data["raw"], Challenge.Purpose.PROVE, by_call=form.cleaned_data["by_call"])
        if not isinstance(sent, list):
            return sent
        response = redirect("subscribers:code", sent[0].id)
        response.set_cookie("afterwards", wanted, max_age=900, httponly=True, samesite="Lax", secure=settings.IS_HTTPS)
        return response
    return render(request, "subscribers/prove.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest, challenge_id: uuid.UUID) -> HttpResponse:
    """Ask for the code; where it is right, do what it was asked for and open the page of the number."""
    challenge = Challenge.objects.filter(
        pk=challenge_id, expires_at__gt=now(), used_at__isnull=True, tries_left__gt=0
    ).first()
    if challenge is None:
        return render(request, "subscribers/code_over.html", status=410)
    form = CodeForm(request.POST or None)
    if form.is_valid():
        try:
            entry, confirmed = listing.confirm_listing(challenge_id=challenge_id, typed=form.cleaned_data["code"], at=now())
        except NotProvenError as error:
            if error.code == "code.over" or challenge.tries_left <= 1:
                return render(request, "subscribers/code_over.html", status=410)
            form.add_error("code", f"{error.message} {error.advice}")
        else:
            if entry is not None:
                messages.success(
                    request, _("Your number is on the register. Reference: %(reference)s") % {"reference": entry.reference}
                )
            response = redirect(afterwards(request))
            response.delete_cookie("afterwards", samesite="Lax")
            remember(response, confirmed.token)
            return response
    steps = [_("Number"), _("Code"), _("Done")] if challenge.purpose == Challenge.Purpose.LIST else []
    context = {"form": form, "steps": steps, "ending": str(challenge.key)[-2:], "minutes": 10}
    return render(request, "subscribers/code.html", context, status=422 if form.errors else 200)


def afterwards(request: HttpRequest) -> str:
    """Name the page to go on to: one of our own, never an address from outside."""
    from django.urls import Resolver404, resolve

    try:
        name = resolve(request.GET.get("next") or request.COOKIES.get("afterwards", "")).view_name
    except Resolver404:
        return "subscribers:status"
    return name if name in _AFTERWARDS else "subscribers:status"


@require_http_methods(["GET", "HEAD", "POST"])
def codes(request: HttpRequest, batch: uuid.UUID) -> HttpResponse:
    """Ask for the codes of several numbers; each is listed as soon as its own is right."""
    waiting = list(Challenge.objects.filter(batch=batch, expires_at__gt=now()).order_by("key"))
    if not waiting:
        return render(request, "subscribers/code_over.html", status=410)
    rows: list[dict[str, Any]] = []
    for challenge in waiting:
        form = CodeForm(request.POST or None, prefix=challenge.id.hex)
        entry = None
        if challenge.used_at is None and request.POST.get(f"{challenge.id.hex}-code", "").strip() and form.is_valid():
            try:
                entry, _confirmed = listing.confirm_listing(
                    challenge_id=challenge.id, typed=form.cleaned_data["code"], at=now()
                )
            except NotProvenError as error:
                form.add_error("code", f"{error.message} {error.advice}")
        else:
            form = CodeForm(prefix=challenge.id.hex)
        is_done = entry is not None or challenge.used_at is not None
        rows.append({"form": form, "ending": str(challenge.key)[-4:], "entry": entry, "is_done": is_done})
    return render(request, "subscribers/codes.html", {"rows": rows, "all_done": all(row["is_done"] for row in rows)})


@require_http_methods(["GET", "HEAD", "POST"])
def list_by_mail(request: HttpRequest) -> HttpResponse:
    """Send a link by e-mail that lists numbers; such an entry can only add protection."""
    form = MailForm(request.POST or None)
    if form.is_valid():
        try:
            send_mail_link(
                lines=form.cleaned_data["raw"], mail=form.cleaned_data["mail"], language=_language(),
                client=client_of(request), at=now(),
            )  # fmt: skip
        except TooManyError as error:
            return render(request, "subscribers/too_many.html", {"minutes": error.retry_seconds // 60 + 1}, status=429)
        return render(request, "subscribers/mail_sent.html")
    return render(request, "subscribers/by_mail.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def confirm_mail(request: HttpRequest, batch: uuid.UUID, token: str) -> HttpResponse:
    """Show what the link of an e-mail does, and do it on the press of a button (mail scanners follow links)."""
    if request.method != "POST":
        return render(request, "subscribers/mail_confirm.html")
    try:
        count = confirm_mail_link(batch=batch, token=token, at=now())
    except NotProvenError:
        return render(request, "subscribers/code_over.html", status=410)
    return render(request, "subscribers/mail_done.html", {"count": count})


@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """Show how the number stands."""
    line = proven(request)
    standing = listing.standing_of(line)
    context = {
        "number": shown(line.key), "standing": standing, "rows": standing_rows(standing), "events": _events(standing),
        "until": line.expires_at,
    }  # fmt: skip
    return render(request, "subscribers/status.html", context)


def standing_rows(standing: listing.Standing) -> list[dict[str, str]]:
    """Say how a number stands, as a list of facts; an empty one where it does not."""
    if standing.since_date is None:
        return []
    rows = [{"label": _("Protected since"), "value": as_day(standing.since_date)}]
    obeyed, entry = standing.obeyed, standing.entry
    if obeyed is not None and obeyed.from_date is not None:
        hint = _("Until then a seller may still use a list from before. %(citation)s") % {"citation": obeyed.citation}
        rows.append({"label": _("Sellers must obey by"), "value": as_day(obeyed.from_date), "hint": hint})
    if entry is not None:
        rows.append({"label": _("Reference"), "value": entry.reference})
        rows.append({"label": _("Confirmed by"), "value": capfirst(entry.get_assurance_display())})
    covered = described(entry.terms) if entry is not None else []
    return rows + (covered or [{"label": _("Covers"), "value": _("Every unwanted call and text")}])


def _events(standing: listing.Standing) -> list[dict[str, Any]]:
    events = []
    for entry in standing.entries:
        if entry.ended_at is not None:
            events.append({"at": entry.ended_at, "title": entry.get_end_reason_display().capitalize(), "tone": "nothing"})
        events.append({"at": entry.listed_at, "title": _("Listed"), "text": entry.reference, "tone": "good"})
    return events


@require_http_methods(["GET", "HEAD", "POST"])
def terms(request: HttpRequest) -> HttpResponse:
    """Choose what the entry covers."""
    line = proven(request)
    standing = listing.standing_of(line)
    form = (
        TermsForm(request.POST) if request.method == "POST" else TermsForm.of(standing.entry.terms if standing.entry else "")
    )
    if form.is_bound and form.is_valid():
        listing.change_terms(proven=line, terms=form.cleaned_data["terms"], at=now())
        messages.success(request, _("Saved. Sellers have it with their next list."))
        return redirect("subscribers:status")
    return render(
        request, "subscribers/terms.html", {"form": form, "number": shown(line.key)}, status=422 if form.errors else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
def withdraw_entry(request: HttpRequest) -> HttpResponse:
    """Take the number off the register, after asking once."""
    line = proven(request)
    if request.method == "POST":
        if listing.withdraw(proven=line, at=now()) is not None:
            messages.success(request, _("Your number is off the register. You can list it again at any time."))
        return redirect("subscribers:status")
    return render(request, "subscribers/withdraw.html", {"number": shown(line.key)})


@require_safe
def certificate(request: HttpRequest) -> HttpResponse:
    """Show the certificate, to be printed or kept."""
    line = proven(request)
    standing = listing.standing_of(line)
    if standing.since_date is None:
        return redirect("subscribers:status")
    rows = [*standing_rows(standing), {"label": _("Made"), "value": as_moment(now())}]
    context = {"number": shown(line.key), "rows": rows, "issuer": settings.ENVIRONMENT.title}
    return render(request, "subscribers/certificate.html", context)


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Forget the proof of the line in this browser."""
    response = redirect("home")
    end_session(request, response)
    return response
