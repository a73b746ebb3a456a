"""Two acts on one number at the same moment, on connections of their own: none is lost."""

from __future__ import annotations

import threading
from contextlib import closing
from datetime import date, timedelta

import pytest
from django.db import connection, transaction

from quietline.web.publishing.models import Change
from quietline.web.publishing.operations import end_entry, list_number
from quietline.web.publishing.queries import standing_entry, stands_since
from web.proofs.common import AT, KEYS, TODAY, import_numbers, list_some

pytestmark = pytest.mark.django_db(transaction=True)
KEY = KEYS[0]
LATER = AT + timedelta(hours=1)


def put(register, terms):
    return list_number(register=register, key=KEY, since_date=TODAY, terms=terms, assurance="code", at=AT)


def withdraw(register):
    return end_entry(register=register, key=KEY, reason="withdrawn", at=LATER)


@pytest.fixture
def meanwhile():
    """Begin something in a thread that waits for what is locked here; call what is given for what came of it."""
    threads = []

    def begin(act):
        came = []

        def run():
            with closing(connection):
                try:
                    came.append(act())
                except Exception as error:
                    came.append(error)

        threads.append(threading.Thread(target=run))
        threads[-1].start()
        threads[-1].join(0.7)
        assert not came, "it did not wait"

        def result():
            threads[-1].join(30)
            return came[0]

        return result

    yield begin
    for thread in threads:
        thread.join(30)


def test_a_withdrawal_that_meets_a_change_of_terms_ends_the_new_entry(register, meanwhile):
    list_some(register, [KEY])
    with transaction.atomic():
        put(register, "channels=voice")
        result = meanwhile(lambda: withdraw(register))
    assert result().terms == "channels=voice"
    assert standing_entry(register, KEY) is None
    assert list(Change.objects.order_by("pk").values_list("operation", flat=True)) == ["add", "alter", "withdraw"]


def test_a_withdrawal_of_an_imported_number_that_meets_a_change_of_terms_is_tried_again(register, meanwhile):
    import_numbers(register, {KEY: date(2019, 1, 1)})
    with transaction.atomic():
        put(register, "channels=voice")
        result = meanwhile(lambda: withdraw(register))
    assert result().end_reason == "withdrawn"
    assert stands_since(register, KEY) is None


def test_two_withdrawals_of_an_imported_number_are_one(register, meanwhile):
    import_numbers(register, {KEY: date(2019, 1, 1)})
    with transaction.atomic():
        assert withdraw(register) is not None
        result = meanwhile(lambda: withdraw(register))
    assert result() is None
    assert Change.objects.filter(operation="withdraw").count() == 1


def test_what_does_not_stand_is_not_ended(register):
    assert withdraw(register) is None
