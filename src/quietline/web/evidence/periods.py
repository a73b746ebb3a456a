"""How long a claim counts, and by when a request to stop has to be honoured: asked of the rulebook of the number's country.

Nothing about a country stands here: only the names that rulebooks give to such periods. A rulebook that has none of the
names is silent, and so is the answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from quietline.errors import LawError
from quietline.law import load_rulebook
from quietline.law.calendar import earliest, months_after
from quietline.law.parameters import UNKNOWN, UNLIMITED

if TYPE_CHECKING:
    from quietline.law import Parameter, Period, Rulebook

__all__ = ["Term", "claim_term", "honour_terms"]

_CLAIMS = {
    "purchase": ("ebr_transaction", "ebr_purchase"),
    "inquiry": ("ebr_inquiry",),
    "consent": ("express_consent",),
}
"""Names of the period for which each kind of claim counts; of a consent, where no end was stated with it."""
_HONOUR = ("internal_honour", "internal_honour_tsr", "internal_honour_tcpa", "withdrawal")
"""Names of the period within which a request to stop has to be honoured; a country may have several, each by its own law."""


@dataclass(frozen=True, slots=True)
class Term:
    """What the law says on one period.

    Attributes:
        last: its last day; None where it has no end, or the law is silent.
        citation: where it is written; empty where the law is silent.
        instrument: title of the law in English; empty where it is silent.
    """

    last: date | None = None
    citation: str = ""
    instrument: str = ""

    @property
    def is_known(self) -> bool:
        """Whether a law says so."""
        return bool(self.citation)


@lru_cache(maxsize=65_536)
def claim_term(country: str, kind: str, since: date) -> Term:
    """Say until when a claim of a day counts.

    The law of the day of the call decides, so where the period changes meanwhile the later law counts from its first day.

    Args:
        country: of the number, two letters; empty where not known.
        kind: ``consent`` without a stated end, ``purchase`` or ``inquiry``.
        since: the day of it.
    """
    rulebook = _rulebook(country)
    for name in _CLAIMS.get(kind, ()) if rulebook is not None else ():
        known = rulebook.parameters.get(name) if rulebook is not None else None
        if known is not None and rulebook is not None:
            return _term(rulebook, known, since)
    return Term()


@lru_cache(maxsize=65_536)
def honour_terms(country: str, since: date) -> tuple[Term, ...]:
    """Say by which day a request to stop of a day has to be honoured, by each law that says so; the earliest first."""
    rulebook = _rulebook(country)
    if rulebook is None:
        return ()
    found = [_term(rulebook, rulebook.parameters[name], since) for name in _HONOUR if name in rulebook.parameters]
    return tuple(sorted((term for term in found if term.last is not None), key=lambda term: term.last or date.max))


def _rulebook(country: str) -> Rulebook | None:
    try:
        return load_rulebook(country) if country else None
    except LawError as error:
        if error.code != "law.undetermined":
            raise
        return None


def _term(rulebook: Rulebook, known: Parameter, since: date) -> Term:
    """Follow a period through the changes of the law, as :func:`quietline.law.reliance` does for lists."""
    period, change = known.at(since)
    if period is None or period.value == UNKNOWN:
        return Term()
    instrument = rulebook.instruments[known.instrument].title["en"]
    while True:
        last = _last_day(since, period, known)
        if last is not None and (change is None or last < change):
            return Term(last, period.citation, instrument)
        if change is None:
            return Term(None, period.citation, instrument)
        following, after = known.at(change)
        if following is None or following.value == UNKNOWN:
            return Term(change - timedelta(days=1), period.citation, instrument)
        shorter = _last_day(since, following, known)
        if shorter is not None and shorter < change:
            return Term(change - timedelta(days=1), following.citation, instrument)
        period, change = following, after


def _last_day(since: date, period: Period, known: Parameter) -> date | None:
    """Give the last day from which ``since`` lies within the period; None where it has no end."""
    value, unit = period.value, period.unit
    if value == UNLIMITED:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        raise LawError(f"{known.name} is no length of time.", advice="Correct the rulebook.")
    if unit == "business_days":
        day = since
        while earliest(day + timedelta(days=1), value, unit, known.bound) <= since:
            day += timedelta(days=1)
        return day
    try:
        start = since + timedelta(days=1 if known.bound == "at_most" else 0)
        months = value * (12 if unit == "years" else 1)
        first_after = start + timedelta(days=value) if unit == "days" else months_after(start, months)
    except (OverflowError, ValueError):  # behind the year 9999
        return None
    return first_after - timedelta(days=1)
