"""Quotas and slowing, on the real database."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from quietline.errors import ConflictError, TooManyError
from web.washing.callers import AT, subscribe

pytestmark = pytest.mark.django_db(transaction=True)


def some(count, seed=1):
    rng = np.random.default_rng(seed)
    return rng.integers(12_010_000_000, 19_899_999_999, count).astype(np.uint64)


def run(count, start=12_015_550_000):
    return np.arange(start, start + count, dtype=np.uint64)


def ask(organisation, keys, *, client=None, at=AT):
    from quietline.web.washing.quotas import spend

    spend(organisation, client=client or organisation, keys=keys, at=at)


def asked(client, at=AT):
    from quietline.web.washing.quotas import quota_of

    return quota_of(client, at=at).asked


def refused(organisation, keys, *, at=AT, client=None):
    with pytest.raises(TooManyError) as caught:
        ask(organisation, keys, at=at, client=client)
    return caught.value


def test_numbers_count_once_a_year_however_often_they_are_asked(seller):
    keys = some(4_000)
    for _ in range(5):
        ask(seller, keys)
    ask(seller, np.zeros(0, np.uint64))
    assert abs(asked(seller) - 4_000) < 4_000 * 0.04


def test_a_quota_is_over_only_above_what_was_paid_and_what_is_refused_is_not_counted(enter):
    seller = enter.organisation(size=10_000)
    keys = some(20_000)
    ask(seller, keys[:10_000])  # never below it
    before = asked(seller)
    error = refused(seller, keys)
    assert error.code == "quota.over"
    assert error.retry_seconds > 86_400
    assert asked(seller) == before
    ask(seller, keys[:10_000])  # what was asked before goes on to be answered


def test_who_declares_more_may_ask_more_at_once(enter):
    from quietline.web.subscriptions.models import ListSize

    seller = enter.organisation(size=1_000)
    assert refused(seller, some(5_000)).code == "quota.over"
    ListSize.objects.create(organisation=seller, size=10_000, at=AT)
    ask(seller, some(5_000))


def test_who_has_no_subscription_is_told_so(enter):
    assert "Choose areas" in refused(enter.organisation(size=0), some(1)).advice


def test_a_new_subscription_year_begins_at_nought(enter):
    seller = enter.organisation(size=5_000)
    ask(seller, some(5_000))
    later = AT + timedelta(days=366)
    subscribe(seller, size=5_000, from_date=AT.date().replace(year=2027, day=1))
    ask(seller, some(5_000, seed=2), at=later)
    assert abs(asked(seller, later) - 5_000) < 200


def test_a_client_has_one_quota_whoever_asks_for_it(enter):
    seller = enter.organisation(size=10_000)
    one, two = (enter.organisation("telemarketer", name, size=0) for name in ("Ring Ring", "Call Co"))
    keys = some(20_000)
    ask(one, keys[:7_000], client=seller)
    ask(two, keys[3_000:10_000], client=seller)
    assert abs(asked(seller) - 10_000) < 400
    assert refused(two, keys[8_000:], client=seller).code == "quota.over"


def test_numbers_one_after_another_are_slowed_and_told_to_the_authority_without_a_number(seller):
    from quietline.web.proofs.models import Leaf
    from quietline.web.washing.models import ProbingAlert

    error = refused(seller, run(500))
    assert (error.code, error.retry_seconds) == ("probing.slowed", 500)
    alert = ProbingAlert.objects.get()
    assert (alert.organisation, alert.shape, alert.area, alert.numbers_count) == (seller, "sequence", "1201", 500)
    assert Leaf.objects.filter(kind="probing", record=alert.pk).exists()
    # nothing at all is answered until the wait is over; then the same is, once and again
    assert refused(seller, some(5), at=AT + timedelta(seconds=200)).retry_seconds == 300
    ask(seller, run(500), at=AT + timedelta(seconds=501))
    ask(seller, some(5), at=AT + timedelta(seconds=502))
    assert ProbingAlert.objects.count() == 1


@pytest.mark.parametrize("step", [10, -10])
def test_ten_at_a_time_upwards_or_downwards_is_a_sequence_too(seller, step):
    for place in range(9):
        ask(seller, run(10, 12_015_555_000 + place * step))
    assert refused(seller, run(10, 12_015_555_000 + 9 * step)).code == "probing.slowed"


def test_one_by_one_is_a_sequence_too(seller):
    for place in range(99):
        ask(seller, run(1, 12_015_550_000 + place))
    assert refused(seller, run(1, 12_015_550_099)).code == "probing.slowed"


def test_a_few_neighbours_and_a_switchboard_of_a_firm_are_nothing(seller):
    for place in range(20):
        ask(seller, run(10, 12_015_550_000 + 500 * place))
    ask(seller, np.concatenate([run(80, 12_125_550_000), some(5_000)]))


def test_a_block_asked_in_pieces_out_of_order_is_slowed(seller):
    from quietline.web.washing.models import ProbingAlert

    rng = np.random.default_rng(5)
    wanted = rng.permutation(10_000).astype(np.uint64) + np.uint64(12_125_550_000)
    for start in range(0, 10_000, 200):
        try:
            ask(seller, wanted[start : start + 200])
        except TooManyError:
            break
    alert = ProbingAlert.objects.get()
    assert (alert.shape, alert.area) == ("dense", "1212")
    assert 50 <= alert.share_percent <= 60
    assert 3_500 <= start <= 6_500  # one number in 32 is looked at: three times the standard error


def test_the_window_forgets_after_two_generations(seller):
    rng = np.random.default_rng(5)
    wanted = rng.permutation(10_000).astype(np.uint64) + np.uint64(12_125_550_000)
    ask(seller, wanted[:3_000])
    ask(seller, wanted[3_000:6_000], at=AT + timedelta(days=14))
    assert refused(seller, wanted[6_000:], at=AT + timedelta(days=15)).code == "probing.slowed"


def test_the_authority_lifts_it_and_the_dense_list_is_answered(seller, enter):
    from quietline.web.washing.models import ProbingAlert
    from quietline.web.washing.quotas import lift

    refused(seller, run(500))
    supervisor = enter.person("Sam Super")
    alert = ProbingAlert.objects.get()
    lift(alert=alert, by=supervisor, reason="Its own customers.", at=AT)
    ask(seller, run(2_000, 12_015_551_000), at=AT)
    with pytest.raises(ConflictError):
        lift(alert=alert, by=supervisor, reason="Again.", at=AT)


def test_nothing_that_is_kept_holds_a_number(seller):
    from django.db import connection

    key = 12_015_550_123
    for other in range(64):  # so that some of them are sampled
        ask(seller, np.array([key, key + 2_000 + 17 * other], np.uint64))
    with connection.cursor() as cursor:
        cursor.execute("SELECT n::text, b::text FROM washing_askednumbers n, washing_askedblocks b")
        kept = " ".join(cursor.fetchone())
    little, big = key.to_bytes(8, "little").hex(), key.to_bytes(8, "big").hex()
    assert str(key) not in kept
    assert little not in kept
    assert big not in kept


def test_washes_at_the_same_moment_lose_no_count(seller):
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connection

    def work(seed):
        try:
            for piece in range(5):
                ask(seller, some(1_000, seed=10 * seed + piece))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert abs(asked(seller) - 20_000) < 20_000 * 0.04


def test_what_was_watched_is_emptied_when_nobody_asks_any_more(seller):
    from quietline.web.washing.models import AskedBlocks
    from quietline.web.washing.quotas import forget_watched

    rng = np.random.default_rng(5)
    ask(seller, rng.permutation(10_000)[:2_000].astype(np.uint64) + np.uint64(12_125_550_000))
    assert AskedBlocks.objects.get().current
    assert forget_watched(at=AT + timedelta(days=6)) == 0
    assert forget_watched(at=AT + timedelta(days=15)) == 1
    assert not bytes(AskedBlocks.objects.get().current)
    ask(seller, some(10), at=AT + timedelta(days=16))
