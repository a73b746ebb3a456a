"""Reports of calls that come in by text. Who takes them stands in a room above this one and enters itself here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import date, datetime

    from quietline.web.subscribers.numbers import Line
    from quietline.web.subscribers.texts_in import Complaint

__all__ = ["REPORT_TAKERS", "ReportState", "ReportTaker", "take_report", "tell_report"]


@dataclass(frozen=True, slots=True)
class ReportState:
    """How far a report is.

    Attributes:
        reference: that its reporter goes by.
        state: ``received``, ``invalid``, ``validated``, ``in-case``, ``answered`` or ``withdrawn``.
        due: day by which it is answered.
    """

    reference: str
    state: str
    due: date


class ReportTaker(Protocol):
    """Takes reports, and says how far one is."""

    def take(
        self, *, line: Line, complaint: Complaint, language: str, at: datetime, line_proven: bool = False
    ) -> ReportState:
        """Store a report, in the transaction of the text.

        Args:
            line: that was called.
            complaint: as the grammar understood it.
            language: in which it is answered.
            at: now.
            line_proven: whether the line was proven to be in the reporter's hands.

        Raises:
            OperationError: it is not taken: too late by the law of the line's country, say.
        """
        ...

    def tell(self, *, key: int, reference: str) -> ReportState | None:
        """Say how far a report of a line is; None where the line has none by this reference."""
        ...


REPORT_TAKERS: list[ReportTaker] = []
"""Who takes reports: the first one. Filled when the platform starts."""


def take_report(
    *, line: Line, complaint: Complaint, language: str, at: datetime, line_proven: bool = False
) -> ReportState | None:
    """Hand a report on; None where this installation takes none. Arguments and errors as of :class:`ReportTaker`."""
    for taker in REPORT_TAKERS:
        return taker.take(line=line, complaint=complaint, language=language, at=at, line_proven=line_proven)
    return None


def tell_report(*, key: int, reference: str) -> ReportState | None:
    """Say how far a report of a line is; None where there is none by this reference."""
    return next((found for taker in REPORT_TAKERS if (found := taker.tell(key=key, reference=reference)) is not None), None)
