"""What is left of a limit is told wherever one was counted, as the description says; it names scopes and events, too."""

from __future__ import annotations

import pytest

from quietline.web.accounts.models import Scope
from quietline.web.api.events import EVENTS
from quietline.web.base.clock import now

pytestmark = pytest.mark.django_db(transaction=True)
BOTH = {"RateLimit-Policy", "RateLimit"}


@pytest.fixture
def description():
    from quietline.web.api.urls import api

    return api.described()


def told(answer):
    return {name for name in BOTH if name in answer.headers}


def promised(description, method, path, status):
    answer = description["paths"][f"/api/v1{path}"][method]["responses"][str(status)]
    return set(answer.get("headers", {})) & BOTH


def test_what_is_sent_is_what_is_promised(program, organisation, register, description):
    from quietline.web.subscribers.line_sessions import open_session

    seller = organisation()
    number = {"number": "+12125550124"}
    proven = {"Line-Token": open_session(key=12125550123, assurance="code", at=now())}
    asked = [
        ("post", "/listings", "/listings", number, {}, 202),
        ("post", "/proofs-of-line", "/proofs-of-line", number, {}, 202),
        ("get", "/line", "/line", None, proven, 200),
        ("get", "/organisation", "/organisation", None, seller.bearer, 200),
        ("get", f"/organisations/{seller.row.code}", "/organisations/{account_number}", None, {}, 200),
        ("get", "/organisation", "/organisation", None, {}, 401),
    ]
    for method, path, described, body, headers, status in asked:
        answer = program(method.upper(), path, body, **headers)
        assert answer.status_code == status, answer.content
        assert told(answer) == promised(description, method, described, status), path


def test_codes_name_their_policy_and_tell_what_is_left_only_when_nothing_is(program, register):
    for _ in range(3):
        answer = program("POST", "/listings", {"number": "+12125550124"})
        assert answer.status_code == 202
        assert answer.headers["RateLimit-Policy"] == '"code";q=3;w=3600'
        assert "RateLimit" not in answer.headers
    refused = program("POST", "/listings", {"number": "+12125550124"})
    assert refused.status_code == 429
    assert refused.headers["RateLimit-Policy"] == '"code";q=3;w=3600'
    assert refused.headers["RateLimit"] == f'"code";r=0;t={refused.headers["Retry-After"]}'


def test_each_operation_of_organisations_names_its_scopes(description):
    token = description["components"]["securitySchemes"]["Token"]["flows"]["clientCredentials"]
    assert set(token["scopes"]) == set(Scope.values)
    assert all(token["scopes"].values())

    def scopes(method, path):
        security = description["paths"][f"/api/v1{path}"][method]["security"]
        assert {"Program": []} in security
        return [each["Token"] for each in security if "Token" in each]

    assert scopes("get", "/organisation") == [[]]
    assert scopes("get", "/registers") == [["register:read"], ["feed:read"]]
    assert scopes("post", "/lines/events") == [["lines:write"]]
    assert scopes("get", "/inquiries") == [["inquiries:answer"]]


def test_each_event_is_described_with_its_data(description):
    assert set(description["webhooks"]) == set(EVENTS)
    for event, item in description["webhooks"].items():
        schema = item["post"]["requestBody"]["content"]["application/json"]["schema"]
        assert schema["properties"]["type"] == {"const": event}
        assert schema["properties"]["data"]["properties"], event
    named = description["webhooks"]["register.published"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert "register" in named["properties"]["data"]["required"]
