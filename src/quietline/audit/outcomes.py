"""What was judged of calls, and the texts of rules: what the audit has from whoever judges."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Self

import numpy as np

from quietline.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from numpy.typing import NDArray

__all__ = ["Exposure", "Judged", "Outcome", "RuleText", "Term", "Verdict"]


class Verdict(StrEnum):
    """What the law says to a call."""

    PERMIT = "permit"
    FORBID = "forbid"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True)
class Exposure:
    """The most that one forbidden call can cost by the law in force on its date.

    Attributes:
        amount: in units of the currency.
        currency: ISO 4217 code, such as ``USD``.
    """

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was judged of a call. Calls with the same outcome may share one.

    Attributes:
        verdict: what the law says.
        rule: identifier of the rule that decided, empty where none did.
        flags: duties and doubts to be shown beside the verdict.
        unknown: names of the facts that were not known; where the verdict is undetermined, those it hangs on.
        exposure: what a forbidden call can cost at most; None where the law names no sum, and for other calls.
    """

    verdict: Verdict
    rule: str = ""
    flags: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    exposure: Exposure | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """What was judged of the calls of a batch.

    Attributes:
        outcome_of: int32, shape (calls,); which of the outcomes each call has, -1 where it was not judged: a row that
            cannot be read, or a call that is left out, such as an incoming one.
        outcomes: the outcomes.
        local_at: datetime64, shape (calls,); when the call was made by the clock of the person called, NaT where that
            is not known; None where it is not known of any.
    """

    outcome_of: NDArray[np.int32]
    outcomes: Sequence[Outcome]
    local_at: NDArray[np.datetime64] | None = None

    @classmethod
    def of(cls, outcomes: Sequence[Outcome | None], local_at: NDArray[np.datetime64] | None = None) -> Self:
        """Put outcomes together that come one for each call, None where it was not judged."""
        places: dict[Outcome, int] = {}
        of = [-1 if outcome is None else places.setdefault(outcome, len(places)) for outcome in outcomes]
        return cls(np.array(of, np.int32), tuple(places), local_at)

    def check(self, count: int) -> None:
        """Make sure that this is about so many calls.

        Raises:
            UsageError: it is not.
        """
        shapes = {self.outcome_of.shape} | ({self.local_at.shape} if self.local_at is not None else set())
        if shapes != {(count,)}:
            raise UsageError(
                f"A batch of {count} calls has outcomes or local times of another shape.",
                advice="Give one for each call, -1 where it was not judged.",
                code="usage.judged",
            )


@dataclass(frozen=True, slots=True)
class RuleText:
    """What a rule says, once for all calls it decided.

    Attributes:
        rule: its identifier.
        en: what it says, in English, one sentence.
        zh: the same in Chinese.
        citation: where it is written.
        about: what would have prevented the call: ``register`` (washing the list), ``request`` (the own stop list),
            ``hours`` (the dialler's clock), ``consent`` (a record of it), ``other`` (none of these), or empty: not known.
    """

    rule: str
    en: str
    zh: str
    citation: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Term:
    """What the name of a fact or flag means in words.

    Attributes:
        name: as in an outcome.
        en: in English.
        zh: in Chinese.
    """

    name: str
    en: str
    zh: str
