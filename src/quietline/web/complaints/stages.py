"""Every state of a complaint, every step between them, and who may take it: one table.

A step is taken by :func:`take_step`, which changes the complaint only if it is still in the state that its taker saw (a
comparison and a change in one statement): of two who click at once, one is told that somebody was faster.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from django.db import models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from quietline.errors import ConflictError, NotProvenError
from quietline.web.accounts.models import Membership, Organisation, Role
from quietline.web.complaints.models import Complaint, ComplaintAct
from quietline.web.proofs.operations import write_leaves

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from quietline.web.accounts.models import Person

__all__ = [
    "RECEIVED", "STEPPED", "STEPS", "Act", "Step", "Who", "may_take", "step_of", "steps_from", "take_step", "write_act",
]  # fmt: skip


class Act(models.TextChoices):
    """What can be done with a complaint."""

    RECEIVED = "received", gettext_lazy("received")
    PROVE = "prove", gettext_lazy("line confirmed")
    VALIDATE = "validate", gettext_lazy("checked")
    REFUSE = "refuse", gettext_lazy("not taken up")
    JOIN = "join", gettext_lazy("made part of a case")
    LEAVE = "leave", gettext_lazy("taken out of the case")
    ANSWER = "answer", gettext_lazy("answered")
    WITHDRAW = "withdraw", gettext_lazy("withdrawn")
    REOPEN = "reopen", gettext_lazy("taken up again")
    ERASE = "erase", gettext_lazy("erased")


class Who(Enum):
    """Who may take a step."""

    REPORTER = "reporter"
    """Who reported: shown by the proven line, or by the secret of the report."""
    OFFICER = "officer"
    """An investigator or supervisor of an authority, or the platform itself by a rule."""
    SUPERVISOR = "supervisor"
    """A supervisor of an authority."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Attributes:
        before: the state in which it can be taken; empty for what does not exist yet.
        act: what is done.
        after: the state that follows.
        who: may take it.
    """

    before: str
    act: Act
    after: str
    who: Who


_S = Complaint.State
_ALIVE = (_S.RECEIVED, _S.VALIDATED, _S.IN_CASE)
_SETTLED = (_S.INVALID, _S.ANSWERED)

RECEIVED = Step("", Act.RECEIVED, _S.RECEIVED, Who.REPORTER)
"""The first step of all."""
STEPS: tuple[Step, ...] = (
    RECEIVED,
    *(Step(state, Act.PROVE, state, Who.REPORTER) for state in (*_ALIVE, *_SETTLED)),
    Step(_S.RECEIVED, Act.VALIDATE, _S.VALIDATED, Who.OFFICER),
    *(Step(state, Act.REFUSE, _S.INVALID, Who.OFFICER) for state in (_S.RECEIVED, _S.VALIDATED)),
    *(Step(state, Act.JOIN, _S.IN_CASE, Who.OFFICER) for state in (_S.RECEIVED, _S.VALIDATED)),
    Step(_S.IN_CASE, Act.LEAVE, _S.VALIDATED, Who.OFFICER),
    *(Step(state, Act.ANSWER, _S.ANSWERED, Who.OFFICER) for state in (_S.VALIDATED, _S.IN_CASE)),
    *(Step(state, Act.WITHDRAW, _S.WITHDRAWN, Who.REPORTER) for state in (*_ALIVE, *_SETTLED)),
    *(Step(state, Act.REOPEN, _S.VALIDATED, Who.SUPERVISOR) for state in _SETTLED),
    *(Step(state, Act.ERASE, state, Who.REPORTER) for state in (_S.INVALID, _S.ANSWERED, _S.WITHDRAWN)),
)
"""The table. What is not in it cannot happen."""
_BY_ACT = {(step.before, step.act): step for step in STEPS}
_ROLES = {Who.OFFICER: (Role.INVESTIGATOR, Role.SUPERVISOR), Who.SUPERVISOR: (Role.SUPERVISOR,)}

STEPPED: list[Callable[[Complaint, ComplaintAct, datetime], None]] = []
"""Called after each step, in its transaction."""


def step_of(state: str, act: str) -> Step | None:
    """Give the step for an act in a state; None where there is none."""
    return _BY_ACT.get((state, Act(act)))


def steps_from(state: str) -> list[Step]:
    """Give the steps that can be taken in a state, in the order of the table."""
    return [step for step in STEPS if step.before == state]


def may_take(step: Step, by: Person | None) -> bool:
    """Say whether somebody may take a step.

    Args:
        step: which.
        by: who. None stands for the platform, and for whoever reported: the page has made sure that it is they.
    """
    if by is None:
        return step.who is not Who.SUPERVISOR
    if step.who is Who.REPORTER:
        return False
    return Membership.objects.filter(
        person=by, person__is_active=True, ended_at=None, role__in=_ROLES[step.who],
        organisation__kind=Organisation.Kind.AUTHORITY, organisation__state=Organisation.State.VERIFIED,
    ).exists()  # fmt: skip


def take_step(
    complaint: Complaint, act: Act, *, by: Person | None, at: datetime, reason: str = "", words: bytes | None = None,
    changes: dict[str, Any] | None = None, only_if: dict[str, Any] | None = None,
) -> ComplaintAct:  # fmt: skip
    """Take a step, in one transaction with the proof of it; ``complaint`` is brought up to date.

    Args:
        complaint: as its taker saw it.
        act: what is done.
        by: who; None for the platform, and for whoever reported.
        at: now.
        reason: stable code, at most 40 characters.
        words: what the reporter is told, sealed.
        changes: other fields that change with it.
        only_if: what else must still be so, for steps that leave the state as it is.

    Raises:
        NotProvenError: ``complaint.no-right``.
        ConflictError: ``complaint.step`` where the table has no such step, ``complaint.moved`` where somebody was faster.
    """
    step = step_of(complaint.state, act)
    if step is None:
        raise ConflictError(
            _("That cannot be done with a report that is in this state."),
            advice=_("Look at the page again: it shows what can be done now."),
            code="complaint.step",
        )
    if not may_take(step, by):
        raise NotProvenError(_("This step is not yours to take."), code="complaint.no-right")
    values = {**(changes or {}), "state": step.after}
    with transaction.atomic():
        if not Complaint.objects.filter(pk=complaint.pk, state=step.before, **(only_if or {})).update(**values):
            raise ConflictError(
                _("Somebody was faster: this report has moved on."),
                advice=_("Look at the page again: it shows what can be done now."),
                code="complaint.moved",
            )
        for name, value in values.items():
            setattr(complaint, name, value)
        return write_act(complaint, step, by=by, at=at, reason=reason, words=words)


def write_act(
    complaint: Complaint, step: Step, *, by: Person | None, at: datetime, reason: str = "", words: bytes | None = None
) -> ComplaintAct:
    """Write the row of a step that was taken, its leaf, and tell whoever waits for it; within the step's transaction."""
    row = ComplaintAct.objects.create(
        complaint=complaint, act=step.act, from_state=step.before, to_state=step.after, reason=reason, words=words, by=by,
        at=at,
    )  # fmt: skip
    write_leaves(ComplaintAct.leaf_kind, [row], at=at)
    for call in STEPPED:
        call(complaint, row, at)
    return row
