"""The two registers of a country that operators follow: sealed numbers, trusted numbers. What stands there, stands here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from quietline.web.publishing.bulk import end_entries, list_numbers, standing_entries
from quietline.web.publishing.models import Entry, Register
from quietline.web.publishing.operations import found_register
from quietline.web.subscribers.numbers import listed_line

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["end_numbers", "enter_numbers", "keys_standing", "register_of"]

_TITLES = {Register.Kind.SEALED: "Sealed numbers", Register.Kind.TRUSTED: "Trusted numbers"}


def register_of(kind: str, country: str, *, at: datetime) -> Register:
    """Give the country's register of sealed or of trusted numbers, with its feed; make it where there is none."""
    kept = Register.objects.filter(kind=kind, country=country, owner=None)
    found = kept.first()
    if found is not None:
        return found
    try:
        with transaction.atomic():
            return found_register(
                code=f"{kind}-{country.lower()}", kind=kind, title=_TITLES[Register.Kind(kind)], country=country, at=at
            )
    except IntegrityError:  # made by somebody else at this very moment
        return kept.get()


def enter_numbers(kind: str, country: str, first: int, last: int, *, at: datetime) -> int:
    """Let the numbers of a range stand in a register from now on; give how many did not stand there before.

    Runs in the transaction of the act. Their since-day is that of the range's first number's place.
    """
    register = register_of(kind, country, at=at)
    known = {entry.key for entry in standing_entries(range(first, last + 1), kinds=(kind,))}
    day = listed_line(first).local_date(at)
    days = {key: day for key in range(first, last + 1) if key not in known}
    list_numbers(register, days, assurance=Entry.Assurance.OWNER, at=at)
    return len(days)


def end_numbers(kind: str, first: int, last: int, *, at: datetime) -> int:
    """Let the numbers of a range stand in a register no longer; give how many did."""
    entries = standing_entries(range(first, last + 1), kinds=(kind,))
    end_entries([(entry, Entry.EndReason.LAPSED) for entry in entries], at=at)
    return len(entries)


def keys_standing(kind: str, first: int, last: int) -> int:
    """Count the numbers of a range that stand in a register now."""
    return Entry.objects.filter(
        register__kind=kind, register__owner=None, key__gte=first, key__lte=last, ended_at=None
    ).count()  # fmt: skip
