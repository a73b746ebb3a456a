"""Rulebooks: the dated values of a country's law, each with its citation.

A rulebook file is ``rulebooks/<country>/<instrument>.yaml``::

    instrument:
      id: pecr                        # the name of the file
      jurisdiction: gb                # the name of the folder
      title: {en: ..., zh: ...}
      authority: {en: ..., zh: ...}
    parameters:                       # by name
      list_age_max:
        description: {en: ..., zh: ...}
        unit: days                    # days, months
        bound: at_most                # at_most: day 31 of 31 counts; less_than: day 28 of 28 does not
        values:                       # sorted by day; each holds until the next begins
          - from: 2003-12-11
            value: 28                 # whole number, or null: no longer in force
            unit: days                # optional, where it differs from the parameter's
            citation: where it is written, in words
            confidence: seen_copy
            note: optional

The schema is closed: an unknown key, a key that stands twice, a day that is not in the calendar, a missing
citation or translation, and days out of order each refuse the whole country, with file, line and key.

``confidence`` says how well a value is known: ``seen_official`` (official text or page), ``seen_copy`` (a
copy of it elsewhere), ``seen_secondary`` (press, law firms), ``memory_high``, ``memory_medium``,
``memory_low`` (not checked against a text). Where the figure and its first day differ, the weaker counts and
the note tells.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias, cast, get_args

from quietline.errors import LawError
from quietline.law._yaml import Node, fail, read_yaml

__all__ = [
    "Bound",
    "Confidence",
    "Instrument",
    "Parameter",
    "ParameterValue",
    "Period",
    "Rulebook",
    "Unit",
    "load_rulebook",
    "parameter",
    "rulebook_countries",
]

Unit: TypeAlias = Literal["days", "months"]
Bound: TypeAlias = Literal["at_most", "less_than"]
Confidence: TypeAlias = Literal["seen_official", "seen_copy", "seen_secondary", "memory_high", "memory_medium", "memory_low"]

_RULEBOOKS = Path(__file__).with_name("rulebooks")
_ALIASES = {"uk": "gb"}  # the code that people write for the one that ISO 3166 has
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_COUNTRY = re.compile(r"[a-z]{2}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LANGUAGES = ("en", "zh")
_MAX_VALUE = 100_000


@dataclass(frozen=True, slots=True)
class Instrument:
    """A statute, regulation or order.

    Attributes:
        id: name of its file.
        jurisdiction: country code, lower case.
        title: by language, ``en`` and ``zh``.
        authority: who enforces it, by language.
    """

    id: str
    jurisdiction: str
    title: dict[str, str]
    authority: dict[str, str]


@dataclass(frozen=True, slots=True)
class Period:
    """What a parameter is from a day until the next period begins.

    Attributes:
        from_date: first day.
        value: None where the rule is no longer in force.
        unit: of the value.
        citation: where it is written.
        confidence: how well it is known.
        note: what a reader should know besides, or empty.
    """

    from_date: date
    value: int | None
    unit: Unit
    citation: str
    confidence: Confidence
    note: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A dated figure of the law.

    Attributes:
        name: as in the file.
        instrument: id of the instrument it belongs to.
        description: by language.
        bound: whether the figure itself is still within.
        periods: sorted by day.
    """

    name: str
    instrument: str
    description: dict[str, str]
    bound: Bound
    periods: tuple[Period, ...]

    def at(self, on: date) -> tuple[Period | None, date | None]:
        """Give the period in force on a day, or None, and the day on which that changes, or None."""
        starts = [period.from_date for period in self.periods]
        index = bisect_right(starts, on)
        until = starts[index] if index < len(starts) else None
        period = self.periods[index - 1] if index else None
        return (period if period is not None and period.value is not None else None), until


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All that is known of one country's law.

    Attributes:
        country: code, lower case.
        instruments: by id.
        parameters: by name; a name belongs to one instrument only.
    """

    country: str
    instruments: dict[str, Instrument]
    parameters: dict[str, Parameter]


@dataclass(frozen=True, slots=True)
class ParameterValue:
    """What a parameter is on a day.

    Attributes:
        value: the figure.
        unit: days or months.
        bound: ``at_most`` where the figure itself is still within, ``less_than`` where it is not.
        citation: where it is written.
        confidence: how well it is known.
        instrument: title of the instrument in English.
        from_date: first day of the period.
        note: what a reader should know besides, or empty.
    """

    value: int
    unit: Unit
    bound: Bound
    citation: str
    confidence: Confidence
    instrument: str
    from_date: date
    note: str


def rulebook_countries() -> list[str]:
    """Give the codes of the countries that have a rulebook, lower case, sorted."""
    return sorted(folder.name for folder in _RULEBOOKS.iterdir() if folder.is_dir())


def parameter(country: str, name: str, on: date) -> ParameterValue:
    """Say what a parameter of a country's law is on a day.

    Args:
        country: two letters, either case; UK means GB.
        name: of the parameter.
        on: the day.

    Raises:
        LawError: ``law.undetermined`` when no rulebook says anything for that country, name and day;
            ``law.invalid`` when a rulebook of the country is wrong.
    """
    rulebook = load_rulebook(country)
    code = rulebook.country.upper()
    known = rulebook.parameters.get(name)
    if known is None:
        raise undetermined(f"The rulebook of {code} says nothing on {name}.")
    period, _ = known.at(on)
    if period is None:
        raise undetermined(f"The rulebook of {code} has no {name} in force on {on.isoformat()}.")
    return value_of(rulebook, known, period)


def value_of(rulebook: Rulebook, known: Parameter, period: Period) -> ParameterValue:
    """Put together what is said of a parameter in one of its periods, which MUST be in force."""
    return ParameterValue(
        value=cast("int", period.value),
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
    """Read all files of one country, and no others.

    Args:
        country: two letters, either case; UK means GB.
        folder: holds one folder for each country; None for those that come with Quietline, which are read
            once.

    Raises:
        LawError: ``law.undetermined`` when the country has no rulebook, ``law.invalid`` when one is wrong.
    """
    code = country.lower()
    code = _ALIASES.get(code, code)
    if not _COUNTRY.fullmatch(code):
        raise undetermined(f"{country!r} is not a country code of two letters.")
    return _load_own(code) if folder is None else _load(code, folder)


@cache
def _load_own(code: str) -> Rulebook:
    return _load(code, _RULEBOOKS)


def _load(code: str, folder: Path) -> Rulebook:
    files = sorted((folder / code).glob("*.yaml"))
    if not files:
        raise undetermined(f"There is no rulebook for the country {code.upper()}.")
    instruments: dict[str, Instrument] = {}
    parameters: dict[str, Parameter] = {}
    for file in files:
        top = _members(read_yaml(file), required=("instrument", "parameters"))
        instrument = _instrument(top["instrument"], code)
        instruments[instrument.id] = instrument
        for name, node in _mapping(top["parameters"]).items():
            if name in parameters:
                fail(node, f"the parameter stands in {parameters[name].instrument}.yaml as well")
            parameters[name] = _parameter(node, name, instrument.id)
    return Rulebook(code, instruments, parameters)


def _instrument(node: Node, code: str) -> Instrument:
    members = _members(node, required=("id", "jurisdiction", "title", "authority"))
    if _text(members["id"]) != node.file.stem:
        fail(members["id"], f"it has to be the name of the file, {node.file.stem}")
    if _text(members["jurisdiction"]) != code:
        fail(members["jurisdiction"], f"it has to be the name of the folder, {code}")
    return Instrument(node.file.stem, code, _translations(members["title"]), _translations(members["authority"]))


def _parameter(node: Node, name: str, instrument: str) -> Parameter:
    if not _NAME.fullmatch(name):
        fail(node, "a name has small letters, digits and _, and begins with a letter")
    members = _members(node, required=("description", "unit", "bound", "values"))
    unit = cast("Unit", _choice(members["unit"], get_args(Unit)))
    items = members["values"].value
    if not isinstance(items, list) or not items:
        fail(members["values"], "it has to be a list of at least one value")
    periods: list[Period] = []
    for item in items:
        period = _period(item, unit)
        if periods and period.from_date <= periods[-1].from_date:
            fail(item, f"it begins on {period.from_date}, not after {periods[-1].from_date}; sort them by day")
        periods.append(period)
    return Parameter(
        name,
        instrument,
        _translations(members["description"]),
        cast("Bound", _choice(members["bound"], get_args(Bound))),
        tuple(periods),
    )


def _period(node: Node, unit: Unit) -> Period:
    members = _members(node, required=("from", "value", "citation", "confidence"), optional=("unit", "note"))
    value = members["value"].value
    if value is not None and (not isinstance(value, int) or not 0 < value <= _MAX_VALUE):
        fail(members["value"], f"it has to be a whole number from 1 to {_MAX_VALUE}, or null")
    return Period(
        from_date=_date(members["from"]),
        value=value,
        unit=cast("Unit", _choice(members["unit"], get_args(Unit))) if "unit" in members else unit,
        citation=_text(members["citation"]),
        confidence=cast("Confidence", _choice(members["confidence"], get_args(Confidence))),
        note=_text(members["note"]) if "note" in members else "",
    )


def _mapping(node: Node) -> dict[str, Node]:
    if not isinstance(node.value, dict) or not node.value:
        fail(node, "it has to be a mapping of keys to values")
    return node.value


def _members(node: Node, *, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> dict[str, Node]:
    members = _mapping(node)
    allowed = ", ".join(required + optional)
    for name, member in members.items():
        if name not in required and name not in optional:
            fail(member, f"the key is unknown; allowed are {allowed}")
    for name in required:
        if name not in members:
            fail(node, f"the key {name} is missing; required are {', '.join(required)}")
    return members


def _text(node: Node) -> str:
    if not isinstance(node.value, str) or not node.value.strip():
        fail(node, "it has to be text")
    return node.value


def _choice(node: Node, allowed: tuple[str, ...]) -> str:
    if node.value not in allowed:
        fail(node, f"it is {node.value!r}; allowed are {', '.join(allowed)}")
    return _text(node)


def _translations(node: Node) -> dict[str, str]:
    return {name: _text(member) for name, member in _members(node, required=_LANGUAGES).items()}


def _date(node: Node) -> date:
    text = node.value
    wrong = f"{text!r} is not a day of the calendar; write it as 2005-01-31"
    if not isinstance(text, str) or not _DAY.fullmatch(text):
        fail(node, wrong)
    try:
        return date.fromisoformat(text)
    except ValueError:
        fail(node, wrong)
