"""``python -m quietline.web number_ranges FILE.csv``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from quietline.errors import QuietlineError
from quietline.web.base.clock import now
from quietline.web.operators.importing import import_ranges
from quietline.web.operators.queries import operator_by_code

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    """Take over the ranges of a numbering plan: which operator was given which numbers."""

    help = "Take over the ranges of a numbering plan, all or none: which operator was given which numbers."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare them."""
        parser.add_argument("file", type=Path, help="CSV: operator, first, last, since, until, source")

    def handle(self, *_: Any, **options: Any) -> None:
        """Take it over, and say how many rows were new or changed."""
        try:
            with options["file"].open(encoding="utf-8", newline="") as file:
                count = import_ranges(file, operator_of=operator_by_code, at=now())
        except QuietlineError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"The file cannot be read: {error.strerror}.") from error
        self.stdout.write(f"new or changed: {count}")
