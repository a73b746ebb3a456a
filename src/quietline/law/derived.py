"""Facts that a rulebook derives from what is known of a call and from its own dated parameters.

In a file of a rulebook, below ``facts``, by name; each has a ``text`` in both languages and one of these:

=============  =====================================================================================================
``within``     ``{day: fact, parameter: name}``: the day lies within the period that ends on the day of the call
``beyond``     the same: the day lies before that period
``reached``    a day: it is the day of the call or before it
``passed``     a day: it is before the day of the call
``ahead``      a day: it is after the day of the call
``given``      a day: there is one
``before``     ``[day, day]``: there are both, and the first is before the second
``at_least``   ``{count: fact, parameter: name}``
``hours``      name of a parameter in hours: the call is made within, by the clock of the person called
``switch``     name of a parameter that is yes or no on the day of the call
``blocks``     ``{axis: ..., by: fact, codes: {value: [code, ...]}}``: the terms of the entry name the call's value;
               ``{axis: bands, clock: {code: "09:00-12:00"}}`` and ``{axis: days, week: {mon: code, ...}}`` by the clock
``total``      ``{axis: code}`` or ``{}``: the entry has no terms, or names the code that stands for all
``any``        a list of patterns, of which one holds
``all``        one pattern that holds
=============  =====================================================================================================

Each comes out true, false, or None where something is not known that matters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from quietline.law._schema import choice_of, items_of, mapping_of, members_of, name_of, text_of, translations_of
from quietline.law._yaml import Node, fail
from quietline.law.entry_terms import AXES
from quietline.law.hours import DAYS, Span, read_span
from quietline.law.patterns import Pattern, read_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from quietline.law.parameters import Parameter
    from quietline.law.vocabulary import Vocabulary

__all__ = ["OPERATORS", "Derived", "behind", "read_derived"]

_DAY_OPERATORS = ("reached", "passed", "ahead", "given")
_PERIOD_UNITS = ("days", "months", "years", "business_days")
_CLOCK = ("called_at", "callee_timezone", "public_holiday")
OPERATORS = ("within", "beyond", *_DAY_OPERATORS, "before", "at_least", "hours", "switch", "blocks", "total", "any", "all")


@dataclass(frozen=True, slots=True)
class Derived:
    """A derived fact.

    Attributes:
        name: as rules call it.
        text: what it means, by language.
        operator: one of :data:`OPERATORS`.
        leaves: names of the given facts it reads directly.
        parameter: name of the parameter it reads, or empty.
        patterns: of ``any`` and ``all``.
        axis: of ``blocks``: which terms.
        codes: of ``blocks``: codes by value of the fact; of ``total``: the code for all by axis.
        spans: of ``blocks`` by the clock: code and span.
    """

    name: str
    text: dict[str, str]
    operator: str
    leaves: tuple[str, ...] = ()
    parameter: str = ""
    patterns: tuple[Pattern, ...] = ()
    axis: str = ""
    codes: tuple[tuple[str, frozenset[str]], ...] = ()
    spans: tuple[tuple[str, Span], ...] = ()


def read_derived(
    node: Node, name: str, vocabulary: Vocabulary, parameters: Mapping[str, Parameter], earlier: Mapping[str, Derived]
) -> Derived:
    """Read one derived fact; refuse it with file, line and key where it is wrong.

    Args:
        node: its members.
        name: its name.
        vocabulary: the facts that are given.
        parameters: of the country.
        earlier: derived facts that stand before it, which its patterns may use.
    """
    name_of(name, node)
    if name in vocabulary.leaves:
        fail(node, "a fact of that name is given")
    members = members_of(node, required=("text",), optional=OPERATORS)
    operators = [key for key in members if key != "text"]
    if len(operators) != 1:
        fail(node, f"it has to have exactly one of {', '.join(OPERATORS)}")
    operator = operators[0]
    reader = _Reader(vocabulary, parameters, earlier)
    method = {"within": "period", "beyond": "period", **dict.fromkeys(_DAY_OPERATORS, "day")}.get(operator, operator)
    made = getattr(reader, method)(members[operator])
    return Derived(name, translations_of(members["text"]), operator, **made)


def behind(names: Iterable[str], derived: Mapping[str, Derived]) -> tuple[set[str], set[str]]:
    """Name all that stands behind facts, these themselves included.

    Args:
        names: of facts.
        derived: by name.

    Returns:
        Names of given facts, and names of derived facts.
    """
    todo, given, made = list(names), set[str](), set[str]()
    while todo:
        name = todo.pop()
        fact = derived.get(name)
        if fact is None:
            given.add(name)
        elif name not in made:
            made.add(name)
            given.update(fact.leaves)
            todo += [condition.name for pattern in fact.patterns for condition in pattern]
    return given, made


@dataclass(frozen=True, slots=True)
class _Reader:
    """What is around a derived fact that is being read."""

    vocabulary: Vocabulary
    parameters: Mapping[str, Parameter]
    earlier: Mapping[str, Derived]

    def day(self, node: Node) -> dict[str, Any]:
        return {"leaves": (self.leaf(node, "day"),)}

    def before(self, node: Node) -> dict[str, Any]:
        items = items_of(node)
        if len(items) != 2:
            fail(node, "it has to be a list of two days")
        return {"leaves": tuple(self.leaf(item, "day") for item in items)}

    def period(self, node: Node) -> dict[str, Any]:
        members = members_of(node, required=("day", "parameter"))
        return {
            "leaves": (self.leaf(members["day"], "day"),),
            "parameter": self.parameter(members["parameter"], *_PERIOD_UNITS),
        }

    def at_least(self, node: Node) -> dict[str, Any]:
        members = members_of(node, required=("count", "parameter"))
        return {
            "leaves": (self.leaf(members["count"], "count"),),
            "parameter": self.parameter(members["parameter"], "count"),
        }

    def hours(self, node: Node) -> dict[str, Any]:
        return {"leaves": _CLOCK, "parameter": self.parameter(node, "hours")}

    def switch(self, node: Node) -> dict[str, Any]:
        return {"parameter": self.parameter(node, "switch")}

    def total(self, node: Node) -> dict[str, Any]:
        if not isinstance(node.value, dict):
            fail(node, "it has to be a mapping of axes to codes, or {}")
        for axis, code in node.value.items():
            if axis not in AXES:
                fail(code, f"there is no axis {axis!r}; allowed are {', '.join(AXES)}")
        codes = tuple((axis, frozenset({_code_of(code)})) for axis, code in node.value.items())
        return {"leaves": ("terms",), "codes": codes}

    def blocks(self, node: Node) -> dict[str, Any]:
        members = members_of(node, required=("axis",), optional=("by", "codes", "clock", "week"))
        axis = choice_of(members["axis"], AXES)
        ways = [key for key in ("by", "clock", "week") if key in members]
        if len(ways) != 1:
            fail(node, "it has to have exactly one of by, clock, week")
        if "codes" in members and "by" not in members:
            fail(members["codes"], "codes go with by only")
        if "clock" in members:
            spans = tuple((code.lower(), read_span(span)) for code, span in mapping_of(members["clock"]).items())
            return {"axis": axis, "leaves": ("terms", "called_at", "callee_timezone"), "spans": spans}
        if "week" in members:
            week = {day: _code_of(code) for day, code in mapping_of(members["week"]).items()}
            if set(week) - {"public_holiday"} != set(DAYS):
                fail(members["week"], f"it has to name {', '.join(DAYS)}, and may name public_holiday")
            codes = tuple((day, frozenset({code})) for day, code in week.items())
            return {"axis": axis, "leaves": ("terms", *_CLOCK), "codes": codes}
        leaf = self.leaf(members["by"], "choice")
        return {"axis": axis, "leaves": ("terms", leaf), "codes": self.codes(members.get("codes"), leaf)}

    def codes(self, node: Node | None, leaf: str) -> tuple[tuple[str, frozenset[str]], ...]:
        values = self.vocabulary.leaves[leaf].values
        if node is None:
            return tuple((value, frozenset({value.lower()})) for value in values)
        coded = {}
        for value, listed in mapping_of(node).items():
            if value not in values:
                fail(listed, f"{value!r} is no value of {leaf}; allowed are {', '.join(values)}")
            coded[value] = frozenset(_code_of(code) for code in items_of(listed))
        return tuple((value, coded.get(value, frozenset())) for value in values)

    def any(self, node: Node) -> dict[str, Any]:
        return {"patterns": tuple(read_pattern(item, self.vocabulary, self.earlier) for item in items_of(node))}

    def all(self, node: Node) -> dict[str, Any]:
        return {"patterns": (read_pattern(node, self.vocabulary, self.earlier),)}

    def leaf(self, node: Node, kind: str) -> str:
        name = text_of(node)
        fact = self.vocabulary.leaves.get(name)
        if fact is None or fact.kind != kind:
            usable = ", ".join(leaf.name for leaf in self.vocabulary.leaves.values() if leaf.kind == kind)
            fail(node, f"{name!r} is no {kind} that is given; allowed are {usable}")
        return name

    def parameter(self, node: Node, *units: str) -> str:
        name = text_of(node)
        if name not in self.parameters or self.parameters[name].unit not in units:
            usable = ", ".join(p.name for p in self.parameters.values() if p.unit in units)
            fail(node, f"{name!r} is no parameter in {' or '.join(units)}; there are {usable or 'none'}")
        return name


def _code_of(node: Node) -> str:
    """Read a code of the terms of entries, which are in small letters."""
    return text_of(node).lower()
