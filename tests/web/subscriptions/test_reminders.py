"""Letters before a year ends."""

from __future__ import annotations

from datetime import timedelta

import pytest

from web.subscriptions.common import AREAS, at, order, pay

pytestmark = pytest.mark.django_db


def letters(template="access-ends"):
    from quietline.web.messaging.models import OutgoingMessage

    return OutgoingMessage.objects.filter(template=template).count()


@pytest.fixture
def year(seller, representative):
    """A year that ends on 1 March 2027."""
    pay(order(seller, AREAS[:4], moment=at(2026, 3, 20)), moment=at(2026, 3, 20))


def test_who_has_not_renewed_is_reminded_60_30_and_7_days_before_and_once_each(year):
    from quietline.web.subscriptions.reminders import send_reminders

    sent = {}
    moment = at(2026, 12, 25)
    while moment < at(2027, 3, 5):
        for _ in range(2):
            count = send_reminders(at=moment)
            if count:
                sent[moment.date().isoformat()] = count
        moment += timedelta(days=1)
    assert sent == {"2026-12-31": 1, "2027-01-30": 1, "2027-02-22": 1}
    assert letters() == 3


def test_after_a_standstill_only_the_letter_that_is_due_goes_out(year):
    from quietline.web.subscriptions.reminders import look_after

    look_after(at=at(2027, 2, 25))
    look_after(at=at(2027, 2, 26))
    assert letters() == 1


def test_who_has_renewed_is_left_in_peace(year, seller):
    from quietline.web.subscriptions.reminders import send_reminders

    pay(order(seller, renews=True, moment=at(2027, 1, 2)), moment=at(2027, 1, 3))
    assert send_reminders(at=at(2027, 2, 25)) == 0


def test_an_invoice_and_a_payment_are_told_by_mail(year):
    assert letters("invoice") == 1
    assert letters("payment") == 1
