"""Pages for who manages an organisation: make, see and end accounts of other registers' interfaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_safe

from quietline.errors import OperationError
from quietline.web.accounts.requests import organisation_of, person_of
from quietline.web.base.clock import now
from quietline.web.base.csv_answers import csv_answer
from quietline.web.emulators import operations
from quietline.web.emulators.forms import AustralianForm, SingaporeForm
from quietline.web.emulators.models import AustralianAccount, SingaporeAccount, System
from quietline.web.publishing.models import Register
from quietline.web.sellers.views_common import refused, said

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from quietline.web.accounts.models import Organisation

__all__ = ["accounts_csv", "australia", "end", "home", "singapore"]

_COUNTRIES = {System.AUSTRALIA.value: "AU", System.SINGAPORE.value: "SG", "us": "US"}
_MOST_REQUEST_BYTES = 200_000
_FIELDS = {"key.unusable": "public_key", "network.unreadable": "networks", "account.title": "title"}


@require_safe
def home(request: HttpRequest, code: str) -> HttpResponse:
    """Show the accounts of an organisation, and where its programs find the interfaces."""
    found = organisation_of(code)
    kept = set(Register.objects.filter(kind=Register.Kind.DO_NOT_CALL, owner=None).values_list("country", flat=True))
    missing = {system: country for system, country in _COUNTRIES.items() if country not in kept}
    context = {"organisation": found, "rows": _rows(found), "places": _places(), "missing": missing}
    return render(request, "emulators/home.html", context)


@require_safe
def accounts_csv(request: HttpRequest, code: str) -> HttpResponse:
    """Give the accounts as a table; no secret is in it."""
    found = organisation_of(code)
    rows = [
        [row["system"], row["public"], row["title"], row["client"], "yes" if row["is_sandbox"] else "no",
         *(moment.isoformat(timespec="seconds") if moment else "" for moment in (row["created_at"], row["ended_at"]))]
        for row in _rows(found)
    ]  # fmt: skip
    columns = ["system", "account", "title", "client", "for_tests", "made_at", "ended_at"]
    return csv_answer("accounts-of-other-interfaces", columns, rows)


@require_http_methods(["GET", "HEAD", "POST"])
def australia(request: HttpRequest, code: str) -> HttpResponse:
    """Make an account of the Australian wash, and show its password this once."""
    found, made = organisation_of(code), None
    form = AustralianForm(request.POST if request.method == "POST" else None, kind=found.kind)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            made = operations.make_australian_account(
                organisation=found, client=data.get("client", ""), title=data["title"], is_sandbox=data["is_sandbox"],
                by=person_of(request), at=now(),
            )  # fmt: skip
        except OperationError as error:
            form.add_error(_field(form, error), said(error))
    context = {"organisation": found, "form": form, "made": made, "place": _places()[System.AUSTRALIA.value]}
    return render(request, "emulators/australia.html", context, status=422 if form.errors else 200)


@csrf_exempt  # a body that is too long is refused before anything of it is read; what is read is checked below
@require_http_methods(["GET", "HEAD", "POST"])
def singapore(request: HttpRequest, code: str) -> HttpResponse:
    """Make an account of Singapore's interface."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > _MOST_REQUEST_BYTES:
        messages.error(request, _("This file is too long for a public key."))
        return redirect("emulators:singapore", code)
    return _singapore(request, code)


@csrf_protect
def _singapore(request: HttpRequest, code: str) -> HttpResponse:
    found, made = organisation_of(code), None
    posted = request.method == "POST"
    form = SingaporeForm(request.POST if posted else None, request.FILES if posted else None, kind=found.kind)
    if posted and form.is_valid():
        data = form.cleaned_data
        try:
            made = operations.make_singapore_account(
                organisation=found, client=data.get("client", ""), title=data["title"], public_key=data["public_key"],
                networks=data["networks"], style=data["style"], is_sandbox=data["is_sandbox"], by=person_of(request),
                at=now(),
            )  # fmt: skip
        except OperationError as error:
            form.add_error(_field(form, error), said(error))
    context = {"organisation": found, "form": form, "made": made, "place": _places()[System.SINGAPORE.value]}
    return render(request, "emulators/singapore.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def end(request: HttpRequest, code: str, system: str, pk: int) -> HttpResponse:
    """Ask, then end an account."""
    account = _account(code, system, pk)
    back = reverse("emulators:home", args=[code])
    if request.method != "POST":
        text = _("%(title)s: programs that use it are refused at once. This cannot be undone.") % {"title": account.title}
        context = {"title": _("End this account?"), "text": text, "button": _("End the account"), "back": back}
        return render(request, "accounts/confirm.html", context)
    try:
        operations.end_account(account=account, by=person_of(request), at=now())
    except OperationError as error:
        refused(request, error)
    else:
        messages.success(request, _("The account has ended."))
    return redirect(back)


def _account(code: str, system: str, pk: int) -> AustralianAccount | SingaporeAccount:
    if system == System.AUSTRALIA:
        return get_object_or_404(AustralianAccount.objects.select_related("organisation"), pk=pk, organisation__code=code)
    if system == System.SINGAPORE:
        return get_object_or_404(SingaporeAccount.objects.select_related("organisation"), pk=pk, organisation__code=code)
    raise Http404


def _rows(organisation: Organisation) -> list[dict[str, Any]]:
    """Give all accounts of an organisation, the newest first, those that hold before those that have ended."""
    rows = [
        {"system": system.value, "place": system.label, "public": public, "pk": account.pk, "title": account.title,
         "client": account.client, "is_sandbox": account.is_sandbox, "created_at": account.created_at,
         "last_used_at": account.last_used_at, "ended_at": account.ended_at}
        for system, account, public in [
            *((System.AUSTRALIA, one, one.telemarketer_id) for one in _of(AustralianAccount, organisation)),
            *((System.SINGAPORE, one, one.org_code) for one in _of(SingaporeAccount, organisation)),
        ]
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (row["ended_at"] is not None, -row["created_at"].timestamp()))


def _of(model: Any, organisation: Organisation) -> list[Any]:
    return list(model.objects.filter(organisation=organisation).order_by("-created_at", "-pk"))


def _places() -> dict[str, str]:
    """Give the addresses of the interfaces, as programs are told them."""
    base: str = settings.BASE_URL
    return {
        System.AUSTRALIA.value: base + reverse("emulators:australian"),
        System.SINGAPORE.value: base + reverse("emulators:singaporean").removesuffix("/check/registry"),
        "us": base + reverse("emulators:american", args=["full", "flat", "all"]).removesuffix("/full/flat/all"),
    }


def _field(form: Any, error: OperationError) -> str | None:
    """Name the field that a refusal is about, where the form has it."""
    name = "client" if error.code.startswith("client.") else _FIELDS.get(error.code, "")
    return name if name in form.fields else None
