"""Whatever people did, an untouched database holds; whatever one value is changed to, it does not."""

from __future__ import annotations

import shutil
from datetime import date, timedelta

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from quietline.web.proofs.objects import objects_folder
from quietline.web.publishing.models import Change
from quietline.web.publishing.operations import end_entry, list_number
from quietline.web.publishing.sequencing import Sequencer
from web.proofs.common import AT, KEYS, TODAY, check, import_numbers, new_register, some_reads, sql

pytestmark = pytest.mark.django_db(transaction=True)

_TERMS = ("", "channels=voice", "channels=text")
_KEY = st.sampled_from(KEYS[:4])
_ACTS = st.one_of(
    st.tuples(st.just("list"), _KEY, st.sampled_from(_TERMS)),
    st.tuples(st.just("end"), _KEY, st.sampled_from(["withdrawn", "disconnected"])),
    st.tuples(st.just("import"), st.sets(_KEY, min_size=1), st.dates(date(2010, 1, 1), TODAY)),
    st.tuples(st.just("read"), st.integers(1, 3), st.none()),
    st.tuples(st.just("publish"), st.none(), st.none()),
)
# what somebody might change, and a value that differs from every one that stands there
_TAMPERINGS = (
    "UPDATE publishing_change SET since_date = since_date - 1 WHERE operation IN ('add', 'alter')",
    "UPDATE publishing_change SET at = at + interval '1 microsecond'",
    "UPDATE publishing_entry SET since_date = since_date - 1",
    "UPDATE publishing_entry SET key = key + 50",
    "UPDATE publishing_imported SET since_date = since_date - 1",
    "UPDATE keeping_read SET reader = reader + 1",
    "UPDATE proofs_leaf SET hash = sha256(hash)",
    "UPDATE proofs_leaf SET salt = sha256(salt)",
    "DELETE FROM keeping_read",
    "DELETE FROM proofs_leaf",
    "DELETE FROM publishing_imported",
)


def _act(register, act, at):
    what, one, other = act
    if what == "list":
        list_number(register=register, key=one, since_date=TODAY, terms=other, assurance="code", at=at)
    elif what == "end":
        end_entry(register=register, key=one, reason=other, at=at)
    elif what == "import":
        import_numbers(register, dict.fromkeys(one, other), at=at)
    elif what == "read":
        some_reads(one, at=at)
    else:
        _publish(at)


def _publish(at):
    sequencer = Sequencer()
    while sequencer.step(at=at):
        pass
    sql("SELECT pg_advisory_unlock_all()")


def _begin():
    shutil.rmtree(objects_folder(), ignore_errors=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE proofs_leaf, proofs_tombstone, keeping_read, publishing_change, publishing_entry, publishing_import,"
            " publishing_imported, publishing_feed, publishing_register CASCADE"
        )
    return new_register()


@settings(max_examples=15)
@given(acts=st.lists(_ACTS, max_size=12), tampering=st.sampled_from(_TAMPERINGS))
def test_any_history_holds_until_somebody_changes_it(acts, tampering):
    register = _begin()
    for i, act in enumerate(acts):
        _act(register, act, AT + timedelta(minutes=i))
    waits = check(register)
    assert waits.holds, waits.findings
    _publish(AT + timedelta(hours=1))
    published = check(register)
    assert published.holds, published.findings
    assert published.waiting == published.waiting_long == 0
    assert published.changes == Change.objects.count()
    if sql(tampering):
        assert not check(register).holds
    shutil.rmtree(objects_folder(), ignore_errors=True)
