"""The worker's loop: messages leave within a moment, it says that it lives, and outlives its database's restarts."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import connection

from quietline.web.base.clock import now
from quietline.web.messaging import loop
from quietline.web.messaging.loop import run
from quietline.web.messaging.models import OutgoingMessage
from quietline.web.proofs.models import Heartbeat

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def worker(gateway):
    stop = threading.Event()
    thread = threading.Thread(target=run, args=(stop,), kwargs={"gateways": {"text": gateway, "call": gateway}})
    thread.start()
    yield thread
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def until(what, seconds=8):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.02)
    return False


def test_a_message_leaves_while_the_worker_runs_and_the_worker_says_that_it_lives(worker, exchange, put):
    put(at=now())
    assert until(lambda: exchange.got)
    assert until(lambda: Heartbeat.objects.filter(process="worker").exists())
    assert until(lambda: not OutgoingMessage.objects.exists())


def test_a_lane_that_finds_nothing_looks_again_in_a_moment_and_one_that_is_full_at_once(gateway, put):
    lane = loop._Lane(gateway, ("text",), threading.Event())
    lane._limit = 1
    assert lane._turn() == loop._IDLE_SECONDS <= 0.2
    put(at=now())
    assert lane._turn() == 0


def test_the_worker_outlives_the_end_of_its_database_sessions(worker, exchange, put):
    assert until(lambda: Heartbeat.objects.filter(process="worker").exists())
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert cursor.fetchone()[0] >= 1
    put(at=now())
    assert until(lambda: exchange.got)
