"""Build a register from the FTC's flat text."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from data import PEERS
from options import QUIETLINE
from processes import Run, run, settle
from sections.wash import warm
from tables import Section, Spread, Target, megabytes, ratios

if TYPE_CHECKING:
    from pathlib import Path

    from options import Options

OURS = "Quietline register"
LINES, SECONDS, MEMORY = 250_000_000, 60, 2e9


def measure(options: Options) -> Section:
    """Time building from the same text in turn."""
    data, threads = options.data, str(options.threads)
    text = data.flat_text(options.build_numbers)
    lines = text.stat().st_size // 12
    peer: list[str | Path] = [sys.executable, PEERS / "build_duckdb.py", text, threads]
    commands: dict[str, tuple[str, list[str | Path]]] = {
        OURS: (
            "built.qlr",
            [QUIETLINE, "register", "build", text, "--country", "US", "--list-date", "2026-11-01", "--quiet", "-o"],
        ),
        "DuckDB, sorted table": ("built.duckdb", peer),
        "DuckDB, sorted Parquet": ("built.parquet", peer),
    }
    rounds = options.slow_rounds if lines < LINES // 2 else 1
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    sizes = {}
    warm(text)
    for _ in range(rounds):
        for name, (file, command) in commands.items():
            output = data.output(file)
            settle()
            runs[name].append(run([*command, output]))
            sizes[name] = output.stat().st_size
            output.unlink()
    section = Section(
        "build",
        f"Build from text, {lines:,} lines as '416,1234567', sorted; whole process",
        ("system", "seconds", "x Quietline", "M lines/s", "CPU s", "private MB", "resident MB", "file MB"),
    )
    base = [one.seconds for one in runs[OURS]]
    for name, some in runs.items():
        seconds = [one.seconds for one in some]
        section.add(
            name,
            Spread.of(seconds).text(),
            ratios(seconds, base).text(),
            Spread.of([lines / one / 1e6 for one in seconds]).text(1),
            Spread.of([one.cpu_seconds for one in some]).text(),
            megabytes(max(one.private for one in some)),
            megabytes(max(one.resident for one in some)),
            megabytes(sizes[name]),
        )
    scaled = "" if lines >= 0.99 * LINES else f", reckoned from {lines:,}"
    section.targets = [
        Target(f"{LINES:,} lines{scaled}", SECONDS, Spread.of(base).median * LINES / lines, unit=" s"),
        Target("memory", MEMORY / 1e6, max(one.resident for one in runs[OURS]) / 1e6, unit=" MB"),
    ]
    section.figures = {name: [one.__dict__ for one in some] for name, some in runs.items()}
    return section
