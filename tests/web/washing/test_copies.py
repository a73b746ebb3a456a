"""Copies of the registers: they follow the feeds, and say how far they are."""

from __future__ import annotations

import json
from datetime import date, timedelta

import numpy as np
import pytest

from quietline.errors import UnavailableError
from quietline.registers import Entries, Metadata, RegisterBuilder
from quietline.registers import Register as RegisterReader
from quietline.web.publishing.importing import import_register
from quietline.web.publishing.models import Change
from quietline.web.publishing.operations import end_entry, list_number
from quietline.web.washing.copies import STALE_AFTER, advance_copies, as_of, copies_folder, copy_of
from web.washing.conftest import AT

pytestmark = pytest.mark.django_db(transaction=True)
KEYS = tuple(range(12125550100, 12125550110))


def put(register, key, *, at=AT, terms=""):
    return list_number(register=register, key=key, since_date=at.date(), terms=terms, assurance="code", at=at)


def held(register):
    with RegisterReader(copy_of(register)) as copy:
        return [int(key) for entries in copy.columns() for key in entries.keys]


def test_a_copy_holds_what_was_listed_and_no_longer_what_was_withdrawn(register, publish):
    for key in KEYS:
        put(register, key)
    publish()
    assert held(register) == list(KEYS)
    end_entry(register=register, key=KEYS[3], reason="withdrawn", at=AT + timedelta(seconds=5))
    publish(at=AT + timedelta(seconds=6))
    assert held(register) == [key for key in KEYS if key != KEYS[3]]


def test_an_import_reaches_the_copy_whole(register, publish, tmp_path):
    with RegisterBuilder() as builder:
        builder.add(Entries(np.arange(13125550100, 13125550150, dtype=np.uint64), np.full(50, 20_000, dtype=np.uint16)))
        builder.write(tmp_path / "old.qlr", Metadata("old", country="US", list_date=date(2026, 11, 1)))
    put(register, KEYS[0])
    import_register(register=register, path=tmp_path / "old.qlr", source="test", at=AT)
    publish()
    assert held(register) == [KEYS[0], *range(13125550100, 13125550150)]


def test_copies_say_up_to_which_change_they_are_complete(register, publish):
    put(register, KEYS[0])
    publish()
    known = as_of(at=AT + timedelta(seconds=1))
    assert (known.number, known.at) == (Change.objects.get().number, AT)


def test_copies_that_nobody_looks_after_answer_nothing(register, publish):
    publish()
    as_of(at=AT + STALE_AFTER)
    with pytest.raises(UnavailableError) as raised:
        as_of(at=AT + STALE_AFTER + timedelta(seconds=1))
    assert raised.value.code == "wash.stale"


def test_a_change_that_no_feed_has_yet_keeps_the_copies_from_calling_themselves_complete(register, publish):
    publish()
    put(register, KEYS[0])
    Change.objects.update(number=1)  # numbered, and the sequencer died before it wrote the feed
    advance_copies(at=AT + timedelta(seconds=5))
    assert as_of(at=AT).at == AT


def test_a_copy_that_was_deleted_is_made_anew(register, publish):
    put(register, KEYS[0])
    publish()
    for path in (copies_folder() / register.code).iterdir():
        path.unlink()
    (copies_folder() / "as-of.json").unlink()
    advance_copies(at=AT + timedelta(seconds=1))
    assert held(register) == [KEYS[0]]


def test_lines_that_were_applied_before_a_crash_are_applied_again(register, publish):
    put(register, KEYS[0])
    put(register, KEYS[1], terms="channels=voice")
    publish()
    state = copy_of(register).with_name("state.json")
    state.write_text(json.dumps({"size": 0, "number": 0}))
    end_entry(register=register, key=KEYS[0], reason="withdrawn", at=AT + timedelta(seconds=1))
    publish(at=AT + timedelta(seconds=2))
    assert held(register) == [KEYS[1]]


def test_at_the_start_of_a_day_every_copy_is_of_that_day(register, publish):
    publish()
    tomorrow = AT + timedelta(days=1)
    advance_copies(at=tomorrow)
    with RegisterReader(copy_of(register)) as copy:
        assert copy.metadata.list_date == tomorrow.date()


def test_a_second_process_leaves_the_work_to_the_first(register, publish):
    import fcntl

    publish()
    put(register, KEYS[0])
    with (copies_folder() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert advance_copies(at=AT + timedelta(seconds=3)) == 0
        assert as_of(at=AT).at == AT
