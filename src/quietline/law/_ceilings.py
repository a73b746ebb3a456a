"""How a penalty's ceiling is reckoned; how it is written in a rulebook stands in :mod:`quietline.law.penalties`."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from quietline.law._schema import amount_of, choice_of, items_of, mapping_of, members_of, translations_of
from quietline.law._yaml import Node, fail
from quietline.law.money import Money, Text, Undetermined, number_text

if TYPE_CHECKING:
    from quietline.law.money import Reason

__all__ = ["Ceiling", "Span", "read_ceilings", "reckon", "words"]

Test: TypeAlias = Literal["income_below", "income_at_most", "turnover_above"]

_TESTS = ("income_below", "income_at_most", "turnover_above")
_KEYS = ("at_most", "at_least", "units", "turnover", "choose", "income", "when")
_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Ceiling:
    """One way to reckon the ceiling.

    Attributes:
        when: the condition and its amount, or None: always.
        at_least: lowest amount, or None.
        at_most: highest amount, or None.
        units: highest amount in penalty units, or None.
        percent: part of a turnover, or None.
        turnover: of which turnover, by language.
        choose: which of ``at_most`` and ``percent`` counts where both are given.
        times: from so many to so many times the illegal income, or None.
    """

    when: tuple[Test, Decimal] | None = None
    at_least: Decimal | None = None
    at_most: Decimal | None = None
    units: Decimal | None = None
    percent: Decimal | None = None
    turnover: Text | None = None
    choose: Literal["greater", "either"] | None = None
    times: tuple[Decimal, Decimal] | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """From how much to how much; None where there is no lowest, or no highest, amount."""

    minimum: Decimal | None
    maximum: Decimal | None


def reckon(
    ceilings: tuple[Ceiling, ...],
    *,
    currency: str,
    unit: Decimal | None,
    turnover: Decimal | None,
    income: Decimal | None,
) -> Span | Undetermined:
    """Reckon the first ceiling whose condition holds.

    Args:
        ceilings: of one row.
        currency: of the table.
        unit: what a penalty unit is worth.
        turnover: of the one to be punished, in that currency, or None: not known.
        income: illegal income, likewise.

    Returns:
        The span, or :class:`Undetermined` where it hangs on a turnover or income that is not known.
    """
    chosen = ceilings[-1]  # it has no condition, and none before it is without: read_ceilings sees to both
    for ceiling in ceilings:
        if ceiling.when is None:
            break
        test, limit = ceiling.when
        given = turnover if test == "turnover_above" else income
        if given is None:
            return _needed("needs_turnover" if test == "turnover_above" else "needs_income", ceilings, currency)
        if _holds(test, given, limit):
            chosen = ceiling
            break
    return _reckon_one(chosen, ceilings, currency, unit, turnover, income)


def _holds(test: Test, given: Decimal, limit: Decimal) -> bool:
    if test == "income_below":
        return given < limit
    return given <= limit if test == "income_at_most" else given > limit


def _reckon_one(
    ceiling: Ceiling,
    ceilings: tuple[Ceiling, ...],
    currency: str,
    unit: Decimal | None,
    turnover: Decimal | None,
    income: Decimal | None,
) -> Span | Undetermined:
    if ceiling.times is not None:
        if income is None:
            return _needed("needs_income", ceilings, currency)
        return Span(ceiling.times[0] * income, ceiling.times[1] * income)
    if ceiling.units is not None and unit is not None:
        return Span(None, ceiling.units * unit)
    if ceiling.percent is None:
        return Span(ceiling.at_least, ceiling.at_most)
    if turnover is None:
        return _needed("needs_turnover", ceilings, currency)
    share = ceiling.percent * turnover / _HUNDRED
    return Span(ceiling.at_least, share if ceiling.at_most is None else max(share, ceiling.at_most))


def _needed(reason: Reason, ceilings: tuple[Ceiling, ...], currency: str) -> Undetermined:
    formula = words(ceilings, currency)
    what = {
        "needs_turnover": {"en": "the turnover", "zh": "营业额"},
        "needs_income": {"en": "the illegal income", "zh": "违法所得"},
    }[reason]
    why = {
        "en": f"It hangs on {what['en']}, which was not given: {formula['en']}.",
        "zh": f"取决于{what['zh']}，而未给出：{formula['zh']}。",
    }
    return Undetermined(reason, why)


def words(ceilings: tuple[Ceiling, ...], currency: str) -> Text:
    """Say in words how the ceiling is reckoned."""
    clauses: dict[str, list[str]] = {"en": [], "zh": []}
    for ceiling in ceilings:
        said = _words_of_one(ceiling, currency)
        if ceiling.when is not None:
            test, limit = ceiling.when
            en, zh = {
                "income_below": ("illegal income below {}", "违法所得不足{}"),
                "income_at_most": ("illegal income of at most {}", "违法所得不超过{}"),
                "turnover_above": ("turnover above {}", "营业额超过{}"),
            }[test]
            if test == "income_at_most" and not limit:
                en, zh = "no illegal income", "没有违法所得"
            amount = Money(limit, currency)
            said = {"en": f"{en.format(amount)}: {said['en']}", "zh": f"{zh.format(amount)}：{said['zh']}"}
        elif len(ceilings) > 1:
            said = {"en": f"otherwise: {said['en']}", "zh": f"其他情形：{said['zh']}"}
        for lang, text in said.items():
            clauses[lang].append(text)
    return {"en": "; ".join(clauses["en"]), "zh": "；".join(clauses["zh"])}


def _words_of_one(ceiling: Ceiling, currency: str) -> Text:
    if ceiling.times is not None:
        least, most = (number_text(each) for each in ceiling.times)
        return {"en": f"{least} to {most} times the illegal income", "zh": f"违法所得{least}倍以上{most}倍以下"}
    if ceiling.units is not None:
        units = number_text(ceiling.units)
        return {"en": f"up to {units} penalty units", "zh": f"至多为{units}个罚款单位"}
    low = None if ceiling.at_least is None else Money(ceiling.at_least, currency)
    high = None if ceiling.at_most is None else Money(ceiling.at_most, currency)
    if ceiling.percent is not None and ceiling.turnover is not None:
        return _words_of_share(ceiling.percent, ceiling.turnover, high, ceiling.choose)
    if low is None:
        return {"en": f"up to {high}", "zh": f"至多为{high}"}
    if high is None:
        return {"en": f"{low} or more", "zh": f"{low}以上"}
    return {"en": f"{low} to {high}", "zh": f"{low}以上{high}以下"}


def _words_of_share(percent: Decimal, turnover: Text, high: Money | None, choose: str | None) -> Text:
    part = number_text(percent)
    share = {"en": f"{part} % of {turnover['en']}", "zh": f"{turnover['zh']}的{part}%"}
    if high is None:
        return {"en": f"up to {share['en']}", "zh": f"至多为{share['zh']}"}
    if choose == "greater":
        return {"en": f"up to the greater of {high} and {share['en']}", "zh": f"至多为{high}与{share['zh']}中较高者"}
    return {"en": f"up to {high} or up to {share['en']}", "zh": f"{high}以下或者{share['zh']}以下"}


def read_ceilings(node: Node) -> tuple[Ceiling, ...]:
    """Read the value of a row: an amount, a mapping, or a list of mappings."""
    if isinstance(node.value, int | str):
        return (Ceiling(at_most=amount_of(node)),)
    if not isinstance(node.value, list):
        one = _ceiling(node)
        if one.when is not None:
            fail(node, "a condition needs a list that also says what holds otherwise")
        return (one,)
    items = items_of(node)
    ceilings = tuple(_ceiling(item) for item in items)
    for item, ceiling in zip(items[:-1], ceilings[:-1], strict=True):
        if ceiling.when is None:
            fail(item, "what stands after it is never reached; all but the last have the key when")
    if ceilings[-1].when is not None:
        fail(items[-1], "the last of the list has no key when: it holds otherwise")
    return ceilings


def _ceiling(node: Node) -> Ceiling:
    members = members_of(node, optional=_KEYS)
    given = [name for name in _KEYS if name in members and name != "when"]
    if given not in (
        ["at_most"],
        ["at_least"],
        ["at_most", "at_least"],
        ["units"],
        ["turnover"],
        ["at_most", "turnover", "choose"],
        ["income"],
    ):
        fail(
            node,
            f"it has {', '.join(given) or 'none of them'}; allowed are at_most, at_least, both of these, units, turnover, "
            "at_most with turnover and choose, or income",
        )
    at_most = amount_of(members["at_most"]) if "at_most" in members else None
    at_least = amount_of(members["at_least"]) if "at_least" in members else None
    if at_most is not None and at_least is not None and at_least > at_most:
        fail(node, f"at_least, {at_least}, is more than at_most, {at_most}")
    percent, turnover = _turnover(members["turnover"]) if "turnover" in members else (None, None)
    choose = choice_of(members["choose"], ("greater", "either")) if "choose" in members else None
    return Ceiling(
        _when(members["when"]) if "when" in members else None,
        at_least,
        at_most,
        amount_of(members["units"]) if "units" in members else None,
        percent,
        turnover,
        cast("Literal['greater', 'either'] | None", choose),
        _times(members["income"]) if "income" in members else None,
    )


def _when(node: Node) -> tuple[Test, Decimal]:
    tests = mapping_of(node)
    if len(tests) != 1 or next(iter(tests)) not in _TESTS:
        fail(node, f"it has to be one condition; allowed are {', '.join(_TESTS)}")
    name, amount = next(iter(tests.items()))
    return cast("Test", name), amount_of(amount)


def _turnover(node: Node) -> tuple[Decimal, Text]:
    members = members_of(node, required=("percent", "of"))
    percent = amount_of(members["percent"])
    if not 0 < percent <= _HUNDRED:
        fail(members["percent"], "it has to be more than 0 and at most 100")
    return percent, translations_of(members["of"])


def _times(node: Node) -> tuple[Decimal, Decimal]:
    members = members_of(node, required=("at_least", "at_most"))
    low, high = amount_of(members["at_least"]), amount_of(members["at_most"])
    if low > high:
        fail(node, f"at_least, {low}, is more than at_most, {high}")
    return low, high
