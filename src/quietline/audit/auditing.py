"""Judge a log of past calls: each as the law and the registers stood when it was made."""

from __future__ import annotations

from bisect import bisect_right
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, date
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from quietline.audit._alike import AlikeCalls, day_at, kinds_of
from quietline.audit._zones import WallClocks
from quietline.audit.findings import Findings
from quietline.audit.outcomes import Exposure, Judged, Outcome, RuleText, Term, Verdict
from quietline.errors import UsageError
from quietline.law import load_rulebook, rulebook_names
from quietline.law.penalties import ceiling_of_a_call
from quietline.law.vocabulary import load_vocabulary, read_facts
from quietline.numbering import load_places
from quietline.wash.evidence import Asked, EvidenceRegisters
from quietline.wash.lawful import CountryJudge, Rulings
from quietline.wash.washing import register_facts, register_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from quietline.audit.calls import Calls
    from quietline.law import Rulebook
    from quietline.law.regime import Regime
    from quietline.law.rules import Flag
    from quietline.wash.campaign import Campaign

__all__ = ["Auditor", "findings_on_law"]

_REGISTER_FACTS = {"listed_on", "list_version_date", "list_checked", "fee_paid"}
_SAFE_HARBOUR = "safe_harbour."
_FIRST_DAY, _LAST_DAY = date(1970, 1, 2), date(2149, 6, 5)
"""The days a register can hold; on an earlier day nobody stood in it, and no later one changes anything."""
_POWERS = 10 ** np.arange(1, 16, dtype=np.uint64)


@dataclass(frozen=True, slots=True)
class _Told:
    """An outcome, and by which ruling on which day it came about."""

    ruling: int
    country: str
    on: date | None


@dataclass(frozen=True, slots=True)
class _Country:
    """Who judges calls to a country, and what may tell two of them apart.

    Attributes:
        judge: decides.
        alike: finds calls that the law cannot tell apart.
        places: of the registers that matter there.
        areas: by number of digits: the first digits of the areas for which access is paid; empty where that is no question.
    """

    judge: CountryJudge
    alike: AlikeCalls
    places: tuple[int, ...]
    areas: dict[int, NDArray[np.uint64]]


class Auditor:
    """Judges the calls of a log with what a campaign knows. Close it, or use it as a context manager.

    The day of a call, for which the registers are asked, is that of the person called; of several time zones in which the
    person may be the first counts, and where none is known it is the day of UTC.

    Args:
        campaign: its facts, registers and the days on which the do-not-call register was fetched. The registers have to know
            the days of the calls: build them with ``--history``. How a call was made is taken from the log, where it says.

    Raises:
        InputError: a register cannot be read.
    """

    def __init__(self, campaign: Campaign) -> None:
        self._campaign = campaign
        self._stack = ExitStack()
        self._registers = EvidenceRegisters(campaign, (), self._stack)
        self._places = load_places()
        self._clocks = WallClocks()
        self._rulings = Rulings()
        self._campaigns: dict[str, Campaign] = {"": campaign}
        self._countries: dict[tuple[int, str], _Country] = {}
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

    def _rulebooks(self) -> dict[str, Rulebook]:
        judges = [country.judge for country in self._countries.values()]
        return {judge.rulebook.name: judge.rulebook for judge in judges if judge.rulebook is not None}

    @property
    def rulebooks(self) -> list[dict[str, Any]]:
        """Say which rulebooks were asked."""
        return [{"name": name, "digest": book.digest} for name, book in sorted(self._rulebooks().items())]

    @property
    def safe_harbour(self) -> dict[str, bool | None] | None:
        """Give the elements of the safe harbour that the campaign says are on file, or not.

        None where no rulebook that was asked knows such a thing.
        """
        for country in self._countries.values():
            book = country.judge.rulebook
            leaves = (
                {leaf for regime in book.regimes for leaf in regime.leaves_of(regime.derived)} if book is not None else ()
            )
            if any(leaf.startswith(_SAFE_HARBOUR) for leaf in leaves):
                stated = self._campaign.facts_for(country.judge.country)
                elements = load_vocabulary("call").facts["safe_harbour"].members
                return {element.name.rpartition(".")[2]: stated.get(element.name) for element in elements}
        return None

    def judge(self, calls: Calls) -> Judged:
        """Judge a batch of calls.

        Raises:
            RegisterError: a register is a snapshot and does not know the day of a call.
        """
        wanted = np.flatnonzero(calls.readable & ~calls.incoming)
        outcome_of = np.full(len(calls), -1, dtype=np.int32)
        local_at = np.full(len(calls), np.datetime64("NaT"), dtype="M8[s]")
        outcomes: dict[Outcome, int] = {}
        for country, rows in self._by_country(calls, wanted):
            numbers, which, days = self._judge(country, calls, rows, local_at)
            told = [_Told(number, country.judge.country, day) for number, day in zip(numbers.tolist(), days, strict=True)]
            places = [outcomes.setdefault(self._outcome(one), len(outcomes)) for one in told]
            outcome_of[rows] = np.array(places, np.int32)[which]
        return Judged(outcome_of, tuple(outcomes), local_at)

    def _by_country(self, calls: Calls, wanted: NDArray[np.intp]) -> Iterator[tuple[_Country, NDArray[np.intp]]]:
        """Put calls together by the country called, and by how they were made where the log says that."""
        countries = self._places.countries_of(calls.keys[wanted]).astype(np.int64)
        texts = calls.texts.get("channel")
        if texts is None:
            for place in np.unique(countries).tolist():
                yield self._country(place, ""), wanted[countries == place]
            return
        words = {text: i for i, text in enumerate(dict.fromkeys(texts))}
        said = np.array([words[text] for text in texts], np.int64)[wanted]
        for code in np.unique(countries * len(words) + said).tolist():
            place, word = divmod(code, len(words))
            rows = wanted[(countries == place) & (said == word)]
            yield self._country(place, list(words)[word]), rows

    def _judge(
        self, country: _Country, calls: Calls, rows: NDArray[np.intp], local_at: NDArray[np.datetime64]
    ) -> tuple[NDArray[np.uint16], NDArray[np.intp], list[date]]:
        """Judge calls to one country, of those that are alike to its law only the first.

        Returns:
            The rulings, for each call which of them it has, and the day of the call of each ruling.
        """
        keys, moments = calls.keys[rows], calls.called_at[rows].astype("M8[us]")
        zones = self._places.zones_of(keys)
        clock = country.alike.clock(moments.astype(np.int64), zones, self._places.zone_sets)
        local_at[rows] = clock.local_at
        asked = self._ask(country, keys, clock.days)
        days = np.unique(clock.days).tolist()
        columns = [clock.days, clock.kinds]
        columns += country.alike.entries(asked, clock, self._fetched(list(map(day_at, days))))
        if country.areas:
            columns.append(_in_areas(keys, country.areas).astype(np.int64))
        _, firsts, which = np.unique(kinds_of(columns), return_index=True, return_inverse=True)
        on = [day_at(day) for day in clock.days[firsts].tolist()]
        numbers = country.judge.judge_calls(
            keys[firsts],
            zones[firsts],
            Asked(asked.hits[:, firsts], asked.since[:, firsts], asked.terms[:, firsts]),
            [moment.replace(tzinfo=UTC) for moment in moments[firsts].tolist()],
            self._fetched(on),
        )
        return numbers, which, on

    def _ask(self, country: _Country, keys: NDArray[np.uint64], days: NDArray[np.int64]) -> Asked:
        """Ask the registers that matter in a country, for each number as of the day of its call."""
        shape = (len(self._registers.held), len(keys))
        whole = Asked(np.zeros(shape, np.bool_), np.zeros(shape, np.uint16), np.zeros(shape, np.uint16))
        if not country.places:
            return whole
        order = np.argsort(days, kind="stable")
        found, starts = np.unique(days[order], return_index=True)
        for day, rows in zip(found.tolist(), np.split(order, starts[1:]), strict=True):
            on = min(max(day_at(day), _FIRST_DAY), _LAST_DAY)
            for place in country.places:
                some = self._registers.held[place].register.lookup(keys[rows], on=on, columns=True)
                whole.hits[place, rows] = some.hits
                if some.since is not None and some.terms is not None:
                    whole.since[place, rows], whole.terms[place, rows] = some.since, some.terms
        return whole

    def _fetched(self, days: list[date]) -> list[date | None] | None:
        """Give the version of the register that was in use on each day: the last one fetched by then."""
        fetched = self._campaign.fetched
        if not fetched:
            return None
        places = [bisect_right(fetched, day) for day in days]
        return [fetched[place - 1] if place else None for place in places]

    def _country(self, place: int, channel: str) -> _Country:
        known = self._countries.get((place, channel))
        if known is None:
            campaign = self._campaigns.get(channel)
            if campaign is None:
                campaign = self._campaigns[channel] = _made_by(self._campaign, channel)
            known = self._countries[place, channel] = self._new_country(self._places.countries[place], campaign)
        return known

    def _new_country(self, country: str, campaign: Campaign) -> _Country:
        judge = CountryJudge(country, campaign, self._registers, self._rulings)
        held = self._registers.held
        listing = self._registers.places("do_not_call", country)
        others = [place for place, one in enumerate(held) if one.evidence.role != "do_not_call"]
        by_law = judge.rulebook is not None and judge.rulebook.regimes
        areas: dict[int, list[int]] = {}
        for area in campaign.areas.get(country) or ():
            areas.setdefault(len(area), []).append(int(area))
        return _Country(
            judge,
            AlikeCalls(judge.rulebook, campaign.facts_for(country), held, self._clocks),
            tuple(listing + others) if by_law else (),
            {digits: np.array(numbers, np.uint64) for digits, numbers in areas.items()},
        )

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


def _made_by(campaign: Campaign, channel: str) -> Campaign:
    """Give a campaign whose calls are made as the log says; in a way that nobody knows where its word is none."""
    try:
        said = read_facts({"channel": channel}, load_vocabulary("call"))
    except UsageError:
        said = {}
    tables = [campaign.facts, *campaign.country_facts.values()]
    plain, *others = [{name: value for name, value in facts.items() if name != "channel"} | said for facts in tables]
    return replace(campaign, facts=plain, country_facts=dict(zip(campaign.country_facts, others, strict=True)))


def _in_areas(keys: NDArray[np.uint64], areas: dict[int, NDArray[np.uint64]]) -> NDArray[np.bool_]:
    """Say which numbers begin with the digits of an area."""
    digits = np.searchsorted(_POWERS, keys, "right") + 1
    inside = np.zeros(len(keys), np.bool_)
    for length, numbers in areas.items():
        rest = np.maximum(digits - length, 0)
        inside |= (digits >= length) & np.isin(keys // 10 ** rest.astype(np.uint64), numbers)
    return inside


def findings_on_law() -> Findings:
    """Make findings that know the texts of all rules, and the words for facts and flags."""
    rules: dict[str, RuleText] = {}
    terms: dict[str, Term] = {}
    for fact in load_vocabulary("call").facts.values():
        # what null stands for is of no use to whoever reads a report
        terms[fact.name] = Term(fact.name, fact.text["en"].partition(";")[0], fact.text["zh"].partition("；")[0])
    for name in rulebook_names():
        book = load_rulebook(name)
        said: dict[str, dict[str, RuleText]] = {}
        for regime in book.regimes:
            for rule in regime.rules:
                text = RuleText(rule.id, rule.text["en"], rule.text["zh"], rule.cited.citation, _about(rule, regime))
                said.setdefault(rule.id, {})[book.instruments[regime.name].short] = text
            for flag in regime.flags:
                terms[flag.id] = Term(flag.id, flag.text["en"], flag.text["zh"])
        rules |= {rule: _together(texts) for rule, texts in said.items() if rule not in rules}
    return Findings(rules=rules.values(), terms=terms.values())


def _together(texts: Mapping[str, RuleText]) -> RuleText:
    """Put together what several regimes of a country say in a row of the same id: by their names where they differ."""
    first, *others = texts.values()
    if not others:
        return first
    same = all(text.en == first.en for text in others)
    return RuleText(
        first.rule,
        first.en if same else " ".join(f"{short}: {text.en}" for short, text in texts.items()),
        first.zh if same else "".join(f"{short}：{text.zh}" for short, text in texts.items()),
        "; ".join(dict.fromkeys(text.citation for text in texts.values())),
        first.about,
    )


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
    return "consent" if any(leaf.startswith("consent.") for leaf in leaves) else "other"
