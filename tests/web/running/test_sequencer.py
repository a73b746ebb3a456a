"""The sequencer's process: quiet feeds are signed anew however busy the others are, and new ones at once."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection

from quietline.ledger.reading import LogReader
from quietline.web.publishing.objects import feed_origin, feed_store, signing_key
from quietline.web.publishing.operations import open_feed
from quietline.web.publishing.sequencing import Sequencer
from quietline.web.running import sequencer as process
from web.proofs.common import AT, list_some, new_register

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _alone():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock_all()")
    yield
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock_all()")


def signed_at(code, projection="all"):
    reader = LogReader(feed_store(code, projection), origin=feed_origin(code, projection), trusted=[signing_key().public])
    return reader.checkpoint().at


def test_a_quiet_feed_is_signed_every_minute_though_another_is_never_quiet(monkeypatch):
    quiet = new_register("dnc-gb", "GB")
    list_some(quiet, [447700900001])
    busy = new_register()
    stop, seen, ages = threading.Event(), [AT], []

    def clock():
        """Half a minute goes by with each look, and with each something happens elsewhere."""
        seen.append(seen[-1] + timedelta(seconds=30))
        list_some(busy, [12125551000 + len(seen)], at=seen[-1])
        if feed_store("dnc-gb", "all").exists("checkpoint"):
            ages.append(seen[-1] - signed_at("dnc-gb"))
        if len(seen) > 15:
            stop.set()
        return seen[-1]

    monkeypatch.setattr(process, "now", clock)
    process._work(stop, 0.0)
    assert len(ages) > 10
    assert max(ages) <= timedelta(seconds=60)


def test_a_feed_has_a_checkpoint_a_second_after_it_was_opened():
    register = new_register()
    list_some(register)
    sequencer = Sequencer()
    sequencer.step(at=AT)
    new_register("dnc-ca", "CA")
    open_feed(register=register, projection="area-1212", at=AT)
    sequencer.step(at=AT + timedelta(seconds=1))
    assert signed_at("dnc-ca") == signed_at("dnc-us", "area-1212") == AT + timedelta(seconds=1)


def test_feeds_are_signed_in_turn_where_there_is_no_time_for_all():
    codes = [f"dnc-{place:02}" for place in range(20)]
    for place, code in enumerate(codes):
        new_register(code, f"{chr(65 + place)}X")
    sequencer = Sequencer()
    sequencer.step(at=AT)
    ages = []
    for step in range(25):
        at = AT + timedelta(seconds=30 + step / 10)
        ages.append(sequencer.sign_due(at=at, after=timedelta(seconds=15), seconds=0))
    assert ages[0] == timedelta(seconds=30)  # some are left from the beginning
    assert ages[-1] < timedelta(seconds=15)
    assert all(signed_at(code) >= AT + timedelta(seconds=30) for code in codes)


def test_the_age_of_what_an_earlier_process_signed_is_known():
    new_register()
    first = Sequencer()
    first.step(at=AT)
    connection.close()
    second = Sequencer()
    second.step(at=AT + timedelta(seconds=5))
    assert signed_at("dnc-us") == AT
    assert second.sign_due(at=AT + timedelta(seconds=14), after=timedelta(seconds=15), seconds=1) == timedelta(seconds=14)
    second.sign_due(at=AT + timedelta(seconds=15), after=timedelta(seconds=15), seconds=1)
    assert signed_at("dnc-us") == AT + timedelta(seconds=15)
