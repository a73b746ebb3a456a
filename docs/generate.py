"""Write the reference pages from the code, so that they cannot say something else than it does.

``make docs`` runs this. The pages are the same for the same code: no time, no path and no machine is in them. A test
compares them with what is on the disk.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import sys
import textwrap
from collections import defaultdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click
from law_pages import cell, facts_page, law_page, rulebook_page, schema_page
from python_names import prose, python_page
from settings_page import settings_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["HEAD", "PAGES", "codes_in", "commands", "head_of", "main"]

REFERENCE = Path(__file__).with_name("reference")
SOURCE = Path(__file__).parents[1] / "src" / "quietline"
_WIDTH = 110
HEAD = "<!-- Written by docs/generate.py from the code. Do not edit; run: make docs -->\n\n"
"""What every generated page begins with."""

# -- commands --------------------------------------------------------------------------------------------------------


def commands() -> Iterator[tuple[str, click.Command, click.Context]]:
    """Give every command with its full name, groups before what is in them."""
    from quietline.cli.main import cli

    def walk(command: click.Command, name: str, parent: click.Context | None) -> Iterator[Any]:
        settings = dict(command.context_settings)
        settings.update(terminal_width=_WIDTH, max_content_width=_WIDTH)
        context = click.Context(command, info_name=name, parent=parent, **settings)
        yield context.command_path, command, context
        if isinstance(command, click.Group):
            for child in command.list_commands(context):
                found = command.get_command(context, child)
                if found is not None:
                    yield from walk(found, child, context)

    return walk(cli, "quietline", None)


_CLI_INTRODUCTION = """\
# Command line

Every command, as its `--help` says it.
Options may stand before or after arguments.
A file named `-` is standard input or standard output.
"""


def cli_page() -> str:
    """Give all help pages."""
    parts = [_CLI_INTRODUCTION]
    for path, command, context in commands():
        text = command.get_help(context)
        parts.append(f"## `{path}`\n\n```text\n{text.rstrip()}\n```\n")
    return "\n".join(parts)


# -- errors ----------------------------------------------------------------------------------------------------------


class Code(NamedTuple):
    """One place that raises an error with a code: its class (empty where not seen), and the words, with gaps."""

    error: str
    words: str


_CODE = re.compile(r"(usage|input|register|output|receipt|key|law|extra|vault|ledger|feed)\.[a-z_]+")


def codes_in(folder: Path = SOURCE) -> dict[str, list[Code]]:
    """Find the codes of errors in the library, each with the places where it is used; the platform's stand in its API."""
    found: dict[str, list[Code]] = defaultdict(list)
    for file in sorted(folder.rglob("*.py")):
        if "web" in file.relative_to(folder).parts:
            continue
        tree = ast.parse(file.read_text("utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                for code in _codes_of_call(node):
                    found[code].append(Code(_name_of(node.func), _words(node.args)))
            elif isinstance(node, ast.Tuple) and len(node.elts) == 3:
                texts = [_text(element) for element in node.elts]
                if texts[0] and _CODE.fullmatch(texts[0]) and texts[1] and " " in texts[1]:
                    found[texts[0]].append(Code("OutputError", _gaps(texts[1])))
    return dict(found)


def _codes_of_call(node: ast.Call) -> list[str]:
    given = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
    texts = [text for value in given for child in ast.walk(value) if (text := _text(child))]
    return [text for text in texts if _CODE.fullmatch(text)]


def _name_of(node: ast.expr) -> str:
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return name if name.endswith("Error") else ""


def _text(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _words(arguments: list[ast.expr]) -> str:
    if not arguments:
        return ""
    first = arguments[0]
    if isinstance(first, ast.JoinedStr):
        parts = [_text(value) if isinstance(value, ast.Constant) else "…" for value in first.values]
        return _gaps("".join(parts))
    return _gaps(_text(first))


def _gaps(text: str) -> str:
    return re.sub(r"\{[^{}]*\}", "…", text)


def _error_classes() -> dict[str, type[Any]]:
    errors = importlib.import_module("quietline.errors")
    return {name: getattr(errors, name) for name in errors.__all__}


def errors_page() -> str:
    """Give the tree of errors, their exit statuses and all codes."""
    from quietline.cli.main import EXIT_STATUSES

    errors = importlib.import_module("quietline.errors")
    tree = str(errors.__doc__).split("::\n", 1)[1].split("\n\nEvery error", 1)[0]
    lines = [
        "# Errors",
        "",
        "All errors that Quietline raises are in one tree.",
        "Each has a `code` that programs may test: it stays the same from release to release.",
        "The words may improve.",
        "`exit_code` is what the command line returns.",
        "What to do about them: [When something goes wrong](../how-to/when-something-goes-wrong.md).",
        "",
        "```text",
        textwrap.dedent(tree).strip("\n"),
        "```",
        "",
        "## Exit statuses",
        "",
        "| status | meaning |",
        "| --- | --- |",
        *(f"| {status} | {cell(meaning)} |" for status, meaning in EXIT_STATUSES.items()),
        "",
        "## Classes",
        "",
        "| class | code | exit status | meaning |",
        "| --- | --- | --- | --- |",
    ]
    classes = _error_classes()
    for name, cls in classes.items():
        meaning = prose((cls.__doc__ or "").split("\n\n", 1)[0])
        lines.append(f"| `{name}` | `{cls.code}` | {cls.exit_code} | {cell(meaning)} |")
    lines += [
        "",
        "## Codes",
        "",
        "A class may be raised with a code of its own.",
        "`…` stands for a name, a number or a reason.",
        "",
        "| code | class | what is said |",
        "| --- | --- | --- |",
    ]
    for code, places in sorted(codes_in().items()):
        owner = ", ".join(f"`{name}`" for name in sorted({place.error for place in places if place.error}))
        words = dict.fromkeys(place.words for place in places if place.words)
        said = "<br>".join(cell(text) for text in words) or "(several)"
        lines.append(f"| `{code}` | {owner or '–'} | {said} |")
    return "\n".join(lines) + "\n"


# -- statuses --------------------------------------------------------------------------------------------------------

_STATUS_EXAMPLES = {
    "OK": "(212) 555-0123",
    "UNASSIGNED": "211 555 0123",
    "EMPTY": "",
    "DAMAGED": "2.12555E+09",
    "TOO_SHORT": "212 555",
    "TOO_LONG": "212 555 0123 4567",
    "WRONG_LENGTH": "+65 6123 4567 1",
    "NOT_A_NUMBER": "call me",
    "AMBIGUOUS": "212-555-0123 / 212-555-0144",
    "UNKNOWN_COUNTRY": "+999 123 4567",
    "WRONG_COUNTRY": "+44 20 7946 0001",
}
_REPAIR_EXAMPLES = {
    "APOSTROPHE": "'2125550123",
    "FULL_WIDTH": "２１２-555-0123",
    "EXCEL": "2125550123.0",
    "IDD": "011 44 20 7946 0001",
    "FIRST_OF_SEVERAL": "212-555-0123 / 212-555-0144",
    "LETTERS": "212-JKL-0123",
    "EXTENSION": "212-555-0123 ext. 7",
    "INVISIBLE": "212\u200b5550123",
}
_STATUS_MEANINGS = {
    "EMPTY": "nothing is in the field",
    "TOO_SHORT": "too few digits for a number",
    "TOO_LONG": "more digits than any number has; E.164 ends at 15",
    "NOT_A_NUMBER": "no number can be read in the text",
}
_REJECTS = {
    "missing_number": "the row has no number",
    "no_area_code": "seven digits, and no area code is known for them",
    "bad_date": "a date cannot be read, or lies outside 1970-01-02 to 2149-06-05",
    "bad_period": "the entry ends before it begins",
    "bad_terms": "the terms cannot be read",
    "bad_operation": "neither add nor delete",
    "unknown_element": "in XML: an element that is not `ph`",
}


def _members(name: str, module: str) -> list[tuple[str, int, str]]:
    """Give name, value and comment of an enumeration's members, as its source has them."""
    cls = getattr(importlib.import_module(module), name)
    comments = dict(re.findall(r"^    ([A-Z_]+) = \d+  # (.*)$", inspect.getsource(cls), re.MULTILINE))
    doc = " ".join((cls.__doc__ or "").split())
    described = dict(re.findall(r"``([A-Z_]+)``: (.*?)(?= ``[A-Z_]+``: |$)", doc))
    return [
        (str(member.name), int(member), comments.get(str(member.name)) or described.get(str(member.name), ""))
        for member in cls
    ]


def statuses_page() -> str:
    """Give statuses, repairs, reasons and answers, with an example of each that is run to make the page."""
    from quietline.numbering import parse

    lines = [
        "# Statuses, repairs, reasons",
        "",
        "The values are those of the columns that Python gets; they never change.",
        "The examples are read with the default country US.",
        "",
        "## Status: what a text is",
        "",
        "Only `ok` and `unassigned` come with a number (`wrong_country` keeps it too, for the lists of removed rows).",
        "A list keeps `ok` only; an `unassigned` number is looked up, and is `invalid` where no register has it.",
        "",
        "| value | status | meaning | example | number |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, value, comment in _members("Status", "quietline.numbering.statuses"):
        text = _STATUS_EXAMPLES[name]
        parsed = parse(text, country="US", only_country=name == "WRONG_COUNTRY")
        if parsed.status != value:
            raise AssertionError(f"{text!r} is {parsed.status.text}, no example of {name}")
        meaning = comment or _STATUS_MEANINGS[name]
        lines.append(f"| {value} | `{name.lower()}` | {cell(meaning)} | {_code(text)} | {_code(parsed.number or '')} |")
    lines += [
        "",
        "## Repair: what had to be put right to read it",
        "",
        "Repairs are certain: they bring back digits that were there.",
        "Where digits are lost, the status is `damaged` and nothing is guessed.",
        "They are written behind the status: `ok (apostrophe, excel)`.",
        "",
        "| value | repair | meaning | example | status |",
        "| --- | --- | --- | --- | --- |",
    ]
    from quietline.numbering import Repair, status_text

    for name, value, comment in _members("Repair", "quietline.numbering.statuses"):
        text = _REPAIR_EXAMPLES[name]
        parsed = parse(text, country="US", first_of_several=name == "FIRST_OF_SEVERAL")
        if Repair(value) not in parsed.repairs:
            raise AssertionError(f"{text!r} is no example of {name}")
        said = status_text(parsed.status, parsed.repairs)
        lines.append(f"| {value} | `{name.lower()}` | {cell(comment)} | {_code(text)} | `{said}` |")
    lines += [
        "",
        "## Reason: why a row is kept or removed",
        "",
        "| value | reason | meaning |",
        "| --- | --- | --- |",
    ]
    for name, value, comment in _members("Reason", "quietline.wash.verdicts"):
        lines.append(f"| {value} | `{name.lower()}` | {cell(comment.rstrip('.'))} |")
    lines += [
        "",
        "## Answer: what a receipt's leaf says of a number",
        "",
        "| value | answer | meaning |",
        "| --- | --- | --- |",
    ]
    for name, value, comment in _members("Answer", "quietline.wash.receipt_proofs"):
        lines.append(f"| {value} | `{name.lower()}` | {cell(comment.split('. Where')[0].rstrip('.'))} |")
    lines += [
        "",
        "## Why a row of a source is rejected",
        "",
        "When a register is built or changed, a row that cannot be read is counted and listed with one of these,",
        "or with a status from above.",
        "",
        "| reason | meaning |",
        "| --- | --- |",
        *(f"| `{name}` | {meaning} |" for name, meaning in _REJECTS.items()),
    ]
    return "\n".join(lines) + "\n"


def _code(text: str) -> str:
    return f"`{text.replace('|', chr(92) + '|')}`" if text else ""


def _pages() -> dict[str, Callable[[], str]]:
    from quietline.law import rulebook_names

    return {
        "cli.md": cli_page,
        "errors.md": errors_page,
        "facts.md": facts_page,
        "law.md": law_page,
        **{f"law-{name}.md": partial(rulebook_page, name) for name in rulebook_names()},
        "python-api.md": python_page,
        "settings.md": settings_page,
        "schema-answer.json": partial(schema_page, "answer"),
        "schema-facts.json": partial(schema_page, "facts"),
        "statuses.md": statuses_page,
    }


PAGES = _pages()
"""The pages by file name, and what makes each."""


def head_of(name: str) -> str:
    """Give what a generated page begins with; JSON has no room for remarks."""
    return HEAD if name.endswith(".md") else ""


def main() -> int:
    """Write the pages that have changed."""
    REFERENCE.mkdir(exist_ok=True)
    for name, page in PAGES.items():
        text, file = head_of(name) + page(), REFERENCE / name
        if not file.exists() or file.read_text("utf-8") != text:
            file.write_text(text, "utf-8")
            sys.stdout.write(f"docs/reference/{name}: written\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
