"""Calls of a log, some thousand at a time, and what is wrong with rows that are none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from quietline.audit.times import TimeStatus
from quietline.numbering import Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["AMBIGUOUS_TIME", "Calls"]

AMBIGUOUS_TIME = "ambiguous_time"
"""Note on calls whose local time was there twice, or not at all, because clocks were changed; they are judged."""
_NUMBER_REASONS = {int(status): f"number_{status.text}" for status in Status} | {int(Status.EMPTY): "no_number"}
_TIME_REASONS = {
    int(TimeStatus.EMPTY): "no_time",
    int(TimeStatus.UNREADABLE): "unreadable_time",
    int(TimeStatus.DATE_ONLY): "date_without_time",
    int(TimeStatus.DATE_ORDER): "day_month_order",
}
_INCOMING = frozenset({"in", "inbound", "incoming", "i", "inward", "received", "呼入", "来电", "來電"})


@dataclass(frozen=True, slots=True)
class Calls:
    """Some rows of a log, in its order.

    Attributes:
        rows: int64, shape (n,); row numbers as a spreadsheet shows them: the header, where there is one, is row 1.
        keys: uint64, shape (n,); keys of the numbers called, 0 where a row has none.
        statuses: uint8, shape (n,); :class:`quietline.numbering.Status` of the numbers.
        called_at: datetime64[us], shape (n,); when the call was made, in UTC; NaT where that cannot be read.
        time_statuses: uint8, shape (n,); :class:`~quietline.audit.times.TimeStatus`.
        texts: for each text role that the log has (``agent``, ``list``, ``disposition``, ``campaign``, ``caller``,
            ``direction``, ``channel``) one text a row, without blanks at its ends and control characters, cut off after
            200 characters. It comes from whoever wrote the log and is not to be trusted.
    """

    rows: NDArray[np.int64]
    keys: NDArray[np.uint64]
    statuses: NDArray[np.uint8]
    called_at: NDArray[np.datetime64]
    time_statuses: NDArray[np.uint8]
    texts: Mapping[str, list[str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def readable(self) -> NDArray[np.bool_]:
        """bool, shape (n,): the row has a number with a key, and a time; only such rows can be judged."""
        readable: NDArray[np.bool_] = (self.keys != 0) & (self.time_statuses <= TimeStatus.SKIPPED)
        return readable

    @property
    def ambiguous(self) -> NDArray[np.bool_]:
        """bool, shape (n,): readable, but the local time was there twice or not at all (:data:`AMBIGUOUS_TIME`)."""
        ambiguous: NDArray[np.bool_] = self.readable & (self.time_statuses != TimeStatus.OK)
        return ambiguous

    @property
    def incoming(self) -> NDArray[np.bool_]:
        """bool, shape (n,): the log says that somebody called in; such calls are nobody's to forbid."""
        directions = self.texts.get("direction")
        if directions is None:
            return np.zeros(len(self), np.bool_)
        return np.fromiter((text.casefold() in _INCOMING for text in directions), np.bool_, len(self))

    def reasons(self) -> dict[str, NDArray[np.int64]]:
        """Say why rows cannot be read: for each reason the row numbers. What is wrong with the number goes first.

        Returns:
            Reasons are ``no_number``, ``number_too_short`` and so on for the other statuses of a number without a key,
            ``no_time``, ``unreadable_time``, ``date_without_time``, ``day_month_order``.
        """
        found: dict[str, NDArray[np.int64]] = {}
        no_key = self.keys == 0
        for status in np.unique(self.statuses[no_key]).tolist():
            found[_NUMBER_REASONS[status]] = self.rows[no_key & (self.statuses == status)]
        no_time = ~no_key & (self.time_statuses > TimeStatus.SKIPPED)
        for status in np.unique(self.time_statuses[no_time]).tolist():
            found[_TIME_REASONS[status]] = self.rows[no_time & (self.time_statuses == status)]
        return found
