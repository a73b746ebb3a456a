"""Which feeds get a new file, and that one that cannot be published stops no other."""

from __future__ import annotations

import threading
from contextlib import closing
from datetime import timedelta

import pytest
from django.db import connection, transaction

from quietline.errors import OperationError
from quietline.web.base.clock import now
from quietline.web.base.metrics import FILES_FAILED
from quietline.web.publishing import files
from quietline.web.publishing.files import publish_due_files
from quietline.web.publishing.models import Change, RegisterFile
from web.proofs.common import KEYS, list_some, new_register

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1, seconds=1)


def test_a_feed_is_published_once_a_day_and_only_where_it_has_changed(register, sequencing):
    list_some(register, KEYS[:1])
    wait_for_number()
    at = now()
    assert publish_due_files(at=at) == 1
    list_some(register, KEYS[1:2])
    wait_for_number()
    assert publish_due_files(at=at) == 0
    assert publish_due_files(at=at + DAY) == 1
    assert publish_due_files(at=at + 2 * DAY) == 0


def wait_for_number():
    for _ in range(400):
        if not Change.objects.filter(number__isnull=True).exists():
            return
        threading.Event().wait(0.05)
    raise AssertionError("the sequencer does not number")


def test_a_change_that_was_made_before_the_mark_and_committed_after_it_is_in_the_next_file(register, sequencing):
    list_some(register, KEYS[:1])
    wait_for_number()
    made, published = threading.Event(), threading.Event()
    at = now()

    def listing():
        with closing(connection), transaction.atomic():
            list_some(register, KEYS[1:2], at=at - timedelta(seconds=10))
            made.set()
            assert published.wait(60)

    thread = threading.Thread(target=listing)
    thread.start()
    assert made.wait(20)
    assert publish_due_files(at=at) == 1
    published.set()
    thread.join()
    wait_for_number()
    assert publish_due_files(at=at + DAY) == 1
    assert [file.numbers_count for file in RegisterFile.objects.order_by("version")] == [1, 2]


def test_a_feed_that_cannot_be_published_stops_no_other(register, sequencing, monkeypatch):
    other = new_register("dnc-gb", "GB")
    list_some(register, KEYS[:1])
    list_some(other, [447700900001])
    wait_for_number()
    publish = files.publish_file

    def refusing(*, feed, **options):
        if feed.register_id == register.pk:
            raise OperationError("The disk is full.")
        return publish(feed=feed, **options)

    monkeypatch.setattr(files, "publish_file", refusing)
    before = FILES_FAILED.labels("dnc-us")._value.get()
    assert publish_due_files(at=now()) == 1
    assert RegisterFile.objects.get().register == other
    assert FILES_FAILED.labels("dnc-us")._value.get() == before + 1


def test_where_the_sequencer_is_away_it_is_not_waited_for_again_and_again(db, monkeypatch):
    waits = []

    def waiting(*, patience_seconds, **_):
        waits.append(patience_seconds)
        raise OperationError("The sequencer does not write the feed.", code="publish.waiting")

    for place in range(8):
        new_register(f"dnc-{place}", f"{chr(65 + place)}X")
    monkeypatch.setattr(files, "_is_due", lambda *_: True)
    monkeypatch.setattr(files, "publish_file", waiting)
    assert publish_due_files(at=now()) == 0
    assert waits == [20.0, 2.0, 2.0, 2.0, 2.0]
