"""The worker's loop: empty the outbox while there is something in it, and say that one is at work.

Texts and calls, and mail, have a lane (a thread) each, so that a slow mail server delays no code. A lane that finds nothing
looks again after 150 milliseconds; a NOTIFY at each commit would cost every request more than these look-ups.
"""

from __future__ import annotations

import time
from collections import Counter
from threading import Lock, Thread
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string

from quietline.web.base.clock import now
from quietline.web.base.logs import log
from quietline.web.messaging.gateways import configured_gateways, configured_receiver
from quietline.web.messaging.operations import deliver_batch, tidy
from quietline.web.proofs.operations import beat

if TYPE_CHECKING:
    from collections.abc import Mapping
    from threading import Event

    from quietline.web.messaging.gateways.base import Gateway

__all__ = ["run"]

TAKES_TEXTS = "quietline.web.subscribers.text_dealings.take_text"
"""What a text that comes in is handed to: named, since it stands in a room above this one."""
_BATCH = 500
_MAIL_BATCH = 50
_IDLE_SECONDS = 0.15
_BEAT_SECONDS = 3.0
_STUCK_SECONDS = 120
_TIDY_SECONDS = 3_600
_LONGEST_PAUSE = 30.0


class _Lane(Thread):
    """Delivers through one gateway until told to stop."""

    def __init__(self, gateway: Gateway, channels: tuple[str, ...], stop: Event) -> None:
        super().__init__(name=f"outbox-{channels[0]}", daemon=True)
        self._gateways: Mapping[str, Gateway] = dict.fromkeys(channels, gateway)
        self._limit = _MAIL_BATCH if channels == ("mail",) else _BATCH
        self._stop_event = stop
        self._lock = Lock()
        self._counts: Counter[str] = Counter()
        self.turned_at = time.monotonic()

    def counts(self) -> dict[str, int]:
        """Give what was done since asked last."""
        with self._lock:
            counts, self._counts = dict(self._counts), Counter()
        return {name: count for name, count in counts.items() if count}

    def run(self) -> None:
        """Deliver; a database that is away is waited for, longer each time."""
        failures = 0
        while not self._stop_event.is_set():
            try:
                pause = self._turn()
                failures = 0
            except Exception as error:  # noqa: BLE001 - whatever it is, the next attempt may do
                failures += 1
                pause = min(_LONGEST_PAUSE, 0.25 * 2**failures)
                log("messaging").warning("delivery interrupted", failure=type(error).__name__, count=failures)
                connection.close()
            self._stop_event.wait(pause)
        connection.close()

    def _turn(self) -> float:
        delivered = deliver_batch(gateways=self._gateways, at=now(), limit=self._limit)
        self.turned_at = time.monotonic()
        with self._lock:
            self._counts.update(sent=delivered.sent, failed=delivered.failed, waiting=delivered.waiting)
        return 0 if delivered.taken >= self._limit else _IDLE_SECONDS


def run(stop: Event, *, gateways: Mapping[str, Gateway] | None = None) -> None:
    """Empty the outbox until ``stop`` is set; what is under way is finished first.

    Args:
        stop: set it to end.
        gateways: by channel; those of the settings if not given.

    Raises:
        SettingError: the settings name no gateway that works.
    """
    served = configured_gateways() if gateways is None else gateways
    channels_of: dict[int, tuple[Gateway, list[str]]] = {}
    for channel, gateway in served.items():
        channels_of.setdefault(id(gateway), (gateway, []))[1].append(str(channel))
    lanes = [_Lane(gateway, tuple(channels), stop) for gateway, channels in channels_of.values()]
    receiver = configured_receiver(import_string(TAKES_TEXTS)) if gateways is None else None
    incoming = [Thread(target=receiver.run, args=(stop,), name="inbound-texts", daemon=True)] if receiver else []
    if gateways is None and not settings.ENVIRONMENT.makes_calls:
        log("messaging").warning("no gateway for calls: lines that get no texts can be told nothing")
    for thread in (*lanes, *incoming):
        thread.start()
    tidied_at = float("-inf")
    while True:
        moment = time.monotonic()
        if all(lane.is_alive() and moment - lane.turned_at < _STUCK_SECONDS for lane in lanes):
            tidied_at = _housekeep(lanes, tidied_at)
        if stop.wait(_BEAT_SECONDS):
            break
    for thread in (*lanes, *incoming):
        thread.join()
    for gateway, _ in channels_of.values():
        gateway.close()
    connection.close()


def _housekeep(lanes: list[_Lane], tidied_at: float) -> float:
    try:
        beat("worker", at=now())
        for lane in lanes:
            if counts := lane.counts():
                log("messaging").info("delivered", lane=lane.name, **counts)
        if time.monotonic() - tidied_at >= _TIDY_SECONDS:
            tidy(now())
            return time.monotonic()
    except Exception as error:  # noqa: BLE001 - as in a lane
        log("messaging").warning("no beat", failure=type(error).__name__)
        connection.close()
    return tidied_at
