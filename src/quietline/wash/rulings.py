"""Rulings: what becomes of rows under the law, each different one once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["NO_COUNTRY", "Ruling", "Rulings"]

_MOST_RULINGS = 1 << 15


@dataclass(frozen=True, slots=True)
class Ruling:
    """What becomes of a row under the law.

    Attributes:
        verdict: permit, forbid or undetermined.
        country: whose law, upper case; empty where the number's country is not known.
        rule: id of the rule that decides, or empty.
        text: what it says, in English.
        citation: where it is written.
        unknown: names of the facts that would decide.
        flags: side duties that are breached.
        next_permitted_at: where only the time of day is in the way, ISO 8601 (without an offset where the campaign calls by
            the clock of the person called); else empty.
        zones: where the time zone would decide: zones in which the answers differ, one for each answer.
    """

    verdict: str
    country: str = ""
    rule: str = ""
    text: str = ""
    citation: str = ""
    unknown: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    next_permitted_at: str = ""
    zones: tuple[str, ...] = ()

    @property
    def unknown_in_words(self) -> tuple[str, ...]:
        """The facts that would decide; behind the time zone those in doubt, ``callee_timezone(A|B)``."""
        zones = f"({'|'.join(self.zones)})" if self.zones else ""
        return tuple(name + zones if name == "callee_timezone" else name for name in self.unknown)


NO_COUNTRY = Ruling("undetermined", text="The country of the number is not known.", unknown=("country",))
"""On numbers that belong to no country that is known."""


class Rulings:
    """All different rulings of a wash, by number; 0 stands for rows that are not judged. May be used by several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._all: list[Ruling | None] = [None]
        self._numbers: dict[Ruling, int] = {}

    def number(self, ruling: Ruling) -> int:
        """Give a ruling its number."""
        with self._lock:
            number = self._numbers.get(ruling)
            if number is None and len(self._all) >= _MOST_RULINGS:  # more than rules and facts can make: times of day, say
                ruling = replace(ruling, next_permitted_at="", zones=())
                number = self._numbers.get(ruling)
            if number is None:
                number = self._numbers[ruling] = len(self._all)
                self._all.append(ruling)
            return number

    def __getitem__(self, number: int) -> Ruling:
        ruling = self._all[number]
        if ruling is None:
            raise KeyError(number)
        return ruling

    def verdicts(self) -> NDArray[np.uint8]:
        """Give the verdict of each number: 0 not judged, 1 permit, 2 forbid, 3 undetermined."""
        codes = {"permit": 1, "forbid": 2, "undetermined": 3}
        with self._lock:
            return np.array([0 if ruling is None else codes[ruling.verdict] for ruling in self._all], dtype=np.uint8)
