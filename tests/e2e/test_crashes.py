"""The processes of a platform are killed at random moments under load: nothing is lost, and nothing invented.

The same trial as ``benchmarks/crashes.py``, with few kills. The rest sees to it that the trial would notice.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg
import pytest

from quietline.web.embedded_postgres import EmbeddedPostgres
from quietline.web.running.children import Child, Family

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
KILLS = 8
PATIENCE = 400
NUMBER = "+12125550123"


@pytest.fixture
def ground():
    """A folder that the server's own user can reach: other than pytest's own, which every run of pytest closes again."""
    with tempfile.TemporaryDirectory(prefix="quietline-crashes-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


@pytest.fixture
def page(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    from crashing.journal import Page

    return Page(NUMBER)


def faults(page, *, standing=None, entries=(), codes=0):
    from crashing.journal import compare

    stands = {} if standing is None else {NUMBER: standing}
    return compare([page], standing=stands, entries={NUMBER: entries} if entries else {}, codes={NUMBER: codes})


@pytest.mark.slow
def test_processes_killed_under_load_lose_and_invent_nothing(ground):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    written = ground / "report.json"
    done = subprocess.run(
        [
            sys.executable, BENCHMARKS / "crashes.py", "--kills", str(KILLS), "--callers", "4", "--calm", "0.5",
            "--port", str(port), "--home", ground / "home", "--json", written,
        ],
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert written.exists(), done.stderr[-3000:]
    report = json.loads(written.read_text())
    assert report["faults"] == []
    assert done.returncode == 0
    # it was not nothing that was looked at
    assert sum(report["kills"].values()) >= KILLS
    assert set(report["kills"]) == {"database", "sequencer", "publisher", "worker", "web worker", "web server"}
    assert report["acts"]["confirm: done"] >= 10
    assert report["checked"]["ledger_entries"] >= report["checked"]["publishing_change"] >= 20
    assert report["checked"]["standing US"] >= 5
    assert report["checked"]["files US"] >= 2


@pytest.mark.slow
@pytest.mark.parametrize("what", ["all", "first process"])
def test_a_killed_server_comes_back_though_a_statement_was_running(ground, what):
    with EmbeddedPostgres(ground / "database") as server:
        busy = psycopg.connect(server.url, autocommit=True)
        busy.execute("CREATE TABLE kept AS SELECT 1 AS one")
        busy.pgconn.send_query(b"SELECT count(*) FROM generate_series(1, 1000000000)")
        time.sleep(0.3)
        if what == "all":
            server.kill()
            server.start()
        else:
            os.kill(server.pid, signal.SIGKILL)
            until(lambda: (server.look_after(), reachable(server.url))[1])
        busy.close()
        with psycopg.connect(server.url) as again:
            assert again.execute("SELECT one FROM kept").fetchone() == (1,)


@pytest.mark.slow
def test_what_a_killed_process_leaves_behind_is_ended_before_it_begins_again(tmp_path):
    told = tmp_path / "pids"
    program = (
        "import os, subprocess, sys, time\n"
        "left = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)'])\n"
        f"open({str(told)!r}, 'a').write(f'{{left.pid}}\\n')\n"
        "time.sleep(300)\n"
    )

    def begun(count):
        end = time.monotonic() + 30
        while time.monotonic() < end:
            family.look_after()
            pids = told.read_text().split() if told.exists() else []
            if len(pids) == count:
                return list(map(int, pids))
            time.sleep(0.05)
        pytest.fail("it does not begin")

    with Family([Child("parent", [sys.executable, "-c", program])]) as family:
        begun(1)
        os.kill(family.children[0].process.pid, signal.SIGKILL)
        first, second = begun(2)
        assert ends(first)
        assert runs(second)
    assert ends(second)


def reachable(url):
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


def until(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def runs(pid):
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def ends(pid):
    end = time.monotonic() + 10
    while runs(pid) and time.monotonic() < end:
        time.sleep(0.05)
    return not runs(pid)


def test_the_reckoning_finds_a_confirmed_listing_that_is_gone(page):
    page.asked("done")
    page.set_to("", "done", "QL-AAAA-AAAA")
    assert faults(page, standing="", entries=["QL-AAAA-AAAA"], codes=1) == []
    assert "lost" in faults(page, entries=["QL-AAAA-AAAA"], codes=1)[0]
    assert "reference is gone" in faults(page, standing="", entries=["QL-BBBB-BBBB"], codes=1)[0]


def test_the_reckoning_finds_a_listing_that_nobody_confirmed(page):
    page.asked("done")
    assert len(faults(page, standing="", entries=["QL-AAAA-AAAA"], codes=1)) == 2
    page.set_to("", "lost")
    assert faults(page, standing="", entries=["QL-AAAA-AAAA"], codes=1) == []
    assert faults(page, codes=1) == []
    assert len(faults(page, standing="channels=text", entries=["QL-AAAA-AAAA"], codes=1)) == 1
    assert len(faults(page, standing="", entries=["QL-AAAA-AAAA", "QL-BBBB-BBBB"], codes=1)) == 1


def test_the_reckoning_finds_a_withdrawal_that_was_undone_and_a_code_that_never_came(page):
    page.asked("done")
    page.set_to("", "done")
    page.set_to(None, "done")
    assert faults(page, entries=["QL-AAAA-AAAA"], codes=1) == []
    assert "not withdrawn" in faults(page, standing="", entries=["QL-AAAA-AAAA"], codes=1)[0]
    assert "codes" in faults(page, entries=["QL-AAAA-AAAA"], codes=0)[0]
