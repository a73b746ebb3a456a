"""Bytes a number takes, on disk, in each form."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyroaring import BitMap64

from data import build
from tables import Section, Target

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from options import Options

FIRST_DAY, LAST_DAY = 12_230, 20_750  # June 2003 to October 2026


def measure(options: Options) -> Section:
    """Store the same numbers in each form."""
    data = options.data
    keys = np.array(data.keys()[: options.size_numbers])
    days = np.random.default_rng(data.seed).integers(FIRST_DAY, LAST_DAY, len(keys), dtype=np.uint16)
    register, dated = data.output("bits.qlr"), data.output("since.qlr")
    build(register, keys)
    build(dated, keys, days)
    roaring = BitMap64(keys)
    roaring.run_optimize()
    text, zipped = _text(keys)
    whole = data.register.stat().st_size / len(data.keys())
    n = len(keys)
    bits = {
        "Quietline register": _taken(register) / n,
        "roaring bitmap, serialized": len(roaring.serialize()) / n,
        "Parquet, delta and zstd": _parquet(data.output("bits.parquet"), keys, None) / n,
        "DuckDB table": data.duckdb.stat().st_size / len(data.keys()),
        "text, gzip": zipped / n,
        "text": text / n,
        "sorted array of 64 bits": 8.0,
    }
    since = {
        "Quietline register": _taken(dated) / n,
        "Parquet, delta and zstd": _parquet(data.output("since.parquet"), keys, days) / n,
    }
    section = Section(
        "size",
        f"Bytes a number; {n:,} numbers, one neighbouring exchange after the other",
        ("form", "numbers only", "x Quietline", "with since-day", "x Quietline"),
    )
    ours = "Quietline register"
    for name, size in bits.items():
        day = [f"{since[name]:.3f}", f"{since[name] / since[ours]:.2f}"] if name in since else ["-", "-"]
        section.add(name, f"{size:.3f}", f"{size / bits[ours]:.2f}", *day)
    section.notes = [
        f"the whole register of {len(data.keys()):,}: {whole:.3f} bytes a number; since-days are random, the worst case"
    ]
    section.targets = [
        Target("numbers only", 0.85, max(bits[ours], whole), unit=" bytes"),
        Target("with since-day", 2.9, since[ours], unit=" bytes"),
    ]
    section.figures = {"numbers": n, "bits": bits, "since": since, "whole": whole}
    return section


def _text(keys: NDArray[np.uint64]) -> tuple[int, int]:
    """Count the bytes of one number a line, plain and gzipped."""
    deflate, size, zipped = zlib.compressobj(6, zlib.DEFLATED, 31), 0, 0
    for start in range(0, len(keys), 1 << 20):
        lines = b"".join(b"%d\n" % key for key in keys[start : start + (1 << 20)].tolist())
        size += len(lines)
        zipped += len(deflate.compress(lines))
    return size, zipped + len(deflate.flush())


def _taken(path: Path) -> int:
    size = path.stat().st_size
    path.unlink()
    return size


def _parquet(path: Path, keys: NDArray[np.uint64], days: NDArray[np.uint16] | None) -> int:
    columns = {"number": keys.astype(np.int64)} if days is None else {"number": keys.astype(np.int64), "since": days}
    encodings = {"number": "DELTA_BINARY_PACKED"} if days is None else {"number": "DELTA_BINARY_PACKED", "since": "PLAIN"}
    pq.write_table(
        pa.table(columns),
        path,
        compression="zstd",
        use_dictionary=False,
        column_encoding=encodings,
        row_group_size=1 << 20,
    )
    return _taken(path)
