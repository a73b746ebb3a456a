"""What areas cost: the dated fee table of the country, asked through :mod:`quietline.law.fees`, and nothing else.

A day that the table does not cover has no price: it is refused, and nothing is ever taken to be free because it is not
known. Rules of the year, as the US has them (16 CFR 310.8; other countries' tables may lack one or the other):

* a year runs twelve months from the first day of the month of payment;
* so many areas are free, and the sum for a year is never above the price of all areas;
* areas added in months 1 to 6 cost the full price, in months 7 to 12 the price for the second half.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, TypeAlias

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from quietline.errors import LawError, OperationError
from quietline.law.fees import Fee, subscription_fee
from quietline.law.money import Money, Undetermined
from quietline.web.base.rulebooks import rulebook_of

if TYPE_CHECKING:
    from datetime import date

    from quietline.law.rulebook import Rulebook

__all__ = [
    "MONTHS",
    "Areas",
    "Quote",
    "addition_price",
    "fee_book",
    "is_second_half",
    "month_start",
    "months_after",
    "subscription_price",
]

Areas: TypeAlias = int | Literal["all"]
MONTHS = 12
"""Months of a subscription."""
_HALF = 6


@dataclass(frozen=True, slots=True)
class Quote:
    """What something costs on a day.

    Attributes:
        amount: to be paid; zero where free areas suffice.
        areas: how many are asked for now, or ``all``.
        free: how many of them cost nothing.
        charged: how many are paid; None for all areas.
        each: price of one of these; None where none is paid singly.
        maximum: the most that a year costs; None where the table has no such figure.
        paid_before: what was paid for this year already.
        is_capped: whether the maximum made it less than single prices would be.
        is_late: whether it is the price for the second half.
        cheaper_all: price of all areas, where that is offered and less than the amount.
        fee_title: name of the fee, by language.
        remarks: what applies besides, by language; empty where nothing.
        citation: where the figures are written.
        on: the day whose prices these are.
        book: name of the fee book, and of its content: ``us:`` and 16 hexadecimal digits.
    """

    amount: Money
    areas: Areas
    free: int
    charged: int | None
    each: Money | None
    maximum: Money | None
    paid_before: Money
    is_capped: bool
    is_late: bool
    cheaper_all: Money | None
    fee_title: dict[str, str]
    remarks: dict[str, str]
    citation: str
    on: date
    book: str

    def breakdown(self) -> dict[str, object]:
        """Give it as it is stored with an order and printed on an invoice: figures as text."""
        return {
            "areas": self.areas,
            "free": self.free,
            "charged": self.charged,
            "each": self.each and self.each.plain(),
            "maximum": self.maximum and self.maximum.plain(),
            "paid_before": self.paid_before.plain(),
            "capped": self.is_capped,
            "late": self.is_late,
            "citation": self.citation,
            "title": dict(self.fee_title),
        }


def fee_book(country: str) -> Rulebook:
    """Give the rulebook whose fees are charged in a country: see :mod:`quietline.web.base.rulebooks`.

    Args:
        country: ISO 3166.

    Raises:
        OperationError: ``fees.none``: there is no book.
        LawError: ``law.invalid``: the book is wrong.
    """
    try:
        return rulebook_of(country)
    except LawError as error:
        if error.code == "law.invalid":
            raise
        raise OperationError(
            f"No fee table is known for {country.upper()}, so nothing can be sold there.",
            advice="Set QUIETLINE_RULEBOOK to one that has a fee table.",
            code="fees.none",
        ) from error


def month_start(on: date) -> date:
    """Give the first day of a day's month: a year that is paid that day begins then."""
    return on.replace(day=1)


def months_after(first: date, months: int) -> date:
    """Give the first day of the month that lies so many months after that of ``first``, a first of a month."""
    number = first.year * 12 + first.month - 1 + months
    return first.replace(year=number // 12, month=number % 12 + 1)


def is_second_half(from_date: date, on: date) -> bool:
    """Say whether a day lies in months 7 to 12 of a year that began on ``from_date``."""
    return on >= months_after(from_date, _HALF)


def subscription_price(country: str, *, areas: Areas, on: date) -> Quote:
    """Say what a year costs.

    Args:
        country: ISO 3166.
        areas: how many, 1 or more, or ``all``.
        on: the day of the order.

    Raises:
        OperationError: ``fees.undetermined``: the table does not cover the day; ``fees.none``: there is no table.
    """
    book = fee_book(country)
    fee = _determined(subscription_fee(book.fees, areas=areas, on=on, months=MONTHS))
    return _quote(
        book, fee, areas=areas, amount=fee.amount.amount, free=0 if areas == "all" else min(areas, fee.free_areas),
        charged=fee.charged, each=fee.area_price if fee.charged else None, paid=Decimal(0), is_capped=fee.capped,
        is_late=False,
    )  # fmt: skip


def addition_price(
    country: str, *, held: int, added: Areas, room: int, paid: Decimal, from_date: date, on: date
) -> Quote:  # fmt: skip
    """Say what more areas cost in a year that runs.

    The prices are those of the day of the addition. Free areas that are left are used up first, and with what was paid for
    the year already the whole sum is never above the price of all areas on that day.

    Args:
        country: ISO 3166.
        held: how many areas the year has, 1 or more.
        added: how many are added, 1 or more, or ``all``: all that are left, and any that the country gets later.
        room: how many areas of the country the year does not have.
        paid: for this year, in the currency of the table.
        from_date: first day of the year.
        on: the day of the order.

    Raises:
        OperationError: as :func:`subscription_price`.
    """
    book = fee_book(country)
    if added == "all" and _is_choice(book):  # all areas are an offer of their own; what was paid counts towards it
        fee = _determined(subscription_fee(book.fees, areas="all", on=on, months=MONTHS))
        rest = max(Decimal(0), fee.amount.amount - paid)
        return _quote(
            book, fee, areas="all", amount=rest, free=0, charged=None, each=None, paid=paid, is_capped=False, is_late=False
        )  # fmt: skip
    late = is_second_half(from_date, on)
    more = room if added == "all" else added
    if late:
        fee = _determined(subscription_fee(book.fees, areas=held, added_late=more, on=on, months=MONTHS))
        charged, each = fee.charged_late, fee.late_price
    else:
        fee = _determined(subscription_fee(book.fees, areas=held + more, on=on, months=MONTHS))
        charged, each = max(0, held + more - fee.free_areas) - max(0, held - fee.free_areas), fee.area_price
    single = charged * each.amount if each is not None and charged else Decimal(0)
    amount = single
    if fee.maximum is not None:
        amount = min(single, max(Decimal(0), fee.maximum.amount - paid))
    return _quote(
        book, fee, areas=added, amount=amount, free=more - charged, charged=charged, each=each if charged else None,
        paid=paid, is_capped=amount < single, is_late=late,
    )  # fmt: skip


def _is_choice(book: Rulebook) -> bool:
    return any(table.terms and table.all_areas == "choice" for table in book.fees)


def _quote(
    book: Rulebook, fee: Fee, *, areas: Areas, amount: Decimal, free: int, charged: int | None, each: Money | None,
    paid: Decimal, is_capped: bool, is_late: bool,
) -> Quote:  # fmt: skip
    currency = fee.amount.currency
    return Quote(
        amount=Money(amount, currency),
        areas=areas,
        free=free,
        charged=charged,
        each=each,
        maximum=fee.maximum,
        paid_before=Money(paid, currency),
        is_capped=is_capped,
        is_late=is_late,
        cheaper_all=fee.all_areas_price if not paid else None,
        fee_title=fee.title,
        remarks=fee.remarks or {},
        citation=fee.grounds.citation,
        on=fee.on,
        book=f"{book.name}:{book.digest[:16]}",
    )


def _determined(found: Fee | Undetermined) -> Fee:
    if isinstance(found, Undetermined):
        language = "zh" if (get_language() or "en").startswith("zh") else "en"
        raise OperationError(
            _("The price on this day is not known, so nothing can be ordered. %(why)s") % {"why": found.why[language]},
            advice=_("Ask the authority when its fees for this day are in force."),
            code="fees.undetermined",
        )
    return found
