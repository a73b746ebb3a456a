"""Where bytes come from: what a pipe gives is taken as it comes, so that an interrupt is noticed."""

from __future__ import annotations

import io
import os
import signal
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from quietline.errors import InputError
from quietline.tables import open_stream
from quietline.tables._sources import FileSource

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import FrameType

BIG = 1 << 20


class StopNowError(Exception):
    """What the signal of the test raises."""


@pytest.fixture
def stop_signal() -> Iterator[int]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        raise StopNowError

    before = signal.signal(signal.SIGUSR1, stop)
    yield signal.SIGUSR1
    signal.signal(signal.SIGUSR1, before)


def test_what_a_pipe_holds_is_given_before_more_has_come() -> None:
    reading, writing = os.pipe()
    view = memoryview(bytearray(BIG))
    with os.fdopen(reading, "rb") as pipe, os.fdopen(writing, "wb", buffering=0) as other:
        source = FileSource(pipe, "a pipe")
        other.write(b"4155550123\n")
        assert source.readinto(view) == 11
        other.write(b"x" * 20_000)
        assert source.readinto(view) == 20_000
        assert source.position == 20_011
        other.close()
        assert source.readinto(view) == 0


def test_what_a_connection_holds_is_given_before_more_has_come() -> None:
    here, there = socket.socketpair()
    with here, there, here.makefile("rb") as file:
        there.sendall(b"4155550123\n")
        assert FileSource(file, "a connection").readinto(memoryview(bytearray(BIG))) == 11


def test_a_stream_over_a_slow_pipe_still_gives_all_that_was_asked_for() -> None:
    reading, writing = os.pipe()
    lines = [b"%010d\n" % row for row in range(3000)]

    def write() -> None:
        with os.fdopen(writing, "wb", buffering=0) as other:
            for start in range(0, len(lines), 7):
                other.write(b"".join(lines[start : start + 7]))

    writer = threading.Thread(target=write)
    writer.start()
    with os.fdopen(reading, "rb") as pipe, open_stream(pipe) as stream:
        assert stream.peek(11) == lines[0]
        buffer = bytearray(20_000)
        assert stream.readinto(buffer) == 20_000
        assert bytes(buffer) + stream.read() == b"".join(lines)
    writer.join()


@pytest.mark.parametrize("wrapped", [True, False])
def test_an_interrupt_is_noticed_while_a_pipe_trickles(stop_signal: int, wrapped: bool) -> None:
    reading, writing = os.pipe()
    done = threading.Event()
    written = 0

    def trickle() -> None:
        nonlocal written
        with os.fdopen(writing, "wb", buffering=0) as other:
            for _ in range(500):
                other.write(b"4155550123\n")
                written += 1
                if written == 5:  # to this thread, so that it does not break into the reading itself
                    signal.pthread_kill(threading.get_ident(), stop_signal)
                if done.wait(0.01):
                    return

    writer = threading.Thread(target=trickle)
    with os.fdopen(reading, "rb") as pipe:
        source = FileSource(pipe, "a pipe")
        writer.start()
        try:
            with pytest.raises(StopNowError):
                if wrapped:
                    with open_stream(pipe) as stream:
                        stream.read(BIG)
                else:
                    while source.readinto(memoryview(bytearray(BIG))):
                        pass
        finally:
            noticed_after = written
            done.set()
            writer.join()
    assert noticed_after < 400


def test_a_file_is_still_read_in_one_go(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(b"x" * (BIG + 5))
    view = memoryview(bytearray(BIG))
    with file.open("rb") as opened:
        source = FileSource(opened, "list.csv")
        assert [source.readinto(view), source.readinto(view), source.readinto(view)] == [BIG, 5, 0]


def test_a_reader_without_a_descriptor_is_read_as_before() -> None:
    with io.BufferedReader(io.BytesIO(b"x" * 100_000)) as file:
        source = FileSource(file, "memory")
        assert source.readinto(memoryview(bytearray(BIG))) == 100_000


def test_a_closed_pipe_is_no_crash_but_an_error_with_words() -> None:
    reading, writing = os.pipe()
    os.close(writing)
    pipe = os.fdopen(reading, "rb")
    pipe.close()
    with pytest.raises(InputError, match="does not give bytes"):
        FileSource(pipe, "a pipe").readinto(memoryview(bytearray(10)))
