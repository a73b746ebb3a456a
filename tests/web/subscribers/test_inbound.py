"""The gateway's door: who may hand in, what is taken, what is answered."""

from __future__ import annotations

import itertools

import pytest

from quietline.web.publishing.models import Entry
from quietline.web.publishing.operations import found_register
from quietline.web.site import access
from web.subscribers.low_tech import AT, KEY, NUMBER

pytestmark = pytest.mark.django_db(transaction=True)
TOKEN = "gateway-secret-gateway-secret-gateway-secret"
IDS = itertools.count(1)


@pytest.fixture(autouse=True)
def door(settings, monkeypatch):
    found_register(code="dnc-us", kind="do-not-call", title="Do not call", country="US", at=AT)
    settings.ROOT_URLCONF = "web.subscribers.inbound_test_urls"
    monkeypatch.setitem(settings.ENVIRONMENT._values, "inbound_token", TOKEN)
    monkeypatch.setitem(access.ACCESS, "inbound:*", access.checked_by_itself)


def post(client, where, body, *, token=TOKEN, **headers):
    headers = {"Authorization": f"Bearer {token}", **headers} if token else headers
    return client.post(f"/gateway/{where}", body, content_type="application/json", headers=headers)


def text(client, words="BLOCK", raw=NUMBER, **more):
    return post(client, "texts", {"id": f"in-{next(IDS)}", "from": raw, "to": "+12125550100", "text": words, **more})


def test_a_text_is_taken_once(client):
    body = {"id": "in-x", "from": NUMBER, "to": "66366", "text": "BLOCK", "at": AT.isoformat()}
    answers = [post(client, "texts", body) for _ in range(2)]
    assert [(a.status_code, a.json()) for a in answers] == [(200, {"status": "done"}), (200, {"status": "repeated"})]
    assert Entry.objects.get().key == KEY


def test_a_refused_sender_is_taken_without_an_answer(client):
    assert text(client, raw="+19005550123").json() == {"status": "refused"}


@pytest.mark.parametrize("where", ["texts", "calls"])
@pytest.mark.parametrize("token", ["", "wrong", TOKEN + "x", "é"])
def test_without_the_secret_nothing_is_taken(client, where, token):
    answer = post(client, where, {"id": "in-y", "from": NUMBER, "text": "BLOCK", "attestation": "A"}, token=token)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.json()["code"] == "inbound.token"
    assert not Entry.objects.exists()


@pytest.mark.parametrize("where", ["texts", "calls"])
def test_without_a_secret_set_there_is_no_door(client, settings, monkeypatch, where):
    monkeypatch.setitem(settings.ENVIRONMENT._values, "inbound_token", None)
    assert post(client, where, {"id": "in-z", "from": NUMBER}, token="").status_code == 404
    assert post(client, where, {"id": "in-z", "from": NUMBER}, token="None").status_code == 404


@pytest.mark.parametrize("where", ["texts", "calls"])
def test_only_post_is_answered(client, where):
    assert client.get(f"/gateway/{where}", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 405


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b"[" * 9_000,
        {"from": NUMBER, "text": "x"},
        {"id": "1", "text": "x"},
        {"id": 1, "from": NUMBER},
        {"id": "x" * 101, "from": NUMBER},
        {"id": "a\x00", "from": NUMBER},
        {"id": "a", "from": NUMBER, "text": 5},
        b'{"id": "\\ud800", "from": "+12125550123", "text": "x"}',
    ],
)
def test_what_cannot_be_read_is_refused_with_the_reason(client, body):
    answer = post(client, "texts", body)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert NUMBER not in answer.text


@pytest.mark.parametrize("words", ["\x00", "\ud800 BLOCK", "é" * 5_000, "", "COMP \x00 \ud83d"])
def test_no_text_upsets_it(client, words):
    assert text(client, words).json() == {"status": "done"}


def test_a_call_goes_step_by_step(client):
    body = {"id": "call-1", "from": NUMBER, "attestation": "A", "digits": ""}
    first = post(client, "calls", body).json()
    assert first["gather"]["digits"] == 1
    second = post(client, "calls", {**body, "digits": "1", "step": first["step"]}).json()
    assert "is listed" in second["say"][0]["text"]
    assert Entry.objects.get().assurance == "call"


@pytest.mark.parametrize("step", ["1", True, 1.5])
def test_a_step_is_a_whole_number(client, step):
    assert post(client, "calls", {"id": "c", "from": NUMBER, "attestation": "A", "step": step}).status_code == 400


def test_a_register_that_is_missing_puts_the_gateway_off(client):
    answer = text(client, raw="+442079460123")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert not Entry.objects.exists()
