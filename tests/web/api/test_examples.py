"""The programs in ``examples/`` do what the page says, against a real server; and the page shows them as they are."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from quietline.web.base.clock import now
from web.api.common import add, deliver

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs/how-to/programs-to-start-from.md"
FOLDERS = {"python": ("py", [sys.executable]), "shell": ("sh", ["sh"]), "javascript": ("mjs", ["node"])}
LANGUAGES = pytest.mark.parametrize("language", FOLDERS)


def program_of(language, name):
    ending, command = FOLDERS[language]
    return [*command, str(ROOT / "examples" / language / f"{name}.{ending}")]


def test_the_page_shows_every_program_as_it_is():
    shown = dict(re.findall(r"<!-- (examples/\S+) -->\n\n```\w+\n(.*?)```\n", PAGE.read_text("utf-8"), re.DOTALL))
    there = {str(path.relative_to(ROOT)): path.read_text("utf-8") for path in (ROOT / "examples").glob("*/*.*")}
    assert shown.keys() == there.keys()
    assert len(there) == 15
    for name, text in there.items():
        assert shown[name] == text, f"{name}: the page shows something else; copy the file into it"


@pytest.fixture
def run(live_server, tmp_path):
    """Run a program against the server, in a folder of its own."""

    def ran(language, name, *arguments, bearer="", refused=False, **more):
        key = bearer["Authorization"].removeprefix("Bearer ") if bearer else ""
        done = subprocess.run(
            [*program_of(language, name), *map(str, arguments)], cwd=tmp_path, capture_output=True, text=True, timeout=60,
            check=False, input=more.pop("body", None),
            env={"PATH": os.environ["PATH"], "QUIETLINE_URL": live_server.url, "QUIETLINE_KEY": key, **more},
        )  # fmt: skip
        assert (done.returncode != 0) is refused, (done.stdout, done.stderr)
        return done.stderr + done.stdout if refused else done.stdout

    return ran


@LANGUAGES
def test_numbers_are_washed(run, register, organisation, language):
    from quietline.web.washing.sandbox import TEST_NUMBERS

    builder = organisation(name="Builder", scopes=("sandbox",))
    wanted = [number for number in TEST_NUMBERS if number.status == 200][:3]
    lines = run(language, "wash_numbers", *[number.raw for number in wanted], bearer=builder.bearer).splitlines()
    assert len(lines) == len(wanted)
    for line, number in zip(lines, wanted, strict=True):
        assert line.startswith(f"{number.raw} {number.verdict} "), line


@LANGUAGES
def test_a_program_of_a_suspended_organisation_says_why_it_was_refused(run, register, organisation, language):
    from quietline.web.accounts.operations import suspend_organisation

    builder = organisation(name="Builder", scopes=("sandbox",))
    suspend_organisation(organisation=builder.row, reason="Called listed numbers.", by=None, at=now())
    said = run(language, "wash_numbers", "+12125550123", bearer=builder.bearer, refused=True)
    assert "organisation.suspended" in said
    assert "Called listed numbers." in said


@LANGUAGES
def test_evidence_is_handed_in_once_however_often_it_is_sent(run, register, organisation, tmp_path, language):
    from quietline.web.evidence.models import Record

    seller = organisation(scopes=("consents:write",))
    rows = [
        {
            "reference": f"web-{n}", "kind": "consent", "number": f"+1212555012{n}", "happened_at": "2026-11-20T09:30:00Z",
            "form": "written_signed", "source": "web", "text": "Yes, you may call me.",
        }
        for n in range(3)
    ]  # fmt: skip
    path = tmp_path / "records"
    _write(path, rows, language, wrapped="records")
    first = run(language, "hand_in_evidence", path, bearer=seller.bearer)
    again = run(language, "hand_in_evidence", path, bearer=seller.bearer)
    assert Record.objects.count() == 3
    assert re.search(r'new"?: ?3', first)
    assert re.search(r'known"?: ?3', again)
    _write(path, [{**rows[0], "reference": "web-9", "happened_at": "yesterday"}], language, wrapped="records")
    assert "happened_at" in run(language, "hand_in_evidence", path, bearer=seller.bearer, refused=True)


def _write(path, rows, language, *, wrapped):
    if language == "python":
        lines = [",".join(rows[0]), *(",".join(f'"{value}"' for value in row.values()) for row in rows)]
        path.write_text("\n".join(lines) + "\n")
    else:
        path.write_text(json.dumps({wrapped: rows} if language == "shell" else rows))


@LANGUAGES
def test_a_list_is_fetched_once_and_then_followed(run, follower, publish, register, tmp_path, language):
    from quietline.web.lists.models import ListFile
    from quietline.web.publishing.operations import end_entry

    seller = follower()
    publish()
    assert "version 1" in run(language, "follow_list", "1212", bearer=seller.bearer)
    add(register, 12125550150)
    end_entry(register=register, key=12125550100, reason="withdrawn", at=now())
    publish()
    assert "version 2" in run(language, "follow_list", "1212", bearer=seller.bearer)
    assert [row.kind for row in ListFile.objects.order_by("pk")] == ["full", "changes"]
    if language == "shell":
        assert (tmp_path / "1212-v2.zip").stat().st_size > 100
        assert "list.from" in run(language, "follow_list", "1212", bearer=seller.bearer, refused=True)
    else:
        numbers = (tmp_path / "1212.txt").read_text().split()
        assert "+12125550150" in numbers
        assert "+12125550100" not in numbers
        assert 40 <= len(numbers) < 80
        assert "newest" in run(language, "follow_list", "1212", bearer=seller.bearer)


@LANGUAGES
def test_lines_are_reported_by_their_operator(run, register, organisation, tmp_path, language):
    from quietline.web.operators.models import LineEvent, NumberRange

    operator = organisation("operator", "Example Mobile", scopes=("lines:write",))
    NumberRange.objects.create(
        operator=operator.row, first_key=12125550100, last_key=12125550149, since_date=now().date() - timedelta(days=900),
        source="tests",
    )  # fmt: skip
    moment = (now() - timedelta(days=2)).isoformat()
    rows = [
        {"reference": "r1", "number": "+12125550123", "kind": "disconnected", "happened_at": moment, "to": ""},
        {"reference": "r2", "number": "+12125550199", "kind": "reassigned", "happened_at": moment, "to": ""},
    ]
    path = tmp_path / "lines"
    _write(path, rows, language, wrapped="events")
    if language == "shell":
        said = "".join(
            run(language, "report_lines", row["reference"], row["number"], row["kind"], moment, bearer=operator.bearer)
            for row in rows
        )
    else:
        said = run(language, "report_lines", path, bearer=operator.bearer)
        run(language, "report_lines", path, bearer=operator.bearer)
    assert "line.not-yours" in said
    assert [event.reference for event in LineEvent.objects.all()] == ["r1"]


# -- webhooks --------------------------------------------------------------------------------------------------------


class _Forwarding:
    """Sends what the platform sends to a public address to the program on this machine, byte for byte."""

    def __init__(self, port):
        self.port, self.sent = port, []

    def post(self, _url, *, content, headers):
        self.sent.append((content, headers))
        return httpx.post(f"http://127.0.0.1:{self.port}/", content=content, headers=headers, timeout=20).status_code


@pytest.fixture
def delivery(program, organisation, register):
    """An event on its way to a webhook."""
    from quietline.web.api.models import Webhook, WebhookDelivery

    seller = organisation()
    hook = {"url": "https://hooks.example.org/quietline", "events": ["list.ready"]}
    made = program("POST", "/webhooks", hook, **seller.bearer).json()
    row = WebhookDelivery.objects.create(
        webhook=Webhook.objects.get(), event="list.ready", data={"country": "US", "version": 2, "areas": ["1212"]},
        at=now(), due_at=now(),
    )  # fmt: skip
    return SimpleNamespace(row=row, secret=made["secret"])


@pytest.fixture
def receiving(tmp_path):
    """Start a program that takes events; gives its port and what it printed."""
    started = []

    def start(language, secret):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        said = []
        process = subprocess.Popen(
            [*program_of(language, "follow_webhooks"), str(port)], stdout=subprocess.PIPE, text=True, cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "QUIETLINE_WEBHOOK_SECRET": secret},
        )  # fmt: skip
        reader = threading.Thread(target=lambda: said.extend(process.stdout))
        reader.start()
        started.append((process, reader))
        end = time.monotonic() + 20
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        return port, said

    yield start
    for process, reader in started:
        process.terminate()
        process.wait(10)
        reader.join()
        process.stdout.close()


@pytest.mark.parametrize("language", ["python", "javascript"])
def test_events_are_heeded_once_and_only_with_the_right_signature(delivery, receiving, language):
    port, said = receiving(language, delivery.secret)
    poster = _Forwarding(port)
    assert deliver(now(), poster) == ["sent"]
    content, headers = poster.sent[0]
    post = poster.post
    assert post("", content=content, headers=headers) == 204, "the same event again"
    assert post("", content=content.replace(b"1212", b"1310"), headers=headers) == 401
    assert post("", content=content, headers={**headers, "webhook-id": "msg_other"}) == 401
    assert post("", content=content, headers={**headers, "webhook-timestamp": "1"}) == 401
    assert post("", content=content, headers={**headers, "webhook-signature": "v1,AAAA"}) == 401
    assert (
        post("", content=content, headers={**headers, "webhook-signature": "v1,AAAA " + headers["webhook-signature"]}) == 204
    )
    end = time.monotonic() + 10
    while not said and time.monotonic() < end:
        time.sleep(0.05)
    (line,) = said
    kind, _blank, data = line.partition(" ")
    assert (kind, json.loads(data)) == ("list.ready", {"country": "US", "version": 2, "areas": ["1212"]})


def test_the_shell_tells_a_genuine_event_from_a_forged_one(delivery, run):
    class Keeping:
        sent = None

        def post(self, _url, *, content, headers):
            self.sent = (content, headers)
            return 204

    poster = Keeping()
    deliver(now(), poster)
    content, headers = poster.sent
    given = {f"HTTP_{name.upper().replace('-', '_')}": headers[name] for name in headers if name.startswith("webhook")}
    given["QUIETLINE_WEBHOOK_SECRET"] = delivery.secret
    assert json.loads(run("shell", "follow_webhooks", body=content.decode(), **given))["type"] == "list.ready"
    forged = content.replace(b"1212", b"1310").decode()
    assert "does not fit" in run("shell", "follow_webhooks", body=forged, refused=True, **given)
    old = {**given, "HTTP_WEBHOOK_TIMESTAMP": "1"}
    assert "too old" in run("shell", "follow_webhooks", body=content.decode(), refused=True, **old)
