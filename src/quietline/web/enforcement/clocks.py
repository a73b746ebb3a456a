"""How long the accused have to reply, to pay and to appeal: by the law of the day on which it begins, else as promised.

What the law says stands in the rulebook of the case's country (:mod:`quietline.law.service_clocks`). Where it sets no time,
or none that is known here, the authority gives its own; which of the two it is stands wherever the day is shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from quietline.errors import LawError, UsageError
from quietline.law.service_clocks import ServiceClock, Stage, WorkCalendar, deadline, service_clock
from quietline.web.base.rulebooks import rulebook_of
from quietline.web.seals.clocks import LAW, PROMISE
from quietline.web.seals.orders import zone_of
from quietline.web.subscribers.numbers import listed_line

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from quietline.web.enforcement.models import Case

__all__ = [
    "APPEAL_DAYS", "LAW", "PAY_DAYS", "PROMISE", "REPLY_DAYS", "Clock", "appeal_clock", "basis_words", "pay_clock",
    "promise_words", "reply_clock", "zone_of_case",
]  # fmt: skip

REPLY_DAYS = 14
"""Days in which the accused can reply, where no law sets a time."""
PAY_DAYS = 30
"""Days in which a penalty is paid, where no law sets a time."""
APPEAL_DAYS = 30
"""Days after which a finding that nobody has appealed against counts as final, where no law sets a time."""
_STARTS = {"reply": ("forwarded", "asked"), "pay": ("imposed",), "appeal": ("imposed",)}


@dataclass(frozen=True, slots=True)
class Clock:
    """Until when somebody can do something.

    Attributes:
        due_at: the moment from which on it is too late.
        last_day: last day of the time, where the law is.
        basis: ``law`` or ``promise``.
        length: how long, by language of rulebooks: "10 working days".
        citation: where it is written; empty for a promise.
        days: of a promise; 0 where the law says it.
    """

    due_at: datetime
    last_day: date
    basis: str
    length: Mapping[str, str]
    citation: str = ""
    days: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Give it as it is kept beside the decision that it began with."""
        return {
            "due_at": self.due_at.isoformat(), "last_day": self.last_day.isoformat(), "basis": self.basis,
            "length": dict(self.length), "citation": self.citation, "days": self.days,
        }  # fmt: skip


def reply_clock(case: Case, *, at: datetime) -> Clock:
    """Give until when the accused can reply who are asked now; a promise of :data:`REPLY_DAYS` where no law says it."""
    return _clock("reply", case, REPLY_DAYS, at)


def pay_clock(case: Case, *, at: datetime) -> Clock:
    """Give until when a penalty is paid that is imposed now; a promise of :data:`PAY_DAYS` where no law says it."""
    return _clock("pay", case, PAY_DAYS, at)


def appeal_clock(case: Case, *, at: datetime) -> Clock:
    """Give until when there is an appeal against what is decided now; :data:`APPEAL_DAYS` where no law says it.

    Laws count it from the service of a penalty; a finding that is told before there is one is counted from its own day.
    """
    return _clock("appeal", case, APPEAL_DAYS, at)


def zone_of_case(case: Case) -> str:
    """Give the IANA name of the zone on whose clock days are counted: of its first number of its country, else UTC."""
    keys = case.numbers.order_by("pk").values_list("first_key", flat=True)[:10]
    return next((zone_of(key) for key in keys if listed_line(key).country == case.country), "UTC")


def basis_words(told: Mapping[str, Any] | None) -> str:
    """Say in the language in force whether the law sets a time, and where, or the authority; "" where it is not known.

    Args:
        told: as :meth:`Clock.as_dict` gave it.
    """
    if not told:
        return ""
    if told["basis"] == LAW:
        length = told["length"]["zh" if (get_language() or "").startswith("zh") else "en"]
        return _("Set by law: %(length)s (%(citation)s).") % {"length": length, "citation": told["citation"]}
    return promise_words(int(told["days"]))


def promise_words(days: int) -> str:
    """Say that the authority gives so many days, since no law sets the time."""
    return ngettext(
        "No law sets this time; the authority gives %(days)s day.",
        "No law sets this time; the authority gives %(days)s days.",
        days,
    ) % {"days": days}


def _clock(stage: Stage, case: Case, days: int, at: datetime) -> Clock:
    zone = ZoneInfo(zone_of_case(case))
    return _by_law(stage, case.country, zone, at) or _promised(days, zone, at)


def _promised(days: int, zone: ZoneInfo, at: datetime) -> Clock:
    last = at.astimezone(zone).date() + timedelta(days=days)
    due_at = datetime.combine(last + timedelta(days=1), time(), zone).astimezone(UTC)
    return Clock(due_at, last, PROMISE, {"en": f"{days} days", "zh": f"{days}日"}, days=days)


def _by_law(stage: Stage, country: str, zone: ZoneInfo, at: datetime) -> Clock | None:
    calendar = WorkCalendar(zone)
    try:
        rules = rulebook_of(country).service_clocks
        found = service_clock(rules, stage=stage, who="respondent", on=at.astimezone(zone).date())
    except (LawError, UsageError):  # no rulebook for the country, or several clocks that fit: nothing that could be told
        return None
    if not isinstance(found, ServiceClock) or found.rule.starts not in _STARTS[stage]:
        return None
    ends = deadline(found, at, calendar)
    return Clock(ends.due_at, ends.last_day, LAW, found.length.words(), ends.grounds.citation[:300])
