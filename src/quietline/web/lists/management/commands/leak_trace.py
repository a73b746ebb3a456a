"""``python -m quietline.web leak_trace``; people call it as ``quietline leak trace FILE``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand
from django.db import connection

from quietline.errors import QuietlineError
from quietline.web.base.clock import now
from quietline.web.lists.operations import record_trace
from quietline.web.lists.samples import read_sample
from quietline.web.lists.tracing import trace_sample

if TYPE_CHECKING:
    from django.core.management.base import CommandParser

    from quietline.web.lists.tracing import Explained, Tracing


class Command(BaseCommand):
    """Rank the lists that were handed out by how well they explain a leaked one."""

    help = "Rank the lists that were handed out by how well they explain a leaked one."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Name what may be given."""
        parser.add_argument("file", type=Path, help="The leaked list, or a part of it.")
        parser.add_argument("--country", default="US", help="Of numbers without calling code.")
        parser.add_argument("--purpose", default="command line", help="Why, for the record.")
        parser.add_argument("--most", type=int, default=10, help="Lists to show where none is named.")
        parser.add_argument("--format", choices=("text", "json"), default="text")

    def handle(self, *_: Any, **options: Any) -> None:
        """Trace, and write down that it was done."""
        try:
            tracing = trace_sample(read_sample(options["file"], country=options["country"]))
            record_trace(tracing=tracing, purpose=options["purpose"][:200], by=None, at=now())
        except QuietlineError as error:
            self.stderr.write(f"quietline: {error.message}")
            if error.advice:
                self.stderr.write(f"  {error.advice}")
            sys.exit(error.exit_code)
        finally:
            connection.close()
        lines = tracing.lines[: max(options["most"], sum(line.ranked.named for line in tracing.lines))]
        if options["format"] == "json":
            self.stdout.write(json.dumps(_facts(tracing, lines), indent=2, ensure_ascii=False))
        else:
            self.stdout.write(_words(tracing, lines))


def _facts(tracing: Tracing, lines: tuple[Explained, ...]) -> dict[str, Any]:
    return {
        "numbers": tracing.numbers,
        "sample_sha256": tracing.sample_sha256,
        "canaries_found": tracing.traced.seen,
        "canaries_in_pool": tracing.pool,
        "lists_on_file": tracing.traced.on_file,
        "error": tracing.traced.error,
        "named": [{"account": one.code, "name": one.name} for one in tracing.named],
        "canaries_needed": {"one_source": tracing.needed(sources=1), "two_sources": tracing.needed(sources=2)},
        "ranking": [
            {
                "account": line.organisation.code,
                "name": line.organisation.name,
                "register": line.register.code,
                "areas": dict(line.areas),
                "had_at": line.at.isoformat(),
                "canaries_held": line.ranked.held,
                "canaries_it_could_have_held": line.ranked.reached,
                "bound": line.ranked.bound,
                "named": line.ranked.named,
                "way": line.ranked.way.name,
                "sources": line.ranked.way.sources,
            }
            for line in lines
        ],
    }


_WAYS = {"one": "one list", "joined": "lists joined", "mixed": "lists mixed", "common": "what lists have in common"}


def _words(tracing: Tracing, lines: tuple[Explained, ...]) -> str:
    traced = tracing.traced
    text = [
        f"{tracing.numbers:,} numbers; {traced.seen:,} of {tracing.pool:,} canaries found in them",
        f"{traced.on_file:,} lists on file, as organisations had them after each fetch",
    ]
    if tracing.named:
        text.append(f"Named, with a chance of naming anybody wrongly of less than {traced.error:.0%} in all:")
        text += [f"  {one.code}  {one.name}" for one in tracing.named]
    else:
        text.append("Not enough to name anybody: no list explains it so well that chance is ruled out.")
        one, two = tracing.needed(sources=1), tracing.needed(sources=2)
        text.append(f"  For such a part of a list it takes {one:,} canaries in force in its areas,")
        text.append(f"  and {two:,} where it is mixed from two lists. A larger part takes fewer.")
    text += [_line(number, line) for number, line in enumerate(lines, start=1)]
    return "\n".join(text)


def _line(number: int, line: Explained) -> str:
    ranked = line.ranked
    areas = ", ".join(f"{area} v{version}" for area, version in line.areas[:4])
    if len(line.areas) > len(line.areas[:4]):
        areas += f" and {len(line.areas) - 4} more areas"
    bound = f"{ranked.bound:.2g}" if ranked.bound < 1 else "1"
    return (
        f"{number:>3}. {line.organisation.code}  {line.organisation.name}: bound {bound}; {line.register.code} {areas},"
        f" had since {line.at:%Y-%m-%d}; held {ranked.held:,} of {ranked.reached:,}; {_WAYS[ranked.way.name]}"
        f"{f' of {ranked.way.sources}' if ranked.way.sources > 1 else ''}"
    )
