"""A gateway for texts: takes batches as ``quietline.web.messaging.gateways.http`` sends them, and keeps the codes."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["Gateway"]

_CODE = re.compile(r"#(\d{8})\s*$|((?:\d, ){7}\d)")  # the last line of a text; in a call, digit by digit


class Gateway:
    """The server and what arrived; a context manager.

    Attributes:
        repeated: number of texts that arrived once more under the id of an earlier one.
    """

    def __init__(self) -> None:
        self.repeated = 0
        self._codes: defaultdict[str, list[str]] = defaultdict(list)
        self._ids: set[str] = set()
        self._arrived = Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        """Address for ``QUIETLINE_SMS_URL``."""
        return f"http://127.0.0.1:{self._server.server_port}/"

    def __enter__(self) -> Self:
        """Listen."""
        Thread(target=self._server.serve_forever, name="gateway", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def codes(self, number: str) -> list[str]:
        """Give all codes that were sent to a number, oldest first."""
        with self._arrived:
            return list(self._codes.get(number, ()))

    def wait_for_code(self, number: str, known: Collection[str], *, seconds: float) -> str | None:
        """Give a code that arrives at a number and is none of those known already; None where none comes in time."""
        with self._arrived:
            self._arrived.wait_for(lambda: set(self._codes.get(number, ())) - set(known), timeout=seconds)
            return next((code for code in self._codes.get(number, ()) if code not in known), None)

    def _take(self, batch: dict[str, Any]) -> None:
        with self._arrived:
            for message in batch["messages"]:
                if message["id"] in self._ids:
                    self.repeated += 1
                    continue
                self._ids.add(message["id"])
                found = _CODE.search(message["text"])
                if found:
                    self._codes[message["to"]].append(found[1] or found[2].replace(", ", ""))
            self._arrived.notify_all()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                gateway._take(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler
