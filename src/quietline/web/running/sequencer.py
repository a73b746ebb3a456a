"""The sequencer's process: one step after the other, through restarts of the database."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import DatabaseError, connection

from quietline.web.base.clock import now
from quietline.web.base.logs import log
from quietline.web.proofs.operations import beat
from quietline.web.publishing.sequencing import Sequencer

if TYPE_CHECKING:
    import threading

__all__ = ["run"]

_SIGN_EVERY = timedelta(seconds=60)
_BEAT_EVERY = timedelta(seconds=3)
_log = log("sequencer")


def run(stop: threading.Event) -> None:
    """Number and publish until told to stop; after the database was away, begin again from what stands there."""
    pause = settings.ENVIRONMENT.feed_milliseconds / 1000
    while not stop.is_set():
        try:
            _work(stop, pause)
        except DatabaseError:
            _log.warning("database away", exc_info=True)
            connection.close()
            stop.wait(1)
    connection.close()


def _work(stop: threading.Event, pause: float) -> None:
    sequencer = Sequencer()
    _log.info("at work")
    signed_at = beaten_at = now() - _SIGN_EVERY
    while not stop.is_set():
        started = time.monotonic()
        at = now()
        busy = sequencer.step(at=at)
        if busy:
            signed_at = at
        elif at - signed_at >= _SIGN_EVERY:
            sequencer.sign(at=at)
            signed_at = at
        if at - beaten_at >= _BEAT_EVERY:
            beat("sequencer", at=at)
            beaten_at = at
        stop.wait(max(0.0, pause - (time.monotonic() - started)))
