"""The page for a code that was heard in a call from the line."""

from __future__ import annotations

import itertools

import pytest

from quietline.web.base.clock import now
from quietline.web.messaging.secrets import code_of
from quietline.web.publishing.operations import found_register
from quietline.web.subscribers.calls_in import challenge_by_call, take_call
from quietline.web.subscribers.line_sessions import COOKIE
from quietline.web.subscribers.models import LineSession

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = "/my-number/prove/heard/"
RAW, KEY = "+12125550123", 12125550123
IDS = itertools.count(1)


@pytest.fixture(autouse=True)
def register(db):
    return found_register(code="dnc-us", kind="do-not-call", title="Do not call", country="US", at=now())


def hear_code(raw=RAW, key=KEY):
    """Call from the line, press the key for a code, and give the digits that are read out."""
    call_id = f"heard-{next(IDS)}"
    take_call(call_id=call_id, raw=raw, attestation="A", digits="", at=now())
    take_call(call_id=call_id, raw=raw, attestation="A", digits="5", at=now())
    return code_of(challenge_by_call(key, at=now()))


def wrong(code):
    return code[:-1] + ("0" if code[-1] != "0" else "1")


def sessions():
    return list(LineSession.objects.filter(assurance="code").values_list("key", flat=True))


def test_number_and_code_that_was_heard_open_the_page_of_the_number(client):
    code = hear_code()
    assert client.get(ADDRESS).status_code == 200
    answer = client.post(ADDRESS, {"raw": "(212) 555-0123", "code": f"{code[:4]} {code[4:]}"})
    assert (answer.status_code, answer["Location"]) == (302, "/my-number/")
    assert "555-0123" in client.get("/my-number/").content.decode()
    again = client.post(ADDRESS, {"raw": RAW, "code": code})
    assert again.status_code == 422


def test_afterwards_it_goes_on_to_the_page_that_asked_for_the_proof_and_to_no_foreign_one(client):
    answer = client.post(f"{ADDRESS}?next=/my-number/who-asked/", {"raw": RAW, "code": hear_code()})
    assert answer["Location"] == "/my-number/who-asked/"
    answer = client.post(f"{ADDRESS}?next=https://elsewhere.example/", {"raw": RAW, "code": hear_code()})
    assert answer["Location"] == "/my-number/"


def test_a_code_of_one_line_does_not_prove_another(client):
    code = hear_code()
    hear_code("+12125550124", 12125550124)
    assert client.post(ADDRESS, {"raw": "+12125550124", "code": code}).status_code == 422
    assert sessions() == []
    assert COOKIE not in client.cookies


def test_three_wrong_tries_end_a_code_and_the_next_call_gives_a_new_one(client):
    code = hear_code()
    for _ in range(3):
        assert client.post(ADDRESS, {"raw": RAW, "code": wrong(code)}).status_code == 422
    assert client.post(ADDRESS, {"raw": RAW, "code": code}).status_code == 422
    assert client.post(ADDRESS, {"raw": RAW, "code": hear_code()}).status_code == 302


def test_nobody_learns_whether_a_line_called(client):
    code = hear_code()
    called = client.post(ADDRESS, {"raw": RAW, "code": wrong(code)})
    never = client.post(ADDRESS, {"raw": "+12125550188", "code": wrong(code)})
    assert called.status_code == never.status_code == 422
    assert called.context["form"].errors["code"] == never.context["form"].errors["code"]
    for answer in (called, never):
        assert "0123" not in answer.headers.get("Location", "")


def test_one_address_may_not_try_codes_for_ever_and_others_still_may(client):
    code = hear_code()
    for i in range(20):
        answer = client.post(ADDRESS, {"raw": f"+1212555{100 + i:04}", "code": "12345678"}, REMOTE_ADDR="203.0.113.7")
        assert answer.status_code == 422
    refused = client.post(ADDRESS, {"raw": RAW, "code": code}, REMOTE_ADDR="203.0.113.7")
    assert refused.status_code == 429
    assert sessions() == []
    assert client.post(ADDRESS, {"raw": RAW, "code": code}, REMOTE_ADDR="198.51.100.9").status_code == 302


def test_what_is_no_number_and_what_is_missing_is_said_beside_the_field(client):
    answer = client.post(ADDRESS, {"raw": "12", "code": ""})
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"raw", "code"}


def test_the_way_there_is_on_the_page_that_asks_for_a_proof(client):
    assert (
        f'href="{ADDRESS}?next=/my-number/who-asked/"'
        in client.get("/my-number/prove/?next=/my-number/who-asked/").content.decode()
    )
