"""``python -m quietline.web reset_second_factor``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from quietline.web.accounts.people import find_person
from quietline.web.accounts.second_factors import reset_second_factor
from quietline.web.base.clock import now

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    """Take all second factors from somebody who has lost them; the next log-in sets up a new one."""

    help = "Take all second factors from somebody who has lost them; the next log-in sets up a new one."

    def add_arguments(self, parser: CommandParser) -> None:
        """Name what may be given."""
        parser.add_argument("email", help="address that they sign in with; make sure that it is them who asks")

    def handle(self, *_: Any, **options: Any) -> None:
        """Take them; it is logged."""
        person = find_person(options["email"])
        if person is None:
            raise CommandError("Nobody has this address.")
        taken = reset_second_factor(person=person, at=now())
        self.stdout.write(f"{taken} taken away, all log-ins ended. The password stays; a new second factor is asked for.")
