"""The reference page of the public Python names: signatures and docstrings as Markdown."""

from __future__ import annotations

import ast
import dataclasses
import enum
import importlib
import importlib.util
import inspect
import re
import textwrap
from itertools import pairwise
from pathlib import Path
from typing import Any

__all__ = ["MODULES", "prose", "python_page"]

_WIDTH = 110
_INTRODUCTION = """\
# Python

The public names of every room, from the bottom up.
What is not here is private and may change in any release.
How to use them together: [Use it from Python](../how-to/use-from-python.md).
"""

# Rooms and their public modules, from the bottom up, as the Python reference lists them.
MODULES = (
    "quietline.errors",
    "quietline.kernel",
    "quietline.numbering",
    "quietline.tables",
    "quietline.law",
    "quietline.registers",
    "quietline.registers.build",
    "quietline.registers.export",
    "quietline.registers.sources",
    "quietline.ledger.merkle",
    "quietline.ledger.receipts",
    "quietline.ledger.salts",
    "quietline.ledger.signing",
    "quietline.ledger.objects",
    "quietline.ledger.checkpoint",
    "quietline.ledger.log",
    "quietline.ledger.reading",
    "quietline.ledger.verifying",
    "quietline.ledger.proving",
    "quietline.vault",
    "quietline.clusters",
    "quietline.feed",
    "quietline.wash",
    "quietline.wash.packed",
    "quietline.wash.proofs_file",
    "quietline.wash.receipts",
    "quietline.wash.receipt_proofs",
    "quietline.wash.receipt_checks",
)


def python_page() -> str:
    """Give the public names of every room."""
    parts = [_INTRODUCTION]
    for name in MODULES:
        if importlib.util.find_spec(name) is None:
            continue
        module = importlib.import_module(name)
        parts.append(f"## `{name}`\n\n{_doc(module)}")
        values = _documented_values(module)
        parts.extend(_public(public, getattr(module, public), values) for public in module.__all__)
    return "\n".join(parts)


def _public(name: str, value: Any, values: dict[str, str]) -> str:
    if inspect.isclass(value):
        return _class(name, value)
    if callable(value) and inspect.isroutine(value):
        return f"### `{name}`\n\n```python\n{_signature(name, value)}\n```\n\n{_doc(value)}"
    shown = f" = `{value!r}`" if isinstance(value, int | str | bytes | float | tuple) and len(repr(value)) < 100 else ""
    return f"### `{name}`{shown}\n\n{values.get(name, '')}\n"


def _class(name: str, cls: type[Any]) -> str:
    if issubclass(cls, enum.Enum):
        members = "\n".join(f"- `{member.name}` = {member.value!r}" for member in cls)
        return f"### `{name}`\n\n{_doc(cls)}\n{members}\n"
    lines = [f"### `{name}`", ""]
    if not issubclass(cls, BaseException):
        lines += ["```python", _signature(name, cls), "```", ""]
    lines.append(_doc(cls))
    for member, value in sorted(vars(cls).items()):
        if member.startswith("_") or not (inspect.isfunction(value) or isinstance(value, property)):
            continue
        if isinstance(value, property):
            lines.append(f"- `.{member}`: {_summary(value.fget)}")
        else:
            lines.append(f"- `.{_signature(member, value)}`: {_summary(value)}")
    return "\n".join(lines).rstrip() + "\n"


def _signature(name: str, value: Any) -> str:
    try:
        signature = inspect.signature(value)
    except ValueError:
        return f"{name}(...)"
    if inspect.isclass(value) and dataclasses.is_dataclass(value):
        signature = signature.replace(return_annotation=inspect.Signature.empty)
    parameters = [
        parameter.replace(default=_Default(parameter.default))
        if parameter.default is not inspect.Parameter.empty
        else parameter
        for parameter in signature.parameters.values()
        if parameter.name != "self"
    ]
    text = str(signature.replace(parameters=parameters)).replace("'", "").replace("−", "'")
    if len(name) + len(text) > _WIDTH and parameters:
        inner, _, rest = text[1:].rpartition(")")
        arguments = re.split(r", (?![^\[(]*[\])])", inner)
        text = "(\n" + "".join(f"    {argument},\n" for argument in arguments) + ")" + rest
    return name + text


class _Default:
    """A default as a page shows it: without addresses, and its quotes kept."""

    def __init__(self, value: Any) -> None:
        text = repr(value)
        if " at 0x" in text or text.startswith("<"):
            text = "..."
        self._text = text.replace("'", "−")

    def __repr__(self) -> str:
        return self._text


def _documented_values(module: Any) -> dict[str, str]:
    """Find the texts that stand below assignments, in the module and in those it takes its names from."""
    found: dict[str, str] = {}
    folder = Path(str(module.__file__))
    for file in sorted(folder.parent.glob("*.py")) if folder.name == "__init__.py" else [folder]:
        body = ast.parse(file.read_text("utf-8")).body
        for assignment, text in pairwise(body):
            if isinstance(assignment, ast.Assign) and isinstance(text, ast.Expr) and _text(text.value):
                for target in assignment.targets:
                    if isinstance(target, ast.Name):
                        found.setdefault(target.id, prose(_text(text.value)))
    return found


def _text(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def prose(text: str) -> str:
    """Give a text of a docstring as Markdown."""
    text = re.sub(r":[a-z]+:`~?(?:[\w.]+\.)?(\w+)`", r"`\1`", text)
    return text.replace("``", "`")


def _summary(value: Any) -> str:
    return prose(inspect.cleandoc(value.__doc__ or "").split("\n\n", 1)[0].replace("\n", " "))


def _doc(value: Any) -> str:
    """Give a docstring as Markdown: sections as lists, literal blocks and tables as they are."""
    lines: list[str] = []
    own = vars(value).get("__doc__") if inspect.isclass(value) else value.__doc__
    blocks = re.split(r"\n\s*\n", inspect.cleandoc(own or ""))
    for place, block in enumerate(blocks):
        literal = place > 0 and blocks[place - 1].endswith("::") and block.startswith(" ")
        if literal or re.match(r"=+ =+", block):
            lines += ["```text", textwrap.dedent(block), "```", ""]
            continue
        text = block.removesuffix("::").rstrip() + (":" if block.endswith("::") and block != "::" else "")
        heading, _, rest = text.partition("\n")
        if re.fullmatch(r"[A-Z][a-z]+:", heading) and rest.startswith(" "):
            lines += [f"**{heading[:-1]}**", "", *_items(textwrap.dedent(rest)), ""]
        elif text:
            lines += [prose(text), ""]
    return "\n".join(lines)


def _items(text: str) -> list[str]:
    items = re.split(r"\n(?=\S)", text)
    if not all(re.match(r"[\w*` ,.]+: ", item) for item in items):
        return [prose(text)]
    done = []
    for item in items:
        name, _, meaning = item.partition(": ")
        done.append(f"- `{name}`: {prose(' '.join(meaning.split()))}")
    return done
