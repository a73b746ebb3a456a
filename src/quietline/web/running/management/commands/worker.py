"""``python -m quietline.web worker``."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from quietline.web.running.signals import stop_on_signals
from quietline.web.running.worker import run


class Command(BaseCommand):
    """Send messages and do what has to be done from time to time, until told to stop."""

    help = "Send messages and do what has to be done from time to time, until told to stop."

    def handle(self, *_: Any, **__: Any) -> None:
        """Run."""
        run(stop_on_signals())
