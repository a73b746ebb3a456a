"""What two reports, or two numbers, have in common, and how strongly that speaks for one source.

Items are whatever the caller numbers from 0: rows of reports, or numbers. A :class:`Shared` says that items are in one group
(the same number, range, product, wording); :class:`Links` say it of pairs (callers in step with each other).

A strength lies between 0 and 1. It is a score with a stated meaning, not a chance that two items are of one campaign:

========================== =====================================================================================
kind                       strength
========================== =====================================================================================
number                     1
range-10, -100, -10000     1 less the corrected bound on the range's surprise
product                    1 for the same name, less 0.25 for each slip
wording                    ``1 - (1 - j) ** 2`` of the Jaccard index j with the head of the group: 0.64 at the
                           threshold of 0.4, 0.75 at 0.5, 0.91 at 0.7
time, callee               1 less the corrected bound on the coincidence
========================== =====================================================================================

How far each kind is trusted is another matter: :data:`quietline.clusters.campaigns.TRUST`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quietline.clusters.names import NameGroups
    from quietline.clusters.numbers import NumberGroups
    from quietline.clusters.ranges import RangeGroups
    from quietline.clusters.wording_index import WordingGroups

__all__ = ["Kind", "Links", "Shared", "shared_names", "shared_numbers", "shared_ranges", "shared_wordings"]


class Kind(StrEnum):
    """What reports can have in common."""

    NUMBER = "number"
    RANGE_10 = "range-10"
    RANGE_100 = "range-100"
    RANGE_10000 = "range-10000"
    PRODUCT = "product"
    WORDING = "wording"
    TIME = "time"
    CALLEE = "callee"


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """Groups of one kind.

    Attributes:
        kind: of what they have in common.
        of: int64, shape (items,): the group of each item, -1 for none.
        strength: float64, shape (items,): how strongly each item belongs to its group; two items of a group are linked as
            strongly as the weaker of the two belongs.
    """

    kind: Kind
    of: NDArray[np.int64]
    strength: NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Links:
    """Pairs of one kind.

    Attributes:
        kind: of what they have in common.
        left: int64, shape (links,): an item.
        right: int64, shape (links,): another.
        strength: float64, shape (links,).
    """

    kind: Kind
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    strength: NDArray[np.float64]


def shared_numbers(groups: NumberGroups) -> Shared:
    """Link the rows that name one number."""
    return Shared(Kind.NUMBER, groups.of, (groups.of >= 0).astype(np.float64))


def shared_ranges(groups: RangeGroups, *, error: float = 0.01) -> Shared:
    """Link the rows of ranges that are clusters; other ranges link nothing.

    Args:
        groups: of :func:`~quietline.clusters.ranges.by_range`.
        error: the bound below which a range is a cluster.
    """
    strength = np.append(np.where(groups.surprising(error), 1 - groups.bound, 0.0), 0.0)[groups.of]
    return Shared(Kind(f"range-{groups.width}"), np.where(strength > 0, groups.of, -1), strength)


def shared_names(groups: NameGroups) -> Shared:
    """Link the rows that promote one thing."""
    strength = np.where(groups.of >= 0, np.maximum(0.0, 1 - 0.25 * groups.slips), 0.0)
    return Shared(Kind.PRODUCT, groups.of, strength)


def shared_wordings(groups: WordingGroups) -> Shared:
    """Link the rows whose wording is nearly the same."""
    return Shared(Kind.WORDING, groups.of, 1 - (1 - groups.alike) ** 2)
