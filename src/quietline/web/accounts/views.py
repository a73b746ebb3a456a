"""Pages of the room. Who may see them stands in the access table; they only translate and call operations."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from quietline.errors import OperationError
from quietline.web.accounts import key_operations, operations, outlets, queries
from quietline.web.accounts.forms import InvitationForm, JoinForm, KeyForm
from quietline.web.accounts.invitations import open_invitation
from quietline.web.accounts.models import ApiKey, Invitation, Membership, Organisation, Person, Role, Scope
from quietline.web.accounts.people import find_person
from quietline.web.accounts.requests import organisation_of, person_of
from quietline.web.accounts.roles import OVERSEEING
from quietline.web.accounts.rules import manages_organisation, memberships_of
from quietline.web.accounts.sessions import current_session, end_other_sessions, has_authenticator
from quietline.web.base.clock import now

if TYPE_CHECKING:
    from uuid import UUID

    from django.http import HttpRequest, HttpResponse

_TONES = {Organisation.State.VERIFIED: "good", Organisation.State.APPLIED: "waiting"}


def _refused(request: HttpRequest, error: OperationError) -> None:
    messages.error(
        request, _refusals().get(error.code) or _("This cannot be done now. Please load the page again and check.")
    )


def _refusals() -> dict[str, str]:
    return {
        "membership.exists": _("This person has this role already."),
        "membership.ended": _("This role has ended already."),
        "membership.last-manager": _(
            "Nobody would be left who manages the organisation. Give somebody else that role first."
        ),
        "invitation.over": _("This invitation was accepted or withdrawn already."),
        "key.revoked": _("This key was revoked already."),
    }


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show what one may do for whom, with what waits there; then who one is, and where one is signed in."""
    person, at = person_of(request), now()
    since = at - timedelta(seconds=settings.SESSION_COOKIE_AGE)
    current = current_session(request)
    sessions = [
        {"device": row.device or _("unknown device"), "started_at": row.started_at, "seen_at": row.seen_at,
         "is_current": row.pk == current}
        for row in queries.live_sessions(person, since=since)
    ]  # fmt: skip
    context = {"person": person, "sessions": sessions, "has_authenticator": has_authenticator(person)}
    return render(request, "accounts/home.html", context)


@require_POST
def end_sessions(request: HttpRequest) -> HttpResponse:
    """End all sessions but this one."""
    end_other_sessions(request, person_of(request), at=now())
    messages.success(request, _("You are signed out everywhere else."))
    return redirect("accounts:home")


@require_safe
def organisation(request: HttpRequest, code: str) -> HttpResponse:
    """Show an organisation and its members to one of them."""
    return _organisation_page(request, organisation_of(code))


@require_POST
def invite(request: HttpRequest, code: str) -> HttpResponse:
    """Invite somebody."""
    found = organisation_of(code)
    form = InvitationForm(request.POST, organisation=found)
    if not form.is_valid():
        return _organisation_page(request, found, form=form, status=422)
    try:
        operations.invite_member(
            organisation=found, email=form.cleaned_data["email"], role=Role(form.cleaned_data["role"]),
            by=person_of(request), language="zh-hans" if get_language() == "zh-hans" else "en", at=now(),
        )  # fmt: skip
    except OperationError as error:
        _refused(request, error)
    else:
        messages.success(request, _("The invitation is on its way."))
    return redirect("accounts:organisation", code=code)


@require_POST
def revoke_invitation(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """Withdraw an invitation."""
    row = get_object_or_404(Invitation, pk=pk, organisation__code=code)
    try:
        operations.revoke_invitation(invitation=row, by=person_of(request), at=now())
    except OperationError as error:
        _refused(request, error)
    else:
        messages.success(request, _("The invitation is withdrawn."))
    return redirect("accounts:organisation", code=code)


@require_http_methods(["GET", "HEAD", "POST"])
def end_membership(request: HttpRequest, code: str, pk: int) -> HttpResponse:
    """Ask, then end a role."""
    row = get_object_or_404(
        Membership.objects.select_related("person", "organisation"), pk=pk, organisation__code=code, ended_at=None
    )
    if request.method != "POST":
        return _confirm_page(
            request,
            title=_("End this role?"),
            text=_("%(name)s, %(role)s: they are signed out at once everywhere, and the keys that they made stop working.")
            % {"name": row.person.name, "role": row.get_role_display()},
            button=_("End the role"),
            back=reverse("accounts:organisation", args=[code]),
        )
    try:
        operations.end_membership(membership=row, by=person_of(request), at=now())
    except OperationError as error:
        _refused(request, error)
    else:
        messages.success(request, _("The role has ended."))
    if row.person_id == person_of(request).pk:  # who has just left may not see it any more
        return redirect("accounts:home")
    return redirect("accounts:organisation", code=code)


@require_http_methods(["GET", "HEAD", "POST"])
def keys(request: HttpRequest, code: str) -> HttpResponse:
    """Show an organisation's keys; make one, and show its secret this once."""
    found, made, status = organisation_of(code), None, 200
    form = KeyForm(request.POST if request.method == "POST" else None, organisation=found)
    if request.method == "POST":
        if form.is_valid():
            data = form.cleaned_data
            made = key_operations.make_key(
                organisation=found, kind=ApiKey.Kind(data["kind"]), title=data["title"], scopes=data["scopes"],
                days=int(data["days"]), by=person_of(request), at=now(),
            )  # fmt: skip
            form = KeyForm(organisation=found)
        else:
            status = 422
    at = now()
    rows = [
        {"key": key, "kind": key.get_kind_display(), "is_good": key.is_good(at), "by": key.created_by,
         "scopes": [Scope(scope).label for scope in key.scopes]}
        for key in queries.keys_of(found)
    ]  # fmt: skip
    context = {"organisation": found, "rows": rows, "form": form, "made": made, "outlets": outlets.outlets_of(found)}
    return render(request, "accounts/keys.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def revoke_key(request: HttpRequest, code: str, handle: str) -> HttpResponse:
    """Ask, then revoke a key."""
    key = get_object_or_404(ApiKey.objects.select_related("organisation"), handle=handle, organisation__code=code)
    back = reverse("accounts:keys", args=[code])
    if request.method != "POST":
        text = _("%(title)s: programs that use it are refused at once. This cannot be undone.") % {"title": key.title}
        return _confirm_page(request, title=_("Revoke this key?"), text=text, button=_("Revoke the key"), back=back)
    try:
        key_operations.revoke_key(key=key, by=person_of(request), at=now())
    except OperationError as error:
        _refused(request, error)
    else:
        messages.success(request, _("The key is revoked."))
    return redirect(back)


@require_http_methods(["GET", "HEAD", "POST"])
def end_outlet(request: HttpRequest, code: str, outlet: UUID) -> HttpResponse:
    """Ask, then let an address be told nothing more."""
    found = organisation_of(code)
    back = reverse("accounts:keys", args=[code])
    shown = next((each for each in outlets.outlets_of(found) if each.id == outlet), None)
    if shown is None:
        messages.error(request, _("This webhook has ended already."))
    elif request.method != "POST":
        text = _("%(address)s is told nothing more from now on. This cannot be undone.") % {"address": shown.address}
        return _confirm_page(request, title=_("End this webhook?"), text=text, button=_("End the webhook"), back=back)
    elif outlets.end_outlet(found, outlet, at=now()):
        messages.success(request, _("The webhook has ended."))
    return redirect(back)


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, challenge: UUID, token: str) -> HttpResponse:
    """Accept an invitation: with a new account, or as who is signed in."""
    at = now()
    found = open_invitation(challenge, token, at=at)
    if found is None:
        return render(request, "accounts/invitation_over.html", status=410)
    person = request.user if isinstance(request.user, Person) else None
    known = find_person(found.email)
    form = JoinForm(request.POST if request.method == "POST" and known is None else None, email=found.email)
    may_send = (person is None) == (known is None) and (person is None or person == known)
    if request.method == "POST" and may_send and (person is not None or form.is_valid()):
        data = form.cleaned_data if person is None else {}
        try:
            operations.accept_invitation(challenge=challenge, token=token, person=person, at=at, **data)
        except OperationError as error:
            _refused(request, error)
        else:
            messages.success(
                request, _("Welcome. You can act for %(organisation)s now.") % {"organisation": found.organisation.name}
            )
        return redirect("accounts:home")
    context = {
        "organisation": found.organisation, "role": found.get_role_display(), "form": form, "may_send": may_send,
        "is_known": known is not None, "is_signed_in": person is not None, "here": request.path,
    }  # fmt: skip
    return render(request, "accounts/invitation.html", context, status=422 if form.errors else 200)


def _organisation_page(
    request: HttpRequest, found: Organisation, *, form: InvitationForm | None = None, status: int = 200
) -> HttpResponse:  # fmt: skip
    manages = manages_organisation(request) is None
    members = [
        {"pk": m.pk, "name": m.person.name, "email": m.person.email if manages else "", "role": m.get_role_display(),
         "since_at": m.since_at, "is_self": m.person_id == person_of(request).pk}
        for m in queries.members_of(found)
    ]  # fmt: skip
    invitations = list(queries.open_invitations(found, at=now())) if manages else []
    context: dict[str, Any] = {
        "organisation": found, "kind": found.get_kind_display(), "state": found.get_state_display(),
        "tone": _TONES.get(Organisation.State(found.state), "bad"), "members": members, "invitations": invitations,
        "manages": manages, "form": form or InvitationForm(organisation=found),
        "kind_joins": found.kind != Organisation.Kind.AUTHORITY,
        "oversees": any(m.organisation_id == found.pk and m.role in OVERSEEING for m in memberships_of(request)),
    }  # fmt: skip
    return render(request, "accounts/organisation.html", context, status=status)


def _confirm_page(request: HttpRequest, *, title: str, text: str, button: str, back: str) -> HttpResponse:
    return render(request, "accounts/confirm.html", {"title": title, "text": text, "button": button, "back": back})
