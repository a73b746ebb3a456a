"""Historic files: taken over whole, nothing left out, with an exact report on their quality."""

from __future__ import annotations

import gzip
import os
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from quietline.errors import ConflictError, InputError
from quietline.web.complaints.cluster_models import Counting
from quietline.web.complaints.historic import import_reports
from quietline.web.complaints.models import Complaint, HistoricFile, Report
from web.complaints.common import AT, leaves

pytestmark = pytest.mark.django_db

EIGHT = """Company_Phone_Number,Created_Date,Violation_Date,Consumer_City,Consumer_State,Consumer_Area_Code,Subject,\
Recorded_Message_Or_Robocall
2125550199,2021-02-02 23:31:49,2021-02-02 09:10:00,Tempe,Arizona,480,Other,N
2125550199,2021-02-02 23:31:49,2021-02-02 09:10:00,Tempe,Arizona,480,Other,N
0000000000,2021-02-03 10:00:00,2021-02-04 09:10:00,Tempe,Arizona,999,Other,Y
,2021-02-03 10:00:00,,,,,,
911,2031-02-03,,Tempe,Arizona,480,"Calls, with a comma",Other
(212) 555-0198,nonsense,,Tempe,Arizona,480,Other,Y
Company_Phone_Number,Created_Date,Violation_Date,Consumer_City,Consumer_State,Consumer_Area_Code,Subject,\
Recorded_Message_Or_Robocall
"""


def take(tmp_path, content, *, name="file.csv", country="US"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return import_reports(path=path, name=name, source="test", country=country, by=None, at=AT)


def test_every_row_is_a_report_and_every_count_stands_by_itself(tmp_path):
    row = take(tmp_path, EIGHT)
    counts = row.quality
    assert (row.count, counts["rows"], Report.objects.count()) == (7, 7, 7)
    assert (counts["without_number"], counts["stand_in"], counts["repeated"], counts["repeated_header"]) == (1, 1, 1, 1)
    assert (counts["other_than_ten_digits"], counts["not_npa_nxx"]) == (2, 4)  # of what is written, as it is written
    assert (counts["without_day"], counts["day_to_come"], counts["called_after_report"]) == (2, 1, 1)
    assert counts["area_not_in_plan"] == 2
    assert not Complaint.objects.exists()
    assert leaves("historic-reports") == 1
    assert list(Counting.objects.values_list("what", "row")) == [("file", row.pk)]


def test_numbers_are_kept_raw_beside_what_was_read_and_values_in_the_wrong_place_are_left_empty(tmp_path):
    take(tmp_path, EIGHT)
    found = {row.caller_raw: row for row in Report.objects.all()}
    good = found["2125550199"]
    assert (good.caller_key, good.area, good.region, good.is_recorded) == (12125550199, "1480", "Arizona", False)
    assert good.called_date.isoformat() == "2021-02-02"
    assert good.reported_at.isoformat() == "2021-02-02T23:31:49+00:00"
    assert found["(212) 555-0198"].reported_at is None
    assert (found["0000000000"].caller_key, bool(found["0000000000"].caller_problem), found["0000000000"].area) == (
        None, True, "",
    )  # fmt: skip
    assert found["911"].subject == "Calls, with a comma"


def test_the_same_file_is_taken_once_compressed_or_not_by_its_very_bytes(tmp_path):
    take(tmp_path, EIGHT)
    with pytest.raises(ConflictError) as error:
        take(tmp_path, EIGHT, name="again.csv")
    assert error.value.code == "reports.known"


@pytest.mark.parametrize("content", [b"a,b\n1,2\n", b"", gzip.compress(EIGHT.encode())[:-9], b"\x1f\x8bnonsense"])
def test_what_cannot_be_read_leaves_nothing_behind(tmp_path, content):
    with pytest.raises(InputError) as error:
        take(tmp_path, content)
    assert error.value.code in ("reports.columns", "reports.broken")
    assert not Report.objects.exists()
    assert not HistoricFile.objects.exists()
    assert not Counting.objects.exists()


def test_tabs_backslashes_and_lines_within_cells_stay_what_they_are(tmp_path):
    odd = 'Company_Phone_Number,Created_Date,Subject\n"21\t2\\N",2021-01-01,"a\nb\\t"\n'
    take(tmp_path, odd)
    row = Report.objects.get()
    assert (row.caller_raw, row.subject) == ("21\t2\\N", "a\nb\\t")


def test_the_command_says_how_good_the_file_is(tmp_path):
    path = tmp_path / "file.csv.gz"
    path.write_bytes(gzip.compress(EIGHT.encode()))
    out = StringIO()
    call_command("import_reports", str(path), "--country", "US", stdout=out, stderr=StringIO())
    assert "7  rows" in out.getvalue()
    with pytest.raises(CommandError):
        call_command("import_reports", str(path), "--country", "US", stdout=out, stderr=StringIO())
    with pytest.raises(CommandError):
        call_command("import_reports", str(tmp_path / "none"), "--country", "US", stdout=out, stderr=StringIO())


def test_patterns_are_looked_for_in_the_public_file_of_a_day():
    from quietline.web.complaints import clustering, patterns
    from quietline.web.complaints.cluster_models import Cluster

    path = Path(os.environ.get("QUIETLINE_SHARED_DATA", "../shared/data")) / "ftc_complaints/ftc_dnc_full_2021-02.csv"
    if not path.exists():
        pytest.skip("the FTC file is not here (QUIETLINE_SHARED_DATA)")
    row = import_reports(path=path, name="day", source="FTC", country="US", by=None, at=AT)
    assert row.count == row.quality["rows"] > 1_000
    clustering.count_all(at=AT)
    assert Cluster.objects.filter(kind="number").exists()
    patterns.count_patterns(at=datetime(2021, 3, 1, tzinfo=UTC))
    assert not Cluster.objects.filter(kind="time").exists()  # the library shows no pair in it either
