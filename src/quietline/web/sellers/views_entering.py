"""Pages of the authority for organisations that do not join by themselves: operators, resellers, agencies, authorities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from quietline.errors import OperationError
from quietline.web.accounts.entering import ENTERED, enter_organisation, invite_first, may_enter_authorities
from quietline.web.accounts.models import Organisation
from quietline.web.accounts.requests import organisation_of, person_of
from quietline.web.base.clock import now
from quietline.web.sellers.forms import EnterForm, InviteForm
from quietline.web.sellers.queries import managers_of
from quietline.web.sellers.views_common import language, measure_page, said

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

__all__ = ["enter", "invite", "lacks_first"]


@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest) -> HttpResponse:
    """Enter an organisation as verified, and invite the first who acts for it."""
    person = person_of(request)
    form = EnterForm(
        request.POST if request.method == "POST" else None, with_authorities=may_enter_authorities(person)
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            made = enter_organisation(
                kind=Organisation.Kind(data["kind"]), name=data["name"], country=data["country"], email=data["email"],
                legal_id=data["legal_id"], by=person, at=now(), language=language(),
            ).organisation  # fmt: skip
        except OperationError as error:
            form.add_error(*_refusal(error))
        else:
            messages.success(request, _("Entered. The invitation is on its way."))
            return redirect("sellers:case", made.code)
    return render(request, "sellers/enter.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest, code: str) -> HttpResponse:
    """Invite the first who acts for an organisation once more, where nobody does yet."""
    found = organisation_of(code)
    form = InviteForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            invite_first(
                organisation=found, email=form.cleaned_data["email"], by=person_of(request), at=now(), language=language()
            )  # fmt: skip
        except OperationError as error:
            form.add_error(*_refusal(error))
        else:
            messages.success(request, _("The invitation is on its way."))
            return redirect("sellers:case", code)
    return measure_page(
        request, form, organisation=found, button=_("Send the invitation"), title=_("Invite its first member")
    )


def lacks_first(organisation: Organisation) -> bool:
    """Say whether an organisation was entered by the authority and nobody has come to act for it."""
    return organisation.kind in ENTERED and organisation.may_act and not managers_of(organisation)


def _refusal(error: OperationError) -> tuple[str | None, str]:
    """Give the field that a refusal belongs to, None for the whole form, and its words in the language in force."""
    if error.code == "organisation.known":
        return "legal_id", _("An organisation with this legal id is known already.")
    if error.code == "organisation.managed":
        return None, _("Somebody acts for this organisation already, and invites the others.")
    return None, said(error)
