"""Answers of the sandbox: the shape of a real wash, outcomes from the table of test numbers. No register is asked.

Nothing is counted, recorded or proven, so ``wash`` is 0. A test number whose outcome is that of a whole call makes the whole
call fail as it would.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

import numpy as np

from quietline.errors import OperationError, TimedOutError, TooManyError, UnavailableError
from quietline.numbering import Status, parse_column
from quietline.wash.verdicts import Reason, Verdicts
from quietline.web.washing.answers import answer_of
from quietline.web.washing.copies import AsOf
from quietline.web.washing.engine import Outcome, Washed, called_at_of, valid_until
from quietline.web.washing.sandbox import SandboxOutcome, outcome_of, sandbox_number

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from quietline.web.accounts.models import Organisation

__all__ = ["ask_sandbox"]

_WAIT_SECONDS = 60


def ask_sandbox(
    raws: Sequence[str],
    *,
    organisation: Organisation,
    country: str,
    called_at: datetime | date | None,
    reference: str,
    at: datetime,
) -> bytes:
    """Answer numbers from the table of test numbers, as :func:`~quietline.web.washing.asking.ask` would.

    Args:
        raws: as they were given.
        organisation: who asks.
        country: of numbers that name none.
        called_at: when calls are made; now where not said.
        reference: the organisation's own, only repeated.
        at: now.

    Raises:
        UnavailableError: ``wash.stale`` or ``wash.time-out``, a test number stands for it.
        TooManyError: ``quota.over`` or ``probing.slowed``, likewise.
        UsageError: the country has no numbering plan.
    """
    numbers = parse_column(raws, country=country)
    when = called_at_of(called_at, at=at)
    outcomes: dict[Outcome, int] = {}
    places = []
    for key, status in zip(numbers.keys.tolist(), numbers.statuses.tolist(), strict=True):
        # fictitious numbers are unassigned in some plans; those of the table are answered all the same
        known = key if status == Status.OK or sandbox_number(key) is not None else 0
        places.append(outcomes.setdefault(_outcome(known, status, at), len(outcomes)))
    counted = np.bincount(np.array(places, dtype=np.int64), minlength=len(outcomes))
    washed = Washed(
        numbers,
        _no_verdicts(len(raws)),
        tuple(outcomes),
        np.array(places, dtype=np.uint16),
        tuple(counted.tolist()),
        AsOf(0, at),
    )
    return answer_of(
        washed, number=0, organisation=organisation, client=organisation, reference=reference, called_at=when, at=at
    )


def _outcome(key: int, status: int, at: datetime) -> Outcome:
    if not key:
        return Outcome("invalid", Status(status).text)
    row, outcome = sandbox_number(key), outcome_of(key)
    if row is None:
        return Outcome("permit", "sandbox.clean", text="No test number; may be called in the sandbox.")
    if not row.verdict:
        raise _failure(outcome)
    morning = datetime.combine(at.date() + timedelta(days=1), time(8), UTC)
    return Outcome(
        row.verdict,
        f"sandbox.{outcome.value}",
        text=row.meaning,
        country=row.country,
        unknown=("callee_class",) if outcome == SandboxOutcome.UNDETERMINED else (),
        next_permitted_at=morning.isoformat() if outcome == SandboxOutcome.HOURS else "",
        valid_until=valid_until(row.country, at.date()),
    )


def _failure(outcome: SandboxOutcome) -> OperationError:
    if outcome == SandboxOutcome.QUOTA:
        return TooManyError("The year has no room for so many numbers.", retry_seconds=86_400, code="quota.over")
    if outcome == SandboxOutcome.SLOWED:
        return TooManyError("Numbers were asked one after another.", retry_seconds=_WAIT_SECONDS, code="probing.slowed")
    if outcome == SandboxOutcome.STALE:
        return UnavailableError("The registers are not up to date.", advice="Try again in a minute.", code="wash.stale")
    return TimedOutError(
        "The wash was not done in time.", advice="Ask for it again under the same reference.", code="wash.time-out"
    )


def _no_verdicts(rows: int) -> Verdicts:
    nothing = np.zeros(rows, dtype=np.uint64)
    small = nothing.astype(np.uint8)
    return Verdicts(
        np.full(rows, Reason.CLEAN, dtype=np.uint8), nothing, small, nothing.astype(np.uint16), small,
        np.zeros((0, rows), dtype=np.bool_), None, 0,
    )  # fmt: skip
