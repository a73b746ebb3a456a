"""``python -m quietline.web canaries FILE --into dnc-us``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from quietline.errors import QuietlineError
from quietline.web.base.clock import now
from quietline.web.lists.canaries import add_canaries
from quietline.web.lists.samples import read_sample
from quietline.web.publishing.models import Register

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    """Take numbers that the authority owns into the pool of canaries, and list most of them."""

    help = "Take numbers that the authority owns, and nobody else, into the pool of canaries, and list most of them."

    def add_arguments(self, parser: CommandParser) -> None:
        """Name what may be given."""
        parser.add_argument("file", type=Path, help="List of the numbers, in any form; delete it afterwards.")
        parser.add_argument("--into", required=True, help="Code of the register, dnc-us say.")
        parser.add_argument("--share", type=float, default=0.8, help="Of them that come into force at once; 0 to 1.")

    def handle(self, *_: Any, **options: Any) -> None:
        """Take them in."""
        register = Register.objects.filter(code=options["into"], owner=None).first()
        if register is None:
            known = ", ".join(Register.objects.filter(owner=None).values_list("code", flat=True))
            raise CommandError(f"There is no common register {options['into']}. There are: {known}.")
        if not 0 <= options["share"] <= 1:
            raise CommandError("A share is between 0 and 1.")
        try:
            keys = read_sample(options["file"], country=register.country)
            rows = add_canaries(register=register, keys=keys, at=now(), share=options["share"])
        except QuietlineError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{sum(row.count for row in rows):,} canaries in {len(rows):,} areas of {register.code}")
