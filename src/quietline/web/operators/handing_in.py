"""A file of events that an operator's clerk hands in on a page: as large as one transaction, all of it read first."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from quietline.errors import StrictError
from quietline.web.operators.importing import read_line_events
from quietline.web.operators.reporting import CHUNK, report_line_events

if TYPE_CHECKING:
    from datetime import datetime
    from typing import BinaryIO

    from quietline.web.accounts.models import Organisation
    from quietline.web.operators.sifting import Outcome

__all__ = ["MOST_BYTES", "MOST_EVENTS", "hand_in_events"]

MOST_EVENTS = CHUNK
MOST_BYTES = 1 << 20


def hand_in_events(*, operator: Organisation, file: BinaryIO, at: datetime) -> list[Outcome]:
    """Take in a file as :func:`quietline.web.operators.importing.read_line_events` reads it.

    Args:
        operator: who reports.
        file: CSV in UTF-8, at most :data:`MOST_BYTES` long, with at most :data:`MOST_EVENTS` events.
        at: now.

    Returns:
        What became of each event, in the order of the file; the same file again changes nothing.

    Raises:
        ColumnError: a column is missing.
        StrictError: a row cannot be read, or the file is too long; nothing was written.
        NotProvenError: this organisation is no operator, or may not act.
        ConflictError: somebody else changed the same numbers, time and again; nothing was written.
    """
    data = file.read(MOST_BYTES + 1)
    text = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", newline="")
    if len(data) > MOST_BYTES:
        raise _too_long()
    events = []
    for event in read_line_events(text, country=operator.country):
        events.append(event)
        if len(events) > MOST_EVENTS:
            raise _too_long()
    return report_line_events(operator=operator, events=events, at=at)


def _too_long() -> StrictError:
    return StrictError(
        f"The file is longer than {MOST_EVENTS} events or {MOST_BYTES >> 20} MB.",
        advice="Hand it in in parts; nothing was written.",
    )
