"""Ways in which a leaked list can have come about, as chances to find a canary in it.

How many sources a leak had and what they did with their lists is not known. So each of these ways is tried; a way that
does not fit finds nobody, and the bound pays for the trying (see :mod:`quietline.marks.tracing`).

A canary with bias ``p`` is found in the leak with the chance ``coverage * with_it`` where the suspect's list held it, and
``coverage * without_it`` where it did not, over everything that the other sources may have held:

========  =========================================  =======================  ===========================
way       what was done                              with it                  without it
========  =========================================  =======================  ===========================
one       one list                                   1                        0
joined    whatever stands in any of c lists          1                        1 - (1 - p) ** (c - 1)
mixed     each line from one of c lists by chance    1 / c + (c - 1) / c * p  (c - 1) / c * p
common    only what stands in all of c lists         p ** (c - 1)             0
========  =========================================  =======================  ===========================

Cutting out a sample and leaving out lines lowers the coverage; foreign lines change nothing, as they hold no canaries
but by accident. For accidents, each chance is given a little more than it has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["COALITION", "Way", "ways"]

COALITION = 4
"""So many organisations may put their lists together, and are still found by name."""
_ACCIDENT = 0.01


@dataclass(frozen=True, slots=True)
class Way:
    """One way in which a leak can have come about.

    Attributes:
        name: ``one``, ``joined``, ``mixed`` or ``common``.
        sources: how many lists it was made of.
    """

    name: str
    sources: int

    def chances(self, bias: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Give the chances, in a leak of full coverage, to find canaries that a source's list held, and did not hold.

        Args:
            bias: float64, shape (canaries,).
        """
        others = self.sources - 1
        if self.name == "mixed":
            without = others / self.sources * bias
            return 1 / self.sources + without, without
        if self.name == "common":
            return bias**others, np.zeros_like(bias)
        return np.ones_like(bias), 1 - (1 - bias) ** others

    def expected(self, bias: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Give the same chances with room for accidents, as suspects are judged by."""
        held, absent = self.chances(bias)
        return (1 - _ACCIDENT) * held + _ACCIDENT * bias, (1 - _ACCIDENT) * absent + _ACCIDENT * bias


def ways(coalition: int = COALITION) -> tuple[Way, ...]:
    """List the ways that are tried for leaks of up to ``coalition`` sources.

    Raises:
        ValueError: the coalition is empty.
    """
    if coalition < 1:
        raise ValueError("a leak has at least one source")
    more = (Way(name, count) for count in range(2, coalition + 1) for name in ("joined", "mixed", "common"))
    return (Way("one", 1), *more)
