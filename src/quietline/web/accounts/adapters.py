"""How the log-in library is bent to the house's rules."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from cryptography.fernet import Fernet, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.shortcuts import render

from quietline.web.accounts import queries
from quietline.web.accounts.people import find_person, has_verified
from quietline.web.base.clients import client_of

if TYPE_CHECKING:
    from allauth.socialaccount.models import SocialLogin
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.http import HttpRequest

    from quietline.web.accounts.models import Person

__all__ = ["AccountAdapter", "AgencyLoginAdapter", "SecondFactorAdapter"]


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Log-in rules."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody makes an account by themselves: people are invited."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Count tries by the address that trusted proxies vouch for."""
        return client_of(request)

    def get_from_email(self) -> str:
        """Send letters from the installation's own address."""
        return str(settings.ENVIRONMENT.mail_from)

    def format_email_subject(self, subject: str) -> str:
        """Put the installation's name before the subject."""
        return f"[{settings.ENVIRONMENT.title}] {subject}"


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second-factor rules."""

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Staff keep one at least: they add the new one first."""
        person: Person = authenticator.user
        if authenticator.type == Authenticator.Type.RECOVERY_CODES or not queries.is_staff(person):
            return True
        kinds = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
        return bool(Authenticator.objects.filter(user=person, type__in=kinds).exclude(pk=authenticator.pk).exists())

    def encrypt(self, text: str) -> str:
        """Encrypt what authenticators share with us, so that a copy of the database opens no log-in."""
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Decrypt, also with a retired secret key."""
        return _cipher().decrypt(encrypted_text.encode()).decode()


class AgencyLoginAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Log-in through an agency's own identity provider (OpenID Connect): for people who have an account here already."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """An identity provider makes no accounts: it says who somebody is, not what they may do."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Refuse who was not invited, and an address that the provider does not vouch for.

        Raises:
            ImmediateHttpResponse: the page that says so.
        """
        vouched = [address.email for address in sociallogin.email_addresses if address.verified]
        person = sociallogin.user if sociallogin.is_existing else None
        known = person is not None and person.is_active and has_verified(person, vouched)
        if not known:
            answer = render(
                request, "accounts/not_invited.html", {"has_address": any(map(find_person, vouched))}, status=403
            )
            raise ImmediateHttpResponse(answer)

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> AbstractBaseUser:
        """Take the address only, to find the person by; names stay as they are entered here."""
        user: AbstractBaseUser = sociallogin.user
        user.email = str(data.get("email") or "").lower()  # type: ignore[attr-defined]
        return user


def _cipher() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(_derived(key))) for key in keys])


def _derived(secret: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"quietline accounts second factor").derive(secret.encode())
