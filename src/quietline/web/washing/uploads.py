"""Lists come in as a stream: each piece goes to disk as it arrives, and no list is ever in memory whole."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler, StopUpload

from quietline.web.washing.places import incoming_folder

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO, Protocol

    from django.http import HttpRequest

    class Readable(Protocol):
        """What a body is read from."""

        def read(self, size: int, /) -> bytes:
            """Give at most that many bytes; none at the end."""


__all__ = ["MOST_BYTES", "StagedFile", "StreamedUploadHandler", "discard_staged", "stage"]

MOST_BYTES = 1 << 30
"""Longest list in bytes, as it is sent: 1 GiB, twice what ten million rows of names and addresses take."""
_FAR_TOO_MUCH = 4 * MOST_BYTES
_PIECE = 1 << 20


class StagedFile(UploadedFile):  # type: ignore[type-arg]  # Django's is generic to type checkers only
    """A list that has arrived.

    Attributes:
        path: where it lies; whoever takes it moves it away.
        is_too_long: it was longer than :data:`MOST_BYTES`; nothing of it was kept.
    """

    def __init__(self, path: Path, *, name: str, size: int, is_too_long: bool) -> None:
        super().__init__(file=None, name=name, size=size)
        self.path = path
        self.is_too_long = is_too_long

    def discard(self) -> None:
        """Delete it, where nobody took it."""
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Leave nothing behind when the request is over, or its body turns out to be broken further on."""
        self.discard()


class StreamedUploadHandler(FileUploadHandler):
    """Writes the one file of a request to disk, up to the limit; a request with a second one is read no further.

    Attributes:
        has_several: the request has more than one file.
    """

    chunk_size = _PIECE

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._writing: tuple[Path, BinaryIO] | None = None
        self.has_several = self._has_one = False
        self._is_too_long = False

    def handle_raw_input(self, input_data: Any, META: Any, content_length: int, *args: Any) -> None:  # noqa: N803 - Django's
        """Cut off what is so long that even reading past it would keep the server busy."""
        if content_length > _FAR_TOO_MUCH:
            raise StopUpload(connection_reset=True)

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file.

        Raises:
            StopUpload: it is the second one of its request.
        """
        super().new_file(*args, **kwargs)
        if self._has_one:
            self.has_several = True
            raise StopUpload(connection_reset=True)
        self._has_one = True
        self._writing = _begun()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write a piece; past the limit, read on without writing, so that a page can say what is wrong."""
        if self._writing is None:  # no file was begun
            return
        _path, file = self._writing
        if start + len(raw_data) > MOST_BYTES:
            self._is_too_long = True
            file.truncate(0)
        if not self._is_too_long:
            file.write(raw_data)

    def file_complete(self, file_size: int) -> StagedFile | None:
        """Hand over the file."""
        if self._writing is None:
            return None
        path, file = self._writing
        file.close()
        self._writing = None
        return StagedFile(path, name=self.file_name or "", size=file_size, is_too_long=self._is_too_long)

    def upload_interrupted(self) -> None:
        """Leave nothing of a file that did not arrive whole."""
        if self._writing is not None:
            path, file = self._writing
            file.close()
            self._writing = None
            path.unlink(missing_ok=True)


def discard_staged(request: HttpRequest, *, besides: object = None) -> None:
    """Delete every list that came with a request and that nobody took, under whatever name it came, whole or not.

    Args:
        request: whose body was read.
        besides: stays.
    """
    for handler in request.upload_handlers:
        handler.upload_interrupted()
    for _name, files in request.FILES.lists():
        for file in files:
            if isinstance(file, StagedFile) and file is not besides:
                file.discard()


def stage(source: Readable, *, name: str, length: int) -> StagedFile | None:
    """Take in a list that is the whole body of a request.

    Args:
        source: the body.
        name: what the file is called.
        length: bytes that were announced, at most :data:`MOST_BYTES`.

    Returns:
        None where it broke off; nothing of it is kept then.
    """
    path, file = _begun()
    have = 0
    try:
        with file:
            while piece := source.read(_PIECE):
                file.write(piece)
                have += len(piece)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    if have != length:
        path.unlink(missing_ok=True)
        return None
    return StagedFile(path, name=name or "list", size=have, is_too_long=False)


def _begun() -> tuple[Path, BinaryIO]:
    path = incoming_folder() / f"{uuid4()}.part"
    return path, os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
