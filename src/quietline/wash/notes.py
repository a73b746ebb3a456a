"""What is written beside a row: number, reason, register, since-day, status, column."""

from __future__ import annotations

from functools import lru_cache
from itertools import repeat
from typing import TYPE_CHECKING, Any

import numpy as np

from quietline.numbering import number_of, status_text
from quietline.registers import date_of
from quietline.wash.verdicts import Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from quietline.wash.lawful import Rulings
    from quietline.wash.verdicts import Verdicts

__all__ = ["LAW_NOTE_NAMES", "NOTE_NAMES", "Notes"]

NOTE_NAMES = ("wash_number", "wash_reason", "wash_register", "wash_since", "wash_status", "wash_column")
"""Names of the columns that removed and annotated lists have behind the columns of the list itself.

``wash_number``: the number that decided, in E.164. ``wash_reason``: see :class:`Reason`. ``wash_register``: names of the
registers it stands in, joined by ``;``. ``wash_since``: since which day in each, joined likewise, empty where unknown.
``wash_status``: what was found in the field, with its repairs. ``wash_column``: the column it stands in."""

LAW_NOTE_NAMES = ("wash_verdict", "wash_rule", "wash_because", "wash_unknown", "wash_flags", "wash_from")
"""Names of the columns behind those where a campaign is judged by law.

``wash_verdict``: permit, forbid or undetermined. ``wash_rule``: the rule that decides. ``wash_because``: what it says.
``wash_unknown``: facts that would decide, joined by ``;``; the time zone with zones in which the answers differ, as in
``callee_timezone(America/Boise|America/Los_Angeles)``. ``wash_flags``: side duties that are breached. ``wash_from``: where
only the time of day is in the way, from when the number may be called."""
_MOST_MIXED = 1 << 62


class Notes:
    """Give each row its note; rows with the same reason, register, day, status and column share one.

    Args:
        register_names: names of the registers, in the order in which they were asked.
        column_names: names of the washed columns.
        rulings: of a campaign that is judged by law.
    """

    def __init__(self, register_names: Sequence[str], column_names: Sequence[str], rulings: Rulings | None = None) -> None:
        self._rulings = rulings
        self._registers = tuple(register_names)
        self._known: dict[tuple[int, ...], tuple[str, ...]] = {}
        self._columns = tuple(column_names)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns that notes fill, the number first."""
        return NOTE_NAMES if self._rulings is None else (*NOTE_NAMES, *LAW_NOTE_NAMES)

    def for_columns(self, column_names: Sequence[str]) -> Notes:
        """Give notes on other washed columns."""
        return Notes(self._registers, column_names, self._rulings)

    def distinct(
        self, verdicts: Verdicts, select: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.uint32], list[tuple[str, ...]]]:
        """Say which note each row has, and what the notes are (without the number).

        Args:
            verdicts: on the rows.
            select: bool, shape (rows,): rows whose notes are asked for; all by default. The others get any.

        Returns:
            uint32, shape (rows,), and the notes: reason, register, since, status, column.
        """
        rows = np.arange(len(verdicts)) if select is None else np.flatnonzero(select)
        note_of = np.zeros(len(verdicts), dtype=np.uint32)
        if not len(rows):
            return note_of, []
        mixed, size = np.zeros(len(rows), dtype=np.int64), 1
        for fact in self._facts(verdicts):
            values = fact[rows]
            width = int(values.max()) + 1
            if size * width >= _MOST_MIXED:  # number anew those that there are
                mixed = np.unique(mixed, return_inverse=True)[1].astype(np.int64)
                size = int(mixed.max()) + 1
            if width > 1:
                mixed *= width
                mixed += values
                size *= width
        _, examples, which = np.unique(mixed, return_index=True, return_inverse=True)
        note_of[rows] = which
        return note_of, self._notes(verdicts, rows[examples])

    @staticmethod
    def _facts(verdicts: Verdicts) -> list[NDArray[Any]]:
        facts: list[NDArray[Any]] = [verdicts.reasons, verdicts.statuses, verdicts.repairs, verdicts.columns, *verdicts.hits]
        if verdicts.since is not None:
            facts.extend(verdicts.since)
        if verdicts.outcomes is not None:
            facts.append(verdicts.outcomes)
        return facts

    def _notes(self, verdicts: Verdicts, rows: NDArray[np.intp]) -> list[tuple[str, ...]]:
        """Give the notes of some rows; those that differ by days only are put together once."""
        outcomes = verdicts.outcomes if verdicts.outcomes is not None else np.zeros(len(verdicts), dtype=np.uint16)
        parts = [verdicts.reasons, verdicts.statuses, verdicts.repairs, verdicts.columns, outcomes, *verdicts.hits]
        keys = zip(*(part[rows].tolist() for part in parts), strict=True)
        since = verdicts.since
        days = repeat(()) if since is None else zip(*(day[rows].tolist() for day in since), strict=True)
        notes = []
        for key, known, row in zip(keys, days, rows.tolist(), strict=False):
            note = self._known.get(key)
            if note is None:
                note = self._known[key] = self._note(verdicts, row)
            told = ";".join([_told(day) for hit, day in zip(key[5:], known, strict=False) if hit])
            notes.append((*note[:2], told.strip(";") and told, *note[3:]))
        return notes

    def of_row(self, verdicts: Verdicts, row: int) -> tuple[str, ...]:
        """Give the whole note of one row, number first."""
        key = int(verdicts.keys[row])
        return (number_of(key) if key else "", *self._note(verdicts, row))

    def _note(self, verdicts: Verdicts, row: int) -> tuple[str, ...]:
        if verdicts.reasons[row] == Reason.NO_ROW:
            return ("",) * (len(self.names) - 1)  # a blank line has no status, and is never written
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
            *self._law_note(verdicts, row),
        )

    def _law_note(self, verdicts: Verdicts, row: int) -> tuple[str, ...]:
        if self._rulings is None or verdicts.outcomes is None:
            return ()
        number = int(verdicts.outcomes[row])
        if number == 0:
            return ("",) * len(LAW_NOTE_NAMES)
        ruling = self._rulings[number]
        because = f"{ruling.text} {ruling.citation}".strip()
        unknown, flags = ";".join(ruling.unknown_in_words), ";".join(ruling.flags)
        return (ruling.verdict, ruling.rule, because, unknown, flags, ruling.next_permitted_at)


@lru_cache(maxsize=1 << 16)
def _told(day: int) -> str:
    found = date_of(day)
    return found.isoformat() if found else ""
