"""Child processes: started together, begun again when they fail, ended together."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Child", "Family", "end_with_parent"]

_PR_SET_PDEATHSIG = 1
_PATIENCE_SECONDS = 20
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 10.0
_STEADY_SECONDS = 10.0
"""Who ran for so long before it ended does not keep failing."""


def end_with_parent() -> None:
    """Let the kernel end this process when its parent is gone (Linux); runs in the child before its program."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass(slots=True)
class Child:
    """One process and how to begin it.

    Attributes:
        name: for messages.
        command: program and arguments.
    """

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    pause: float = _FIRST_PAUSE
    begin_at: float = field(default=0.0)
    begun_at: float = field(default=0.0)

    def begin(self) -> None:
        """Start the process."""
        self.process = subprocess.Popen(  # noqa: S603 - our own programs
            list(self.command), stdin=subprocess.DEVNULL, start_new_session=True, preexec_fn=end_with_parent  # noqa: PLW1509
        )  # fmt: skip
        self.begin_at, self.begun_at = 0.0, time.monotonic()

    def clear_away(self) -> None:
        """End what an ended process left behind: without their parent the web server's workers would go on answering."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)  # the child leads a session of its own, see begin


class Family:
    """The children together; a context manager."""

    def __init__(self, children: Sequence[Child]) -> None:
        self.children = list(children)

    def __enter__(self) -> Self:
        """Start all."""
        for child in self.children:
            child.begin()
        return self

    def __exit__(self, *_: object) -> None:
        """Ask all to end, wait, and end those that do not."""
        running = [child.process for child in self.children if child.process is not None and child.process.poll() is None]
        for process in running:
            process.terminate()
        end = time.monotonic() + _PATIENCE_SECONDS
        for process in running:
            try:
                process.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for child in self.children:
            child.clear_away()

    def look_after(self) -> None:
        """Begin again what has ended, after a pause that grows while it keeps failing soon."""
        for child in self.children:
            if child.process is not None and child.process.poll() is not None and not child.begin_at:
                print(f"{child.name} ended with status {child.process.returncode}; it begins again", file=sys.stderr)  # noqa: T201
                child.clear_away()
                if time.monotonic() - child.begun_at > _STEADY_SECONDS:
                    child.pause = _FIRST_PAUSE
                child.begin_at = time.monotonic() + child.pause
                child.pause = min(_LONGEST_PAUSE, child.pause * 2)
            if child.begin_at and time.monotonic() >= child.begin_at:
                child.begin()
