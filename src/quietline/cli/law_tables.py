"""``quietline law show`` and ``law diff``: the tables as a lawyer reads them."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Any

import click

from quietline.cli.clock import day as as_day
from quietline.cli.clock import today
from quietline.cli.law import lang_option

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from quietline.law.regime import Regime
    from quietline.law.rulebook import Instrument, Rulebook

__all__ = ["diff", "show"]

_WIDTH = 100
_TEXT = {
    "en": {
        "on": "as of {}",
        "authority": "Authority: {}",
        "proposal": "A PROPOSAL, not law in force.",
        "rules": "Rules, in order; the first that holds decides",
        "flags": "Side duties",
        "parameters": "Parameters",
        "assumes": "Assumed where nothing is said",
        "off": "Not in force on this day: {}",
        "permit": "PERMIT",
        "forbid": "FORBID",
        "flag": "FLAG",
        "scope": "DOES NOT APPLY",
        "if": "if {}",
        "and": "; and ",
        "gaps": "Known gaps",
        "nothing": "Nothing changes.",
        "advice": "This is not legal advice.",
    },
    "zh": {
        "on": "截至{}",
        "authority": "主管机关：{}",
        "proposal": "此为建议，并非现行法律。",
        "rules": "规则（按顺序，首个成立者决定）",
        "flags": "附带义务",
        "parameters": "参数",
        "assumes": "未说明时的假定",
        "off": "当日未生效：{}",
        "permit": "允许",
        "forbid": "禁止",
        "flag": "提示",
        "scope": "不适用",
        "if": "若{}",
        "and": "；且",
        "gaps": "已知缺漏",
        "nothing": "没有变化。",
        "advice": "本内容不构成法律意见。",
    },
}


@click.command()
@click.argument("country")
@click.option("--on", metavar="DATE", callback=as_day, help="The day (default: today).")
@lang_option
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def show(country: str, on: date | None, lang: str, *, as_json: bool) -> None:
    """Show the law of a country on a day: rules in order, side duties, parameters, tables of money, each with its place."""
    from quietline.law import load_rulebook

    day = on or today()
    rulebook = load_rulebook(country)
    parts = [_instrument(rulebook, instrument, day, lang) for instrument in rulebook.instruments.values()]
    parts.sort(key=lambda part: not part["rules"] and not part["not_in_force"])  # what decides on calls comes first
    if as_json:
        click.echo(
            json.dumps(
                {"rulebook": rulebook.name, "on": day.isoformat(), "instruments": parts}, indent=2, ensure_ascii=False
            )
        )
        return
    words = _TEXT[lang]
    for part in parts:
        click.echo("\n".join(_told(part, day, words)))
        click.echo()
    click.echo(words["advice"])


def _instrument(rulebook: Rulebook, instrument: Instrument, day: date, lang: str) -> dict[str, Any]:
    from quietline.law.money import CONFIDENCE_TEXT
    from quietline.law.telling import value_in_words

    regime = next((regime for regime in rulebook.regimes if regime.name == instrument.id), None)
    parameters = []
    for parameter in rulebook.parameters.values():
        period, until = parameter.at(day)
        if parameter.instrument == instrument.id:
            parameters.append(
                {
                    "name": parameter.name,
                    "description": parameter.description[lang],
                    "value": value_in_words(parameter, period, lang),
                    "from": period.from_date.isoformat() if period else None,
                    "until": until.isoformat() if until else None,
                    "citation": period.citation if period else None,
                    "confidence": period.confidence if period else None,
                    "how_well_known": CONFIDENCE_TEXT[period.confidence][lang] if period else None,
                }
            )
    printed = [one for table in rulebook.tables if table.instrument == instrument.id for one in table.tables(lang, day)]
    return {
        "id": instrument.id,
        "title": instrument.title[lang],
        "authority": instrument.authority[lang],
        "status": instrument.status,
        "gaps": [gap[lang] for gap in instrument.gaps],
        "assumptions": [
            {"fact": a.name, "value": a.value, "text": a.text[lang], "citation": a.cited.citation}
            for a in rulebook.assumptions.values()
            if a.instrument == instrument.id
        ],
        **(_rows(regime, day, lang) if regime is not None else {"rules": [], "flags": [], "not_in_force": []}),
        "parameters": parameters,
        "tables": [
            {"title": one.title, "columns": list(one.columns), "rows": [list(row) for row in one.rows]} for one in printed
        ],
    }


def _rows(regime: Regime, day: date, lang: str) -> dict[str, Any]:
    from quietline.law.money import CONFIDENCE_TEXT
    from quietline.law.telling import conditions_in_words, in_force

    def told(row: Any, verdict: str) -> dict[str, Any]:
        return {
            "id": row.id,
            "verdict": verdict,
            "conditions": conditions_in_words(row, regime, lang),
            "text": row.text[lang],
            "citation": row.cited.citation,
            "confidence": row.cited.confidence,
            "how_well_known": CONFIDENCE_TEXT[row.cited.confidence][lang],
            "note": row.cited.note,
        }

    holding = in_force(regime, day)
    return {
        "rules": [told(rule, "scope" if rule.scope else rule.verdict) for rule in regime.rules if rule.id in holding],
        "flags": [told(flag, "flag") for flag in regime.flags if flag.id in holding],
        "not_in_force": [row.id for row in (*regime.rules, *regime.flags) if row.id not in holding],
    }


def _told(part: dict[str, Any], day: date, words: dict[str, str]) -> Iterator[str]:
    yield part["title"]
    yield "=" * min(_WIDTH, sum(1 + (ord(c) > 0x2E7F) for c in part["title"]))
    yield f"{words['authority'].format(part['authority'])}    {words['on'].format(day)}"
    if part["status"] == "proposal":
        yield words["proposal"]
    for key in ("rules", "flags"):
        yield from _section(words[key], [line for row in part[key] for line in _row(row, words)])
    if part["not_in_force"]:
        yield from _wrapped(words["off"].format(", ".join(part["not_in_force"])), 2)
    assumed = [f"{a['fact']} = {a['value']}: {a['text']} ({a['citation']})" for a in part["assumptions"]]
    yield from _section(words["assumes"], [line for text in assumed for line in _wrapped(text, 2)])
    yield from _section(words["parameters"], [line for one in part["parameters"] for line in _parameter(one)])
    for table in part["tables"]:
        rows = (" | ".join(cell for cell in row if cell) for row in table["rows"])
        yield from _section(table["title"], [line for row in rows for line in _wrapped(row, 2)])
    yield from _section(words["gaps"], [line for gap in part["gaps"] for line in _wrapped(f"- {gap}", 2)])


def _section(title: str, lines: list[str]) -> list[str]:
    return ["", title, *lines] if lines else []


def _row(row: dict[str, Any], words: dict[str, str]) -> list[str]:
    return [
        f"  {row['id']}  {words[row['verdict']]}",
        *_wrapped(row["text"], 4),
        *_wrapped(words["if"].format(words["and"].join(row["conditions"])), 6),
        *_wrapped(f"{row['citation']} [{row['how_well_known']}] {row['note']}".strip(), 6),
    ]


def _parameter(parameter: dict[str, Any]) -> list[str]:
    lines = [*_wrapped(f"{parameter['name']}: {parameter['value']}", 2), *_wrapped(parameter["description"], 6)]
    if parameter["citation"]:
        lines += _wrapped(f"{parameter['from']}: {parameter['citation']} [{parameter['how_well_known']}]", 6)
    return lines


def _wrapped(text: str, indent: int) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=" " * indent, subsequent_indent=" " * (indent + 2)) or [""]


@click.command()
@click.argument("country")
@click.option("--from", "first", metavar="DATE", callback=as_day, required=True, help="The earlier day.")
@click.option("--to", "second", metavar="DATE", callback=as_day, required=True, help="The later day.")
@lang_option
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def diff(country: str, first: date, second: date, lang: str, *, as_json: bool) -> None:
    """Say what in the law of a country is not the same on two days."""
    from quietline.law import load_rulebook
    from quietline.law.telling import changes

    rulebook = load_rulebook(country)
    found = list(changes(rulebook, first, second, lang))
    if as_json:
        click.echo(json.dumps([change.as_dict() for change in found], indent=2, ensure_ascii=False))
        return
    for change in found:
        since = f"{change.since} " if change.since else ""
        click.echo(f"{change.name} ({change.instrument}): {change.before} -> {change.after}")
        click.echo("\n".join(_wrapped(change.text, 4)))
        click.echo("\n".join(_wrapped(f"{since}{change.citation} [{change.confidence}]", 4)))
    if not found:
        click.echo(_TEXT[lang]["nothing"])
