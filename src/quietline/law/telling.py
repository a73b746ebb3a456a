"""The law in words: rows, parameters and what changed between two days, as a lawyer reads them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from quietline.law.hours import Hours

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quietline.law.parameters import Parameter, Period
    from quietline.law.patterns import Condition
    from quietline.law.regime import Regime
    from quietline.law.rulebook import Rulebook
    from quietline.law.rules import Flag

__all__ = ["Change", "changes", "conditions_in_words", "in_force", "value_in_words"]

_UNITS = {
    "en": {
        "days": "days",
        "months": "months",
        "business_days": "business days",
        "years": "years",
        "count": "",
        "percent": "%",
    },
    "zh": {"days": "日", "months": "个月", "business_days": "个工作日", "years": "年", "count": "", "percent": "%"},
}
_WORDS = {
    "en": {
        "in_force": "in force",
        "none": "not in force",
        "unknown": "in force, value not known",
        "unlimited": "without end",
        "yes": "yes",
        "no": "no",
        "not": "not: ",
        "or": " or ",
        "is": ": ",
        "always": "in all other cases",
    },
    "zh": {
        "in_force": "有效",
        "none": "未生效",
        "unknown": "有效，但数值不详",
        "unlimited": "无期限",
        "yes": "是",
        "no": "否",
        "not": "并非：",
        "or": "或",
        "is": "：",
        "always": "其他一切情形",
    },
}


def value_in_words(parameter: Parameter, period: Period | None, lang: str) -> str:
    """Say what a parameter is in one of its periods (None: there is none)."""
    words = _WORDS[lang]
    value = None if period is None else period.value
    if period is None or value is None:
        return words["none"]
    if isinstance(value, bool):
        return words["yes" if value else "no"]
    if isinstance(value, str | Hours):
        return words.get(str(value), str(value))
    if isinstance(value, dict):
        return value[lang]
    if isinstance(value, tuple):
        return ", ".join(value)
    unit = _UNITS[lang].get(period.unit, "")
    return f"{parameter.currency} {value:,f}" if period.unit == "money" else f"{value} {unit}".strip()


def conditions_in_words(row: Flag, regime: Regime, lang: str) -> list[str]:
    """Say what has to hold for a row."""
    if not row.when:
        return [_WORDS[lang]["always"]]
    return [_condition(condition, regime, lang) for condition in row.when]


def _condition(condition: Condition, regime: Regime, lang: str) -> str:
    words = _WORDS[lang]
    derived = regime.derived.get(condition.name)
    if derived is not None:
        return ("" if condition.truth else words["not"]) + derived.text[lang]
    fact = regime.vocabulary.leaves[condition.name]
    if not condition.words:
        return ("" if condition.truth else words["not"]) + fact.text[lang]
    left_out = [value for value in fact.values if value not in condition.words]
    if len(left_out) < len(condition.words):
        named = words["or"].join(fact.values[value][lang] for value in left_out)
        return f"{fact.text[lang]}{words['is']}{words['not']}{named}"
    return f"{fact.text[lang]}{words['is']}{words['or'].join(fact.values[value][lang] for value in condition.words)}"


def in_force(regime: Regime, on: date) -> dict[str, Flag]:
    """Give the rows that can hold on a day, by id: nothing that the day alone decides stands against them."""
    if on < regime.covers_from:
        return {}
    bits, known = regime.observe({}, regime.moment(on, None))
    rows = (*regime.rules, *regime.flags)
    return {row.id: row for row, (mask, value) in zip(rows, regime.pairs, strict=True) if not (bits ^ value) & mask & known}


@dataclass(frozen=True, slots=True)
class Change:
    """What is not the same on two days.

    Attributes:
        kind: ``parameter``, ``rule``, ``flag`` or ``table``.
        name: of the parameter or of the line of a table, or id of the row.
        instrument: id of the instrument.
        before: on the first day, in words.
        after: on the second day.
        citation: where the second is written.
        confidence: how well it is known.
        since: day of the change where it has one.
        text: what it is about.
    """

    kind: str
    name: str
    instrument: str
    before: str
    after: str
    citation: str
    confidence: str
    since: date | None
    text: str

    def as_dict(self) -> dict[str, Any]:
        """Give it as JSON would have it."""
        return {
            "kind": self.kind,
            "name": self.name,
            "instrument": self.instrument,
            "before": self.before,
            "after": self.after,
            "since": self.since.isoformat() if self.since else None,
            "citation": self.citation,
            "confidence": self.confidence,
            "text": self.text,
        }


def changes(rulebook: Rulebook, first: date, second: date, lang: str) -> Iterator[Change]:
    """Give what changed between two days: parameters, rows that came into force or went out of it, tables."""
    for parameter in rulebook.parameters.values():
        (before, _), (after, _) = parameter.at(first), parameter.at(second)
        if before is after or (before and after and before.value == after.value and before.unit == after.unit):
            continue
        begun = [period for period in parameter.periods if period.from_date <= second]
        period = after or (begun or parameter.periods)[-1 if begun else 0]  # the end of a rule is a period too
        yield Change(
            "parameter",
            parameter.name,
            parameter.instrument,
            value_in_words(parameter, before, lang),
            value_in_words(parameter, after, lang),
            period.citation,
            period.confidence,
            period.from_date,
            parameter.description[lang],
        )
    for regime in rulebook.regimes:
        yield from _row_changes(regime, first, second, lang)
    for table in rulebook.tables:
        yield from _table_changes(table, first, second, lang)


def _row_changes(regime: Regime, first: date, second: date, lang: str) -> Iterator[Change]:
    words = _WORDS[lang]
    then, now = in_force(regime, first), in_force(regime, second)
    for row in (*regime.rules, *regime.flags):
        if (row.id in then) is not (row.id in now):
            yield Change(
                "rule" if row in regime.rules else "flag",
                row.id,
                regime.name,
                words["in_force" if row.id in then else "none"],
                words["in_force" if row.id in now else "none"],
                row.cited.citation,
                row.cited.confidence,
                None,
                row.text[lang],
            )


def _table_changes(table: Any, first: date, second: date, lang: str) -> Iterator[Change]:
    """Compare a table of money or times as it is printed for two days: what, from, value, citation, how well known."""
    words = _WORDS[lang]
    for before, after in zip(table.tables(lang, first), table.tables(lang, second), strict=True):
        then, now = {row[0]: row for row in before.rows}, {row[0]: row for row in after.rows}
        for what in dict.fromkeys([*then, *now]):
            old, new = then.get(what), now.get(what)
            if old is None or new is None or old[2] != new[2]:
                row: tuple[str, ...] = new or old or ()
                yield Change(
                    "table",
                    what,
                    table.instrument,
                    old[2] if old else words["none"],
                    new[2] if new else words["none"],
                    row[3],
                    row[4],
                    date.fromisoformat(row[1]),
                    after.title,
                )
