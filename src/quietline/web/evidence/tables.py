"""Tables for download: CSV as spreadsheets open it."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from django.http import StreamingHttpResponse

from quietline.web.base.spreadsheets import safe_cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["csv_answer"]


def csv_answer(
    name: str, header: Sequence[str], rows: Iterable[Sequence[object]], *, safe: int = 0
) -> StreamingHttpResponse:
    """Answer with a table, row by row.

    Args:
        name: of the file.
        header: names of the columns.
        rows: of the table.
        safe: how many of the first columns hold our own values (a number begins with +), the others what people wrote.
    """
    answer = StreamingHttpResponse(_lines(header, rows, safe), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _lines(header: Sequence[str], rows: Iterable[Sequence[object]], safe: int) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(header)
    yield "\ufeff" + _taken(buffer)
    for row in rows:
        writer.writerow([*row[:safe], *(_plain(value) for value in row[safe:])])
        yield _taken(buffer)


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


def _plain(value: object) -> object:
    return safe_cell(value) if isinstance(value, str) else value
