"""What watches over an installation: which processes are at work, how much waits, and whose server answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import DatabaseError
from django.utils.crypto import salted_hmac

from quietline.web.base.metrics import HEARTBEAT, OUTBOX
from quietline.web.messaging.queries import waiting_by_channel
from quietline.web.proofs.models import Heartbeat

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["ALIVE_SECONDS", "INSTALLATION", "heartbeats", "installation_mark", "measure"]

ALIVE_SECONDS = 15
"""A process that was at work within so many seconds is at work."""
INSTALLATION = "X-Quietline-Installation"
"""Header of ``/ready``: :func:`installation_mark` of who answers."""
_PROCESSES = ("sequencer", "worker")


def heartbeats(*, at: datetime) -> dict[str, float]:
    """Give for how many seconds each process has not been at work; infinity where it never was.

    Args:
        at: now.
    """
    seen = dict(Heartbeat.objects.filter(process__in=_PROCESSES).values_list("process", "at"))
    return {
        process: max(0.0, (at - seen[process]).total_seconds()) if process in seen else float("inf")
        for process in _PROCESSES
    }


def measure(*, at: datetime) -> None:
    """Set the gauges that the database knows, whoever is asked: a worker that died reports nothing itself.

    While the database is away they stay as they are; ``/ready`` has an alert for that.
    """
    try:
        ages, waiting = heartbeats(at=at), waiting_by_channel()
    except DatabaseError:
        return
    for process, seconds in ages.items():
        HEARTBEAT.labels(process).set(seconds)
    for channel, count in waiting.items():
        OUTBOX.labels(channel).set(count)


def installation_mark() -> str:
    """Name this installation to who knows its secret key: ``quietline up`` believes its own server only."""
    return salted_hmac("quietline.web.site.watching", "ready", algorithm="sha256").hexdigest()[:24]
