"""The outbox, a gateway that is a real HTTP server, and the Chinese texts."""

from __future__ import annotations

import json
import threading
import uuid
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.db import transaction

import quietline.web.messaging
from quietline.web.messaging.gateways.http import HttpGateway
from quietline.web.messaging.operations import enqueue

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
_PO = Path(quietline.web.messaging.__file__).parent / "locale/zh_Hans/LC_MESSAGES/django.po"


@pytest.fixture(scope="session", autouse=True)
def chinese_texts_are_compiled():
    compiled = _PO.with_suffix(".mo")
    if not compiled.exists() or compiled.stat().st_mtime < _PO.stat().st_mtime:
        with _PO.open("rb") as source, compiled.open("wb") as target:
            write_mo(target, read_po(source, locale="zh_Hans_CN"))


class Exchange:
    """An HTTP gateway on this machine: keeps what it got, and answers as it is told."""

    def __init__(self):
        self.got = []
        self.requests = 0
        self.answer = lambda messages: (200, {"results": [{"id": m["id"], "status": "accepted"} for m in messages]})
        exchange = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                exchange.requests += 1
                exchange.authorization = self.headers.get("authorization")
                exchange.sender = body["sender"]
                status, said = exchange.answer(body["messages"])
                if status < 300:
                    exchange.got += body["messages"]
                raw = said if isinstance(said, bytes) else json.dumps(said).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/batch"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def exchange():
    made = Exchange()
    yield made
    made.stop()


@pytest.fixture
def gateway(exchange):
    made = HttpGateway(exchange.url, token="gateway-token", sender="Quietline", answer_seconds=5)
    yield made
    made.close()


@pytest.fixture
def put():
    """Enqueue a code, or whatever else is asked for, in a transaction of its own."""

    def put(number="+12125550100", at=AT, **changed):
        given = {
            "channel": "text", "template": "code", "language": "en", "key": int(number[1:]), "challenge": uuid.uuid4(),
            "facts": {"purpose": "list", "minutes": 10},
        }  # fmt: skip
        if changed.get("template", "code") not in ("code",):
            given["challenge"] = None
        if "address" in changed:
            given["key"] = None
        with transaction.atomic():
            return enqueue(at=at, **{**given, **changed})

    return put
