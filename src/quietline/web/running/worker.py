"""The worker's process: the outbox, and what has to be done from time to time."""

from __future__ import annotations

import time
from threading import Thread
from typing import TYPE_CHECKING

from django.db import connection

from quietline.web.api.delivering import deliver_webhooks
from quietline.web.base.clock import now
from quietline.web.base.logs import log
from quietline.web.compliance import audit_work
from quietline.web.messaging import loop
from quietline.web.running.chores import CHORES, LONG_CHORES
from quietline.web.washing import working as washing
from quietline.web.washing.copies import advance_copies

if TYPE_CHECKING:
    from collections.abc import Sequence
    from threading import Event

    from quietline.web.running.chores import Chore

__all__ = ["run"]

_log = log("worker")


def run(stop: Event) -> None:
    """Send messages in one thread, do the chores in others, until told to stop."""
    threads = [
        Thread(target=loop.run, args=(stop,), name="outbox"),
        Thread(target=_webhooks, args=(stop,), name="webhooks"),
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


def _webhooks(stop: Event) -> None:
    """Deliver webhooks; a receiver that is slow delays other receivers only."""
    while not stop.wait(1):
        _do("webhooks", deliver_webhooks)
    connection.close()


def _copies(stop: Event) -> None:
    """Keep this machine's copies of the registers, which washes look into, a second behind the feeds."""
    while not stop.wait(0.5):
        _do("copies", advance_copies)
    connection.close()


def _do(name: str, do: object) -> None:
    """Do one chore; one that fails is tried again at its next time, and keeps no other from being done."""
    try:
        do(at=now())  # type: ignore[operator]
    except Exception:  # noqa: BLE001 - whatever it is, the next time may do; the thread that ends would take all chores along
        _log.warning("chore failed", chore=name, exc_info=True)
        connection.close()
