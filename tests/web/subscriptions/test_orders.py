"""From a quote to open access: orders, payments, the year, what is added, renewed, cancelled and paid back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from quietline.errors import ConflictError, NotProvenError, OperationError
from web.subscriptions.common import AREAS, AT, ON, at, balance, euros, order, pay, settle_constraints

pytestmark = pytest.mark.django_db


def paid_areas(organisation, on=ON, country="US"):
    from quietline.web.subscriptions import queries

    return queries.paid_areas(organisation, country=country, on=on)


def test_an_order_opens_its_areas_when_it_is_paid_and_for_a_year_from_the_first_of_that_month(seller):
    placed = order(seller, AREAS[:4])
    assert (placed.amount, placed.currency, placed.state) == (Decimal("50.00"), "EUR", "open")
    assert paid_areas(seller) == frozenset()
    payment, is_new = pay(placed, moment=at(2026, 12, 3))
    assert is_new
    assert payment.order == placed
    placed.refresh_from_db()
    assert placed.state == "paid"
    year = placed.subscription
    assert (year.from_date, year.until_date) == (date(2026, 12, 1), date(2027, 12, 1))
    assert paid_areas(seller, date(2026, 11, 30)) == frozenset()
    assert paid_areas(seller, date(2026, 12, 1)) == set(AREAS[:4])
    assert paid_areas(seller, date(2027, 11, 30)) == set(AREAS[:4])
    assert paid_areas(seller, date(2027, 12, 1)) == frozenset()
    assert paid_areas(seller, country="GB", on=date(2026, 12, 1)) == frozenset()


def test_free_areas_are_open_at_once_without_an_invoice(seller):
    from quietline.web.subscriptions.money_models import Bill

    placed = order(seller, AREAS[:3])
    assert (placed.amount, placed.state) == (Decimal(0), "paid")
    assert paid_areas(seller) == set(AREAS[:3])
    assert not Bill.objects.exists()


def test_all_areas_are_none_to_callers_and_cost_the_maximum(seller):
    placed = order(seller, (), all_areas=True)
    assert placed.amount == Decimal("10000.00")
    pay(placed)
    assert paid_areas(seller) is None


def test_all_areas_of_a_country_with_one_area_cost_no_more_than_it(seller):
    placed = order(seller, (), all_areas=True, country="GB")
    assert (placed.amount, placed.state) == (Decimal(0), "paid")
    assert paid_areas(seller, country="GB") is None
    assert paid_areas(seller, country="US") == frozenset()


def test_areas_added_in_the_first_half_cost_the_full_price_and_later_half_of_it(seller):
    pay(order(seller, AREAS[:4], moment=at(2026, 3, 20)), moment=at(2026, 3, 20))
    early = order(seller, AREAS[:5], moment=at(2026, 8, 31))
    assert (early.kind, early.areas, early.amount) == ("addition", [AREAS[4]], Decimal("50.00"))
    pay(early, moment=at(2026, 8, 31))
    late = order(seller, AREAS[4:7], moment=at(2026, 9, 1))
    assert (late.areas, late.amount) == (list(AREAS[5:7]), Decimal("50.00"))
    assert late.breakdown["late"] is True
    pay(late, moment=at(2026, 9, 5))
    assert paid_areas(seller, date(2026, 9, 4)) == set(AREAS[:5])
    assert paid_areas(seller, date(2026, 9, 5)) == set(AREAS)
    assert paid_areas(seller, date(2027, 3, 1)) == frozenset()


def test_free_areas_that_are_left_are_used_up_by_what_is_added(seller):
    order(seller, AREAS[:2])
    added = order(seller, AREAS[2:4])
    assert (added.breakdown["free"], added.amount) == (1, Decimal("50.00"))


def test_what_was_paid_counts_towards_the_maximum_of_the_year(seller):
    from quietline.web.subscriptions.areas import areas_of

    codes = [area.code for area in areas_of("US")]
    pay(order(seller, codes[:153]))  # 150 paid ones
    assert balance("card") == Decimal("7500.00")
    added = order(seller, codes[:303])  # 150 more would be 7,500
    assert added.amount == Decimal("2500.00")
    assert added.breakdown["capped"] is True
    pay(added)
    rest = order(seller, (), all_areas=True)
    assert (rest.amount, rest.state) == (Decimal(0), "paid")
    assert paid_areas(seller) is None


def test_an_amount_paid_back_no_longer_counts_towards_the_maximum(seller):
    from quietline.web.subscriptions.paying import refund_payment
    from quietline.web.subscriptions.subscribing import paid_for

    first = order(seller, AREAS[:4])
    pay(first)
    added = order(seller, AREAS[4:6])
    payment, _ = pay(added)
    first.refresh_from_db()
    assert paid_for(first.subscription) == Decimal("150.00")
    refund_payment(payment=payment, amount=Decimal("100.00"), reason="Ordered twice", ends_access=True, by=None, at=AT)
    assert paid_for(first.subscription) == Decimal("50.00")
    assert paid_areas(seller) == set(AREAS[:4])


def test_the_price_that_was_shown_is_the_price_that_is_ordered(seller):
    with pytest.raises(ConflictError, match="price has changed"):
        order(seller, AREAS[:4], expected=euros("48.50"))
    assert order(seller, AREAS[:4], expected=euros(50)).state == "open"


def test_one_order_waits_at_a_time(seller):
    first = order(seller, AREAS[:4])
    with pytest.raises(ConflictError, match="waits for payment"):
        order(seller, AREAS[:5])
    from quietline.web.subscriptions.ordering import cancel_order

    cancel_order(order=first, by=None, at=AT)
    assert order(seller, AREAS[:5]).amount == Decimal("100.00")


def test_a_day_that_the_fee_table_does_not_cover_is_refused(seller, setting):
    from quietline.web.subscriptions.models import Order

    with pytest.raises(OperationError, match=r"price on this day is not known.*2031-01-01") as refusal:
        order(seller, AREAS[:4], moment=at(2031, 1, 1))
    assert refusal.value.code == "fees.undetermined"
    setting(rulebook=None)  # each country's own table: the US has none for fiscal year 2027
    with pytest.raises(OperationError) as refusal:
        order(seller, AREAS[:6], moment=at(2026, 10, 1))
    assert refusal.value.code == "fees.undetermined"
    assert order(seller, AREAS[:6], moment=at(2026, 9, 30)).amount == Decimal("82.00")
    with pytest.raises(OperationError) as refusal:
        order(seller, ("44",), country="GB")
    assert refusal.value.code == "fees.undetermined"
    assert Order.objects.count() == 1


def test_a_free_area_on_a_day_that_is_not_covered_is_not_free(seller):
    with pytest.raises(OperationError):
        order(seller, AREAS[:1], moment=at(2031, 1, 1))
    with pytest.raises(OperationError):
        order(seller, AREAS[:1], moment=at(2019, 12, 31))


def test_exempt_bodies_pay_nothing_and_have_everything(found):
    from quietline.web.subscriptions import queries

    charity = found("exempt", "Helping Hands")
    assert paid_areas(charity) is None
    assert queries.list_size(charity, on=ON) == queries.UNDECLARED
    with pytest.raises(OperationError) as refusal:
        order(charity, AREAS[:4])
    assert refusal.value.code == "order.exempt"


def test_who_calls_for_others_cannot_share_a_fee(found):
    with pytest.raises(OperationError) as refusal:
        order(found("telemarketer", "Dial & Co"), AREAS[:4])
    assert refusal.value.code == "order.agent"


def test_only_representatives_order_and_only_while_the_organisation_may_act(seller, representative, enter):
    from quietline.web.accounts.operations import suspend_organisation

    downloader = enter("Bo Example", seller, "downloader")
    with pytest.raises(NotProvenError):
        order(seller, AREAS[:4], by=downloader)
    suspend_organisation(organisation=seller, reason="Complaints", by=None, at=AT)
    with pytest.raises(NotProvenError):
        order(seller, AREAS[:4], by=representative)


def test_a_renewal_that_is_paid_in_time_follows_without_a_gap(seller):
    pay(order(seller, AREAS[:4], moment=at(2026, 3, 20)), moment=at(2026, 3, 20))
    with pytest.raises(ConflictError) as refusal:
        order(seller, AREAS[:5], renews=True, moment=at(2026, 12, 30))
    assert refusal.value.code == "order.too-early"
    renewal = order(seller, AREAS[:5], renews=True, moment=at(2026, 12, 31))
    assert (renewal.kind, renewal.amount) == ("renewal", Decimal("100.00"))
    pay(renewal, moment=at(2027, 1, 7))
    assert paid_areas(seller, date(2027, 2, 28)) == set(AREAS[:4])
    assert paid_areas(seller, date(2027, 3, 1)) == set(AREAS[:5])
    assert paid_areas(seller, date(2028, 2, 29)) == set(AREAS[:5])
    assert paid_areas(seller, date(2028, 3, 1)) == frozenset()
    with pytest.raises(ConflictError) as refusal:
        order(seller, AREAS[:5], renews=True, moment=at(2027, 1, 9))
    assert refusal.value.code == "order.renewed"


def test_a_renewal_that_is_paid_late_begins_with_the_month_of_payment(seller):
    pay(order(seller, AREAS[:4], moment=at(2026, 3, 20)), moment=at(2026, 3, 20))
    renewal = order(seller, AREAS[:4], renews=True, moment=at(2027, 2, 20))
    pay(renewal, moment=at(2027, 4, 2))
    assert paid_areas(seller, date(2027, 3, 15)) == frozenset()
    assert paid_areas(seller, date(2027, 4, 1)) == set(AREAS[:4])


def test_money_for_areas_of_a_year_that_is_over_pays_nothing(seller):
    from quietline.web.subscriptions.paying import unmatched_payments

    pay(order(seller, AREAS[:4], moment=at(2026, 3, 20)), moment=at(2026, 3, 20))
    added = order(seller, AREAS[:5], moment=at(2027, 2, 25))
    assert added.due_date == date(2027, 2, 28)
    payment, _ = pay(added, moment=at(2027, 3, 1))
    assert payment.order is None
    assert unmatched_payments() == [payment]
    assert paid_areas(seller, date(2027, 3, 1)) == frozenset()


def test_cancelling_writes_a_credit_note_and_leaves_nothing_open(seller):
    from quietline.web.subscriptions.journal import open_amount
    from quietline.web.subscriptions.money_models import Bill
    from quietline.web.subscriptions.ordering import cancel_order

    placed = order(seller)
    assert open_amount(placed) == Decimal("50.00")
    cancel_order(order=placed, by=None, at=AT)
    assert open_amount(placed) == balance("fees") == 0
    assert [bill.kind for bill in Bill.objects.order_by("pk")] == ["invoice", "credit"]
    with pytest.raises(ConflictError):
        cancel_order(order=placed, by=None, at=AT)
    payment, _ = pay(placed)
    assert payment.order is None
    settle_constraints()


def test_orders_that_stay_unpaid_are_cancelled_two_weeks_after_they_were_due(seller):
    from quietline.web.subscriptions.ordering import expire_orders

    placed = order(seller)  # due on 22 December
    assert expire_orders(at=at(2027, 1, 5)) == 0
    assert expire_orders(at=at(2027, 1, 6)) == 1
    placed.refresh_from_db()
    assert placed.state == "cancelled"
    assert expire_orders(at=at(2027, 1, 6)) == 0


def test_a_refund_ends_the_access_that_it_bought_or_leaves_it(seller):
    from quietline.web.subscriptions.paying import refund_payment

    payment, _ = pay(order(seller))
    for wrong in ("0", "50.01", "1.001"):
        with pytest.raises(OperationError):
            refund_payment(payment=payment, amount=Decimal(wrong), reason="x", ends_access=False, by=None, at=AT)
    with pytest.raises(OperationError):
        refund_payment(payment=payment, amount=Decimal(10), reason=" ", ends_access=False, by=None, at=AT)
    refund_payment(payment=payment, amount=Decimal(10), reason="Goodwill", ends_access=False, by=None, at=AT)
    assert paid_areas(seller) == set(AREAS[:4])
    refund_payment(payment=payment, amount=Decimal(40), reason="Withdrawn", ends_access=True, by=None, at=AT)
    assert paid_areas(seller) == frozenset()
    assert payment.order.__class__.objects.get(pk=payment.order_id).state == "refunded"
    assert balance("card") == balance("fees") == balance("receivable") == 0
    assert pay(order(seller))[0].order is not None  # and one can begin anew in the same month


def test_list_size_is_what_was_declared_and_no_more_than_the_areas_hold(seller):
    from quietline.web.subscriptions import queries
    from quietline.web.subscriptions.ordering import declare_list_size

    assert queries.list_size(seller, on=ON) == 0
    order(seller, AREAS[:2])
    assert queries.list_size(seller, on=ON) == 5000
    declare_list_size(organisation=seller, size=9_000_000_000, by=None, at=AT)
    assert queries.list_size(seller, on=ON) == 2 * 7_920_000
    with pytest.raises(OperationError):
        declare_list_size(organisation=seller, size=0, by=None, at=AT)


def test_area_names_are_plain_words_in_both_languages(db):
    from django.utils import translation

    from quietline.web.subscriptions.queries import area_names

    english = area_names("US")
    assert english["1212"] == "New York, New York"
    assert english["1334"] == "Alabama"
    assert english["1800"] == "toll-free numbers"
    assert len(english) == len([*english]) > 350
    assert area_names("GB") == {"44": "all numbers of the country"}
    with translation.override("zh-hans"):
        chinese = area_names("US")
    assert all(any("\u4e00" <= c <= "\u9fff" for c in name) for name in chinese.values())
    regions = [name for code, name in english.items() if name == "other numbers"]
    assert regions == []
