"""When a number of a log was last held against the register before it was called.

What counts is what the platform itself saw: washes whose set of numbers holds it, and lists of its area that were fetched,
by who called or by whom it called for. Days on which the register was fetched elsewhere can be stated; they count for all
numbers. Sets of washes are destroyed after a published period, so for old calls it may not be known.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
from django.db.models import Max, Q

from quietline.web.compliance.asked_keys import among_asked
from quietline.web.lists.models import ListDownload
from quietline.web.publishing.models import WashSet
from quietline.web.publishing.small_washes import opened_keys

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from quietline.web.accounts.models import Organisation

__all__ = ["NOT_CHECKED", "NOT_KNOWN", "CheckedNumbers"]

NOT_CHECKED, NOT_KNOWN = -1, -2
"""Instead of a day: the number was not held against the register; it is not known whether it was."""
_LOOK_BACK = timedelta(days=400)
"""No law lets anybody rely on what is older."""
_DAY_MINUTES = 24 * 60
_SETS_TOGETHER = 64
_SHIFT, _LAST_MINUTE = np.uint64(32), (1 << 32) - 1


class CheckedNumbers:
    """For each number the moments at which it was held against the register.

    Args:
        caller: who called.
        client: on whose behalf; the same where it called for itself.
        keys: uint64, ascending, each once: the numbers of the log.
        first_at: of the first call.
        last_at: of the last.
        elsewhere: days on which the register was fetched elsewhere.
    """

    def __init__(
        self, caller: Organisation, client: Organisation, keys: NDArray[np.uint64], *, first_at: datetime, last_at: datetime,
        elsewhere: Sequence[date] = (),
    ) -> None:  # fmt: skip
        self._keys = keys
        self._codes = np.zeros(0, np.uint64)
        self._waiting: list[NDArray[np.uint64]] = []
        self._elsewhere = np.array(
            sorted(_minute(datetime(day.year, day.month, day.day, tzinfo=UTC)) for day in elsewhere), np.int64
        )
        own = Q(organisation__in=(caller, client), client="" if caller.pk == client.pk else client.code)
        sets = WashSet.objects.filter(own | Q(organisation=client, client=""))
        forgotten = sets.filter(data_key__wrapped__isnull=True).aggregate(last=Max("at"))["last"]
        self._forgotten = -1 if forgotten is None else _minute(forgotten)
        during = sets.filter(at__gte=first_at - _LOOK_BACK, at__lte=last_at, data_key__wrapped__isnull=False)
        for row in during.select_related("data_key").order_by("at").iterator():
            self._add(self._asked(row), row.at)
        fetched = ListDownload.objects.filter(
            client=client, file__organisation__in=(caller, client), at__gte=first_at - _LOOK_BACK, at__lte=last_at
        )
        for area, at in fetched.order_by("at").values_list("file__area", "at"):
            self._add(_in_area(keys, area), at)
        self._gather()

    def last_before(self, places: NDArray[np.int64], minutes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Give the day on which numbers were last held against the register before some moments.

        Args:
            places: int64, shape (calls,): which number each call went to.
            minutes: int64, the same shape: moments of the calls in minutes since 1970.

        Returns:
            int64, the same shape: days since 1970, :data:`NOT_CHECKED` or :data:`NOT_KNOWN`.
        """
        minutes = np.clip(minutes, 0, _LAST_MINUTE)
        found = np.full(len(places), -1, np.int64)
        if len(self._codes):
            wanted = places.astype(np.uint64) << _SHIFT | minutes.astype(np.uint64)
            at = np.searchsorted(self._codes, wanted, "right") - 1
            codes = self._codes[np.maximum(at, 0)]
            mine = (at >= 0) & (codes >> _SHIFT == places.astype(np.uint64))
            found[mine] = (codes[mine] & np.uint64(0xFFFF_FFFF)).astype(np.int64)
        if len(self._elsewhere):
            at = np.searchsorted(self._elsewhere, minutes, "right") - 1
            found = np.maximum(found, np.where(at >= 0, self._elsewhere[np.maximum(at, 0)], -1))
        days = np.where(found >= 0, found // _DAY_MINUTES, NOT_CHECKED)
        # what was destroyed is older than all that is left, so it matters only where nothing is left
        since = minutes - self._forgotten
        unknown = (found < 0) & (self._forgotten >= 0) & (since < int(_LOOK_BACK.total_seconds()) // 60)
        return np.where(unknown, NOT_KNOWN, days)

    def _asked(self, row: WashSet) -> NDArray[np.bool_]:
        """Say which of the numbers a wash asked about."""
        if row.sealed is not None and row.data_key is not None:
            return np.isin(self._keys, opened_keys(row, row.data_key), assume_unique=True)
        return among_asked(row, self._keys)

    def _add(self, asked: NDArray[np.bool_], at: datetime) -> None:
        places = np.flatnonzero(asked).astype(np.uint64)
        self._waiting.append(places << _SHIFT | np.uint64(_minute(at)))
        if len(self._waiting) >= _SETS_TOGETHER:
            self._gather()

    def _gather(self) -> None:
        """Put together what was found, of each number and day only the first moment."""
        codes = np.unique(np.concatenate([self._codes, *self._waiting]))
        self._waiting = []
        days = codes >> _SHIFT << _SHIFT | (codes & np.uint64(0xFFFF_FFFF)) // np.uint64(_DAY_MINUTES)
        first = np.ones(len(codes), np.bool_)
        first[1:] = days[1:] != days[:-1]
        self._codes = codes[first]


def _minute(at: datetime) -> int:
    return int(at.timestamp()) // 60


def _in_area(keys: NDArray[np.uint64], area: str) -> NDArray[np.bool_]:
    """Say which numbers begin with the digits of an area."""
    digits = np.char.str_len(keys.astype("U20"))
    rest = np.maximum(digits - len(area), 0).astype(np.uint64)
    found: NDArray[np.bool_] = (digits >= len(area)) & (keys // np.uint64(10) ** rest == np.uint64(area))
    return found
