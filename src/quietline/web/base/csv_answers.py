"""Tables as CSV, for people who open them in a spreadsheet: UTF-8 that it reads as such, and never a formula."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse

from quietline.web.base.spreadsheets import safe_cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["csv_answer"]

_FIGURE = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)


def csv_answer(name: str, columns: Sequence[Any], rows: Iterable[Sequence[Any]]) -> HttpResponse:
    """Answer with a table.

    Args:
        name: of the file, without its ending.
        columns: texts, or ``{"label": text}`` as tables of pages have them.
        rows: of texts, figures, None for nothing, or ``{"text": text}`` as tables of pages have them. Plain figures and
            telephone numbers stay as they are; other text that a spreadsheet would take for a formula is made harmless
            (:func:`quietline.web.base.spreadsheets.safe_cell`).
    """
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([_plain(column["label"] if isinstance(column, dict) else column) for column in columns])
    writer.writerows([_plain(cell) for cell in row] for row in rows)
    answer = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def _plain(cell: Any) -> str:
    if cell is None:
        return ""
    text = str(cell["text"] if isinstance(cell, dict) else cell)
    return text if _FIGURE.fullmatch(text) else safe_cell(text)
