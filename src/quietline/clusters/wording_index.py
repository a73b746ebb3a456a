"""Finding wordings that are alike: an index to which texts are added one by one, and groups of a whole column.

A group is not a chain: its members are like one text, its head, and not merely each like the next. Heads are chosen among
the texts that share most bands with others; what is like several heads goes to the one it is most like. Texts are compared
with heads only, so that the work grows with texts times the heads that they share a band with.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from quietline.clusters.wording import ALIKE, Wording, containment, estimated, jaccard, wording_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

__all__ = ["Match", "WordingGroups", "WordingIndex", "by_wording"]


@dataclass(frozen=True, slots=True)
class Match:
    """A wording that is like the one asked for.

    Attributes:
        name: under which it was added.
        jaccard: the exact index, 0 to 1.
        estimated: the same from signatures alone.
        containment: share of the shorter one that stands in the longer.
    """

    name: int
    jaccard: float
    estimated: float
    containment: float


class WordingIndex:
    """Wordings that can be asked for their like.

    A database can do the same: keep :class:`~quietline.clusters.wording.Wording` in a row, its bands in an indexed array,
    and give the rows that share a band to :func:`~quietline.clusters.wording.jaccard`.

    Args:
        secret: as in :func:`~quietline.clusters.wording.wording_of`; the same for all that is added.
    """

    def __init__(self, *, secret: bytes = b"") -> None:
        self._secret = secret
        self._wordings: dict[int, Wording] = {}
        self._bands: dict[int, set[int]] = defaultdict(set)

    def __len__(self) -> int:
        return len(self._wordings)

    def __contains__(self, name: int) -> bool:
        return name in self._wordings

    def add(self, name: int, text: str | Wording) -> Wording:
        """Add a text, or a wording that was stored before, and return its wording.

        Too short a text is taken and never found. Adding the same again changes nothing.

        Raises:
            ValueError: another wording has this name.
        """
        wording = wording_of(text, secret=self._secret) if isinstance(text, str) else text
        if self._wordings.setdefault(name, wording) != wording:
            raise ValueError(f"another wording has the name {name}")
        for band in wording.bands:
            self._bands[band].add(name)
        return wording

    def wording(self, name: int) -> Wording:
        """Give the wording that was added under a name.

        Raises:
            KeyError: none was.
        """
        return self._wordings[name]

    def remove(self, name: int) -> None:
        """Forget a wording; unknown names are none.

        What is forgotten leaves no trace in the index.
        """
        wording = self._wordings.pop(name, None)
        for band in wording.bands if wording else ():
            self._bands[band].discard(name)
            if not self._bands[band]:
                del self._bands[band]

    def merge(self, other: WordingIndex) -> None:
        """Add everything that another index holds.

        Raises:
            ValueError: the two give one name to different wordings; what came before it has been added.
        """
        for name, wording in other._wordings.items():
            self.add(name, wording)

    def find(self, text: str | Wording, *, alike: float = ALIKE, most: int | None = None) -> list[Match]:
        """Find the wordings that are like a text, the most alike first.

        Args:
            text: or a wording.
            alike: the least Jaccard index, 0 to 1; below 0.4 many are missed (see the module ``wording``).
            most: how many to give; all if None.
        """
        wording = wording_of(text, secret=self._secret) if isinstance(text, str) else text
        names: set[int] = set().union(*(self._bands.get(band, ()) for band in wording.bands))
        found = []
        for name in names:
            other = self._wordings[name]
            exact = jaccard(wording, other)
            if exact >= alike:
                found.append(Match(name, exact, estimated(wording, other), containment(wording, other)))
        found.sort(key=lambda one: (-one.jaccard, one.name))
        return found[:most]

    def groups(self, *, alike: float = ALIKE, least: int = 2) -> list[tuple[int, list[tuple[int, float]]]]:
        """Group everything in the index around heads.

        Args:
            alike: the least Jaccard index of a member with its head.
            least: members that make a group, the head among them.

        Returns:
            the name of each head with its members and their index with it (the head's own is 1), larger groups first.
        """
        shared = {
            name: sum(len(self._bands[band]) for band in wording.bands)
            for name, wording in self._wordings.items()
            if wording.usable
        }
        order = sorted(shared, key=lambda name: (-shared[name], name))
        heads = WordingIndex()
        for name in order:
            if not heads.find(self._wordings[name], alike=alike, most=1):
                heads.add(name, self._wordings[name])
        members: dict[int, list[tuple[int, float]]] = defaultdict(list)
        for name in order:
            best = heads.find(self._wordings[name], alike=alike, most=1)[0]
            members[best.name].append((name, best.jaccard))
        found = [(head, sorted(rows)) for head, rows in members.items() if len(rows) >= least]
        return sorted(found, key=lambda one: (-len(one[1]), one[0]))


@dataclass(frozen=True, slots=True, eq=False)
class WordingGroups:
    """Rows with the same wording.

    Attributes:
        heads: int64, shape (groups,): the row whose text the others are like; larger groups first.
        reports: int64, shape (groups,): rows in each.
        of: int64, shape (rows,): the group of each row, -1 where it is in none.
        alike: float64, shape (rows,): the Jaccard index with the head, 0 where the row is in no group.
    """

    heads: NDArray[np.int64]
    reports: NDArray[np.int64]
    of: NDArray[np.int64]
    alike: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.heads)


def by_wording(texts: Sequence[str] | Iterable[str], *, alike: float = ALIKE, least: int = 2) -> WordingGroups:
    """Group texts whose wording is nearly the same.

    Texts that are equal but for what :func:`~quietline.clusters.folding.tokens` folds are compared once for all.

    Args:
        texts: shape (rows,); empty and short ones are in no group.
        alike: the least Jaccard index with the head of a group.
        least: rows that make a group.
    """
    rows_of: dict[Wording, list[int]] = defaultdict(list)
    count = 0
    for row, text in enumerate(texts):
        rows_of[wording_of(text)].append(row)
        count = row + 1
    index = WordingIndex()
    for wording, rows in rows_of.items():
        index.add(rows[0], wording)
    found = []
    for head, members in index.groups(alike=alike, least=1):
        every = [(row, near) for first, near in members for row in rows_of[index.wording(first)]]
        if len(every) >= least:
            found.append((head, every))
    found.sort(key=lambda one: (-len(one[1]), one[0]))
    of, near_head = np.full(count, -1, dtype=np.int64), np.zeros(count, dtype=np.float64)
    for group, (_, every) in enumerate(found):
        for row, near in every:
            of[row], near_head[row] = group, near
    sizes = np.array([len(every) for _, every in found], dtype=np.int64)
    return WordingGroups(np.array([head for head, _ in found], dtype=np.int64), sizes, of, near_head)
