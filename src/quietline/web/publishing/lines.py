"""A change as the line that stands in a feed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quietline.feed.lines import Added, Altered, Imported, Marked, Published, Withdrawn
from quietline.web.publishing.models import Change

if TYPE_CHECKING:
    from quietline.feed.lines import Line

__all__ = ["line_of_change"]


def line_of_change(change: Change) -> Line:
    """Give the line of a numbered change; always the same for the same change.

    Raises:
        ValueError: the row lacks what its operation needs.
    """
    number, at = change.number or 0, change.at
    if change.operation == Change.Operation.MARK:
        return Marked(at=at, number=number)
    if (bulk := change.bulk) is not None:
        return Imported(at=at, number=number, sha256=bulk.sha256, count=bulk.count, list_date=bulk.list_date)
    if (file := change.file) is not None:
        return Published(
            at=at,
            number=number,
            sha256=file.sha256,
            content=file.content,
            count=file.numbers_count,
            size=file.size,
            version=file.version,
        )
    if change.key is None:
        raise ValueError(f"change {change.pk} has no number")
    if change.operation == Change.Operation.WITHDRAW:
        return Withdrawn(at=at, number=number, key=change.key)
    kind = Added if change.operation == Change.Operation.ADD else Altered
    return kind(at=at, number=number, key=change.key, since=change.since_date, terms=change.terms)
