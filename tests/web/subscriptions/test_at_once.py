"""Several processes at once: one payment is booked once, bills have no gaps, and nobody waits for ever."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from quietline.errors import ConflictError
from web.subscriptions.common import AT, balance, order, pay

pytestmark = pytest.mark.django_db(transaction=True)
WORKERS = 6


def at_once(acts):
    """Do things in threads with connections of their own."""

    def work(act):
        try:
            return act()
        except ConflictError as refusal:
            return refusal.code
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(work, acts))


def test_one_notice_in_six_processes_is_booked_once(seller):
    from quietline.web.subscriptions.money_models import Bill

    placed = order(seller)
    results = at_once([lambda: pay(placed, reference="same")] * WORKERS)
    assert sorted(is_new for _payment, is_new in results) == [False] * (WORKERS - 1) + [True]
    assert len({payment.pk for payment, _is_new in results}) == 1
    assert balance("card") == 50
    assert Bill.objects.filter(kind="receipt").count() == 1


def test_orders_files_and_notices_at_once_leave_no_gap_and_no_deadlock(found):
    from quietline.web.subscriptions.bank_files import take_bank_file
    from quietline.web.subscriptions.money_models import Bill

    sellers = [found("seller", f"Seller {number}") for number in range(8)]
    placed = at_once([lambda seller=seller: order(seller) for seller in sellers])
    numbers = [one.bills.get().number for one in placed]
    rows = [f"2026-12-03,50.00,EUR,{number},bank-{number}\n" for number in numbers[:6]]
    head = "date,amount,currency,text,reference\n"
    files = [head + "".join(rows), head + "".join(reversed(rows)), head + "".join(rows[3:] + rows[:3])]
    acts = [lambda file=file: take_bank_file(content=file.encode(), by=None, at=AT) for file in files]
    acts += [lambda one=one: pay(one, reference=f"card-{one.reference}") for one in placed[3:]]
    at_once(acts)
    for kind, count in (("invoice", 8), ("receipt", 8)):
        serials = sorted(Bill.objects.filter(kind=kind).values_list("serial", flat=True))
        assert serials == list(range(1, count + 1))
    # three orders were paid by card and by transfer: the second payment of each is still in sight
    assert balance("unmatched") == -150
    assert balance("receivable") == 0


def test_two_orders_of_one_organisation_at_once_are_one(seller):
    results = at_once([lambda: order(seller)] * 4)
    assert results.count("order.open") == 3
