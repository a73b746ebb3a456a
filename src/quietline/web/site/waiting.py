"""How much waits at a desk: counts that an index answers, and none beyond :data:`MOST`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from django.db.models import Q

from quietline.web.complaints.models import Complaint
from quietline.web.enforcement import queries as enforcement
from quietline.web.enforcement.outcome_models import LetterTemplate
from quietline.web.evidence.queries import open_contests
from quietline.web.inquiries.models import Inquiry
from quietline.web.inquiries.states import OPEN
from quietline.web.seals import queries as seal_queries
from quietline.web.seals.models import Trust
from quietline.web.sellers.models import Joining
from quietline.web.sellers.queries import waiting_for_operator
from quietline.web.statistics import queries as statistics
from quietline.web.subscriptions.models import Order
from quietline.web.subscriptions.money_models import Payment
from quietline.web.washing.models import ProbingAlert

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from django.db.models import QuerySet

    from quietline.web.accounts.models import Organisation, Person

__all__ = ["MOST", "NOTHING", "Counter", "Waiting", "as_text"]

MOST = 999
"""More than so many are not counted to the end: a queue of a million would make the page slow, and say no more."""


class Waiting(NamedTuple):
    """How many wait, and of how many the time is over; both up to one more than :data:`MOST`."""

    open: int
    overdue: int = 0


NOTHING = Waiting(0)
Counter: TypeAlias = "Callable[[Organisation, Person, datetime], Waiting]"
"""Counts for an organisation and a person, at a moment."""


def as_text(count: int) -> str:
    """Write a count; nothing for none, ``999+`` for more than are counted."""
    return "" if count == 0 else f"{MOST}+" if count > MOST else str(count)


def _upto(rows: QuerySet[Any]) -> int:
    return rows.order_by()[: MOST + 1].count()


def reports(organisation: Organisation, person: Person, at: datetime) -> Waiting:
    """Count the reports that nobody has taken up or answered."""
    rows = Complaint.objects.filter(state__in=(Complaint.State.RECEIVED, Complaint.State.VALIDATED))
    return Waiting(_upto(rows), _upto(rows.filter(due_at__lte=at)))


def cases(organisation: Organisation, person: Person, at: datetime) -> Waiting:
    """Count the cases that are not closed."""
    return Waiting(_upto(enforcement.queue(at=at)), _upto(enforcement.queue(at=at, only="overdue")))


def templates(organisation: Organisation, person: Person, at: datetime) -> Waiting:
    """Count the letters that wait to be reviewed by somebody else."""
    return Waiting(_upto(LetterTemplate.objects.filter(reviewed_at=None).exclude(written_by=person)))


def sent_inquiries(organisation: Organisation, person: Person, at: datetime) -> Waiting:
    """Count what an authority has asked and nobody has answered."""
    rows = Inquiry.objects.filter(Q(office=organisation) | Q(office=None), state__in=OPEN)
    return Waiting(0, _upto(rows.filter(due_at__lte=at)))


def seals(organisation: Organisation, person: Person, at: datetime) -> Waiting:
    """Count the seals that wait to be confirmed, and the orders that operators are late with."""
    return Waiting(_upto(seal_queries.proposals()), _upto(seal_queries.overdue_orders(at)))


def appeals(organisation: Organisation, person: Person, at: datetime) -> Waiting:
    """Count the appeals that wait for an answer."""
    rows = seal_queries.open_appeals()
    return Waiting(_upto(rows), _upto(rows.filter(due_at__lte=at)))


def trusts(organisation: Organisation, person: Person, at: datetime) -> Waiting:
    """Count the applications to be trusted, and the trusts whose day of review is past."""
    rows = Trust.objects.filter(state__in=(Trust.State.APPLIED, Trust.State.CHECKED))
    late = Trust.objects.filter(state=Trust.State.TRUSTED, review_date__lt=at.date())
    return Waiting(_upto(rows), _upto(late))


def joinings(organisation: Organisation, person: Person, at: datetime) -> Waiting:
    """Count the organisations that wait to be verified."""
    return Waiting(_upto(Joining.objects.filter(state=Joining.State.WAITING)))


def alerts(organisation: Organisation, person: Person, at: datetime) -> Waiting:
    """Count the organisations that are slowed down at present."""
    return Waiting(_upto(ProbingAlert.objects.filter(lifted_at=None, slowed_until__gt=at)))


def payments(organisation: Organisation, person: Person, at: datetime) -> Waiting:
    """Count the payments that nobody has dealt with."""
    return Waiting(_upto(Payment.objects.filter(order=None, returned_at=None)))


def drafts(organisation: Organisation, person: Person, at: datetime) -> Waiting:
    """Count the data books that wait for somebody else to publish them."""
    return Waiting(_upto(statistics.drafts().exclude(by=person)))


def inbox(organisation: Organisation, person: Person, at: datetime) -> Waiting:
    """Count what an organisation is asked and has not answered."""
    rows = Inquiry.objects.filter(to=organisation, state__in=OPEN, sent_at__lte=at)
    return Waiting(_upto(rows), _upto(rows.filter(due_at__lte=at)))


def referrals(organisation: Organisation, person: Person, at: datetime) -> Waiting:
    """Count the packages that an agency has not fetched."""
    return Waiting(_upto(enforcement.referred_to(person).filter(to_organisation=organisation, received_at=None)))


def contests(organisation: Organisation, person: Person, at: datetime) -> Waiting:
    """Count the claims that people contest and that wait for an answer."""
    rows = open_contests(organisation)
    return Waiting(_upto(rows), _upto(rows.filter(answer_by__lte=at)))


def offers(organisation: Organisation, person: Person, at: datetime) -> Waiting:
    """Count the mandates that clients offer and nobody has accepted or declined."""
    return Waiting(_upto(organisation.mandates_held.filter(accepted_at=None, ended_at=None)))


def unpaid(organisation: Organisation, person: Person, at: datetime) -> Waiting:
    """Count the orders that wait to be paid."""
    return Waiting(_upto(Order.objects.filter(organisation=organisation, state=Order.State.OPEN)))


def declarations(organisation: Organisation, person: Person, at: datetime) -> Waiting:
    """Count the numbers that callers declared and that wait for the operator's word."""
    return Waiting(_upto(waiting_for_operator(organisation)))
