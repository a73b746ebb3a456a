"""Uploads: how long a list of ten million rows takes from its first byte to results that can be fetched, on this machine.

The real web server, worker, sequencer and PostgreSQL (commits wait for the disk), a register of fifty million numbers with
their days, spread over all exchanges that are in use, and all facts: areas, consents, customers and requests to stop of the
seller. The list is one as sales software exports it, of numbers from everywhere. It is handed in by program, judged by law,
counted against the seller's quota, signed, recorded in the ledger; list and results are encrypted.

Who hands it in is a process on the same cores; what it takes is counted apart, and its list is made before.

    python benchmarks/uploads.py --numbers 50000000 --rows 10000000
"""

from __future__ import annotations

import argparse
import csv
import http.client
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import urlencode

import numpy as np

import country
from launch_day import cpu_by_part
from quietline.ledger.signing import create_key
from quietline.registers import Entries, Metadata, RegisterBuilder, day_of
from quietline.vault import create_key_ring
from quietline.web.embedded_postgres import EmbeddedPostgres

_PORT = 8098
_PIECE = 1 << 20
_CHECKED = 20_000
_FOREIGN = "+44"  # a thousand numbers one after another, which is what somebody asks who wants a register whole
_OPTIONS = {
    "country": "US", "purpose": "sales", "channel": "live_voice", "callee_class": "residential", "caller_id": "shown",
    "facts": '{"caller_class": "seller"}', "time": "15:00",
}  # fmt: skip
_SAMPLE_SECONDS = 0.05


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--numbers", type=int, default=50_000_000, help="numbers in the register, about")
    parser.add_argument("--rows", type=int, default=10_000_000, help="rows of the list")
    parser.add_argument("--evidence", type=int, default=200_000, help="consents, customers and requests to stop, each")
    parser.add_argument("--rounds", type=int, default=3, help="how often it is measured; the median counts")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="quietline-uploads-", dir="/var/tmp") as folder:
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
    chance = np.random.default_rng(11)
    exchanges, _density = country.exchanges(1 << 40, chance)  # all there are
    registered = _register(home / "national.qlr", exchanges, given.numbers, chance)
    _list(home / "list.csv", exchanges, given.rows, chance)
    with EmbeddedPostgres(home / "database") as server:
        os.environ |= {
            "QUIETLINE_MODE": "demonstration",
            "QUIETLINE_HOME": str(home),
            "QUIETLINE_DATABASE_URL": server.url,
            "QUIETLINE_SECRET_KEY_FILE": str(home / "keys" / "secret"),
            "QUIETLINE_BASE_URL": f"http://127.0.0.1:{_PORT}",
            "QUIETLINE_LISTEN": f"127.0.0.1:{_PORT}",
            "QUIETLINE_WEB_WORKERS": "2",
            "DJANGO_SETTINGS_MODULE": "quietline.web.site.settings",
        }
        with (home / "log").open("wb") as log:
            platform = subprocess.Popen([sys.executable, "-m", "quietline.web", "up"], stdout=log, stderr=log)
        try:
            _wait(platform, home / "log")
            key = _seller(home, given)
            os.sync()
            rounds = [_measured(home, key, platform.pid, server.pid or 0) for _ in range(given.rounds)]
            _check(home, key, rounds[-1]["address"], registered)
        except BaseException:
            print((home / "log").read_text()[-4000:], file=sys.stderr)
            raise
        finally:
            platform.send_signal(signal.SIGTERM)
            platform.wait(60)
    middle = sorted(rounds, key=lambda one: one["seconds"])[len(rounds) // 2]
    return {
        "rows": given.rows, "list_bytes": (home / "list.csv").stat().st_size, "registered": given.numbers,
        "all_rounds_seconds": [one["seconds"] for one in rounds], **{k: v for k, v in middle.items() if k != "address"},
    }  # fmt: skip


def _register(path: Path, exchanges: Any, numbers: int, chance: np.random.Generator) -> Path:
    """Write a register of numbers everywhere, listed over twenty years."""
    oldest, newest = day_of(date(2003, 7, 1)), day_of(date(2026, 11, 1))
    with RegisterBuilder() as builder:
        for keys in country.register_keys(exchanges, chance, numbers / len(exchanges) / 10_000):
            builder.add(Entries(keys, since=chance.integers(oldest, newest, len(keys), dtype=np.uint16)))
        builder.write(path, Metadata(name="National list", country="US", list_date=date(2026, 11, 20)))
    return path


def _list(path: Path, exchanges: Any, rows: int, chance: np.random.Generator) -> None:
    """Write the list, a few rows longer and without those of one block abroad, which nobody calls in order."""
    whole = path.with_suffix(".all")
    country.write_list(whole, exchanges, chance, rows + rows // 900 + 1_000)
    with whole.open("rb") as source, path.open("wb") as target:
        target.write(source.readline())
        left, foreign = rows, _FOREIGN.encode()
        for line in source:
            if foreign in line:
                continue
            target.write(line)
            left -= 1
            if not left:
                break
    whole.unlink()
    if left:
        raise RuntimeError(f"the list is {left} rows short")


def _wait(platform: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 300
    while time.monotonic() < end and platform.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{_PORT}/ready", timeout=5):
                return
        except OSError:
            time.sleep(0.3)
    raise RuntimeError(f"the platform does not come up: {log.read_text()[-2000:]}")


def _seller(home: Path, given: argparse.Namespace) -> str:
    """Make a seller with areas and evidence, take over the register, and wait until washes see it; give the API key."""
    import django

    django.setup()
    from platform_load.washing import make_seller, take_over, wait_for_copies

    take_over(home / "national.qlr")
    key = make_seller(given.evidence, given.numbers)
    wait_for_copies()
    return key


def _measured(home: Path, key: str, platform: int, server: int) -> dict[str, Any]:
    before, own, log = cpu_by_part(platform) | cpu_by_part(server), time.process_time(), (home / "log").stat().st_size
    memory = _Memory(platform)
    began = time.monotonic()
    address = _sent(home / "list.csv", key)
    taken = time.monotonic()
    while (told := _asked(address, key))["state"] in ("new", "running"):
        time.sleep(0.1)
    washed = time.monotonic()
    if told["state"] != "finished":
        raise RuntimeError(f"the list was not washed: {told}")
    own = time.process_time() - own
    after = cpu_by_part(platform) | cpu_by_part(server)
    private = memory.stop()
    began_fetching = time.monotonic()
    fetched = sum(_fetched(one["url"], key) for one in told["results"])
    with (home / "log").open() as file:
        file.seek(log)
        stages: dict[str, float] = next((json.loads(line)["stages"] for line in file if '"list washed"' in line), {})
    return {
        "seconds": round(washed - began, 2),
        "stages_seconds": {"upload": round(taken - began, 2), **stages},
        "cpu_seconds": {name: round(value - before.get(name, 0.0), 2) for name, value in after.items()},
        "client_cpu_seconds": round(own, 2),
        "private_megabytes": private,
        "fetching": {"seconds": round(time.monotonic() - began_fetching, 2), "bytes": fetched},
        "outcome": {name: told[name] for name in ("rows", "kept", "removed", "reasons", "forbidden")},
        "load_average": round(os.getloadavg()[0], 2),
        "address": address,
    }


def _sent(path: Path, key: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", _PORT, timeout=120)
    headers = {
        "Authorization": f"Bearer {key}", "Content-Type": "text/csv", "Content-Length": str(path.stat().st_size),
        "Content-Disposition": 'attachment; filename="list.csv"',
    }  # fmt: skip
    with path.open("rb") as body:
        connection.request("POST", f"/api/v1/uploads?{urlencode(_OPTIONS)}", body=_pieces(body), headers=headers)
        answer = connection.getresponse()
    told = json.loads(answer.read())
    if answer.status != 202:
        raise RuntimeError(f"{answer.status}: {told}")
    return f"/api/v1/uploads/{told['id']}"


def _pieces(file: Any) -> Any:
    return iter(lambda: file.read(_PIECE), b"")


def _open(address: str, key: str) -> Any:
    request = urllib.request.Request(f"http://127.0.0.1:{_PORT}{address}", headers={"Authorization": f"Bearer {key}"})
    return urllib.request.urlopen(request, timeout=60)


def _asked(address: str, key: str) -> dict[str, Any]:
    with _open(address, key) as answer:
        told: dict[str, Any] = json.load(answer)
    return told


def _fetched(address: str, key: str) -> int:
    with _open(address, key) as answer:
        return sum(map(len, _pieces(answer)))


def _check(home: Path, key: str, address: str, registered: Path) -> None:
    """Refuse figures of a wash that answers wrongly: no kept row is registered unless its seller's evidence allows it."""
    from quietline.numbering import parse_column
    from quietline.registers import Register

    with _open(f"{address}/clean", key) as answer:
        text = io.TextIOWrapper(answer, encoding="utf-8", newline="")
        raws = [row["phone"] for row, _ in zip(csv.DictReader(text), range(_CHECKED), strict=False)]
    keys = parse_column(raws, country="US").keys
    with Register(registered) as register:
        share = float(np.mean(register.lookup(keys).hits))
    if share > 0.02 or not keys.all():
        raise RuntimeError(f"{share:.1%} of the rows that may be called are registered")


class _Memory(Thread):
    """Looks at what the platform's processes have for themselves, and remembers the most."""

    def __init__(self, platform: int) -> None:
        super().__init__(daemon=True)
        self._platform = platform
        self._over = Event()
        self._most: dict[str, int] = {}
        self.start()

    def run(self) -> None:
        parts = {"granian": "granian", "worker": "quietline.web worker"}
        while not self._over.wait(_SAMPLE_SECONDS):
            for folder in Path("/proc").iterdir():
                if not folder.name.isdigit():
                    continue
                try:
                    command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                    part = next((name for name, text in parts.items() if text in command), "")
                    if part:
                        lines = (folder / "status").read_text().splitlines()
                        own = next((int(line.split()[1]) for line in lines if line.startswith("RssAnon:")), 0)
                        self._most[part] = max(self._most.get(part, 0), own)
                except OSError:
                    continue

    def stop(self) -> dict[str, int]:
        """Give the most memory of one process of each part, in megabytes."""
        self._over.set()
        self.join()
        return {part: kilobytes >> 10 for part, kilobytes in self._most.items()}


if __name__ == "__main__":
    main()
