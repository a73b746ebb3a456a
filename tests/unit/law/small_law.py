"""Small rulebooks for tests, written as YAML and read as any other."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from quietline.law import load_rulebook
from quietline.law._yaml import Node

if TYPE_CHECKING:
    from quietline.law import Rulebook

PLACE = Path("small.yaml")
CITED = {"citation": "A statute", "confidence": "seen_copy"}


class _Dumper(yaml.SafeDumper):
    """Writes truth as rulebooks do."""


_Dumper.add_representer(
    bool, lambda dumper, value: dumper.represent_scalar("tag:yaml.org,2002:bool", "yes" if value else "no")
)


def both(text: str) -> dict[str, str]:
    return {"en": text, "zh": f"中文 {text}"}


def node(value: Any, key: str = "it") -> Node:
    """Give what the YAML reader would."""
    if isinstance(value, dict):
        value = {name: node(member, f"{key}.{name}") for name, member in value.items()}
    elif isinstance(value, list):
        value = [node(item, f"{key}[{i}]") for i, item in enumerate(value, 1)]
    return Node(value, PLACE, key, 1)


def rule(name: str, when: dict[str, Any], verdict: str = "", **more: Any) -> dict[str, Any]:
    """Give a rule, or a flag where there is no verdict."""
    decides = {"verdict": verdict} if verdict else {}
    return {"id": name, "when": when, **decides, **more, **CITED, "text": both(f"What {name} says.")}


def parameter(unit: str, *values: tuple[str, Any], bound: str = "", **more: Any) -> dict[str, Any]:
    """Give a parameter by the first days of its values."""
    dated = [{"from": day, "value": value, **CITED} for day, value in values]
    if not bound and unit in ("days", "months", "business_days", "hours"):
        bound = "at_most"
    return {"description": both(f"a {unit}"), "unit": unit, **({"bound": bound} if bound else {}), **more, "values": dated}


def law(
    rules: list[dict[str, Any]],
    *,
    facts: dict[str, dict[str, Any]] | None = None,
    parameters: dict[str, Any] | None = None,
    flags: list[dict[str, Any]] | None = None,
    assume: dict[str, Any] | None = None,
    covers: str = "2000-01-01",
    **instrument: Any,
) -> dict[str, Any]:
    """Give the content of one file."""
    sections: dict[str, Any] = {
        "instrument": {"title": both("A law"), "authority": both("An office"), "covers": {"from": covers}, **instrument},
        "parameters": parameters,
        "assume": {name: {"value": v, **CITED, "text": both(f"why {name}")} for name, v in (assume or {}).items()},
        "facts": {name: {"text": both(name.replace("_", " ")), **fact} for name, fact in (facts or {}).items()},
        "rules": rules,
        "flags": flags,
    }
    return {name: section for name, section in sections.items() if section}


def small(folder: Path, **laws: dict[str, Any]) -> Rulebook:
    """Write a rulebook of some instruments, by id, and read it."""
    place = folder / "xx"
    place.mkdir(exist_ok=True)
    for name, content in laws.items():
        content["instrument"] = {"id": name, "jurisdiction": "xx", **content["instrument"]}
        (place / f"{name}.yaml").write_text(yaml.dump(content, Dumper=_Dumper, allow_unicode=True, sort_keys=False), "utf-8")
    return load_rulebook("xx", folder=folder)
