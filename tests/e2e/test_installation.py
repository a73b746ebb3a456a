"""A production installation from the documented steps alone, to the first person who signs in and the first number listed.

Nothing is made past the commands that the units run and the page names: what a fresh database lacks is missed here.
"""

from __future__ import annotations

import email
import http.server
import json
import os
import re
import shlex
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from datetime import UTC, datetime
from email.policy import default
from pathlib import Path

import pytest

from quietline.ledger.signing import create_key
from quietline.vault import create_key_ring
from quietline.web.embedded_postgres import EmbeddedPostgres

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
AT = datetime(2026, 11, 22, tzinfo=UTC)
PATIENCE = 900  # of a machine that does much else; here all of it takes a minute
SITE = "https://register.example"
ADMINISTRATOR = "ada@office.example"
PASSWORD, NEW = "a quiet evening at home", "a quiet morning in the garden"
NUMBER = "+12127365000"  # a hotel's since the thirties; nothing reaches it from here
_FIELD = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class Mail(socketserver.ThreadingTCPServer):
    """A mail server (RFC 5321) that keeps what it gets."""

    daemon_threads = allow_reuse_address = True

    def __init__(self):
        self.letters = []
        super().__init__(("127.0.0.1", 0), _Conversation)

    def wait_for(self, receiver, count):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            found = [letter for letter in self.letters if letter["To"] == receiver]
            if len(found) >= count:
                return found[count - 1].get_content()
            time.sleep(0.1)
        raise AssertionError(f"letter {count} to {receiver} did not come: {[letter['To'] for letter in self.letters]}")


class _Conversation(socketserver.StreamRequestHandler):
    def handle(self):
        self._say("220 mail.example")
        for raw in self.rfile:
            word = raw.decode().strip().upper()
            if word == "DATA":
                self._say("354 go on")
                lines = list(iter(self.rfile.readline, b".\r\n"))
                self.server.letters.append(email.message_from_bytes(b"".join(lines), policy=default))
            self._say("221 bye" if word == "QUIT" else "250 ok")
            if word == "QUIT":
                return

    def _say(self, text):
        self.wfile.write(f"{text}\r\n".encode())


class Gateway(http.server.ThreadingHTTPServer):
    """A gateway for texts that keeps what it gets."""

    def __init__(self):
        self.texts = []
        super().__init__(("127.0.0.1", 0), _Texts)

    def wait_for_code(self):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if self.texts:
                return "".join(re.search(r"(?<!\d)(\d{4})[ -]?(\d{4})(?!\d)", self.texts[-1]["text"]).groups())
            time.sleep(0.1)
        raise AssertionError("no code came")


class _Texts(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.texts += json.loads(body)["messages"]
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class _Still(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Browser:
    """What a browser behind the proxy does: keeps cookies, sends forms with their token, does not follow by itself."""

    def __init__(self, port):
        self._port, self._cookies = port, {}
        self._opener = urllib.request.build_opener(_Still)

    def ask(self, path, form=None, body=None):
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        headers = {"Host": "register.example", "X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.7"}
        headers |= {"Origin": SITE, "Cookie": cookies}
        data = None
        if form is not None:
            data = urllib.parse.urlencode(form).encode()
        elif body is not None:
            data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        request = urllib.request.Request(f"http://127.0.0.1:{self._port}{path}", data=data, headers=headers)
        try:
            answer = self._opener.open(request, timeout=60)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            for cookie in answer.headers.get_all("Set-Cookie") or ():
                assert "Secure" in cookie
                name, _, value = cookie.partition(";")[0].partition("=")
                self._cookies[name] = value
            return answer.status, answer.headers.get("Location", ""), answer.read().decode()

    def send(self, path, **fields):
        """Open a page, fill in its form, send it; follow where opening leads elsewhere."""
        status, place, page = self.ask(path)
        while status == 302:
            path = place
            status, place, page = self.ask(path)
        assert status == 200, (path, status, page[-500:])
        token = _FIELD.search(page)
        return self.ask(path, form={"csrfmiddlewaretoken": token[1], **fields})


@pytest.fixture(scope="module")
def outside():
    """What production needs from others: a mail server and a gateway."""
    servers = (Mail(), Gateway())
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    yield servers
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def environ(tmp_path_factory, outside):
    """The settings that are handed out, with what is said to be written into them and its secrets; a database of its own."""
    folder = tmp_path_factory.mktemp("installation")
    home = folder / "home"
    (home / "keys").mkdir(parents=True)
    (folder / "metrics").mkdir()
    create_key_ring(home / "keys/ring", at=AT)
    create_key(home / "keys/signing.pem", holder="Register of Example", at=AT)
    (folder / "secret-key").write_text("k" * 48)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    handed_out = (ROOT / "deploy/quietline.env").read_text("utf-8").splitlines()
    mail, gateway = (server.server_address[1] for server in outside)
    with EmbeddedPostgres(folder / "database", durable=False) as server:
        yield (
            {name: value for name, value in os.environ.items() if not name.startswith(("QUIETLINE_", "DJANGO_"))}
            | dict(line.split("=", 1) for line in handed_out if line and not line.startswith("#"))
            | {
                "QUIETLINE_HOME": str(home),
                "QUIETLINE_DATABASE_URL": server.url,
                "QUIETLINE_SECRET_KEY_FILE": str(folder / "secret-key"),
                "QUIETLINE_WEB_WORKERS": "1",
                "QUIETLINE_LISTEN": f"127.0.0.1:{port}",
                "QUIETLINE_SMS_URL": f"http://127.0.0.1:{gateway}/send",
                "QUIETLINE_MAIL_URL": f"smtp://127.0.0.1:{mail}",
                "PROMETHEUS_MULTIPROC_DIR": str(folder / "metrics"),
                "NO_PROXY": "*",
            }
        )


def commands_of_the_unit():
    """The arguments of what quietline-migrate runs."""
    unit = (ROOT / "deploy/systemd/quietline-migrate.service").read_text("utf-8")
    lines = re.findall(r"^ExecStart=/opt/quietline/bin/python -m quietline\.web (.+)$", unit, re.MULTILINE)
    assert len(lines) == 3
    return [shlex.split(line) for line in lines]


def run(environ, *arguments):
    command = [sys.executable, "-m", "quietline.web", *arguments]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 0, (arguments, done.stderr[-2000:])
    return done.stdout


@pytest.fixture(scope="module")
def installation(environ):
    """All three processes at work; what the command says that enters the authority."""
    commands = commands_of_the_unit()
    for arguments in [*commands, *commands[:2]]:  # and at the next start of the machine nothing more
        run(environ, *arguments)
    said = run(environ, "found_authority", "Office for Quiet Lines", "--administrator", ADMINISTRATOR)
    processes = [
        subprocess.Popen([sys.executable, "-m", "quietline.web", name], env=environ, stdin=subprocess.DEVNULL)
        for name in ("serve", "sequencer", "worker")
    ]
    try:
        port = int(environ["QUIETLINE_LISTEN"].rpartition(":")[2])
        end = time.monotonic() + PATIENCE
        while True:
            try:
                status, _, _ = Browser(port).ask("/ready")
            except OSError:
                status = 0
            if status == 200:
                break
            assert time.monotonic() < end, "the platform does not come up"
            time.sleep(0.3)
        yield said, port
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        statuses = [process.wait(60) for process in processes]
    assert statuses == [0, 0, 0]


def path_in(letter, begins):
    (link,) = re.findall(rf"{SITE}({begins}\S+)", letter)
    return link


def test_the_first_administrator_comes_by_invitation_and_signs_in(installation, outside):
    said, port = installation
    assert "/invitation/" not in said, "the link reaches its address alone"
    link = path_in(outside[0].wait_for(ADMINISTRATOR, 1), "/account/invitation/")
    status, place, _ = Browser(port).send(link, name="Ada Ames", password=PASSWORD)
    assert (status, place) == (302, "/account/")
    browser = Browser(port)
    status, place, page = browser.send("/account/login/", login=ADMINISTRATOR, password=PASSWORD)
    assert (status, place) == (302, "/account/"), page[-500:]
    status, place, _ = browser.ask("/account/")
    assert (status, place.partition("?")[0]) == (302, "/account/2fa/"), "staff set up a second factor first"


def test_a_number_is_listed_with_the_code_that_comes_to_it(installation, outside):
    browser = Browser(installation[1])
    status, _, told = browser.ask("/api/v1/listings", body={"number": NUMBER})
    assert status == 202, told
    confirm = f"/api/v1/listings/{json.loads(told)['id']}/confirm"
    status, _, told = browser.ask(confirm, body={"code": outside[1].wait_for_code()})
    assert status == 200, told
    assert json.loads(told)["reference"]


def test_a_forgotten_password_is_replaced_by_letter(installation, outside):
    port = installation[1]
    browser = Browser(port)
    status, place, page = browser.send("/account/password/reset/", email=ADMINISTRATOR)
    assert (status, place) == (302, "/account/password/reset/done/"), page[-500:]
    link = path_in(outside[0].wait_for(ADMINISTRATOR, 2), "/account/password/reset/key/")
    status, _, page = browser.send(link, password1=NEW, password2=NEW)
    assert status == 302, page[-500:]
    for password, expected in ((PASSWORD, 200), (NEW, 302)):
        assert Browser(port).send("/account/login/", login=ADMINISTRATOR, password=password)[0] == expected
