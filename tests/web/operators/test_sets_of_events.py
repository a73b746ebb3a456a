"""Many events, the set-based twin of the operations on entries, and reports at the same moment as a listing."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import date

import pytest
from django.db import connection, transaction

from quietline.errors import NotProvenError
from quietline.web.operators.bulk import end_entries, list_numbers, standing_entries, take_over_imported
from quietline.web.operators.models import LineEvent, NumberRange
from quietline.web.operators.reporting import ReportedEvent, report_line_events
from quietline.web.proofs.models import Leaf
from quietline.web.publishing.models import Change, Entry, Import, Register
from quietline.web.publishing.operations import end_entry, found_register, list_number
from quietline.web.publishing.queries import standing_entry, stands_since
from quietline.web.subscribers.listing import confirm_listing
from quietline.web.subscribers.models import LineHolder, LineSession

from .conftest import AT, DAYS, HOURS, code_for, code_of, event, report

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("ranges")]
RAW, KEY = "+1 212 555 0123", 12125550123


def imported(register, *keys, since=date(2010, 5, 6)):
    bulk = Import.objects.create(
        register=register, source="old", list_date=AT.date(), count=len(keys), sha256="0" * 64, at=AT
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TABLE publishing_imported_{bulk.pk} PARTITION OF publishing_imported FOR VALUES IN ({bulk.pk})"
        )
        for key in keys:
            cursor.execute("INSERT INTO publishing_imported VALUES (%s, %s, %s)", [bulk.pk, key, since])


@pytest.fixture(autouse=True)
def no_imports_left():
    yield
    with connection.cursor() as cursor:
        cursor.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'publishing_imported'::regclass")
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP TABLE {name}")


def rows_of(model, *fields):
    return [tuple(row) for row in model.objects.order_by("pk").values_list(*fields)]


def state():
    entries = rows_of(Entry, "key", "since_date", "terms", "assurance", "listed_at", "ended_at", "end_reason")
    changes = rows_of(Change, "operation", "entry__key", "key", "since_date", "terms", "at", "register__kind")
    return entries, changes, Leaf.objects.filter(kind="change").count()


def test_entries_written_together_are_those_written_one_by_one():
    states = []
    for together in (False, True):
        register = found_register(code="r", kind="reassigned", title="r", country="GB", at=AT)
        imported(register, 12125550101, 12125550102)
        with transaction.atomic():
            if together:
                list_numbers(register, {12125550100: AT.date(), 12125550103: AT.date()}, assurance="operator", at=AT)
                keys = [12125550100, 12125550102, 12125550104]
                found = [*standing_entries(keys), *take_over_imported(keys, at=AT)]
                end_entries([(entry, "reassigned") for entry in found], at=AT)
            else:
                for key in (12125550100, 12125550103):
                    list_number(register=register, key=key, since_date=AT.date(), terms="", assurance="operator", at=AT)
                for key in (12125550100, 12125550102, 12125550104):
                    end_entry(register=register, key=key, reason="reassigned", at=AT)
        assert stands_since(register, 12125550101) == date(2010, 5, 6)
        states.append(state())
        for model in (Leaf, Change, Entry):
            model.objects.all().delete()
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE publishing_imported, publishing_import, publishing_feed, publishing_register CASCADE")
    assert states[0] == states[1]
    assert len(states[0][0]) == 3


def test_a_number_that_stands_by_an_import_alone_leaves_the_register(east, register):
    imported(register, KEY, KEY + 1)
    report(east, event(RAW, "disconnected", AT), at=AT)
    assert stands_since(register, KEY) is None
    assert stands_since(register, KEY + 1) == date(2010, 5, 6)


def test_a_number_of_an_import_that_tells_no_day_leaves_the_register_too(east, register):
    imported(register, KEY, since=None)
    report(east, event(RAW, "disconnected", AT), at=AT)
    entry = Entry.objects.get(register=register, key=KEY)
    assert (entry.since_date, entry.end_reason) == (AT.date(), "disconnected")


@pytest.fixture
def many(east):
    """Twenty thousand numbers of nobody: no real plan gives 999 as an area code."""
    NumberRange.objects.create(
        operator=east, first_key=19990000000, last_key=19990099999, since_date=date(2020, 1, 1), source=""
    )
    return [ReportedEvent(str(n), 19990000000 + n, "reassigned", AT) for n in range(20_000)]


@contextmanager
def counted():
    """Count statements; Django's own capture keeps their texts, which are megabytes here."""
    statements = []

    def note(execute, sql, params, many, context):
        statements.append(sql[:40])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield statements


@pytest.mark.slow
def test_twenty_thousand_events_cost_as_few_statements_as_four_sets(east, register, many):
    standing = many[7_000].key
    list_number(register=register, key=standing, since_date=date(2020, 1, 1), terms="", assurance="code", at=AT - DAYS)
    with counted() as statements:
        outcomes = report_line_events(operator=east, events=many, at=AT)
    assert all(outcome.is_accepted and not outcome.repeated for outcome in outcomes)
    assert len(statements) < 4 * 40
    assert LineEvent.objects.count() == Leaf.objects.filter(kind="line-event").count() == 20_000
    assert Entry.objects.filter(register=Register.objects.get(kind="reassigned"), ended_at=None).count() == 20_000
    assert standing_entry(register, standing) is None
    with counted() as statements:
        again = report_line_events(operator=east, events=many[-6_000:], at=AT + HOURS)
    assert all(outcome.repeated for outcome in again)
    assert len(statements) < 2 * 20


class Thread(threading.Thread):
    """Does something with a connection of its own, and keeps what came of it."""

    def __init__(self, act):
        super().__init__()
        self._act, self.result = act, None
        self.start()

    def run(self):
        try:
            self.result = self._act()
        except Exception as error:
            self.result = error
        finally:
            connection.close()


def wait_until_blocked():
    """Wait until another connection waits for a lock that this one holds."""
    for _ in range(400):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
            )
            if cursor.fetchone()[0]:
                return
            cursor.execute("SELECT pg_sleep(0.01)")
    raise AssertionError("nobody waits")


def test_a_report_waits_for_a_listing_that_is_being_confirmed_and_ends_it(east, register):
    challenge = code_for(RAW, at=AT - HOURS / 20)
    with transaction.atomic():
        entry, _ = confirm_listing(challenge_id=challenge.id, typed=code_of(challenge), at=AT)
        reporting = Thread(lambda: report(east, event(RAW, "reassigned", AT), at=AT))
        wait_until_blocked()
    reporting.join(20)
    assert reporting.result[0].is_accepted
    assert standing_entry(register, KEY) is None
    entry.refresh_from_db()
    assert entry.end_reason == "reassigned"
    assert not LineHolder.objects.exists()
    assert not LineSession.objects.exists()


def test_a_listing_that_comes_after_the_report_finds_no_code(east, register):
    challenge = code_for(RAW, at=AT - HOURS / 20)
    with transaction.atomic():
        report(east, event(RAW, "reassigned", AT), at=AT)
        confirming = Thread(lambda: confirm_listing(challenge_id=challenge.id, typed=code_of(challenge), at=AT))
        wait_until_blocked()
    confirming.join(20)
    assert isinstance(confirming.result, NotProvenError)
    assert standing_entry(register, KEY) is None
    assert not LineSession.objects.exists()


def test_two_reports_of_the_same_event_at_the_same_moment_are_one(east, register):
    told = event(RAW, "reassigned", AT)
    report(east, event(RAW, "disconnected", AT - DAYS), at=AT)
    threads = [Thread(lambda: report(east, told, at=AT)) for _ in range(4)]
    for thread in threads:
        thread.join(20)
    assert sorted(thread.result[0].repeated for thread in threads) == [False, True, True, True]
    assert LineEvent.objects.count() == 2
