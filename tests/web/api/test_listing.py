"""List a number through the interface: code, confirmation, what the line's holder can do afterwards."""

from __future__ import annotations

from datetime import date

import pytest

from quietline.web.publishing.models import Entry
from web.api.common import code_of, is_problem, wrong_code

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_number_is_listed_by_its_code(program, register):
    sent = program("POST", "/listings", {"number": "(212) 555-0123"})
    assert sent.status_code == 202
    assert set(sent.json()) == {"id", "expires_at", "tries"}
    assert sent.json()["tries"] == 3
    done = program("POST", f"/listings/{sent.json()['id']}/confirm", {"code": code_of(sent.json()["id"])})
    assert done.status_code == 200
    told = done.json()
    entry = Entry.objects.get()
    assert (entry.key, entry.reference, entry.assurance) == (12125550123, told["reference"], "code")
    assert date.fromisoformat(told["obeyed_from"]) > date.fromisoformat(told["since"])
    assert told["citation"]
    line = program("GET", "/line", **{"Line-Token": told["line_token"]})
    assert line.status_code == 200
    assert line.json()["expires_at"][:19] == told["expires_at"][:19]
    assert (line.json()["is_listed"], line.json()["reference"]) == (True, told["reference"])
    assert line.json()["number"] == "+12125550123"


def test_terms_are_kept_canonically(listed):
    listed(terms={"channels": ["voice"], "days": ["37", "36", "37"]})
    assert Entry.objects.get().terms == "channels=voice; days=36,37"


def test_all_of_an_axis_is_every_call_whatever_else_is_named(listed):
    listed(terms={"channels": ["voice", "recorded", "text"], "days": ["37", "36", "37"]})
    assert Entry.objects.get().terms == ""


def test_a_wrong_code_is_refused_and_counted(program, register):
    sent = program("POST", "/listings", {"number": "+12125550123"}).json()["id"]
    for _ in range(3):
        told = is_problem(program("POST", f"/listings/{sent}/confirm", {"code": wrong_code(sent)}), 403, "code.wrong")
        assert told["errors"][0]["field"] == "code"
    is_problem(program("POST", f"/listings/{sent}/confirm", {"code": code_of(sent)}), 403, "code.over")
    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({"number": "+4930901820"}, 422, "number.real", "number"),
        ({"number": "not a number"}, 422, "number.invalid", "number"),
        ({}, 422, "request.invalid", "number"),
        ({"number": "+12125550123", "terms": {"channels": ["fax"]}}, 422, "request.invalid", "terms.channels.0"),
        ({"number": "+12125550123", "by_call": "yes"}, 422, "request.invalid", "by_call"),
        ({"number": "+12125550123", "extra": 1}, 422, "request.invalid", "extra"),
        ({"number": 12125550123}, 422, "request.invalid", "number"),
        ("[1]", 422, "request.invalid", ""),
        ("{", 400, "request.unreadable", ""),
        ("NaN", 400, "request.unreadable", ""),
    ],
)
def test_what_is_wrong_is_named_and_never_repeated(program, register, body, status, code, field):
    told = is_problem(program("POST", "/listings", body), status, code)
    if field:
        assert [each["field"] for each in told["errors"]] == [field]
    assert "4930901820" not in str(told)


def test_a_refusal_is_in_the_language_that_is_accepted_and_its_code_in_none(program, register):
    english = program("POST", "/listings", {"number": "x12"}).json()
    chinese = program("POST", "/listings", {"number": "x12"}, **{"Accept-Language": "zh-Hans"}).json()
    assert english["code"] == chinese["code"] == "number.invalid"
    answer = program("POST", "/listings", {"number": "x12"}, **{"Accept-Language": "zh-CN"})
    assert answer.headers["Content-Language"] == "zh-hans"


def test_a_body_that_is_no_json_by_its_type_is_refused(client, register):
    is_problem(client.post("/api/v1/listings", {"number": "+12125550123"}), 415, "request.type")


def test_asking_too_often_is_refused_with_the_time_to_wait(program, register):
    answers = [program("POST", "/listings", {"number": "+12125550123"}) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [202, 202, 202, 429]
    is_problem(answers[3], 429, "limit.exceeded")
    assert int(answers[3].headers["Retry-After"]) > 0
    assert answers[3].headers["RateLimit"].startswith('"code";r=0;t=')


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/line/terms", {}), ("DELETE", "/line", None), ("GET", "/line/claims", None),
        ("POST", "/line/claims/1/revoke", None), ("POST", "/line/claims/revoke-all", None), ("GET", "/line/who-asked", None),
    ],
)  # fmt: skip
def test_a_code_for_listing_opens_the_entry_and_nothing_else(program, listed, method, path, body):
    token = {"Line-Token": listed()["line_token"]}
    is_problem(program(method, path, body, **token), 403, "line.listing-only")
    assert program("GET", "/line", **token).json()["is_listed"] is True


def test_a_code_for_listing_never_takes_protection_away_nor_shows_what_was_before(program, listed, line_token):
    listed(terms={"channels": ["voice"]})
    assert listed(terms={"channels": ["text"]})["reference"] == Entry.objects.get(ended_at=None).reference
    assert Entry.objects.get(ended_at=None).terms == "channels=text,voice"
    again = listed()
    assert Entry.objects.get(ended_at=None).terms == ""
    told = program("GET", "/line", **{"Line-Token": again["line_token"]}).json()
    assert [entry["reference"] for entry in told["entries"]] == [again["reference"]]


def test_terms_are_changed_and_the_entry_withdrawn_with_the_token(program, listed, line_token):
    listed()
    token = line_token()
    changed = program("PUT", "/line/terms", {"channels": ["voice"]}, **token)
    assert changed.status_code == 200
    assert changed.json()["terms"] == {"channels": ["voice"]}
    assert program("DELETE", "/line", **token).status_code == 204
    line = program("GET", "/line", **token).json()
    assert (line["is_listed"], line["since"], len(line["entries"])) == (False, None, 2)
    assert program("DELETE", "/line", **token).status_code == 204


def test_a_token_opens_nothing_after_it_was_forgotten(program, listed):
    token = {"Line-Token": listed()["line_token"]}
    assert program("DELETE", "/line/session", **token).status_code == 204
    told = program("GET", "/line", **token)
    is_problem(told, 401, "credential.missing")
    assert told.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/line", None), ("PUT", "/line/terms", {}), ("DELETE", "/line", None), ("GET", "/line/claims", None),
        ("POST", "/line/claims/1/revoke", None), ("POST", "/line/claims/revoke-all", None), ("GET", "/line/who-asked", None),
        ("DELETE", "/line/session", None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("token", ["", "x" * 43, "x" * 5000])
def test_nothing_of_a_line_is_open_without_its_token(program, register, method, path, body, token):
    is_problem(program(method, path, body, **({"Line-Token": token} if token else {})), 401, "credential.missing")


def test_proving_a_line_lists_nothing(program, register):
    sent = program("POST", "/proofs-of-line", {"number": "+12125550123", "language": "zh-hans"})
    assert sent.status_code == 202
    done = program("POST", f"/proofs-of-line/{sent.json()['id']}/confirm", {"code": code_of(sent.json()["id"])})
    assert done.json()["reference"] is None
    assert program("GET", "/line", **{"Line-Token": done.json()["line_token"]}).json()["is_listed"] is False
    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "request.unknown"),
        ("GET", "", 404, "request.unknown"),
        ("GET", "/webhooks/a%0Ab%0D", 404, "request.unknown"),
        ("POST", "/listings/not-a-uuid/confirm", 404, "request.unknown"),
        ("GET", "/listings", 405, "request.method"),
        ("TRACE", "/openapi.json", 405, "request.method"),
        ("PATCH", "/line", 405, "request.method"),
    ],
)
def test_unknown_addresses_and_methods_are_problems(program, db, method, path, status, code):
    answer = program(method, path)
    is_problem(answer, status, code)
    assert ("Allow" in answer.headers) is (status == 405)


def test_an_address_outside_the_version_is_a_problem_too(client, db):
    is_problem(client.get("/api/v9/listings"), 404, "request.unknown")
    assert client.patch("/api/v1/line").headers["Allow"] == "DELETE, GET, HEAD"


def test_a_body_that_is_too_large_is_refused(program, register):
    is_problem(program("POST", "/listings", b'{"number": "' + b"1" * 3_000_000 + b'"}'), 413, "request.too-large")
    with_key = program("POST", "/listings", b" " * 3_000_000, **{"Idempotency-Key": "a"})
    is_problem(with_key, 413, "request.too-large")


def test_the_description_is_public_and_names_every_refusal(client, db):
    answer = client.get("/api/v1/openapi.json")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    described = answer.json()
    assert described["openapi"].startswith("3.1")
    assert "/api/v1/listings" in described["paths"]
    for path in described["paths"].values():
        for operation in path.values():
            refusals = {status: a for status, a in operation["responses"].items() if status >= "400"}
            assert {"400", "422", "429"} <= set(refusals)
            assert all(list(a["content"]) == ["application/problem+json"] for a in refusals.values())
            assert ("security" not in operation) or "401" in refusals


def test_a_country_without_a_register_is_a_problem(program, db):
    sent = program("POST", "/listings", {"number": "+12125550123"}).json()["id"]
    is_problem(program("POST", f"/listings/{sent}/confirm", {"code": code_of(sent)}), 404, "request.unknown")


def test_head_is_answered_as_get_without_the_body(client, listed):
    answer = client.head("/api/v1/line", headers={"Line-Token": listed()["line_token"]})
    assert (answer.status_code, answer.content) == (200, b"")
    is_not = client.head("/api/v1/line")
    assert is_not.status_code == 401


def test_terms_can_be_chosen_as_on_the_pages():
    from typing import get_args

    from quietline.web.api import schemas
    from quietline.web.subscribers import terms

    codes = {
        "channels": (schemas.Channel, terms.CHANNELS), "categories": (schemas.Category, terms.CATEGORIES),
        "days": (schemas.Day, terms.DAYS), "bands": (schemas.Band, terms.BANDS),
    }  # fmt: skip
    for allowed, shown in codes.values():
        assert sorted(get_args(allowed)) == sorted(code for code, _label in shown)


def test_neither_addresses_nor_logs_hold_the_number(program, register, caplog):
    for body in (
        {"number": "+12125550123"},
        {"number": "+12125550123", "x": 1},
        {"number": "+4930901820"},
        '{"+12125550123": 1',
    ):
        program("POST", "/listings", body)
    sent = program("POST", "/listings", {"number": "+12125550123"}).json()["id"]
    program("POST", f"/listings/{sent}/confirm", {"code": code_of(sent)})
    assert "/api/v1/listings" in caplog.text
    for trace in ("2125550123", "30901820", code_of(sent)):
        assert trace not in caplog.text
