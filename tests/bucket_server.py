"""An object store that speaks S3 over HTTP, on this machine, for tests."""

from __future__ import annotations

import logging
import os
import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx

from quietline.ledger.bucket import BucketPlace

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "new_bucket", "serving"]

ACCESS_KEY_ID, SECRET_ACCESS_KEY = "tests", "tests-only"


@contextmanager
def serving() -> Iterator[str]:
    """Serve an empty store; give its address."""
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def new_bucket(address: str, prefix: str = "one/two") -> BucketPlace:
    """Make a bucket of a name that no other has; give where it is."""
    name = f"objects-{secrets.token_hex(6)}"
    httpx.put(f"{address}/{name}").raise_for_status()
    return BucketPlace(name, prefix, address, "us-east-1", ACCESS_KEY_ID, SECRET_ACCESS_KEY)
