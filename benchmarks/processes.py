"""Run a program as a whole process and say what it took."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

SAMPLE_SECONDS = 0.005
PRIVATE, RESIDENT = ("RssAnon:", "RssShmem:"), "VmHWM:"


@dataclass(frozen=True)
class Run:
    """What one run took.

    Attributes:
        seconds: from start to end, by the clock.
        cpu_seconds: on all processors, the system's work for it included.
        private: highest memory of its own (anonymous and shared), bytes, sampled every 5 ms; mapped files are not in it.
        resident: highest memory, bytes, mapped files included; sampled too, because what the system says at the end
            includes the memory of the process that started it.
        output: what it wrote to standard output.
    """

    seconds: float
    cpu_seconds: float
    private: int
    resident: int
    output: str


def environment() -> dict[str, str]:
    """Give the environment of a user's machine: Python may keep its byte code there."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def run(command: Sequence[str | Path], *, sample: bool = True) -> Run:
    """Run a command to its end.

    Raises:
        RuntimeError: it failed; the message has what it said.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        begun = time.perf_counter()
        process = subprocess.Popen([str(part) for part in command], stdout=out, stderr=err, env=environment())
        watch = _Watch(process.pid) if sample else None
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        private, resident = watch.stop() if watch else (0, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if process.returncode != 0:
            said = err.read().decode(errors="replace").strip()[-2000:]
            raise RuntimeError(f"{' '.join(map(str, command))} ended with {process.returncode}: {said}")
        cpu = usage.ru_utime + usage.ru_stime
        return Run(seconds, cpu, private, resident, out.read().decode())


class _Watch:
    """Looks at a process's memory until told to stop."""

    def __init__(self, pid: int) -> None:
        self._file = Path(f"/proc/{pid}/status")
        self._stopped = threading.Event()
        self._private = self._resident = 0
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._stopped.wait(SAMPLE_SECONDS):
            try:
                lines = self._file.read_text().splitlines()
            except OSError:  # it has ended, or this system does not tell
                return
            self._private = max(self._private, _kilobytes(lines, PRIVATE))
            self._resident = max(self._resident, _kilobytes(lines, RESIDENT))

    def stop(self) -> tuple[int, int]:
        self._stopped.set()
        self._thread.join()
        return 1024 * self._private, 1024 * self._resident


def _kilobytes(lines: list[str], names: str | tuple[str, ...]) -> int:
    return sum(int(line.split()[1]) for line in lines if line.startswith(names))


def settle() -> None:
    """Let the disk take what was written before, so that no run pays for another's writing."""
    os.sync()
