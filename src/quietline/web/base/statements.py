"""Statements of our own on the way of every listing: prepared once for a connection, then only executed.

Django writes the values into the text of each statement, so that the server reads and plans it anew each time; for a
statement that inserts one row that is most of its work. Only statements whose text never changes belong here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import DEFAULT_DB_ALIAS, connections
from psycopg import Cursor

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["run"]


def run(statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Execute a statement in the transaction that is open, or by itself.

    Args:
        statement: with ``%(name)s`` for values. The server infers their types, so where a value stands alone, in a
            SELECT say, a cast names its type.
        values: by name.

    Returns:
        The rows that it gives, values as Python has them; none for a statement that gives none.

    Raises:
        django.db.Error: as Django's own cursors do.
        TransactionManagementError: an error has ended the transaction already.
    """
    database = connections[DEFAULT_DB_ALIAS]  # the proxy "connection" looks it up anew for each attribute
    database.close_if_health_check_failed()
    database.ensure_connection()
    database.validate_no_broken_transaction()
    with database.wrap_database_errors, Cursor(database.connection) as cursor:
        cursor.execute(statement, values, prepare=True)
        found = cursor.pgresult
        return cursor.fetchall() if found is not None and found.nfields else []
