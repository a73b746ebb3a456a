"""One tree of errors, each with a stable code.

::

    QuietlineError
    ├── UsageError             the command or call was put together wrongly
    ├── InputError             a list, source or register cannot be read as asked
    │   ├── ColumnError        a named column is missing, or none could be found
    │   ├── StrictError        a bad row, where only good ones were asked for
    │   └── RegisterError      a register file is not what it should be
    │       ├── RegisterCorruptError   a checksum does not match, or a part is missing
    │       └── RegisterVersionError   written by a newer format than this one reads
    ├── OutputError            an output cannot be written (disk full, no permission, ...)
    ├── ReceiptError           a receipt or proof does not hold
    ├── KeyFileError           a signing key cannot be read or is not protected
    ├── LawError               a rulebook is wrong, or does not cover what was asked
    └── MissingExtraError      an optional library is not installed

Every error says what happened, why, and what to do next. ``code`` is stable across releases and is what programs
should test; the words may improve. ``exit_code`` is what the command line returns.
"""

from __future__ import annotations

__all__ = [
    "ColumnError",
    "InputError",
    "KeyFileError",
    "LawError",
    "MissingExtraError",
    "OutputError",
    "QuietlineError",
    "ReceiptError",
    "RegisterCorruptError",
    "RegisterError",
    "RegisterVersionError",
    "StrictError",
    "UsageError",
]


class QuietlineError(Exception):
    """The root of the tree: what happened, and what to do next.

    Attributes:
        code: stable identifier, ``room.what`` in lower case.
        message: what happened and why, one sentence or two, for a person.
        advice: what to do next; empty where nothing sensible can be said.
        exit_code: exit status of the command line for this error.
    """

    code = "error"
    exit_code = 1

    def __init__(self, message: str, *, advice: str = "", code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        return f"{self.message} {self.advice}".strip()


class UsageError(QuietlineError):
    """The command or call was put together wrongly; nothing was read or written."""

    code = "usage"
    exit_code = 2


class InputError(QuietlineError):
    """A list, source or register cannot be read as asked; nothing was written."""

    code = "input.unreadable"
    exit_code = 3


class ColumnError(InputError):
    """A named column is missing, or no column of numbers could be found."""

    code = "input.column"


class StrictError(InputError):
    """A bad row was met where only good ones were asked for (``strict``); nothing was written."""

    code = "input.strict"
    exit_code = 1


class RegisterError(InputError):
    """A register file is not what it should be."""

    code = "register.invalid"


class RegisterCorruptError(RegisterError):
    """A checksum does not match, or part of the file is missing."""

    code = "register.corrupt"


class RegisterVersionError(RegisterError):
    """The file was written by a newer format than this release reads."""

    code = "register.version"


class OutputError(QuietlineError):
    """An output cannot be written; whatever stood there before is untouched."""

    code = "output.failed"
    exit_code = 4


class ReceiptError(QuietlineError):
    """A receipt or a proof does not hold, or does not belong to what it was shown with."""

    code = "receipt.invalid"
    exit_code = 1


class KeyFileError(QuietlineError):
    """A signing key cannot be read, is of the wrong kind, or is not protected."""

    code = "key.unusable"
    exit_code = 3


class LawError(QuietlineError):
    """A rulebook is wrong, or does not cover the country or day that was asked for."""

    code = "law.invalid"
    exit_code = 3


class MissingExtraError(QuietlineError):
    """An optional library is needed for this and is not installed."""

    code = "extra.missing"
    exit_code = 5

    def __init__(self, what: str, *, extra: str) -> None:
        super().__init__(
            f"{what} needs an optional library that is not installed.",
            advice=f"Install it with: pip install 'quietline[{extra}]'",
        )
