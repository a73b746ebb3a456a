"""People and their addresses, as the log-in library keeps them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.account.models import EmailAddress
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.db import transaction

from quietline.web.accounts.models import Person

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["enter_app", "enter_person", "find_person", "has_verified"]


def find_person(email: str) -> Person | None:
    """Find whose address it is, however its letters are cased: the one they sign in with, or a further one they proved."""
    email = email.strip().lower()
    found = Person.objects.filter(email=email).first()
    if found is None:
        address = EmailAddress.objects.filter(email=email, verified=True).select_related("user").first()
        found = address.user if address is not None else None
    return found


@transaction.atomic
def enter_person(*, email: str, name: str, password: str | None) -> Person:
    """Make an account whose address has been shown to be in the person's hands: a link sent to it was opened.

    Gives no right to anything; roles do.
    """
    person = Person.objects.create_person(email=email, name=" ".join(name.split()), password=password)
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    return person


def has_verified(person: Person, emails: Iterable[str]) -> bool:
    """Say whether one of the addresses is the person's own, and proven."""
    lowered = [email.lower() for email in emails]
    return bool(EmailAddress.objects.filter(user=person, email__in=lowered, verified=True).exists())


def enter_app(*, person: Person, secret: str) -> None:
    """Give a person an authenticator app whose secret is known beforehand: for the people of a demonstration.

    Args:
        person: who has none yet.
        secret: 20 bytes in base 32 (RFC 4648 section 6), as typed into an app (RFC 6238).
    """
    data = {"secret": get_adapter().encrypt(secret)}
    Authenticator.objects.create(user=person, type=Authenticator.Type.TOTP, data=data)
