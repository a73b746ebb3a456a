"""One output: a file that appears whole or not at all, or something that is written straight through.

An output file is written without a name (O_TMPFILE) in the directory of its target, so that nothing is left
behind however the process ends. Where the file system cannot do that it is written as '.NAME.XXXX.part'. On
commit it is made durable, then takes the target's place in one step. Until then whatever stood there is
untouched.

Standard output, pipes and devices cannot be taken back; they are written straight through.
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Self, TypeAlias, cast

from quietline.errors import OutputError
from quietline.kernel import _kernel
from quietline.tables._output_errors import output_error

if TYPE_CHECKING:
    from types import TracebackType

    from numpy.typing import NDArray

__all__ = ["AtomicFile", "Data", "DirectFile", "OutputFile", "status_of"]

Data: TypeAlias = "bytes | bytearray | memoryview | NDArray[Any]"
_WRITEBACK_BYTES = 8 << 20
_NO_UNNAMED_FILES = {errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL, errno.ENOSYS}


class OutputFile:
    """Something to write to. Leaving the context commits, unless by an exception.

    Attributes:
        name: what to call it in messages.
        written: bytes written so far.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.written = 0

    def write(self, data: Data) -> int:
        """Write all of the data; return its length in bytes.

        Raises:
            OutputError: it cannot be written (``output.disk_full`` and others), or, for a pipe, nobody reads
                any more (``output.closed``).
        """
        raise NotImplementedError

    def write_at(self, offset: int, data: Data) -> None:
        """Write over what was written before, at an offset in bytes; what comes next still goes to the end.

        Raises:
            OutputError: it cannot be written, or this is no file one can go back in
                (``output.not_seekable``).
        """
        raise OutputError(
            f"{self.name} has to be a file: parts of it are written at the end.",
            advice="Give the name of a file.",
            code="output.not_seekable",
        )

    def flush(self) -> None:
        """Make what was written durable (a file) or send it on (a pipe)."""

    def publish(self) -> None:
        """Let a file that was flushed take its place."""

    def commit(self) -> None:
        """Make it durable and let it take its place.

        Raises:
            OutputError: that failed; a file's old content is untouched.
        """
        self.flush()
        self.publish()

    def abort(self) -> None:
        """Leave no trace of it, as far as that is possible. Does nothing after a commit."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if kind is None:
                self.commit()
        finally:
            self.abort()


class AtomicFile(OutputFile):
    """A file that appears, or replaces the one of its name, only on commit.

    A symbolic link stays, and what it points to is replaced. The permissions of a file that is replaced are
    kept.

    Args:
        path: where it shall be; its directory exists.
        mode: permissions of a new file, such as 0o600 for a key; by default those the umask leaves of 0o666.
            Where given, it holds for a replaced file too.
        expected_bytes: how large it will be, if known; for the message when the disk is full.

    Raises:
        OutputError: it cannot be written there (``output.no_directory``, ``output.is_directory``,
            ``output.permission``, ``output.read_only``, ...).
    """

    def __init__(self, path: str | os.PathLike[str], *, mode: int | None = None, expected_bytes: int | None = None) -> None:
        super().__init__(os.fspath(path))
        target = Path(path)
        self._target = target.resolve() if target.is_symlink() else target.absolute()
        self._directory = self._target.parent
        self._expected = expected_bytes
        self._fd = self._directory_fd = -1
        self._part = ""  # the name it has so far, in its directory; empty while it has none
        self._synced = 0
        self._flushed = False
        try:
            self._open(mode)
        except OSError as problem:
            self.abort()
            raise self._error(problem) from None
        except BaseException:
            self.abort()
            raise

    def _open(self, mode: int | None) -> None:
        status = status_of(self._target)
        if status is not None:
            if stat.S_ISDIR(status.st_mode):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            if not os.access(self._target, os.W_OK):  # to replace it would be allowed, but is not what was meant
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        self._directory_fd = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        creation_mode = 0o666 if mode is None else mode
        try:
            self._fd = os.open(".", os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, creation_mode, dir_fd=self._directory_fd)
        except OSError as problem:
            if problem.errno not in _NO_UNNAMED_FILES:
                raise
            part = self._part_name()
            flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC
            self._fd = os.open(part, flags, creation_mode, dir_fd=self._directory_fd)
            self._part = part
        if mode is not None:
            os.fchmod(self._fd, mode)
        elif status is not None:
            os.fchmod(self._fd, status.st_mode & 0o777)

    def _part_name(self) -> str:
        return f".{self._target.name[:200]}.{os.urandom(4).hex()}.part"

    def _error(self, problem: OSError) -> OutputError:
        return output_error(problem, self.name, self._directory, written=self.written, expected=self._expected)

    def write(self, data: Data) -> int:
        """Write all of the data at the end; return its length in bytes."""
        view = _bytes_of(data)
        done = 0
        try:
            while done < len(view):
                done += os.write(self._fd, view[done:])
        except OSError as problem:
            raise self._error(problem) from None
        self.written += done
        if self.written - self._synced >= _WRITEBACK_BYTES:
            _kernel.start_writeback(self._fd, self._synced, self.written - self._synced)
            self._synced = self.written
        return done

    def write_at(self, offset: int, data: Data) -> None:
        """Write over what was written before; what comes next still goes to the end."""
        view = _bytes_of(data)
        if offset < 0 or offset + len(view) > self.written:
            raise ValueError("write_at writes over what was written; it does not make the file longer")
        done = 0
        try:
            while done < len(view):
                done += os.pwrite(self._fd, view[done:], offset + done)
        except OSError as problem:
            raise self._error(problem) from None

    def flush(self) -> None:
        """Make the content durable; the file does not yet take its place."""
        if self._fd < 0 or self._flushed:
            return
        try:
            os.fsync(self._fd)
        except OSError as problem:
            raise self._error(problem) from None
        self._flushed = True

    def publish(self) -> None:
        """Let the file take its place in one step, and make that durable."""
        if self._fd < 0:
            return
        try:
            if not self._part:
                part = self._part_name()
                # given a directory descriptor, Python calls linkat, which follows the link in /proc
                os.link(f"/proc/self/fd/{self._fd}", part, dst_dir_fd=self._directory_fd, follow_symlinks=True)
                self._part = part
            here = self._directory_fd
            os.replace(self._part, self._target.name, src_dir_fd=here, dst_dir_fd=here)
            self._part = ""
            os.fsync(here)
        except OSError as problem:
            raise self._error(problem) from None
        self._close()

    def abort(self) -> None:
        """Leave no trace of the file. Does nothing after a commit."""
        if self._part:
            with contextlib.suppress(OSError):
                os.unlink(self._part, dir_fd=self._directory_fd)
            self._part = ""
        self._close()

    def _close(self) -> None:
        for fd in (self._fd, self._directory_fd):
            if fd >= 0:
                with contextlib.suppress(OSError):  # it was fsynced, or is not wanted
                    os.close(fd)
        self._fd = self._directory_fd = -1


def status_of(path: Path) -> os.stat_result | None:
    """Return what stands at a path, following links; None where nothing does."""
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None


class DirectFile(OutputFile):
    """Standard output, a pipe, a device or a file object: written straight through, never taken back.

    Args:
        file: a descriptor, or a file object opened in binary mode.
        name: what to call it in messages.
        owned: whether to close it at the end.
    """

    def __init__(self, file: int | BinaryIO, name: str, *, owned: bool = False) -> None:
        super().__init__(name)
        self._file = file
        self._owned = owned

    def write(self, data: Data) -> int:
        """Write all of the data; return its length in bytes."""
        view = _bytes_of(data)
        try:
            if isinstance(self._file, int):
                _write_all(self._file, view)
            else:
                _write_file(self._file, view)
        except OSError as problem:
            raise output_error(problem, self.name, None, written=self.written) from None
        self.written += len(view)
        return len(view)

    def flush(self) -> None:
        """Send on what a file object holds back."""
        try:
            if not isinstance(self._file, int) and hasattr(self._file, "flush"):
                self._file.flush()
        except OSError as problem:
            raise output_error(problem, self.name, None, written=self.written) from None

    def publish(self) -> None:
        """Close it if it was opened here."""
        self.abort()

    def abort(self) -> None:
        """Close it if it was opened here; what was written stays written."""
        if self._owned and isinstance(self._file, int):
            self._owned = False
            with contextlib.suppress(OSError):
                os.close(self._file)


def _bytes_of(data: Data) -> memoryview:
    """Return a buffer as its bytes, without a copy."""
    view = memoryview(cast("bytes", data))
    return view.cast("B") if view.nbytes else memoryview(b"")


def _write_all(fd: int, view: memoryview) -> None:
    done = 0
    while done < len(view):
        try:
            done += os.write(fd, view[done:])
        except BlockingIOError:
            select.select([], [fd], [])


def _write_file(file: BinaryIO, view: memoryview) -> None:
    done = 0
    while done < len(view):
        count = file.write(view[done:])
        done += len(view) - done if count is None else count
