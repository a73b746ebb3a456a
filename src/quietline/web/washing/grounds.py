"""What stands in the way of rows that are forbidden: the do-not-call register, the seller's own stop list, or other law."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from quietline.errors import LawError
from quietline.law import load_rulebook

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quietline.law.regime import Regime
    from quietline.law.rules import Rule

__all__ = ["LAW", "OWN_LIST", "REGISTER", "Decided", "counted", "ground_of", "rule_text", "that_forbid"]

REGISTER, OWN_LIST, LAW = "register", "own_list", "law"
_LEAVES = {"stop_request_on": OWN_LIST, "listed_on": REGISTER}
"""Facts that tell what a rule is about; a request to stop goes first."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A rule that forbids, and how many rows it decided.

    Attributes:
        rule: its id.
        text: what it says, in the language that was asked for.
        citation: where it is written.
        rows: of the list.
    """

    rule: str
    text: str
    citation: str
    rows: int


def counted(rules: Mapping[str, int], forbidden: int) -> dict[str, int]:
    """Count forbidden rows by what stands in the way.

    Args:
        rules: how many rows each rule decided, by its id, as a wash's counts have them; rules that permit are among them.
        forbidden: how many rows are forbidden in all.

    Returns:
        Rows of :data:`REGISTER`, :data:`OWN_LIST` and :data:`LAW`; they add up to all.
    """
    found = {REGISTER: 0, OWN_LIST: 0, LAW: 0}
    for rule, rows in rules.items():
        ground = ground_of(rule)
        if ground in (REGISTER, OWN_LIST):
            found[ground] += rows
    found[LAW] = max(0, forbidden - found[REGISTER] - found[OWN_LIST])
    return found


def that_forbid(rules: Mapping[str, int], language: str) -> list[Decided]:
    """Give the rules that forbade rows, those with most rows first.

    Args:
        rules: as for :func:`counted`.
        language: of the texts, ``en`` or ``zh-hans``.
    """
    found = []
    for rule, rows in sorted(rules.items(), key=lambda item: (-item[1], item[0])):
        if ground_of(rule):
            citations = dict.fromkeys(row.cited.citation for _regime, row in _rows(rule) if row.verdict == "forbid")
            found.append(Decided(rule, rule_text(rule, language), "; ".join(citations), rows))
    return found


@cache
def ground_of(rule: str) -> str:
    """Give what a rule that forbids is about; empty for one that permits, or is not known any more."""
    for regime, row in _rows(rule):
        if row.verdict != "forbid":
            continue
        holds = [condition.name for condition in row.when if condition.truth and not condition.words]
        leaves = regime.leaves_of(holds)
        return next((ground for leaf, ground in _LEAVES.items() if leaf in leaves), LAW)
    return ""


def rule_text(rule: str, language: str, *, default: str = "") -> str:
    """Say what a rule says.

    Args:
        rule: its id.
        language: of the page, ``en`` or ``zh-hans``.
        default: where the rule is not known, or has no such text.
    """
    tongue = "zh" if language.startswith("zh") else "en"
    return next((row.text[tongue] for _regime, row in _rows(rule) if tongue in row.text), default)


@cache
def _rows(rule: str) -> tuple[tuple[Regime, Rule], ...]:
    """Find a rule, by whose id its country begins; regimes of a country may have one of the same id."""
    try:
        book = load_rulebook(rule.partition("-")[0])
    except LawError:
        return ()
    return tuple((regime, row) for regime in book.regimes for row in regime.rules if row.id == rule)
