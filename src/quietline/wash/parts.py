"""What every wash needs, whatever kind of list it washes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from quietline.wash.verdicts import Reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

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
        undetermined: output of the rows on which the law does not say, with their notes, or None: then those are removed.
        seen: numbers of kept rows, where duplicates are to be removed.
        progress: is called after each piece.
    """

    judge: Judging
    tally: Tally
    notes: Notes
    clean: OutputFile | None = None
    removed: OutputFile | None = None
    annotated: OutputFile | None = None
    undetermined: OutputFile | None = None
    seen: SeenNumbers | None = None
    progress: Callable[[], None] | None = None

    @property
    def outputs(self) -> list[tuple[str, OutputFile]]:
        """The outputs that there are, by role."""
        roles = ("clean", "removed", "annotated", "undetermined")
        found = ((role, getattr(self, role)) for role in roles)
        return [(role, output) for role, output in found if output is not None]

    def select(self, role: str, reasons: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Say which rows belong into an output; bool."""
        keep = self.tally.keeps(reasons).astype(np.bool_)
        if role == "clean":
            return keep
        rows: NDArray[np.bool_] = reasons != Reason.NO_ROW
        if role == "annotated":
            return rows
        unclear: NDArray[np.bool_] = reasons == Reason.UNDETERMINED
        if role == "undetermined":
            return unclear
        return rows & ~keep & ~unclear if self.undetermined is not None else rows & ~keep

    def with_notes(self, notes: Notes) -> WashParts:
        """Give the same parts with other notes."""
        return replace(self, notes=notes)
