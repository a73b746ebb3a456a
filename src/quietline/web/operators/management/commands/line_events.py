"""``python -m quietline.web line_events FILE.csv --operator CODE``."""

from __future__ import annotations

import csv
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError

from quietline.errors import QuietlineError
from quietline.web.accounts.models import Organisation
from quietline.web.base.clock import now
from quietline.web.operators.importing import read_line_events
from quietline.web.operators.reporting import CHUNK, report_line_events

if TYPE_CHECKING:
    from django.core.management.base import CommandParser


class Command(BaseCommand):
    """Take in an operator's file of lines that were disconnected, given to somebody else, or ported out."""

    help = "Take in an operator's file of lines that were disconnected, given to somebody else, or ported out."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare them."""
        parser.add_argument("file", type=Path, help="CSV: reference, number, kind, happened_at, to")
        parser.add_argument("--operator", required=True, help="code of the operator that reports")
        parser.add_argument("--refused", type=Path, help="write references and reasons of refused events to this file")

    def handle(self, *_: Any, **options: Any) -> None:
        """Read the whole file once to see that every row can be read, and then take it in, set by set."""
        operator = Organisation.objects.filter(code=options["operator"]).first()
        if operator is None:
            raise CommandError("There is no such organisation. Give its code.")
        try:
            with options["file"].open(encoding="utf-8", newline="") as file:
                for _event in read_line_events(file, country=operator.country):
                    pass
                file.seek(0)
                self._take_in(file, operator, options["refused"])
        except QuietlineError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"The file cannot be read or written: {error.strerror}.") from error

    def _take_in(self, file: Any, operator: Organisation, refused: Path | None) -> None:
        events = read_line_events(file, country=operator.country)
        counts: Counter[str] = Counter()
        refusals: list[tuple[str, str]] = []
        while batch := list(islice(events, CHUNK)):
            for outcome in report_line_events(operator=operator, events=batch, at=now()):
                state = outcome.reason or ("repeated" if outcome.repeated else "accepted")
                counts[state] += 1
                if outcome.reason and refused is not None:
                    refusals.append((outcome.reference, outcome.reason))
        if refused is not None:
            with refused.open("w", encoding="utf-8", newline="") as out:
                csv.writer(out).writerows([("reference", "reason"), *refusals])
        for state, count in sorted(counts.items()):
            self.stdout.write(f"{state}: {count}")
