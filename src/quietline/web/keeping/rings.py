"""The key ring of this installation: read once per process, and again when its file was changed."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from quietline.vault import KeyRing

if TYPE_CHECKING:
    from os import stat_result

__all__ = ["key_ring", "ring_path"]


def key_ring() -> KeyRing:
    """Give the ring: from ``QUIETLINE_KEY_RING``, else from the file ``keys/ring`` in the home folder.

    The file is looked at each time (a microsecond or two), so that after a rotation no process goes on with the old ring.
    What came as text stays until the process ends.

    Raises:
        VaultError: there is none, or it cannot be read or is open to others.
    """
    text = settings.ENVIRONMENT.key_ring
    return _from_text(text) if text else _from_file(ring_path())


def ring_path() -> Path:
    """Give the file that the ring lies in where none is given as text."""
    return _ring_in(str(settings.ENVIRONMENT.home))


@cache
def _ring_in(home: str) -> Path:
    return Path(home) / "keys" / "ring"


@cache
def _from_text(text: str) -> KeyRing:
    return KeyRing.from_text(text)


def _from_file(path: Path) -> KeyRing:
    read = _read.get(path)
    try:
        seen = _version(path.stat())
    except OSError:
        if read is not None:  # a disk that is away for a moment stops nobody
            return read[1]
        seen = None
    if read is None or read[0] != seen:
        read = _read[path] = (seen, KeyRing.load(path))
    return read[1]


def _version(status: stat_result) -> tuple[int, int, int]:
    """Tell one file from the next; a ring is never written in place, so the next has another inode or a later time."""
    return status.st_ino, status.st_mtime_ns, status.st_size


_read: dict[Path, tuple[tuple[int, int, int] | None, KeyRing]] = {}
