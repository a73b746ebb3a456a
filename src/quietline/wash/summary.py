"""Count what a wash did."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from quietline.kernel import BLANK
from quietline.numbering import Repair, Status
from quietline.wash.verdicts import Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from quietline.wash.lawful import Rulings
    from quietline.wash.verdicts import Verdicts

__all__ = ["Summary", "Tally"]


@dataclass(frozen=True, slots=True)
class Summary:
    """What a wash did, for programs (``as_dict``) and for what the command line says.

    Attributes:
        list_name: the list that was washed.
        country: default country of its numbers.
        format: how the list was read: kind, encoding, delimiter, header.
        columns: names of the washed columns.
        unwashed_columns: names of columns that look like numbers, too, and were not washed.
        law: of a campaign: count of rows for each ``verdict``, ``rule``, ``unknown`` fact and ``flag``; its ``campaign``
            (name, seller, SHA-256) and the ``rulebooks`` that were asked (name and SHA-256). Empty otherwise.
        registers: one object a register: name, version, list_date, country, digest, numbers.
        rows: rows of the list; blank lines and the header are none.
        kept: rows in the clean list.
        removed: rows not in it.
        reasons: count of rows for each reason.
        registered: count of rows for each register; a row that stands in two counts in both.
        statuses: count of rows for each status of the number that decided.
        repairs: count of rows for each repair.
        blank_lines: lines without anything in them; they are in no output.
        library_share: share of numbers for which the numbering library had to be asked, 0 to 1.
        outputs: what was written, by role.
    """

    list_name: str
    country: str
    format: dict[str, Any]
    columns: tuple[str, ...]
    registers: tuple[dict[str, Any], ...]
    rows: int
    kept: int
    removed: int
    reasons: dict[str, int]
    registered: dict[str, int]
    statuses: dict[str, int]
    repairs: dict[str, int]
    blank_lines: int
    library_share: float
    outputs: dict[str, str] = field(default_factory=dict)
    unwashed_columns: tuple[str, ...] = ()
    law: dict[str, Any] = field(default_factory=dict)

    def law_facts(self) -> dict[str, Any]:
        """Give what a receipt says of the law a campaign was judged by."""
        return {"campaign": self.law["campaign"]["sha256"], "rulebooks": self.law["rulebooks"]}

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON would have it."""
        return {
            "list": self.list_name,
            "country": self.country,
            "format": self.format,
            "columns": list(self.columns),
            "unwashed_columns": list(self.unwashed_columns),
            "registers": list(self.registers),
            "rows": self.rows,
            "kept": self.kept,
            "removed": self.removed,
            "reasons": self.reasons,
            "registered": self.registered,
            "statuses": self.statuses,
            "repairs": self.repairs,
            "blank_lines": self.blank_lines,
            "library_share": round(self.library_share, 6),
            "outputs": self.outputs,
            **({"law": self.law} if self.law else {}),
        }


class Tally:
    """Add up verdicts; not thread-safe."""

    def __init__(self, register_names: Sequence[str], *, keep_invalid: bool, rulings: Rulings | None = None) -> None:
        self._rulings = rulings
        self._outcomes = np.zeros(0, dtype=np.int64)
        self._names = tuple(register_names)
        self._keep_invalid = keep_invalid
        self._reasons = np.zeros(len(Reason), dtype=np.int64)
        self._statuses = np.zeros(256, dtype=np.int64)
        self._registered = np.zeros(len(self._names), dtype=np.int64)
        self._repairs: Counter[int] = Counter()
        self.library_count = 0
        self.numbers = 0

    def add(self, verdicts: Verdicts, *, columns: int) -> None:
        """Count the verdicts of one piece of a list with so many washed columns."""
        # counting what equals a value is many times faster than counting all values, and there are few
        self._reasons += [np.count_nonzero(verdicts.reasons == reason) for reason in Reason]
        if verdicts.statuses.any():
            self._statuses += np.bincount(verdicts.statuses, minlength=256)
        else:
            self._statuses[Status.OK] += len(verdicts)
        self._registered += np.array([np.count_nonzero(hits) for hits in verdicts.hits], dtype=np.int64)
        if verdicts.repairs.any():
            values, counts = np.unique(verdicts.repairs, return_counts=True)
            self._repairs.update(dict(zip(values.tolist(), counts.tolist(), strict=True)))
        if verdicts.outcomes is not None:
            counts = np.bincount(verdicts.outcomes, minlength=len(self._outcomes))
            counts[: len(self._outcomes)] += self._outcomes
            self._outcomes = counts
        self.library_count += verdicts.library_count
        self.numbers += columns * len(verdicts)

    def keeps(self, reasons: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Say which rows belong into the clean list; uint8, 0 or 1."""
        keep = np.equal(reasons, Reason.CLEAN)
        if self._keep_invalid:
            keep |= np.equal(reasons, Reason.INVALID)
        return keep.astype(np.uint8)

    @property
    def rows(self) -> int:
        """Rows so far."""
        return int(self._reasons.sum() - self._reasons[Reason.NO_ROW])

    @property
    def kept(self) -> int:
        """Rows so far that belong into the clean list."""
        return int(self._reasons[Reason.CLEAN] + (self._reasons[Reason.INVALID] if self._keep_invalid else 0))

    def law_counts(self) -> dict[str, dict[str, int]]:
        """Count rows by verdict, rule, unknown fact and flag of their rulings."""
        counts: dict[str, Counter[str]] = {name: Counter() for name in ("verdicts", "rules", "unknown", "flags")}
        for number in np.flatnonzero(self._outcomes).tolist() if self._rulings is not None else ():
            if number == 0 or self._rulings is None:
                continue
            ruling, rows = self._rulings[number], int(self._outcomes[number])
            counts["verdicts"][ruling.verdict] += rows
            if ruling.rule:
                counts["rules"][ruling.rule] += rows
            counts["unknown"].update(dict.fromkeys(ruling.unknown, rows))
            counts["flags"].update(dict.fromkeys(ruling.flags, rows))
        return {name: dict(sorted(count.items())) for name, count in counts.items()}

    def counts(self) -> dict[str, Any]:
        """Give the counts in the words of :class:`Summary`."""
        repairs: Counter[str] = Counter()
        for value, count in self._repairs.items():
            for repair in Repair(value).texts:
                repairs[repair] += count
        return {
            "rows": self.rows,
            "kept": self.kept,
            "removed": self.rows - self.kept,
            "reasons": {
                reason.text: int(self._reasons[reason])
                for reason in Reason
                if reason != Reason.NO_ROW and self._reasons[reason]
            },
            "registered": {name: int(count) for name, count in zip(self._names, self._registered, strict=True)},
            "statuses": {status.text: int(self._statuses[status]) for status in Status if self._statuses[status]},
            "repairs": dict(repairs),
            "blank_lines": int(self._statuses[BLANK]),
            "library_share": self.library_count / self.numbers if self.numbers else 0.0,
        }
