"""Test numbers: fictitious numbers with fixed outcomes, for who builds against the platform. Pure functions.

The numbers are those that numbering authorities keep for fiction: +1 AAA 555 0100 to 0199 in every North American area
(here 201), +44 7700 900000 to 900999 (Ofcom), +61 491 570 006, 156, 157, 158, 159 and 110 (ACMA). Elsewhere on the platform
they are ordinary numbers that nobody has; only the sandbox and the emulators answer for them from this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["TEST_NUMBERS", "SandboxNumber", "SandboxOutcome", "outcome_of", "sandbox_number", "sandbox_numbers_of"]


class SandboxOutcome(StrEnum):
    """What a test number always comes to, by the live wash's own words."""

    CLEAN = "clean"
    REGISTERED = "registered"
    GRACE = "grace"
    STOP_REQUEST = "stop_request"
    CONSENT = "consent"
    SIGNED_CONSENT = "signed_consent"
    CONTESTED_CONSENT = "contested_consent"
    CUSTOMER = "customer"
    INQUIRY = "inquiry"
    HOURS = "hours"
    UNDETERMINED = "undetermined"
    NOT_PAID = "not_paid"
    INVALID = "invalid"
    STALE = "stale"
    QUOTA = "quota"
    SLOWED = "slowed"
    TIME_OUT = "time_out"


@dataclass(frozen=True, slots=True)
class SandboxNumber:
    """A row of the table.

    Attributes:
        raw: as it is sent.
        key: of the number; 0 where it is none.
        country: whose number it is, ISO 3166.
        outcome: what it comes to.
        verdict: ``permit``, ``forbid``, ``undetermined`` or ``invalid``; empty where the whole call fails.
        status: HTTP status of a call in which the number stands; 200 but for outcomes of a whole call.
        meaning: one sentence for the documentation.
    """

    raw: str
    key: int
    country: str
    outcome: SandboxOutcome
    verdict: str
    status: int
    meaning: str


_OUTCOMES: tuple[tuple[SandboxOutcome, str, int, str], ...] = (
    (SandboxOutcome.CLEAN, "permit", 200, "stands in no register; may be called"),
    (SandboxOutcome.REGISTERED, "forbid", 200, "on the do-not-call register for years, and nothing else is known of it"),
    (
        SandboxOutcome.GRACE,
        "permit",
        200,
        "put on the register yesterday; callers must obey when the period of grace is over",
    ),
    (SandboxOutcome.STOP_REQUEST, "forbid", 200, "told you to stop; holds whatever else is known"),
    (SandboxOutcome.CONSENT, "permit", 200, "on the register, and consented on record to this channel"),
    (SandboxOutcome.SIGNED_CONSENT, "permit", 200, "on the register, and consented in writing"),
    (SandboxOutcome.CONTESTED_CONSENT, "forbid", 200, "on the register; the consent is contested and counts as none"),
    (SandboxOutcome.CUSTOMER, "permit", 200, "on the register, and bought something last month"),
    (SandboxOutcome.INQUIRY, "permit", 200, "on the register, and asked about something last week"),
    (SandboxOutcome.HOURS, "forbid", 200, "may be called, but not at the hour asked; says when next"),
    (SandboxOutcome.UNDETERMINED, "undetermined", 200, "a fact is missing that would decide; says which"),
    (SandboxOutcome.NOT_PAID, "forbid", 200, "lies in an area without access"),
    (SandboxOutcome.STALE, "", 503, "the call fails as it does while the registers' copies are out of date"),
    (SandboxOutcome.QUOTA, "", 429, "the call fails as it does when the year's quota is over"),
    (SandboxOutcome.SLOWED, "", 429, "the call fails as it does for who asks numbers one after another"),
    (SandboxOutcome.TIME_OUT, "", 504, "the call is not answered in time; ask for its result by the reference"),
)
_FIRST = {"US": ("+1201555", 100), "GB": ("+447700900", 0)}
_AUSTRALIAN = {
    "+61491570006": SandboxOutcome.REGISTERED,
    "+61491570156": SandboxOutcome.CLEAN,
    "+61491570157": SandboxOutcome.STOP_REQUEST,
    "+61491570158": SandboxOutcome.CONSENT,
    "+61491570159": SandboxOutcome.UNDETERMINED,
    "+61491570110": SandboxOutcome.TIME_OUT,
}
_INVALID = {"US": "+1 201 555 01", "GB": "+44 77", "AU": "+61 4"}


def _table() -> tuple[SandboxNumber, ...]:
    by_outcome = {outcome: (verdict, status, meaning) for outcome, verdict, status, meaning in _OUTCOMES}
    rows = []
    for country, (prefix, start) in _FIRST.items():
        digits = 4 if country == "US" else 3
        for place, (outcome, verdict, status, meaning) in enumerate(_OUTCOMES):
            raw = f"{prefix}{start + place:0{digits}d}"
            rows.append(SandboxNumber(raw, int(raw[1:]), country, outcome, verdict, status, meaning))
    rows += [SandboxNumber(raw, int(raw[1:]), "AU", found, *by_outcome[found]) for raw, found in _AUSTRALIAN.items()]
    meaning = "is no number; costs nothing"
    rows += [
        SandboxNumber(raw, 0, country, SandboxOutcome.INVALID, "invalid", 200, meaning) for country, raw in _INVALID.items()
    ]
    return tuple(rows)


TEST_NUMBERS = _table()
"""All test numbers, by country; the table of the documentation."""
_BY_KEY = {number.key: number for number in TEST_NUMBERS if number.key}


def sandbox_number(key: int) -> SandboxNumber | None:
    """Give the row of a number; None where it is no test number."""
    return _BY_KEY.get(key)


def outcome_of(key: int) -> SandboxOutcome:
    """Give what a number comes to in the sandbox: its row's outcome, else clean. No real register is ever asked there."""
    found = _BY_KEY.get(key)
    return found.outcome if found else SandboxOutcome.CLEAN


def sandbox_numbers_of(country: str) -> list[SandboxNumber]:
    """Give the test numbers of a country, ISO 3166."""
    return [number for number in TEST_NUMBERS if number.country == country.upper()]
