"""Where published objects lie: the ledger's log, the feeds with their files, sealed sets of washes."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from quietline.ledger.signing import SigningKey, load_key
from quietline.web.proofs.objects import ledger_origin, ledger_store, objects_folder, objects_store, trusted_keys

if TYPE_CHECKING:
    from quietline.ledger.objects import FileStore

__all__ = [
    "feed_folder",
    "feed_origin",
    "feed_store",
    "ledger_origin",
    "ledger_store",
    "objects_folder",
    "signing_key",
    "trusted_keys",
    "wash_path",
    "wash_store",
]

_WASHES = "washes/"


def feed_folder(register: str, projection: str) -> Path:
    """Give the folder of one feed.

    Raises:
        SettingError: objects lie in a bucket.
    """
    return objects_folder() / "feeds" / register / projection


def feed_store(register: str, projection: str) -> FileStore:
    """Give the store of one feed and its files; not readable to other users of the machine, since it holds numbers."""
    return objects_store(f"feeds/{register}/{projection}")


def wash_store() -> FileStore:
    """Give the store of the sealed sets of washes."""
    return objects_store(_WASHES.rstrip("/"))


def wash_path(object_path: str) -> str:
    """Give the path in :func:`wash_store` of what a row calls ``washes/...``."""
    return object_path.removeprefix(_WASHES)


def feed_origin(register: str, projection: str) -> str:
    """Name the log of one feed."""
    return f"{settings.ENVIRONMENT.name}/feed/{register}/{projection}"


@cache
def signing_key() -> SigningKey:
    """Give the key that signs the log, feeds and files; only the sequencer needs it."""
    return load_key(Path(settings.ENVIRONMENT.signing_key or settings.ENVIRONMENT.home / "keys" / "signing.pem"))
