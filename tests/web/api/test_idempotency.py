"""The same request under the same key is done once, also when it arrives many times at one moment."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client

from quietline.web.api.idempotency import forget_answers
from quietline.web.api.models import KeptAnswer
from quietline.web.base.clock import now
from quietline.web.messaging.models import OutgoingMessage
from quietline.web.publishing.models import Entry
from quietline.web.subscribers.models import Challenge
from web.api.common import code_of, is_problem

pytestmark = pytest.mark.django_db(transaction=True)
KEY = {"Idempotency-Key": '"8e03978e-40d5-43dd-bc93-6894a57f9324"'}


def test_a_repetition_gets_the_same_answer_and_does_nothing(program, register):
    body = {"number": "+12125550123"}
    first, second = (program("POST", "/listings", body, **KEY) for _ in range(2))
    assert first.status_code == second.status_code == 202
    assert first.json() == second.json()
    assert second.headers["Idempotent-Replayed"] == "true"
    assert Challenge.objects.count() == OutgoingMessage.objects.count() == 1


def test_a_confirmation_whose_answer_was_lost_is_repeated_with_its_token(program, register):
    sent = program("POST", "/listings", {"number": "+12125550123"}).json()["id"]
    first, second = (program("POST", f"/listings/{sent}/confirm", {"code": code_of(sent)}, **KEY) for _ in range(2))
    assert first.status_code == 200
    assert first.json() == second.json()
    kept = KeptAnswer.objects.get()
    stored = b"".join(bytes(part) for part in (kept.answer, kept.data_key, kept.key_hash, kept.request_hash))
    assert first.json()["line_token"].encode() not in stored
    assert first.json()["reference"].encode() not in stored
    assert first.json()["line_token"] not in str(KeptAnswer.objects.values())


def test_another_request_under_the_same_key_is_refused(program, register):
    program("POST", "/listings", {"number": "+12125550123"}, **KEY)
    is_problem(program("POST", "/listings", {"number": "+12125550124"}, **KEY), 422, "idempotency.reused")
    # another address is another request altogether
    assert program("POST", "/proofs-of-line", {"number": "+12125550123"}, **KEY).status_code == 202


def test_a_key_counts_for_whoever_used_it(program, client, register, organisation):
    body = {"number": "+12125550123"}
    first = program("POST", "/listings", body, **KEY).json()
    elsewhere = client.generic(
        "POST", "/api/v1/listings", json.dumps(body), content_type="application/json", headers=KEY,
        REMOTE_ADDR="203.0.113.77",
    )  # fmt: skip
    assert elsewhere.json()["id"] != first["id"]
    seller, other = organisation(), organisation(name="Other Windows")
    hook = {"url": "https://hooks.example.org/", "events": ["claim.revoked"]}
    secrets = [program("POST", "/webhooks", hook, **who.bearer, **KEY).json()["secret"] for who in (seller, other, seller)]
    assert secrets[0] == secrets[2] != secrets[1]


def test_an_answer_is_not_repeated_to_a_credential_that_was_revoked(program, organisation):
    from quietline.web.accounts.key_operations import revoke_key

    seller = organisation()
    hook = {"url": "https://hooks.example.org/", "events": ["claim.revoked"]}
    assert program("POST", "/webhooks", hook, **seller.bearer, **KEY).status_code == 201
    revoke_key(key=seller.key.key, by=None, at=now())
    is_problem(program("POST", "/webhooks", hook, **seller.bearer, **KEY), 401, "credential.missing")


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "übel"])
def test_a_key_that_is_none_is_refused(program, register, key):
    is_problem(program("POST", "/listings", {"number": "+12125550123"}, **{"Idempotency-Key": key}), 400, "idempotency.key")


def test_of_many_at_one_moment_one_is_done(register):
    barrier = threading.Barrier(8)

    def ask(_):
        try:
            barrier.wait()
            body = json.dumps({"number": "+12125550123"})
            answer = Client().generic("POST", "/api/v1/listings", body, content_type="application/json", headers=KEY)
            return answer.status_code, answer.json()
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, range(8)))
    done = [told["id"] for status, told in answers if status == 202]
    assert {status for status, _told in answers} <= {202, 409}
    assert len(set(done)) == 1
    assert all(told["code"] == "idempotency.under-way" for status, told in answers if status == 409)
    assert Challenge.objects.count() == 1


def test_a_request_under_way_is_said_to_be_so_until_its_process_must_be_dead(program, register):
    body = {"number": "+12125550123"}
    program("POST", "/listings", body, **KEY)
    KeptAnswer.objects.update(answer=None, data_key=None)  # as it stands before the answer is there
    is_problem(program("POST", "/listings", body, **KEY), 409, "idempotency.under-way")
    is_problem(program("POST", "/listings", {"number": "+12125550124"}, **KEY), 422, "idempotency.reused")
    KeptAnswer.objects.update(started_at=now() - timedelta(seconds=61))
    assert program("POST", "/listings", body, **KEY).status_code == 202
    assert Challenge.objects.count() == 2


def test_an_answer_is_forgotten_after_a_day(program, register):
    body = {"number": "+12125550123"}
    first = program("POST", "/listings", body, **KEY).json()
    KeptAnswer.objects.update(started_at=now() - timedelta(hours=24, seconds=1))
    assert program("POST", "/listings", {"number": "+12125550124"}, **KEY).json()["id"] != first["id"]
    assert forget_answers(at=now()) == 0
    assert forget_answers(at=now() + timedelta(hours=24, seconds=1)) == 1


def test_a_refusal_for_asking_too_often_is_not_kept(program, register):
    body = {"number": "+12125550123"}
    for _ in range(3):
        program("POST", "/listings", body)
    is_problem(program("POST", "/listings", body, **KEY), 429, "limit.exceeded")
    assert not KeptAnswer.objects.exists()
    assert not Entry.objects.exists()
