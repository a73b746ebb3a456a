"""Ending in order."""

from __future__ import annotations

import signal
import threading
from typing import Any

__all__ = ["stop_on_signals"]


def stop_on_signals() -> threading.Event:
    """Give an event that SIGTERM and SIGINT set."""
    stop = threading.Event()

    def ask_to_stop(*_: Any) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask_to_stop)
    signal.signal(signal.SIGINT, ask_to_stop)
    return stop
