"""A copy that follows a feed all along, as a seller's would."""

from __future__ import annotations

from datetime import UTC, datetime
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

from quietline.errors import QuietlineError
from quietline.feed import Mirror
from quietline.feed.sources import FolderSource
from quietline.registers import Register

if TYPE_CHECKING:
    from pathlib import Path

    from quietline.ledger.signing import PublicKey

__all__ = ["FollowerThread"]

_EVERY_SECONDS = 0.2


class FollowerThread(Thread):
    """Advances a mirror from the first entry on, over and over.

    Attributes:
        problems: errors, each once, with how often it came.
        steps: how often it advanced.
    """

    def __init__(self, feed: Path, into: Path, key: PublicKey) -> None:
        super().__init__(name="follower", daemon=True)
        self.problems: dict[str, int] = {}
        self.steps = 0
        self._feed = feed
        self._mirror = Mirror(into, FolderSource(feed), [key], from_start=True)
        self._over = Event()
        self._lock = Lock()

    def run(self) -> None:
        """Follow until :meth:`end`."""
        while not self._over.wait(_EVERY_SECONDS):
            if (self._feed / "checkpoint").exists():
                self._advance()

    def end(self) -> None:
        """Advance a last time, and end."""
        self._over.set()
        self.join()
        self._advance()

    def holds(self, key: int) -> bool:
        """Say whether a number stands in the copy."""
        with self._lock:
            if not self.steps:
                return False
            with Register(self._mirror.path) as register:
                return register.entry(key) is not None

    @property
    def path(self) -> Path:
        """The copy."""
        return self._mirror.path

    def _advance(self) -> None:
        with self._lock:
            try:
                self._mirror.advance(at=datetime.now(UTC))
                self.steps += 1
            except QuietlineError as error:
                told = f"the follower: {error.code}: {error.message}"
                self.problems[told] = self.problems.get(told, 0) + 1
