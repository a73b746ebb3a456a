"""Campaigns: items joined over everything that they have in common, each join with its reason.

What two items have in common is combined over kinds, each trusted as far as :data:`TRUST` says: with strengths ``s`` and
trusts ``t`` the link between them is ``1 - product of (1 - s * t)``, as if the kinds erred independently (kinds that say the
same thing twice, ranges within ranges, count once, the strongest of them). Then:

1. Items with a link of at least ``strong`` are joined, and whatever is joined to them. These are cores.
2. A link below that, but of at least ``weak``, never joins on. It can only *attach* a core to a larger one, where it takes
   in at least half of the smaller core's items; what has been attached receives nothing, and what has received is never
   attached. A chain of weak links therefore ends after one step, however long it is.
3. Weak links that were not followed are kept and given as ``apart``: a person may follow them.

Every join has exactly one reason, so that a campaign of n items has n - 1 of them, and each can be shown.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import combinations
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from quietline.clusters.joining import Sets
from quietline.clusters.links import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from quietline.clusters.links import Links, Shared

__all__ = ["STRONG", "TRUST", "WEAK", "Campaigns", "Reason", "campaigns"]

TRUST: Mapping[Kind, float] = MappingProxyType({
    Kind.NUMBER: 1.0,
    Kind.WORDING: 1.0,
    Kind.RANGE_10: 0.8,
    Kind.RANGE_100: 0.8,
    Kind.RANGE_10000: 0.5,
    Kind.TIME: 0.8,
    Kind.CALLEE: 0.8,
    Kind.PRODUCT: 0.5,
})  # fmt: skip
"""How far each kind is trusted when nothing else is known: many firms promote one product, and an exchange is large."""
STRONG = 0.75
"""A link that joins on."""
WEAK = 0.6
"""A link that attaches."""
_RANGES = frozenset({Kind.RANGE_10, Kind.RANGE_100, Kind.RANGE_10000})


@dataclass(frozen=True, slots=True)
class Reason:
    """Why two items are, or might be, of one campaign.

    Attributes:
        left: an item.
        right: another.
        kinds: what they have in common, the strongest first.
        strength: of the link, all kinds together; 0 to 1.
        attached: whether it attaches, rather than joins.
    """

    left: int
    right: int
    kinds: tuple[Kind, ...]
    strength: float
    attached: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Campaigns:
    """Items that belong together.

    Attributes:
        of: int64, shape (items,): the campaign of each item; campaigns are numbered by their first item. An item that has
            nothing in common with others is a campaign of its own.
        sizes: int64, shape (campaigns,): items in each.
        reasons: one for each join, the strongest first.
        apart: weak links between campaigns that were not followed, the strongest first, one for each pair of campaigns.
    """

    of: NDArray[np.int64]
    sizes: NDArray[np.int64]
    reasons: tuple[Reason, ...]
    apart: tuple[Reason, ...]

    def __len__(self) -> int:
        return len(self.sizes)

    def why(self, campaign: int) -> tuple[Reason, ...]:
        """Give the reasons of one campaign, the strongest first."""
        return tuple(one for one in self.reasons if self.of[one.left] == campaign)


def campaigns(
    count: int,
    shared: Sequence[Shared] = (),
    links: Sequence[Links] = (),
    *,
    trust: Mapping[Kind, float] = TRUST,
    strong: float = STRONG,
    weak: float = WEAK,
    most_apart: int = 1_000,
) -> Campaigns:
    """Join items to campaigns.

    Args:
        count: items.
        shared: groups that items are in, each kind at most once.
        links: pairs of items.
        trust: how far each kind is trusted, 0 to 1.
        strong: the least link that joins.
        weak: the least link that attaches; at most ``strong``.
        most_apart: links that were not followed to give at most.

    Raises:
        ValueError: a kind of groups comes twice, columns do not fit, or ``weak`` is above ``strong``.
    """
    if weak > strong or len({one.kind for one in shared}) < len(shared):
        raise ValueError("a kind of groups comes once, and a weak link is not above a strong one")
    if any(len(one.of) != count or len(one.strength) != count for one in shared):
        raise ValueError("groups are columns of all items")
    found = [*_of_groups(shared, trust, strong, weak), *_of_pairs(shared, links, trust, weak)]
    found.sort(key=lambda one: (-one.strength, one.left, one.right))
    sets = Sets(count)
    reasons = [one for one in found if one.strength >= strong and sets.join(one.left, one.right)]
    attached, apart = _attach(sets, shared, [one for one in found if one.strength < strong])
    of = sets.numbered()
    between: dict[tuple[int, int], Reason] = {}
    for one in apart:
        ends = sorted((int(of[one.left]), int(of[one.right])))
        if ends[0] != ends[1] and len(between) < most_apart:
            between.setdefault((ends[0], ends[1]), one)
    everything = sorted([*reasons, *attached], key=lambda one: (-one.strength, one.left, one.right))
    return Campaigns(of, np.bincount(of).astype(np.int64), tuple(everything), tuple(between.values()))


def _together(parts: Iterable[tuple[Kind, float]]) -> tuple[float, tuple[Kind, ...]]:
    """Combine kinds: as if they erred independently; of ranges within ranges the strongest alone."""
    ranked: dict[Kind, float] = {}
    for kind, strength in parts:
        ranked[kind] = max(strength, ranked.get(kind, 0.0))
    order = sorted((kind for kind in ranked if ranked[kind] > 0), key=lambda kind: (-ranked[kind], kind))
    left, kinds, ranges = 1.0, [], False
    for kind in order:
        if kind in _RANGES and ranges:
            continue
        ranges = ranges or kind in _RANGES
        left *= 1 - ranked[kind]
        kinds.append(kind)
    return 1 - left, tuple(kinds)


def _of_groups(shared: Sequence[Shared], trust: Mapping[Kind, float], strong: float, weak: float) -> Iterator[Reason]:
    """Give links between items that are in the same groups, for every set of kinds that can reach a weak link.

    In each group the items are linked with the one that belongs to it most; what belongs less is linked less.
    """
    # kinds that join all who share them: nothing is added by what else these have in common
    settled = {
        one.kind for one in shared if trust.get(one.kind, 0.0) * one.strength.min(initial=1.0, where=one.of >= 0) >= strong
    }
    for size in range(1, len(shared) + 1):
        for some in combinations(shared, size):
            if _together((one.kind, trust.get(one.kind, 0.0)) for one in some)[0] < weak:
                continue
            if sum(one.kind in _RANGES for one in some) > 1:
                continue  # a smaller range within a larger one: the smaller says all
            if size > 1 and any(one.kind in settled for one in some):
                continue
            yield from _of_cells(some, trust, weak)


def _of_cells(some: Sequence[Shared], trust: Mapping[Kind, float], weak: float) -> Iterator[Reason]:
    inside = np.flatnonzero(np.logical_and.reduce([one.of >= 0 for one in some]))
    if len(inside) < 2:
        return
    cells = some[0].of[inside]
    for one in some[1:]:
        other = one.of[inside]
        cells = np.unique(cells * (int(other.max()) + 1) + other, return_inverse=True)[1]
    strengths = np.stack([one.strength[inside] * trust.get(one.kind, 0.0) for one in some], axis=1)
    overall = 1 - np.prod(1 - strengths, axis=1)
    order = np.lexsort((inside, -overall, cells))
    head = np.flatnonzero(np.diff(cells[order], prepend=-1))
    heads = np.repeat(head, np.diff(head, append=len(order)))
    least = np.minimum(strengths[order], strengths[order][heads])
    for at in np.flatnonzero((1 - np.prod(1 - least, axis=1) >= weak) & (heads != np.arange(len(order)))).tolist():
        strength, kinds = _together((one.kind, float(least[at, i])) for i, one in enumerate(some))
        yield Reason(int(inside[order[heads[at]]]), int(inside[order[at]]), kinds, strength)


def _of_pairs(
    shared: Sequence[Shared], links: Sequence[Links], trust: Mapping[Kind, float], weak: float
) -> Iterator[Reason]:
    """Give links between pairs, with all else that the two have in common."""
    pairs: dict[tuple[int, int], list[tuple[Kind, float]]] = defaultdict(list)
    for one in links:
        trusted = one.strength * trust.get(one.kind, 0.0)
        for left, right, strength in zip(one.left.tolist(), one.right.tolist(), trusted.tolist(), strict=True):
            if left != right:
                pairs[min(left, right), max(left, right)].append((one.kind, strength))
    for (left, right), parts in pairs.items():
        for group in shared:
            if group.of[left] == group.of[right] >= 0:
                least = float(min(group.strength[left], group.strength[right]))
                parts.append((group.kind, least * trust.get(group.kind, 0.0)))
        strength, kinds = _together(parts)
        if strength >= weak:
            yield Reason(left, right, kinds, strength)


def _attach(sets: Sets, shared: Sequence[Shared], found: Sequence[Reason]) -> tuple[list[Reason], list[Reason]]:
    """Attach cores to larger ones along weak links, strongest first; give the links followed and those that were not."""
    touched: dict[tuple[int, int], set[int]] = defaultdict(set)
    ends = []
    for one in found:
        left, right = sets.find(one.left), sets.find(one.right)
        ends.append((left, right))
        touched[left, right].add(one.left)
        touched[right, left].add(one.right)
    sizes = {core: sets.size(core) for pair in ends for core in pair}
    members = _in_groups(sets, sizes, shared)
    followed, apart = [], []
    given: set[int] = set()
    taken: set[int] = set()
    for one, (left, right) in zip(found, ends, strict=True):
        if left == right:
            continue
        small, large = (left, right) if (sizes[left], -left) < (sizes[right], -right) else (right, left)
        reach = max(len(touched[small, large]), _reach(members, small, large, one.kinds))
        if small in given or small in taken or large in given or 2 * reach < sizes[small]:
            apart.append(one)
            continue
        sets.join(small, large)
        given.add(small)
        taken.add(large)
        followed.append(Reason(one.left, one.right, one.kinds, one.strength, attached=True))
    return followed, apart


def _in_groups(sets: Sets, sizes: Mapping[int, int], shared: Sequence[Shared]) -> dict[Kind, dict[int, dict[int, int]]]:
    """Count, for each kind and core, the core's items in each group."""
    counts: dict[Kind, dict[int, dict[int, int]]] = {one.kind: defaultdict(lambda: defaultdict(int)) for one in shared}
    if sizes:
        for one in shared:
            for item in np.flatnonzero(one.of >= 0).tolist():
                core = sets.find(item)
                if core in sizes:
                    counts[one.kind][core][int(one.of[item])] += 1
    return counts


def _reach(members: Mapping[Kind, dict[int, dict[int, int]]], small: int, large: int, kinds: Sequence[Kind]) -> int:
    """Count the items of the small core that are in a group of every kind with items of the large one, at least."""
    least: int | None = None
    for kind in kinds:
        if kind in members:
            theirs = members[kind].get(large, {})
            here = sum(count for group, count in members[kind].get(small, {}).items() if group in theirs)
            least = here if least is None else min(least, here)
    return least or 0
