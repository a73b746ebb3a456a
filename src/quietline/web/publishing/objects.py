"""Where published objects lie: the ledger's log, the feeds with their files, sealed sets of washes."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from django.conf import settings

from quietline.ledger.objects import FolderStore
from quietline.ledger.signing import SigningKey, load_key
from quietline.web.proofs.objects import ledger_origin, ledger_store, objects_folder

__all__ = ["feed_folder", "feed_origin", "feed_store", "ledger_origin", "ledger_store", "objects_folder", "signing_key"]


def feed_folder(register: str, projection: str) -> Path:
    """Give the folder of one feed."""
    return objects_folder() / "feeds" / register / projection


def feed_store(register: str, projection: str) -> FolderStore:
    """Give the store of one feed; not readable to other users of the machine, since it holds numbers."""
    return FolderStore(feed_folder(register, projection), mode=0o600)


def feed_origin(register: str, projection: str) -> str:
    """Name the log of one feed."""
    return f"{settings.ENVIRONMENT.name}/feed/{register}/{projection}"


@cache
def signing_key() -> SigningKey:
    """Give the key that signs the log, feeds and files; only the sequencer needs it."""
    return load_key(Path(settings.ENVIRONMENT.signing_key or settings.ENVIRONMENT.home / "keys" / "signing.pem"))
