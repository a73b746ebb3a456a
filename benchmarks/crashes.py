"""Kill a platform's processes at random moments under load, and check that nothing was lost and nothing invented.

    .venv/bin/python benchmarks/crashes.py --kills 200

Ends with status 1 where something was found. What is checked, and what is not: docs/explanation/what-survives.md.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

from crashing.trial import Plan, run


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--callers", type=int, default=Plan.__dataclass_fields__["callers"].default)
    parser.add_argument("--pause", type=float, default=0.1, help="seconds between two acts of a caller, on average")
    parser.add_argument("--calm", type=float, default=1.0, help="seconds from recovery to the next kill, at most")
    parser.add_argument("--seed", type=int, default=1, help="of kills and moments; the same seed kills the same")
    parser.add_argument("--port", type=int, default=8081)
    parser.add_argument("--home", type=Path, default=Path("build/crashes"), help="is emptied first")
    parser.add_argument("--json", type=Path, help="write the figures here, too")
    options = parser.parse_args()
    home = options.home.resolve()
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    home.chmod(0o755)
    plan = Plan(
        kills=options.kills, callers=options.callers, pause_seconds=options.pause, calm_seconds=options.calm,
        seed=options.seed, port=options.port,
    )  # fmt: skip
    report = run(plan, home).as_dict()
    told = json.dumps(report, indent=2)
    if options.json:
        options.json.write_text(told + "\n")
    print(told)
    print("nothing was lost, nothing invented" if not report["faults"] else f"{len(report['faults'])} faults")
    return 1 if report["faults"] else 0


if __name__ == "__main__":
    sys.exit(main())
