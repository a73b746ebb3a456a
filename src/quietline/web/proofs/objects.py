"""Where the public log lies, and the public key that it is checked with. Nothing here can sign."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from quietline.ledger.objects import FolderStore
from quietline.ledger.reading import LogReader
from quietline.ledger.signing import PublicKey, load_public_key, public_path

__all__ = ["ledger_origin", "ledger_store", "objects_folder", "public_key", "public_log"]


def objects_folder() -> Path:
    """Give the folder of all published objects."""
    return Path(settings.ENVIRONMENT.objects or settings.ENVIRONMENT.home / "objects")


def ledger_store() -> FolderStore:
    """Give the store of the public log."""
    return FolderStore(objects_folder() / "ledger")


def ledger_origin() -> str:
    """Name the public log."""
    return f"{settings.ENVIRONMENT.name}/ledger"


def public_key() -> PublicKey:
    """Give the key that the installation's signatures are checked with.

    Raises:
        KeyFileError: there is none beside the signing key.
    """
    return load_public_key(
        public_path(Path(settings.ENVIRONMENT.signing_key or settings.ENVIRONMENT.home / "keys" / "signing.pem"))
    )


def public_log() -> LogReader:
    """Give the public log of this installation."""
    return LogReader(ledger_store(), origin=ledger_origin(), trusted=[public_key()])
