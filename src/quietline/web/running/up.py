"""``quietline up``: everything in one go, in the foreground, ended in order by Ctrl-C or SIGTERM.

Without any setting it runs the demonstration: a PostgreSQL of its own, keys of its own and a country of fictitious
numbers, all in one folder. With ``QUIETLINE_MODE=production`` and its settings it runs the same processes on a database
that exists already, and makes nothing up.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import socket
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from quietline.errors import OperationError, SettingError
from quietline.web.embedded_postgres import EmbeddedPostgres
from quietline.web.environment import DEMONSTRATION, PREFIX, read_environment
from quietline.web.running.children import Child, Family
from quietline.web.running.signals import stop_on_signals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quietline.web.environment import Environment

__all__ = ["main"]

_READY_SECONDS = 45
_MARKER = "quietline-home"
_OF_PRODUCTION = ("DATABASE_URL", "SECRET_KEY", "BASE_URL")


def main(arguments: Sequence[str]) -> int:
    """Run until told to stop; give the exit status."""
    options = _options(arguments)
    _choose_mode()
    if options.listen:
        os.environ[f"{PREFIX}LISTEN"] = options.listen
    if options.home:
        os.environ[f"{PREFIX}HOME"] = options.home
    home = Path(os.environ.setdefault(f"{PREFIX}HOME", "quietline-home")).expanduser().resolve()
    if options.forget:
        return _forget(home)
    stop = stop_on_signals()
    with ExitStack() as stack:
        server = None
        if os.environ.get(f"{PREFIX}MODE") == DEMONSTRATION:
            server = _prepare_demonstration(home, stack)
        environment = read_environment(os.environ)
        _refuse_taken_port(environment)
        _prepare_platform(environment)
        _refuse_taken_port(environment)  # once more: making the country takes its time
        family = stack.enter_context(Family(_children(environment)))
        _wait_until_ready(environment, family, stop.is_set)
        if not stop.is_set():
            print(_greeting(environment), flush=True)  # noqa: T201 - the command's answer
        while not stop.wait(0.5):
            family.look_after()
            if server is not None:
                server.look_after()
        print("Ending …", flush=True)  # noqa: T201 - the command's answer
    return 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="quietline up", description="Run Quietline with a demonstration country.")
    parser.add_argument("--home", help="folder for database, keys and published files (quietline-home)")
    parser.add_argument("--listen", help="address and port (127.0.0.1:8000)")
    parser.add_argument("--forget", action="store_true", help="delete the demonstration country and end")
    return parser.parse_args(list(arguments))


def _choose_mode() -> None:
    """Run the demonstration where nothing is said; refuse where the settings look like production's.

    Raises:
        SettingError: there are settings that production needs, and no mode: invented people with known passwords would
            move into a real database.
    """
    if _is_given("MODE"):
        return
    given = [name for name in _OF_PRODUCTION if _is_given(name)]
    if given:
        raise SettingError(
            f"{', '.join(PREFIX + name for name in given)}: settings of a real installation, but {PREFIX}MODE is not set.",
            advice=f"Set {PREFIX}MODE=production, or {PREFIX}MODE={DEMONSTRATION} if invented people shall move in there.",
        )
    os.environ[f"{PREFIX}MODE"] = DEMONSTRATION


def _is_given(name: str) -> bool:
    return bool({PREFIX + name, f"{PREFIX}{name}_FILE"} & os.environ.keys())


def _forget(home: Path) -> int:
    """Delete the folder; only one that was made here, and only when nothing runs on it."""
    if not home.exists():
        return 0
    if not (home / _MARKER).exists():
        raise OperationError(
            f"{home} was not made by 'quietline up'.", advice="Delete it yourself, if you mean it.", code="up.forget"
        )
    if (home / "database" / "postmaster.pid").exists():
        EmbeddedPostgres(home / "database").refuse_when_running()
    shutil.rmtree(home)
    print(f"Forgotten: {home}")  # noqa: T201 - the command's answer
    return 0


def _prepare_demonstration(home: Path, stack: ExitStack) -> EmbeddedPostgres | None:
    """Make keys that are missing, start the database, and set what it takes; give the database where it is ours."""
    from quietline.ledger.signing import create_key
    from quietline.vault import create_key_ring
    from quietline.web.base.clock import now

    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o711)
    (home / _MARKER).touch()
    keys = home / "keys"
    keys.mkdir(mode=0o700, exist_ok=True)
    if not (keys / "ring").exists():
        create_key_ring(keys / "ring", at=now())
    if not (keys / "signing.pem").exists():
        create_key(keys / "signing.pem", holder="Demonstration", at=now())
    for name in ("secret", "inbound"):
        if not (keys / name).exists():
            with os.fdopen(os.open(keys / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(48))
    for setting, name in (("SECRET_KEY", "secret"), ("INBOUND_TOKEN", "inbound")):
        if not _is_given(setting):
            os.environ[f"{PREFIX}{setting}_FILE"] = str(keys / name)
    host, _, port = os.environ.get(f"{PREFIX}LISTEN", "127.0.0.1:8000").rpartition(":")
    if not _is_given("BASE_URL"):
        os.environ[f"{PREFIX}BASE_URL"] = f"http://{host}:{port}"
    if _is_given("DATABASE_URL"):
        return None
    server = stack.enter_context(EmbeddedPostgres(home / "database"))
    os.environ[f"{PREFIX}DATABASE_URL"] = server.url
    return server


def _prepare_platform(environment: Environment) -> None:
    """Bring database, static files and, in the demonstration, its country up to date."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "quietline.web.site.settings"
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    metrics = environment.home / "metrics"
    shutil.rmtree(metrics, ignore_errors=True)
    metrics.mkdir(parents=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(metrics)
    call_command("migrate", verbosity=0, interactive=False)
    call_command("collectstatic", verbosity=0, interactive=False)
    if environment.is_demonstration:
        call_command("demonstration", verbosity=0)
    call_command("found_registers", verbosity=0)  # after the demonstration, which is made where there is no register yet
    connection.close()  # the children have connections of their own


def _children(environment: Environment) -> list[Child]:
    from quietline.web.running.management.commands.serve import web_command

    python = sys.executable
    return [
        Child("sequencer", [python, "-m", "quietline.web", "sequencer"]),
        Child("worker", [python, "-m", "quietline.web", "worker"]),
        Child("web", web_command(environment)),
    ]


def _refuse_taken_port(environment: Environment) -> None:
    """Refuse a port on which somebody else answers.

    The web server shares its port among its processes (SO_REUSEPORT), so a second installation of the same user would
    get every other request of the first one, and neither would notice.

    Raises:
        OperationError: ``up.port``.
    """
    host, port = environment.listen
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # what a server that has just ended leaves behind does not count; whoever listens does
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as error:
            raise OperationError(
                f"{host}:{port} cannot be listened on: {os.strerror(error.errno or 0)}.",
                advice="End what runs there, or name another port: quietline up --listen 127.0.0.1:8010",
                code="up.port",
            ) from None


def _wait_until_ready(environment: Environment, family: Family, told_to_stop: object) -> None:
    from quietline.web.site.watching import INSTALLATION, installation_mark

    host, port = environment.listen
    url = f"http://{'127.0.0.1' if host in ('0.0.0.0', '::') else host}:{port}/ready"  # noqa: S104 - where it listens
    end = time.monotonic() + _READY_SECONDS
    while not told_to_stop():  # type: ignore[operator]
        family.look_after()
        request = urllib.request.Request(url, headers={"Host": environment.hosts[0]})
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - as above
                if answer.headers.get(INSTALLATION) == installation_mark():
                    return
                raise OperationError(
                    f"Another server answers at {host}:{port}.",
                    advice="End it, or name another port: quietline up --listen 127.0.0.1:8010",
                    code="up.port",
                )
        except (urllib.error.URLError, OSError):
            if time.monotonic() > end:
                raise OperationError(
                    "The platform does not come up.",
                    advice=f"Look into the messages above and {environment.home}/database.log.",
                    code="up.slow",
                ) from None
            time.sleep(0.2)


def _greeting(environment: Environment) -> str:
    if not environment.is_demonstration:
        return f"Quietline runs at {environment.base_url}"
    from quietline.web.running.demonstration.log_ins import greeting

    return greeting(environment.base_url)
