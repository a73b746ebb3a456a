"""Judge a log of past calls: each as the law and the registers stood when it was made."""

from __future__ import annotations

from bisect import bisect_right
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from quietline.audit.findings import Findings
from quietline.audit.outcomes import Exposure, Judged, Outcome, RuleText, Term, Verdict
from quietline.law import load_rulebook, rulebook_names
from quietline.law.penalties import ceiling_of_a_call
from quietline.law.vocabulary import load_vocabulary, zone_named
from quietline.numbering import load_places
from quietline.wash.evidence import Asked, EvidenceRegisters
from quietline.wash.lawful import CountryJudge, Rulings
from quietline.wash.washing import register_facts, register_names

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from quietline.audit.calls import Calls
    from quietline.law.regime import Regime
    from quietline.law.rules import Flag
    from quietline.wash.campaign import Campaign

__all__ = ["Auditor", "findings_on_law"]

_REGISTER_FACTS = {"listed_on", "list_version_date", "list_checked", "fee_paid"}


@dataclass(frozen=True, slots=True)
class _Told:
    """An outcome, and by which ruling on which day it came about."""

    ruling: int
    country: str
    on: date | None


class Auditor:
    """Judges the calls of a log with what a campaign knows. Close it, or use it as a context manager.

    Args:
        campaign: its facts, registers and the days on which the do-not-call register was fetched. The registers have to know
            the days of the calls: build them with ``--history``.

    Raises:
        InputError: a register cannot be read.
    """

    def __init__(self, campaign: Campaign) -> None:
        self._campaign = campaign
        self._stack = ExitStack()
        self._registers = EvidenceRegisters(campaign, (), self._stack)
        self._places = load_places()
        self._rulings = Rulings()
        self._countries: dict[int, CountryJudge] = {}
        self._outcomes: dict[_Told, Outcome] = {}
        self._exposures: dict[tuple[str, date], Exposure | None] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def registers(self) -> list[dict[str, Any]]:
        """Say which registers were asked, and what they are to the campaign."""
        registers = self._registers.registers
        return [
            register_facts(register, name) | {"role": held.evidence.role}
            for register, name, held in zip(registers, register_names(registers), self._registers.held, strict=True)
        ]

    @property
    def rulebooks(self) -> list[dict[str, Any]]:
        """Say which rulebooks were asked."""
        books = {judge.rulebook.name: judge.rulebook for judge in self._countries.values() if judge.rulebook is not None}
        return [{"name": name, "digest": book.digest} for name, book in sorted(books.items())]

    @property
    def safe_harbour(self) -> dict[str, bool | None]:
        """Give the elements of the safe harbour that the campaign says are on file, or not."""
        elements = load_vocabulary("call").facts["safe_harbour"].members
        return {e.name.rpartition(".")[2]: self._campaign.facts.get(e.name) for e in elements}

    def judge(self, calls: Calls) -> Judged:
        """Judge a batch of calls.

        Raises:
            RegisterError: a register is a snapshot and does not know the day of a call.
        """
        wanted = np.flatnonzero(calls.readable & ~calls.incoming)
        outcome_of = np.full(len(calls), -1, dtype=np.int32)
        local_at = np.full(len(calls), np.datetime64("NaT"), dtype="M8[s]")
        keys = calls.keys[wanted]
        zones, countries = self._places.zones_of(keys), self._places.countries_of(keys)
        moments = [moment.replace(tzinfo=UTC) for moment in calls.called_at[wanted].astype("M8[us]").tolist()]
        days = self._days(moments, zones, wanted, local_at)
        asked = self._ask(keys, days)
        outcomes: dict[Outcome, int] = {}
        for place in np.unique(countries).tolist():
            rows = np.flatnonzero(countries == place)
            judge = self._country(place)
            numbers = judge.judge_calls(
                keys[rows],
                zones[rows],
                Asked(asked.hits[:, rows], asked.since[:, rows], asked.terms[:, rows]),
                [moments[row] for row in rows.tolist()],
                self._fetched([days[row] for row in rows.tolist()]),
            )
            for row, number in zip(rows.tolist(), numbers.tolist(), strict=True):
                outcome = self._outcome(_Told(number, judge.country, days[row]))
                outcome_of[wanted[row]] = outcomes.setdefault(outcome, len(outcomes))
        return Judged(outcome_of, tuple(outcomes), local_at)

    def _days(
        self,
        moments: list[datetime],
        zones: NDArray[np.uint16],
        wanted: NDArray[np.intp],
        local_at: NDArray[np.datetime64],
    ) -> list[date]:
        """Give the day of each call where the person called is, and note the wall clock there."""
        sets = self._places.zone_sets
        days = []
        for row, (moment, zone) in enumerate(zip(moments, zones.tolist(), strict=True)):
            local = moment.astimezone(zone_named(sets[zone][0])) if sets[zone] else moment
            days.append(local.date())
            if sets[zone]:
                local_at[wanted[row]] = np.datetime64(local.replace(tzinfo=None), "s")
        return days

    def _ask(self, keys: NDArray[np.uint64], days: list[date]) -> Asked:
        """Ask all registers, for each number as of the day of its call."""
        shape = (len(self._registers.held), len(keys))
        whole = Asked(np.zeros(shape, np.bool_), np.zeros(shape, np.uint16), np.zeros(shape, np.uint16))
        of_day: dict[date, list[int]] = {}
        for row, day in enumerate(days):
            of_day.setdefault(day, []).append(row)
        for day, rows in of_day.items():
            some = self._registers.ask(keys[rows], on=day)
            whole.hits[:, rows], whole.since[:, rows], whole.terms[:, rows] = some.hits, some.since, some.terms
        return whole

    def _fetched(self, days: list[date]) -> list[date | None] | None:
        """Give the version of the register that was in use on each day: the last one fetched by then."""
        fetched = self._campaign.fetched
        if not fetched:
            return None
        places = [bisect_right(fetched, day) for day in days]
        return [fetched[place - 1] if place else None for place in places]

    def _country(self, place: int) -> CountryJudge:
        if place not in self._countries:
            country = self._places.countries[place]
            self._countries[place] = CountryJudge(country, self._campaign, self._registers, self._rulings)
        return self._countries[place]

    def _outcome(self, told: _Told) -> Outcome:
        outcome = self._outcomes.get(told)
        if outcome is None:
            ruling = self._rulings[told.ruling]
            forbidden = ruling.verdict == "forbid"
            exposure = self._exposure(told.country, told.on) if forbidden and told.on is not None else None
            outcome = Outcome(Verdict(ruling.verdict), ruling.rule, ruling.flags, ruling.unknown, exposure)
            self._outcomes[told] = outcome
        return outcome

    def _exposure(self, country: str, on: date) -> Exposure | None:
        """Give the most that a violation on a day could cost an organisation by the law of that day."""
        if (country, on) not in self._exposures:
            money = ceiling_of_a_call(load_rulebook(country).penalties, on=on)
            self._exposures[country, on] = None if money is None else Exposure(money.amount, money.currency)
        return self._exposures[country, on]


def findings_on_law() -> Findings:
    """Make findings that know the texts of all rules, and the words for facts and flags."""
    rules: dict[str, RuleText] = {}
    terms: dict[str, Term] = {}
    for fact in load_vocabulary("call").facts.values():
        # what null stands for is of no use to whoever reads a report
        terms[fact.name] = Term(fact.name, fact.text["en"].partition(";")[0], fact.text["zh"].partition("；")[0])
    for name in rulebook_names():
        for regime in load_rulebook(name).regimes:
            for rule in regime.rules:
                text = RuleText(rule.id, rule.text["en"], rule.text["zh"], rule.cited.citation, _about(rule, regime))
                rules.setdefault(rule.id, text)
            for flag in regime.flags:
                terms[flag.id] = Term(flag.id, flag.text["en"], flag.text["zh"])
    return Findings(rules=rules.values(), terms=terms.values())


def _about(row: Flag, regime: Regime) -> str:
    """Say what would have prevented a call that a rule forbids, by the facts it asks for."""
    leaves = regime.leaves_of([condition.name for condition in row.when])
    derived = [regime.derived[condition.name] for condition in row.when if condition.name in regime.derived]
    if any(fact.operator == "hours" for fact in derived):
        return "hours"
    if "stop_request_on" in leaves:
        return "request"
    if leaves & _REGISTER_FACTS:
        return "register"
    return "consent" if any(leaf.startswith("consent.") for leaf in leaves) else ""
