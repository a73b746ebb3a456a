"""Reports of calls that come in by text: stored sealed, answered with a reference. Nothing is judged here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from quietline.numbering import Status, parse
from quietline.web.keeping.models import DataKey
from quietline.web.keeping.rings import key_ring
from quietline.web.proofs.operations import write_leaves
from quietline.web.publishing.operations import new_reference
from quietline.web.subscribers.low_tech_models import Report

if TYPE_CHECKING:
    from datetime import datetime

    from quietline.web.subscribers.numbers import Line
    from quietline.web.subscribers.texts_in import Complaint

__all__ = ["take_report", "words_of"]


def take_report(*, line: Line, complaint: Complaint, language: str, at: datetime, line_proven: bool = False) -> Report:
    """Store a report.

    Args:
        line: that was called.
        complaint: as the grammar understood it. A day without a year is the latest such day on the line's clock; a day
            that is yet to come, or that no calendar has, is left out.
        language: in which it is answered.
        at: now.
        line_proven: whether the line was proven to be in the reporter's hands.
    """
    found = parse(complaint.caller, country=line.country) if complaint.caller else None
    report = Report(
        reference=new_reference("RP"), key=line.key, caller_raw=complaint.caller[:32],
        caller_key=found.key if found is not None and found.status is Status.OK and found.key else None,
        said_date=complaint.day.before(line.local_date(at)) if complaint.day else None, said_time=complaint.time,
        language=language, line_proven=line_proven, at=at,
    )  # fmt: skip
    with transaction.atomic():
        if complaint.words:
            record = _record(report)
            wrapped = key_ring().new_data_key(record)
            report.data_key = DataKey.objects.create(record=record, wrapped=wrapped, created_at=at)
            report.words = key_ring().unwrap(wrapped, record).seal_text(complaint.words, "words")
        report.save(force_insert=True)
        write_leaves("report", [report], at=at)
    return report


def words_of(report: Report) -> str:
    """Open what the reporter wrote; who reads it, the caller puts on record.

    Raises:
        VaultError: ``vault.erased`` where its key was destroyed.
    """
    if report.words is None:
        return ""
    wrapped = report.data_key.wrapped if report.data_key else None
    return key_ring().unwrap(wrapped, _record(report)).open_text(report.words, "words")


def _record(report: Report) -> str:
    return f"subscribers.report:{report.reference}"
