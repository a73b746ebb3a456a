"""Load keys into a DuckDB database: ``load_duckdb.py KEYS.npy DATABASE``."""

from __future__ import annotations

import sys

import duckdb
import numpy as np

keys_file, database = sys.argv[1:]
keys = np.load(keys_file, mmap_mode="r")
with duckdb.connect(database) as connection:
    connection.execute("CREATE TABLE registered (number BIGINT NOT NULL)")
    for start in range(0, len(keys), 1 << 24):
        part = {"number": np.array(keys[start : start + (1 << 24)]).astype(np.int64)}
        connection.execute("INSERT INTO registered SELECT number FROM part")
    connection.execute("CHECKPOINT")
