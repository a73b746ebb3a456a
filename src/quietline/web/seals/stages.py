"""Every state of a seal, of a trust and of an appeal, every step between them, and who may take it: one table for each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from quietline.web.accounts.models import Role
from quietline.web.seals.models import Appeal, Seal, Trust

__all__ = ["APPEAL_STEPS", "ROLES_OF", "SEAL_STEPS", "TRUST_STEPS", "Step", "Who", "step_of"]


class Who(Enum):
    """Who may take a step."""

    OFFICER = "officer"
    """An investigator or a supervisor of the authority."""
    SUPERVISOR = "supervisor"
    """A supervisor."""
    SECOND = "second"
    """A supervisor who did not propose it or check its papers; for an appeal, one who took no part in what it is against."""
    APPLICANT = "applicant"
    """Who asked for it; the page has made sure of that."""
    PLATFORM = "platform"
    """Nobody by hand: time went by, or the line was given to somebody else."""


ROLES_OF = {
    Who.OFFICER: frozenset((Role.INVESTIGATOR, Role.SUPERVISOR)),
    Who.SUPERVISOR: frozenset((Role.SUPERVISOR,)),
    Who.SECOND: frozenset((Role.SUPERVISOR,)),
}
"""Roles of an authority that a person needs for a step; ``SECOND`` asks for more than the role."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Attributes:
        before: the state in which it can be taken.
        act: what is done.
        after: the state that follows.
        who: may take it.
    """

    before: str
    act: str
    after: str
    who: Who


_S, _T, _A = Seal.State, Trust.State, Appeal.State

SEAL_STEPS: tuple[Step, ...] = (
    Step(_S.PROPOSED, "return", _S.RETURNED, Who.SUPERVISOR),
    Step(_S.PROPOSED, "seal", _S.SEALED, Who.SECOND),
    Step(_S.SEALED, "lift", _S.LIFTED, Who.SUPERVISOR),
    Step(_S.SEALED, "expire", _S.EXPIRED, Who.PLATFORM),
    Step(_S.SEALED, "fall", _S.FELL, Who.PLATFORM),
    Step(_S.FELL, "restore", _S.SEALED, Who.PLATFORM),
    Step(_S.SEALED, "release", _S.SEALED, Who.SUPERVISOR),
    Step(_S.SEALED, "rejoin", _S.SEALED, Who.PLATFORM),
    *(Step(state, "erase", state, Who.PLATFORM) for state in (_S.RETURNED, _S.LIFTED, _S.EXPIRED, _S.FELL)),
)
"""Seals. A proposal is a row of its own, so no step leads to ``proposed``. One that fell because its number was reported
as somebody else's stands again where the operator takes that report back. ``release`` and ``rejoin`` are about one number of
a range; where an operator reported it, the platform takes the first of them, too."""

TRUST_STEPS: tuple[Step, ...] = (
    Step(_T.APPLIED, "check", _T.CHECKED, Who.OFFICER),
    *(Step(state, "refuse", _T.REFUSED, Who.SUPERVISOR) for state in (_T.APPLIED, _T.CHECKED)),
    Step(_T.CHECKED, "trust", _T.TRUSTED, Who.SECOND),
    Step(_T.TRUSTED, "review", _T.TRUSTED, Who.SUPERVISOR),
    Step(_T.TRUSTED, "end", _T.ENDED, Who.SUPERVISOR),
    Step(_T.TRUSTED, "lapse", _T.ENDED, Who.PLATFORM),
)
"""Trusted numbers. What the authority enters itself is checked already. One that is not reviewed in time lapses."""

APPEAL_STEPS: tuple[Step, ...] = (
    Step(_A.UNCONFIRMED, "confirm", _A.RECEIVED, Who.APPLICANT),
    Step(_A.RECEIVED, "take", _A.DECIDING, Who.SECOND),
    *(Step(state, "grant", _A.GRANTED, Who.SECOND) for state in (_A.RECEIVED, _A.DECIDING)),
    *(Step(state, "partly", _A.PARTLY, Who.SECOND) for state in (_A.RECEIVED, _A.DECIDING)),
    *(Step(state, "refuse", _A.REFUSED, Who.SECOND) for state in (_A.RECEIVED, _A.DECIDING)),
    *(Step(state, "withdraw", _A.WITHDRAWN, Who.APPLICANT) for state in (_A.UNCONFIRMED, _A.RECEIVED, _A.DECIDING)),
    *(Step(state, "erase", state, Who.PLATFORM) for state in (_A.GRANTED, _A.PARTLY, _A.REFUSED, _A.WITHDRAWN)),
)
"""Appeals."""


def step_of(table: tuple[Step, ...], state: str, act: str) -> Step | None:
    """Give the step of a table for an act in a state; None where there is none."""
    return next((step for step in table if step.before == state and step.act == act), None)
