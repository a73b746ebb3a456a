"""The arithmetic of a penalty for many calls: lines of calls that fall under the same amount, and what they come to.

How amounts are multiplied, and when they stand once, is told in :mod:`quietline.law.proposing`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from quietline.law.money import Money, Text, Undetermined
from quietline.law.penalties import Amounts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from quietline.law.penalties import PenaltyCase

__all__ = ["Line", "Multiplied", "Reckoning", "reckon_days"]

Multiplied: TypeAlias = Literal["call", "day", "once"]
"""What an amount is multiplied by: calls, days with calls (where the ceiling of a day is reached), or nothing."""

_Row: TypeAlias = "tuple[date, int, Multiplied, Amounts | Undetermined]"

_WORDS: dict[str, Text] = {
    "call": {"en": "{count:,} × {each} = {sum}", "zh": "{count:,}次 × {each} = {sum}"},
    "day": {"en": "{count:,} day(s) × {each} for all calls of a day = {sum}", "zh": "{count:,}日 × 每日合计{each} = {sum}"},
    "once": {
        "en": "{sum}, once: the rulebook does not make each call a violation of its own",
        "zh": "{sum}，仅计一次：规则库未规定每次来电单独构成一次违反",
    },
    "calls": {"en": "{calls:,} call(s) of {first} to {last}", "zh": "{first}至{last}的{calls:,}次来电"},
    "day_calls": {"en": "{calls:,} call(s) of {first}", "zh": "{first}的{calls:,}次来电"},
    "span": {"en": "{low} to {high}", "zh": "{low}以上{high}以下"},
    "or_more": {"en": "{low} or more", "zh": "{low}以上"},
    "up_to": {"en": "up to {high}", "zh": "至多为{high}"},
    "total": {"en": "Together: {sum}.", "zh": "合计：{sum}。"},
    "highest": {"en": "The highest of these stands, once: {sum}.", "zh": "取其中最高者，仅计一次：{sum}。"},
    "none": {"en": "no longer in force", "zh": "已不再施行"},
    "line": {"en": "{calls}: {what} ({citation})", "zh": "{calls}：{what}（{citation}）"},
    "open": {"en": "{calls}: not known. {why}", "zh": "{calls}：不详。{why}"},
    "partly": {
        "en": "The sum cannot be said. The {calls:,} call(s) that the table covers come to {sum}.",
        "zh": "合计无法确定。表中涵盖的{calls:,}次来电合计为{sum}。",
    },
    "unknown": {"en": "The sum cannot be said.", "zh": "合计无法确定。"},
    "ended": {"en": "It was in force for none of these calls.", "zh": "对上述来电均已不再施行。"},
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the arithmetic: calls that fall under the same amount.

    Attributes:
        calls: how many.
        first: day of the first of them.
        last: day of the last.
        multiplied: what the amount is multiplied by.
        count: so many times: calls, days, or 1.
        each: the amount by the law of the day that is reckoned by, with the rows it stands on; or why there is none.
        minimum: count times the lowest amount, or None.
        maximum: count times the highest, or None where there is none.
        stands: whether it is part of the sum; of ceilings for the firm only the highest is.
    """

    calls: int
    first: date
    last: date
    multiplied: Multiplied
    count: int
    each: Amounts | Undetermined
    minimum: Money | None
    maximum: Money | None
    stands: bool

    @property
    def is_ended(self) -> bool:
        """Whether the penalty is no longer in force for these calls, so that they cost nothing under it."""
        return isinstance(self.each, Undetermined) and self.each.reason == "ended"

    def words(self, lang: str = "en") -> str:
        """Say it in one line."""
        days = _WORDS["day_calls" if self.first == self.last else "calls"][lang]
        calls = days.format(calls=self.calls, first=self.first, last=self.last)
        if isinstance(self.each, Undetermined):
            if self.is_ended:
                cited = self.each.cited.citation if self.each.cited else ""
                return _WORDS["line"][lang].format(calls=calls, what=_WORDS["none"][lang], citation=cited)
            return _WORDS["open"][lang].format(calls=calls, why=self.each.why[lang])
        what = _WORDS[self.multiplied][lang].format(
            count=self.count,
            each=_span(self.each.minimum, self.each.maximum, lang),
            sum=_span(self.minimum, self.maximum, lang),
        )
        return _WORDS["line"][lang].format(calls=calls, what=what, citation=self.each.grounds.citation)

    def as_dict(self, lang: str = "en") -> dict[str, Any]:
        """Give it as JSON has it."""
        return {
            "calls": self.calls,
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "multiplied": self.multiplied,
            "count": self.count,
            "minimum": self.minimum and self.minimum.plain(),
            "maximum": self.maximum and self.maximum.plain(),
            "stands": self.stands,
            "words": self.words(lang),
            "each": self.each.as_dict(lang),
        }


@dataclass(frozen=True, slots=True)
class Reckoning:
    """What all calls come to, by one of the two days.

    Attributes:
        lines: in the order of the calls.
        minimum: lowest sum, or None where the law has no lowest amount or the sum is not known.
        maximum: highest sum, or None where there is no highest or the sum is not known.
        unknown: why there is no sum, of the first line that has no amount; None where there is one.
        part: lowest and highest sum of the lines that have an amount, where not all have.
    """

    lines: tuple[Line, ...]
    minimum: Money | None
    maximum: Money | None
    unknown: Undetermined | None
    part: tuple[Money | None, Money | None]

    @property
    def verdict(self) -> Literal["determined", "undetermined", "not_in_force"]:
        """Whether there is a sum, it is not known, or the penalty is in force for none of the calls."""
        if self.unknown is not None:
            return "undetermined"
        return "not_in_force" if all(line.is_ended for line in self.lines) else "determined"

    @property
    def covered(self) -> int:
        """How many calls have an amount."""
        return sum(line.calls for line in self.lines if isinstance(line.each, Amounts))

    def words(self, lang: str = "en") -> list[str]:
        """Give the arithmetic: each line, and the sum."""
        said = [line.words(lang) for line in self.lines]
        if self.verdict == "determined":
            once = [line for line in self.lines if line.multiplied == "once" and isinstance(line.each, Amounts)]
            key = "highest" if len(once) > 1 else "total"
            return [*said, _WORDS[key][lang].format(sum=_span(self.minimum, self.maximum, lang))]
        if self.verdict == "not_in_force":
            return [*said, _WORDS["ended"][lang]]
        if not self.covered:
            return [*said, _WORDS["unknown"][lang]]
        return [*said, _WORDS["partly"][lang].format(calls=self.covered, sum=_span(*self.part, lang))]

    def as_dict(self, lang: str = "en") -> dict[str, Any]:
        """Give it as JSON has it: sums are plain decimals in quotes."""
        return {
            "verdict": self.verdict,
            "minimum": self.minimum and self.minimum.plain(),
            "maximum": self.maximum and self.maximum.plain(),
            "why": self.unknown.why[lang] if self.unknown else "",
            "calls_covered": self.covered,
            "minimum_of_these": self.part[0] and self.part[0].plain(),
            "maximum_of_these": self.part[1] and self.part[1].plain(),
            "lines": [line.as_dict(lang) for line in self.lines],
            "arithmetic": self.words(lang),
        }


def reckon_days(
    case: PenaltyCase,
    limit: PenaltyCase | None,
    days: dict[date, int],
    amounts: Callable[[PenaltyCase, date], Amounts | Undetermined],
    currency: str,
) -> Reckoning:
    """Reckon what calls come to.

    Args:
        case: of the penalty.
        limit: the case that says what all calls of a day come to at most; None where there is none.
        days: how many calls on each day, in order.
        amounts: gives the amounts of a case for the calls of a day.
        currency: of the penalty.
    """
    rows: list[_Row] = []
    for day, calls in days.items():
        each = amounts(case, day)
        multiplied: Multiplied = "day" if case.each_day else "call" if case.each_call else "once"
        if limit is not None:
            multiplied, each = _limited(each, calls, amounts(limit, day))
        rows.append((day, calls, multiplied, each))
    return _sum(_lines(rows, currency), currency)


def _limited(
    each: Amounts | Undetermined, calls: int, limit: Amounts | Undetermined
) -> tuple[Multiplied, Amounts | Undetermined]:  # fmt: skip
    """Say whether the calls of a day are counted singly, or come to what all calls of a day come to at most."""
    if isinstance(each, Undetermined):
        return "call", each
    if isinstance(limit, Undetermined):
        # whether several calls come to more than it is not known; a single one cannot
        return "call", each if calls == 1 or limit.reason == "ended" else limit
    if limit.maximum is None or (each.maximum is not None and each.maximum.amount * calls <= limit.maximum.amount):
        return "call", each
    return "day", limit


def _lines(rows: Sequence[_Row], currency: str) -> list[Line]:
    groups: dict[tuple[Any, ...], list[_Row]] = {}
    for row in rows:
        groups.setdefault(_same(row), []).append(row)
    once = [group[0][3] for group in groups.values() if group[0][2] == "once"]
    best = max((each for each in once if isinstance(each, Amounts)), key=_height, default=None)
    lines = []
    for group in groups.values():
        multiplied, each = group[0][2], group[0][3]
        calls = sum(row[1] for row in group)
        count = {"call": calls, "day": len(group), "once": 1}[multiplied]
        low, high = (None, None) if isinstance(each, Undetermined) else (each.minimum, each.maximum)
        lines.append(
            Line(
                calls,
                group[0][0],
                group[-1][0],
                multiplied,
                count,
                each,
                low and Money(low.amount * count, currency),
                high and Money(high.amount * count, currency),
                isinstance(each, Amounts) and (multiplied != "once" or each is best),
            )
        )
    return lines


def _same(row: _Row) -> tuple[Any, ...]:
    """Give what calls have in common that stand in one line: the rows that their amount stands on."""
    _, _, multiplied, each = row
    if isinstance(each, Undetermined):
        return (multiplied, each.reason, each.cited)
    return (multiplied, *(found.row.from_date for _, _, found in each.grounds.items))


def _height(amounts: Amounts) -> tuple[bool, Decimal, Decimal]:
    """Order amounts by how high they may be: no highest one is more than any."""
    low = amounts.minimum.amount if amounts.minimum else Decimal(0)
    return amounts.maximum is None, amounts.maximum.amount if amounts.maximum else Decimal(0), low


def _sum(lines: list[Line], currency: str) -> Reckoning:
    part = _added([line for line in lines if line.stands], currency)
    unknown = next((line.each for line in lines if isinstance(line.each, Undetermined) and not line.is_ended), None)
    return Reckoning(tuple(lines), *((None, None) if unknown else part), unknown, part)


def _added(lines: list[Line], currency: str) -> tuple[Money | None, Money | None]:
    lows = [line.minimum.amount for line in lines if line.minimum is not None]
    highs = [line.maximum.amount for line in lines if line.maximum is not None]
    return (
        Money(sum(lows, Decimal(0)), currency) if lows else None,
        Money(sum(highs, Decimal(0)), currency) if highs and len(highs) == len(lines) else None,
    )


def _span(low: Money | None, high: Money | None, lang: str) -> str:
    if low is not None and high is not None:
        return str(high) if low == high else _WORDS["span"][lang].format(low=low, high=high)
    if low is not None:
        return _WORDS["or_more"][lang].format(low=low)
    return _WORDS["up_to"][lang].format(high=high)
