"""A campaign: who calls, why, how and when, and what the seller has on file. Read from TOML.

::

    seller = "Harbour Books"

    [facts]                       # what holds for every call (docs/reference/facts.md); {} and "none" say there is none
    purpose = "sales"
    channel = "live_voice"
    callee_class = "residential"
    caller_class = "seller"
    caller_id = "shown"
    called_at = 2026-11-24T15:00:00-05:00    # a moment; without an offset: the wall clock of whoever is called; or a day

    [facts.GB]                    # what differs for numbers of a country
    caller_id = "withheld"

    [registers]                   # register files, beside this file or by path
    do_not_call = ["dnc.qlr"]
    consents = [{file = "consents.qlr", kind = "written_signed"}]
    purchases = ["customers.qlr"]
    inquiries = ["inquiries.qlr"]
    stop_requests = ["stop.qlr"]

    [areas]                       # where access to the register is paid for
    US = ["212", "646"]
    GB = "all"

    [versions]                    # only for looking back: days on which the register was fetched
    fetched = [2026-10-01, 2026-11-01]
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from quietline.errors import InputError, UsageError
from quietline.law.vocabulary import load_vocabulary, read_facts
from quietline.numbering import calling_code, country_code

if TYPE_CHECKING:
    from quietline.law.vocabulary import Facts

__all__ = ["ROLES", "Campaign", "Evidence", "load_campaign"]

ROLES = ("do_not_call", "consents", "purchases", "inquiries", "stop_requests")
"""What a register can be to a campaign; the since-day of an entry is the day of the listing, consent, purchase ..."""

_KEYS = ("seller", "facts", "registers", "areas", "versions")
_MAX_BYTES = 1 << 20
_AREA = re.compile(r"[0-9]{1,6}")


@dataclass(frozen=True, slots=True)
class Evidence:
    """A register file and what it is to the campaign.

    Attributes:
        role: one of :data:`ROLES`.
        path: the file.
        kind: of consents: what kind of consent they are.
        country: of a do-not-call register: whose numbers it is for; empty where the file says.
    """

    role: str
    path: Path
    kind: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Campaign:
    """What is known of every call of a campaign.

    Attributes:
        name: of the file, without directory.
        seller: on whose behalf is called, or empty.
        facts: that hold for every call, without ``called_at``.
        country_facts: those that differ, by country (upper case).
        called_at: aware datetime; datetime without a zone: wall clock of the person called; date; None where not said.
        evidence: the registers.
        areas: by country: national prefixes for which access is paid, or None for all.
        fetched: days on which the register was fetched, sorted; empty where not said.
        digest: SHA-256 of the file, hexadecimal.
    """

    name: str
    seller: str
    facts: Facts
    country_facts: dict[str, Facts]
    called_at: datetime | date | None
    evidence: tuple[Evidence, ...]
    areas: dict[str, tuple[str, ...] | None] = field(default_factory=dict)
    fetched: tuple[date, ...] = ()
    digest: str = ""

    def facts_for(self, country: str) -> Facts:
        """Give the facts that hold for every call to numbers of a country (upper case)."""
        return {**self.facts, **self.country_facts.get(country, {})}


def load_campaign(path: str | Path) -> Campaign:
    """Read a campaign.

    Raises:
        InputError: the file cannot be read, is not TOML, or says something that cannot be.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"The campaign {path} cannot be read: {error.strerror}.", advice="Check the name.") from error
    if len(data) > _MAX_BYTES:
        raise InputError(f"The campaign {path} is longer than 1 MB.", advice="Check the name.", code="input.campaign")
    try:
        given = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        message = f"The campaign {path} is not TOML: {error}."
        raise InputError(message, advice="See the how-to on campaigns.", code="input.campaign") from error
    try:
        return _campaign(path, given, sha256(data).hexdigest())
    except UsageError as error:
        raise InputError(f"The campaign {path}: {error.message}", advice=error.advice, code="input.campaign") from error


def _campaign(path: Path, given: dict[str, Any], digest: str) -> Campaign:
    for key in given:
        if key not in _KEYS:
            raise UsageError(f"There is no key {key!r}.", advice=f"There are: {', '.join(_KEYS)}.")
    seller = given.get("seller", "")
    if not isinstance(seller, str):
        raise UsageError("seller is not text.")
    plain, by_country = _split_facts(_table(given, "facts"))
    called_at = _called_at(plain)
    versions = _table(given, "versions")
    _only(versions, ("fetched",), "versions")
    fetched = versions.get("fetched", [])
    if not isinstance(fetched, list) or not all(type(day) is date for day in fetched):
        raise UsageError("versions.fetched is not a list of days.", advice="Write fetched = [2026-10-01, 2026-11-01].")
    return Campaign(
        path.name,
        seller,
        _read(plain),
        {country: _read(facts) for country, facts in by_country.items()},
        called_at,
        tuple(_evidence(path.parent, _table(given, "registers"))),
        _by_country(_table(given, "areas"), "areas"),
        tuple(sorted(fetched)),
        digest,
    )


def _table(given: dict[str, Any], key: str) -> dict[str, Any]:
    value = given.get(key, {})
    if not isinstance(value, dict):
        raise UsageError(f"{key} is not a table.", advice=f"Write [{key}] and what belongs to it below.")
    return value


def _only(table: dict[str, Any], allowed: tuple[str, ...], name: str) -> None:
    for key in table:
        if key not in allowed:
            raise UsageError(f"There is no key {name}.{key}.", advice=f"There are: {', '.join(allowed)}.")


def _country(name: Any) -> str:
    return country_code(name)


def _by_country(table: dict[str, Any], key: str) -> dict[str, tuple[str, ...] | None]:
    found: dict[str, tuple[str, ...] | None] = {}
    for name, areas in table.items():
        country = _country(name)
        if country in found:
            raise UsageError(f"{key} names {country} twice.", advice="Countries are taken in either case.")
        found[country] = _areas(country, areas)
    return found


def _split_facts(table: dict[str, Any]) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Tell facts for all calls from tables of facts for a country, which are named by two capital letters."""
    plain: dict[str, Any] = {}
    by_country: dict[str, dict[str, Any]] = {}
    for name, value in table.items():
        if isinstance(value, dict) and len(name) == 2 and name.isupper():
            by_country[_country(name)] = value
        else:
            plain[name] = value
    for country, facts in by_country.items():
        if "called_at" in facts:
            raise UsageError(f"facts.{country} says called_at.", advice="Give one time for the campaign, in [facts].")
    return plain, by_country


def _called_at(plain: dict[str, Any]) -> datetime | date | None:
    """Take the time of the calls out of the facts; it may be a wall clock, which facts of a single call may not."""
    value = plain.pop("called_at", None)
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value) if len(value) == 10 else _moment(value)
        except ValueError:
            value = str(value)
    if value is not None and (not isinstance(value, date) or not date.min.year < value.year < date.max.year):
        raise UsageError(
            f"facts.called_at cannot be {value!r}.",
            advice="Write it as 2026-11-24T15:00:00-05:00, as 2026-11-24T10:00:00 (clock of the person called), or a day.",
        )
    return value


def _moment(text: str) -> datetime:
    if len(text) < 16:  # a day written without hyphens is no midnight
        raise ValueError(text)
    return datetime.fromisoformat(text)


def _read(facts: dict[str, Any]) -> Facts:
    vocabulary = load_vocabulary("call")
    said: dict[str, Any] = {}
    for name, value in facts.items():
        known = vocabulary.facts.get(name)
        nothing = value == "none" and known is not None and known.kind in ("day", "terms", "object")
        said[name] = None if nothing else value
    return read_facts(said, vocabulary)


def _evidence(folder: Path, table: dict[str, Any]) -> list[Evidence]:
    _only(table, ROLES, "registers")
    found = []
    for role, listed in table.items():
        for item in listed if isinstance(listed, list) else [listed]:
            entry = {"file": item} if isinstance(item, str) else item
            if not isinstance(entry, dict) or not isinstance(entry.get("file"), str):
                raise UsageError(f"registers.{role} has something that is no file.", advice='Write it as ["name.qlr"].')
            allowed = ("file", "kind") if role == "consents" else ("file", "country") if role == "do_not_call" else ("file",)
            _only(entry, allowed, f"registers.{role}")
            if role == "consents" and "kind" not in entry:
                raise UsageError(
                    f"registers.{role} does not say what kind of consent {entry['file']} holds.",
                    advice='Write {file = "...", kind = "written_signed"}; or oral, recorded_channel_specific.',
                )
            kind = _read({"consent": {"kind": entry["kind"]}})["consent.kind"] if "kind" in entry else ""
            if kind == "none":
                raise UsageError(f"registers.{role}: {entry['file']} cannot hold consents of kind none.")
            country = _country(entry["country"]) if "country" in entry else ""
            found.append(Evidence(role, folder / entry["file"], kind, country))
    return found


def _areas(country: str, value: Any) -> tuple[str, ...] | None:
    if value == "all":
        return None
    if not isinstance(value, list) or not all(isinstance(area, str) and _AREA.fullmatch(area) for area in value):
        raise UsageError(f"areas.{country} is no list of area codes.", advice='Write ["212", "646"], or "all".')
    code = str(calling_code(_country(country)))
    return tuple(sorted({code + cast("str", area) for area in value}))
