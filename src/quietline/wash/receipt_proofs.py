"""The private half of a receipt: which numbers were looked up, with which answer, and the tree over them.

Each distinct number is one leaf, in ascending order of its key; see :mod:`quietline.ledger.merkle` for leaf and tree
and :mod:`quietline.ledger.salts` for the salts. The receipt holds the root only. The *proofs file* keeps the rest: it
is a register file (numbers, and the answer as their terms) with the secret of the salts in its metadata, readable for
its owner only. Whoever has it can prove numbers of the list, and can read the list: protect it as you protect the list.

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

from quietline.errors import OutputError, ReceiptError
from quietline.ledger.merkle import inclusion_proof, leaf_hashes, root
from quietline.ledger.salts import SECRET_BYTES, salts
from quietline.numbering import Status
from quietline.registers import Entries, Register
from quietline.registers.format import BLOCK_NUMBERS, Metadata
from quietline.registers.writer import BlockWriter
from quietline.wash.pipeline import in_order, worker_count
from quietline.wash.verdicts import Reason

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from quietline.tables import OutputFile
    from quietline.wash.verdicts import Verdicts

    Answers: TypeAlias = tuple[NDArray[np.uint64], NDArray[np.uint8]]

__all__ = [
    "Answer",
    "AnswerStore",
    "OpenProofs",
    "ProofsWriter",
    "Tree",
    "open_proofs",
    "proofs_metadata",
    "tree_of",
]

PURPOSE = "wash proofs"
_RUN = 1 << 21
_PIECE = 1 << 18
_BRANCH = 1 << 16
# In the store a number is followed by two bits that put "registered" last, so that it wins where answers differ.
_RANKS = np.array([0, 2, 1], dtype=np.uint64)
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


_TERMS = ("", *(answer.text for answer in Answer if answer))


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
        try:
            file = tempfile.TemporaryFile(prefix="quietline-")  # noqa: SIM115 - closed with the store
            self._files.append(file)
            file.write(run.data)
            file.flush()
        except OSError as error:
            raise OutputError(
                f"The receipt needs room for a temporary file in {tempfile.gettempdir()}: {error.strerror}.",
                advice="Make room there, or let TMPDIR name a directory that has some.",
                code="output.no_room",
            ) from None
        return np.memmap(file, dtype=np.uint64, mode="r", shape=run.shape)

    def pieces(self) -> Iterator[Answers]:
        """Give all numbers in ascending order of key, each once, with their answers; ask once, when all are added.

        Returns:
            Keys (uint64) and answers (uint8), in pieces that end between blocks of a register file.
        """
        runs = list(self._runs)
        if self._pending:
            runs.append(_distinct(np.concatenate(self._pending)))
            self._pending = []
        for packed in _merged(runs):
            keys = packed >> _BITS
            last = np.ones(len(keys), dtype=np.bool_)
            np.not_equal(keys[1:], keys[:-1], out=last[:-1])
            ranks = (packed & _MASK).astype(np.intp)
            yield keys[last], _RANKS[ranks[last]].astype(np.uint8)

    def close(self) -> None:
        """Let the temporary files go."""
        self._runs.clear()
        for file in self._files:
            file.close()


def _distinct(packed: NDArray[np.uint64]) -> NDArray[np.uint64]:
    packed.sort()
    first = np.ones(len(packed), dtype=np.bool_)
    np.not_equal(packed[1:], packed[:-1], out=first[1:])
    return packed[first]


def _merged(runs: Sequence[NDArray[np.uint64]]) -> Iterator[NDArray[np.uint64]]:
    """Merge sorted runs, piece by piece; neither a number nor a block of numbers falls apart."""
    step = BLOCK_NUMBERS << 2
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


def proofs_metadata(**known: Any) -> Metadata:
    """Give the metadata of a proofs file; the secret and the receipt's digest come with the writer."""
    return Metadata(name=PURPOSE, terms=_TERMS, extra={"purpose": PURPOSE}, **known)


class ProofsWriter:
    """Write a proofs file while its numbers pass by.

    Args:
        out: a file that one can go back in.
        metadata: as :func:`proofs_metadata` gives it.
        secret: of the salts.
    """

    def __init__(self, out: OutputFile, metadata: Metadata, secret: bytes) -> None:
        self._out = out
        self._metadata = metadata
        self._writer = BlockWriter(out, metadata)
        metadata.extra["secret"] = secret.hex()

    def passing(self, pieces: Iterable[Answers]) -> Iterator[Answers]:
        """Write the pieces and give them on."""
        for keys, answers in pieces:
            self._writer.add(Entries(keys, terms=answers.astype(np.uint16)))
            yield keys, answers

    def finish(self, receipt_digest: str) -> None:
        """Say whose private half it is, and make it a whole file."""
        self._metadata.extra["receipt"] = receipt_digest
        self._out.write_at(0, self._writer.finish())


@dataclass(frozen=True, slots=True)
class OpenProofs:
    """A proofs file that says to belong to a receipt.

    Attributes:
        register: the numbers.
        secret: of the salts, 32 bytes.
    """

    register: Register
    secret: bytes

    def pieces(self) -> Iterator[Answers]:
        """Give all numbers in ascending order of key, with their answers.

        Raises:
            RegisterCorruptError: a block is damaged.
        """
        for entries in self.register.columns():
            terms = entries.full().terms
            assert terms is not None  # noqa: S101 - full() gives every column
            if len(terms) and int(terms.max()) >= len(Answer):
                raise ReceiptError(f"{self.register.path.name} holds an answer there is not.", code="receipt.proofs")
            yield entries.keys, terms.astype(np.uint8)

    def places(self, keys: Iterable[int]) -> dict[int, tuple[int, Answer]]:
        """Find leaves by their keys: index and answer of each that is there."""
        wanted = np.array(sorted(set(keys)), dtype=np.uint64)
        found: dict[int, tuple[int, Answer]] = {}
        start = 0
        for known, answers in self.pieces():
            at = np.searchsorted(known, wanted)
            inside = np.flatnonzero(at < len(known))
            for i in inside[known[at[inside]] == wanted[inside]].tolist():
                found[int(wanted[i])] = (start + int(at[i]), Answer(int(answers[at[i]])))
            start += len(known)
        return found


def open_proofs(path: str | Path, receipt_digest: str) -> OpenProofs:
    """Open the private half of a receipt.

    Args:
        path: the proofs file.
        receipt_digest: of the receipt, hexadecimal.

    Raises:
        InputError: it cannot be read.
        RegisterError: it is damaged, or no register file at all.
        ReceiptError: ``receipt.proofs`` when it is a register file of another kind, or belongs to another receipt.
    """
    register = Register(path)
    extra, name = register.metadata.extra, register.path.name
    if extra.get("purpose") != PURPOSE:
        raise ReceiptError(
            f"{name} is a register, not the proofs file of a receipt.",
            code="receipt.proofs",
            advice="Name the file that was written with the receipt; by default it ends in .proofs.",
        )
    if extra.get("receipt") != receipt_digest:
        raise ReceiptError(
            f"{name} is the proofs file of another receipt.",
            code="receipt.proofs",
            advice="Each receipt has a proofs file of its own.",
        )
    try:
        secret = bytes.fromhex(extra["secret"])
    except (KeyError, TypeError, ValueError):
        secret = b""
    if len(secret) != SECRET_BYTES or register.metadata.terms != _TERMS:
        raise ReceiptError(f"{name} is not whole: its secret or its answers are missing.", code="receipt.proofs")
    return OpenProofs(register, secret)
