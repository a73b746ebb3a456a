"""Whoever changes the database and cannot sign is found, and what they changed is named."""

from __future__ import annotations

import shutil
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from quietline.errors import LedgerError
from quietline.web.base.clock import now
from quietline.web.keeping.models import Read
from quietline.web.proofs.models import Leaf, Tombstone
from quietline.web.proofs.objects import ledger_store
from quietline.web.proofs.operations import bury, write_leaves
from quietline.web.publishing.files import publish_file
from quietline.web.publishing.models import Change, Entry, Feed, Import
from quietline.web.publishing.objects import feed_store
from quietline.web.publishing.operations import end_entry, list_number
from web.proofs.common import AT, KEYS, TODAY, check, import_numbers, list_some, named, new_register, some_reads, sql

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_untouched_database_holds(register):
    report = check(register)
    assert named(report) == set()
    assert report.holds
    assert report.leaves == report.log_size == report.rows == Leaf.objects.count()
    assert report.changes == report.feed_lines == Change.objects.count()


@pytest.mark.parametrize("terms", ["", "channels=text; days=36,37", "channels=voice; categories=2"])
def test_it_takes_as_many_statements_however_many_changes_there_are(register, sequence, terms):
    def statements():
        with CaptureQueriesContext(connection) as asked:
            assert named(check(register)) == set()
        return len(asked)

    before = statements()
    for key in range(12125550150, 12125550180):
        list_number(register=register, key=key, since_date=TODAY, terms=terms, assurance="code", at=AT)
    for key in range(12125550150, 12125550160):
        end_entry(register=register, key=key, reason="withdrawn", at=AT)
    sequence()
    assert statements() == before


def test_a_since_day_changed_in_a_change_is_named(register):
    change = Change.objects.filter(operation="add").first()
    sql("UPDATE publishing_change SET since_date = '2001-01-01' WHERE id = %s", change.pk)
    found = named(check(register))
    assert ("row-changed", "change", change.pk) in found
    assert ("entry-differs", "entry", change.entry_id) in found
    assert ("feed-differs", "change", change.pk) in found
    assert "since" in next(f.detail for f in check(register).findings if f.code == "feed-differs")


def test_a_since_day_changed_in_an_entry_is_named_with_its_field(register):
    entry = Entry.objects.get(key=KEYS[3])
    sql("UPDATE publishing_entry SET since_date = '2001-01-01' WHERE id = %s", entry.pk)
    report = check(register)
    assert named(report) == {("entry-differs", "entry", entry.pk)}
    assert report.findings[0].detail.startswith("since_date (by change ")


@pytest.mark.parametrize(
    "column",
    [
        "terms = 'channels=voice'",
        "listed_at = listed_at - interval '1 day'",
        "key = 12125550177",
        "assurance = 'mail'",
        "reference = 'QL-2222-2222'",
    ],
)
def test_another_field_of_an_entry_is_named(register, column):
    entry = Entry.objects.get(key=KEYS[3])
    sql(f"UPDATE publishing_entry SET {column} WHERE id = %s", entry.pk)
    report = check(register)
    assert ("entry-differs", "entry", entry.pk) in named(report)
    assert any(f.detail.startswith(column.split(" ", maxsplit=1)[0]) for f in report.findings)


@pytest.mark.parametrize("place", [2, 1, 8])
def test_why_an_entry_ended_is_named(register, place):
    """Of one that was withdrawn, one that was changed, and one that came with an import."""
    entry = Entry.objects.filter(key=KEYS[place], ended_at__isnull=False).get()
    sql("UPDATE publishing_entry SET end_reason = 'reassigned' WHERE id = %s", entry.pk)
    assert named(check(register)) == {("entry-differs", "entry", entry.pk)}


def test_changes_of_a_release_that_said_less_hold(register):
    change = Change.objects.filter(operation="add").first()
    assert {"assurance", "reference"} <= set(change.canonical)
    change.assurance = change.reference = ""
    before = {"register", "operation", "entry", "bulk", "file", "projection", "key", "since", "terms", "at"}
    assert set(change.canonical) == before
    sql("UPDATE publishing_change SET assurance = '', reference = '', end_reason = ''")
    assert {code for code, _kind, _record in named(check(register))} == {"row-changed"}


def test_an_imported_number_without_a_day_may_have_an_entry_and_its_terms_are_compared(sequence):
    register = new_register()
    import_numbers(register, {KEYS[0]: None})
    list_number(register=register, key=KEYS[0], since_date=TODAY, terms="", assurance="code", at=AT)
    sequence()
    entry = Entry.objects.get()
    report = check(register)
    assert report.holds, report.findings
    sql("UPDATE publishing_entry SET terms = 'channels=voice'")
    assert ("entry-differs", "entry", entry.pk) in named(check(register))


def test_an_entry_that_was_ended_behind_the_changes_is_named(register):
    entry = Entry.objects.get(key=KEYS[3])
    sql("UPDATE publishing_entry SET ended_at = now(), end_reason = 'withdrawn' WHERE id = %s", entry.pk)
    assert ("entry-missing", "entry", entry.pk) in named(check(register))


def test_an_entry_that_was_made_to_stand_again_is_named(register):
    entry = Entry.objects.get(key=KEYS[2])
    sql("UPDATE publishing_entry SET ended_at = NULL, end_reason = '' WHERE id = %s", entry.pk)
    assert ("entry-differs", "entry", entry.pk) in named(check(register))


def test_an_entry_that_no_change_made_is_named(register):
    entry = Entry.objects.create(
        register=register, key=12125550188, since_date=TODAY, assurance="import", reference="QL-AAAA-AAAA", listed_at=AT
    )
    assert ("entry-differs", "entry", entry.pk) in named(check(register))


def test_swapped_keys_are_named(register):
    one, other = Change.objects.filter(operation="add")[:2]
    sql("UPDATE publishing_change SET key = %s WHERE id = %s", other.key, one.pk)
    sql("UPDATE publishing_change SET key = %s WHERE id = %s", one.key, other.pk)
    found = named(check(register))
    for change in (one, other):
        assert {("row-changed", "change", change.pk), ("feed-differs", "change", change.pk)} <= found
        assert ("entry-differs", "entry", change.entry_id) in found


def test_a_deleted_read_is_named(register):
    read = Read.objects.first()
    sql("DELETE FROM keeping_read WHERE id = %s", read.pk)
    assert named(check(register)) == {("row-missing", "read", read.pk)}


def test_a_read_deleted_with_its_leaf_is_found_by_the_log(register):
    read = Read.objects.first()
    index = Leaf.objects.get(kind="read", record=read.pk).index
    sql("DELETE FROM keeping_read WHERE id = %s", read.pk)
    sql("DELETE FROM proofs_leaf WHERE kind = 'read' AND record = %s", read.pk)
    assert named(check(register)) == {("leaf-missing", "leaf", index)}


def test_a_deleted_leaf_is_named_by_its_record_and_by_its_index(register):
    leaf = Leaf.objects.get(kind="change", record=Change.objects.first().pk)
    sql("DELETE FROM proofs_leaf WHERE id = %s", leaf.pk)
    assert named(check(register)) == {("leaf-missing", "leaf", leaf.index), ("leaf-missing", "change", leaf.record)}


def test_the_last_leaf_deleted_is_named(register):
    leaf = Leaf.objects.order_by("index").last()
    sql("DELETE FROM proofs_leaf WHERE id = %s", leaf.pk)
    assert ("leaf-missing", "leaf", leaf.index) in named(check(register))


def test_a_changed_hash_is_named(register):
    leaf = Leaf.objects.get(index=3)
    sql("UPDATE proofs_leaf SET hash = sha256('other') WHERE id = %s", leaf.pk)
    assert named(check(register)) == {("leaf-changed", leaf.kind, leaf.record), ("row-changed", leaf.kind, leaf.record)}


def test_a_row_and_its_leaf_rewritten_together_are_found_by_the_log(register):
    read = Read.objects.first()
    sql("UPDATE keeping_read SET purpose = 'other' WHERE id = %s", read.pk)
    sql("DELETE FROM proofs_leaf WHERE kind = 'read' AND record = %s", read.pk)
    index = min(set(range(1_000)) - set(Leaf.objects.values_list("index", flat=True)))
    with transaction.atomic():
        write_leaves("read", [Read.objects.get(pk=read.pk)], at=AT)
    sql("UPDATE proofs_leaf SET index = %s WHERE kind = 'read' AND record = %s", index, read.pk)
    assert named(check(register)) == {("leaf-changed", "read", read.pk)}


def test_a_row_that_slipped_in_is_named(register):
    read = Read.objects.create(key=KEYS[0], reader=1, role="", organisation="", purpose="", at=AT)
    assert named(check(register)) == {("leaf-missing", "read", read.pk)}


def test_a_change_deleted_with_its_leaf_and_entry_is_found(register):
    change = Change.objects.filter(key=KEYS[0]).get()
    sql("DELETE FROM publishing_change WHERE id = %s", change.pk)
    sql("DELETE FROM publishing_entry WHERE id = %s", change.entry_id)
    report = check(register)
    assert {("number-missing", "change", None), ("row-missing", "change", change.pk)} <= named(report)
    assert any(f"the feed dnc-us/all has change {change.number}," in found.detail for found in report.findings)


def test_numbers_of_changes_that_were_swapped_are_found_by_the_feed(register):
    one, other = Change.objects.filter(operation="add")[:2]
    sql("UPDATE publishing_change SET number = -1 WHERE id = %s", one.pk)
    sql("UPDATE publishing_change SET number = %s WHERE id = %s", one.number, other.pk)
    sql("UPDATE publishing_change SET number = %s WHERE id = %s", other.number, one.pk)
    assert named(check(register)) == {("feed-differs", "change", one.pk), ("feed-differs", "change", other.pk)}


def test_an_imported_number_that_was_changed_is_found(register):
    bulk = Import.objects.get()
    sql("UPDATE publishing_imported SET since_date = '2001-01-01' WHERE key = %s", KEYS[9])
    assert ("import-differs", "import", bulk.pk) in named(check(register))


def test_an_imported_number_that_was_taken_out_is_found(register):
    bulk = Import.objects.get()
    sql("DELETE FROM publishing_imported WHERE key = %s", KEYS[9])
    assert ("import-differs", "import", bulk.pk) in named(check(register))


def test_an_imported_file_that_was_changed_is_found(register, objects):
    bulk = Import.objects.get()
    path = objects / "feeds" / register.code / "all" / bulk.object_path
    path.write_bytes(path.read_bytes() + b"x")
    assert ("import-file", "import", bulk.pk) in named(check(register))


def test_an_import_larger_than_one_portion_is_compared_whole(sequence):
    register = new_register()
    bulk = import_numbers(register, {441632960000 + i: TODAY for i in range(9_000)})
    sequence()
    assert check(register).holds
    sql("UPDATE publishing_imported SET key = key + 100000 WHERE key = 441632968999")
    assert named(check(register)) == {("import-differs", "import", bulk.pk)}


def test_an_object_of_the_log_that_was_cut_off_is_found(register):
    bundle = next((ledger_store().path / "tile" / "entries").rglob("*.p/*"))
    bundle.write_bytes(bundle.read_bytes()[:-5])
    assert ("log-broken", "log", None) in named(check(register))


def test_an_entry_of_the_log_that_was_changed_is_found(register):
    for bundle in (ledger_store().path / "tile" / "entries").rglob("*.p/*"):
        bundle.write_bytes(bundle.read_bytes()[:-1] + b"?")
    assert ("log-broken", "log", None) in named(check(register))


def test_a_log_that_is_gone_is_found(register):
    shutil.rmtree(ledger_store().path)
    assert ("log-broken", "log", None) in named(check(register))


@pytest.fixture
def burial(monkeypatch):
    """Let reads be buried when their period is over, as a model declares it."""
    monkeypatch.setattr(Read, "buried_by", ("period over",), raising=False)


def bury_read(read, *, emptied):
    """Erase a read as an act of the platform would: its row deleted, or emptied of what is personal."""
    with transaction.atomic():
        sql(
            "UPDATE keeping_read SET key = NULL WHERE id = %s" if emptied else "DELETE FROM keeping_read WHERE id = %s",
            read.pk,
        )
        bury("read", read.pk, reason="period over", at=AT)


def test_a_record_that_was_lawfully_erased_is_no_finding(register, sequence, burial):
    bury_read(Read.objects.first(), emptied=False)
    sequence()
    report = check(register)
    assert report.holds, report.findings
    assert report.tombstones == 1
    assert report.tombstones_by == {"read": {"period over": 1}}


def test_a_record_that_was_emptied_lawfully_is_no_finding(register, sequence, burial):
    bury_read(Read.objects.first(), emptied=True)
    sequence()
    report = check(register)
    assert report.holds, report.findings


def test_a_record_that_was_buried_and_then_rewritten_is_named(register, sequence, burial):
    read = Read.objects.first()
    bury_read(read, emptied=True)
    sequence()
    sql("UPDATE keeping_read SET reader = 99, organisation = 'Somebody else' WHERE id = %s", read.pk)
    assert named(check(register)) == {("row-changed", "read", read.pk)}
    sql("UPDATE keeping_read SET key = 12125550100 WHERE id = %s", read.pk)
    assert ("erased-kept", "read", read.pk) in named(check(register))


def test_what_is_not_erased_or_is_never_erased_cannot_be_buried(register, burial):
    read = Read.objects.first()
    with pytest.raises(ValueError, match="key"):
        bury("read", read.pk, reason="period over", at=AT)
    with pytest.raises(ValueError, match="not buried"):
        bury("read", read.pk, reason="another", at=AT)
    with pytest.raises(ValueError, match="not buried"):
        bury("import", Import.objects.get().pk, reason="period over", at=AT)
    assert not Tombstone.objects.exists()


def test_a_tombstone_that_was_written_by_hand_hides_nothing(register, sequence):
    read = Read.objects.first()
    with transaction.atomic():
        stone = Tombstone.objects.create(kind="read", record=read.pk, reason="period over", at=AT)
        write_leaves("tombstone", [stone], at=AT)
    sql("UPDATE proofs_leaf SET salt = NULL WHERE kind = 'read' AND record = %s", read.pk)
    sql("DELETE FROM keeping_read WHERE id = %s", read.pk)
    sequence()
    report = check(register)
    assert named(report) == {("tombstone-unlawful", "read", read.pk), ("row-missing", "read", read.pk)}
    assert report.tombstones_by == {"read": {"other": 1}}


def test_a_salt_that_is_gone_without_a_tombstone_is_named(register):
    read = Read.objects.first()
    sql("UPDATE proofs_leaf SET salt = NULL WHERE kind = 'read' AND record = %s", read.pk)
    assert named(check(register)) == {("salt-missing", "read", read.pk)}


def test_a_tombstone_that_no_leaf_proves_is_named(register, burial):
    read = Read.objects.first()
    sql("DELETE FROM keeping_read WHERE id = %s", read.pk)
    sql("UPDATE proofs_leaf SET salt = NULL WHERE kind = 'read' AND record = %s", read.pk)
    stone = Tombstone.objects.create(kind="read", record=read.pk, reason="period over", at=AT)
    assert named(check(register)) == {("leaf-missing", "tombstone", stone.pk)}


@pytest.mark.parametrize("emptied", [True, False])
def test_an_erasure_that_left_its_salt_is_named(register, sequence, burial, emptied):
    read = Read.objects.first()
    leaf = Leaf.objects.get(kind="read", record=read.pk)
    bury_read(read, emptied=emptied)
    sql("UPDATE proofs_leaf SET salt = %s WHERE id = %s", bytes(leaf.salt), leaf.pk)
    sequence()
    assert named(check(register)) == {("salt-kept", "read", read.pk)}


@pytest.mark.parametrize("tampering", ["replaced", "gone"])
def test_a_published_file_that_was_replaced_is_named(register, sequencing, tampering):
    file = publish_file(feed=Feed.objects.get(register=register, projection="all"), at=now())
    assert not named(check(register), "file-differs")
    path = feed_store(register.code, "all").path / file.object_path
    path.chmod(0o600)
    path.write_bytes(b"nonsense")
    if tampering == "gone":
        path.unlink()
    assert named(check(register), "file-differs") == {("file-differs", "file", file.pk)}


def test_what_waits_for_the_sequencer_is_counted_and_no_finding(register):
    list_some(register, KEYS[5:7], at=AT)
    fresh = check(register, at=AT + timedelta(seconds=59))
    late = check(register, at=AT + timedelta(seconds=61))
    assert fresh.holds
    assert late.holds
    assert (fresh.waiting, fresh.waiting_long) == (4, 0)
    assert (late.waiting, late.waiting_long) == (0, 4)


def test_a_leaf_that_never_reached_the_log_is_named(register):
    leaf = Leaf.objects.order_by("index").last()
    some_reads(1)
    sql("UPDATE proofs_leaf SET index = %s WHERE index IS NULL", leaf.index + 1)
    read = Read.objects.last()
    assert named(check(register)) == {("not-in-log", "read", read.pk)}


def test_leaves_of_a_kind_without_a_table_are_named(register, sequence):
    sql("INSERT INTO proofs_leaf (kind, record, hash, at) VALUES ('unheard', 1, sha256('x'), %s)", AT)
    sequence()
    assert named(check(register)) == {("kind-unknown", "unheard", None)}


def test_a_history_written_anew_with_the_key_is_found_by_a_checkpoint_kept_elsewhere(register, objects, sequence):
    kept = ledger_store().read("checkpoint")
    assert check(register, since=kept).holds
    read = Read.objects.first()
    sql("DELETE FROM keeping_read WHERE id = %s", read.pk)
    sql("DELETE FROM proofs_leaf WHERE kind = 'read' AND record = %s", read.pk)
    sql("UPDATE proofs_leaf SET index = NULL")
    shutil.rmtree(objects / "ledger")
    sequence()
    some_reads(2)
    sequence()
    assert check(register).holds
    assert named(check(register, since=kept)) == {("log-forked", "log", None)}


def test_a_log_taken_back_is_found_by_a_checkpoint_kept_elsewhere(register, sequence, objects):
    shutil.copytree(objects / "ledger", objects / "before")
    some_reads(1)
    sequence()
    kept = ledger_store().read("checkpoint")
    read = Read.objects.last()
    sql("DELETE FROM keeping_read WHERE id = %s", read.pk)
    sql("DELETE FROM proofs_leaf WHERE kind = 'read' AND record = %s", read.pk)
    shutil.rmtree(objects / "ledger")
    (objects / "before").rename(objects / "ledger")
    assert check(register).holds
    assert named(check(register, since=kept)) == {("log-shrunk", "log", None)}


def test_a_checkpoint_that_nobody_signed_is_refused(register):
    with pytest.raises(LedgerError):
        check(register, since=ledger_store().read("checkpoint").replace(b"\nat ", b"\nat 1"))


def test_rows_are_checked_in_a_process_beside_where_there_are_many(register, monkeypatch):
    monkeypatch.setattr("quietline.web.proofs.beside._MANY", -1)
    untouched = check(register)
    assert untouched.holds, untouched.findings
    assert untouched.rows == Leaf.objects.count()
    read = Read.objects.first()
    sql("UPDATE keeping_read SET reader = 99 WHERE id = %s", read.pk)
    assert named(check(register)) == {("row-changed", "read", read.pk)}


def test_more_findings_than_are_named_are_counted(register, monkeypatch):
    monkeypatch.setattr("quietline.web.proofs.findings.MOST_FINDINGS", 2)
    sql("UPDATE keeping_read SET purpose = 'other'")
    report = check(register)
    assert (len(report.findings), report.counts["row-changed"]) == (2, 3)
