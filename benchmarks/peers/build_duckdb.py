"""Build a sorted table or Parquet file from flat text with DuckDB: ``build_duckdb.py TEXT THREADS OUT``.

Spared what Quietline does: a repeated or impossible number is not noticed.
"""

from __future__ import annotations

import sys

import duckdb

text, threads, output = sys.argv[1:]
parquet = output.endswith(".parquet")
with duckdb.connect(":memory:" if parquet else output) as connection:
    connection.execute(f"SET threads = {int(threads)}")
    connection.execute("SET enable_progress_bar = false")
    numbers = f"""
        SELECT 10000000000 + area * 10000000 + number AS number
        FROM read_csv('{text}', header = false, delim = ',', columns = {{'area': 'BIGINT', 'number': 'BIGINT'}})
        ORDER BY number
    """
    if parquet:
        connection.execute(f"COPY ({numbers}) TO '{output}' (FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION v2)")
    else:
        connection.execute(f"CREATE TABLE registered AS {numbers}")
        connection.execute("CHECKPOINT")
