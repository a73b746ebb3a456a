"""What has to be done from time to time: remind of years that end, cancel what was not paid, forget payers' words."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from quietline.web.accounts.models import Organisation
from quietline.web.subscriptions.letters import write_to
from quietline.web.subscriptions.models import Subscription
from quietline.web.subscriptions.money_models import Payment
from quietline.web.subscriptions.ordering import expire_orders
from quietline.web.subscriptions.queries import next_subscription

if TYPE_CHECKING:
    from datetime import date, datetime

__all__ = ["REMINDER_DAYS", "forget_words", "look_after", "send_reminders"]

REMINDER_DAYS = (60, 30, 7)
"""So many days before the end of a year its organisation is reminded."""
_WORDS_KEPT = timedelta(days=90)


def look_after(*, at: datetime) -> None:
    """Do all that is due; safe to be done twice, and by two workers at once. Once an hour is enough."""
    expire_orders(at=at)
    send_reminders(at=at)
    forget_words(at=at)


def send_reminders(*, at: datetime) -> int:
    """Write to organisations whose year ends in 60, 30 or 7 days and is not renewed; give how many letters.

    Who was not reminded in time (the worker stood still) gets the letter that is due now, and not the earlier ones too.
    """
    on = at.astimezone(UTC).date()
    soon = Subscription.objects.filter(
        ended_date=None, until_date__gt=on, until_date__lte=on + timedelta(days=REMINDER_DAYS[0]), from_date__lte=on
    ).exclude(organisation__state=Organisation.State.CLOSED)
    return sum(_remind(pk, on, at) for pk in soon.values_list("pk", flat=True))


@transaction.atomic
def _remind(pk: int, on: date, at: datetime) -> int:
    found = (
        Subscription.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(pk=pk)
        .select_related("organisation")
        .first()
    )
    if found is None or next_subscription(found.organisation, country=found.country, on=on) is not None:
        return 0
    due = min(days for days in REMINDER_DAYS if (found.until_date - on).days <= days)
    if found.reminded_days is not None and found.reminded_days <= due:
        return 0
    Subscription.objects.filter(pk=pk).update(reminded_days=due)
    return write_to(found.organisation, "access-ends", facts={"until_day": found.until_date.isoformat()}, at=at)


def forget_words(*, at: datetime) -> int:
    """Empty what payers wrote 90 days after a payment was dealt with; give how many."""
    done = Payment.objects.filter(at__lt=at - _WORDS_KEPT).exclude(text="")
    return done.exclude(order=None, returned_at=None).update(text="")
