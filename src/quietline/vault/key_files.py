"""Key rings in files: made, read, rotated; each change appears whole or not at all.

A key that was lost cannot be made again, so nothing is ever overwritten by a new ring, and two rotations at the
same moment wait for each other.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import stat
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

from quietline.errors import OutputError, VaultError
from quietline.vault import key_text
from quietline.vault.key_ring import KeyRing, read_key_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date, datetime

__all__ = ["create_key_ring", "retire", "rotate_key_ring"]


def create_key_ring(path: str | os.PathLike[str], *, at: datetime) -> KeyRing:
    """Make a key ring with one KEK, ``v1``, in a file that only its owner may read (mode 0600).

    Args:
        path: of the file; missing directories are made, for the owner only.
        at: the time now, aware; its day in UTC is noted.

    Raises:
        VaultError: ``vault.key_exists`` when something is there already: a ring is never overwritten.
        OutputError: when the file cannot be written.
        ValueError: when the time is naive.
    """
    text = key_text.new_text(_day(at))
    target = Path(path)
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(target, error) from error
    try:
        if target.is_symlink():  # one to nowhere as well
            raise FileExistsError
        _write(target, text, replace=False)
    except FileExistsError:
        raise VaultError(
            f"There is something at {target} already; a key ring is never overwritten.",
            code="vault.key_exists",
            advice="Use that one, or choose another path.",
        ) from None
    except OSError as error:
        raise _unwritable(target, error) from error
    return KeyRing.from_text(text)


def rotate_key_ring(path: str | os.PathLike[str], *, at: datetime, standby: bool = False) -> KeyRing:
    """Add a new KEK. Older ones stay, and open what they have wrapped, until they are retired.

    A process that still holds the old ring cannot open what the new KEK wraps (``vault.key_missing``). Where no
    process may meet that, rotate in two steps: with ``standby``, let every process load the ring again, then
    without. The second step makes the standby the current KEK.

    Args:
        path: of the ring's file.
        at: the time now, aware; its day in UTC is noted.
        standby: the new KEK opens, but does not wrap yet.

    Returns:
        The ring as it is now.

    Raises:
        VaultError: as :meth:`quietline.vault.KeyRing.load`; ``vault.key_in_use`` when a standby was asked for
            and there is one already.
        OutputError: when the file cannot be written; the old one is then still in its place.
        ValueError: when the time is naive.
    """
    day = _day(at)
    return _change(Path(path), lambda text: (key_text.with_standby if standby else key_text.with_new_kek)(text, day))


def retire(path: str | os.PathLike[str], kek_id: str, *, still_wrapped: int) -> KeyRing:
    """Destroy a KEK that wraps nothing any more. What it did wrap, in backups too, is lost for ever.

    Args:
        path: of the ring's file.
        kek_id: which one.
        still_wrapped: how many stored data keys are wrapped by it, as counted by the caller
            (:func:`quietline.vault.kek_prefix` is what they begin with). It must be 0.

    Returns:
        The ring as it is now.

    Raises:
        VaultError: as :meth:`quietline.vault.KeyRing.load`; ``vault.key_in_use`` when it is the current one or the
            standby, or still wraps something; ``vault.key_missing`` when it is not in the ring.
        OutputError: when the file cannot be written; the old one is then still in its place.
        ValueError: when the count is negative.
    """
    if still_wrapped < 0:
        raise ValueError("a count cannot be negative")
    if still_wrapped:
        raise VaultError(
            f"The key-encryption key still wraps {still_wrapped} data keys; without it their records are lost.",
            code="vault.key_in_use",
            advice="Wrap those data keys again first.",
        )
    return _change(Path(path), lambda text: key_text.without(text, kek_id))


def _change(path: Path, edit: Callable[[str], str]) -> KeyRing:
    with _locked(path):
        text = edit(read_key_file(path))
        try:
            _write(path.resolve(), text, replace=True)
        except OSError as error:
            raise _unwritable(path, error) from error
    return KeyRing.from_text(text)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Let one change at a time happen to a directory's rings: of two new keys at once, one would be lost."""
    try:
        directory = os.open(path.resolve().parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise VaultError(
            f"The key ring {path} cannot be read: {error.strerror}.",
            code="vault.key_file",
            advice="Name the file that holds it.",
        ) from error
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        yield
    finally:
        os.close(directory)  # which unlocks


def _write(path: Path, text: str, *, replace: bool) -> None:
    """Write a file that appears whole or not at all. Without ``replace`` an existing one makes FileExistsError."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            if replace:
                _keep_owner(descriptor, path)
            os.fchmod(descriptor, stat.S_IRUSR | stat.S_IWUSR)  # whatever the umask
            file.write(text.encode())
            file.flush()
            os.fsync(descriptor)
        if replace:
            temporary.replace(path)
        else:
            path.hardlink_to(temporary)
    finally:
        temporary.unlink(missing_ok=True)
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _keep_owner(descriptor: int, path: Path) -> None:
    """Give the new file the owner of the old one: root may rotate the ring of a service."""
    old, new = path.stat(), os.fstat(descriptor)
    if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
        os.fchown(descriptor, old.st_uid, old.st_gid)


def _day(at: datetime) -> date:
    if at.tzinfo is None:
        raise ValueError("the time needs a time zone")
    return at.astimezone(UTC).date()


def _unwritable(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"The key ring {path} cannot be written: {error.strerror or error}.",
        advice="Choose a directory that you may write to, on a disk with space.",
    )
