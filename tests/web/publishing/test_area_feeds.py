"""Feeds of areas hold what their register holds of the area, also what came with an import."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack, closing
from datetime import date

import numpy as np
import pytest

from quietline.feed.following import Mirror
from quietline.feed.http import HttpStore
from quietline.registers import Entries, Metadata, RegisterBuilder, date_of, day_of
from quietline.registers import Register as RegisterReader
from quietline.web.base.clock import now
from quietline.web.publishing.areas import area_of, entries_of_area
from quietline.web.publishing.files import publish_file
from quietline.web.publishing.importing import import_register, part_of_import
from quietline.web.publishing.objects import feed_origin, feed_store, signing_key
from quietline.web.publishing.operations import end_entry, list_number, open_feed

pytestmark = pytest.mark.django_db(transaction=True)
HERE, THERE, NOWHERE = "1212", "1310", "1907"
IMPORTED = np.array([int(f"{area}55501{n:02}") for area in (HERE, THERE) for n in range(60)], dtype=np.uint64)
SINCE = date(2019, 3, 4)


@pytest.fixture
def earlier(tmp_path):
    """A register of before, as a file."""
    path = tmp_path / "earlier.qlr"
    with RegisterBuilder() as builder:
        builder.add(Entries(IMPORTED, np.full(len(IMPORTED), day_of(SINCE), dtype=np.uint16)))
        builder.write(path, Metadata(name="earlier", country="US", list_date=date(2026, 11, 20)))
    return path


@pytest.fixture
def mirror(live_server, tmp_path, make_key):
    """Follow a feed as an operator does."""
    _operator, secret = make_key("operator", "operator")
    with ExitStack() as stack:

        def following(projection):
            address = f"{live_server.url}/feeds/dnc-us/{projection}/"
            store = stack.enter_context(closing(HttpStore(address, secret)))
            return Mirror(
                tmp_path / "copies" / projection, store, [signing_key().public], feed_origin("dnc-us", projection)
            )  # fmt: skip

        yield following


def listed(register, key):
    list_number(register=register, key=key, since_date=date(2026, 11, 22), terms="", assurance="code", at=now())


def held(copy):
    with RegisterReader(copy.path) as reader:
        return {entry.key: entry.since for entry in reader.entries()}


def of_area(area):
    return {key for key in IMPORTED.tolist() if area_of(key) == area}


@pytest.mark.parametrize("when", ["before the import", "after the import"])
def test_an_import_reaches_the_feed_of_an_area_whenever_it_was_opened(register, earlier, sequencing, mirror, when):
    if when == "before the import":
        feed = open_feed(register=register, projection=f"area-{HERE}", at=now())
    listed(register, 12125550199)
    listed(register, 13105550199)
    import_register(register=register, path=earlier, source="the register of before", at=now())
    if when == "after the import":
        feed = open_feed(register=register, projection=f"area-{HERE}", at=now())
        listed(register, 12125550198)
        end_entry(register=register, key=12125550198, reason="withdrawn", at=now())
    file = publish_file(feed=feed, at=now())
    assert file.numbers_count == 61
    copy = mirror(f"area-{HERE}")
    assert copy.advance(at=now()).numbers == 61
    assert set(held(copy)) == of_area(HERE) | {12125550199}
    assert held(copy)[12125550100] == SINCE


def test_a_copy_that_followed_before_takes_the_import_and_what_comes_after_it(register, earlier, sequencing, mirror):
    feed = open_feed(register=register, projection=f"area-{HERE}", at=now())
    listed(register, 12125550199)
    publish_file(feed=feed, at=now())
    copy = mirror(f"area-{HERE}")
    assert copy.advance(at=now()).numbers == 1
    import_register(register=register, path=earlier, source="the register of before", at=now())
    end_entry(register=register, key=12125550107, reason="withdrawn", at=now())
    publish_file(feed=feed, at=now())
    followed = copy.advance(at=now())
    assert (followed.added, followed.withdrawn, followed.numbers) == (60, 1, 60)
    assert followed.proven_size is not None
    assert set(held(copy)) == (of_area(HERE) | {12125550199}) - {12125550107}


def test_an_import_without_numbers_of_the_area_leaves_no_line(register, earlier, sequencing, mirror):
    feed = open_feed(register=register, projection=f"area-{NOWHERE}", at=now())
    import_register(register=register, path=earlier, source="the register of before", at=now())
    listed(register, 19075550100)
    publish_file(feed=feed, at=now())
    copy = mirror(f"area-{NOWHERE}")
    assert copy.advance(at=now()).numbers == 1
    assert not list(feed_store("dnc-us", f"area-{NOWHERE}").path.glob("imports/*.qlr"))


def test_the_part_of_an_import_is_the_same_file_each_time(register, earlier):
    bulk = import_register(register=register, path=earlier, source="the register of before", at=now())
    first = part_of_import(register, bulk.sha256, f"area-{THERE}")
    store = feed_store("dnc-us", f"area-{THERE}")
    store.remove(f"imports/of-{bulk.sha256}.json")
    assert part_of_import(register, bulk.sha256, f"area-{THERE}") == first
    assert first.numbers == 60
    path = store.local(f"imports/{first.sha256}.qlr", None)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == first.sha256


def test_entries_of_an_area_keep_their_days(earlier):
    with RegisterReader(earlier) as reader:
        parts = list(entries_of_area(reader, THERE))
    assert {key for part in parts for key in part.keys.tolist()} == of_area(THERE)
    assert {date_of(int(day)) for part in parts for day in part.full().since} == {SINCE}
