"""Pages on which the public lists, checks, changes and withdraws. They translate and call operations, nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from quietline.errors import NotProvenError, TooManyError
from quietline.web.base.clients import client_of
from quietline.web.base.clock import now
from quietline.web.base.words import as_day, as_moment
from quietline.web.publishing.models import Entry
from quietline.web.subscribers import listing
from quietline.web.subscribers.forms import CodeForm, ListForm, MailForm, NumberForm, TermsForm
from quietline.web.subscribers.line_sessions import (
    ProvenLine,
    end_session,
    line_of,
    line_of_token,
    lines_of,
    listing_tokens,
    name_of,
    remember,
)
from quietline.web.subscribers.mail import confirm_mail_link, send_mail_link
from quietline.web.subscribers.models import Challenge, HelperAct
from quietline.web.subscribers.numbers import Line, line_of_key, shown
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
    "confirmation_rows",
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
                         "subscribers:claims", "subscribers:firms", "subscribers:helpers", "subscribers:who_asked",
                         "proofs:own", "operators:undo", "reports:new", "reports:mine", "seals:appeals",
                         "seals:appeal_new"))  # fmt: skip


def proven(request: HttpRequest) -> ProvenLine:
    """Give the line that the access table has made sure of."""
    line = line_of(request)
    if line is None:
        raise Http404
    return line


def _proven_or_listed(request: HttpRequest) -> ProvenLine | None:
    """Give the line that the address names by ``of``, else the latest of this browser; None where that one is over."""
    name = request.GET.get("of", "")
    if not name:
        return proven(request)
    lines = lines_of(request)
    named = lines.get(name)
    # what was proven as a whole since then shows more
    whole = (line for line in lines.values() if named is not None and line.key == named.key and not line.is_of_listing)
    return next(whole, named)


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
    # who has just listed a number does not type it again
    listed = {name: line.key for name, line in lines_of(request).items() if line.is_of_listing}
    again = listed.get(request.POST.get("of", ""))
    form = NumberForm(request.POST or None if again is None else None)
    if again is not None or form.is_valid():
        if again is not None:
            lines, by_call = [_line_again(again)], False
        else:
            lines, by_call = form.cleaned_data["raw"], form.cleaned_data["by_call"]
        sent = _send(request, lines, Challenge.Purpose.PROVE, by_call=by_call)
        if not isinstance(sent, list):
            return sent
        wanted = request.GET.get("next", "")
        response = redirect("subscribers:code", sent[0].id)
        response.set_cookie("afterwards", wanted, max_age=900, httponly=True, samesite="Lax", secure=settings.IS_HTTPS)
        return response
    context = {"form": form, "listed": [(name, shown(key)) for name, key in listed.items()]}
    return render(request, "subscribers/prove.html", context, status=422 if form.errors else 200)


def _line_again(key: int) -> Line:
    environment = settings.ENVIRONMENT
    return line_of_key(key, countries=environment.countries, only_fictitious=environment.is_demonstration)


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
            response = redirect(afterwards(request) if entry is None else "subscribers:status")
            response.delete_cookie("afterwards", samesite="Lax")
            remember(response, confirmed.token, *listing_tokens(request))
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
    """Ask for the codes of several numbers; each is listed as soon as its own is right, and shown as it stands then."""
    at = now()
    asked = list(Challenge.objects.filter(batch=batch, purpose=Challenge.Purpose.LIST).order_by("key"))
    if not any(each.used_at is not None or each.expires_at > at for each in asked):
        return render(request, "subscribers/code_over.html", status=410)
    forms = {each.key: _one_of_codes(request, each) for each in asked if each.used_at is None}
    tokens = [form.token for form in forms.values() if form.token]
    named = {line.key: (name, line) for name, line in lines_of(request).items()}
    for token in tokens:
        if (line := line_of_token(token, at=at, of_listing=True)) is not None:
            named[line.key] = (name_of(token), line)
    done, waiting = [], []
    for each in asked:
        ending, form = str(each.key)[-4:], forms.get(each.key)
        if form is not None and not form.token:
            waiting.append({"ending": ending, "form": form, "is_over": each.expires_at <= at or form.is_over})
            continue
        name, shown_line = named.get(each.key, ("", None))  # none: another browser listed it
        rows = confirmation_rows(listing.standing_of(shown_line)) if shown_line is not None else []
        done.append({"ending": ending, "rows": rows, "name": name if rows else ""})
    response = render(request, "subscribers/codes.html", {"done": done, "waiting": waiting})
    if tokens:
        remember(response, *tokens, *listing_tokens(request))
    return response


class _OneOfCodes(CodeForm):
    """The code of one of several numbers, and what became of it: the token that it opened, or that it is over."""

    token = ""
    is_over = False


def _one_of_codes(request: HttpRequest, challenge: Challenge) -> _OneOfCodes:
    """Try the code of one number, where one was typed."""
    prefix = challenge.id.hex
    form = _OneOfCodes(request.POST or None, prefix=prefix)
    if not request.POST.get(f"{prefix}-code", "").strip() or not form.is_valid():
        form = _OneOfCodes(prefix=prefix)
        form.is_over = challenge.tries_left <= 0
        return form
    try:
        _entry, confirmed = listing.confirm_listing(challenge_id=challenge.id, typed=form.cleaned_data["code"], at=now())
    except NotProvenError as error:
        form.is_over = error.code == "code.over" or challenge.tries_left <= 1
        form.add_error("code", f"{error.message} {error.advice}")
    else:
        form.token = confirmed.token
    return form


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
        lines = confirm_mail_link(batch=batch, token=token, at=now())
    except NotProvenError:
        return render(request, "subscribers/code_over.html", status=410)
    rows = [_promised(line) for line in lines]
    return render(request, "subscribers/mail_done.html", {"count": len(lines), "lines": rows})


def _promised(line: Line) -> dict[str, Any]:
    """Say from when a number that a link has listed must be obeyed, the same whether it stood there before or not.

    So no reference: that of an entry from before is for the holder of the line, and none would tell that there was one.
    """
    today = line.local_date(now())
    obeyed = listing.obeyed_by(line.country, today)
    rows = [{"label": _("Listed"), "value": as_day(today)}]
    if obeyed.from_date is not None:
        hint = _("Until then a seller may still use a list from before. %(citation)s") % {"citation": obeyed.citation}
        rows.append({"label": _("Sellers must obey by"), "value": as_day(obeyed.from_date), "hint": hint})
    return {"ending": str(line.key)[-4:], "rows": rows}


@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """Show how the number stands; who has listed it, and proven no more, sees that, and the way to the rest."""
    line = _proven_or_listed(request)
    if line is None:
        return _proven_anew("subscribers:status")
    standing = listing.standing_of(line)
    lines = lines_of(request)
    context = {
        "number": shown(line.key), "standing": standing, "rows": standing_rows(standing), "events": _events(standing),
        "until": line.expires_at, "is_of_listing": line.is_of_listing,
        "name": next((name for name, each in lines.items() if each == line), ""),
        "others": [(name, shown(each.key)) for name, each in lines.items() if each.key != line.key],
    }  # fmt: skip
    return render(request, "subscribers/status.html", context)


def _proven_anew(wanted: str) -> HttpResponse:
    """Lead to a new proof, and from there back to the page that was wanted."""
    return redirect(f"{reverse('subscribers:prove')}?next={reverse(wanted)}")


def standing_rows(standing: listing.Standing) -> list[dict[str, str]]:
    """Say how a number stands, as a list of facts; an empty one where it does not."""
    rows, entry = confirmation_rows(standing), standing.entry
    if not rows:
        return []
    if entry is not None:
        # a text message from the line counts as little as an e-mail does: its sender can be forged
        is_weak = entry.assurance == Entry.Assurance.MAIL
        confirmed = _("E-mail or text message, without a code") if is_weak else capfirst(entry.get_assurance_display())
        rows.append({"label": _("Confirmed by"), "value": confirmed})
    covered = described(entry.terms) if entry is not None else []
    return rows + (covered or [{"label": _("Covers"), "value": _("Every unwanted call and text")}])


def confirmation_rows(standing: listing.Standing) -> list[dict[str, str]]:
    """Say since when a number stands, from when it must be obeyed, and by which reference; nothing where it does not."""
    if standing.since_date is None:
        return []
    rows = [{"label": _("Protected since"), "value": as_day(standing.since_date)}]
    obeyed, entry = standing.obeyed, standing.entry
    if obeyed is not None and obeyed.from_date is not None:
        hint = _("Until then a seller may still use a list from before. %(citation)s") % {"citation": obeyed.citation}
        rows.append({"label": _("Sellers must obey by"), "value": as_day(obeyed.from_date), "hint": hint})
    if entry is not None:
        rows.append({"label": _("Reference"), "value": entry.reference})
    return rows


def _events(standing: listing.Standing) -> list[dict[str, Any]]:
    events = []
    acts = HelperAct.objects.filter(entry__in=standing.entries)
    helped = {(act.entry_id, act.act == HelperAct.Act.WITHDRAWN) for act in acts}
    by_helper = _("By somebody who helps you")
    for entry in standing.entries:
        if entry.ended_at is not None:
            title = entry.get_end_reason_display().capitalize()
            text = by_helper if (entry.pk, True) in helped else ""
            events.append({"at": entry.ended_at, "title": title, "text": text, "tone": "nothing"})
        text = f"{entry.reference} · {by_helper}" if (entry.pk, False) in helped else entry.reference
        events.append({"at": entry.listed_at, "title": _("Listed"), "text": text, "tone": "good"})
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
    line = _proven_or_listed(request)
    if line is None:
        return _proven_anew("subscribers:certificate")
    standing = listing.standing_of(line)
    if standing.since_date is None:
        return redirect("subscribers:status")
    rows = [*standing_rows(standing), {"label": _("Made"), "value": as_moment(now())}]
    context = {"number": shown(line.key), "rows": rows, "issuer": settings.ENVIRONMENT.title}
    return render(request, "subscribers/certificate.html", context)


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Forget the proofs of lines in this browser."""
    response = redirect("home")
    end_session(request, response)
    return response
