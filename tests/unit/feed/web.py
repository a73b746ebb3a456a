"""A web server for feeds: files of a folder with ETag and Range, and whatever a test wants to go wrong."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass
class Site:
    """What a server gives, and what it was asked.

    Attributes:
        folder: of the files, served under ``/feed/``.
        token: that is demanded; None for none.
        faults: for a path, answers to give before the right one: (status, headers).
        redirect: files under ``/feed/files/`` are at this address instead.
        breaks_after: answers to requests without Range end after so many bytes, though they promise more.
        ranges: whether Range is understood.
        asked: path, status of the answer, headers of the request.
    """

    folder: Path
    token: str | None = None
    faults: dict[str, list[tuple[int, dict[str, str]]]] = field(default_factory=dict)
    redirect: str = ""
    breaks_after: int = 0
    ranges: bool = True
    asked: list[tuple[str, int, dict[str, str]]] = field(default_factory=list)
    connections: set[object] = field(default_factory=set)
    url: str = ""

    def statuses(self, path: str) -> list[int]:
        """Give the statuses with which requests for a path were answered."""
        return [status for asked, status, _ in self.asked if asked == path]

    def headers(self, path: str) -> list[dict[str, str]]:
        """Give the headers of the requests for a path."""
        return [headers for asked, _, headers in self.asked if asked == path]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: Site

    def do_GET(self) -> None:
        path = self.path.removeprefix("/feed/")
        self.site.connections.add(self.client_address)
        status, headers, body = self._answer(path)
        self.site.asked.append((path, status, {name.lower(): value for name, value in self.headers.items()}))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status == 200 and 0 < self.site.breaks_after < len(body):
            self.wfile.write(body[: self.site.breaks_after])
            self.close_connection = True
            return
        self.wfile.write(body)

    def _answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        faults = self.site.faults.get(path)
        if faults:
            status, headers = faults.pop(0)
            return status, headers, b"not now"
        if self.site.token is not None and self.headers.get("Authorization") != f"Bearer {self.site.token}":
            return 401, {}, b"who are you?"
        if self.site.redirect and path.startswith("files/"):
            return 307, {"Location": f"{self.site.redirect}/{path}"}, b""
        file = self.site.folder / path
        if not file.is_file():
            return 404, {}, b"no"
        return self._file(file.read_bytes())

    def _file(self, data: bytes) -> tuple[int, dict[str, str], bytes]:
        etag = f'"{sha256(data).hexdigest()[:16]}"'
        if self.headers.get("If-None-Match") == etag:
            return 304, {"ETag": etag}, b""
        wanted = self.headers.get("Range") if self.site.ranges else None
        if wanted:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            if start >= len(data):
                return 416, {"Content-Range": f"bytes */{len(data)}"}, b""
            return 206, {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"}, data[start:]
        return 200, {"ETag": etag}, data

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(folder: Path, **options: Any) -> Iterator[Site]:
    """Serve a folder on the own machine until the end of the block."""
    site = Site(folder, **options)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"site": site}))
    server.daemon_threads = True
    site.url = f"http://127.0.0.1:{server.server_address[1]}/feed"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
