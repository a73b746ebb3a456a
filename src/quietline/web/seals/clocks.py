"""Until when an order is acknowledged and an appeal answered: by the law where a rulebook says so, else as promised here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import get_language, ngettext

from quietline.errors import LawError, UsageError
from quietline.law.service_clocks import ServiceClock, Stage, Start, Who, WorkCalendar, deadline, service_clock
from quietline.web.base.rulebooks import rulebook_of

if TYPE_CHECKING:
    from datetime import datetime

__all__ = [
    "LAW",
    "PROMISE",
    "Clock",
    "acknowledge_clock",
    "appeal_clock",
    "appeal_length",
    "lift_clock",
    "order_hours",
    "promised_days",
]

LAW, PROMISE = "law", "promise"
_ORDER_HOURS = 24
_APPEAL_DAYS = 5


@dataclass(frozen=True, slots=True)
class Clock:
    """Until when something is owed.

    Attributes:
        due_at: its end.
        basis: ``law`` or ``promise``.
        citation: where it is written; empty for a promise.
    """

    due_at: datetime
    basis: str
    citation: str = ""


def order_hours() -> int:
    """Give the hours within which operators carry out orders here (``QUIETLINE_ORDER_HOURS``)."""
    return int(getattr(settings.ENVIRONMENT, "order_hours", _ORDER_HOURS))


def promised_days() -> int:
    """Give the days within which this installation promises the answer to an appeal (``QUIETLINE_APPEAL_DAYS``)."""
    return int(getattr(settings.ENVIRONMENT, "appeal_days", _APPEAL_DAYS))


def acknowledge_clock(*, country: str, zone: str, at: datetime) -> Clock:
    """Give until when an operator says that it has blocked.

    Args:
        country: whose law sets it.
        zone: IANA name of the zone on whose clock days are counted.
        at: of the order.
    """
    promise = Clock(at + timedelta(hours=order_hours()), PROMISE)
    return _by_law("acknowledge", "operator", "ordered", country, zone, at) or promise


def lift_clock(*, country: str, zone: str, at: datetime) -> Clock:
    """Give until when an operator lets the numbers be; as :func:`acknowledge_clock`."""
    promise = Clock(at + timedelta(hours=order_hours()), PROMISE)
    return _by_law("lift", "operator", "cleared", country, zone, at) or promise


def appeal_clock(*, country: str, zone: str, at: datetime) -> Clock:
    """Give until when an appeal that is received now is answered; as :func:`acknowledge_clock`."""
    promise = Clock(at + timedelta(days=promised_days()), PROMISE)
    return _by_law("decide_appeal", "authority", "appealed", country, zone, at) or promise


def appeal_length(*, country: str, zone: str, at: datetime) -> str:
    """Say how long the answer to an appeal takes at most, in the language in force: "5 days", say."""
    found = _found("decide_appeal", "authority", "appealed", country, zone, at)
    if found is None:
        days = promised_days()
        return ngettext("%(days)s day", "%(days)s days", days) % {"days": days}
    return found[0].length.words()["zh" if (get_language() or "").startswith("zh") else "en"]


def _by_law(stage: Stage, who: Who, starts: Start, country: str, zone: str, at: datetime) -> Clock | None:
    found = _found(stage, who, starts, country, zone, at)
    if found is None:
        return None
    ends = deadline(found[0], at, found[1])
    return Clock(ends.due_at, LAW, ends.grounds.citation[:300])


def _found(
    stage: Stage, who: Who, starts: Start, country: str, zone: str, at: datetime
) -> tuple[ServiceClock, WorkCalendar] | None:
    try:
        calendar = WorkCalendar(ZoneInfo(zone))
        rules = rulebook_of(country).service_clocks
        found = service_clock(rules, stage=stage, who=who, on=at.astimezone(calendar.zone).date())
    except (LawError, UsageError):  # no rulebook for the country, or several clocks that fit: nothing that could be told
        return None
    if not isinstance(found, ServiceClock) or found.rule.starts != starts:
        return None
    return found, calendar
