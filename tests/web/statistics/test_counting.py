"""Days are counted in the database, and the data book is made of them: with the figures that reporting centres printed."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from quietline.web.statistics.periods import Period, period_named, quarter_with

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
FIRST_PREFIX = {"95": 8695000, "96": 8696000}


def told(count, *, on, caller_key=None, country="US", region="", subject="other", is_recorded=None, **more):
    """Enter reports, as many as wanted, by one statement."""
    from quietline.web.complaints.models import Report

    moment = datetime(on.year, on.month, on.day, 12, tzinfo=UTC)
    row = {"source": "web", "country": country, "caller_key": caller_key, "reported_at": moment, "region": region,
           "subject": subject, "is_recorded": is_recorded} | more  # fmt: skip
    Report.objects.bulk_create([Report(**row) for _ in range(count)], batch_size=5_000)


def counted(**rows):
    """Enter counts of days: measure, country, and day with group and count."""
    from quietline.web.statistics.models import DailyCount

    DailyCount.objects.bulk_create([DailyCount(**row) for row in rows["rows"]])


def test_the_quarter_of_the_reporting_centre_out_of_reports_in_the_database():
    from django.db import connection

    from quietline.web.statistics.book import book_of
    from quietline.web.statistics.counting import count_range

    statement = (
        "INSERT INTO complaints_report (source, country, caller_raw, caller_key, caller_problem, reported_at, area, region,"
        " subject, promoted, weight) SELECT 'bulk', 'CN', '', %s, 'unassigned', %s::timestamptz"
        " + (i %% 90) * interval '1 day', '', '', 'other', '', 100 FROM generate_series(1, %s) i"
    )
    with connection.cursor() as cursor:
        for prefix, start, count in (
            ("95", "2025-04-01 08:00Z", 20_000), ("96", "2025-04-01 08:00Z", 8_465),
            ("95", "2025-07-01 08:00Z", 30_000), ("96", "2025-07-01 08:00Z", 8_541),
        ):  # fmt: skip
            cursor.execute(statement, [FIRST_PREFIX[prefix], start, count])
    count_range(date(2025, 4, 1), date(2025, 9, 30))
    found = book_of("CN", Period(2025, 3)).tables["prefix"].together("95", "96")
    assert (found.count, found.before) == (38_541, 28_465)
    assert found.change == Decimal("35.4")


def test_the_share_of_resellers_in_numbers_that_were_shut_out_of_counts_of_days():
    from quietline.web.statistics.book import book_of

    days = [date(2025, 11, 1) + timedelta(days=number) for number in range(2)]
    counted(rows=[
        {"day": day, "measure": "shut", "country": "CN", "group": group, "count": count}
        for day, operators, resellers in ((days[0], 80_000, 60_000), (days[1], 5_189, 202))
        for group, count in (("operator", operators), ("reseller", resellers))
    ])  # fmt: skip
    table = book_of("CN", Period(2025, 4)).tables["shut"]
    assert table.total.count == 145_391
    assert table.cell("reseller").share == Decimal("41.4")
    assert table.cell("operator").share == Decimal("58.6")


def test_sealed_numbers_count_for_who_had_them_when_they_were_sealed():
    from quietline.web.accounts import operations, people
    from quietline.web.operators.models import NumberRange, PortedNumber
    from quietline.web.seals.models import Seal
    from quietline.web.statistics.book import book_of
    from quietline.web.statistics.counting import count_days

    wide = operations.found_organisation(kind="operator", name="Wide", country="US", by=None, at=AT)
    resold = operations.found_organisation(kind="reseller", name="Resold", country="US", by=None, at=AT)
    first = 12015550100
    NumberRange.objects.create(operator=wide, first_key=first, last_key=first + 49, since_date=date(2020, 1, 1), source="x")
    NumberRange.objects.create(
        operator=resold, first_key=first + 50, last_key=first + 79, since_date=date(2020, 1, 1), source="x"
    )
    PortedNumber.objects.create(key=first, operator=resold, ported_at=AT - timedelta(days=9))
    PortedNumber.objects.create(key=first + 1, operator=resold, ported_at=AT + timedelta(days=9))
    officers = [people.enter_person(email=f"{name}@example.org", name=name, password="a quiet evening") for name in "ab"]
    Seal.objects.create(
        reference="SL-1", country="US", first_key=first, last_key=first + 99, subject="x", reason="nuisance",
        words_sha256="0" * 64, state="sealed", proposed_by=officers[0], decided_by=officers[1], proposed_at=AT, sealed_at=AT,
    )  # fmt: skip
    count_days(at=AT)
    table = book_of("US", Period(2026, 4), is_public=False).tables["shut"]
    assert {cell.group: cell.figure.count for cell in table.cells} == {"operator": 49, "reseller": 31, "unknown": 20}


def test_each_report_is_counted_once_by_its_day_kind_subject_region_and_first_digits():
    from quietline.web.statistics.counting import count_range
    from quietline.web.statistics.models import DailyCount

    day = date(2026, 8, 3)
    told(7, on=day, caller_key=12125550101, region="NY", subject="warranty", is_recorded=True)
    told(2, on=day, caller_key=447700900001, region="NY", subject="debt", is_recorded=False)
    told(1, on=day, caller_key=None)
    told(3, on=day, caller_key=12125550101, withdrawn_at=AT)
    told(4, on=day + timedelta(days=1), caller_key=12125550101)
    count_range(day, day)
    found = {}
    for row in DailyCount.objects.filter(country="US"):
        assert row.day == day
        found.setdefault(row.measure, {})[row.group] = row.count
    assert found == {
        "reports-kind": {"recorded": 7, "live": 2, "unknown": 1},
        "reports-subject": {"warranty": 7, "debt": 2, "other": 1},
        "reports-region": {"NY": 9, "": 1},
        "reports-prefix": {"212": 7, "other": 2, "": 1},
    }


@pytest.mark.parametrize(
    ("key", "prefix"),
    [(8695000, "95"), (8696000000, "96"), (864000000000, "400"), (8610600000000, "106"), (861060000000, "other"),
     (8617000000000, "170"), (8617100000000, "171"), (869510000000, "other"), (8613000000000, "other")],
)  # fmt: skip
def test_chinese_numbers_are_told_apart_by_what_they_begin_with_and_how_long_they_are(key, prefix):
    from quietline.web.statistics.counting import count_range
    from quietline.web.statistics.models import DailyCount

    told(1, on=date(2026, 8, 3), caller_key=key, country="CN")
    count_range(date(2026, 8, 3), date(2026, 8, 3))
    assert DailyCount.objects.get(measure="reports-prefix").group == prefix


def test_counting_again_takes_up_what_was_corrected_and_doubles_nothing():
    from quietline.web.complaints.models import Report
    from quietline.web.statistics.counting import count_days
    from quietline.web.statistics.models import DailyCount

    old, today = date(2026, 3, 1), AT.date()
    told(6, on=old)
    told(5, on=today)
    count_days(at=AT)
    count_days(at=AT)
    kinds = DailyCount.objects.filter(measure="reports-kind")
    assert {row.day: row.count for row in kinds.all()} == {old: 6, today: 5}
    Report.objects.filter(pk__in=Report.objects.order_by("pk").values("pk")[:2]).update(withdrawn_at=AT)
    told(1, on=today)
    count_days(at=AT + timedelta(minutes=10))
    assert {row.day: row.count for row in kinds.all()} == {old: 6, today: 6}
    count_days(at=AT + timedelta(days=1))
    assert {row.day: row.count for row in kinds.all()} == {old: 4, today: 6}


def test_days_of_a_historic_file_are_counted_once_it_was_taken_over(tmp_path):
    from quietline.web.complaints.historic import import_reports
    from quietline.web.statistics.book import book_of
    from quietline.web.statistics.counting import count_days

    count_days(at=AT)
    head = (
        "Company_Phone_Number,Created_Date,Violation_Date,Consumer_City,Consumer_State,Consumer_Area_Code,Subject,"
        "Recorded_Message_Or_Robocall\n"
    )
    line = "2125550101,2020-02-03 10:00:00,2020-02-02 09:00:00,Anytown,California,213,Warranties & protection plans,Y\n"
    path = tmp_path / "old.csv"
    path.write_text(head + line * 20)
    import_reports(path=path, name="old.csv", source="FTC", country="US", by=None, at=AT)
    count_days(at=AT + timedelta(minutes=10))
    book = book_of("US", Period(2020, 1))
    assert book.tables["subject"].cell("warranty").figure.count == 20
    region = book.tables["region"].cell("CA")
    assert region.figure.count == 20
    assert region.rate == Decimal("0.1")  # of 39,538,223 people of the census of that year


def test_a_period_that_no_table_covers_has_no_rate_and_says_so():
    from quietline.web.statistics.book import as_json, book_of

    counted(rows=[
        {"day": date(year, 8, 3), "measure": "reports-kind", "country": "US", "group": "live", "count": 3_315}
        for year in (2020, 2026)
    ])  # fmt: skip
    covered, later = (json.loads(as_json(book_of("US", Period(year, 3)))) for year in (2020, 2026))
    assert covered["complaints"]["per_100000_people"] == "1.0"
    assert covered["sources"]["people"]["counted"] == "2020-04-01"
    assert later["complaints"]["per_100000_people"] == "undetermined"
    assert later["registrations"]["per_100_households"] == "undetermined"
    assert later["sources"] == {"people": None, "households": None}


def test_no_quarter_of_a_small_cell_follows_from_the_year_and_the_other_quarters():
    from quietline.web.statistics.book import book_of

    rows = []
    for month, silent in ((2, 3), (5, 20), (8, 20), (11, 20)):
        for group, count in (("silent", silent), ("debt", 50), ("work", 90)):
            rows.append({"day": date(2025, month, 1), "measure": "reports-subject", "country": "US", "group": group,
                         "count": count})  # fmt: skip
    counted(rows=rows)
    year = book_of("US", Period(2025)).tables["subject"]
    quarter = book_of("US", Period(2025, 1)).tables["subject"]
    assert quarter.cell("silent").figure.count is None
    assert quarter.cell("debt").figure.count is None
    assert year.cell("silent").figure.count is None
    assert year.cell("debt").figure.count is None
    assert year.cell("work").figure.count == 360
    assert year.total.count == 63 + 200 + 360


def test_what_stands_in_the_wrong_column_is_named_nowhere():
    from quietline.web.statistics.book import as_json, book_of

    counted(rows=[
        {"day": date(2025, 1, 3), "measure": measure, "country": country, "group": "Ada Example", "count": 9}
        for measure in ("reports-region", "reports-subject") for country in ("US", "GB")
    ])  # fmt: skip
    for country in ("US", "GB"):
        book = book_of(country, Period(2025, 1))
        assert "Ada" not in as_json(book)
        assert book.tables["region"].cell("").figure.count == book.tables["subject"].cell("other").figure.count == 9


def test_times_are_read_off_the_counts_by_the_nearest_rank():
    from quietline.web.statistics.book import book_of

    hours = {1: 5, 10: 3, 100: 2}
    counted(rows=[
        {"day": date(2026, 8, 3), "measure": "hours", "country": "US", "group": f"answered:{hour}", "count": count}
        for hour, count in hours.items()
    ])  # fmt: skip
    time = next(time for time in book_of("US", Period(2026, 3)).times if time.stage == "answered")
    assert (time.count, time.median_hours, time.ninety_hours) == (10, 1, 100)


def test_entries_that_stand_are_those_that_began_without_those_that_ended():
    from quietline.web.publishing.models import Entry
    from quietline.web.publishing.operations import found_register
    from quietline.web.statistics.book import book_of
    from quietline.web.statistics.counting import count_days

    register = found_register(code="dnc-us", kind="do-not-call", title="Do not call", country="US", at=AT)
    for place in range(9):
        Entry.objects.create(
            register=register, key=12015550100 + place, since_date=date(2026, 2, 1), assurance="code",
            reference=f"E-{place}", listed_at=datetime(2026, 2, 1, tzinfo=UTC),
            ended_at=datetime(2026, 8, 1, tzinfo=UTC) if place < 2 else None,
        )  # fmt: skip
    count_days(at=AT)
    active = book_of("US", Period(2026, 3)).active
    assert (active.count, active.before) == (7, 9)


def test_periods_have_names_days_and_neighbours():
    assert period_named("2026-Q1") == Period(2026, 1)
    assert period_named("2026") == Period(2026)
    assert period_named("2026-Q5") is None
    assert Period(2026, 1).before == Period(2025, 4)
    assert (Period(2026, 1).first, Period(2026, 1).last) == (date(2026, 1, 1), date(2026, 3, 31))
    assert quarter_with(date(2024, 12, 31)) == Period(2024, 4)
