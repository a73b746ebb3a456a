"""What is written beside a row: number, reason, register, since-day, status, column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from quietline.numbering import number_of, status_text
from quietline.registers import date_of
from quietline.wash.verdicts import Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from quietline.wash.verdicts import Verdicts

__all__ = ["NOTE_NAMES", "Notes"]

NOTE_NAMES = ("wash_number", "wash_reason", "wash_register", "wash_since", "wash_status", "wash_column")
"""Names of the columns that removed and annotated lists have behind the columns of the list itself.

``wash_number``: the number that decided, in E.164. ``wash_reason``: see :class:`Reason`. ``wash_register``: names of the
registers it stands in, joined by ``;``. ``wash_since``: since which day in each, joined likewise, empty where unknown.
``wash_status``: what was found in the field, with its repairs. ``wash_column``: the column it stands in."""


class Notes:
    """Give each row its note; rows with the same reason, register, day, status and column share one.

    Args:
        register_names: names of the registers, in the order in which they were asked.
        column_names: names of the washed columns.
    """

    def __init__(self, register_names: Sequence[str], column_names: Sequence[str]) -> None:
        self._registers = tuple(register_names)
        self._columns = tuple(column_names)

    def distinct(self, verdicts: Verdicts) -> tuple[NDArray[np.uint32], list[tuple[str, ...]]]:
        """Say which note each row has, and what the notes are (without the number).

        Returns:
            uint32, shape (rows,), and the notes: reason, register, since, status, column.
        """
        facts: list[NDArray[Any]] = [verdicts.reasons, verdicts.statuses, verdicts.repairs, verdicts.columns, *verdicts.hits]
        if verdicts.since is not None:
            facts.extend(verdicts.since)
        note_of = np.zeros(len(verdicts), dtype=np.int64)
        for fact in facts:  # rows that agree in all facts so far, numbered anew with each fact
            _, note_of = np.unique(note_of * 65536 + fact.astype(np.int64), return_inverse=True)
        _, examples = np.unique(note_of, return_index=True)
        return note_of.astype(np.uint32), [self._note(verdicts, row) for row in examples.tolist()]

    def of_row(self, verdicts: Verdicts, row: int) -> tuple[str, ...]:
        """Give the whole note of one row, number first."""
        key = int(verdicts.keys[row])
        return (number_of(key) if key else "", *self._note(verdicts, row))

    def _note(self, verdicts: Verdicts, row: int) -> tuple[str, ...]:
        if verdicts.reasons[row] == Reason.NO_ROW:
            return ("", "", "", "", "")  # a blank line has no status, and is never written
        registers, days = [], []
        for i, name in enumerate(self._registers):
            if verdicts.hits[i, row]:
                registers.append(name)
                day = date_of(int(verdicts.since[i, row])) if verdicts.since is not None else None
                days.append(day.isoformat() if day else "")
        return (
            Reason(int(verdicts.reasons[row])).text,
            ";".join(registers),
            ";".join(days) if any(days) else "",
            status_text(int(verdicts.statuses[row]), int(verdicts.repairs[row])),
            self._columns[int(verdicts.columns[row])],
        )
