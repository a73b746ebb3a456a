"""Files of reports in the public form: who may hand them in, what is read, and what is refused."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from quietline.errors import OperationError
from quietline.web.accounts.sessions import mark_second_factor
from quietline.web.complaints.bulk import HEADER, take_file
from quietline.web.complaints.models import HistoricFile, Report
from web.complaints.common import AT, leaves, text

pytestmark = pytest.mark.django_db
FIRST = ",".join(HEADER)
ROW = "2125550199,2026-11-20 10:00:00,2026-11-19,New York,New York,212,Real estate,N"


def take(content, **more):
    return take_file(name="may.csv", content=content, country="US", through=None, by=None, at=AT, **more)


def test_a_clerk_of_an_operator_hands_in_a_file_and_sees_how_good_it_is(enter):
    operator = enter.organisation("operator", "Northwind Telecom")
    clerk = enter.person(operator, "operator", "Otto Orr")
    client = Client()
    client.force_login(clerk)
    session = client.session
    mark_second_factor(session, clerk)
    session.save()
    sent = {"file": SimpleUploadedFile("may.csv", f"{FIRST}\n{ROW}\n,2026-11-20,,,,,,\n".encode()), "country": "US"}
    assert client.post("/reports/files/", sent).status_code == 302
    page = text(client.get("/reports/files/"))
    for told in ("may.csv", "1 without a number", "1 days missing", "Northwind Telecom"):
        assert told in page, told
    file = HistoricFile.objects.get()
    assert (file.through, file.by, file.count) == (operator, clerk, 2)
    assert leaves("historic-reports") == 1
    sent["file"].seek(0)
    again = client.post("/reports/files/", sent)
    assert again.status_code == 422
    assert "taken before" in text(again)


def test_nobody_else_hands_in_files(enter, browser):
    assert browser().get("/reports/files/").headers["Location"].startswith("/account/login/")
    seller = enter.person(enter.organisation("seller"), "representative", "Rosa Reyes")
    client = Client()
    client.force_login(seller)
    assert client.get("/reports/files/").status_code == 403


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file.size"),
        (b"a,b\n1,2\n", "file.columns"),
        (f"{FIRST}\n".encode(), "file.rows"),
        (FIRST.encode() + b"\n\xff\xfe,,,,,,,\n", "file.unread"),
    ],
)
def test_what_is_no_such_file_is_refused_whole(content, code):
    with pytest.raises(OperationError) as error:
        take(content)
    assert error.value.code == code
    assert not Report.objects.exists()


def test_columns_in_any_order_and_a_byte_order_mark_are_read():
    names = list(reversed(HEADER))
    cells = list(reversed(ROW.split(",")))
    take(("\ufeff" + ",".join(names).lower() + "\r\n" + ",".join(cells) + "\r\n").encode())
    report = Report.objects.get()
    assert (report.caller_key, report.region, report.area, report.subject) == (12125550199, "NY", "1212", "property")
    assert (report.called_date.isoformat(), report.reported_at.isoformat()) == ("2026-11-19", "2026-11-20T00:00:00+00:00")
    assert report.is_recorded is False


@effort(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.lists(st.text(st.characters(exclude_characters='",\r\n\0', codec="utf-8"), max_size=90), min_size=8, max_size=8),
        min_size=1,
        max_size=6,
    )
)
def test_whatever_stands_in_the_cells_each_row_is_a_report(rows):
    Report.objects.all().delete()
    HistoricFile.objects.all().delete()
    rows = [row for row in rows if any(row)]
    if not rows:
        return
    content = "\n".join([FIRST, *(",".join(f'"{cell}"' for cell in row) for row in rows)]).encode()
    file = take(content)
    assert file.count == Report.objects.count() == len(rows)
    assert file.quality["rows"] == len(rows)
    reports = Report.objects.filter(file=file)
    assert file.quality.get("no_number", 0) == reports.filter(caller_raw="").count()
    assert file.quality.get("bad_number", 0) == reports.exclude(caller_raw="").exclude(caller_problem="").count()
