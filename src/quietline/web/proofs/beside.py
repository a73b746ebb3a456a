"""Check rows in a process beside, which sees the same snapshot: leaves, feeds and rows take about as long as each other.

Nothing of Django is imported here before a process is set up, since the other one begins with this module.
"""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator, Mapping

    from django.db import models

    from quietline.web.proofs.findings import Finding, Findings

__all__ = ["rows_checked"]

_MANY = 200_000
"""Leaves from which on a second process is worth its start."""


@contextmanager
def rows_checked(models_by_kind: Mapping[str, type[models.Model]], findings: Findings) -> Iterator[Callable[[], int]]:
    """Check all rows against their leaves, beside what the caller does meanwhile where there are many.

    Args:
        models_by_kind: as :func:`quietline.web.proofs.rows.check_rows` takes them.
        findings: what is found is added to them, at once or when the number is asked for.

    Yields:
        A function that waits, and gives how many rows there were.
    """
    from django.conf import settings
    from django.db import connection

    from quietline.web.proofs.rows import check_rows

    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = 'proofs_leaf'::regclass")
        is_many = cursor.fetchone()[0] >= _MANY and len(os.sched_getaffinity(0)) > 1
        if is_many:
            cursor.execute("SELECT pg_export_snapshot()")
            snapshot = str(cursor.fetchone()[0])
    if not is_many:
        rows = check_rows(models_by_kind, findings)
        yield lambda: rows
        return
    arguments = (os.environ.get("DJANGO_SETTINGS_MODULE") or settings.SETTINGS_MODULE, connection.settings_dict["NAME"])
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        future = pool.submit(_check_in, *arguments, snapshot)

        def wait() -> int:
            count, named, counts = future.result()
            findings.merge(named, counts)
            return count

        yield wait


def _check_in(settings_module: str, database: str, snapshot: str) -> tuple[int, list[Finding], Counter[str]]:
    """Check the rows of a database in a snapshot of another transaction; runs in a process of its own."""
    os.environ["DJANGO_SETTINGS_MODULE"] = settings_module
    import django

    django.setup()
    from django.db import connection, transaction

    from quietline.web.proofs.findings import Findings
    from quietline.web.proofs.kinds import proven_models
    from quietline.web.proofs.rows import check_rows

    connection.settings_dict["NAME"] = database
    findings = Findings()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SET TRANSACTION SNAPSHOT %s", [snapshot])
        count = check_rows(proven_models(), findings)
    connection.close()
    return count, findings.named, findings.counts
