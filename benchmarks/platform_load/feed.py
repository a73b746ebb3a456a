"""How long it takes from a change to the signed feed that holds it, change by change, as a follower sees it."""

from __future__ import annotations

import time
from threading import Event, Thread
from typing import TYPE_CHECKING

from quietline.feed.lines import decode
from quietline.ledger.objects import FolderStore
from quietline.ledger.reading import LogReader
from quietline.ledger.signing import load_public_key

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FeedWatch"]

_LOOK_SECONDS = 0.01


class FeedWatch:
    """Looks at the checkpoint of a feed a hundred times a second, and checks the signature of each new one.

    Args:
        folder: of the feed.
        key: file of the public key that signs it.
    """

    def __init__(self, folder: Path, key: Path) -> None:
        self._reader = LogReader(FolderStore(folder), origin=None, trusted=[load_public_key(key)])
        self._checkpoint = folder / "checkpoint"
        self._begun = self._reader.checkpoint().size
        self._seen: list[tuple[int, float]] = []  # size, and when it was seen first
        self._stop = Event()
        self._thread = Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        size, stamp = self._begun, 0
        while not self._stop.wait(_LOOK_SECONDS):
            now = self._checkpoint.stat().st_mtime_ns
            if now == stamp:
                continue
            stamp, grown = now, self._reader.checkpoint().size
            seen_at = time.time()
            if grown > size:
                self._seen.append((grown, seen_at))
                size = grown

    def seconds(self) -> list[float]:
        """End; give the seconds of each change since the begin: from its own time to the signed checkpoint that covers it.

        A change has the time at which its request was taken, before its transaction. The looking may add a hundredth.
        """
        self._stop.set()
        self._thread.join()
        waits, first = [], self._begun
        for size, seen_at in self._seen:
            waits += [seen_at - decode(line).at.timestamp() for line in self._reader.entries(first, size)]
            first = size
        return waits
