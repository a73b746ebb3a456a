"""What a gateway is: it takes a batch of letters and says of each what became of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Gateway", "Letter", "NoGateway", "Outcome", "accepted", "plain_reason", "put_off", "refused"]

_NOT_PLAIN = re.compile(r"[^a-z0-9.-]+")


@dataclass(frozen=True, slots=True)
class Letter:
    """One message, ready to leave. Neither recipient nor words show in its text form.

    Attributes:
        id: of the row in the outbox; the same when it is sent once more, so that a gateway can tell a repeat.
        channel: ``text``, ``call`` (read aloud) or ``mail``.
        to: E.164 number with ``+``, or mail address.
        text: what it says.
        subject: of mail.
        language: ``en`` or ``zh-hans``.
    """

    id: int
    channel: str
    to: str = field(repr=False)
    text: str = field(repr=False)
    subject: str = field(default="", repr=False)
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one letter.

    Attributes:
        id: of the letter.
        failure: empty where the gateway took it; else a short code without anything about the recipient.
        retry: whether it may be tried once more.
    """

    id: int
    failure: str = ""
    retry: bool = False


class Gateway(Protocol):
    """Takes letters towards people."""

    def send(self, batch: Sequence[Letter]) -> list[Outcome]:
        """Send a batch, within half a minute or so.

        Returns:
            One outcome for each letter, in any order. A letter without one counts as to be tried once more.
        """
        ...

    def close(self) -> None:
        """Give back connections; afterwards ``send`` is not called any more."""
        ...


class NoGateway:
    """Stands for the gateway of a channel that an installation has none for: what was meant for it is given up.

    Args:
        failure: short code.
    """

    def __init__(self, failure: str) -> None:
        self._failure = failure

    def send(self, batch: Sequence[Letter]) -> list[Outcome]:
        """Refuse all of it."""
        return refused(batch, self._failure)

    def close(self) -> None:
        """Nothing is open."""


def accepted(batch: Iterable[Letter]) -> list[Outcome]:
    """Say of all letters that they were taken."""
    return [Outcome(letter.id) for letter in batch]


def put_off(batch: Iterable[Letter], failure: str) -> list[Outcome]:
    """Say of all letters that they may be tried once more."""
    return [Outcome(letter.id, failure, retry=True) for letter in batch]


def refused(batch: Iterable[Letter], failure: str) -> list[Outcome]:
    """Say of all letters that they will never be taken."""
    return [Outcome(letter.id, failure) for letter in batch]


def plain_reason(raw: object, otherwise: str) -> str:
    """Make a code of what a gateway gave as reason: 40 characters at most, lower case, and no run of digits.

    A gateway may quote the number that it refuses; codes are logged, so five digits in a row are taken out.
    """
    text = _NOT_PLAIN.sub("-", str(raw).lower()).strip("-.") if isinstance(raw, (str, int)) else ""
    text = re.sub(r"\d{5,}", "", text)[:40].strip("-.")
    return text or otherwise
