"""The pool of canaries as the authority's administrators see and keep it: how many, which, new ones, and those that go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from django.db import connection, transaction
from django.utils.translation import gettext as _

from quietline.errors import ConflictError, InputError, NotProvenError
from quietline.numbering import parse_column
from quietline.web.accounts.models import Membership, Organisation, Role
from quietline.web.base.logs import log
from quietline.web.lists.canaries import add_canaries, batches_of, in_force, retired
from quietline.web.lists.models import CanaryBatch, CanaryRetirement
from quietline.web.proofs.operations import write_leaves
from quietline.web.publishing.areas import area_of
from quietline.web.publishing.models import Entry
from quietline.web.publishing.operations import end_entry
from quietline.web.subscriptions.queries import area_names

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from numpy.typing import NDArray

    from quietline.web.accounts.models import Person
    from quietline.web.lists.canaries import Batch
    from quietline.web.publishing.models import Register

__all__ = ["AreaPool", "Canary", "canaries_of_area", "check_keeps_canaries", "pool_of", "read_typed", "retire", "take_in"]

_SOMEBODYS = """
SELECT EXISTS (SELECT 1 FROM subscribers_lineholder WHERE key = ANY(%(keys)s))
    OR EXISTS (SELECT 1 FROM publishing_entry WHERE key = ANY(%(keys)s) AND register_id <> %(register)s)
    OR EXISTS (SELECT 1 FROM operators_portednumber WHERE key = ANY(%(keys)s))
    OR EXISTS (
        SELECT 1 FROM sellers_callingnumber c JOIN unnest(%(keys)s::bigint[]) AS k (key)
            ON k.key BETWEEN c.first_key AND c.last_key WHERE c.state IN ('waiting', 'confirmed')
    )
"""
_log = log("lists")


@dataclass(frozen=True, slots=True)
class AreaPool:
    """The canaries of one area.

    Attributes:
        area: ``1212`` or ``44``.
        name: in plain words.
        count: all that were ever taken in.
        standing: in force: they stand in the register now.
        reserve: neither in force nor retired.
        retired: for good.
    """

    area: str
    name: str
    count: int
    standing: int
    reserve: int
    retired: int


@dataclass(frozen=True, slots=True)
class Canary:
    """One canary.

    Attributes:
        name: of its place, ``12:7``: batch and position.
        key: of the number.
        stands: it is in force.
        is_retired: it never comes into force again.
    """

    name: str
    key: int
    stands: bool
    is_retired: bool


def check_keeps_canaries(by: Person | None) -> None:
    """Refuse who is no administrator of an authority; None is the platform itself, which may.

    Raises:
        NotProvenError: ``canary.no-right``.
    """
    if by is None:
        return
    found = Membership.objects.filter(
        person=by, person__is_active=True, ended_at=None, role=Role.ADMINISTRATOR,
        organisation__kind=Organisation.Kind.AUTHORITY, organisation__state=Organisation.State.VERIFIED,
    )  # fmt: skip
    if not found.exists():
        raise NotProvenError(
            _("Canaries are kept by administrators of the authority."), advice=_("Ask one of them."), code="canary.no-right"
        )


def pool_of(register: Register) -> list[AreaPool]:
    """Count the canaries of a register, by area."""
    names = area_names(register.country)
    by_area: dict[str, list[Batch]] = {}
    for batch in batches_of(register):
        by_area.setdefault(batch.area, []).append(batch)
    found = []
    for area, batches in sorted(by_area.items()):
        stands = np.concatenate([in_force(batch) for batch in batches])
        gone = np.concatenate([retired(batch) for batch in batches])
        found.append(
            AreaPool(
                area, names.get(area, area), len(stands), int(stands.sum()), int((~stands & ~gone).sum()), int(gone.sum())
            )
        )
    return found


def canaries_of_area(register: Register, area: str) -> list[Canary]:
    """List the canaries of an area by number."""
    found = []
    for batch in batches_of(register, area=area):
        stands, gone = in_force(batch).tolist(), retired(batch).tolist()
        for position, key in enumerate(batch.keys.tolist()):
            found.append(Canary(f"{batch.pk}:{position}", key, stands[position], gone[position]))
    return sorted(found, key=lambda canary: canary.key)


def read_typed(text: str, *, country: str) -> NDArray[np.uint64]:
    """Read numbers, one a line; empty lines are passed over.

    Raises:
        InputError: ``canary.unread``, a line is no number; it is named by its place, since the line itself may be anything.
    """
    lines = [(place, line.strip()) for place, line in enumerate(text.splitlines(), start=1) if line.strip()]
    keys = parse_column([line for _place, line in lines], country=country).keys
    for (place, _line), key in zip(lines, keys.tolist(), strict=True):
        if not key:
            raise InputError(
                _("Line %(place)s is no telephone number.") % {"place": place}, advice=_("Mend it; nothing was taken in."),
                code="canary.unread",
            )  # fmt: skip
    return np.asarray(keys, dtype=np.uint64)


def take_in(
    *, register: Register, keys: NDArray[np.uint64], share: float, by: Person | None, at: datetime
) -> list[CanaryBatch]:  # fmt: skip
    """Take numbers of the authority's own into the pool, after whatever can be checked of that.

    Raises:
        NotProvenError: ``canary.no-right``.
        ConflictError: ``canary.country``, a number is not of the register's country; ``canary.somebodys``, somebody has
            proven the line, said something of it to an organisation, ported it or calls from it; and as
            :func:`quietline.web.lists.canaries.add_canaries`.
    """
    check_keeps_canaries(by)
    wanted = np.unique(keys).tolist()
    areas = area_names(register.country)
    if not wanted or any(area_of(key) not in areas for key in wanted):
        raise ConflictError(
            _("A number of this list is not of the register's country."), advice=_("Choose the right register."),
            code="canary.country",
        )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_SOMEBODYS, {"keys": wanted, "register": register.pk})
        if cursor.fetchone()[0]:
            raise ConflictError(
                _("A number of this list is, or was, somebody's: it was proven, spoken of, ported or called from."),
                advice=_("Take only numbers that were never given to anybody."), code="canary.somebodys",
            )  # fmt: skip
    rows = add_canaries(register=register, keys=keys, at=at, share=share)
    _log.info("canaries taken in", register=register.code, by=None if by is None else by.pk)
    return rows


@transaction.atomic
def retire(*, register: Register, area: str, names: Collection[str], by: Person | None, at: datetime) -> int:
    """Let canaries go for good: their entries end, and they never come back. Lists from before can still be traced.

    Args:
        register: of which.
        area: of which.
        names: places as :attr:`Canary.name`; those that are none, or retired already, are passed over.
        by: who.
        at: now.

    Returns:
        How many.

    Raises:
        NotProvenError: ``canary.no-right``.
    """
    check_keeps_canaries(by)
    list(CanaryBatch.objects.select_for_update().filter(register=register, area=area).order_by("pk"))
    chosen = [one for one in canaries_of_area(register, area) if one.name in set(names) and not one.is_retired]
    rows = CanaryRetirement.objects.bulk_create(_rows(chosen, by, at))
    write_leaves("canaryout", rows, at=at)
    for one in chosen:
        if one.stands:
            end_entry(register=register, key=one.key, reason=Entry.EndReason.WITHDRAWN, at=at)
    return len(rows)


def _rows(chosen: Iterable[Canary], by: Person | None, at: datetime) -> list[CanaryRetirement]:
    places = [one.name.split(":") for one in chosen]
    return [CanaryRetirement(batch_id=int(batch), position=int(position), by=by, at=at) for batch, position in places]
