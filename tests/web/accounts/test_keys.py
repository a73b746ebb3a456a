"""Keys of programs, and OAuth: shown once, stored as a fingerprint, refused at once when they should be."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection

from quietline.errors import ConflictError, NotProvenError, OperationError
from web.accounts.common import AT

pytestmark = pytest.mark.django_db


@pytest.fixture
def make(seller, representative):
    from quietline.web.accounts import key_operations
    from quietline.web.accounts.models import ApiKey, Scope

    def of(
        kind,
        scopes=(Scope.FEED_READ, Scope.WASHES_WRITE),
        days=365,
        by=representative,
        organisation=seller,
        title="Nightly wash",
    ):
        return key_operations.make_key(
            organisation=organisation, kind=ApiKey.Kind(kind), title=title, scopes=scopes, days=days, by=by, at=AT
        )

    return SimpleNamespace(key=lambda **more: of("key", **more), client=lambda **more: of("client", **more))


def who(secret, *, at=AT, scheme="Bearer"):
    from quietline.web.accounts.api_keys import authenticate

    return authenticate(f"{scheme} {secret}", at=at)


def all_stored_text():
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [name for (name,) in cursor.fetchall()]
        rows = []
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            rows += [text for (text,) in cursor.fetchall()]
    return "\n".join(rows)


def test_a_key_says_whose_program_it_is_and_what_it_may_do(make, seller):
    made = make.key()
    credential = who(made.secret)
    assert credential.organisation == seller
    assert credential.scopes == {"feed:read", "washes:write"}
    assert made.secret.startswith(f"qlk_{credential.id}_")
    assert credential.key == made.key.pk


@pytest.mark.parametrize("header", [
    None, "", "Bearer", "Bearer ", "Bearer qlk_", "Bearer qlk__", "Bearer qlk_abc_def", "Basic abc",
    "Bearer qlz_a_b", "Bearer \x00",
    "Bearer qlt_abc_def", "Bearer " + "x" * 10_000, "Bearer qlk_\u00e9_\u00e9",
])  # fmt: skip
def test_what_is_no_key_is_refused(make, header):
    from quietline.web.accounts.api_keys import authenticate

    make.key()
    assert authenticate(header, at=AT) is None


def test_a_key_with_one_wrong_character_is_refused(make):
    secret = make.key().secret
    for place in range(4, len(secret)):
        wrong = secret[:place] + ("x" if secret[place] != "x" else "y") + secret[place + 1 :]
        assert who(wrong) is None, place


def test_neither_keys_nor_tokens_are_stored_in_clear(make, client):
    key, oauth = make.key(), make.client()
    token = fetch(client, oauth).json()["access_token"]
    stored = all_stored_text()
    assert key.key.handle in stored  # so the search does see the tables
    for secret in (key.secret, oauth.secret, token):
        tail = secret.split("_", 2 if secret.startswith(("qlk", "qlt")) else 1)[-1]
        assert len(tail) == 43
        assert tail not in stored
        assert tail.encode().hex() not in stored
    assert key.secret not in repr(key)


def test_the_comparison_takes_constant_time_and_happens_for_unknown_keys_too(make, monkeypatch):
    compared = []
    real = hmac.compare_digest
    monkeypatch.setattr(
        "quietline.web.accounts.api_keys.hmac.compare_digest", lambda a, b: compared.append((a, b)) or real(a, b)
    )
    secret = make.key().secret
    who(secret)
    who(secret[:-1] + ("x" if secret[-1] != "x" else "y"))
    who("qlk_unknownhandle_" + secret.split("_", 2)[2])
    assert len(compared) == 3
    assert {len(value) for pair in compared for value in pair} == {32}


def test_a_key_is_refused_when_it_is_over_or_revoked(make, representative):
    from quietline.web.accounts import key_operations

    made = make.key(days=30)
    assert who(made.secret, at=AT + timedelta(days=30, seconds=-1))
    assert who(made.secret, at=AT + timedelta(days=30)) is None
    key_operations.revoke_key(key=made.key, by=representative, at=AT)
    assert who(made.secret) is None
    with pytest.raises(ConflictError):
        key_operations.revoke_key(key=made.key, by=representative, at=AT)


def test_a_suspension_stops_keys_and_tokens_at_once_and_reinstating_brings_them_back(make, client, seller):
    from quietline.web.accounts import operations
    from quietline.web.base.clock import now

    key, oauth = make.key(), make.client()
    token = fetch(client, oauth).json()["access_token"]
    operations.suspend_organisation(organisation=seller, reason="", by=None, at=AT)
    assert who(key.secret) is None
    assert who(token, at=now()) is None
    assert fetch(client, oauth).status_code == 401
    operations.reinstate(organisation=seller, reason="", by=None, at=AT)
    assert who(key.secret)
    assert who(token, at=now())


def test_who_leaves_loses_the_keys_and_tokens_they_made_and_nobody_elses(make, client, enter, seller, representative):
    from quietline.web.accounts import operations
    from quietline.web.accounts.models import Role, RoleChange
    from quietline.web.base.clock import now

    leaver = enter.person("Di Example", organisation=seller, role=Role.REPRESENTATIVE)
    mine, theirs, oauth = make.key(by=leaver), make.key(), make.client(by=leaver)
    token = fetch(client, oauth).json()["access_token"]
    assert who(token, at=now())
    operations.end_membership(membership=leaver.memberships.get(), by=representative, at=AT)
    assert who(mine.secret) is None
    assert who(token, at=now()) is None
    assert fetch(client, oauth).status_code == 401
    assert who(theirs.secret)
    assert RoleChange.objects.filter(act=RoleChange.Act.KEY_REVOKED).count() == 2


def test_a_key_made_by_a_member_who_does_not_manage_is_refused(make, enter, seller):
    from quietline.web.accounts.models import Role

    with pytest.raises(NotProvenError):
        make.key(by=enter.person("Di Example", organisation=seller, role=Role.DOWNLOADER))


@pytest.mark.parametrize("wrong", [
    {"scopes": ()}, {"scopes": ("lines:write",)}, {"scopes": ("everything",)}, {"days": 0}, {"days": 731}, {"title": " "},
    {"title": "x" * 81},
])  # fmt: skip
def test_a_key_that_is_put_together_wrongly_is_refused(make, wrong):
    with pytest.raises(OperationError):
        make.key(**wrong)


def test_the_last_use_is_noted_to_the_hour(make):
    from quietline.web.accounts.models import ApiKey

    made = make.key()
    who(made.secret, at=AT + timedelta(minutes=20))
    assert ApiKey.objects.get(pk=made.key.pk).last_used_at == AT.replace(minute=0)
    who(made.secret, at=AT + timedelta(hours=2, minutes=20))
    assert ApiKey.objects.get(pk=made.key.pk).last_used_at == AT.replace(minute=0) + timedelta(hours=2)


def basic(client_id, secret):
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()


def fetch(client, made, *, form=None, secret=None, **headers):
    form = {"grant_type": "client_credentials"} if form is None else form
    headers.setdefault("HTTP_AUTHORIZATION", basic(made.client_id, secret or made.secret))
    from urllib.parse import urlencode

    return client.post("/oauth/token", urlencode(form), content_type="application/x-www-form-urlencoded", **headers)


def test_a_client_gets_a_token_for_an_hour(make, client):
    from quietline.web.base.clock import now

    made = make.client()
    answer = fetch(client, made)
    told = answer.json()
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert (told["token_type"].lower(), told["expires_in"]) == ("bearer", 3600)
    assert set(told["scope"].split()) == {"feed:read", "washes:write"}
    assert "refresh_token" not in told
    credential = who(told["access_token"], at=now())
    assert credential.id == made.key.handle
    assert who(told["access_token"], at=now() + timedelta(seconds=3601)) is None


def test_a_client_can_send_its_secret_in_the_form_and_ask_for_fewer_scopes(make, client):
    from quietline.web.base.clock import now

    made = make.client()
    form = {
        "grant_type": "client_credentials",
        "client_id": made.client_id,
        "client_secret": made.secret,
        "scope": "feed:read",
    }
    told = fetch(client, made, form=form, HTTP_AUTHORIZATION="").json()
    assert who(told["access_token"], at=now()).scopes == {"feed:read"}


def test_errors_are_those_of_the_standard(make, client):
    made = make.client()
    good = {"grant_type": "client_credentials"}
    both = {**good, "client_id": made.client_id, "client_secret": made.secret}
    cases = [
        ({"secret": "qls_wrong"}, 401, "invalid_client"),
        ({"HTTP_AUTHORIZATION": ""}, 401, "invalid_client"),
        ({"HTTP_AUTHORIZATION": "Basic %%%"}, 401, "invalid_client"),
        ({"HTTP_AUTHORIZATION": basic("qlc_nobody", "x")}, 401, "invalid_client"),
        ({"HTTP_AUTHORIZATION": basic("qlc_\x00", "x")}, 401, "invalid_client"),
        ({"form": {}}, 400, "invalid_request"),
        ({"form": {"grant_type": "password"}}, 400, "unsupported_grant_type"),
        ({"form": {**good, "scope": "lines:write"}}, 400, "invalid_scope"),
        ({"form": both}, 400, "invalid_request"),
        ({"form": {**good, "client_id": "qlc_other"}}, 400, "invalid_request"),
    ]
    for arguments, status, error in cases:
        answer = fetch(client, made, **arguments)
        assert (answer.status_code, answer.json()["error"]) == (status, error), arguments
        assert answer["Cache-Control"] == "no-store"
        assert ("Basic" in answer.headers.get("WWW-Authenticate", "")) == (status == 401)


def test_parameters_in_the_address_or_twice_or_as_json_are_refused(make, client):
    made = make.client()
    headers = {"HTTP_AUTHORIZATION": basic(made.client_id, made.secret)}
    form = "grant_type=client_credentials"
    kind = "application/x-www-form-urlencoded"
    answers = [
        client.post("/oauth/token?grant_type=client_credentials", form, content_type=kind, **headers),
        client.post("/oauth/token", f"{form}&{form}", content_type=kind, **headers),
        client.post(
            "/oauth/token", json.dumps({"grant_type": "client_credentials"}), content_type="application/json", **headers
        ),
        client.post("/oauth/token", b"\xff=1&" + form.encode(), content_type=kind, **headers),
        client.post("/oauth/token", f"{form}&a={'x' * 5_000}", content_type=kind, **headers),
    ]
    assert [(a.status_code, a.json()["error"]) for a in answers] == [(400, "invalid_request")] * 5
    assert client.get("/oauth/token").status_code == 405


def test_an_api_key_is_no_client_and_a_client_no_key(make, client):
    key, oauth = make.key(), make.client()
    handle, secret = key.secret.split("_", 2)[1:]
    assert fetch(client, oauth, HTTP_AUTHORIZATION=basic(f"qlc_{handle}", f"qls_{secret}")).status_code == 401
    assert who(f"qlk_{oauth.key.handle}_{oauth.secret.removeprefix('qls_')}") is None


def test_a_revoked_client_loses_its_tokens_at_once(make, client, representative):
    from quietline.web.accounts import key_operations
    from quietline.web.base.clock import now

    made = make.client()
    token = fetch(client, made).json()["access_token"]
    key_operations.revoke_key(key=made.key, by=representative, at=now())
    assert who(token, at=now()) is None


def test_tokens_that_are_over_are_deleted_by_a_chore(make, client):
    from quietline.web.accounts.api_keys import forget_tokens
    from quietline.web.accounts.models import BearerToken
    from quietline.web.base.clock import now
    from quietline.web.running.chores import CHORES

    made = make.client()
    fetch(client, made)
    BearerToken.objects.update(expires_at=AT)
    kept = fetch(client, made).json()["access_token"]
    [chore] = [chore for chore in CHORES if chore.do is forget_tokens]
    chore.do(at=now())
    assert BearerToken.objects.count() == 1
    assert who(kept, at=now()) is not None


@pytest.fixture
def few(monkeypatch):
    """Allow three tokens a day to a client and five requests to an address."""
    from quietline.web.accounts import oauth
    from quietline.web.base.limits import Limit

    monkeypatch.setitem(oauth.LIMITS, "client", Limit("oauth-client", 3, 86_400))
    monkeypatch.setitem(oauth.LIMITS, "address", Limit("oauth-address", 5, 86_400))


def test_a_client_gets_so_many_tokens_and_no_more(make, client, few):
    from quietline.web.accounts.models import BearerToken

    made, other = make.client(), make.client()
    for left in (2, 1, 0):
        answer = fetch(client, made)
        assert answer.status_code == 200
        assert answer["RateLimit-Policy"] == '"client";q=3;w=86400'
        assert answer["RateLimit"].startswith(f'"client";r={left};t=')
    refused = fetch(client, made)
    assert (refused.status_code, refused.json()) == (429, {"error": "too_many_requests"})
    assert 0 < int(refused["Retry-After"]) <= 86_400
    assert refused["RateLimit"] == f'"client";r=0;t={refused["Retry-After"]}'
    assert refused["Cache-Control"] == "no-store"
    assert BearerToken.objects.count() == 3
    assert fetch(client, other).status_code == 200, "another client has a limit of its own"


def test_an_address_asks_so_often_and_uses_up_nothing_of_a_client_whose_secret_it_lacks(make, client, few):
    made = make.client()
    for left in (4, 3, 2, 1, 0):
        answer = fetch(client, made, secret="qls_wrong")
        assert answer.status_code == 401
        assert answer["RateLimit-Policy"] == '"address";q=5;w=86400'
        assert answer["RateLimit"].startswith(f'"address";r={left};t=')
    assert fetch(client, made).status_code == 429
    assert fetch(client, made, REMOTE_ADDR="203.0.113.9").status_code == 200


def test_refusals_name_an_error_only_where_the_standard_says_so():
    from quietline.web.accounts.api_keys import challenge

    assert challenge(was_given=False) == 'Bearer realm="quietline"'
    assert challenge(was_given=True) == 'Bearer realm="quietline", error="invalid_token"'
    lacking = challenge(was_given=True, needs=["washes:write", "feed:read"])
    assert lacking == 'Bearer realm="quietline", error="insufficient_scope", scope="feed:read washes:write"'
