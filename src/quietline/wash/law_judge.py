"""Judge the rows of a list by law: each number by the rulebook of its country."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from quietline.numbering import load_places
from quietline.wash.evidence import Asked
from quietline.wash.lawful import CountryJudge, Rulings
from quietline.wash.verdicts import Reason, Verdicts, decided_columns, plain_reasons

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quietline.numbering import Numbers
    from quietline.wash.campaign import Campaign
    from quietline.wash.evidence import EvidenceRegisters

__all__ = ["LawJudge"]

_REASONS = np.array([Reason.INVALID, Reason.CLEAN, Reason.FORBIDDEN, Reason.UNDETERMINED], dtype=np.uint8)


class LawJudge:
    """Judge rows by the law of each number's country.

    Args:
        campaign: what holds for every call.
        registers: of the campaign.
    """

    def __init__(self, campaign: Campaign, registers: EvidenceRegisters) -> None:
        self.rulings = Rulings()
        self._campaign = campaign
        self._registers = registers
        self._places = load_places()
        self._countries: dict[int, CountryJudge] = {}
        self._lock = Lock()

    def judge(self, columns: Sequence[Numbers]) -> Verdicts:
        """Judge the rows of a piece; may be called from several threads.

        Returns:
            Where a row has several numbers, the first forbidden one decides; else the first undetermined one, the first
            that is neither valid nor empty, the first permitted one.
        """
        return decided_columns([self._judge_column(numbers, place) for place, numbers in enumerate(columns)])

    def _judge_column(self, numbers: Numbers, place: int) -> Verdicts:
        keys, statuses = numbers.keys, numbers.statuses
        asked = self._registers.ask(keys)
        reasons = plain_reasons(statuses)
        valid = reasons == Reason.CLEAN
        outcomes = np.zeros(len(keys), dtype=np.uint16)
        zones, countries = self._places.zones_of(keys), self._places.countries_of(keys)
        counts = np.bincount(countries[valid], minlength=len(self._places.countries))
        present = np.flatnonzero(counts).tolist()
        alike = np.zeros(len(counts), dtype=np.uint16)  # rulings of countries that have one for all their numbers
        for country in present:
            judge = self._country(country)
            if not judge.by_law:
                alike[country] = judge.judge(keys[:1], zones[:1], asked)[0]
            elif 2 * counts[country] > len(keys):
                # nearly all rows: to judge the few others as well, which come to one case and are put right by what
                # follows, takes less than to pick these out
                here = countries == country
                ours = judge.judge(keys, np.where(here, zones, np.uint16(0)), asked)
                np.copyto(outcomes, ours, where=here & valid)
            else:
                rows = np.flatnonzero(valid & (countries == country))
                some = Asked(asked.hits[:, rows], asked.since[:, rows], asked.terms[:, rows])
                outcomes[rows] = judge.judge(keys[rows], zones[rows], some)
        if alike.any():
            outcomes += np.where(valid, alike[countries], np.uint16(0))
        if present:
            np.copyto(reasons, _REASONS[self.rulings.verdicts()][outcomes], where=valid)
        return Verdicts(
            reasons,
            keys,
            statuses,
            numbers.repairs,
            np.full(len(keys), place, dtype=np.uint8),
            asked.hits,
            asked.since,
            numbers.library_count,
            outcomes,
        )

    def _country(self, place: int) -> CountryJudge:
        with self._lock:
            judge = self._countries.get(place)
            if judge is None:
                country = self._places.countries[place]
                judge = self._countries[place] = CountryJudge(country, self._campaign, self._registers, self.rulings)
            return judge

    def rulebooks(self) -> dict[str, str]:
        """Give the digest of each rulebook that was asked, by name."""
        books = [judge.rulebook for judge in self._countries.values() if judge.rulebook is not None]
        return {book.name: book.digest for book in sorted(books, key=lambda book: book.name)}
