"""What a check of the database found, in a form for programs and for people; never a number or a name of a person."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

__all__ = ["MOST_FINDINGS", "DatabaseReport", "Finding", "Findings"]

MOST_FINDINGS = 1_000
"""Findings that are named one by one; what is beyond is counted."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not hold.

    Attributes:
        code: what is wrong, one of those in docs/reference/ledger.md.
        kind: kind of the record: that of its leaf, or ``entry``, ``imported``, ``leaf``, ``log``, ``feed``.
        record: its id, or the index or number that is spoken of; None where it is of the whole.
        detail: which fields differ, or what is there instead; names of fields, never their values.
    """

    code: str
    kind: str
    record: int | None
    detail: str

    def __str__(self) -> str:
        record = "" if self.record is None else f" {self.record}"
        return f"{self.code}: {self.kind}{record}: {self.detail}"


class Findings:
    """Gathers findings in bounded memory."""

    def __init__(self) -> None:
        self.named: list[Finding] = []
        self.counts: Counter[str] = Counter()

    def add(self, code: str, kind: str, record: int | None, detail: str) -> None:
        """Note one; beyond :data:`MOST_FINDINGS` it is only counted."""
        self.counts[code] += 1
        if len(self.named) < MOST_FINDINGS:
            self.named.append(Finding(code, kind, record, detail))

    def merge(self, named: Sequence[Finding], counts: Counter[str]) -> None:
        """Add what was gathered elsewhere."""
        self.counts.update(counts)
        self.named += named[: max(0, MOST_FINDINGS - len(self.named))]


@dataclass(frozen=True, slots=True)
class DatabaseReport:
    """What was looked at and what was found.

    Attributes:
        at: when.
        log_size: entries of the published log that were compared; None where no log was given.
        leaves: leaves that were read.
        rows: rows whose hash was compared with their leaf.
        changes: numbered changes.
        feed_lines: lines of feeds that were compared.
        tombstones: records that a tombstone says are erased.
        tombstones_by: how many there are of each kind, by their reason; ``other`` for reasons that no act has.
        waiting: changes and leaves not numbered or not published yet, for 60 seconds at most.
        waiting_long: the same, for longer: the sequencer may not be at work.
        findings: the first :data:`MOST_FINDINGS`.
        counts: how many there are of each code.
    """

    at: datetime
    log_size: int | None
    leaves: int
    rows: int
    changes: int
    feed_lines: int
    tombstones: int
    tombstones_by: dict[str, dict[str, int]]
    waiting: int
    waiting_long: int
    findings: tuple[Finding, ...]
    counts: dict[str, int]

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return not self.counts

    def as_dict(self) -> dict[str, Any]:
        """Give the report in a form that JSON knows."""
        return {
            "holds": self.holds,
            "at": self.at.isoformat(),
            "log_size": self.log_size,
            "leaves": self.leaves,
            "rows": self.rows,
            "changes": self.changes,
            "feed_lines": self.feed_lines,
            "tombstones": self.tombstones,
            "tombstones_by": self.tombstones_by,
            "waiting": self.waiting,
            "waiting_long": self.waiting_long,
            "counts": self.counts,
            "findings": [
                {"code": found.code, "kind": found.kind, "record": found.record, "detail": found.detail}
                for found in self.findings
            ],
        }
