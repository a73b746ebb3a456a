"""``quietline leak``: where a leaked list came from."""

from __future__ import annotations

import subprocess
import sys

import click

__all__ = ["leak"]

_EPILOG = """\b
Examples:
  quietline leak trace found-on-the-web.csv --country US
  quietline leak trace sample.zip --purpose "report 2026-118" --json
"""


@click.group(epilog=_EPILOG)
def leak() -> None:
    """Find out where a leaked list came from.

    Each organisation's lists hold numbers of the authority's own, which no two organisations share in the same
    combination. Run it where the platform's settings (QUIETLINE_DATABASE_URL and the others) are set.
    """


@leak.command()
@click.argument("file", metavar="FILE", type=click.Path())
@click.option("--country", default="US", show_default=True, metavar="CC", help="Of numbers without calling code.")
@click.option("--purpose", metavar="TEXT", help="Why this is asked; it stays on record, as does the outcome.")
@click.option("--most", type=click.IntRange(min=1), default=10, show_default=True, help="Lists to show.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="The outcome in words, or as a JSON object.",
)
@click.option("--json", "form", flag_value="json", help="The same as --format json.")
def trace(file: str, country: str, purpose: str | None, most: int, form: str) -> None:
    """Rank the lists that were handed out by how well they explain the leaked list FILE, or a part of one.

    FILE may be text, CSV, XML, XLSX, Parquet, a register file, or gzip or zip of these. Organisations are named only
    where the chance of naming anybody who had no part in it is below one in a hundred, all lists on file taken together.
    Returns 0 whether or not anybody is named.
    """
    command = [sys.executable, "-m", "quietline.web", "leak_trace", "--country", country, "--most", str(most)]
    command += ["--format", form, *(() if purpose is None else ("--purpose", purpose)), "--", file]
    sys.exit(subprocess.run(command, check=False).returncode)  # noqa: S603 - our own command, and no shell
