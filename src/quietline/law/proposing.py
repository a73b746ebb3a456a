"""A penalty proposed for many calls, with the arithmetic line by line.

For each penalty of the law, and each case of it, two sums stand side by side: by the law of the day of each call, and by
the law of the day of the assessment. The rulebook says which of them applies (``day_that_counts``).

* Where the rulebook says that each call is a violation of its own (``each_call``), the amount is multiplied by calls.
  Where the same case has an amount for all violations of one day as well (``each_day``), the calls of a day come to no more.
* Where it does not say so, the amount is a ceiling for the firm: it stands once, however many calls there were. Where calls
  fall under several amounts of such a ceiling, the highest stands; they are never added.
* Penalties are never added to each other.
* A call on a day that the table does not cover leaves the sum undetermined; what the others come to is shown beside.

The amounts are ceilings, and floors where the law has one. How much of it fits a case is for people to decide.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from quietline.errors import UsageError
from quietline.law._reckoning import Line, Multiplied, Reckoning, reckon_days
from quietline.law.money import Undetermined
from quietline.law.penalties import amounts_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import date
    from decimal import Decimal

    from quietline.law.money import Found, Text
    from quietline.law.penalties import Amounts, Day, Nature, Party, PenaltyCase, PenaltyTable

__all__ = ["Line", "Multiplied", "Proposal", "ProposedPenalty", "Reckoning", "propose_penalty"]


@dataclass(frozen=True, slots=True)
class ProposedPenalty:
    """What one case of one penalty comes to.

    Attributes:
        name: of the penalty, as in the file.
        instrument: id of the instrument.
        title: of the penalty, by language.
        nature: administrative, civil, criminal or damages.
        currency: of all its amounts.
        case: by language.
        party: whom it is for; None for anyone.
        per: what it is for each of, by language.
        also: what may come besides or instead, by language, or None.
        remarks: what applies besides, by language, or None.
        multiplied: what the amount is multiplied by.
        counts: the day whose amounts apply.
        counts_found: the row that says so; None where the rulebook does not, and the day of each call is taken.
        by_call: by the law of the day of each call.
        by_assessment: by the law of the day of the assessment.
    """

    name: str
    instrument: str
    title: Text
    nature: Nature
    currency: str
    case: Text
    party: Party | None
    per: Text
    also: Text | None
    remarks: Text | None
    multiplied: Multiplied
    counts: Day
    counts_found: Found[Day] | None
    by_call: Reckoning
    by_assessment: Reckoning

    @property
    def applies(self) -> Reckoning:
        """The sum that applies, by the day that counts."""
        return self.by_assessment if self.counts == "assessment_date" else self.by_call

    def allows(self, amount: Decimal) -> bool | None:
        """Say whether an amount lies within what applies; None where that is not known, or nothing is in force."""
        if self.applies.verdict != "determined":
            return None
        low, high = self.applies.minimum, self.applies.maximum
        return (low is None or amount >= low.amount) and (high is None or amount <= high.amount)

    def as_dict(self, lang: str = "en") -> dict[str, Any]:
        """Give it as JSON has it."""
        return {
            "penalty": self.name,
            "instrument": self.instrument,
            "title": self.title[lang],
            "nature": self.nature,
            "currency": self.currency,
            "case": self.case[lang],
            "party": self.party,
            "per": self.per[lang],
            "also": self.also[lang] if self.also else "",
            "remarks": self.remarks[lang] if self.remarks else "",
            "multiplied": self.multiplied,
            "day_that_counts": self.counts,
            "day_that_counts_said": self.counts_found is not None,
            "day_that_counts_citation": self.counts_found.row.cited.citation if self.counts_found else None,
            "day_that_counts_note": self.counts_found.row.cited.note if self.counts_found else "",
            "verdict": self.applies.verdict,
            "minimum": self.applies.minimum and self.applies.minimum.plain(),
            "maximum": self.applies.maximum and self.applies.maximum.plain(),
            "by_call": self.by_call.as_dict(lang),
            "by_assessment": self.by_assessment.as_dict(lang),
        }


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the law of a country has for these calls.

    Attributes:
        assessed: day of the assessment.
        calls: how many.
        first: day of the first.
        last: day of the last.
        penalties: each case of each penalty, in the order of the rulebook, side by side; those that are in force for none
            of the calls are left out.
        why: by language, where none has a sum; else None.
    """

    assessed: date
    calls: int
    first: date
    last: date
    penalties: tuple[ProposedPenalty, ...]
    why: Text | None

    def as_dict(self, lang: str = "en") -> dict[str, Any]:
        """Give it as JSON has it; there is no sum over penalties."""
        known = [penalty.applies.verdict == "determined" for penalty in self.penalties]
        return {
            "verdict": "undetermined" if self.why else "determined" if all(known) else "partly_determined",
            **({"why": self.why[lang]} if self.why else {}),
            "assessed": self.assessed.isoformat(),
            "calls": self.calls,
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "penalties": [penalty.as_dict(lang) for penalty in self.penalties],
        }


def propose_penalty(
    penalties: tuple[PenaltyTable, ...],
    calls: Iterable[date | tuple[date, int]],
    *,
    assessed: date,
    party: Party | None = None,
    turnover: Decimal | None = None,
    income: Decimal | None = None,
    only: Collection[str] | None = None,
) -> Proposal:
    """Propose a penalty for many calls.

    Args:
        penalties: of the rulebook.
        calls: the day of each call where the person called is, or a day and how many calls there were; in any order.
        assessed: day on which the penalty is imposed.
        party: only penalties for these, or for anyone; None for all.
        turnover: of the one to be punished, in the currency of the penalty; None: not known.
        income: illegal income, likewise.
        only: names of the penalties to propose; None for all.

    Raises:
        UsageError: there are no calls, one is behind the assessment or counted less than once, an amount is negative, or the
            rulebook has no penalty of such a name.
    """
    days = _counted(calls, assessed)
    for name, amount in (("turnover", turnover), ("income", income)):
        if amount is not None and (not amount.is_finite() or amount < 0):
            raise UsageError(f"The {name}, {amount}, is not an amount of 0 or more.")
    unknown = set(only or ()) - {table.name for table in penalties}
    if unknown:
        raise UsageError(f"The rulebook has no penalty {', '.join(sorted(unknown))}.")
    found: list[ProposedPenalty] = []
    for table in penalties:
        for case in table.cases if only is None or table.name in only else ():
            if (party is None or case.party in (None, party)) and not _is_limit(table, case):
                proposed = _propose(table, case, days, assessed, turnover, income)
                if proposed.applies.verdict != "not_in_force":
                    found.append(proposed)
    return Proposal(assessed, sum(days.values()), min(days), max(days), tuple(found), _why(penalties, found))


def _counted(calls: Iterable[date | tuple[date, int]], assessed: date) -> dict[date, int]:
    counted: Counter[date] = Counter()
    for call in calls:
        day, count = call if isinstance(call, tuple) else (call, 1)
        if count < 1:
            raise UsageError(f"The calls of {day} are counted as {count}.")
        counted[day] += count
    if not counted:
        raise UsageError("There are no calls to propose a penalty for.")
    if max(counted) > assessed:
        raise UsageError(f"The day of the assessment, {assessed}, is before the call of {max(counted)}.")
    return dict(sorted(counted.items()))


def _why(penalties: tuple[PenaltyTable, ...], found: Sequence[ProposedPenalty]) -> Text | None:
    if any(penalty.applies.verdict == "determined" for penalty in found):
        return None
    if not penalties:
        return {"en": "The rulebook has no table of penalties.", "zh": "规则库中没有处罚表。"}
    if not found:
        return {
            "en": "The rulebook has no penalty in force for that party and these calls.",
            "zh": "规则库中没有对该类主体及上述来电施行的处罚。",
        }
    return {
        "en": "No sum is known for what was asked; each penalty says why.",
        "zh": "所问情形没有可确定的合计；原因见各项处罚。",
    }


def _is_limit(table: PenaltyTable, case: PenaltyCase) -> bool:
    """Say whether a case only limits what the single calls of a day come to, and so is no penalty beside them."""
    return any(_limit_of_a_day(table, other) is case for other in table.cases if other.each_call)


def _limit_of_a_day(table: PenaltyTable, case: PenaltyCase) -> PenaltyCase | None:
    same = (other for other in table.cases if other.each_day)
    return next((other for other in same if (other.case, other.party) == (case.case, case.party)), None)


def _changes(table: PenaltyTable) -> list[date]:
    """Give the days on which an amount of a penalty changes, sorted."""
    series = [case.values for case in table.cases] + ([table.unit_value] if table.unit_value is not None else [])
    return sorted({row.from_date for one in series for row in one.rows})


def _propose(
    table: PenaltyTable,
    case: PenaltyCase,
    days: dict[date, int],
    assessed: date,
    turnover: Decimal | None,
    income: Decimal | None,
) -> ProposedPenalty:
    counts: Found[Day] | None = None
    if table.day_that_counts is not None:
        said = table.day_that_counts.at(assessed, {"en": "day that counts", "zh": "以哪一日为准"})
        counts = None if isinstance(said, Undetermined) else said
    counted: Day = counts.value if counts else "violation_date"

    limit = _limit_of_a_day(table, case) if case.each_call else None
    said_so = counts if counted == "assessment_date" else None
    assessment = {
        id(asked): amounts_of(table, asked, assessed, turnover, income, said_so)
        for asked in (case, limit)
        if asked is not None
    }

    changes = _changes(table)
    seen: dict[tuple[int, int], Amounts | Undetermined] = {}

    def by_call(asked: PenaltyCase, day: date) -> Amounts | Undetermined:
        key = (id(asked), bisect_right(changes, day))  # between two changes all days are alike
        if key not in seen:
            seen[key] = amounts_of(table, asked, day, turnover, income, None)
        return seen[key]

    def by_assessment(asked: PenaltyCase, _day: date) -> Amounts | Undetermined:
        return assessment[id(asked)]

    multiplied: Multiplied = "call" if case.each_call else "day" if case.each_day else "once"
    return ProposedPenalty(
        name=table.name,
        instrument=table.instrument,
        title=table.title,
        nature=table.nature,
        currency=table.currency,
        case=case.case,
        party=case.party,
        per=case.per,
        also=case.also,
        remarks=table.remarks,
        multiplied=multiplied,
        counts=counted,
        counts_found=counts,
        by_call=reckon_days(case, limit, days, by_call, table.currency),
        by_assessment=reckon_days(case, limit, days, by_assessment, table.currency),
    )
