"""Log-ins of people: seen by them, ended by them, and ended for them when they leave."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.contrib.auth import update_session_auth_hash

from quietline.web.accounts import operations
from quietline.web.accounts.models import Person, PersonSession
from quietline.web.base.clock import now

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.sessions.backends.base import SessionBase
    from django.http import HttpRequest

__all__ = ["begin_session", "device_of", "end_other_sessions", "has_authenticator", "has_second_factor", "is_open",
           "mark_second_factor"]  # fmt: skip

_SESSION = "person_session"
_SECOND_FACTOR = "second_factor"
_COARSE = timedelta(minutes=15)
_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)  # fmt: skip


def device_of(user_agent: str) -> str:
    """Name browser and system, so that people know their log-ins again; the rest of the text would only identify them."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    return ", ".join(part for part in (browser, system) if part)


def begin_session(request: HttpRequest, person: Person, *, at: datetime) -> None:
    """Note a log-in."""
    row = PersonSession.objects.create(
        person=person, generation=person.generation, device=device_of(request.headers.get("User-Agent", "")), started_at=at,
        seen_at=at,
    )  # fmt: skip
    request.session[_SESSION] = row.pk


def is_open(request: HttpRequest, *, at: datetime) -> bool:
    """Say whether the request's log-in has not been ended elsewhere; notes, to a quarter of an hour, that it is in use."""
    current, person = current_session(request), request.user.pk
    if current is None or person is None:
        return False
    row = PersonSession.objects.filter(pk=current, person_id=person, ended_at=None).first()
    if row is None:
        return False
    if at - row.seen_at >= _COARSE:
        PersonSession.objects.filter(pk=row.pk).update(seen_at=at)
    return True


def current_session(request: HttpRequest) -> int | None:
    """Give the id of the request's own log-in."""
    value = request.session.get(_SESSION)
    return value if isinstance(value, int) else None


def end_other_sessions(request: HttpRequest, person: Person, *, at: datetime) -> None:
    """End all sessions of a person but the one that asks for it."""
    operations.end_sessions(person=person, keep=current_session(request), at=at)
    update_session_auth_hash(request, person)


def has_authenticator(person: Person) -> bool:
    """Say whether a person has set up a second factor."""
    return bool(Authenticator.objects.filter(user=person, type__in=_FACTORS).exists())


def has_second_factor(request: HttpRequest) -> bool:
    """Say whether this very session was opened, or confirmed since, with a second factor.

    Counts a code of an app, a passkey or security key, and a recovery code. Having set one up in another session does not.
    """
    person = request.user
    if not isinstance(person, Person):
        return False
    if request.session.get(_SECOND_FACTOR) == person.pk:
        return True
    return any(record.get("method") == "mfa" for record in get_authentication_records(request, person))


def mark_second_factor(session: SessionBase, person: Person) -> None:
    """Note in a session that its person has just shown a second factor, by setting it up there."""
    session[_SECOND_FACTOR] = person.pk


def on_logged_in(sender: Any, *, request: HttpRequest, user: Any, **_: Any) -> None:
    """Django's signal: somebody signed in."""
    begin_session(request, user, at=now())


def on_logged_out(sender: Any, *, request: HttpRequest, user: Any, **_: Any) -> None:
    """Django's signal: somebody signed out."""
    if user is not None:
        PersonSession.objects.filter(pk=current_session(request) or 0, person=user, ended_at=None).update(ended_at=now())


def on_password_changed(sender: Any, *, request: HttpRequest, user: Any, **_: Any) -> None:
    """The log-in library's signals: a new password ends all other sessions."""
    PersonSession.objects.filter(person=user, ended_at=None).exclude(pk=current_session(request) or 0).update(ended_at=now())


def on_authenticator_added(sender: Any, *, request: HttpRequest, user: Any, authenticator: Any, **_: Any) -> None:
    """The log-in library's signal: somebody set up a second factor, and so has just used it."""
    if authenticator.type in _FACTORS:
        mark_second_factor(request.session, user)
