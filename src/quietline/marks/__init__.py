"""Marks in lists: coded subsets of canary numbers, and who a leaked list came from.

* :func:`biases` and :func:`codeword`: the code. Each organisation's lists hold the canaries that its codeword says.
* :func:`trace`: ranks the lists on file by how well they explain a leak, each with a rigorous bound on the chance that
  somebody is named who had no part in it.
* :func:`least_canaries`: how many canaries it takes.

Nothing here knows of telephone numbers, organisations or files: a canary is a position in the pool.
"""

from __future__ import annotations

from quietline.marks.code import LEAST_BIAS, MOST_BIAS, biases, biases_at, codeword
from quietline.marks.leaks import COALITION, Way, ways
from quietline.marks.sizes import least_canaries
from quietline.marks.tracing import ERROR, OnFile, Ranked, Reach, Traced, trace

__all__ = [
    "COALITION",
    "ERROR",
    "LEAST_BIAS",
    "MOST_BIAS",
    "OnFile",
    "Ranked",
    "Reach",
    "Traced",
    "Way",
    "biases",
    "biases_at",
    "codeword",
    "least_canaries",
    "trace",
    "ways",
]
