"""``quietline ledger verify`` of logs that lie on a web server, or in a bucket."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from bucket_server import ACCESS_KEY_ID, SECRET_ACCESS_KEY, new_bucket, serving
from quietline.cli.ledger import ledger
from quietline.errors import InputError, UsageError
from quietline.ledger.bucket import BucketStore
from quietline.ledger.log import LogWriter
from quietline.ledger.objects import FolderStore
from quietline.ledger.signing import create_key, public_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from quietline.ledger.objects import ObjectStore

AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
ORIGIN = "register.example/ledger"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/proofs/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def write_log(store: ObjectStore, tmp_path: Path) -> Path:
    """Write a log of 300 entries; give the public key."""
    key = create_key(tmp_path / "key.pem", holder="Register Ltd.", at=AT)
    LogWriter.open(store, origin=ORIGIN, key=key).append([b"entry %d" % index for index in range(300)], at=AT)
    return public_path(tmp_path / "key.pem")


def verify(source: str, key: Path, *more: object) -> Result:
    return CliRunner().invoke(ledger, ["verify", source, "--key", str(key), "--origin", ORIGIN, *map(str, more)])


def test_a_log_on_a_web_server_is_checked_and_its_past_compared(tmp_path: Path) -> None:
    key = write_log(FolderStore(tmp_path / "proofs"), tmp_path)
    kept = tmp_path / "checkpoint"
    kept.write_bytes((tmp_path / "proofs" / "checkpoint").read_bytes())
    with served(tmp_path) as url:
        result = verify(url, key, "--since", kept)
        assert result.exit_code == 0, result.output
        assert "300 entries" in result.output
        bundle = next((tmp_path / "proofs" / "tile" / "entries").rglob("*.p/*"))
        bundle.chmod(0o600)
        bundle.write_bytes(bundle.read_bytes()[:-1] + b"?")
        assert verify(url, key).exit_code == 1


def test_an_address_without_a_log_is_an_unreadable_input(tmp_path: Path) -> None:
    key = write_log(FolderStore(tmp_path / "elsewhere"), tmp_path)
    with served(tmp_path) as url:
        assert isinstance(verify(url, key).exception, InputError)


@pytest.mark.parametrize("secret", ["direct", "file"])
def test_a_log_in_a_bucket_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    with serving() as address:
        place = new_bucket(address)
        key = write_log(BucketStore(place), tmp_path)
        monkeypatch.setenv("QUIETLINE_S3_ENDPOINT", address)
        monkeypatch.setenv("QUIETLINE_S3_ACCESS_KEY_ID", ACCESS_KEY_ID)
        if secret == "direct":
            monkeypatch.setenv("QUIETLINE_S3_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY)
        else:
            (tmp_path / "secret").write_text(f"{SECRET_ACCESS_KEY}\n")
            monkeypatch.setenv("QUIETLINE_S3_SECRET_ACCESS_KEY_FILE", str(tmp_path / "secret"))
        result = verify(f"s3://{place.bucket}/{place.prefix}/", key)
        assert result.exit_code == 0, result.output
        assert "300 entries" in result.output
        assert isinstance(verify(f"s3://{place.bucket}/other", key).exception, InputError)


def test_a_bucket_without_a_name_or_with_a_secret_that_cannot_be_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = write_log(FolderStore(tmp_path / "log"), tmp_path)
    assert isinstance(verify("s3:///prefix", key).exception, UsageError)
    monkeypatch.delenv("QUIETLINE_S3_ENDPOINT", raising=False)
    monkeypatch.setenv("QUIETLINE_S3_ENDPOINT_FILE", str(tmp_path / "none"))
    assert isinstance(verify("s3://bucket", key).exception, InputError)
