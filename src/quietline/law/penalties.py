"""How high the penalty for a violation may be, by the day that counts.

In a file of a rulebook, below ``penalties``, by name::

    civil_penalty:
      title: {en: ..., zh: ...}
      nature: civil                  # administrative, civil, criminal, damages
      currency: USD
      remarks: {en: ..., zh: ...}    # optional
      day_that_counts: [rows]        # optional: violation_date or assessment_date, by the day of the assessment;
                                     # where it is silent the day of the violation is taken, and the answer says so
      unit_value: [rows]             # where amounts are given in penalty units: what one is worth
      cases:
        - case: {en: ..., zh: ...}
          party: individual          # or organisation; left out where it does not matter
          per: {en: each violation, zh: 每次违反}
          also: {en: ..., zh: ...}   # optional: what may come besides or instead
          each_call: yes             # optional: each forbidden call is a violation of its own
          each_day: yes              # or: the amount is for all violations of one day, and no more comes together for it
          values: [rows]             # dated: quietline.law.money

A value is the highest amount, ``16000``, or a mapping of these keys:

=============  =====================================================================================================
``at_most``    the highest amount
``at_least``   the lowest amount; alone, there is no highest one
``units``      the highest amount in penalty units
``turnover``   ``{percent: 4, of: {en: ..., zh: ...}}``: the highest amount is that part of a turnover
``choose``     where ``at_most`` and ``turnover`` stand side by side: ``greater`` of the two, or ``either``
``income``     ``{at_least: 1, at_most: 10}``: from so many to so many times the illegal income
``when``       ``{income_below: N}``, ``{income_at_most: N}`` or ``{turnover_above: N}``: only then
=============  =====================================================================================================

or a list of such mappings: all but the last have ``when``, and the first that fits counts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast, get_args

from quietline.errors import UsageError
from quietline.law._ceilings import Ceiling, read_ceilings, reckon, words
from quietline.law._schema import amount_of, choice_of, items_of, mapping_of, members_of, name_of, translations_of, truth_of
from quietline.law._yaml import Node, fail
from quietline.law.money import (
    Found,
    Grounds,
    Money,
    PrintedTable,
    Series,
    Text,
    Undetermined,
    in_both,
    read_currency,
    read_series,
)

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

__all__ = [
    "Amounts",
    "Day",
    "Nature",
    "Party",
    "Penalties",
    "Penalty",
    "PenaltyCase",
    "PenaltyTable",
    "amounts_of",
    "ceiling_of_a_call",
    "maximum_penalty",
    "read_penalties",
]

Party: TypeAlias = Literal["individual", "organisation"]
Nature: TypeAlias = Literal["administrative", "civil", "criminal", "damages"]
Day: TypeAlias = Literal["violation_date", "assessment_date"]

_WORDS: dict[str, Text] = {
    "day": {"en": "day that counts", "zh": "以哪一日为准"},
    "unit": {"en": "penalty unit", "zh": "罚款单位"},
    "violation_date": {"en": "day of the violation", "zh": "违反之日"},
    "assessment_date": {"en": "day of the assessment", "zh": "处罚决定之日"},
    "individual": {"en": "individual", "zh": "个人"},
    "organisation": {"en": "organisation", "zh": "组织"},
}


@dataclass(frozen=True, slots=True)
class PenaltyCase:
    """A case of a penalty.

    Attributes:
        case: by language.
        party: whom it is for; None for anyone.
        per: what it is for each of, by language.
        also: what may come besides or instead, by language, or None.
        values: how the ceiling is reckoned, by day.
        each_call: each forbidden call is one violation, so that the ceiling may be multiplied by calls.
        each_day: the ceiling is for all violations of one day, and may be multiplied by days.
    """

    case: Text
    party: Party | None
    per: Text
    also: Text | None
    values: Series[tuple[Ceiling, ...]]
    each_call: bool
    each_day: bool


@dataclass(frozen=True, slots=True)
class PenaltyTable:
    """A penalty, as a rulebook has it.

    Attributes:
        name: as in the file.
        instrument: id of the instrument it belongs to.
        title: by language.
        nature: administrative, civil, criminal or damages (to be paid to the one called).
        currency: of all its amounts.
        remarks: what applies besides, by language, or None.
        day_that_counts: by the day of the assessment; None where the rulebook does not say.
        unit_value: what a penalty unit is worth, or None.
        cases: at least one.
    """

    name: str
    instrument: str
    title: Text
    nature: Nature
    currency: str
    remarks: Text | None
    day_that_counts: Series[Day] | None
    unit_value: Series[Decimal] | None
    cases: tuple[PenaltyCase, ...]

    def tables(self, lang: str, on: date | None = None) -> tuple[PrintedTable, ...]:
        """Give the tables to print: all rows, or only those in force on a day."""
        rows: list[tuple[str, ...]] = []
        for case in self.cases:
            party = f" ({_WORDS[case.party][lang]})" if case.party else ""
            what = f"{case.case[lang]}{party}, {case.per[lang]}"
            rows += case.values.printed(what, lang, on, lambda value: words(value, self.currency)[lang])
        if self.unit_value is not None:
            rows += self.unit_value.printed(_WORDS["unit"][lang], lang, on, lambda value: str(Money(value, self.currency)))
        if self.day_that_counts is not None:
            rows += self.day_that_counts.printed(_WORDS["day"][lang], lang, on, lambda day: _WORDS[day][lang])
        return (PrintedTable.of(self.title[lang], lang, rows),)


@dataclass(frozen=True, slots=True)
class Amounts:
    """How high a penalty may be by the law of one day.

    Attributes:
        minimum: lowest amount, or None.
        maximum: highest amount; None where there is none.
        formula: how it is reckoned, by language.
        grounds: the rows it stands on.
    """

    minimum: Money | None
    maximum: Money | None
    formula: Text
    grounds: Grounds

    def as_dict(self, lang: str = "en") -> dict[str, Any]:
        """Give it as JSON has it: amounts are plain decimals in quotes, null where there is none."""
        money = self.maximum or self.minimum
        return {
            "verdict": "determined",
            "amount": self.maximum and self.maximum.plain(),
            "minimum": self.minimum and self.minimum.plain(),
            "currency": money and money.currency,
            "formula": self.formula[lang],
            **self.grounds.as_dict(lang),
        }


@dataclass(frozen=True, slots=True)
class Penalty:
    """One penalty that may be imposed.

    Attributes:
        name: as in the file.
        title: of the penalty, by language.
        nature: administrative, civil, criminal or damages.
        case: by language.
        party: whom it is for; None for anyone.
        per: what it is for each of, by language.
        also: what may come besides or instead, by language, or None.
        remarks: what applies besides to the penalty as a whole, by language, or None.
        counts: the day whose amount applies.
        counts_found: the row that says so; None where the rulebook does not, and the day of the violation is taken.
        by_violation: by the law of the day of the violation.
        by_assessment: by the law of the day of the assessment; None where it does not count.
    """

    name: str
    title: Text
    nature: Nature
    case: Text
    party: Party | None
    per: Text
    also: Text | None
    remarks: Text | None
    counts: Day
    counts_found: Found[Day] | None
    by_violation: Amounts | Undetermined
    by_assessment: Amounts | Undetermined | None

    @property
    def applies(self) -> Amounts | Undetermined:
        """The amounts that apply, by the day that counts."""
        return self.by_violation if self.by_assessment is None else self.by_assessment

    def as_dict(self, lang: str = "en") -> dict[str, Any]:
        """Give it as JSON has it; where the day of the assessment counts, the amounts of both days are there."""
        facts: dict[str, Any] = {
            "penalty": self.name,
            "title": self.title[lang],
            "nature": self.nature,
            "case": self.case[lang],
            "party": self.party,
            "per": self.per[lang],
            "also": self.also[lang] if self.also else "",
            "remarks": self.remarks[lang] if self.remarks else "",
            "day_that_counts": self.counts,
            "day_that_counts_citation": self.counts_found.row.cited.citation if self.counts_found else None,
            **self.applies.as_dict(lang),
        }
        if self.by_assessment is not None:
            facts["on_violation_date"] = self.by_violation.as_dict(lang)
            facts["on_assessment_date"] = self.by_assessment.as_dict(lang)
        return facts


@dataclass(frozen=True, slots=True)
class Penalties:
    """All penalties that the rulebook has for a violation.

    Attributes:
        on: day of the violation.
        assessed: day of the assessment.
        penalties: in the order of the rulebook; those no longer in force are left out.
        why: by language, where none has an amount; else None.
    """

    on: date
    assessed: date
    penalties: tuple[Penalty, ...]
    why: Text | None

    def as_dict(self, lang: str = "en") -> dict[str, Any]:
        """Give it as JSON has it; ``partly_determined`` where some have an amount and some do not.

        ``amount``, ``currency`` and ``citation`` are those of the first penalty that has an amount; the others stand in
        ``penalties``.
        """
        first = next((p.as_dict(lang) for p in self.penalties if isinstance(p.applies, Amounts)), None)
        known = all(isinstance(penalty.applies, Amounts) for penalty in self.penalties)
        return {
            "verdict": "undetermined" if self.why else "determined" if known else "partly_determined",
            **({"why": self.why[lang]} if self.why else {}),
            "on": self.on.isoformat(),
            "assessed": self.assessed.isoformat(),
            **({key: first[key] for key in ("amount", "currency", "citation")} if first else {}),
            "penalties": [penalty.as_dict(lang) for penalty in self.penalties],
        }


def maximum_penalty(
    penalties: tuple[PenaltyTable, ...],
    *,
    on: date,
    assessed: date | None = None,
    party: Party | None = None,
    turnover: Decimal | None = None,
    income: Decimal | None = None,
) -> Penalties:
    """Say how high each penalty for a violation may be.

    Which day counts is looked up on the day of the assessment. Where that day counts, the amounts of both days are
    given and the assessment's apply. Where a rulebook does not say which day counts, the violation's is taken.

    Args:
        penalties: of the rulebook.
        on: day of the violation.
        assessed: day on which the penalty is imposed; None for the day of the violation.
        party: only penalties for these, or for anyone; None for all.
        turnover: of the one to be punished, in the currency of the penalty; None: not known.
        income: illegal income, likewise.

    Raises:
        UsageError: the assessment is before the violation, or an amount is negative.
    """
    decided = on if assessed is None else assessed
    if decided < on:
        raise UsageError(f"The day of the assessment, {decided}, is before that of the violation, {on}.")
    for name, amount in (("turnover", turnover), ("income", income)):
        if amount is not None and (not amount.is_finite() or amount < 0):
            raise UsageError(f"The {name}, {amount}, is not an amount of 0 or more.")
    found: list[Penalty] = []
    for table in penalties:
        for case in table.cases:
            if party is None or case.party is None or case.party == party:
                penalty = _penalty(table, case, on, decided, turnover, income)
                if not (isinstance(penalty.applies, Undetermined) and penalty.applies.reason == "ended"):
                    found.append(penalty)
    why: Text | None = None
    if not any(isinstance(penalty.applies, Amounts) for penalty in found):
        if not penalties:
            why = {"en": "The rulebook has no table of penalties.", "zh": "规则库中没有处罚表。"}
        elif not found:
            why = {
                "en": "The rulebook has no penalty in force for that party on that day.",
                "zh": "规则库中没有当日对该类主体施行的处罚。",
            }
        else:
            why = {
                "en": "No amount is known for what was asked; each penalty says why.",
                "zh": "所问情形没有已知金额；原因见各项处罚。",
            }
    return Penalties(on, decided, tuple(found), why)


def ceiling_of_a_call(penalties: tuple[PenaltyTable, ...], *, on: date, party: Party = "organisation") -> Money | None:
    """Give the most that one forbidden call can cost by the law of its day.

    Only penalties of which the rulebook says that each call is a violation of its own count: what a firm can be fined once
    cannot be multiplied by calls. Damages, which are paid to the person called, do not.

    Args:
        penalties: of a country.
        on: day of the call.
        party: who calls.

    Returns:
        The first such amount, in the order of the rulebook; None where there is none, or it is not known.
    """
    for table in penalties:
        for case in table.cases if table.nature != "damages" else ():
            if case.each_call and case.party in (None, party):
                found = amounts_of(table, case, on, None, None, None)
                if isinstance(found, Amounts) and found.maximum is not None:
                    return found.maximum
    return None


def _penalty(
    table: PenaltyTable, case: PenaltyCase, on: date, assessed: date, turnover: Decimal | None, income: Decimal | None
) -> Penalty:
    counts: Found[Day] | None = None
    if table.day_that_counts is not None:
        rule = table.day_that_counts.at(assessed, _WORDS["day"])
        counts = None if isinstance(rule, Undetermined) else rule
    by_assessment: Amounts | Undetermined | None = None
    if counts is not None and counts.value == "assessment_date":
        # Whether this day counts matters only where it is another one.
        by_assessment = amounts_of(table, case, assessed, turnover, income, counts if assessed != on else None)
    return Penalty(
        name=table.name,
        title=table.title,
        nature=table.nature,
        case=case.case,
        party=case.party,
        per=case.per,
        also=case.also,
        remarks=table.remarks,
        counts=counts.value if counts else "violation_date",
        counts_found=counts,
        by_violation=amounts_of(table, case, on, turnover, income, None),
        by_assessment=by_assessment,
    )


def amounts_of(
    table: PenaltyTable,
    case: PenaltyCase,
    day: date,
    turnover: Decimal | None,
    income: Decimal | None,
    counts: Found[Day] | None,
) -> Amounts | Undetermined:
    """Say how high a case of a penalty may be by the law of one day.

    Args:
        table: the penalty.
        case: of it.
        day: whose law.
        turnover: of the one to be punished, in the currency of the penalty; None: not known.
        income: illegal income, likewise.
        counts: the row that makes this day count, to be named among the grounds; None where there is nothing to name.
    """
    row = case.values.at(day, case.case)
    if isinstance(row, Undetermined):
        return row
    formula = words(row.value, table.currency)
    grounds: list[tuple[Text, Text, Found[Any]]] = [(case.case, formula, row)]
    unit: Decimal | None = None
    if any(ceiling.units is not None for ceiling in row.value) and table.unit_value is not None:
        worth = table.unit_value.at(day, _WORDS["unit"])
        if isinstance(worth, Undetermined):
            return Undetermined(
                worth.reason,
                {
                    "en": f"It is {formula['en']}, but {worth.why['en']}",
                    "zh": f"规定为{formula['zh']}，但{worth.why['zh']}",
                },
                worth.known,
                worth.cited or row.row.cited,
            )
        unit = worth.value
        grounds.append((_WORDS["unit"], in_both(Money(unit, table.currency)), worth))
    if counts is not None:
        grounds.append((_WORDS["day"], _WORDS[counts.value], counts))
    span = reckon(row.value, currency=table.currency, unit=unit, turnover=turnover, income=income)
    if isinstance(span, Undetermined):
        return replace(span, cited=row.row.cited)
    return Amounts(
        None if span.minimum is None else Money(span.minimum, table.currency),
        None if span.maximum is None else Money(span.maximum, table.currency),
        formula,
        Grounds(tuple(grounds)),
    )


def read_penalties(node: Node, instrument: str) -> tuple[PenaltyTable, ...]:
    """Read the section ``penalties`` of a file.

    Raises:
        LawError: ``law.invalid`` when it is not as described above; the message names file, line and key.
    """
    return tuple(_table(name_of(name, member), member, instrument) for name, member in mapping_of(node).items())


def _table(name: str, node: Node, instrument: str) -> PenaltyTable:
    members = members_of(
        node,
        required=("title", "nature", "currency", "cases"),
        optional=("remarks", "day_that_counts", "unit_value"),
    )
    items = items_of(members["cases"])
    table = PenaltyTable(
        name,
        instrument,
        translations_of(members["title"]),
        cast("Nature", choice_of(members["nature"], get_args(Nature))),
        read_currency(members["currency"]),
        translations_of(members["remarks"]) if "remarks" in members else None,
        read_series(members["day_that_counts"], _day) if "day_that_counts" in members else None,
        read_series(members["unit_value"], amount_of) if "unit_value" in members else None,
        tuple(_case(item) for item in items),
    )
    for item, case in zip(items, table.cases, strict=True):
        for row in case.values.rows:
            if table.unit_value is None and any(ceiling.units is not None for ceiling in row.value or ()):
                fail(item, "it is in penalty units; the key unit_value of the penalty has to say what one is worth")
    return table


def _day(node: Node) -> Day:
    return cast("Day", choice_of(node, get_args(Day)))


def _case(node: Node) -> PenaltyCase:
    members = members_of(node, required=("case", "per", "values"), optional=("party", "also", "each_call", "each_day"))
    each_call, each_day = (truth_of(members[name]) if name in members else False for name in ("each_call", "each_day"))
    if each_call and each_day:
        fail(members["each_day"], "it is for each call already")
    return PenaltyCase(
        translations_of(members["case"]),
        cast("Party", choice_of(members["party"], get_args(Party))) if "party" in members else None,
        translations_of(members["per"]),
        translations_of(members["also"]) if "also" in members else None,
        read_series(members["values"], read_ceilings),
        each_call,
        each_day,
    )
