"""What an organisation has to do next, and by which day: gathered from the rooms where it is known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Count, Max, Min
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from quietline.errors import LawError
from quietline.law import reliance
from quietline.web.evidence.models import Record
from quietline.web.evidence.queries import open_contests
from quietline.web.lists.queries import lists_for
from quietline.web.publishing.models import WashSet
from quietline.web.sellers.queries import certification_of
from quietline.web.subscriptions.models import Subscription

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

    from quietline.web.accounts.models import Organisation

__all__ = ["SOON_DAYS", "Duty", "duties"]

SOON_DAYS = 7
"""From so many days before its day a duty is shown as urgent."""


@dataclass(frozen=True, slots=True)
class Duty:
    """Something to be done.

    Attributes:
        key: stable name, for warnings: ``certificate``, ``list:US:1212``.
        title: what, in the language in force.
        text: why, and what to do.
        due_date: last day on which it is in time.
        address: name of the page where it is done; the organisation's account number is its argument.
        own_letter: the room where it is known writes letters about it itself.
    """

    key: str
    title: str
    text: str
    due_date: date
    address: str
    own_letter: bool = False

    def days_left(self, *, on: date) -> int:
        """Give the days until it is late: 0 on the last day, negative when it is late."""
        return (self.due_date - on).days

    def tone(self, *, on: date) -> str:
        """Give the tone of ``components/status.html``."""
        left = self.days_left(on=on)
        return "bad" if left < 0 else "waiting" if left <= SOON_DAYS else "good"


def duties(organisation: Organisation, *, at: datetime) -> list[Duty]:
    """List what is due, the most urgent first.

    Args:
        organisation: whose.
        at: now.
    """
    found = [
        *_certificate(organisation, at),
        *_subscriptions(organisation, at),
        *_lists(organisation, at),
        *_washes(organisation),
        *_stops(organisation, at),
        *_contests(organisation, at),
    ]
    return sorted(found, key=lambda duty: (duty.due_date, duty.key))


def _certificate(organisation: Organisation, at: datetime) -> Iterator[Duty]:
    certified = certification_of(organisation, at=at)
    if certified is not None:
        text = _("After that day nothing can be washed or fetched until somebody certifies again.")
        yield Duty("certificate", _("Renew the certification"), text, certified.expires_at.date(), "sellers:certify", True)


def _subscriptions(organisation: Organisation, at: datetime) -> Iterator[Duty]:
    on = at.date()
    rows = Subscription.objects.filter(organisation=organisation, ended_date=None, until_date__gt=on)
    for country in sorted({row.country for row in rows}):
        # a subscription does not run on until_date any more: the day before is its last
        last = max(row.until_date for row in rows if row.country == country) - timedelta(days=1)
        title = _("Renew the subscription for %(country)s") % {"country": country}
        text = _("Calls into an area without a subscription are forbidden where the law demands one.")
        yield Duty(f"subscription:{country}", title, text, last, "subscriptions:home", True)


def _lists(organisation: Organisation, at: datetime) -> Iterator[Duty]:
    for each in lists_for(organisation, organisation, at=at):
        if each.good_until is not None:
            title = _("Refresh the list of %(area)s") % {"area": each.name}
            text = _("The list that you fetched may be called from until this day.")
            yield Duty(f"list:{each.register.country}:{each.area}", title, text, each.good_until, "lists:home")


def _washes(organisation: Organisation) -> Iterator[Duty]:
    last = WashSet.objects.filter(organisation=organisation).aggregate(last=Max("at"))["last"]
    if last is None:
        return
    try:
        until = reliance(organisation.country, last.date()).until
    except LawError:  # the law of this country names no period
        return
    text = _("What your last wash found may be relied on until this day.")
    yield Duty("wash", _("Wash your lists again"), text, until, "washing:washes")


def _stops(organisation: Organisation, at: datetime) -> Iterator[Duty]:
    waiting = Record.objects.filter(
        organisation=organisation, kind=Record.Kind.STOP, settled=False, due_date__gte=at.date()
    ).aggregate(first=Min("due_date"), count=Count("pk"))
    if waiting["count"]:
        title = ngettext(
            "Honour %(count)d request to stop", "Honour %(count)d requests to stop", waiting["count"]
        ) % {"count": waiting["count"]}  # fmt: skip
        text = _("Every wash obeys them at once. Whatever you call from without a wash must obey them by this day.")
        yield Duty("stops", title, text, waiting["first"], "evidence:stops")


def _contests(organisation: Organisation, at: datetime) -> Iterator[Duty]:
    waiting = open_contests(organisation).aggregate(first=Min("answer_by"), count=Count("pk"))
    if waiting["count"]:
        title = ngettext(
            "Answer %(count)d contested claim", "Answer %(count)d contested claims", waiting["count"]
        ) % {"count": waiting["count"]}  # fmt: skip
        text = _("Until you answer with proof, the claim counts as none; after this day it is struck out.")
        due = waiting["first"]
        yield Duty("contests", title, text, due.date() if hasattr(due, "date") else due, "evidence:contests")
