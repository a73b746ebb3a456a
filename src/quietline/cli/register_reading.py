"""What the commands of ``quietline register`` that read lists have in common."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from quietline.registers.sources import ReadOptions, ReadProgress, SourceFacts

__all__ = [
    "ShownProgress",
    "read_options",
    "show_table",
    "sources_document",
    "tell_rejects",
    "tell_sources",
    "with_reading",
]

_Command = TypeVar("_Command")

_READING = (
    click.option("--column", "columns", multiple=True, metavar="NAME", help="Column of numbers (or its place, from 1)."),
    click.option("--since-column", metavar="NAME", help="Column of days of listing; none if there is none."),
    click.option("--terms-column", metavar="NAME", help="Column of terms; none if there is none."),
    click.option("--operation-column", metavar="NAME", help="Column that says add or delete; none if there is none."),
    click.option("--date-format", metavar="FORM", help="mdy, dmy, ymd or a pattern such as %d.%m.%y."),
    click.option("--encoding", metavar="NAME", help="utf-8, utf-16, gb18030 or latin-1 (default: found out)."),
    click.option("--delimiter", metavar="CHAR", help="A character, or tab, none (default: found out)."),
    click.option("--header/--no-header", default=None, help="Whether the first row has names (default: found out)."),
    click.option("--sheet", metavar="NAME", help="Sheet of a workbook (default: the only one)."),
    click.option("--strict", is_flag=True, help="Refuse a list with a bad row."),
    click.option("--rejects", metavar="FILE", help="Where bad rows are listed (default: OUTPUT.rejects.csv)."),
    click.option("--quiet", "-q", is_flag=True, help="Say nothing unless something is wrong."),
)


def with_reading(command: _Command) -> _Command:
    """Give a command the options of reading lists."""
    for option in reversed(_READING):
        command = option(command)  # type: ignore[type-var]
    return command


def read_options(options: dict[str, Any]) -> ReadOptions:
    """Gather the options of reading lists."""
    from quietline.registers.sources import ReadOptions

    return ReadOptions(
        columns=options["columns"],
        since_column=options["since_column"],
        until_column=options.get("until_column"),
        terms_column=options["terms_column"],
        operation_column=options["operation_column"],
        date_format=options["date_format"],
        encoding=options["encoding"],
        delimiter=options["delimiter"],
        header=options["header"],
        sheet=options["sheet"],
    )


class ShownProgress:
    """What a person at a terminal sees while lists are read."""

    def __init__(self, *, quiet: bool) -> None:
        self._live = not quiet and sys.stderr.isatty()
        self._begun = self._last = time.monotonic()

    @property
    def step(self) -> Callable[[ReadProgress], None] | None:
        """Give what is to be called now and then, None where nobody looks."""
        return self._step if self._live else None

    def _step(self, progress: ReadProgress) -> None:
        now = time.monotonic()
        if now - self._last < 0.1 or now - self._begun < 0.3:
            return
        self._last = now
        share = f"{100 * progress.done_bytes / progress.all_bytes:3.0f} %" if progress.all_bytes else "     "
        click.echo(f"\r\033[K  {share}  {progress.rows:,} rows  {progress.name}", nl=False, err=True)

    def end(self) -> None:
        """Leave a clean line."""
        if self._live:
            click.echo("\r\033[K", nl=False, err=True)


def tell_rejects(rejects: dict[str, int], file: Path | None) -> None:
    """Say on standard error how many rows were left out, and where they are listed."""
    if file is None or not rejects:
        return
    count = sum(rejects.values())
    parts = ", ".join(f"{number:,} {reason.replace('_', ' ')}" for reason, number in sorted(rejects.items()))
    rows = "1 row was" if count == 1 else f"{count:,} rows were"
    click.echo(f"quietline: {rows} left out ({parts}); see {file}", err=True)


def tell_sources(sources: Iterable[SourceFacts]) -> None:
    """Say how each list was read."""
    for source in sources:
        used = "; ".join(f"{what}: {name}" for what, name in source.columns.items())
        click.echo(f"{source.name}: {source.format}; {used}")


def sources_document(sources: Iterable[SourceFacts]) -> list[dict[str, Any]]:
    """Say the same for programs."""
    return [
        {
            "name": source.name,
            "format": source.format,
            "columns": source.columns,
            "rows": source.rows,
            "rejects": source.rejects,
        }
        for source in sources
    ]


def show_table(rows: Iterable[tuple[str, str]]) -> None:
    """Show names and values, one pair a line."""
    held = list(rows)
    width = max(len(name) for name, _ in held)
    for name, value in held:
        click.echo(f"  {name:<{width}}  {value}".rstrip())
