"""Feeds over HTTP, from a real server: what is asked, what is answered, and what never leaves."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from email.utils import formatdate
from typing import TYPE_CHECKING

import pytest

from quietline.errors import FeedError, OutputError, QuietlineError, UsageError
from quietline.feed.following import Mirror
from quietline.feed.http import HttpStore
from quietline.ledger.objects import ObjectMissing
from unit.feed.publisher import FIRST, KEY, Publisher, standing_in
from unit.feed.web import serving

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TOKEN = "a-token"
DATA = bytes(range(256)) * 4096


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "served"
    (path / "files").mkdir(parents=True)
    (path / "checkpoint").write_bytes(b"one")
    (path / "files" / "big.qlr").write_bytes(DATA)
    return path


def code_of(work: Callable[[], object]) -> str:
    with pytest.raises(QuietlineError) as caught:
        work()
    assert TOKEN not in str(caught.value)
    return caught.value.code


def fetch(store: HttpStore, target: Path, most_bytes: int = len(DATA)) -> bytes:
    store.download("files/big.qlr", target, most_bytes=most_bytes)
    return target.read_bytes()


def test_a_copy_follows_over_http_as_from_a_folder(tmp_path: Path) -> None:
    publisher = Publisher(tmp_path / "feed", tmp_path)
    for i in range(300):
        publisher.put(447700900000 + i)
    publisher.publish()
    publisher.take_over({FIRST: (None, "channels=voice")})
    publisher.sign()
    with serving(tmp_path / "feed", token=TOKEN) as site, HttpStore(site.url, TOKEN) as store:
        mirror = Mirror(tmp_path / "copy", store, [KEY.public])
        assert mirror.advance(at=publisher.at).numbers == 301
        assert standing_in(mirror.path) == publisher.standing
        publisher.withdraw(FIRST)
        publisher.sign()
        assert mirror.advance(at=publisher.at).withdrawn == 1
        assert len(site.connections) == 1, [(asked[0], asked[1]) for asked in site.asked]
        assert {headers["authorization"] for _, _, headers in site.asked} == {f"Bearer {TOKEN}"}


def test_an_unchanged_checkpoint_is_not_sent_again(folder: Path) -> None:
    with serving(folder) as site, HttpStore(site.url + "/") as store:
        assert [store.read("checkpoint") for _ in range(3)] == [b"one"] * 3
        (folder / "checkpoint").write_bytes(b"two")
        assert store.read("checkpoint") == b"two"
        assert site.statuses("checkpoint") == [200, 304, 304, 200]


def test_a_download_that_broke_off_goes_on(tmp_path: Path, folder: Path) -> None:
    pauses: list[float] = []
    with serving(folder, breaks_after=300_000) as site, HttpStore(site.url, pause=pauses.append) as store:
        assert fetch(store, tmp_path / "got") == DATA
        assert site.statuses("files/big.qlr") == [200, 206]
        start = int(site.headers("files/big.qlr")[1]["range"].removeprefix("bytes=").removesuffix("-"))
        assert 0 < start <= 300_000
        assert pauses == [0.5]


def test_a_part_from_an_earlier_run_is_gone_on_with(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "got").write_bytes(DATA[:1000])
    with serving(folder) as site, HttpStore(site.url) as store:
        assert fetch(store, tmp_path / "got") == DATA
        assert site.headers("files/big.qlr")[0]["range"] == "bytes=1000-"


def test_a_server_without_ranges_sends_the_whole_file_again(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "got").write_bytes(b"other bytes")
    with serving(folder, ranges=False) as site, HttpStore(site.url) as store:
        assert fetch(store, tmp_path / "got") == DATA


def test_a_part_that_is_longer_than_the_file_is_thrown_away(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "got").write_bytes(DATA + b"more")
    with serving(folder) as site, HttpStore(site.url, pause=lambda _: None) as store:
        assert fetch(store, tmp_path / "got") == DATA
        assert site.statuses("files/big.qlr") == [416, 200]


def test_the_token_does_not_follow_to_another_host(tmp_path: Path, folder: Path) -> None:
    with serving(folder) as objects, serving(folder, token=TOKEN) as site, HttpStore(site.url, TOKEN) as store:
        site.redirect = objects.url
        assert fetch(store, tmp_path / "got") == DATA
        assert store.read("checkpoint") == b"one"
        assert site.headers("files/big.qlr")[0]["authorization"] == f"Bearer {TOKEN}"
        (headers,) = objects.headers("files/big.qlr")
        assert TOKEN not in repr(headers)


def test_a_redirect_in_circles_ends(tmp_path: Path, folder: Path) -> None:
    with serving(folder) as site, HttpStore(site.url) as store:
        site.redirect = site.url
        assert code_of(lambda: fetch(store, tmp_path / "got")) == "feed.unreachable"


def test_a_redirect_to_a_file_of_the_own_disk_is_refused(tmp_path: Path, folder: Path) -> None:
    with serving(folder) as site, HttpStore(site.url) as store:
        site.redirect = "file:///etc"
        assert code_of(lambda: fetch(store, tmp_path / "got")) == "feed.unreachable"


@pytest.mark.parametrize(("status", "code"), [(401, "feed.denied"), (403, "feed.denied"), (404, "ledger.missing")])
def test_what_is_refused_is_not_tried_again(folder: Path, status: int, code: str) -> None:
    pauses: list[float] = []
    with serving(folder) as site, HttpStore(site.url, TOKEN, pause=pauses.append) as store:
        site.faults["checkpoint"] = [(status, {})]
        assert code_of(lambda: store.read("checkpoint")) == code
        assert pauses == []


def test_a_wrong_token_is_said_to_be_wrong(folder: Path) -> None:
    with serving(folder, token="another") as site, HttpStore(site.url, TOKEN) as store:
        with pytest.raises(FeedError, match="401") as caught:
            store.read("checkpoint")
        assert "token" in caught.value.advice


def test_a_busy_server_is_left_alone_for_as_long_as_it_asks(folder: Path) -> None:
    pauses: list[float] = []
    later = formatdate(time.time() + 30, usegmt=True)
    with serving(folder) as site, HttpStore(site.url, pause=pauses.append) as store:
        site.faults["checkpoint"] = [(429, {"Retry-After": "7"}), (503, {}), (500, {"Retry-After": "nonsense"})]
        assert store.read("checkpoint") == b"one"
        assert pauses == [7.0, 1.0, 2.0]
        site.faults["checkpoint"] = [(429, {"Retry-After": later})]
        assert store.read("checkpoint") == b"one"
        assert 20 <= pauses[3] <= 31


def test_a_server_that_stays_busy_is_given_up(folder: Path) -> None:
    pauses: list[float] = []
    with serving(folder) as site, HttpStore(site.url, pause=pauses.append) as store:
        site.faults["checkpoint"] = [(429, {})] * 5
        assert code_of(lambda: store.read("checkpoint")) == "feed.busy"
        assert pauses == [0.5, 1.0, 2.0, 4.0]
        site.faults["checkpoint"] = [(429, {"Retry-After": "3600"})]
        assert code_of(lambda: store.read("checkpoint")) == "feed.busy"
        assert len(pauses) == 4
        site.faults["checkpoint"] = [(502, {})] * 5
        assert code_of(lambda: store.read("checkpoint")) == "feed.unreachable"


def test_a_server_that_is_not_there_is_unreachable(folder: Path) -> None:
    with serving(folder) as site:
        url = site.url
    pauses: list[float] = []
    with HttpStore(url, TOKEN, pause=pauses.append) as store:
        assert code_of(lambda: store.read("checkpoint")) == "feed.unreachable"
    assert len(pauses) == 4


def test_what_is_too_long_is_refused(tmp_path: Path, folder: Path) -> None:
    with (folder / "checkpoint").open("wb") as file:
        file.truncate(17 * 1024 * 1024)
    with serving(folder) as site, HttpStore(site.url) as store:
        assert code_of(lambda: store.read("checkpoint")) == "feed.download"
        assert code_of(lambda: fetch(store, tmp_path / "got", len(DATA) - 1)) == "feed.download"
        assert fetch(store, tmp_path / "other") == DATA


def test_a_target_that_cannot_be_written_is_an_output_error(tmp_path: Path, folder: Path) -> None:
    with serving(folder) as site, HttpStore(site.url) as store, pytest.raises(OutputError):
        fetch(store, tmp_path / "missing" / "got")


def test_an_object_that_is_not_there_is_missing(folder: Path) -> None:
    with serving(folder) as site, HttpStore(site.url) as store, pytest.raises(ObjectMissing):
        store.read("tile/0/000")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://register.example/feed",
        "https://",
        "https://user:word@register.example/",
        "https://a.example/?x=1",
        "http://[::1",
    ],
)
def test_what_is_no_address_of_a_feed_is_refused(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        HttpStore(url)
    assert "word" not in str(caught.value).replace("password", "")


def test_a_token_does_not_go_over_an_open_connection() -> None:
    with pytest.raises(UsageError):
        HttpStore("http://register.example/feed", TOKEN)
    HttpStore("http://register.example/feed").close()
    HttpStore("https://register.example/feed", TOKEN).close()


def test_without_httpx_it_is_said_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "httpx.py").write_text("raise ImportError('not here')")
    program = "from quietline.feed.http import HttpStore\nHttpStore('https://register.example/feed')"
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert "MissingExtraError" in done.stderr
    assert "quietline[platform]" in done.stderr
