"""The worker's process: the outbox, and what has to be done from time to time."""

from __future__ import annotations

import time
from threading import Thread
from typing import TYPE_CHECKING

from django.db import connection

from quietline.web.api.delivering import SENDERS, deliver_due
from quietline.web.api.hooks import gather_events
from quietline.web.base.clock import now
from quietline.web.base.logs import log
from quietline.web.compliance import audit_work
from quietline.web.messaging import loop
from quietline.web.running.chores import CHORES, LONG_CHORES
from quietline.web.washing import working as washing
from quietline.web.washing.copies import advance_copies

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from threading import Event

    from quietline.web.running.chores import Chore

__all__ = ["run", "webhook_threads"]

_log = log("worker")


def run(stop: Event) -> None:
    """Send messages in one thread, do the chores in others, until told to stop."""
    threads = [
        Thread(target=loop.run, args=(stop,), name="outbox"),
        *webhook_threads(stop),
        Thread(target=_copies, args=(stop,), name="copies"),
        Thread(target=washing.run, args=(stop,), name="washes"),
        Thread(target=audit_work.run, args=(stop,), name="audits"),
        Thread(target=_chores, args=(LONG_CHORES, stop), name="long chores"),
    ]
    for thread in threads:
        thread.start()
    _chores(CHORES, stop)
    for thread in threads:
        thread.join()


def _chores(chores: Sequence[Chore], stop: Event) -> None:
    """Do chores, each when it is due."""
    due = dict.fromkeys(chores, 0.0)
    while not stop.wait(0.5):
        for chore, due_at in due.items():
            if time.monotonic() >= due_at:
                due[chore] = time.monotonic() + chore.every_seconds
                _do(chore.name, chore.do)
    connection.close()


def webhook_threads(stop: Event) -> list[Thread]:
    """Make the threads of webhooks: one finds out what happened, several tell of it, so that no receiver delays another."""
    senders = [Thread(target=_send_webhooks, args=(stop,), name=f"webhooks {place}") for place in range(SENDERS)]
    return [Thread(target=_gather_events, args=(stop,), name="events"), *senders]


def _gather_events(stop: Event) -> None:
    """Put events on their way to webhooks."""
    while not stop.wait(1):
        _do("events", gather_events)
    connection.close()


def _send_webhooks(stop: Event) -> None:
    """Send what is due, one after the other, each with the moment at which it is sent."""
    while not stop.wait(1):
        while not stop.is_set() and _do("webhooks", deliver_due):
            pass
    connection.close()


def _copies(stop: Event) -> None:
    """Keep this machine's copies of the registers, which washes look into, a second behind the feeds."""
    while not stop.wait(0.5):
        _do("copies", advance_copies)
    connection.close()


def _do(name: str, do: Callable[..., object]) -> object:
    """Do one chore; one that fails is tried again at its next time, and keeps no other from being done.

    Returns:
        What the chore gave, None where it failed.
    """
    try:
        return do(at=now())
    except Exception:  # noqa: BLE001 - whatever it is, the next time may do; the thread that ends would take all chores along
        _log.warning("chore failed", chore=name, exc_info=True)
        connection.close()
        return None
