"""Sealed sets of long washes: whoever has proven a line is told which of them held it, and nobody else can read them."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from quietline.web.base.clock import now
from quietline.web.publishing.models import WashSet
from quietline.web.publishing.small_washes import next_wash_number, record_small_wash
from quietline.web.publishing.washes import FoundWashes, find_washes, record_wash

pytestmark = pytest.mark.django_db(transaction=True)
SPREAD = np.unique(np.random.default_rng(5).integers(12_012_000_000, 19_899_999_999, 150_000)).astype(np.uint64)


@pytest.fixture
def seller(make_key):
    return make_key("seller", "representative", name="Brightbath")[0]


def asked(key, at):
    return find_washes(int(key), since=at - timedelta(days=1)).rows


def test_a_long_wash_is_found_by_each_of_its_numbers_and_by_no_other(seller):
    at = now()
    row = record_wash(organisation=seller, keys=SPREAD, at=at)
    assert row.numbers_count == len(SPREAD)
    for place in (0, 1, 65_535, 65_536, 131_071, 131_072, len(SPREAD) - 1):
        assert asked(SPREAD[place], at) == [row]
    others = np.setdiff1d(SPREAD[[0, 65_535, -1]] + np.uint64(1), SPREAD)
    assert len(others)
    for key in (12_012_000_000 - 1, *others, 19_900_000_000):
        assert asked(key, at) == []


def test_numbers_in_any_order_and_more_than_once_are_kept_once(seller):
    at = now()
    row = record_wash(organisation=seller, keys=np.array([9, 5, 9, 7], dtype=np.uint64), at=at)
    assert row.numbers_count == 3
    assert [bool(asked(key, at)) for key in (5, 6, 7, 8, 9)] == [True, False, True, False, True]


def test_a_wash_of_no_number_is_kept_as_well(seller):
    at = now()
    assert record_wash(organisation=seller, keys=np.empty(0, dtype=np.uint64), at=at).numbers_count == 0
    assert asked(5, at) == []


def test_what_lies_there_shows_no_number_and_an_altered_set_is_refused(seller, objects):
    at = now()
    row = record_wash(organisation=seller, keys=SPREAD, at=at)
    path = objects / row.object_path
    data = bytearray(path.read_bytes())
    assert len(data) < 5 * len(SPREAD)
    assert int(SPREAD[0]).to_bytes(8, "little") not in data
    for place in (40, len(data) - 1):
        altered = bytearray(data)
        altered[place] ^= 1
        path.write_bytes(altered)
        assert found(SPREAD[0], at) == FoundWashes(rows=[], unread_count=1)


def test_sets_of_an_earlier_release_are_read_as_before(seller, objects, tmp_path):
    from quietline.registers import Entries, Metadata, RegisterBuilder
    from quietline.web.keeping.rings import key_ring

    at = now()
    row = record_wash(organisation=seller, keys=SPREAD[:10], at=at)
    with RegisterBuilder() as builder:
        builder.add(Entries(SPREAD[:20]))
        builder.write(tmp_path / "keys.qlr", Metadata(name="wash 1", list_date=at.date()))
    key = key_ring().unwrap(bytes(row.data_key.wrapped), f"wash:{row.pk}")
    with (tmp_path / "keys.qlr").open("rb") as source:
        (objects / row.object_path).write_bytes(b"".join(key.seal_stream(source, "keys")))
    assert asked(SPREAD[19], at) == [row]
    assert asked(SPREAD[20], at) == []


def small(seller, keys, at):
    return record_small_wash(
        number=next_wash_number(), organisation=seller, client="", keys=np.array(keys, np.uint64), receipt="0" * 64, at=at
    )  # fmt: skip


def found(key, at):
    return find_washes(int(key), since=at - timedelta(days=1))


def test_a_small_wash_is_found_by_each_of_its_numbers_and_by_no_other(seller):
    at = now()
    few, far, none, one = [5, 7, 9], [5, 2**40, 2**63], [], [11]
    rows = [small(seller, keys, at + timedelta(seconds=place)) for place, keys in enumerate((few, far, none, one))]
    for key in (4, 5, 6, 7, 9, 10, 11, 12, 2**40 - 1, 2**40, 2**63, 2**63 + 1):
        wanted = [row for row, keys in zip(rows, (few, far, none, one), strict=True) if key in keys]
        assert found(key, at).rows == wanted[::-1]
        assert found(key, at).unread_count == 0


def test_a_set_that_is_lost_or_altered_is_counted_and_hides_no_other(seller, objects):
    at = now()
    lost, altered, whole = (
        record_wash(organisation=seller, keys=SPREAD[:9], at=at - timedelta(seconds=n)) for n in range(3)
    )
    bad, good, gone = (small(seller, [int(SPREAD[0])], at - timedelta(minutes=n)) for n in (1, 2, 3))
    (objects / lost.object_path).unlink()
    data = bytearray((objects / altered.object_path).read_bytes())
    data[-1] ^= 1
    (objects / altered.object_path).write_bytes(data)
    WashSet.objects.filter(pk=bad.pk).update(sealed=bytes(bad.sealed)[:-1] + b"x")
    WashSet.objects.filter(pk=gone.pk).update(data_key=None)
    answer = found(SPREAD[0], at)
    assert answer.rows == [whole, good]
    assert answer.unread_count == 4


def test_a_store_that_is_away_is_not_asked_again_and_again(seller, monkeypatch):
    from quietline.errors import LedgerError
    from quietline.web.publishing import washes

    at = now()
    for second in range(8):
        record_wash(organisation=seller, keys=SPREAD[:9], at=at - timedelta(seconds=second))
    near = small(seller, [int(SPREAD[0])], at - timedelta(minutes=1))
    tries = []

    class Away:
        def open(self, path):
            tries.append(path)
            raise LedgerError("The bucket does not answer.", code="ledger.unreadable")

    monkeypatch.setattr(washes, "wash_store", Away)
    answer = found(SPREAD[0], at)
    assert (answer.rows, answer.unread_count) == ([near], 8)
    assert len(tries) == 3


def test_who_asked_says_how_much_could_not_be_read(seller, client, objects):
    from quietline.web.subscribers.line_sessions import COOKIE, open_session

    at = now()
    key = 12125550123
    token = open_session(key=key, assurance="code", at=at - timedelta(minutes=5))
    row = record_wash(organisation=seller, keys=np.array([key], np.uint64), at=at)
    small(seller, [key], at)
    client.cookies[COOKIE] = token
    page = client.get("/my-number/who-asked/").content.decode()
    assert "could not be read" not in page
    assert page.count("Brightbath") == 2
    (objects / row.object_path).unlink()
    answer = client.get("/my-number/who-asked/")
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "Checks of lists that could not be read: 1." in page
    assert page.count("Brightbath") == 1
    WashSet.objects.filter(object_path="").update(sealed=b"x")
    page = client.get("/my-number/who-asked/").content.decode()
    assert "could not be read: 2." in page
    assert "Nobody has asked" not in page
