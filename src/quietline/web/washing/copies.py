"""Working copies of the registers on this machine, kept seconds behind their feeds: what washes look into.

A copy takes the lines of its register's feed in place, while web processes read it (:mod:`quietline.feed.copying`). Beside
it stands how many lines it holds; one file says up to which change all copies are complete, and when that was seen, and
names those that are behind. A wash that would be answered from a copy that nobody has looked after for a while is refused,
not answered wrongly; one that needs other registers is answered.
"""

from __future__ import annotations

import fcntl
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Max, Q, QuerySet

from quietline.errors import QuietlineError, UnavailableError
from quietline.feed.copying import apply_lines, create_empty, day_at
from quietline.feed.lines import Imported, Line, decode
from quietline.ledger.paths import CHECKPOINT
from quietline.ledger.reading import LogReader
from quietline.numbering import calling_code
from quietline.registers import Metadata
from quietline.registers import Register as RegisterReader
from quietline.web.base.logs import log
from quietline.web.base.metrics import COPIES_BEHIND, COPIES_FAILED
from quietline.web.proofs.objects import trusted_keys
from quietline.web.publishing.areas import ALL, in_area
from quietline.web.publishing.models import Change, Register
from quietline.web.publishing.objects import feed_origin, feed_store

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["STALE_AFTER", "AsOf", "advance_copies", "as_of", "copies_folder", "copy_of"]

STALE_AFTER = timedelta(seconds=60)
"""A copy that has not been found complete for so long answers no more washes."""
_RUN = 65_536
_log = log("copies")
_complained: dict[str, datetime] = {}  # when that was last said of a register: it is tried twice a second


@dataclass(frozen=True, slots=True)
class AsOf:
    """How far copies are.

    Attributes:
        number: every change up to this one is in them.
        at: when that was last found to be all there is.
    """

    number: int
    at: datetime


@dataclass(frozen=True, slots=True)
class _Known:
    """What the file says.

    Attributes:
        all: how far all copies are that are not named.
        behind: how far others are, by the code of the register; None where the copy was never complete.
    """

    all: AsOf
    behind: Mapping[str, AsOf | None]


def copies_folder() -> Path:
    """Give the folder of the copies; it is of this machine alone, and can be deleted at any time."""
    folder: Path = settings.ENVIRONMENT.home / "copies"
    return folder


def copy_of(register: Register) -> Path:
    """Name the copy of a register."""
    return copies_folder() / register.code / "copy.qlr"


def as_of(*, at: datetime, copies: Collection[Path] | None = None, keys: NDArray[np.uint64] | None = None) -> AsOf:
    """Say how far copies are: as far as the one of them that is furthest behind.

    Args:
        at: now.
        copies: those that are looked into, as :func:`copy_of` names them; all there are where None.
        keys: what is looked for; a copy of a country that none of them is a number of does not count. Anything where None.

    Raises:
        UnavailableError: ``wash.stale``, one of them is not looked after, or its feed cannot be read.
    """
    known = _read_known()
    if known is not None:
        behind = [one for code, one in known.behind.items() if _is_needed(code, copies, keys)]
        if all(one is not None and one.at >= at - STALE_AFTER for one in (known.all, *behind)):
            return min((known.all, *filter(None, behind)), key=lambda one: (one.number, one.at))
    raise UnavailableError(
        "The registers on this machine are not up to date, so no number can be washed now.",
        advice="Try again in a minute; an operator of the platform looks whether its worker runs.",
        code="wash.stale",
    )


def _is_needed(code: str, copies: Collection[Path] | None, keys: NDArray[np.uint64] | None) -> bool:
    """Whether a copy that is behind is looked into; one that could not even be begun might be, for all that is known."""
    path = copies_folder() / code / "copy.qlr"
    if copies is not None and path.exists() and path not in copies:
        return False
    if keys is None:
        return True
    try:
        with RegisterReader(path) as copy:
            country = copy.metadata.country
        return not country or bool(in_area(keys, str(calling_code(country))).any())
    except QuietlineError:  # it cannot be read, or is of a country that has no numbers
        return True


def advance_copies(*, at: datetime) -> int:
    """Bring all copies up to what the feeds say; give how many registers had something new.

    One process of a machine does it; another that finds it being done leaves it to that one. A register whose feed cannot be
    read, or whose copy is damaged, keeps no other from going on: it stays as of when it was last complete, and is tried
    again each time. Deleting the folder of a copy lets it be made anew.
    """
    folder = copies_folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return 0
        known = _read_known()
        newest = Change.objects.aggregate(newest=Max("number"))["newest"] or 0
        registers = list(_with_news(known, newest, at))
        incomplete = [register.code for register in registers if not _advanced(register, newest, at)]
        COPIES_BEHIND.set(len(incomplete))
        behind = {code: None if known is None else known.behind.get(code, known.all) for code in incomplete}
        _write_known(_Known(AsOf(newest, at), behind))
        return len(registers)


def _with_news(known: _Known | None, newest: int, at: datetime) -> QuerySet[Register]:
    """Give the registers that changed or are behind; all of them at the start of a day, which stands in the files too."""
    everything = Register.objects.all()
    if known is None or known.all.at.date() != at.date():
        return everything
    changed = Change.objects.filter(number__gt=known.all.number, number__lte=newest).values("register")
    return everything.filter(Q(pk__in=changed) | Q(code__in=list(known.behind)))


def _advanced(register: Register, newest: int, at: datetime) -> bool:
    """Bring one copy forward; say whether it is complete."""
    try:
        return _Copy(register).advance(newest, at)
    except DatabaseError:  # of no single register: all of it is tried again
        raise
    except Exception:  # noqa: BLE001 - whatever is wrong with one register, washes that do not need it go on
        COPIES_FAILED.labels(register.code).inc()
        if (said := _complained.get(register.code)) is None or at - said >= STALE_AFTER:
            _complained[register.code] = at
            _log.exception("copy not advanced", register=register.code)
        return False


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
        reader = LogReader(store, origin=feed_origin(self._register.code, ALL), trusted=trusted_keys())
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


def _read_known() -> _Known | None:
    path = _known_path()
    try:
        status = path.stat()
    except OSError:
        return None
    return _known_written(path, status.st_ino, status.st_mtime_ns)


@lru_cache(maxsize=4)
def _known_written(path: Path, inode: int, written_ns: int) -> _Known | None:
    """Read the file once each time that another takes its place; each wash asks."""
    try:
        said = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    behind = {code: None if one is None else _as_of_said(one) for code, one in said.get("behind", {}).items()}
    return _Known(_as_of_said(said), behind)


def _as_of_said(said: Mapping[str, Any]) -> AsOf:
    return AsOf(int(said["number"]), datetime.fromisoformat(said["at"]))


def _say(one: AsOf) -> dict[str, Any]:
    return {"number": one.number, "at": one.at.isoformat()}


def _known_path() -> Path:
    return copies_folder() / "as-of.json"


def _write_known(known: _Known) -> None:
    path = _known_path()
    temporary = path.with_suffix(".new")
    behind = {code: None if one is None else _say(one) for code, one in sorted(known.behind.items())}
    temporary.write_text(json.dumps(_say(known.all) | {"behind": behind}))
    temporary.replace(path)
