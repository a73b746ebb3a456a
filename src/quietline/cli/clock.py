"""Days and moments on the command line: the only place where the clock is read."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from quietline.errors import UsageError

if TYPE_CHECKING:
    import click

__all__ = ["day", "now", "today"]

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def day(_: click.Context, option: click.Parameter, text: str | None) -> date | None:
    """Read the day that an option gives, ``2026-11-22``; the callback of such options.

    Raises:
        UsageError: it is none.
    """
    if text is None:
        return None
    try:
        if not _DAY.fullmatch(text):
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option.opts[0]} {text!r} is not a day.", advice="Write it as 2026-11-22.") from None


def now() -> datetime:
    """Say what time it is, in UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def today() -> date:
    """Say what day it is here."""
    return datetime.now(UTC).astimezone().date()
