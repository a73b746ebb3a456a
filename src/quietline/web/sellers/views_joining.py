"""Pages for everybody: what sellers do here, joining, and looking up an account number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from quietline.errors import OperationError, TooManyError
from quietline.web.accounts.codes import is_organisation_code
from quietline.web.accounts.models import Organisation, Person
from quietline.web.accounts.people import find_person
from quietline.web.accounts.queries import organisation_by_code
from quietline.web.base.clients import client_of, network_of
from quietline.web.base.clock import now
from quietline.web.base.limits import Limit, count
from quietline.web.keeping.rings import key_ring
from quietline.web.sellers import joining
from quietline.web.sellers.acting import explained
from quietline.web.sellers.forms import JoinForm, PasswordForm, WhoForm, country_name
from quietline.web.sellers.queries import AGENTS, CALLERS, in_order_since, live_mandates, standing
from quietline.web.sellers.views_common import TONES, language, refused, said

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

__all__ = ["confirm", "join", "start", "who", "who_is"]

_LOOKUPS = Limit("sellers-who", 60, 600)
_LOOKUPS_NETWORK = Limit("sellers-who-network", 1_000, 3_600)


@require_safe
def start(request: HttpRequest) -> HttpResponse:
    """Say what sellers find here, and lead them on."""
    return render(request, "sellers/start.html", {"form": WhoForm()})


@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest) -> HttpResponse:
    """Take the first step: a letter goes out, and the answer is the same for every address."""
    form = JoinForm(request.POST or None, initial={"kind": request.GET.get("kind", "")})
    if form.is_valid():
        wanted = joining.Wanted(**{name: form.cleaned_data[name] for name in ("kind", "name", "country", "person", "email")})
        try:
            joining.apply_to_join(wanted=wanted, client=client_of(request), language=language(), at=now())
        except TooManyError as error:
            return _too_many(request, error)
        except OperationError as error:
            form.add_error(None, said(error))
        else:
            context = {"email": wanted.email, "days": joining.APPLICATION_DAYS}
            return render(request, "sellers/sent.html", context)
    return render(request, "sellers/join.html", {"form": form}, status=422 if form.errors else 200)


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, challenge: UUID, token: str) -> HttpResponse:
    """Confirm the address: with a new account, or as who is signed in."""
    at = now()
    wanted = joining.open_application(challenge, token, at=at)
    if wanted is None:
        return render(request, "sellers/link_over.html", status=410)
    person = request.user if isinstance(request.user, Person) else None
    known = find_person(wanted.email)
    data = request.POST if request.method == "POST" and known is None else None
    form = PasswordForm(data, email=wanted.email, name=wanted.person)
    may_send = (person is None) == (known is None) and (person is None or person == known)
    if request.method == "POST" and may_send and (person is not None or form.is_valid()):
        password = None if person is not None else form.cleaned_data["password"]
        try:
            made = joining.confirm_application(
                challenge=challenge, token=token, person=person, password=password, at=at
            )  # fmt: skip
        except OperationError as error:
            refused(request, error)
            return redirect(request.path)
        known_here = _("Your address is confirmed. Below are the next steps.")
        new_here = _("Your address is confirmed. Sign in to take the next steps.")
        messages.success(request, new_here if person is None else known_here)
        return redirect("sellers:desk", made.code)
    context = {
        "wanted": wanted, "form": form, "may_send": may_send, "is_known": known is not None,
        "is_signed_in": person is not None, "here": request.path, "country": country_name(wanted.country),
        "kind": Organisation.Kind(wanted.kind).label,
    }  # fmt: skip
    return render(request, "sellers/confirm.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def who(request: HttpRequest) -> HttpResponse:
    """Ask for an account number, and lead to its page."""
    data = request.POST or request.GET or None
    form = WhoForm(data if data and "code" in data else None)
    if form.is_valid():
        code = form.cleaned_data["code"].strip().upper()
        if is_organisation_code(code):
            return redirect("sellers:who_is", code)
        form.add_error("code", _("This is no account number: a digit may be wrong."))
    return render(request, "sellers/who.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
def who_is(request: HttpRequest, code: str) -> HttpResponse:
    """Say who an account number belongs to, and whether it is in order; nothing about people."""
    at, ring = now(), key_ring()
    client = client_of(request)
    try:
        count(
            [
                (_LOOKUPS, ring.keyed_hash("sellers.who.client", client.encode())),
                (_LOOKUPS_NETWORK, ring.keyed_hash("sellers.who.network", network_of(client).encode())),
            ],
            at=at,
        )
    except TooManyError as error:
        return _too_many(request, error)
    found = organisation_by_code(code) if is_organisation_code(code) else None
    if found is None:
        return render(request, "sellers/who.html", {"form": WhoForm(), "unknown": True}, status=404)
    its = standing(found, at=at)
    context: dict[str, Any] = {
        "code": found.code, "in_order": its.in_order, "since": in_order_since(found),
        "reasons": [explained(reason)[0] for reason in its.reasons], "is_shown": found.state != Organisation.State.APPLIED,
        "tone": TONES[found.state],
    }  # fmt: skip
    if context["is_shown"]:
        on = at.date()
        context |= {
            "organisation": found, "kind": found.get_kind_display(), "country": country_name(found.country),
            "is_agent": found.kind in AGENTS, "is_caller": found.kind in CALLERS,
            "clients": [row.seller for row in live_mandates(on=on, telemarketer=found)],
            "agents": [row.telemarketer for row in live_mandates(on=on, seller=found)],
        }  # fmt: skip
    return render(request, "sellers/who_is.html", context)


def _too_many(request: HttpRequest, error: TooManyError) -> HttpResponse:
    minutes = error.retry_seconds // 60 + 1
    response = render(request, "sellers/too_many.html", {"minutes": minutes}, status=429)
    response.headers["Retry-After"] = str(error.retry_seconds)
    return response
