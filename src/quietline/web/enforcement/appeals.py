"""Appeals against findings, penalties and measures: where one is granted, what it was against falls in the same transaction.

The room of seals receives and decides appeals; here stands what follows. What one that is granted in part changes is
proposed beforehand, and happens with it: :mod:`quietline.web.enforcement.changing`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from quietline.errors import OperationError
from quietline.web.base.words import as_money
from quietline.web.complaints import taking
from quietline.web.complaints.models import Complaint
from quietline.web.enforcement import changing, measures
from quietline.web.enforcement.clocks import zone_of_case
from quietline.web.enforcement.letters import send_if_ready
from quietline.web.enforcement.models import Case, CaseComplaint
from quietline.web.enforcement.outcome_models import Finding, Measure, Penalty
from quietline.web.enforcement.queries import open_amount
from quietline.web.enforcement.stages import ON_APPEAL, Act, State
from quietline.web.enforcement.stepping import step
from quietline.web.seals import appeals as seals_appeals
from quietline.web.seals import operations as seals
from quietline.web.seals.models import Appeal, Seal
from quietline.web.seals.queries import seals_of

if TYPE_CHECKING:
    from datetime import datetime

    from quietline.web.accounts.models import Organisation, Person

__all__ = ["appeal_against", "decided", "subject_of"]

_STANDING = changing.STANDING
_REASON = "The decision that it rested on was set aside on appeal."
Subject = Finding | Penalty | Measure


def subject_of(kind: str, reference: str) -> Subject | None:
    """Give the finding, penalty or measure that an appeal is against; None where there is none that stands."""
    if kind == Appeal.Subject.FINDING:
        return Finding.objects.filter(reference=reference, state=Finding.State.CONFIRMED).first()
    if kind == Appeal.Subject.PENALTY:
        return Penalty.objects.filter(reference=reference, state__in=_STANDING).select_related("finding").first()
    if kind == Appeal.Subject.MEASURE:
        return Measure.objects.filter(reference=reference, ended_at=None).first()
    return None


def appeal_against(
    *, kind: str, reference: str, organisation: Organisation, words: str, language: str, at: datetime
) -> Appeal:
    """Appeal in the name of the organisation that a decision is against; the page has made sure of who acts for it.

    Everybody who did something with the case, but decide appeals in it, is barred from deciding.

    Raises:
        OperationError: ``appeal.subject``: nothing of the kind stands against this organisation; and those of
            :func:`quietline.web.seals.appeals.receive`.
        ConflictError: ``appeal.open``.
    """
    found = subject_of(kind, reference)
    against = found.finding.organisation_id if isinstance(found, Penalty) else getattr(found, "organisation_id", None)
    if found is None or against != organisation.pk:
        raise OperationError(_("Nothing of that kind stands against your organisation."), code="appeal.subject")
    case = found.finding.case if isinstance(found, Penalty) else found.case
    part = case.acts.exclude(act__in=ON_APPEAL)
    people = {pk for pk in part.values_list("by", flat=True) if pk is not None}
    return seals_appeals.receive(
        subject_kind=kind, subject=reference, words=words, language=language, country=case.country,
        zone=zone_of_case(case), at=at, organisation=organisation, conflicted=people,
    )  # fmt: skip


@transaction.atomic
def decided(appeal: Appeal) -> None:
    """Do what a granted appeal demands; entered in :data:`quietline.web.seals.appeals.DECIDED`.

    Raises:
        ConflictError: ``change.none``: it is granted in part, and nobody has said what changes; see
            :func:`quietline.web.enforcement.changing.apply` for this and others.
    """
    found = subject_of(appeal.subject_kind, appeal.subject)
    if found is None or appeal.decided_at is None:
        return
    if appeal.state == Appeal.State.PARTLY:
        changing.apply(appeal)
        return
    changing.drop(appeal)
    if appeal.state != Appeal.State.GRANTED:
        return
    at, by = appeal.decided_at, appeal.decided_by
    if isinstance(found, Finding):
        _annul_finding(found, by, at)
    elif isinstance(found, Penalty):
        _annul_penalty(found, at)
    elif isinstance(found, Measure):
        _annul_measure(found, at)


def _annul_finding(finding: Finding, by: Person | None, at: datetime) -> None:
    case = Case.objects.select_for_update(of=("self",)).select_related("data_key").get(pk=finding.case_id)
    Finding.objects.filter(pk=finding.pk).update(state=Finding.State.ANNULLED)
    penalties = list(Penalty.objects.filter(finding=finding, state__in=_STANDING))
    Penalty.objects.filter(pk__in=[row.pk for row in penalties]).update(state=Penalty.State.ANNULLED)
    measures.end_of_finding(finding, reason=_REASON, at=at)
    others = Finding.objects.filter(case=case, state=Finding.State.CONFIRMED).exists()
    if others:
        _fall(case, _act_after(case), finding.reference, at)
    else:
        _fall(case, Act.ANNUL, finding.reference, at)
        _lift_seals(case, by, at)
        _take_up_again(case, by, at)
    _tell(case, finding.organisation, finding.reference, penalties, by, at)


def _annul_penalty(penalty: Penalty, at: datetime) -> None:
    case = Case.objects.select_for_update(of=("self",)).select_related("data_key").get(pk=penalty.finding.case_id)
    Penalty.objects.filter(pk=penalty.pk).update(state=Penalty.State.ANNULLED)
    _fall(case, _act_after(case), penalty.reference, at)
    _tell(case, penalty.finding.organisation, penalty.reference, [penalty], None, at)


def _annul_measure(measure: Measure, at: datetime) -> None:
    case = Case.objects.select_for_update(of=("self",)).select_related("data_key").get(pk=measure.case_id)
    Measure.objects.filter(pk=measure.pk).update(ended_at=at)
    measures.undo(measure, _REASON, None, at)
    _fall(case, Act.ANNUL_PART, measure.reference, at)
    _tell(case, measure.organisation, measure.reference, [], None, at)


def _act_after(case: Case) -> Act:
    """Give the act that fits what still stands: another penalty, or no penalty any more."""
    standing = Penalty.objects.filter(finding__case=case, state__in=_STANDING).exists()
    if standing or case.state in (State.INVESTIGATING, State.FINDING_PROPOSED):
        return Act.ANNUL_PART
    return Act.ANNUL_PENALTY


def _fall(case: Case, act: Act, about: str, at: datetime) -> None:
    is_open_again = act is not Act.ANNUL_PART
    if is_open_again:  # what was only proposed rested on what fell
        Penalty.objects.filter(finding__case=case, state=Penalty.State.PROPOSED).update(
            state=Penalty.State.RETURNED, decided_at=at
        )
    if act is Act.ANNUL:
        Finding.objects.filter(case=case, state=Finding.State.PROPOSED).update(state=Finding.State.RETURNED, decided_at=at)
    changes = {"outcome": "", "closed_at": None, "held_until": None, "held_reason": ""} if is_open_again else {}
    step(case=case, act=act, by=None, at=at, about=about, changes=changes)
    waiting = Penalty.objects.filter(finding__case=case, state__in=(Penalty.State.IMPOSED, Penalty.State.SETTLED))
    if not is_open_again and case.state in (State.PENALISED, State.SETTLED) and not waiting.exists():
        step(case=case, act=Act.PAY, by=None, at=at, about=about)


def _lift_seals(case: Case, by: Person | None, at: datetime) -> None:
    for seal in seals_of(case.reference).filter(state=Seal.State.SEALED):
        if by is not None:
            seals.lift_seal(seal=seal, reason="annulled", words=_REASON, was_wrong=True, by=by, at=at)


def _take_up_again(case: Case, by: Person | None, at: datetime) -> None:
    """Reports that were answered wait for an answer again: it was wrong."""
    joined = CaseComplaint.objects.filter(case=case, removed_at=None, complaint__state=Complaint.State.ANSWERED)
    for row in joined.select_related("complaint__data_key", "complaint__report"):
        if by is not None:
            taking.reopen(complaint=row.complaint, reason="annulled", by=by, at=at)
            taking.put_in_case(complaint=row.complaint, case_reference=case.reference, by=by, at=at)


def _tell(
    case: Case, organisation: Organisation | None, reference: str, penalties: list[Penalty], by: Person | None, at: datetime
) -> None:
    returned = []
    for row in penalties:
        row.state = Penalty.State.ANNULLED
        if (amount := -open_amount(row)) > 0:
            returned.append(as_money(amount, row.currency))
    facts = {"finding": reference, "returned": ", ".join(returned) or "0"}
    send_if_ready(case=case, code="annulled", organisation=organisation, facts=facts, by=by, at=at)
