"""Until when the next step is owed: by the law where a rulebook says so, else by the installation's own promise.

Which of both it is, is said wherever the day is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import phonenumbers
from django.conf import settings
from django.utils.translation import gettext as _
from phonenumbers import timezone as number_zones

from quietline.errors import ConflictError, LawError, OperationError, UsageError
from quietline.law.complaint_windows import Timeliness, in_time
from quietline.law.service_clocks import ServiceClock, Stage, WorkCalendar, deadline, service_clock
from quietline.web.base.rulebooks import rulebook_of

if TYPE_CHECKING:
    from datetime import date, datetime

    from quietline.web.subscribers.numbers import Line

__all__ = [
    "ANSWER", "EXPECTED_DAYS", "LAW", "PROMISE", "VALIDATE", "Clock", "Days", "answer_clock", "check_in_time", "days_of",
    "local_day", "promised_days", "validate_clock", "yet_to_come",
]  # fmt: skip

VALIDATE: Stage = "validate"
ANSWER: Stage = "answer"
LAW, PROMISE = "law", "promise"
EXPECTED_DAYS = 28
"""Days after a call within which it is expected to be told, where the law sets no window. A later report is accepted and
marked. The British form for reports asks for calls of the last 28 days."""


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock that runs.

    Attributes:
        stage: what is owed: ``validate`` or ``answer``.
        due_at: its end.
        basis: ``law`` or ``promise``.
        citation: where it is written; empty for a promise.
    """

    stage: str
    due_at: datetime
    basis: str
    citation: str = ""


@dataclass(frozen=True, slots=True)
class Days:
    """What day it is where somebody was called; two where nobody knows in which of several zones that is.

    Attributes:
        first: on the clock that is behind all others; what is dated, and what protects people, goes by it.
        last: on the clock that is before all others; nothing is called yet to come before it is so there, too.
    """

    first: date
    last: date


def days_of(line: Line | None, *, country: str, at: datetime) -> Days:
    """Give the day on the clocks that a line may have.

    Args:
        line: that was called; None where it is not known.
        country: of the line where it is not known: then all zones of its numbering plan are possible.
        at: the moment.
    """
    names = line.zones if line is not None and line.zones else _zones(country)
    days = [at.astimezone(ZoneInfo(name)).date() for name in names]
    if not days:  # of no zone at all: anywhere on Earth, from UTC-12 to UTC+14
        days = [(at.astimezone(UTC) + timedelta(hours=hours)).date() for hours in (-12, 14)]
    return Days(min(days), max(days))


def local_day(country: str, at: datetime) -> date:
    """Give the day in a country; where it has several zones the one that is behind, as lines have it."""
    return days_of(None, country=country, at=at).first


@cache
def _zones(country: str) -> tuple[str, ...]:
    """Give the zones of a country's numbering plan; that of +1 has those of all its countries."""
    code = phonenumbers.country_code_for_region(country)
    found = number_zones.time_zones_for_geographical_number(phonenumbers.PhoneNumber(country_code=code, national_number=0))
    return tuple(zone for zone in found if zone != number_zones.UNKNOWN_TIMEZONE)


def promised_days() -> int:
    """Give the days within which this installation promises an answer (``QUIETLINE_COMPLAINT_DAYS``)."""
    return int(settings.ENVIRONMENT.complaint_days)


def validate_clock(*, country: str, zone: str, at: datetime) -> Clock | None:
    """Give the clock within which the law wants a report to be checked; None where the law is silent.

    Args:
        country: whose law sets it.
        zone: IANA name of the zone on whose clock days are counted.
        at: when the report was received, from which it is counted.
    """
    return _law_clock(VALIDATE, country, zone, at)


def answer_clock(*, country: str, zone: str, at: datetime) -> Clock:
    """Give the clock within which the reporter is answered: the law's, else the promise of this installation.

    Args:
        country: whose law sets it.
        zone: IANA name of the zone on whose clock days are counted.
        at: when the report was received, from which it is counted.
    """
    return _law_clock(ANSWER, country, zone, at) or Clock(ANSWER, at + timedelta(days=promised_days()), PROMISE)


def _law_clock(stage: Stage, country: str, zone: str, at: datetime) -> Clock | None:
    try:
        calendar = WorkCalendar(ZoneInfo(zone))
        rules = rulebook_of(country).service_clocks
        found = service_clock(rules, stage=stage, who="authority", on=at.astimezone(calendar.zone).date())
    except (LawError, UsageError):  # no rulebook for the country, or several clocks that fit: nothing that could be told
        found = None
    if not isinstance(found, ServiceClock) or found.rule.starts != "received":
        return None
    ends = deadline(found, at, calendar)
    return Clock(stage, ends.due_at, LAW, ends.grounds.citation[:300])


def yet_to_come() -> OperationError:
    """Make the error of a call that is yet to come: ``complaint.future``."""
    return OperationError(
        _("This call is yet to come."), advice=_("Look at the day and the time again."), code="complaint.future"
    )


def check_in_time(*, country: str, called: date | None, reported: Days) -> bool:
    """Say whether a report comes late; refuse it where a law sets a window that is over.

    Args:
        country: of the line that was called.
        called: day of the call on the line's clock; None where it is not known, which counts as in time.
        reported: today on the clocks that the line may have.

    Raises:
        OperationError: ``complaint.future``: the call is yet to come.
        ConflictError: ``complaint.too-late``; the message names the law's days, the last day and where it is written.
    """
    if called is None:
        return False
    if called > reported.last:
        raise yet_to_come()
    try:
        found = in_time(rulebook_of(country).complaint_windows, called=called, reported=reported.first)
    except (LawError, UsageError):  # no rulebook for the country: nothing says that it is too late
        found = None
    if isinstance(found, Timeliness):
        if found.verdict == "in_time":
            return False
        raise ConflictError(
            _("The law takes a report of this call within %(days)s days; the last day was %(day)s.")
            % {"days": found.days, "day": found.last_day.isoformat()},
            advice=_("Report the next call from it at once. Source: %(citation)s") % {"citation": _citation(found)},
            code="complaint.too-late",
        )
    return (reported.first - called).days > EXPECTED_DAYS


def _citation(found: Timeliness) -> str:
    return found.grounds.citation
