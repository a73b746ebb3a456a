"""Complaints and refused calls, as programs hand them in and read them."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import pytest

from quietline.web.base.clock import now
from quietline.web.complaints import taking
from quietline.web.complaints.models import Complaint, HistoricFile, RefusalBatch, RefusedCall, Report
from quietline.web.proofs.models import Leaf
from web.api.common import is_problem

pytestmark = pytest.mark.django_db(transaction=True)
HEADER = (
    "Company_Phone_Number,Created_Date,Violation_Date,Consumer_City,Consumer_State,Consumer_Area_Code,Subject,"
    "Recorded_Message_Or_Robocall"
)


@pytest.fixture(autouse=True)
def _countries_own_law(settings, monkeypatch):
    monkeypatch.setitem(settings.ENVIRONMENT._values, "rulebook", None)


@pytest.fixture
def operator(organisation):
    return organisation("operator", "Northwind Telecom", scopes=("complaints:write",))


@pytest.fixture
def seller(organisation):
    from quietline.web.sellers.models import Certification

    made = organisation("seller", "Evergreen Windows", scopes=("complaints:read",))
    at = now()
    Certification.objects.create(organisation=made.row, at=at, expires_at=at + timedelta(days=365))
    return made


def given(**more):
    return {
        "reference": "N-1", "called": "+12125550123", "caller": "(212) 555-0199", "called_at": now().isoformat(),
        "promoted": "Evergreen Windows", "words": "About my windows", "told_to_stop": True, **more,
    }  # fmt: skip


def test_a_complaint_handed_in_has_reference_and_clock_and_is_one_however_often_it_is_sent(program, operator):
    first = program("POST", "/complaints", given(), **operator.bearer)
    assert first.status_code == 200, first.content
    second = program("POST", "/complaints", given(), **operator.bearer)
    assert first.json() == second.json()
    row = Complaint.objects.get()
    told = first.json()
    assert (told["reference"], told["own_reference"], told["state"], told["due_by"]) == (
        row.reference,
        "N-1",
        "received",
        "promise",
    )
    assert (row.through, row.line_proven, row.report.weight, row.report.source) == (operator.row, False, 60, "api")
    listed = program("GET", "/complaints", **operator.bearer).json()
    assert [item["reference"] for item in listed["items"]] == [row.reference]
    assert program("GET", f"/complaints/{row.reference}", **operator.bearer).json() == told


def test_another_organisation_sees_none_of_it(program, operator, organisation):
    reference = program("POST", "/complaints", given(), **operator.bearer).json()["reference"]
    other = organisation("operator", "Southwind", scopes=("complaints:write",))
    is_problem(program("GET", f"/complaints/{reference}", **other.bearer), 404, "request.unknown")
    assert program("GET", "/complaints", **other.bearer).json()["items"] == []
    reader = organisation("operator", "Eastwind", scopes=("lines:write",))
    is_problem(program("POST", "/complaints", given(), **reader.bearer), 403, "credential.scope")


@pytest.mark.parametrize("agreed", [True, False])
def test_whom_it_is_about_reads_number_and_words_with_consent_only_and_not_before_it_is_checked(
    program, operator, seller, agreed
):
    program("POST", "/complaints", given(may_pass_on=agreed), **operator.bearer)
    assert program("GET", "/complaints?about=me", **seller.bearer).json()["items"] == []
    taking.validate(complaint=Complaint.objects.get(), by=None, at=now())
    [told] = program("GET", "/complaints?about=me", **seller.bearer).json()["items"]
    assert told["told_to_stop"] is True
    assert (told["called"], told["words"]) == (("+12125550123", "About my windows") if agreed else (None, None))
    is_problem(program("GET", "/complaints", **seller.bearer), 403, "credential.scope")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"called": "12"}, "number.invalid"),
        ({"subject": "nothing"}, "complaint.subject"),
        ({"knew_of": "QL-O-000000-0"}, "complaint.knew-of"),
        ({"called_at": "2026-11-22T09:30:00"}, "request.invalid"),
        ({"more": 1}, "request.invalid"),
    ],
)
def test_what_does_not_fit_is_named(program, operator, wrong, code):
    is_problem(program("POST", "/complaints", given(**wrong), **operator.bearer), 422, code)
    assert not Report.objects.exists()


def passport(attest):
    payload = base64.urlsafe_b64encode(json.dumps({"attest": attest}).encode()).rstrip(b"=").decode()
    return f"eyJhbGciOiJFUzI1NiJ9.{payload}.c2ln;info=<https://cert.example/>;alg=ES256"


def call(number=0, **more):
    return {
        "called": "+12125550123", "caller": f"+1212555{100 + number:04}", "at": (now() - timedelta(minutes=1)).isoformat(),
        "call_id": f"call-{number}@northwind.example", "reason_code": 607, **more,
    }  # fmt: skip


def test_refused_calls_become_reports_once_and_count_by_their_attestation(program, operator):
    calls = [call(0, attestation="A"), call(1, identity=passport("B")), call(2), call(3, caller="")]
    first = program("POST", "/operators/refusals", {"calls": calls}, **operator.bearer).json()
    assert (first["new"], first["known"], first["problems"]) == (4, 0, [])
    again = program("POST", "/operators/refusals", {"calls": [*calls, call(4)]}, **operator.bearer).json()
    assert (again["new"], again["known"]) == (1, 4)
    assert list(Report.objects.order_by("pk").values_list("weight", flat=True)) == [80, 50, 20, 20, 20]
    assert RefusedCall.objects.first().key == 12125550123
    assert Leaf.objects.filter(kind="refused-calls").count() == RefusalBatch.objects.count() == 2
    assert not Complaint.objects.exists()
    assert (Report.objects.first().area, Report.objects.first().region) == ("1212", "NY")


def test_bad_calls_of_a_batch_are_named_and_keep_the_others_out_of_nothing(program, operator, organisation):
    from quietline.web.operators.models import NumberRange

    other = organisation("operator", "Southwind", scopes=("complaints:write",))
    NumberRange.objects.create(
        operator=other.row,
        first_key=12015550100,
        last_key=12015550199,
        since_date=(now() - timedelta(days=9)).date(),
        source="t",
    )
    calls = [
        call(0), call(1, called="none"), call(2, reason_code=603), call(3, at=(now() + timedelta(hours=1)).isoformat()),
        call(4, called="+12015550101"),
    ]  # fmt: skip
    told = program("POST", "/operators/refusals", {"calls": calls}, **operator.bearer).json()
    assert told["new"] == 1
    assert told["problems"] == [
        {"place": 1, "code": "call.called"}, {"place": 2, "code": "call.reason"}, {"place": 3, "code": "call.future"},
        {"place": 4, "code": "call.foreign"},
    ]  # fmt: skip


def test_an_authority_hands_in_complaints_and_no_refused_calls(program, organisation):
    body = organisation("authority", "Consumers' Council", scopes=("complaints:write",))
    assert program("POST", "/complaints", given(), **body.bearer).status_code == 200
    is_problem(program("POST", "/operators/refusals", {"calls": [call()]}, **body.bearer), 409, "calls.kind")


def test_a_file_in_the_public_form_is_taken_once_and_its_quality_told(client, operator):
    rows = [
        "2125550199,2026-11-20 10:00:00,2026-11-19 09:00:00,New York,New York,212,Real estate,N",
        ",2026-11-20 10:00:00,2026-11-19 09:00:00,Albany,New York,518,Other,Y",
        "12,2026-11-20,nonsense,,,,No Subject Provided,New York",
    ]
    content = "\n".join([HEADER, *rows]) + "\n"

    def send():
        headers = {"Authorization": operator.bearer["Authorization"]}
        return client.post("/api/v1/complaints/files?name=may.csv", content, content_type="text/csv", headers=headers)

    told = send().json()
    assert told["count"] == 3
    assert told["quality"] == {"rows": 3, "no_number": 1, "bad_number": 1, "bad_day": 1, "shifted": 1}
    first = Report.objects.order_by("pk").first()
    assert (first.source, first.caller_key, first.region, first.subject) == ("bulk", 12125550199, "NY", "property")
    assert Leaf.objects.get(kind="historic-reports").record == HistoricFile.objects.get().pk
    is_problem(send(), 409, "file.known")


def test_the_number_of_a_line_that_nobody_proved_is_not_passed_on_whatever_box_was_ticked(program, seller):
    from web.complaints.common import line

    at = now()
    told = taking.Told(
        caller="+12125550199", called_at=at, said=taking.Said(words="w", promoted=seller.row.name), may_pass_on=True
    )
    made = [
        taking.take(
            told=told, source=Report.Source.WEB, country="US", language="en", at=at, line=line(number), is_proven=is_proven
        )
        for number, is_proven in (("+12125550123", False), ("+12125550124", True))
    ]
    for row in made:
        taking.validate(complaint=row, by=None, at=at)
    shown = program("GET", "/complaints?about=me", **seller.bearer).json()["items"]
    assert [(row["called"], row["words"]) for row in shown] == [("+12125550124", "w"), (None, None)]


@pytest.mark.parametrize("reference", ["%00", "RP-%00-1", "RP-7F3K-9Q2M-and-more"])
def test_a_reference_that_cannot_be_is_unknown(program, operator, reference):
    is_problem(program("GET", f"/complaints/{reference}", **operator.bearer), 404, "request.unknown")


def test_a_page_of_complaints_takes_as_many_queries_as_one_of_them(program, operator, django_assert_max_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    for number in range(6):
        program("POST", "/complaints", given(reference=f"N-{number}"), **operator.bearer)
    taking.refuse(complaint=Complaint.objects.first(), reason="other", words={"en": "It is none."}, by=None, at=now())
    with CaptureQueriesContext(connection) as one:
        program("GET", "/complaints?limit=1", **operator.bearer)
    with django_assert_max_num_queries(len(one)):
        listed = program("GET", "/complaints", **operator.bearer).json()["items"]
    assert [item["answer"] for item in listed] == [""] * 5 + ["It is none."]


@pytest.mark.parametrize("country", ["ZZ", "12", "FR"])
def test_a_file_of_a_country_that_is_not_kept_here_is_refused(client, operator, country):
    content = f"{HEADER}\n2125550199,2026-11-20 10:00:00,2026-11-19,New York,New York,212,Real estate,N\n"
    here = f"/api/v1/complaints/files?country={country}"
    answer = client.generic("POST", here, content, content_type="text/csv", headers=operator.bearer)
    is_problem(answer, 422, "complaint.country")
    assert not HistoricFile.objects.exists()
