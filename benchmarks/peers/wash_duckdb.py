"""Wash a list with DuckDB: ``wash_duckdb.py LIST DATABASE OUT THREADS``.

Spared what Quietline does: rows may leave in any order and with other quotes, numbers are not checked against the plan,
the output need not be durable, and the registered numbers are in a database file already.
"""

from __future__ import annotations

import sys

import duckdb

calling_list, database, output, threads = sys.argv[1:]
with duckdb.connect(database, read_only=True) as connection:
    connection.execute(f"SET threads = {int(threads)}")
    connection.execute("SET preserve_insertion_order = false")
    connection.execute("SET enable_progress_bar = false")
    connection.execute(
        f"""
        COPY (
            WITH listed AS (
                SELECT *, regexp_replace(phone, '[^0-9]', '', 'g') AS digits
                FROM read_csv('{calling_list}', header = true, delim = ',', quote = '"', columns = {{
                    'id': 'VARCHAR', 'name': 'VARCHAR', 'phone': 'VARCHAR', 'place': 'VARCHAR', 'amount': 'VARCHAR'}})
            ), numbered AS (
                SELECT *, CASE
                    WHEN length(digits) = 10 AND phone[1] <> '+' THEN 10000000000 + CAST(digits AS BIGINT)
                    WHEN length(digits) = 11 AND digits[1] = '1' THEN CAST(digits AS BIGINT)
                    WHEN length(digits) BETWEEN 8 AND 15 AND phone[1] = '+' THEN CAST(digits AS BIGINT)
                END AS number FROM listed
            )
            SELECT id, name, phone, place, amount FROM numbered ANTI JOIN registered USING (number)
            WHERE number IS NOT NULL
        ) TO '{output}' (FORMAT csv, HEADER true)
        """
    )
