"""Days and moments in the reader's language, and amounts, which read the same in all."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import pgettext

from quietline.law.money import Money

if TYPE_CHECKING:
    import datetime

__all__ = ["as_day", "as_moment", "as_money"]


def as_day(day: datetime.date | None) -> str:
    """Write a day as the reader's language has it: ``22 November 2026``, ``2026年11月22日``. Nothing stays nothing."""
    return date_format(day, pgettext("date format", "j F Y"), use_l10n=False) if day else ""


def as_moment(moment: datetime.datetime | None) -> str:
    """Write a moment in the site's time zone, which is named: ``22 November 2026, 09:05 UTC``. Nothing stays nothing."""
    if moment is None:
        return ""
    local = timezone.localtime(moment)
    return date_format(local, pgettext("date format", "j F Y, H:i T"), use_l10n=False)


def as_money(amount: Decimal | str, currency: str) -> str:
    """Write an amount as the law's tables write theirs: ``USD 14,850.00``, ``JPY 5,000``."""
    return str(Money(Decimal(amount), currency))
