"""What every wash needs, whatever kind of list it washes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from quietline.tables import OutputFile
    from quietline.wash.notes import Notes
    from quietline.wash.seen import SeenNumbers
    from quietline.wash.summary import Tally
    from quietline.wash.verdicts import Judging

__all__ = ["WashParts"]


@dataclass(frozen=True, slots=True)
class WashParts:
    """The parts of one wash.

    Attributes:
        judge: decides on each row.
        tally: counts.
        notes: what is written beside removed and annotated rows.
        clean: output of the kept rows, or None.
        removed: output of the removed rows with their notes, or None.
        annotated: output of all rows with their notes, or None.
        seen: numbers of kept rows, where duplicates are to be removed.
        progress: is called after each piece.
    """

    judge: Judging
    tally: Tally
    notes: Notes
    clean: OutputFile | None = None
    removed: OutputFile | None = None
    annotated: OutputFile | None = None
    seen: SeenNumbers | None = None
    progress: Callable[[], None] | None = None

    def with_notes(self, notes: Notes) -> WashParts:
        """Give the same parts with other notes."""
        return replace(self, notes=notes)
