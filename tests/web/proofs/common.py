"""A small platform with a history: registers, entries, changes, an import, washes, reads; and the check of it."""

from __future__ import annotations

import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
from django.db import connection, transaction

from quietline.ledger.reading import LogReader
from quietline.registers import UNKNOWN, Entries, Metadata, RegisterBuilder, day_of
from quietline.web.accounts.checking import check_rights
from quietline.web.keeping.models import Read
from quietline.web.proofs.objects import public_log
from quietline.web.proofs.operations import write_leaves
from quietline.web.proofs.published import LoggedFeed
from quietline.web.proofs.verifying import verify_database
from quietline.web.publishing.importing import import_register
from quietline.web.publishing.lines import line_of_change
from quietline.web.publishing.objects import feed_origin, feed_store, signing_key
from quietline.web.publishing.operations import end_entry, found_register, list_number

AT = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)
KEYS = [12125550100 + i for i in range(10)]


def sql(statement, *values):
    """Do what somebody does who can write the database."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.rowcount


def list_some(register, keys=KEYS[:5], *, at=AT):
    return [list_number(register=register, key=key, since_date=TODAY, terms="", assurance="code", at=at) for key in keys]


def some_reads(count=3, *, at=AT):
    with transaction.atomic():
        rows = [
            Read.objects.create(
                key=KEYS[i], reader=7, role="investigator", organisation="Agency", purpose="complaint", at=at
            )
            for i in range(count)
        ]  # fmt: skip
        write_leaves("read", rows, at=at)
    return rows


def import_numbers(register, days, *, at=AT):
    """Take over a register of these numbers, each with its day; None where that is not known."""
    keys = sorted(days)
    with tempfile.TemporaryDirectory() as folder, RegisterBuilder() as builder:
        path = Path(folder) / "earlier.qlr"
        builder.add(
            Entries(
                np.array(keys, np.uint64), np.array([day_of(days[key]) if days[key] else UNKNOWN for key in keys], np.uint16)
            )
        )
        builder.write(path, Metadata(name="earlier", list_date=TODAY))
        return import_register(register=register, path=path, source="earlier register", at=at)


def a_history(register):
    """List, change and withdraw; read; take over another register."""
    list_some(register)
    list_number(
        register=register,
        key=KEYS[1],
        since_date=TODAY,
        terms="channels=voice",
        assurance="code",
        at=AT + timedelta(hours=1),
    )
    end_entry(register=register, key=KEYS[2], reason="withdrawn", at=AT + timedelta(hours=2))
    some_reads()
    import_numbers(register, {KEYS[8]: date(2020, 5, 1), KEYS[9]: date(2021, 5, 1)}, at=AT + timedelta(hours=3))
    end_entry(register=register, key=KEYS[8], reason="withdrawn", at=AT + timedelta(hours=4))
    list_number(register=register, key=KEYS[9], since_date=TODAY, terms="", assurance="code", at=AT + timedelta(hours=4))


def new_register(code="dnc-us", country="US"):
    return found_register(code=code, kind="do-not-call", title="Do not call", country=country, at=AT)


def feed_of(register):
    origin = feed_origin(register.code, "all")
    reader = LogReader(feed_store(register.code, "all"), origin=origin, trusted=[signing_key().public])
    return LoggedFeed(register.pk, f"{register.code}/all", reader, lambda change: line_of_change(change).encode())


def check(*registers, at=AT + timedelta(days=1), log=None, since=None):
    return verify_database(
        log=log or public_log(),
        at=at,
        feeds=[feed_of(register) for register in registers],
        since=since,
        more=(check_rights,),
    )


def named(report, code=None):
    """What was found, as (code, kind, record)."""
    return {(found.code, found.kind, found.record) for found in report.findings if code in (None, found.code)}
