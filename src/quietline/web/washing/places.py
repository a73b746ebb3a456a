"""Where lists, work and results lie: one folder for each wash, readable by the platform's own user only.

Where published objects lie in a folder, everything lies there, below ``washing``. Where they lie in a bucket, uploads arrive
and are washed on the disk of the machine that does it, and what other machines need is an object of the bucket, always
sealed: lists that wait and results.
"""

from __future__ import annotations

import shutil
import unicodedata
from typing import TYPE_CHECKING

from django.conf import settings

from quietline.web.proofs.objects import bucket_of, objects_folder, objects_store

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

    from quietline.ledger.objects import FileStore

__all__ = [
    "LIST", "PARTS", "forget_list", "forget_wash", "in_bucket", "incoming_folder", "list_path", "object_path", "part_path",
    "results_store", "safe_name", "wash_folder", "washing_folder",
]  # fmt: skip

PARTS = ("clean", "removed", "summary", "receipt", "proofs")
"""The results of a wash: rows that may be called; the others with reasons; counts; the receipt; its private half."""
LIST = "list"
"""What a list that waits is called among the objects of a bucket."""
_MOST_NAME_BYTES = 120
_ROOM = "washing"


def in_bucket() -> bool:
    """Say whether what other machines need lies in a bucket."""
    return bucket_of(settings.ENVIRONMENT) is not None


def results_store() -> FileStore:
    """Give the store of sealed results, and of lists that wait where they lie in a bucket."""
    return objects_store(_ROOM)


def object_path(pk: UUID, part: str) -> str:
    """Give the path in :func:`results_store` of a result, or of a list that waits."""
    return f"{pk}/{part}.sealed"


def washing_folder() -> Path:
    """Give this room's folder on the disk of this machine."""
    return _made((settings.ENVIRONMENT.home if in_bucket() else objects_folder()) / _ROOM)


def incoming_folder() -> Path:
    """Give the folder in which uploads arrive, on the same disk as everything else of this room."""
    return _made(washing_folder() / "incoming")


def wash_folder(pk: UUID) -> Path:
    """Give the folder of a wash; made where it is not there."""
    return _made(washing_folder() / str(pk))


def list_path(pk: UUID, name: str) -> Path:
    """Name the file of a list that waits."""
    return _made(wash_folder(pk) / "list") / (name or "list")


def part_path(pk: UUID, part: str) -> Path:
    """Name the sealed file of a result, one of :data:`PARTS`; from here it goes to the bucket, where there is one."""
    return wash_folder(pk) / f"{part}.sealed"


def forget_wash(pk: UUID) -> None:
    """Delete everything of a wash: its folder, and its objects in the bucket.

    Raises:
        OutputError: the bucket refuses; what is left there can be opened by nobody once its key is destroyed.
    """
    shutil.rmtree(washing_folder() / str(pk), ignore_errors=True)
    if in_bucket():
        store = results_store()
        for part in (LIST, *PARTS):
            store.remove(object_path(pk, part))


def forget_list(pk: UUID) -> None:
    """Delete a list that was washed; results stay.

    Raises:
        OutputError: the bucket refuses.
    """
    if in_bucket():
        shutil.rmtree(washing_folder() / str(pk), ignore_errors=True)
        results_store().remove(object_path(pk, LIST))
    else:
        shutil.rmtree(washing_folder() / str(pk) / "list", ignore_errors=True)


def safe_name(name: str) -> str:
    """Make a file name of what somebody's computer calls a file: no folders, no odd characters, at most 120 bytes."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    kept = "".join(letter if letter.isalnum() or letter in "._- " else "_" for letter in last).strip(" .")
    stem, dot, ending = kept.rpartition(".")
    if not dot or len(ending) > 8:
        stem, dot, ending = kept, "", ""
    room = _MOST_NAME_BYTES - len((dot + ending).encode())
    short = stem.encode()[:room].decode(errors="ignore").strip(" .")
    return f"{short or 'list'}{dot}{ending}"


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder
