"""The interface for programs: a switch polls, reads, and acknowledges within seconds."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from quietline.web.base.clock import now
from web.inquiries.common import CALLER, DAYS, fresh

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(sent):
    def ask(kind="block", **more):
        at = now()
        return sent(kind, at=at, due_at=at + DAYS, **more)

    return ask


@pytest.fixture
def switch(program, operator):
    """Talk JSON to the interface as the operator's switch."""
    shown = program(at=now())

    def ask(method, address, body=None, bearer=shown.bearer, **headers):
        given = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        return Client().generic(method, f"/api/v1{address}", headers={**bearer, **headers}, **given)

    ask.key = shown.credential.key
    return ask


def test_a_switch_polls_what_is_open_page_by_page(asked, switch):
    rows = [asked() for _ in range(5)]
    asked("holder")
    address, found = "/inquiries?kind=block&limit=2", []
    while address:
        page = switch("GET", address)
        assert page.status_code == 200
        found += page.json()["items"]
        address = (page.json()["next"] or "").removeprefix("/api/v1")
    assert [row["reference"] for row in found] == [row.reference for row in rows]
    assert found[0]["matter"]["first"] == "+12125550140"
    assert found[0]["state"] == "sent"
    assert {fresh(row).state for row in rows} == {"sent"}  # a list is no reading
    assert len(switch("GET", "/inquiries").json()["items"]) == 6
    assert switch("GET", "/inquiries?kind=gossip").status_code == 422
    assert switch("GET", "/inquiries?sate=open").status_code == 422


def test_one_is_read_and_acknowledged_and_a_repetition_changes_nothing(asked, switch):
    row = asked()
    assert switch("GET", f"/inquiries/{row.reference}").json()["state"] == "read"
    first = switch("POST", f"/inquiries/{row.reference}/acknowledge", {})
    again = switch("POST", f"/inquiries/{row.reference}/acknowledge", {"done_at": now().isoformat()})
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert first.json()["state"] == "acknowledged"
    assert fresh(row).answers.get().api_key_id == switch.key
    assert switch("GET", "/inquiries").json()["items"] == []
    assert [item["state"] for item in switch("GET", "/inquiries?state=acknowledged").json()["items"]] == ["acknowledged"]


def test_many_are_acknowledged_by_one_call(asked, switch, seller):
    blocks, question = [asked() for _ in range(3)], asked("holder")
    foreign = asked("reply", to=seller)
    wanted = [row.reference for row in (*blocks, question, foreign)]
    given = switch("POST", "/inquiries/acknowledge", {"references": wanted})
    assert given.status_code == 200, given.content
    assert given.json() == {
        "acknowledged": wanted[:3],
        "refused": {question.reference: "inquiry.question", foreign.reference: "request.unknown"},
    }
    assert switch("POST", "/inquiries/acknowledge", {"references": wanted[:3]}).json()["acknowledged"] == wanted[:3]
    assert {fresh(row).answers.count() for row in blocks} == {1}
    assert switch("POST", "/inquiries/acknowledge", {"references": []}).status_code == 422


def test_an_answer_is_checked_value_by_value_and_taken_once(asked, switch):
    row = asked("call-record")
    wrong = switch("POST", f"/inquiries/{row.reference}/answer", {"values": {"happened": "yes", "who": CALLER}})
    assert wrong.status_code == 422
    assert {(each["field"], each["code"]) for each in wrong.json()["errors"]} == {
        ("values.who", "inquiry.unknown"), ("values.started_at", "inquiry.missing"),
        ("values.duration_seconds", "inquiry.missing"),
    }  # fmt: skip
    assert CALLER not in wrong.content.decode()
    for values in ({CALLER: "yes"}, {"\ud800": "yes"}, {"happened": ["yes"]}, {"happened": {}}):
        wrong = switch("POST", f"/inquiries/{row.reference}/answer", {"values": values})
        assert wrong.status_code == 422
        assert CALLER not in wrong.content.decode()
    for _ in range(2):
        good = switch("POST", f"/inquiries/{row.reference}/answer", {"values": {"happened": "no"}})
        assert (good.status_code, good.json()["state"]) == (200, "answered")
    assert fresh(row).answers.count() == 1
    assert switch("POST", f"/inquiries/{row.reference}/acknowledge", {}).status_code == 422
    assert switch("POST", f"/inquiries/{row.reference}/refuse", {"reason": "Too late."}).status_code == 409


def test_a_switch_declines_what_is_not_its_own(asked, switch):
    row = asked()
    given = switch("POST", f"/inquiries/{row.reference}/refuse", {"reason": "Not our range."})
    assert (given.status_code, given.json()["state"]) == (200, "refused")


def test_nobody_else_sees_or_answers(asked, switch, program, seller):
    row = asked()
    assert switch("GET", "/inquiries", bearer={}).status_code == 401
    other = program(seller, at=now()).bearer
    assert switch("GET", "/inquiries", bearer=other).json()["items"] == []
    narrow = program(scopes=("register:read",), at=now()).bearer
    assert switch("GET", "/inquiries", bearer=narrow).status_code == 403
    for method, what, body in (
        ("GET", "", None), ("POST", "/answer", {"values": {}}), ("POST", "/acknowledge", {}),
        ("POST", "/refuse", {"reason": "x"}),
    ):  # fmt: skip
        assert switch(method, f"/inquiries/{row.reference}{what}", body, bearer=other).status_code == 404
    assert fresh(row).state == "sent"


def test_the_key_of_idempotency_gives_the_same_answer_again(asked, switch):
    row = asked()
    header = {"Idempotency-Key": "order-1"}
    first = switch("POST", f"/inquiries/{row.reference}/acknowledge", {}, **header)
    again = switch("POST", f"/inquiries/{row.reference}/acknowledge", {}, **header)
    assert first.content == again.content
    assert again.headers["Idempotent-Replayed"] == "true"
