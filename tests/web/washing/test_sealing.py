"""Results are encrypted as they are written: whole, or not at all, and nobody waits for ever."""

from __future__ import annotations

import os
import resource
import signal
import threading
from datetime import UTC, datetime

import pytest

from quietline.errors import OutputError
from quietline.vault import KeyRing, create_key_ring
from quietline.web.washing.sealing import SealedFile


@pytest.fixture
def key(tmp_path):
    create_key_ring(tmp_path / "ring", at=datetime(2026, 11, 22, tzinfo=UTC))
    ring = KeyRing.load(tmp_path / "ring")
    return ring.unwrap(ring.new_data_key("a"), "a")


def test_what_is_written_is_read_again_and_lies_nowhere_in_the_clear(key, tmp_path):
    file = SealedFile(tmp_path / "out", key, "clean", name="clean.csv")
    content = [os.urandom(700_000) for _ in range(12)]
    buffer = bytearray(700_000)
    for piece in content:
        buffer[:] = piece
        assert file.write(memoryview(buffer)) == len(piece)
        buffer[:] = bytes(len(buffer))  # whoever wrote may use its memory again
    file.end()
    file.finish()
    assert not (tmp_path / "out").exists()
    file.publish()
    assert file.bytes == 12 * 700_000
    with (tmp_path / "out").open("rb") as sealed:
        assert b"".join(key.open_stream(sealed, "clean")) == b"".join(content)
    assert content[0][:64] not in (tmp_path / "out").read_bytes()


@pytest.mark.parametrize("ends", [False, True])
def test_what_is_given_up_leaves_no_trace_and_does_not_wait(key, tmp_path, ends):
    before = set(tmp_path.iterdir())
    file = SealedFile(tmp_path / "out", key, "clean", name="clean.csv")
    for _ in range(30):
        file.write(bytes(1 << 20))
    if ends:
        file.end()
    over = threading.Thread(target=file.abort, daemon=True)
    over.start()
    over.join(20)
    assert not over.is_alive()
    assert set(tmp_path.iterdir()) == before
    file.abort()


def test_a_disk_that_is_full_is_told_to_whoever_writes(key, tmp_path):
    before, ignored = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    file = SealedFile(tmp_path / "out", key, "clean", name="clean.csv")
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 20, before[1]))
    try:
        with pytest.raises(OutputError):
            _write_all(file)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
        file.abort()
    assert not (tmp_path / "out").exists()


def _write_all(file):
    for _ in range(40):
        file.write(bytes(1 << 20))
    file.end()
    file.finish()
