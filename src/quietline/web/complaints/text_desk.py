"""Reports that come by text message, and what is told of them to the line that they came from."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from quietline.web.complaints.models import Complaint, Report
from quietline.web.complaints.sealing import Said
from quietline.web.complaints.taking import Told, take
from quietline.web.complaints.telling import due_day
from quietline.web.subscribers.reports import ReportState

if TYPE_CHECKING:
    from quietline.web.subscribers.numbers import Line
    from quietline.web.subscribers.texts_in import Complaint as ReadComplaint

__all__ = ["TextDesk"]


class TextDesk:
    """Takes the reports that the grammar of texts understands."""

    def take(
        self, *, line: Line, complaint: ReadComplaint, language: str, at: datetime, line_proven: bool = False
    ) -> ReportState:
        """Store a report. A day without a year is the latest such day; one that is yet to come is left out.

        Raises:
            OperationError: as :func:`quietline.web.complaints.taking.take`; ``complaint.too-late`` among them.
        """
        day = complaint.day.before(line.local_date(at)) if complaint.day else None
        zone = ZoneInfo((line.zones or ("UTC",))[0])
        moment = None
        if complaint.time:
            said = datetime.combine(day or at.astimezone(zone).date(), time.fromisoformat(complaint.time), zone)
            moment = said if said <= at else None
        told = Told(
            caller=complaint.caller, called_at=moment, called_date=day, said=Said(words=complaint.words),
            answer_by=Complaint.AnswerBy.TEXT,
        )  # fmt: skip
        if not (complaint.caller or complaint.words or day or moment):
            told = replace(told, called_date=line.local_date(at))
        row = take(
            told=told, source=Report.Source.TEXT, country=line.country, language=language, at=at, line=line,
            is_proven=line_proven,
        )  # fmt: skip
        return _state(row)

    def tell(self, *, key: int, reference: str) -> ReportState | None:
        """Say how far a report of this line is; None where the line has none by this reference."""
        row = Complaint.objects.filter(key=key, reference__iexact=reference).first()
        return None if row is None else _state(row)


def _state(row: Complaint) -> ReportState:
    return ReportState(row.reference, row.state, due_day(row))
