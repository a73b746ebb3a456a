"""Open cases, join complaints to them, give them to somebody, put them on hold, close them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.db.models import Min
from django.utils.translation import gettext as _

from quietline.errors import ConflictError, NotProvenError, OperationError
from quietline.web.accounts.models import Membership, Organisation, Role
from quietline.web.base.words import as_money
from quietline.web.complaints import taking
from quietline.web.complaints.cluster_models import Cluster
from quietline.web.complaints.models import Complaint
from quietline.web.enforcement.letters import send_if_ready
from quietline.web.enforcement.models import Case, CaseAct, CaseComplaint, CaseNumber
from quietline.web.enforcement.outcome_models import Finding, Penalty
from quietline.web.enforcement.queries import open_amount
from quietline.web.enforcement.sealing import new_key
from quietline.web.enforcement.stages import Act, State
from quietline.web.enforcement.stepping import step
from quietline.web.inquiries.models import Inquiry
from quietline.web.proofs.operations import write_leaves
from quietline.web.publishing.operations import new_reference
from quietline.web.sellers.acts import cleaned

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from django.db.models import QuerySet

    from quietline.web.accounts.models import Person

__all__ = [
    "MOST_COMPLAINTS", "UNPAID", "Span", "add_complaints", "assign", "close_case", "hold_case", "is_officer", "name_parties",
    "open_case", "open_penalties", "release_case", "remove_complaint", "reopen_case",
]  # fmt: skip

MOST_COMPLAINTS = 500
"""Complaints that are joined at once; more of them in further goes."""
MOST_REASON = 2_000
"""Characters of a reason."""
UNPAID = (Case.Outcome.COLLECTION, Case.Outcome.IRRECOVERABLE)
"""Outcomes of a case whose penalty is not paid, and which say why."""
Span = tuple[int, int]
"""First and last key of calling numbers."""
_OFFICERS = (Role.INVESTIGATOR, Role.SUPERVISOR)
_JOINABLE = (Complaint.State.RECEIVED, Complaint.State.VALIDATED)


def is_officer(person: Person) -> bool:
    """Say whether somebody works on cases: an investigator or a supervisor of a verified authority."""
    return Membership.objects.filter(
        person=person, person__is_active=True, ended_at=None, role__in=_OFFICERS,
        organisation__kind=Organisation.Kind.AUTHORITY, organisation__state=Organisation.State.VERIFIED,
    ).exists()  # fmt: skip


@transaction.atomic
def open_case(
    *,
    title: str,
    country: str,
    by: Person | None,
    at: datetime,
    kind: str = Case.Kind.CALLS,
    complaints: Sequence[Complaint] = (),
    numbers: Iterable[Span] = (),
    cluster: Cluster | None = None,
    caller: Organisation | None = None,
    profits: Organisation | None = None,
    section: str = "",
) -> Case:
    """Open a case.

    Args:
        title: what it is called, at most 120 characters; without names of people and without numbers.
        country: whose law counts, ISO 3166.
        by: an officer; None where a routing rule opens it.
        at: now.
        kind: one of :class:`Case.Kind`.
        complaints: that it takes in, at most 500.
        numbers: calling numbers that it is about.
        cluster: that the numbers came from.
        caller: the organisation that calls, where it is known.
        profits: on whose behalf, where it is known.
        section: who of the authority deals with such cases.

    Raises:
        NotProvenError: ``case.not-yours``.
        OperationError: ``case.title``, ``case.many``.
        ConflictError: ``case.complaint-taken``: one of the complaints is part of a case already, or settled.
    """
    _check_officer(by)
    case = Case(
        reference=new_reference("CS"), kind=Case.Kind(kind), country=country, caller=caller, profits=profits,
        title=cleaned(title, most=120, code="case.title"), section=section[:40], opened_by=by, opened_at=at,
    )  # fmt: skip
    case.data_key = new_key(case, at=at)
    case.save(force_insert=True)
    row = CaseAct.objects.create(case=case, number=0, act=Act.OPENED, to_state=State.OPEN, by=by, at=at)
    write_leaves("case-act", [row], at=at)
    if cluster is not None:
        Cluster.objects.filter(pk=cluster.pk, state=Cluster.State.OPEN).update(state=Cluster.State.IN_CASE)
    spans = sorted(set(numbers))
    CaseNumber.objects.bulk_create(
        CaseNumber(case=case, first_key=first, last_key=last, cluster=cluster, at=at) for first, last in spans
    )
    _join(case, complaints, by=by, at=at)
    return case


@transaction.atomic
def add_complaints(*, case: Case, complaints: Sequence[Complaint], by: Person | None, at: datetime) -> None:
    """Take more complaints into a case; ``by`` is None where a routing rule does.

    Raises:
        OperationError: ``case.many``.
        ConflictError: ``case.complaint-taken``, and those of :func:`~quietline.web.enforcement.stepping.step`.
        NotProvenError: ``case.not-yours``.
    """
    act = Act.ROUTE if by is None else Act.ADD
    step(case=case, act=act, by=by, at=at, about=f"{len(complaints)}")
    _join(case, complaints, by=by, at=at)


@transaction.atomic
def remove_complaint(*, case: Case, complaint: Complaint, by: Person, at: datetime) -> None:
    """Take a complaint out of a case; raises as :func:`add_complaints`."""
    step(case=case, act=Act.ADD, by=by, at=at, about=f"-{complaint.reference}")
    if not CaseComplaint.objects.filter(case=case, complaint=complaint, removed_at=None).update(removed_at=at):
        raise ConflictError(_("This complaint is not part of the case."), code="case.complaint-taken")
    taking.leave_case(complaint=complaint, by=by, at=at)


@transaction.atomic
def name_parties(*, case: Case, caller: Organisation | None, profits: Organisation | None, by: Person, at: datetime) -> None:
    """Say who calls and on whose behalf, as far as it is known now.

    Raises:
        ConflictError: ``case.party-found``: a finding rests on who it was; and as :func:`add_complaints`.
        NotProvenError: ``case.not-yours``.
    """
    settled = Finding.objects.filter(case=case, state=Finding.State.CONFIRMED).exists()
    if settled and (caller, profits) != (case.caller, case.profits):
        raise ConflictError(
            _("A finding of this case names who it was."), advice=_("Open another case for somebody else."),
            code="case.party-found",
        )  # fmt: skip
    about = "/".join(party.code if party else "-" for party in (caller, profits))
    step(case=case, act=Act.ADD, by=by, at=at, about=about, changes={"caller": caller, "profits": profits})


def assign(*, case: Case, to: Person, by: Person, at: datetime, section: str | None = None) -> None:
    """Give a case to an officer. Another section does not take it from whoever has it: that is done here, by name.

    Raises:
        OperationError: ``case.assignee``: ``to`` is no officer.
        ConflictError: see :func:`~quietline.web.enforcement.stepping.step`.
        NotProvenError: ``case.not-yours``.
    """
    if not is_officer(to):
        raise OperationError(_("Cases are given to investigators and supervisors."), code="case.assignee")
    changes: dict[str, object] = {"assigned_to": to}
    if section is not None:
        changes["section"] = section[:40]
    step(case=case, act=Act.ASSIGN, by=by, at=at, about=f"person {to.pk}", changes=changes)


def hold_case(*, case: Case, until_at: datetime, reason: str, by: Person, at: datetime) -> None:
    """Put a case on hold until a moment, for a reason; the hold ends by itself.

    Raises:
        OperationError: ``case.hold-until``, ``case.reason``.
        ConflictError: see :func:`~quietline.web.enforcement.stepping.step`.
        NotProvenError: ``case.not-yours``.
    """
    if until_at <= at:
        raise OperationError(_("A hold ends later than now."), code="case.hold-until")
    words = cleaned(reason, most=200, code="case.reason")
    step(
        case=case, act=Act.HOLD, by=by, at=at, words=words, changes={"held_until": until_at, "held_reason": words}
    )  # fmt: skip


def release_case(*, case: Case, by: Person, at: datetime) -> None:
    """Take a case off hold; raises as :func:`hold_case`."""
    step(case=case, act=Act.RELEASE, by=by, at=at, changes={"held_until": None, "held_reason": ""})


@transaction.atomic
def close_case(*, case: Case, outcome: str, words: dict[str, str], reason: str, by: Person, at: datetime) -> None:
    """Close a case, and answer everybody who complained.

    Args:
        case: which.
        outcome: one of :class:`Case.Outcome`.
        words: what the reporters are told, by language.
        reason: for the file.
        by: a supervisor.
        at: now.

    Raises:
        OperationError: ``case.outcome``, ``case.reason``, ``complaint.words``.
        ConflictError: ``case.outcome``: a breach without a finding, or the other way round; ``case.unpaid``: a penalty is
            open and the outcome does not say what becomes of it, or the other way round.
        NotProvenError: ``case.not-yours``.
    """
    if outcome not in Case.Outcome.values:
        raise OperationError(_("Say what came of the case."), code="case.outcome")
    has_finding = Finding.objects.filter(case=case, state=Finding.State.CONFIRMED).exists()
    if has_finding != (outcome in (Case.Outcome.BREACH, *UNPAID)) and outcome != Case.Outcome.REFERRED:
        raise ConflictError(
            _("The outcome and the findings of the case do not go together."),
            advice=_("A breach needs a confirmed finding; without one choose another outcome."), code="case.outcome",
        )  # fmt: skip
    unpaid = list(open_penalties(case).select_related("finding"))
    if bool(unpaid) != (outcome in UNPAID):
        raise ConflictError(
            _("A penalty of this case is not paid.") if unpaid else _("No penalty of this case is open."),
            advice=_("Book what came in, or choose the outcome that says what becomes of it.") if unpaid
            else _("Choose another outcome."), code="case.unpaid",
        )  # fmt: skip
    changes = {"outcome": outcome, "closed_at": at, "stage": "", "due_at": None}
    step(case=case, act=Act.CLOSE, by=by, at=at, about=outcome, words=cleaned(reason, most=MOST_REASON, code="case.reason"),
         changes=changes)  # fmt: skip
    for joined in _joined(case):
        if joined.complaint.state == Complaint.State.IN_CASE:
            taking.answer(complaint=joined.complaint, words_by_language=words, by=by, at=at, reason=outcome)
    heard = Inquiry.objects.filter(subject=case.reference, kind=Inquiry.Kind.REPLY).values_list("to", flat=True)
    owing = {row.finding.organisation_id: row for row in unpaid}
    for party in {party.pk: party for party in (case.caller, case.profits) if party is not None}.values():
        if party.pk in set(heard):  # who was never told of a case is not told that it is over
            row, code, facts = owing.get(party.pk), "closed", {}
            if row is not None:
                code, facts = "closed-unpaid", {"penalty": row.reference, "open": as_money(open_amount(row), row.currency)}
            send_if_ready(case=case, code=code, organisation=party, facts=facts, by=by, at=at)


def open_penalties(case: Case) -> QuerySet[Penalty]:
    """Give the penalties of a case that are not paid: what is left of them is open."""
    states = (Penalty.State.IMPOSED, Penalty.State.SETTLED)
    return Penalty.objects.filter(finding__case=case, state__in=states).order_by("pk")


def reopen_case(*, case: Case, reason: str, by: Person, at: datetime) -> None:
    """Open a closed case again; complaints that were answered stay answered. Raises as :func:`hold_case`."""
    words = cleaned(reason, most=MOST_REASON, code="case.reason")
    step(case=case, act=Act.REOPEN, by=by, at=at, words=words, changes={"outcome": "", "closed_at": None})


def _join(case: Case, complaints: Sequence[Complaint], *, by: Person | None, at: datetime) -> None:
    if len(complaints) > MOST_COMPLAINTS:
        raise OperationError(
            _("At most %(most)s complaints are joined at once.") % {"most": MOST_COMPLAINTS},
            advice=_("Join the others in further goes."), code="case.many",
        )  # fmt: skip
    for complaint in complaints:
        if complaint.state not in _JOINABLE:
            raise _taken(complaint)
        try:
            with transaction.atomic():
                CaseComplaint.objects.create(case=case, complaint=complaint, at=at)
        except IntegrityError as error:
            raise _taken(complaint) from error
        taking.put_in_case(complaint=complaint, case_reference=case.reference, by=by, at=at)
    earliest = _joined(case).aggregate(earliest=Min("complaint__due_at"))["earliest"]
    case.stage, case.due_at = ("answer", earliest) if earliest else ("", None)
    Case.objects.filter(pk=case.pk).update(stage=case.stage, due_at=case.due_at)


def _joined(case: Case) -> QuerySet[CaseComplaint]:
    return CaseComplaint.objects.filter(case=case, removed_at=None).select_related(
        "complaint__data_key", "complaint__report"
    )


def _taken(complaint: Complaint) -> ConflictError:
    return ConflictError(
        _("The report %(reference)s is part of a case already, or settled.") % {"reference": complaint.reference},
        advice=_("Leave it out, and try again."), code="case.complaint-taken",
    )  # fmt: skip


def _check_officer(by: Person | None) -> None:
    if by is not None and not is_officer(by):
        raise NotProvenError(_("Cases are opened by investigators and supervisors."), code="case.not-yours")
