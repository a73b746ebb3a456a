"""A copy of a register that follows its feed, and proves that it is complete.

Each step reads the new entries of the log, which prove themselves against its signed checkpoint, applies them to the
copy and then writes down how far it has come. Where the publisher began to build a file, the digest of the copy's own
content is taken; when that file's publication comes, it has to be the same digest.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

from quietline.errors import FeedError, InputError, OutputError, RegisterError
from quietline.feed.beginning import (
    check_published,
    checked_download,
    empty_copy,
    newest_publication,
    state_at,
)
from quietline.feed.copying import Told, apply_lines, compact, day_at
from quietline.feed.digest import content_digest
from quietline.feed.lines import Marked, Published, decode
from quietline.feed.names import copy_name
from quietline.feed.state import MirrorState, load_state, save_state
from quietline.ledger.checkpoint import parse_unverified
from quietline.ledger.merkle import Frontier
from quietline.ledger.reading import Follower, FollowerState, LogReader
from quietline.ledger.tiles import as_rows, entry_hashes
from quietline.registers.register import Register

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

    from quietline.feed.lines import Imported, Line
    from quietline.feed.sources import FeedSource
    from quietline.ledger.reading import Batch
    from quietline.ledger.signing import PublicKey

__all__ = ["Advanced", "Mirror"]

_STATE = "state.json"
_INCOMING = ".incoming"


@dataclass(frozen=True, slots=True)
class Advanced:
    """What one step came to.

    Attributes:
        entries: of the log that were applied.
        added: numbers that these added, imports included.
        altered: numbers that they altered.
        withdrawn: numbers that they withdrew.
        numbers: that stand in the copy now.
        size: entries of the log that the copy holds now.
        version: of the last publication passed, 0 before the first.
        proven_size: the copy is proven to have been complete as of so many entries; None where that was not proven yet.
        behind_seconds: how long ago the checkpoint was signed that the copy is up to; 0 or more.
        begun: whether the copy was begun in this step.
    """

    entries: int
    added: int
    altered: int
    withdrawn: int
    numbers: int
    size: int
    version: int
    proven_size: int | None
    behind_seconds: float
    begun: bool


class Mirror:
    """A folder with a copy that follows a feed.

    In it are the copy, ``NAME.qlr``, which others may read meanwhile, and ``state.json``. One process may advance it at
    a time.

    Args:
        folder: made where there is none.
        source: of the feed.
        trusted: public keys whose signature on a checkpoint counts.
        origin: name of the feed's log; None takes the one that the checkpoint names the first time, and keeps to it.
        from_start: a copy that has to be begun replays the log from its first entry, without the published file.
    """

    def __init__(
        self,
        folder: str | Path,
        source: FeedSource,
        trusted: Collection[PublicKey],
        origin: str | None = None,
        *,
        from_start: bool = False,
    ) -> None:
        self.folder = Path(folder)
        self._source = source
        self._trusted = tuple(trusted)
        self._origin = origin
        self._from_start = from_start

    @property
    def path(self) -> Path:
        """The copy.

        Raises:
            FeedError: ``feed.name`` while the name of the feed is not known, before the first step.
        """
        return self.folder / f"{copy_name(self._origin or '')}.qlr"

    def advance(self, *, at: datetime) -> Advanced:
        """Take what is new; when this returns, it is durable, and look-ups in the copy see it.

        After an error the copy stands as before or is ahead of the state by some changes; the next call goes on.

        Args:
            at: the time now, aware.

        Raises:
            FeedError: ``feed.incomplete`` when the copy is not what the publisher has; ``feed.line``, ``feed.order``,
                ``feed.latest``, ``feed.content``, ``feed.download``, ``feed.kind``, ``feed.name``, ``feed.state``;
                ``feed.locked`` when another process is at it; and what the source raises.
            LedgerError: the log does not hold: ``ledger.forked``, ``ledger.shrunk``, ``ledger.root``,
                ``ledger.signature``, ``ledger.missing`` and others.
            InputError, OutputError: the folder cannot be read or written.
        """
        with self._alone():
            state = load_state(self.folder / _STATE)
            reader = self._reader(state)
            if state is not None and state.begun and self._copy_holds():
                return self._follow(reader, state, at=at, begun=False)
            return self._follow(reader, self._begin(reader, state), at=at, begun=True)

    def _follow(self, reader: LogReader, state: MirrorState, *, at: datetime, begun: bool) -> Advanced:
        step = _Step(self, state)
        follower = Follower(reader, state.follower)
        start = state.follower.size
        for batch in follower.advance():
            step.take(batch)
        checkpoint = parse_unverified(follower.state.checkpoint.encode())
        state = replace(step.state, follower=follower.state)
        with Register(self.path) as register:
            day, stands = day_at(checkpoint.at, register.metadata), register.metadata.list_date
        if day > stands:  # the signer says that nothing else happened until now: so far the copy is good
            apply_lines(self.path, [], fetch=step.fetch, list_date=day)
        if state != step.saved:
            save_state(self.folder / _STATE, state)
        shutil.rmtree(self.folder / _INCOMING, ignore_errors=True)
        compact(self.path)
        with Register(self.path) as register:
            numbers = len(register)
        return Advanced(
            entries=state.follower.size - start,
            added=step.told.added,
            altered=step.told.altered,
            withdrawn=step.told.withdrawn,
            numbers=numbers,
            size=state.follower.size,
            version=state.version,
            proven_size=state.proven_size,
            behind_seconds=max(0.0, (at.astimezone(UTC) - checkpoint.at).total_seconds()),
            begun=begun,
        )

    def fetch(self, path: str, sha256: str) -> Path:
        """Download a file of the feed into the folder, checked; see :func:`~quietline.feed.beginning.checked_download`."""
        incoming = self.folder / _INCOMING
        _make(incoming)
        return checked_download(self._source, path, sha256, incoming / f"{sha256}.qlr")

    def _reader(self, state: MirrorState | None) -> LogReader:
        origin = state.follower.origin if state is not None else self._origin
        if origin is None:
            origin = LogReader(self._source, origin=None, trusted=self._trusted).checkpoint().origin
        if self._origin is not None and self._origin != origin:
            raise FeedError(
                f"{self.folder} follows the feed {origin!r}, not {self._origin!r}.",
                code="feed.name",
                advice="Follow each feed into a folder of its own.",
            )
        self._origin = origin
        copy_name(origin)  # refuses what is no feed
        return LogReader(self._source, origin=origin, trusted=self._trusted)

    def _copy_holds(self) -> bool:
        try:
            Register(self.path).close()
        except (InputError, RegisterError):
            return False
        return True

    def _begin(self, reader: LogReader, before: MirrorState | None) -> MirrorState:
        """Make a copy; what was known of the log before still has to be its past."""
        known = before.follower.checkpoint if before is not None else ""
        if before is not None:
            # a state must never be older than the copy beside it: this one is of a copy that is no more
            save_state(self.folder / _STATE, MirrorState(FollowerState(before.follower.origin, checkpoint=known)))
        found = None if self._from_start else newest_publication(reader)
        if found is None:
            empty_copy(self.path, copy_name(str(reader.origin)))
            state = MirrorState(FollowerState(str(reader.origin), checkpoint=known), begun=True)
        else:
            line, checkpoint = found
            follower = state_at(reader, line.size, checkpoint, text=known)
            downloaded = self.fetch(line.path, line.sha256)
            check_published(downloaded, line)
            _put(downloaded, self.path)
            state = MirrorState(follower, begun=True).proven(line.size, line.version)
            state = state.marked(line.size, line.content)  # its own line is still to come
        save_state(self.folder / _STATE, state)
        return state

    @contextmanager
    def _alone(self) -> Iterator[None]:
        _make(self.folder)
        try:
            descriptor = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise OutputError(f"{self.folder} cannot be written: {error.strerror}.", code="output.permission") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError:
            raise FeedError(
                f"Another process is following into {self.folder}.",
                code="feed.locked",
                advice="One is enough; or give the other a folder of its own.",
            ) from None
        finally:
            os.close(descriptor)


class _Step:
    """Takes proven entries into the copy, part by part, and writes down how far it has come after each part."""

    def __init__(self, mirror: Mirror, state: MirrorState) -> None:
        self._mirror = mirror
        self._state_path = mirror.folder / _STATE
        self.state = self.saved = state
        self.told = Told()

    def fetch(self, line: Imported) -> Path:
        return self._mirror.fetch(line.path, line.sha256)

    def take(self, batch: Batch) -> None:
        """Apply a batch: up to each mark or publication exactly, and on."""
        lines = [decode(entry) for entry in batch.entries]
        place = 0
        for stop, line in enumerate(lines):
            if isinstance(line, Marked | Published):
                self._apply(batch, lines, place, stop)
                self._prove(batch, line, stop)
                place = stop + 1
        self._apply(batch, lines, place, len(lines))

    def _apply(self, batch: Batch, lines: list[Line], start: int, end: int) -> None:
        some = lines[start:end]
        if not some:
            return
        for line in some:
            if line.number <= self.state.number:
                raise _disorder(batch.start + start)
            self.state = replace(self.state, number=line.number)
        with Register(self._mirror.path) as register:
            day = day_at(some[-1].at, register.metadata)
        told = apply_lines(self._mirror.path, some, fetch=self.fetch, list_date=day, version=self.state.version or None)
        self.told += told
        self._pass(batch, start, end)

    def _pass(self, batch: Batch, start: int, end: int) -> None:
        """Write down that these entries have been applied."""
        frontier = Frontier.resume(self.state.follower.size, self.state.follower.peaks)
        frontier.extend(as_rows(entry_hashes(batch.entries[start:end])))
        follower = replace(batch.state, size=len(frontier), peaks=tuple(frontier.peaks))
        self.state = replace(self.state, follower=follower)
        self._save()

    def _save(self) -> None:
        save_state(self._state_path, self.state)
        self.saved = self.state

    def _prove(self, batch: Batch, line: Marked | Published, place: int) -> None:
        position = batch.start + place
        if line.number < self.state.number:
            raise _disorder(position)
        taken_here = isinstance(line, Marked) or line.size == position
        if taken_here and position not in self.state.marks:
            # written down before anything behind it is applied: later the copy no longer is as it was here
            with Register(self._mirror.path) as register:
                self.state = self.state.marked(position, content_digest(register))
            self._save()
        if isinstance(line, Published):
            self._compare(line, position)
        self._pass(batch, place, place + 1)

    def _compare(self, line: Published, position: int) -> None:
        own = self.state.marks.get(line.size)
        if own is None and line.size < (self.state.proven_size or 0):
            return  # something later has been proven already
        if own is None:
            raise FeedError(
                f"The publication in entry {position} speaks of {line.size} entries, and there is no mark.",
                code="feed.order",
                advice="Tell the keeper of the feed.",
            )
        if own != line.content:
            raise FeedError(
                f"The copy is not what version {line.version} was published to be: something is missing or altered.",
                code="feed.incomplete",
                advice="Do not use the copy. Keep it for the keeper of the feed, and follow anew into another folder.",
            )
        self.state = self.state.proven(line.size, line.version)


def _disorder(position: int) -> FeedError:
    return FeedError(
        f"The changes from entry {position} of the feed on are not in the order of their numbers.",
        code="feed.order",
        advice="Tell the keeper of the feed.",
    )


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder} cannot be made: {error.strerror}.", code="output.permission") from error


def _put(downloaded: Path, path: Path) -> None:
    """Let a file take the place of the copy, durably."""
    try:
        descriptor = os.open(downloaded, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        downloaded.replace(path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}.") from error
