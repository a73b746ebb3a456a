"""Decide: may this call be made, by whose rule, and what would have to be known.

One call at a time; :mod:`quietline.law.columns` judges many. Regimes of a country are judged apart, and forbid beats
undetermined beats permit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from heapq import merge
from typing import TYPE_CHECKING, Any

from quietline.errors import UsageError
from quietline.law.hours import Hours, Span, openings
from quietline.law.rulebook import load_rulebook
from quietline.law.telling import value_in_words
from quietline.law.vocabulary import read_facts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from quietline.law.parameters import Parameter, Period
    from quietline.law.regime import Outcome, Regime
    from quietline.law.rulebook import Assumption, Rulebook
    from quietline.law.rules import Flag, Rule, Verdict
    from quietline.law.vocabulary import Facts

__all__ = ["Decision", "Judgement", "decide", "decide_facts", "next_permitted_at"]

_RANK = {"forbid": 0, "undetermined": 1, "permit": 2}
_WESTERNMOST, _EASTERNMOST = timedelta(hours=12), timedelta(hours=14)
"""How far clocks are behind UTC and before it."""


@dataclass(slots=True)  # not frozen: that would take a quarter of the time of a decision
class Judgement:
    """What one regime says of a call.

    Attributes:
        regime: whose rules.
        verdict: permit, forbid or undetermined.
        outcome: which rules and flags; None where the regime does not cover the day, and then it is undetermined.
        unknown: names of the facts that would decide.
        on: day of the call for this regime.
    """

    regime: Regime
    verdict: Verdict
    outcome: Outcome | None
    unknown: tuple[str, ...]
    on: date

    @property
    def rule(self) -> Rule | None:
        """The rule that decides, if one does."""
        return None if self.outcome is None or self.outcome.rule is None else self.regime.rules[self.outcome.rule]

    @property
    def applies(self) -> bool:
        """Whether the instrument reaches this call."""
        return self.rule is None or not self.rule.scope


@dataclass(slots=True)
class Decision:
    """What the law of a country says of a call.

    Attributes:
        rulebook: whose law.
        verdict: permit, forbid or undetermined.
        judgements: of each regime.
        next_permitted_at: where only the time of day is in the way: when the call may be made, in the zone of the person
            called; else None.
        assumptions: what was assumed of facts that were not given, mattered, and is told.
    """

    rulebook: Rulebook
    verdict: Verdict
    judgements: tuple[Judgement, ...]
    next_permitted_at: datetime | None
    assumptions: tuple[Assumption, ...]

    @property
    def deciding(self) -> Judgement:
        """The judgement that is the verdict: the first with it, of those whose instrument reaches the call."""
        found = [judgement for judgement in self.judgements if judgement.verdict == self.verdict]
        return next((judgement for judgement in found if judgement.applies), found[0])

    @property
    def rule(self) -> str | None:
        """Id of the rule that decides; None where the verdict is undetermined."""
        rule = self.deciding.rule
        return None if rule is None else rule.id

    @property
    def unknown(self) -> tuple[str, ...]:
        """Names of the facts that would decide, sorted."""
        if self.verdict != "undetermined":
            return ()
        return tuple(sorted({name for judgement in self.judgements for name in judgement.unknown}))

    def as_dict(self, lang: str = "en") -> dict[str, Any]:
        """Give it as JSON would have it, texts in a language."""
        return {
            "country": self.rulebook.name,
            "verdict": self.verdict,
            "rule": self.rule,
            "regimes": {self._short(j): _regime_dict(j) for j in self.judgements},
            "reasons": [reason for judgement in self.judgements for reason in self._reasons(judgement, lang)],
            "flags": [flag for judgement in self.judgements for flag in self._flags(judgement, lang)],
            "unknown": list(self.unknown),
            "next_permitted_at": self.next_permitted_at.isoformat() if self.next_permitted_at else None,
            "assumptions": [_assumption_dict(assumption, lang) for assumption in self.assumptions],
            "rulebook": self._rulebook_dict(lang),
            "parameters": self._parameters(lang),
        }

    def _short(self, judgement: Judgement) -> str:
        return self.rulebook.instruments[judgement.regime.name].short

    def _reasons(self, judgement: Judgement, lang: str) -> list[dict[str, Any]]:
        if judgement.outcome is None:
            return []
        reasons = []
        rules, outcome = judgement.regime.rules, judgement.outcome
        ordered = sorted({*outcome.speaking, *outcome.possible}, key=lambda place: (place != outcome.rule, place))
        for place in ordered:
            rule = rules[place]
            if not rule.when and place != outcome.rule and place not in outcome.possible:
                continue  # "anything else" speaks only where nothing else does
            reasons.append(
                {
                    "regime": self._short(judgement),
                    "rule": rule.id,
                    "verdict": rule.verdict,
                    "decides": place == outcome.rule,
                    "certain": place in outcome.speaking,
                    **_row_dict(rule, lang),
                }
            )
        return reasons

    def _flags(self, judgement: Judgement, lang: str) -> list[dict[str, Any]]:
        if judgement.outcome is None or not judgement.applies:
            return []
        flags = [judgement.regime.flags[place] for place in judgement.outcome.flags]
        return [{"regime": self._short(judgement), "flag": flag.id, **_row_dict(flag, lang)} for flag in flags]

    def _rulebook_dict(self, lang: str) -> dict[str, Any]:
        return {
            "name": self.rulebook.name,
            "digest": self.rulebook.digest,
            "instruments": [
                {"id": i.id, "short": i.short, "title": i.title[lang], "status": i.status}
                for i in self.rulebook.instruments.values()
                if any(judgement.regime.name == i.id for judgement in self.judgements)
            ],
        }

    def _parameters(self, lang: str) -> list[dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for judgement in self.judgements:
            if judgement.outcome is None:
                continue
            rows: list[Flag] = [judgement.regime.rules[place] for place in judgement.outcome.speaking]
            rows += [judgement.regime.flags[place] for place in judgement.outcome.flags]
            names = [condition.name for row in rows for condition in row.when]
            names += judgement.outcome.pivots
            for name in judgement.regime.parameters_of(names):
                period, _ = judgement.regime.parameters[name].at(judgement.on)
                if period is not None:
                    found.setdefault(name, _parameter_dict(judgement.regime.parameters[name], period, lang))
        return list(found.values())


def _regime_dict(judgement: Judgement) -> dict[str, Any]:
    rule = judgement.rule
    return {
        "verdict": judgement.verdict,
        "rule": None if rule is None else rule.id,
        "applies": judgement.applies,
        "unknown": list(judgement.unknown),
    }


def _row_dict(row: Flag, lang: str) -> dict[str, Any]:
    given = {"citation": row.cited.citation, "confidence": row.cited.confidence, "text": row.text[lang]}
    return {**given, "note": row.cited.note} if row.cited.note else given


def _parameter_dict(parameter: Parameter, period: Period, lang: str) -> dict[str, Any]:
    value = period.value if isinstance(period.value, int | bool) else value_in_words(parameter, period, lang)
    return {
        "name": parameter.name,
        "value": value,
        "unit": period.unit,
        "from": period.from_date.isoformat(),
        "citation": period.citation,
        "confidence": period.confidence,
        "text": f"{parameter.description[lang]}: {value_in_words(parameter, period, lang)}",
    }


def _assumption_dict(assumption: Assumption, lang: str) -> dict[str, Any]:
    return {
        "fact": assumption.name,
        "value": assumption.value,
        "citation": assumption.cited.citation,
        "confidence": assumption.cited.confidence,
        "text": assumption.text[lang],
    }


def decide(country: str | Rulebook, facts: Mapping[str, Any]) -> Decision:
    """Decide on one call from facts as they come in JSON.

    Args:
        country: code of the called number's country, or a rulebook's name.
        facts: by name; an absent one is unknown (docs/reference/facts.md).

    Raises:
        UsageError: a fact is unknown by name or not of its kind.
        LawError: there is no rulebook, or it is wrong.
    """
    rulebook = country if not isinstance(country, str) else load_rulebook(country)
    if not rulebook.regimes:
        raise UsageError(
            f"The rulebook of {rulebook.name.upper()} has no rules to decide by.", advice="Say 'quietline law coverage'."
        )
    return decide_facts(rulebook, read_facts(facts, rulebook.vocabulary))


def decide_facts(rulebook: Rulebook, facts: Facts, *, ahead: bool = True) -> Decision:
    """Decide on one call from facts that were read (:func:`~quietline.law.vocabulary.read_facts`).

    Args:
        rulebook: whose law.
        facts: what is known.
        ahead: also look for the next moment at which a forbidden call may be made.
    """
    assumed = [a for name, a in rulebook.assumptions.items() if name not in facts]
    known = facts
    for assumption in assumed:
        known = {**assumption.facts, **known}
    verdict, judgements = _judge(rulebook, known)
    told = [assumption for assumption in assumed if assumption.told]
    used = _needed(rulebook, facts, known, told, verdict, judgements) if told else ()
    permitted_at = next_permitted_at(rulebook, known, judgements) if ahead and verdict == "forbid" else None
    return Decision(rulebook, verdict, judgements, permitted_at, used)


def _needed(
    rulebook: Rulebook,
    facts: Facts,
    known: Facts,
    assumed: Sequence[Assumption],
    verdict: Verdict,
    judgements: Sequence[Judgement],
) -> tuple[Assumption, ...]:
    """Give assumptions that suffice for the answer, and of which none can be left out."""
    rules = [judgement.rule for judgement in judgements]
    needed = []
    for assumption in assumed:
        without = {name: value for name, value in known.items() if name in facts or name not in assumption.facts}
        if not any(_may_matter(assumption, judgement, without) for judgement in judgements):
            known = without
            continue
        other, others = _judge(rulebook, without)
        if other == verdict and [judgement.rule for judgement in others] == rules:
            known = without
        else:
            needed.append(assumption)
    return tuple(needed)


def _may_matter(assumption: Assumption, judgement: Judgement, without: Facts) -> bool:
    """Say whether a regime asks at all for what is assumed; the clock of the person called it always asks for."""
    if "callee_timezone" in assumption.facts:
        return True
    return not judgement.regime.reads(without, judgement.on).isdisjoint(assumption.facts)


def _judge(rulebook: Rulebook, facts: Facts) -> tuple[Verdict, tuple[Judgement, ...]]:
    at, zones = facts.get("called_at"), facts.get("callee_timezone")
    if at is None:
        judgements = [Judgement(regime, "undetermined", None, ("called_at",), date.min) for regime in rulebook.regimes]
    else:
        days = _days(at, zones)
        judgements = [
            _merged([_judge_regime(regime, facts, on, local) for on, local in days]) for regime in rulebook.regimes
        ]
    verdict: Verdict = "permit"
    for judgement in judgements:
        if _RANK[judgement.verdict] < _RANK[verdict] and judgement.applies:
            verdict = judgement.verdict
    return verdict, tuple(judgements)


def _days(at: date | datetime, zones: Sequence[ZoneInfo] | None) -> list[tuple[date, datetime | None]]:
    """Give the day of the call where the person called is, and the wall clock there: each that may be, the likeliest first.

    Where the zone is not known the day is not either: it may be any that a clock somewhere shows.
    """
    if not isinstance(at, datetime):
        return [(at, None)]
    if zones and len(zones) == 1:
        only = at.astimezone(zones[0])
        return [(only.date(), only)]
    if zones:
        clocks: dict[datetime, datetime] = {}  # zones whose clocks show the same are one
        for local in map(at.astimezone, zones):
            clocks.setdefault(local.replace(tzinfo=None), local)
        return [(local.date(), local) for local in clocks.values()]
    now = at.astimezone(UTC)
    first, last = (now - _WESTERNMOST).date(), (now + _EASTERNMOST).date()
    days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
    return [(day, None) for day in sorted(days, key=lambda day: (abs(day - at.date()), day))]


def _merged(judged: Sequence[Judgement]) -> Judgement:
    """Put together what a regime says in each place where the person called may be: all have to come to the same."""
    first = judged[0]
    if len(judged) == 1:
        return first
    verdicts = {judgement.verdict for judgement in judged}
    if verdicts in ({"permit"}, {"forbid"}):
        return first
    unknown = {name for judgement in judged for name in judgement.unknown}
    if len(verdicts) > 1:
        unknown.add("callee_timezone")
        first = next((judgement for judgement in judged if judgement.outcome is not None), first)
        if first.outcome is not None:
            first = replace(first, outcome=replace(first.outcome, verdict="undetermined", rule=None))
    return replace(first, verdict="undetermined", unknown=tuple(sorted(unknown)))


def _judge_regime(regime: Regime, facts: Facts, on: date, local: datetime | None) -> Judgement:
    if on < regime.covers_from:
        return Judgement(regime, "undetermined", None, ("called_at",), on)
    outcome, unknown = regime.outcome_and_unknown(facts, regime.moment(on, local))
    return Judgement(regime, outcome.verdict, outcome, unknown, on)


def next_permitted_at(rulebook: Rulebook, facts: Facts, judgements: Sequence[Judgement]) -> datetime | None:
    """Give the next moment at which a call may be made that only its time of day forbids.

    Every beginning of calling hours in the coming fifteen days is tried, and every end of a band of hours that the terms of
    an entry may block, with the law of that day. A later day is taken
    not to be a public holiday.

    Returns:
        The moment, in the zone of the person called; None where the time is not all that is in the way, or the zone or the
        time of day is not known.
    """
    at, zones = facts.get("called_at"), facts.get("callee_timezone")
    if not isinstance(at, datetime) or not zones or not any(_by_clock(judgement, facts) for judgement in judgements):
        return None
    clocks = [at.astimezone(zone) for zone in zones]
    against: list[Hours] = []
    for judgement in judgements:
        against += [hours for hours in _hours_against(judgement, facts, clocks) if hours not in against]
    if not against:
        return None
    first_day = at.astimezone(zones[0]).date()

    def permitted(moment: datetime) -> bool:
        later = {**facts, "called_at": moment}
        if moment.astimezone(zones[0]).date() != first_day:
            later["public_holiday"] = False
        return _permits(rulebook, later, from_west)

    from_west = sorted(zones, key=lambda zone: at.astimezone(zone).replace(tzinfo=None)) if len(zones) > 1 else zones
    tried = None
    for moment in merge(*(map(_in_utc, openings(hours, at, zone)) for hours in against for zone in zones)):
        if moment == tried:
            continue
        tried = moment
        if permitted(moment):
            by_day = permitted(moment - timedelta(microseconds=1))  # then it was not the hours that forbade
            return None if by_day else moment.astimezone(zones[0])
    return None


def _by_clock(judgement: Judgement, facts: Facts) -> bool:
    """Say whether a rule that forbids the call, or may, asks for the time of day; bands only where an entry names some."""
    outcome, regime = judgement.outcome, judgement.regime
    if outcome is None:
        return False
    by_bands = not regime.axes_by_clock.isdisjoint(facts.get("terms") or ())
    by_clock = regime.rules_by_clock if by_bands else regime.rules_by_hours
    return any(place in by_clock for place in outcome.speaking) or any(place in by_clock for place in outcome.possible)


def _permits(rulebook: Rulebook, facts: Facts, zones: Sequence[ZoneInfo]) -> bool:
    """Say whether a call is permitted in all zones in which the person called may be; ends with the first that says no."""
    for local in map(facts["called_at"].astimezone, zones):
        on = local.date()
        for regime in rulebook.regimes:
            if on < regime.covers_from or regime.outcome(facts, regime.moment(on, local)).verdict != "permit":
                return False
    return True


def _in_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def _hours_against(judgement: Judgement, facts: Facts, clocks: Sequence[datetime]) -> Iterator[Hours]:
    """Give the calling hours outside which a call is by at least one of the clocks it may be by, and those that follow."""
    regime, holiday = judgement.regime, facts.get("public_holiday")
    bands = list(_bands(regime, facts))
    yield from bands
    values = regime.moment(judgement.on, None).values
    for name in regime.hours_parameters:
        value = values[name]
        if not isinstance(value, tuple):  # not in force, or not known
            continue
        hours, bound = value
        if bands or not all(hours.allow(local, bound, public_holiday=holiday) for local in clocks):
            yield hours
            for later in regime.parameters[name].periods:
                if later.from_date > judgement.on and isinstance(later.value, Hours):
                    yield later.value


def _bands(regime: Regime, facts: Facts) -> Iterator[Hours]:
    """Give, for every band of hours that the terms of an entry may block, the hours from its end on."""
    terms = facts.get("terms") or {}
    for fact in regime.derived.values():
        for _, span in fact.spans if fact.axis in terms else ():
            begins = time(0) if span.last == time.max else span.last
            yield Hours((Span(begins, time.max),) * 7, None, holiday_matters=False)
