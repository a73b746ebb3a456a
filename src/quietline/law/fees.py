"""What access to a register costs on a day.

In a file of a rulebook, below ``fees``, by name. A fee that goes by the number of areas::

    registry_access:
      title: {en: ..., zh: ...}
      currency: USD
      basis: areas
      all_areas: maximum         # the price of all areas: the most that any number of areas costs;
                                 # or choice: one offer beside the others, which may be the cheaper one
      remarks: {en: ..., zh: ...}    # optional
      free_areas: [rows]         # optional: so many areas cost nothing
      terms:
        - months: 12             # how long a subscription runs
          per_area: [rows]       # each area
          all: [rows]            # all areas
          added_late: [rows]     # optional: each area added in the second half of the term

Any other price list is shown, but nothing is calculated from it::

    account:
      title: {en: ..., zh: ...}
      currency: SGD
      basis: prices
      prices:
        - item: {en: ..., zh: ...}
          measure: money         # or count
          values: [rows]

Rows are dated: :mod:`quietline.law.money`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from quietline.errors import LawError, UsageError
from quietline.law._schema import (
    amount_of,
    choice_of,
    items_of,
    mapping_of,
    members_of,
    name_of,
    translations_of,
    whole_of,
)
from quietline.law._yaml import Node, fail
from quietline.law.money import (
    Grounds,
    Money,
    PrintedTable,
    Series,
    Text,
    Undetermined,
    in_both,
    number_text,
    read_currency,
    read_series,
)

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

    from quietline.law.money import Found

__all__ = ["Fee", "FeeTable", "Price", "Term", "read_fees", "subscription_fee"]

Areas: TypeAlias = int | Literal["all"]

_MOST_AREAS = 1_000_000
_WORDS: dict[str, Text] = {
    "free": {"en": "areas free of charge", "zh": "免费区域数"},
    "per_area": {"en": "price of an area", "zh": "每个区域的价格"},
    "maximum": {"en": "maximum, the price of all areas", "zh": "最高额，即全部区域的价格"},
    "choice": {"en": "price of all areas", "zh": "全部区域的价格"},
    "late": {"en": "price of an area added in the second half of the term", "zh": "期限后半段增加的每个区域的价格"},
    "months": {"en": "{}, {} months", "zh": "{}，{}个月"},
}


@dataclass(frozen=True, slots=True)
class Term:
    """Prices of subscriptions that run equally long.

    Attributes:
        months: how long.
        per_area: each area.
        all_areas: all of them.
        added_late: each area added in the second half of the term, or None.
    """

    months: int
    per_area: Series[Decimal]
    all_areas: Series[Decimal]
    added_late: Series[Decimal] | None


@dataclass(frozen=True, slots=True)
class Price:
    """An item of a price list; ``measure`` is ``money``, or ``count`` where the figure is a number of things."""

    item: Text
    measure: Literal["money", "count"]
    values: Series[Decimal]


@dataclass(frozen=True, slots=True)
class FeeTable:
    """A fee, as a rulebook has it.

    Attributes:
        name: as in the file.
        instrument: id of the instrument it belongs to.
        title: by language.
        currency: of all its prices.
        remarks: what applies besides, by language, or None.
        all_areas: ``maximum`` where the price of all areas is the most that any number costs, ``choice`` where it is
            one offer among others.
        free_areas: so many cost nothing; None where all are charged.
        terms: by length; empty where the fee does not go by areas.
        prices: of a price list; empty where the fee goes by areas.
    """

    name: str
    instrument: str
    title: Text
    currency: str
    remarks: Text | None = None
    all_areas: Literal["maximum", "choice"] = "choice"
    free_areas: Series[int] | None = None
    terms: tuple[Term, ...] = ()
    prices: tuple[Price, ...] = ()

    def tables(self, lang: str, on: date | None = None) -> tuple[PrintedTable, ...]:
        """Give the tables to print: all rows, or only those in force on a day."""

        def money(amount: Decimal) -> str:
            return str(Money(amount, self.currency))

        rows: list[tuple[str, ...]] = []
        if self.free_areas is not None:
            rows += self.free_areas.printed(_WORDS["free"][lang], lang, on, str)
        for term in self.terms:
            series = {"per_area": term.per_area, self.all_areas: term.all_areas, "late": term.added_late}
            for word, prices in series.items():
                if prices is not None:
                    what = _WORDS["months"][lang].format(_WORDS[word][lang], term.months)
                    rows += prices.printed(what, lang, on, money)
        for price in self.prices:
            rows += price.values.printed(price.item[lang], lang, on, money if price.measure == "money" else number_text)
        return (PrintedTable.of(self.title[lang], lang, rows),)


@dataclass(frozen=True, slots=True)
class Fee:
    """What a subscription costs.

    Attributes:
        amount: the whole sum.
        title: of the fee, by language.
        on: the day whose prices these are.
        areas: as asked.
        months: as asked.
        added_late: as asked.
        free_areas: how many areas are free that day.
        charged: how many are paid at the full price; None for all.
        charged_late: how many are paid at the price of those added late.
        area_price: full price of one area; None for all.
        late_price: price of one added late, or None.
        maximum: the most that any number of areas costs, or None.
        capped: whether the amount is that maximum and single prices would be more.
        all_areas_price: price of all areas where that is less than the amount, or None.
        remarks: what applies besides, by language, or None.
        grounds: the rows it stands on.
    """

    amount: Money
    title: Text
    on: date
    areas: Areas
    months: int
    added_late: int
    free_areas: int
    charged: int | None
    charged_late: int
    area_price: Money | None
    late_price: Money | None
    maximum: Money | None
    capped: bool
    all_areas_price: Money | None
    remarks: Text | None
    grounds: Grounds

    def as_dict(self, lang: str = "en") -> dict[str, Any]:
        """Give it as JSON has it: amounts are plain decimals in quotes."""
        return {
            "verdict": "determined",
            "amount": self.amount.plain(),
            "currency": self.amount.currency,
            **self.grounds.as_dict(lang),
            "fee": self.title[lang],
            "on": self.on.isoformat(),
            "areas": self.areas,
            "months": self.months,
            "added_late": self.added_late,
            "free_areas": self.free_areas,
            "charged_areas": self.charged,
            "charged_late": self.charged_late,
            "area_price": self.area_price and self.area_price.plain(),
            "late_price": self.late_price and self.late_price.plain(),
            "maximum": self.maximum and self.maximum.plain(),
            "capped": self.capped,
            "all_areas_cheaper": self.all_areas_price and self.all_areas_price.plain(),
            "remarks": self.remarks[lang] if self.remarks else "",
        }


def subscription_fee(
    fees: tuple[FeeTable, ...], *, areas: Areas, on: date, months: int = 12, added_late: int = 0
) -> Fee | Undetermined:
    """Say what a subscription for so many areas costs.

    All prices are those of one day. Areas added late use up what is left of the free ones first; with a maximum, the
    whole sum is never above it.

    Args:
        fees: of the rulebook.
        areas: how many, 1 or more, or ``all``.
        on: the day whose prices count.
        months: how long the subscription runs.
        added_late: how many further areas are added in the second half of the term.

    Returns:
        The fee, or why it is not known.

    Raises:
        UsageError: no area, areas added to all, or a term that the rulebook does not offer.
        LawError: ``law.invalid`` when the rulebook has several fees by area.
    """
    if areas != "all" and not 1 <= areas <= _MOST_AREAS:
        raise UsageError(f"{areas} areas cannot be subscribed to.", advice=f"Give a number from 1 to {_MOST_AREAS}, or all.")
    if not 0 <= added_late <= _MOST_AREAS:
        raise UsageError(f"{added_late} areas cannot be added.", advice=f"Give a number from 0 to {_MOST_AREAS}.")
    if areas == "all" and added_late:
        raise UsageError("To all areas none can be added.", advice="Leave out the areas added late.")
    by_area = [fee for fee in fees if fee.terms]
    if len(by_area) > 1:
        raise LawError(f"The rulebook has {len(by_area)} fees by area: {', '.join(fee.name for fee in by_area)}.")
    if not by_area:
        return _no_fee_by_area(fees)
    fee = by_area[0]
    term = next((term for term in fee.terms if term.months == months), None)
    if term is None:
        offered = ", ".join(str(term.months) for term in fee.terms)
        raise UsageError(f"{fee.title['en']} is not sold for {months} months.", advice=f"Months that are sold: {offered}.")
    whole = term.all_areas.at(on, _named(fee, fee.all_areas, term))
    if areas == "all":
        return whole if isinstance(whole, Undetermined) else _for_all(fee, term, whole, on)
    return _for_some(fee, term, whole, areas, added_late, on)


def _no_fee_by_area(fees: tuple[FeeTable, ...]) -> Undetermined:
    if not fees:
        why = {"en": "The rulebook has no table of fees.", "zh": "规则库中没有费用表。"}
    else:
        why = {
            "en": f"The fees in the rulebook do not go by areas: {'; '.join(fee.title['en'] for fee in fees)}.",
            "zh": f"规则库中的费用不按区域计算：{'；'.join(fee.title['zh'] for fee in fees)}。",
        }
    return Undetermined("no_table", why)


def _named(fee: FeeTable, word: str, term: Term | None = None) -> Text:
    """Name a table of a fee for a sentence."""
    names = {}
    for lang, separator in (("en", ", "), ("zh", "，")):
        name = fee.title[lang] + separator + _WORDS[word][lang]
        names[lang] = _WORDS["months"][lang].format(name, term.months) if term else name
    return names


def _for_all(fee: FeeTable, term: Term, whole: Found[Decimal], on: date) -> Fee:
    amount = Money(whole.value, fee.currency)
    return Fee(
        amount=amount,
        title=fee.title,
        on=on,
        areas="all",
        months=term.months,
        added_late=0,
        free_areas=0,
        charged=None,
        charged_late=0,
        area_price=None,
        late_price=None,
        maximum=amount if fee.all_areas == "maximum" else None,
        capped=False,
        all_areas_price=None,
        remarks=fee.remarks,
        grounds=Grounds(((_WORDS[fee.all_areas], in_both(amount), whole),)),
    )


def _for_some(
    fee: FeeTable, term: Term, whole: Found[Decimal] | Undetermined, areas: int, added_late: int, on: date
) -> Fee | Undetermined:
    grounds: list[tuple[Text, Text, Found[Any]]] = []
    price = term.per_area.at(on, _named(fee, "per_area", term))
    if isinstance(price, Undetermined):
        return price
    area_price = Money(price.value, fee.currency)
    grounds.append((_WORDS["per_area"], in_both(area_price), price))
    free = 0
    if fee.free_areas is not None:
        allowance = fee.free_areas.at(on, _named(fee, "free"))
        if isinstance(allowance, Undetermined):
            return allowance
        free = allowance.value
        grounds.append((_WORDS["free"], in_both(free), allowance))
    charged = max(0, areas - free)
    charged_late = max(0, added_late - max(0, free - areas))
    late_price: Money | None = None
    if charged_late:
        late = _late_price(fee, term, on)
        if isinstance(late, Undetermined):
            return late
        late_price = Money(late.value, fee.currency)
        grounds.append((_WORDS["late"], in_both(late_price), late))
    total = area_price.amount * charged + (late_price.amount * charged_late if late_price else 0)
    maximum: Money | None = None
    cheaper: Money | None = None
    single = total
    if fee.all_areas == "maximum":
        if isinstance(whole, Undetermined):
            return whole
        maximum = Money(whole.value, fee.currency)
        grounds.append((_WORDS["maximum"], in_both(maximum), whole))
        total = min(total, maximum.amount)
    elif not isinstance(whole, Undetermined) and whole.value < total:
        cheaper = Money(whole.value, fee.currency)
        grounds.append((_WORDS["choice"], in_both(cheaper), whole))
    return Fee(
        amount=Money(total, fee.currency),
        title=fee.title,
        on=on,
        areas=areas,
        months=term.months,
        added_late=added_late,
        free_areas=free,
        charged=charged,
        charged_late=charged_late,
        area_price=area_price,
        late_price=late_price,
        maximum=maximum,
        capped=total < single,
        all_areas_price=cheaper,
        remarks=fee.remarks,
        grounds=Grounds(tuple(grounds)),
    )


def _late_price(fee: FeeTable, term: Term, on: date) -> Found[Decimal] | Undetermined:
    what = _named(fee, "late", term)
    if term.added_late is not None:
        return term.added_late.at(on, what)
    return Undetermined(
        "no_table", {"en": f"{what['en']}: the rulebook has no such price.", "zh": f"{what['zh']}：规则库中没有此项价格。"}
    )


def read_fees(node: Node, instrument: str) -> tuple[FeeTable, ...]:
    """Read the section ``fees`` of a file.

    Raises:
        LawError: ``law.invalid`` when it is not as described above; the message names file, line and key.
    """
    return tuple(_fee(name_of(name, member), member, instrument) for name, member in mapping_of(node).items())


_COMMON = ("title", "currency", "basis")


def _fee(name: str, node: Node, instrument: str) -> FeeTable:
    members = mapping_of(node)
    if "basis" not in members:
        fail(node, "the key basis is missing; allowed are areas, prices")
    if choice_of(members["basis"], ("areas", "prices")) == "prices":
        members = members_of(node, required=(*_COMMON, "prices"), optional=("remarks",))
    else:
        members = members_of(node, required=(*_COMMON, "all_areas", "terms"), optional=("remarks", "free_areas"))
    remarks = translations_of(members["remarks"]) if "remarks" in members else None
    title, currency = translations_of(members["title"]), read_currency(members["currency"])
    if "prices" in members:
        prices = tuple(_price(item) for item in items_of(members["prices"]))
        return FeeTable(name, instrument, title, currency, remarks, prices=prices)
    return FeeTable(
        name,
        instrument,
        title,
        currency,
        remarks,
        cast("Literal['maximum', 'choice']", choice_of(members["all_areas"], ("maximum", "choice"))),
        read_series(members["free_areas"], whole_of) if "free_areas" in members else None,
        _terms(members["terms"]),
    )


def _terms(node: Node) -> tuple[Term, ...]:
    terms: list[Term] = []
    for item in items_of(node):
        members = members_of(item, required=("months", "per_area", "all"), optional=("added_late",))
        months = whole_of(members["months"], at_least=1, at_most=120)
        if any(term.months == months for term in terms):
            fail(members["months"], f"{months} months stand there twice")
        terms.append(
            Term(
                months,
                read_series(members["per_area"], amount_of),
                read_series(members["all"], amount_of),
                read_series(members["added_late"], amount_of) if "added_late" in members else None,
            )
        )
    return tuple(terms)


def _price(node: Node) -> Price:
    members = members_of(node, required=("item", "measure", "values"))
    measure = choice_of(members["measure"], ("money", "count"))
    return Price(
        translations_of(members["item"]),
        cast("Literal['money', 'count']", measure),
        read_series(members["values"], amount_of),
    )
