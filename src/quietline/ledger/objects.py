"""Where the objects of a log are kept: a folder here, a bucket in :mod:`quietline.ledger.bucket`, other places elsewhere.

A log is a set of small files that are written once and never changed, and one, ``checkpoint``, that is replaced.
That is all a store has to promise, so a folder, a web server and an S3-like store can all be one. Where larger files are
kept beside logs, the folder and the bucket promise what :class:`FileStore` says too.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from quietline.errors import LedgerError, OutputError
from quietline.kernel import _kernel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import BinaryIO

__all__ = [
    "MAX_OBJECT_BYTES",
    "FileStore",
    "FolderStore",
    "ListingStore",
    "ObjectMissing",
    "ObjectReader",
    "ObjectStore",
    "PartialsStore",
    "check_path",
    "conflict",
]

MAX_OBJECT_BYTES = 256 * (2 + 65_535)
"""The largest bundle there can be. Longer objects are refused unread."""

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*", re.ASCII)
_INCOMING = ".incoming"
_FILES_AT_ONCE = 128
_PIECE = 1 << 20


class ObjectMissing(LedgerError):  # noqa: N818 - said of what is stored, and a normal answer while falling back
    """There is no object at this path."""

    code = "ledger.missing"

    def __init__(self, path: str) -> None:
        super().__init__(
            f"The log has no object {path}.",
            advice="If it was never removed by its keeper on purpose, somebody else did: ask the keeper.",
        )
        self.path = path


class ObjectReader(Protocol):
    """What can be read from. Paths are relative, with ``/``, and no part begins with a dot."""

    def read(self, path: str) -> bytes:
        """Give an object.

        Raises:
            ObjectMissing: when there is none.
        """
        ...


class ObjectStore(ObjectReader, Protocol):
    """What can be read from and written to."""

    def exists(self, path: str) -> bool:
        """Say whether there is such an object."""
        ...

    def write(self, path: str, data: bytes) -> None:
        """Keep an object for good: durably, whole or not at all. The same content again is fine.

        Raises:
            LedgerError: ``ledger.conflict`` when another content stands there.
        """
        ...

    def write_many(self, items: Mapping[str, bytes]) -> None:
        """Keep several objects; when this returns, all of them are durable. Each appears whole or not at all."""
        ...

    def replace(self, path: str, data: bytes) -> None:
        """Put an object in the place of an older one, atomically and durably; for the checkpoint only."""
        ...


class FileStore(ObjectStore, Protocol):
    """A store that keeps files of any size too: register files, sealed sets. Never more than a piece is in memory."""

    def keep_file(self, path: str, source: Path) -> None:
        """Keep a copy of a local file: durably, whole or not at all. One that stands there is replaced."""
        ...

    def open(self, path: str) -> BinaryIO:
        """Open a file for reading, at any place in it.

        Raises:
            ObjectMissing: when there is none.
        """
        ...

    def local(self, path: str, cache: Path) -> Path:
        """Give the file on the local disk, for who has to map it: itself, or a copy that is left in a folder.

        Args:
            path: of the file.
            cache: the folder for copies; a file that is there under this path is taken for the copy.

        Raises:
            ObjectMissing: when there is none.
        """
        ...

    def address(self, path: str, seconds: int) -> str | None:
        """Give an address from which whoever has it can fetch a file for so long.

        Returns:
            None where the store hands out none, and who asks has to send the file.
        """
        ...

    def remove(self, path: str) -> None:
        """Remove a file; one that is not there does not matter."""
        ...


@runtime_checkable
class ListingStore(Protocol):
    """A store that can say what it holds."""

    def paths(self) -> Iterator[str]:
        """Give the paths of all objects, in no promised order."""
        ...


@runtime_checkable
class PartialsStore(Protocol):
    """A store that can let go of partial objects once the full one is there."""

    def discard_partials(self, paths: Iterable[str]) -> None:
        """Remove the partial objects of these full objects; those that are not there do not matter."""
        ...


class FolderStore:
    """A log in a folder of the local disk, as it can be served by any web server.

    Files are written beside their place, in ``.incoming``, forced to disk, linked to their name, and the folders are
    forced to disk: so a power failure leaves each object whole or absent, and ``.incoming`` may be emptied whenever
    nothing is writing.

    Args:
        path: the folder; made when first written to.
        mode: of files, whatever the umask; folders get the same and may be entered by whoever may read.
    """

    def __init__(self, path: str | Path, *, mode: int = 0o644) -> None:
        self.path = Path(path)
        self._mode = mode
        self._folder_mode = mode | 0o700 | (mode & 0o444) >> 2

    def __repr__(self) -> str:
        return f"<FolderStore {self.path}>"

    def read(self, path: str) -> bytes:
        """Give an object.

        Raises:
            ObjectMissing: when there is none.
            LedgerError: ``ledger.path`` when the path is none of this store, ``ledger.unreadable`` when the object
                cannot be read, ``ledger.malformed`` when it is longer than any object can be.
        """
        target = self._target(path)
        try:
            with target.open("rb") as file:
                data = file.read(MAX_OBJECT_BYTES + 1)
        except (FileNotFoundError, NotADirectoryError):
            raise ObjectMissing(path) from None
        except OSError as error:
            raise _unreadable(path, error) from error
        if len(data) > MAX_OBJECT_BYTES:
            raise LedgerError(
                f"The object {path} is longer than any object of a log can be.",
                code="ledger.malformed",
                advice="It has been changed, or is no part of a log.",
            )
        return data

    def exists(self, path: str) -> bool:
        """Say whether there is such an object.

        Raises:
            LedgerError: ``ledger.path`` when the path is none of this store.
        """
        return self._target(path).is_file()

    def paths(self) -> Iterator[str]:
        """Give the paths of all objects; nothing whose name begins with a dot is one."""
        for folder, folders, files in os.walk(self.path):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for name in files:
                if not name.startswith("."):
                    yield (Path(folder) / name).relative_to(self.path).as_posix()

    def write(self, path: str, data: bytes) -> None:
        """Keep an object for good; the same content again is fine.

        Raises:
            LedgerError: ``ledger.conflict`` when another content stands there, ``ledger.path`` when the path is none
                of this store.
            OutputError: when the disk refuses.
        """
        self.write_many({path: data})

    def write_many(self, items: Mapping[str, bytes]) -> None:
        """Keep several objects: one fsync for each file, and one for each folder whose content changed.

        Raises:
            LedgerError: as in :meth:`write`; objects before the refused one may have been written.
            OutputError: when the disk refuses; some of the objects may have been written.
        """
        targets = {path: self._target(path) for path in items}
        fresh = [path for path, target in targets.items() if not self._stands(path, target, items[path])]
        try:
            # folders of objects that stood there already count too: who wrote them may not have come this far
            changed = self._made({target.parent for target in targets.values()})
            for first in range(0, len(fresh), _FILES_AT_ONCE):
                self._write_some({path: (targets[path], items[path]) for path in fresh[first : first + _FILES_AT_ONCE]})
            for folder in sorted(changed):
                _sync_folder(folder)
        except OSError as error:
            raise self._refused(error) from error

    def replace(self, path: str, data: bytes) -> None:
        """Put an object in the place of an older one, atomically and durably.

        Raises:
            LedgerError: ``ledger.path`` when the path is none of this store.
            OutputError: when the disk refuses; the older one then stands, or, if only the last fsync failed, the new.
        """
        target = self._target(path)
        self._put(target, lambda descriptor: _fill(descriptor, data))

    def keep_file(self, path: str, source: Path) -> None:
        """Keep a copy of a local file: durably, whole or not at all; one that stands there is replaced.

        Raises:
            LedgerError: ``ledger.path`` when the path is none of this store.
            OutputError: when the disk refuses, or the source cannot be read.
        """

        def fill(descriptor: int) -> None:
            with source.open("rb") as opened, os.fdopen(descriptor, "wb", closefd=False) as file:
                shutil.copyfileobj(opened, file, _PIECE)

        self._put(self._target(path), fill)

    def open(self, path: str) -> BinaryIO:
        """Open a file for reading.

        Raises:
            ObjectMissing: when there is none.
            LedgerError: ``ledger.path`` when the path is none of this store, ``ledger.unreadable`` when the file cannot
                be opened.
        """
        target = self._target(path)
        try:
            return target.open("rb")
        except (FileNotFoundError, NotADirectoryError):
            raise ObjectMissing(path) from None
        except OSError as error:
            raise _unreadable(path, error) from error

    def local(self, path: str, cache: Path) -> Path:
        """Give the file itself.

        Raises:
            ObjectMissing: when there is none.
            LedgerError: ``ledger.path`` when the path is none of this store.
        """
        if not self.exists(path):
            raise ObjectMissing(path)
        return self._target(path)

    def address(self, path: str, seconds: int) -> str | None:
        """Give None: a folder hands out no addresses."""
        return None

    def remove(self, path: str) -> None:
        """Remove a file; one that is not there does not matter.

        Raises:
            LedgerError: ``ledger.path`` when the path is none of this store.
            OutputError: when the disk refuses.
        """
        target = self._target(path)
        try:
            with suppress(FileNotFoundError, NotADirectoryError):
                target.unlink()
                _sync_folder(target.parent)
        except OSError as error:
            raise self._refused(error) from error

    def discard_partials(self, paths: Iterable[str]) -> None:
        """Remove the partial objects of these full objects. Nothing depends on its being done or lasting."""
        for path in paths:
            folder = self._target(path + ".p")
            with suppress(OSError):
                for partial in list(folder.iterdir()):
                    partial.unlink()
                folder.rmdir()

    def _target(self, path: str) -> Path:
        check_path(path)
        return self.path / path

    def _put(self, target: Path, fill: Callable[[int], None]) -> None:
        """Put a new file in the place of what stands there, atomically and durably."""
        try:
            changed = self._made({target.parent})
            temporary, descriptor = self._open_new()
            try:
                fill(descriptor)
                os.fsync(descriptor)
                temporary.replace(target)
            finally:
                os.close(descriptor)
                temporary.unlink(missing_ok=True)
            for folder in sorted(changed):
                _sync_folder(folder)
        except OSError as error:
            raise self._refused(error) from error

    def _stands(self, path: str, target: Path, data: bytes) -> bool:
        if not target.exists():
            return False
        if self.read(path) != data:
            raise conflict(path)
        return True

    def _made(self, folders: set[Path]) -> set[Path]:
        """Make folders that are missing; give all whose listing has to be forced to disk."""
        changed = set(folders)
        for folder in sorted(folders | {self.path / _INCOMING}):
            if folder.is_dir():
                continue
            missing = [step for step in (folder, *folder.parents) if not step.is_dir()]
            for child in reversed(missing):
                child.mkdir(exist_ok=True)
                child.chmod(0o700 if child.name == _INCOMING else self._folder_mode)
                changed.add(child.parent)
        return changed

    def _open_new(self) -> tuple[Path, int]:
        temporary = self.path / _INCOMING / secrets.token_hex(12)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, self._mode)
        os.fchmod(descriptor, self._mode)  # whatever the umask
        return temporary, descriptor

    def _write_some(self, items: Mapping[str, tuple[Path, bytes]]) -> None:
        opened: list[tuple[Path, int]] = []
        try:
            for _, data in items.values():
                opened.append(self._open_new())
                _fill(opened[-1][1], data)
                _kernel.start_writeback(opened[-1][1], 0, len(data))  # all of them on their way before the first wait
            for _, descriptor in opened:
                os.fsync(descriptor)
            for (path, (target, data)), (temporary, _) in zip(items.items(), opened, strict=True):
                try:
                    target.hardlink_to(temporary)
                except FileExistsError:  # somebody else was quicker
                    if not self._stands(path, target, data):
                        raise
        finally:
            for temporary, descriptor in opened:
                os.close(descriptor)
                temporary.unlink(missing_ok=True)

    def _refused(self, error: OSError) -> OutputError:
        return OutputError(
            f"The log in {self.path} cannot be written: {error.strerror or error}.",
            advice="Choose a folder that you may write to, on a disk with space, and append again.",
        )


def check_path(path: str) -> None:
    """Refuse what is no path of an object; the same for every store.

    Raises:
        LedgerError: ``ledger.path``.
    """
    if not _NAME.fullmatch(path):
        raise LedgerError(
            f"{path[:100]!r} is not the path of an object.",
            code="ledger.path",
            advice="Paths are relative, with /, and no part begins with a dot.",
        )


def conflict(path: str) -> LedgerError:
    """Say that another content stands where an object was to be written."""
    return LedgerError(
        f"The object {path} is there already, with another content; a log only grows.",
        code="ledger.conflict",
        advice="Either somebody else writes this log too, or other entries were given for places that were written before.",
    )


def _unreadable(path: str, error: OSError) -> LedgerError:
    return LedgerError(
        f"The object {path} cannot be read: {error.strerror}.",
        code="ledger.unreadable",
        advice="See that you may read the folder of the log, and that its disk is well.",
    )


def _fill(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
