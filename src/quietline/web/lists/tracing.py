"""Trace a leaked list: which canaries it holds, and which lists that were handed out explain that.

What is judged is what an organisation had in its hands: after each fetch, the newest version of each of its areas. A change
list counts as the version that it leads to. Which canaries were in force in a version is what its published file says.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from quietline.marks import COALITION, OnFile, Reach, Traced, biases_at, least_canaries, trace
from quietline.web.accounts.models import Organisation
from quietline.web.lists.canaries import batches_of, code_of
from quietline.web.lists.models import ListFile
from quietline.web.lists.objects import opened_file
from quietline.web.publishing.areas import ALL
from quietline.web.publishing.models import Register, RegisterFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from numpy.typing import NDArray

    from quietline.marks import Ranked
    from quietline.web.lists.canaries import Batch

__all__ = ["Explained", "Tracing", "trace_sample"]


@dataclass(frozen=True, slots=True)
class _Had:
    """What an organisation had after a fetch: its areas and their versions, and when that was."""

    organisation_id: int
    register_id: int
    areas: tuple[tuple[str, int], ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Explained:
    """One line of a ranking.

    Attributes:
        organisation: whose lists they were.
        register: of which register.
        areas: the areas and their versions.
        at: when it had them: the first fetch that led there.
        ranked: how well that explains the leak.
    """

    organisation: Organisation
    register: Register
    areas: tuple[tuple[str, int], ...]
    at: datetime
    ranked: Ranked


@dataclass(frozen=True)
class Tracing:
    """What tracing a leaked list came to.

    Attributes:
        numbers: distinct numbers in the leak.
        sample_sha256: over the numbers in ascending order, 8 bytes each, little-endian: names the leak without showing it.
        pool: canaries there are.
        traced: what the marks say.
        lines: the ranking, with what it speaks of.
    """

    numbers: int
    sample_sha256: str
    pool: int
    traced: Traced
    lines: tuple[Explained, ...]

    @cached_property
    def named(self) -> tuple[Organisation, ...]:
        """The organisations that are named, the best explanation first."""
        found = {line.organisation.pk: line.organisation for line in self.lines if line.ranked.named}
        return tuple(found.values())

    def needed(self, *, sources: int) -> int:
        """Give how many canaries in force it takes to name the sources of a leak such as this one.

        Args:
            sources: lists it was mixed from.
        """
        share = min(1.0, max(self.traced.seen, 1) / max(1.0, _MEAN_HELD * self.pool))
        way = "mixed" if sources > 1 else "one"
        return least_canaries(share=share, way=way, sources=sources, on_file=max(1, self.traced.on_file), lost=0.0)


_MEAN_HELD = float(biases_at((np.arange(1000) + 0.5) / 1000).mean())
"""Share of the canaries that an organisation's lists hold on average: the mean of the biases."""


def trace_sample(keys: NDArray[np.uint64], *, coalition: int = COALITION) -> Tracing:
    """Rank what organisations had in their hands by how well it explains a leaked list.

    Args:
        keys: uint64, the numbers of the leak, in any order, repeats allowed.
        coalition: sources a leak may have.

    Raises:
        VaultError: the key ring does not open the pool.
        RegisterError: a published file is damaged, or gone.
    """
    sample = np.unique(keys.astype(np.uint64))
    batches = batches_of()
    pool = np.concatenate([np.empty(0, np.uint64), *(batch.keys for batch in batches)])
    bias = np.concatenate([np.empty(0), *(batch.bias for batch in batches)])
    areas = [(batch.register_id, batch.area) for batch in batches]
    numbers = {area: number for number, area in enumerate(dict.fromkeys(areas))}
    groups = np.repeat(
        np.array([numbers[area] for area in areas], dtype=np.intp), [len(batch.keys) for batch in batches]
    )  # fmt: skip
    had = list(_had())
    on_file = list(_on_file(had, batches))
    traced = trace(np.isin(pool, sample), bias, on_file, groups=groups, coalition=coalition)
    organisations = Organisation.objects.in_bulk({one.organisation_id for one in had})
    registers = Register.objects.in_bulk({one.register_id for one in had})
    lines = []
    for ranked in traced.ranked:
        one = had[int(ranked.name)]
        lines.append(
            Explained(organisations[one.organisation_id], registers[one.register_id], one.areas, one.at, ranked)
        )  # fmt: skip
    digest = hashlib.sha256(sample.astype("<u8").tobytes()).hexdigest()
    return Tracing(len(sample), digest, len(pool), traced, tuple(lines))


def _had() -> Iterator[_Had]:
    rows = ListFile.objects.order_by("organisation_id", "register_id", "made_at", "pk").values_list(
        "organisation_id", "register_id", "version", "area", "made_at"
    )
    for (organisation_id, register_id), fetched in groupby(rows, key=lambda row: row[:2]):
        areas: dict[str, int] = {}
        # all that was fetched of one version counts as one step: an organisation of 300 areas has not 300 states a day
        for version, step in groupby(fetched, key=lambda row: row[2]):
            made = list(step)
            before = dict(areas)
            areas.update((row[3], version) for row in made)
            if areas != before:
                yield _Had(organisation_id, register_id, tuple(sorted(areas.items())), made[0][4])


def _on_file(had: list[_Had], batches: list[Batch]) -> Iterator[OnFile]:
    places, start = {}, 0
    for batch in batches:
        places[batch.pk] = start
        start += len(batch.keys)
    forces: dict[tuple[int, int, int], NDArray[np.intp]] = {}
    reaches: dict[tuple[int, tuple[tuple[str, int], ...]], Reach] = {}
    codes: dict[int, NDArray[np.bool_]] = {}
    for number, one in enumerate(had):
        if one.organisation_id not in codes:
            parts = [code_of(one.organisation_id, batch) for batch in batches]
            codes[one.organisation_id] = np.concatenate([np.empty(0, np.bool_), *parts])
        which = (one.register_id, one.areas)
        if which not in reaches:
            reaches[which] = Reach(_positions(one, batches, places, forces))
        yield OnFile(str(number), str(one.organisation_id), reaches[which], codes[one.organisation_id])


def _positions(
    one: _Had, batches: list[Batch], places: dict[int, int], forces: dict[tuple[int, int, int], NDArray[np.intp]]
) -> NDArray[np.intp]:
    """Give the positions of the canaries that were in force in the areas and versions that an organisation had."""
    parts = [np.empty(0, dtype=np.intp)]
    for area, version in one.areas:
        for batch in batches:
            if (batch.register_id, batch.area) != (one.register_id, area):
                continue
            which = (one.register_id, version, batch.pk)
            if which not in forces:
                forces[which] = np.flatnonzero(_stood(one.register_id, version, batch.keys))
            parts.append(forces[which] + places[batch.pk])
    return np.concatenate(parts)


def _stood(register_id: int, version: int, keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
    file = RegisterFile.objects.select_related("register").get(
        register=register_id, projection=ALL, version=version
    )  # fmt: skip
    with opened_file(file) as reader:
        return reader.lookup(keys).hits
