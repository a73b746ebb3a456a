"""``python -m quietline.web import_reports FILE --country US``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from quietline.errors import QuietlineError
from quietline.web.base.clock import now
from quietline.web.complaints.historic import import_reports
from quietline.web.complaints.quality import COUNTS

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    """Take over a historic file of reports, whole; the worker counts it into clusters afterwards."""

    help = "Take over a historic file of reports (CSV, or CSV compressed by gzip), and say how good it is."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare them."""
        parser.add_argument("file", type=Path, help="with columns Company_Phone_Number and Created_Date, and maybe more")
        parser.add_argument("--country", required=True, help="ISO 3166 code of the country of numbers that name none")
        parser.add_argument("--source", default="", help="where the file comes from, for the record")

    def handle(self, *_: Any, **options: Any) -> None:
        """Take it over."""
        path: Path = options["file"]
        try:
            row = import_reports(
                path=path, name=path.name, source=options["source"], country=options["country"], by=None, at=now(),
                progress=lambda rows: self.stderr.write(f"{rows:,}"),
            )  # fmt: skip
        except QuietlineError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"The file cannot be read: {error.strerror}.") from error
        for name, count in row.quality.items():
            self.stdout.write(f"{count:>12,}  {COUNTS.get(name, name)}")
