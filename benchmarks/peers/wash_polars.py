"""Wash a list with Polars and Quietline's register file: ``wash_polars.py LIST REGISTER OUT THREADS``.

Spared what Quietline does: rows may leave with other quotes, numbers are not checked against the plan, the output need
not be durable. Its streaming engine reads and writes; only the look-up is Quietline's.
"""

from __future__ import annotations

import os
import sys

calling_list, register_file, output, threads = sys.argv[1:]
os.environ["POLARS_MAX_THREADS"] = threads

import polars as pl  # noqa: E402 - it reads the environment when it is imported

from quietline.registers import Register  # noqa: E402

register = Register(register_file)


def registered(keys: pl.Series) -> pl.Series:
    return pl.Series(register.lookup(keys.to_numpy()).hits)


phone = pl.col("phone")
digits = phone.str.replace_all("[^0-9]", "")
length = digits.str.len_bytes()
plus = phone.str.starts_with("+")
value = digits.cast(pl.UInt64, strict=False)
number = (
    pl.when((length == 10) & ~plus)
    .then(value + 10_000_000_000)
    .when(((length == 11) & digits.str.starts_with("1")) | (plus & length.is_between(8, 15)))
    .then(value)
    .otherwise(0)
    .fill_null(0)
)
(
    pl.scan_csv(calling_list, infer_schema=False)
    .with_columns(number.alias("number"))
    .filter((pl.col("number") > 0) & ~pl.col("number").map_batches(registered, return_dtype=pl.Boolean, is_elementwise=True))
    .drop("number")
    .sink_csv(output)
)
