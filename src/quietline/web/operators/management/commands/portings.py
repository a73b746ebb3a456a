"""``python -m quietline.web portings FILE.csv --country CODE``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from quietline.errors import QuietlineError
from quietline.numbering import country_code
from quietline.web.base.clock import now
from quietline.web.operators.importing import import_portings
from quietline.web.operators.queries import operator_by_code

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    """Take over a list of ported numbers: which operator has each now."""

    help = "Take over a list of ported numbers, all or none: which operator has each now."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare them."""
        parser.add_argument("file", type=Path, help="CSV: number, operator, ported_at")
        parser.add_argument("--country", required=True, help="two letters: whose numbers are meant where none is written")

    def handle(self, *_: Any, **options: Any) -> None:
        """Take it over, and say how many rows were new."""
        try:
            country = country_code(options["country"])
            with options["file"].open(encoding="utf-8", newline="") as file:
                count = import_portings(file, operator_of=operator_by_code, country=country, at=now())
        except QuietlineError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"The file cannot be read: {error.strerror}.") from error
        self.stdout.write(f"new: {count}")
