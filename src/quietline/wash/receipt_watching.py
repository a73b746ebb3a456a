"""Hash what a wash reads and writes on its way, and note every number that is asked for."""

from __future__ import annotations

import io
import os
import stat
import sys
from hashlib import sha256
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from quietline.errors import InputError
from quietline.tables import OutputFile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future, ThreadPoolExecutor

    from quietline.numbering import Numbers
    from quietline.wash.receipt_proofs import AnswerStore
    from quietline.wash.verdicts import Judging, Verdicts

__all__ = ["Fingerprint", "ListFile", "ListStream", "WatchedJudge", "WatchedOutput", "watch_list"]

_CHUNK = 1 << 20
_WORTH_A_THREAD = 1 << 16


class Fingerprint:
    """SHA-256 and length of bytes that come one after the other."""

    def __init__(self) -> None:
        self._hash = sha256()
        self.bytes = 0

    def add(self, data: Any) -> None:
        """Add bytes."""
        view = memoryview(data)
        self._hash.update(view)
        self.bytes += view.nbytes

    def facts(self) -> dict[str, object]:
        """Give both as a receipt has them: ``bytes`` and ``sha256`` (hexadecimal)."""
        return {"bytes": self.bytes, "sha256": self._hash.hexdigest()}


def watch_list(source: Any, pool: ThreadPoolExecutor) -> tuple[Any, ListFile | ListStream | None]:
    """Give what is to be opened in place of a list, and what hashes its bytes as they lie on disk.

    A file is read a second time, side by side with the wash; anything else is hashed as it is read. Where there is
    nothing to be hashed, opening it says what is wrong.

    Args:
        source: a path, ``-`` for standard input, bytes, or a binary file.
        pool: where a file is hashed.
    """
    watched: ListFile | ListStream | None = None
    if isinstance(source, bytes | bytearray | memoryview):
        watched = ListStream(io.BytesIO(source), "the data")
    elif source == "-":
        watched = ListStream(sys.stdin.buffer, "standard input") if sys.stdin is not None else None
    elif isinstance(source, str | os.PathLike):
        watched = _watch_path(Path(source), pool)
    elif not isinstance(source, io.TextIOBase) and hasattr(source, "read"):
        name = getattr(source, "name", None)
        watched = ListStream(source, name if isinstance(name, str) else "the data")
    return (watched if isinstance(watched, ListStream) else source), watched


def _watch_path(path: Path, pool: ThreadPoolExecutor) -> ListFile | ListStream | None:
    try:
        mode = path.stat().st_mode
        if stat.S_ISREG(mode):
            return ListFile(path, pool)
        if stat.S_ISDIR(mode):
            return None
        return ListStream(path.open("rb", buffering=0), str(path), owned=True)  # a pipe is read once only
    except (OSError, ValueError):
        return None


class ListFile:
    """A list in a file: hashed in a thread of its own, from a descriptor of its own."""

    def __init__(self, path: Path, pool: ThreadPoolExecutor) -> None:
        self._path = path
        self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._before = _file_state(os.fstat(self._fd))
        self._stop = Event()
        self._print: Future[Fingerprint] = pool.submit(self._read)

    def _read(self) -> Fingerprint:
        found, buffer = Fingerprint(), memoryview(bytearray(_CHUNK))
        while not self._stop.is_set() and (count := os.preadv(self._fd, [buffer], found.bytes)):
            found.add(buffer[:count])
        return found

    def check_place(self) -> None:
        """Make sure that the file of this name, which the wash has opened by now, is the one that is hashed."""
        try:
            same = _file_state(self._path.stat()) == self._before
        except OSError:
            same = False
        if not same:
            raise self._changed()

    def facts(self) -> dict[str, object]:
        """Wait for the end of the file, and give its fingerprint.

        Raises:
            InputError: it cannot be read, or was changed meanwhile.
        """
        try:
            found = self._print.result()
        except OSError as error:
            raise InputError(f"{self._path} could not be read to its end: {error.strerror}.") from None
        if _file_state(os.fstat(self._fd)) != self._before:
            raise self._changed()
        return found.facts()

    def _changed(self) -> InputError:
        return InputError(
            f"{self._path} was changed while it was washed; nothing can be signed about it.",
            advice="Wash it again when nobody is writing to it.",
            code="input.changed",
        )

    def close(self) -> None:
        """Stop reading."""
        self._stop.set()
        self._print.exception()  # waits
        os.close(self._fd)


def _file_state(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


class ListStream:
    """A list that can be read only once: a binary file that hashes what passes through."""

    def __init__(self, file: Any, name: str, *, owned: bool = False) -> None:
        self.name = name
        self._file = file
        self._owned = owned
        self._print = Fingerprint()

    def readinto(self, view: memoryview) -> int | None:
        """Fill some of the view from the file."""
        if hasattr(self._file, "readinto"):
            count: int | None = self._file.readinto(view)
        else:
            data = self._file.read(len(view))
            count = None if data is None else len(data)
            view[: count or 0] = data or b""
        self._print.add(view[: count or 0])
        return count

    def facts(self) -> dict[str, object]:
        """Read to the end, and give the fingerprint."""
        buffer = memoryview(bytearray(_CHUNK))
        while self.readinto(buffer):  # what the wash had no need to read belongs to the list all the same
            pass
        return self._print.facts()

    def close(self) -> None:
        """Close the file if it was opened here."""
        if self._owned:
            self._file.close()


class WatchedOutput(OutputFile):
    """An output that is hashed while it is written."""

    def __init__(self, output: OutputFile, pool: ThreadPoolExecutor) -> None:
        super().__init__(output.name)
        self._output = output
        self._pool = pool
        self.print = Fingerprint()

    def write(self, data: Any) -> int:
        """Hash and write the data, side by side where there is much of it."""
        if memoryview(data).nbytes < _WORTH_A_THREAD:
            self.print.add(data)
            count = self._output.write(data)
        else:
            hashed = self._pool.submit(self.print.add, data)
            try:
                count = self._output.write(data)
            finally:
                hashed.result()  # the data may be overwritten once we are back
        self.written += count
        return count

    def flush(self) -> None:
        """Make durable what was written."""
        self._output.flush()

    def publish(self) -> None:
        """Let it take its place."""
        self._output.publish()

    def abort(self) -> None:
        """Leave no trace of it."""
        self._output.abort()


class WatchedJudge:
    """A judge that notes every number of every washed column, not only the one that decides a row."""

    def __init__(self, judge: Judging, answers: AnswerStore, *, listing: int | None = None) -> None:
        self._judge = judge
        self._answers = answers
        self._listing = listing

    def judge(self, columns: Sequence[Numbers]) -> Verdicts:
        """Judge the rows of a piece; may be called from several threads."""
        verdicts = self._judge.judge(columns)
        if len(columns) == 1:
            self._answers.add(verdicts, listing=self._listing)
        else:
            for column in columns:
                self._answers.add(self._judge.judge([column]), listing=self._listing)
        return verdicts
