"""The HTTP gateway against a real server: whole answers, half answers and none."""

from __future__ import annotations

import json
import time

import pytest

from quietline.web.messaging.gateways.base import Letter, Outcome
from quietline.web.messaging.gateways.http import HttpGateway


def letters(count):
    return [Letter(index, "text", f"+1212555010{index % 10}", f"text {index}") for index in range(1, count + 1)]


def test_one_request_carries_a_whole_batch_with_its_token(exchange, gateway):
    assert gateway.send(letters(300)) == [Outcome(index) for index in range(1, 301)]
    assert (exchange.requests, exchange.authorization, exchange.sender) == (1, "Bearer gateway-token", "Quietline")
    assert exchange.got[0] == {"id": "1", "to": "+12125550101", "text": "text 1", "kind": "text", "language": "en"}


def test_each_message_has_its_own_outcome(exchange, gateway):
    exchange.answer = lambda _: (200, {"results": [
        {"id": "1", "status": "accepted"}, {"id": "2", "status": "rejected", "reason": "Unknown +12125550102"},
        {"id": "3", "status": "later"}, {"id": 4, "status": "accepted"}, "nonsense",
    ]})  # fmt: skip
    assert gateway.send(letters(5)) == [
        Outcome(1), Outcome(2, "unknown"), Outcome(3, "gateway.later", retry=True), Outcome(4),
        Outcome(5, "gateway.forgot", retry=True),
    ]  # fmt: skip


@pytest.mark.parametrize("said", [b"", b"OK", b"[]", b'{"queued": 2}'])
def test_a_plain_yes_takes_them_all(exchange, gateway, said):
    exchange.answer = lambda _: (202, said)
    assert gateway.send(letters(2)) == [Outcome(1), Outcome(2)]


@pytest.mark.parametrize("status", [301, 401, 403, 404, 408, 429, 500, 503])
def test_what_is_not_the_messages_fault_is_tried_once_more(exchange, gateway, status):
    exchange.answer = lambda _: (status, b"")
    assert gateway.send(letters(2)) == [Outcome(i, f"gateway.{status}", retry=True) for i in (1, 2)]
    assert exchange.requests == 1


def test_one_bad_message_does_not_hold_up_the_others(exchange, gateway):
    def answer(messages):
        bad = any(message["id"] == "37" for message in messages)
        return (400, b"bad") if bad else (200, {})

    exchange.answer = answer
    outcomes = gateway.send(letters(64))
    assert [outcome for outcome in outcomes if outcome.failure] == [Outcome(37, "gateway.400")]
    assert len(exchange.got) == 63
    assert exchange.requests <= 13


def test_no_answer_in_time_is_tried_once_more(exchange):
    impatient = HttpGateway(exchange.url, token=None, sender="Quietline", answer_seconds=0.2)

    def slow(_):
        time.sleep(0.6)
        return 200, {}

    exchange.answer = slow
    assert impatient.send(letters(1)) == [Outcome(1, "gateway.time-out", retry=True)]
    impatient.close()
    time.sleep(0.5)


def test_nobody_there_is_tried_once_more(exchange):
    url = exchange.url
    exchange.stop()
    exchange.stop = lambda: None  # it has stopped
    gateway = HttpGateway(url, token=None, sender="Quietline")
    assert gateway.send(letters(1)) == [Outcome(1, "gateway.unreachable", retry=True)]
    gateway.close()


def test_chinese_arrives_as_it_is(exchange, gateway):
    gateway.send([Letter(1, "call", "+447700900001", "您的号码", language="zh-hans")])
    assert exchange.got == [
        json.loads('{"id":"1","to":"+447700900001","text":"您的号码","kind":"call","language":"zh-hans"}')
    ]
