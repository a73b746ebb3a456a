"""Small cells are not published, and cannot be worked out from what is.

A count below the threshold could point to somebody, so it is left out (primary suppression). The sum of the row is published
as well, so one cell left out could be worked out from the others; then the smallest other cell goes, too, until at least two
are left out and together they are no small count themselves (complementary suppression). Nought says that nobody is there,
and is published. Source: Hundepool et al., Statistical Disclosure Control, Wiley 2012, chapter 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

__all__ = ["THRESHOLD", "is_small", "protected_groups", "protected_row"]

THRESHOLD = 5
"""Counts from 1 to one below this are not published. Stated beside every table."""


def is_small(count: int) -> bool:
    """Say whether a count is not published: from 1 to one below the threshold."""
    return 0 < count < THRESHOLD


def protected_groups(counts: Mapping[str, int], *, hidden: Collection[str] = ()) -> dict[str, int | None]:
    """Leave out small counts of groups, as :func:`protected_row`: the same groups for everybody who has the same counts.

    Args:
        counts: by group.
        hidden: groups that are left out whatever they count.
    """
    groups = sorted(counts)
    places = [place for place, group in enumerate(groups) if group in hidden]
    return dict(zip(groups, protected_row([counts[group] for group in groups], hidden=places), strict=True))


def protected_row(counts: Sequence[int], *, threshold: int = THRESHOLD, hidden: Sequence[int] = ()) -> list[int | None]:
    """Leave out small cells of a row whose sum is published with it.

    Args:
        counts: what was counted, 0 or more.
        threshold: the smallest count that may be published.
        hidden: places that are left out whatever they count: a year's, say, that a quarter's follows from.

    Returns:
        The same with None for each cell that is left out. Those left out are none; or at least two that come to the
        threshold or more, and to more than one for each; or every one that is not nought, where there are too few.
    """
    found: list[int | None] = [
        None if 0 < count < threshold or place in hidden else count for place, count in enumerate(counts)
    ]
    # a nought tells nothing, so it is the last to go; else the smallest costs the reader least
    spare = sorted(
        (place for place, cell in enumerate(found) if cell is not None), key=lambda at: (counts[at] == 0, counts[at], at)
    )
    while spare and not _is_safe([counts[place] for place, cell in enumerate(found) if cell is None], threshold):
        found[spare.pop(0)] = None
    return found


def _is_safe(left_out: Sequence[int], threshold: int) -> bool:
    together = sum(left_out)
    return not left_out or (len(left_out) > 1 and together >= threshold and together > len(left_out))
