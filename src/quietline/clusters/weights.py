"""What a report counts: who tells it, how sure the number is, and each person once a day.

A weight says how much a report adds to the *attention* that a number gets; it proves nothing, and no weight is so small that
the report is not kept and answered. What is here are parts of it, each between 0 and 1, each with a stated meaning, none of
them secret; who has the reports multiplies them (age is :func:`~quietline.clusters.numbers.decayed`).

- **record**: the share of this person's earlier reports that were borne out, as a Beta distribution would have it: with
  :data:`PRIOR` reports imagined on either side, somebody without a record gets 1/2, and it takes many reports to come
  near 0 or 1 (T. Bayes, 1763; the mean of a Beta posterior).
- **attestation**: how sure it is that the number displayed was the number that called (RFC 8588 ``attest``: A, full; B,
  partial; C, gateway). It does not lower what the person suffered, only what it says *about that number*.
- **once a day**: of what one person tells of a number and a day, one report counts.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["ATTESTATION", "PRIOR", "counted_once", "record_weight"]

PRIOR = (2.0, 2.0)
"""Reports imagined that were borne out, and that were not."""
ATTESTATION: Mapping[str, float] = MappingProxyType({"A": 1.0, "B": 0.7, "C": 0.4, "": 0.4})
"""By ``attest``; empty where the call was not signed or nothing is known."""


def record_weight(
    borne_out: NDArray[np.int64], judged: NDArray[np.int64], *, prior: tuple[float, float] = PRIOR
) -> NDArray[np.float64]:
    """Weigh people by their earlier reports.

    Args:
        borne_out: int64, shape (rows,): earlier reports of the same person that turned out right.
        judged: int64, shape (rows,): earlier reports that anything turned out of; the others say nothing.
        prior: imagined beside them, right and wrong; both above 0.

    Returns:
        float64, shape (rows,), between 0 and 1.

    Raises:
        ValueError: more were borne out than judged.
    """
    if (borne_out > judged).any() or (borne_out < 0).any():
        raise ValueError("of the reports judged, at most all were borne out")
    return np.asarray((prior[0] + borne_out) / (prior[0] + prior[1] + judged), dtype=np.float64)


def counted_once(
    reporters: NDArray[np.int64], keys: NDArray[np.uint64], days: NDArray[np.datetime64], weights: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Choose one report of each person for each number and day: the one that counts most, the first of equals.

    Args:
        reporters: int64, shape (rows,): who reports, 0 where that is not known; those count each for itself.
        keys: uint64, shape (rows,): the number reported; rows with 0 count each for itself.
        days: datetime64[D], shape (rows,).
        weights: float64, shape (rows,).

    Returns:
        bool, shape (rows,).
    """
    rows = np.flatnonzero((reporters != 0) & (keys != 0))
    chosen = np.ones(len(reporters), dtype=np.bool_)
    numbers = days[rows].astype("datetime64[D]").astype(np.int64)
    rows = rows[np.lexsort((rows, -weights[rows], numbers, keys[rows], reporters[rows]))]
    again = np.ones(max(0, len(rows) - 1), dtype=np.bool_)
    for column in (reporters[rows], keys[rows], days[rows].astype("datetime64[D]")):
        again &= column[1:] == column[:-1]
    chosen[rows[1:][again]] = False
    return chosen
