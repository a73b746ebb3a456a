"""Do the work on pieces in several threads, and give the results in order."""

from __future__ import annotations

import os
import sys
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain, islice
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["in_order", "worker_count"]

T = TypeVar("T")
R = TypeVar("R")
_MOST_WORKERS = 8
_SWITCH_SECONDS = 0.0002
_lock = Lock()
_usual: list[float] = []  # the interval before the first of those who are at work


def worker_count() -> int:
    """Say how many threads are worth having: one a processor this process may use, at most eight."""
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(_MOST_WORKERS, processors)


def in_order(work: Callable[[T], R], pieces: Iterable[T], *, workers: int) -> Iterator[R]:
    """Apply ``work`` to each piece; at most ``workers + 2`` pieces are in hand at a time.

    The kernel lets the interpreter go, so that threads do run side by side. A list of a single piece is not worth a
    thread and is done at once.
    """
    source = iter(pieces)
    ahead = list(islice(source, 2))
    if len(ahead) < 2 or workers == 1:
        yield from map(work, chain(ahead, source))
        return
    waiting: deque[Future[R]] = deque()
    with _switching_quickly(), ThreadPoolExecutor(workers, thread_name_prefix="wash") as pool:
        try:
            for piece in chain(ahead, source):
                waiting.append(pool.submit(work, piece))
                if len(waiting) >= workers + 2:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


@contextmanager
def _switching_quickly() -> Iterator[None]:
    """Let threads wait less for the interpreter.

    Each call into the kernel or NumPy lets the interpreter go and wants it back a fraction of a millisecond later; whoever
    runs Python meanwhile keeps it for five milliseconds, by default. Two processors then do the work of one.
    """
    with _lock:
        before = sys.getswitchinterval()
        _usual.append(before)
        sys.setswitchinterval(min(before, _SWITCH_SECONDS))
    try:
        yield
    finally:
        with _lock:
            before = _usual.pop()  # the last to leave finds what the first one found
            if not _usual:
                sys.setswitchinterval(before)
