"""The kept connection, and statements that are prepared on it."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg
import pytest
from django.conf import settings
from django.db import IntegrityError, close_old_connections, connection, transaction
from django.db.transaction import TransactionManagementError

from quietline.web.base.statements import run

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 11, 22, 10, tzinfo=UTC)
BEAT = "INSERT INTO proofs_heartbeat (process, at) VALUES (%(process)s, %(at)s) RETURNING process, at"


def backend():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def end(pid):
    """End a connection from outside, as a restart of the server does."""
    database = settings.DATABASES["default"]
    with psycopg.connect(host=database["HOST"], user=database["USER"], dbname=database["NAME"], autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


def test_a_connection_that_lives_is_kept_and_the_server_is_not_asked(monkeypatch):
    before = backend()
    close_old_connections()  # as between two requests
    monkeypatch.setattr(connection, "is_usable", lambda: pytest.fail("the server was asked"))
    assert backend() == before


@pytest.mark.parametrize("asking", [backend, lambda: run("SELECT pg_backend_pid()", {})[0][0]], ids=["django", "run"])
def test_a_connection_that_the_server_has_ended_is_made_anew_before_the_next_request(asking):
    before = backend()
    close_old_connections()
    end(before)
    assert asking() != before


def test_a_statement_is_prepared_once_and_gives_its_rows():
    for process in ("first", "second", "third"):
        assert run(BEAT, {"process": process, "at": AT}) == [(process, AT)]
    kept = run("SELECT generic_plans + custom_plans FROM pg_prepared_statements WHERE statement LIKE %(like)s",
               {"like": "INSERT INTO proofs_heartbeat%"})  # fmt: skip
    assert kept == [(3,)]
    assert run("DELETE FROM proofs_heartbeat WHERE process = %(process)s", {"process": "first"}) == []


def test_a_statement_belongs_to_the_transaction_that_is_open():
    with pytest.raises(RuntimeError), transaction.atomic():
        run(BEAT, {"process": "undone", "at": AT})
        raise RuntimeError
    assert run("SELECT process FROM proofs_heartbeat", {}) == []


def test_what_the_database_refuses_is_raised_as_django_raises_it():
    run(BEAT, {"process": "one", "at": AT})
    with transaction.atomic():
        with pytest.raises(IntegrityError), transaction.atomic():
            run(BEAT, {"process": "one", "at": AT})
        run(BEAT, {"process": "two", "at": AT})
    with pytest.raises(TransactionManagementError), transaction.atomic():
        transaction.set_rollback(True)
        run(BEAT, {"process": "three", "at": AT})
