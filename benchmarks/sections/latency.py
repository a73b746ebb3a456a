"""A small list: the whole process, start-up included."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from options import QUIETLINE
from processes import run
from sections.wash import warm
from tables import Section, Spread, Target, ratios

if TYPE_CHECKING:
    from pathlib import Path

    from options import Options

ROWS, RUNS = 1000, 20


def measure(options: Options) -> Section:
    """Time short processes in turn; each once before, so that byte code is cached as on any user's machine."""
    data = options.data
    output = data.output("small.csv")

    def wash(library: bool) -> list[str | Path]:
        small = data.small_list(ROWS, library=library)
        return [QUIETLINE, "wash", small, "--against", data.register, "--country", "US", "--quiet", "-o", output]

    plain, mixed = f"wash {ROWS:,} rows", f"wash {ROWS:,} rows, odd numbers among them"
    commands: dict[str, list[str | Path]] = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "python -c 'import numpy'": [sys.executable, "-c", "import numpy"],
        plain: wash(library=False),
        mixed: wash(library=True),
    }
    warm(data.register)
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    cpu: dict[str, list[float]] = {name: [] for name in commands}
    for i in range(RUNS + 1):
        for name, command in commands.items():
            one = run(command, sample=False)
            if i:
                seconds[name].append(one.seconds)
                cpu[name].append(one.cpu_seconds)
    section = Section(
        "latency",
        f"A small list against {len(data.keys()):,} registered numbers, whole process; {RUNS} runs",
        ("process", "seconds", "x import numpy", "CPU s"),
    )
    for name, some in seconds.items():
        ratio = ratios(some, seconds["python -c 'import numpy'"])
        section.add(name, Spread.of(some).text(3), ratio.text(), Spread.of(cpu[name]).text(3))
    section.targets = [Target(name, 0.4, Spread.of(seconds[name]).median, unit=" s") for name in (plain, mixed)]
    section.figures = {"seconds": seconds, "cpu_seconds": cpu}
    output.unlink(missing_ok=True)
    return section
