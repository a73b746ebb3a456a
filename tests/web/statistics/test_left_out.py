"""No small count follows from what is public: from the year and its quarters, or from the book and the open data."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from datetime import UTC, date, datetime

import pytest
from django.test import Client

from quietline.web.statistics.periods import Period
from web.sellers.common import AT

pytestmark = pytest.mark.django_db
QUARTER = Period(2025, 1)
TODAY = AT.date()


def told(count, **more):
    """Enter reports of the first quarter of 2025."""
    from quietline.web.complaints.models import Report

    row = {"source": "web", "country": "US", "caller_key": 12125550101, "caller_raw": "212-555-0101", "region": "NY",
           "area": "1212", "subject": "energy", "is_recorded": True}  # fmt: skip
    days = [datetime(2025, 2, 1 + place % 20, 12, tzinfo=UTC) for place in range(count)]
    Report.objects.bulk_create([Report(**row | more, reported_at=day) for day in days])


@pytest.fixture
def published():
    """Count the days, make the files, and give the rows and the report on their quality."""

    def publish():
        from quietline.web.statistics.counting import count_range
        from quietline.web.statistics.open_data import make_open_files

        count_range(date(2025, 1, 1), date(2025, 12, 31))
        make_open_files(at=AT)
        rows, quality = (
            b"".join(Client().get(f"/figures/open/US/2025-Q1/calls.{form}").streaming_content).decode()
            for form in ("csv", "json")
        )
        return list(csv.DictReader(io.StringIO(rows))), json.loads(quality)["counts"]

    return publish


def in_book(table):
    from quietline.web.statistics.book import book_of

    return {cell.group: cell.figure.count for cell in book_of("US", QUARTER, on=TODAY).tables[table].cells}


def test_the_open_file_leaves_out_the_regions_that_the_book_leaves_out(published):
    told(30)
    told(7, region="WY", area="1307")
    told(3, region="VT", area="1802")
    told(20, region="", area="1212")
    rows, quality = published()
    assert in_book("region") == {"NY": 30, "": 20, "VT": None, "WY": None}
    assert Counter(row["Consumer_State"] for row in rows) == {"NY": 30, "": 30}
    # an area would tell which region it lies in, so those of regions that are left out are, too
    assert Counter(row["Consumer_Area_Code"] for row in rows) == {"212": 50, "": 10}
    assert quality["without_region"] == 30
    assert quality["without_area"] == 10


def test_a_small_area_is_not_left_out_alone(published):
    told(30)
    told(3, area="1315")
    told(9, area="1516")
    told(8, area="")
    rows, _quality = published()
    assert Counter(row["Consumer_Area_Code"] for row in rows) == {"212": 30, "516": 9, "": 11}


def test_the_open_file_leaves_out_the_subjects_and_kinds_that_the_book_leaves_out(published):
    told(30)
    told(7, subject="debt", is_recorded=False)
    told(3, subject="medical", is_recorded=None)
    rows, quality = published()
    assert in_book("subject") == {"energy": 30, "debt": None, "medical": None}
    assert in_book("kind") == {"recorded": 30, "live": None, "unknown": None}
    assert Counter(row["Subject"] for row in rows) == {"Energy, solar, & utilities": 30, "": 10}
    assert Counter(row["Recorded_Message_Or_Robocall"] for row in rows) == {"Y": 30, "": 10}
    assert quality["without_recorded"] == quality["without_subject"] == 10


def test_a_sealed_number_is_not_named_where_the_book_leaves_its_first_digits_out(published, officer):
    from quietline.web.seals.models import Seal

    Seal.objects.create(
        reference="SL-1", country="US", first_key=12125550101, last_key=12135550109, subject="x", reason="nuisance",
        words_sha256="0" * 64, state="sealed", proposed_by=officer("first"), decided_by=officer("second"), proposed_at=AT,
        sealed_at=AT,
    )  # fmt: skip
    told(30)
    told(7, caller_key=12135550102)
    told(3, caller_key=13105550103)
    rows, _quality = published()
    assert in_book("prefix") == {"212": 30, "213": None, "310": None}
    assert Counter(row["Company_Phone_Number"] for row in rows) == {"2125550101": 30, "": 10}


def test_no_small_count_is_in_the_report_on_the_quality_or_follows_from_it(published):
    told(40)
    told(3, caller_key=None, caller_raw="")
    told(20, caller_key=None, caller_raw="0000000000", source="text")
    told(2, source="api")
    _rows, quality = published()
    assert quality["rows"] == 65
    assert not [name for name, count in quality.items() if 0 < count < 5]
    assert quality["with_number_withheld"] == 42
    assert "without_number" not in quality
    assert "unreadable_number" not in quality  # of the 23 without a key that the book shows
    assert quality["from_web"] == 43
    assert "from_api" not in quality
    assert "from_text" not in quality


def test_a_few_reports_without_a_number_do_not_follow_from_those_with_one(published):
    told(40)
    told(3, caller_key=None, caller_raw="")
    _rows, quality = published()
    assert not {"with_number_withheld", "without_number", "unreadable_number"} & set(quality)


def test_a_quarter_with_a_few_reports_has_no_file_and_loses_its_rows_when_only_a_few_are_left():
    from quietline.web.complaints.models import Report
    from quietline.web.statistics.counting import count_range
    from quietline.web.statistics.models import OpenFile
    from quietline.web.statistics.open_data import make_open_files

    told(4)
    count_range(QUARTER.first, QUARTER.last)
    assert make_open_files(at=AT) == 0
    told(2)
    count_range(QUARTER.first, QUARTER.last)
    assert make_open_files(at=AT) == 1
    assert OpenFile.objects.filter(form="csv").latest("pk").rows == 6
    Report.objects.filter(pk__in=Report.objects.order_by("pk").values("pk")[:2]).update(withdrawn_at=AT)
    count_range(QUARTER.first, QUARTER.last)
    assert make_open_files(at=AT) == 1
    assert OpenFile.objects.filter(form="csv").latest("pk").rows == 0
    assert make_open_files(at=AT) == 0


def counted(measure, counts, group="live", years=(2025,)):
    """Enter one count for each quarter of some years."""
    from quietline.web.statistics.models import DailyCount

    DailyCount.objects.bulk_create([
        DailyCount(day=date(year, month, 3), measure=measure, country="US", group=group, count=count)
        for year in years for month, count in zip((2, 5, 8, 11), counts, strict=True) if count
    ])  # fmt: skip


@pytest.mark.parametrize("counts", [(3, 40, 50, 60), (0, 4, 50, 60)])
def test_a_small_quarter_does_not_follow_from_the_sum_of_the_year(counts):
    from quietline.web.statistics.book import as_json, book_of

    counted("reports-kind", counts)
    quarters = [book_of("US", Period(2025, place), on=TODAY).tables["kind"].total.count for place in (1, 2, 3, 4)]
    assert quarters == [None if 0 < count < 5 else count for count in counts]
    book = book_of("US", Period(2025), on=TODAY)
    assert book.tables["kind"].total.count is None
    assert json.loads(as_json(book))["complaints"] == {
        "count": None, "before": 0, "change_percent": None, "per_100000_people": "undetermined",
    }  # fmt: skip
    assert book_of("US", Period(2026), on=TODAY).tables["kind"].total.before is None
    assert book_of("US", Period(2025), is_public=False).tables["kind"].total.count == sum(counts)


def test_a_small_quarter_does_not_follow_from_the_years_over_time():
    from quietline.web.statistics.queries import trend

    counted("reports-kind", (3, 40, 50, 60))
    counted("reports-kind", (10, 20, 0, 5), years=(2024,))
    assert [count for _one, count in trend("US", Period(2025))][-2:] == [35, None]
    assert [count for _one, count in trend("US", Period(2025, 4))][-5:] == [5, None, 40, 50, 60]


def test_few_seals_and_few_answers_of_a_quarter_do_not_follow_from_the_year():
    from quietline.web.statistics.book import book_of

    counted("seals", (3, 40, 50, 60), group="")
    counted("hours", (3, 40, 50, 60), group="answered:7")
    counted("hours", (0, 40, 50, 60), group="validated:1")
    book = book_of("US", Period(2025), on=TODAY)
    assert book.seals is None
    assert {time.stage: (time.count, time.median_hours) for time in book.times} == {
        "validated": (150, 1), "in-case": (0, None), "answered": (None, None),
    }  # fmt: skip
    assert book_of("US", Period(2025), is_public=False).seals == 153
