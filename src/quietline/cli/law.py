"""``quietline law``: ask the rulebooks."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from quietline.errors import InputError, LawError

if TYPE_CHECKING:
    from quietline.law.deciding import Decision

__all__ = ["lang_option", "law"]

_MAX_FACTS_BYTES = 1 << 20
_ELSEWHERE = {
    "show": "law_tables",
    "diff": "law_tables",
    "fee": "law_money",
    "penalty": "law_money",
    "window": "law_money",
    "severity": "law_money",
}

lang_option = click.option("--lang", type=click.Choice(["en", "zh"]), default="en", help="Language of the texts.")


class _Group(click.Group):
    """Some commands live in files of their own, and are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *_ELSEWHERE})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in _ELSEWHERE:
            module = importlib.import_module(f"quietline.cli.{_ELSEWHERE[cmd_name]}")
            command: click.Command = getattr(module, cmd_name)
            return command
        return super().get_command(ctx, cmd_name)


_EPILOG = """\b
Examples:
  quietline law decide US --facts call.json --explain
  quietline law show GB --on 2026-01-01 --lang zh
  quietline law diff US --from 2024-12-01 --to 2025-12-01
  quietline law fee US --areas 280 --on 2009-06-01
  quietline law penalty US --on 2015-06-01 --assessed 2020-06-01
"""


@click.group(cls=_Group, epilog=_EPILOG)
def law() -> None:
    """Ask what the law of a country says: on a call, on a day, in money.

    What is written here is not legal advice. Every answer names the place where it is written and how well that is known.
    """


@law.command(
    epilog="""\b
Examples:
  quietline law decide US --facts call.json
  echo '{"called_at": "2026-11-20T15:00:00-05:00", ...}' | quietline law decide US --facts - --explain
"""
)
@click.argument("country")
@click.option("--facts", "source", required=True, metavar="FILE", help="What is known of the call, as JSON; - reads it.")
@click.option("--explain", is_flag=True, help="Also say in sentences what decides and what would (standard error).")
@lang_option
def decide(country: str, source: str, *, explain: bool, lang: str) -> None:
    """Say whether a call is permitted, forbidden or undetermined, and by which rule.

    COUNTRY is the country of the called number, or a rulebook such as cn-decline-calls. Facts that are absent are unknown;
    where one could change the verdict the answer is undetermined and names it. The schema of facts and answers:
    quietline law schema. The exit status is 0 whenever there is a verdict.
    """
    from quietline.law import decide as decide_on
    from quietline.law.explaining import explanation

    decision: Decision = decide_on(country, _read_facts(source))
    answer = decision.as_dict(lang)
    if explain:
        answer["explanation"] = explanation(decision, lang)
        click.echo("\n".join(answer["explanation"]), err=True)
    click.echo(json.dumps(answer, indent=2, ensure_ascii=False))


def _read_facts(source: str) -> Any:
    try:
        if source == "-":
            data = sys.stdin.buffer.read(_MAX_FACTS_BYTES + 1)
        else:
            with Path(source).open("rb") as file:
                data = file.read(_MAX_FACTS_BYTES + 1)
    except OSError as error:
        raise InputError(f"The facts {source} cannot be read: {error.strerror}.") from error
    if len(data) > _MAX_FACTS_BYTES:
        raise InputError("The facts are longer than 1 MB.", advice="Give the facts of one call.")
    try:
        return json.loads(data, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        reason = str(error) or "it is nested too deeply"
        raise InputError(f"The facts are not JSON: {reason}.", advice="Write them as an object, {...}.") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice")
    return found


@law.command()
@click.argument("country", default="us")
@click.option("--answer", is_flag=True, help="The schema of the answer instead.")
def schema(country: str, *, answer: bool) -> None:
    """Print the JSON Schema of the facts that a rulebook asks for (of the answer, with --answer)."""
    from quietline.law import load_rulebook
    from quietline.law.explaining import answer_schema
    from quietline.law.vocabulary import facts_schema

    made = answer_schema() if answer else facts_schema(load_rulebook(country).vocabulary)
    click.echo(json.dumps(made, indent=2, ensure_ascii=False))


@law.command()
@click.argument("names", metavar="[COUNTRY]...", nargs=-1)
@click.option("--folder", metavar="DIR", help="Rulebooks to check instead of those that come with Quietline.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def check(names: tuple[str, ...], folder: str | None, *, as_json: bool) -> None:
    """Read rulebooks whole and prove what can be proved of them.

    Unknown keys, impossible days, gaps in claimed periods, rules that can never be reached, facts that nothing sets and
    missing translations are found here. All rulebooks are checked where none is named.
    """
    from quietline.law import load_rulebook, rulebook_names

    place = Path(folder) if folder else None
    known = rulebook_names() if place is None else _folders(place)
    results = []
    for name in names or known:
        try:
            rulebook = load_rulebook(name, folder=place)
            results.append(
                {
                    "rulebook": rulebook.name,
                    "rules": sum(len(regime.rules) for regime in rulebook.regimes),
                    "parameters": len(rulebook.parameters),
                    "cells": sum(1 for regime in rulebook.regimes for _ in regime.cells()),
                    "digest": rulebook.digest,
                    "problem": None,
                }
            )
        except LawError as error:
            results.append({"rulebook": name, "problem": error.message})
    if as_json:
        click.echo(json.dumps(results, indent=2, ensure_ascii=False))
    else:
        for result in results:
            if result["problem"] is not None:
                click.echo(f"{result['rulebook']}: {result['problem']}", err=True)
            else:
                click.echo(
                    f"{result['rulebook']}: sound; {result['rules']} rules, {result['cells']} decision cells, "
                    f"{result['parameters']} parameters"
                )
    if any(result["problem"] is not None for result in results):
        sys.exit(1)


def _folders(place: Path) -> list[str]:
    try:
        names = sorted(child.name for child in place.iterdir() if child.is_dir())
    except OSError as error:
        raise InputError(f"The folder {place} cannot be read: {error.strerror}.") from error
    if not names:
        raise InputError(f"There are no rulebooks in {place}.", advice="Each is a folder, named by its country.")
    return names


@law.command()
@click.argument("names", metavar="[COUNTRY]...", nargs=-1)
@lang_option
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def coverage(names: tuple[str, ...], lang: str, *, as_json: bool) -> None:
    """Say what the rulebooks hold, since when, how well it is known, and what is missing."""
    from quietline.law import load_rulebook, rulebook_names
    from quietline.law.coverage import coverage as rows_of

    rows = [row for name in names or rulebook_names() for row in rows_of(load_rulebook(name), lang)]
    if as_json:
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for row in rows:
        status = "" if row["status"] == "in_force" else f" [{row['status']}]"
        click.echo(f"{row['rulebook']}/{row['instrument']}{status}: {row['title']}")
        since = f", covers calls from {row['covers_from']}" if row["rules"] and row["covers_from"] else ""
        click.echo(f"  {row['rules']} rules, {row['flags']} flags, {row['values']} dated values{since}")
        click.echo("  " + ", ".join(f"{count} {name}" for name, count in row["confidence"].items()))
        if row["uncertain"]:
            click.echo(f"  from memory: {', '.join(row['uncertain'])}")
        for gap in row["gaps"]:
            click.echo(f"  gap: {gap}")
