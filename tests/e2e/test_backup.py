"""A platform that runs is backed up, lost, and brought back: nothing confirmed is lost and the log does not fork."""

from __future__ import annotations

import http.cookiejar
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from quietline.errors import OperationError
from quietline.ledger.checkpoint import parse_unverified
from quietline.ledger.log import LogWriter
from quietline.ledger.objects import FolderStore
from quietline.ledger.signing import create_key
from quietline.ledger.verifying import verify_log
from quietline.web.environment import Environment
from quietline.web.running.backup import _add_logs
from quietline.web.running.backup_objects import FolderObjects
from quietline.web.running.backup_parts import extract, postgres_program, write_tar

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow
_NUMBER = "(212) 555-0143"
PATIENCE = 300
AT = datetime(2026, 11, 22, 10, tzinfo=UTC)


def command(name, *arguments, **environ):
    """Run ``quietline.web backup`` or ``restore``; give status and what it said."""
    program = (
        "import sys\nfrom quietline.errors import QuietlineError\n"
        f"from quietline.web.running.backup import {name}_main as main\n"
        "try: sys.exit(main(sys.argv[1:]))\n"
        "except QuietlineError as error: print(error.code, error, file=sys.stderr); sys.exit(error.exit_code)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)], capture_output=True, text=True, timeout=PATIENCE,
        env=settings(**environ), check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def settings(**more):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("QUIETLINE_", "DJANGO_"))}
    return kept | more


class Platform:
    """``quietline up`` on a free port, with what a browser keeps."""

    def __init__(self, home: Path) -> None:
        self.home = home
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        command = [sys.executable, "-m", "quietline.web", "up", "--home", home, "--listen", f"127.0.0.1:{self.port}"]
        with (home.parent / "up.log").open("ab") as log:
            self.process = subprocess.Popen(
                list(map(str, command)), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log, env=settings()
            )
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._browser = urllib.request.build_opener(jar)

    def __enter__(self):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.process.poll() is None:
            try:
                self.page("/ready")
            except (urllib.error.URLError, OSError):
                time.sleep(0.3)
            else:
                return self
        self.__exit__()
        pytest.fail((self.home.parent / "up.log").read_text()[-3000:])

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(60) == 0

    def page(self, path, form=None):
        """Get a page, or send the one form of it that has this action's fields."""
        url = urllib.parse.urljoin(f"http://127.0.0.1:{self.port}", path)
        data = None if form is None else urllib.parse.urlencode(form).encode()
        with self._browser.open(urllib.request.Request(url, data=data, headers={"Referer": url}), timeout=30) as answer:
            return answer.geturl(), answer.read().decode()

    def post(self, address, page, **fields):
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
        return self.page(address, {"csrfmiddlewaretoken": token, **fields})

    def send_code(self, path, number):
        """Ask for a code for a number; give the page that waits for it, and the code."""
        address, page = self.page(path)
        codes = set(self.codes())
        address, page = self.post(path, page, raw=number, country="US")
        end = time.monotonic() + 30
        while time.monotonic() < end:
            new = [code for code in self.codes() if code not in codes]
            if new:
                return address, page, new[0]
            time.sleep(0.3)
        pytest.fail(f"no code arrived; {address}")

    def codes(self):
        return re.findall(r"(?<!\d)\d{4}[ -]?\d{4}(?!\d)", re.sub(r"<[^>]+>", " ", self.page("/handset/")[1]))

    def checkpoint(self):
        return parse_unverified((self.home / "objects/ledger/checkpoint").read_bytes())

    def wait_for_leaves(self, more_than):
        end = time.monotonic() + 30
        while self.checkpoint().size <= more_than:
            assert time.monotonic() < end, "the sequencer does not go on"
            time.sleep(0.2)


def list_number(platform, number):
    address, page, code = platform.send_code("/my-number/list/", number)
    address, page = platform.post(address, page, code=code)
    return page


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    folder = tmp_path_factory.mktemp("backup")
    folder.chmod(0o755)
    for parent in folder.parents[:3]:
        parent.chmod(parent.stat().st_mode | 0o011)
    return folder


def test_a_lost_platform_comes_back_from_its_backup_and_its_log_goes_on(ground):
    home, saved = ground / "home", ground / "saved"
    with Platform(home) as platform:
        before = platform.checkpoint().size
        assert "555-0143" in list_number(platform, _NUMBER)
        platform.wait_for_leaves(before)
        status, said = command("backup", saved, "--home", home, "--with-keys")
        assert status == 0, said
        manifest = json.loads((saved / "manifest.json").read_text())
        assert sorted(manifest["parts"]) == ["database.dump", "files.tar", "keys.tar", "logs.tar"]
        assert saved.stat().st_mode & 0o077 == 0
        # what comes after the backup is lost, and whoever saw it has the checkpoint
        seen = platform.checkpoint().size
        list_number(platform, "(212) 555-0144")
        platform.wait_for_leaves(seen)
    newest = ground / "newest-checkpoint"
    shutil.copy(home / "objects/ledger/checkpoint", newest)
    old = ground / "checkpoint-of-then"
    shutil.rmtree(home)

    status, said = command("restore", saved, "--home", home, "--since", newest)
    assert status == 1
    assert "backup.fork" in said
    assert not (home / "keys").exists() or not list((home / "keys").iterdir())

    status, said = command("restore", saved, "--home", home)
    assert status == 0, said
    assert "holds" in said
    shutil.copy(home / "objects/ledger/checkpoint", old)
    with Platform(home) as platform:
        assert platform.checkpoint().size >= manifest["leaves"]
        address, page, code = platform.send_code("/my-number/prove/", _NUMBER)
        _, page = platform.post(address, page, code=code)
        assert "555-0143" in page
        assert "withdraw" in page.lower()
        size = platform.checkpoint().size
        list_number(platform, "(212) 555-0145")
        platform.wait_for_leaves(size)
        done = subprocess.run(
            [sys.executable, "-m", "quietline.cli.main", "ledger", "verify", str(home / "objects/ledger"),
             "--key", str(home / "keys/signing.pem.pub"), "--since", str(old)],
            capture_output=True, text=True, check=False, env=settings(),
        )  # fmt: skip
        assert done.returncode == 0, done.stderr


def test_a_backup_that_was_changed_is_refused_and_nothing_is_written(ground):
    changed, home = ground / "changed", ground / "other"
    shutil.copytree(ground / "saved", changed)
    with (changed / "logs.tar").open("r+b") as file:
        file.seek(600)
        file.write(b"x")
    status, said = command("restore", changed, "--home", home)
    assert status == 3
    assert "logs.tar" in said
    assert not (home / "objects").exists()


def test_a_backup_without_keys_wants_them_first(ground):
    bare, home = ground / "bare", ground / "bare-home"
    shutil.copytree(ground / "saved", bare)
    manifest = json.loads((bare / "manifest.json").read_text())
    del manifest["parts"]["keys.tar"]
    (bare / "manifest.json").write_text(json.dumps(manifest))
    (bare / "keys.tar").unlink()
    status, said = command("restore", bare, "--home", home)
    assert status == 1
    assert "backup.keys" in said
    assert not (home / "objects").exists()


def test_a_restored_platform_begins_new_logs_under_a_new_name(ground):
    home = ground / "renamed"
    status, said = command("restore", ground / "saved", "--home", home, "--new-log")
    assert status == 1
    assert "backup.name" in said
    new_name = "second.quietline.example"
    status, said = command("restore", ground / "saved", "--home", home, "--new-log", QUIETLINE_NAME=new_name)
    assert status == 0, said
    checkpoint = parse_unverified((home / "objects/ledger/checkpoint").read_bytes())
    assert checkpoint.origin == f"{new_name}/ledger"
    assert checkpoint.size >= json.loads((ground / "saved/manifest.json").read_text())["leaves"]


def test_a_backup_never_takes_the_place_of_another(ground):
    status, said = command("backup", ground / "saved", "--home", ground / "home")
    assert status == 1
    assert "backup.there" in said


def test_programs_that_are_older_than_the_server_are_refused(ground, tmp_path):
    old = tmp_path / "pg_dump"
    old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.1'\n")
    old.chmod(0o755)
    path, os.environ["PATH"] = os.environ["PATH"], f"{tmp_path}:{os.environ['PATH']}"
    try:
        with pytest.raises(OperationError, match="version 9, the server is 18") as caught:
            postgres_program("pg_dump", 180_001, Environment({"mode": "production"}))
    finally:
        os.environ["PATH"] = path
    assert caught.value.code == "backup.tools"


@pytest.mark.parametrize("seed", range(4))
def test_a_log_that_grows_while_it_is_copied_can_be_gone_on_with(tmp_path, seed):
    key = create_key(tmp_path / "key.pem", holder="Tests", at=AT)
    entries = [sha256(f"{seed} {number}".encode()).digest() for number in range(3_000)]
    objects = tmp_path / "objects"
    writer = LogWriter.open(FolderStore(objects / "ledger"), origin="register.example/ledger", key=key)
    writer.append(entries[: 100 + seed], at=AT)
    steps = random.Random(seed)

    class Slow:
        """A tar file that the log outruns: after each object that is copied there are more."""

        def __init__(self, tar):
            self._tar = tar

        def addfile(self, *arguments):
            self._tar.addfile(*arguments)
            writer.append(entries[writer.size : writer.size + steps.randint(1, 90)], at=AT)

    copies = [tmp_path / f"{number}.tar" for number in range(3)]
    for copy in copies:
        write_tar(copy, lambda tar: _add_logs(Slow(tar), FolderObjects(objects)))
    assert writer.size > 1_000
    for copy in copies:
        restored = copy.with_suffix("")
        extract(copy, restored)
        store = FolderStore(restored / "ledger")
        report = verify_log(store, origin="register.example/ledger", trusted=[key.public])
        assert 0 < report.size <= writer.size
        again = LogWriter.open(store, origin="register.example/ledger", key=key)
        again.append(entries[again.size :], at=AT)
        assert again.size == len(entries)
        assert verify_log(store, origin="register.example/ledger", trusted=[key.public]).root == again.root
