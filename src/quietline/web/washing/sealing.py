"""Results are encrypted while they are written, in a thread beside the work; in the clear they never reach a disk.

Where published objects lie in a bucket, so do lists that wait, encrypted as well.
"""

from __future__ import annotations

import shutil
from queue import Queue
from threading import Event, Thread
from typing import TYPE_CHECKING, Any, Self

from quietline.tables import AtomicFile
from quietline.web.keeping.data_keys import draw_key, opened_key
from quietline.web.keeping.models import DataKey as DataKeyRow
from quietline.web.washing.places import LIST, forget_list, in_bucket, object_path, part_path, results_store

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path
    from uuid import UUID

    from quietline.vault import DataKey

__all__ = ["SealedFile", "SealedResults", "drop_list", "fetch_list", "list_record", "send_list"]

_AHEAD = 3
"""Pieces that may wait to be encrypted; a piece of a list is a few megabytes."""


class SealedFile:
    """A binary file that can be written to only. What is written is encrypted, and appears when it is published.

    Args:
        path: where it shall be, on the disk of this machine.
        key: to encrypt with.
        field: of the key's record.
        name: what the content is called.
    """

    def __init__(self, path: Path, key: DataKey, field: str, *, name: str) -> None:
        self.name = name
        self.bytes = 0
        self._file = AtomicFile(path, mode=0o600)
        self._waiting: Queue[bytes | None] = Queue(_AHEAD)
        self._failure: BaseException | None = None
        self._is_wanted = True
        self._has_ended = Event()
        self._thread = Thread(target=self._seal, args=(key, field), name="sealing", daemon=True)
        self._thread.start()

    def write(self, data: Any) -> int:
        """Take data; they may be overwritten as soon as this returns.

        Raises:
            OutputError: what came before could not be written.
        """
        if self._failure is not None:
            raise self._failure
        taken = bytes(data)
        self.bytes += len(taken)
        self._waiting.put(taken)
        return len(taken)

    def end(self) -> None:
        """Say that nothing more comes; the rest is encrypted and made durable beside whatever is done next."""
        self._has_ended.set()
        self._waiting.put(None)

    def finish(self) -> None:
        """Wait until all is encrypted and durable, after :meth:`end`.

        Raises:
            OutputError: it could not be written.
        """
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def publish(self) -> None:
        """Let the file take its place, after :meth:`finish`."""
        self._file.publish()

    def abort(self) -> None:
        """Leave no trace of it; does nothing once it was published."""
        self._is_wanted = False
        if not self._has_ended.is_set():
            self.end()
        self._thread.join()
        self._file.abort()

    def _seal(self, key: DataKey, field: str) -> None:
        """Take pieces until there are no more, whatever happens: whoever hands one in must never wait for nobody."""
        try:
            for piece in key.seal_stream(iter(self._waiting.get, None), field):
                if self._is_wanted:
                    self._file.write(piece)
            if self._is_wanted:
                self._file.flush()
        except BaseException as failure:  # noqa: BLE001 - told to whoever writes
            self._failure = failure
            while not self._has_ended.is_set() or not self._waiting.empty():
                if self._waiting.get() is None:
                    break


class SealedResults:
    """The results of one attempt at a wash; those that were not handed over leave no trace.

    Args:
        pk: of the wash.
        key: its data key.
    """

    def __init__(self, pk: UUID, key: DataKey) -> None:
        self._pk = pk
        self._key = key
        self._files: dict[str, SealedFile] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files.values():
            file.abort()

    def open(self, part: str, name: str) -> Any:
        """Begin a result, one of :data:`quietline.web.washing.places.PARTS`."""
        made = self._files[part] = SealedFile(part_path(self._pk, part), self._key, part, name=name)
        return made

    def finish(self) -> dict[str, int]:
        """Make all durable; give the size of each in the clear, in bytes."""
        for file in self._files.values():
            file.end()
        for file in self._files.values():
            file.finish()
        return {part: file.bytes for part, file in self._files.items()}

    def send(self) -> None:
        """Put all into the bucket, where there is one: before anything is locked, as it may take a while."""
        if not in_bucket():
            return
        for part, file in self._files.items():
            file.publish()
            place = part_path(self._pk, part)
            results_store().keep_file(object_path(self._pk, part), place)
            place.unlink()

    def place(self) -> None:
        """Let all appear in the folder, where there is no bucket; nobody else may be able to end the wash meanwhile."""
        if not in_bucket():
            for file in self._files.values():
                file.publish()


def send_list(pk: UUID, list_file: Path, *, at: datetime) -> None:
    """Put a list that waits into the bucket, sealed, since another machine may be the one to wash it; delete it here.

    Args:
        pk: of the wash.
        list_file: on the disk of this machine.
        at: now.
    """
    key = draw_key(list_record(pk))
    sealed = list_file.with_name("sealed")
    with list_file.open("rb") as source, sealed.open("wb") as target:
        for piece in key.opened.seal_stream(source, LIST):
            target.write(piece)
    results_store().keep_file(object_path(pk, LIST), sealed)
    key.keep(at=at)
    shutil.rmtree(list_file.parent)


def fetch_list(pk: UUID, folder: Path, name: str) -> Path:
    """Give a list that waits in the bucket as a file of a folder of this machine.

    Raises:
        VaultError: it was altered, or its key was destroyed.
        ObjectMissing: there is none.
    """
    key = opened_key(DataKeyRow.objects.filter(record=list_record(pk)).first(), list_record(pk))
    folder.mkdir(mode=0o700)
    place = folder / (name or LIST)
    with results_store().open(object_path(pk, LIST)) as sealed, place.open("wb") as target:
        for piece in key.open_stream(sealed, LIST):
            target.write(piece)
    return place


def drop_list(pk: UUID) -> None:
    """Delete a list that is not needed any more, its key first; results stay.

    Raises:
        OutputError: the bucket refuses.
    """
    DataKeyRow.objects.filter(record=list_record(pk)).delete()
    forget_list(pk)


def list_record(pk: UUID) -> str:
    """Name what the key of a list that waits in the bucket belongs to."""
    return f"washing.list:{pk}"
