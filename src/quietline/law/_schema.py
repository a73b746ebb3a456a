"""How the files of the law are checked: a closed schema, read key by key from :class:`~quietline.law._yaml.Node`.

Every function returns the value it was asked for or refuses the file, naming file, line, key and what is allowed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias, cast, get_args

from quietline.law._yaml import Node, fail

__all__ = [
    "CITED",
    "LANGUAGES",
    "Bound",
    "Cited",
    "Confidence",
    "Unit",
    "amount_of",
    "choice_of",
    "cited_of",
    "currency_of",
    "day_of",
    "items_of",
    "mapping_of",
    "members_of",
    "name_of",
    "text_of",
    "translations_of",
    "truth_of",
    "whole_of",
]

Confidence: TypeAlias = Literal["seen_official", "seen_copy", "seen_secondary", "memory_high", "memory_medium", "memory_low"]
Unit: TypeAlias = Literal[
    "days", "months", "business_days", "years", "count", "percent", "money", "switch", "hours", "text", "words"
]
Bound: TypeAlias = Literal["at_most", "less_than"]

LANGUAGES = ("en", "zh")
CITED = ("citation", "confidence")
"""Keys that everything has which is said of the law."""

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_AMOUNT = re.compile(r"(0|[1-9][0-9]{0,14})(\.[0-9]{1,6})?")
_CURRENCY = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class Cited:
    """Where something is written, and how well it is known.

    Attributes:
        citation: the place, in words.
        confidence: ``seen_official`` (official text or page), ``seen_copy`` (a copy of it elsewhere),
            ``seen_secondary`` (press, law firms), ``memory_high``, ``memory_medium``, ``memory_low`` (not checked
            against a text). Where a figure and its first day differ, the weaker counts and the note tells.
        note: what a reader should know besides, or empty.
    """

    citation: str
    confidence: Confidence
    note: str = ""


def mapping_of(node: Node) -> dict[str, Node]:
    """Read a mapping that has at least one key."""
    if not isinstance(node.value, dict) or not node.value:
        fail(node, "it has to be a mapping of keys to values")
    return node.value


def members_of(node: Node, *, required: tuple[str, ...] = (), optional: tuple[str, ...] = ()) -> dict[str, Node]:
    """Read a mapping that has these keys and no others."""
    members = mapping_of(node)
    allowed = ", ".join(required + optional)
    for name, member in members.items():
        if name not in required and name not in optional:
            fail(member, f"the key is unknown; allowed are {allowed}")
    for name in required:
        if name not in members:
            fail(node, f"the key {name} is missing; required are {', '.join(required)}")
    return members


def items_of(node: Node) -> list[Node]:
    """Read a list of at least one item."""
    if not isinstance(node.value, list) or not node.value:
        fail(node, "it has to be a list of at least one value")
    return node.value


def name_of(name: str, node: Node) -> str:
    """Check the name that something is given by its key."""
    if not _NAME.fullmatch(name):
        fail(node, "a name has small letters, digits and _, and begins with a letter")
    return name


def text_of(node: Node) -> str:
    """Read text that is not blank."""
    if not isinstance(node.value, str) or not node.value.strip():
        fail(node, "it has to be text")
    return node.value


def choice_of(node: Node, allowed: tuple[str, ...]) -> str:
    """Read one of some words."""
    if node.value not in allowed:
        fail(node, f"it is {node.value!r}; allowed are {', '.join(allowed)}")
    return text_of(node)


def translations_of(node: Node) -> dict[str, str]:
    """Read a text in all languages."""
    return {name: text_of(member) for name, member in members_of(node, required=LANGUAGES).items()}


def day_of(node: Node) -> date:
    """Read a day of the calendar."""
    text = node.value
    wrong = f"{text!r} is not a day of the calendar; write it as 2005-01-31"
    if not isinstance(text, str) or not _DAY.fullmatch(text):
        fail(node, wrong)
    try:
        return date.fromisoformat(text)
    except ValueError:
        fail(node, wrong)


def truth_of(node: Node) -> bool:
    """Read yes or no."""
    if not isinstance(node.value, bool):
        fail(node, f"it is {node.value!r}; allowed are yes, no")
    return node.value


def whole_of(node: Node, *, at_least: int = 0, at_most: int = 10**12) -> int:
    """Read a whole number within bounds."""
    if isinstance(node.value, bool) or not isinstance(node.value, int) or not at_least <= node.value <= at_most:
        fail(node, f"it has to be a whole number from {at_least} to {at_most}")
    return node.value


def amount_of(node: Node) -> Decimal:
    """Read an exact amount: a whole number, or a decimal in quotes."""
    text = str(node.value)
    if isinstance(node.value, bool) or not isinstance(node.value, int | str) or not _AMOUNT.fullmatch(text):
        fail(node, "it has to be a whole number, or a decimal in quotes such as '0.025'")
    return Decimal(text)


def currency_of(node: Node) -> str:
    """Read a currency's code of three letters (ISO 4217)."""
    if not isinstance(node.value, str) or not _CURRENCY.fullmatch(node.value):
        fail(node, "it has to be the code of a currency, such as USD")
    return node.value


def cited_of(members: dict[str, Node]) -> Cited:
    """Read citation, confidence and note from the members of something."""
    return Cited(
        text_of(members["citation"]),
        cast("Confidence", choice_of(members["confidence"], get_args(Confidence))),
        text_of(members["note"]) if "note" in members else "",
    )
