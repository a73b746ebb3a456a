"""Feeds read from a web server.

Connections are kept alive; the checkpoint is asked for with its ETag, so that a server answers "not modified" while nothing
is new; a large file that broke off is gone on with (Range). A server may answer with a redirect to a short-lived
address of an object store: the access token goes to the server that was named, and to no other.

Source: RFC 9110 (conditional requests, ranges, Retry-After), RFC 6750 (bearer tokens).
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from quietline.errors import FeedError, MissingExtraError, OutputError, UsageError
from quietline.feed.sources import too_long
from quietline.ledger.objects import MAX_OBJECT_BYTES, ObjectMissing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    import httpx

__all__ = ["HttpStore"]

_TRIES = 5
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 60.0
_MOST_REDIRECTS = 4
_MOST_WORDS_BYTES = 1 << 16
_PIECE = 1 << 18
_T = TypeVar("_T")
_KEPT_PATHS = ("checkpoint", "latest.json")
_AGAIN = (429, 500, 502, 503, 504)
_REDIRECTS = (301, 302, 303, 307, 308)


class HttpStore:
    """A feed on a web server; a :class:`~quietline.feed.sources.FeedSource`.

    A context manager: leaving it closes the connections.

    Args:
        url: of the folder of the log, ``https://...``. Plain ``http`` is for the own machine and closed networks: with a
            token it is refused for other hosts than the own.
        token: access token, sent as ``Authorization: Bearer`` to the host of ``url`` only; None for open feeds.
        timeout_seconds: how long to wait for a connection, and for each piece of an answer.
        pause: waits so many seconds before another try; for tests.
        transport: of httpx, for special networks; by default the usual one.

    Raises:
        MissingExtraError: httpx is not installed.
        UsageError: the address is none of a web server, or the token would go over it in the clear.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        timeout_seconds: float = 30.0,
        pause: Callable[[float], None] = time.sleep,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        try:
            import httpx
        except ImportError as error:
            raise MissingExtraError("Following a feed over HTTP", extra="platform") from error
        self._httpx = httpx
        self._base = _base(httpx, url, with_token=token is not None)
        self._token = token
        self._pause = pause
        self._kept: dict[str, tuple[str, bytes]] = {}
        self._client = httpx.Client(timeout=timeout_seconds, follow_redirects=False, transport=transport, trust_env=True)
        self._client.headers["User-Agent"] = "quietline"
        self._client.headers["Accept-Encoding"] = "identity"  # ranges and bounds are of the bytes themselves

    def __enter__(self) -> Self:
        """Enter."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def read(self, path: str) -> bytes:
        """Give an object of the log.

        Raises:
            ObjectMissing: there is none.
            FeedError: ``feed.denied`` when the server refuses the token, ``feed.busy`` when it asked too often to come
                back later, ``feed.unreachable`` when there is no sound answer, ``feed.download`` when it is too long.
        """
        kept = self._kept.get(path)
        headers = {"If-None-Match": kept[0]} if kept is not None else {}
        return self._again(lambda: self._read(path, headers, kept))

    def _read(self, path: str, headers: dict[str, str], kept: tuple[str, bytes] | None) -> bytes:
        with self._get(path, headers) as answer:
            if answer.status_code == 304 and kept is not None:
                return kept[1]
            if answer.status_code != 200:
                _refuse(answer, path)
            data = b"".join(_bounded(answer, path, MAX_OBJECT_BYTES))
            if path in _KEPT_PATHS and "etag" in answer.headers:
                self._kept[path] = (answer.headers["etag"], data)
            return data

    def download(self, path: str, target: Path, *, most_bytes: int) -> None:
        """Fetch a file of any size; what is in ``target`` is gone on with where the server can do that.

        Raises:
            ObjectMissing: there is none.
            FeedError: as :meth:`read`.
            OutputError: ``target`` cannot be written.
        """
        self._again(lambda: self._download(path, target, most_bytes))

    def _download(self, path: str, target: Path, most_bytes: int) -> None:
        have = target.stat().st_size if target.exists() else 0
        headers = {"Range": f"bytes={have}-"} if have else {}
        with self._get(path, headers) as answer:
            if answer.status_code == 416:  # what is there is as long as the file, or longer: not a part of it
                target.unlink(missing_ok=True)
                raise _Again(path, "the part that was there is none of the file")
            goes_on = answer.status_code == 206 and answer.headers.get("content-range", "").startswith(f"bytes {have}-")
            if answer.status_code != 200 and not goes_on:
                _refuse(answer, path)
            try:
                with target.open("ab" if goes_on else "wb") as file:
                    for piece in _bounded(answer, path, most_bytes - (have if goes_on else 0)):
                        file.write(piece)
            except OSError as error:
                raise OutputError(f"{target} cannot be written: {error.strerror}.") from error

    @contextmanager
    def _get(self, path: str, headers: dict[str, str]) -> Iterator[httpx.Response]:
        url = self._base.join(path)
        for _ in range(_MOST_REDIRECTS):
            to_server = (url.scheme, url.host, url.port) == (self._base.scheme, self._base.host, self._base.port)
            extra = {"Authorization": f"Bearer {self._token}"} if self._token is not None and to_server else {}
            with self._client.stream("GET", url, headers=headers | extra) as answer:
                if answer.status_code not in (200, 206):
                    _drain(answer)
                if answer.status_code not in _REDIRECTS or "location" not in answer.headers:
                    yield answer
                    return
                url = self._next(url, answer.headers["location"], path)
        raise _unreachable(path, "it leads in circles")

    def _next(self, url: httpx.URL, location: str, path: str) -> httpx.URL:
        try:
            target = url.join(location)
        except self._httpx.InvalidURL:
            raise _unreachable(path, "it leads to no address") from None
        if target.scheme not in ("http", "https") or (url.scheme == "https" and target.scheme == "http"):
            raise _unreachable(path, "it leads from a protected connection to an open one")
        return target

    def _again(self, work: Callable[[], _T]) -> _T:
        """Do something, several times where the network or the server is in trouble."""
        pause = _FIRST_PAUSE_SECONDS
        for remaining in reversed(range(_TRIES)):
            try:
                return work()
            except _Again as again:
                wait = max(again.after_seconds, pause)
                if not remaining or wait > _LONGEST_PAUSE_SECONDS:
                    raise again.error from None
            except self._httpx.TransportError as error:
                wait = pause
                if not remaining:
                    raise _unreachable("the feed", type(error).__name__) from error
            self._pause(wait)
            pause *= 2
        raise AssertionError  # the last try returns or raises


class _Again(Exception):  # noqa: N818 - not an error: try once more
    """Worth another try.

    Attributes:
        error: what to raise when there is none.
        after_seconds: how long the server wants to be left alone; 0 where it does not say.
    """

    def __init__(self, path: str, what: str, *, after_seconds: float = 0.0, code: str = "feed.unreachable") -> None:
        super().__init__(what)
        self.error = _unreachable(path, what, code=code)
        self.after_seconds = after_seconds


def _base(library: Any, url: str, *, with_token: bool) -> httpx.URL:
    try:
        base: httpx.URL = library.URL(url if url.endswith("/") else url + "/")
    except library.InvalidURL:
        raise UsageError("The address of the feed is not one.", advice="Write it as https://HOST/PATH.") from None
    if base.scheme not in ("http", "https") or not base.host or base.query or base.userinfo:
        raise UsageError(
            "The address of the feed is not one of a folder on a web server.",
            advice="Write it as https://HOST/PATH, without a query, user or password in it.",
        )
    if with_token and base.scheme == "http" and base.host not in ("localhost", "127.0.0.1", "::1"):
        raise UsageError(
            "The access token would go over the network for everyone to read.",
            advice="Use the https address of the feed.",
        )
    return base


def _drain(answer: httpx.Response) -> None:
    """Read the few words that come with a refusal, so that the connection can be used again."""
    length = "0" if answer.status_code == 304 else answer.headers.get("content-length", "")
    if length.isascii() and length.isdecimal() and int(length[:9]) <= _MOST_WORDS_BYTES:
        answer.read()


def _bounded(answer: httpx.Response, path: str, most_bytes: int) -> Iterator[bytes]:
    done = 0
    for piece in answer.iter_raw(_PIECE):
        done += len(piece)
        if done > most_bytes:
            raise too_long(path, most_bytes)
        yield piece


def _refuse(answer: httpx.Response, path: str) -> NoReturn:
    """Say what a status means."""
    status = answer.status_code
    if status in (404, 410):
        raise ObjectMissing(path)
    if status in (401, 403):
        what = "does not know who asks" if status == 401 else "does not let who asks have this"
        raise FeedError(
            f"The server {what} (HTTP {status}).",
            code="feed.denied",
            advice="Look whether the access token is the right one, has not run out, and is for this feed.",
        )
    if status in _AGAIN:
        code = "feed.busy" if status == 429 else "feed.unreachable"
        raise _Again(path, f"HTTP {status}", after_seconds=_retry_after(answer), code=code)
    raise _unreachable(path, f"HTTP {status}")


def _retry_after(answer: httpx.Response) -> float:
    """Read Retry-After: seconds, or a date, which is measured against the server's own clock."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdecimal():
        return float(min(int(text[:9]), 86_400))
    try:
        until, now = parsedate_to_datetime(text), parsedate_to_datetime(answer.headers["date"])
        return max(0.0, (until - now).total_seconds())
    except (KeyError, ValueError, TypeError):
        return 0.0


def _unreachable(path: str, what: str, *, code: str = "feed.unreachable") -> FeedError:
    return FeedError(
        f"The server gives no sound answer for {path}: {what}.",
        code=code,
        advice="Look whether the address is right and the server is up, and try again later.",
    )
