"""``python benchmarks/leak_tracing.py``: how long marked lists and tracing take, and how many canaries it takes.

Everything in memory and on the local disk, without the database: lists of one area are cut out of a register file, marked
and written in every form; a leak mixed from two of them is cut to 1 % and traced among all lists on file. The table at the
end is computed, not measured: canaries in force in the areas of a list so that the sources of a leak are named.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))
FIRST = 15_550_000_000  # area code 555 was never given to anybody
SECRET = bytes(range(32))
AREA = "1555"


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--numbers", type=int, default=4_000_000, help="numbers of the area that are listed (4,000,000)")
    parser.add_argument("--organisations", type=int, default=1_000, help="that have fetched the list (1,000)")
    parser.add_argument("--versions", type=int, default=3, help="of it that each has fetched (3)")
    options = parser.parse_args()
    _prepare()
    from quietline.marks import biases, least_canaries

    on_file = options.organisations * options.versions
    needed = least_canaries(share=0.01, way="mixed", sources=2, on_file=on_file)
    random = np.random.default_rng(1)
    keys = FIRST + random.permutation(10_000_000)[: options.numbers + needed].astype(np.uint64)
    canaries, everything = np.sort(keys[:needed]), np.sort(keys)
    print(f"{options.numbers:,} numbers and {needed:,} canaries; {on_file:,} lists on file")
    bias = biases(SECRET, "batch", needed)
    lists = _lists(everything, canaries, bias)
    _trace(lists, canaries, bias, options, random)
    _table(on_file)


def _prepare() -> None:
    """Set up what the rooms of the platform need to be imported; nothing of it is used."""
    os.environ |= {
        "QUIETLINE_MODE": "demonstration", "QUIETLINE_HOME": tempfile.gettempdir(),
        "QUIETLINE_DATABASE_URL": "postgresql://nobody@localhost/none", "QUIETLINE_SECRET_KEY": "benchmark" * 6,
        "QUIETLINE_BASE_URL": "http://localhost", "DJANGO_SETTINGS_MODULE": "quietline.web.site.settings",
    }  # fmt: skip
    import django

    django.setup()


class _Timed:
    """Print how long something took."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        self._start = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        print(f"  {self._what:<56} {time.perf_counter() - self._start:8.2f} s")


def _lists(everything: np.ndarray, canaries: np.ndarray, bias: np.ndarray) -> list[np.ndarray]:
    """Make the lists of the two sources, the first in every form."""
    from quietline.marks import codeword
    from quietline.registers import Entries, Metadata, Register, RegisterBuilder
    from quietline.web.lists.content import keys_of_area, without
    from quietline.web.lists.models import ListFile
    from quietline.web.lists.writing import ListPlan, write_full

    plan = ListPlan("dnc-us", "Do not call", "US", AREA, 1, datetime(2026, 11, 22, tzinfo=UTC))
    made = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "all.qlr"
        with RegisterBuilder() as builder:
            builder.add(Entries(everything))
            builder.write(path, Metadata(name="all"))
        for owner in ("O1", "O2"):
            with _Timed(f"cut out and mark the list of {owner}"), Register(path) as register:
                hidden = canaries[~codeword(SECRET, "batch", owner, bias)]
                made.append(without(keys_of_area(register, AREA), hidden))
        for form in ListFile.Form:
            target = Path(folder) / "list"
            with _Timed(f"write it as {form.label}"):
                write_full(made[0], plan, form, target)
            print(f"    {target.stat().st_size:,} bytes")
    return made


def _trace(
    lists: list[np.ndarray], canaries: np.ndarray, bias: np.ndarray, options: argparse.Namespace, random: np.random.Generator
) -> None:
    from quietline.marks import OnFile, Reach, codeword, trace

    with _Timed(f"codes of {options.organisations:,} organisations"):
        owners = [f"O{i}" for i in range(1, options.organisations + 1)]
        codes = {owner: codeword(SECRET, "batch", owner, bias) for owner in owners}
    order = random.permutation(len(canaries))
    reaches = [Reach(np.sort(order[: len(order) - 100 * version])) for version in range(options.versions)]
    on_file = [
        OnFile(f"{owner} {number}", owner, reach, codes[owner]) for number, reach in enumerate(reaches) for owner in owners
    ]
    halves = [random.permutation(one)[: len(one) // 2] for one in lists]
    mixed = np.concatenate(halves)
    leak = random.choice(mixed, int(len(mixed) * 0.01 * 0.9), replace=False)
    foreign = random.integers(12_125_550_100, 12_125_550_200, len(leak) // 10).astype(np.uint64)
    sample = np.concatenate([leak, foreign])
    with _Timed(f"trace {len(sample):,} lines of a mixture of two"):
        traced = trace(np.isin(canaries, sample), bias, on_file)
    bounds = {owner: min(row.bound for row in traced.ranked if row.owner == owner) for owner in traced.owners}
    named = ", ".join(f"{owner} ({bound:.1g})" for owner, bound in bounds.items()) or "nobody"
    print(f"    {traced.seen:,} canaries found; named: {named}")


def _table(on_file: int) -> None:
    from quietline.marks import least_canaries

    print(f"Canaries in force that it takes, {on_file:,} lists on file, a tenth of the lines lost:")
    print(f"  {'leak':<24}{'whole':>10}{'10 %':>10}{'1 %':>10}")
    for way, sources in [("one", 1)] + [(way, count) for count in (2, 3, 4) for way in ("mixed", "joined", "common")]:
        row = [least_canaries(share=share, way=way, sources=sources, on_file=on_file) for share in (1, 0.1, 0.01)]
        print(f"  {way + (f' of {sources}' if sources > 1 else ' list'):<24}" + "".join(f"{count:>10,}" for count in row))


if __name__ == "__main__":
    main()
