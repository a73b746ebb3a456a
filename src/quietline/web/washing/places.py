"""Where lists, work and results lie: one folder for each wash, readable by the platform's own user only."""

from __future__ import annotations

import shutil
import unicodedata
from typing import TYPE_CHECKING

from quietline.web.publishing.objects import objects_folder

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

__all__ = ["PARTS", "forget_folder", "incoming_folder", "list_path", "part_path", "safe_name", "wash_folder"]

PARTS = ("clean", "removed", "summary", "receipt", "proofs")
"""The results of a wash: rows that may be called; the others with reasons; counts; the receipt; its private half."""
_MOST_NAME_BYTES = 120


def incoming_folder() -> Path:
    """Give the folder in which uploads arrive, on the same disk as everything else of this room."""
    return _made(objects_folder() / "washing" / "incoming")


def wash_folder(pk: UUID) -> Path:
    """Give the folder of a wash; made where it is not there."""
    return _made(objects_folder() / "washing" / str(pk))


def list_path(pk: UUID, name: str) -> Path:
    """Name the file of a list that waits."""
    return _made(wash_folder(pk) / "list") / (name or "list")


def part_path(pk: UUID, part: str) -> Path:
    """Name the sealed file of a result, one of :data:`PARTS`."""
    return wash_folder(pk) / f"{part}.sealed"


def forget_folder(pk: UUID) -> None:
    """Delete a wash's folder with everything in it."""
    shutil.rmtree(objects_folder() / "washing" / str(pk), ignore_errors=True)


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
