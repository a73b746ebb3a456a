"""Bulk look-up: random numbers, all systems in memory, no files read or written while the clock runs."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import polars as pl
from pyroaring import BitMap64

import redis_peer
from country import NORTH_AMERICA
from quietline.registers import Register
from sections.wash import warm
from tables import Section, Spread, Target, ratios

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from options import Options

    Keys = NDArray[np.uint64]
    Ask = Callable[[Keys], int]

CHUNK = 8192
SLOW = 1_000_000  # numbers asked of systems that take microseconds for each
PREFIXES, BLOCK, BLOCK_BYTES = 1_000_000, 10_000, 1250


def measure(options: Options) -> Section:
    """Time all systems in turn."""
    data = options.data
    asked = data.asked(options.asked)
    few = asked[:SLOW].copy()
    keys = np.array(data.keys())
    warm(data.register)
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(2))
        register = stack.enter_context(Register(data.register))
        bitmap = _Bitmap(keys)
        dram = _Floor(bitmap.bits)

        def ours(some: Keys) -> int:
            return int(np.count_nonzero(register.lookup(some).hits))

        systems: dict[str, tuple[Keys, Ask, int]] = {
            "Quietline, 1 thread": (asked, ours, options.rounds),
            "Quietline, 2 threads": (asked, _halves(pool, ours), options.rounds),
            "NumPy gathers on a bitmap, 1 thread": (asked, bitmap.ask, options.rounds),
            "NumPy gathers on a bitmap, 2 threads": (asked, _halves(pool, bitmap.ask), options.rounds),
            "sorted array, np.searchsorted, 1 thread": (few, lambda some: _search(keys, some), options.rounds),
            **_joins(stack, options, keys, asked),
            **_roaring(options, keys, asked, few),
        }
        if redis_peer.present():
            server = stack.enter_context(redis_peer.Redis())
            server.load(keys)
            written = server.commands(few)
            systems["Redis, GETBIT in pipelines of 10,000"] = (few, lambda _: server.ask(written), options.rounds)
        floors: dict[str, Ask] = {
            "loads of random bytes, 1 thread": dram.ask,
            "loads of random bytes, 2 threads": _halves(pool, dram.ask),
        }
        dram.prepare(len(asked))
        rates: dict[str, list[float]] = {name: [] for name in [*systems, *floors]}
        hits: dict[str, int] = {}
        for i in range(options.rounds):
            for name, (some, ask, rounds) in systems.items():
                if i < rounds:
                    begun = time.perf_counter()
                    hits[name] = ask(some)
                    rates[name].append(len(some) / (time.perf_counter() - begun) / 1e6)
            for name, ask in floors.items():
                begun = time.perf_counter()
                ask(dram.places)
                rates[name].append(len(asked) / (time.perf_counter() - begun) / 1e6)
        return _section(options, keys, rates, {name: (len(some), hits[name]) for name, (some, *_) in systems.items()})


def _section(options: Options, keys: Keys, rates: dict[str, list[float]], hits: dict[str, tuple[int, int]]) -> Section:
    ours = "Quietline, 2 threads"
    section = Section(
        "lookup",
        f"Look up random numbers among {len(keys):,}",
        ("system", "M numbers/s", "Quietline on 2 threads is faster by", "numbers asked"),
    )
    for name, some in rates.items():
        count = hits[name][0] if name in hits else options.asked
        section.add(name, Spread.of(some).text(), f"{ratios(rates[ours], some).median:.2f} x", f"{count:,}")
    for count in sorted({count for count, _ in hits.values()}):
        found = {hit for asked, hit in hits.values() if asked == count}
        verdict = "agree" if len(found) == 1 else "DISAGREE"
        section.notes.append(f"of {count:,}, found {', '.join(f'{hit:,}' for hit in sorted(found))}: all systems {verdict}")
    floor = "loads of random bytes, 2 threads"
    section.notes.append(
        "the last two lines are the machine's floor: one byte loaded at random out of as many bytes as the register has; "
        f"Quietline does {100 * ratios(rates[ours], rates[floor]).median:.0f} % of it, with two such loads a number"
    )
    section.targets = [Target("on two cores", 100, Spread.of(rates[ours]).median, least=True, unit=" M/s")]
    section.figures = dict(rates)
    return section


def _halves(pool: ThreadPoolExecutor, ask: Ask) -> Ask:
    """Let two threads do half each."""

    def both(some: Keys) -> int:
        middle = len(some) // 2
        return sum(pool.map(ask, (some[:middle], some[middle:])))

    return both


class _Bitmap:
    """What one would write with NumPy alone: a table of exchanges, a bit a number, gathers in chunks that fit a cache."""

    def __init__(self, keys: Keys) -> None:
        blocks = np.unique(keys // np.uint64(BLOCK))
        self._place = np.zeros(PREFIXES, dtype=np.int32)  # 0: the empty block
        self._place[(blocks - np.uint64(NORTH_AMERICA // BLOCK)).astype(np.int64)] = np.arange(1, len(blocks) + 1)
        self.bits = np.zeros((len(blocks) + 1) * BLOCK_BYTES, dtype=np.uint8)
        bounds = np.append(np.searchsorted(keys, blocks * np.uint64(BLOCK)), len(keys))
        flags = np.zeros(BLOCK, dtype=np.uint8)
        for i, (block, start, end) in enumerate(zip(blocks.tolist(), bounds, bounds[1:], strict=False), start=1):
            flags[:] = 0
            flags[(keys[start:end] - np.uint64(block * BLOCK)).astype(np.int64)] = 1
            self.bits[i * BLOCK_BYTES : (i + 1) * BLOCK_BYTES] = np.packbits(flags, bitorder="little")

    def ask(self, some: Keys) -> int:
        hits = 0
        for start in range(0, len(some), CHUNK):
            number = some[start : start + CHUNK].astype(np.int64) - NORTH_AMERICA
            prefix = number // BLOCK
            member = (number - prefix * BLOCK).astype(np.int32)
            byte = self.bits[self._place[prefix].astype(np.int64) * BLOCK_BYTES + (member >> 3)]
            hits += int(np.count_nonzero(byte >> (member & 7).astype(np.uint8) & 1))
        return hits


class _Floor:
    """Load bytes at random: what any look-up must do at least once a number."""

    def __init__(self, data: NDArray[np.uint8]) -> None:
        self._data = data
        self.places = np.empty(0, dtype=np.uint64)

    def prepare(self, count: int) -> None:
        rng = np.random.default_rng(0)
        self.places = rng.integers(0, len(self._data), count).astype(np.uint64)

    def ask(self, places: Keys) -> int:
        out = np.empty(CHUNK, dtype=np.uint8)
        where = places.view(np.int64)
        for start in range(0, len(where), CHUNK):
            part = where[start : start + CHUNK]
            np.take(self._data, part, out=out[: len(part)], mode="clip")
        return 0


def _search(keys: Keys, some: Keys) -> int:
    at = np.minimum(np.searchsorted(keys, some), len(keys) - 1)
    return int(np.count_nonzero(keys[at] == some))


def _joins(stack: ExitStack, options: Options, keys: Keys, asked: Keys) -> dict[str, tuple[Keys, Ask, int]]:
    """Ask by joins: DuckDB, whose table has been loaded, and Polars; both on all threads."""
    connection = stack.enter_context(duckdb.connect(str(options.data.duckdb), read_only=True))
    connection.execute(f"SET threads = {options.threads}")
    connection.execute("SET enable_progress_bar = false")
    queries = {"number": asked.astype(np.int64)}
    connection.execute("CREATE TEMP TABLE asked AS SELECT number FROM queries")
    del queries

    def by_duckdb(_: Keys) -> int:
        row = connection.execute("SELECT count(*) FROM asked SEMI JOIN registered USING (number)").fetchone()
        assert row is not None
        return int(row[0])

    table, frame = pl.LazyFrame({"number": keys}), pl.LazyFrame({"number": asked})

    def by_polars(_: Keys) -> int:
        # registered numbers are distinct, so that this counts the same; a semi join would hash all of the register
        found = table.join(frame, on="number", how="inner").select(pl.len())
        return int(found.collect(engine="streaming").item())

    return {
        "DuckDB, semi join, all threads": (asked, by_duckdb, options.slow_rounds),
        "Polars, join, all threads": (asked, by_polars, options.slow_rounds),
    }


def _roaring(options: Options, keys: Keys, asked: Keys, few: Keys) -> dict[str, tuple[Keys, Ask, int]]:
    """Ask a roaring bitmap of all numbers, kept as a file because it takes long to make."""
    path = options.data.path("registered.roaring")
    if path.exists():
        bitmap = BitMap64.deserialize(path.read_bytes())
    else:
        bitmap = BitMap64(keys)
        path.write_bytes(bitmap.serialize())
    listed = few.tolist()

    def by_intersection(some: Keys) -> int:
        return int(bitmap.intersection_cardinality(BitMap64(some)))

    return {
        "roaring, intersect with all asked, 1 thread": (asked, by_intersection, options.slow_rounds),
        "roaring, one by one, 1 thread": (few, lambda _: sum(number in bitmap for number in listed), options.slow_rounds),
    }
