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
    ├── SettingError           a setting of the platform is missing or wrong
    ├── OperationError         the platform refuses what was asked of it
    │   ├── NotProvenError         the line, or the person, has not been proven for this
    │   ├── TooManyError           asked too often; try later
    │   ├── ConflictError          it has been done already, or something else stands in its way
    │   └── UnavailableError       what is needed is not there at the moment; nothing was done
    │       └── TimedOutError      the answer was not there in time
    ├── LedgerError            a signed log does not hold, or lacks a part
    ├── FeedError              a feed says what it cannot, or a copy that follows it is not what it should be
    ├── LawError               a rulebook is wrong, or does not cover what was asked
    ├── VaultError             something encrypted cannot be opened, or its keys cannot be used
    └── MissingExtraError      an optional library is not installed

Every error says what happened, why, and what to do next. ``code`` is stable across releases and is what programs
should test; the words may improve. ``exit_code`` is what the command line returns.
"""

from __future__ import annotations

__all__ = [
    "ColumnError",
    "ConflictError",
    "FeedError",
    "InputError",
    "KeyFileError",
    "LawError",
    "LedgerError",
    "MissingExtraError",
    "NotProvenError",
    "OperationError",
    "OutputError",
    "QuietlineError",
    "ReceiptError",
    "RegisterCorruptError",
    "RegisterError",
    "RegisterVersionError",
    "SettingError",
    "StrictError",
    "TimedOutError",
    "TooManyError",
    "UnavailableError",
    "UsageError",
    "VaultError",
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


class SettingError(QuietlineError):
    """A setting of the platform is missing or wrong; nothing was started."""

    code = "setting"
    exit_code = 2


class OperationError(QuietlineError):
    """The platform refuses what was asked of it; nothing was changed."""

    code = "operation.refused"
    exit_code = 1
    status = 422
    """HTTP status of the answer."""


class NotProvenError(OperationError):
    """The line, or the person, has not been proven for what was asked."""

    code = "operation.not-proven"
    status = 403


class TooManyError(OperationError):
    """Asked too often; ``retry_seconds`` later it may be tried again."""

    code = "operation.too-many"
    status = 429

    def __init__(self, message: str, *, retry_seconds: int, advice: str = "", code: str | None = None) -> None:
        super().__init__(message, advice=advice, code=code)
        self.retry_seconds = retry_seconds


class ConflictError(OperationError):
    """It has been done already, or something else stands in its way."""

    code = "operation.conflict"
    status = 409


class UnavailableError(OperationError):
    """What is needed for an answer is not there at the moment; nothing was done, and it may be tried again."""

    code = "operation.unavailable"
    status = 503


class TimedOutError(UnavailableError):
    """The answer was not there in time; what was asked may have been done all the same."""

    code = "operation.timed-out"
    status = 504


class LedgerError(QuietlineError):
    """A signed log does not hold, lacks a part, or would have to be changed where it may only grow."""

    code = "ledger"
    exit_code = 1


class FeedError(QuietlineError):
    """A feed says what it cannot, cannot be fetched, or a copy that follows it is not what it should be."""

    code = "feed"
    exit_code = 1


class LawError(QuietlineError):
    """A rulebook is wrong, or does not cover the country or day that was asked for."""

    code = "law.invalid"
    exit_code = 3


class VaultError(QuietlineError):
    """Something encrypted cannot be opened, or the keys that it needs cannot be used."""

    code = "vault"
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
