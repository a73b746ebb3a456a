"""Sealed sets of long washes: whoever has proven a line is told which of them held it, and nobody else can read them."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from quietline.errors import VaultError
from quietline.web.base.clock import now
from quietline.web.publishing.washes import record_wash, washes_about

pytestmark = pytest.mark.django_db(transaction=True)
SPREAD = np.unique(np.random.default_rng(5).integers(12_012_000_000, 19_899_999_999, 150_000)).astype(np.uint64)


@pytest.fixture
def seller(make_key):
    return make_key("seller", "representative", name="Brightbath")[0]


def asked(key, at):
    return list(washes_about(int(key), since=at - timedelta(days=1)))


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
        with pytest.raises(VaultError):
            asked(SPREAD[0], at)


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
