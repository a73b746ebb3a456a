"""``python -m quietline.web found_authority``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from quietline.web.accounts.entering import found_authority
from quietline.web.accounts.invitations import INVITATION_DAYS, link_of
from quietline.web.base.clock import now

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    """Enter the first authority and invite its first administrator, who enters everybody else on pages."""

    help = "Enter the first authority and invite its first administrator, who enters everybody else on pages."

    def add_arguments(self, parser: CommandParser) -> None:
        """Name what may be given."""
        parser.add_argument("name", help="of the authority")
        parser.add_argument("--administrator", required=True, metavar="MAIL", help="address of the first administrator")
        parser.add_argument("--country", help="where it is, two letters (default: the first of QUIETLINE_COUNTRIES)")
        parser.add_argument("--language", choices=("en", "zh-hans"), default="en", help="of the letter")

    def handle(self, *_: Any, **options: Any) -> None:
        """Enter it; done again with the same name, invite once more."""
        environment, email = settings.ENVIRONMENT, options["administrator"].strip()
        try:
            validate_email(email)
        except ValidationError:
            raise CommandError(f"{email} is no e-mail address.") from None
        invitation = found_authority(
            name=options["name"], country=options["country"] or environment.countries[0], email=email, at=now(),
            language=options["language"],
        )  # fmt: skip
        self.stdout.write(f"{invitation.organisation.name} has the account number {invitation.organisation.code}.")
        if environment.mail_url or environment.is_demonstration:
            self.stdout.write(f"An invitation is on its way to {invitation.email}; it is good for {INVITATION_DAYS} days.")
        else:  # a link that no mail can carry; where mail works, none is shown, so that it reaches its address alone
            self.stdout.write(f"QUIETLINE_MAIL_URL is not set. Hand this link over; it is good for {INVITATION_DAYS} days:")
            self.stdout.write(f"{settings.BASE_URL}{link_of(invitation)}")
