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
from quietline.web.proofs.rules import prove_rules
from quietline.web.publishing.operations import prove_registers
from quietline.web.publishing.sequencing import Sequencer

if TYPE_CHECKING:
    import threading

__all__ = ["run"]

_SIGN_AFTER = timedelta(seconds=15)
"""How old the signature of a feed becomes before it is signed anew, whatever goes on in other feeds."""
_SIGN_SHARE = 0.25
"""The part of the time that goes into signing anew at most: what is numbered and published must not wait for it."""
_LATEST = timedelta(seconds=60)
"""Older signatures than this are complained of: there are more feeds than can be signed in time."""
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
    prove_registers(at=now())
    prove_rules(at=now())
    _log.info("at work")
    beaten_at = complained_at = now() - _LATEST
    while not stop.is_set():
        started = time.monotonic()
        at = now()
        sequencer.step(at=at)
        oldest = sequencer.sign_due(at=at, after=_SIGN_AFTER, seconds=_SIGN_SHARE * max(pause, time.monotonic() - started))
        if oldest > _LATEST and at - complained_at >= _LATEST:
            _log.warning("feeds are signed late", seconds=round(oldest.total_seconds()))
            complained_at = at
        if at - beaten_at >= _BEAT_EVERY:
            beat("sequencer", at=at)
            beaten_at = at
        stop.wait(max(0.0, pause - (time.monotonic() - started)))
