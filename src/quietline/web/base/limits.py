"""Limits on how often something may be done.

Each limit counts in windows of fixed length in one table; what is counted (a number, an address, a network) is stored as
a keyed hash only. Counting is one statement for all limits of a request, committed by itself: an attempt counts even
where the request fails later.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from django.db import connection

from quietline.errors import TooManyError
from quietline.web.base.statements import run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

__all__ = ["Limit", "count", "forget_windows"]


@dataclass(frozen=True, slots=True)
class Limit:
    """How often one thing may happen within a window.

    Attributes:
        name: what is counted, ``code-number`` say; stable, part of the stored hash.
        most: times allowed within the window.
        seconds: length of the window.
    """

    name: str
    most: int
    seconds: int

    def window(self, at: datetime) -> int:
        """Give the number of the window that a moment lies in."""
        return int(at.timestamp()) // self.seconds

    def ends_in(self, at: datetime) -> int:
        """Give the seconds until the window of a moment ends."""
        return self.seconds - int(at.timestamp()) % self.seconds


_COUNT = """
INSERT INTO base_tally (bucket, window_number, ends_at, count) VALUES {rows}
ON CONFLICT (bucket, window_number) DO UPDATE SET count = base_tally.count + 1
RETURNING bucket, count
"""


def count(limited: Sequence[tuple[Limit, bytes]], *, at: datetime) -> list[int]:
    """Count one attempt against each limit.

    Args:
        limited: limits, and the keyed hash (16 bytes) of what each counts.
        at: now.

    Returns:
        How often each was tried within its window, this time included, in the order of the limits.

    Raises:
        TooManyError: one of them is exceeded; nothing says which one, but how long to wait.
    """
    # always in the same order, so that two requests that share buckets never wait for each other in a circle
    named = [(limit.name.encode() + b":" + hashed, limit) for limit, hashed in limited]
    buckets = sorted(named)
    values: dict[str, Any] = {}
    for i, (bucket, limit) in enumerate(buckets):
        values |= {f"b{i}": bucket, f"w{i}": limit.window(at), f"e{i}": at + timedelta(seconds=limit.ends_in(at))}
    counted = dict(run(_COUNT.format(rows=_rows(len(buckets))), values))
    waits = [limit.ends_in(at) for bucket, limit in buckets if counted[bucket] > limit.most]
    if waits:
        raise TooManyError(
            "This was tried too often.",
            retry_seconds=max(waits),
            advice="Wait a while and try again.",
            code="limit.exceeded",
        )
    return [counted[bucket] for bucket, _limit in named]


@cache
def _rows(count: int) -> str:
    return ", ".join(f"(%(b{i})s, %(w{i})s, %(e{i})s, 1)" for i in range(count))


def forget_windows(*, at: datetime) -> int:
    """Delete the counts of windows that are over; give how many."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM base_tally WHERE ends_at < %s", [at])
        return int(cursor.rowcount)
