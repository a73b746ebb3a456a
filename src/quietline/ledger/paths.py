"""Where each object of a log lies: arithmetic on paths, and nothing else.

A log of *n* entries is kept as bundles of 256 entries and tiles of 256 hashes. Tile *i* of level 0 holds the leaf
hashes of bundle *i*; a hash of level *l* + 1 stands for one full tile of level *l*. The last bundle and the last tile
of each level may be narrower (*partial*) and then carry their width in the path.

Source: C2SP tlog-tiles (https://c2sp.org/tlog-tiles), section APIs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = [
    "CHECKPOINT",
    "ENTRIES",
    "MAX_LEVEL",
    "TILE_WIDTH",
    "ObjectName",
    "bundle_path",
    "object_path",
    "parse_path",
    "tile_path",
    "width_at",
]

CHECKPOINT = "checkpoint"
"""Path of the one object that changes."""
TILE_WIDTH = 256
"""Entries of a full bundle, hashes of a full tile."""
MAX_LEVEL = 63
ENTRIES = -1
"""The level of :class:`ObjectName` that stands for bundles of entries."""

_PATH = re.compile(r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class ObjectName:
    """What a path says.

    Attributes:
        level: of the hash tile, from 0 to 63, or :data:`ENTRIES` for a bundle of entries.
        index: of the tile or bundle in its level, counted from 0.
        width: number of hashes or entries, from 1 to 256.
    """

    level: int
    index: int
    width: int


def tile_path(level: int, index: int, width: int = TILE_WIDTH) -> str:
    """Give the path of a hash tile.

    Args:
        level: from 0 (leaf hashes) to 63.
        index: of the tile in its level, counted from 0.
        width: number of hashes, from 1 to 256.

    Raises:
        ValueError: when one of them is outside its range.
    """
    if not 0 <= level <= MAX_LEVEL:
        raise ValueError(f"the level of a tile is 0 to {MAX_LEVEL}, not {level}")
    return f"tile/{level}/{_place(index, width)}"


def bundle_path(index: int, width: int = TILE_WIDTH) -> str:
    """Give the path of a bundle of entries.

    Args:
        index: of the bundle, counted from 0.
        width: number of entries, from 1 to 256.

    Raises:
        ValueError: when one of them is outside its range.
    """
    return f"tile/entries/{_place(index, width)}"


def object_path(name: ObjectName) -> str:
    """Give the path of a tile or bundle by its name.

    Raises:
        ValueError: when part of the name is outside its range.
    """
    if name.level == ENTRIES:
        return bundle_path(name.index, name.width)
    return tile_path(name.level, name.index, name.width)


def parse_path(path: str) -> ObjectName | None:
    """Read a path back; None where it is not exactly the path of a tile or bundle."""
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    kind, place, width = match.groups()
    level = ENTRIES if kind == "entries" else int(kind)
    name = ObjectName(level, int(place.replace("/", "").replace("x", "")), int(width or TILE_WIDTH))
    if level > MAX_LEVEL or name.width > TILE_WIDTH or object_path(name) != path:
        return None
    return name


def width_at(level: int, index: int, size: int) -> int:
    """Say how wide a tile or bundle is in a log of ``size`` entries; 0 where the log does not reach it.

    Args:
        level: as in :class:`ObjectName`.
        index: of the tile or bundle, counted from 0.
        size: number of entries.
    """
    hashes = size >> (8 * max(level, 0))
    return max(0, min(TILE_WIDTH, hashes - index * TILE_WIDTH))


def _place(index: int, width: int) -> str:
    if index < 0 or not 1 <= width <= TILE_WIDTH:
        raise ValueError(f"an index is not negative and a width is 1 to {TILE_WIDTH}, not {index} and {width}")
    parts = [f"{index % 1000:03}"]
    while index := index // 1000:
        parts.append(f"x{index % 1000:03}")
    place = "/".join(reversed(parts))
    return place if width == TILE_WIDTH else f"{place}.p/{width}"
