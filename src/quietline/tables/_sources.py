"""Where the bytes of a stream come from: memory, a descriptor, a file object, or gzip over one of these.

Every source has ``readinto(view) -> int`` (0 only at the end), ``position`` (bytes taken so far, as they lie
on disk) and ``close()``. Errors of the system become InputError here, so that nothing above meets an OSError.
"""

from __future__ import annotations

import io
import os
import stat
import zlib
from typing import TYPE_CHECKING, BinaryIO, Protocol

from quietline.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = [
    "GZIP_MAGIC",
    "FdSource",
    "FileSource",
    "GzipSource",
    "MemorySource",
    "Source",
    "WindowFile",
    "open_fd",
]

GZIP_MAGIC = b"\x1f\x8b"
_GZIP_CHUNK = 1 << 18
_LOST = "Check the disk or the connection, then copy the file again."


class Source(Protocol):
    """What a stream reads from."""

    position: int

    def readinto(self, view: memoryview) -> int:
        """Fill some of the view; return the number of bytes, 0 only at the end."""

    def close(self) -> None:
        """Let go of what was opened here."""


def open_fd(path: Path) -> int:
    """Open a path for reading and return its descriptor, or say why that is not possible."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise InputError(
            f"There is no file {path}.", advice="Check the name and the directory.", code="input.missing"
        ) from None
    except PermissionError:
        raise InputError(
            f"{path} may not be read by this user.",
            advice="Ask for permission to read it, or copy it to a place where you have that.",
            code="input.permission",
        ) from None
    except OSError as problem:
        raise InputError(f"{path} cannot be opened: {problem.strerror}.", code="input.unreadable") from None
    if os.path.isdir(fd):  # noqa: PTH112 - of the descriptor: what was opened, not what the name says by now
        os.close(fd)
        raise InputError(
            f"{path} is a directory, not a file.",
            advice="Name the file in it that is to be read.",
            code="input.directory",
        )
    return fd


def _unreadable(name: str, problem: OSError) -> InputError:
    return InputError(f"{name} could not be read to its end: {problem.strerror or problem}.", advice=_LOST)


class FdSource:
    """A file, pipe or device behind a descriptor of our own."""

    def __init__(self, fd: int, name: str) -> None:
        self.fd = fd
        self.position = 0
        self._name = name

    def readinto(self, view: memoryview) -> int:
        """Fill some of the view from the descriptor."""
        try:
            count = os.readv(self.fd, [view])
        except OSError as problem:
            raise _unreadable(self._name, problem) from None
        self.position += count
        return count

    def close(self) -> None:
        """Close the descriptor."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def __del__(self) -> None:
        self.close()


class MemorySource:
    """Bytes that are in memory already; they are not copied before they are asked for."""

    def __init__(self, data: memoryview) -> None:
        self.data = data
        self.position = 0

    def readinto(self, view: memoryview) -> int:
        """Copy the next bytes into the view."""
        part = self.data[self.position : self.position + len(view)]
        view[: len(part)] = part
        self.position += len(part)
        return len(part)

    def close(self) -> None:
        """Release the view of the caller's buffer."""
        self.data = self.data[:0]


class FileSource:
    """A binary file object. Closed with the stream only where the stream owns it."""

    def __init__(self, file: BinaryIO, name: str, *, owned: bool = False) -> None:
        self.file = file
        self.position = 0
        self._name = name
        self._owned = owned
        self._readinto = _reader(file)

    def readinto(self, view: memoryview) -> int:
        """Fill some of the view from the file object."""
        try:
            if self._readinto is not None:
                count = self._readinto(view)
            else:
                data = self.file.read(len(view))
                count = None if data is None else len(data)
                if data:
                    view[: len(data)] = data
        except OSError as problem:
            raise _unreadable(self._name, problem) from None
        except (TypeError, ValueError) as problem:
            raise InputError(
                f"{self._name} does not give bytes: {problem}.",
                advice="Open it in binary mode, and leave it open.",
            ) from None
        if count is None:
            raise InputError(
                f"{self._name} had no data ready to be read.",
                advice="Give a file or pipe that waits for its data.",
            )
        self.position += count
        return int(count)

    def close(self) -> None:
        """Close the file object if the stream opened it."""
        if self._owned:
            self.file.close()


def _reader(file: BinaryIO) -> Callable[[memoryview], int | None] | None:
    """Return what fills a view from a file object; None where it can only give bytes.

    A buffered reader fills the whole view before it comes back. From a pipe, a terminal or a connection that can take
    as long as the other side likes, and an interrupt that does not meet the reading itself would go unnoticed until
    then; so there what has come is taken at once.
    """
    if isinstance(file, io.BufferedReader):
        try:
            waits = not stat.S_ISREG(os.fstat(file.fileno()).st_mode)
        except (OSError, ValueError):  # nothing of the system's is behind it
            waits = False
        if waits:
            return file.readinto1
    return getattr(file, "readinto", None)


class GzipSource:
    """The contents of a gzip file, all its members one after the other.

    ``position`` counts the compressed bytes taken, so that it can be set against the size on disk.
    """

    def __init__(self, inner: Source, head: bytes, name: str) -> None:
        self.position = 0
        self._inner = inner
        self._name = name
        self._compressed = head
        self._buffer = memoryview(bytearray(_GZIP_CHUNK))
        self._member: zlib._Decompress | None = None
        self._had_member = False

    def _more(self) -> bool:
        """Fetch compressed bytes where none are left; False at the end of the file."""
        if not self._compressed:
            count = self._inner.readinto(self._buffer)
            self._compressed = bytes(self._buffer[:count])
        return bool(self._compressed)

    def _begin_member(self) -> bool:
        """Set up the next member; False where the file ends, perhaps after padding with zero bytes."""
        while self._more():
            if not self._had_member or self._compressed.lstrip(b"\0"):
                break
            self._take(b"")
        if self._had_member:
            self._take(self._compressed.lstrip(b"\0"))
        if not self._compressed:
            return False
        if self._had_member and not GZIP_MAGIC.startswith(self._compressed[:2]):
            raise InputError(
                f"The gzip file {self._name} has something else after its end.",
                advice="Fetch it again; if that does not help, unpack it by hand and look at it.",
                code="input.corrupt_gzip",
            )
        self._member = zlib.decompressobj(wbits=31)
        self._had_member = True
        return True

    def _take(self, rest: bytes) -> None:
        self.position += len(self._compressed) - len(rest)
        self._compressed = rest

    def readinto(self, view: memoryview) -> int:
        """Decompress into the view."""
        while True:
            if self._member is None and not self._begin_member():
                return 0
            member = self._member
            assert member is not None  # noqa: S101 - for the type checker; set by _begin_member
            if not self._more():
                raise truncated_gzip(self._name)
            try:
                data = member.decompress(self._compressed, len(view))
            except zlib.error:
                raise InputError(
                    f"The gzip file {self._name} is damaged: it cannot be unpacked, or not to what it was.",
                    advice="Fetch it again.",
                    code="input.corrupt_gzip",
                ) from None
            if member.eof:
                self._take(member.unused_data)
                self._member = None
            else:
                self._take(member.unconsumed_tail)
            if data:
                view[: len(data)] = data
                return len(data)

    def close(self) -> None:
        """Close what the compressed bytes come from."""
        self._inner.close()


def truncated_gzip(name: str) -> InputError:
    """Return the error for a gzip file that was cut off."""
    return InputError(
        f"The gzip file {name} ends too early: the download or copy was cut off.",
        advice="Fetch it again.",
        code="input.truncated_gzip",
    )


class WindowFile(io.RawIOBase):
    """A seekable view of a descriptor from an offset to an end, with a position of its own.

    Reading through it leaves the descriptor's position alone. It closes the descriptor only where told so.
    """

    def __init__(self, fd: int, size: int) -> None:
        super().__init__()
        self._fd = fd
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say yes."""
        return True

    def tell(self) -> int:
        """Return the position in bytes."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a position in bytes and return it."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: object) -> int:
        """Fill some of the buffer from the position on."""
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        count = os.preadv(self._fd, [view], self._at)
        self._at += count
        return count
