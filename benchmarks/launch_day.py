"""Launch day: how many people a second can list their number, on this machine, with everything at work.

The real web server, worker, sequencer and PostgreSQL (commits wait for the disk). People come at a steady rate from many
addresses through a trusted proxy: each asks for a code, waits until the text message arrives at the simulated telephone
network, and confirms it. The load generator and the telephone network are one process beside them on the same cores; what
they take is counted apart.

    python benchmarks/launch_day.py --rate 300 --seconds 60
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from functools import partial
from pathlib import Path
from typing import Any

from platform_load.feed import FeedWatch
from platform_load.people import Result, fictitious_numbers, percentiles, run_people

_PORT, _GATEWAY_PORT = 8095, 8096
_PARTS = ("granian", "quietline.web sequencer", "quietline.web worker", "postgres")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=float, default=300, help="people a second")
    parser.add_argument("--seconds", type=float, default=60, help="how long they keep coming")
    parser.add_argument("--workers", type=int, default=2, help="processes of the web server")
    parser.add_argument("--threads", type=int, default=2, help="threads in each")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="quietline-launch-", dir="/var/tmp") as folder:
        figures = measure(Path(folder), given)
    print(json.dumps(figures, indent=1))
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1))


def measure(home: Path, given: argparse.Namespace) -> dict[str, Any]:
    home.chmod(0o711)
    platform = _start(home, given)
    try:
        _wait(platform)
        people = partial(run_people, port=_PORT, gateway_port=_GATEWAY_PORT, numbers=iter(fictitious_numbers()))
        people(rate=20, seconds=5)  # each process loads what it needs, once
        objects, key = home / "home" / "objects", home / "home" / "keys" / "signing.pem.pub"
        feed, busy = FeedWatch(objects / "feeds" / "dnc-us" / "all", key), os.getloadavg()[0]
        before, own = cpu_by_part(platform.pid), time.process_time()
        result = people(rate=given.rate, seconds=given.seconds)
        own = time.process_time() - own
        spent = {name: after - before.get(name, 0.0) for name, after in cpu_by_part(platform.pid).items()}
        time.sleep(2)  # the last change is in the feed by now
        return {"load_average_before": round(busy, 2), **figures_of(result, spent, own, feed.seconds())}
    finally:
        platform.send_signal(signal.SIGTERM)
        platform.wait(60)


def _start(home: Path, given: argparse.Namespace) -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("QUIETLINE_")}
    environment |= {
        "QUIETLINE_MODE": "demonstration",  # fictitious numbers, so that nobody can be called by mistake
        "QUIETLINE_HOME": str(home / "home"),
        "QUIETLINE_LISTEN": f"127.0.0.1:{_PORT}",
        "QUIETLINE_TRUSTED_PROXIES": "127.0.0.0/8",
        "QUIETLINE_SMS_GATEWAY": "http",
        "QUIETLINE_SMS_URL": f"http://127.0.0.1:{_GATEWAY_PORT}/",
        "QUIETLINE_SMS_TOKEN": "t" * 40,  # the simulated network lets everybody in
        "QUIETLINE_WEB_WORKERS": str(given.workers),
        "QUIETLINE_WEB_THREADS": str(given.threads),
        "QUIETLINE_DAILY_MESSAGES": "100000000",
    }
    log = (home / "log").open("wb")
    return subprocess.Popen([sys.executable, "-m", "quietline.web", "up"], env=environment, stdout=log, stderr=log)


def _wait(platform: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 90
    while time.monotonic() < end and platform.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{_PORT}/ready", timeout=5):
                time.sleep(8)  # the country's first files are published; then it is quiet
                return
        except OSError:
            time.sleep(0.3)
    raise RuntimeError("the platform does not come up")


def cpu_by_part(parent: int) -> dict[str, float]:
    """Give the processor seconds that each part has taken so far, of all descendants of a process."""
    ticks = os.sysconf("SC_CLK_TCK")
    parents: dict[int, int] = {}
    spent: dict[int, float] = {}
    names: dict[int, str] = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        pid = int(folder.name)
        parents[pid], spent[pid], names[pid] = int(fields[1]), sum(map(int, fields[11:13])) / ticks, command
    total: dict[str, float] = {}
    for pid, seconds in spent.items():
        above, seen = pid, 0
        while above not in (0, parent) and seen < 50:
            above, seen = parents.get(above, 0), seen + 1
        if above == parent:
            part = next((part for part in _PARTS if part in names[pid]), "other")
            total[part] = total.get(part, 0.0) + seconds
    return total


def figures_of(result: Result, spent: dict[str, float], own: float, lags: list[float]) -> dict[str, Any]:
    per_part = {**spent, "all": sum(spent.values())}
    return {
        "came": result.came,
        "confirmed": result.confirmed,
        "confirmed_per_second": round(result.confirmed / result.seconds, 1),
        "failed": result.failures,
        "ask_ms": percentiles(result.times["ask"]),
        "confirm_ms": percentiles(result.times["confirm"]),
        "code_arrives_ms": percentiles(result.times["code"]),
        "cpu_seconds": {name: round(value, 1) for name, value in spent.items()},
        "cpu_ms_per_listing": {name: round(1000 * value / max(1, result.confirmed), 2) for name, value in per_part.items()},
        "load_generator_cpu_seconds": round(own, 1),
        "changes_in_feed": len(lags),
        "change_to_feed_ms": percentiles(lags),
    }


if __name__ == "__main__":
    main()
