"""What the system says when an output cannot be written, in clear words."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from quietline.errors import OutputError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["output_error"]

_MB = 1 << 20


def output_error(
    problem: OSError,
    name: str,
    directory: Path | str | None,
    *,
    written: int = 0,
    expected: int | None = None,
) -> OutputError:
    """Return the OutputError for what went wrong.

    Args:
        problem: what the system said.
        name: the output, as the user called it.
        directory: where it was to be, or None for a pipe or device.
        written: bytes written so far.
        expected: bytes there will be in all, or None where that is not known.
    """
    where = directory if directory is not None else name
    code, message, advice = _MESSAGES.get(problem.errno or 0, _OTHER)
    if code == "output.disk_full":
        if expected is not None and expected > written:
            advice = f"Free about {-(-(expected - written) // _MB)} MB more there, or choose another place."
        elif written >= _MB:
            advice = f"It had reached {written // _MB} MB. Free more than that there, or choose another place."
    text = message.format(name=name, where=where, problem=problem.strerror or str(problem))
    return OutputError(text, advice=advice, code=code)


_OTHER = ("output.failed", "{name} cannot be written: {problem}.", "")
_PLACE = "Choose another place, or ask for permission to write there."
_MESSAGES = {
    errno.ENOSPC: (
        "output.disk_full",
        "There is no space left on {where} while writing {name}.",
        "Free some there, or choose another place.",
    ),
    errno.EDQUOT: (
        "output.disk_full",
        "Your quota on {where} is used up while writing {name}.",
        "Free some there, or choose another place.",
    ),
    errno.EFBIG: (
        "output.too_large",
        "{name} would be larger than the system allows a file to be.",
        "Lift the limit (ulimit -f), or choose a place on another file system.",
    ),
    errno.EACCES: ("output.permission", "{name} may not be written by this user.", _PLACE),
    errno.EPERM: ("output.permission", "{name} may not be written by this user.", _PLACE),
    errno.EROFS: (
        "output.read_only",
        "{where} can only be read from.",
        "Choose a place that can be written to.",
    ),
    errno.ENOENT: (
        "output.no_directory",
        "{name} cannot be written: there is no directory {where}.",
        "Make it first, or check the name.",
    ),
    errno.ENOTDIR: (
        "output.no_directory",
        "{name} cannot be written: {where} is not a directory.",
        "Check the name.",
    ),
    errno.EISDIR: (
        "output.is_directory",
        "{name} is a directory, not a file.",
        "Add the name of the file that is to be written in it.",
    ),
    errno.ENAMETOOLONG: (
        "output.name",
        "{name} is too long for the name of a file.",
        "Choose a shorter one.",
    ),
    errno.EPIPE: ("output.closed", "{name} was closed by the program that reads it.", ""),
    errno.EIO: (
        "output.failed",
        "The disk of {where} failed while writing {name}: {problem}.",
        "Check the disk, or choose another place.",
    ),
}
