"""Tell organisations what is new, what is due soon and what is overdue: once each, many in one letter."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q

from quietline.web.inquiries.letters import tell_answerers, tell_sender
from quietline.web.inquiries.models import Inquiry
from quietline.web.inquiries.states import OPEN

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from quietline.web.accounts.models import Organisation, Person

__all__ = ["remind"]

_MOST = 5_000  # rows of one run; the next one goes on


def remind(*, at: datetime) -> int:
    """Put letters about new, nearly due and overdue inquiries into the outbox; give how many.

    Safe to be run by two workers at once. What was answered meanwhile is not written about; who was told that something is
    overdue is not reminded afterwards that it will be due.
    """
    return _tell_new(at=at) + _tell_near(at=at) + _tell_overdue(at=at)


@transaction.atomic
def _tell_new(*, at: datetime) -> int:
    rows = _held(Q(told_at=None, sent_at__lte=at))
    Inquiry.objects.filter(pk__in=[row.pk for row in rows]).update(told_at=at)
    return _write("inquiry-sent", [row for row in rows if row.state in OPEN], at=at)


@transaction.atomic
def _tell_near(*, at: datetime) -> int:
    near = Q(state__in=OPEN, remind_at__lte=at, due_at__gt=at, reminded_at=None)
    rows = _held(near)
    Inquiry.objects.filter(pk__in=[row.pk for row in rows]).update(reminded_at=at)
    return _write("inquiry-near", rows, at=at)


@transaction.atomic
def _tell_overdue(*, at: datetime) -> int:
    rows = _held(Q(state__in=OPEN, due_at__lte=at, overdue_told_at=None))
    Inquiry.objects.filter(pk__in=[row.pk for row in rows]).update(overdue_told_at=at)
    letters = _write("inquiry-overdue", rows, at=at)
    sent: dict[tuple[Person, Organisation], int] = defaultdict(int)
    for row in rows:
        if row.by is not None and row.office is not None:
            sent[row.by, row.office] += 1
    return letters + sum(tell_sender(by, office, number=number, at=at) for (by, office), number in sent.items())


def _held(wanted: Q) -> list[Inquiry]:
    """Give the rows that nobody else is writing about at this moment."""
    rows = Inquiry.objects.select_for_update(of=("self",), skip_locked=True).filter(wanted)
    return list(rows.select_related("to", "by", "office").order_by("pk")[:_MOST])


def _write(template: str, rows: Iterable[Inquiry], *, at: datetime) -> int:
    each: dict[Organisation, list[Inquiry]] = defaultdict(list)
    for row in rows:
        each[row.to].append(row)
    letters = 0
    for organisation, found in each.items():
        facts = {"number": str(len(found))}
        if template != "inquiry-overdue":
            facts["moment"] = min(row.due_at for row in found).isoformat()
        letters += tell_answerers(organisation, template, at=at, facts=facts)
    return letters
