"""Periods that books are made for: quarters and years, by name: ``2026-Q3``, ``2026``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from quietline.web.statistics.figures import quarter_of

__all__ = ["Period", "period_named", "quarter_with"]

_NAME = re.compile(r"(20\d\d|19\d\d)(?:-Q([1-4]))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Period:
    """A quarter, or a whole year where ``quarter`` is None."""

    year: int
    quarter: int | None = None

    @property
    def name(self) -> str:
        """Its name, which sorts by time within its kind."""
        return str(self.year) if self.quarter is None else f"{self.year}-Q{self.quarter}"

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, 1 if self.quarter is None else self.quarter * 3 - 2, 1)

    @property
    def last(self) -> date:
        """Its last day."""
        if self.quarter in (None, 4):
            return date(self.year, 12, 31)
        return date(self.year, (self.quarter or 0) * 3 + 1, 1) - timedelta(days=1)

    @property
    def before(self) -> Period:
        """The one before, of the same kind."""
        if self.quarter is None:
            return Period(self.year - 1)
        return Period(self.year - 1, 4) if self.quarter == 1 else Period(self.year, self.quarter - 1)

    @property
    def quarters(self) -> list[Period]:
        """The quarters that it is made of; itself where it is one."""
        return [self] if self.quarter is not None else [Period(self.year, quarter) for quarter in (1, 2, 3, 4)]

    def is_over(self, on: date) -> bool:
        """Say whether all its days have gone by."""
        return self.last < on


def period_named(name: str) -> Period | None:
    """Read a name; None where it is none."""
    found = _NAME.fullmatch(name)
    return Period(int(found[1]), int(found[2]) if found[2] else None) if found else None


def quarter_with(day: date) -> Period:
    """Give the quarter of a day."""
    return Period(*quarter_of(day.year, day.month))
