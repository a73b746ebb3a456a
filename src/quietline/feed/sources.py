"""Where a feed is read: its log, and the register files beside it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Protocol

from quietline.errors import FeedError, OutputError
from quietline.ledger.objects import FolderStore, ObjectMissing, ObjectReader

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FeedSource", "FolderSource", "too_long"]


class FeedSource(ObjectReader, Protocol):
    """A log with larger files beside it."""

    def download(self, path: str, target: Path, *, most_bytes: int) -> None:
        """Fetch a file of any size; what is in ``target`` already may be taken for its beginning.

        Args:
            path: relative, as in the log.
            target: where to; not checked against anything.
            most_bytes: a longer file is refused.

        Raises:
            ObjectMissing: when there is none.
            FeedError: ``feed.download`` when it is too long, and what the source has to say.
            OutputError: ``target`` cannot be written.
        """
        ...


class FolderSource(FolderStore):
    """A feed in a folder of the local disk."""

    def download(self, path: str, target: Path, *, most_bytes: int) -> None:
        """Copy a file; see :class:`FeedSource`."""
        if not self.exists(path):
            raise ObjectMissing(path)
        source = self.path / path
        if source.stat().st_size > most_bytes:
            raise too_long(path, most_bytes)
        try:
            shutil.copyfile(source, target)
        except OSError as error:
            raise OutputError(f"{path} could not be copied to {target}: {error.strerror}.") from error


def too_long(path: str, most_bytes: int) -> FeedError:
    """Say that a file is longer than it may be."""
    return FeedError(
        f"{path} is longer than {most_bytes:,} bytes.",
        code="feed.download",
        advice="Look whether the source is the right one, and tell its keeper.",
    )
