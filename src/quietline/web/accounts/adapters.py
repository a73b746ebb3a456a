"""How the log-in library is bent to the house's rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.core.mail import EmailMessage
from django.shortcuts import render

from quietline.web.accounts import queries
from quietline.web.accounts.mail import MailAwayError, words_of
from quietline.web.accounts.oidc import domains_of
from quietline.web.accounts.people import find_person, has_verified
from quietline.web.accounts.second_factors import cipher
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

    def render_mail(
        self,
        template_prefix: str,
        email: str | list[str],
        context: dict[str, Any],
        headers: dict[str, str] | None = None,
    ) -> EmailMessage:
        """Write a letter in our own words; the library's are taken for what it may add one day."""
        words = words_of(template_prefix, {**context, "title": settings.ENVIRONMENT.title})
        if words is None:
            theirs: EmailMessage = super().render_mail(template_prefix, email, context, headers)
            return theirs
        return EmailMessage(
            self.format_email_subject(words.subject), words.text, self.get_from_email(),
            [email] if isinstance(email, str) else email, headers={"Auto-Submitted": "auto-generated", **(headers or {})},
        )  # fmt: skip

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a letter, or answer that none can leave now.

        Raises:
            ImmediateHttpResponse: the page that says so (503).
        """
        try:
            super().send_mail(template_prefix, email, context)
        except MailAwayError:
            raise ImmediateHttpResponse(render(self.request, "accounts/mail_away.html", status=503)) from None


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
        return cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Decrypt, also with a retired secret key."""
        return cipher().decrypt(encrypted_text.encode()).decode()


class AgencyLoginAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Log-in through an agency's own identity provider (OpenID Connect): for people who have an account here already."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """An identity provider makes no accounts: it says who somebody is, not what they may do."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Refuse who was not invited, and an address that the provider does not vouch for or that is not its own.

        Raises:
            ImmediateHttpResponse: the page that says so.
        """
        # whoever runs one agency's log-in can vouch for any address, and must not become somebody of another agency
        own = domains_of(sociallogin.account.provider, settings.SOCIALACCOUNT_PROVIDERS)
        vouched = [
            address.email
            for address in sociallogin.email_addresses
            if address.verified and address.email.rpartition("@")[2].lower() in own
        ]
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
