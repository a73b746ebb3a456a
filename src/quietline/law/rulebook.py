"""Rulebooks: all that is known of the law of one country, or of one proposal for it.

A rulebook is a folder of ``law/rulebooks``, named by the country (``us``) or, where it is not the law in force on calls, by
country and subject (``cn-decline-calls``). Each of its files is one instrument::

    instrument:
      id: pecr                        # the name of the file
      jurisdiction: gb                # the name of the folder
      short: PECR                     # optional: what the regime is called in answers
      title: {en: ..., zh: ...}
      authority: {en: ..., zh: ...}
      status: in_force                # or proposal; in_force where it is not said
      covers: {from: 2003-12-11}      # first day the rules claim to cover; needed where there are rules
      gaps: [{en: ..., zh: ...}]      # optional: what is known to be missing or uncertain
      vocabulary: call                # optional: which facts the rules speak of
    parameters: ...                   # parameters.py
    assume:                           # optional: what an absent fact is taken to be, and why
      callee_timezone: {value: Asia/Shanghai, citation: ..., confidence: ..., text: {en: ..., zh: ...}}
      terms: {value: null, told: no, ...}  # told: no where it holds of a whole register, and answers need not repeat it
    facts: ...                        # derived.py
    rules: ...                        # rules.py; such a file is a regime, and regimes are judged apart
    flags: ...                        # rules.py
    fees: ...                         # fees.py
    penalties: ...                    # penalties.py
    complaint_windows: ...            # complaint_windows.py
    severity: ...                     # severity.py
    service_clocks: ...               # service_clocks.py
    action_thresholds: ...            # action_thresholds.py
    measures: ...                     # measures.py

The schema is closed: an unknown or misplaced key, a key that stands twice, a day that is not in the calendar, a missing
citation or translation, days out of order, a gap in a claimed period, a rule that can never be reached and a fact that
nothing sets each refuse the whole rulebook, with file, line and key.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast, get_args

from quietline.errors import LawError, UsageError
from quietline.law._schema import (
    CITED,
    choice_of,
    cited_of,
    day_of,
    items_of,
    mapping_of,
    members_of,
    text_of,
    translations_of,
    truth_of,
)
from quietline.law._yaml import Node, fail, read_yaml
from quietline.law.derived import Derived, read_derived
from quietline.law.parameters import UNKNOWN, Parameter, Period, read_parameter
from quietline.law.regime import Regime
from quietline.law.rules import read_flags, read_rules
from quietline.law.vocabulary import load_vocabulary, read_facts, vocabulary_names

if TYPE_CHECKING:
    from datetime import date

    from quietline.law._schema import Bound, Cited, Confidence, Unit
    from quietline.law.parameters import Value
    from quietline.law.vocabulary import Facts, Vocabulary

__all__ = [
    "Assumption",
    "Instrument",
    "ParameterValue",
    "Rulebook",
    "Status",
    "load_rulebook",
    "parameter",
    "rulebook_names",
    "undetermined",
    "value_of",
]

Status: TypeAlias = Literal["in_force", "proposal"]

_RULEBOOKS = Path(__file__).with_name("rulebooks")
_ALIASES = {"uk": "gb"}  # the code that people write for the one that ISO 3166 has
_BOOK = re.compile(r"[a-z]{2}(-[a-z]+)*")
_SHORT = re.compile(r"[A-Za-z0-9][A-Za-z0-9 -]{0,31}")


@dataclass(frozen=True, slots=True)
class Instrument:
    """A statute, regulation, order or proposal.

    Attributes:
        id: name of its file.
        jurisdiction: name of the rulebook.
        short: what it is called in answers.
        title: by language, ``en`` and ``zh``.
        authority: who enforces it, by language.
        status: ``in_force`` or ``proposal``.
        covers_from: first day the rules claim to cover; None where it has none.
        gaps: what is known to be missing or uncertain, by language.
    """

    id: str
    jurisdiction: str
    short: str
    title: dict[str, str]
    authority: dict[str, str]
    status: Status
    covers_from: date | None
    gaps: tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True)
class Assumption:
    """What an absent fact is taken to be.

    Attributes:
        name: of the fact, as in JSON.
        value: as written in the file.
        facts: the same, as the engine reads it.
        cited: where that is written.
        text: why, by language.
        instrument: id of the instrument that assumes it.
        told: whether an answer that hangs on it says so. What holds of a whole register is said once, in the rulebook.
    """

    name: str
    value: Any
    facts: Facts
    cited: Cited
    text: dict[str, str]
    instrument: str
    told: bool = True


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All that is known of one country's law.

    Attributes:
        name: of the folder.
        instruments: by id.
        parameters: by name; a name belongs to one instrument only.
        regimes: instruments with rules, in the order of their files.
        assumptions: by name of the fact.
        vocabulary: facts that the rules speak of.
        digest: SHA-256 over the files, hexadecimal.
        fees: fee tables (:mod:`~quietline.law.fees`).
        penalties: penalty tables (:mod:`~quietline.law.penalties`).
        complaint_windows: times in which to complain (:mod:`~quietline.law.complaint_windows`).
        severity: thresholds of offences (:mod:`~quietline.law.severity`).
        service_clocks: times for dealing with a complaint (:mod:`~quietline.law.service_clocks`).
        action_thresholds: from how many complaints on one has to act (:mod:`~quietline.law.action_thresholds`).
        measures: what may be done against whom (:mod:`~quietline.law.measures`).
    """

    name: str
    instruments: dict[str, Instrument]
    parameters: dict[str, Parameter]
    regimes: tuple[Regime, ...]
    assumptions: dict[str, Assumption]
    vocabulary: Vocabulary
    digest: str
    fees: tuple[Any, ...] = field(default=())
    penalties: tuple[Any, ...] = field(default=())
    complaint_windows: tuple[Any, ...] = field(default=())
    severity: tuple[Any, ...] = field(default=())
    service_clocks: tuple[Any, ...] = field(default=())
    action_thresholds: tuple[Any, ...] = field(default=())
    measures: tuple[Any, ...] = field(default=())

    @property
    def tables(self) -> tuple[Any, ...]:
        """All dated tables that are no parameters, in the order of the sections of a file; each has ``tables(lang, on)``."""
        return tuple(table for section in _TABLES for table in getattr(self, section))

    @property
    def country(self) -> str:
        """Code of the country, lower case."""
        return self.name[:2]


@dataclass(frozen=True, slots=True)
class ParameterValue:
    """What a parameter is on a day.

    Attributes:
        value: by unit (:mod:`~quietline.law.parameters`); never unknown.
        unit: of the value.
        bound: ``at_most`` where the figure itself is still within, ``less_than`` where it is not.
        citation: where it is written.
        confidence: how well it is known.
        instrument: title of the instrument in English.
        from_date: first day of the period.
        note: what a reader should know besides, or empty.
    """

    value: Value
    unit: Unit
    bound: Bound
    citation: str
    confidence: Confidence
    instrument: str
    from_date: date
    note: str


def rulebook_names() -> list[str]:
    """Give the names of the rulebooks that come with Quietline, sorted."""
    return sorted(folder.name for folder in _RULEBOOKS.iterdir() if folder.is_dir())


def parameter(country: str, name: str, on: date) -> ParameterValue:
    """Say what a parameter of a country's law is on a day.

    Args:
        country: two letters, either case; UK means GB; or another rulebook's name.
        name: of the parameter.
        on: the day.

    Raises:
        LawError: ``law.undetermined`` when no rulebook says anything for that country, name and day;
            ``law.invalid`` when a rulebook of the country is wrong.
    """
    rulebook = load_rulebook(country)
    code = rulebook.name.upper()
    known = rulebook.parameters.get(name)
    if known is None:
        raise undetermined(f"The rulebook of {code} says nothing on {name}.")
    period, _ = known.at(on)
    if period is None:
        raise undetermined(f"The rulebook of {code} has no {name} in force on {on.isoformat()}.")
    if period.value == UNKNOWN:
        known_gap = period.note or period.citation
        raise undetermined(f"The rulebook of {code} does not know {name} on {on.isoformat()}: {known_gap}")
    return value_of(rulebook, known, period)


def value_of(rulebook: Rulebook, known: Parameter, period: Period) -> ParameterValue:
    """Put together what is said of a parameter in one of its periods, which MUST be in force."""
    return ParameterValue(
        value=period.value,
        unit=period.unit,
        bound=known.bound,
        citation=period.citation,
        confidence=period.confidence,
        instrument=rulebook.instruments[known.instrument].title["en"],
        from_date=period.from_date,
        note=period.note,
    )


def undetermined(message: str) -> LawError:
    """Make the error for a question that the rulebooks leave open."""
    return LawError(
        message,
        code="law.undetermined",
        advice="Ask a lawyer, and add what you learn, with its citation, to the rulebook.",
    )


def load_rulebook(country: str, *, folder: Path | None = None) -> Rulebook:
    """Read all files of one rulebook, and no others.

    Args:
        country: two letters, either case; UK means GB; or another rulebook's name, such as ``cn-decline-calls``.
        folder: holds one folder for each rulebook; None for those that come with Quietline, which are read once.

    Raises:
        LawError: ``law.undetermined`` when there is no such rulebook, ``law.invalid`` when it is wrong.
    """
    name = country.lower().replace("_", "-")
    name = _ALIASES.get(name, name)
    if not _BOOK.fullmatch(name):
        raise undetermined(f"{country!r} is not a country code of two letters, and no rulebook's name.")
    return _load_own(name) if folder is None else _load(name, folder)


@cache
def _load_own(name: str) -> Rulebook:
    return _load(name, _RULEBOOKS)


_TABLES = (
    "fees",
    "penalties",
    "complaint_windows",
    "severity",
    "service_clocks",
    "action_thresholds",
    "measures",
)
_SECTIONS = ("parameters", "assume", "facts", "rules", "flags", *_TABLES)


def _load(name: str, folder: Path) -> Rulebook:
    files = sorted((folder / name).glob("*.yaml"))
    if not files:
        raise undetermined(f"There is no rulebook for the country {name.upper()}.")
    tops = [members_of(read_yaml(file), required=("instrument",), optional=_SECTIONS) for file in files]
    instruments: dict[str, Instrument] = {}
    vocabularies: dict[str, str] = {}
    for top in tops:
        instrument, vocabulary_name = _instrument(top["instrument"], name)
        if len(top) == 1:
            fail(top["instrument"], f"there is nothing beside it; allowed are {', '.join(_SECTIONS)}")
        for section in ("facts", "flags"):
            if section in top and "rules" not in top:
                fail(top[section], f"there are {section} and no rules")
        if "rules" in top and any(known.short == instrument.short for known in instruments.values()):
            fail(top["instrument"], f"another instrument is called {instrument.short} as well")
        instruments[instrument.id] = instrument
        vocabularies[instrument.id] = vocabulary_name
    parameters = _parameters(tops)
    spoken = {vocabularies[top["instrument"].file.stem] for top in tops if "rules" in top} or {"call"}
    if len(spoken) > 1:
        names = " and ".join(sorted(spoken))
        fail(tops[-1]["instrument"], f"all rules of a rulebook speak of the same facts, not of {names}")
    vocabulary = load_vocabulary(spoken.pop())
    assumptions: dict[str, Assumption] = {}
    for top in tops:
        if "assume" in top:
            _assume(top["assume"], vocabulary, assumptions)
    rulebook = Rulebook(
        name,
        instruments,
        parameters,
        tuple(_regime(top, instruments, parameters, vocabulary) for top in tops if "rules" in top),
        assumptions,
        vocabulary,
        sha256(b"".join(sha256(file.read_bytes()).digest() for file in files)).hexdigest(),
        **{section: _tables(section, tops) for section in _TABLES},
    )
    _check_names(rulebook)
    return rulebook


def _check_names(rulebook: Rulebook) -> None:
    """Refuse a name of a table that no file of the rulebook has."""
    penalties = {table.name for table in rulebook.penalties}
    known = {rule.name for rule in rulebook.measures}
    for rule in rulebook.measures:
        if rule.penalty not in (None, *penalties):
            where = f"The rulebook {rulebook.name}: measures.{rule.name}"
            raise LawError(f"{where} names the penalty {rule.penalty}, and there is none.", advice="Correct the file.")
    for threshold in rulebook.action_thresholds:
        named = {name for row in threshold.steps.rows for step in row.value or () for name in step.measures}
        for name in sorted(named - known):
            where = f"The rulebook {rulebook.name}: action_thresholds.{threshold.name}"
            raise LawError(f"{where} names the measure {name}, and there is none.", advice="Correct the file.")


def _parameters(tops: list[dict[str, Node]]) -> dict[str, Parameter]:
    parameters: dict[str, Parameter] = {}
    for top in tops:
        for name, node in mapping_of(top["parameters"]).items() if "parameters" in top else ():
            if name in parameters:
                fail(node, f"the parameter stands in {parameters[name].instrument}.yaml as well")
            parameters[name] = read_parameter(node, name, node.file.stem)
    return parameters


def _instrument(node: Node, rulebook: str) -> tuple[Instrument, str]:
    members = members_of(
        node,
        required=("id", "jurisdiction", "title", "authority"),
        optional=("short", "status", "covers", "gaps", "vocabulary"),
    )
    if text_of(members["id"]) != node.file.stem:
        fail(members["id"], f"it has to be the name of the file, {node.file.stem}")
    if text_of(members["jurisdiction"]) != rulebook:
        fail(members["jurisdiction"], f"it has to be the name of the folder, {rulebook}")
    title = translations_of(members["title"])
    short = text_of(members["short"]) if "short" in members else node.file.stem
    if "short" in members and not _SHORT.fullmatch(short):
        fail(members["short"], "it has to be at most 32 letters, digits, spaces and -")
    covers = members_of(members["covers"], required=("from",)) if "covers" in members else None
    instrument = Instrument(
        node.file.stem,
        rulebook,
        short,
        title,
        translations_of(members["authority"]),
        cast("Status", choice_of(members["status"], get_args(Status))) if "status" in members else "in_force",
        day_of(covers["from"]) if covers else None,
        tuple(translations_of(gap) for gap in items_of(members["gaps"])) if "gaps" in members else (),
    )
    return instrument, choice_of(members["vocabulary"], tuple(vocabulary_names())) if "vocabulary" in members else "call"


def _assume(node: Node, vocabulary: Vocabulary, assumptions: dict[str, Assumption]) -> None:
    for name, member in mapping_of(node).items():
        members = members_of(member, required=("value", *CITED, "text"), optional=("note", "told"))
        fact = vocabulary.facts.get(name)
        if fact is None or fact.kind in ("object", "moment"):
            usable = [known.name for known in vocabulary.facts.values() if known.kind not in ("object", "moment")]
            fail(member, f"nothing can be assumed of {name}; allowed are {', '.join(usable)}")
        if name in assumptions:
            fail(member, f"{assumptions[name].instrument}.yaml assumes it as well")
        value = _plain(members["value"])
        try:
            facts = read_facts({name: value}, vocabulary)
        except UsageError as error:
            fail(members["value"], error.message.rstrip("."))
        if not facts:
            fail(members["value"], f"null says nothing of {name}")
        assumptions[name] = Assumption(
            name,
            value,
            facts,
            cited_of(members),
            translations_of(members["text"]),
            member.file.stem,
            truth_of(members["told"]) if "told" in members else True,
        )


def _plain(node: Node) -> Any:
    """Give a value as JSON would have it."""
    if isinstance(node.value, dict):
        return {name: _plain(member) for name, member in node.value.items()}
    return [_plain(item) for item in node.value] if isinstance(node.value, list) else node.value


def _regime(
    top: dict[str, Node],
    instruments: dict[str, Instrument],
    parameters: dict[str, Parameter],
    vocabulary: Vocabulary,
) -> Regime:
    instrument = instruments[top["instrument"].file.stem]
    if instrument.covers_from is None:
        fail(top["instrument"], "the key covers is missing; a file with rules says from which day it covers calls")
    derived: dict[str, Derived] = {}
    for name, node in mapping_of(top["facts"]).items() if "facts" in top else ():
        derived[name] = read_derived(node, name, vocabulary, parameters, derived)
    rules = read_rules(top["rules"], vocabulary, derived)
    return Regime(
        instrument.id,
        vocabulary=vocabulary,
        derived=derived,
        parameters=parameters,
        rules=rules,
        flags=read_flags(top["flags"], vocabulary, derived, rules) if "flags" in top else (),
        covers_from=instrument.covers_from,
        place=top["rules"],
    )


def _tables(section: str, tops: list[dict[str, Node]]) -> tuple[Any, ...]:
    if not any(section in top for top in tops):
        return ()
    from importlib import import_module

    room = import_module(f"quietline.law.{section}")
    read = getattr(room, f"read_{section}")
    tables = tuple(table for top in tops if section in top for table in read(top[section], top["instrument"].file.stem))
    if hasattr(room, "check_together"):
        room.check_together(tables)
    return tables
