"""How many people and households there are: dated tables of official counts, and nothing where none covers the days.

The tables lie in ``tables/``, one file for each country, each with its source. Nothing is carried on beyond its days.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

__all__ = ["CONFIDENCES", "Base", "base_of"]

CONFIDENCES = ("seen_official", "seen_copy", "seen_secondary", "memory_high", "memory_medium", "memory_low")
"""How well a count is known: seen in the official text, in a copy, with somebody else, or not checked against a text."""

_TABLES = Path(__file__).parent / "tables"


@dataclass(frozen=True, slots=True)
class Base:
    """A table of counts.

    Attributes:
        source: who counted and where it is printed.
        confidence: how well the counts are known, one of :data:`CONFIDENCES`, which mean what they mean in the rulebooks.
        counted_date: the day that the counts are of.
        from_date: first day that rates are made for with it; ``until_date`` is the last.
        all: of the whole country; None where the source has none.
        regions: by code as reports have it.
    """

    source: str
    confidence: str
    counted_date: date
    from_date: date
    until_date: date
    all: int | None = None
    regions: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a table that does not say how well it is known."""
        if self.confidence not in CONFIDENCES:
            raise ValueError(f"{self.source}: confidence must be one of {', '.join(CONFIDENCES)}, not {self.confidence!r}")


@cache
def _tables(country: str) -> dict[str, list[Base]]:
    path = _TABLES / f"{country.lower()}.yaml"
    if not path.is_file():
        return {}
    read = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {name: [Base(**table) for table in tables] for name, tables in read.items()}


def base_of(country: str, what: str, first: date, last: date) -> Base | None:
    """Give the table that covers all days of a period; None where none does.

    Args:
        country: ISO 3166.
        what: ``people`` or ``households``.
        first: first day of the period.
        last: its last day.
    """
    for table in _tables(country).get(what, []):
        if table.from_date <= first and last <= table.until_date:
            return table
    return None
