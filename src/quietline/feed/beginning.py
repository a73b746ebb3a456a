"""Beginning a copy: from the newest published file, or from nothing.

``latest.json`` beside the log is an object with a member ``index``, the entry of the newest publication. It is not
signed and need not be: what it names is proven to stand in the log, and whatever comes behind is applied in any case.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from quietline.errors import FeedError, InputError, LedgerError, ReceiptError
from quietline.feed.copying import create_empty
from quietline.feed.digest import content_digest
from quietline.feed.lines import Published, decode
from quietline.ledger.merkle import Frontier, leaf_hash, verify_consistency
from quietline.ledger.objects import ObjectMissing
from quietline.ledger.reading import FollowerState
from quietline.ledger.tiles import as_rows
from quietline.registers.format import SNAPSHOT, Metadata
from quietline.registers.register import Register

if TYPE_CHECKING:
    from pathlib import Path

    from quietline.feed.sources import FeedSource
    from quietline.ledger.checkpoint import Checkpoint
    from quietline.ledger.reading import LogReader

__all__ = [
    "LATEST",
    "MOST_FILE_BYTES",
    "check_published",
    "checked_download",
    "empty_copy",
    "newest_publication",
    "state_at",
]

LATEST = "latest.json"
MOST_FILE_BYTES = 1 << 36
"""Longer register files are refused: 64 GiB, several times the world's telephone numbers."""


def newest_publication(reader: LogReader) -> tuple[Published, Checkpoint] | None:
    """Give the newest publication that the source names, proven to stand in the log; None where it names none.

    Raises:
        FeedError: with code ``feed.latest`` when what it names is no publication.
        LedgerError: the log does not hold, or lacks a part.
    """
    try:
        data = reader.store.read(LATEST)
    except ObjectMissing:
        return None
    checkpoint = reader.checkpoint()  # after latest.json, so that it reaches as far
    index = _index(data)
    if not 0 <= index < checkpoint.size:
        raise _bad_latest(f"names entry {index} of a log of {checkpoint.size}")
    (entry,) = reader.entries(index, index + 1)
    frontier = _frontier(reader, index, checkpoint, entry)
    _demand_past(frontier, reader, checkpoint)
    line = decode(entry)
    if not isinstance(line, Published) or line.size > index:
        raise _bad_latest("names an entry that is no publication")
    return line, checkpoint


def state_at(reader: LogReader, size: int, checkpoint: Checkpoint, *, text: str) -> FollowerState:
    """Give the state of a follower that goes on behind the first ``size`` entries.

    Args:
        reader: of the log.
        size: number of entries, not more than the checkpoint has.
        checkpoint: in which they are proven to stand.
        text: signed text of the last checkpoint seen before; empty where there was none.

    Raises:
        LedgerError: ``ledger.root`` when the tiles do not lead to the signed root, and what reading them raises.
    """
    if not size:
        return FollowerState(checkpoint.origin, checkpoint=text)
    frontier = _frontier(reader, size, checkpoint)
    _demand_past(frontier, reader, checkpoint)
    return FollowerState(checkpoint.origin, size, tuple(frontier.peaks), text)


def _frontier(reader: LogReader, size: int, checkpoint: Checkpoint, entry: bytes | None = None) -> Frontier:
    peaks = reader.tiles(checkpoint.size).peaks(0, size) if size else []
    frontier = Frontier.resume(size, peaks)
    if entry is not None:
        frontier.extend(as_rows(leaf_hash(entry)))
    return frontier


def _demand_past(frontier: Frontier, reader: LogReader, checkpoint: Checkpoint) -> None:
    """Refuse unless the log began like this: what the tiles say alone counts for nothing."""
    size = len(frontier)
    try:
        proof = [] if size == checkpoint.size else reader.consistency_proof(size, checkpoint.size)
        verify_consistency(size, frontier.root(), checkpoint.size, checkpoint.root, proof)
    except ReceiptError:
        raise LedgerError(
            f"What is stored of the first {size} entries does not lead to the signed root.",
            code="ledger.root",
            advice="Something was changed behind the signer's back: take the log from another copy, and tell its keeper.",
        ) from None


def _index(data: bytes) -> int:
    try:
        index = json.loads(data)["index"]
    except (ValueError, KeyError, TypeError, RecursionError):
        index = None
    if type(index) is not int:
        raise _bad_latest("has no index")
    return index


def _bad_latest(what: str) -> FeedError:
    return FeedError(
        f"{LATEST} {what}.",
        code="feed.latest",
        advice="Try again; if it stays so, follow with --from-start, and tell the keeper of the feed.",
    )


def empty_copy(path: Path, name: str) -> None:
    """Write a copy without numbers, to replay a feed into from its first entry.

    Raises:
        OutputError: the file cannot be written.
    """
    create_empty(path, Metadata(name=name))


def checked_download(source: FeedSource, path: str, sha256: str, target: Path) -> Path:
    """Fetch a file and check that it is the one; a part that an earlier attempt left is gone on with.

    Args:
        source: where from.
        path: there.
        sha256: that it has to have, in hexadecimal.
        target: where to.

    Raises:
        FeedError: with code ``feed.download`` when it is another file; it is removed.
        ObjectMissing: there is none.
        OutputError: the target cannot be written.
    """
    if not (target.exists() and _sha256(target) == sha256):
        source.download(path, target, most_bytes=MOST_FILE_BYTES)
        if _sha256(target) != sha256:
            target.unlink(missing_ok=True)
            raise FeedError(
                f"The file at {path} is not the one that the feed speaks of.",
                code="feed.download",
                advice="Try again; if it stays so, it was changed on the way or at the source: tell the keeper of the feed.",
            )
    return target


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error


def check_published(path: Path, line: Published) -> None:
    """Check that a published file holds what its line says.

    Raises:
        FeedError: with code ``feed.content`` when it does not.
        RegisterError: it is damaged, or no register file.
    """
    with Register(path) as register:
        holds = register.metadata.kind == SNAPSHOT and len(register) == line.count
        if not holds or content_digest(register) != line.content:
            raise FeedError(
                f"The published file of version {line.version} does not hold what its line in the feed says.",
                code="feed.content",
                advice="Tell the keeper of the feed; meanwhile --from-start replays the changes without it.",
            )
