"""The pages of the law: coverage, one page for each rulebook, and the facts that rules speak of."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["cell", "facts_page", "law_page", "rulebook_page", "schema_page"]


def cell(text: str) -> str:
    """Make text fit into one cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


def law_page() -> str:
    """Say what the rulebooks cover."""
    from quietline.law import load_rulebook, rulebook_names
    from quietline.law.coverage import coverage
    from quietline.law.money import CONFIDENCE_TEXT

    lines = [
        "# Law",
        "",
        "What the rulebooks hold. This is not legal advice.",
        "Every row and value names the place where it is written and how well that is known.",
        "Where no rulebook speaks, or a table does not reach a day, the answer is `undetermined`, never a default.",
        "",
        "| confidence | meaning |",
        "| --- | --- |",
        *(f"| `{code}` | {text['en']} |" for code, text in CONFIDENCE_TEXT.items()),
    ]
    for name in rulebook_names():
        rulebook = load_rulebook(name)
        lines += ["", f"## [`{name}`](law-{name}.md)", ""]
        for row in coverage(rulebook, "en"):
            known = ", ".join(f"{count} {code}" for code, count in row["confidence"].items())
            since = f" Covers calls from {row['covers_from']}." if row["rules"] else ""
            proposal = " **A proposal, not law in force.**" if row["status"] == "proposal" else ""
            lines += [
                f"- **{cell(row['title'])}**.{proposal} {row['rules']} rules, {row['flags']} flags.{since} Known: {known}."
            ]
            lines += [f"  - Gap: {cell(gap)}" for gap in row["gaps"]]
    return "\n".join(lines) + "\n"


def rulebook_page(name: str) -> str:
    """Give all that one rulebook says."""
    from quietline.law import load_rulebook

    rulebook = load_rulebook(name)
    lines = [f"# Law of `{name}`", "", "See [Law](law.md) for what the marks mean. This is not legal advice."]
    for instrument in rulebook.instruments.values():
        lines += ["", f"## {cell(instrument.title['en'])}", "", instrument.title["zh"], ""]
        lines += [f"Authority: {instrument.authority['en']} ({instrument.authority['zh']})."]
        if instrument.status == "proposal":
            lines += ["", "**A proposal, not law in force.**"]
        for regime in rulebook.regimes:
            if regime.name == instrument.id:
                lines += _rule_lines(regime)
        assumed = [a for a in rulebook.assumptions.values() if a.instrument == instrument.id]
        if assumed:
            lines += ["", "### Assumed where nothing is said", "", "| fact | value | why | citation | confidence |"]
            lines += ["| --- | --- | --- | --- | --- |"]
            for a in assumed:
                value = {True: "yes", False: "no"}.get(a.value, a.value)
                lines += [
                    f"| `{a.name}` | {value} | {cell(a.text['en'])} | {cell(a.cited.citation)} | `{a.cited.confidence}` |"
                ]
        for parameter in rulebook.parameters.values():
            if parameter.instrument == instrument.id:
                lines += _parameter_lines(parameter)
        for table in rulebook.tables:
            for printed in table.tables("en") if table.instrument == instrument.id else ():
                lines += ["", f"### {cell(printed.title)}", "", "| " + " | ".join(printed.columns) + " |"]
                lines += ["|" + " --- |" * len(printed.columns)]
                lines += ["| " + " | ".join(cell(text) for text in row) + " |" for row in printed.rows]
    return "\n".join(lines) + "\n"


def _rule_lines(regime: Any) -> list[str]:
    from quietline.law.telling import conditions_in_words

    lines = ["", "### Rules, in order", ""]
    for title, rows in (("", regime.rules), ("### Side duties", regime.flags)):
        if not rows:
            continue
        lines += ["", title, ""] if title else []
        lines += ["| id | verdict | if | text | citation | confidence |", "| --- | --- | --- | --- | --- | --- |"]
        for row in rows:
            verdict = "flag" if rows is regime.flags else "does not apply" if row.scope else row.verdict
            when = "; ".join(conditions_in_words(row, regime, "en"))
            text = f"{cell(row.text['en'])}<br>{cell(row.text['zh'])}"
            note = f"<br>{cell(row.cited.note)}" if row.cited.note else ""
            cited = f"{cell(row.cited.citation)}{note} | `{row.cited.confidence}`"
            lines += [f"| {row.id} | {verdict} | {cell(when)} | {text} | {cited} |"]
    return lines


def _parameter_lines(parameter: Any) -> list[str]:
    from quietline.law.telling import value_in_words

    bounds = {"at_most": "the figure itself is still within", "less_than": "the figure itself is not within"}
    bounded = parameter.unit in ("days", "months", "business_days", "hours")
    lines = [
        "",
        f"### `{parameter.name}`",
        "",
        f"{cell(parameter.description['en'])}.",
        f"{cell(parameter.description['zh'])}。",
        "",
        *([f"Bound: `{parameter.bound}` ({bounds[parameter.bound]}).", ""] if bounded else []),
        "| from | value | citation | confidence | note |",
        "| --- | --- | --- | --- | --- |",
    ]
    for period in parameter.periods:
        value = cell(value_in_words(parameter, period, "en"))
        lines.append(
            f"| {period.from_date} | {value} | {cell(period.citation)} | `{period.confidence}` | {cell(period.note)} |"
        )
    return lines


def facts_page() -> str:
    """Say what facts there are."""
    from quietline.law.vocabulary import load_vocabulary, vocabulary_names

    lines = [
        "# Facts",
        "",
        "What can be said of a call, and how, in the facts of `quietline law decide`, a campaign or a call log.",
        "A fact that is absent is unknown; an unknown one that could change the verdict makes it `undetermined`,",
        "and is named.",
        "Inside an object an absent key means null. Words are taken in either case.",
        "The same as JSON Schema: [facts](schema-facts.json) and [answer](schema-answer.json), or `quietline law schema`.",
    ]
    for name in vocabulary_names():
        vocabulary = load_vocabulary(name)
        lines += [
            "",
            f"## {vocabulary.title['en']}",
            "",
            vocabulary.title["zh"],
            "",
            "| fact | kind | meaning |",
            "| --- | --- | --- |",
        ]
        for fact in vocabulary.facts.values():
            for leaf in (fact, *fact.members):
                values = "".join(f"<br>`{value}`: {text['en']} ({text['zh']})" for value, text in leaf.values.items())
                lines.append(f"| `{leaf.name}` | {leaf.kind} | {cell(leaf.text['en'])} ({cell(leaf.text['zh'])}){values} |")
    return "\n".join(lines) + "\n"


def schema_page(what: str) -> str:
    """Give the JSON Schema of the facts of a call, or of the answer."""
    from quietline.law.explaining import answer_schema
    from quietline.law.vocabulary import facts_schema, load_vocabulary

    schema = answer_schema() if what == "answer" else facts_schema(load_vocabulary("call"))
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
