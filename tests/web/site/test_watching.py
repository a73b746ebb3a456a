"""What /ready and /metrics say of the processes, whichever of them is alive."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db
AT = datetime(2026, 11, 22, 10, tzinfo=UTC)


@pytest.fixture
def beaten(monkeypatch):
    """Let a process have been at work so many seconds before now, which stands still."""
    from quietline.web.proofs.operations import beat

    monkeypatch.setattr("quietline.web.site.views.now", lambda: AT)
    return lambda process, seconds: beat(process, at=AT - timedelta(seconds=seconds))


def test_a_worker_that_died_is_seen_and_takes_no_server_away(beaten):
    beaten("sequencer", 1)
    beaten("worker", 1)
    answer = Client().get("/ready")
    assert answer.json() == {"ready": True, "parts": {"database": True, "sequencer": True, "worker": True}}
    beaten("worker", 100)
    answer = Client().get("/ready")
    assert answer.status_code == 200
    assert answer.json() == {"ready": True, "parts": {"database": True, "sequencer": True, "worker": False}}
    beaten("sequencer", 100)
    assert Client().get("/ready").status_code == 503


def test_the_web_server_measures_what_a_dead_worker_cannot(beaten):
    from quietline.web.messaging.operations import enqueue

    before = Client(REMOTE_ADDR="127.0.0.1").get("/metrics").content.decode()
    assert 'quietline_heartbeat_seconds{process="worker"} +Inf' in before
    beaten("worker", 100)
    enqueue(
        channel="text", template="code", language="en", key=12_125_550_123, challenge=uuid4(),
        facts={"purpose": "list", "minutes": 10}, at=AT,
    )  # fmt: skip
    after = Client(REMOTE_ADDR="127.0.0.1").get("/metrics").content.decode()
    (line,) = [line for line in after.splitlines() if line.startswith('quietline_heartbeat_seconds{process="worker"}')]
    assert float(line.split()[-1]) == 100
    assert 'quietline_outbox_waiting{channel="text"} 1.0' in after


def test_ready_names_the_installation_to_who_knows_its_key(settings):
    from quietline.web.site.watching import INSTALLATION, installation_mark

    mark = Client().get("/ready").headers[INSTALLATION]
    assert mark == installation_mark()
    settings.SECRET_KEY = "another-another-another-another-another-another"
    assert mark != installation_mark()
