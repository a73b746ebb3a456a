"""A Redis server of our own on a socket, spoken to in its own protocol, so that no client library slows it down."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from types import TracebackType

    from numpy.typing import NDArray

AREA = 10_000_000
PIPELINE = 10_000


def present() -> bool:
    """Whether a Redis server is installed here."""
    return shutil.which("redis-server") is not None


class Redis:
    """A server that lives as long as the context, in memory only, without a port.

    Registered numbers are bits: one string an area code, 1.25 MB, bit by the seven digits behind it.
    """

    def __enter__(self) -> Self:
        """Start it."""
        self._directory = tempfile.TemporaryDirectory(prefix="quietline-bench-")
        path = Path(self._directory.name) / "redis.sock"
        command = ["redis-server", "--port", "0", "--unixsocket", str(path), "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(
            [*command, "--dir", self._directory.name, "--daemonize", "no"], stdout=subprocess.DEVNULL
        )
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        for _ in range(100):
            try:
                self._socket.connect(str(path))
                break
            except OSError:
                time.sleep(0.05)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stop it."""
        self._socket.close()
        self._process.terminate()
        self._process.wait()
        self._directory.cleanup()

    def load(self, keys: NDArray[np.uint64]) -> None:
        """Set the bits of keys that ascend."""
        for area in range(int(keys[0]) // AREA, int(keys[-1]) // AREA + 1):
            start, end = np.searchsorted(keys, np.array([area * AREA, (area + 1) * AREA], dtype=np.uint64))
            if start == end:
                continue
            bits = np.zeros(AREA, dtype=np.uint8)
            bits[(keys[start:end] - np.uint64(area * AREA)).astype(np.int64)] = 1
            value = np.packbits(bits).tobytes()
            name = b"r:%d" % area
            self._socket.sendall(b"*3\r\n$3\r\nSET\r\n$%d\r\n%s\r\n$%d\r\n%s\r\n" % (len(name), name, len(value), value))
            self._answers(5)

    @staticmethod
    def commands(keys: NDArray[np.uint64]) -> list[tuple[bytes, int]]:
        """Write the commands that ask for keys, so many in a pipeline, each with the count of its answers."""
        parts = []
        for start in range(0, len(keys), PIPELINE):
            piece = keys[start : start + PIPELINE]
            areas, members = np.divmod(piece, np.uint64(AREA))
            lines = [
                b"*3\r\n$6\r\nGETBIT\r\n$%d\r\nr:%d\r\n$%d\r\n%d\r\n" % (len(b"r:%d" % a), a, len(b"%d" % m), m)
                for a, m in zip(areas.tolist(), members.tolist(), strict=True)
            ]
            parts.append((b"".join(lines), len(piece)))
        return parts

    def ask(self, commands: list[tuple[bytes, int]]) -> int:
        """Send them, one pipeline after the other, and count the bits that are set."""
        hits = 0
        for command, count in commands:
            self._socket.sendall(command)
            hits += self._answers(4 * count).count(b"1")
        return hits

    def _answers(self, size: int) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            part = self._socket.recv(1 << 16)
            if not part:
                raise ConnectionError("the Redis server has gone")
            parts += part
        return bytes(parts)
