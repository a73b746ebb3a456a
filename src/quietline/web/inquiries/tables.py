"""Tables for download: CSV (RFC 4180) with a byte order mark, as spreadsheets need it for Chinese."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from django.http import StreamingHttpResponse

from quietline.web.base.spreadsheets import safe_cell
from quietline.web.inquiries import queries

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from django.db.models import QuerySet

    from quietline.web.inquiries.models import Inquiry

__all__ = ["inbox_table", "sent_table"]

_INBOX = ("reference", "kind", "subject", "state", "sent_at", "due_at", "overdue", "number", "first", "last", "matter")
_SENT = (*_INBOX[:3], "to", *_INBOX[3:7], "read_at", "answered_at", "closed_at")
_NUMBER = ("number", "line", "caller")


def inbox_table(rows: QuerySet[Inquiry], at: datetime) -> StreamingHttpResponse:
    """Answer with what an organisation is asked, with whole numbers: it is what switches are fed with."""
    return _answer("requests.csv", _INBOX, (_asked(row, at) for row in rows.iterator(chunk_size=500)))


def sent_table(rows: QuerySet[Inquiry], at: datetime) -> StreamingHttpResponse:
    """Answer with what an authority has asked, without numbers."""
    return _answer("sent-requests.csv", _SENT, (_sent(row, at) for row in rows.iterator(chunk_size=500)))


def _asked(row: Inquiry, at: datetime) -> list[str]:
    matter = queries.asked_in(row).matter
    number = next((matter[name] for name in _NUMBER if name in matter), "")
    rest = {name: value for name, value in matter.items() if name not in {*_NUMBER, "first", "last"}}
    written = "; ".join(f"{name}={','.join(value) if isinstance(value, list) else value}" for name, value in rest.items())
    return [
        row.reference, row.kind, safe_cell(row.subject), row.state, row.sent_at.isoformat(), row.due_at.isoformat(),
        "yes" if row.is_overdue(at) else "no", number, matter.get("first", ""), matter.get("last", ""), safe_cell(written),
    ]  # fmt: skip


def _sent(row: Inquiry, at: datetime) -> list[str]:
    moments = (row.read_at, row.answered_at, row.closed_at)
    return [
        row.reference, row.kind, safe_cell(row.subject), row.to.code, row.state, row.sent_at.isoformat(),
        row.due_at.isoformat(), "yes" if row.is_overdue(at) else "no",
        *(moment.isoformat() if moment else "" for moment in moments),
    ]  # fmt: skip


def _answer(name: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> StreamingHttpResponse:
    answer = StreamingHttpResponse(_lines(header, rows), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _lines(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(header)
    yield "\ufeff" + _taken(buffer)
    for row in rows:
        writer.writerow(row)
        yield _taken(buffer)


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
