"""Penalties: the law's arithmetic, an amount within it, two people, settlement, and the money that comes in.

A ceiling holds for the firm and is never multiplied where the law does not say so; penalties are never added to each other:
see :mod:`quietline.law.proposing`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from quietline.errors import ConflictError, LawError, NotProvenError, OperationError, UsageError
from quietline.law.proposing import propose_penalty
from quietline.web.base.rulebooks import rulebook_of
from quietline.web.base.words import as_money
from quietline.web.enforcement import clocks
from quietline.web.enforcement.cases import is_officer
from quietline.web.enforcement.letters import send_if_ready
from quietline.web.enforcement.models import Case
from quietline.web.enforcement.outcome_models import Finding, Penalty, PenaltyPayment
from quietline.web.enforcement.queries import open_amount, owed
from quietline.web.enforcement.sealing import closed, opened
from quietline.web.enforcement.stages import Act, State
from quietline.web.enforcement.stepping import step
from quietline.web.enforcement.striking import counting
from quietline.web.proofs.operations import write_leaves
from quietline.web.publishing.operations import new_reference
from quietline.web.sellers.acts import cleaned

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime
    from typing import Any

    from quietline.law.proposing import Proposal, ProposedPenalty
    from quietline.web.accounts.models import Person

__all__ = [
    "Proposed", "arithmetic_without", "book_payment", "check_new_amount", "confirm_penalties", "open_amount", "paid_up",
    "proposal_for", "propose_penalties", "return_penalties", "settle",
]  # fmt: skip

_MOST_WORDS = 20_000
_CENT = Decimal("0.01")


def proposal_for(
    finding: Finding, *, assessed: date, turnover: Decimal | None = None, income: Decimal | None = None,
    without: Collection[tuple[date, int]] = (),
) -> Proposal:  # fmt: skip
    """Ask the country's rulebook what it has for the calls of a finding; those that were struck out do not count.

    Args:
        finding: whose calls.
        assessed: day on which the penalty is imposed.
        turnover: of the organisation, where the law goes by it; None: not known.
        income: illegal income, likewise.
        without: day and place of calls that shall not count either.

    Raises:
        LawError: there is no rulebook for the country.
        UsageError: a call is later than the assessment.
    """
    return propose_penalty(
        rulebook_of(finding.case.country).penalties, counting(finding, without=without), assessed=assessed,
        party="organisation", turnover=turnover, income=income,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Proposed:
    """A penalty that is proposed for one finding.

    Attributes:
        finding: confirmed.
        choice: place, in the proposal of the law, of the penalty that is taken.
        amount: within what the law allows.
        reasons: why so much.
        turnover: see :func:`proposal_for`; ``income`` likewise.
    """

    finding: Finding
    choice: int
    amount: Decimal
    reasons: str
    turnover: Decimal | None = None
    income: Decimal | None = None


@transaction.atomic
def propose_penalties(
    *, case: Case, proposed: Sequence[Proposed], assessed: date, by: Person, at: datetime
) -> list[Penalty]:
    """Propose penalties, all that the case has, together; a supervisor decides on them together.

    Args:
        case: which.
        proposed: one for each finding that is punished.
        assessed: day on which they are imposed, as far as can be seen.
        by: the officer.
        at: now.

    Raises:
        OperationError: ``penalty.none``, ``penalty.choice``, ``penalty.amount``, ``penalty.reasons``.
        ConflictError: ``penalty.no-finding``; ``penalty.undetermined``: the law does not say how high it may be; and those
            of :func:`~quietline.web.enforcement.stepping.step`.
        NotProvenError: ``case.not-yours``.
    """
    if not proposed:
        raise OperationError(_("Say for which finding."), code="penalty.none")
    rows = [_row(case, one, assessed, by, at) for one in proposed]
    step(case=case, act=Act.PROPOSE_PENALTY, by=by, at=at, about=",".join(row.reference for row in rows)[:40])
    for row in rows:
        row.save(force_insert=True)
    write_leaves("penalty", rows, at=at)
    return rows


def _row(case: Case, one: Proposed, assessed: date, by: Person, at: datetime) -> Penalty:
    finding = one.finding
    if finding.case_id != case.pk or finding.state != Finding.State.CONFIRMED:
        raise ConflictError(_("A penalty rests on a confirmed finding."), code="penalty.no-finding")
    proposal = proposal_for(finding, assessed=assessed, turnover=one.turnover, income=one.income)
    if not 0 <= one.choice < len(proposal.penalties):
        raise OperationError(_("Choose one of the penalties of the law."), code="penalty.choice")
    chosen = proposal.penalties[one.choice]
    _check_amount(chosen, one.amount)
    reasons, digest = closed(case, cleaned(one.reasons, most=_MOST_WORDS, code="penalty.reasons"), "penalty")
    basis = {
        "assessed": assessed.isoformat(), "calls": proposal.calls, "struck": finding.struck.count(),
        "turnover": _plain(one.turnover), "income": _plain(one.income),
    }  # fmt: skip
    return Penalty(
        finding=finding, reference=new_reference("PN"), table=chosen.name, instrument=chosen.instrument,
        proposal={**basis, **_arithmetic(proposal, one.choice)}, amount=one.amount,
        currency=chosen.currency, reasons=reasons, reasons_sha256=digest, proposed_by=by, proposed_at=at,
    )  # fmt: skip


@transaction.atomic
def confirm_penalties(*, case: Case, words: str = "", by: Person, at: datetime) -> list[Penalty]:
    """Impose what was proposed; the times to pay and to appeal begin, as :mod:`quietline.web.enforcement.clocks` has them.

    Raises:
        ConflictError: see :func:`~quietline.web.enforcement.stepping.step`.
        NotProvenError: ``case.not-yours``: who proposed it does not confirm it.
    """
    rows = _decided(case, Act.CONFIRM_PENALTY, words, by, at)
    pay, appeal = clocks.pay_clock(case, at=at), clocks.appeal_clock(case, at=at)
    times = {"pay": pay.as_dict(), "appeal": appeal.as_dict()}
    for row in rows:
        row.state, row.decided_by, row.decided_at = Penalty.State.IMPOSED, by, at
        row.due_date, row.appeal_until, row.clocks = pay.last_day, appeal.due_at, times
        row.save(update_fields=["state", "decided_by", "decided_at", "due_date", "appeal_until", "clocks"])
        reasons = opened(case, row.reasons, "penalty")
        facts = {**_facts(row), "reasons": reasons, "appeal_by": appeal.last_day.isoformat()}
        send_if_ready(
            case=case, code="penalty", organisation=row.finding.organisation, facts=facts, by=by, at=at,
            times={"due_basis": times["pay"], "appeal_basis": times["appeal"]},
        )  # fmt: skip
    return rows


@transaction.atomic
def return_penalties(*, case: Case, words: str, by: Person, at: datetime) -> None:
    """Send back what was proposed, and say why; raises as :func:`confirm_penalties`."""
    words = cleaned(words, most=_MOST_WORDS, code="penalty.reasons")
    for row in _decided(case, Act.RETURN_PENALTY, words, by, at):
        row.state, row.decided_by, row.decided_at = Penalty.State.RETURNED, by, at
        row.save(update_fields=["state", "decided_by", "decided_at"])


@transaction.atomic
def settle(*, penalty: Penalty, amount: Decimal, reasons: str, by: Person, at: datetime) -> None:
    """Agree on another amount, not higher than what is owed: what was imposed, or what an appeal left of it.

    Raises:
        OperationError: ``penalty.amount``, ``penalty.reasons``.
        ConflictError: ``penalty.state``, and those of :func:`~quietline.web.enforcement.stepping.step`.
        NotProvenError: ``case.not-yours``.
    """
    rows = Penalty.objects.select_for_update(of=("self",)).select_related("finding__case", "finding__organisation")
    row = rows.get(pk=penalty.pk)
    if row.state != Penalty.State.IMPOSED:
        raise ConflictError(_("Only a penalty that was imposed can be settled."), code="penalty.state")
    if not Decimal(0) <= amount <= owed(row) or amount != amount.quantize(_CENT):
        raise OperationError(_("A settlement is at most what is owed."), code="penalty.amount")
    words = cleaned(reasons, most=_MOST_WORDS, code="penalty.reasons")
    case = penalty.finding.case
    step(case=case, act=Act.SETTLE, by=by, at=at, about=row.reference, words=words)
    Penalty.objects.filter(pk=row.pk).update(state=Penalty.State.SETTLED, settled_amount=amount)
    times = {"due_basis": (row.clocks or {}).get("pay") or {}}
    facts = {**_facts(row), "settled": as_money(amount, row.currency), "reasons": words}
    send_if_ready(
        case=case, code="settlement", organisation=row.finding.organisation, facts=facts, times=times, by=by, at=at
    )  # fmt: skip
    paid_up(row.pk, case, at)


@transaction.atomic
def book_payment(*, penalty: Penalty, amount: Decimal, reference: str, by: Person | None, at: datetime) -> PenaltyPayment:
    """Book money that came in, or went back (below zero). When nothing is open any more the case is paid.

    Args:
        penalty: which.
        amount: in its currency, with two decimals, not zero.
        reference: the treasury's, once.
        by: who books it, None for the treasury's file.
        at: now.

    Raises:
        OperationError: ``penalty.amount``, ``penalty.reference``.
        ConflictError: ``penalty.state``; ``penalty.booked``: this reference was booked already.
        NotProvenError: ``case.not-yours``.
    """
    if by is not None and not is_officer(by):
        raise NotProvenError(_("Payments are booked by people of the authority."), code="case.not-yours")
    if not amount or amount != amount.quantize(_CENT):
        raise OperationError(_("The amount has two decimals and is not zero."), code="penalty.amount")
    known = cleaned(reference, most=80, code="penalty.reference")
    row = Penalty.objects.select_for_update().get(pk=penalty.pk)
    if row.state in (Penalty.State.PROPOSED, Penalty.State.RETURNED):
        raise ConflictError(_("This penalty was not imposed."), code="penalty.state")
    payment = PenaltyPayment(penalty=row, amount=amount, reference=known, by=by, at=at)
    try:
        with transaction.atomic():
            payment.save(force_insert=True)
    except IntegrityError as error:
        raise ConflictError(_("This payment was booked already."), code="penalty.booked") from error
    write_leaves("penalty-payment", [payment], at=at)
    paid_up(row.pk, Case.objects.select_for_update().get(pk=row.finding.case_id), at)
    return payment


def arithmetic_without(row: Penalty, without: Collection[tuple[date, int]]) -> tuple[ProposedPenalty, dict[str, Any]] | None:
    """Work a penalty's arithmetic out anew for fewer calls, by the day on which it was assessed.

    Args:
        row: the penalty.
        without: day and place of calls that fall.

    Returns:
        The penalty of the law, and its arithmetic by language; None where the rulebook has it no longer.
    """
    told = row.proposal
    turnover, income = (Decimal(told[name]) if told.get(name) else None for name in ("turnover", "income"))
    try:
        proposal = proposal_for(
            row.finding, assessed=date.fromisoformat(told["assessed"]), turnover=turnover, income=income, without=without
        )
    except (LawError, UsageError):
        return None
    for place, one in enumerate(proposal.penalties):
        if (one.name, one.instrument, one.case["en"]) == (row.table, row.instrument, told["en"]["case"]):
            return one, {"calls": proposal.calls, **_arithmetic(proposal, place)}
    return None


def check_new_amount(row: Penalty, amount: Decimal | None, without: Collection[tuple[date, int]]) -> None:
    """Make sure that what an appeal leaves of a penalty is lower, and allowed by the law for the calls that are left.

    Args:
        row: a penalty that stands.
        amount: the new one; None: it stays as it is, while calls fall.
        without: day and place of calls that fall.

    Raises:
        OperationError: ``penalty.amount``.
    """
    if amount is not None and (not 0 < amount < owed(row) or amount != amount.quantize(_CENT)):
        raise OperationError(
            _("The new amount of %(penalty)s is above zero and below %(owed)s, with two decimals.")
            % {"penalty": row.reference, "owed": as_money(owed(row), row.currency)},
            code="penalty.amount",
        )
    anew = arithmetic_without(row, without)
    high = anew[0].applies.maximum if anew is not None else None
    low = anew[0].applies.minimum if anew is not None and row.settled_amount is None and amount is not None else None
    left = owed(row) if amount is None else amount
    if (high is not None and left > high.amount) or (low is not None and left < low.amount):
        raise OperationError(
            _("For the calls that are left the law allows %(penalty)s to be between %(low)s and %(high)s.")
            % {"penalty": row.reference, "low": low.plain() if low else "0", "high": high.plain() if high else "…"},
            advice=_("Name a new amount within that."), code="penalty.amount",
        )  # fmt: skip


def _arithmetic(proposal: Proposal, place: int) -> dict[str, Any]:
    return {language: proposal.as_dict(language)["penalties"][place] for language in ("en", "zh")}


def _plain(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"


def _facts(row: Penalty) -> dict[str, str]:
    return {
        "penalty": row.reference, "finding": row.finding.reference, "amount": as_money(row.amount, row.currency),
        "law": row.instrument, "due_date": row.due_date.isoformat() if row.due_date else "",
    }  # fmt: skip


def paid_up(pk: int, case: Case, at: datetime) -> None:
    """Count a penalty as paid where nothing is open any more, and with the last one the case; within a transaction."""
    row = Penalty.objects.get(pk=pk)
    if row.state not in (Penalty.State.IMPOSED, Penalty.State.SETTLED) or open_amount(row) > 0:
        return
    Penalty.objects.filter(pk=pk).update(state=Penalty.State.PAID)
    others = Penalty.objects.filter(finding__case=case, state__in=(Penalty.State.IMPOSED, Penalty.State.SETTLED))
    if case.state in (State.PENALISED, State.SETTLED) and not others.exists():
        step(case=case, act=Act.PAY, by=None, at=at, about=row.reference)


def _decided(case: Case, act: Act, words: str, by: Person, at: datetime) -> list[Penalty]:
    waiting = Penalty.objects.select_for_update(of=("self",)).filter(finding__case=case, state=Penalty.State.PROPOSED)
    rows = list(waiting.select_related("finding__organisation").order_by("pk"))
    if not rows:
        raise ConflictError(_("No penalty waits to be decided."), code="case.no-step")
    proposers = {row.proposed_by_id for row in rows}
    step(
        case=case,
        act=act,
        by=by,
        at=at,
        about=",".join(row.reference for row in rows)[:40],
        words=words,
        proposers=proposers,
    )
    return rows


def _check_amount(chosen: ProposedPenalty, amount: Decimal) -> None:
    if amount <= 0 or amount != amount.quantize(_CENT):
        raise OperationError(_("The amount is above zero and has two decimals."), code="penalty.amount")
    fits = chosen.allows(amount)
    if fits is None:
        raise ConflictError(
            _("The law, as far as it is known here, does not say how high this penalty may be."),
            advice=_("See what is missing in the arithmetic: a day that is not covered, the turnover, the income."),
            code="penalty.undetermined",
        )  # fmt: skip
    if not fits:
        low, high = chosen.applies.minimum, chosen.applies.maximum
        raise OperationError(
            _("The amount must lie between %(low)s and %(high)s.")
            % {"low": low.plain() if low else "0", "high": high.plain() if high else "…"},
            code="penalty.amount",
        )
