"""Open data: the eight columns, whose numbers stand in them, and the same bytes for everybody who asks."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from hashlib import sha256

import jsonschema
import pyarrow.parquet as pq
import pytest
from django.test import Client

from web.sellers.common import AT

pytestmark = pytest.mark.django_db
HEADER = (
    "Company_Phone_Number,Created_Date,Violation_Date,Consumer_City,Consumer_State,Consumer_Area_Code,Subject,"
    "Recorded_Message_Or_Robocall"
)
ADDRESS = "/figures/open/US/2026-Q3/calls"


def fetched(form, **headers):
    page = Client(headers=headers).get(f"{ADDRESS}.{form}")
    return page, b"".join(page.streaming_content) if page.streaming else page.content


def rows():
    _page, data = fetched("csv")
    return list(csv.DictReader(io.StringIO(data.decode())))


def seal(first, officers, **more):
    from quietline.web.seals.models import Seal

    row = {"reference": "SL-1", "country": "US", "first_key": first, "last_key": first, "subject": "x", "reason": "nuisance",
           "words_sha256": "0" * 64, "state": "sealed", "proposed_by": officers[0], "decided_by": officers[1],
           "proposed_at": AT, "sealed_at": AT}  # fmt: skip
    return Seal.objects.create(**row | more)


@pytest.fixture
def two(officer):
    return officer("first"), officer("second")


def test_the_file_has_the_exact_heading_and_a_row_for_each_report(quarter):
    from quietline.web.proofs.models import Leaf
    from quietline.web.statistics.models import OpenFile
    from quietline.web.statistics.open_data import make_open_files

    assert make_open_files(at=AT) == 2
    page, data = fetched("csv")
    assert data.decode().splitlines()[0] == HEADER
    assert len(data.decode().splitlines()) == 40
    assert page["ETag"].strip('"') == sha256(data).hexdigest()
    assert fetched("csv", **{"if-none-match": page["ETag"]})[0].status_code == 304
    part, some = fetched("csv", range="bytes=0-19")
    assert (part.status_code, some) == (206, data[:20])
    assert Leaf.objects.filter(kind="open-file").count() == OpenFile.objects.count() == 6


def test_nothing_in_a_row_points_to_who_reported_and_no_number_is_named_without_a_decision(quarter):
    from quietline.web.statistics.open_data import make_open_files

    make_open_files(at=AT)
    found = rows()
    assert {row["Company_Phone_Number"] for row in found} == {""}
    assert {row["Consumer_City"] for row in found} == {""}
    assert {row["Created_Date"] for row in found} == {"2026-08-03"}
    # two are too few, and seven are left out with them, so that the two do not follow from the sum
    assert {(row["Consumer_State"], row["Consumer_Area_Code"]) for row in found} == {("NY", "212"), ("", "")}
    assert {row["Subject"] for row in found} == {"Warranties & protection plans", ""}
    assert {row["Recorded_Message_Or_Robocall"] for row in found} == {"Y", ""}


def test_a_number_is_named_while_a_seal_stands_on_it_and_no_longer(quarter, two):
    from quietline.web.seals.models import Seal
    from quietline.web.statistics.models import OpenFile
    from quietline.web.statistics.open_data import make_open_files

    make_open_files(at=AT)
    seal(12125550101, two)
    assert make_open_files(at=AT + timedelta(hours=1)) == 2
    assert {row["Company_Phone_Number"] for row in rows()} == {"2125550101", ""}
    assert make_open_files(at=AT + timedelta(hours=2)) == 0
    Seal.objects.update(state="lifted", ended_at=AT)
    make_open_files(at=AT + timedelta(hours=3))
    assert {row["Company_Phone_Number"] for row in rows()} == {""}
    assert OpenFile.objects.filter(period="2026-Q3", form="csv").count() == 3


@pytest.fixture
def finding(two):
    """Make a case about two numbers with a confirmed finding; the time to appeal ended an hour ago."""
    from quietline.web.enforcement.models import Case, CaseNumber, Finding

    def make(*, outcome="breach", **more):
        case = Case.objects.create(reference="CS-1", country="US", title="x", outcome=outcome, opened_at=AT)
        CaseNumber.objects.create(case=case, first_key=12135550102, last_key=12135550103, at=AT)
        row = {"reference": "FD-1", "party": "caller", "rules": [], "calls": [], "reasons_sha256": "", "state": "confirmed",
               "proposed_by": two[0], "proposed_at": AT, "decided_by": two[1], "decided_at": AT - timedelta(days=40),
               "appeal_until": AT - timedelta(hours=1)}  # fmt: skip
        return Finding.objects.create(case=case, **row | more)

    return make


@pytest.mark.parametrize(
    ("state", "outcome", "appeal", "is_named"),
    [("confirmed", "breach", None, True), ("proposed", "", None, False), ("annulled", "annulled", None, False),
     ("confirmed", "spoofed", None, False), ("confirmed", "breach", "received", False),
     ("confirmed", "breach", "refused", True)],
)  # fmt: skip
def test_a_number_is_named_once_a_finding_about_it_is_final(finding, state, outcome, appeal, is_named):
    from quietline.web.seals.models import Appeal
    from quietline.web.statistics.open_data import named_ranges

    finding(state=state, outcome=outcome)
    if appeal:
        Appeal.objects.create(
            reference="AP-1", subject_kind="finding", subject="FD-1", challenge="00000000-0000-4000-8000-000000000000",
            words_sha256="", language="en", state=appeal, due_at=AT, basis="promise", at=AT,
        )  # fmt: skip
    assert named_ranges(at=AT) == ([(12135550102, 12135550103)] if is_named else [])


@pytest.mark.parametrize("kept_until", [AT + timedelta(days=5), None])
def test_a_number_is_not_named_before_the_time_to_appeal_is_over(finding, kept_until):
    from quietline.web.statistics.open_data import named_ranges

    # findings from before the end was kept: it is reckoned by the law of the day on which they were confirmed
    finding(appeal_until=kept_until, decided_at=AT - timedelta(hours=1))
    assert named_ranges(at=AT) == []
    assert named_ranges(at=AT + timedelta(days=400)) == [(12135550102, 12135550103)]


def test_a_seal_makes_only_the_quarters_anew_in_which_its_numbers_were_reported(quarter, two):
    from quietline.web.statistics.models import OpenFile
    from quietline.web.statistics.open_data import make_open_files

    make_open_files(at=AT)
    seal(12125550190, two)  # nobody reported it
    assert make_open_files(at=AT + timedelta(hours=1)) == 0
    seal(12125550100, two, reference="SL-2", last_key=12125550109)
    assert make_open_files(at=AT + timedelta(hours=2)) == 2
    seal(12125550110, two, reference="SL-3")  # touches it: the range is another one, but no reported number is
    assert make_open_files(at=AT + timedelta(hours=3)) == 0
    seal(12135550102, two, reference="SL-4")  # reported in the third quarter only
    assert make_open_files(at=AT + timedelta(hours=4)) == 1
    assert OpenFile.objects.latest("pk").period == "2026-Q3"


def test_ranges_that_touch_are_one(two):
    from quietline.web.statistics.open_data import named_ranges

    seal(12125550101, two)
    seal(12125550102, two, reference="SL-2", last_key=12125550109)
    seal(12125550120, two, reference="SL-3", until_at=AT)
    assert named_ranges(at=AT) == [(12125550101, 12125550109)]


def test_parquet_holds_the_same_rows_and_the_report_on_the_quality_follows_its_schema(quarter):
    from quietline.web.statistics.open_data import make_open_files

    make_open_files(at=AT)
    _page, data = fetched("parquet")
    held = pq.read_table(io.BytesIO(data)).to_pylist()
    assert [{name: value or "" for name, value in row.items()} for row in held] == rows()
    quality = json.loads(fetched("json")[1])
    jsonschema.validate(quality, Client().get("/figures/open/quality.schema.json").json())
    counts = quality["counts"]
    assert counts["rows"] == 39
    # two have no number that can be read: neither they nor what they follow from is told
    assert not {"with_number_withheld", "unreadable_number", "stand_in"} & set(counts)
    assert counts["without_region"] == counts["without_area"] == 9
    assert "calls.csv" in Client().get("/figures/open/").content.decode()


def test_a_file_that_there_is_not_is_not_found(quarter):
    assert fetched("csv")[0].status_code == 404


def test_the_file_can_be_taken_over_again_by_another_platform(quarter, tmp_path):
    from quietline.web.complaints.historic import import_reports
    from quietline.web.complaints.models import Report
    from quietline.web.statistics.open_data import make_open_files

    make_open_files(at=AT)
    path = tmp_path / "calls.csv"
    path.write_bytes(fetched("csv")[1])
    taken = import_reports(path=path, name="calls.csv", source="open data", country="US", by=None, at=AT)
    assert taken.count == 39
    assert Report.objects.filter(file=taken, reported_at__date="2026-08-03", is_recorded=True).count() == 30
