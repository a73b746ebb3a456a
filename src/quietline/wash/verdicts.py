"""What becomes of each row: the numbers of a row, looked up in every register, come to one verdict."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Protocol

import numpy as np

from quietline.kernel import BLANK
from quietline.numbering import Status
from quietline.registers import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from numpy.typing import NDArray

    from quietline.numbering import Numbers
    from quietline.registers import Register

__all__ = ["Judge", "Judging", "Reason", "Verdicts", "decided_columns", "plain_reasons"]


class Reason(IntEnum):
    """Why a row is kept or removed; stored as uint8.

    ``CLEAN``: a valid number that stands in none of the registers. ``REGISTERED``: it stands in at least one.
    ``INVALID``: there is no valid number in the row; its status says why. ``WRONG_COUNTRY``: a valid number of another
    country, where only one country was wanted. ``DUPLICATE``: the number was in an earlier kept row, where that was asked.
    ``NO_ROW``: a blank line, neither kept nor removed. Of a campaign, which is judged by law: ``FORBIDDEN``: the law forbids
    the call; ``UNDETERMINED``: the law, or what is known, does not say. What the law permits is ``CLEAN``, registered or
    not.
    """

    CLEAN = 0
    REGISTERED = 1
    INVALID = 2
    WRONG_COUNTRY = 3
    DUPLICATE = 4
    NO_ROW = 5
    FORBIDDEN = 6
    UNDETERMINED = 7

    @property
    def text(self) -> str:
        """The reason as written into lists, ``wrong_country``."""
        return self.name.lower()


# Which of several numbers in a row decides: the highest rank, and of equals the first.
_RANK = np.zeros(len(Reason), dtype=np.uint8)
_RANK[[Reason.FORBIDDEN, Reason.REGISTERED, Reason.UNDETERMINED, Reason.INVALID, Reason.WRONG_COUNTRY, Reason.CLEAN]] = [
    *(6, 5, 4, 3, 3, 2)
]
_EMPTY_RANK = 1
_PLAIN = np.full(256, Reason.INVALID, dtype=np.uint8)
_PLAIN[[Status.OK, Status.WRONG_COUNTRY, BLANK]] = [Reason.CLEAN, Reason.WRONG_COUNTRY, Reason.NO_ROW]


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Verdicts on the rows of a piece; all arrays have one element per row.

    Attributes:
        reasons: uint8, :class:`Reason`.
        keys: uint64, the number that decided; 0 where there is none.
        statuses: uint8, its :class:`~quietline.numbering.Status`.
        repairs: uint16, what had to be repaired to read it.
        columns: uint8, in which of the washed columns it stands.
        hits: bool, shape (registers, rows): the number that decided stands in this register.
        since: uint16, shape (registers, rows): since which day (0 unknown); None where days were not asked for.
        library_count: numbers for which the numbering library had to be asked.
        outcomes: uint16, number of the row's :class:`~quietline.wash.lawful.Ruling`, 0 for none; None where the rows are
            not judged by law.
    """

    reasons: NDArray[np.uint8]
    keys: NDArray[np.uint64]
    statuses: NDArray[np.uint8]
    repairs: NDArray[np.uint16]
    columns: NDArray[np.uint8]
    hits: NDArray[np.bool_]
    since: NDArray[np.uint16] | None
    library_count: int
    outcomes: NDArray[np.uint16] | None = None

    def __len__(self) -> int:
        return len(self.reasons)


class Judging(Protocol):
    """What decides on rows: a :class:`Judge`, or something that looks over its shoulder."""

    def judge(self, columns: Sequence[Numbers]) -> Verdicts:
        """See :meth:`Judge.judge`."""


class Judge:
    """Judge rows by registers.

    Args:
        registers: a number that stands in any of them is ``REGISTERED``.
        on: the day for which they are asked; by default the list date of each.
        days: also find since which day a number stands there.
    """

    def __init__(self, registers: Sequence[Register], *, on: date | None = None, days: bool = False) -> None:
        self.registers = tuple(registers)
        self._on = on
        self._days = days

    def judge(self, columns: Sequence[Numbers]) -> Verdicts:
        """Judge the rows of a piece.

        Args:
            columns: the numbers of each washed column; the same count of rows in each.

        Returns:
            Where a row has several numbers, the first registered one decides; else the first that is neither valid nor
            empty; else the first valid one.
        """
        return decided_columns([self._judge_column(numbers, place) for place, numbers in enumerate(columns)])

    def _judge_column(self, numbers: Numbers, place: int) -> Verdicts:
        keys, statuses = numbers.keys, numbers.statuses
        rows = len(keys)
        hits = np.zeros((len(self.registers), rows), dtype=np.bool_)
        since = np.full(hits.shape, UNKNOWN, dtype=np.uint16) if self._days else None
        reasons = plain_reasons(statuses)
        for i, register in enumerate(self.registers):
            found = register.lookup(keys, on=self._on, columns=self._days)
            hits[i] = found.hits
            if since is not None and found.since is not None:
                since[i] = found.since
        registered = hits[0] if len(self.registers) == 1 else hits.any(axis=0)
        reasons[registered] = Reason.REGISTERED
        return Verdicts(
            reasons,
            keys,
            statuses,
            numbers.repairs,
            np.full(rows, place, dtype=np.uint8),
            hits,
            since,
            numbers.library_count,
        )


def plain_reasons(statuses: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Give the reasons that numbers have by themselves: ``CLEAN`` where they are valid; uint8."""
    reasons: NDArray[np.uint8] = _PLAIN[statuses]
    return reasons


def decided_columns(verdicts: Sequence[Verdicts]) -> Verdicts:
    """Take each row from the verdict on the column that decides it."""
    if len(verdicts) == 1:
        return verdicts[0]
    ranks = np.stack([_RANK[verdict.reasons] for verdict in verdicts])
    for rank, verdict in zip(ranks, verdicts, strict=True):
        rank[(verdict.reasons == Reason.INVALID) & (verdict.statuses == Status.EMPTY)] = _EMPTY_RANK
    return _choose(verdicts, ranks.argmax(axis=0))


def _choose(verdicts: Sequence[Verdicts], chosen: NDArray[np.intp]) -> Verdicts:
    """Take each row from the verdict on the column that decides."""
    rows = np.arange(len(chosen))
    since = [verdict.since for verdict in verdicts if verdict.since is not None]
    outcomes = [verdict.outcomes for verdict in verdicts if verdict.outcomes is not None]
    return Verdicts(
        np.stack([verdict.reasons for verdict in verdicts])[chosen, rows],
        np.stack([verdict.keys for verdict in verdicts])[chosen, rows],
        np.stack([verdict.statuses for verdict in verdicts])[chosen, rows],
        np.stack([verdict.repairs for verdict in verdicts])[chosen, rows],
        chosen.astype(np.uint8),
        np.stack([verdict.hits for verdict in verdicts])[chosen, :, rows].T,
        np.stack(since)[chosen, :, rows].T if since else None,
        sum(verdict.library_count for verdict in verdicts),
        np.stack(outcomes)[chosen, rows] if outcomes else None,
    )
