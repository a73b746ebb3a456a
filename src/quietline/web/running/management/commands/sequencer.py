"""``python -m quietline.web sequencer``."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from quietline.web.running.sequencer import run
from quietline.web.running.signals import stop_on_signals


class Command(BaseCommand):
    """Number changes and leaves, write feeds and the ledger, until told to stop."""

    help = "Number changes and leaves, write feeds and the ledger, until told to stop."

    def handle(self, *_: Any, **__: Any) -> None:
        """Run."""
        run(stop_on_signals())
