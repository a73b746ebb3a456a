"""The key ring of this installation, read once per process."""

from __future__ import annotations

from functools import cache

from django.conf import settings

from quietline.vault import KeyRing

__all__ = ["key_ring"]


@cache
def key_ring() -> KeyRing:
    """Give the ring: from ``QUIETLINE_KEY_RING``, else from the file ``keys/ring`` in the home folder.

    Raises:
        VaultError: there is none, or it cannot be read or is open to others.
    """
    text = settings.ENVIRONMENT.key_ring
    return KeyRing.from_text(text) if text else KeyRing.load(settings.ENVIRONMENT.home / "keys" / "ring")
