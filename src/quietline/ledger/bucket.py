"""Logs and files in a bucket of an S3-like object store.

What a folder does with links and fsync, a bucket does by what its requests promise: a PUT is whole or absent and durable
when it is answered, a PUT with ``If-None-Match: *`` never takes the place of another object, one with ``If-Match`` only of
the one it names, and whoever reads after a write sees it. A store has to know all of this.

Source: Amazon S3 API reference, PutObject (conditional writes), "Amazon S3 data consistency model"; RFC 9110 section 13.1.2.
"""

from __future__ import annotations

import io
import os
import secrets
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from quietline.errors import LedgerError, MissingExtraError, OutputError
from quietline.ledger.objects import MAX_OBJECT_BYTES, ObjectMissing, check_path, conflict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path
    from typing import BinaryIO

    from obstore import PutMode
    from obstore.store import S3Store

__all__ = ["BucketPlace", "BucketStore"]

_AT_ONCE = 16
_PART_BYTES = 16 << 20
"""Of an upload in parts; S3 takes 10,000 of them, so files of up to 160 GB."""
_PIECE = 1 << 20
_READ_AHEAD = 4 << 20
_PATIENCE_SECONDS = 30


@dataclass(frozen=True, slots=True)
class BucketPlace:
    """Where a bucket is and who may write to it.

    Attributes:
        bucket: its name.
        prefix: what the keys of all objects begin with, without slashes at its ends; may be empty.
        endpoint: ``https://host`` of the store; None for Amazon's of the region. ``http`` is for closed networks.
        region: name of the region; stores that have none take any.
        access_key_id: who writes; None takes what the machine's role gives (container or instance).
        secret_access_key: its secret.
        public_endpoint: ``https://host`` under which others reach the store, where it is not ``endpoint``; stands in the
            addresses that are handed out.
    """

    bucket: str
    prefix: str = ""
    endpoint: str | None = None
    region: str = "us-east-1"
    access_key_id: str | None = None
    secret_access_key: str | None = field(default=None, repr=False)
    public_endpoint: str | None = None


class BucketStore:
    """A log, or files, in a bucket; a :class:`~quietline.ledger.objects.FileStore`. Any number of threads may use it.

    Args:
        place: where; nothing is asked for before the first read or write.

    Raises:
        MissingExtraError: obstore is not installed.
    """

    def __init__(self, place: BucketPlace) -> None:
        try:
            import obstore
        except ImportError as error:
            raise MissingExtraError("A bucket", extra="platform") from error
        self._obstore = obstore
        self.place = place
        self._store = _opened(place)
        self._public = _opened(replace(place, endpoint=place.public_endpoint)) if place.public_endpoint else self._store

    def __repr__(self) -> str:
        return f"<BucketStore {self.place.bucket}/{self.place.prefix}>"

    def read(self, path: str) -> bytes:
        """Give an object.

        Raises:
            ObjectMissing: when there is none.
            LedgerError: ``ledger.path`` when the path is none of this store, ``ledger.unreadable`` when the bucket does
                not give it, ``ledger.malformed`` when it is longer than any object can be.
        """
        check_path(path)
        with self._reading(path):
            answer = self._obstore.get(self._store, path)
            if answer.meta["size"] <= MAX_OBJECT_BYTES:
                return bytes(answer.bytes())
        raise LedgerError(
            f"The object {path} is longer than any object of a log can be.",
            code="ledger.malformed",
            advice="It has been changed, or is no part of a log.",
        )

    def exists(self, path: str) -> bool:
        """Say whether there is such an object.

        Raises:
            LedgerError: ``ledger.path`` when the path is none of this store, ``ledger.unreadable`` when the bucket does
                not say.
        """
        check_path(path)
        try:
            with self._reading(path):
                self._obstore.head(self._store, path)
        except ObjectMissing:
            return False
        return True

    def paths(self) -> Iterator[str]:
        """Give the paths of all objects."""
        for path, _, _ in self.listing():
            yield path

    def listing(self) -> Iterator[tuple[str, int, datetime]]:
        """Give path, length in bytes and time of writing of all objects.

        Raises:
            LedgerError: ``ledger.unreadable`` when the bucket does not say.
        """
        with self._reading("(list)"):
            for chunk in self._obstore.list(self._store):
                for found in chunk:
                    yield found["path"], found["size"], found["last_modified"]

    def write(self, path: str, data: bytes) -> None:
        """Keep an object for good; the same content again is fine.

        Raises:
            LedgerError: ``ledger.conflict`` when another content stands there, ``ledger.path`` when the path is none
                of this store.
            OutputError: when the bucket refuses.
        """
        self.write_many({path: data})

    def write_many(self, items: Mapping[str, bytes]) -> None:
        """Keep several objects, some at a time.

        Raises:
            LedgerError: as in :meth:`write`; others of the objects may have been written.
            OutputError: when the bucket refuses; some of the objects may have been written.
        """
        for path in items:
            check_path(path)
        if len(items) < 2:
            for path, data in items.items():
                self._create(path, data)
            return
        with ThreadPoolExecutor(min(_AT_ONCE, len(items))) as pool:
            for _ in pool.map(self._create, items.keys(), items.values()):
                pass  # an error of any of them is raised here

    def replace(self, path: str, data: bytes) -> None:
        """Put an object in the place of an older one, atomically and durably.

        It takes the place of what stood there a moment ago and of nothing else (``If-Match``): a request that was held
        up on its way and arrives after a newer one is refused, and does not bring the older object back.

        Raises:
            LedgerError: ``ledger.path`` when the path is none of this store, ``ledger.conflict`` when somebody else
                replaced the object at the same moment.
            OutputError: when the bucket refuses, or does not answer: then either may stand.
        """
        check_path(path)
        try:
            with self._reading(path):
                found = self._obstore.head(self._store, path)
            mode: PutMode = {"e_tag": found["e_tag"]}
        except ObjectMissing:
            mode = "create"
        self._put(path, data, mode)

    def keep_file(self, path: str, source: Path) -> None:
        """Keep a copy of a local file, in parts where it is long; it appears when all of them are there.

        Raises:
            LedgerError: ``ledger.path`` when the path is none of this store.
            OutputError: when the bucket refuses, or the source cannot be read.
        """
        check_path(path)
        with self._writing():
            self._obstore.put(self._store, path, source, chunk_size=_PART_BYTES, max_concurrency=4)

    def open(self, path: str) -> BinaryIO:
        """Open a file for reading; what is read is fetched a few megabytes at a time.

        Raises:
            ObjectMissing: when there is none.
            LedgerError: ``ledger.path`` when the path is none of this store, ``ledger.unreadable`` when the bucket does
                not give it, now or at a later read.
        """
        check_path(path)
        with self._reading(path):
            opened = self._obstore.open_reader(self._store, path, buffer_size=_READ_AHEAD)
        return cast("BinaryIO", io.BufferedReader(_Remote(self, path, opened), _PIECE))

    def local(self, path: str, cache: Path) -> Path:
        """Give a copy of a file in a folder, and leave it there.

        Raises:
            ObjectMissing: when there is none.
            LedgerError: as in :meth:`open`.
            OutputError: when the disk refuses.
        """
        check_path(path)
        target = cache / path
        if target.exists():
            return target
        temporary = target.with_name(f"{target.name}.{secrets.token_hex(6)}.part")
        with self.open(path) as source:
            try:
                target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                    shutil.copyfileobj(source, file, _PIECE)
                    file.flush()
                    os.fsync(file.fileno())  # a copy that is found is trusted to be whole
                temporary.replace(target)
            except OSError as error:
                raise OutputError(f"{path} could not be copied into {cache}: {error.strerror or error}.") from error
            finally:
                temporary.unlink(missing_ok=True)
        return target

    def address(self, path: str, seconds: int) -> str | None:
        """Give an address, signed with the writer's key, that lets whoever has it fetch this one file for so long.

        Raises:
            LedgerError: ``ledger.path`` when the path is none of this store, ``ledger.unreadable`` when there is no key
                to sign with.
        """
        check_path(path)
        with self._reading(path):
            return self._obstore.sign(self._public, "GET", path, timedelta(seconds=seconds))

    def remove(self, path: str) -> None:
        """Remove a file; one that is not there does not matter.

        Raises:
            LedgerError: ``ledger.path`` when the path is none of this store.
            OutputError: when the bucket refuses.
        """
        check_path(path)
        with self._writing():
            self._delete([path])

    def discard_partials(self, paths: Iterable[str]) -> None:
        """Remove the partial objects of these full objects. Nothing depends on its being done or lasting."""
        for path in paths:
            check_path(path)
            try:
                found = [one["path"] for chunk in self._obstore.list(self._store, prefix=path + ".p") for one in chunk]
                self._delete(found)
            except self._obstore.exceptions.BaseError:
                continue

    def _create(self, path: str, data: bytes) -> None:
        self._put(path, data, "create")

    def _put(self, path: str, data: bytes, mode: PutMode) -> None:
        """Put an object where the store still is as ``mode`` says; the same content again is fine."""
        try:
            with self._writing():
                self._obstore.put(self._store, path, data, mode=mode, use_multipart=False)
            return
        except _Refused:
            pass
        if self.read(path) != data:  # the same may be this very request, sent twice because its answer was lost
            raise conflict(path)

    def _delete(self, paths: list[str]) -> None:
        for path in paths:
            try:
                self._obstore.delete(self._store, path)
            except self._missing:
                continue

    @property
    def _missing(self) -> tuple[type[Exception], ...]:
        return (self._obstore.exceptions.NotFoundError, FileNotFoundError)

    @contextmanager
    def _reading(self, path: str) -> Iterator[None]:
        try:
            yield
        except self._missing:
            raise ObjectMissing(path) from None
        except (self._obstore.exceptions.BaseError, OSError) as error:
            raise LedgerError(
                f"The object {path} cannot be read from the bucket ({type(error).__name__}).",
                code="ledger.unreadable",
                advice="See that the store is up, and that the bucket's name and the key for it are right.",
            ) from None  # its own words quote addresses and answers

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except (self._obstore.exceptions.AlreadyExistsError, self._obstore.exceptions.PreconditionError, FileExistsError):
            raise _Refused from None
        except (self._obstore.exceptions.BaseError, OSError) as error:
            raise OutputError(
                f"The bucket {self.place.bucket} cannot be written ({type(error).__name__}).",
                advice="See that the store is up, knows conditional writes, and lets this key put and delete objects.",
            ) from None


class _Refused(Exception):  # noqa: N818 - a normal answer to a conditional request
    """Something else stands there than the request says."""


class _Remote(io.RawIOBase):
    """An object in a bucket, as Python's own readers want a file to be."""

    def __init__(self, store: BucketStore, path: str, opened: Any) -> None:
        self._of, self._path, self._opened = store, path, opened

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with self._of._reading(self._path):  # noqa: SLF001 - the two belong together
            piece = memoryview(self._opened.read(len(buffer)))
        buffer[: len(piece)] = piece
        return len(piece)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return int(self._opened.seek(offset, whence))

    def tell(self) -> int:
        return int(self._opened.tell())


def _opened(place: BucketPlace) -> S3Store:
    from obstore.store import S3Store

    given = {
        "endpoint": place.endpoint,
        "access_key_id": place.access_key_id,
        "secret_access_key": place.secret_access_key,
    }
    return S3Store(
        place.bucket,
        prefix=place.prefix or None,
        region=place.region,
        disable_bulk_delete=True,  # not every store knows it
        config={name: value for name, value in given.items() if value is not None},  # type: ignore[arg-type] # of S3Config
        client_options={
            "allow_http": (place.endpoint or "").startswith("http://"),
            "default_content_type": "application/octet-stream",
            "timeout": timedelta(seconds=4 * _PATIENCE_SECONDS),
        },
        retry_config={"max_retries": 5, "retry_timeout": timedelta(seconds=_PATIENCE_SECONDS)},
    )
