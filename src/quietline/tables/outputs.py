"""Open outputs, several that appear together, and make sure that none of them is an input."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Self, TypeAlias

from quietline.errors import OutputError, UsageError
from quietline.tables._output_errors import output_error
from quietline.tables.output_files import AtomicFile, DirectFile, OutputFile, status_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

__all__ = ["OutputSet", "Target", "open_output", "refuse_same"]

Target: TypeAlias = "str | os.PathLike[str] | BinaryIO"
_STANDARD = {"/dev/stdout": 1, "/dev/stderr": 2, "/proc/self/fd/1": 1, "/proc/self/fd/2": 2}


def open_output(target: Target, *, mode: int | None = None, expected_bytes: int | None = None) -> OutputFile:
    """Open an output: a file that appears on commit, or whatever else is meant, written straight through.

    Args:
        target: a path; ``'-'`` for standard output; or a file object opened in binary mode, which is not
            closed.
        mode: permissions of a new file (see ``AtomicFile``).
        expected_bytes: how large it will be, if known.

    Raises:
        OutputError: it cannot be written (see ``AtomicFile``); also a disk, which is never written to.
    """
    if not isinstance(target, (str, os.PathLike)):
        name = getattr(target, "name", None)
        return DirectFile(target, name if isinstance(name, str) else "the output")
    text = os.fspath(target)
    if text in _STANDARD or text == "-":
        return _standard(_STANDARD.get(text, 1))
    try:
        status = status_of(Path(target))
    except OSError as problem:
        raise output_error(problem, text, Path(target).parent) from None
    kind = stat.S_IFMT(status.st_mode) if status is not None else stat.S_IFREG
    if kind in {stat.S_IFREG, stat.S_IFDIR}:
        return AtomicFile(target, mode=mode, expected_bytes=expected_bytes)
    if kind == stat.S_IFBLK:
        raise OutputError(f"{text} is a disk.", advice="Name a file.", code="output.device")
    try:
        return DirectFile(os.open(target, os.O_WRONLY | os.O_CLOEXEC), text, owned=True)
    except OSError as problem:
        raise output_error(problem, text, None) from None


def _standard(number: int) -> OutputFile:
    stream, name = (sys.stdout, "Standard output") if number == 1 else (sys.stderr, "Standard error")
    if stream is None:
        raise OutputError(f"There is no {name.lower()}.", advice="Name a file.", code="output.closed")
    stream.flush()
    try:
        return DirectFile(stream.fileno(), name)  # past the buffer, so that a closed pipe shows here and only here
    except (OSError, ValueError):
        return DirectFile(stream.buffer, name)


class OutputSet:
    """Several outputs that appear together: all are made durable first, then each takes its place, in order.

    Leaving the context commits, unless by an exception; then none of the files appears.
    """

    def __init__(self) -> None:
        self._outputs: list[OutputFile] = []
        self._published: list[str] = []

    def open(self, target: Target, *, mode: int | None = None, expected_bytes: int | None = None) -> OutputFile:
        """Open one more output (see ``open_output``); it takes its place after those opened before."""
        output = open_output(target, mode=mode, expected_bytes=expected_bytes)
        self._outputs.append(output)
        return output

    def commit(self) -> None:
        """Make all durable, then let them take their places in the order in which they were opened.

        Raises:
            OutputError: one failed. Where some had taken their places before, the message names them.
        """
        for output in self._outputs:
            output.flush()
        for output in self._outputs:
            try:
                output.publish()
            except OutputError as problem:
                if not self._published:
                    raise
                done = ", ".join(self._published)
                raise OutputError(
                    f"{problem.message} Already written: {done}.", advice=problem.advice, code=problem.code
                ) from None
            if isinstance(output, AtomicFile):
                self._published.append(output.name)
        self._outputs.clear()

    def abort(self) -> None:
        """Leave no trace of the outputs that have not taken their places."""
        for output in self._outputs:
            output.abort()
        self._outputs.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if kind is None:
                self.commit()
        finally:
            self.abort()


def refuse_same(inputs: Iterable[object], outputs: Iterable[object]) -> None:
    """Make sure that no output is one of the inputs or another output, under whatever name.

    Args:
        inputs: sources as for ``open_stream``; only those that are paths count.
        outputs: targets as for ``open_output``; None is passed over, and devices may be named twice.

    Raises:
        UsageError: two are the same (``usage.same_file``).
    """
    seen = {key: str(path) for path in inputs if (key := _identity(path)) is not None and path != "-"}
    for path in outputs:
        key = _identity(path)
        if key is None:
            continue
        if key in seen:
            what = f"{path} would be written over" if str(path) == seen[key] else f"{path} and {seen[key]} are the same"
            raise UsageError(
                f"{what}: an output has to be a file of its own.",
                advice="Give each output another name than the inputs and the other outputs.",
                code="usage.same_file",
            )
        seen[key] = str(path)


def _identity(path: object) -> tuple[object, ...] | None:
    """Return what two names of one file have in common; None where it does not matter."""
    if not isinstance(path, (str, os.PathLike)):
        return None
    text = os.fspath(path)
    if text in {"-", "/dev/stdout"}:
        return ("standard output",)
    try:
        status = os.stat(path)  # noqa: PTH116 - any path-like object
    except OSError:
        return ("path", os.path.realpath(path))
    return (status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None
