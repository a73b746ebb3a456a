"""How much an organisation may ask, and what becomes of who asks for the register itself.

A year's quota is in distinct numbers, and keeping the numbers that somebody asked about would be a register of its own, of
other people's customers. So they are counted by a sketch (:mod:`.sketches`): 8 kB for each client and year, from which no
number can be read. Its standard error is 1.15 %; a quota is over at three of these above what was paid, so that nobody is
refused below it.

Dense and sequential asks (:mod:`.probing`) are slowed: each number of a dense block or a sequence costs a second, at least a
minute and at most a week, before anything is answered again; the same ask is answered then. Each such event is told to the
authority, which can lift it.

An ask reads the row of the client and the row of who asks, and writes them where nobody else wrote them meanwhile, else it
begins again: two statements, and no row is locked while the numbers are counted. Counting twice changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from quietline.errors import ConflictError, TooManyError
from quietline.web.base.statements import run
from quietline.web.keeping.rings import key_ring
from quietline.web.proofs.operations import write_leaves
from quietline.web.publishing.areas import area_of
from quietline.web.subscriptions.models import Subscription
from quietline.web.subscriptions.queries import list_size
from quietline.web.washing import sketches
from quietline.web.washing.models import AskedBlocks, AskedNumbers, ProbingAlert
from quietline.web.washing.probing import LONGEST_SEQUENCE, Stretch, Watch, longest_stretch, watch_blocks

if TYPE_CHECKING:
    from datetime import date, datetime

    from numpy.typing import NDArray

    from quietline.web.accounts.models import Organisation, Person

__all__ = ["TOLERANCE", "Quota", "forget_watched", "generation_at", "lift", "quota_of", "spend"]

TOLERANCE = 3 * sketches.STANDARD_ERROR
"""How far above the quota the count may stand before it is taken for over."""
_GENERATION = timedelta(days=7)
_SHORTEST, _LONGEST = 60, 7 * 86_400
_LIFTED_FOR = timedelta(days=90)
_FRESH = timedelta(seconds=60)
_ATTEMPTS = 100
_READ = """
SELECT n.id, n.version, n.from_date, n.sketch, n.allowed, n.allowed_at,
       b.id, b.version, b.generation, b.current, b.previous, b.follows, b.precedes, b.sequence_length, b.passed,
       b.slowed_until, b.unwatched_until
FROM washing_askednumbers n, washing_askedblocks b
WHERE n.client_id = %(client)s AND b.organisation_id = %(organisation)s AND n.from_date = coalesce(
  (SELECT min(from_date) FROM subscriptions_subscription
   WHERE organisation_id = %(client)s AND from_date <= %(on)s AND until_date > %(on)s
     AND (ended_date IS NULL OR ended_date > %(on)s)), %(new_year)s)
"""
# what a crash of the database takes back is at most the count of some calls, so nobody waits for its disk
_WRITE = """
WITH quick AS (SELECT set_config('synchronous_commit', 'off', true)),
n AS (
  UPDATE washing_askednumbers SET version = version + 1, sketch = %(sketch)s, numbers_count = %(count)s,
    allowed = %(allowed)s, allowed_at = %(allowed_at)s
  WHERE id = %(numbers)s AND version = %(numbers_version)s RETURNING 1
),
b AS (
  UPDATE washing_askedblocks SET version = version + 1, generation = %(generation)s,
    current = coalesce(%(current)s, current), previous = coalesce(%(previous)s, previous), follows = %(follows)s,
    precedes = %(precedes)s, sequence_length = %(length)s, passed = %(passed)s, slowed_until = %(slowed_until)s
  WHERE id = %(blocks)s AND version = %(blocks_version)s AND EXISTS (SELECT 1 FROM n) RETURNING 1
)
SELECT (SELECT count(*) FROM b), quick.* FROM quick
"""


@dataclass(frozen=True, slots=True)
class Quota:
    """A client's quota of its subscription year.

    Attributes:
        from_date: first day of the year.
        allowed: distinct numbers it may ask.
        asked: about how many were asked.
    """

    from_date: date
    allowed: int
    asked: int


@dataclass(slots=True)
class _State:
    """The two rows, as read and as they will be written."""

    numbers: int
    numbers_version: int
    from_date: date
    sketch: NDArray[np.uint8]
    allowed: int
    allowed_at: datetime
    blocks: int
    blocks_version: int
    generation: int
    watch: Watch
    follows: int
    precedes: int
    length: int
    passed: int
    slowed_until: datetime | None
    unwatched_until: datetime | None
    count: int = 0
    rotated: bool = False
    watched: bool = False


def spend(organisation: Organisation, *, client: Organisation, keys: NDArray[np.uint64], at: datetime) -> None:
    """Count numbers that are asked, before they are answered.

    Commits by itself, so it is called outside of a transaction: what was refused has been asked all the same.

    Args:
        organisation: who asks.
        client: on whose behalf; the same where it asks for itself.
        keys: uint64, of valid numbers only, in any order, repeats allowed. None at all costs nothing.
        at: now.

    Raises:
        TooManyError: ``quota.over``, the client's year has no room for them (none of them was counted), or
            ``probing.slowed``, with the seconds to wait.
        ConflictError: others kept writing at the same time, again and again.
    """
    keys = sketches.distinct(keys)
    if not len(keys):
        return
    for _attempt in range(_ATTEMPTS):
        state = _read(organisation, client, at=at)
        _check_slowed(state, at)
        _count(state, client, keys, at)
        alert = _watched(organisation, client, state, keys, at)
        if alert is None and _write(state):
            return
        if alert is not None and _write_with(alert, state, at):
            raise _slowed(alert.slowed_until, at)
    raise ConflictError(_("Too many washes of yours run at the same moment."), advice=_("Send it again."), code="quota.busy")


def generation_at(at: datetime) -> int:
    """Give the number of the week in which blocks are watched together."""
    return int(at.timestamp()) // int(_GENERATION.total_seconds())


def forget_watched(*, at: datetime) -> int:
    """Empty what was watched of organisations that have not asked for two generations; give how many."""
    old = AskedBlocks.objects.filter(generation__lt=generation_at(at) - 1).exclude(current=b"", previous=b"")
    return old.update(
        current=b"", previous=b"", follows=0, precedes=0, sequence_length=0, passed=0, version=F("version") + 1
    )


def quota_of(client: Organisation, *, at: datetime) -> Quota:
    """Give a client's quota, for its pages."""
    on = at.date()
    start = _year(client, on)
    asked = AskedNumbers.objects.filter(client=client, from_date=start).values_list("numbers_count", flat=True).first()
    return Quota(start, list_size(client, on=on), asked or 0)


def lift(*, alert: ProbingAlert, by: Person, reason: str, at: datetime) -> None:
    """Let an organisation ask on at once, and densely for 90 days: its own customers fill the blocks, say.

    Raises:
        ConflictError: it was lifted already.
    """
    with transaction.atomic():
        row = ProbingAlert.objects.select_for_update().get(pk=alert.pk)
        if row.lifted_at is not None:
            raise ConflictError(_("This was lifted already."), code="probing.lifted")
        row.lifted_at, row.lifted_by, row.reason = at, by, reason[:300]
        row.save(update_fields=["lifted_at", "lifted_by", "reason"])
        AskedBlocks.objects.filter(organisation=row.organisation).update(slowed_until=None, unwatched_until=at + _LIFTED_FOR)


# -- the two rows ------------------------------------------------------------------------------------------------------


def _read(organisation: Organisation, client: Organisation, *, at: datetime) -> _State:
    on = at.date()
    values: dict[str, Any] = {
        "client": client.pk,
        "organisation": organisation.pk,
        "on": on,
        "new_year": on.replace(month=1, day=1),
    }
    rows = run(_READ, values)
    if not rows:
        _found(organisation, client, at)
        rows = run(_READ, values)
    [row] = rows
    now = generation_at(at)
    sketch, generation, current, previous = np.frombuffer(row[3], np.uint8), row[8], bytes(row[9]), bytes(row[10])
    if generation != now:
        current, previous = b"", current if generation == now - 1 else b""
    watch = Watch.from_bytes(current, previous)
    values_read: list[Any] = [*row[:3], sketch, *row[4:8], now, watch, *row[11:]]
    state = _State(*values_read)
    state.rotated = generation != now
    return state


def _found(organisation: Organisation, client: Organisation, at: datetime) -> None:
    on = at.date()
    numbers = AskedNumbers(
        client=client, from_date=_year(client, on), sketch=sketches.empty().tobytes(), allowed=list_size(client, on=on),
        allowed_at=at,
    )  # fmt: skip
    AskedNumbers.objects.bulk_create([numbers], ignore_conflicts=True)
    AskedBlocks.objects.bulk_create([AskedBlocks(organisation=organisation, generation=0)], ignore_conflicts=True)


def _count(state: _State, client: Organisation, keys: NDArray[np.uint64], at: datetime) -> None:
    """Add numbers to the sketch; refuse them where the year has no room."""
    state.sketch = sketches.add(state.sketch, keys, _secrets("quota"))
    state.count = sketches.estimate(state.sketch)
    if state.count > state.allowed * (1 + TOLERANCE) or at - state.allowed_at > _FRESH:
        state.allowed, state.allowed_at = list_size(client, on=at.date()), at
        if state.count > state.allowed * (1 + TOLERANCE):
            raise _over(state, at)


def _write(state: _State) -> bool:
    """Write the rows where they are still what was read; say whether they were."""
    current, previous = state.watch.to_bytes()
    values: dict[str, Any] = {
        name: getattr(state, name)
        for name in (
            "numbers", "numbers_version", "count", "allowed", "allowed_at", "blocks", "blocks_version", "generation",
            "follows", "precedes", "length", "passed", "slowed_until",
        )
    }  # fmt: skip
    values |= {
        "sketch": state.sketch.tobytes(),
        "current": current if state.rotated or state.watched else None,
        "previous": previous if state.rotated else None,
    }
    [(written, *_)] = run(_WRITE, values)
    return bool(written)


def _write_with(alert: ProbingAlert, state: _State, at: datetime) -> bool:
    with transaction.atomic():
        if not _write(state):
            transaction.set_rollback(True)
            return False
        alert.save(force_insert=True)
        write_leaves("probing", [alert], at=at)
    return True


def _year(client: Organisation, on: date) -> date:
    """Give the first day of the client's subscription year: of its oldest subscription that runs, else of the calendar."""
    running = Subscription.objects.filter(
        Q(ended_date=None) | Q(ended_date__gt=on), organisation=client, from_date__lte=on, until_date__gt=on
    )
    return running.order_by("from_date").values_list("from_date", flat=True).first() or on.replace(month=1, day=1)


@cache
def _secrets(purpose: str) -> tuple[int, int]:
    secret = key_ring().keyed_hash("washing", purpose.encode(), 16)
    return int.from_bytes(secret[:8], "big"), int.from_bytes(secret[8:], "big")


# -- who asks for the register itself ------------------------------------------------------------------------------------


def _watched(
    organisation: Organisation, client: Organisation, state: _State, keys: NDArray[np.uint64], at: datetime
) -> ProbingAlert | None:
    """Bring what is watched up to date; give an alert that is not saved yet where the ask is to be slowed."""
    secrets = _secrets("probing")
    digest = _signed(int(sketches.mixed(keys, secrets).sum(dtype=np.uint64)) | 1)
    if digest == state.passed:
        return None
    before = state.watch
    state.watch, dense = watch_blocks(before, keys, secrets)
    state.watched = state.watch.current.tobytes() != before.current.tobytes()
    stretch = longest_stretch(keys)
    _continue(state, stretch)
    is_sequence = state.length >= LONGEST_SEQUENCE
    if not (dense.blocks or is_sequence) or (state.unwatched_until is not None and at < state.unwatched_until):
        return None
    numbers = max(dense.numbers, stretch.length if is_sequence else 0)
    wait = min(max(numbers, _SHORTEST), _LONGEST)
    state.slowed_until, state.passed = at + timedelta(seconds=wait), digest
    return ProbingAlert(
        organisation=organisation, client=client,
        shape=ProbingAlert.Shape.DENSE if dense.blocks else ProbingAlert.Shape.SEQUENCE,
        area=area_of(dense.block * 10_000 if dense.blocks else stretch.first), blocks_count=max(dense.blocks, 1),
        share_percent=round(100 * dense.share), numbers_count=numbers if dense.blocks else state.length,
        slowed_until=state.slowed_until, at=at,
    )  # fmt: skip


def _continue(state: _State, stretch: Stretch) -> None:
    """Go on with the sequence that the last ask was part of, upwards or downwards, or begin anew."""
    here = _hashes(stretch.first, stretch.last, stretch.last + stretch.step, max(stretch.first - stretch.step, 0))
    if here[0] == state.follows:
        state.length, state.follows = state.length + stretch.length, here[2]
    elif here[1] == state.precedes:
        state.length, state.precedes = state.length + stretch.length, here[3]
    else:
        state.length, state.follows, state.precedes = stretch.length, here[2], here[3]


def _hashes(*keys: int) -> list[int]:
    return [_signed(value) for value in sketches.mixed(np.array(keys, dtype=np.uint64), _secrets("sequence")).tolist()]


def _signed(value: int) -> int:
    """Give 64 bits as the database has them."""
    return value - (1 << 64) if value >= 1 << 63 else value


def _check_slowed(state: _State, at: datetime) -> None:
    if state.slowed_until is not None and at < state.slowed_until:
        raise _slowed(state.slowed_until, at)


def _slowed(until: datetime, at: datetime) -> TooManyError:
    return TooManyError(
        _("Numbers one after another, or most numbers of a block, were asked. Answers are slowed; the authority is told."),
        retry_seconds=max(1, int((until - at).total_seconds())),
        advice=_("Wait, then send the same again. Where your list is truly so dense, write to the authority."),
        code="probing.slowed",
    )


def _over(state: _State, at: datetime) -> TooManyError:
    days = max(1, (state.from_date.replace(year=state.from_date.year + 1, day=1) - at.date()).days)
    if not state.allowed:
        message = _("There is no subscription for which numbers could be asked.")
        advice = _("Choose areas first; some are free.")
    else:
        message = _("More different numbers were asked in this subscription year than the list size that was declared.")
        advice = _("Declare a longer list, or take more areas. None of these numbers was answered or counted.")
    return TooManyError(message, retry_seconds=days * 86_400, advice=advice, code="quota.over")
