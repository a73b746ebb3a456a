"""The key that signs receipts of washes: of its own, so that the ledger's never leaves the sequencer."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from django.conf import settings

from quietline.errors import KeyFileError
from quietline.ledger.signing import SigningKey, create_key, load_key, public_path

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

__all__ = ["wash_key", "wash_public_key_text"]


def _path() -> Path:
    home: Path = settings.ENVIRONMENT.home
    return home / "keys" / "washes.pem"


def wash_key(*, at: datetime) -> SigningKey:
    """Give the key; made by who comes first, where there is none yet.

    Raises:
        KeyFileError: it cannot be read.
    """
    path = _path()
    if not path.exists():
        try:
            create_key(path, holder=settings.ENVIRONMENT.name, at=at)
        except KeyFileError as error:
            if error.code != "key.exists":
                raise
    return _loaded(path)


@lru_cache(maxsize=4)
def _loaded(path: Path) -> SigningKey:
    return load_key(path)


def wash_public_key_text() -> str:
    """Give the public half, with which anybody checks a receipt; empty while nothing was signed yet."""
    path = public_path(_path())
    return path.read_text() if path.exists() else ""
