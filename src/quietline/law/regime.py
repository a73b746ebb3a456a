"""A regime: one instrument's ordered rules, judged as bits.

What is known of a call becomes two integers: ``bits`` (what is true) and ``known`` (what is known at all). A rule is a
``(mask, value)`` pair; it holds where ``bits & mask == value`` and everything in its mask is known. The first that holds
decides. Where a fact is not known, every way in which it could turn out is followed: if all come to the same verdict, that
is the verdict; else it is undetermined, and the facts on which it hangs are named.

A choice takes one bit for each of its values (values that no rule tells apart share one), and exactly one of them is true;
"one of these values" is then "none of the other bits". So every pattern is one pair, and equal integers are judged once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from quietline.law._yaml import Node, fail
from quietline.law.derived import behind
from quietline.law.observing import Moment, day_values, test_of, unknown_behind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date, datetime

    from quietline.law.derived import Derived
    from quietline.law.parameters import Parameter
    from quietline.law.patterns import Pattern
    from quietline.law.rules import Flag, Rule, Verdict
    from quietline.law.vocabulary import Facts, Vocabulary

__all__ = ["Atom", "Cell", "Outcome", "Regime"]

_KEEP = 4096
_MAX_BITS = 63


@dataclass(frozen=True, slots=True)
class Atom:
    """A fact as bits.

    Attributes:
        name: of the fact.
        mask: its bits: one, or several for a choice, of which exactly one is true.
        values: of a choice: the bit of each value.
    """

    name: str
    mask: int
    values: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the rules of a regime say.

    Attributes:
        verdict: permit, forbid or undetermined.
        rule: place of the deciding rule; None where none decides.
        speaking: places of all rules that hold, in order.
        flags: places of the flags that hold.
        pivots: names of the facts on which the verdict hangs where it is undetermined.
        possible: places of the rules of which one decides, where the verdict is certain and what is not known only chooses
            between rules that come to the same; then ``rule`` is one that holds, or else the first of them.
    """

    verdict: Verdict
    rule: int | None
    speaking: tuple[int, ...]
    flags: tuple[int, ...]
    pivots: tuple[str, ...]
    possible: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Cell:
    """A decision cell: all calls with ``bits & mask == value`` are decided by one rule.

    Attributes:
        mask: bits that matter.
        value: what they are.
        rule: place of the rule; None where none holds.
    """

    mask: int
    value: int
    rule: int | None


@dataclass(slots=True)
class _Day:
    """What hangs on the day alone: parameters, answers of switches; and outcomes, shared by days with the same answers."""

    values: Mapping[str, Any]
    answers: list[bool | None]
    known_calls: dict[tuple[Any, ...], _Known]
    unknown: dict[tuple[Any, ...], tuple[str, ...]]


@dataclass(slots=True, eq=False)
class _Known:
    """Calls of which the same choices and truths are given: what else may matter to them, and what became of it."""

    bits: int
    known: int
    tests: tuple[Any, ...]
    places: tuple[int, ...]
    combined: tuple[int, ...]
    outcomes: dict[tuple[bool | None, ...], Outcome]
    reads: frozenset[str]


class Regime:
    """The rules of one instrument, ready to judge.

    Args:
        name: id of the instrument.
        vocabulary: the facts that are given.
        derived: derived facts by name, each behind those it uses.
        parameters: of the country, by name.
        rules: in order.
        flags: in order.
        covers_from: first day that the rules claim to cover.
        place: the file, for messages.

    Raises:
        LawError: a rule can never be reached, a derived fact is used by nothing, or a parameter that the rules need does not
            cover the claimed period.
    """

    def __init__(
        self,
        name: str,
        *,
        vocabulary: Vocabulary,
        derived: Mapping[str, Derived],
        parameters: Mapping[str, Parameter],
        rules: Sequence[Rule],
        flags: Sequence[Flag],
        covers_from: date,
        place: Node,
    ) -> None:
        self.name = name
        self.vocabulary = vocabulary
        self.derived = dict(derived)
        self.parameters = parameters
        self.rules = tuple(rules)
        self.flags = tuple(flags)
        self.covers_from = covers_from
        self._names = tuple(self.derived)
        self._tests = self._make_tests()
        self._needed = tuple(dict.fromkeys(d.parameter for d in self.derived.values() if d.parameter))
        self.atoms = self._make_atoms(place)
        self._pairs = tuple(self._pair(rule.when) for rule in self.rules)
        self._flag_pairs = tuple(self._pair(flag.when) for flag in self.flags)
        self.rules_by_hours = self._asking("hours")
        self.rules_by_clock = self.rules_by_hours | self._asking("blocks")
        self.axes_by_clock = frozenset(d.axis for d in self.derived.values() if d.spans)
        self.hours_parameters = tuple(d.parameter for d in self.derived.values() if d.operator == "hours")
        self._derived_bits = [self.atoms[n].mask if n in self.atoms else 0 for n in self._names]
        self._days: dict[date, _Day] = {}
        self._given = self._given_names()
        self._leaves = tuple(dict.fromkeys(leaf for fact in self.derived.values() for leaf in fact.leaves))
        self._switched: dict[tuple[bool | None, ...], dict[tuple[Any, ...], _Known]] = {}
        self._outcomes: dict[tuple[int, int], Outcome] = {}
        self._check(place)

    # -- making it ----------------------------------------------------------------------------------------------------

    def _make_tests(self) -> list[Any]:
        place: dict[str, int] = {}
        tests = []
        for i, (name, fact) in enumerate(self.derived.items()):
            tests.append(test_of(fact, place))
            place[name] = i
        return tests

    def _make_atoms(self, place: Node) -> dict[str, Atom]:
        words: dict[str, list[tuple[str, ...]]] = {}
        for row in (*self.rules, *self.flags):
            for condition in row.when:
                words.setdefault(condition.name, []).append(condition.words)
        atoms: dict[str, Atom] = {}
        bit = 0
        for name, sets in words.items():
            leaf = self.vocabulary.leaves.get(name)
            values = _alike(leaf.values, sets, bit) if leaf is not None and leaf.values else {}
            width = len(set(values.values())) or 1
            atoms[name] = Atom(name, ((1 << width) - 1) << bit, values)
            bit += width
        if bit > _MAX_BITS:
            fail(place, f"its rules ask for {bit} bits of facts; {_MAX_BITS} is the most")
        return atoms

    def _pair(self, pattern: Pattern) -> tuple[int, int]:
        mask = value = 0
        for condition in pattern:
            atom = self.atoms[condition.name]
            if not condition.words:
                mask |= atom.mask
                value |= atom.mask if condition.truth else 0
                continue
            allowed = {atom.values[word] for word in condition.words}
            if len(allowed) == 1:
                mask |= atom.mask
                value |= allowed.pop()
            else:
                mask |= atom.mask & ~sum(allowed)
        return mask, value

    def _asking(self, operator: str) -> frozenset[int]:
        """Give the places of rules that ask for the time of day: by calling hours, or by bands that an entry names."""
        by_clock = {d.name for d in self.derived.values() if d.operator == operator and (operator == "hours" or d.spans)}
        behind_rules = (behind((condition.name for condition in rule.when), self.derived)[1] for rule in self.rules)
        return frozenset(i for i, made in enumerate(behind_rules) if made & by_clock)

    def _check(self, place: Node) -> None:
        used = set(self.atoms)
        for fact in reversed(self.derived.values()):
            if fact.name not in used:
                fail(place, f"the derived fact {fact.name} is used by nothing")
            used |= {condition.name for pattern in fact.patterns for condition in pattern}
        for name in self._needed:
            parameter = self.parameters[name]
            first = parameter.periods[0].from_date
            if parameter.unit != "switch" and first > self.covers_from:
                fail(
                    place,
                    f"it claims to cover {self.covers_from} on, and the parameter {name} has a gap until {first};"
                    " write null where there was no such rule, or unknown",
                )
        for i, rule in enumerate(self.rules):
            if not self._reachable(i):
                fail(rule.place, f"the rule {rule.id} can never be reached: rules before it decide all its cases")

    def _reachable(self, place: int) -> bool:
        mask, value = self._pairs[place]
        bits = known = 0
        for atom in self.atoms.values():
            if atom.values and mask & atom.mask:
                allowed = [bit for bit in set(atom.values.values()) if not (bit & mask and not bit & value)]
                if len(allowed) == 1:
                    bits, known = bits | allowed[0], known | atom.mask
            elif mask & atom.mask:
                bits, known = bits | (value & atom.mask), known | atom.mask
        return any(self._first(cell_bits, cell_known) == place for cell_bits, cell_known in self._until(place, bits, known))

    def _until(self, place: int, bits: int, known: int) -> Iterator[tuple[int, int]]:
        """Split what is not known until the first rule that holds is certain or lies behind a place."""
        first = self._undecided(bits, known, place + 1)
        if first is None:
            yield bits, known
            return
        for more in self._split(first, bits, known):
            yield from self._until(place, *more)

    # -- judging ------------------------------------------------------------------------------------------------------

    def moment(self, on: date, local: datetime | None) -> Moment:
        """Give the moment of a call as this regime sees it."""
        return Moment(on, local, self._day(on).values)

    def _day(self, on: date) -> _Day:
        day = self._days.get(on)
        if day is None:
            if len(self._days) >= _KEEP:
                self._days.clear()
            day = self._days[on] = self._make_day(on)
        return day

    def _make_day(self, on: date) -> _Day:
        """Look the parameters of a day up, and answer what hangs on the day alone."""
        values = day_values(self.parameters, self._needed, on)
        moment = Moment(on, None, values)
        answers: list[bool | None] = [None] * len(self._names)
        for i, fact in enumerate(self.derived.values()):
            if fact.operator == "switch":
                answers[i] = self._tests[i]({}, moment, answers)
        return _Day(values, answers, self._switched.setdefault(tuple(answers), {}), {})

    def _given_names(self) -> tuple[str, ...]:
        """Name the choices and truths that rules, flags and derived facts ask for."""
        patterns = [row.when for row in (*self.rules, *self.flags)]
        patterns += [pattern for fact in self.derived.values() for pattern in fact.patterns]
        names = dict.fromkeys(condition.name for pattern in patterns for condition in pattern)
        return tuple(name for name in names if name not in self.derived)

    def observe(self, facts: Facts, moment: Moment) -> tuple[int, int]:
        """Turn facts into bits.

        Derived facts that no rule asks for any more, given the choices that are known, are left unknown.

        Returns:
            ``bits`` and ``known``.
        """
        call = self._call(self._day(moment.date), facts)
        return self._combine(call, facts, moment, [test(facts, moment, ()) for test in call.tests])

    def outcome(self, facts: Facts, moment: Moment) -> Outcome:
        """Judge a call; those of which the same is known are judged once."""
        call = self._call(self._day(moment.date), facts)
        return self._outcome(call, facts, moment, tuple([test(facts, moment, ()) for test in call.tests]))

    def outcome_and_unknown(self, facts: Facts, moment: Moment) -> tuple[Outcome, tuple[str, ...]]:
        """Judge a call, and name the given facts on which the verdict hangs, sorted (:meth:`unknown`)."""
        day = self._day(moment.date)
        call = self._call(day, facts)
        answers = tuple([test(facts, moment, ()) for test in call.tests])
        outcome = self._outcome(call, facts, moment, answers)
        if not outcome.pivots:
            return outcome, ()
        absent = tuple([leaf not in facts for leaf in self._leaves])
        key = (call, answers, absent, moment.local is None, type(facts.get("called_at")))
        unknown = day.unknown.get(key)
        if unknown is None:
            if len(day.unknown) >= _KEEP:
                day.unknown.clear()
            unknown = day.unknown[key] = tuple(sorted(self.unknown(outcome.pivots, facts, moment)))
        return outcome, unknown

    def reads(self, facts: Facts, on: date) -> frozenset[str]:
        """Name the given facts that may still matter to a call of which these choices and truths are known."""
        return self._call(self._day(on), facts).reads

    def _outcome(self, call: _Known, facts: Facts, moment: Moment, answers: tuple[bool | None, ...]) -> Outcome:
        outcome = call.outcomes.get(answers)
        if outcome is None:
            if len(call.outcomes) >= _KEEP:
                call.outcomes.clear()
            outcome = call.outcomes[answers] = self.judge(*self._combine(call, facts, moment, answers))
        return outcome

    def _call(self, day: _Day, facts: Facts) -> _Known:
        given = tuple(map(facts.get, self._given))
        call = day.known_calls.get(given)
        if call is None:
            if len(day.known_calls) >= _KEEP:
                day.known_calls.clear()
            call = day.known_calls[given] = self._make_call(day, facts)
        return call

    def _make_call(self, day: _Day, facts: Facts) -> _Known:
        """Say which derived facts may still matter: those of rows that what is given does not rule out."""
        bits = known = 0
        for atom in self.atoms.values():
            value = facts.get(atom.name)
            if value is not None and atom.name not in self.derived:
                known |= atom.mask
                bits |= atom.values[value] if atom.values else atom.mask if value else 0
        for answer, mask in zip(day.answers, self._derived_bits, strict=True):
            if answer is not None:
                known |= mask
                bits |= mask if answer else 0
        rows = zip((*self.rules, *self.flags), (*self._pairs, *self._flag_pairs), strict=True)
        todo = [c.name for row, (mask, value) in rows if not (bits ^ value) & mask & known for c in row.when]
        reads, needed = behind(todo, self.derived)
        wanted = [i for i, f in enumerate(self.derived.values()) if f.name in needed and f.operator != "switch"]
        combined = tuple(i for i in wanted if self.derived[self._names[i]].patterns)
        plain = tuple(i for i in wanted if i not in combined)
        return _Known(bits, known, tuple(self._tests[i] for i in plain), plain, combined, {}, frozenset(reads))

    def _combine(self, call: _Known, facts: Facts, moment: Moment, plain: Sequence[bool | None]) -> tuple[int, int]:
        """Answer the derived facts that are made of others, and put all into bits."""
        answers = self._day(moment.date).answers.copy()
        for i, answer in zip(call.places, plain, strict=True):
            answers[i] = answer
        for i in call.combined:
            answers[i] = self._tests[i](facts, moment, answers)
        bits, known = call.bits, call.known
        for i in (*call.places, *call.combined):
            if answers[i] is not None:
                known |= self._derived_bits[i]
                bits |= self._derived_bits[i] if answers[i] else 0
        return bits, known

    def judge(self, bits: int, known: int) -> Outcome:
        """Decide; equal arguments are judged once."""
        outcome = self._outcomes.get((bits, known))
        if outcome is None:
            if len(self._outcomes) >= _KEEP:
                self._outcomes.clear()
            outcome = self._outcomes[bits, known] = self._judge(bits, known)
        return outcome

    def _judge(self, bits: int, known: int) -> Outcome:
        speaking = tuple(i for i, (m, v) in enumerate(self._pairs) if bits & m == v and known & m == m)
        flags = tuple(i for i, (m, v) in enumerate(self._flag_pairs) if bits & m == v and known & m == m)
        pivots: dict[str, None] = {}
        places = self._places(bits, known, pivots)
        verdicts = {self._verdict(place) for place in places}
        if len(verdicts) > 1:
            return Outcome("undetermined", None, speaking, flags, tuple(pivots))
        rule = next((i for i in speaking if i in places), min(places, key=_order))
        possible = tuple(sorted(place for place in places if place is not None)) if len(places) > 1 else ()
        return Outcome(verdicts.pop(), rule, speaking, flags, (), possible)

    def _verdict(self, place: int | None) -> Verdict:
        return "undetermined" if place is None else self.rules[place].verdict

    def _places(self, bits: int, known: int, pivots: dict[str, None]) -> frozenset[int | None]:
        """Find every rule that may decide, following each way in which what is unknown could turn out."""
        first = self._undecided(bits, known, len(self._pairs))
        if first is None:
            return frozenset({self._first(bits, known)})
        found = [self._places(*more, pivots) for more in self._split(first, bits, known)]
        verdicts = {frozenset(self._verdict(place) for place in places) for places in found}
        if len(verdicts) > 1:
            pivots.setdefault(self._unknown_atom(first, known).name)
        return frozenset().union(*found)

    def _first(self, bits: int, known: int) -> int | None:
        for i, (mask, value) in enumerate(self._pairs):
            if bits & mask == value and known & mask == mask:
                return i
        return None

    def _undecided(self, bits: int, known: int, until: int) -> int | None:
        """Give the first rule before ``until`` that may hold and is not certain; None where one before it holds."""
        for i, (mask, value) in enumerate(self._pairs[:until]):
            if not (bits ^ value) & mask & known:
                if known & mask == mask:
                    return None
                return i
        return None

    def _unknown_atom(self, place: int, known: int) -> Atom:
        mask = self._pairs[place][0]
        names = (condition.name for condition in self.rules[place].when)
        return next(atom for atom in map(self.atoms.__getitem__, names) if atom.mask & mask & ~known)

    def _split(self, place: int, bits: int, known: int) -> Iterator[tuple[int, int]]:
        """Make the first unknown fact of a rule known, in each way it can be."""
        atom = self._unknown_atom(place, known)
        for value in dict.fromkeys(atom.values.values()) or (atom.mask, 0):
            yield bits | value, known | atom.mask

    def unknown(self, pivots: Sequence[str], facts: Facts, moment: Moment) -> set[str]:
        """Name the given facts behind those on which a verdict hangs."""
        answers: list[bool | None] = []
        for test in self._tests:
            answers.append(test(facts, moment, answers))
        by_name = dict(zip(self._names, answers, strict=True))
        return {name for pivot in pivots for name in unknown_behind(pivot, self.derived, facts, moment, by_name)}

    def cells(self) -> Iterator[Cell]:
        """Divide all patterns of bits into the cells that one rule decides; every pattern lies in exactly one."""
        yield from self._cells(0, 0)

    def _cells(self, bits: int, known: int) -> Iterator[Cell]:
        first = self._undecided(bits, known, len(self._pairs))
        if first is None:
            yield Cell(known, bits, self._first(bits, known))
            return
        for more in self._split(first, bits, known):
            yield from self._cells(*more)

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """Mask and value of each rule, and behind them of each flag."""
        return (*self._pairs, *self._flag_pairs)

    def leaves_of(self, names: Iterable[str]) -> set[str]:
        """Name the given facts behind facts."""
        return behind(names, self.derived)[0]

    def parameters_of(self, names: Iterable[str]) -> list[str]:
        """Name the parameters behind facts, in the order of the file."""
        found = {self.derived[name].parameter for name in behind(names, self.derived)[1]}
        return [name for name in self._needed if name in found]


def _alike(values: Iterable[str], sets: Sequence[tuple[str, ...]], bit: int) -> dict[str, int]:
    """Give each value of a choice a bit; values that no pattern tells apart share one."""
    bits: dict[tuple[bool, ...], int] = {}
    return {value: bits.setdefault(tuple(value in words for words in sets), 1 << (bit + len(bits))) for value in values}


def _order(place: int | None) -> int:
    return 1 << 30 if place is None else place
