"""Lists of numbers as they are handed in, and what comes back: what tests of this room share beside fixtures."""

from __future__ import annotations

import time
from datetime import date

from web.washing.callers import AT

LISTED = (12125550100, 12125550103, 12125550107)
LONG_AGO = date(2020, 1, 1)
GIVEN = {
    "country": "US", "purpose": "sales", "channel": "live_voice", "callee_class": "residential", "caller_id": "shown",
    "day": "2026-11-24", "time": "15:00",
}  # fmt: skip


def people(*numbers, header=True):
    rows = [f"Customer {place},{number}" for place, number in enumerate(numbers)]
    return "\n".join([*(["name,phone"] if header else []), *rows, ""]).encode()


def ten():
    return people(*(f"212-555-01{place:02}" for place in range(10)), "12", "not a number")


def hand_in(organisation, content, *, name="spring.csv", by=None, **given):
    from quietline.web.washing.lists import start_wash
    from quietline.web.washing.places import incoming_folder
    from quietline.web.washing.wanted import read_wanted

    path = incoming_folder() / f"{time.monotonic_ns()}.part"
    path.write_bytes(content)
    try:
        return start_wash(
            organisation=organisation, path=path, name=name, wanted=read_wanted(GIVEN | given, today=AT.date()), way="page",
            by=by, language="en", at=AT,
        )  # fmt: skip
    finally:
        assert not path.exists(), "what was handed in is taken or gone"


def turn(*, at=AT):
    from quietline.web.washing.working import run_due_washes

    return run_due_washes(at=at)


def result(wash, part):
    from quietline.web.washing.results import open_result

    return b"".join(open_result(wash, part))


def many(count):
    """A long list of plausible numbers, spread thin."""
    step = 7_001
    return b"phone\n" + b"".join(b"+1%d\n" % (2_012_000_000 + place * step % 6_999_999_983) for place in range(count))
