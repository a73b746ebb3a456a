"""What a feed, and a copy of it, is called.

The log of a feed is named ``<installation>/feed/<register>/<projection>``, such as ``register.example/feed/dnc/all``. A
projection is the part of a register that a feed tells of: ``all``, the numbers of an area, what concerns one seller.
"""

from __future__ import annotations

import re

from quietline.errors import FeedError

__all__ = ["copy_name", "feed_origin"]

_PART = r"[A-Za-z0-9][A-Za-z0-9_.:-]*"
_ORIGIN = re.compile(rf"{_PART}(?:/{_PART})*/feed/({_PART})/({_PART})", re.ASCII)


def feed_origin(installation: str, register: str, projection: str) -> str:
    """Name the log of a feed.

    Args:
        installation: host name of the platform, such as ``register.example``.
        register: short name of the register.
        projection: ``all``, ``area-1212``, ``seller:17``.

    Raises:
        FeedError: with code ``feed.name`` unless each begins with a letter or digit and has only these and ``_.:-``.
    """
    origin = f"{installation}/feed/{register}/{projection}"
    copy_name(origin)
    return origin


def copy_name(origin: str) -> str:
    """Name the copy of a feed, as part of a file's name: ``dnc``, or ``dnc-area-1212`` for a projection.

    Raises:
        FeedError: with code ``feed.name`` when the log is not one of a feed.
    """
    found = _ORIGIN.fullmatch(origin)
    if found is None or len(origin) > 200:
        raise FeedError(
            f"{origin[:200]!r} is not the name of a feed.",
            code="feed.name",
            advice="Feeds are named INSTALLATION/feed/REGISTER/PROJECTION; look whether the source is one.",
        )
    register, projection = found.groups()
    name = register if projection == "all" else f"{register}-{projection}"
    return name.replace(":", "-")
