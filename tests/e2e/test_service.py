"""Production as a service manager runs it: each process by itself, from settings, and its log holds nothing personal."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime

import pytest

from quietline.ledger.signing import create_key
from quietline.vault import create_key_ring
from quietline.web.embedded_postgres import EmbeddedPostgres, postgres_programs

pytestmark = pytest.mark.slow
AT = datetime(2026, 11, 22, tzinfo=UTC)
PATIENCE = 90
TOKEN = "c0mpletely-secret-t0ken"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Installation:
    def __init__(self, folder, url):
        self.folder, self.port = folder, free_port()
        home = folder / "home"
        (home / "keys").mkdir(parents=True)
        (folder / "metrics").mkdir()
        create_key_ring(home / "keys/ring", at=AT)
        create_key(home / "keys/signing.pem", holder="Tests", at=AT)
        (folder / "secret").write_text("k" * 48)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("QUIETLINE_", "DJANGO_"))}
        self.environ = kept | {
            "QUIETLINE_HOME": str(home),
            "QUIETLINE_DATABASE_URL": url,
            "QUIETLINE_SECRET_KEY_FILE": str(folder / "secret"),
            "QUIETLINE_BASE_URL": "https://register.example",
            "QUIETLINE_HOSTS": "register.example",
            "QUIETLINE_NAME": "register.example",
            "QUIETLINE_COUNTRIES": "US",
            "QUIETLINE_SMS_GATEWAY": "http",
            "QUIETLINE_SMS_URL": "https://sms.invalid/send",
            "QUIETLINE_LISTEN": f"127.0.0.1:{self.port}",
            "QUIETLINE_WEB_WORKERS": "1",
            "PROMETHEUS_MULTIPROC_DIR": str(folder / "metrics"),
        }

    def run(self, *arguments, **environ):
        command = [sys.executable, "-m", "quietline.web", *map(str, arguments)]
        return subprocess.run(
            command, env=self.environ | environ, capture_output=True, text=True, check=False, timeout=PATIENCE
        )

    def start(self, name):
        with (self.folder / f"{name}.log").open("wb") as log:
            command = [sys.executable, "-m", "quietline.web", name]
            return subprocess.Popen(command, env=self.environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def get(self, path, host="register.example"):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", headers={"Host": host})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        except OSError:
            return 0

    def wait_for(self, path):
        end = time.monotonic() + PATIENCE
        while self.get(path) != 200:
            assert time.monotonic() < end, (self.folder / "serve.log").read_text()[-2000:]
            time.sleep(0.2)


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    folder = tmp_path_factory.mktemp("service")
    with EmbeddedPostgres(folder / "database", durable=False) as server:
        yield Installation(folder, server.url)


def test_the_web_server_does_not_start_before_its_database_and_files_are_ready(installation):
    done = installation.run("serve")
    assert done.returncode == 1
    assert "collectstatic" in done.stderr
    assert installation.run("collectstatic", "--no-input", "--verbosity", "0").returncode == 0
    done = installation.run("serve")
    assert done.returncode == 1
    assert "Run: python -m quietline.web migrate" in done.stderr
    done = installation.run("migrate", "--no-input", "--verbosity", "0", PGOPTIONS="-c lock_timeout=1s")
    assert done.returncode == 0, done.stderr


def test_each_process_runs_by_itself_and_ends_in_order(installation):
    processes = {name: installation.start(name) for name in ("serve", "sequencer", "worker")}
    try:
        installation.wait_for("/healthy")
        installation.wait_for("/ready")
        assert installation.get("/") == 200
        assert installation.get(f"/{TOKEN}/?raw=%2B12125550123&mail=someone@mail.example") == 404
        assert installation.get("/healthy", host=f"{TOKEN}.example") == 400
        assert installation.get("/metrics") == 200
        assert all(process.poll() is None for process in processes.values())
    finally:
        for process in processes.values():
            process.send_signal(signal.SIGTERM)
        statuses = {name: process.wait(PATIENCE) for name, process in processes.items()}
    assert statuses == dict.fromkeys(processes, 0)


def test_the_log_of_the_processes_holds_views_and_no_paths(installation):
    lines = (installation.folder / "serve.log").read_text().splitlines()
    answered = [json.loads(line) for line in lines if line.startswith("{")]
    assert {(line["status"], line["view"]) for line in answered} >= {(404, "none"), (400, "none")}
    for line in lines:
        assert TOKEN not in line
        assert "5550123" not in line
        assert "mail.example" not in line


def test_a_backup_by_settings_needs_programs_as_new_as_the_server(installation, tmp_path):
    old = tmp_path / "old"
    old.mkdir()
    (old / "pg_dump").write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.1'\n")
    (old / "pg_dump").chmod(0o755)
    done = installation.run("backup", tmp_path / "saved", PATH=f"{old}:{os.environ['PATH']}")
    assert done.returncode == 1
    assert "pg_dump is version 9, the server is 18" in done.stderr
    assert not list(tmp_path.glob("saved*"))
    done = installation.run("backup", tmp_path / "saved", PATH=f"{postgres_programs()}:{os.environ['PATH']}")
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "saved").iterdir()) == [
        "database.dump", "files.tar", "logs.tar", "manifest.json",
    ]  # fmt: skip


def test_a_backup_is_not_restored_over_what_is_there(installation, tmp_path):
    path = f"{postgres_programs()}:{os.environ['PATH']}"
    assert installation.run("backup", tmp_path / "saved", PATH=path).returncode == 0
    done = installation.run("restore", tmp_path / "saved", PATH=path)
    assert done.returncode == 1
    assert "The database is not empty" in done.stderr
    done = installation.run("restore", tmp_path / "nowhere", PATH=path)
    assert done.returncode == 3
    assert "no whole backup" in done.stderr
