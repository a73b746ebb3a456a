"""What an appeal that is granted in part changes: calls that fall, lower amounts, measures that fall.

One person who took no part in the case proposes it; another, a supervisor who took no part either, confirms it: the appeal
is granted in part in the same transaction, in which the changes happen. Without a proposed change no appeal against a
finding or a penalty can be granted in part. Nothing is lost: calls stay visible as struck, and a penalty keeps the amount
that was imposed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from quietline.errors import ConflictError, NotProvenError, OperationError
from quietline.web.base.words import as_money
from quietline.web.enforcement import measures, penalties
from quietline.web.enforcement.change_models import AppealChange
from quietline.web.enforcement.letters import send_if_ready
from quietline.web.enforcement.models import Case
from quietline.web.enforcement.outcome_models import Finding, Measure, Penalty
from quietline.web.enforcement.queries import open_amount, owed
from quietline.web.enforcement.sealing import closed, opened
from quietline.web.enforcement.stages import Act, State
from quietline.web.enforcement.stepping import step
from quietline.web.enforcement.striking import CallRow, check_rows, counting, row_words, rows_of, strike_rows
from quietline.web.proofs.operations import write_leaves
from quietline.web.seals import appeals as seals_appeals
from quietline.web.seals.models import Appeal
from quietline.web.sellers.acts import cleaned

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from quietline.web.accounts.models import Person

__all__ = [
    "OPEN", "STANDING", "Scope", "Wanted", "apply", "confirm_change", "drop", "numbers_of", "propose_change",
    "return_change", "scope_of", "waiting",
]  # fmt: skip

OPEN = (Appeal.State.RECEIVED, Appeal.State.DECIDING)
"""States of an appeal that waits for its answer."""
STANDING = (Penalty.State.IMPOSED, Penalty.State.SETTLED, Penalty.State.PAID)
"""States of a penalty that stands."""
_MOST_WORDS = 20_000


@dataclass(frozen=True, slots=True)
class Scope:
    """What an appeal can change.

    Attributes:
        finding: whose calls can fall.
        penalties: that can be lowered.
        measures: that can fall.
    """

    finding: Finding
    penalties: tuple[Penalty, ...]
    measures: tuple[Measure, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody proposes that an appeal changes; at least one of the three.

    Attributes:
        reasons: why; the organisation reads them.
        rows: numbers of the finding's calls that fall.
        amounts: new amounts by reference of the penalty.
        measures: references of the measures that fall.
    """

    reasons: str
    rows: Sequence[int] = ()
    amounts: Mapping[str, Decimal] = field(default_factory=dict)
    measures: Sequence[str] = ()


def scope_of(appeal: Appeal) -> Scope | None:
    """Give what an appeal can change; None where it is against something else, or what it is against stands no longer.

    Against a finding: its calls, its penalties and its measures. Against a penalty: the calls that it is reckoned from, and
    the penalties for them. A measure stands or falls.
    """
    finding: Finding | None = None
    rows = Finding.objects.select_related("case__data_key", "organisation").filter(state=Finding.State.CONFIRMED)
    if appeal.subject_kind == Appeal.Subject.FINDING:
        finding = rows.filter(reference=appeal.subject).first()
    elif appeal.subject_kind == Appeal.Subject.PENALTY:
        finding = rows.filter(penalties__reference=appeal.subject, penalties__state__in=STANDING).first()
    if finding is None:
        return None
    standing = Penalty.objects.filter(finding=finding, state__in=STANDING).order_by("pk")
    falling: tuple[Measure, ...] = ()
    if appeal.subject_kind == Appeal.Subject.FINDING:
        falling = tuple(Measure.objects.filter(finding=finding, ended_at=None).order_by("pk"))
    for row in standing:
        row.finding = finding
    return Scope(finding, tuple(standing), falling)


def numbers_of(finding: Finding, struck: Collection[Sequence[object]]) -> list[int]:
    """Give the rows of a finding that a change strikes, as :attr:`AppealChange.struck` names them."""
    return [row.number for row in _rows(finding, struck)]


def waiting(case: Case) -> list[AppealChange]:
    """Give the changes of a case that wait to be confirmed, while their appeal waits for its answer."""
    rows = AppealChange.objects.filter(case=case, state=AppealChange.State.PROPOSED, appeal__state__in=OPEN)
    return list(rows.select_related("appeal", "proposed_by").order_by("pk"))


@transaction.atomic
def propose_change(*, case: Case, appeal: Appeal, wanted: Wanted, by: Person, at: datetime) -> AppealChange:
    """Propose what an appeal changes.

    Args:
        case: that the decision was made in.
        appeal: that waits for its answer.
        wanted: what changes.
        by: an investigator or supervisor who took no part in the case.
        at: now.

    Raises:
        OperationError: ``change.nothing``, ``change.measure``, ``change.penalty``, ``finding.rows``, ``finding.struck``,
            ``finding.calls``, ``penalty.amount``, ``penalty.reasons``.
        ConflictError: ``change.appeal``: the appeal is decided, or against something else; ``change.waits``: another change
            is proposed already; and those of :func:`~quietline.web.enforcement.stepping.step`.
        NotProvenError: ``case.not-yours``.
    """
    scope = scope_of(appeal)
    if scope is None or scope.finding.case_id != case.pk or appeal.state not in OPEN:
        raise ConflictError(
            _("This appeal does not wait for its answer, or cannot be granted in part."),
            advice=_("A measure stands or falls: grant the appeal, or turn it down."), code="change.appeal",
        )  # fmt: skip
    _check_neutral(appeal, by)
    words = cleaned(wanted.reasons, most=_MOST_WORDS, code="penalty.reasons")
    struck = _checked(scope, wanted)
    step(case=case, act=Act.PROPOSE_CHANGE, by=by, at=at, about=appeal.reference)
    content, digest = closed(case, words, "change")
    row = AppealChange(
        case=case, appeal=appeal, struck=[[scope.finding.reference, one.day.isoformat(), one.place] for one in struck],
        amounts={name: f"{amount:.2f}" for name, amount in wanted.amounts.items()}, measures=list(wanted.measures),
        reasons=content, reasons_sha256=digest, proposed_by=by, proposed_at=at,
    )  # fmt: skip
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise ConflictError(
            _("A change is proposed for this appeal already."), advice=_("Confirm that one, or send it back."),
            code="change.waits",
        ) from error  # fmt: skip
    write_leaves("appeal-change", [row], at=at)
    return row


@transaction.atomic
def return_change(*, case: Case, change: AppealChange, words: str, by: Person, at: datetime) -> None:
    """Send a proposed change back, and say why.

    Raises:
        OperationError: ``penalty.reasons``.
        ConflictError: ``change.decided``, and those of :func:`~quietline.web.enforcement.stepping.step`.
        NotProvenError: ``case.not-yours``.
    """
    said = cleaned(words, most=_MOST_WORDS, code="penalty.reasons")
    _check_neutral(change.appeal, by)
    step(case=case, act=Act.RETURN_CHANGE, by=by, at=at, about=change.appeal.reference, words=said,
         proposers={change.proposed_by_id})  # fmt: skip
    known = AppealChange.objects.filter(pk=change.pk, case=case, state=AppealChange.State.PROPOSED)
    if not known.update(state=AppealChange.State.RETURNED, decided_by=by, decided_at=at):
        raise _decided()


def confirm_change(*, case: Case, change: AppealChange, answer: Mapping[str, str], by: Person, at: datetime) -> Appeal:
    """Grant an appeal in part: what was proposed happens in the same transaction.

    Args:
        case: as its taker saw it.
        change: that waits.
        answer: why, in each of :data:`quietline.web.seals.appeals.LANGUAGES`; who appealed gets it.
        by: a supervisor who took no part in the case, and did not propose the change.
        at: now.

    Raises:
        OperationError, ConflictError, NotProvenError: those of :func:`quietline.web.seals.appeals.grant` and :func:`apply`.
    """
    if change.case_id != case.pk or change.state != AppealChange.State.PROPOSED:
        raise _decided()
    appeal = Appeal.objects.get(pk=change.appeal_id)
    return seals_appeals.grant(appeal=appeal, answer=answer, by=by, at=at, was_wrong=False, partly=True)


def apply(appeal: Appeal) -> None:
    """Do what an appeal that was granted in part changes; within the transaction that grants it.

    Raises:
        ConflictError: ``change.none``: nobody has proposed what changes; and those of the step.
        NotProvenError: ``case.not-yours``: who proposed it does not confirm it.
        OperationError: what was proposed does not fit any more what stands.
    """
    by, at, scope = appeal.decided_by, appeal.decided_at, scope_of(appeal)
    change = AppealChange.objects.select_for_update(of=("self",)).filter(
        appeal=appeal, state=AppealChange.State.PROPOSED
    ).first()  # fmt: skip
    if scope is None or change is None or by is None or at is None:
        raise ConflictError(
            _("An appeal that is granted in part says what changes."),
            advice=_("Propose the change on the page of the case; a second supervisor confirms it there. A measure stands"
                     " or falls."), code="change.none",
        )  # fmt: skip
    case = Case.objects.select_for_update(of=("self",)).select_related("data_key").get(pk=change.case_id)
    for row in scope.penalties:
        row.finding.case = case
    was = case.state
    reasons = opened(case, change.reasons, "change")
    fallen = _rows(scope.finding, change.struck)
    new = {row.reference: row for row in scope.penalties}
    _checked(scope, Wanted(reasons, [row.number for row in fallen], _amounts(change), change.measures))
    step(case=case, act=Act.CONFIRM_CHANGE, by=by, at=at, about=appeal.reference, proposers={change.proposed_by_id})
    if was == State.PENALTY_PROPOSED:  # what was only proposed rested on what changed
        Penalty.objects.filter(finding__case=case, state=Penalty.State.PROPOSED).update(
            state=Penalty.State.RETURNED, decided_at=at
        )
    anew = {name: penalties.arithmetic_without(row, [(one.day, one.place) for one in fallen]) for name, row in new.items()}
    strike_rows(case, scope.finding, fallen, reasons, by=change.proposed_by, at=at, appeal=appeal.reference)
    for name, row in new.items():
        _lower(row, _amounts(change).get(name), anew[name] if fallen else None)
    for measure in scope.measures:
        if measure.reference in change.measures:
            Measure.objects.filter(pk=measure.pk).update(ended_at=at)
            measures.undo(measure, reasons, None, at)
    change.state, change.decided_by, change.decided_at = AppealChange.State.CONFIRMED, by, at
    change.save(update_fields=["state", "decided_by", "decided_at"])
    for row in new.values():
        penalties.paid_up(row.pk, case, at)
    _tell(case, scope, change, fallen, reasons, by, at)


def drop(appeal: Appeal) -> None:
    """Send back what was proposed for an appeal that was decided otherwise."""
    waits = AppealChange.objects.filter(appeal=appeal, state=AppealChange.State.PROPOSED)
    waits.update(state=AppealChange.State.RETURNED, decided_by=appeal.decided_by, decided_at=appeal.decided_at)


def _checked(scope: Scope, wanted: Wanted) -> list[CallRow]:
    """Make sure that something changes, and that the law allows what is left; give the calls that fall."""
    if not (wanted.rows or wanted.amounts or wanted.measures):
        raise OperationError(
            _("Say what changes."), advice=_("Name calls that fall, a new amount, or a measure that falls."),
            code="change.nothing",
        )  # fmt: skip
    if not set(wanted.measures) <= {row.reference for row in scope.measures}:
        raise OperationError(_("The appeal is not about this measure, or it has ended."), code="change.measure")
    if not set(wanted.amounts) <= {row.reference for row in scope.penalties}:
        raise OperationError(_("The appeal is not about this penalty, or it does not stand."), code="change.penalty")
    rows = check_rows(scope.finding, wanted.rows) if wanted.rows else []
    without = [(row.day, row.place) for row in rows]
    for row in scope.penalties:
        if without or row.reference in wanted.amounts:
            penalties.check_new_amount(row, wanted.amounts.get(row.reference), without)
    return rows


def _check_neutral(appeal: Appeal, by: Person) -> None:
    if by.pk in appeal.conflicted:
        raise NotProvenError(
            _("Who took part in what an appeal is against does not decide it."), advice=_("Ask somebody else."),
            code="case.not-yours",
        )  # fmt: skip


def _rows(finding: Finding, struck: Collection[Sequence[object]]) -> list[CallRow]:
    wanted = {(date.fromisoformat(str(day)), place) for _reference, day, place in struck}
    return [row for row in rows_of(finding) if (row.day, row.place) in wanted]


def _amounts(change: AppealChange) -> dict[str, Decimal]:
    return {name: Decimal(amount) for name, amount in change.amounts.items()}


def _lower(row: Penalty, amount: Decimal | None, anew: tuple[object, dict[str, object]] | None) -> None:
    fields: list[str] = []
    if amount is not None:
        row.reduced_amount = amount
        fields.append("reduced_amount")
    if anew is not None:
        row.proposal = {**row.proposal, "reduced": anew[1]}
        fields.append("proposal")
    if fields:
        row.save(update_fields=fields)


def _tell(
    case: Case, scope: Scope, change: AppealChange, fallen: Sequence[CallRow], reasons: str, by: Person, at: datetime
) -> None:
    touched = [row for row in scope.penalties if row.reference in change.amounts]
    back = [as_money(-left, row.currency) for row in scope.penalties if (left := open_amount(row)) < 0]
    facts = {
        "finding": scope.finding.reference, "calls": str(sum(count for _day, count in counting(scope.finding))),
        "struck": row_words([row.number for row in fallen]) or "–",
        "reduced": ", ".join(f"{row.reference}: {as_money(owed(row), row.currency)}" for row in touched) or "–",
        "measure": ", ".join(change.measures) or "–", "reasons": reasons, "returned": ", ".join(back) or "0",
    }  # fmt: skip
    send_if_ready(case=case, code="changed", organisation=scope.finding.organisation, facts=facts, by=by, at=at)


def _decided() -> ConflictError:
    return ConflictError(_("This change was decided on already."), code="change.decided")
