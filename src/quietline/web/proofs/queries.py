"""Ask about proofs."""

from __future__ import annotations

from datetime import timedelta

from quietline.web.base.clock import now
from quietline.web.proofs.models import Heartbeat

__all__ = ["sequencer_is_alive"]

_ALIVE_SECONDS = 15


def sequencer_is_alive() -> bool:
    """Say whether the sequencer has been at work within the last 15 seconds."""
    return Heartbeat.objects.filter(process="sequencer", at__gte=now() - timedelta(seconds=_ALIVE_SECONDS)).exists()
