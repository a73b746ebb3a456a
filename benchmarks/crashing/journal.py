"""What callers were told, and what the register may therefore hold.

A caller knows of each act that it was done (the answer said so), that it was not (it was refused, or never sent), or
neither (the answer was lost). So after each act a number has a set of states that are possible. One act on a number is
over before the next begins.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["Journal", "Outcome", "Page", "compare"]

Outcome = Literal["done", "refused", "lost"]
"""What a caller knows of an act."""


@dataclass(slots=True)
class Page:
    """One number's part of the journal.

    Attributes:
        number: E.164 text.
        possible: what may stand: terms (empty covers everything), or None for no entry.
        fewest: entries that were begun for certain.
        most: entries that may have been begun.
        references: of entries, as answers named them.
        codes_owed: codes that were promised by an answer.
        codes_asked: codes that may have been sent.
    """

    number: str
    possible: set[str | None] = field(default_factory=lambda: {None})
    fewest: int = 0
    most: int = 0
    references: list[str] = field(default_factory=list)
    codes_owed: int = 0
    codes_asked: int = 0

    def asked(self, outcome: Outcome) -> None:
        """A code was asked for."""
        self.codes_owed += outcome == "done"
        self.codes_asked += outcome != "refused"

    def set_to(self, terms: str | None, outcome: Outcome, reference: str | None = None) -> None:
        """An entry with these terms was wanted; with None, none."""
        if outcome == "refused":
            return
        if terms is not None:
            self.most += self.possible != {terms}
            self.fewest += outcome == "done" and terms not in self.possible
        if reference is not None:
            self.references.append(reference)
        self.possible = {terms} if outcome == "done" else self.possible | {terms}


class Journal:
    """All pages, and how many acts there were of which outcome."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.counts: Counter[tuple[str, str]] = Counter()
        self._lock = Lock()

    def page(self, number: str) -> Page:
        """Give the page of a number, a new one where it has none yet."""
        with self._lock:
            return self.pages.setdefault(number, Page(number))

    def count(self, act: str, outcome: str) -> None:
        """Count an act."""
        with self._lock:
            self.counts[act, outcome] += 1

    def total(self, outcome: str) -> int:
        """Give how many acts had an outcome."""
        return sum(count for (_, found), count in self.counts.items() if found == outcome)


def compare(
    pages: Iterable[Page], *, standing: Mapping[str, str], entries: Mapping[str, Sequence[str]], codes: Mapping[str, int]
) -> list[str]:
    """Compare what callers were told with what there is; give what does not fit, numbers named by their last digits.

    Args:
        pages: of the journal.
        standing: terms by number, of the entries that stand.
        entries: references by number, of all entries that ever were.
        codes: how many codes arrived, by number.
    """
    known = {page.number: page for page in pages}
    found = [f"a listing nobody asked for: ...{number[-7:]}" for number in sorted(entries.keys() - known.keys())]
    for number, page in known.items():
        name = f"...{number[-7:]}"
        stands, begun = standing.get(number), entries.get(number, ())
        if stands not in page.possible:
            was = "lost" if stands is None else "not withdrawn" if page.possible == {None} else "other than confirmed"
            found.append(f"a listing was {was}: {name} is {stands!r}, it could be {sorted(map(repr, page.possible))}")
        if not page.fewest <= len(begun) <= page.most:
            found.append(f"entries: {name} has {len(begun)}, it could be {page.fewest} to {page.most}")
        found.extend(f"a reference is gone: {name} {each}" for each in page.references if each not in begun)
        if not page.codes_owed <= codes.get(number, 0) <= page.codes_asked:
            arrived = codes.get(number, 0)
            found.append(f"codes: {name} got {arrived}, {page.codes_owed} to {page.codes_asked} were asked for")
    return found
