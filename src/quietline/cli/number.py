"""``quietline number``."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from quietline.errors import UsageError

if TYPE_CHECKING:
    from quietline.numbering import Parsed

__all__ = ["number"]

_EPILOG = """\b
Examples:
  quietline number +14155550123
  quietline number "(212) 555-0123" --country US
"""


@click.command(epilog=_EPILOG)
@click.argument("texts", nargs=-1, required=True, metavar="TEXT...")
@click.option("--country", "-c", metavar="CC", help="Country of numbers without a country code.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def number(texts: tuple[str, ...], country: str | None, as_json: bool) -> None:
    """Say what each TEXT is as a telephone number, and what the numbering plan knows of it.

    Without --country, every TEXT has to begin with a plus and a country code.

    All time zones a number may lie in are given, never one of several. The carrier is the one the range was first given
    to: numbers are carried over.
    """
    from quietline.numbering import facts, status_text

    unreadable = False
    for text, parsed in [(text, _read(text, country)) for text in texts]:
        answer: dict[str, object] = {
            "text": text,
            "number": parsed.number,
            "status": status_text(parsed.status, parsed.repairs),
        }
        unreadable |= parsed.key == 0
        if parsed.key:
            known = facts(parsed.key)
            answer |= {
                "regions": list(known.regions),
                "line_type": known.line_type,
                "original_carrier": known.original_carrier,
                "time_zones": list(known.time_zones),
                "location": known.location,
            }
        if as_json:
            click.echo(json.dumps(answer, ensure_ascii=False))
        else:
            _show(answer)
    if unreadable:
        sys.exit(1)


def _read(text: str, country: str | None) -> Parsed:
    from quietline.numbering import parse, parse_international

    if country is not None:
        return parse(text, country=country)
    parsed = parse_international(text)
    if parsed is None:
        raise UsageError(
            f"What {text!r} is depends on the country.",
            advice="Say --country, such as --country US, or begin the number with a plus and its country code.",
            code="usage.country",
        )
    return parsed


def _show(answer: dict[str, object]) -> None:
    click.echo(f"{answer['text']}: {answer['number'] or '-'}  {answer['status']}")
    for name in ("regions", "line_type", "original_carrier", "time_zones", "location"):
        value = answer.get(name)
        if value:
            text = ", ".join(value) if isinstance(value, list) else str(value)
            click.echo(f"  {name.replace('_', ' ')}: {text}")
