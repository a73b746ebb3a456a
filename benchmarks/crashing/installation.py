"""PostgreSQL and the processes of a platform, as ``quietline up`` runs them; killing them and bringing them back."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

import httpx

from quietline.web.embedded_postgres import EmbeddedPostgres
from quietline.web.running.children import Child, Family

if TYPE_CHECKING:
    import random

    from quietline.ledger.signing import PublicKey

__all__ = ["KINDS", "REGISTERS", "Installation"]

KINDS = ("database", "sequencer", "publisher", "worker", "web worker", "web server")
"""What can be killed: a worker process of the web server, or the process above them, are two things."""
REGISTERS = {"dnc-us": "US", "dnc-gb": "GB"}
_AREAS = ("area-1212", "area-1415")
_READY_SECONDS = 90


class Installation:
    """One platform; a context manager that starts and ends it. For one process, since settings are read once.

    Args:
        home: an empty folder.
        port: of the web server, on 127.0.0.1.
        gateway: address of the gateway for texts.
        file_pause: seconds between two published files.
    """

    def __init__(self, home: Path, *, port: int, gateway: str, file_pause: float) -> None:
        self.home = home
        self.url = f"http://127.0.0.1:{port}"
        self._port = port
        self._gateway = gateway
        self._file_pause = file_pause
        self._server = EmbeddedPostgres(home / "database")
        self._family = Family([])

    def __enter__(self) -> Self:
        """Start the database, make registers and feeds, publish each feed once, start the rest."""
        self._server.start()
        self._prepare()
        python = sys.executable
        publisher = str(Path(__file__).with_name("publisher.py"))
        self._begin(Child("sequencer", [python, "-m", "quietline.web", "sequencer"]))
        self._begin(Child("publisher", [python, publisher, str(self._file_pause)]))
        # the worker publishes what has no file of today: with one of each feed there it leaves that to the publisher
        self._wait(self._all_published)
        from django.conf import settings
        from django.db import connection

        from quietline.web.running.management.commands.serve import web_command

        connection.close()
        self._begin(Child("worker", [python, "-m", "quietline.web", "worker"]))
        self._begin(Child("web server", web_command(settings.ENVIRONMENT)))
        self._wait(self._answers)
        return self

    def __exit__(self, *_: object) -> None:
        """End everything."""
        self.end_processes()
        self._server.stop()

    def end_processes(self) -> None:
        """End all but the database, in order."""
        self._family.__exit__()

    def end_publisher(self) -> None:
        """End the publishing of files alone, wherever it is."""
        publisher = next(child for child in self._family.children if child.name == "publisher")
        self._family.children.remove(publisher)
        with Family([]) as alone:
            alone.children.append(publisher)

    def look_after(self) -> None:
        """Begin again what has ended, after its pause."""
        self._family.look_after()

    def kill(self, kind: str, dice: random.Random) -> bool:
        """Kill with SIGKILL; False where it is not running just now."""
        if kind == "database":
            self._server.kill()
            return True
        if kind == "web worker":
            workers = self._web_workers()
            if not workers:
                return False
            return _kill(dice.choice(workers))
        return any(
            _kill(child.process.pid)
            for child in self._family.children
            if child.name == kind and child.process is not None and child.process.poll() is None
        )

    def start_database(self) -> None:
        """Start it again."""
        self._server.start()

    def feed_folder(self, register: str, projection: str = "all") -> Path:
        """Give the folder of a feed."""
        return self.home / "objects" / "feeds" / register / projection

    @property
    def public_key(self) -> PublicKey:
        """The installation's."""
        from quietline.web.publishing.objects import signing_key

        return signing_key().public

    def _begin(self, child: Child) -> None:
        self._family.children.append(child)
        child.begin()

    def _web_workers(self) -> list[int]:
        server = next(child.process for child in self._family.children if child.name == "web server")
        try:
            # of every thread: a worker that is begun again need not be a child of the first
            threads = [*Path(f"/proc/{server.pid}/task").glob("*/children")]  # type: ignore[union-attr]
            return [int(pid) for children in threads for pid in children.read_text().split()]
        except OSError:
            return []

    def _prepare(self) -> None:
        self._set()
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import connection

        from quietline.ledger.signing import create_key
        from quietline.vault import create_key_ring
        from quietline.web.base.clock import now
        from quietline.web.publishing.models import Register
        from quietline.web.publishing.operations import found_register, open_feed

        keys = self.home / "keys"
        keys.mkdir(mode=0o700)
        create_key_ring(keys / "ring", at=now())
        create_key(keys / "signing.pem", holder="Crash trial", at=now())
        metrics = self.home / "metrics"
        metrics.mkdir()
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(metrics)
        call_command("migrate", verbosity=0, interactive=False)
        call_command("collectstatic", verbosity=0, interactive=False)
        for code, country in REGISTERS.items():
            if not Register.objects.filter(code=code).exists():
                found_register(code=code, kind="do-not-call", title=f"Do not call, {country}", country=country, at=now())
        for area in _AREAS:
            open_feed(register=Register.objects.get(code="dnc-us"), projection=area, at=now())
        connection.close()

    def _set(self) -> None:
        for name in [name for name in os.environ if name.startswith(("QUIETLINE_", "DJANGO_"))]:
            del os.environ[name]
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "quietline.web.site.settings",
            "QUIETLINE_MODE": "demonstration",
            "QUIETLINE_HOME": str(self.home),
            "QUIETLINE_DATABASE_URL": self._server.url,
            "QUIETLINE_SECRET_KEY": "for-a-trial-only-" * 3,
            "QUIETLINE_BASE_URL": self.url,
            "QUIETLINE_LISTEN": f"127.0.0.1:{self._port}",
            "QUIETLINE_SMS_GATEWAY": "http",
            "QUIETLINE_SMS_URL": self._gateway,
            "QUIETLINE_TRUSTED_PROXIES": "127.0.0.0/8",
        }

    def _wait(self, ready: object) -> None:
        end = time.monotonic() + _READY_SECONDS
        while not ready():  # type: ignore[operator]
            if time.monotonic() > end:
                raise SystemExit("the platform does not come up")
            self.look_after()
            time.sleep(0.2)

    @staticmethod
    def _all_published() -> bool:
        from quietline.web.publishing.models import Feed, RegisterFile

        return RegisterFile.objects.values("register", "projection").distinct().count() == Feed.objects.count()

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/ready", timeout=5, trust_env=False).is_success
        except httpx.TransportError:
            return False


def _kill(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True
