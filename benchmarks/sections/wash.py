"""The wash: a calling list in, a clean list out, as whole processes."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from data import PEERS
from options import QUIETLINE
from processes import Run, run, settle
from tables import Section, Spread, Target, megabytes, ratios

if TYPE_CHECKING:
    from pathlib import Path

    from options import Options

COPY, OURS, DUCKDB, POLARS = "cp and sync", "Quietline", "DuckDB", "Polars, our look-up"


def measure(options: Options) -> Section:
    """Time all systems in turn, round by round; those that take long in fewer rounds."""
    data, threads = options.data, str(options.threads)
    calling_list, register = data.calling_list, data.register
    commands: dict[str, list[str | Path]] = {
        COPY: ["sh", "-c", 'cp "$0" "$1" && sync "$1"', calling_list],
        OURS: [QUIETLINE, "wash", calling_list, "--against", register, "--country", "US", "--quiet", "-o"],
        POLARS: [sys.executable, PEERS / "wash_polars.py", calling_list, register],
        DUCKDB: [sys.executable, PEERS / "wash_duckdb.py", calling_list, data.duckdb],
    }
    runs: dict[str, list[Run]] = {name: [] for name in commands}
    outputs: dict[str, Path] = {}
    warm(calling_list, register, data.duckdb)
    for i in range(options.rounds):
        for name, command in commands.items():
            if name == DUCKDB and i >= options.slow_rounds:
                continue
            output = outputs[name] = data.output(f"{name.split()[0].rstrip(',')}.csv")
            settle()
            runs[name].append(run([*command, output, *([threads] if name in (DUCKDB, POLARS) else [])]))
            if name == COPY:
                output.unlink()
    section = Section(
        "wash",
        f"Wash {data.rows:,} rows, {calling_list.stat().st_size / 1e6:.0f} MB, against {len(data.keys()):,} registered "
        "numbers; CSV to CSV, whole process",
        ("system", "seconds", "x cp and sync", "x Quietline", "CPU s", "private MB", "resident MB"),
    )
    seconds = {name: [one.seconds for one in some] for name, some in runs.items()}
    for name, some in runs.items():
        section.add(
            name,
            Spread.of(seconds[name]).text(),
            ratios(seconds[name], seconds[COPY]).text(),
            ratios(seconds[name], seconds[OURS]).text(),
            Spread.of([one.cpu_seconds for one in some]).text(),
            megabytes(max(one.private for one in some)),
            megabytes(max(one.resident for one in some)),
        )
    section.figures = {name: [one.__dict__ for one in some] for name, some in runs.items()}
    section.notes = _agreement(options, commands[OURS][:-2], outputs)
    section.targets = [
        Target("seconds, of cp and sync", 2.5, ratios(seconds[OURS], seconds[COPY]).median, unit=" x"),
        Target("faster than DuckDB", 25, ratios(seconds[DUCKDB], seconds[OURS]).median, least=True, unit=" x"),
        Target("peak private memory", 600, max(one.private for one in runs[OURS]) / 1e6, unit=" MB"),
    ]
    for output in outputs.values():
        output.unlink(missing_ok=True)
    return section


def warm(*files: Path) -> None:
    """Read files once, so that they are in memory for everybody."""
    for path in files:
        with path.open("rb", buffering=0) as file:
            while file.read(1 << 24):
                pass


def _agreement(options: Options, ours: list[str | Path], outputs: dict[str, Path]) -> list[str]:
    """Hold the clean lists together."""
    again = options.data.output("summarised.csv")
    summary = json.loads(run([*ours, "--json", "-o", again]).output)
    again.unlink()
    notes = [
        f"{summary['kept']:,} of {summary['rows']:,} rows kept",
        f"{100 * summary['library_share']:.3f} % of the numbers needed the numbering library",
    ]
    if summary["rows"] != options.data.rows:
        notes.append(f"WRONG: the list has {options.data.rows:,} rows")
    for name in (DUCKDB, POLARS):
        compare: list[str | Path] = [sys.executable, PEERS / "compare.py", outputs[OURS], outputs[name]]
        differing, right = map(int, run([*compare, options.data.register]).output.split())
        verdict = "the numbering library says that Quietline is right in"
        notes.append(f"clean lists of Quietline and {name} differ in {differing:,} rows; {verdict} {right:,} of them")
    return notes
