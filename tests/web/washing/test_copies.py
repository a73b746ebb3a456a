"""Copies of the registers: they follow the feeds, and say how far they are."""

from __future__ import annotations

import json
from datetime import date, timedelta

import numpy as np
import pytest
from django.db import connection

from quietline.errors import OutputError, UnavailableError
from quietline.ledger.log import LogWriter
from quietline.registers import Entries, Metadata, RegisterBuilder
from quietline.registers import Register as RegisterReader
from quietline.web.base.metrics import COPIES_FAILED
from quietline.web.publishing.importing import import_register
from quietline.web.publishing.lines import line_of_change
from quietline.web.publishing.models import Change, Register
from quietline.web.publishing.objects import feed_origin, feed_store, signing_key
from quietline.web.publishing.operations import end_entry, found_register, list_number
from quietline.web.publishing.sequencing import Sequencer
from quietline.web.washing import copies
from quietline.web.washing.campaigns import read_said
from quietline.web.washing.copies import STALE_AFTER, AsOf, advance_copies, as_of, copies_folder, copy_of
from quietline.web.washing.engine import wash_numbers
from web.washing.conftest import AT

pytestmark = pytest.mark.django_db(transaction=True)
KEYS = tuple(range(12125550100, 12125550110))
BRITISH = 442079460001


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


# -- one register that is broken --------------------------------------------------------------------------------------


@pytest.fixture
def broken(register, publish):
    """A register whose feed is damaged, beside one that is not; numbers were listed in both since."""
    other = found_register(code="dnc-gb", kind="do-not-call", title="Do not call", country="GB", at=AT)
    put(register, KEYS[0])
    put(other, BRITISH)
    publish()
    feed_store("dnc-gb", "all").replace("checkpoint", b"nonsense")
    put(register, KEYS[1])
    Change.objects.filter(number__isnull=True).update(number=3)
    with_line(register)
    return other


def with_line(register):
    """Write the newest change of a register into its feed, whatever is with the others."""
    origin = feed_origin(register.code, "all")
    log = LogWriter.open(feed_store(register.code, "all"), origin=origin, key=signing_key())
    log.append([line_of_change(Change.objects.get(number=3)).encode()], at=AT)


def test_a_broken_feed_keeps_no_other_register_from_going_on(register, publish, broken):
    put(broken, BRITISH + 1)
    Change.objects.filter(number__isnull=True).update(number=4)
    later = AT + STALE_AFTER + timedelta(seconds=1)
    before = COPIES_FAILED.labels("dnc-gb")._value.get()
    assert advance_copies(at=later) == 2
    assert COPIES_FAILED.labels("dnc-gb")._value.get() == before + 1
    assert held(register) == list(KEYS[:2])
    assert as_of(at=later, copies=[copy_of(register)]) == AsOf(4, later)
    for needed in (None, [copy_of(broken)], [copy_of(register), copy_of(broken)]):
        with pytest.raises(UnavailableError):
            as_of(at=later, copies=needed)
    american, british = (np.array([key], dtype=np.uint64) for key in (KEYS[0], BRITISH))
    both = [copy_of(register), copy_of(broken)]
    assert as_of(at=later, copies=both, keys=american).number == 4  # no number of that country is among them
    with pytest.raises(UnavailableError):
        as_of(at=later, copies=both, keys=british)


def test_only_washes_that_need_the_broken_register_are_refused(register, publish, broken, enter):
    put(broken, BRITISH + 1)
    Change.objects.filter(number__isnull=True).update(number=4)
    later = AT + STALE_AFTER + timedelta(seconds=1)
    advance_copies(at=later)
    body = enter.organisation("exempt", "Friends of Rivers")
    facts = read_said({"purpose": "sales", "channel": "live_voice", "callee_class": "residential", "caller_id": "shown"})
    asked = {"caller": body, "client": body, "country": "US", "facts": facts, "called_at": later, "at": later}
    washed = wash_numbers([f"+{KEYS[0]}", "nothing"], **asked)
    assert (washed.as_of.number, sum(washed.counts)) == (4, 2)
    with pytest.raises(UnavailableError) as raised:
        wash_numbers([f"+{KEYS[0]}", f"+{BRITISH}"], **asked)
    assert raised.value.code == "wash.stale"


def test_a_register_that_was_broken_is_tried_until_it_goes_on(register, publish, broken):
    good = feed_store("dnc-us", "all").read("checkpoint")
    put(broken, BRITISH + 1)
    Change.objects.filter(number__isnull=True).update(number=4)
    advance_copies(at=AT + timedelta(seconds=1))
    assert as_of(at=AT + timedelta(seconds=1)) == AsOf(2, AT)  # all together are as far as the last of them
    assert feed_store("dnc-us", "all").read("checkpoint") == good
    for path in sorted(feed_store("dnc-gb", "all").path.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock_all()")
    Sequencer().step(at=AT + timedelta(seconds=2))  # writes the feed anew, as it was
    advance_copies(at=AT + timedelta(seconds=3))
    assert as_of(at=AT + timedelta(seconds=3)) == AsOf(4, AT + timedelta(seconds=3))
    assert held(broken) == [BRITISH, BRITISH + 1]


def test_a_copy_that_could_not_even_be_begun_counts_for_every_wash(register, publish, monkeypatch):
    publish()
    found_register(code="dnc-gb", kind="do-not-call", title="Do not call", country="GB", at=AT)
    put(Register.objects.get(code="dnc-gb"), BRITISH)
    Sequencer().step(at=AT)
    monkeypatch.setattr(copies, "create_empty", lambda *_: (_ for _ in ()).throw(OutputError("The disk is full.")))
    later = AT + STALE_AFTER + timedelta(seconds=1)
    advance_copies(at=later)
    with pytest.raises(UnavailableError):
        as_of(at=later, copies=[copy_of(register)], keys=np.array([KEYS[0]], dtype=np.uint64))
