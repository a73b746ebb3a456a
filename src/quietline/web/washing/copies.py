"""Working copies of the registers on this machine, kept seconds behind their feeds: what washes look into.

A copy takes the lines of its register's feed in place, while web processes read it (:mod:`quietline.feed.copying`). Beside
it stands how many lines it holds; one file says up to which change all copies are complete, and when that was seen. A wash
that would be answered from copies that nobody has looked after for a while is refused, not answered wrongly.
"""

from __future__ import annotations

import fcntl
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Max, QuerySet

from quietline.errors import UnavailableError
from quietline.feed.copying import apply_lines, create_empty, day_at
from quietline.feed.lines import Imported, Line, decode
from quietline.ledger.paths import CHECKPOINT
from quietline.ledger.reading import LogReader
from quietline.registers import Metadata
from quietline.registers import Register as RegisterReader
from quietline.web.proofs.objects import public_key
from quietline.web.publishing.areas import ALL
from quietline.web.publishing.models import Change, Register
from quietline.web.publishing.objects import feed_origin, feed_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["STALE_AFTER", "AsOf", "advance_copies", "as_of", "copies_folder", "copy_of"]

STALE_AFTER = timedelta(seconds=60)
"""A copy that has not been found complete for so long answers no more washes."""
_RUN = 65_536


@dataclass(frozen=True, slots=True)
class AsOf:
    """How far all copies are.

    Attributes:
        number: every change up to this one is in them.
        at: when that was last found to be all there is.
    """

    number: int
    at: datetime


def copies_folder() -> Path:
    """Give the folder of the copies; it is of this machine alone, and can be deleted at any time."""
    folder: Path = settings.ENVIRONMENT.home / "copies"
    return folder


def copy_of(register: Register) -> Path:
    """Name the copy of a register."""
    return copies_folder() / register.code / "copy.qlr"


def as_of(*, at: datetime) -> AsOf:
    """Say how far the copies are.

    Raises:
        UnavailableError: ``wash.stale``, they are not looked after.
    """
    known = _read_as_of()
    if known is None or known.at < at - STALE_AFTER:
        raise UnavailableError(
            "The registers on this machine are not up to date, so no number can be washed now.",
            advice="Try again in a minute; an operator of the platform looks whether its worker runs.",
            code="wash.stale",
        )
    return known


def advance_copies(*, at: datetime) -> int:
    """Bring all copies up to what the feeds say; give how many registers had something new.

    One process of a machine does it; another that finds it being done leaves it to that one.

    Raises:
        FeedError: a feed says what cannot be.
        RegisterError: a copy is damaged; deleting the folder lets it be made anew.
    """
    folder = copies_folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return 0
        known = _read_as_of()
        newest = Change.objects.aggregate(newest=Max("number"))["newest"] or 0
        registers = _with_news(known, newest, at)
        complete = [_Copy(register).advance(newest, at) for register in registers]
        if all(complete):
            _write_as_of(AsOf(newest, at))
        return len(complete)


def _with_news(known: AsOf | None, newest: int, at: datetime) -> QuerySet[Register]:
    """Give the registers that changed; all of them at the start of a day, which stands in the files as well."""
    everything = Register.objects.all()
    if known is None or known.at.date() != at.date():
        return everything
    behind = Change.objects.filter(number__gt=known.number, number__lte=newest).values("register")
    return everything.filter(pk__in=behind)


class _Copy:
    """One copy, how many lines of its feed it holds, and the number of the last of them."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self._path = copy_of(register)
        self._state = self._path.with_name("state.json")
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not self._path.exists() or not self._state.exists():
            create_empty(self._path, Metadata(name=register.title, country=register.country))
            self._save(0, 0)
        said = json.loads(self._state.read_text())
        self._size, self._number = int(said["size"]), int(said["number"])

    def advance(self, number: int, at: datetime) -> bool:
        """Apply what the feed has; whether that is all there is up to the number of a change."""
        with RegisterReader(self._path) as copy:
            day = day_at(at, copy.metadata)
        applied = 0
        for lines in self._new_lines():
            apply_lines(self._path, lines, fetch=self._import_file, list_date=day)
            applied += len(lines)
            self._save(self._size + len(lines), int(lines[-1].number))  # after: what is applied twice comes to the same
        if not applied:
            apply_lines(self._path, [], fetch=self._import_file, list_date=day)
        return self._number >= self._last_change(number)

    def _new_lines(self) -> Iterator[list[Line]]:
        store = feed_store(self._register.code, ALL)
        if not store.exists(CHECKPOINT):
            return
        reader = LogReader(store, origin=feed_origin(self._register.code, ALL), trusted=[public_key()])
        start, end = self._size, reader.checkpoint().size
        while start < end:
            stop = min(end, start + _RUN)
            yield [decode(entry) for entry in reader.entries(start, stop)]
            start = stop

    def _last_change(self, number: int) -> int:
        changes = Change.objects.filter(register=self._register, number__lte=number, projection__in=("", ALL))
        return changes.aggregate(newest=Max("number"))["newest"] or 0

    def _import_file(self, line: Imported) -> Path:
        store = feed_store(self._register.code, ALL)
        return store.local(line.path, self._path.parent)  # of a bucket a copy, which stays here

    def _save(self, size: int, number: int) -> None:
        self._size, self._number = size, number
        temporary = self._state.with_suffix(".new")
        temporary.write_text(json.dumps({"size": size, "number": number}))
        temporary.replace(self._state)


def _read_as_of() -> AsOf | None:
    path = _as_of_path()
    try:
        status = path.stat()
    except OSError:
        return None
    return _as_of_written(path, status.st_ino, status.st_mtime_ns)


@lru_cache(maxsize=4)
def _as_of_written(path: Path, inode: int, written_ns: int) -> AsOf | None:
    """Read the file once each time that another takes its place; each wash asks."""
    try:
        said = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return AsOf(int(said["number"]), datetime.fromisoformat(said["at"]))


def _as_of_path() -> Path:
    return copies_folder() / "as-of.json"


def _write_as_of(known: AsOf) -> None:
    path = _as_of_path()
    temporary = path.with_suffix(".new")
    temporary.write_text(json.dumps({"number": known.number, "at": known.at.isoformat()}))
    temporary.replace(path)
