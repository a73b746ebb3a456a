"""The private half of a receipt: which numbers were looked up, with which answer, and the tree over them.

Each distinct number is one leaf, in ascending order of its key; see :mod:`quietline.ledger.merkle` for leaf and tree
and :mod:`quietline.ledger.salts` for the salts. The receipt holds the root only. The *proofs file* keeps the rest
(:mod:`quietline.wash.proofs_file`): the numbers, the answer to each and the secret of the salts, readable for its owner
only. Whoever has it can prove numbers of the list, and can read the list: protect it as you protect the list.

Source: RFC 6962 section 2.1 (the tree).
"""

from __future__ import annotations

import tempfile
from bisect import bisect_left
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from quietline.errors import OutputError
from quietline.ledger.merkle import inclusion_proof, leaf_hashes, root
from quietline.ledger.salts import salts
from quietline.numbering import Status
from quietline.wash.pipeline import in_order, worker_count
from quietline.wash.verdicts import Reason

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from quietline.wash.verdicts import Verdicts


__all__ = [
    "Answer",
    "AnswerStore",
    "Answers",
    "Tree",
    "tree_of",
]

Answers: TypeAlias = "tuple[NDArray[np.uint64], NDArray[np.uint8]]"
"""Keys in ascending order, and the value of the :class:`Answer` to each."""

_RUN = 1 << 21
_PIECE = 1 << 18
_BRANCH = 1 << 16
# In the store a number is followed by two bits that put "registered" last, so that it wins where answers differ.
_RANKS = np.array([0, 2, 1], dtype=np.uint64)
_ANSWERS = np.array([0, 2, 1, 0], dtype=np.uint8)
_BITS, _MASK = np.uint64(2), np.uint64(3)


class Answer(IntEnum):
    """What the wash found out about a number; the last byte of its leaf. The values never change.

    ``NOT_REGISTERED``: a valid number that stood in none of the registers. ``REGISTERED``: it stood in at least one.
    ``UNASSIGNED``: it stood in none, and has the length of a number but lies in no range that is in use. Where a
    register changed during the wash, so that a number got both answers, it counts as registered.
    """

    NOT_REGISTERED = 0
    REGISTERED = 1
    UNASSIGNED = 2

    @property
    def text(self) -> str:
        """The answer as written into proofs, ``not_registered``."""
        return self.name.lower()


class AnswerStore:
    """Gather looked-up numbers in any order, from several threads, in bounded memory; give them sorted, each once.

    Holds E.164 keys only: the upper two bits of a key are needed.

    Args:
        run: numbers held in memory, 8 bytes each, before they are laid down in a temporary file without a name.
    """

    def __init__(self, *, run: int = _RUN) -> None:
        self._run = run
        self._lock = Lock()
        self._pending: list[NDArray[np.uint64]] = []
        self._count = 0
        self._runs: list[NDArray[np.uint64]] = []
        self._settled: NDArray[np.uint64] | None = None
        self._files: list[Any] = []

    def add(self, verdicts: Verdicts, *, listing: int | None = None) -> None:
        """Add the numbers of one column of a piece of the list, as far as there are any.

        Args:
            verdicts: on the column.
            listing: how many of the registers, from the first, are lists of whom not to call, where the reasons do not tell.
        """
        answers = (verdicts.statuses == Status.UNASSIGNED).astype(np.uint8) * np.uint8(Answer.UNASSIGNED)
        registered = verdicts.reasons == Reason.REGISTERED if listing is None else verdicts.hits[:listing].any(axis=0)
        answers[registered] = Answer.REGISTERED
        packed = verdicts.keys << _BITS
        packed |= _RANKS[answers]
        some = verdicts.keys != 0
        self._take(packed if some.all() else packed[some])

    def _take(self, packed: NDArray[np.uint64]) -> None:
        with self._lock:
            self._pending.append(packed)
            self._count += len(packed)
            if self._count < self._run:
                return
            full, self._pending, self._count = self._pending, [], 0
        run = self._lay_down(_distinct(np.concatenate(full)))
        with self._lock:
            self._runs.append(run)

    def _lay_down(self, run: NDArray[np.uint64]) -> NDArray[np.uint64]:
        return self._in_file([run])

    def _in_file(self, pieces: Iterable[NDArray[np.uint64]]) -> NDArray[np.uint64]:
        """Write arrays one after another into a file without a name, and map it."""
        count = 0
        try:
            file = tempfile.TemporaryFile(prefix="quietline-")  # noqa: SIM115 - closed with the store
            self._files.append(file)
            for piece in pieces:
                file.write(piece.data)
                count += len(piece)
            file.flush()
        except OSError as error:
            raise OutputError(
                f"The receipt needs room for a temporary file in {tempfile.gettempdir()}: {error.strerror}.",
                advice="Make room there, or let TMPDIR name a directory that has some.",
                code="output.no_room",
            ) from None
        return np.memmap(file, dtype=np.uint64, mode="r", shape=(count,)) if count else np.empty(0, dtype=np.uint64)

    def settle(self) -> None:
        """Put everything in order, when all is added; :meth:`numbers` and :meth:`pieces` ask for it, if need be."""
        if self._settled is not None:
            return
        runs = list(self._runs)
        if self._pending:
            runs.append(_distinct(np.concatenate(self._pending)))
            self._pending = []
        each = (_last_of_each(packed) for packed in _merged(runs))
        if len(runs) > 1:
            self._settled = self._in_file(each)
        else:
            self._settled = np.concatenate([np.empty(0, dtype=np.uint64), *each])

    def numbers(self) -> NDArray[np.uint64]:
        """Give the keys of the numbers that some operator has, ascending, each once; those of a long list lie in a file."""
        unassigned = np.uint64(_RANKS[Answer.UNASSIGNED])
        pieces = (packed[packed & _MASK != unassigned] >> _BITS for packed in self._in_order())
        if self._runs:
            return self._in_file(pieces)
        return np.concatenate([np.empty(0, dtype=np.uint64), *pieces])

    def pieces(self) -> Iterator[Answers]:
        """Give all numbers in ascending order of key, each once, with their answers.

        Returns:
            Keys (uint64) and answers (uint8).
        """
        for packed in self._in_order():
            yield packed >> _BITS, _ANSWERS[(packed & _MASK).astype(np.intp)]

    def _in_order(self) -> Iterator[NDArray[np.uint64]]:
        self.settle()
        assert self._settled is not None  # noqa: S101 - settled just now
        for start in range(0, len(self._settled), _PIECE):
            yield self._settled[start : start + _PIECE]

    def close(self) -> None:
        """Let the temporary files go."""
        self._runs.clear()
        self._settled = None
        for file in self._files:
            file.close()


def _distinct(packed: NDArray[np.uint64]) -> NDArray[np.uint64]:
    packed.sort()
    first = np.ones(len(packed), dtype=np.bool_)
    np.not_equal(packed[1:], packed[:-1], out=first[1:])
    return packed[first]


def _last_of_each(packed: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Give the last of the values of each key, which is the answer that wins."""
    last = np.ones(len(packed), dtype=np.bool_)
    np.greater(packed[1:] ^ packed[:-1], _MASK, out=last[:-1])  # they differ in more than their answers
    return packed if last.all() else packed[last]


def _merged(runs: Sequence[NDArray[np.uint64]]) -> Iterator[NDArray[np.uint64]]:
    """Merge sorted runs, piece by piece; what is known of one number does not fall apart."""
    step = 4  # values of one key
    window = max(2 * step, _PIECE // max(1, len(runs)))  # longer than a step, so that each round takes something
    places = [0] * len(runs)
    while any(place < len(run) for place, run in zip(places, runs, strict=True)):
        heads = [run[place : place + window] for place, run in zip(places, runs, strict=True)]
        lasts = [int(head[-1]) for place, head, run in zip(places, heads, runs, strict=True) if place + window < len(run)]
        if lasts:
            bound = np.uint64(min(lasts) // step * step)
            heads = [head[: int(np.searchsorted(head, bound))] for head in heads]
        places = [place + len(head) for place, head in zip(places, heads, strict=True)]
        yield np.array(heads[0]) if len(heads) == 1 else _distinct(np.concatenate(heads))


@dataclass(frozen=True, slots=True)
class Tree:
    """The tree of a receipt, as far as it is wanted.

    Attributes:
        size: number of leaves.
        root: 32 bytes.
        paths: hashes from a leaf to the root, nearest first, by the index of each leaf that was followed.
    """

    size: int
    root: bytes
    paths: dict[int, list[bytes]]


def tree_of(pieces: Iterable[Answers], secret: bytes, *, follow: Collection[int] = ()) -> Tree:
    """Hash numbers and answers into the tree of a receipt, on all processors.

    Args:
        pieces: keys (uint64) and answers (uint8) in ascending order of key, each key once.
        secret: 32 bytes, of this receipt only.
        follow: indexes of leaves whose paths are wanted; each below the number of leaves.
    """
    tops: list[bytes] = []
    paths: dict[int, list[bytes]] = {}
    size = 0
    job = partial(_branch, secret, sorted(follow))
    for count, top, below in in_order(job, _branches(pieces), workers=worker_count()):
        size += count
        tops.append(top)
        paths |= below
    # full branches are of one size, a power of two, so what stands above them is the tree of their tops
    for index, path in paths.items():
        path.extend(inclusion_proof(tops, index // _BRANCH))
    return Tree(size, root(tops), paths)


def _branches(pieces: Iterable[Answers]) -> Iterator[tuple[int, Answers]]:
    """Cut numbers into branches of the same size, the last one shorter; each with the index of its first leaf."""
    start, held = 0, (np.empty(0, np.uint64), np.empty(0, np.uint8))
    for keys, answers in pieces:
        held = np.concatenate([held[0], keys]), np.concatenate([held[1], answers])
        full = len(held[0]) // _BRANCH * _BRANCH
        for i in range(0, full, _BRANCH):
            yield start + i, (held[0][i : i + _BRANCH], held[1][i : i + _BRANCH])
        start, held = start + full, (held[0][full:], held[1][full:])
    if len(held[0]):
        yield start, held


def _branch(secret: bytes, follow: Sequence[int], part: tuple[int, Answers]) -> tuple[int, bytes, dict[int, list[bytes]]]:
    start, (keys, answers) = part
    hashes = leaf_hashes(keys, answers, salts(secret, start, len(keys)))
    here = follow[bisect_left(follow, start) : bisect_left(follow, start + len(keys))]
    return len(keys), root(hashes), {index: inclusion_proof(hashes, index - start) for index in here}
