"""Until when the next step is owed: by the law where a rulebook says so, else by the installation's own promise.

Which of both it is, is said wherever the day is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext as _

from quietline.errors import ConflictError, LawError, OperationError, UsageError
from quietline.law.complaint_windows import Timeliness, in_time
from quietline.law.service_clocks import ServiceClock, Stage, WorkCalendar, deadline, service_clock
from quietline.web.base.rulebooks import rulebook_of

if TYPE_CHECKING:
    from datetime import date, datetime

__all__ = ["ANSWER", "EXPECTED_DAYS", "LAW", "PROMISE", "VALIDATE", "Clock", "check_in_time", "clock_for", "promised_days"]

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


def promised_days() -> int:
    """Give the days within which this installation promises an answer (``QUIETLINE_COMPLAINT_DAYS``)."""
    return int(settings.ENVIRONMENT.complaint_days)


def clock_for(stage: Stage, *, country: str, zone: str, at: datetime) -> Clock | None:
    """Give the clock of what the authority owes next.

    Args:
        stage: ``validate`` or ``answer``.
        country: whose law sets it.
        zone: IANA name of the zone on whose clock days are counted.
        at: when the report was received, from which both are counted.

    Returns:
        The law's clock; where the law is silent, for an answer the promise of this installation, and else None.
    """
    try:
        calendar = WorkCalendar(ZoneInfo(zone))
        rules = rulebook_of(country).service_clocks
        found = service_clock(rules, stage=stage, who="authority", on=at.astimezone(calendar.zone).date())
    except (LawError, UsageError):  # no rulebook for the country, or several clocks that fit: nothing that could be told
        found = None
    if isinstance(found, ServiceClock) and found.rule.starts == "received":
        ends = deadline(found, at, calendar)
        return Clock(stage, ends.due_at, LAW, ends.grounds.citation[:300])
    if stage != ANSWER:
        return None
    return Clock(ANSWER, at + timedelta(days=promised_days()), PROMISE)


def check_in_time(*, country: str, called: date | None, reported: date) -> bool:
    """Say whether a report comes late; refuse it where a law sets a window that is over.

    Args:
        country: of the line that was called.
        called: day of the call on the line's clock; None where it is not known, which counts as in time.
        reported: today on the same clock.

    Raises:
        OperationError: ``complaint.future``: the call is yet to come.
        ConflictError: ``complaint.too-late``; the message names the law's days, the last day and where it is written.
    """
    if called is None:
        return False
    if called > reported:
        raise OperationError(
            _("This call is yet to come."), advice=_("Look at the day and the time again."), code="complaint.future"
        )
    try:
        found = in_time(rulebook_of(country).complaint_windows, called=called, reported=reported)
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
    return (reported - called).days > EXPECTED_DAYS


def _citation(found: Timeliness) -> str:
    return found.grounds.citation
