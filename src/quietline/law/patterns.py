"""Patterns: what has to hold for a rule, as a mapping of facts to what they have to be.

``{channel: [text, fax], listed: yes, purpose: {not: survey}}``: all of it has to hold. A choice has to be one of the words
(or none of them, with ``not``); a fact that is true or false has to be so. A fact that is not named may be anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quietline.law._yaml import Node, fail

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from quietline.law.vocabulary import Fact, Vocabulary

__all__ = ["Condition", "Pattern", "read_pattern"]


@dataclass(frozen=True, slots=True)
class Condition:
    """One fact of a pattern.

    Attributes:
        name: of the fact.
        words: of a choice: the values that will do, in the order of the vocabulary; empty for a truth.
        truth: of a fact that is true or false: which.
    """

    name: str
    words: tuple[str, ...] = ()
    truth: bool = True


Pattern = tuple[Condition, ...]
"""Conditions that all have to hold."""


def read_pattern(node: Node, vocabulary: Vocabulary, derived: Iterable[str]) -> Pattern:
    """Read a pattern; ``{}`` holds always.

    Args:
        node: the mapping.
        vocabulary: facts that are given.
        derived: names of the facts that the rulebook derives from them.
    """
    if not isinstance(node.value, dict):
        fail(node, "it has to be a mapping of facts to what they have to be; {} where there is no condition")
    known = set(derived)
    return tuple(_condition(name, member, vocabulary.leaves, known) for name, member in node.value.items())


def _condition(name: str, node: Node, leaves: Mapping[str, Fact], derived: set[str]) -> Condition:
    fact = leaves.get(name)
    if name in derived or (fact is not None and fact.kind == "truth"):
        if not isinstance(node.value, bool):
            fail(node, f"it is {node.value!r}; allowed are yes, no")
        return Condition(name, truth=node.value)
    if fact is None or fact.kind != "choice":
        usable = [leaf.name for leaf in leaves.values() if leaf.kind in ("truth", "choice")]
        fail(node, f"nothing sets the fact {name}; there are {', '.join([*sorted(derived), *usable])}")
    return Condition(name, _words(node, fact))


def _words(node: Node, fact: Fact) -> tuple[str, ...]:
    without = isinstance(node.value, dict)
    inner = node
    if isinstance(node.value, dict):
        if set(node.value) != {"not"}:
            fail(node, "it has to be a word, a list of words, or {not: ...}")
        inner = node.value["not"]
    listed = [item.value for item in inner.value] if isinstance(inner.value, list) else [inner.value]
    for word in listed:
        if not isinstance(word, str) or word not in fact.values:
            fail(node, f"{word!r} is no value of {fact.name}; allowed are {', '.join(fact.values)}")
    words = tuple(value for value in fact.values if (value in listed) != without)
    if not words or len(words) == len(fact.values):
        fail(node, "it leaves nothing to choose" if words else "nothing can be so")
    return words
