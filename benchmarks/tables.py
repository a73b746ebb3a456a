"""Print results as tables for people and keep them for a JSON file."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Spread:
    """Several measurements of one thing."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Take median, lowest and highest."""
        return cls(statistics.median(values), min(values), max(values))

    def text(self, digits: int = 2) -> str:
        """Give ``median (lowest-highest)``."""
        if self.low == self.high:
            return f"{self.median:.{digits}f}"
        return f"{self.median:.{digits}f} ({self.low:.{digits}f}-{self.high:.{digits}f})"


def ratios(values: Sequence[float], of: Sequence[float]) -> Spread:
    """Divide measurements by those of the same rounds."""
    return Spread.of([a / b for a, b in zip(values, of, strict=False)])


@dataclass(frozen=True)
class Target:
    """A figure that was promised, and what came out.

    Attributes:
        what: the promise.
        limit: the figure promised.
        found: the figure found.
        least: the promise is a lower limit.
        unit: of both figures.
    """

    what: str
    limit: float
    found: float
    least: bool = False
    unit: str = ""

    @property
    def met(self) -> bool:
        """Whether it was kept."""
        return self.found >= self.limit if self.least else self.found <= self.limit

    def text(self) -> str:
        """Give one line."""
        kind = "at least" if self.least else "at most"
        verdict = "met" if self.met else "MISSED"
        return f"{self.what}: {kind} {self.limit:g}{self.unit}; found {self.found:.3g}{self.unit}: {verdict}"


@dataclass
class Section:
    """One table: what was measured, how it compares, what was promised."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)

    def add(self, *cells: str) -> None:
        """Add a row of the table."""
        self.rows.append(cells)

    def print(self) -> None:
        """Show it."""
        widths = [max(len(row[i]) for row in [self.columns, *self.rows]) for i in range(len(self.columns))]
        print(f"\n{self.title}\n")
        for row in [self.columns, tuple("-" * width for width in widths), *self.rows]:
            cells = [row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))]
            print(f"  {'  '.join(cells)}".rstrip())
        for line in [*self.notes, *(f"target: {target.text()}" for target in self.targets)]:
            print(f"  {line}")
        print(flush=True)

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON would have it."""
        return {
            "title": self.title,
            "columns": self.columns,
            "rows": self.rows,
            "notes": self.notes,
            "targets": [{**asdict(target), "met": target.met} for target in self.targets],
            "figures": self.figures,
        }


def megabytes(count: float) -> str:
    """Give bytes in MB of a million."""
    return f"{count / 1e6:,.0f}"
