"""Open anything that holds bytes: a file, standard input, bytes, a file object; gzip is unpacked on the way.

A stream is read once, from the front, in constant memory. Formats that need to jump about (XLSX, Parquet,
zip) get a seekable file from ``Stream.random_access``; where the bytes come from a pipe or from gzip they are
spooled to a temporary file first.
"""

from __future__ import annotations

import io
import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Self, TypeAlias, cast

from quietline.errors import InputError, UsageError
from quietline.tables import _sources
from quietline.tables._kinds import KIND_SAMPLE, refusal, sniff_kind

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Source", "Stream", "open_stream"]

Source: TypeAlias = "str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO"
_COPY_CHUNK = 1 << 20


class Stream:
    """Bytes to be read once, from the front, with a look ahead and a count for progress.

    Attributes:
        name: what to call it in messages.
        size: bytes on disk (compressed, where it is gzip), or None where that is not known.
        path: the file it was opened from, or None.
        compressed: whether gzip is being unpacked.
    """

    def __init__(self, source: _sources.Source, *, name: str, size: int | None = None, path: Path | None = None) -> None:
        self.name = name
        self.size = size
        self.path = path
        self.compressed = False
        self._source = source
        self._ahead = memoryview(b"")  # looked at, but not read yet
        self._kind: str | None = None
        self._begun = False
        self._spool: BinaryIO | None = None

    @property
    def position(self) -> int:
        """Bytes taken from the disk so far, to be set against ``size``."""
        return self._source.position

    @property
    def kind(self) -> str:
        """What the content is, by its first bytes and never by its name.

        Returns:
            'text', 'xlsx', 'parquet', 'zip', or one of the formats that are recognised only to be refused in
            clear
            words: 'xls', 'xlsb', 'ods', 'numbers', 'docx', 'pdf', 'html', 'arrow', 'sqlite', 'gzip' (gzip
                within
            gzip), 'bzip2', 'xz', 'zstd', '7z', 'rar', 'utf-32'. An empty stream is 'text'.

        Raises:
            InputError: the bytes cannot be read.
        """
        if self._kind is None:
            self._kind = sniff_kind(self.peek(KIND_SAMPLE), self.random_access)
        return self._kind

    def expect(self, *kinds: str) -> str:
        """Return the kind of the content if it is one of these.

        Raises:
            InputError: it is something else (code ``input.kind``); the message says what, and what to do.
        """
        if self.kind in kinds:
            return self.kind
        raise refusal(self.name, self.kind)

    def peek(self, n: int) -> bytes:
        """Return the next n bytes, fewer only at the end, without taking them. Works on pipes."""
        missing = n - len(self._ahead)
        if missing > 0:
            self._ahead = memoryview(bytes(self._ahead) + self._fetch(missing))
        return bytes(self._ahead[:n])

    def read(self, n: int = -1) -> bytes:
        """Return the next n bytes, fewer only at the end; all that is left where n is negative."""
        self._begun = True
        if n < 0:
            parts = []
            while part := self.read(_COPY_CHUNK):
                parts.append(part)
            return b"".join(parts)
        if not self._ahead:
            return self._fetch(n)
        head, self._ahead = bytes(self._ahead[:n]), self._ahead[n:]
        return head + self._fetch(n - len(head)) if len(head) < n else head

    def readinto(self, view: memoryview | bytearray) -> int:
        """Fill the view; return the number of bytes, fewer than its length only at the end."""
        self._begun = True
        target = memoryview(view)
        done = min(len(self._ahead), len(target))
        if done:
            target[:done] = self._ahead[:done]
            self._ahead = self._ahead[done:]
        return done + self._fill(target[done:])

    def _fetch(self, n: int) -> bytes:
        """Return n bytes from the source, fewer only at its end. What is there may be far less."""
        parts: list[memoryview] = []
        while n > 0:
            buffer = memoryview(bytearray(min(n, _COPY_CHUNK)))
            count = self._fill(buffer)
            parts.append(buffer[:count])
            n = n - count if count == len(buffer) else 0
        return bytes(parts[0]) if len(parts) == 1 else b"".join(parts)

    def _fill(self, target: memoryview) -> int:
        """Fill the target from the source; less only at its end."""
        done = 0
        while done < len(target):
            count = self._source.readinto(target[done:])
            if not count:
                break
            done += count
        return done

    def random_access(self) -> BinaryIO:
        """Return a seekable binary file of the whole content, at its start.

        It lives as long as the stream and must not be used after it. Does not change what ``read`` gives
        next.

        Raises:
            UsageError: part of the stream has been read already.
            InputError: the bytes cannot be read, or there is no room for a temporary copy of them.
        """
        source = self._source
        if self._begun:
            raise UsageError(f"{self.name} has been read from; its whole content can no longer be had.")
        if self._spool is None and isinstance(source, _sources.MemorySource):
            return io.BytesIO(cast("bytes", source.data))
        if self._spool is None and isinstance(source, _sources.FdSource) and self.size is not None:
            window = _sources.WindowFile(source.fd, os.fstat(source.fd).st_size)
            return io.BufferedReader(window, 1 << 16)
        if self._spool is None:
            self._spool_out()
        assert self._spool is not None  # noqa: S101 - for the type checker
        window = _sources.WindowFile(self._spool.fileno(), os.fstat(self._spool.fileno()).st_size)
        return io.BufferedReader(window, 1 << 16)

    def _spool_out(self) -> None:
        """Move what is still to come to a temporary file, and go on reading from there."""
        import tempfile

        spool = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115 - closed with the stream
        try:
            spool.write(self._ahead)
            while part := self._fetch(_COPY_CHUNK):
                spool.write(part)
            spool.flush()
            spool.seek(0)
        except OSError as problem:
            spool.close()
            raise InputError(
                f"{self.name} needs a temporary copy in {tempfile.gettempdir()}: {problem.strerror}.",
                advice="Save it as a file first, or let TMPDIR name a directory with more room.",
                code="input.no_room",
            ) from None
        self._source.close()
        self._spool = spool
        self._ahead = memoryview(b"")
        self.size = os.fstat(spool.fileno()).st_size
        self._source = _sources.FileSource(cast("BinaryIO", io.FileIO(os.dup(spool.fileno()))), self.name, owned=True)

    def close(self) -> None:
        """Let go of what the stream opened. What the caller opened stays open."""
        self._source.close()
        self._ahead = memoryview(b"")
        if self._spool is not None:
            self._spool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def open_stream(source: Source, *, name: str | None = None) -> Stream:
    """Open a source for reading; gzip is recognised by its first bytes and unpacked.

    Args:
        source: a path; ``'-'`` for standard input; bytes or another buffer; or a file object opened in binary
            mode, which is read from where it stands and not closed.
        name: what to call it in messages; by default the path as given, or 'standard input'.

    Returns:
        The stream, to be used as a context manager.

    Raises:
        InputError: it cannot be read. ``code`` is ``input.missing``, ``input.directory``,
            ``input.permission`` or ``input.unreadable`` here, and ``input.truncated_gzip`` or
            ``input.corrupt_gzip`` here or while reading.
    """
    stream = _open_plain(source, name)
    try:
        head = stream.peek(2)
        if head == _sources.GZIP_MAGIC:
            _unpack(stream)
        elif not head and stream.path is not None and stream.path.suffix.lower() in {".gz", ".gzip"}:
            raise _sources.truncated_gzip(stream.name)
    except BaseException:
        stream.close()
        raise
    return stream


def _unpack(stream: Stream) -> None:
    """Let the stream give what its gzip holds."""
    gzip = _sources.GzipSource(stream._source, bytes(stream._ahead), stream.name)  # noqa: SLF001 - the same room
    stream._source, stream._ahead, stream.compressed = gzip, memoryview(b""), True  # noqa: SLF001


def _open_plain(source: Source, name: str | None) -> Stream:
    if isinstance(source, (bytes, bytearray, memoryview)):
        view = memoryview(source)
        view = view.cast("B") if view.nbytes else memoryview(b"")
        return Stream(_sources.MemorySource(view), name=name or "the data", size=len(view))
    if isinstance(source, str) and source == "-":
        if sys.stdin is None:
            raise InputError("There is no standard input.", advice="Name a file instead.", code="input.missing")
        return _from_file(sys.stdin.buffer, name or "standard input")
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        fd = _sources.open_fd(path)
        status = os.fstat(fd)
        regular = stat.S_ISREG(status.st_mode)
        if regular and hasattr(os, "posix_fadvise"):
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_SEQUENTIAL)
        size = status.st_size if regular else None
        return Stream(_sources.FdSource(fd, name or str(path)), name=name or str(path), size=size, path=path)
    if isinstance(cast("object", source), io.TextIOBase):
        raise UsageError(
            f"{name or 'The input'} is a file opened as text.",
            advice="Open it in binary mode ('rb'): the encoding is found out here.",
        )
    if hasattr(source, "readinto") or hasattr(source, "read"):
        return _from_file(source, name)
    raise UsageError(
        f"A source of type {type(source).__name__} cannot be read.",
        advice="Give a path, '-', bytes, or a file object opened in binary mode.",
    )


def _from_file(file: BinaryIO, name: str | None) -> Stream:
    if name is None:
        own_name = getattr(file, "name", None)
        name = own_name if isinstance(own_name, str) else "the data"
    size: int | None = None
    if isinstance(file, io.BytesIO):
        size = file.getbuffer().nbytes - file.tell()
    elif isinstance(file, (io.BufferedReader, io.FileIO)):
        try:
            status = os.fstat(file.fileno())
            size = status.st_size - file.tell() if stat.S_ISREG(status.st_mode) else None
        except (OSError, ValueError):
            size = None
    return Stream(_sources.FileSource(file, name), name=name, size=size)
