"""Which figures there are, and what a page shows of them."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import TYPE_CHECKING

from django.db.models import Max, Min, Sum
from django.db.models.functions import TruncMonth

from quietline.web.complaints.models import HistoricFile
from quietline.web.statistics.figures import quarters_between
from quietline.web.statistics.models import BookDraft, Counted, DailyCount, OpenFile, PublishedBook
from quietline.web.statistics.periods import Period, quarter_with
from quietline.web.statistics.protection import is_small

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

__all__ = [
    "counted_at",
    "countries",
    "drafts",
    "files",
    "last_book",
    "latest_file",
    "latest_files",
    "quarters_of",
    "trend",
]  # fmt: skip

_SINCE = date(1990, 1, 1)  # days before are typing errors of historic files
_TREND = 8


def countries() -> list[str]:
    """List the countries that something was counted for, those with the most reports first."""
    rows = DailyCount.objects.exclude(country="--").values("country").annotate(sum=Sum("count")).order_by("-sum", "country")
    return [row["country"] for row in rows]


def counted_at() -> datetime | None:
    """Give when days were counted last; None where they never were."""
    row = Counted.objects.filter(what="recent").first()
    return row.at if row else None


def quarters_of(country: str, *, on: date) -> list[Period]:
    """List the quarters from the first day that something was counted on to the last, the latest first."""
    rows = DailyCount.objects.filter(country=country, day__gte=_SINCE, day__lte=on)
    found = rows.aggregate(first=Min("day"), last=Max("day"))
    if found["first"] is None:
        return []
    first, last = quarter_with(found["first"]), quarter_with(found["last"])
    pairs = quarters_between((first.year, first.quarter or 1), (last.year, last.quarter or 1))
    return [Period(*pair) for pair in reversed(pairs)]


def trend(country: str, period: Period) -> list[tuple[Period, int | None]]:
    """Give the reports of a quarter and the seven before it, or of a year and the seven before; small counts as None.

    A year is None, too, where one of its quarters has a small count: that would follow from the year and the other three.
    """
    shown = [period]
    while len(shown) < _TREND:
        shown.insert(0, shown[0].before)
    months = (
        DailyCount.objects.filter(
            country=country, measure=DailyCount.Measure.KIND, day__gte=shown[0].first, day__lte=period.last
        )
        .annotate(month=TruncMonth("day")).values_list("month").annotate(sum=Sum("count"))
    )  # fmt: skip
    sums: Counter[Period] = Counter()
    for month, count in months:
        sums[quarter_with(month)] += int(count)
    parts = [(one, [sums[quarter] for quarter in one.quarters]) for one in shown]
    return [(one, None if any(map(is_small, counts)) else sum(counts)) for one, counts in parts]


def last_book(country: str, period: Period) -> PublishedBook | None:
    """Give the last revision of a published book; None where it was never published."""
    return PublishedBook.objects.filter(country=country, period=period.name).order_by("-revision").first()


def drafts() -> QuerySet[BookDraft]:
    """Give the books that wait for somebody to publish them, the oldest first."""
    return BookDraft.objects.select_related("by").order_by("at", "pk")


def latest_file(country: str, period: str, form: str) -> OpenFile | None:
    """Give the file of open data of a quarter that was made last."""
    return OpenFile.objects.filter(country=country, period=period, form=form).order_by("-pk").first()


def latest_files() -> list[OpenFile]:
    """List the files that were made last of each quarter and form, the latest quarters first."""
    rows = OpenFile.objects.order_by("country", "period", "form", "-pk").distinct("country", "period", "form")
    return sorted(rows, key=lambda row: (row.period, row.country, row.form), reverse=True)


def files() -> QuerySet[HistoricFile]:
    """Give the historic files that were taken over, the latest first."""
    return HistoricFile.objects.order_by("-pk")
