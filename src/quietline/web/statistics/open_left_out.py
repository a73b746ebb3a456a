"""What the open file of a quarter leaves out, so that no count that the data book leaves out follows from its rows.

The file's rows can be counted by region, subject, kind of call and first digits of the caller's number, as the book counts
them; so what the book leaves out is left out here. Areas are not in the book, and have a row of counts of their own.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count
from django.db.models.expressions import RawSQL

from quietline.web.statistics.book import left_out_groups
from quietline.web.statistics.counting_statements import PREFIX
from quietline.web.statistics.models import DailyCount
from quietline.web.statistics.protection import protected_groups
from quietline.web.statistics.words import region_code, subject_code

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from quietline.web.statistics.periods import Period

__all__ = ["KINDS", "LeftOut", "left_out_of", "with_prefix"]

M = DailyCount.Measure
KINDS: dict[bool | None, str] = {True: "recorded", False: "live", None: "unknown"}
"""What the book calls a kind of call, by what a report says of a recording."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Groups of one quarter that no row names, each as the book calls it; empty means what reports do not say."""

    regions: frozenset[str]
    subjects: frozenset[str]
    kinds: frozenset[str]
    prefixes: frozenset[str]
    areas: frozenset[str]

    def place(self, region: str, area: str) -> tuple[str, str]:
        """Give region and area as they may be seen: an area lies in one region, so it goes with it."""
        if region in self.regions:
            return "", ""
        return region, "" if area in self.areas else area

    def subject(self, subject: str) -> str:
        """Give the subject as it may be seen."""
        return "" if subject in self.subjects else subject

    def recorded(self, is_recorded: bool | None) -> bool | None:
        """Say whether it was a recording, as it may be seen."""
        return None if KINDS[is_recorded] in self.kinds else is_recorded


def with_prefix(reports: Any) -> Any:
    """Add ``prefix`` to reports: first digits of the caller's number, as they are counted."""
    return reports.annotate(prefix=RawSQL(PREFIX, []))  # noqa: S611 - the text stands in our own file, without any value


def left_out_of(country: str, period: Period, reports: Any) -> LeftOut:
    """Say what is left out of the file of a quarter.

    It follows from the book, and once more from the reports themselves, which can have changed since days were counted.

    Args:
        country: ISO 3166.
        period: the quarter.
        reports: its reports.
    """
    book = left_out_groups(country, period)
    regions = _hidden(_counts(reports, "region", lambda region: region_code(country, region)), book.get(M.REGION, ()))
    pairs = _counts(reports, ("region", "area"), lambda pair: "" if region_code(country, pair[0]) in regions else pair[1])
    return LeftOut(
        regions=regions,
        subjects=_hidden(_counts(reports, "subject", subject_code), book.get(M.SUBJECT, ())),
        kinds=_hidden(_counts(reports, "is_recorded", KINDS.__getitem__), book.get(M.KIND, ())),
        prefixes=_hidden(_counts(with_prefix(reports), "prefix", str), book.get(M.PREFIX, ())),
        areas=_hidden(pairs, ()),
    )


def _counts(reports: Any, fields: str | tuple[str, str], meant: Callable[[Any], str]) -> Counter[str]:
    names = (fields,) if isinstance(fields, str) else fields
    found: Counter[str] = Counter()
    for *values, count in reports.order_by().values_list(*names).annotate(rows=Count("pk")):
        found[meant(values[0] if len(values) == 1 else values)] += count
    return found


def _hidden(counts: Mapping[str, int], known: Collection[str]) -> frozenset[str]:
    kept = protected_groups(counts, hidden=known)
    return frozenset(known).union(group for group, count in kept.items() if count is None)
