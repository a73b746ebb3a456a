"""Ask for cases: the queue, those about an organisation, those of an agency, and what may be published."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db.models import Exists, F, OuterRef, Q, Sum

from quietline.numbering import number_of
from quietline.web.accounts.models import Membership, Organisation, Person
from quietline.web.base.words import as_money
from quietline.web.complaints.models import Complaint
from quietline.web.enforcement.change_models import AppealChange
from quietline.web.enforcement.clocks import appeal_clock
from quietline.web.enforcement.models import Case
from quietline.web.enforcement.outcome_models import Finding, Penalty, Referral
from quietline.web.enforcement.stages import ROLES_OF, State, Who
from quietline.web.enforcement.striking import counting, strikers_of
from quietline.web.inquiries.models import Inquiry
from quietline.web.seals.models import Appeal, Seal
from quietline.web.seals.queries import seals_of
from quietline.web.sellers.queries import who_answers_for

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from django.db.models import QuerySet

    from quietline.web.complaints.cluster_models import Cluster

__all__ = [
    "Outcome", "about", "appeal_until", "appeals_in", "complaints_of_cluster", "complaints_of_references", "is_final",
    "officers", "open_amount", "outcomes", "owed", "proposers_of", "queue", "referred_to", "suggested_caller",
]  # fmt: skip

_OPEN_APPEALS = (Appeal.State.UNCONFIRMED, Appeal.State.RECEIVED, Appeal.State.DECIDING)
_JOINABLE = (Complaint.State.RECEIVED, Complaint.State.VALIDATED)


def officers() -> QuerySet[Person]:
    """Give the people to whom cases can be given, by name."""
    roles = Membership.objects.filter(
        person=OuterRef("pk"), ended_at=None, role__in=ROLES_OF[Who.OFFICER],
        organisation__kind=Organisation.Kind.AUTHORITY, organisation__state=Organisation.State.VERIFIED,
    )  # fmt: skip
    return Person.objects.filter(Exists(roles), is_active=True).order_by("name", "pk")


def queue(
    *, at: datetime, state: str = "", section: str = "", assigned_to: Person | None = None, only: str = ""
) -> QuerySet[Case]:
    """Give the cases that wait for somebody, those first whose time ends first.

    Args:
        at: now.
        state: one of :class:`~quietline.web.enforcement.stages.State`, ``all``, or empty for all that are not closed.
        section: only of this one.
        assigned_to: only theirs.
        only: ``overdue``, ``hold``, ``free`` (nobody has it), or empty.
    """
    rows = Case.objects.select_related("caller", "profits", "assigned_to")
    if state in State.values:
        rows = rows.filter(state=state)
    elif state != "all":
        rows = rows.exclude(state=State.CLOSED)
    if section:
        rows = rows.filter(section=section)
    if assigned_to is not None:
        rows = rows.filter(assigned_to=assigned_to)
    if only == "overdue":
        rows = rows.filter(due_at__lt=at).filter(Q(held_until=None) | Q(held_until__lte=at))
    elif only == "hold":
        rows = rows.filter(held_until__gt=at)
    elif only == "free":
        rows = rows.filter(assigned_to=None)
    return rows.order_by(F("due_at").asc(nulls_last=True), "pk")


def about(organisation: Organisation) -> QuerySet[Case]:
    """Give the cases against an organisation that it knows of: since it was asked, or something was found."""
    asked = Inquiry.objects.filter(subject=OuterRef("reference"), to=organisation)
    found = Finding.objects.filter(
        case=OuterRef("pk"), organisation=organisation, state__in=(Finding.State.CONFIRMED, Finding.State.ANNULLED)
    )
    rows = Case.objects.filter(Q(caller=organisation) | Q(profits=organisation)).filter(Exists(asked) | Exists(found))
    return rows.select_related("data_key", "caller", "profits").order_by("-opened_at", "-pk")


def referred_to(person: Person) -> QuerySet[Referral]:
    """Give the packages for the agencies that somebody belongs to, the newest first."""
    mine = Membership.objects.filter(person=person, ended_at=None, organisation__kind=Organisation.Kind.AGENCY)
    rows = Referral.objects.filter(to_organisation__in=mine.values("organisation"))
    return rows.select_related("case__data_key", "to_organisation", "received_by").order_by("-pk")


def appeals_in(case: Case) -> list[Appeal]:
    """Give the appeals against what was decided in a case, the newest first."""
    references = [
        *case.findings.values_list("reference", flat=True), *case.measures.values_list("reference", flat=True),
        *Penalty.objects.filter(finding__case=case).values_list("reference", flat=True),
        *seals_of(case.reference).values_list("reference", flat=True),
    ]  # fmt: skip
    rows = Appeal.objects.filter(subject__in=references).exclude(state=Appeal.State.UNCONFIRMED)
    return list(rows.select_related("organisation").order_by("-pk"))


def proposers_of(case: Case) -> set[int]:
    """Give who proposed what waits to be confirmed in a case, or struck calls out of it."""
    findings = Finding.objects.filter(case=case, state=Finding.State.PROPOSED)
    penalties = Penalty.objects.filter(finding__case=case, state=Penalty.State.PROPOSED)
    changes = AppealChange.objects.filter(case=case, state=AppealChange.State.PROPOSED)
    proposed = (*findings.values_list("proposed_by", flat=True), *penalties.values_list("proposed_by", flat=True))
    return {*proposed, *changes.values_list("proposed_by", flat=True), *strikers_of(list(findings))}


def complaints_of_cluster(cluster: Cluster, *, most: int) -> list[Complaint]:
    """Give the reports of a cluster that are not part of a case yet, the oldest first, at most so many."""
    rows = Complaint.objects.filter(state__in=_JOINABLE, report__country=cluster.country)
    if cluster.members.exists():
        rows = rows.filter(report__memberships__cluster=cluster)
    elif cluster.first_key is not None:
        last = cluster.first_key if cluster.last_key is None else cluster.last_key
        rows = rows.filter(report__caller_key__gte=cluster.first_key, report__caller_key__lte=last)
    else:
        return []
    return list(rows.select_related("report", "promoted_organisation", "data_key").order_by("pk")[:most])


def complaints_of_references(references: Sequence[str]) -> tuple[list[Complaint], list[str]]:
    """Give the reports of some references, in their order, and the references that there is no report of."""
    rows = Complaint.objects.filter(reference__in=references).select_related("report", "promoted_organisation", "data_key")
    found = {row.reference: row for row in rows}
    wanted = list(dict.fromkeys(references))
    return [found[name] for name in wanted if name in found], [name for name in wanted if name not in found]


def suggested_caller(keys: Sequence[int], *, at: datetime) -> Organisation | None:
    """Give the organisation that answers for calling numbers, where there is just one; confirmed by the operator."""
    named = {row.organisation_id: row.organisation for key in keys[:20] for row in who_answers_for(key, at=at)}
    return next(iter(named.values())) if len(named) == 1 else None


def appeal_until(row: Finding | Penalty) -> datetime | None:
    """Give the end of the time to appeal against a finding or penalty; None where it was not decided on.

    It is kept since the day of the decision; for decisions from before that was kept it is reckoned by the law of their day.
    """
    if row.appeal_until is not None or row.decided_at is None:
        return row.appeal_until
    case = row.case if isinstance(row, Finding) else row.finding.case
    return appeal_clock(case, at=row.decided_at).due_at


def owed(penalty: Penalty) -> Decimal:
    """Give what a penalty demands: the least of what was imposed, settled at, and left by an appeal; 0 where annulled."""
    if penalty.state == Penalty.State.ANNULLED:
        return Decimal(0)
    known = (penalty.amount, penalty.settled_amount, penalty.reduced_amount)
    return min(amount for amount in known if amount is not None)


def open_amount(penalty: Penalty) -> Decimal:
    """Give what is still to be paid; below zero where too much came in and is to be returned."""
    return owed(penalty) - (penalty.payments.aggregate(paid=Sum("amount"))["paid"] or Decimal(0))


def is_final(finding: Finding, *, at: datetime) -> bool:
    """Say whether a finding is final: confirmed, the time to appeal is over, and no appeal waits for its answer."""
    until = appeal_until(finding)
    if finding.state != Finding.State.CONFIRMED or until is None or at < until:
        return False
    about_it = [finding.reference, *(row.reference for row in finding.penalties.all())]
    return not Appeal.objects.filter(subject__in=about_it, state__in=_OPEN_APPEALS).exists()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is published of a final finding. Nothing of those who reported.

    Attributes:
        finding: which.
        amounts: penalties that stand and against which the time to appeal is over, as ``USD 9,000.00``: what was settled at,
            or what an appeal left, where it was.
        calls: how many calls it rests on; those that were struck do not count.
        numbers: calling numbers, only where they stand in the register of sealed numbers for this case.
    """

    finding: Finding
    amounts: tuple[str, ...]
    calls: int
    numbers: tuple[str, ...]


def outcomes(*, at: datetime) -> list[Outcome]:
    """Give what may be published, the newest first."""
    over = Q(appeal_until__lte=at) | Q(appeal_until=None)
    rows = Finding.objects.filter(over, state=Finding.State.CONFIRMED)
    rows = rows.select_related("case", "organisation").prefetch_related("penalties").order_by("-decided_at", "-pk")
    return [_outcome(row, at) for row in rows if is_final(row, at=at)]


def _outcome(finding: Finding, at: datetime) -> Outcome:
    standing = (Penalty.State.IMPOSED, Penalty.State.SETTLED, Penalty.State.PAID)
    amounts = tuple(
        as_money(owed(row), row.currency) for row in finding.penalties.all()
        if row.state in standing and (until := appeal_until(row)) is not None and until <= at
    )  # fmt: skip
    sealed = seals_of(finding.case.reference).filter(state=Seal.State.SEALED) if finding.party == "caller" else ()
    numbers = tuple(
        number_of(row.first_key) if row.first_key == row.last_key
        else f"{number_of(row.first_key)} – {number_of(row.last_key)}"
        for row in sealed
    )  # fmt: skip
    return Outcome(finding, amounts, sum(count for _day, count in counting(finding)), numbers)
