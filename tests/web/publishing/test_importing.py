"""A register that is taken over leaves numbers with entries of their own alone: in the database, and in the feed."""

from __future__ import annotations

import threading
from contextlib import closing
from datetime import date, timedelta

import pytest
from django.db import connection, transaction

from quietline.feed.copying import apply_lines, create_empty
from quietline.feed.lines import Imported, decode
from quietline.ledger.reading import LogReader
from quietline.registers import Metadata
from quietline.registers import Register as RegisterReader
from quietline.web.proofs.findings import Findings
from quietline.web.publishing import importing
from quietline.web.publishing.importing import check_import_order
from quietline.web.publishing.models import Change, Import
from quietline.web.publishing.objects import feed_origin, feed_store, signing_key
from quietline.web.publishing.operations import end_entry, list_number
from quietline.web.publishing.queries import standing_entry, stands_since
from quietline.web.publishing.sequencing import Sequencer
from web.proofs.common import AT, KEYS, TODAY, check, import_numbers

pytestmark = pytest.mark.django_db(transaction=True)
LONG_AGO = date(2019, 1, 1)
CHANGED, WITHDRAWN, FREE, LATE = KEYS[:4]
SOON = AT + timedelta(hours=1)


def put(register, key, *, terms="channels=voice", at=AT):
    return list_number(register=register, key=key, since_date=TODAY, terms=terms, assurance="code", at=at)


def in_thread(do):
    """Do something on a connection of its own, and wait for it; give what came of it."""
    came = []

    def run():
        with closing(connection):
            came.append(do())

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(20)
    assert not thread.is_alive(), "it waits"
    return came[0]


def sequence(at=SOON):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock_all()")
    sequencer = Sequencer()
    while sequencer.step(at=at):
        pass


def followed(register, tmp_path):
    """What a follower of the feed has: since-day and terms of each number."""
    store = feed_store(register.code, "all")
    reader = LogReader(store, origin=feed_origin(register.code, "all"), trusted=[signing_key().public])
    lines = [decode(entry) for entry in reader.entries(0, reader.checkpoint().size)]
    path = tmp_path / "followed.qlr"
    create_empty(path, Metadata(name="followed", country="US"))
    apply_lines(path, lines, fetch=lambda line: store.local(line.path, tmp_path))
    with RegisterReader(path) as copy:
        return {entry.key: (entry.since, entry.terms) for entry in copy.entries()}


def in_database(register, keys=KEYS):
    """What pages say of each number that stands."""
    standing = {}
    for key in keys:
        since, entry = stands_since(register, key), standing_entry(register, key)
        if since is not None:
            standing[key] = (since, entry.terms if entry else "")
    return standing


def test_numbers_that_have_or_had_an_entry_keep_to_it_in_the_feed_as_well(register, tmp_path):
    put(register, CHANGED)
    put(register, WITHDRAWN)
    end_entry(register=register, key=WITHDRAWN, reason="withdrawn", at=AT)
    sequence()
    bulk = import_numbers(register, dict.fromkeys((CHANGED, WITHDRAWN, FREE), LONG_AGO), at=SOON)
    sequence()
    assert bulk.count == 1
    assert in_database(register) == {CHANGED: (TODAY, "channels=voice"), FREE: (LONG_AGO, "")}
    assert followed(register, tmp_path) == in_database(register)
    assert check(register).holds
    assert end_entry(register=register, key=WITHDRAWN, reason="withdrawn", at=SOON) is None


def test_a_file_without_such_numbers_is_kept_as_it_is(register, tmp_path):
    put(register, CHANGED)
    bulk = import_numbers(register, dict.fromkeys((WITHDRAWN, FREE), LONG_AGO), at=SOON)
    sequence()
    assert bulk.count == 2
    assert set(followed(register, tmp_path)) == {CHANGED, WITHDRAWN, FREE}


@pytest.mark.parametrize("ended", [False, True])
def test_a_number_that_is_listed_while_rows_are_copied_is_cut_out_as_well(register, tmp_path, monkeypatch, ended):
    copy = importing._copy

    def meanwhile():
        put(register, LATE)
        if ended:
            end_entry(register=register, key=LATE, reason="withdrawn", at=AT)
        sequence()

    def copied(*arguments):
        in_thread(meanwhile)  # and is numbered, before the import is
        return copy(*arguments)

    monkeypatch.setattr(importing, "_copy", copied)
    bulk = import_numbers(register, dict.fromkeys((FREE, LATE), LONG_AGO), at=SOON)
    sequence()
    assert bulk.count == 1
    assert in_database(register) == {FREE: (LONG_AGO, "")} | ({} if ended else {LATE: (TODAY, "channels=voice")})
    assert followed(register, tmp_path) == in_database(register)
    assert check(register).holds


def test_a_number_whose_listing_is_committed_only_later_comes_behind_the_import(register, tmp_path):
    listed, imported = threading.Event(), threading.Event()

    def listing():
        with closing(connection), transaction.atomic():
            put(register, LATE)  # draws its id before the import does
            listed.set()
            assert imported.wait(20)

    thread = threading.Thread(target=listing)
    thread.start()
    assert listed.wait(20)
    import_numbers(register, dict.fromkeys((FREE, LATE), LONG_AGO), at=SOON)
    imported.set()
    thread.join()
    assert Change.objects.get(operation="import").pk > Change.objects.get(operation="add").pk
    sequence()
    assert followed(register, tmp_path) == in_database(register)
    assert followed(register, tmp_path)[LATE] == (TODAY, "channels=voice")


def test_what_is_listed_after_the_last_look_is_not_numbered_before_the_import(register, tmp_path, monkeypatch):
    recorded, threads = importing._recorded, []

    def step():
        with closing(connection):
            sequence()

    def just_before(*arguments):
        in_thread(lambda: put(register, LATE))  # a listing waits for nobody
        threads.append(threading.Thread(target=step))
        threads[0].start()
        threads[0].join(0.5)
        assert in_thread(lambda: Change.objects.get(operation="add").number) is None
        return recorded(*arguments)

    monkeypatch.setattr(importing, "_recorded", just_before)
    import_numbers(register, dict.fromkeys((FREE, LATE), LONG_AGO), at=SOON)
    threads[0].join()
    sequence()
    assert Change.objects.get(operation="import").number < Change.objects.get(operation="add").number
    assert followed(register, tmp_path) == in_database(register)
    assert check(register).holds


def test_verifying_finds_an_import_that_came_over_entries(register, monkeypatch):
    put(register, CHANGED)
    put(register, WITHDRAWN)
    sequence()
    monkeypatch.setattr(importing, "_in_file", lambda _path, keys: keys[:0])
    bulk = import_numbers(register, dict.fromkeys((CHANGED, WITHDRAWN, FREE), LONG_AGO), at=SOON)
    sequence()
    findings = Findings()
    check_import_order(findings)
    assert [str(found) for found in findings.named] == [
        f"import-order: import {bulk.pk}: 2 of its numbers had changes of their own before it"
    ]
    for key in (CHANGED, WITHDRAWN):
        end_entry(register=register, key=key, reason="withdrawn", at=SOON)
    findings = Findings()
    check_import_order(findings)
    assert not findings.named


def test_the_line_of_an_import_has_the_hash_of_what_was_kept(register):
    put(register, CHANGED)
    import_numbers(register, dict.fromkeys((CHANGED, FREE), LONG_AGO), at=SOON)
    sequence()
    bulk, store = Import.objects.get(), feed_store(register.code, "all")
    reader = LogReader(store, origin=feed_origin(register.code, "all"), trusted=[signing_key().public])
    (line,) = [decoded for entry in reader.entries(0, 2) if isinstance(decoded := decode(entry), Imported)]
    assert (line.sha256, line.count) == (bulk.sha256, 1)
