"""Say in how many rows two clean lists differ: ``compare.py CLEAN OTHER PATTERN``.

Prints the count of rows that only one of them has, and how many of these have a phone that matches the pattern.
"""

from __future__ import annotations

import sys

import duckdb

clean, other, pattern = sys.argv[1:]
with duckdb.connect() as connection:
    read = "(SELECT id, phone FROM read_csv('{}', header = true, delim = ',', quote = '\"', all_varchar = true))"
    one, two = read.format(clean), read.format(other)
    found = connection.execute(
        f"""
        WITH differing AS ((FROM {one} EXCEPT FROM {two}) UNION ALL (FROM {two} EXCEPT FROM {one}))
        SELECT count(*), count(*) FILTER (regexp_matches(phone, ?)) FROM differing
        """,
        [pattern],
    ).fetchone()
assert found is not None
print(*found)
