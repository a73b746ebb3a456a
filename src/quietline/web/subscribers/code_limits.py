"""How many codes are sent: few enough that nobody is pestered, and so that no stranger can use up somebody else's.

What asks on the web can be anybody. So a number's codes are counted for each network that asks (:data:`CODE_LIMITS`), and
all networks together have a ceiling, of which the first codes of each network are a part of their own: who asks again and
again from one place, or from a few, leaves the holder's first ones alone. A request that is refused counts for its own
network only. What comes from the line itself, a text or a call, is counted apart
(:mod:`quietline.web.subscribers.text_dealings`): what is asked for on the web cannot use it up.
"""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from quietline.errors import TooManyError
from quietline.web.base.clients import network_of
from quietline.web.base.limits import Limit
from quietline.web.base.statements import run
from quietline.web.keeping.rings import key_ring

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

__all__ = ["CODE_LIMITS", "count_codes"]

CODE_LIMITS = (Limit("code-line-hour", 3, 3_600), Limit("code-line-day", 6, 86_400))
"""Codes that one number gets when they are asked for from one network."""
FIRST = 2
"""Codes of a network for a number that count as its first: list it, then prove the line to see everything."""
_FIRSTS = Limit("code-number-first", 8, 86_400)
_MORE = Limit("code-number-more", 4, 86_400)
# a household, an office or a whole mobile network may stand behind one address
_PER_ADDRESS = Limit("code-address", 60, 3_600)
_PER_NETWORK = Limit("code-network", 600, 3_600)

# the ceiling of a number counts only what its network's own limits let through, so both are one statement
_COUNT = """
WITH own AS (
    INSERT INTO base_tally (bucket, window_number, ends_at, count) VALUES {own}
    ON CONFLICT (bucket, window_number) DO UPDATE SET count = base_tally.count + EXCLUDED.count
    RETURNING bucket, count
), allowed (bucket, most) AS (
    VALUES {allowed}
), number (own, first, more) AS (
    VALUES {number}
), whole AS (
    INSERT INTO base_tally (bucket, window_number, ends_at, count)
    SELECT CASE WHEN own.count <= {first} THEN number.first ELSE number.more END,
        %(day)s::bigint, %(day_ends)s::timestamptz, 1
    FROM number JOIN own ON own.bucket = number.own
    WHERE NOT EXISTS (SELECT FROM own JOIN allowed USING (bucket) WHERE own.count > allowed.most)
    ORDER BY 1
    ON CONFLICT (bucket, window_number) DO UPDATE SET count = base_tally.count + 1
    RETURNING bucket, count
)
SELECT bucket, count FROM own UNION ALL SELECT bucket, count FROM whole
"""


def count_codes(*, keys: Sequence[int], client: str, at: datetime) -> None:
    """Count one code for each number, asked for on the web.

    Args:
        keys: of the numbers, none twice.
        client: address of who asks; it, and its network, count as many codes as there are numbers.
        at: now.

    Raises:
        TooManyError: a limit of a number, of the address or of its network is exceeded; how long to wait, not which one.
    """
    ring, network = key_ring(), network_of(client).encode()
    times = len(keys)
    own = [
        (_bucket(_PER_ADDRESS, ring.keyed_hash("limit", client.encode())), _PER_ADDRESS, times),
        (_bucket(_PER_NETWORK, ring.keyed_hash("limit", network)), _PER_NETWORK, times),
    ]
    numbers = []
    for key in keys:
        raw = key.to_bytes(8, "big")
        here, whole = ring.keyed_hash("limit", raw + network), ring.keyed_hash("limit", raw)
        own += [(_bucket(limit, here), limit, 1) for limit in CODE_LIMITS]
        numbers.append((_bucket(CODE_LIMITS[-1], here), _bucket(_FIRSTS, whole), _bucket(_MORE, whole)))
    own.sort(key=lambda each: each[0])  # in one order, so that no two requests wait for each other in a circle
    limits = {bucket: limit for bucket, limit, _times in own}
    limits |= {first: _FIRSTS for _own, first, _more in numbers} | {more: _MORE for _own, _first, more in numbers}
    values: dict[str, Any] = {"day": _FIRSTS.window(at), "day_ends": at + timedelta(seconds=_FIRSTS.ends_in(at))}
    for i, (bucket, limit, count) in enumerate(own):
        ends = at + timedelta(seconds=limit.ends_in(at))
        values |= {f"b{i}": bucket, f"w{i}": limit.window(at), f"e{i}": ends, f"c{i}": count, f"m{i}": limit.most}
    for i, (bucket, first, more) in enumerate(numbers):
        values |= {f"o{i}": bucket, f"f{i}": first, f"n{i}": more}
    counted = run(_statement(len(own), len(numbers)), values)
    waits = [limits[bytes(bucket)].ends_in(at) for bucket, count in counted if count > limits[bytes(bucket)].most]
    if waits:
        raise TooManyError(
            "This was tried too often.", retry_seconds=max(waits), advice="Wait a while and try again.",
            code="limit.exceeded",
        )  # fmt: skip


def _bucket(limit: Limit, hashed: bytes) -> bytes:
    return limit.name.encode() + b":" + hashed


@cache
def _statement(own: int, numbers: int) -> str:
    return _COUNT.format(
        own=", ".join(f"(%(b{i})s, %(w{i})s, %(e{i})s, %(c{i})s)" for i in range(own)),
        allowed=", ".join(f"(%(b{i})s::bytea, %(m{i})s::bigint)" for i in range(own)),
        number=", ".join(f"(%(o{i})s::bytea, %(f{i})s::bytea, %(n{i})s::bytea)" for i in range(numbers)),
        first=FIRST,
    )
