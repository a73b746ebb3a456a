"""Measure Quietline beside its peers, in one run on this machine; README.md says what is compared and why it is fair."""

from __future__ import annotations

import argparse
import fcntl
import importlib
import json
import os
import sys
import time
from pathlib import Path
from typing import IO, Any

import machine
from data import Data
from options import Options

SECTIONS = ("wash", "receipt", "latency", "lookup", "size", "build", "law")
FULL_BUILD = 250_000_000
MUCH = 0.05


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"any of {', '.join(SECTIONS)}; all by default")
    parser.add_argument("--data", type=Path, default=Path("build/bench"), help="directory of the files that are measured")
    parser.add_argument("--registered", type=int, default=255_000_000, help="numbers in the register, about")
    parser.add_argument("--rows", type=int, default=10_000_000, help="rows of the large list")
    parser.add_argument("--asked", type=int, default=10_000_000, help="numbers looked up in bulk")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is timed, in turn")
    parser.add_argument("--slow-rounds", type=int, default=2, help="how often peers that take long are timed")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="for each peer")
    parser.add_argument("--size-numbers", type=int, default=25_000_000, help="numbers stored in each way")
    parser.add_argument("--build-numbers", type=int, default=50_000_000, help="lines of text to build from")
    parser.add_argument("--full", action="store_true", help=f"build from {FULL_BUILD:,} lines (3 GB of text)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all figures here")
    given = parser.parse_args()
    unknown = set(given.sections) - set(SECTIONS)
    if unknown:
        parser.error(f"there is no section {', '.join(sorted(unknown))}")
    options = Options(
        data=Data(given.data, given.registered, given.rows),
        rounds=given.rounds,
        slow_rounds=min(given.slow_rounds, given.rounds),
        threads=given.threads,
        asked=given.asked,
        size_numbers=min(given.size_numbers, given.registered),
        build_numbers=min(FULL_BUILD if given.full else given.build_numbers, given.registered),
    )
    lock = alone(given.data)
    here = machine.describe(given.data)
    print("\n".join(machine.lines(here)), flush=True)
    document: dict[str, Any] = {"machine": here, "at": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "sections": {}}
    missed, failed = [], []
    for name in given.sections or SECTIONS:
        others = machine.Others()
        try:
            section = importlib.import_module(f"sections.{name}").measure(options)
        except RuntimeError as error:  # a program that was measured failed; the others can still be
            failed.append(f"{name}: {error}")
            print(f"\n{failed[-1]}\n", file=sys.stderr, flush=True)
            continue
        share = section.figures["others"] = others.share()
        if share > MUCH:
            section.notes.append(
                f"other programs took {100 * share:.0f} % of the processors meanwhile: trust ratios and CPU s"
            )
        section.print()
        document["sections"][name] = section.as_dict()
        missed += [target.text() for target in section.targets if not target.met]
        if given.json:  # after each section, so that nothing is lost when a later one is stopped
            given.json.parent.mkdir(parents=True, exist_ok=True)
            given.json.write_text(json.dumps(document, indent=1) + "\n")
    print("\n".join(["Targets missed:", *(f"  {line}" for line in missed)]) if missed else "No target missed.")
    lock.close()
    if failed:
        sys.exit("\n".join(["Not measured:", *failed]))


def alone(directory: Path) -> IO[str]:
    """Keep others from measuring with the same files; two runs at a time would measure each other."""
    directory.mkdir(parents=True, exist_ok=True)
    lock = (directory / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        sys.exit(f"Another run measures in {directory}; wait until it has ended.")
    for path in directory.glob("out-*"):  # of a run that was stopped
        path.unlink()
    return lock


if __name__ == "__main__":
    main()
