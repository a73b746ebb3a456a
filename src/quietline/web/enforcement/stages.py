"""Every state of a case, every step between them, and who may take it: one table, from which pages and operations work.

A step is taken by :func:`quietline.web.enforcement.stepping.step`, which changes the case only if it is still in the state,
and of the version, that its taker saw: of two who click at once, one is told that the case has moved on.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from django.db import models
from django.utils.translation import gettext_lazy as _

from quietline.web.accounts.models import Role

__all__ = ["ON_APPEAL", "STEPS", "Act", "State", "Step", "Who", "step_of", "steps_from"]


class State(models.TextChoices):
    """How far a case is."""

    OPEN = "open", _("waiting for somebody to take it")
    INVESTIGATING = "investigating", _("being investigated")
    FINDING_PROPOSED = "finding-proposed", _("finding proposed")
    FOUND = "found", _("breach found")
    PENALTY_PROPOSED = "penalty-proposed", _("penalty proposed")
    PENALISED = "penalised", _("penalty imposed")
    SETTLED = "settled", _("settled")
    PAID = "paid", _("paid")
    CLOSED = "closed", _("closed")


class Act(models.TextChoices):
    """What can be done with a case."""

    OPENED = "opened", _("opened")
    ASSIGN = "assign", _("assigned")
    ASK = "ask", _("asked")
    ADD = "add", _("complaints or parties changed")
    ROUTE = "route", _("complaints added by a rule")
    HOLD = "hold", _("put on hold")
    RELEASE = "release", _("taken off hold")
    MEASURE = "measure", _("measure taken")
    REFER = "refer", _("referred")
    PROPOSE_FINDING = "propose-finding", _("finding proposed")
    STRIKE = "strike", _("calls struck out")
    RETURN_FINDING = "return-finding", _("finding sent back")
    CONFIRM_FINDING = "confirm-finding", _("finding confirmed")
    PROPOSE_PENALTY = "propose-penalty", _("penalty proposed")
    RETURN_PENALTY = "return-penalty", _("penalty sent back")
    CONFIRM_PENALTY = "confirm-penalty", _("penalty confirmed")
    SETTLE = "settle", _("settled")
    PAY = "pay", _("payment booked")
    ANNUL = "annul", _("annulled on appeal")
    ANNUL_PENALTY = "annul-penalty", _("penalty annulled on appeal")
    ANNUL_PART = "annul-part", _("annulled in part on appeal")
    PROPOSE_CHANGE = "propose-change", _("change on appeal proposed")
    RETURN_CHANGE = "return-change", _("change on appeal sent back")
    CONFIRM_CHANGE = "confirm-change", _("changed on appeal")
    CLOSE = "close", _("closed")
    REOPEN = "reopen", _("opened again")


class Who(Enum):
    """Who may take a step. The platform itself may take those of ``PLATFORM`` only."""

    OFFICER = "officer"
    """Any investigator or supervisor of the authority."""
    ASSIGNED = "assigned"
    """The officer whom the case is assigned to, or a supervisor."""
    SUPERVISOR = "supervisor"
    """A supervisor."""
    SECOND = "second"
    """A supervisor who did not propose what is decided on."""
    NEUTRAL = "neutral"
    """An investigator or supervisor who took no step in the case before, but for what changes on an appeal."""
    PLATFORM = "platform"
    """Nobody by hand: a routing rule, a payment that arrived in full, an appeal that was granted."""


ROLES_OF = {
    Who.OFFICER: (Role.INVESTIGATOR, Role.SUPERVISOR),
    Who.ASSIGNED: (Role.INVESTIGATOR, Role.SUPERVISOR),
    Who.SUPERVISOR: (Role.SUPERVISOR,),
    Who.SECOND: (Role.SUPERVISOR,),
    Who.NEUTRAL: (Role.INVESTIGATOR, Role.SUPERVISOR),
    Who.PLATFORM: (),
}
"""Roles that a person needs for a step; ``ASSIGNED``, ``SECOND`` and ``NEUTRAL`` ask for more than the role."""
ON_APPEAL = (Act.PROPOSE_CHANGE, Act.RETURN_CHANGE, Act.CONFIRM_CHANGE)
"""Acts of those who decide what an appeal changes: with them nobody takes part in the case."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Attributes:
        before: the state in which it can be taken.
        act: what is done.
        after: the state that follows; the same where it changes nothing there.
        who: may take it.
        on_hold: it can be taken while the case is on hold.
    """

    before: State
    act: Act
    after: State
    who: Who
    on_hold: bool = False


_ALIVE = tuple(state for state in State if state is not State.CLOSED)
_WORK = (State.INVESTIGATING, State.FOUND, State.PENALISED)
_FOUND = (State.FOUND, State.PENALISED, State.SETTLED, State.PAID)
_BEGUN = tuple(state for state in State if state is not State.OPEN)

STEPS: tuple[Step, ...] = (
    *(Step(state, Act.ASSIGN, State.INVESTIGATING if state is State.OPEN else state, Who.OFFICER) for state in _ALIVE),
    *(Step(state, Act.ADD, state, Who.OFFICER) for state in (State.OPEN, State.INVESTIGATING)),
    *(Step(state, Act.ROUTE, state, Who.PLATFORM, on_hold=True) for state in (State.OPEN, State.INVESTIGATING)),
    *(Step(state, Act.HOLD, state, Who.ASSIGNED) for state in _ALIVE),
    *(Step(state, Act.RELEASE, state, Who.ASSIGNED, on_hold=True) for state in _ALIVE),
    *(Step(state, Act.ASK, state, Who.ASSIGNED) for state in _WORK),
    *(Step(state, Act.REFER, state, Who.ASSIGNED) for state in _WORK),
    *(Step(state, Act.MEASURE, state, Who.ASSIGNED) for state in _FOUND),
    Step(State.INVESTIGATING, Act.PROPOSE_FINDING, State.FINDING_PROPOSED, Who.ASSIGNED),
    Step(State.FINDING_PROPOSED, Act.STRIKE, State.FINDING_PROPOSED, Who.ASSIGNED),
    Step(State.FINDING_PROPOSED, Act.RETURN_FINDING, State.INVESTIGATING, Who.SUPERVISOR),
    Step(State.FINDING_PROPOSED, Act.CONFIRM_FINDING, State.FOUND, Who.SECOND),
    Step(State.FOUND, Act.PROPOSE_PENALTY, State.PENALTY_PROPOSED, Who.ASSIGNED),
    Step(State.PENALTY_PROPOSED, Act.RETURN_PENALTY, State.FOUND, Who.SUPERVISOR),
    Step(State.PENALTY_PROPOSED, Act.CONFIRM_PENALTY, State.PENALISED, Who.SECOND),
    *(Step(state, Act.SETTLE, State.SETTLED, Who.SUPERVISOR) for state in (State.PENALISED, State.SETTLED)),
    Step(State.PENALISED, Act.PAY, State.PAID, Who.PLATFORM, on_hold=True),
    Step(State.SETTLED, Act.PAY, State.PAID, Who.PLATFORM, on_hold=True),
    *(Step(state, Act.ANNUL, State.INVESTIGATING, Who.PLATFORM, on_hold=True) for state in _BEGUN),
    *(
        Step(state, Act.ANNUL_PENALTY, State.FOUND, Who.PLATFORM, on_hold=True)
        for state in (*_FOUND, State.PENALTY_PROPOSED, State.CLOSED)
    ),
    *(Step(state, Act.ANNUL_PART, state, Who.PLATFORM, on_hold=True) for state in _BEGUN),
    *(Step(state, Act.PROPOSE_CHANGE, state, Who.NEUTRAL, on_hold=True) for state in _BEGUN),
    *(Step(state, Act.RETURN_CHANGE, state, Who.SECOND, on_hold=True) for state in _BEGUN),
    *(
        Step(state, Act.CONFIRM_CHANGE, State.FOUND if state is State.PENALTY_PROPOSED else state, Who.SECOND, on_hold=True)
        for state in _BEGUN
    ),
    *(
        Step(state, Act.CLOSE, State.CLOSED, Who.SUPERVISOR)
        for state in (State.OPEN, State.INVESTIGATING, State.FOUND, State.SETTLED, State.PAID)
    ),
    Step(State.PENALISED, Act.CLOSE, State.CLOSED, Who.SUPERVISOR),  # unpaid, by an outcome that says so
    Step(State.CLOSED, Act.REOPEN, State.INVESTIGATING, Who.SUPERVISOR),
)
"""The table. What is not in it cannot happen."""

_BY_ACT = {(step.before, step.act): step for step in STEPS}


def step_of(state: str, act: str) -> Step | None:
    """Give the step for an act in a state; None where there is none."""
    return _BY_ACT.get((State(state), Act(act)))


def steps_from(state: str) -> list[Step]:
    """Give the steps that can be taken in a state, in the order of the table."""
    return [step for step in STEPS if step.before == state]
