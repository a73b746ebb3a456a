"""The platform as people run it: ``quietline up`` in a process of its own, on a free port, in a folder of its own."""

from __future__ import annotations

import html
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil

READY_SECONDS = 300
END_SECONDS = 60
_BOX = re.compile(r"<section [^>]*>\s*<h2[^>]*>([^<]+)</h2>(.*?)</section>", re.DOTALL)
_MESSAGE = re.compile(r'<div class="ql-handset__text"[^>]*>(.*?)</div>', re.DOTALL)
_CODE = re.compile(r"(?<!\d)(\d{4})[ -]?(\d{4})(?!\d)")


class Platform:
    """A running demonstration; a context manager that ends it and makes sure that nothing of it is left.

    Args:
        packages: folder of an installed Quietline that runs in place of these sources.
    """

    def __init__(self, *, packages=None):
        self._packages = packages
        self.home = Path(tempfile.mkdtemp(prefix="quietline-e2e-"))
        self.home.chmod(0o711)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._process = None

    def __enter__(self):
        settings = {name: value for name, value in os.environ.items() if not name.startswith(("QUIETLINE_", "DJANGO_"))}
        # each visitor has a client address of its own, as behind the proxy of a real installation: limits count by it
        settings |= {"QUIETLINE_TRUSTED_PROXIES": "127.0.0.1/32", "QUIETLINE_WEB_WORKERS": "1"}
        if self._packages is not None:
            settings["PYTHONPATH"] = str(self._packages)
        command = [sys.executable, "-m", "quietline.cli.main", "up", "--home", self.home / "country"]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [*command, "--listen", f"127.0.0.1:{self.port}"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=settings,
            )
        self._wait_until_ready()
        return self

    def __exit__(self, *_):
        started = self.processes()
        self._process.send_signal(signal.SIGTERM)
        try:
            status = self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            status = "none: it had to be killed"
            self._process.kill()
        _gone, left = psutil.wait_procs([*started, *self.processes()], timeout=5)
        names = [" ".join(process.cmdline())[:120] for process in left]
        for process in left:
            process.kill()
        said = self.log.read_text()[-2000:]
        shutil.rmtree(self.home, ignore_errors=True)
        assert status == 0, f"exit status {status}\n{said}"
        assert not names, f"left over: {names}"

    @property
    def log(self):
        """What it said."""
        return self.home / "up.log"

    def processes(self):
        """Everything it started, PostgreSQL included: its descendants, and whatever names its folder."""
        found = {}
        if psutil.pid_exists(self._process.pid):
            found = {child.pid: child for child in psutil.Process(self._process.pid).children(recursive=True)}
        for process in psutil.process_iter(["cmdline"]):
            if str(self.home) in " ".join(process.info["cmdline"] or ()) and process.pid != self._process.pid:
                found[process.pid] = process
        return list(found.values())

    def _wait_until_ready(self):
        end = time.monotonic() + READY_SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/ready", timeout=5):
                    return
            except OSError:
                time.sleep(0.2)
        self._process.kill()
        raise AssertionError(f"the platform does not come up:\n{self.log.read_text()[-3000:]}")

    def messages_to(self, receiver):
        """What a telephone (E.164) or a mail box got, newest first, as its page shows it."""
        with urllib.request.urlopen(f"{self.url}/handset/?still", timeout=10) as answer:
            page = answer.read().decode()
        boxes = {html.unescape(to): body for to, body in _BOX.findall(page)}
        return [html.unescape(re.sub(r"<[^>]+>", " ", text)) for text in _MESSAGE.findall(boxes.get(receiver, ""))]

    def wait_for_message(self, receiver, count=1):
        """The newest message once there are so many."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            found = self.messages_to(receiver)
            if len(found) >= count:
                return found[0]
            time.sleep(0.1)
        raise AssertionError(f"message {count} to {receiver} did not come")

    def wait_for_code(self, number, count=1):
        """The eight digits of the newest message."""
        match = _CODE.search(self.wait_for_message(number, count))
        assert match, "no code in the message"
        return match[1] + match[2]
