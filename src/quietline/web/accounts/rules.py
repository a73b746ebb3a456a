"""Rules of the access table about people: what is missing before somebody may pass.

A rule gives None where the request may pass, the name of the address that mends it, or "" where nothing does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from django.contrib.auth import logout

from quietline.web.accounts import queries
from quietline.web.accounts.models import Person
from quietline.web.accounts.requests import person_of
from quietline.web.accounts.roles import MANAGING, STAFF
from quietline.web.accounts.sessions import has_authenticator, has_second_factor, is_open
from quietline.web.base.clock import now
from quietline.web.base.once import once

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

    from quietline.web.accounts.models import Membership, Organisation, Role

__all__ = [
    "LINES",
    "has_role",
    "known",
    "manages_organisation",
    "member_of",
    "memberships_of",
    "of_organisation",
    "setting_up",
    "signed_in",
]

Rule: TypeAlias = "Callable[[HttpRequest], str | None]"
_LOGIN = "account_login"


def memberships_of(request: HttpRequest) -> list[Membership]:
    """List the roles of who asks, read once for each request; empty for strangers."""
    if not isinstance(request.user, Person):
        return []
    person = request.user
    return once(request, f"memberships:{person.pk}", lambda: queries.live_memberships(person))


def known(request: HttpRequest) -> str | None:
    """Somebody who signed in, with or without a second factor: for the pages that ask for one."""
    if not isinstance(request.user, Person):
        return _LOGIN
    if not once(request, f"is-open:{request.user.pk}", lambda: is_open(request, at=now())):
        logout(request)
        return _LOGIN
    return None


def setting_up(request: HttpRequest) -> str | None:
    """Somebody who may set up a second factor: who has none yet, or has shown the one they have in this session."""
    missing = known(request)
    if missing is not None or has_second_factor(request):
        return missing
    return "mfa_reauthenticate" if has_authenticator(person_of(request)) else None


def signed_in(request: HttpRequest) -> str | None:
    """Somebody with an account; staff, and whoever has set one up, with a second factor in this session."""
    missing = setting_up(request)
    if missing is not None or has_second_factor(request):
        return missing
    return "mfa_index" if any(m.role in STAFF for m in memberships_of(request)) else None


def member_of(*kinds: Organisation.Kind) -> Rule:
    """Make the rule: has a role in an organisation of one of these kinds that may act."""
    return _such_as(lambda membership: membership.organisation.kind in kinds)


def has_role(*roles: Role) -> Rule:
    """Make the rule: has one of these roles in an organisation that may act."""
    return _such_as(lambda membership: membership.role in roles)


def of_organisation(request: HttpRequest) -> str | None:
    """A member of the organisation that the address names by its ``code``; also while it may not act, to see why."""
    return (
        signed_in(request)
        if any(m.organisation.code == _code(request) for m in memberships_of(request))
        else _outside(request)
    )


def manages_organisation(request: HttpRequest) -> str | None:
    """Who manages the organisation that the address names by its ``code``, while it may act."""
    managed = any(
        m.organisation.code == _code(request) and m.role in MANAGING and m.organisation.may_act
        for m in memberships_of(request)
    )
    return signed_in(request) if managed else _outside(request)


def _such_as(fits: Callable[[Membership], bool]) -> Rule:
    def rule(request: HttpRequest) -> str | None:
        if any(m.organisation.may_act and fits(m) for m in memberships_of(request)):
            return signed_in(request)
        return _outside(request)

    return rule


def _outside(request: HttpRequest) -> str | None:
    """Lead strangers to the log-in; refuse everybody else."""
    return signed_in(request) or ""


def _code(request: HttpRequest) -> str:
    match = request.resolver_match
    return str(match.kwargs.get("code", "")) if match else ""


def _everybody(request: HttpRequest) -> str | None:
    """Everybody: what is asked for stands in the page itself, a password or a signed link."""
    return None


LINES: dict[str, Rule] = {
    "account_login": _everybody,
    "account_logout": _everybody,
    "account_inactive": _everybody,
    "account_signup": _everybody,
    "account_confirm_email": _everybody,
    "account_email_verification_sent": _everybody,
    "account_reset_password*": _everybody,
    "account_reauthenticate": known,
    "account_email": signed_in,
    "account_change_password": signed_in,
    "account_set_password": signed_in,
    "mfa_authenticate": _everybody,
    "mfa_login_webauthn": _everybody,
    "mfa_reauthenticate*": known,
    "mfa_index": setting_up,
    "mfa_activate_totp": setting_up,
    "mfa_add_webauthn": setting_up,
    "mfa_list_webauthn": setting_up,
    "mfa_deactivate_totp": signed_in,
    "mfa_edit_webauthn": signed_in,
    "mfa_remove_webauthn": signed_in,
    "mfa_view_recovery_codes": setting_up,
    "mfa_download_recovery_codes": setting_up,
    "mfa_generate_recovery_codes": setting_up,
    "openid_connect_login": _everybody,
    "openid_connect_callback": _everybody,
    "socialaccount_login_cancelled": _everybody,
    "socialaccount_login_error": _everybody,
    "oauth_token": _everybody,
    "accounts:home": signed_in,
    "accounts:end_sessions": signed_in,
    "accounts:invitation": _everybody,
    "accounts:organisation": of_organisation,
    "accounts:invite": manages_organisation,
    "accounts:revoke_invitation": manages_organisation,
    "accounts:end_membership": manages_organisation,
    "accounts:keys": manages_organisation,
    "accounts:revoke_key": manages_organisation,
    "accounts:end_outlet": manages_organisation,
}
"""This room's lines of the access table. Addresses of the log-in library that stand in no line are refused: signing up
through an identity provider, log-in by a mailed code, and trusted browsers."""
