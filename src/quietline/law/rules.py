"""Rules: the rows of a rulebook's table, in order; the first whose pattern holds decides.

In a file of a rulebook::

    rules:
      - id: US-24
        when: {listed: yes, purchase_recent: yes}
        verdict: permit               # permit or forbid
        scope: yes                    # optional: the instrument does not reach this call; permit only
        citation: 16 CFR 310.4(b)(1)(iii)(B)(2)
        confidence: seen_copy
        note: optional
        text: {en: ..., zh: ...}
    flags:                            # side duties that are breached, and decide nothing
      - id: ...
        when: ...
        citation: ...
        confidence: ...
        text: {en: ..., zh: ...}
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias, cast, get_args

from quietline.law._schema import CITED, choice_of, cited_of, items_of, members_of, text_of, translations_of, truth_of
from quietline.law._yaml import Node, fail
from quietline.law.patterns import Pattern, read_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quietline.law._schema import Cited
    from quietline.law.vocabulary import Vocabulary

__all__ = ["Flag", "Rule", "Verdict", "read_flags", "read_rules"]

Verdict: TypeAlias = Literal["permit", "forbid", "undetermined"]
_Decision: TypeAlias = Literal["permit", "forbid"]
_ID = re.compile(r"[A-Z][A-Z0-9]*(-[A-Z0-9]+)+")


@dataclass(frozen=True, slots=True)
class Flag:
    """A side duty, and when it is breached.

    Attributes:
        id: stable name of the row.
        when: conditions that all have to hold.
        cited: where it is written.
        text: what it says, by language.
        place: the row in its file, for messages.
    """

    id: str
    when: Pattern
    cited: Cited
    text: dict[str, str]
    place: Node


@dataclass(frozen=True, slots=True)
class Rule(Flag):
    """A row that decides.

    Attributes:
        verdict: permit or forbid.
        scope: the instrument does not reach this call at all.
    """

    verdict: Verdict
    scope: bool


def read_rules(node: Node, vocabulary: Vocabulary, derived: Iterable[str]) -> tuple[Rule, ...]:
    """Read the rules of a file; refuse them with file, line and key where they are wrong."""
    rules: list[Rule] = []
    known = tuple(derived)
    for item in items_of(node):
        members = members_of(item, required=("id", "when", "verdict", *CITED, "text"), optional=("scope", "note"))
        verdict = cast("Verdict", choice_of(members["verdict"], get_args(_Decision)))
        scope = truth_of(members["scope"]) if "scope" in members else False
        if scope and verdict != "permit":
            fail(members["scope"], "a rule on the scope of the instrument has the verdict permit")
        rules.append(
            Rule(
                _id(members["id"], rules),
                read_pattern(members["when"], vocabulary, known),
                cited_of(members),
                translations_of(members["text"]),
                item,
                verdict,
                scope,
            )
        )
    return tuple(rules)


def read_flags(node: Node, vocabulary: Vocabulary, derived: Iterable[str], rules: tuple[Rule, ...] = ()) -> tuple[Flag, ...]:
    """Read the flags of a file; refuse them with file, line and key where they are wrong or have the id of a rule."""
    flags: list[Flag] = []
    known = tuple(derived)
    for item in items_of(node):
        members = members_of(item, required=("id", "when", *CITED, "text"), optional=("note",))
        pattern = read_pattern(members["when"], vocabulary, known)
        name = _id(members["id"], (*rules, *flags))
        flags.append(Flag(name, pattern, cited_of(members), translations_of(members["text"]), item))
    return tuple(flags)


def _id(node: Node, earlier: Iterable[Flag]) -> str:
    name = text_of(node)
    if not _ID.fullmatch(name):
        fail(node, "an id is written like US-24")
    if any(flag.id == name for flag in earlier):
        fail(node, f"the id {name} stands there twice")
    return name
