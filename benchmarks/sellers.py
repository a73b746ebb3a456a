"""Sellers: how fast numbers are washed by programs, on this machine, with everything at work.

The real web server, worker, sequencer and PostgreSQL (commits wait for the disk), a register of fifty million numbers with
their days, and all facts: areas, consents, customers and requests to stop of the seller. Each call washes 10,000 numbers as
they stand in lists, is counted against the seller's quota, and leaves its sealed set and its leaf in the ledger.

The load generator is a process of its own on the same cores; what it takes is counted apart.

    python benchmarks/sellers.py --numbers 50000000 --seconds 20
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
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from launch_day import cpu_by_part
from national_import import make_register
from platform_load.washing import Call, run_calls
from quietline.ledger.signing import create_key
from quietline.vault import create_key_ring
from quietline.web.embedded_postgres import EmbeddedPostgres

_PORT = 8097
_PER_CALL = 10_000
_FIRST = 12_012_000_000
"""First number of the register; from here on nearly all are valid."""
_FACTS = {
    "purpose": "sales", "channel": "live_voice", "callee_class": "residential", "caller_class": "seller",
    "caller_id": "shown",
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--numbers", type=int, default=50_000_000, help="numbers in the register")
    parser.add_argument("--evidence", type=int, default=200_000, help="consents, customers and requests to stop, each")
    parser.add_argument("--seconds", type=float, default=20, help="length of each measurement")
    parser.add_argument("--workers", type=int, default=2, help="processes of the web server")
    parser.add_argument("--threads", type=int, default=2, help="threads in each")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="quietline-sellers-", dir="/var/tmp") as folder:
        figures = measure(Path(folder), given)
    print(json.dumps(figures, indent=1))
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1))


def measure(home: Path, given: argparse.Namespace) -> dict[str, Any]:
    home.chmod(0o711)
    (home / "keys").mkdir(mode=0o700)
    at = datetime.now(UTC)
    create_key_ring(home / "keys" / "ring", at=at)
    create_key(home / "keys" / "signing.pem", holder="Benchmark", at=at)
    (home / "keys" / "secret").write_text("benchmark " * 6)
    make_register(home / "national.qlr", given.numbers, first=_FIRST)
    with EmbeddedPostgres(home / "database") as server:
        os.environ |= {
            "QUIETLINE_MODE": "demonstration",
            "QUIETLINE_HOME": str(home),
            "QUIETLINE_DATABASE_URL": server.url,
            "QUIETLINE_SECRET_KEY_FILE": str(home / "keys" / "secret"),
            "QUIETLINE_BASE_URL": f"http://127.0.0.1:{_PORT}",
            "QUIETLINE_LISTEN": f"127.0.0.1:{_PORT}",
            "QUIETLINE_WEB_WORKERS": str(given.workers),
            "QUIETLINE_WEB_THREADS": str(given.threads),
            "DJANGO_SETTINGS_MODULE": "quietline.web.site.settings",
        }
        with (home / "log").open("wb") as log:
            platform = subprocess.Popen([sys.executable, "-m", "quietline.web", "up"], stdout=log, stderr=log)
        try:
            _wait(platform, home / "log")
            key = _seller(home, given)
            calls = _calls(key, given.numbers)
            try:
                _checked(calls[0], given.numbers)
            except RuntimeError:
                print((home / "log").read_text()[-4000:], file=sys.stderr)
                raise
            return {
                "one_connection": _measured(platform.pid, server.pid or 0, calls, connections=1, seconds=given.seconds),
                "eight_connections": _measured(platform.pid, server.pid or 0, calls, connections=8, seconds=given.seconds),
            }
        finally:
            platform.send_signal(signal.SIGTERM)
            platform.wait(60)


def _wait(platform: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 120
    while time.monotonic() < end and platform.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{_PORT}/ready", timeout=5):
                return
        except OSError:
            time.sleep(0.3)
    raise RuntimeError(f"the platform does not come up: {log.read_text()[-2000:]}")


def _measured(platform: int, server: int, calls: list[Call], *, connections: int, seconds: float) -> dict[str, Any]:
    run_calls(_PORT, calls, connections=connections, seconds=2)
    before = cpu_by_part(platform) | cpu_by_part(server)
    result = run_calls(_PORT, calls, connections=connections, seconds=seconds)
    after = cpu_by_part(platform) | cpu_by_part(server)
    spent = {name: value - before.get(name, 0.0) for name, value in after.items()}
    done = len(result.milliseconds)
    return {
        "numbers_per_second": round(done * _PER_CALL / result.seconds),
        "calls": done,
        "refused": result.refused,
        "ms": {f"p{p}": round(float(np.percentile(result.milliseconds, p)), 1) for p in (50, 95, 99)},
        "cpu_ms_per_call": {name: round(1000 * value / max(1, done), 2) for name, value in spent.items()},
        "load_generator_cpu_ms_per_call": round(1000 * result.cpu_seconds / max(1, done), 2),
    }


def _seller(home: Path, given: argparse.Namespace) -> str:
    """Make a seller with areas and evidence, take over the register, and wait until washes see it; give the API key."""
    import django

    django.setup()
    from platform_load.washing import make_seller, take_over, wait_for_copies

    take_over(home / "national.qlr")
    key = make_seller(given.evidence, given.numbers)
    wait_for_copies()
    return key


def _calls(key: str, numbers: int) -> list[Call]:
    """Make calls of 10,000 numbers each: E.164 and as dialled, half of the valid ones registered."""
    chance = np.random.default_rng(7)
    made = []
    for _ in range(60):
        keys = _FIRST + chance.integers(0, 2 * numbers, _PER_CALL)
        texts = [str(key) for key in keys.tolist()]
        raws = [f"+{text}" if i % 3 else f"({text[1:4]}) {text[4:7]}-{text[7:]}" for i, text in enumerate(texts)]
        body = {"numbers": raws, "country": "US", "facts": _FACTS}
        made.append(Call(_PORT, key, json.dumps(body).encode()))
    return made


def _checked(call: Call, numbers: int) -> None:
    """Refuse to measure what answers wrongly.

    Every registered number is forbidden, unless evidence allows it or it is Canadian, which some of the range are.
    """
    answer = call.answer()
    verdicts = [outcome["verdict"] for outcome in answer["outcomes"]]
    asked = json.loads(call.body)["numbers"]
    keys = np.array([int("1" + "".join(filter(str.isdigit, raw))[-10:]) for raw in asked], dtype=np.uint64)
    registered = keys % np.uint64(2) == 0
    places = np.array(answer["numbers"])
    forbidden = np.isin(places, [i for i, verdict in enumerate(verdicts) if verdict == "forbid"])
    invalid = np.isin(places, [i for i, verdict in enumerate(verdicts) if verdict == "invalid"])
    share = float(np.mean(forbidden[registered & ~invalid]))
    if share < 0.8 or float(np.mean(forbidden[~registered & ~invalid])) > 0.1 or invalid.all():
        raise RuntimeError(f"{share:.0%} of the registered numbers are forbidden: {answer['outcomes']}")


if __name__ == "__main__":
    main()
