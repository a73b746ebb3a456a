"""Facts: what can be said of a call, or of another act that a rulebook judges, and how it is written as JSON.

A vocabulary is a file of ``law/vocabularies``: each fact has a kind, a text in both languages and, for choices, the values
that there are. A fact that is absent is unknown. Inside an object an absent key means null. Null means none for days,
terms and objects; for the others it is the same as absent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from quietline.errors import UsageError
from quietline.law._schema import choice_of, mapping_of, members_of, text_of, translations_of
from quietline.law._yaml import Node, fail, read_yaml
from quietline.law.entry_terms import EntryTerms, read_terms

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Fact",
    "Facts",
    "Kind",
    "Vocabulary",
    "facts_schema",
    "load_vocabulary",
    "read_facts",
    "vocabulary_names",
    "zone_named",
]

Kind: TypeAlias = Literal["moment", "zone", "choice", "truth", "day", "count", "terms", "object"]
Facts: TypeAlias = "dict[str, Any]"
"""Facts as the engine reads them: by name, members of objects as ``consent.kind``; an unknown one is absent.

moment: aware datetime, or date where the time of day is unknown. zone: tuple of ZoneInfo, all that are possible.
choice: str. truth: bool. day: date or None. count: int. terms: EntryTerms or None.
"""

_VOCABULARIES = Path(__file__).with_name("vocabularies")
_NAME = re.compile(r"[a-z0-9][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact of a vocabulary.

    Attributes:
        name: as in JSON; ``consent.kind`` for a member of an object.
        kind: what its values are.
        text: what it means, by language.
        values: of a choice: what each means, by language.
        aliases: of a choice: other words for a value.
        none: of a choice inside an object: the value that null stands for, or empty.
        members: of an object.
        follows: of a truth: the day that tells it where it is absent; true where there is a day, false where there is none.
    """

    name: str
    kind: Kind
    text: dict[str, str]
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    none: str = ""
    members: tuple[Fact, ...] = ()
    follows: str = ""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The facts that rulebooks of one kind speak of.

    Attributes:
        id: name of the file.
        title: by language.
        facts: by name, as they stand in JSON.
        leaves: all that has a value, members of objects included, by name.
    """

    id: str
    title: dict[str, str]
    facts: dict[str, Fact]
    leaves: dict[str, Fact]


@cache
def load_vocabulary(name: str) -> Vocabulary:
    """Read a vocabulary that comes with Quietline.

    Raises:
        LawError: the file is wrong.
    """
    top = members_of(read_yaml(_VOCABULARIES / f"{name}.yaml"), required=("title", "facts"))
    facts = {key: _fact(node, key, inside=False) for key, node in mapping_of(top["facts"]).items()}
    leaves: dict[str, Fact] = {}
    for fact in facts.values():
        leaves |= {leaf.name: leaf for leaf in (fact.members or (fact,))}
    return Vocabulary(name, translations_of(top["title"]), facts, leaves)


def vocabulary_names() -> list[str]:
    """Give the names of the vocabularies that come with Quietline, sorted."""
    return sorted(file.stem for file in _VOCABULARIES.glob("*.yaml"))


def _fact(node: Node, name: str, *, inside: bool) -> Fact:
    if not _NAME.fullmatch(name.rpartition(".")[2]):
        fail(node, "a name has small letters, digits and _")
    optional = ("values", "members", "aliases", "none", "follows")
    members = members_of(node, required=("kind", "text"), optional=optional)
    kind = cast("Kind", choice_of(members["kind"], get_args(Kind)))
    needed = {"choice": "values", "object": "members"}.get(kind)
    for key in optional[:2]:
        if (key in members) != (key == needed):
            fail(node, f"a {kind} has {'no' if key in members else 'to have'} {key}")
    listed = mapping_of(members["values"]) if needed == "values" else {}
    values = {key: translations_of(value) for key, value in listed.items()}
    aliases = {key: text_of(value) for key, value in mapping_of(members["aliases"]).items()} if "aliases" in members else {}
    none = text_of(members["none"]) if "none" in members else ""
    for value in (*aliases.values(), *((none,) if none else ())):
        if value not in values:
            fail(node, f"{value!r} is none of the values")
    if kind == "object":
        if inside:
            fail(node, "an object within an object is one too many")
        parts = {key: _fact(part, f"{name}.{key}", inside=True) for key, part in mapping_of(members["members"]).items()}
        return Fact(name, kind, translations_of(members["text"]), members=tuple(parts.values()))
    if inside and kind == "choice" and not none:
        fail(node, "a choice within an object has to say which of its values null stands for, with the key none")
    follows = text_of(members["follows"]) if "follows" in members else ""
    return Fact(name, kind, translations_of(members["text"]), values, aliases, none, follows=follows)


# -- reading facts ----------------------------------------------------------------------------------------------------


def read_facts(given: Mapping[str, Any], vocabulary: Vocabulary) -> Facts:
    """Check facts as they come from JSON (or TOML) and give them as the engine reads them.

    Args:
        given: by name. Words are taken in either case; days as ``2026-11-22`` or date; moments as ISO 8601 with an offset
            or aware datetime.
        vocabulary: what there can be.

    Raises:
        UsageError: a name is unknown, or a value is not of its kind; code ``usage.facts``.
    """
    if not hasattr(given, "items"):
        raise _wrong("The facts are not an object of names and values.", 'Write them as {"purpose": "sales", ...}.')
    facts: Facts = {}
    seen: set[str] = set()
    for name, value in given.items():
        fact = vocabulary.facts.get(str(name).lower())
        if fact is None:
            raise _wrong(f"There is no fact {name!r}.", f"There are: {', '.join(vocabulary.facts)}.")
        if fact.name in seen:
            raise _wrong(f"The fact {fact.name} is given twice.", "Names are taken in either case.")
        seen.add(fact.name)
        if fact.kind == "object":
            _read_object(fact, value, facts)
        elif value is None:
            if fact.kind in ("day", "terms"):
                facts[fact.name] = None
        else:
            facts[fact.name] = _READERS[fact.kind](fact, value)
    for fact in vocabulary.facts.values():
        if fact.follows and fact.name not in facts and fact.follows in facts:
            facts[fact.name] = facts[fact.follows] is not None
    return facts


def _read_object(fact: Fact, value: Any, facts: Facts) -> None:
    value = {} if value is None else value
    if not hasattr(value, "items"):
        raise _wrong(f"{fact.name} is not an object.", f"Its keys are {_keys_of(fact)}.")
    given = {str(key).lower(): item for key, item in value.items()}
    if len(given) < len(value):
        raise _wrong(f"A key of {fact.name} is given twice.", "Names are taken in either case.")
    for member in fact.members:
        item = given.pop(member.name.rpartition(".")[2], None)
        if item is not None:
            facts[member.name] = _READERS[member.kind](member, item)
        elif member.kind in ("day", "choice", "truth", "count"):
            facts[member.name] = {"day": None, "choice": member.none, "truth": False, "count": 0}[member.kind]
    if given:
        raise _wrong(f"{fact.name} has no key {next(iter(given))!r}.", f"Its keys are {_keys_of(fact)}.")


def _keys_of(fact: Fact) -> str:
    return ", ".join(member.name.rpartition(".")[2] for member in fact.members)


def _wrong(message: str, advice: str) -> UsageError:
    return UsageError(message, advice=advice, code="usage.facts")


def _choice(fact: Fact, value: Any) -> str:
    word = str(value).strip().lower().replace("-", "_").replace(" ", "_")
    word = fact.aliases.get(word, word)
    if isinstance(value, bool) or word not in fact.values:
        raise _wrong(f"{fact.name} cannot be {value!r}.", f"It is one of: {', '.join(fact.values)}.")
    return word


def _truth(fact: Fact, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _wrong(f"{fact.name} cannot be {value!r}.", "It is true or false.")
    return value


def _day(fact: Fact, value: Any) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value[:10]) if len(value) == 10 else _moment_of(value).date()
    except (TypeError, ValueError, LookupError):
        raise _wrong(f"{fact.name} cannot be {value!r}.", "Write a day as 2026-11-22, or null for none.") from None


def _moment_of(text: str) -> datetime:
    if len(text) < 16:
        raise ValueError(text)
    return datetime.fromisoformat(text)


def _moment(fact: Fact, value: Any) -> date | datetime:
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value) if len(value) == 10 else _moment_of(value)
        except ValueError:
            value = None
    if isinstance(value, datetime) and value.tzinfo is None:
        raise _wrong(
            f"{fact.name} says a time of day and not in which zone.", "Add the offset, as in 2026-11-22T15:00:00-05:00."
        )
    if not isinstance(value, date) or not date.min.year < value.year < date.max.year:
        raise _wrong(f"{fact.name} is no moment.", "Write it as 2026-11-22T15:00:00-05:00, or as a day.")
    return value


def _zone(fact: Fact, value: Any) -> tuple[ZoneInfo, ...]:
    names = [value] if isinstance(value, str) else value
    try:
        zones = tuple(zone_named(name) for name in names)
    except (TypeError, ValueError):
        zones = ()
    if not zones:
        raise _wrong(f"{fact.name} cannot be {value!r}.", "Write the name of a time zone, such as America/Chicago.")
    return zones


_ZONES: dict[str, ZoneInfo] = {}


def zone_named(name: str) -> ZoneInfo:
    """Give a time zone by its IANA name, in either case of letters where the machine's files allow.

    Raises:
        ValueError: there is none.
    """
    zone = _ZONES.get(name)
    if zone is None:
        try:
            zone = ZoneInfo(name)
        except (ZoneInfoNotFoundError, OSError, ValueError) as error:
            zone = _ZONES.get(name.lower()) or _folded(name)
            if zone is None:
                raise ValueError(name) from error
        _ZONES[name] = zone
    return zone


def _folded(name: str) -> ZoneInfo | None:
    from zoneinfo import available_timezones

    return next((ZoneInfo(known) for known in available_timezones() if known.lower() == name.lower()), None)


def _count(fact: Fact, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _wrong(f"{fact.name} cannot be {value!r}.", "It is a whole number, 0 or more.")
    return value


def _terms(fact: Fact, value: Any) -> EntryTerms | None:
    try:
        return read_terms(value)
    except ValueError as error:
        raise _wrong(f"{fact.name} cannot be read: {error}.", "Write them as channels=voice; categories=1,4.") from None


_READERS: dict[str, Any] = {
    "choice": _choice,
    "truth": _truth,
    "day": _day,
    "moment": _moment,
    "zone": _zone,
    "count": _count,
    "terms": _terms,
}


# -- as JSON Schema ---------------------------------------------------------------------------------------------------


def facts_schema(vocabulary: Vocabulary) -> dict[str, Any]:
    """Describe the facts as JSON Schema (draft 2020-12)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": vocabulary.title["en"],
        "description": "A key that is absent is unknown. Inside an object an absent key means null. Words: either case.",
        "type": "object",
        "properties": {name: _schema_of(fact, nullable=True) for name, fact in vocabulary.facts.items()},
        "additionalProperties": False,
    }


def _schema_of(fact: Fact, *, nullable: bool) -> dict[str, Any]:
    kinds: dict[str, dict[str, Any]] = {
        "moment": {"type": "string", "anyOf": [{"format": "date-time"}, {"format": "date"}]},
        "zone": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]},
        "choice": {"enum": [*fact.values, *([None] if nullable else [])]},
        "truth": {"type": "boolean"},
        "day": {"type": "string", "format": "date"},
        "count": {"type": "integer", "minimum": 0},
        "terms": {"type": ["string", "object"]},
        "object": {
            "type": "object",
            "properties": {m.name.rpartition(".")[2]: _schema_of(m, nullable=True) for m in fact.members},
            "additionalProperties": False,
        },
    }
    schema = kinds[fact.kind]
    if nullable and "type" in schema:
        types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        schema = {**schema, "type": [*types, "null"]}
    elif nullable and "anyOf" in schema:
        schema = {"anyOf": [*schema["anyOf"], {"type": "null"}]}
    return {"description": fact.text["en"], **schema}
