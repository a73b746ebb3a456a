"""Complaints: a whole year of reported calls is taken over, counted into clusters, and looked at.

The real web server, worker, sequencer and PostgreSQL (commits wait for the disk). The year 2020 of the public file of the US
Federal Trade Commission is imported with its quality report, which has to be exact; number and range clusters are counted;
then an officer, signed in over HTTP with a second factor, opens the pages of triage again and again.

    python benchmarks/complaints.py --rounds 40
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from datetime import UTC, datetime
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any, Self

import numpy as np

from launch_day import cpu_by_part
from quietline.ledger.signing import create_key
from quietline.vault import create_key_ring
from quietline.web.embedded_postgres import EmbeddedPostgres

_PORT = 8099
_SHARED = Path(os.environ.get("QUIETLINE_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
_FILE = "ftc_complaints/dev_2020-02-14_2020-12-30.csv.gz"
_EXPECTED = {
    "rows": 1_684_541, "without_number": 95_978, "other_than_ten_digits": 48_859, "not_npa_nxx": 62_696,
}  # fmt: skip
_PASSWORD = "a long night of counting calls"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40, help="how often each page is opened")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="quietline-complaints-", dir="/var/tmp") as folder:
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
    with EmbeddedPostgres(home / "database") as server:
        os.environ |= {
            "QUIETLINE_MODE": "demonstration",
            "QUIETLINE_HOME": str(home),
            "QUIETLINE_DATABASE_URL": server.url,
            "QUIETLINE_SECRET_KEY_FILE": str(home / "keys" / "secret"),
            "QUIETLINE_BASE_URL": f"http://127.0.0.1:{_PORT}",
            "QUIETLINE_LISTEN": f"127.0.0.1:{_PORT}",
            "DJANGO_SETTINGS_MODULE": "quietline.web.site.settings",
        }
        with (home / "log").open("wb") as log:
            platform = subprocess.Popen([sys.executable, "-m", "quietline.web", "up"], stdout=log, stderr=log)
        try:
            _wait(platform, home / "log")
            return _figures(given.rounds, server.pid or 0)
        finally:
            platform.send_signal(signal.SIGTERM)
            platform.wait(120)


def _wait(platform: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 180
    while time.monotonic() < end and platform.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{_PORT}/ready", timeout=5):
                return
        except OSError:
            time.sleep(0.3)
    raise RuntimeError(f"the platform does not come up: {log.read_text()[-2000:]}")


def _figures(rounds: int, server: int) -> dict[str, Any]:
    import django

    django.setup()
    from django.db.models.signals import post_save

    from quietline.web.base.clock import now
    from quietline.web.complaints.cluster_models import Cluster
    from quietline.web.complaints.clustering import count_all
    from quietline.web.complaints.historic import import_reports
    from quietline.web.complaints.models import HistoricFile

    # what the import puts in line for the worker is counted here, where the time is taken
    post_save.disconnect(sender=HistoricFile, dispatch_uid="complaints.counting.file")
    path = _SHARED / _FILE
    with _Clock(server) as imported:
        row = import_reports(path=path, name=path.name, source="FTC", country="US", by=None, at=now())
    wrong = {name: row.quality[name] for name, count in _EXPECTED.items() if row.quality[name] != count}
    if wrong:
        raise RuntimeError(f"the quality report counts {wrong}, and not {_EXPECTED}")
    with _Clock(server) as counted:
        count_all(at=now())
    kinds = ("number", "range-10", "range-100", "range-10000")
    clusters = {kind: Cluster.objects.filter(kind=kind).count() for kind in kinds}
    pages = _pages(rounds)
    return {
        "import": imported.figures, "quality": row.quality, "clusters": counted.figures, "found": clusters,
        "pages_ms": pages,
    }  # fmt: skip


class _Clock:
    """Takes the time, and the processor time of this process and of the database server."""

    def __init__(self, server: int) -> None:
        self._server, self.figures = server, {}  # type: int, dict[str, float]

    def __enter__(self) -> Self:
        self._before = time.monotonic(), time.process_time(), sum(cpu_by_part(self._server).values())
        return self

    def __exit__(self, *_: object) -> None:
        wall, own, theirs = self._before
        self.figures = {
            "seconds": round(time.monotonic() - wall, 1),
            "cpu_seconds": round(time.process_time() - own, 1),
            "database_cpu_seconds": round(sum(cpu_by_part(self._server).values()) - theirs, 1),
            "most_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        }


def _pages(rounds: int) -> dict[str, dict[str, float]]:
    """Open the pages of triage as an officer; give the 50th, 95th and 99th percentile of each in milliseconds."""
    from quietline.web.complaints.cluster_models import Cluster

    browser = _Officer()
    heavy = Cluster.objects.filter(kind="number").order_by("-report_count").first()
    wide = Cluster.objects.filter(kind="range-10000").order_by("-report_count").first()
    if heavy is None or wide is None:
        raise RuntimeError("there are no clusters to look at")
    some = "".join(filter(str.isdigit, str(heavy.first_key)))
    asked = {
        "queue": "/triage/",
        "clusters_by_weight": "/triage/clusters/?kind=number",
        "clusters_by_reports": "/triage/clusters/?kind=number&sort=reports&state=open&country=US",
        "clusters_recent_page_40": "/triage/clusters/?kind=number&sort=recent&page=40",
        "clusters_last_page": "/triage/clusters/?kind=number&page=999999",
        "ranges": "/triage/clusters/?kind=range-100&sort=reports",
        "largest_number": f"/triage/clusters/{heavy.pk}/",
        "largest_range": f"/triage/clusters/{wide.pk}/",
    }
    found = {name: _percentiles([browser.milliseconds(path) for _ in range(rounds)]) for name, path in asked.items()}
    found["search_by_number"] = _percentiles(
        [browser.milliseconds("/triage/number/", raw=f"+{some}") for _ in range(rounds)]
    )
    return found


def _percentiles(milliseconds: list[float]) -> dict[str, float]:
    return {f"p{p}": round(float(np.percentile(milliseconds, p)), 1) for p in (50, 95, 99)}


class _Officer:
    """An investigator's browser."""

    def __init__(self) -> None:
        from django.conf import settings
        from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
        from django.contrib.sessions.backends.db import SessionStore

        from quietline.web.accounts import operations, people
        from quietline.web.accounts.models import Organisation, PersonSession, Role
        from quietline.web.base.clock import now

        at = now()
        office = operations.found_organisation(
            kind=Organisation.Kind.AUTHORITY, name="Benchmark Office", country="US", by=None, at=at
        )
        operations.verify_organisation(organisation=office, by=None, at=at)
        person = people.enter_person(email="officer@example.org", name="Olga Ott", password=_PASSWORD)
        operations.grant_role(person=person, organisation=office, role=Role.INVESTIGATOR, by=None, at=at)
        row = PersonSession.objects.create(person=person, generation=person.generation, device="", started_at=at, seen_at=at)
        session = SessionStore()
        session.update({
            SESSION_KEY: str(person.pk), BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
            HASH_SESSION_KEY: person.get_session_auth_hash(), "person_session": row.pk, "second_factor": person.pk,
        })  # fmt: skip
        session.create()
        self._cookie = f"{settings.SESSION_COOKIE_NAME}={session.session_key}"
        self._csrf = settings.CSRF_COOKIE_NAME
        self._open = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def milliseconds(self, path: str, **form: str) -> float:
        request = urllib.request.Request(f"http://127.0.0.1:{_PORT}{path}", headers={"Cookie": self._cookie})
        if form:
            token = "a" * 32
            request.add_header("Cookie", f"{self._cookie}; {self._csrf}={token}")
            request.data = urllib.parse.urlencode({**form, "csrfmiddlewaretoken": token}).encode()
        begin = time.monotonic()
        with self._open.open(request, timeout=60) as answer:
            answer.read()
            if answer.status != 200 or not answer.url.endswith(path):
                raise RuntimeError(f"{path} answers {answer.status} at {answer.url}")
        return 1000 * (time.monotonic() - begin)


if __name__ == "__main__":
    main()
