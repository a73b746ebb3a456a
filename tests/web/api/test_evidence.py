"""Evidence through the interface: records, histories, contested claims, and the shape of the Turkish system."""

from __future__ import annotations

from datetime import timedelta

import pytest

from quietline.web.base.clock import now
from web.api.common import is_problem

pytestmark = pytest.mark.django_db(transaction=True)
SCOPES = ("consents:write",)


@pytest.fixture(autouse=True)
def _room(settings, monkeypatch):
    from quietline.web.site.access import ACCESS, checked_by_itself

    settings.ROOT_URLCONF = "web.api.evidence_addresses"
    monkeypatch.setitem(ACCESS, "api:*", checked_by_itself)


def day(ago):
    return (now() - timedelta(days=ago)).date().isoformat()


def row(**more):
    return {"kind": "consent", "number": "+12125550123", "happened_at": day(10), "source": "web", "text": "I agree."} | more


def test_records_are_handed_in_once_by_reference_and_their_history_is_told(program, organisation):
    seller = organisation(scopes=SCOPES)
    body = {"records": [row(reference="a"), row(reference="b", kind="purchase", text="", happened_at=day(20))]}
    first = program("POST", "/evidence/records", body, **seller.bearer)
    assert first.status_code == 200, first.content
    assert (first.json()["new"], first.json()["known"]) == (2, 0)
    again = program("POST", "/evidence/records", body, **seller.bearer)
    assert again.json() == {"batch": None, "root": None, "new": 0, "known": 2}
    told = program("POST", "/evidence/history", {"number": "(212) 555-0123", "purpose": "help"}, **seller.bearer).json()
    assert told["stop_since"] is None
    assert {each["kind"]: each["counts"] for each in told["claims"]} == {"consent": True, "purchase": True}
    assert [each["reference"] for each in told["records"]] == ["a", "b"]
    assert told["records"][1]["due"] > day(0)
    assert "310" in told["records"][1]["citation"]


def test_the_person_sees_that_a_program_looked(program, organisation):
    from quietline.web.keeping.models import Read

    seller = organisation(scopes=SCOPES)
    program("POST", "/evidence/history", {"number": "+12125550123", "purpose": "complaint"}, **seller.bearer)
    read = Read.objects.get()
    assert (read.key, read.role, read.organisation) == (12125550123, "program", seller.row.name)


def test_one_bad_record_refuses_all_and_each_is_named(program, organisation):
    from quietline.web.evidence.models import Record

    seller = organisation(scopes=SCOPES)
    records = [
        row(), row(number="123"), row(happened_at="yesterday"), row(happened_at=day(-3)), row(kind="stop", until=day(-3)),
    ]  # fmt: skip
    told = is_problem(program("POST", "/evidence/records", {"records": records}, **seller.bearer), 422, "evidence.refused")
    assert [(error["field"], error["code"]) for error in told["errors"]] == [
        ("records.1.number", "number.invalid"), ("records.2.happened_at", "date.unread"),
    ]  # fmt: skip
    told = is_problem(
        program("POST", "/evidence/records", {"records": [row(), *records[3:]]}, **seller.bearer), 422, "evidence.refused"
    )
    assert [(error["field"], error["code"]) for error in told["errors"]] == [
        ("records.1.happened_at", "date.future"), ("records.2.until", "until.stop"),
    ]  # fmt: skip
    assert not Record.objects.exists()


def test_a_call_has_5000_records_at_most_and_needs_the_scope(program, organisation):
    seller = organisation(scopes=SCOPES)
    other = organisation(name="Other Windows")
    is_problem(program("POST", "/evidence/records", {"records": [row()]}, **other.bearer), 403, "credential.scope")
    is_problem(program("POST", "/evidence/records", {"records": []}, **seller.bearer), 422, "request.invalid")
    small = {"kind": "stop", "number": "+12125550123", "happened_at": day(1)}
    many = {"records": [small] * 5_001}
    is_problem(program("POST", "/evidence/records", many, **seller.bearer), 422, "request.invalid")
    full = {"records": [small | {"reference": str(i)} for i in range(5_000)]}
    assert program("POST", "/evidence/records", full, **seller.bearer).json()["new"] == 5_000


def test_nobody_hands_in_for_another_without_a_mandate(program, organisation):
    seller, other = organisation(scopes=SCOPES), organisation(name="Other Windows")
    answer = program("POST", "/evidence/records", {"client": other.row.code, "records": [row()]}, **seller.bearer)
    assert answer.status_code == 403, answer.content
    assert answer.json()["code"].split(".")[0] in ("client", "organisation")


def test_contested_claims_are_listed_page_by_page_and_answered(program, organisation):
    from quietline.web.evidence.operations import contest

    seller, other = organisation(scopes=SCOPES), organisation(name="Other Windows", scopes=SCOPES)
    program("POST", "/evidence/records", {"records": [row(), row(number="+12125550124")]}, **seller.bearer)
    for key in (12125550123, 12125550124):
        contest(
            organisation=seller.row, kind="consent", key=key, since_date=now().date(), reason="never", assurance="code",
            at=now(),
        )  # fmt: skip
    page = program("GET", "/evidence/contests?limit=1", **seller.bearer).json()
    assert [item["number"] for item in page["items"]] == ["+1 ••• 24"]
    second = program("GET", page["next"].removeprefix("/api/v1"), **seller.bearer).json()
    assert [item["number"] for item in second["items"]] == ["+1 ••• 23"]
    assert second["next"] is None
    path = f"/evidence/contests/{second['items'][0]['id']}/answer"
    proof = {"happened_at": day(10), "source": "web", "text": "I agree."}
    is_problem(program("POST", path, proof, **other.bearer), 404, "request.unknown")
    is_problem(program("POST", path, {"happened_at": day(10)}, **seller.bearer), 403, "contest.proof")
    is_problem(program("POST", path, proof | {"happened_at": day(-9)}, **seller.bearer), 422, "evidence.refused")
    assert program("POST", path, proof, **seller.bearer).json()["state"] == "answered"
    is_problem(program("POST", path, proof, **seller.bearer), 409, "contest.over")
    states = {
        item["number"]: item["state"] for item in program("GET", "/evidence/contests", **seller.bearer).json()["items"]
    }
    assert states == {"+1 ••• 23": "answered", "+1 ••• 24": "open"}


def iys(**more):
    return {
        "recipient": "+905321234567", "recipientType": "BIREYSEL", "type": "ARAMA", "source": "HS_WEB", "status": "ONAY",
        "consentDate": "2026-10-01 12:30:05",
    } | more  # fmt: skip


ROWS = [
    iys(),
    iys(type="MESAJ", source="HS_EORTAM", consentDate="2026-10-02 00:30:00"),
    iys(recipient="+905321234568", recipientType="TACIR", consentDate="2026-10-03 09:00:00"),
    iys(status="RET", consentDate="2026-10-04 23:59:59"),
]


def test_what_the_turkish_shape_takes_in_it_gives_out_and_takes_in_again(program, organisation):
    seller, other = organisation(scopes=SCOPES), organisation(name="Other Windows", scopes=SCOPES)
    done = program("POST", "/iys/consents", ROWS, **seller.bearer)
    assert done.status_code == 200, done.content
    assert done.json()["new"] == 4
    given, address = [], "/iys/consents?limit=3"
    while address:
        page = program("GET", address, **seller.bearer).json()
        given += page["items"]
        address = (page["next"] or "").removeprefix("/api/v1")
    assert given == ROWS
    assert program("POST", "/iys/consents", given, **seller.bearer).json() == {
        "batch": None, "root": None, "new": 0, "known": 4,
    }  # fmt: skip
    assert program("POST", "/iys/consents", given, **other.bearer).json()["new"] == 4
    assert program("GET", "/iys/consents", **other.bearer).json()["items"] == ROWS


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"recipient": "ada@example.org"}, "recipient"), ({"recipient": "05321234567"}, "recipient"),
        ({"recipientType": "X"}, "recipientType"), ({"type": "EPOSTA"}, "type"), ({"source": "web"}, "source"),
        ({"status": "EVET"}, "status"), ({"consentDate": "2026-10-01T12:30:05Z"}, "consentDate"),
        ({"consentDate": "2026-02-30 12:30:05"}, "consentDate"), ({"source": None}, "source"), ({"brand": "1"}, "brand"),
        ({"recipient": "+905321234599", "status": "RET"}, "status"),
        ({"consentDate": "2199-01-01 00:00:00"}, "happened_at"),
    ],
)  # fmt: skip
def test_one_bad_row_of_the_turkish_shape_fails_them_all(program, organisation, bad, field):
    from quietline.web.evidence.models import Record

    seller = organisation(scopes=SCOPES)
    answer = program("POST", "/iys/consents", [iys(), iys(recipient="+905321234560") | bad], **seller.bearer)
    told = is_problem(answer, 422, "evidence.refused")
    assert [error["field"] for error in told["errors"]] == [f"1.{field}"]
    assert not Record.objects.exists()


def test_a_first_record_of_a_type_cannot_be_a_refusal_of_the_turkish_shape(program, organisation):
    seller = organisation(scopes=SCOPES)
    early = [iys(), iys(status="RET", consentDate="2026-09-30 12:00:00")]
    told = is_problem(program("POST", "/iys/consents", early, **seller.bearer), 422, "evidence.refused")
    assert [(error["field"], error["code"]) for error in told["errors"]] == [("1.status", "iys.first-refusal")]
    is_problem(program("POST", "/iys/consents", [iys(), iys(type="MESAJ", status="RET")], **seller.bearer), 422,
               "evidence.refused")  # fmt: skip
    assert program("POST", "/iys/consents", [iys()], **seller.bearer).status_code == 200
    assert program("POST", "/iys/consents", [early[0] | {"status": "RET"}], **seller.bearer).status_code == 200
    is_problem(program("POST", "/iys/consents", [iys()] * 5_001, **seller.bearer), 422, "iys.rows")
