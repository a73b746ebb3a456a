"""Layers that only pages need: programs pass them by, pages never do."""

from __future__ import annotations

import json

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db
JSON = {"content_type": "application/json"}


def ask(client, headers=None):
    return client.post("/api/v1/listings", json.dumps({"number": "+12125550123"}), headers=headers, **JSON)


def test_a_program_gets_neither_session_nor_cookie_nor_a_policy_for_browsers():
    answer = ask(Client())
    assert answer.status_code == 202
    assert not hasattr(answer.wsgi_request, "session")
    assert not hasattr(answer.wsgi_request, "user")
    assert not answer.cookies
    assert "Content-Security-Policy" not in answer.headers
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Length"] == str(len(answer.content))


@pytest.mark.parametrize(
    ("accepted", "language"), [("zh-CN,zh;q=0.9", "zh-hans"), ("en-GB", "en"), ("fr", "en"), (None, "en")]
)
def test_a_program_is_answered_in_the_language_that_it_accepts(accepted, language):
    answer = ask(Client(), {"Accept-Language": accepted} if accepted else None)
    assert answer.headers["Content-Language"] == language
    assert "Accept-Language" in answer.headers["Vary"]


def test_a_request_for_a_host_that_is_not_ours_is_refused_in_json_where_a_program_asks():
    answer = ask(Client(), {"Host": "elsewhere.example"})
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    page = Client().get("/", headers={"Host": "elsewhere.example"})
    assert page.status_code == 400
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/", "/proofs/", "/account/login/", "/my-number/list/", "/apiary/", "/metrics"])
def test_a_page_has_them_all(path):
    answer = Client().get(path)
    assert hasattr(answer.wsgi_request, "session")
    assert hasattr(answer.wsgi_request, "user")
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_a_form_without_its_token_is_refused():
    answer = Client(enforce_csrf_checks=True).post("/language/", {"language": "en"})
    assert answer.status_code == 403
    assert ask(Client(enforce_csrf_checks=True)).status_code == 202
