"""Local times to UTC and back, many at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from datetime import tzinfo

    from numpy.typing import NDArray

__all__ = ["LocalTimes", "WallClocks"]

_BLOCK = 900_000_000
"""A quarter of an hour in microseconds: the offsets of zones change on such marks, or the block is taken apart."""
_HOUR = 3_600_000_000
_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH = _EPOCH.replace(tzinfo=None)
_OK, _TWICE, _SKIPPED = 0, 1, 2  # as in times.TimeStatus


class LocalTimes:
    """Offsets of the local times of one zone; asks the zone once for every quarter of an hour.

    Args:
        zone: the zone.
    """

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._blocks: dict[int, int | None] = {}

    def offsets(self, micros: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
        """Give the offset from UTC of each local time.

        Args:
            micros: int64, shape (rows,); microseconds of the local clock since 1970.

        Returns:
            int64 microseconds east of UTC, and uint8: 0 plain, 1 this time was there twice (the first is taken), 2 it
            was not there (the offset before the gap is taken).
        """
        blocks, block_of = np.unique(micros // _BLOCK, return_inverse=True)
        known = [self._block(block) for block in blocks.tolist()]
        offsets = np.array([offset or 0 for offset in known], np.int64)[block_of]
        marks = np.zeros(len(micros), np.uint8)
        if None in known:
            mixed = np.array([offset is None for offset in known])[block_of]
            for i in np.flatnonzero(mixed).tolist():
                offsets[i], marks[i] = self._one(int(micros[i]))
        return offsets, marks

    def _block(self, block: int) -> int | None:
        """Give the offset that holds in a whole block; None where it changes within."""
        if block not in self._blocks:
            start, end = block * _BLOCK, (block + 1) * _BLOCK - 1
            found = {self._offset(at, fold) for at in (start, end) for fold in (0, 1)}
            self._blocks[block] = found.pop() if len(found) == 1 else None
        return self._blocks[block]

    def _one(self, micros: int) -> tuple[int, int]:
        before, after = self._offset(micros, 0), self._offset(micros, 1)
        if before == after:
            return before, _OK
        return before, _TWICE if before > after else _SKIPPED

    def _offset(self, micros: int, fold: int) -> int:
        local = (_NAIVE_EPOCH + timedelta(microseconds=micros)).replace(tzinfo=self._zone, fold=fold)
        return (local.utcoffset() or timedelta(0)) // _MICROSECOND


class WallClocks:
    """What the clocks of zones show; asks each zone once for every hour."""

    def __init__(self) -> None:
        self._hours: dict[tzinfo, dict[int, int | None]] = {}

    def local(self, micros: NDArray[np.int64], zone: tzinfo) -> NDArray[np.int64]:
        """Give what the clock of a zone shows.

        Args:
            micros: int64, shape (rows,); microseconds of UTC since 1970.
            zone: the zone.

        Returns:
            int64, shape (rows,); microseconds of the local clock since 1970.
        """
        known = self._hours.setdefault(zone, {})
        hours, hour_of = np.unique(micros // _HOUR, return_inverse=True)
        offsets = [self._hour(known, hour, zone) for hour in hours.tolist()]
        local = micros + np.array([offset or 0 for offset in offsets], np.int64)[hour_of]
        if None in offsets:
            mixed = np.array([offset is None for offset in offsets])[hour_of]
            for i in np.flatnonzero(mixed).tolist():
                local[i] = micros[i] + _offset_at(int(micros[i]), zone)
        return local

    @staticmethod
    def _hour(known: dict[int, int | None], hour: int, zone: tzinfo) -> int | None:
        """Give the offset that holds in a whole hour; None where it changes within."""
        if hour not in known:
            first, last = (_offset_at(at, zone) for at in (hour * _HOUR, (hour + 1) * _HOUR - 1))
            known[hour] = first if first == last else None
        return known[hour]


def _offset_at(micros: int, zone: tzinfo) -> int:
    moment = (_EPOCH + timedelta(microseconds=micros)).astimezone(zone)
    return (moment.utcoffset() or timedelta(0)) // _MICROSECOND
