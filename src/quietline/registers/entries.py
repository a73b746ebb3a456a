"""Columns of entries, and what several statements about one number come to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from quietline.registers.days import NEVER, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Columns", "Entries", "history_of", "joined", "snapshot_of", "sorted_entries"]


class Columns(NamedTuple):
    """Entries with every column present; see :class:`Entries`."""

    keys: NDArray[np.uint64]
    since: NDArray[np.uint16]
    until: NDArray[np.uint16]
    terms: NDArray[np.uint16]

    def take(self, which: NDArray[np.intp] | NDArray[np.bool_]) -> Columns:
        """Select rows."""
        return Columns(self.keys[which], self.since[which], self.until[which], self.terms[which])


@dataclass(frozen=True, slots=True)
class Entries:
    """Entries as columns of the same length; a column that is None holds its neutral value throughout.

    Attributes:
        keys: uint64, the numbers.
        since: uint16, days since 1970-01-01; neutral 0, unknown.
        until: uint16, first day on which the number no longer stands; neutral 65535, no end.
        terms: uint16, index into the register's table of terms; neutral 0, none.
    """

    keys: NDArray[np.uint64]
    since: NDArray[np.uint16] | None = None
    until: NDArray[np.uint16] | None = None
    terms: NDArray[np.uint16] | None = None

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def plain(self) -> bool:
        """Whether there are numbers only, no days and no terms."""
        return self.since is None and self.until is None and self.terms is None

    def take(self, which: NDArray[np.intp] | NDArray[np.bool_] | slice) -> Entries:
        """Select rows."""
        return Entries(
            self.keys[which],
            None if self.since is None else self.since[which],
            None if self.until is None else self.until[which],
            None if self.terms is None else self.terms[which],
        )

    def full(self) -> Columns:
        """Give the same entries with every column present."""
        n = len(self)
        return Columns(
            self.keys,
            np.full(n, UNKNOWN, np.uint16) if self.since is None else self.since,
            np.full(n, NEVER, np.uint16) if self.until is None else self.until,
            np.zeros(n, np.uint16) if self.terms is None else self.terms,
        )


def joined(parts: Sequence[Entries]) -> Entries:
    """Put entries one behind the other."""
    if len(parts) == 1:
        return parts[0]
    if all(part.plain for part in parts):
        keys = [part.keys for part in parts] or [np.empty(0, np.uint64)]
        return Entries(np.concatenate(keys))
    return Entries(*(np.concatenate(column) for column in zip(*(part.full() for part in parts), strict=True)))


def sorted_entries(entries: Entries) -> Entries:
    """Sort by number, then by since, keeping the given order among equals."""
    if entries.plain:
        keys = entries.keys
        return entries if bool((keys[1:] >= keys[:-1]).all()) else Entries(np.sort(keys))
    if entries.since is None:
        order = np.argsort(entries.keys, kind="stable")
    else:
        order = np.lexsort((entries.since, entries.keys))
    return entries.take(order)


def snapshot_of(entries: Entries, day: int, *, latest: bool = False) -> tuple[Entries, int]:
    """Say who stands in the register on a day.

    Entries that have ended by that day or begin after it are left out. Of several entries of one number the earliest
    known since-day counts and the last end; an entry without terms covers everything and so wins, otherwise the terms
    of the latest one count.

    Args:
        entries: sorted by number, then since.
        day: days since 1970-01-01.
        latest: of several entries the latest since-day counts: of purchases, say, where the last one matters.

    Returns:
        Entries with each number once, and how many numbers' entries were left out because they do not stand that day.
    """
    absent = 0
    if entries.since is not None or entries.until is not None:
        whole = entries.full()
        stands = (whole.since <= day) & (whole.until > day)
        absent = len(entries) - int(np.count_nonzero(stands))
        if absent:
            entries = entries.take(stands)
    keys = entries.keys
    if len(keys) == 0:
        return entries, absent
    first = np.empty(len(keys), dtype=np.bool_)
    first[0] = True
    np.not_equal(keys[1:], keys[:-1], out=first[1:])
    if first.all():
        return entries, absent
    if entries.plain:
        return Entries(keys[first]), absent
    return _one_each(entries, np.flatnonzero(first), latest=latest), absent


def _one_each(entries: Entries, begins: NDArray[np.intp], *, latest: bool) -> Entries:
    ends = np.append(begins[1:], len(entries)) - 1
    since = until = terms = None
    if entries.since is not None and latest:
        since = entries.since[ends]
    elif entries.since is not None:
        # unknown (0) minus one wraps round to the largest day, so that any known day is earlier
        since = np.minimum.reduceat(entries.since - np.uint16(1), begins) + np.uint16(1)
    if entries.until is not None:
        until = np.maximum.reduceat(entries.until, begins)
    if entries.terms is not None:
        everything = np.minimum.reduceat(entries.terms, begins) == 0
        terms = np.where(everything, np.uint16(0), entries.terms[ends])
    return Entries(entries.keys[begins], since, until, terms)


def history_of(entries: Entries, *, latest: bool = False) -> Entries:
    """Make each number's periods follow one another.

    A period that begins before an earlier one has ended ends that one; where both have the same terms they are one
    period. Of periods that begin on the same day the last one given counts. Empty periods are dropped.

    Args:
        entries: sorted by number, then since.
        latest: periods with the same terms are not put together: on each day the latest since-day by then counts.
    """
    whole = entries.full()
    whole = whole.take(whole.until > whole.since)
    keys, since, until, terms = whole
    clash = (keys[1:] == keys[:-1]) & (since[1:] < until[:-1])
    if not clash.any():
        return Entries(*whole)
    since, until, keep = since.copy(), until.copy(), np.ones(len(keys), dtype=np.bool_)
    awkward = np.isin(keys, np.unique(keys[1:][clash]))  # numbers with overlapping periods: few, so one by one
    last = -1
    for i in np.flatnonzero(awkward):
        if last >= 0 and keys[last] == keys[i] and since[i] < until[last]:
            if terms[last] == terms[i] and not latest:
                since[i] = since[last]
                until[i] = max(until[i], until[last])
                keep[last] = False
            elif since[last] == since[i]:
                keep[last] = False
            else:
                until[last] = since[i]
        last = int(i)
    return Entries(keys, since, until, terms).take(keep)
