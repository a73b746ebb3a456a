"""Where lists lie, and the published files that they are made from."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.conf import settings

from quietline.registers import Register as RegisterReader
from quietline.web.proofs.objects import objects_store
from quietline.web.publishing.objects import feed_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from quietline.ledger.objects import FileStore
    from quietline.web.publishing.models import RegisterFile

__all__ = ["list_store", "opened_file", "work_folder"]

_COPIES = 4


def list_store() -> FileStore:
    """Give the store of lists that were handed out; not readable to other users of the machine, since it holds numbers."""
    return objects_store("lists")


def work_folder() -> Path:
    """Give the folder in which lists are made, on the local disk."""
    folder: Path = settings.ENVIRONMENT.home / "lists"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


@contextmanager
def opened_file(file: RegisterFile) -> Iterator[RegisterReader]:
    """Open a published file; where objects lie in a bucket, by way of a copy, of which the last few are kept.

    Raises:
        ObjectMissing: it is gone.
        RegisterError: it is damaged.
    """
    cache = work_folder() / "published"
    path = feed_store(file.register.code, file.projection).local(file.object_path, cache)
    with RegisterReader(path) as reader:
        yield reader
    if path.is_relative_to(cache):
        path.touch()  # the last that were used stay
        copies = sorted((copy for copy in cache.rglob("*.qlr")), key=lambda copy: copy.stat().st_mtime)
        for copy in copies[:-_COPIES]:
            copy.unlink(missing_ok=True)
